//! Wrong: what is wrong with links and pages, rule by rule, as far as a page has room.

use std::path::Path;

use serde::Serialize;

use crate::checkup::{Asked, Audit, Findings, Links, Place};
use crate::error::{Error, Result};

/// What was found of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Wrong {
    rule: &'static str,
    severity: &'static str,
    title: &'static str,
    reason: &'static str,
    /// How many URLs are wrong, and at how many places.
    urls: u64,
    places: u64,
    examples: Vec<Example>,
}

/// One URL that is wrong, with the first of its places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Example {
    url: String,
    why: String,
    places: Vec<Spot>,
    more: u64,
}

/// A place on a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Spot {
    page: String,
    line: Option<u32>,
}

/// What is wrong with links; nothing when the records of a crawl list none.
pub(super) fn links(dir: &Path) -> Result<Vec<Wrong>> {
    match Links::judge(dir, Asked { unchecked: false }) {
        Ok(found) => rule_by_rule(&found.findings),
        Err(Error::Usage(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// What is wrong with pages.
pub(super) fn audit(dir: &Path) -> Result<Vec<Wrong>> {
    rule_by_rule(&Audit::of(dir, &[])?.findings)
}

fn rule_by_rule(findings: &Findings) -> Result<Vec<Wrong>> {
    let counts = findings.counts()?;
    let found = counts.into_iter().filter(|(_, urls, _)| *urls > 0);
    let mut wrong: Vec<_> = found
        .map(|(rule, urls, places)| Wrong {
            rule: rule.id,
            severity: rule.severity.name(),
            title: rule.title,
            reason: rule.reason,
            urls,
            places,
            examples: Vec::new(),
        })
        .collect();
    findings.each(|finding, places| {
        let Some(of_rule) = wrong.iter_mut().find(|wrong| wrong.rule == finding.rule.id) else { return Ok(()) };
        if of_rule.examples.len() >= EXAMPLES_SHOWN {
            return Ok(());
        }
        let shown = places.take(PLACES_SHOWN).collect::<Result<Vec<Place>>>()?;
        let more = finding.places.saturating_sub(shown.len() as u64);
        // A page is its own place.
        let shown = shown.into_iter().filter(|place| place.page != finding.url || place.line.is_some());
        let places = shown.map(|place| Spot { page: place.page, line: place.line }).collect();
        of_rule.examples.push(Example { url: finding.url.clone(), why: finding.detail.why.clone(), places, more });
        Ok(())
    })?;
    Ok(wrong)
}

const EXAMPLES_SHOWN: usize = 20;
const PLACES_SHOWN: usize = 3;
