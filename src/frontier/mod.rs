//! The frontier: every URL that was ever discovered, in exactly one state, and which of them is due next.

mod change;
mod disk;
mod fifo;
mod graph;
mod host_queue;
mod id_map;
mod known;
mod memory;
mod node;
mod options;
mod paths;
mod schedule;
mod segments;
pub mod store;
mod texts;

pub use change::{Change, Purpose, Row, Rows, StoredUrl, Want};
pub use disk::{DiskFrontier, Restore, Rules};
pub use memory::MemoryFrontier;
pub use node::{Edge, Limits, Path, State};
pub use options::Options;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use crate::accounts::Accounts;
use crate::error::Result;
use crate::outcome::{OutcomeKind, SkipReason};
use crate::url::{CrawlUrl, LinkKind, Target};

/// What knows every URL and hands out those that are due.
///
/// # Contract
/// - A URL is one [key](CrawlUrl::key): what differs only in the canonical form is found once.
/// - Every known URL is in exactly one state; [`accounts`](Frontier::accounts) add up at any time.
/// - Depth is the least number of links from a seed *over all pages settled so far*, whatever the order in which they
///   were settled: when a shorter path to a settled page is found, the depth of everything that it links to sinks too,
///   and what thereby comes within the greatest depth becomes pending.
/// - [`lease`](Frontier::lease) gives the least depth of a host first and takes the hosts in turn.
/// - Every lease ends in exactly one [`settle`](Frontier::settle), [`retry`](Frontier::retry),
///   [`skip`](Frontier::skip) or [`give_back`](Frontier::give_back).
/// - No operation waits; time is passed in. What a frontier has not at hand it [wants](Frontier::take_wants), and goes on
///   with the rest until it is [supplied](Frontier::supply).
/// - `Err` means that the crawl cannot go on.
pub trait Frontier: fmt::Debug + Send {
    /// Makes a URL known and pending at depth 0.
    fn add_seed(&mut self, url: CrawlUrl) -> Result<()>;

    /// Makes what a sitemap lists known at depth 0, in this order, and pending unless its `skip` says otherwise.
    fn add_listed(&mut self, found: Vec<Found>) -> Result<()>;

    /// The next URL that is due, of a host that is not on hold.
    fn lease(&mut self, now: Instant) -> Result<Option<Lease>>;

    /// Ends a lease with a record. `found` is what the response leads to, in document order. The answer is what the
    /// record has to say about where the page was found.
    fn settle(&mut self, lease: LeaseId, kind: OutcomeKind, found: Vec<Found>) -> Result<Place>;

    /// Ends a lease for now: the URL is due again at `at`.
    fn retry(&mut self, lease: LeaseId, at: Instant) -> Result<()>;

    /// Ends a lease without a record.
    fn skip(&mut self, lease: LeaseId, reason: SkipReason) -> Result<()>;

    /// Ends a lease as if it had never been given; the URL is the next of its depth and this was no attempt.
    fn give_back(&mut self, lease: LeaseId) -> Result<()>;

    /// Leases nothing of a host until an instant, or until its hold is [released](Frontier::release).
    fn hold(&mut self, host: HostId, until: Hold);

    /// Ends any hold of a host.
    fn release(&mut self, host: HostId);

    /// Ends any hold of a host, whose turn it is next.
    fn release_first(&mut self, host: HostId);

    /// The host of a URL, if anything of it is or was pending.
    fn host_of(&self, url: &CrawlUrl) -> Option<HostId>;

    /// When the next lease may be had, if that is known: `None` when nothing waits, or everything waits for a
    /// [`release`](Frontier::release) or the end of a lease.
    fn next_due(&mut self) -> Option<Instant>;

    /// Skips everything that is pending.
    fn skip_pending(&mut self, reason: SkipReason) -> Result<()>;

    /// Takes up again what was skipped for `reason` and is now wanted: at once, or as it is [supplied](Frontier::supply).
    fn reconsider(&mut self, reason: SkipReason, wanted: &dyn Fn(&CrawlUrl) -> bool) -> Result<()>;

    /// How many URLs are in which state.
    fn accounts(&self) -> Accounts;

    /// How many hosts are known by at least one URL that is or was pending.
    fn host_count(&self) -> usize;

    /// Whether nothing new can be found: everything that is open lies at the greatest depth.
    fn discovery_closed(&self) -> bool;

    /// The settled URLs whose place has changed since their record was written, each once, in the order in which they
    /// were settled: that of their records in a file, which can then be amended in one pass. The list is then empty. A
    /// frontier whose changes a store keeps leaves that to the store.
    fn take_moved(&mut self) -> Result<Vec<Moved>>;

    /// What has changed since this was last asked, for a store to keep. Empty for a frontier that keeps everything itself.
    fn take_changes(&mut self) -> Vec<Change> {
        Vec::new()
    }

    /// What the store that keeps the changes is asked for: to be answered in this order, after the changes that were taken
    /// before, each with one [`supply`](Frontier::supply). No more than [`OPEN_WANTS`] are open at a time.
    fn take_wants(&mut self) -> Vec<Want> {
        Vec::new()
    }

    /// Takes the answer to a [`Want`]. `wanted` judges URLs that are being [reconsidered](Frontier::reconsider).
    fn supply(&mut self, rows: Rows, wanted: &dyn Fn(&CrawlUrl) -> bool) -> Result<()> {
        let _ = (rows, wanted);
        Ok(())
    }

    /// Whether something is still wanted: the crawl is not over before it is here.
    fn is_waiting(&self) -> bool {
        false
    }
}

/// Names one lease of a frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseId(u32);

/// Names one host of a frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(u32);

impl HostId {
    /// Its place among the hosts of the frontier.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A URL handed out to be requested.
#[derive(Debug, Clone)]
pub struct Lease {
    /// What to name when it ends.
    pub id: LeaseId,
    /// What to request.
    pub url: CrawlUrl,
    /// Whose host it is.
    pub host: HostId,
    /// How often it has been leased, this time included.
    pub attempt: u32,
}

/// A URL that a response leads to, or that a sitemap lists.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where to.
    pub target: Target,
    /// How it was found.
    pub kind: LinkKind,
    /// Why it is not to be requested, when the rules that know only the URL say so.
    pub skip: Option<SkipReason>,
}

/// Where a page was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The least number of links from a seed.
    pub depth: u32,
    /// The page on which it was found first at that depth; `None` for a seed.
    pub referrer: Option<Arc<str>>,
}

/// A settled URL to which a shorter path was found later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The URL of the record.
    pub url: Arc<str>,
    /// Its place now.
    pub place: Place,
}

/// How long a host is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Until an instant.
    Until(Instant),
    /// Until the hold is released.
    Released,
}

/// How many [wants](Frontier::take_wants) are open at a time: who answers them needs no more places for the answers.
pub const OPEN_WANTS: usize = 64;

#[cfg(test)]
mod stored;
#[cfg(test)]
mod tests;
