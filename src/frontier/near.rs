//! The texts that are at hand: of the URLs whose turn is near, and of the page whose links are taken.

use std::sync::Arc;

use crate::url::CrawlUrl;

/// A URL with its text.
#[derive(Debug, Clone)]
pub(super) struct Near {
    pub(super) url: CrawlUrl,
    pub(super) referrer: Option<Arc<str>>,
    pub(super) attempts: u32,
    /// How to request it, when it has redirected to another spelling of itself; boxed, since few have.
    pub(super) spelling: Option<Box<Spelling>>,
}

/// A spelling that a URL has redirected to.
#[derive(Debug, Clone)]
pub(super) struct Spelling {
    pub(super) url: CrawlUrl,
    /// How many redirects from one spelling to the next led here.
    pub(super) hops: u32,
}

impl Near {
    /// A URL to be requested as it was found.
    pub(super) fn new(url: CrawlUrl, referrer: Option<Arc<str>>, attempts: u32) -> Self {
        Self { url, referrer, attempts, spelling: None }
    }
}

/// Where links come from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// `None` when it is of another bucket.
    pub(super) id: Option<u32>,
    pub(super) text: Arc<str>,
}

/// How many texts are kept before anybody asks for them, and how many are asked for ahead, over all hosts: a crawl of a
/// small site never reads back.
pub(super) const TEXTS: usize = 1 << 15;
