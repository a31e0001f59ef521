//! What of the records of a crawl a mirror is made of: what has a body, and what leads there.

use std::borrow::Cow;

use hashbrown::HashSet;
use jiff::Timestamp;
use serde::Deserialize;

use crate::committed::LineSource;
use crate::error::{Error, Result};
use crate::outcome::OutcomeKind;
use crate::url::{CrawlUrl, UrlKey, UrlRules};

/// Something with a body.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// As it was found.
    pub(super) url: CrawlUrl,
    /// As it was asked for last: a page may redirect to another spelling of itself.
    pub(super) asked: CrawlUrl,
    pub(super) at: Timestamp,
    /// Its media type: what was read as HTML without one is that.
    pub(super) essence: Option<String>,
    pub(super) is_seed: bool,
    /// Whether the crawl has read its body: then the archive has it.
    pub(super) is_read: bool,
    /// The hash of that, as records write it.
    pub(super) hash: Option<String>,
}

/// Something that leads elsewhere.
#[derive(Debug, Clone)]
pub(super) struct Redirect {
    pub(super) url: CrawlUrl,
    pub(super) at: Timestamp,
    /// Where to, without a fragment.
    pub(super) location: String,
    pub(super) is_seed: bool,
}

/// All of them, in the order of the records.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) kept: Vec<Kept>,
    pub(super) redirects: Vec<Redirect>,
    /// What was asked for and gave neither.
    pub(super) broken: HashSet<UrlKey>,
}

/// What is read of a line.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
    outcome: OutcomeKind,
    depth: u32,
    #[serde(default, borrow)]
    referrer: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    location: Option<Cow<'a, str>>,
    #[serde(borrow)]
    fetched_at: Cow<'a, str>,
    #[serde(default, borrow)]
    content_type: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    charset: Option<Cow<'a, str>>,
    #[serde(default)]
    bytes: Option<u64>,
    #[serde(default, borrow)]
    content_hash: Option<Cow<'a, str>>,
}

impl Kept {
    /// Whether it is HTML or XHTML.
    pub(super) fn is_page(&self) -> bool {
        self.essence.as_deref().is_some_and(crate::media_type::is_html)
    }

    /// Whether this is the body that the crawl has read, as far as its record says it.
    pub(super) fn is_hash_of(&self, body: &[u8]) -> bool {
        let known = self.hash.as_deref().and_then(|hash| hash.strip_prefix("blake3:"));
        known.is_none_or(|known| known == blake3::hash(body).to_hex().as_str())
    }
}

impl Records {
    /// Reads all lines.
    ///
    /// # Errors
    /// [`Error::Damaged`]: a line is no record.
    pub(super) fn read(lines: &mut dyn LineSource, rules: &UrlRules) -> Result<Self> {
        let (mut records, mut number) = (Self::default(), 0_u64);
        loop {
            number += 1;
            let Some(line) = lines.next_line()? else { return Ok(records) };
            let read = serde_json::from_slice(line).map_err(|error| error.to_string());
            let read = read.and_then(|line: Line<'_>| records.take(&line, rules));
            if let Err(why) = read {
                return Err(Error::Damaged(format!("line {number} of {} is no record: {why}", lines.shown())));
            }
        }
    }

    fn take(&mut self, line: &Line<'_>, rules: &UrlRules) -> Result<(), String> {
        let is_seed = line.depth == 0 && line.referrer.is_none();
        let at = line.fetched_at.parse().map_err(|error: jiff::Error| error.to_string())?;
        match (line.outcome, &line.location) {
            (OutcomeKind::Ok, location) => {
                let url = rules.parse(&line.url)?;
                let asked = location.as_ref().and_then(|to| rules.parse(to).ok()).unwrap_or_else(|| url.clone());
                let is_read = line.bytes.is_some();
                let is_html = line.charset.is_some().then_some("text/html");
                let known = line.content_type.as_deref().filter(|known| !known.starts_with("unknown/")).or(is_html);
                let (essence, hash) = (known.map(str::to_owned), line.content_hash.as_deref().map(str::to_owned));
                self.kept.push(Kept { url, asked, at, essence, is_seed, is_read, hash });
            }
            (OutcomeKind::Redirect, Some(location)) => {
                let url = rules.parse(&line.url)?;
                self.redirects.push(Redirect { url, at, location: location.clone().into_owned(), is_seed });
            }
            _ => {
                self.broken.insert(rules.parse(&line.url)?.key());
            }
        }
        Ok(())
    }
}
