//! Pages: what one pass over the records of a crawl comes to.

use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::extremes::Extremes;
use super::rank::{Graph, Ranked};
use super::records::{Record, each_record};
use super::response_times::ResponseTimes;
use super::sections::{SectionCount, Sections};
use super::timeline::Timeline;
use crate::error::Result;
use crate::outcome::OutcomeKind;

/// What the records say together. The memory that it takes is bounded, but for some 40 bytes a URL while links are ranked.
#[derive(Debug, Default)]
pub(super) struct Pages {
    pub(super) timeline: Timeline,
    pub(super) times: ResponseTimes,
    /// How many URLs there are of each depth, the last one with all that are deeper.
    pub(super) depths: Vec<Depth>,
    pub(super) largest: Extremes,
    pub(super) slowest: Extremes,
    /// The first pages that were answered with an error, or not at all.
    pub(super) failures: Vec<Failing>,
    pub(super) sections: Sections,
    /// The pages that links lead to most; `None` when there are more links than are ranked.
    pub(super) ranked: Option<Vec<Ranked>>,
}

/// How many URLs there are of one depth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Depth {
    pub(super) ok: u64,
    /// Redirects, errors and failures.
    pub(super) other: u64,
}

/// A page that no good answer came of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Failing {
    pub(super) url: String,
    /// The status, or the kind of the failure.
    pub(super) what: String,
    /// The page that leads there.
    pub(super) referrer: Option<String>,
}

impl Pages {
    /// Reads the records of a crawl once, and a second time for the names of the pages that are ranked.
    ///
    /// # Errors
    /// There is no crawl, or its records cannot be read again.
    pub(super) fn of(dir: &Path) -> Result<Self> {
        let mut pages = Self::default();
        let mut graph = Some(Graph::default());
        let rules = each_record(dir, |rules, number, record| {
            pages.take(&record);
            if let Some(found) = &mut graph
                && !found.take(rules, number, &record)
            {
                graph = None;
            }
        })?;
        let Some(graph) = graph else { return Ok(pages) };
        let mut ranked = graph.rank();
        drop(rules);
        each_record(dir, |_, number, record| {
            for page in ranked.iter_mut().filter(|page| page.record == number) {
                record.url.as_ref().clone_into(&mut page.url);
                record.title.as_deref().unwrap_or_default().clone_into(&mut page.title);
            }
        })?;
        pages.ranked = Some(ranked);
        Ok(pages)
    }

    fn take(&mut self, record: &Record<'_>) {
        let is_ok = record.outcome == OutcomeKind::Ok;
        let depth = (record.depth as usize).min(DEEPEST);
        if self.depths.len() <= depth {
            self.depths.resize(depth + 1, Depth::default());
        }
        if let Some(of_depth) = self.depths.get_mut(depth) {
            *(if is_ok { &mut of_depth.ok } else { &mut of_depth.other }) += 1;
        }
        let bad = matches!(record.outcome, OutcomeKind::HttpError | OutcomeKind::Failed);
        let section = SectionCount { pages: 1, ok: u64::from(is_ok), bad: u64::from(bad) };
        self.sections.take(&record.url, section, record.links.iter().map(AsRef::as_ref));
        if bad && self.failures.len() < FAILURES_SHOWN {
            self.failures.push(Failing {
                url: record.url.as_ref().to_owned(),
                what: record.answer().to_string(),
                referrer: record.referrer.as_deref().map(str::to_owned),
            });
        }
        if record.attempts == 0 {
            // It was never asked for: its host was given up.
            return;
        }
        if let Ok(at) = record.fetched_at.parse::<Timestamp>() {
            self.timeline.take(at, record.outcome);
        }
        if record.outcome != OutcomeKind::Failed {
            self.times.take(record.elapsed_ms);
            self.slowest.take(record.elapsed_ms, &record.url);
            self.largest.take(record.bytes.unwrap_or_default(), &record.url);
        }
    }
}

/// All that is deeper counts as this deep.
const DEEPEST: usize = 30;
const FAILURES_SHOWN: usize = 100;
