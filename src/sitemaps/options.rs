//! `[sitemaps]`: which lists of pages that sites make themselves are taken.

use serde::{Deserialize, Serialize};

/// `[sitemaps]`: the lists of pages that sites make themselves (sitemaps.org).
///
/// What a sitemap lists is at depth 0, as a seed is, and belongs to the crawl if it is in scope. What changed last is
/// requested first, then what has the higher priority. A crawl that goes on reads no sitemap twice. Of each the first
/// 50 MiB after decompression and the first 50,000 entries are read, as the protocol has it; a longer one is told in the
/// log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Take the sitemaps that the robots.txt of each host in scope names; of a site on disk also the `sitemap.xml` in
    /// its folder.
    pub from_robots: bool,
    /// Take these sitemaps, by their URLs.
    pub urls: Vec<String>,
    /// Request only the seeds and what sitemaps list: links of pages are counted as skipped (`nofollow`). Without `urls`
    /// it takes the sitemaps that robots.txt names; with them no seed is needed, and their hosts are the scope.
    pub only: bool,
    /// Take also the pages that entries name as the same in another language or for another device
    /// (`<xhtml:link rel="alternate">`), after those that are listed.
    pub alternates: bool,
    /// How deep indexes of sitemaps may nest; 0 takes no index. The protocol has one level.
    #[schemars(range(max = 100))]
    pub max_nesting: u32,
    /// How many sitemaps are taken because of what one host says: those that its robots.txt names, and what they lead
    /// to.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_files: usize,
}

impl Options {
    /// Whether the sitemaps that robots.txt names are taken.
    pub fn reads_robots(&self) -> bool {
        self.from_robots || (self.only && self.urls.is_empty())
    }

    /// Whether the named sitemaps are enough to start from: nothing but what they list is requested.
    pub fn are_seeds(&self) -> bool {
        self.only && !self.urls.is_empty()
    }

    /// Whether any sitemaps are taken.
    pub(super) fn takes_any(&self) -> bool {
        self.reads_robots() || !self.urls.is_empty()
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { from_robots: false, urls: Vec::new(), only: false, alternates: true, max_nesting: 3, max_files: 10_000 }
    }
}
