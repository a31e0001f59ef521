//! A line of the output: what a record says that a store knows as well.

use std::borrow::Cow;

use serde::Deserialize;

use crate::outcome::{FailureKind, OutcomeKind};

/// The fields of a [`Record`](super::Record) that a store keeps too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecordLine<'a> {
    /// The URL that was requested.
    pub url: Cow<'a, str>,
    /// What came of it.
    pub outcome: OutcomeKind,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The kind of error.
    pub error: Option<FailureKind>,
    /// How often it was requested.
    pub attempts: u32,
    /// The decoded length of the body.
    pub bytes: Option<u64>,
    /// The least number of links from a seed.
    pub depth: u32,
}

impl<'a> RecordLine<'a> {
    /// Reads a line without its end. All of it has to be JSON; of what else it says, nothing is kept.
    ///
    /// # Errors
    /// Why it is no whole record.
    pub fn parse(line: &'a [u8]) -> Result<Self, String> {
        let Fields { url, outcome, status, depth, error, attempts, bytes } =
            serde_json::from_slice(line).map_err(|error| {
                // There is one line only, and the place in it means little for a text that is this long.
                let error = error.to_string();
                error.split(" at line ").next().unwrap_or_default().to_owned()
            })?;
        Ok(Self { url, outcome, status, error: error.map(|error| error.kind), attempts, bytes, depth })
    }

    /// The same, for as long as one likes.
    pub fn into_owned(self) -> RecordLine<'static> {
        RecordLine { url: Cow::Owned(self.url.into_owned()), ..self }
    }
}

#[derive(Deserialize)]
#[serde(expecting = "a record")]
struct Fields<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
    outcome: OutcomeKind,
    #[serde(default)]
    status: Option<u16>,
    depth: u32,
    #[serde(default)]
    error: Option<Error>,
    attempts: u32,
    #[serde(default)]
    bytes: Option<u64>,
}

#[derive(Deserialize)]
#[serde(expecting = "an error with its kind")]
struct Error {
    kind: FailureKind,
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::page;
    use super::*;

    #[test]
    fn a_line_says_what_its_record_says() {
        let record = page("http://e.com/ü\\", 2, Some("http://e.com/"));
        let line = serde_json::to_vec(&record).unwrap();
        let read = RecordLine::parse(&line).unwrap();
        assert_eq!((&*read.url, read.outcome, read.status), (&*record.url, record.outcome, record.status));
        assert_eq!((read.depth, read.attempts, read.bytes, read.error), (2, 1, record.bytes, None));
        let failed = br#"{"url":"u","outcome":"failed","depth":0,"error":{"kind":"dns","message":"m"},"attempts":3}"#;
        assert_eq!(RecordLine::parse(failed).unwrap().error, Some(FailureKind::Dns));
    }

    #[test]
    fn any_part_of_a_line_is_no_record() {
        let line = serde_json::to_vec(&page("http://e.com/", 2, None)).unwrap();
        for end in 0..line.len() {
            assert!(RecordLine::parse(&line[..end]).is_err(), "{end}");
        }
        assert!(RecordLine::parse(&[&line[..], &line[..]].concat()).is_err());
        assert_eq!(RecordLine::parse(b"{\"url\":\"u\"").unwrap_err(), "EOF while parsing an object");
        assert_eq!(RecordLine::parse(b"7").unwrap_err(), "invalid type: integer `7`, expected a record");
    }
}
