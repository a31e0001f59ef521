//! CSS selectors: parsed, with what is wrong in our own words; and matched, many at once in one walk.

use html5ever::tree_builder::QuirksMode as TreeQuirks;
use scraper::ElementRef;
use scraper::selector::Simple;
use selectors::context::{MatchingForInvalidation, MatchingMode, NeedsSelectorFlags, QuirksMode, SelectorCaches};
use selectors::matching::{MatchingContext, matches_selector};
use selectors::parser::SelectorList;

use super::candidates::{Candidates, Key};
use super::css;
use super::element::{Counted, Work};
use super::mistake;
use super::steps::{self, Combinator, Part, Step};
use super::wrong::Wrong;
use crate::tree::{Document, below};

/// What a selector is relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The whole page.
    Page,
    /// An item of it: nothing outside of the item plays a part, but for what a leading combinator leads to.
    Item,
}

/// A selector that was parsed.
#[derive(Debug, Clone)]
pub(super) struct Selector {
    list: SelectorList<Simple>,
    /// What the last step of each part needs at least.
    keys: Box<[Key]>,
    region: Region,
}

/// Where elements may be that match, seen from the scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Region {
    /// The scope itself.
    itself: bool,
    /// Below it.
    inside: bool,
    /// How many of the siblings after it, with all below them.
    after: usize,
}

impl Selector {
    /// Parses a selector.
    pub(super) fn parse(text: &str, scope: Scope) -> Result<Self, Wrong> {
        let parts = steps::parts(text)?;
        if let (Scope::Page, Some(part)) = (scope, parts.iter().find(|part| part.leading().is_some())) {
            let sign = part.leading().map_or("", Combinator::sign).trim();
            let start = part.range().start;
            let place = text.get(..start).and_then(|before| before.rfind(sign)).unwrap_or(start);
            return Err(Wrong::new(format!("a leading `{sign}` is relative to an item, and here is none"))
                .at(place..place + sign.len())
                .help(format!("write `* {sign}` to mean any element, or the field into [[items]]")));
        }
        let list = match scope {
            Scope::Page => css::parse(text),
            Scope::Item => css::parse(&scoped(text, &parts)),
        };
        let list = list.map_err(|()| mistake::explain(text, &parts))?;
        let keys = list.slice().iter().map(|part| Key::of(part.iter())).collect();
        Ok(Self { list, keys, region: Region::of(text, &parts, scope) })
    }
}

/// For each selector the elements that match, in document order, each once. What is inside of `<template>` is not in the
/// page. One walk serves all selectors that look below the scope.
pub(super) fn select<'a>(
    document: &'a Document,
    selectors: &[Selector],
    scope: Option<ElementRef<'a>>,
    work: &Work,
) -> Vec<Vec<ElementRef<'a>>> {
    let mut found = vec![Vec::new(); selectors.len()];
    let mut caches = SelectorCaches::default();
    let quirks = match document.html.quirks_mode {
        TreeQuirks::Quirks => QuirksMode::Quirks,
        TreeQuirks::LimitedQuirks => QuirksMode::LimitedQuirks,
        TreeQuirks::NoQuirks => QuirksMode::NoQuirks,
    };
    let mut context = MatchingContext::new(
        MatchingMode::Normal,
        None,
        &mut caches,
        quirks,
        NeedsSelectorFlags::No,
        MatchingForInvalidation::No,
    );
    context.scope_element = scope.map(|scope| selectors::Element::opaque(&scope));
    let root = scope.map_or_else(|| document.html.tree.root(), |scope| *scope);
    let all = selectors.iter().enumerate().flat_map(|(nth, selector)| {
        selector.keys.iter().zip(selector.list.slice()).map(move |(key, part)| (key, (nth, selector.region, part)))
    });
    let candidates = Candidates::new(all);
    let mut look_at = |element: ElementRef<'a>, wanted: &dyn Fn(Region) -> bool| {
        let counted = Counted { element, work };
        candidates.of(element, |(nth, region, part)| {
            // Of a list, more than one part may match.
            if let Some(found) = found.get_mut(*nth)
                && wanted(*region)
                && found.last() != Some(&element)
                && matches_selector(part, 0, None, &counted, &mut context)
            {
                found.push(element);
            }
        });
    };
    if let Some(scope) = scope.filter(|_| selectors.iter().any(|selector| selector.region.itself) && work.spend(1)) {
        look_at(scope, &|region| region.itself);
    }
    if selectors.iter().any(|selector| selector.region.inside) {
        for element in below(root).take_while(|_| work.spend(1)) {
            look_at(element, &|region| region.inside);
        }
    }
    let after = selectors.iter().map(|selector| selector.region.after).max().unwrap_or(0);
    let siblings = root.next_siblings().filter_map(ElementRef::wrap).take(after);
    for (nth, sibling) in siblings.enumerate() {
        for element in std::iter::once(sibling).chain(below(*sibling)) {
            if !work.spend(1) {
                return found;
            }
            look_at(element, &|region| region.after > nth);
        }
    }
    found
}

