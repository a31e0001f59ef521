//! Workflow commands of GitHub Actions: a line for each place, which it shows as an annotation.

use std::fmt::Write as _;
use std::io::Write;

use super::json::put;
use crate::checkup::{Findings, Severity};
use crate::error::Result;
use crate::observe::printable;

/// Writes a command for each place. `file`: where a page lies, when it is a file.
pub(crate) fn github(findings: &Findings, file: &dyn Fn(&str) -> Option<String>, to: &mut dyn Write) -> Result<()> {
    findings.each(|finding, places| {
        let command = match finding.rule.severity {
            Severity::Note => "notice",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        for place in places {
            let place = place?;
            let path = file(&place.page);
            let mut properties = format!("file={}", property(path.as_deref().unwrap_or(&place.page)));
            if let Some(line) = place.line {
                let _ = write!(properties, ",line={line},col={}", place.column.unwrap_or(1));
            }
            let _ = write!(properties, ",title={}", property(finding.rule.id));
            let text = match place.text {
                Some(text) => format!("{}: {} (“{text}”)", finding.url, finding.detail.why),
                None => format!("{}: {}", finding.url, finding.detail.why),
            };
            put(to, &format!("::{command} {properties}::{}\n", data(&text)))?;
        }
        Ok(())
    })
}

/// What a command says (actions/toolkit, `packages/core/src/command.ts`, `escapeData`). Whoever reads the log has a
/// terminal too.
fn data(text: &str) -> String {
    printable(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of one of its properties (`escapeProperty`).
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_page_says_begins_a_command_or_a_property() {
        assert_eq!(data("100%\n::error::x\u{1b}"), "100%25\u{FFFD}::error::x\u{FFFD}");
        assert_eq!(property("a,line=1::b"), "a%2Cline=1%3A%3Ab");
    }
}
