//! Baseline: what is otherwise than in an earlier crawl.

use std::path::Path;

use hashbrown::HashMap;
use serde::Serialize;

use super::records::{Answer, Record, each_record};
use crate::error::Result;
use crate::outcome::OutcomeKind;
use crate::url::UrlKey;

/// What became of the pages of an earlier crawl. Takes some 60 bytes of memory for each of its URLs.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Differences {
    /// Pages that are there now, and that nobody asked for then.
    pub(super) new: Found,
    /// URLs that were asked for then, and not now.
    pub(super) gone: Found,
    /// Answered now with an error or not at all, and well then, or not asked for.
    pub(super) broken: Found,
    /// Answered well now, and then with an error or not at all.
    pub(super) mended: Found,
    /// Answered well in both, with another body.
    pub(super) changed: Found,
}

/// How many, and the first of them.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Found {
    pub(super) count: u64,
    pub(super) examples: Vec<Example>,
}

/// A page, and what is otherwise.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Example {
    pub(super) url: String,
    /// What it was answered with then and now, where that is what is told.
    pub(super) what: String,
}

/// What is remembered of a page.
#[derive(Debug, Clone, Copy)]
struct Before {
    outcome: OutcomeKind,
    answer: Answer,
    /// The start of the hash of its body.
    hash: u64,
    is_met: bool,
}

/// Compares the records of two crawls by their URLs.
///
/// # Errors
/// One of them is no crawl, or its records cannot be read again.
pub(super) fn differences(earlier: &Path, later: &Path) -> Result<Differences> {
    let mut before: HashMap<UrlKey, Before> = HashMap::new();
    each_record(earlier, |rules, _, record| {
        if let Some(key) = record.key(rules) {
            let (outcome, answer) = (record.outcome, record.answer());
            before.insert(key, Before { outcome, answer, hash: hash(&record), is_met: false });
        }
    })?;
    let mut found = Differences::default();
    each_record(later, |rules, _, record| {
        let Some(key) = record.key(rules) else { return };
        let (is_fine, now) = (is_well(record.outcome), record.answer());
        let Some(known) = before.get_mut(&key) else {
            return if is_fine {
                found.new.add(&record, String::new());
            } else {
                found.broken.add(&record, format!("{now}, new"));
            };
        };
        known.is_met = true;
        match (is_well(known.outcome), is_fine) {
            (true, false) => found.broken.add(&record, format!("{now}, was {}", known.answer)),
            (false, true) => found.mended.add(&record, format!("{now}, was {}", known.answer)),
            (true, true) if known.outcome != record.outcome || known.hash != hash(&record) => {
                found.changed.add(&record, String::new());
            }
            _ => {}
        }
    })?;
    if before.values().any(|known| !known.is_met) {
        each_record(earlier, |rules, _, record| {
            if record.key(rules).and_then(|key| before.get(&key)).is_some_and(|known| !known.is_met) {
                found.gone.add(&record, String::new());
            }
        })?;
    }
    Ok(found)
}

impl Found {
    fn add(&mut self, record: &Record<'_>, what: String) {
        self.count += 1;
        if self.examples.len() < SHOWN {
            self.examples.push(Example { url: record.url.as_ref().to_owned(), what });
        }
    }
}

fn is_well(outcome: OutcomeKind) -> bool {
    matches!(outcome, OutcomeKind::Ok | OutcomeKind::Redirect)
}

/// The start of the hash of a body, 0 without one.
fn hash(record: &Record<'_>) -> u64 {
    let hash = record.content_hash.as_deref().and_then(|hash| hash.rsplit(':').next()?.get(..16));
    hash.and_then(|start| u64::from_str_radix(start, 16).ok()).unwrap_or_default()
}

const SHOWN: usize = 25;
