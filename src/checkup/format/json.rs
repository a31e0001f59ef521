//! JSON: one object, with all findings and all places.

use std::io::Write;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::checkup::{Detail, Findings, Place, Severity};
use crate::error::{Error, Result};
use crate::observe::in_json;

#[derive(Serialize)]
struct Head<'a> {
    rule: &'static str,
    severity: Severity,
    url: &'a str,
    #[serde(flatten)]
    detail: &'a Detail,
}

/// Writes one object: `about`, then how many of each rule there are, then each finding. A line for each, so that people
/// can read it as well.
pub(crate) fn json(findings: &Findings, about: &Map<String, Value>, to: &mut dyn Write) -> Result<()> {
    put(to, "{\n")?;
    for (name, value) in about {
        put(to, &format!("  {}: {value},\n", Value::from(name.as_str())))?;
    }
    let counts = findings.counts()?.into_iter();
    let counts: Map<String, Value> = counts
        .map(|(rule, urls, places)| (rule.id.to_owned(), serde_json::json!({ "urls": urls, "places": places })))
        .collect();
    put(to, &format!("  \"counts\": {},\n  \"findings\": [", Value::from(counts)))?;
    let mut separator = "\n";
    findings.each(|finding, places| {
        let (rule, severity) = (finding.rule.id, finding.rule.severity);
        let head = Head { rule, severity, url: &finding.url, detail: &finding.detail };
        let head = text_of(&head)?;
        put(to, &format!("{separator}    {},\"places\":[", head.trim_end_matches('}')))?;
        for (nth, place) in places.enumerate() {
            put(to, if nth == 0 { "\n      " } else { ",\n      " })?;
            put(to, &text_of::<Place>(&place?)?)?;
        }
        separator = ",\n";
        put(to, "]}")
    })?;
    put(to, if separator == "\n" { "]\n}\n" } else { "\n  ]\n}\n" })
}

/// A value as one line, which turns no text that a person sees.
pub(super) fn text_of<T: Serialize>(value: &T) -> Result<String> {
    let text = serde_json::to_string(value);
    text.map(in_json).map_err(|error| Error::Internal(format!("a finding is no JSON: {error}")))
}

/// Writes a text.
pub(super) fn put(to: &mut dyn Write, text: &str) -> Result<()> {
    to.write_all(text.as_bytes()).map_err(|error| Error::io("write to", std::path::Path::new("stdout"), error))
}
