//! Stopping: from outside, in two steps.

use std::sync::Arc;

use tokio::sync::watch;

/// Stops a running crawl from outside. Cloning gives another handle on the same crawl.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<watch::Sender<Stop>>);

/// How urgently a crawl is to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stop {
    /// Not at all.
    GoOn,
    /// Start nothing new; finish and record what is in flight.
    Drain,
    /// Drop what is in flight: it stays pending.
    AtOnce,
}

impl Stopper {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Stop::GoOn)))
    }

    /// Starts nothing new; what is in flight is finished and recorded. The deadlines of the requests bound how long
    /// that takes.
    pub fn drain(&self) {
        self.raise(Stop::Drain);
    }

    /// Drops what is in flight; it stays pending. What is recorded stays whole.
    pub fn stop(&self) {
        self.raise(Stop::AtOnce);
    }

    pub(super) fn watch(&self) -> watch::Receiver<Stop> {
        self.0.subscribe()
    }

    fn raise(&self, to: Stop) {
        self.0.send_if_modified(|stop| {
            let raised = to > *stop;
            *stop = to.max(*stop);
            raised
        });
    }
}
