//! Statistics: the numbers of a running crawl, for whoever looks at it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::accounts::Accounts;
use crate::host_report::DelayReason;

/// The numbers of a running crawl. The crawl writes, anyone reads; neither waits for the other for longer than a copy
/// takes.
#[derive(Debug, Default)]
pub struct Stats {
    pending: AtomicU64,
    in_flight: AtomicU64,
    done: AtomicU64,
    errors: AtomicU64,
    hosts: AtomicU64,
    bytes: AtomicU64,
    closed: AtomicBool,
    held: Mutex<Option<Held>>,
}

/// The numbers at one moment. Each is exact; together they may be a request apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// URLs that wait.
    pub pending: u64,
    /// URLs that are being requested.
    pub in_flight: u64,
    /// URLs that have a record.
    pub done: u64,
    /// Records with `http_error`, `failed` or `payment_required`.
    pub errors: u64,
    /// Hosts with at least one URL.
    pub hosts: u64,
    /// Decoded bytes of the bodies that were read.
    pub bytes: u64,
    /// Whether nothing new can be found: from here on, how much is left is known.
    pub discovery_closed: bool,
    /// The hosts that something waits for and that are not asked for a minute or more.
    pub held: Option<Held>,
}

/// Hosts that are held for long, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// How many.
    pub hosts: usize,
    /// When the next of them may be asked.
    pub until: Instant,
    /// Its name or address.
    pub next: String,
    /// Why it is held.
    pub because: DelayReason,
}

impl Stats {
    /// Publishes the state of the accounts.
    pub fn publish(&self, accounts: &Accounts, hosts: usize, bytes: u64, discovery_closed: bool) {
        let settled = accounts.settled;
        self.pending.store(accounts.pending, Ordering::Relaxed);
        self.in_flight.store(accounts.in_flight, Ordering::Relaxed);
        self.done.store(settled.total(), Ordering::Relaxed);
        self.errors.store(settled.http_error + settled.failed + settled.payment_required, Ordering::Relaxed);
        self.hosts.store(hosts as u64, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
        self.closed.store(discovery_closed, Ordering::Relaxed);
    }

    /// Publishes which hosts are held.
    pub fn hold(&self, held: Option<Held>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
    }

    /// The numbers now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            pending: self.pending.load(Ordering::Relaxed),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            done: self.done.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            hosts: self.hosts.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            discovery_closed: self.closed.load(Ordering::Relaxed),
            held: self.held.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

impl Snapshot {
    /// URLs that have or will have a record.
    pub fn known(&self) -> u64 {
        self.done + self.in_flight + self.pending
    }
}
