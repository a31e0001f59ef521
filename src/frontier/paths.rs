//! How links become paths: what is found is known once, and lies as deep as its shortest path.

use std::sync::Arc;

use super::change::{Change, Row, StoredUrl};
use super::found::{Found, Refuses, Room};
use super::graph::{Graph, Others};
use super::lease::HostId;
use super::near::{Near, Source};
use super::node::{Edge, NO_WAY, Node, NodeState, PART, Path};
use crate::error::{Error, Result};
use crate::mention::Mention;
use crate::outcome::SkipReason;
use crate::url::{CrawlUrl, LinkKind, Target};

/// A way to a URL that may be known already.
#[derive(Debug, Clone, Copy)]
pub(super) struct PathTo<'a> {
    pub(super) depth: u32,
    pub(super) hops: u32,
    /// `None` for a seed, and for what a sitemap lists.
    pub(super) from: Option<&'a Source>,
    /// What names it there, as far as that is known.
    pub(super) mention: Option<Mention>,
    /// What that says to a reader.
    pub(super) link_text: Option<&'a Arc<str>>,
    /// What the rules for the text of the URL say.
    pub(super) verdict: Verdict,
}

/// A way as it was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link<'a> {
    pub(super) way: PathTo<'a>,
    pub(super) kind: LinkKind,
    /// Whether it decides how deep its target lies.
    pub(super) is_path: bool,
}

/// What is known of a URL beside its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The rules for its text have nothing against it.
    Wanted,
    /// They have.
    Refused,
    /// They were not asked.
    Unknown,
}

impl PathTo<'_> {
    /// To what needs no way from a page.
    pub(super) const START: Self =
        Self { depth: 0, hops: 0, from: None, mention: None, link_text: None, verdict: Verdict::Wanted };

    /// The page that it comes from: its number, or its text when it is of another bucket.
    pub(super) fn referrer(&self) -> (Option<u32>, Option<Arc<str>>) {
        let Some(from) = self.from else { return (None, None) };
        (from.id, from.id.is_none().then(|| Arc::clone(&from.text)))
    }
}

impl Graph {
    /// Makes a URL known and pending at depth 0.
    pub(super) fn add_seed(&mut self, url: CrawlUrl) -> Result<()> {
        let way = PathTo::START;
        match self.known.get(url.key()) {
            Some(id) => self.shorten(id, Some(&url), way),
            None => self.insert(Target::Url(url), way, None).map(drop),
        }
    }

    /// Makes what a sitemap lists known at depth 0, and pending unless its `skip` says otherwise.
    pub(super) fn add_listed(&mut self, found: Found) -> Result<()> {
        let Found { target, kind, mention, link_text, skip } = found;
        let is_path = kind != LinkKind::Nofollow && matches!(target, Target::Url(_));
        let way = PathTo { mention, link_text: link_text.as_ref(), ..PathTo::START };
        let (known, mut room) = (self.known.get(target.key()), Room::UNBOUNDED);
        self.take_link(target, skip, Link { way, kind, is_path }, known, &mut room, &|_, _| None).map(drop)
    }

    /// Takes note of one URL that was found on a page, unless there is no room for it; the edge to it, when its depth depends
    /// on this path. `known` is its number, if that was looked up and found before.
    pub(super) fn found(
        &mut self,
        found: Found,
        known: Option<u32>,
        from: &Source,
        room: &mut Room,
        refuses: Refuses<'_>,
        others: Others<'_>,
    ) -> Result<Option<Edge>> {
        let Found { target, kind, mention, link_text, skip } = found;
        // A part is as far away as its page, as what a page redirects to is.
        let redirect = matches!(kind, LinkKind::Redirect | LinkKind::Part);
        // What is out of scope may come into scope: its depth has to be right then.
        let is_path = kind != LinkKind::Nofollow && matches!(target, Target::Url(_));
        let (page, mut way) = self.way_on(from, redirect)?;
        (way.mention, way.link_text) = (mention, link_text.as_ref());
        if kind == LinkKind::Part {
            // What is a part of a part is one hop more; what is a part of a page begins anew.
            way.hops = if page.is_part() { way.hops } else { PART };
        }
        if kind == LinkKind::Nofollow {
            way.hops = NO_WAY;
        }
        let link = Link { way, kind, is_path };
        let to = if let Some(home) = self.other_home(&target) {
            self.found_elsewhere(home, target, skip, link, room, others)?
        } else {
            let known = known.or_else(|| self.known.get(target.key()));
            self.take_link(target, skip, link, known, room, refuses)?
        };
        Ok(to.filter(|_| is_path).map(|to| Edge { to, redirect }))
    }

