//! The frontier in memory: fast, and gone with the process.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use super::change::{Change, Row, Rows, Want};
use super::graph::Graph;
use super::node::{Edge, Limits, State};
use super::{Found, Frontier, Hold, HostId, Lease, LeaseId, Moved, Place};
use crate::accounts::Accounts;
use crate::error::{Error, Result};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::url::CrawlUrl;

/// A [`Frontier`] that keeps everything in memory: it is its own store.
#[derive(Debug)]
pub struct MemoryFrontier {
    graph: Graph,
    kept: Vec<Kept>,
    /// In the order in which they were settled.
    settled: Vec<u32>,
    moved: HashSet<u32>,
}

/// What a store keeps of one URL.
#[derive(Debug)]
struct Kept {
    text: Arc<str>,
    referrer: Option<u32>,
    attempts: u32,
    edges: Box<[Edge]>,
}

impl MemoryFrontier {
    /// An empty frontier.
    pub fn new(limits: Limits) -> Self {
        Self { graph: Graph::new(limits, TEXTS), kept: Vec::new(), settled: Vec::new(), moved: HashSet::new() }
    }

    /// Keeps what has changed and supplies what is wanted, until neither is left.
    fn serve(&mut self, wanted: &dyn Fn(&CrawlUrl) -> bool) -> Result<()> {
        loop {
            for change in std::mem::take(&mut self.graph.changes) {
                self.keep(change)?;
            }
            let wants = self.graph.take_wants();
            if wants.is_empty() {
                return Ok(());
            }
            for Want { purpose, ids } in wants {
                let rows = ids.into_iter().map(|id| self.row(id)).collect::<Result<_>>()?;
                self.graph.supply(Rows { purpose, rows }, wanted)?;
            }
        }
    }

    fn keep(&mut self, change: Change) -> Result<()> {
        match change {
            Change::Found(url) => {
                let (text, referrer) = (url.text, url.path.referrer);
                self.kept.push(Kept { text, referrer, attempts: 0, edges: Box::default() });
            }
            Change::Moved { id, referrer } => {
                self.kept_mut(id)?.referrer = referrer;
                if self.graph.node(id)?.state == State::Settled {
                    self.moved.insert(id);
                }
            }
            Change::Settled { id, edges, .. } => {
                self.kept_mut(id)?.edges = edges.into_boxed_slice();
                self.settled.push(id);
            }
            Change::Retry { id, attempts, .. } => self.kept_mut(id)?.attempts = attempts,
            Change::Host { .. } | Change::Placed { .. } | Change::Told { .. } | Change::Skipped { .. } => {}
        }
        Ok(())
    }

    fn row(&self, id: u32) -> Result<Row> {
        let (Kept { text, attempts, edges, .. }, node) = (self.kept(id)?, self.graph.node(id)?);
        let place = (node.depth, node.hops);
        Ok(Row {
            id,
            text: Arc::clone(text),
            attempts: *attempts,
            referrer: self.referrer(id)?,
            place,
            edges: edges.to_vec(),
        })
    }

    fn referrer(&self, id: u32) -> Result<Option<Arc<str>>> {
        let referrer = self.kept(id)?.referrer;
        referrer.map(|referrer| Ok(Arc::clone(&self.kept(referrer)?.text))).transpose()
    }

    fn kept(&self, id: u32) -> Result<&Kept> {
        self.kept.get(id as usize).ok_or_else(|| unknown(id))
    }

    fn kept_mut(&mut self, id: u32) -> Result<&mut Kept> {
        self.kept.get_mut(id as usize).ok_or_else(|| unknown(id))
    }
}

impl Frontier for MemoryFrontier {
    fn add_seed(&mut self, url: CrawlUrl) -> Result<()> {
        self.graph.add_seed(url)?;
        self.serve(&nothing)
    }

    fn add_listed(&mut self, found: Vec<Found>) -> Result<()> {
        self.graph.add_listed(found)?;
        self.serve(&nothing)
    }

    fn lease(&mut self, now: Instant) -> Result<Option<Lease>> {
        loop {
            let lease = self.graph.lease(now)?;
            let asks = self.graph.is_waiting();
            self.serve(&nothing)?;
            // A host may only have lacked the texts that are here now.
            if lease.is_some() || !asks {
                return Ok(lease);
            }
        }
    }

    fn settle(&mut self, lease: LeaseId, kind: OutcomeKind, found: Vec<Found>) -> Result<Place> {
        let place = self.graph.settle(lease, kind, found)?;
        self.serve(&nothing)?;
        Ok(place)
    }

    fn retry(&mut self, lease: LeaseId, at: Instant) -> Result<()> {
        self.graph.retry(lease, at)?;
        self.serve(&nothing)
    }

    fn skip(&mut self, lease: LeaseId, reason: SkipReason) -> Result<()> {
        self.graph.skip(lease, reason)?;
        self.serve(&nothing)
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

    fn reconsider(&mut self, reason: SkipReason, wanted: &dyn Fn(&CrawlUrl) -> bool) -> Result<()> {
        self.graph.reconsider(reason);
        self.serve(wanted)
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
        let moved = std::mem::take(&mut self.moved);
        let tell = |id: &u32| {
            let place = Place { depth: self.graph.node(*id)?.depth, referrer: self.referrer(*id)? };
            Ok(Moved { url: Arc::clone(&self.kept(*id)?.text), place })
        };
        self.settled.iter().filter(|id| moved.contains(id)).map(tell).collect()
    }
}

/// Nothing is being reconsidered.
fn nothing(_: &CrawlUrl) -> bool {
    false
}

fn unknown(id: u32) -> Error {
    Error::Internal(format!("the frontier keeps no URL {id}"))
}

/// How many texts are at hand without being looked up.
const TEXTS: usize = 1024;
