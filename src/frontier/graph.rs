//! The graph of all known URLs, in little memory: which state each is in, how deep it lies, whose turn it is.

use std::collections::BTreeMap;
use std::time::Instant;

use hashbrown::HashMap;

use super::change::{Change, Want};
use super::found::{Found, Place, Refuses, Settlement};
use super::id_map::{IdMap, IdSet};
use super::known::KnownKeys;
use super::lease::{Hold, HostId, Lease, LeaseId};
use super::near::{Near, Source, Spelling, TEXTS};
use super::node::{Limits, Node, NodeState, PART};
use super::nodes::Nodes;
use super::schedule::Schedule;
use super::sites::Sites;
use crate::accounts::Accounts;
use crate::error::{Error, Result};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::url::{CrawlUrl, HostKey};

/// What knows every URL and hands out those that are due: all of a crawl but what only a store has to know.
///
/// Texts and edges are with whoever keeps the [changes](Change); those that are needed are [wanted](Want) from there.
/// Memory holds of each known URL its key and what decides about it (23 bytes), less than one more for each that waits, and
/// the texts of those whose turn is near. How links become paths is in `paths`, which texts are at hand in `texts`.
///
/// # Contract
/// - A URL is one [key](CrawlUrl::key): what differs only in the canonical form is found once.
/// - Every known URL is in exactly one state; [`accounts`](Self::accounts) add up at any time.
/// - Depth is the least number of links from a seed *over all pages settled so far*, whatever the order in which they
///   were settled: when a shorter path to a settled page is found, the depth of everything that it links to sinks too,
///   and what thereby comes within the greatest depth becomes pending.
/// - [`lease`](Self::lease) gives the least depth of a host first and takes the hosts in turn.
/// - Every lease ends in exactly one [`settle`](Self::settle), [`retry`](Self::retry), [`skip`](Self::skip),
///   [`give_back`](Self::give_back) or [`respell`](Self::respell).
/// - No operation waits; time is passed in. What is not at hand is [wanted](Self::take_wants), and the rest goes on
///   until it is [supplied](Self::supply).
/// - `Err` means that the crawl cannot go on.
#[derive(Debug)]
pub struct Frontier {
    pub(super) limits: Limits,
    pub(super) known: KnownKeys,
    pub(super) nodes: Nodes,
    pub(super) hosts: HashMap<HostKey, HostId>,
    /// The host that was asked for last: mostly it is the next one's too.
    last_host: Option<(HostKey, HostId)>,
    pub(super) schedule: Schedule,
    pub(super) sites: Sites,
    pub(super) accounts: Accounts,
    /// Pending and in-flight URLs by depth.
    pub(super) open_by_depth: BTreeMap<u32, u64>,
    /// What happened since someone took it.
    pub(super) changes: Vec<Change>,
    pub(super) wants: Vec<Want>,
    /// Answers that are still to come.
    pub(super) awaited: usize,
    /// The URLs whose texts are at hand: those in flight, and those that will be soon.
    pub(super) near: IdMap<Near>,
    /// How many texts are kept before anybody asks for them.
    pub(super) room: usize,
    /// Settled pages to which a shorter path was found, and whose edges are to be asked for.
    pub(super) sinking: IdSet,
    /// Skipped URLs that may be wanted now, and whose texts are to be asked for.
    pub(super) reopening: Vec<u32>,
    /// What is being reconsidered: the reason, and the number of the next URL to look at.
    pub(super) reconsidered: Option<(SkipReason, u32)>,
}

