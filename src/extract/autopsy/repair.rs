//! What a selector that finds nothing was meant to be: changes of one step at a time, the least first.

use scraper::ElementRef;

use super::matches::{Matches, Wanted, Written, join, select};
use super::names::Names;
use super::near;
use crate::extract::element::Work;
use crate::extract::options::Kind;
use crate::extract::steps::{self, Combinator};
use crate::extract::{text, value};
use crate::tree::Document;

/// A selector that was changed, and how much.
#[derive(Debug, Clone)]
struct Changed {
    steps: Vec<Written>,
    cost: f64,
}

/// The nearest selectors that match something, the best first. The first `fixed` steps stay as they are.
pub(super) fn nearest(document: &Document, steps: &[Written], fixed: usize, wanted: Wanted<'_>) -> Vec<Matches> {
    let start = steps.get(..fixed).unwrap_or_default().to_vec();
    let mut beam = vec![Changed { steps: start, cost: 0.0 }];
    for (nth, step) in steps.iter().enumerate().skip(fixed) {
        let is_last = nth + 1 == steps.len();
        let mut next = Vec::new();
        for before in &beam {
            next.extend(continued(document, before, step, if is_last { wanted } else { Wanted::default() }));
        }
        // A step may also be left out.
        if !is_last {
            next.extend(
                beam.iter().map(|before| Changed { steps: before.steps.clone(), cost: before.cost + LEFT_OUT }),
            );
        }
        beam = matching(document, next, is_last, fixed, wanted);
    }
    let texts: Vec<String> = beam.iter().map(|changed| join(&changed.steps)).collect();
    let found = select(document, &texts);
    texts
        .into_iter()
        .zip(found)
        .take(SHOWN)
        .map(|(text, found)| Matches { text, matches: found.len(), example: example(&found, wanted) })
        .collect()
}

/// The ways to go on with a step.
fn continued(document: &Document, before: &Changed, step: &Written, wanted: Wanted<'_>) -> Vec<Changed> {
    let mut all = changed(document, before, step, wanted);
    // `.a.b` where one is in the other.
    let simples = steps::simples(&step.1, 0..step.1.len());
    for range in simples.iter().skip(1) {
        let (head, tail) = step.1.split_at(range.start);
        let mut steps = before.steps.clone();
        steps.push((step.0, head.to_owned()));
        if super::count(document, &join(&steps)) > 0 {
            let inside = Changed { steps, cost: before.cost + SAME_ELEMENT };
            all.extend(changed(document, &inside, &(Some(Combinator::Descendant), tail.to_owned()), wanted));
        }
    }
    all
}

/// A step as it is written, joined in another way, or changed in one of its parts.
fn changed(document: &Document, before: &Changed, step: &Written, wanted: Wanted<'_>) -> Vec<Changed> {
    let (combinator, compound) = step;
    let mut compounds = vec![(compound.clone(), 0.0)];
    compounds.extend(changed_compounds(document, before, compound, wanted));
    let mut all = Vec::new();
    for (compound, cost) in &compounds {
        for (joined, more) in joints(*combinator, before.steps.is_empty()) {
            let mut steps = before.steps.clone();
            let between = joined.iter().take(joined.len().saturating_sub(1));
            steps.extend(between.map(|combinator| (*combinator, "*".to_owned())));
            steps.push((joined.last().copied().flatten(), compound.clone()));
            all.push(Changed { steps, cost: before.cost + cost + more });
        }
        // `.a .b` where both stand on one element.
        let is_other = |last: &Written| compound.starts_with(['.', '#', '[']) && !last.1.contains(compound.as_str());
        if let Some((last, rest)) = before.steps.split_last().filter(|(last, _)| is_other(last)) {
            let mut steps = rest.to_vec();
            steps.push((last.0, format!("{}{compound}", last.1)));
            all.push(Changed { steps, cost: before.cost + cost + SAME_ELEMENT });
        }
    }
    all
}

/// How a step can be joined to the one before, with what each costs; with `*` in between where there are two.
fn joints(combinator: Option<Combinator>, is_first: bool) -> Vec<(Vec<Option<Combinator>>, f64)> {
    use Combinator::{Child, Descendant, Following, Next};
    if is_first {
        return vec![(vec![None], 0.0)];
    }
    let as_written = combinator.unwrap_or(Descendant);
    let mut joints = vec![(vec![Some(as_written)], 0.0)];
    let mut add =
        |combinators: &[Combinator], cost: f64| joints.push((combinators.iter().copied().map(Some).collect(), cost));
    match as_written {
        Child => {
            add(&[Child, Child], 0.7);
            add(&[Descendant], 0.8);
        }
        Next => {
            add(&[Following], 0.8);
            add(&[Child], 1.2);
            add(&[Descendant], 1.25);
            add(&[Next, Descendant], 1.2);
        }
        Following => {
            add(&[Child], 1.5);
            add(&[Descendant], 1.6);
        }
        Descendant => {}
    }
    if !matches!(as_written, Next | Following) {
        add(&[Next], 1.5);
        add(&[Next, Descendant], 1.6);
    }
    joints
}

