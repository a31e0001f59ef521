//! Origin state: what a host has once for http and once for https. Each scheme is an origin of its own, with a
//! robots.txt of its own (RFC 9309, section 2.3).

use std::time::{Duration, Instant};

use super::Options;
use super::breaker::Breaker;
use super::robots_state::RobotsState;
use super::tdm_file::TdmState;
use crate::outcome::{Failure, Outcome, OutcomeKind};
use crate::url::CrawlUrl;

/// What is known of one origin of a host.
#[derive(Debug, Default)]
pub(super) struct OriginState {
    pub(super) robots: RobotsState,
    /// Its `tdmrep.json`, when that is asked for.
    pub(super) tdm: TdmState,
    /// The way to it.
    pub(super) breaker: Breaker,
    /// A page of it that has answered well: it is asked again when others do not.
    pub(super) witness: Option<CrawlUrl>,
    /// Whether this process has tried to connect, and could not.
    pub(super) tried: bool,
    /// The `Crawl-delay` of its robots.txt, as far as it is obeyed; zero when there is none.
    pub(super) crawl_delay: Duration,
}

impl OriginState {
    /// A request for a URL of it has ended.
    pub(super) fn ended(&mut self, outcome: &Outcome, now: Instant, options: &Options) {
        let was_closed = self.breaker.is_closed();
        self.breaker.ended(outcome, now, options);
        let fails_over_a_connection = !outcome.failure.as_ref().is_some_and(Failure::is_no_connection);
        if was_closed && fails_over_a_connection && self.witness.is_some() {
            // To ask a page that was well costs less than to wait, and pages that fail together are no reason to.
            self.breaker.hurry(now);
        }
    }

    /// Keeps a page that was well as a witness: the first one, and the first one after trouble.
    pub(super) fn note_witness(&mut self, url: &CrawlUrl, outcome: &Outcome, was_in_trouble: bool) {
        let is_well = outcome.kind == OutcomeKind::Ok && outcome.status == Some(200) && outcome.failure.is_none();
        if is_well && (self.witness.is_none() || was_in_trouble) && url.path_and_query() != "/robots.txt" {
            self.witness = Some(url.clone());
        }
    }

    /// The page that a probe that has just started is to ask for, if it is a witness.
    pub(super) fn call_witness(&mut self) -> Option<CrawlUrl> {
        let witness = self.witness.as_ref()?;
        self.breaker.calls_witness().then(|| witness.clone())
    }

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
