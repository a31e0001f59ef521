//! What is found, where, and what has moved since.

use std::sync::Arc;

use crate::mention::Mention;
use crate::outcome::SkipReason;
use crate::url::{LinkKind, Target};

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
    /// Why it is not to be requested, when the rules that know only the URL say so.
    pub skip: Option<SkipReason>,
}

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
    /// How many of the URLs that it leads to are not known: it has more that are new than [one may
    /// add](super::Limits::added).
    pub left_out: u64,
}

/// How much of what is new may still be added.
#[derive(Debug)]
pub(super) struct Room {
    bytes: usize,
    pub(super) left_out: u64,
}

impl Room {
    pub(super) const UNBOUNDED: Self = Self { bytes: usize::MAX, left_out: 0 };

    pub(super) fn new(bytes: usize) -> Self {
        Self { bytes, left_out: 0 }
    }

    /// Whether a URL with texts of this length is added; otherwise it is counted, and so are those after it.
    pub(super) fn takes(&mut self, length: usize) -> bool {
        match self.bytes.checked_sub(length + ROW) {
            Some(left) if self.left_out == 0 => {
                self.bytes = left;
                true
            }
            _ => {
                self.left_out += 1;
                false
            }
        }
    }
}

/// What a URL takes in the store beside its texts.
const ROW: usize = 56;

/// A settled URL to which a shorter path was found later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The URL of the record.
    pub url: Arc<str>,
    /// Its place now.
    pub place: Place,
}
