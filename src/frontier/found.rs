//! What is found, where, and what has moved since.

use std::sync::Arc;

use crate::mention::Mention;
use crate::outcome::SkipReason;
use crate::url::{CrawlUrl, LinkKind, Target};

/// A URL that a response leads to, or that a sitemap lists.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where to.
    pub target: Target,
    /// How it was found.
    pub kind: LinkKind,
    /// What names it there, when that is known.
    pub mention: Option<Mention>,
    /// What that says to a reader, when that is known.
    pub link_text: Option<Arc<str>>,
    /// Why it is not to be requested, when the rules that know only the URL have said so.
    pub skip: Option<SkipReason>,
}

/// Why a URL that was found in such a way is not to be requested, when the rules that know only the URL say so.
pub(super) type Refuses<'a> = &'a dyn Fn(&CrawlUrl, LinkKind) -> Option<SkipReason>;

/// Where a page was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The least number of links from a seed.
    pub depth: u32,
    /// The page on which it was found first at that depth; `None` for a seed.
    pub referrer: Option<Arc<str>>,
}

/// What came of a page that is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// Where the page was found.
    pub place: Place,
    /// How many of the URLs that it leads to are not known: its site is too far [ahead](super::Limits::ahead).
    pub left_out: u64,
}

/// How much of what is new may be added, and how much was.
#[derive(Debug)]
pub(super) struct Room {
    most: u64,
    pub(super) added: u64,
    pub(super) left_out: u64,
}

impl Room {
    /// What a URL takes in the store beside its texts.
    pub(super) const ROW: usize = 56;

    pub(super) const UNBOUNDED: Self = Self::new(u64::MAX);

    pub(super) const fn new(most: u64) -> Self {
        Self { most, added: 0, left_out: 0 }
    }

    /// Whether a URL with texts of this length is added; otherwise it is counted, and so are those after it.
    pub(super) fn takes(&mut self, length: usize) -> bool {
        match self.added.checked_add((length + Self::ROW) as u64) {
            Some(added) if self.left_out == 0 && added <= self.most => {
                self.added = added;
                true
            }
            _ => {
                self.left_out += 1;
                false
            }
        }
    }
}

/// A settled URL to which a shorter path was found later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The URL of the record.
    pub url: Arc<str>,
    /// Its place now.
    pub place: Place,
}
