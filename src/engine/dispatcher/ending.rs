//! Ending: why a crawl starts nothing new although something is left, for good or for a while.

use std::time::Instant;

use crate::engine::shutdown::Stop;
use crate::observe::State;

/// Whether a crawl is ending.
///
/// - The first reason holds, whatever comes while the requests in flight are finished, unless these are dropped too.
/// - Before that there is no state.
#[derive(Debug)]
pub(super) struct Ending {
    /// When to start nothing new.
    deadline: Option<Instant>,
    state: Option<State>,
    is_paused: bool,
    is_over: bool,
}

impl Ending {
    pub(super) fn new(deadline: Option<Instant>) -> Self {
        Self { deadline, state: None, is_paused: false, is_over: false }
    }

    /// Whether nothing new is started.
    pub(super) fn has_begun(&self) -> bool {
        self.state.is_some()
    }

    /// Whether nothing new is started now: it ends, or is held still.
    pub(super) fn holds_still(&self) -> bool {
        self.has_begun() || self.is_paused
    }

    /// Whether somebody has it wait, and it is not ending.
    pub(super) fn is_paused(&self) -> bool {
        self.is_paused && !self.has_begun()
    }

    /// Someone has said whether the crawl is to go on, with so many requests in flight.
    pub(super) fn heard(&mut self, stop: Stop, requests: usize) {
        match stop {
            Stop::GoOn => self.resumed(),
            Stop::Pause => self.paused(requests),
            Stop::Drain | Stop::AtOnce => self.stopped(requests),
        }
    }

    fn paused(&mut self, requests: usize) {
        self.is_paused = true;
        tracing::info!("paused: {}", in_flight(requests, ""));
    }

    fn resumed(&mut self) {
        if std::mem::take(&mut self.is_paused) {
            tracing::info!("resumed");
        }
    }

    /// When it begins by itself.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline.filter(|_| self.state.is_none())
    }

    fn stopped(&mut self, requests: usize) {
        self.state.get_or_insert(State::Stopped);
        tracing::warn!("stopping: {}", in_flight(requests, "; again to stop at once"));
    }

    /// Someone stops it without waiting for what is in flight.
    pub(super) fn stopped_at_once(&mut self) {
        self.state = Some(State::Stopped);
    }

    /// The crawl is over for all who take part.
    pub(super) fn is_over(&mut self, state: State, requests: usize) {
        if self.state.is_none() && state != State::Complete {
            tracing::info!("the crawl has come to a limit: {}", in_flight(requests, ""));
        }
        self.state.get_or_insert(state);
        self.is_over = true;
    }

    /// Whether that is so.
    pub(super) fn of_all(&self) -> bool {
        self.is_over
    }

    /// How a crawl of many has ended here: what is left is the others'.
    pub(super) fn state_of_one(&self) -> State {
        self.state.unwrap_or(State::Limit)
    }

    /// Its time is over.
    pub(super) fn out_of_time(&mut self, requests: usize) {
        self.state.get_or_insert(State::Limit);
        tracing::info!("max_time is over: {}", in_flight(requests, ""));
    }

    /// How the crawl has ended. A limit of pages is one that nobody has to call: then something is left.
    pub(super) fn state(&self, is_left: bool) -> State {
        match self.state {
            _ if !is_left => State::Complete,
            None | Some(State::Complete) => State::Limit,
            Some(state) => state,
        }
    }
}

/// What is being waited for at the end, and what can be done about it.
fn in_flight(requests: usize, hint: &str) -> String {
    match requests {
        0 => "nothing is in flight".to_owned(),
        1 => format!("1 request in flight is being finished{hint}"),
        _ => format!("{requests} requests in flight are being finished{hint}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_to_end_holds_unless_nothing_is_left() {
        let deadline = Some(Instant::now());
        let mut ending = Ending::new(deadline);
        assert!(!ending.has_begun());
        assert_eq!(
            (ending.deadline(), ending.state(false), ending.state(true)),
            (deadline, State::Complete, State::Limit)
        );
        ending.stopped(3);
        ending.out_of_time(3);
        assert!(ending.has_begun());
        assert_eq!(
            (ending.deadline(), ending.state(false), ending.state(true)),
            (None, State::Complete, State::Stopped)
        );
        let mut ending = Ending::new(deadline);
        ending.out_of_time(3);
        ending.stopped(3);
        assert_eq!(ending.state(true), State::Limit);
        ending.stopped_at_once();
        assert_eq!(ending.state(true), State::Stopped);
    }
}
