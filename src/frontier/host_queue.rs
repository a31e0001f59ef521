//! What waits for one host: by least depth, and by the instant from which it may be tried again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::time::Instant;

/// The queue of one host. It holds entries, not URLs: an entry is only a hint, and is checked when it comes up.
#[derive(Debug, Default)]
pub(super) struct HostQueue {
    by_depth: BTreeMap<u32, VecDeque<u32>>,
    retries: BinaryHeap<Reverse<(Instant, u32)>>,
    pub(super) standing: Standing,
    /// The earliest alarm that is set for the host.
    pub(super) alarm: Option<Instant>,
    /// Whether the host stands in the line of ready hosts.
    pub(super) in_line: bool,
}

/// Whether a host may be leased from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Standing {
    /// Whenever something is due.
    #[default]
    Open,
    /// From this instant on.
    Until(Instant),
    /// Once it is released.
    Held,
}

/// When something of a queue is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// At once.
    Now,
    /// From an instant on.
    At(Instant),
}

impl HostQueue {
    pub(super) fn push_back(&mut self, depth: u32, entry: u32) {
        self.by_depth.entry(depth).or_default().push_back(entry);
    }

    pub(super) fn push_front(&mut self, depth: u32, entry: u32) {
        self.by_depth.entry(depth).or_default().push_front(entry);
    }

    pub(super) fn push_retry(&mut self, at: Instant, entry: u32) {
        self.retries.push(Reverse((at, entry)));
    }

    /// The entry of least depth, with the depth at which it was queued.
    pub(super) fn pop(&mut self) -> Option<(u32, u32)> {
        let mut first = self.by_depth.first_entry()?;
        let depth = *first.key();
        let entry = first.get_mut().pop_front();
        if first.get().is_empty() {
            first.remove();
        }
        entry.map(|entry| (depth, entry))
    }

    /// The next retry that is due.
    pub(super) fn pop_retry(&mut self, now: Instant) -> Option<u32> {
        let Reverse((at, _)) = self.retries.peek()?;
        if *at > now {
            return None;
        }
        self.retries.pop().map(|Reverse((_, entry))| entry)
    }

    /// When something is due, if anything waits at all.
    pub(super) fn due(&self) -> Option<Due> {
        if !self.by_depth.is_empty() {
            return Some(Due::Now);
        }
        self.retries.peek().map(|Reverse((at, _))| Due::At(*at))
    }
}
