//! Release: when what waits for a host may go on, and who of those that wait is there.

use std::time::Instant;

use super::Dispatcher;
use crate::engine::clock::now;
use crate::frontier::Lease;
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

    /// A lease has ended: when it was the last one of its host, so far, nothing has to be kept open there.
    pub(super) fn leave(&self, lease: &Lease) {
        if self.frontier.is_done_with(lease.host) {
            self.worker.network().leave(lease.asked());
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

    /// When to knock at hosts that wait for their first request, if there is room for that.
    pub(super) fn knock_due(&self) -> Option<Instant> {
        self.waiting_hosts.silent().knock_due(self.politeness.heard()).filter(|_| self.knocks.have_room())
    }

    /// Knocks at those hosts, if it is time.
    pub(super) fn knock(&mut self, now: Instant) {
        while self.has_slot() && self.knock_due().is_some_and(|due| due <= now) {
            let Some(url) = self.waiting_hosts.silent_mut().next_to_knock_at() else { return };
            // Who took a connection before and said nothing would do so again.
            if !self.politeness.is_met(&url) {
                self.knocks.start(&self.worker, url);
            }
        }
    }

    /// Somebody has answered a knock: that host is the next of its kind.
    pub(super) fn reached(&mut self, url: &CrawlUrl) {
        self.politeness.reached(url);
        self.waiting_hosts.reached(url);
    }
}
