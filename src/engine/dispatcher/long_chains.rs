//! Long chains: redirects and refreshes that follow each other without end.

use crate::frontier::{Change, Changes, NodeState, StoredUrl};
use crate::outcome::SkipReason;
use crate::url::CrawlUrl;

/// Where chains are left, told once. The summary has their count.
#[derive(Debug)]
pub(super) struct LongChains {
    /// How many redirects in a row are followed.
    most: u32,
    is_told: bool,
}

impl LongChains {
    pub(super) fn new(most: u32) -> Self {
        Self { most, is_told: false }
    }

    /// Looks at what has changed by a page: whether it goes on a chain that is not followed any further.
    pub(super) fn ends(&mut self, page: &CrawlUrl, changes: &Changes) -> bool {
        let next = changes.iter().flat_map(|(_, changes)| changes).find_map(|change| match change {
            Change::Found(next) if self.is_too_far(next) => Some(next),
            _ => None,
        });
        if let (Some(next), false) = (next, self.is_told) {
            self.is_told = true;
            let (most, next) = (self.most, &next.text);
            tracing::warn!(
                "a chain of redirects is left, its next URL is skipped: {next}, on {page}, is one more than {most} in a \
                 row; to follow more: frontier.max_redirects; such chains are only counted from here on"
            );
        }
        next.is_some()
    }

    fn is_too_far(&self, url: &StoredUrl) -> bool {
        url.state == NodeState::Skipped(SkipReason::Trap) && url.path.hops > self.most
    }
}
