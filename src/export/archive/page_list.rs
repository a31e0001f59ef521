//! The pages of a WACZ: what a reader may begin with, out of the records.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::committed::LineSource;
use crate::error::{Error, Result};
use crate::outcome::OutcomeKind;

/// What of a record makes a page.
#[derive(Debug, Deserialize)]
struct Said<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
    outcome: OutcomeKind,
    depth: u32,
    #[serde(borrow)]
    fetched_at: Cow<'a, str>,
    #[serde(default, borrow)]
    content_type: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    charset: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    title: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    content: Option<Content<'a>>,
}

#[derive(Debug, Deserialize)]
struct Content<'a> {
    #[serde(default, borrow)]
    text: Option<Cow<'a, str>>,
}

/// Writes the list of pages, JSON lines, into `take`; how many pages there are, and the first seed among them. Pages
/// are what was read as HTML and is in order.
///
/// # Errors
/// A line of the records is none.
pub(super) fn write(
    lines: &mut dyn LineSource,
    has_text: bool,
    mut take: impl FnMut(&str) -> Result<()>,
) -> Result<(u64, Option<String>)> {
    let (mut count, mut first) = (0, None);
    take(&json!({ "format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": has_text }).to_string())?;
    let mut wrong = None;
    while let Some(line) = lines.next_line()? {
        let said: Said<'_> = match serde_json::from_slice(line) {
            Ok(said) => said,
            Err(error) => {
                wrong = Some(error.to_string());
                break;
            }
        };
        if said.outcome != OutcomeKind::Ok || said.charset.is_none() {
            continue;
        }
        let is_html = said.content_type.as_deref().is_none_or(|of_type| HTML.contains(&of_type));
        if !is_html {
            continue;
        }
        count += 1;
        let id = blake3::hash(said.url.as_bytes()).to_hex();
        let mut page = Map::new();
        page.insert("id".to_owned(), id.get(..20).unwrap_or_default().into());
        page.insert("url".to_owned(), said.url.clone().into_owned().into());
        page.insert("ts".to_owned(), said.fetched_at.into_owned().into());
        page.insert("title".to_owned(), said.title.unwrap_or_else(|| said.url.clone()).into_owned().into());
        if said.depth == 0 {
            page.insert("seed".to_owned(), true.into());
            first.get_or_insert_with(|| said.url.into_owned());
        }
        if let Some(text) = said.content.and_then(|content| content.text).filter(|_| has_text) {
            page.insert("text".to_owned(), text.into_owned().into());
        }
        take(&Value::Object(page).to_string())?;
    }
    match wrong {
        Some(why) => Err(Error::Damaged(format!("{}: a line is no record: {why}", lines.shown()))),
        None => Ok((count, first)),
    }
}

const HTML: [&str; 2] = ["text/html", "application/xhtml+xml"];
