//! Which of several captures of a URL answers for it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::warc::parse_date;

/// Of several captures of a URL the one that answers: the last, or what was there at an instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ReplayAt {
    /// The last one.
    #[default]
    Latest,
    /// The last one that is not later; when all are, the first.
    At(Timestamp),
}

impl FromStr for ReplayAt {
    type Err = Problem;

    /// Reads `latest`, or a date as archives and indexes write it: `2026-11-30`, `2026-11-30T19:00:01Z`, `20261130190001`.
    /// What is not said is the start of what is.
    fn from_str(text: &str) -> Result<Self, Problem> {
        if text.trim().eq_ignore_ascii_case(LATEST) {
            return Ok(Self::Latest);
        }
        parse_date(text).map(Self::At).ok_or_else(|| {
            Problem::new(format!("`{text}` is no instant"))
                .allowed("\"latest\", or a date and a time in UTC like \"2026-11-30\", \"2026-11-30T19:00:01Z\"")
        })
    }
}

impl fmt::Display for ReplayAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str(LATEST),
            Self::At(instant) => instant.fmt(f),
        }
    }
}

impl TryFrom<String> for ReplayAt {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<ReplayAt> for String {
    fn from(at: ReplayAt) -> Self {
        at.to_string()
    }
}

const LATEST: &str = "latest";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_as_archives_write_it() {
        for (text, shown) in [
            ("latest", "latest"),
            ("Latest", "latest"),
            ("2026-11-30", "2026-11-30T00:00:00Z"),
            ("2026-11-30T19:00:01Z", "2026-11-30T19:00:01Z"),
            ("2026-11-30T21:00:01+02:00", "2026-11-30T19:00:01Z"),
            ("20261130190001", "2026-11-30T19:00:01Z"),
        ] {
            assert_eq!(text.parse::<ReplayAt>().unwrap().to_string(), shown);
            assert_eq!(shown.parse::<ReplayAt>().unwrap(), text.parse().unwrap(), "what is shown is read");
        }
        for text in ["", "yesterday", "12"] {
            assert!(text.parse::<ReplayAt>().is_err(), "{text}");
        }
    }
}
