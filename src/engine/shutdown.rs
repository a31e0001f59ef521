//! Stopping: from outside, in two steps, and holding still until somebody says so.

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
    /// Start nothing new until told to go on.
    Pause,
    /// Start nothing new; finish and record what is in flight.
    Drain,
    /// Drop what is in flight: it stays pending.
    AtOnce,
}

impl Stopper {
    pub(super) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Stop::GoOn)))
    }

    /// Starts nothing new until [`resume`](Self::resume); what is in flight is finished and recorded. A limit of time goes on.
    /// Once a crawl is stopping, nothing is changed.
    pub fn pause(&self) {
        self.change(Stop::GoOn, Stop::Pause);
    }

    /// Goes on after a [`pause`](Self::pause).
    pub fn resume(&self) {
        self.change(Stop::Pause, Stop::GoOn);
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

    fn change(&self, from: Stop, to: Stop) {
        self.0.send_if_modified(|stop| {
            let is_changed = *stop == from;
            if is_changed {
                *stop = to;
            }
            is_changed
        });
    }

    fn raise(&self, to: Stop) {
        self.0.send_if_modified(|stop| {
            let raised = to > *stop;
            *stop = to.max(*stop);
            raised
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_and_a_stop_does_not() {
        let stopper = Stopper::new();
        let stop = || *stopper.0.borrow();
        stopper.resume();
        assert_eq!(stop(), Stop::GoOn);
        stopper.pause();
        stopper.pause();
        assert_eq!(stop(), Stop::Pause);
        stopper.resume();
        assert_eq!(stop(), Stop::GoOn);
        stopper.pause();
        stopper.drain();
        stopper.resume();
        stopper.pause();
        assert_eq!(stop(), Stop::Drain);
        stopper.stop();
        stopper.drain();
        assert_eq!(stop(), Stop::AtOnce);
    }
}
