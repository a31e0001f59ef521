//! What a test server saw: every arrival, every answer, and how many requests were in flight at once.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    /// In their order, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

/// The state of a server at one instant.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) arrivals: Vec<Arrival>,
    /// Paths in the order in which their answers were sent in full.
    pub(crate) answered: Vec<String>,
    /// Requests for anything but robots.txt that have arrived and are not answered.
    pub(crate) in_flight: usize,
    pub(crate) max_in_flight: usize,
}

/// A log that can be waited on.
#[derive(Debug, Default)]
pub(crate) struct SharedLog {
    log: Mutex<Log>,
    changed: Condvar,
}

impl Arrival {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn is_robots(&self) -> bool {
        self.path == "/robots.txt"
    }
}

impl Log {
    /// How often the path was asked for.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.arrivals.iter().filter(|arrival| arrival.path == path).count()
    }

    pub(crate) fn has_answered(&self, path: &str) -> bool {
        self.answered.iter().any(|answered| answered == path)
    }

    pub(crate) fn paths(&self) -> Vec<&str> {
        self.arrivals.iter().map(|arrival| arrival.path.as_str()).collect()
    }

    /// The times between one arrival of a path and the next.
    pub(crate) fn gaps(&self, path: impl Fn(&str) -> bool) -> Vec<Duration> {
        let times: Vec<Instant> = self.arrivals.iter().filter(|a| path(&a.path)).map(|a| a.at).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

impl SharedLog {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Log> {
        // A test that failed while it held the log must not hide its own message behind a poisoned lock.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the log and wakes whoever waits for it.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Log)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits until the condition holds.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, condition: impl Fn(&Log) -> bool) {
        let (log, timeout) = self
            .changed
            .wait_timeout_while(self.lock(), FAIL_SAFE, |log| !condition(log))
            .unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "the crawl never came to this: {what}; it asked for {:?}", log.paths());
    }
}

/// Longer than any machine needs: only a crawl that hangs reaches it.
pub(crate) const FAIL_SAFE: Duration = Duration::from_mins(2);
