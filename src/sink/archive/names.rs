//! The names of the files of an archive: `PREFIX-TIMESTAMP-SERIAL-HOST.warc.gz`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// What the names of all files of one archive have in common. The pattern is that of Heritrix and of the guidelines of
/// the IIPC: a prefix, 17 digits of time, a serial number, and what crawled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveNames {
    /// Up to the serial number: `crawl-20261130190001123`.
    stem: String,
    host: String,
}

impl ArchiveNames {
    /// Those of an archive that begins now. All of its files have its time: so the name of each is known before it is
    /// there, and a run that goes on finds what the one before has left.
    pub fn new(prefix: &str, begun: Timestamp, host: &str) -> Self {
        Self { stem: format!("{prefix}-{}", begun.strftime("%Y%m%d%H%M%S%3f")), host: host.to_owned() }
    }

    /// The name of a file, and its number.
    pub fn parse(name: &str) -> Option<(Self, u32)> {
        let bare = name.strip_suffix(ENDING)?;
        if !bare.chars().all(is_plain) {
            return None;
        }
        let is_time = |part: &str| part.len() == TIME && part.bytes().all(|byte| byte.is_ascii_digit());
        let dashes: Vec<_> = bare.match_indices('-').map(|(at, _)| at).collect();
        dashes.windows(3).find_map(|dashes| {
            let [before, middle, behind] = *dashes else { return None };
            let (time, serial) = (bare.get(before + 1..middle)?, bare.get(middle + 1..behind)?);
            let is_serial = serial.len() >= SERIAL && serial.bytes().all(|byte| byte.is_ascii_digit());
            if !(is_time(time) && is_serial) {
                return None;
            }
            let (stem, host) = (bare.get(..middle)?.to_owned(), bare.get(behind + 1..)?.to_owned());
            Some((Self { stem, host }, serial.parse().ok()?))
        })
    }

    /// The name of the file of this number.
    pub fn name(&self, serial: u32) -> String {
        format!("{}-{serial:05}-{}{ENDING}", self.stem, self.host)
    }
}

/// A part of the name of a file that is anybody's to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NamePart(String);

impl NamePart {
    /// The part.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NamePart {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let is_fit = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_plain);
        if !is_fit || text.len() > LONGEST {
            return Err(Problem::new(format!("`{text}` is no part of the name of an archive"))
                .allowed("up to 60 letters, digits, `-`, `_` and `.`, a letter or a digit first"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for NamePart {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<NamePart> for String {
    fn from(part: NamePart) -> Self {
        part.0
    }
}

impl fmt::Display for NamePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// The folder of archives in a crawl directory.
pub const ARCHIVE: &str = "archive";
const ENDING: &str = ".warc.gz";
const TIME: usize = 17;
const SERIAL: usize = 5;
const LONGEST: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_the_next_one_is() {
        let names = ArchiveNames::new("a-b", "2026-11-30T19:00:01.123Z".parse().unwrap(), "crawler.example-1");
        assert_eq!(names.name(7), "a-b-20261130190001123-00007-crawler.example-1.warc.gz");
        for serial in [0, 7, 123_456] {
            assert_eq!(ArchiveNames::parse(&names.name(serial)), Some((names.clone(), serial)));
        }
        for other in [
            "a.warc.gz",
            "a-20261130190001123-00007-b.warc",
            "a-2026-00007-b.warc.gz",
            "../a-20261130190001123-00007-b.warc.gz",
        ] {
            assert_eq!(ArchiveNames::parse(other), None, "{other}");
        }
    }
}
