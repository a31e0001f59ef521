//! The crowd: who else crawls, and what is new of the crawl as a whole.

use std::collections::{BTreeMap, HashSet};

use super::join::host_of;
use crate::observe::State;
use crate::store::{Member, MemberChange, News};

/// What this process knows of the others.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// How many others lived as this process started.
    pub(super) others_at_start: usize,
    /// The states of the other nodes; `None` before the first look: who is there then is no news.
    others: Option<BTreeMap<String, String>>,
    /// Of which news of the crawl this process has heard.
    epoch: i64,
    /// What that was before there was news that is not dealt with.
    epoch_before: i64,
    /// Where seeds lead to, as this process has found itself.
    own_redirects: HashSet<(String, String)>,
    /// Whether there is news that is not dealt with.
    is_unheard: bool,
    /// How many buckets are this node's share.
    share: Option<usize>,
    /// Whether some have no owner.
    has_free: bool,
    /// Whether a test takes and gives in place of the share.
    #[cfg(test)]
    pub(super) is_by_hand: bool,
}

/// One look at the crowd.
pub(super) struct Look {
    pub(super) nodes: Vec<Seen>,
    pub(super) epoch: i64,
    pub(super) state: String,
    pub(super) has_free: bool,
    /// Whether nobody has come or gone for two leases.
    pub(super) is_steady: bool,
}

/// A node as it is in the database.
pub(super) struct Seen {
    pub(super) id: String,
    pub(super) state: String,
    pub(super) machine: String,
    pub(super) incarnation: String,
    /// Whether its lease is over.
    pub(super) is_late: bool,
    /// Whether it lives, and has for a whole lease.
    pub(super) is_sure: bool,
}

impl Crowd {
    /// What is new comes after this epoch; so many others live.
    pub(super) fn begin(epoch: i64, others: usize) -> Self {
        Self { epoch, others_at_start: others, ..Self::default() }
    }

    /// What is new comes after this.
    pub(super) fn begin_at(&mut self, epoch: i64) {
        self.epoch = epoch;
    }

    /// This process has found that itself.
    pub(super) fn found(&mut self, redirects: &[(String, String)]) {
        self.own_redirects.extend(redirects.iter().cloned());
    }

    /// Who is at rest has dealt with the news.
    pub(super) fn hear(&mut self) {
        self.is_unheard = false;
    }

    /// How many buckets this node may take, which has so many.
    pub(super) fn wanted(&self, has: usize) -> i64 {
        let more = self.share.unwrap_or_default().saturating_sub(has);
        if self.has_free { i64::try_from(more).unwrap_or(i64::MAX) } else { 0 }
    }

    /// Of which news this process has heard.
    pub(super) fn epoch(&self) -> i64 {
        self.epoch
    }

    /// Of which news this process has made what is to be made of it.
    pub(super) fn heard(&self) -> i64 {
        if self.is_unheard { self.epoch_before } else { self.epoch }
    }

    /// How many of all buckets are the share of each node.
    pub(super) fn share_out(&mut self, look: &Look, buckets: u16) -> usize {
        let alive = look.nodes.iter().filter(|node| node.state == ALIVE).count().max(1);
        let share = usize::from(buckets).div_ceil(alive);
        (self.share, self.has_free) = (Some(share), look.has_free);
        #[cfg(test)]
        if self.is_by_hand {
            self.has_free = false;
            return usize::MAX;
        }
        share
    }

    /// What is new of the crawl as a whole, with where seeds lead to that were found since the last look.
    pub(super) fn learn(&mut self, look: &Look, redirects: Vec<(String, String)>) -> Vec<News> {
        if look.epoch <= self.epoch {
            return Vec::new();
        }
        let others = redirects.into_iter().filter(|redirect| !self.own_redirects.contains(redirect));
        let mut news: Vec<_> = others.map(|(from, to)| News::SeedRedirect { from, to }).collect();
        if !news.is_empty() && !std::mem::replace(&mut self.is_unheard, true) {
            self.epoch_before = self.epoch;
        }
        if look.state != RUNNING {
            news.extend(State::of_name(&look.state).map(News::Over));
        }
        self.epoch = look.epoch;
        news
    }

    /// What has become of the others since the last look.
    pub(super) fn compare(&mut self, me: &str, nodes: &[Seen]) -> Vec<News> {
        let others = nodes.iter().filter(|node| node.id != me);
        let now: BTreeMap<_, _> = others.clone().map(|node| (node.id.clone(), node.state.clone())).collect();
        let Some(before) = self.others.replace(now) else { return Vec::new() };
        let change = |node: &&Seen| {
            let change = match (before.get(&node.id).map(String::as_str), node.state.as_str()) {
                (before, now) if before == Some(now) => return None,
                (_, "alive") => MemberChange::Joined,
                (Some("alive"), "ended") => MemberChange::Ended,
                (Some("alive"), "lost") => MemberChange::Lost,
                // Came and went between two looks.
                _ => return None,
            };
            Some(News::Member(Member { node: node.id.clone(), machine: host_of(&node.machine).to_owned(), change }))
        };
        others.filter_map(|node| change(&node)).collect()
    }
}

pub(super) const ALIVE: &str = "alive";
const RUNNING: &str = "running";