    /// Takes note of a URL that was found in some way, unless there is no room for it; its number. The rules are asked only
    /// where their answer changes something: of what most links lead to, nothing does.
    pub(super) fn take_link(
        &mut self,
        target: Target,
        skip: Option<SkipReason>,
        link: Link<'_>,
        known: Option<u32>,
        room: &mut Room,
        refuses: Refuses<'_>,
    ) -> Result<Option<u32>> {
        let Link { mut way, kind, is_path } = link;
        let (skip, verdict) = match &target {
            Target::Other { reason, .. } => (Some(*reason), Verdict::Refused),
            Target::Url(_) if !self.is_for_rules(known, way)? => (None, Verdict::Unknown),
            Target::Url(url) => match skip.or_else(|| refuses(url, kind)) {
                None => (None, Verdict::Wanted),
                skip => (skip, Verdict::Refused),
            },
        };
        way.verdict = verdict;
        let id = match (known, &target) {
            (None, target) if !room.takes(length(target.text(), way.link_text.map(|text| &**text))) => return Ok(None),
            (None, _) => self.insert(target, way, skip)?,
            (Some(id), Target::Url(url)) if is_path => {
                if self.node(id)?.hops == NO_WAY {
                    self.first_way(id, url, way, skip)?;
                } else {
                    self.shorten(id, Some(url), way)?;
                }
                id
            }
            (Some(id), _) => id,
        };
        Ok(Some(id))
    }

    /// Whether the rules for its text decide what becomes of a URL to which this way leads: of one that is waiting or done
    /// they don't any more.
    fn is_for_rules(&self, known: Option<u32>, way: PathTo<'_>) -> Result<bool> {
        let Some(id) = known else { return Ok(true) };
        let node = self.node(id)?;
        let may_reopen = |reason| reason != SkipReason::Robots && self.limits.forbid(way.depth, way.hops).is_none();
        Ok(match node.state {
            NodeState::Skipped(reason) => node.is_part() || node.hops == NO_WAY || may_reopen(reason),
            NodeState::Pending | NodeState::InFlight | NodeState::Settled | NodeState::Elsewhere => node.is_part(),
        })
    }

    /// Looks up what a page leads to before anything is done about it; the number of each that is known, or nothing at all
    /// while there are few URLs. With millions of them each lookup waits for the memory, and so does each that comes
    /// after it; next to each other they wait together.
    pub(super) fn look_up_together(&self, found: &[Found]) -> Vec<Option<u32>> {
        if self.count() < MANY {
            return Vec::new();
        }
        self.known.touch(found.iter().map(|found| found.target.key()));
        let known: Vec<_> = found.iter().map(|found| self.known.get(found.target.key())).collect();
        let states = known.iter().flatten().filter_map(|id| self.nodes.bits(*id));
        std::hint::black_box(states.fold(0, |all, node| all ^ node));
        known
    }

    /// What a settled page leads to is now as far away as its new path says.
    pub(super) fn supply_edges(&mut self, row: Row) -> Result<()> {
        let from = Source { id: Some(row.id), text: row.text };
        // Before what it leads to: that may lead back, and then it has to be told again.
        self.changes.push(Change::Told { id: row.id });
        for Edge { to, redirect } in row.edges {
            let (_, way) = self.way_on(&from, redirect)?;
            self.shorten(to, None, way)?;
        }
        Ok(())
    }

