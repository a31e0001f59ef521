//! The frontier in memory: fast, and gone with the process.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::Instant;

use super::key_map::{KeyMap, KeySet};
use super::node::{Edge, Limits, Node, Path, State};
use super::schedule::Schedule;
use super::{Found, Frontier, Hold, HostId, Lease, LeaseId, Moved, Place};
use crate::accounts::Accounts;
use crate::error::{Error, Result};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::url::{CrawlUrl, HostKey, LinkKind, Target};

/// A [`Frontier`] that keeps everything in memory.
#[derive(Debug)]
pub struct MemoryFrontier {
    limits: Limits,
    nodes: Vec<Node>,
    known: KeyMap<u32>,
    /// What can never be requested (another scheme, too long): known only in order to be counted once.
    others: KeySet,
    host_ids: HashMap<HostKey, HostId>,
    schedule: Schedule,
    accounts: Accounts,
    /// Pending and in-flight URLs by depth.
    open_by_depth: BTreeMap<u32, u64>,
    /// In the order in which they were settled.
    settled: Vec<u32>,
    moved: HashSet<u32>,
}

impl MemoryFrontier {
    /// An empty frontier.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            nodes: Vec::new(),
            known: HashMap::default(),
            others: HashSet::default(),
            host_ids: HashMap::new(),
            schedule: Schedule::default(),
            accounts: Accounts::default(),
            open_by_depth: BTreeMap::new(),
            settled: Vec::new(),
            moved: HashSet::new(),
        }
    }

    /// Takes note of one found URL; the edge to it, when its depth depends on this path.
    fn found(&mut self, found: Found, from: u32) -> Result<Option<Edge>> {
        let url = match found.target {
            Target::Url(url) => url,
            Target::Other { key, reason, .. } => {
                if self.others.insert(key) {
                    *self.accounts.skipped.of(reason) += 1;
                }
                return Ok(None);
            }
        };
        let redirect = found.kind == LinkKind::Redirect;
        let path = self.step(from, redirect)?;
        let skip = match found.kind {
            LinkKind::Nofollow => found.skip.or(Some(SkipReason::Nofollow)),
            _ => found.skip,
        };
        // What is out of scope may come into scope: its depth has to be right then.
        let is_path = found.kind != LinkKind::Nofollow;
        let Some(id) = self.known.get(&url.key()).copied() else {
            let to = self.insert(url, path, skip)?;
            return Ok(is_path.then_some(Edge { to, redirect }));
        };
        if is_path {
            self.reach(id, path, skip.is_none())?;
        }
        Ok(is_path.then_some(Edge { to: id, redirect }))
    }

    /// The path that goes on from a page.
    fn step(&self, from: u32, redirect: bool) -> Result<Path> {
        let node = self.node(from)?;
        let (depth, hops) = if redirect { (node.depth, node.hops + 1) } else { (node.depth + 1, 0) };
        Ok(Path { depth, hops, referrer: Some(from) })
    }

    fn insert(&mut self, url: CrawlUrl, path: Path, skip: Option<SkipReason>) -> Result<u32> {
        let id = u32::try_from(self.nodes.len()).map_err(|_| too_many())?;
        self.known.insert(url.key(), id);
        let reason = skip.or_else(|| self.limits.forbid(path));
        let state = reason.map_or(State::Pending, State::Skipped);
        let Path { depth, hops, referrer } = path;
        self.nodes.push(Node { url, depth, hops, host: None, referrer, attempts: 0, state, children: Box::default() });
        match reason {
            Some(reason) => *self.accounts.skipped.of(reason) += 1,
            None => self.enqueue(id, depth)?,
        }
        Ok(id)
    }

    /// A known URL was found on another path; `wanted` when the rules for its text have nothing against it. Iterative: a
    /// long chain of pages must not become a deep recursion.
    fn reach(&mut self, id: u32, path: Path, wanted: bool) -> Result<()> {
        let mut work = VecDeque::from([(id, path, wanted)]);
        while let Some((id, path, wanted)) = work.pop_front() {
            if !self.shorten(id, path, wanted)? {
                continue;
            }
            for at in 0..self.node(id)?.children.len() {
                let Some(Edge { to, redirect }) = self.node(id)?.children.get(at).copied() else { break };
                work.push_back((to, self.step(id, redirect)?, false));
            }
        }
        Ok(())
    }

    /// Takes a path to a known URL if it is shorter, or if the URL was not wanted on any path so far. Whether the URL
    /// is settled and its links have to be told.
    fn shorten(&mut self, id: u32, path: Path, wanted: bool) -> Result<bool> {
        let forbidden = self.limits.forbid(path).is_some();
        let node = self.node_mut(id)?;
        let (state, depth) = (node.state, node.depth);
        let shorter = (path.depth, path.hops) < (depth, node.hops);
        let reopened = !forbidden
            && match state {
                // Skipped because of its place: any better place will do.
                State::Skipped(SkipReason::Depth | SkipReason::Trap) => true,
                State::Skipped(SkipReason::Robots) | State::Pending | State::InFlight | State::Settled => false,
                State::Skipped(_) => wanted,
            };
        if !shorter && !reopened {
            return Ok(false);
        }
        let sinks = path.depth < depth;
        // A nofollow link was no path, and one over too many redirects is none that may be taken.
        let first = reopened && matches!(state, State::Skipped(SkipReason::Nofollow | SkipReason::Trap));
        if shorter || first {
            node.hops = path.hops;
        }
        if sinks || first {
            node.depth = path.depth;
            node.referrer = path.referrer;
        }
        let depth_now = node.depth;
        match state {
            State::Skipped(reason) if reopened => {
                node.state = State::Pending;
                *self.accounts.skipped.of(reason) -= 1;
                self.enqueue(id, depth_now)?;
            }
            State::Pending if sinks => {
                self.accounts.pending -= 1;
                self.close_depth(depth);
                self.enqueue(id, path.depth)?;
            }
            State::InFlight if sinks => {
                self.close_depth(depth);
                *self.open_by_depth.entry(path.depth).or_default() += 1;
            }
            State::Settled if sinks => {
                self.moved.insert(id);
            }
            _ => {}
        }
        Ok(state == State::Settled)
    }

    /// Counts a URL as pending and queues it.
    fn enqueue(&mut self, id: u32, depth: u32) -> Result<()> {
        self.accounts.pending += 1;
        *self.open_by_depth.entry(depth).or_default() += 1;
        let host = self.host(id)?;
        self.schedule.push_back(host, depth, id);
        Ok(())
    }

    fn close_depth(&mut self, depth: u32) {
        if let Some(open) = self.open_by_depth.get_mut(&depth) {
            *open -= 1;
            if *open == 0 {
                self.open_by_depth.remove(&depth);
            }
        }
    }

    fn host(&mut self, id: u32) -> Result<HostId> {
        let node = self.node(id)?;
        if let Some(host) = node.host {
            return Ok(host);
        }
        let host = if let Some(host) = self.host_ids.get(node.url.host()) {
            *host
        } else {
            let (key, host) = (node.url.host_key(), self.schedule.add_host()?);
            self.host_ids.insert(key, host);
            host
        };
        self.node_mut(id)?.host = Some(host);
        Ok(host)
    }

    /// Moves a leased URL to another state.
    fn end_lease(&mut self, lease: LeaseId, state: State) -> Result<&mut Node> {
        let node = self
            .nodes
            .get_mut(lease.0 as usize)
            .filter(|node| node.state == State::InFlight)
            .ok_or_else(|| Error::Internal(format!("lease {} ended twice", lease.0)))?;
        node.state = state;
        self.accounts.in_flight -= 1;
        Ok(node)
    }

    fn node(&self, id: u32) -> Result<&Node> {
        self.nodes.get(id as usize).ok_or_else(|| unknown(id))
    }

    fn node_mut(&mut self, id: u32) -> Result<&mut Node> {
        self.nodes.get_mut(id as usize).ok_or_else(|| unknown(id))
    }

    fn place(&self, id: u32) -> Result<Place> {
        let node = self.node(id)?;
        let referrer = node.referrer.map(|referrer| self.node(referrer)).transpose()?;
        Ok(Place { depth: node.depth, referrer: referrer.map(|node| node.url.to_shared()) })
    }
}

