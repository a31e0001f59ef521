//! What a crawl that has ended fails on once it is looked at as a whole: its links, and its pages.

use std::path::Path;

use crate::checkup::{Asked, Audit, Links, Severity};
use crate::error::Result;
use crate::observe::{FailOn, counted};

/// Tells which of the conditions hold for which a crawl is looked at as a whole, and whether one does.
pub(super) fn checked_up(dir: &Path, fail_on: &[FailOn]) -> Result<bool> {
    let (audits, links): (Vec<FailOn>, Vec<FailOn>) = fail_on
        .iter()
        .copied()
        .filter(|condition| condition.needs_survey())
        .partition(|condition| matches!(condition, FailOn::AuditError | FailOn::AuditWarning));
    let mut fails = false;
    if !links.is_empty() {
        for (rule, urls, places) in Links::judge(dir, Asked::default())?.findings.counts()? {
            if urls > 0 && links.iter().any(|condition| condition.name() == rule.id) {
                let (urls, places) = (counted(urls, "URL", "URLs"), counted(places, "place", "places"));
                tracing::error!("{}: {urls} at {places}; `crawler links {}` lists them", rule.id, dir.display());
                fails = true;
            }
        }
    }
    if !audits.is_empty() {
        let counts = Audit::of(dir, &[])?.findings.counts()?;
        for condition in audits {
            let least = if condition == FailOn::AuditError { Severity::Error } else { Severity::Warning };
            let found = counts.iter().filter(|(rule, ..)| rule.severity >= least).map(|(.., places)| places).sum();
            if found > 0 {
                let found = counted(found, "finding", "findings");
                tracing::error!("{}: {found}; `crawler audit {}` lists them", condition.name(), dir.display());
                fails = true;
            }
        }
    }
    Ok(fails)
}
