//! Unknown: the pages of the earlier crawl that may be there still, since what led to them was not answered.
//!
//! A list that answers 503 for an hour says nothing of what it leads to: that is not gone. Nothing is done unless something has
//! failed. Then the earlier records of what has failed are read, and those of what only they lead to, and so on.

use hashbrown::HashSet;
use serde::Deserialize;

use super::earlier::Earlier;
use super::pages::{Pages, damaged};
use super::unasked::{Unasked, Why};
use crate::error::Result;
use crate::outcome::SkipReason;
use crate::url::UrlKey;

/// The pages of which nothing is known, because nothing is known of one that led there. 16 bytes of memory for each.
#[derive(Debug, Default)]
pub(super) struct Unknown(HashSet<UrlKey>);

/// What a page led to in the earlier crawl.
#[derive(Debug, Deserialize)]
struct LeadsTo {
    url: String,
    location: Option<String>,
    #[serde(default)]
    links: Vec<String>,
}

/// What led to a page in the earlier crawl.
#[derive(Debug, Deserialize)]
struct LedToBy {
    url: String,
    depth: u32,
    referrer: Option<String>,
}

/// Two crawls, of which that is asked.
#[derive(Debug, Clone, Copy)]
struct Sides<'a> {
    earlier: &'a Earlier,
    now: &'a Pages,
    unasked: &'a Unasked,
}

impl Unknown {
    /// Finds them. `failed`: the pages of the earlier crawl that were asked for, and have not answered.
    pub(super) fn find(earlier: &Earlier, now: &Pages, unasked: &Unasked, failed: HashSet<UrlKey>) -> Result<Self> {
        let sides = Sides { earlier, now, unasked };
        let mut unknown = Self(failed);
        unknown.0.extend(unasked.wanted());
        if unknown.0.is_empty() && unasked.has_all_lists() {
            return Ok(unknown);
        }
        let roots = unknown.0.iter().copied().collect();
        unknown.spread(roots, sides)?;
        // A record may not list all links of its page, or none: what led to a page first is in that of the other.
        let mut before = None;
        while before != Some(unknown.0.len()) {
            before = Some(unknown.0.len());
            earlier.pages.each_line(|line, path| {
                let page: LedToBy = serde_json::from_slice(line).map_err(|error| damaged(path, &error))?;
                let url = earlier.pages.parse(&page.url);
                let Some(url) = url.filter(|url| !unknown.has(url.key()) && sides.is_lost(url.key())) else {
                    return Ok(());
                };
                let by = page.referrer.as_deref().map(|by| earlier.pages.key(by));
                let is_led_to = match by {
                    Some(by) => by.is_some_and(|by| unknown.has(by)),
                    // No seed: these are asked for, each time.
                    None => page.depth == 0 && unasked.may_be_listed(&url),
                };
                if is_led_to && unknown.0.insert(url.key()) {
                    unknown.spread(vec![url.key()], sides)?;
                }
                Ok(())
            })?;
        }
        Ok(unknown)
    }

    /// Whether a page is one of them.
    pub(super) fn has(&self, key: UrlKey) -> bool {
        self.0.contains(&key)
    }

    /// Takes what these pages led to, and so on.
    fn spread(&mut self, mut to_read: Vec<UrlKey>, sides: Sides<'_>) -> Result<()> {
        let pages = &sides.earlier.pages;
        while let Some(key) = to_read.pop() {
            for found in pages.records.of(key) {
                let Ok(page) = serde_json::from_slice::<LeadsTo>(&found?.1) else { continue };
                if pages.key(&page.url) != Some(key) {
                    continue;
                }
                for link in page.links.iter().chain(&page.location) {
                    let key = pages.key(link).filter(|key| sides.is_lost(*key));
                    to_read.extend(key.filter(|key| self.0.insert(*key)));
                }
            }
        }
        Ok(())
    }
}

impl Sides<'_> {
    /// Whether a page of the earlier crawl has no record now, and might have one if the others had answered.
    fn is_lost(self, key: UrlKey) -> bool {
        let by_way = [None, Some(Why::Skipped(SkipReason::Nofollow)), Some(Why::Skipped(SkipReason::Depth))];
        self.earlier.has(key) && self.now.records.numbers_of(key).is_empty() && by_way.contains(&self.unasked.why(key))
    }
}
