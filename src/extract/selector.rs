//! CSS selectors: parsed, with what is wrong in our own words; and matched, many at once in one walk.

use html5ever::tree_builder::QuirksMode as TreeQuirks;
use html5ever::{LocalName, local_name, ns};
use scraper::ElementRef;
use scraper::selector::Simple;
use selectors::context::{MatchingForInvalidation, MatchingMode, NeedsSelectorFlags, QuirksMode, SelectorCaches};
use selectors::matching::{MatchingContext, matches_selector};
use selectors::parser::{Component, SelectorList};

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

/// Something without which no element matches: cheaper to ask than all else.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Id(LocalName),
    Class(LocalName),
    /// In lower case, as elements of HTML have it, and as it is written, for those of SVG.
    Name(LocalName, LocalName),
    None,
}

/// Where elements may be that match, seen from the scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Region {
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
        let keys = list.slice().iter().map(|selector| Key::of(selector.iter())).collect();
        Ok(Self { list, keys, region: Region::of(text, &parts, scope) })
    }

    /// Whether an element matches, with the caches of this selector only.
    fn matches(
        &self,
        candidate: &Candidate<'_>,
        element: &Counted<'_, '_>,
        context: &mut MatchingContext<'_, Simple>,
    ) -> bool {
        let mut parts = self.keys.iter().zip(self.list.slice());
        parts.any(|(key, selector)| candidate.has(key) && matches_selector(selector, 0, None, element, context))
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
    let mut look_at = |element: ElementRef<'a>, wanted: &dyn Fn(&Selector) -> bool| {
        let candidate = Candidate::new(element);
        let counted = Counted { element, work };
        for (selector, found) in selectors.iter().zip(&mut found) {
            if wanted(selector) && selector.matches(&candidate, &counted, &mut context) {
                found.push(element);
            }
        }
    };
    if selectors.iter().any(|selector| selector.region.inside) {
        for element in below(root).take_while(|_| work.spend(1)) {
            look_at(element, &|selector| selector.region.inside);
        }
    }
    let after = selectors.iter().map(|selector| selector.region.after).max().unwrap_or(0);
    let siblings = root.next_siblings().filter_map(ElementRef::wrap).take(after);
    for (nth, sibling) in siblings.enumerate() {
        for element in std::iter::once(sibling).chain(below(*sibling)) {
            if !work.spend(1) {
                return found;
            }
            look_at(element, &|selector| selector.region.after > nth);
        }
    }
    found
}

/// What is asked of each element before it is compared with a selector.
struct Candidate<'a> {
    name: &'a LocalName,
    id: Option<&'a str>,
    class: Option<&'a str>,
}

impl<'a> Candidate<'a> {
    fn new(element: ElementRef<'a>) -> Self {
        let element = element.value();
        let (mut id, mut class) = (None, None);
        for (name, value) in &element.attrs {
            if name.local == local_name!("id") && name.ns == ns!() {
                id = Some(&**value);
            } else if name.local == local_name!("class") && name.ns == ns!() {
                class = Some(&**value);
            }
        }
        Self { name: &element.name.local, id, class }
    }

    /// Case does not matter in old pages, so it does not here: what is asked is only whether it is worth the comparison.
    fn has(&self, key: &Key) -> bool {
        match key {
            Key::Name(lower, written) => self.name == lower || self.name == written,
            Key::Id(id) => self.id.is_some_and(|has| has.eq_ignore_ascii_case(id)),
            Key::Class(class) => self.class.is_some_and(|has| {
                has.len() >= class.len() && has.split_ascii_whitespace().any(|has| has.eq_ignore_ascii_case(class))
            }),
            Key::None => true,
        }
    }
}

impl Key {
    fn of<'a>(last_step: impl Iterator<Item = &'a Component<Simple>>) -> Self {
        let mut key = Self::None;
        for component in last_step {
            match (component, &key) {
                (Component::ID(id), _) => return Self::Id(id.0.clone()),
                (Component::Class(class), Self::None | Self::Name(..)) => key = Self::Class(class.0.clone()),
                (Component::LocalName(name), Self::None) => {
                    key = Self::Name(name.lower_name.0.clone(), name.name.0.clone());
                }
                _ => {}
            }
        }
        key
    }
}

impl Region {
    fn of(text: &str, parts: &[Part], scope: Scope) -> Self {
        let mut region = Self { inside: scope == Scope::Page, after: 0 };
        let sideways = |step: &Step| matches!(step.combinator, Some(Combinator::Next | Combinator::Following));
        for part in parts.iter().filter(|_| scope == Scope::Item) {
            // `:scope + a` is `+ a`.
            let names_scope = |step: &Step| text.get(step.range.clone()) == Some(":scope") && step.combinator.is_none();
            let steps = match part.steps.split_first() {
                Some((first, rest)) if names_scope(first) => rest,
                _ => &part.steps,
            };
            match steps.first().and_then(|step| step.combinator) {
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
