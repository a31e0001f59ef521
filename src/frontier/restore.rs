//! Restore: a bucket of the frontier as a store has kept it, judged by the settings of this run.

use std::fmt;
use std::time::Instant;

use hashbrown::HashMap;

use super::bucket::Bucket;
use super::found::Room;
use super::graph::Graph;
use super::known::KnownKeys;
use super::lease::HostId;
use super::node::{Limits, NO_WAY, Node, NodeState, Path};
use crate::error::{Error, Result};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::url::{CrawlUrl, HostKey, UrlKey};

/// A bucket that is being read back.
pub struct Restore<'a> {
    frontier: Graph,
    rules: RestoreRules<'a>,
    /// What each page has added, in bytes. Of what was found elsewhere at a smaller depth later, that page has.
    added: HashMap<u32, u64>,
    /// The page of the URL before, and what it has added since: what a page leads to mostly comes together.
    last_page: (u32, u64),
    /// What each page of another bucket has added here, by its URL.
    added_from: HashMap<Box<str>, u64>,
}

/// A URL as a store gives it back.
#[derive(Debug, Clone, Copy)]
pub struct KeptUrl<'a> {
    /// Its number: the order of discovery.
    pub id: u32,
    /// Its text; of a URL that is too long, the start of it.
    pub text: &'a str,
    /// Its fingerprint.
    pub key: UrlKey,
    /// How it was found.
    pub path: Path,
    /// The text of its referrer, when that is of another bucket.
    pub referrer_url: Option<&'a str>,
    /// How long what names it there is for a reader, in bytes; 0 when that is not known.
    pub link_text: usize,
    /// Its state.
    pub state: NodeState,
    /// Whose it is, when it is or was pending.
    pub host: Option<HostId>,
}

/// What the settings of this run say about URLs that an earlier one has judged.
#[derive(Clone, Copy)]
pub struct RestoreRules<'a> {
    /// Why a URL is not to be requested, as far as its text tells, and whether it is known as a part of a page.
    pub judge: &'a dyn Fn(&CrawlUrl, bool) -> Option<SkipReason>,
    /// Reasons to skip that hold no longer.
    pub lifted: &'a [SkipReason],
}

impl<'a> Restore<'a> {
    pub(super) fn new(bucket: Bucket, limits: Limits, rules: RestoreRules<'a>) -> Self {
        Self {
            frontier: Graph::new(bucket, limits),
            rules,
            added: HashMap::new(),
            last_page: (0, 0),
            added_from: HashMap::new(),
        }
    }
}

