//! Which texts are at hand: those of the URLs whose turn is near. The others are with the store, and asked for in time.

use super::change::{Row, Rows, Want, WantedFor};
use super::graph::Graph;
use super::lease::HostId;
use super::near::Near;
use super::node::NodeState;
use crate::error::Result;
use crate::outcome::SkipReason;
use crate::url::CrawlUrl;

impl Graph {
    /// Keeps a text when there is room for it.
    pub(super) fn keep(&mut self, id: u32, near: Near) {
        if self.near.len() < self.room {
            self.near.insert(id, near);
        }
    }

    /// Takes the answer to a [`Want`]. `wanted` judges URLs that are being [reconsidered](Self::reconsider).
    pub(super) fn supply(&mut self, rows: Rows, wanted: &dyn Fn(&CrawlUrl) -> bool) -> Result<()> {
        self.awaited -= 1;
        let purpose = rows.purpose;
        for row in rows.rows {
            match purpose {
                WantedFor::Queue(_) => self.supply_text(row)?,
                WantedFor::Edges => self.supply_edges(row)?,
                WantedFor::Reconsider => self.supply_skipped(&row, wanted)?,
                WantedFor::Elsewhere => self.supply_elsewhere(row)?,
            }
        }
        if let WantedFor::Queue(host) = purpose {
            self.schedule.texts_are_here(host);
        }
        Ok(())
    }

    /// Whether something is still wanted: the crawl is not over before it is here, since it may have to be requested.
    pub(super) fn is_waiting(&self) -> bool {
        self.awaited > 0 || self.has_to_ask()
    }

    /// Whether something is to be asked for, now or later.
    pub(super) fn has_to_ask(&self) -> bool {
        !self.wants.is_empty()
            || !self.sinking.is_empty()
            || !self.sending.is_empty()
            || !self.reopening.is_empty()
            || self.reconsidered.is_some()
    }

    /// What is to be asked for now, at most so much: the others wait here.
    pub(super) fn take_wants(&mut self, most: usize) -> Vec<Want> {
        if self.awaited < OPEN_WANTS / 2 {
            self.want_edges();
            self.want_skipped();
        }
        let count = self.wants.len().min(most);
        self.awaited += count;
        self.wants.drain(..count).collect()
    }

    /// Leaves a host out until the texts that it lacks are here.
    pub(super) fn await_texts(&mut self, host: HostId) {
        if self.schedule.await_texts(host) {
            self.want_queue(host);
        }
    }

    /// Asks for the next texts of a host before they are needed.
    pub(super) fn look_ahead(&mut self, host: HostId) {
        let ahead = self.texts_for_a_host() / 2;
        let lacks = self.schedule.peek(host, ahead).is_some_and(|id| self.lacks_text(id));
        if lacks && self.schedule.ask_ahead(host) {
            self.want_queue(host);
        }
    }

    fn want_queue(&mut self, host: HostId) {
        let next = self.schedule.upcoming(host).take(self.texts_for_a_host());
        let ids: Vec<u32> = next.filter(|id| self.lacks_text(*id)).collect();
        self.wants.push(self.want(WantedFor::Queue(host), ids));
    }

    fn want(&self, purpose: WantedFor, ids: Vec<u32>) -> Want {
        Want { bucket: self.bucket, purpose, ids }
    }

    fn lacks_text(&self, id: u32) -> bool {
        let state = self.nodes.get(id).map(|node| node.state);
        state == Some(NodeState::Pending) && !self.near.contains_key(&id)
    }

    /// The more hosts there are, the fewer texts of each are at hand.
    fn texts_for_a_host(&self) -> usize {
        (self.ahead / self.hosts.len().max(1)).clamp(LEAST_TEXTS, MOST_TEXTS)
    }

    fn supply_text(&mut self, row: Row) -> Result<()> {
        let node = self.node(row.id)?;
        // It may have been found on another page since the question was answered: then it is asked again in its turn.
        let is_true = node.state == NodeState::Pending && row.place == (node.depth, node.hops);
        if is_true {
            let url = CrawlUrl::stored(row.text, row.key);
            self.near.entry(row.id).or_insert(Near::new(url, row.referrer, row.attempts));
        }
        Ok(())
    }

    fn want_edges(&mut self) {
        for (purpose, ids) in [(WantedFor::Edges, self.sinking.drain()), (WantedFor::Elsewhere, self.sending.drain())] {
            let mut ids: Vec<u32> = ids.collect();
            ids.sort_unstable();
            let wants = ids.chunks(MOST_TEXTS).map(|ids| Want { bucket: self.bucket, purpose, ids: ids.to_vec() });
            self.wants.extend(wants);
        }
    }

    fn want_skipped(&mut self) {
        let mut ids = std::mem::take(&mut self.reopening);
        if let Some((reason, next)) = self.reconsidered {
            let matching = |id: &u32| self.node(*id).is_ok_and(|node| node.state == NodeState::Skipped(reason));
            let found = (next..self.count()).filter(matching).take(MOST_TEXTS);
            let found: Vec<u32> = found.collect();
            self.reconsidered = (found.len() == MOST_TEXTS).then(|| (reason, found.last().map_or(next, |id| id + 1)));
            ids.extend(found);
        }
        let wants = ids.chunks(MOST_TEXTS).map(|ids| self.want(WantedFor::Reconsider, ids.to_vec()));
        self.wants.extend(wants.collect::<Vec<_>>());
    }

    /// Takes up again what was skipped for a reason and is now wanted, as it is [supplied](Self::supply).
    pub(super) fn reconsider(&mut self, reason: SkipReason) {
        self.reconsidered = Some((reason, 0));
    }
}

/// How many [wants](super::Frontier::take_wants) are open at a time: who answers them needs no more places for the answers.
pub(crate) const OPEN_WANTS: usize = 64;

const LEAST_TEXTS: usize = 8;
const MOST_TEXTS: usize = 512;