    /// Takes up a skipped URL when nothing speaks against it any more.
    pub(super) fn supply_skipped(&mut self, row: &Row, wanted: &dyn Fn(&CrawlUrl) -> bool) -> Result<()> {
        let node = self.node(row.id)?;
        let NodeState::Skipped(reason) = node.state else { return Ok(()) };
        let url = CrawlUrl::stored(Arc::clone(&row.text), row.key);
        let forbidden = self.limits.forbid(node.depth, node.hops);
        let still = match reason {
            SkipReason::Depth | SkipReason::Trap => forbidden,
            _ if wanted(&url) => forbidden,
            reason => Some(reason),
        };
        if still == Some(reason) {
            return Ok(());
        }
        *self.accounts.skipped.of(reason) -= 1;
        if let Some(reason) = still {
            *self.accounts.skipped.of(reason) += 1;
            self.changes.push(Change::Skipped { id: row.id, reason });
            self.nodes.set_state(row.id, NodeState::Skipped(reason));
            return Ok(());
        }
        let host = self.host(&url)?;
        self.enqueue(row.id, host, None)?;
        self.tell_place(row.id)
    }

    /// A page of this bucket, and the way that goes on from there.
    fn way_on<'a>(&self, from: &'a Source, redirect: bool) -> Result<(Node, PathTo<'a>)> {
        let page = from.id.ok_or_else(|| Error::Internal(format!("{} is of another bucket", from.text)))?;
        let node = self.node(page)?;
        let (depth, hops) = if redirect { (node.depth, node.hops + 1) } else { (node.depth + 1, 0) };
        let mention = redirect.then_some(Mention::Location);
        Ok((node, PathTo { depth, hops, from: Some(from), mention, link_text: None, verdict: Verdict::Unknown }))
    }

    fn insert(&mut self, target: Target, way: PathTo<'_>, skip: Option<SkipReason>) -> Result<u32> {
        let PathTo { depth, hops, from, mention, link_text, .. } = way;
        let id = self.known.insert(target.key()).ok_or_else(too_many)?;
        let reason = skip.or_else(|| self.limits.forbid(depth, hops));
        let state = reason.map_or(NodeState::Pending, NodeState::Skipped);
        let host = match (&target, reason) {
            (Target::Url(url), None) => Some(self.host(url)?),
            _ => None,
        };
        self.nodes.push(Node { depth, hops, state, host })?;
        let (referrer, referrer_url) = way.referrer();
        let path = Path { depth, hops, referrer };
        let (text, key) = (Arc::clone(target.text()), target.key());
        let link_text = link_text.cloned();
        let url = StoredUrl { id, text, key, path, referrer_url, mention, link_text, state, host };
        self.changes.push(Change::Found(url));
        if let Some(reason) = reason {
            *self.accounts.skipped.of(reason) += 1;
        }
        if let (Target::Url(url), Some(host)) = (target, host) {
            self.enqueue(id, host, None)?;
            self.keep(id, Near::new(url, from.map(|from| Arc::clone(&from.text)), 0));
        }
        Ok(id)
    }

    /// Takes the first path to a URL that only nofollow links led to so far: as if it was found now.
    fn first_way(&mut self, id: u32, url: &CrawlUrl, way: PathTo<'_>, skip: Option<SkipReason>) -> Result<()> {
        let node = self.node(id)?;
        let NodeState::Skipped(before) = node.state else {
            return Err(Error::Internal(format!("URL {id} was taken up, and no path leads to it")));
        };
        let PathTo { depth, hops, mention, link_text, .. } = way;
        let reason = skip.or_else(|| self.limits.forbid(depth, hops));
        let state = NodeState::Skipped(reason.unwrap_or(before));
        self.set(id, Node { depth, hops, state, ..node })?;
        let ((referrer, referrer_url), link_text) = (way.referrer(), link_text.cloned());
        self.changes.push(Change::Moved { id, referrer, referrer_url, mention, link_text });
        if let Some(reason) = reason {
            *self.accounts.skipped.of(before) -= 1;
            *self.accounts.skipped.of(reason) += 1;
        } else {
            self.reopen(id, Some(url), before, node.host)?;
        }
        self.tell_place(id)
    }

    /// Takes a way to a known URL if it is shorter, or if the URL was not wanted on any way so far. What a settled URL
    /// leads to is told later, once its edges are here.
    pub(super) fn shorten(&mut self, id: u32, url: Option<&CrawlUrl>, way: PathTo<'_>) -> Result<()> {
        let node = self.node(id)?;
        if node.state == NodeState::Elsewhere {
            return self.shorten_elsewhere(id, way);
        }
        let reopens = self.limits.forbid(way.depth, way.hops).is_none()
            && match node.state {
                // Skipped because of its place: any better place will do, unless it is of a space that was closed since.
                NodeState::Skipped(SkipReason::Depth | SkipReason::Trap) => way.verdict != Verdict::Refused,
                NodeState::Skipped(SkipReason::Robots)
                | NodeState::Pending
                | NodeState::InFlight
                | NodeState::Settled
                | NodeState::Elsewhere => false,
                NodeState::Skipped(_) => way.verdict == Verdict::Wanted,
            };
        // What is wanted as a part alone stays one, whatever else leads to it.
        let stays_part = node.is_part() && way.verdict != Verdict::Wanted;
        let way_hops = if stays_part { way.hops | PART } else { way.hops };
        let shorter = (way.depth, way_hops) < (node.depth, node.hops);
        if !shorter && !reopens {
            return Ok(());
        }
        // A path over too many redirects is none that may be taken.
        let first = reopens && node.state == NodeState::Skipped(SkipReason::Trap);
        let sinks = way.depth < node.depth;
        let moves = sinks || first;
        let depth = if moves { way.depth } else { node.depth };
        let becomes_part = if reopens { way.hops & PART } else { 0 };
        let hops = if shorter || first { way_hops } else { node.hops | becomes_part };
        self.set(id, Node { depth, hops, ..node })?;
        if moves {
            let ((referrer, referrer_url), link_text) = (way.referrer(), way.link_text.cloned());
            self.changes.push(Change::Moved { id, referrer, referrer_url, mention: way.mention, link_text });
            if let Some(near) = self.near.get_mut(&id) {
                near.referrer = way.from.map(|from| Arc::clone(&from.text));
            }
        }
        match node.state {
            NodeState::Skipped(reason) if reopens => self.reopen(id, url, reason, node.host)?,
            NodeState::Pending if sinks => {
                self.accounts.pending -= 1;
                self.close_depth(node.depth);
                let host = node.host.ok_or_else(|| Error::Internal(format!("URL {id} is pending without a host")))?;
                self.enqueue(id, host, None)?;
            }
            NodeState::InFlight if sinks => {
                self.close_depth(node.depth);
                *self.open_by_depth.entry(depth).or_default() += 1;
            }
            NodeState::Settled => {
                self.sinking.insert(id);
            }
            _ => {}
        }
        self.tell_place(id)
    }

    /// Makes a skipped URL pending; when nothing says whose it is, once its text is here.
    fn reopen(&mut self, id: u32, url: Option<&CrawlUrl>, reason: SkipReason, host: Option<HostId>) -> Result<()> {
        let host = match (host, url) {
            (Some(host), _) => host,
            (None, Some(url)) => self.host(url)?,
            (None, None) => {
                self.reopening.push(id);
                return Ok(());
            }
        };
        *self.accounts.skipped.of(reason) -= 1;
        self.enqueue(id, host, None)
    }

    pub(super) fn tell_place(&mut self, id: u32) -> Result<()> {
        let Node { depth, hops, state, host } = self.node(id)?;
        let state = if state == NodeState::InFlight { NodeState::Pending } else { state };
        self.changes.push(Change::Placed { id, depth, hops, state, host });
        Ok(())
    }
}

/// How long the texts of a URL are.
pub(super) fn length(url: &str, link_text: Option<&str>) -> usize {
    url.len() + link_text.map_or(0, str::len)
}

/// From so many URLs on they are in no cache.
const MANY: u32 = 1 << 17;

pub(super) fn too_many() -> Error {
    Error::Internal("more than 4 billion URLs, which is as far as this frontier counts".to_owned())
}
