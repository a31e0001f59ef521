//! The frontier on disk: a store keeps texts and edges, and memory holds what decides about each link.

use std::time::Instant;

use super::change::{Change, Rows, StoredUrl, Want};
use super::graph::Graph;
use super::node::{Limits, NO_WAY, Node, State};
use super::{Found, Frontier, Hold, HostId, Lease, LeaseId, Moved, Place};
use crate::accounts::Accounts;
use crate::error::{Error, Result};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::url::{CrawlUrl, HostKey};

/// A [`Frontier`] whose [changes](Change) someone else makes durable, and who answers what it [wants](Want).
///
/// Memory holds of each known URL its key and what decides about it (about 35 bytes), a number for each that waits, and the
/// texts of those whose turn is near.
#[derive(Debug)]
pub struct DiskFrontier {
    graph: Graph,
}

/// A [`DiskFrontier`] that is being read back.
pub struct Restore<'a> {
    graph: Graph,
    rules: Rules<'a>,
}

/// What the settings of this run say about URLs that an earlier one has judged.
pub struct Rules<'a> {
    /// Why a URL is not to be requested, as far as its text tells.
    pub judge: &'a dyn Fn(&CrawlUrl) -> Option<SkipReason>,
    /// Reasons to skip that hold no longer.
    pub lifted: &'a [SkipReason],
}

impl DiskFrontier {
    /// An empty frontier.
    pub fn new(limits: Limits) -> Self {
        Self::with_room(limits, TEXTS)
    }

    /// An empty frontier that keeps no more than so many texts before they are needed.
    pub(super) fn with_room(limits: Limits, texts: usize) -> Self {
        Self { graph: Graph::new(limits, texts) }
    }

    /// Reads back what a store has kept: first all hosts, then all URLs in the order of their numbers.
    pub fn restore(limits: Limits, rules: Rules<'_>) -> Restore<'_> {
        Restore { graph: Graph::new(limits, TEXTS), rules }
    }
}

impl Restore<'_> {
    /// Takes a host.
    pub fn host(&mut self, id: HostId, name: HostKey) -> Result<()> {
        if self.graph.schedule.add_host()? != id {
            return Err(Error::Damaged(format!("host {name} has the number {}, which is not its turn", id.0)));
        }
        self.graph.hosts.insert(name, id);
        Ok(())
    }

    /// Takes a URL that is not settled, with the instant of its next attempt when one has failed. What the settings say
    /// about it may have changed since: then so does its state.
    pub fn open(&mut self, url: StoredUrl, due: Option<Instant>) -> Result<()> {
        let mut node = self.known(&url)?;
        let is_lifted = node.hops == NO_WAY && self.rules.lifted.contains(&SkipReason::Nofollow);
        if is_lifted {
            node.hops = 0;
            self.graph.set(url.id, node)?;
        }
        let StoredUrl { id, text, key, state, .. } = url;
        let url = CrawlUrl::stored(text, key);
        let state_now = self.state_now(&url, node);
        if let State::Skipped(reason) = state_now {
            self.graph.set(id, Node { state: state_now, ..node })?;
            *self.graph.accounts.skipped.of(reason) += 1;
        } else {
            let host = node.host.map_or_else(|| self.graph.host(&url), Ok)?;
            self.graph.enqueue(id, host, due)?;
        }
        if state_now != state || is_lifted {
            self.graph.tell_place(id)?;
        }
        Ok(())
    }

    /// Takes a URL that is settled. `untold`: what it leads to has not been told of its place.
    pub fn settled(&mut self, url: &StoredUrl, kind: OutcomeKind, untold: bool) -> Result<()> {
        self.known(url)?;
        *self.graph.accounts.settled.of(kind) += 1;
        if untold {
            self.graph.sinking.insert(url.id);
        }
        Ok(())
    }

    /// The frontier as it was left.
    pub fn finish(self) -> DiskFrontier {
        DiskFrontier { graph: self.graph }
    }