impl Frontier {
    /// Without any URL.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            known: KnownKeys::default(),
            nodes: Nodes::default(),
            hosts: HashMap::new(),
            last_host: None,
            schedule: Schedule::default(),
            sites: Sites::default(),
            accounts: Accounts::default(),
            open_by_depth: BTreeMap::new(),
            changes: Vec::new(),
            wants: Vec::new(),
            awaited: 0,
            near: IdMap::default(),
            room: TEXTS,
            sinking: IdSet::default(),
            reopening: Vec::new(),
            reconsidered: None,
        }
    }

    /// The same, but from here on it keeps no text before it is needed, as with very many URLs.
    #[cfg(test)]
    pub(crate) fn forgetful(self) -> Self {
        Self { room: 0, ..self }
    }

    /// The next URL that is due, of a host that is not on hold.
    pub fn lease(&mut self, now: Instant) -> Result<Option<Lease>> {
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
                continue;
            };
            near.attempts += 1;
            let spelling = near.spelling.as_ref().map(|spelling| Box::new(spelling.url.clone()));
            let redirected_from = near.referrer.clone().filter(|_| node.hops & !PART > 0);
            let (url, attempt) = (near.url.clone(), near.attempts);
            let lease =
                Lease { id: LeaseId(id), url, spelling, redirected_from, host, attempt, is_part: node.is_part() };
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
    pub fn settle(
        &mut self,
        lease: LeaseId,
        kind: OutcomeKind,
        found: Vec<Found>,
        refuses: Refuses<'_>,
    ) -> Result<Settlement> {
        let (node, near) = self.end_lease(lease, NodeState::Settled)?;
        self.close_depth(node.depth);
        *self.accounts.settled.of(kind) += 1;
        let from = Source { id: lease.0, text: near.url.to_shared() };
        let mut known = self.look_up_together(&found).into_iter();
        let (host, name) = (host_of(node)?, near.url.host_name());
        let site = self.sites.of(host, name);
        site.count(kind);
        let (mut edges, mut room) = (Vec::with_capacity(found.len()), site.room(self.limits.ahead));
        for found in found {
            let known = known.next().flatten();
            edges.extend(self.found(found, known, Some(&from), &mut room, refuses)?);
        }
        self.sites.of(host, name).add(room.added);
        self.changes.push(Change::Settled { id: lease.0, kind, edges });
        let place = Place { depth: node.depth, referrer: near.referrer };
        Ok(Settlement { place, left_out: room.left_out })
    }

    /// Ends a lease for now: the URL is due again at `at`.
    pub fn retry(&mut self, lease: LeaseId, at: Instant) -> Result<()> {
        let (node, near) = self.end_lease(lease, NodeState::Pending)?;
        self.accounts.pending += 1;
        self.changes.push(Change::Retry { id: lease.0, attempts: near.attempts, due: at });
        self.keep(lease.0, near);
        self.schedule.push_retry(host_of(node)?, at, lease.0);
        Ok(())
    }

    /// Ends a lease without a record.
    pub fn skip(&mut self, lease: LeaseId, reason: SkipReason) -> Result<()> {
        let (node, _) = self.end_lease(lease, NodeState::Skipped(reason))?;
        self.close_depth(node.depth);
        *self.accounts.skipped.of(reason) += 1;
        self.changes.push(Change::Skipped { id: lease.0, reason });
        Ok(())
    }

    /// Ends a lease as if it had never been given; the URL is the next of its depth and this was no attempt.
    pub fn give_back(&mut self, lease: LeaseId) -> Result<()> {
        let (node, mut near) = self.end_lease(lease, NodeState::Pending)?;
        near.attempts -= 1;
        self.near.insert(lease.0, near);
        self.accounts.pending += 1;
        self.schedule.push_front(host_of(node)?, node.depth, lease.0);
        Ok(())
    }

    /// Ends a lease whose response redirects to another spelling of its URL, or to itself: the same page by its key, so
    /// there is no other node that it could lead to. It is the next of its depth, to be requested as `spelling`, and this
    /// was no attempt. `false`, and the lease goes on, when that would be one redirect in a row too many. What has to be
    /// spelled how is forgotten with the process: the next one is redirected again.
    pub fn respell(&mut self, lease: LeaseId, spelling: CrawlUrl) -> Result<bool> {
        let near = self.near.get_mut(&lease.0);
        let near = near.ok_or_else(|| Error::Internal(format!("lease {} ended before", lease.0)))?;
        let hops = near.spelling.as_ref().map_or(0, |spelling| spelling.hops) + 1;
        if hops > self.limits.redirects {
            return Ok(false);
        }
        near.spelling = Some(Box::new(Spelling { url: spelling, hops }));
        self.give_back(lease)?;
        Ok(true)
    }

    /// Leases nothing of a host until an instant, or until its hold is [released](Self::release).
    pub fn hold(&mut self, host: HostId, until: Hold) {
        self.schedule.hold(host, until);
    }

    /// Ends any hold of a host.
    pub fn release(&mut self, host: HostId) {
        self.schedule.release(host);
    }

    /// Ends any hold of a host, whose turn it is next.
    pub fn release_first(&mut self, host: HostId) {
        self.schedule.release_first(host);
    }

    /// When the next lease may be had, if that is known: `None` when nothing waits, or everything waits for a
    /// [`release`](Self::release) or the end of a lease.
    pub fn next_due(&mut self) -> Option<Instant> {
        self.schedule.next_due()
    }

    /// The host of a URL, if anything of it is or was pending.
    pub fn host_of(&self, url: &CrawlUrl) -> Option<HostId> {
        self.hosts.get(url.host()).copied()
    }

    /// How many hosts are known by at least one URL that is or was pending.
    pub fn host_count(&self) -> usize {
        self.schedule.host_count()
    }

    /// How far it goes.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// How many URLs are in which state.
    pub fn accounts(&self) -> Accounts {
        self.accounts
    }

    /// Skips everything that is pending. For a store it stays pending: a crawl that goes on with a higher limit takes it
    /// up.
    pub fn skip_pending(&mut self, reason: SkipReason) -> Result<()> {
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
    pub fn discovery_closed(&self) -> bool {
        self.limits.depth.is_some_and(|depth| self.open_by_depth.keys().next().is_none_or(|least| *least >= depth))
    }

    /// What has changed since this was last asked, for a store to keep.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
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
    fn end_lease(&mut self, lease: LeaseId, state: NodeState) -> Result<(Node, Near)> {
        let node = self.node(lease.0)?;
        let near = if node.state == NodeState::InFlight { self.near.remove(&lease.0) } else { None };
        let near = near.ok_or_else(|| Error::Internal(format!("lease {} ended twice", lease.0)))?;
        self.nodes.set_state(lease.0, state);
        self.accounts.in_flight -= 1;
        Ok((node, near))
    }
}

fn host_of(node: Node) -> Result<HostId> {
    node.host.ok_or_else(|| Error::Internal("a URL was leased that has no host".to_owned()))
}