impl Frontier for MemoryFrontier {
    fn add_seed(&mut self, url: CrawlUrl) -> Result<()> {
        let path = Path { depth: 0, hops: 0, referrer: None };
        match self.known.get(&url.key()).copied() {
            Some(id) => self.reach(id, path, true),
            None => self.insert(url, path, None).map(|_| ()),
        }
    }

    fn lease(&mut self, now: Instant) -> Result<Option<Lease>> {
        let nodes = &self.nodes;
        let next = self.schedule.next(now, |entry| {
            nodes.get(entry as usize).filter(|node| node.state == State::Pending).map(|node| node.depth)
        });
        let Some((host, id)) = next else { return Ok(None) };
        self.accounts.pending -= 1;
        self.accounts.in_flight += 1;
        let node = self.node_mut(id)?;
        node.state = State::InFlight;
        node.attempts += 1;
        Ok(Some(Lease { id: LeaseId(id), url: node.url.clone(), host, attempt: node.attempts }))
    }

    fn settle(&mut self, lease: LeaseId, kind: OutcomeKind, found: Vec<Found>) -> Result<Place> {
        let depth = self.end_lease(lease, State::Settled)?.depth;
        self.close_depth(depth);
        self.settled.push(lease.0);
        *self.accounts.settled.of(kind) += 1;
        let mut children = Vec::with_capacity(found.len());
        for found in found {
            children.extend(self.found(found, lease.0)?);
        }
        self.node_mut(lease.0)?.children = children.into_boxed_slice();
        self.place(lease.0)
    }

