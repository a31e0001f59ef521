//! What the parser found in one HTML page.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::mention::Kind;

/// The parts of a page that go into its record; its links are in [`Outcome::links`](crate::outcome::Outcome::links).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The text of `<title>`, white space folded.
    pub title: Option<String>,
    /// `<meta name=description>`, white space folded.
    pub description: Option<String>,
    /// The `lang` of `<html>`.
    pub lang: Option<String>,
    /// The absolute URL of `<link rel=canonical>`, or of a `Link` header of that type.
    pub canonical: Option<String>,
    /// It has a script and not one link: what it shows, and where it leads, is only known to a browser.
    pub needs_script: bool,
    /// The absolute http and https URLs in document order, each once.
    pub links: Vec<Arc<str>>,
    /// What each of them is, in the same order; `None` when nobody asks for that.
    pub link_details: Option<Vec<LinkDetail>>,
}

/// What is said of one link in a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct LinkDetail {
    /// The absolute URL.
    #[schemars(extend("format" = "uri"))]
    pub url: Arc<str>,
    /// What that is to the page.
    pub kind: Kind,
    /// What names it first: an element with its attribute, or a header.
    pub found_by: String,
    /// What that says to a reader, at most 80 characters. Absent when it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Arc<str>>,
    /// Its `rel`. Absent when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rel: Option<String>,
}

impl LinkDetail {
    /// How long it is as JSON at least, in bytes.
    pub(crate) fn length(&self) -> u64 {
        let text = self.text.as_ref().map_or(0, |text| text.len() + r#","text":"""#.len());
        let rel = self.rel.as_ref().map_or(0, |rel| rel.len() + r#","rel":"""#.len());
        (self.url.len() + self.found_by.len() + text + rel + r#"{"url":"","kind":"script","found_by":""},"#.len())
            as u64
    }
}
