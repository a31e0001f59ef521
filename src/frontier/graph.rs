//! The graph of one bucket: all its URLs, in little memory: which state each is in, how deep it lies, whose turn it is.

use std::collections::BTreeMap;
use std::time::Instant;

use hashbrown::HashMap;

use super::bucket::{Bucket, Split};
use super::change::{Change, Want};
use super::found::{Found, Place, Refuses, Settlement};
use super::id_map::{IdMap, IdSet};
use super::known::KnownKeys;
use super::lease::{Hold, HostId, HostRef, Lease, LeaseId};
use super::letter::Letter;
use super::near::{Near, Source, Spelling};
use super::node::{Limits, Node, NodeState, PART};
use super::nodes::Nodes;
use super::schedule::Schedule;
use super::sites::{Shares, Sites};
use crate::accounts::Accounts;
use crate::error::{Error, Result};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::url::{CrawlUrl, HostKey, UrlKey};

/// What knows every URL of a bucket and hands out those that are due.
///
/// Ids, hosts, edges and queues are of this bucket alone: it can be dropped, and made again of what a store has kept. What
/// holds beyond it is with the [`Frontier`](super::Frontier), whose contract its methods keep.
///
/// How links become paths is in `paths`, which texts are at hand in `texts`.
#[derive(Debug)]
pub struct Graph {
    pub(super) bucket: Bucket,
    pub(super) split: Split,
    pub(super) limits: Limits,
    pub(super) known: KnownKeys,
    pub(super) nodes: Nodes,
    pub(super) hosts: HashMap<HostKey, HostId>,
    /// The host that was asked for last: mostly it is the next one's too.
    last_host: Option<(HostKey, HostId)>,
    pub(super) schedule: Schedule,
    /// What its hosts have in their sites.
    pub(super) shares: Shares,
    pub(super) accounts: Accounts,
    /// Pending and in-flight URLs by depth.
    pub(super) open_by_depth: BTreeMap<u32, u64>,
    /// What happened since someone took it.
    pub(super) changes: Vec<Change>,
    /// What other buckets are to be told.
    pub(super) outbox: Vec<Letter>,
    /// Whether somebody is told that there may be changes.
    pub(super) is_touched: bool,
    pub(super) wants: Vec<Want>,
    /// Answers that are still to come.
    pub(super) awaited: usize,
    /// The URLs whose texts are at hand: those in flight, and those that will be soon.
    pub(super) near: IdMap<Near>,
    /// How many texts are kept before anybody asks for them.
    pub(super) room: usize,
    /// How many texts are asked for ahead.
    pub(super) ahead: usize,
    /// Settled pages to which a shorter path was found, and whose edges are to be asked for.
    pub(super) sinking: IdSet,
    /// URLs that are elsewhere and to which a shorter path was found, and whose texts are to be asked for.
    pub(super) sending: IdSet,
    /// Skipped URLs that may be wanted now, and whose texts are to be asked for.
    pub(super) reopening: Vec<u32>,
    /// What is being reconsidered: the reason, and the number of the next URL to look at.
    pub(super) reconsidered: Option<(SkipReason, u32)>,
}

/// What else is here beside a graph.
#[derive(Clone, Copy)]
pub(super) struct Others<'a>(pub(super) &'a [Option<Box<Graph>>]);

impl Others<'_> {
    /// Whether a URL is known where it is at home, as far as that bucket is here.
    pub(super) fn know(self, home: Bucket, key: UrlKey) -> bool {
        let graph = self.0.get(home.index()).and_then(Option::as_ref);
        graph.is_some_and(|graph| graph.known.get(key).is_some())
    }
}

impl Graph {
    /// Without any URL.
    pub(super) fn new(bucket: Bucket, limits: Limits) -> Self {
        Self {
            bucket,
            split: Split::ONE,
            limits,
            known: KnownKeys::default(),
            nodes: Nodes::default(),
            hosts: HashMap::new(),
            last_host: None,
            schedule: Schedule::default(),
            shares: Shares::default(),
            accounts: Accounts::default(),
            open_by_depth: BTreeMap::new(),
            changes: Vec::new(),
            outbox: Vec::new(),
            is_touched: false,
            wants: Vec::new(),
            awaited: 0,
            near: IdMap::default(),
            room: 0,
            ahead: 0,
            sinking: IdSet::default(),
            sending: IdSet::default(),
            reopening: Vec::new(),
            reconsidered: None,
        }
    }

