//! `crawler audit`: what of the pages of a crawl keeps readers and search engines from them.

use std::process::ExitCode;

use crate::checkup::{Audit as Found, Severity};
use crate::error::Result;
use crate::observe::counted;
use clap::Args;
use serde_json::json;

use super::findings::{About, Shown};
use super::place::Place;

#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    shown: Shown,
    /// Leave this rule out; repeats
    #[arg(long, value_name = "RULE")]
    without: Vec<String>,
    /// Exit with 4 when something is as bad as this, or wrong by this rule; repeats
    #[arg(long, value_name = "error|warning|note|RULE")]
    fail_on: Vec<String>,
}

/// Audits the pages of a crawl. 4 when something is wrong on which it is to fail.
pub(crate) fn audit(asked: &Audit) -> Result<ExitCode> {
    let dir = asked.place.path();
    let (severities, rules): (Vec<_>, Vec<_>) =
        asked.fail_on.iter().partition(|wanted| SEVERITIES.iter().any(|severity| severity.name() == wanted.as_str()));
    // A rule that there is not would never fail.
    Found::expect_rules(asked.without.iter().chain(rules.iter().copied()))?;
    let found = Found::of(dir, &asked.without)?;
    if let Some(rule) = rules.iter().find(|rule| found.unknown.contains(&rule.as_str())) {
        return Err(super::links::unknown(rule));
    }
    let about = json!({ "version": 1, "pages": found.pages, "unknown": found.unknown });
    let about = About { name: "crawler audit", dir, json: about.as_object().cloned().unwrap_or_default() };
    asked.shown.print(&found.findings, &about)?;
    tell(&found)?;
    let worst =
        severities.iter().filter_map(|wanted| SEVERITIES.iter().find(|known| known.name() == wanted.as_str())).min();
    let fails = found.findings.counts()?.iter().any(|(rule, urls, _)| {
        *urls > 0 && (worst.is_some_and(|worst| rule.severity >= *worst) || rules.iter().any(|id| *id == rule.id))
    });
    Ok(ExitCode::from(if fails { FAILS } else { 0 }))
}

fn tell(found: &Found) -> Result<()> {
    let mut told = Vec::new();
    for severity in SEVERITIES.into_iter().rev() {
        let counts = found.findings.counts()?;
        let places: u64 = counts.iter().filter(|(rule, ..)| rule.severity == severity).map(|(.., places)| places).sum();
        let (one, many) = (severity.name().to_owned(), format!("{}s", severity.name()));
        told.push(counted(places, &one, &many));
    }
    super::voice::say(&format!("{} audited: {}", counted(found.pages, "URL", "URLs"), told.join(", ")));
    if !found.unknown.is_empty() {
        let unknown = found.unknown.join(", ");
        super::voice::say(&format!("not looked for: {unknown}\n = help: crawl with --check-links for these"));
    }
    Ok(())
}

const SEVERITIES: [Severity; 3] = [Severity::Note, Severity::Warning, Severity::Error];
const FAILS: u8 = 4;

pub(crate) const EPILOGUE: &str = "\
Needs no network: it reads what a crawl has kept, while it runs or after it. Some rules need a crawl \
with --check-links. docs/audit.md has each rule with its reason.

Exit codes:
  0  done, whatever is wrong
  1  the crawl cannot be read
  2  wrong usage, or no crawl in DIR
  4  something is wrong that --fail-on names";
