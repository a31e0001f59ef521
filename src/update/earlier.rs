//! The earlier crawl: what its records say of a page, for an update that asks whether that still holds.

use std::time::SystemTime;

use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};

use super::due::{Choice, History};
use super::pages::{Pages, damaged};
use crate::error::Result;
use crate::extracted::Item;
use crate::for_update::{Carried, ForUpdate};
use crate::outcome::OutcomeKind;
use crate::politeness::retry_after;
use crate::request::Validators;
use crate::sink::Record;
use crate::url::{CrawlUrl, UrlKey};

/// A crawl that has come to its end, whose pages an update may carry over. What their records say is read when it is asked for.
#[derive(Debug)]
pub(crate) struct Earlier {
    pub(super) pages: Pages,
    census: Census,
    /// The pages that are not asked for, by the numbers of their lines; empty when all are.
    left: Vec<Option<Left>>,
}

/// A page that is not asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left {
    /// Why.
    pub(crate) why: Carried,
    /// When it was asked for last, in seconds since 1970.
    pub(crate) asked_at: u32,
}

/// How many pages an update may have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Census {
    /// Pages that were read.
    pub(crate) pages: u64,
    /// Those whose hosts have no validators.
    pub(crate) without_validators: u64,
    /// Those of which too little is known to go on from them as if they had been read.
    pub(crate) unsaid: u64,
}

/// What is known of a page before it is asked for again.
#[derive(Debug)]
pub(crate) struct Known {
    /// By what the host can tell whether it has changed; `None` when it has none, or the page could not be carried over.
    pub(crate) validators: Option<Box<Validators>>,
    /// The hash of its body.
    pub(crate) content_hash: Option<String>,
    /// When it was asked for last.
    pub(crate) fetched_at: jiff::Timestamp,
    /// What was kept of it for this.
    pub(crate) for_update: ForUpdate,
}

/// What of a record decides about the request.
#[derive(Debug, Deserialize)]
struct Head {
    url: String,
    outcome: OutcomeKind,
    status: Option<u16>,
    location: Option<String>,
    #[serde(deserialize_with = "time")]
    fetched_at: jiff::Timestamp,
    content_hash: Option<String>,
    links_left_out: Option<u64>,
    usage: Option<SaidOfUse>,
    etag: Option<String>,
    last_modified: Option<String>,
    for_update: Option<ForUpdate>,
}

#[derive(Debug, Deserialize)]
struct SaidOfUse {
    #[serde(default)]
    omitted: bool,
    #[serde(default)]
    statements: Vec<IgnoredAny>,
}

impl Earlier {
    /// The pages of a crawl, of which those that are not due are left out.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::error::Error::Damaged) when a line is no record.
    pub(crate) fn new(pages: Pages, choice: Choice) -> Result<Self> {
        let mut census = Census::default();
        let mut left = if choice.leaves_out() { vec![None; pages.records.len()] } else { Vec::new() };
        pages.each_line(|line, path| {
            let head: Head = serde_json::from_slice(line).map_err(|error| damaged(path, &error))?;
            if head.outcome == OutcomeKind::Ok {
                census.pages += 1;
                census.without_validators += u64::from(head.etag.is_none() && head.last_modified.is_none());
                census.unsaid += u64::from(!head.can_be_carried(&pages) && head.is_examined());
            }
            if !left.is_empty()
                && let Some((number, page)) = head.left(&pages, choice)
                && let Some(at) = left.get_mut(number)
            {
                *at = Some(page);
            }
            Ok(())
        })?;
        Ok(Self { pages, census, left })
    }

    /// Whether a page is not asked for, and why.
    pub(crate) fn left(&self, url: &CrawlUrl) -> Option<Left> {
        if self.left.is_empty() {
            return None;
        }
        let numbers = self.pages.records.numbers_of(url.key());
        self.left.get(numbers).and_then(<[_]>::first).copied().flatten()
    }

    /// Whether it may have a record of a page.
    pub(crate) fn has(&self, key: UrlKey) -> bool {
        !self.pages.records.numbers_of(key).is_empty()
    }

