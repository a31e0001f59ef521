//! Records: those of a crawl, one after the other, with what a report looks at.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use serde::Deserialize;

use crate::committed::{LineSource, Output, Source};
use crate::error::{Error, Result};
use crate::frontier;
use crate::outcome::{Failure, FailureKind, OutcomeKind};
use crate::url::{UrlKey, UrlRules};

/// What of a record is looked at.
#[derive(Debug, Deserialize)]
pub(super) struct Record<'a> {
    #[serde(borrow)]
    pub(super) url: Cow<'a, str>,
    pub(super) outcome: OutcomeKind,
    pub(super) status: Option<u16>,
    pub(super) depth: u32,
    #[serde(borrow)]
    pub(super) referrer: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) location: Option<Cow<'a, str>>,
    pub(super) error: Option<Failure>,
    pub(super) attempts: u32,
    #[serde(borrow)]
    pub(super) fetched_at: Cow<'a, str>,
    pub(super) elapsed_ms: u64,
    pub(super) bytes: Option<u64>,
    #[serde(borrow)]
    pub(super) content_hash: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) title: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(super) links: Vec<Cow<'a, str>>,
}

/// What a URL was answered with, in few bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Status(u16),
    Failed(FailureKind),
    /// Neither is known.
    Other(OutcomeKind),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => status.fmt(f),
            Self::Failed(kind) => f.write_str(kind.name()),
            Self::Other(outcome) => f.write_str(&outcome.name().replace('_', " ")),
        }
    }
}

impl Record<'_> {
    /// The URLs that it leads to.
    pub(super) fn leads_to(&self) -> impl Iterator<Item = &str> {
        self.links.iter().chain(&self.location).map(AsRef::as_ref)
    }

    /// What it came to.
    pub(super) fn answer(&self) -> Answer {
        match (&self.error, self.status) {
            (Some(failure), _) => Answer::Failed(failure.kind),
            (None, Some(status)) => Answer::Status(status),
            (None, None) => Answer::Other(self.outcome),
        }
    }

    /// What its URL is known by.
    pub(super) fn key(&self, rules: &UrlRules) -> Option<UrlKey> {
        rules.parse(&self.url).ok().map(|url| url.key())
    }
}

/// Reads all records of a crawl, with their numbers from 1 on; what its URLs are read by.
pub(super) fn each_record(dir: &Path, mut take: impl FnMut(&UrlRules, u32, Record<'_>)) -> Result<UrlRules> {
    let Source { mut lines, settings, .. } = Source::open(dir, Output::Records)?;
    // A record was a URL once, whatever the greatest length is now.
    let frontier = settings.map(|settings| settings.frontier).unwrap_or_default();
    let rules = frontier::Options { max_url_length: usize::MAX, ..frontier }.url_rules();
    let mut number = 0_u32;
    loop {
        let record = match lines.next_line()? {
            None => return Ok(rules),
            Some(line) => serde_json::from_slice::<Record<'_>>(line).map(|record| {
                number = number.saturating_add(1);
                take(&rules, number, record);
            }),
        };
        if let Err(error) = record {
            return Err(damaged(lines.as_ref(), number, &error));
        }
    }
}

fn damaged(lines: &dyn LineSource, before: u32, error: &serde_json::Error) -> Error {
    Error::Damaged(format!("line {} of {} is no record: {error}", u64::from(before) + 1, lines.shown()))
}
