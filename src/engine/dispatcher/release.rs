//! Release: when what waits for a host may go on.

use std::time::Instant;

use super::Dispatcher;
use crate::engine::clock::now;
use crate::politeness::Next;
use crate::url::CrawlUrl;

impl Dispatcher {
    /// A request to a host has ended: what waits for it goes on.
    pub(super) fn release(&mut self, url: &CrawlUrl, next: Next, now: Instant) {
        self.queues().release(url, next);
        if let Next::NotBefore(at) = next {
            self.note_hold(url, at, now);
        }
    }

    /// Notes that a host is not to be asked for some time.
    pub(super) fn note_hold(&mut self, url: &CrawlUrl, until: Instant, now: Instant) {
        self.waiting_hosts.held().note(url, until, now, || self.politeness.delay_reason(url));
    }

    /// Ends the waiting for hosts that were never met. Whether there were any.
    pub(super) fn hurry(&mut self) -> bool {
        let unmet = self.waiting_hosts.take_unmet();
        for url in &unmet {
            self.politeness.hurry(url, now());
            self.queues().release(url, Next::Any);
        }
        !unmet.is_empty()
    }
}
