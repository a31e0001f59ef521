//! What waits for one host: by least depth, and by the instant from which it may be tried again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::{Duration, Instant};

use super::fifo::Fifo;

/// The queue of one host. It holds entries, not URLs: an entry is only a hint, and is checked when it comes up.
#[derive(Debug, Default)]
pub(super) struct HostQueue {
    by_depth: BTreeMap<u32, Fifo>,
    retries: BinaryHeap<Reverse<(Instant, u32)>>,
    pub(super) standing: Standing,
    /// The earliest alarm that is set for the host.
    pub(super) alarm: Option<Instant>,
    /// Whether the host stands in the line of ready hosts.
    pub(super) in_line: bool,
    /// Whether it stands before that line.
    pub(super) is_ahead: bool,
    pub(super) texts: Texts,
    /// How many of its URLs are leased.
    pub(super) leases: u32,
    /// `None` when the next lease begins one.
    pub(super) stint: Option<Stint>,
}

/// The leases of a host that come one after the other, before it is the turn of the next one: so they go over one connection,
/// and what is known of the host is still at hand. It is bounded in number, and in time for hosts that take theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stint {
    left: u32,
    until: Instant,
}

/// Whether the texts of the next URLs are being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Texts {
    /// They are not.
    #[default]
    AtHand,
    /// They are, before they are needed.
    Asked,
    /// They are, and nothing can be leased before they are here.
    Awaited,
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

impl Stint {
    /// A stint that begins.
    pub(super) fn from(now: Instant) -> Self {
        Self { left: STINT, until: now + STINT_TIME }
    }

    pub(super) fn ends_before(&self, now: Instant) -> bool {
        self.until < now
    }

    /// Ends it early.
    pub(super) fn end(&mut self) {
        self.left = 0;
    }
}

impl HostQueue {
    /// Whether it may be leased from.
    pub(super) fn is_open(&self) -> bool {
        self.standing == Standing::Open && self.texts != Texts::Awaited
    }

    /// Whether it comes before the hosts in line: nothing of it is leased, and its stint is not over.
    pub(super) fn goes_on(&self) -> bool {
        self.leases == 0 && self.stint.is_some_and(|stint| stint.left > 0)
    }

    /// One more of its URLs is leased.
    pub(super) fn leased(&mut self) {
        self.leases += 1;
        if let Some(stint) = &mut self.stint {
            stint.left = stint.left.saturating_sub(1);
        }
    }

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

    /// The entries in their order, without the retries.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.by_depth.values().flat_map(Fifo::iter)
    }

    /// The entry so many places behind the next; only among those of its depth, since that is cheap.
    pub(super) fn peek(&self, at: usize) -> Option<u32> {
        self.by_depth.values().next()?.peek(at)
    }

    /// When something is due, if anything waits at all.
    pub(super) fn due(&self) -> Option<Due> {
        if !self.by_depth.is_empty() {
            return Some(Due::Now);
        }
        self.retries.peek().map(|Reverse((at, _))| Due::At(*at))
    }
}

/// How many requests make up for a connection: to open one costs about as much as one of them.
const STINT: u32 = 32;
/// A slow host keeps no other one waiting for longer than a few of its answers take.
const STINT_TIME: Duration = Duration::from_secs(5);
