//! Body: why nothing came of a body, by the record of its URL.

use std::path::Path;

use serde::Deserialize;

use super::outputs_of_records;
use crate::error::Result;
use crate::sink::{STDOUT, Written};
use crate::store::sqlite::StoreReader;

/// What a record says of a body.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Fields {
    content_type: Option<String>,
    /// Only what was parsed has one.
    charset: Option<String>,
    title: Option<String>,
    description: Option<String>,
    lang: Option<String>,
    canonical: Option<String>,
    links: Option<Vec<serde::de::IgnoredAny>>,
}

/// Why nothing was found in the body of a page that was answered as it should be; `None` when something was. The record is
/// the line with this number, from 1; `bytes` is how long its body was, when it was read.
pub(super) fn why_nothing(dir: &Path, store: &StoreReader, line: u64, bytes: Option<u64>) -> Result<Option<String>> {
    let Some(record) = read(dir, store, line)? else {
        let left_out = "body not read: its content type is not among fetch.content_types";
        return Ok(bytes.is_none().then(|| left_out.to_owned()));
    };
    let media_type = record.content_type.as_deref().unwrap_or("none");
    if bytes.is_none() {
        return Ok(Some(format!("body not read: content type {media_type} is not among fetch.content_types")));
    }
    if record.charset.is_none() {
        return Ok(Some(format!("body not parsed: content type {media_type}, and it is no HTML")));
    }
    let Fields { title, description, lang, canonical, links, .. } = record;
    let has_facts = [title, description, lang, canonical].iter().any(Option::is_some);
    // Without links in the records, nothing tells whether there were any.
    let has_no_link = links.is_some_and(|links| links.is_empty());
    Ok(match (has_no_link, has_facts) {
        (false, _) => None,
        (true, false) => Some("its body was parsed, and has no title and no links".to_owned()),
        (true, true) => Some(
            "its body was parsed, and no link to a page was found in it; what a script would put there is not seen"
                .to_owned(),
        ),
    })
}

/// A record by its line; `None` when nobody can read it again. That takes one pass over the output.
fn read(dir: &Path, store: &StoreReader, line: u64) -> Result<Option<Fields>> {
    let Some((name, checkpoint)) = outputs_of_records(store)?.into_iter().next() else { return Ok(None) };
    let written = if name == STDOUT { None } else { Written::open(&dir.join(&name))? };
    let Some(written) = written else { return Ok(None) };
    let Some(mut lines) = written.lines(&checkpoint)? else { return Ok(None) };
    for _ in 1..line {
        if lines.next_line()?.is_none() {
            return Ok(None);
        }
    }
    Ok(lines.next_line()?.and_then(|line| serde_json::from_slice(line).ok()))
}
