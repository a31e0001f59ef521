//! Origin state: what a host has once for http and once for https. Each scheme is an origin of its own, with a
//! robots.txt of its own (RFC 9309, section 2.3).

use std::time::{Duration, Instant};

use super::breaker::Breaker;
use super::robots_state::RobotsState;

/// What is known of one origin of a host.
#[derive(Debug, Default)]
pub(super) struct OriginState {
    pub(super) robots: RobotsState,
    /// The way to it.
    pub(super) breaker: Breaker,
    /// Whether this process has tried to connect, and could not.
    pub(super) tried: bool,
    /// The `Crawl-delay` of its robots.txt, as far as it is obeyed; zero when there is none.
    pub(super) crawl_delay: Duration,
}

impl OriginState {
    /// Whether its robots.txt was read and connections come about.
    pub(super) fn is_well(&self) -> bool {
        self.robots.is_readable() && self.breaker.is_closed()
    }

    /// Whether there is no connection to it, although it was tried as often as a URL may be.
    pub(super) fn is_lost(&self, retries: u32) -> bool {
        self.breaker.parked_until().is_some() || self.robots.is_hopeless(retries)
    }

    /// Ends the waiting for it: it is asked once more if this process has not, else given up.
    pub(super) fn hurry(&mut self, now: Instant) {
        let failure = self.robots.hurry(now);
        if self.tried { self.breaker.give_up(failure, now) } else { self.breaker.hurry(now) }
    }
}