    fn retry(&mut self, lease: LeaseId, at: Instant) -> Result<()> {
        self.end_lease(lease, State::Pending)?;
        self.accounts.pending += 1;
        let host = self.host(lease.0)?;
        self.schedule.push_retry(host, at, lease.0);
        Ok(())
    }

    fn skip(&mut self, lease: LeaseId, reason: SkipReason) -> Result<()> {
        let depth = self.end_lease(lease, State::Skipped(reason))?.depth;
        self.close_depth(depth);
        *self.accounts.skipped.of(reason) += 1;
        Ok(())
    }

    fn give_back(&mut self, lease: LeaseId) -> Result<()> {
        let node = self.end_lease(lease, State::Pending)?;
        node.attempts -= 1;
        let depth = node.depth;
        self.accounts.pending += 1;
        let host = self.host(lease.0)?;
        self.schedule.push_front(host, depth, lease.0);
        Ok(())
    }

    fn hold(&mut self, host: HostId, until: Hold) {
        self.schedule.hold(host, until);
    }

    fn release(&mut self, host: HostId) {
        self.schedule.release(host);
    }

    fn host_of(&self, url: &CrawlUrl) -> Option<HostId> {
        self.host_ids.get(url.host()).copied()
    }

    fn next_due(&mut self) -> Option<Instant> {
        self.schedule.next_due()
    }

    fn skip_pending(&mut self, reason: SkipReason) -> Result<()> {
        for node in self.nodes.iter_mut().filter(|node| node.state == State::Pending) {
            node.state = State::Skipped(reason);
        }
        *self.accounts.skipped.of(reason) += std::mem::take(&mut self.accounts.pending);
        self.open_by_depth.clear();
        for node in self.nodes.iter().filter(|node| node.state == State::InFlight) {
            *self.open_by_depth.entry(node.depth).or_default() += 1;
        }
        Ok(())
    }

    fn reconsider(&mut self, reason: SkipReason, wanted: &dyn Fn(&CrawlUrl) -> bool) -> Result<()> {
        for id in 0..self.nodes.len() {
            let Some(node) = self.nodes.get_mut(id) else { break };
            if node.state != State::Skipped(reason) || !wanted(&node.url) {
                continue;
            }
            let path = Path { depth: node.depth, hops: node.hops, referrer: node.referrer };
            let reason_now = self.limits.forbid(path);
            node.state = reason_now.map_or(State::Pending, State::Skipped);
            *self.accounts.skipped.of(reason) -= 1;
            match reason_now {
                Some(reason) => *self.accounts.skipped.of(reason) += 1,
                None => self.enqueue(u32::try_from(id).map_err(|_| too_many())?, path.depth)?,
            }
        }
        Ok(())
    }

    fn accounts(&self) -> Accounts {
        self.accounts
    }

    fn host_count(&self) -> usize {
        self.schedule.host_count()
    }

    fn discovery_closed(&self) -> bool {
        self.limits.depth.is_some_and(|depth| self.open_by_depth.keys().next().is_none_or(|least| *least >= depth))
    }

    fn take_moved(&mut self) -> Result<Vec<Moved>> {
        let moved = std::mem::take(&mut self.moved);
        let ids = self.settled.iter().filter(|id| moved.contains(id));
        ids.map(|id| Ok(Moved { url: self.node(*id)?.url.to_shared(), place: self.place(*id)? })).collect()
    }
}

fn unknown(id: u32) -> Error {
    Error::Internal(format!("the frontier has no URL {id}"))
}

fn too_many() -> Error {
    Error::Internal("more than 4 billion URLs, which is as far as this frontier counts".to_owned())
}
