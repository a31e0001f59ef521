//! SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format), as code hosts show it beside a change.

use std::io::Write;

use serde_json::{Value, json};

use super::json::{put, text_of};
use crate::checkup::{Finding, Findings, Place, Rule, Severity};
use crate::error::Result;

/// Writes one log with one run: a result for each place. `file`: where a page lies, when it is a file.
pub(crate) fn sarif(findings: &Findings, file: &dyn Fn(&str) -> Option<String>, to: &mut dyn Write) -> Result<()> {
    let rules: Vec<_> = findings.counts()?.into_iter().map(|(rule, ..)| described(rule)).collect();
    let tool = json!({ "driver": { "name": "crawler", "version": env!("CARGO_PKG_VERSION"), "rules": rules } });
    put(
        to,
        &format!(
            "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{},\"columnKind\":\"unicodeCodePoints\",\"results\":[",
            text_of(&tool)?
        ),
    )?;
    let mut separator = "\n";
    findings.each(|finding, places| {
        for place in places {
            put(to, separator)?;
            put(to, &text_of(&result(finding, &place?, file))?)?;
            separator = ",\n";
        }
        Ok(())
    })?;
    put(to, "\n]}]}\n")
}

fn described(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.reason },
        "defaultConfiguration": { "level": rule.severity.name() },
    })
}

fn result(finding: &Finding, place: &Place, file: &dyn Fn(&str) -> Option<String>) -> Value {
    let uri = file(&place.page).unwrap_or_else(|| place.page.clone());
    let mut location = json!({ "artifactLocation": { "uri": uri } });
    if let (Some(line), Some(object)) = (place.line, location.as_object_mut()) {
        object.insert("region".to_owned(), json!({ "startLine": line, "startColumn": place.column.unwrap_or(1) }));
    }
    let level = match finding.rule.severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let text = if finding.url == place.page {
        finding.detail.why.clone()
    } else {
        format!("{}: {}", finding.url, finding.detail.why)
    };
    json!({
        "ruleId": finding.rule.id,
        "level": level,
        "message": { "text": text },
        "locations": [{ "physicalLocation": location }],
    })
}

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
