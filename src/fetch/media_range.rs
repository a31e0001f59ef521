//! Media ranges: which bodies are wanted, by their types (RFC 9110, section 12.5.1, without parameters).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::media_type::MediaType;
use crate::problem::Problem;

/// One media type, or all of a group, or those of a group with a suffix: `text/html`, `text/*`, `*/*`, `application/*+json`
/// (RFC 6838, section 4.2.8). Case does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MediaRange {
    /// As it was written.
    text: Box<str>,
    among: Among,
}

/// Which types are meant, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Among {
    All,
    /// `text/*`, kept as `text/`.
    Group(Box<str>),
    /// `application/*+json`, kept as `application/` and `+json`.
    WithSuffix(Box<str>, Box<str>),
    One(Box<str>),
}

impl MediaRange {
    /// Whether a media type is among these.
    pub(super) fn contains(&self, media_type: &MediaType) -> bool {
        match &self.among {
            Among::All => true,
            Among::Group(group) => media_type.essence().starts_with(&**group),
            // The name in front of the suffix is not empty.
            Among::WithSuffix(group, suffix) => {
                let name = media_type.essence().strip_prefix(&**group).and_then(|name| name.strip_suffix(&**suffix));
                name.is_some_and(|name| !name.is_empty())
            }
            Among::One(one) => media_type.essence() == &**one,
        }
    }
}

impl FromStr for MediaRange {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        // A star is a letter of a token, so ranges are read as types are.
        let read = MediaType::parse(text);
        let essence = read.as_ref().map(MediaType::essence).filter(|essence| essence.eq_ignore_ascii_case(text));
        let among = match essence.and_then(|essence| essence.split_once('/').map(|parts| (essence, parts))) {
            Some((_, ("*", "*"))) => Some(Among::All),
            Some((_, ("*", _))) | None => None,
            Some((essence, (_, "*"))) => Some(Among::Group(essence.trim_end_matches('*').into())),
            Some((essence, (group, subtype))) => match subtype.strip_prefix('*') {
                Some(suffix) if suffix.starts_with('+') => {
                    Some(Among::WithSuffix(format!("{group}/").into(), suffix.into()))
                }
                _ => Some(Among::One(essence.into())),
            },
        };
        let wrong = || {
            Problem::new(format!("`{text}` is not a media type"))
                .allowed("type/subtype, type/*, type/*+suffix or */*, without parameters, like \"text/html\"")
        };
        Ok(Self { text: text.into(), among: among.ok_or_else(wrong)? })
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
            let contains = |media_type: &&str| range.contains(&MediaType::parse(media_type).unwrap());
            assert!(among.iter().all(contains), "{range}");
            assert!(!others.iter().any(contains), "{range}");
        };
        check("text/html", &["text/html", "TEXT/HTML; charset=utf-8"], &["text/htm", "text/html5"]);
        check("Text/*", &["text/html", "text/x"], &["textual/html", "application/text"]);
        check("*/*", &["a/b"], &[]);
        check("application/xhtml+xml", &["application/xhtml+xml"], &["application/xml"]);
        let json = ["application/ld+json", "APPLICATION/vnd.api+JSON"];
        check(
            "application/*+json",
            &json,
            &["application/json", "text/x+json", "application/x-json", "application/+jso"],
        );
    }

    #[test]
    fn what_is_no_media_type_is_refused() {
        for text in ["html", "*/html", "text/", "text/html; charset=utf-8", "", "*", "text/ html", " text/html"] {
            assert!(text.parse::<MediaRange>().is_err(), "{text}");
        }
    }
}