    /// How many pages there are.
    pub(crate) fn census(&self) -> Census {
        self.census
    }

    /// What is known of a page that is asked for by this URL. `None` of one that was not there, or had been asked for in other
    /// words: what a host calls its state holds for the URL. May block.
    pub(crate) fn known(&self, url: &CrawlUrl) -> Option<Known> {
        for found in self.pages.records.of(url.key()) {
            let (_, line) = found.ok()?;
            let head: Head = serde_json::from_slice(&line).ok()?;
            if head.location.as_ref().unwrap_or(&head.url) != url.as_str() {
                continue;
            }
            let can_be_carried = head.can_be_carried(&self.pages);
            let validators = Validators { etag: head.etag, last_modified: head.last_modified };
            let validators = (can_be_carried && !validators.is_empty()).then(|| Box::new(validators));
            let (content_hash, fetched_at) = (head.content_hash, head.fetched_at);
            let for_update = head.for_update.unwrap_or_default();
            return Some(Known { validators, content_hash, fetched_at, for_update });
        }
        None
    }

    /// The record of a page that is asked for by this URL, with the items that were found in it. `None` when it cannot be
    /// read. May block.
    pub(crate) fn page(&self, url: &CrawlUrl) -> Option<(Record, Vec<Item>)> {
        for found in self.pages.records.of(url.key()) {
            let (_, line) = found.ok()?;
            let record: Record = serde_json::from_slice(&line).ok()?;
            if record.location.as_ref().unwrap_or(&record.url).as_ref() != url.as_str() {
                continue;
            }
            let expected = record.for_update.as_ref().map_or(0, |kept| kept.items);
            let items = if expected == 0 { Vec::new() } else { self.pages.items_of(&record.url, expected)? };
            return (items.len() as u64 == expected).then_some((record, items));
        }
        None
    }
}

impl Head {
    /// Whether the page is left out, with the number of its line. One that was asked for in other words, or that cannot be told
    /// from another one at once, is not.
    fn left(&self, pages: &Pages, choice: Choice) -> Option<(usize, Left)> {
        if self.location.is_some() || !self.can_be_carried(pages) {
            return None;
        }
        let kept = self.for_update.as_ref();
        let why = choice.leaves(History {
            fetched_at: self.fetched_at,
            fresh_until: kept.and_then(|kept| kept.fresh_until),
            seen: kept.and_then(|kept| kept.seen),
            modified: self.last_modified.as_deref().and_then(http_date),
        })?;
        let numbers = pages.records.numbers_of(pages.key(&self.url)?);
        let asked_at = u32::try_from(self.fetched_at.as_second()).ok()?;
        (numbers.len() == 1).then_some((numbers.start, Left { why, asked_at }))
    }

    /// Whether the next update was thought of when it was written.
    fn is_examined(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some() || self.for_update.is_some()
    }

    /// Whether a page of which nothing has changed could be gone on from as if it had been read.
    fn can_be_carried(&self, pages: &Pages) -> bool {
        let kept = self.for_update.as_ref();
        let lacks_items = kept.is_some_and(|kept| kept.items > 0) && !pages.has_items();
        // Of more statements the last ones may have been left out.
        let is_used = self.usage.as_ref().is_some_and(|usage| usage.omitted || usage.statements.len() >= STATEMENTS);
        let is_page = self.outcome == OutcomeKind::Ok && self.status == Some(200) && self.links_left_out.is_none();
        is_page && self.is_examined() && !(kept.is_some_and(|kept| kept.anew) || is_used || lacks_items)
    }
}

/// When that is, in any of the forms of an HTTP date (RFC 9110, section 5.6.7).
fn http_date(text: &str) -> Option<jiff::Timestamp> {
    let since_1970 = retry_after(text, SystemTime::UNIX_EPOCH).filter(|_| text.contains(':'))?;
    jiff::Timestamp::try_from(SystemTime::UNIX_EPOCH + since_1970).ok()
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<jiff::Timestamp, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

/// How many statements of use a record has at most.
const STATEMENTS: usize = 32;