impl Region {
    fn of(text: &str, parts: &[Part], scope: Scope) -> Self {
        let mut region = Self { itself: false, inside: scope == Scope::Page, after: 0 };
        let sideways = |step: &Step| matches!(step.combinator, Some(Combinator::Next | Combinator::Following));
        for part in parts.iter().filter(|_| scope == Scope::Item) {
            let last = part.steps.last().and_then(|step| text.get(step.range.clone()));
            region.itself |= last.is_some_and(|last| last.contains(":scope"));
            // `:scope + a` is `+ a`.
            let names_scope = |step: &Step| text.get(step.range.clone()) == Some(":scope") && step.combinator.is_none();
            let steps = match part.steps.split_first() {
                Some((first, rest)) if names_scope(first) => rest,
                _ => &part.steps,
            };
            let Some(first) = steps.first() else { continue };
            match first.combinator {
                Some(Combinator::Following) => region.after = usize::MAX,
                Some(Combinator::Next) if steps.iter().any(|step| step.combinator == Some(Combinator::Following)) => {
                    region.after = usize::MAX;
                }
                // `+ a b` ends in the next element, `+ a + b` in the one after that.
                Some(Combinator::Next) => {
                    region.after = region.after.max(steps.iter().take_while(|step| sideways(step)).count());
                }
                _ => region.inside = true,
            }
        }
        region
    }
}

/// The selector with each part bound to the item.
fn scoped(text: &str, parts: &[Part]) -> String {
    let bound = parts.iter().map(|part| {
        let range = part.range();
        let written = text.get(range).unwrap_or_default();
        match part.leading() {
            Some(combinator) => format!(":scope{}{written}", combinator.sign()),
            None if written.contains(":scope") => written.to_owned(),
            None => format!(":scope {written}"),
        }
    });
    bound.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tree::Bounds;

    proptest! {
        #[test]
        fn what_is_selected_is_what_each_element_says_by_itself(
            body in "(<(li|p|B|svg|linearGradient)( class='?[abA]( b)?'?| id=[bB])?>|</(li|p|svg)>|x){0,40}",
            selectors in prop::collection::vec(
                prop::collection::vec(prop::sample::select(&[
                    "li", "P", "b", "linearGradient", ".a", ".b", "#b", "*", " ", " > ", " + ", " ~ ", ", ", ":first-child", "[id]",
                    ":not(.a)", ":is(li, .b)",
                ][..]), 1..6).prop_map(|pieces| pieces.concat()), 1..5),
        ) {
            let document = Document::parse(&format!("<!doctype html><body>{body}"), Bounds::default());
            let both = selectors.iter().filter_map(|text| {
                Some((Selector::parse(text, Scope::Page).ok()?, scraper::Selector::parse(text).ok()?))
            });
            let (selectors, plain): (Vec<_>, Vec<_>) = both.unzip();
            let found = select(&document, &selectors, None, &Work::for_size(10_000));
            for (found, plain) in found.iter().zip(&plain) {
                let expected: Vec<_> = document.elements().filter(|element| plain.matches(element)).collect();
                prop_assert_eq!(found, &expected);
            }
        }
    }
}
