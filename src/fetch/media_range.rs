//! Media ranges: which bodies are wanted, by their types (RFC 9110, section 12.5.1, without parameters).

use std::fmt;
use std::str::FromStr;

use http::HeaderName;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// One media type, or all of a group: `text/html`, `text/*`, `*/*`. Case does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MediaRange {
    /// As it was written.
    text: Box<str>,
    /// How much of it a media type has to start with; the whole of a type is compared.
    compared: usize,
}

impl MediaRange {
    /// Whether a media type, without its parameters, is among these.
    pub(super) fn contains(&self, media_type: &[u8]) -> bool {
        let compared = self.text.as_bytes().get(..self.compared).unwrap_or_default();
        let is_group = self.compared < self.text.len();
        (is_group || media_type.len() == compared.len())
            && media_type.get(..compared.len()).is_some_and(|start| start.eq_ignore_ascii_case(compared))
    }
}

impl FromStr for MediaRange {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        // A token is what a header name is made of too (RFC 9110, section 5.6.2).
        let token = |part: &str| part.parse::<HeaderName>().is_ok();
        let compared = match text.split_once('/') {
            Some(("*", "*")) => Some(0),
            Some((kind, "*")) if kind != "*" && token(kind) => Some(text.len() - 1),
            Some((kind, subtype)) if kind != "*" && token(kind) && token(subtype) => Some(text.len()),
            _ => None,
        };
        let wrong = || {
            Problem::new(format!("`{text}` is not a media type"))
                .allowed("type/subtype, type/* or */*, without parameters, like \"text/html\"")
        };
        Ok(Self { text: text.into(), compared: compared.ok_or_else(wrong)? })
    }
}

impl fmt::Display for MediaRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for MediaRange {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<MediaRange> for String {
    fn from(range: MediaRange) -> Self {
        range.text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_may_end_in_a_star() {
        let check = |range: &str, among: &[&str], others: &[&str]| {
            let range: MediaRange = range.parse().unwrap();
            assert!(among.iter().all(|media_type| range.contains(media_type.as_bytes())), "{range}");
            assert!(!others.iter().any(|media_type| range.contains(media_type.as_bytes())), "{range}");
        };
        check("text/html", &["text/html", "TEXT/HTML"], &["text/htm", "text/html5", ""]);
        check("Text/*", &["text/html", "text/"], &["textual/html", "application/text"]);
        check("*/*", &["a/b", ""], &[]);
        check("application/xhtml+xml", &["application/xhtml+xml"], &["application/xml"]);
    }

    #[test]
    fn what_is_no_media_type_is_refused() {
        for text in ["html", "*/html", "text/", "text/html; charset=utf-8", "", "*", "text/ html"] {
            assert!(text.parse::<MediaRange>().is_err(), "{text}");
        }
    }
}