impl Restore<'_> {
    /// Takes a host.
    pub fn host(&mut self, id: HostId, name: HostKey) -> Result<()> {
        if self.frontier.schedule.add_host()? != id {
            return Err(Error::Damaged(format!("host {name} has the number {}, which is not its turn", id.0)));
        }
        self.frontier.hosts.insert(name, id);
        Ok(())
    }

    /// Makes room for so many URLs. Called before the first one, by a store that knows; more or fewer may come.
    pub fn make_room(&mut self, urls: usize) {
        self.frontier.known = KnownKeys::with_room(urls);
    }

    /// Makes room in the caches for what comes next: some hundreds of keys at most.
    pub fn expect(&self, keys: impl Iterator<Item = UrlKey>) {
        self.frontier.known.touch(keys);
    }

    /// Takes a URL that is not settled, with the instant of its next attempt when one has failed. What the settings say
    /// about it may have changed since: then so does its state.
    pub fn open(&mut self, url: KeptUrl<'_>, due: Option<Instant>) -> Result<()> {
        let mut node = self.known(url)?;
        let is_lifted = node.hops == NO_WAY && self.rules.lifted.contains(&SkipReason::Nofollow);
        if is_lifted {
            node.hops = 0;
            self.frontier.set(url.id, node)?;
        }
        let KeptUrl { id, text, key, state, .. } = url;
        let url = CrawlUrl::stored(text.into(), key);
        let state_now = self.state_now(&url, node);
        if let NodeState::Skipped(reason) = state_now {
            self.frontier.nodes.set_state(id, state_now);
            *self.frontier.accounts.skipped.of(reason) += 1;
        } else {
            let host = node.host.map_or_else(|| self.frontier.host(&url), Ok)?;
            self.frontier.enqueue(id, host, due)?;
        }
        if state_now != state || is_lifted {
            self.frontier.tell_place(id)?;
        }
        Ok(())
    }

    /// Takes a URL of another bucket. `untold`: that one has not been told of its place.
    pub fn elsewhere(&mut self, url: KeptUrl<'_>, untold: bool) -> Result<()> {
        self.known(url)?;
        if untold {
            self.frontier.sending.insert(url.id);
        }
        Ok(())
    }

    /// Takes a URL that is settled. `untold`: what it leads to has not been told of its place.
    pub fn settled(&mut self, url: KeptUrl<'_>, kind: OutcomeKind, untold: bool) -> Result<()> {
        let node = self.known(url)?;
        *self.frontier.accounts.settled.of(kind) += 1;
        if let Some(host) = node.host {
            self.frontier.shares.of(host).count(kind);
        }
        if untold {
            self.frontier.sinking.insert(url.id);
        }
        Ok(())
    }

    /// The bucket as it was left.
    pub fn finish(mut self) -> Graph {
        self.count_last_page();
        let Self { mut frontier, added, added_from, .. } = self;
        for (page, bytes) in added_from {
            let page = CrawlUrl::stored(page.into(), UrlKey::of_bytes([0; 16]));
            frontier.shares.of_another(page.host_name()).add(bytes);
        }
        for (page, bytes) in added {
            if let Some(host) = frontier.nodes.get(page).and_then(|node| node.host) {
                frontier.shares.of(host).add(bytes);
            }
        }
        frontier
    }

    fn known(&mut self, url: KeptUrl<'_>) -> Result<Node> {
        let KeptUrl { id, text, key, path, referrer_url, state, host, link_text } = url;
        if self.frontier.known.insert_new(key) != Some(id) {
            return Err(Error::Damaged(format!("URL {id} ({text}) is there twice, or not in its turn")));
        }
        if host.is_some_and(|host| host.index() >= self.frontier.schedule.host_count()) {
            return Err(Error::Damaged(format!("URL {id} ({text}) is of a host that is not there")));
        }
        let node = Node { depth: path.depth, hops: path.hops, state, host };
        self.frontier.nodes.push(node)?;
        let bytes = (text.len() + link_text + Room::ROW) as u64;
        if state == NodeState::Elsewhere {
            // It counts where it is at home.
        } else if let Some(page) = referrer_url {
            match self.added_from.get_mut(page) {
                Some(added) => *added += bytes,
                None => drop(self.added_from.insert(page.into(), bytes)),
            }
        } else if let Some(page) = path.referrer {
            if page != self.last_page.0 {
                self.count_last_page();
                self.last_page.0 = page;
            }
            self.last_page.1 += bytes;
        }
        Ok(node)
    }

    fn count_last_page(&mut self) {
        let (page, added) = self.last_page;
        if added > 0 {
            *self.added.entry(page).or_default() += added;
            self.last_page.1 = 0;
        }
    }

    fn state_now(&self, url: &CrawlUrl, node: Node) -> NodeState {
        match node.state {
            NodeState::Skipped(SkipReason::Scheme | SkipReason::TooLong) => return node.state,
            NodeState::Skipped(reason @ (SkipReason::Robots | SkipReason::Usage))
                if !self.rules.lifted.contains(&reason) =>
            {
                return node.state;
            }
            _ => {}
        }
        let reason =
            (self.rules.judge)(url, node.is_part()).or_else(|| self.frontier.limits.forbid(node.depth, node.hops));
        reason.map_or(NodeState::Pending, NodeState::Skipped)
    }
}

impl fmt::Debug for Restore<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Restore").field("frontier", &self.frontier).finish_non_exhaustive()
    }
}

impl fmt::Debug for RestoreRules<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestoreRules").field("lifted", &self.lifted).finish_non_exhaustive()
    }
}
