//! The crowd: hosts that are not known to be quick, and wait until there is room for such hosts again.

use std::time::Instant;

use super::dispatcher::Dispatcher;
use crate::error::Result;
use crate::frontier::{Hold, Lease};

impl Dispatcher {
    /// The URL whose turn it is. Whoever waits outside gets in line again when there is room, one for each URL.
    pub(super) fn next_lease(&mut self, now: Instant) -> Result<Option<Lease>> {
        loop {
            if self.politeness.has_room()
                && let Some(url) = self.crowd.pop_front()
            {
                // Its turn comes before that of hosts whose request has ended just now: those have had one.
                self.sitemaps.release(url.host());
                if let Some(host) = self.frontier.host_of(&url) {
                    self.frontier.release_first(host);
                }
            }
            if self.crowd.len() >= MOST {
                return Ok(None);
            }
            let lease = self.frontier.lease(now)?;
            // The host that has got in line may have had nothing left.
            if lease.is_some() || self.crowd.is_empty() || !self.politeness.has_room() {
                return Ok(lease);
            }
        }
    }

    /// Lets the host of a URL wait outside: no request of its own ends that would take it up again.
    pub(super) fn let_wait(&mut self, lease: Lease) -> Result<()> {
        self.put_off(&lease, Hold::Released)?;
        self.crowd.push_back(lease.url);
        Ok(())
    }
}

/// How many hosts may wait outside. Behind them the others wait in line: a broad crawl has millions, and each that is
/// leased only to be put off costs time.
const MOST: usize = 1000;
