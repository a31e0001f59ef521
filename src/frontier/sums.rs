//! Sums: what all buckets that are here come to together, kept up to date with each that changes.

use super::bucket::Bucket;
use super::graph::Graph;
use crate::accounts::Accounts;

/// What the buckets that are here come to: a thousand of them are looked at each time that one is asked, and none has changed but one.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// By the number of the bucket; `None` is not here.
    parts: Vec<Option<Part>>,
    accounts: Accounts,
    hosts: usize,
    /// How many have a host that comes before the others.
    ahead: usize,
    /// In how many something new may be found.
    open: usize,
    here: usize,
}

/// What one of them has in that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    accounts: Accounts,
    hosts: usize,
    is_ahead: bool,
    is_open: bool,
}

impl Part {
    pub(super) fn of(graph: &Graph) -> Self {
        Self {
            accounts: graph.accounts,
            hosts: graph.host_count(),
            is_ahead: graph.has_ahead(),
            is_open: !graph.discovery_closed(),
        }
    }
}

impl Sums {
    /// Takes what a bucket has now in place of what it had; `None` when it is not here.
    pub(super) fn count(&mut self, bucket: Bucket, part: Option<Part>) {
        if self.parts.len() <= bucket.index() {
            self.parts.resize(bucket.index() + 1, None);
        }
        let Some(place) = self.parts.get_mut(bucket.index()).filter(|before| **before != part) else { return };
        if let Some(before) = std::mem::replace(place, part) {
            self.accounts = self.accounts - before.accounts;
            self.hosts -= before.hosts;
            self.ahead -= usize::from(before.is_ahead);
            self.open -= usize::from(before.is_open);
            self.here -= 1;
        }
        if let Some(now) = part {
            self.accounts = self.accounts + now.accounts;
            self.hosts += now.hosts;
            self.ahead += usize::from(now.is_ahead);
            self.open += usize::from(now.is_open);
            self.here += 1;
        }
    }

    pub(super) fn accounts(&self) -> Accounts {
        self.accounts
    }

    pub(super) fn hosts(&self) -> usize {
        self.hosts
    }

    pub(super) fn has_ahead(&self) -> bool {
        self.ahead > 0
    }

    pub(super) fn is_open(&self) -> bool {
        self.open > 0
    }

    pub(super) fn here(&self) -> usize {
        self.here
    }
}
