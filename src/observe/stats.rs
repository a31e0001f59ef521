//! Statistics: the numbers of a running crawl, for whoever looks at it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Durations;
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
    paused: AtomicBool,
    held: Mutex<Option<Held>>,
    /// What nobody asks for costs nothing.
    closely: AtomicBool,
    close: Mutex<Close>,
}

/// What more there is to see for who [looks closely](Stats::look_closely).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Close {
    /// How many URLs are in which state.
    pub accounts: Accounts,
    /// How long hosts were left alone, each time something was put off for that.
    pub waits: Durations,
    /// How long it took to make outputs and store durable, each time.
    pub commits: Durations,
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
    /// Whether somebody has the crawl wait.
    pub paused: bool,
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
    pub fn publish(&self, accounts: &Accounts, hosts: usize, bytes: u64, discovery_closed: bool, paused: bool) {
        let settled = accounts.settled;
        self.pending.store(accounts.pending, Ordering::Relaxed);
        self.in_flight.store(accounts.in_flight, Ordering::Relaxed);
        self.done.store(settled.total(), Ordering::Relaxed);
        self.errors.store(settled.http_error + settled.failed + settled.payment_required, Ordering::Relaxed);
        self.hosts.store(hosts as u64, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
        self.closed.store(discovery_closed, Ordering::Relaxed);
        self.paused.store(paused, Ordering::Relaxed);
        self.close(|close| close.accounts = *accounts);
    }

    /// Counts that something was put off, since its host is left alone so long.
    pub fn waits(&self, time: Duration) {
        self.close(|close| close.waits.add(time));
    }

    /// Counts that outputs and store were made durable.
    pub fn committed(&self, time: Duration) {
        self.close(|close| close.commits.add(time));
    }

    /// Has more counted from here on than a [snapshot](Self::snapshot) shows. Default: no.
    pub fn look_closely(&self) {
        self.closely.store(true, Ordering::Relaxed);
    }

    /// What was counted since somebody [looks closely](Self::look_closely).
    pub fn closely(&self) -> Close {
        self.close.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn close(&self, note: impl FnOnce(&mut Close)) {
        if self.closely.load(Ordering::Relaxed) {
            note(&mut self.close.lock().unwrap_or_else(PoisonError::into_inner));
        }
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
            paused: self.paused.load(Ordering::Relaxed),
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
