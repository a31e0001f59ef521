//! Reach: hosts that have not answered so far, and who of them is there at all.

use std::time::Instant;

use super::Politeness;
use super::share::Standing;
use crate::url::CrawlUrl;

impl Politeness {
    /// When a host that had not answered before did, the last time.
    pub fn heard(&self) -> Option<Instant> {
        self.share.heard()
    }

    /// Whether there was ever a connection for a request to the host of a URL.
    pub fn is_met(&mut self, url: &CrawlUrl) -> bool {
        self.host(url).is_met()
    }

    /// Somebody is there, at the host of a URL that waits for its first request: it comes before those of which nothing is
    /// known. That is all that it says, and until the next request has ended: a host without an answer counts as never met.
    pub fn reached(&mut self, url: &CrawlUrl) {
        self.host(url).reached = true;
    }

    /// A request has ended, to a host that had answered so far when it was sent, and now.
    pub(super) fn note_heard(&mut self, was: Standing, is: Standing, now: Instant) {
        if was < Standing::Slow && is >= Standing::Slow {
            self.share.has_heard(now);
        }
    }
}