    fn known(&mut self, url: &StoredUrl) -> Result<Node> {
        let StoredUrl { id, text, key, path, state, host } = url;
        if self.graph.known.get(*key).is_some() || self.graph.known.insert(*key) != Some(*id) {
            return Err(Error::Damaged(format!("URL {id} ({text}) is there twice, or not in its turn")));
        }
        if host.is_some_and(|host| host.index() >= self.graph.schedule.host_count()) {
            return Err(Error::Damaged(format!("URL {id} ({text}) is of a host that is not there")));
        }
        let node = Node { depth: path.depth, hops: path.hops, state: *state, host: *host };
        self.graph.nodes.push(node.pack()?);
        Ok(node)
    }

    fn state_now(&self, url: &CrawlUrl, node: Node) -> State {
        match node.state {
            State::Skipped(SkipReason::Scheme | SkipReason::TooLong) => return node.state,
            State::Skipped(SkipReason::Robots) if !self.rules.lifted.contains(&SkipReason::Robots) => {
                return node.state;
            }
            _ => {}
        }
        let reason = (self.rules.judge)(url).or_else(|| self.graph.limits.forbid(node.depth, node.hops));
        reason.map_or(State::Pending, State::Skipped)
    }
}

impl Frontier for DiskFrontier {
    fn add_seed(&mut self, url: CrawlUrl) -> Result<()> {
        self.graph.add_seed(url)
    }

    fn add_listed(&mut self, found: Vec<Found>) -> Result<()> {
        self.graph.add_listed(found)
    }

    fn lease(&mut self, now: Instant) -> Result<Option<Lease>> {
        self.graph.lease(now)
    }

    fn settle(&mut self, lease: LeaseId, kind: OutcomeKind, found: Vec<Found>) -> Result<Place> {
        self.graph.settle(lease, kind, found)
    }

    fn retry(&mut self, lease: LeaseId, at: Instant) -> Result<()> {
        self.graph.retry(lease, at)
    }

    fn skip(&mut self, lease: LeaseId, reason: SkipReason) -> Result<()> {
        self.graph.skip(lease, reason)
    }

    fn give_back(&mut self, lease: LeaseId) -> Result<()> {
        self.graph.give_back(lease)
    }

    fn hold(&mut self, host: HostId, until: Hold) {
        self.graph.schedule.hold(host, until);
    }

    fn release(&mut self, host: HostId) {
        self.graph.schedule.release(host);
    }

    fn release_first(&mut self, host: HostId) {
        self.graph.schedule.release_first(host);
    }

    fn host_of(&self, url: &CrawlUrl) -> Option<HostId> {
        self.graph.hosts.get(url.host()).copied()
    }

    fn next_due(&mut self) -> Option<Instant> {
        self.graph.schedule.next_due()
    }

    fn skip_pending(&mut self, reason: SkipReason) -> Result<()> {
        self.graph.skip_pending(reason)
    }

    fn reconsider(&mut self, reason: SkipReason, _: &dyn Fn(&CrawlUrl) -> bool) -> Result<()> {
        self.graph.reconsider(reason);
        Ok(())
    }

    fn accounts(&self) -> Accounts {
        self.graph.accounts
    }

    fn host_count(&self) -> usize {
        self.graph.schedule.host_count()
    }

    fn discovery_closed(&self) -> bool {
        self.graph.discovery_closed()
    }

    fn take_moved(&mut self) -> Result<Vec<Moved>> {
        Ok(Vec::new())
    }

    fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.graph.changes)
    }

    fn take_wants(&mut self) -> Vec<Want> {
        self.graph.take_wants()
    }

    fn supply(&mut self, rows: Rows, wanted: &dyn Fn(&CrawlUrl) -> bool) -> Result<()> {
        self.graph.supply(rows, wanted)
    }

    fn is_waiting(&self) -> bool {
        self.graph.is_waiting()
    }
}

impl std::fmt::Debug for Restore<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Restore").field("graph", &self.graph).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Rules<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("lifted", &self.lifted).finish_non_exhaustive()
    }
}

/// How many texts are kept before anybody asks for them: a crawl of a small site never reads back.
const TEXTS: usize = 1 << 15;
