//! The health of rules at the end of a crawl: told in the summary, compared with the crawl before, kept for the next.

use crate::crawl_dir::CrawlDir;
use crate::error::Result;
use crate::extracted::Health;
use crate::observe::{State, Summary};

/// Puts what the rules have found into the summary. A crawl that was stopped is compared with nothing, and nothing is
/// compared with it: what it has not requested it does not know.
pub(super) fn close(dir: Option<&CrawlDir>, health: Health, summary: &mut Summary) -> Result<()> {
    let has_ended = summary.state != State::Stopped;
    let before = dir.filter(|_| has_ended).and_then(CrawlDir::rules_before);
    if let Some(before) = &before {
        summary.rule_drift = health.drift_since(before);
    }
    if let Some(dir) = dir.filter(|_| has_ended) {
        let before = before.unwrap_or_default();
        // As long as nobody has mended it, a rule is compared with when it found something: else the next crawl would be
        // content with nothing.
        dir.keep_rules(&health.but(&before, |rule| summary.rule_drift.iter().any(|drift| drift.name == rule)))?;
    }
    summary.items = health.items;
    summary.rules = health.rules;
    Ok(())
}
