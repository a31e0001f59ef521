//! The XML of `JUnit`, which most CI systems read: a suite for each rule, a case for each URL that is wrong.

use std::fmt::Write as _;
use std::io::Write;

use super::json::put;
use crate::checkup::{Findings, Place, Severity};
use crate::error::Result;
use crate::observe::in_markup;

/// Writes a suite for each rule. What is only worth knowing counts as skipped; a rule by which nothing is wrong is a case
/// that passes.
pub(crate) fn junit(findings: &Findings, name: &str, to: &mut dyn Write) -> Result<()> {
    let counts = findings.counts()?;
    let failures = |severity, urls| if severity == Severity::Note { 0 } else { urls };
    let tests: u64 = counts.iter().map(|(_, urls, _)| (*urls).max(1)).sum();
    let failed: u64 = counts.iter().map(|(rule, urls, _)| failures(rule.severity, *urls)).sum();
    let name = in_markup(name);
    put(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
    put(to, &format!("<testsuites name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\">\n"))?;
    let mut suites = counts.iter();
    let mut open = None;
    findings.each(|finding, places| {
        if open != Some(finding.rule.id) {
            if open.is_some() {
                put(to, "  </testsuite>\n")?;
            }
            // Those between are clean.
            for (rule, urls, _) in suites.by_ref() {
                if rule.id == finding.rule.id {
                    let (failed, skipped) = match rule.severity {
                        Severity::Note => (0, *urls),
                        Severity::Warning | Severity::Error => (*urls, 0),
                    };
                    put(
                        to,
                        &format!(
                            "  <testsuite name=\"{}\" tests=\"{urls}\" failures=\"{failed}\" skipped=\"{skipped}\">\n",
                            rule.id
                        ),
                    )?;
                    break;
                }
                clean(rule.id, rule.title, to)?;
            }
            open = Some(finding.rule.id);
        }
        let (id, url, why) = (finding.rule.id, in_markup(&finding.url), in_markup(&finding.detail.why));
        put(to, &format!("    <testcase classname=\"{id}\" name=\"{url}\">\n"))?;
        if finding.rule.severity == Severity::Note {
            put(to, &format!("      <skipped message=\"{why}\"/>\n"))?;
        } else {
            put(to, &format!("      <failure type=\"{id}\" message=\"{why}\">"))?;
            for place in places {
                put(to, &in_markup(&line(&place?)))?;
                put(to, "\n")?;
            }
            put(to, "</failure>\n")?;
        }
        put(to, "    </testcase>\n")
    })?;
    if open.is_some() {
        put(to, "  </testsuite>\n")?;
    }
    for (rule, ..) in suites {
        clean(rule.id, rule.title, to)?;
    }
    put(to, "</testsuites>\n")
}

fn clean(id: &str, title: &str, to: &mut dyn Write) -> Result<()> {
    let title = in_markup(&format!("nothing {title}"));
    put(
        to,
        &format!(
            "  <testsuite name=\"{id}\" tests=\"1\" failures=\"0\" skipped=\"0\">\n    <testcase classname=\"{id}\" \
             name=\"{title}\"/>\n  </testsuite>\n"
        ),
    )
}

fn line(place: &Place) -> String {
    let mut line = place.page.clone();
    if let (Some(at), Some(column)) = (place.line, place.column) {
        let _ = write!(line, " {at}:{column}");
    }
    for said in [&place.found_by, &place.text].into_iter().flatten() {
        let _ = write!(line, " {said}");
    }
    line
}
