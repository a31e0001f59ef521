//! Audit: what of a site keeps readers and search engines from its pages, by rules that are data.

mod answers;
mod audit_rule;
mod canonicals;
mod headings;
mod languages;
mod pages;
mod records;
mod shape;
mod site;
mod texts;
mod view;

use std::path::Path;

use super::{Detail, Findings, Place};
use crate::error::{Error, Result};
use audit_rule::AuditRule;
use records::Records;
use site::Site;
use view::{Said, View};

/// What was found.
#[derive(Debug)]
pub(crate) struct Audit {
    pub(crate) findings: Findings,
    /// How many pages were looked at.
    pub(crate) pages: u64,
    /// The rules that could not be looked for: the crawl has not kept what they need.
    pub(crate) unknown: Vec<&'static str>,
}

impl Audit {
    /// Checks that there are rules of these names.
    ///
    /// # Errors
    /// [`Error::Usage`] names those that there are.
    pub(crate) fn expect_rules<'r>(mut ids: impl Iterator<Item = &'r String>) -> Result<()> {
        let Some(unknown) = ids.find(|id| rules().all(|known| known.rule.id != id.as_str())) else { return Ok(()) };
        let known: Vec<_> = rules().map(|known| known.rule.id).collect();
        Err(Error::Usage(format!(
            "there is no rule `{unknown}`\n = allowed: {}\n = help: --fail-on takes error, warning and note as well",
            known.join(", ")
        )))
    }

    /// Audits the pages that the crawl in a directory has committed, while it runs or after it, but for the rules `without`.
    /// Takes two passes over its records and two over what it has kept of its pages, and one over its store; some 150 bytes of
    /// memory for each URL, the texts of those that redirect, and what [`Findings`] take.
    ///
    /// # Errors
    /// There is no crawl, or its outputs cannot be read.
    pub(crate) fn of(dir: &Path, without: &[String]) -> Result<Self> {
        let site = Site::read(dir)?;
        let is_asked = |known: &&AuditRule| !without.iter().any(|id| id == known.rule.id);
        let (asked, unknown): (Vec<_>, Vec<_>) =
            rules().filter(is_asked).partition(|known| site.is_surveyed() || !known.needs_survey);
        let findings = Findings::new(rules().map(|known| &known.rule).collect())?;
        let mut audit = Self { findings, pages: 0, unknown: unknown.iter().map(|known| known.rule.id).collect() };
        let (mut records, mut said) = (Records::open(dir, site.is_surveyed())?, Vec::new());
        while let Some((record, survey)) = records.next()? {
            let Some(view) = View::of(record, survey, &site) else { continue };
            audit.pages += 1;
            for known in &asked {
                (known.check)(&view, &mut said);
                for Said { why, at, text } in said.drain(..) {
                    let place = Place {
                        page: view.url().to_owned(),
                        line: at.map(|at| at.line),
                        column: at.map(|at| at.column),
                        text,
                        ..Place::default()
                    };
                    audit.findings.add(&known.rule, view.url(), &Detail { why, ..Detail::default() }, &place)?;
                }
            }
        }
        Ok(audit)
    }
}

/// All rules, in the order in which they are told.
pub(crate) fn rules() -> impl Iterator<Item = &'static AuditRule> {
    let tables: [&'static [AuditRule]; 7] = [
        &answers::RULES,
        &texts::RULES,
        &headings::RULES,
        &canonicals::RULES,
        &languages::RULES,
        &shape::RULES,
        &pages::RULES,
    ];
    tables.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_is_documented_with_its_reason() {
        let documented = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/audit.md")).unwrap();
        let mut ids = std::collections::BTreeSet::new();
        for AuditRule { rule, .. } in rules() {
            assert!(ids.insert(rule.id), "{} is there twice", rule.id);
            let row = format!("| `{}` | {} | {} | {} |", rule.id, rule.severity.name(), rule.title, rule.reason);
            assert!(documented.contains(&row), "docs/audit.md has no line\n{row}");
        }
    }
}
