//! What is found, where, and what has moved since.

use std::sync::Arc;

use crate::outcome::SkipReason;
use crate::url::{LinkKind, Target};

/// A URL that a response leads to, or that a sitemap lists.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where to.
    pub target: Target,
    /// How it was found.
    pub kind: LinkKind,
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

/// A settled URL to which a shorter path was found later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The URL of the record.
    pub url: Arc<str>,
    /// Its place now.
    pub place: Place,
}