    /// The next URL that is due, of a host that is not on hold.
    pub(super) fn lease(&mut self, now: Instant) -> Result<Option<Lease>> {
        loop {
            let nodes = &self.nodes;
            let pending = |id: u32| nodes.get(id).filter(|node| node.state == NodeState::Pending);
            let Some((host, id)) = self.schedule.next(now, |id| pending(id).map(|node| node.depth)) else {
                return Ok(None);
            };
            let node = self.node(id)?;
            let Some(near) = self.near.get_mut(&id) else {
                self.schedule.push_front(host, node.depth, id);
                self.await_texts(host);
                self.schedule.ended(host);
                continue;
            };
            near.attempts += 1;
            let spelling = near.spelling.as_ref().map(|spelling| Box::new(spelling.url.clone()));
            let redirected_from = near.referrer.clone().filter(|_| node.hops & !PART > 0);
            let (url, attempt) = (near.url.clone(), near.attempts);
            let bucket = self.bucket;
            let lease = Lease {
                id: LeaseId { bucket, url: id },
                url,
                spelling,
                redirected_from,
                host: HostRef { bucket, host },
                attempt,
                is_part: node.is_part(),
            };
            self.nodes.set_state(id, NodeState::InFlight);
            self.accounts.pending -= 1;
            self.accounts.in_flight += 1;
            self.look_ahead(host);
            return Ok(Some(lease));
        }
    }

    /// Ends a lease with a record. `found` is what the response leads to, in document order; of what is new among it, no
    /// more is taken than its site may be [ahead](Limits::ahead). `refuses` gives the rules for the text of a URL, which are
    /// asked only where that decides something: when nobody knew it, or it was skipped, and not of each link to what is
    /// waiting or done. The answer is what the record has to say about where the page was found.
    pub(super) fn settle(
        &mut self,
        lease: u32,
        kind: OutcomeKind,
        found: Vec<Found>,
        refuses: Refuses<'_>,
        sites: &mut Sites,
        others: Others<'_>,
    ) -> Result<Settlement> {
        let (node, near) = self.end_lease(lease, NodeState::Settled)?;
        self.close_depth(node.depth);
        *self.accounts.settled.of(kind) += 1;
        let from = Source { id: Some(lease), text: near.url.to_shared() };
        let mut known = self.look_up_together(&found).into_iter();
        let (host, name) = (host_of(node)?, near.url.host_name());
        let site = sites.count(self.shares.of(host), name, kind);
        let (mut edges, mut room) = (Vec::with_capacity(found.len()), site.room(self.limits.ahead));
        for found in found {
            let known = known.next().flatten();
            edges.extend(self.found(found, known, &from, &mut room, refuses, others)?);
        }
        sites.add(self.shares.of(host), name, room.added);
        self.changes.push(Change::Settled { id: lease, kind, edges });
        let place = Place { depth: node.depth, referrer: near.referrer };
        Ok(Settlement { place, left_out: room.left_out })
    }

    /// Ends a lease for now: the URL is due again at `at`.
    pub(super) fn retry(&mut self, lease: u32, at: Instant) -> Result<()> {
        let (node, near) = self.end_lease(lease, NodeState::Pending)?;
        self.accounts.pending += 1;
        self.changes.push(Change::Retry { id: lease, attempts: near.attempts, due: at });
        self.keep(lease, near);
        self.schedule.push_retry(host_of(node)?, at, lease);
        Ok(())
    }

    /// Ends a lease without a record.
    pub(super) fn skip(&mut self, lease: u32, reason: SkipReason) -> Result<()> {
        let (node, _) = self.end_lease(lease, NodeState::Skipped(reason))?;
        self.close_depth(node.depth);
        *self.accounts.skipped.of(reason) += 1;
        self.changes.push(Change::Skipped { id: lease, reason });
        Ok(())
    }

    /// Ends a lease as if it had never been given; the URL is the next of its depth and this was no attempt.
    pub(super) fn give_back(&mut self, lease: u32) -> Result<()> {
        let (node, mut near) = self.end_lease(lease, NodeState::Pending)?;
        near.attempts -= 1;
        self.near.insert(lease, near);
        self.accounts.pending += 1;
        self.schedule.push_front(host_of(node)?, node.depth, lease);
        Ok(())
    }

    /// Ends a lease whose response redirects to another spelling of its URL, or to itself: the same page by its key, so
    /// there is no other node that it could lead to. It is the next of its depth, to be requested as `spelling`, and this
    /// was no attempt. `false`, and the lease goes on, when that would be one redirect in a row too many. What has to be
    /// spelled how is forgotten with the process: the next one is redirected again.
    pub(super) fn respell(&mut self, lease: u32, spelling: CrawlUrl) -> Result<bool> {
        let near = self.near.get_mut(&lease);
        let near = near.ok_or_else(|| Error::Internal(format!("lease {lease} ended before")))?;
        let hops = near.spelling.as_ref().map_or(0, |spelling| spelling.hops) + 1;
        if hops > self.limits.redirects {
            return Ok(false);
        }
        near.spelling = Some(Box::new(Spelling { url: spelling, hops }));
        self.give_back(lease)?;
        Ok(true)
    }

    /// Leases nothing of a host until an instant, or until its hold is [released](Self::release).
    pub(super) fn hold(&mut self, host: HostId, until: Hold) {
        self.schedule.hold(host, until);
    }

