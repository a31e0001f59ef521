//! Matches: a selector in its steps, and what it matches on a page.

use crate::extract::element::Work;
use crate::extract::options::Kind;
use crate::extract::selector::{self, Scope, Selector};
use crate::extract::steps::{self, Combinator};
use crate::extract::wrong::Wrong;
use crate::tree::Document;

/// A selector or a path, and how much it matches.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Matches {
    /// As it would be written.
    pub text: String,
    /// How much it matches on the page.
    pub matches: usize,
    /// The start of the first of it that has some text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

/// What is known of the value that a selector is to find: what helps to tell the right element among many.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// The name of the field.
    pub name: &'a str,
    /// Its type.
    pub kind: Option<Kind>,
    /// The attribute that is taken.
    pub attr: Option<&'a str>,
}

/// A step of a selector: how it is joined to the one before, and what it asks.
pub(super) type Written = (Option<Combinator>, String);

/// The parts of a selector, each as its steps.
pub(super) fn written(css: &str) -> Result<Vec<Vec<Written>>, Wrong> {
    Selector::parse(css, Scope::Item)?;
    let parts = steps::parts(css)?;
    let step = |step: &steps::Step| (step.combinator, css.get(step.range.clone()).unwrap_or_default().to_owned());
    Ok(parts.iter().map(|part| part.steps.iter().map(step).collect()).collect())
}

pub(super) fn join(steps: &[Written]) -> String {
    let mut text = String::new();
    for (nth, (combinator, step)) in steps.iter().enumerate() {
        if nth > 0 {
            text.push_str(combinator.map_or(" ", Combinator::sign));
        }
        text.push_str(step);
    }
    text
}

pub(super) fn count(document: &Document, css: &str) -> usize {
    select(document, &[css.to_owned()]).pop().map_or(0, |found| found.len())
}

/// What each of many selectors matches; nothing for what is none.
pub(in crate::extract) fn select<'a>(document: &'a Document, all: &[String]) -> Vec<Vec<scraper::ElementRef<'a>>> {
    let parsed: Vec<_> = all.iter().map(|css| Selector::parse(css, Scope::Page).ok()).collect();
    let selectors: Vec<_> = parsed.iter().flatten().cloned().collect();
    let work = Work::for_size(document.html.tree.values().len());
    let mut found = selector::select(document, &selectors, None, &work).into_iter();
    parsed.iter().map(|parsed| parsed.as_ref().and_then(|_| found.next()).unwrap_or_default()).collect()
}