/// A step with one of its parts left out or replaced by what the page has near the place.
fn changed_compounds(document: &Document, before: &Changed, compound: &str, wanted: Wanted<'_>) -> Vec<(String, f64)> {
    let simples: Vec<&str> =
        steps::simples(compound, 0..compound.len()).into_iter().filter_map(|range| compound.get(range)).collect();
    let mut changed = Vec::new();
    let with = |nth: usize, new: &str| {
        let mut parts: Vec<&str> = simples.clone();
        if let Some(part) = parts.get_mut(nth) {
            *part = new;
        }
        // A name of a tag has to stand first.
        if nth > 0 && new.starts_with(|c: char| c.is_alphabetic()) {
            let name = parts.remove(nth);
            parts.retain(|part| part.starts_with(['.', '#', '[', ':']));
            parts.insert(0, name);
        }
        parts.concat()
    };
    let names = Names::near(document, &before.steps);
    for (nth, simple) in simples.iter().enumerate() {
        if simples.len() > 1 {
            let cost = if simple.starts_with(':') { 0.6 } else { 1.0 };
            changed.push((with(nth, ""), cost));
        }
        for (new, cost) in names.instead_of(simple, wanted) {
            changed.push((with(nth, &new), cost));
        }
    }
    changed.retain(|(compound, _)| !compound.is_empty());
    changed
}

/// Keeps what matches something, the best first.
fn matching(
    document: &Document,
    mut all: Vec<Changed>,
    is_last: bool,
    fixed: usize,
    wanted: Wanted<'_>,
) -> Vec<Changed> {
    all.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    let mut seen = std::collections::HashSet::new();
    all.retain(|changed| changed.steps.is_empty() || seen.insert(join(&changed.steps)));
    all.truncate(TRIED);
    let texts: Vec<String> = all.iter().map(|changed| join(&changed.steps)).collect();
    let found = select(document, &texts);
    let mut kept: Vec<(Changed, f64)> = Vec::new();
    for (changed, found) in all.into_iter().zip(found) {
        if !found.is_empty() || changed.steps.is_empty() {
            let misfit = if is_last { misfit(document, &changed, &found, fixed, wanted) } else { 0.0 };
            let rank = changed.cost + misfit;
            kept.push((changed, rank));
        }
    }
    kept.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    kept.truncate(BEAM);
    if is_last {
        kept.retain(|(changed, _)| !changed.steps.is_empty());
    }
    kept.into_iter().map(|(changed, _)| changed).collect()
}

/// How badly what was found fits what is wanted: by its type, by its attribute, and by how much there is of it.
fn misfit(document: &Document, changed: &Changed, found: &[ElementRef<'_>], fixed: usize, wanted: Wanted<'_>) -> f64 {
    let fitting = found.iter().take(SAMPLE).filter(|element| fits(**element, wanted)).count();
    let share = ratio(fitting, found.len().min(SAMPLE));
    let mut misfit = (1.0 - share) * 2.0;
    // One value for each of the items is what is wanted most of the time.
    let before = match fixed {
        0 => changed.steps.split_last().map(|(_, before)| before),
        _ => changed.steps.get(..fixed),
    };
    let before = before.map(join).filter(|before| !before.is_empty());
    if let Some(items) = before.map(|before| super::count(document, &before)).filter(|items| *items > 1) {
        misfit += (ratio(found.len(), items).ln().abs() * 0.3).min(1.0);
    }
    misfit
}

fn fits(element: ElementRef<'_>, wanted: Wanted<'_>) -> bool {
    if let Some(attr) = wanted.attr {
        return element.attr(attr).is_some();
    }
    let name = &*element.value().name.local;
    let words = near::words(wanted.name);
    let is_about = |word: &str| words.iter().any(|name| near::mean_the_same(name, word));
    let text = text::of(element, &Work::for_size(1000));
    match wanted.kind {
        Some(kind @ (Kind::Number | Kind::Integer | Kind::Date)) => {
            value::of_text(&text, kind, |_| None).is_ok() && text.len() < 60
        }
        None if is_about("price") => text.len() < 40 && value::of_text(&text, Kind::Number, |_| None).is_ok(),
        None if is_about("date") => value::of_text(&text, Kind::Date, |_| None).is_ok(),
        None if is_about("image") => name == "img" || name == "source",
        _ => !text.is_empty() || matches!(name, "img" | "input" | "meta" | "source"),
    }
}

fn example(found: &[ElementRef<'_>], wanted: Wanted<'_>) -> Option<String> {
    let of = |element: &ElementRef<'_>| match wanted.attr {
        Some(attr) => element.attr(attr).map(str::to_owned),
        None => Some(text::of(*element, &Work::for_size(100))),
    };
    let text = found.iter().filter_map(of).find(|text| !text.is_empty())?;
    Some(text.get(..text.floor_char_boundary(EXAMPLE)).unwrap_or_default().to_owned())
}

#[expect(clippy::cast_precision_loss, reason = "counts of elements")]
fn ratio(part: usize, of: usize) -> f64 {
    part as f64 / of.max(1) as f64
}

/// How many selectors are offered.
const SHOWN: usize = 5;
/// How many are followed from step to step, and how many are tried for each.
const BEAM: usize = 12;
const TRIED: usize = 400;
/// How many elements of a kind are looked at.
const SAMPLE: usize = 50;
const EXAMPLE: usize = 60;
const SAME_ELEMENT: f64 = 0.9;
const LEFT_OUT: f64 = 1.4;