    /// Ends any hold of a host.
    pub(super) fn release(&mut self, host: HostId) {
        self.schedule.release(host);
    }

    /// Ends any hold of a host, whose turn it is next.
    pub(super) fn release_first(&mut self, host: HostId) {
        self.schedule.release_first(host);
    }

    /// Whether a host goes on with what it has begun, or was called: those come before hosts of which nothing was leased
    /// lately.
    pub(super) fn has_ahead(&self) -> bool {
        self.schedule.has_ahead()
    }

    /// Whether nothing of a host is leased or waits to be.
    pub(super) fn is_done_with(&self, host: HostId) -> bool {
        self.schedule.is_done_with(host)
    }

    /// When the next lease may be had, if that is known: `None` when nothing waits, or everything waits for a
    /// [`release`](Self::release) or the end of a lease.
    pub(super) fn next_due(&mut self) -> Option<Instant> {
        self.schedule.next_due()
    }

    /// The host of a URL, if anything of it is or was pending.
    pub(super) fn host_of(&self, url: &CrawlUrl) -> Option<HostId> {
        self.hosts.get(url.host()).copied()
    }

    /// How many hosts are known by at least one URL that is or was pending.
    pub(super) fn host_count(&self) -> usize {
        self.schedule.host_count()
    }

    /// Skips everything that is pending. For a store it stays pending: a crawl that goes on with a higher limit takes it
    /// up.
    pub(super) fn skip_pending(&mut self, reason: SkipReason) -> Result<()> {
        self.open_by_depth.clear();
        for id in 0..self.count() {
            let node = self.node(id)?;
            match node.state {
                NodeState::Pending => self.nodes.set_state(id, NodeState::Skipped(reason)),
                NodeState::InFlight => *self.open_by_depth.entry(node.depth).or_default() += 1,
                _ => {}
            }
        }
        *self.accounts.skipped.of(reason) += std::mem::take(&mut self.accounts.pending);
        Ok(())
    }

    /// Whether nothing new can be found: everything that is open lies at the greatest depth.
    pub(super) fn discovery_closed(&self) -> bool {
        self.limits.depth.is_some_and(|depth| self.open_by_depth.keys().next().is_none_or(|least| *least >= depth))
    }

    /// Makes a URL pending: at once, or from an instant on when an attempt has failed.
    pub(super) fn enqueue(&mut self, id: u32, host: HostId, due: Option<Instant>) -> Result<()> {
        let node = self.node(id)?;
        self.set(id, Node { state: NodeState::Pending, host: Some(host), ..node })?;
        self.accounts.pending += 1;
        *self.open_by_depth.entry(node.depth).or_default() += 1;
        match due {
            None => self.schedule.push_back(host, node.depth, id),
            Some(at) => self.schedule.push_retry(host, at, id),
        }
        Ok(())
    }

    /// The number of a URL's host, which gets one if it has none yet.
    pub(super) fn host(&mut self, url: &CrawlUrl) -> Result<HostId> {
        if let Some((_, id)) = self.last_host.as_ref().filter(|(name, _)| name.as_str() == url.host()) {
            return Ok(*id);
        }
        if let Some((name, id)) = self.hosts.get_key_value(url.host()) {
            self.last_host = Some((name.clone(), *id));
            return Ok(*id);
        }
        let (name, id) = (url.host_key(), self.schedule.add_host()?);
        self.changes.push(Change::Host { id, name: name.clone() });
        self.hosts.insert(name, id);
        Ok(id)
    }

    pub(super) fn close_depth(&mut self, depth: u32) {
        if let Some(open) = self.open_by_depth.get_mut(&depth) {
            *open -= 1;
            if *open == 0 {
                self.open_by_depth.remove(&depth);
            }
        }
    }

    pub(super) fn node(&self, id: u32) -> Result<Node> {
        self.nodes.get(id).ok_or_else(|| Error::Internal(format!("the frontier has no URL {id}")))
    }

    pub(super) fn set(&mut self, id: u32, node: Node) -> Result<()> {
        self.nodes.set(id, node)
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.nodes.len()).expect("`KnownKeys` gives no number beyond these")
    }

    /// Moves a leased URL to another state.
    fn end_lease(&mut self, lease: u32, state: NodeState) -> Result<(Node, Near)> {
        let node = self.node(lease)?;
        let near = if node.state == NodeState::InFlight { self.near.remove(&lease) } else { None };
        let near = near.ok_or_else(|| Error::Internal(format!("lease {lease} ended twice")))?;
        self.nodes.set_state(lease, state);
        self.accounts.in_flight -= 1;
        self.schedule.ended(host_of(node)?);
        Ok((node, near))
    }
}

fn host_of(node: Node) -> Result<HostId> {
    node.host.ok_or_else(|| Error::Internal("a URL was leased that has no host".to_owned()))
}
