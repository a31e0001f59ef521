//! Unasked: why pages of the earlier crawl have no record in the later one.

use hashbrown::{HashMap, HashSet};

use crate::outcome::SkipReason;
use crate::url::{CrawlUrl, HostKey, UrlKey};

/// Why a URL that the crawl knows has no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// A limit has ended the crawl before.
    LeftOver,
    /// The robots.txt of its host could not be read.
    NoRobots,
    /// It is skipped.
    Skipped(SkipReason),
}

/// The pages of the earlier crawl that the later one knows and has no record of.
#[derive(Debug, Default)]
pub(crate) struct Unasked {
    /// Why, of each.
    pub(super) reasons: HashMap<UrlKey, Why>,
    /// Whether a sitemap could not be read: what it lists nobody knows.
    pub(super) lacks_sitemaps: bool,
    /// The hosts whose robots.txt could not be read, which names sitemaps.
    pub(super) without_robots: HashSet<HostKey>,
}

impl Unasked {
    /// Why a page has no record; `None` when the crawl does not know it.
    pub(super) fn why(&self, key: UrlKey) -> Option<Why> {
        self.reasons.get(&key).copied()
    }

    /// Whether a sitemap that was not read may list a URL.
    pub(super) fn may_be_listed(&self, url: &CrawlUrl) -> bool {
        self.lacks_sitemaps || !self.without_robots.is_empty() && self.without_robots.contains(&url.host_key())
    }

    /// Whether nothing was left unread that names pages.
    pub(super) fn has_all_lists(&self) -> bool {
        !self.lacks_sitemaps && self.without_robots.is_empty()
    }

    /// The pages that would have been asked for.
    pub(super) fn wanted(&self) -> impl Iterator<Item = UrlKey> {
        let is_wanted = |why: &Why| matches!(why, Why::LeftOver | Why::NoRobots);
        self.reasons.iter().filter(move |(_, why)| is_wanted(why)).map(|(key, _)| *key)
    }
}
