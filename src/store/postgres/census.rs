//! The census of a bucket: how many of its URLs are in which state, counted from its rows, so that what the database says of a
//! bucket is never another thing than what its rows say.

use std::collections::{HashMap, HashSet};

use crate::frontier::{Change, NodeState};
use crate::store::code::{FIRST_SKIPPED, PENDING, code};
use crate::url::UrlKey;

/// How many URLs of a bucket are in which state. It takes one byte for each URL.
#[derive(Debug, Default)]
pub(super) struct Census {
    /// The number of the state of each URL.
    states: Vec<u8>,
    /// How many have the state with a number.
    counts: Vec<u64>,
    /// Those that have not told of their place.
    untold: HashSet<u32>,
    /// The sitemaps, with their numbers and whether they are done.
    sitemaps: HashMap<UrlKey, (i32, bool)>,
}

impl Census {
    /// Takes a row as it is read back. They come in the order of their numbers.
    pub(super) fn row(&mut self, id: u32, code: i16, untold: bool) {
        self.set(id, code.into());
        if untold {
            self.untold.insert(id);
        }
    }

    /// Takes a sitemap as it is read back.
    pub(super) fn sitemap(&mut self, key: UrlKey, id: i32, done: bool) {
        self.sitemaps.insert(key, (id, done));
    }

    /// Takes the sitemaps that another one knows of the same bucket.
    pub(super) fn add_sitemaps(&mut self, other: &mut Self) {
        self.sitemaps.extend(other.sitemaps.drain());
    }

    /// The number of a sitemap that is kept.
    pub(super) fn keep_sitemap(&mut self, key: UrlKey, done: bool) -> i32 {
        let next = i32::try_from(self.sitemaps.len()).unwrap_or(i32::MAX);
        let known = self.sitemaps.entry(key).or_insert((next, done));
        known.1 = done;
        known.0
    }

    /// Takes a change.
    pub(super) fn take(&mut self, change: &Change) {
        match change {
            Change::Found(url) => self.set(url.id, code(url.state, None)),
            Change::Placed { id, state, .. } => {
                if *state != NodeState::Settled {
                    self.set(*id, code(*state, None));
                }
                if matches!(state, NodeState::Settled | NodeState::Elsewhere) {
                    self.untold.insert(*id);
                }
            }
            Change::Told { id } => drop(self.untold.remove(id)),
            Change::Settled { id, kind, .. } => self.set(*id, code(NodeState::Settled, Some(*kind))),
            Change::Skipped { id, reason } => self.set(*id, code(NodeState::Skipped(*reason), None)),
            Change::Host { .. }
            | Change::Moved { .. }
            | Change::Retry { .. }
            | Change::Sent(_)
            | Change::Read { .. } => {}
        }
    }

    /// Whether there is something left to do. `at_rest`: whoever has the bucket says that there is nothing for him: a sitemap that
    /// is not done is none that these settings ask for then.
    pub(super) fn is_open(&self, at_rest: bool) -> bool {
        self.count(PENDING) > 0 || !self.untold.is_empty() || !at_rest && self.sitemaps.values().any(|(_, done)| !done)
    }

    pub(super) fn urls(&self) -> i64 {
        signed(self.states.len() as u64)
    }

    pub(super) fn pending(&self) -> i64 {
        signed(self.count(PENDING))
    }

    /// Those that are settled, by their state from 1 on, as an array of SQL.
    pub(super) fn settled(&self) -> String {
        self.array(1, LAST_SETTLED)
    }

    /// Those that are skipped, by their state from the first of these on, as an array of SQL.
    pub(super) fn skipped(&self) -> String {
        self.array(FIRST_SKIPPED, i64::try_from(self.counts.len()).unwrap_or_default() - 1)
    }

    fn array(&self, first: i64, last: i64) -> String {
        let counts: Vec<_> = (first..=last).map(|code| self.count(code).to_string()).collect();
        format!("{{{}}}", counts.join(","))
    }

    fn count(&self, code: i64) -> u64 {
        usize::try_from(code).ok().and_then(|code| self.counts.get(code)).copied().unwrap_or_default()
    }

    fn set(&mut self, id: u32, code: i64) {
        let (at, code) = (id as usize, u8::try_from(code).unwrap_or_default());
        if let Some(state) = self.states.get_mut(at) {
            let before = std::mem::replace(state, code);
            if let Some(count) = self.counts.get_mut(usize::from(before)) {
                *count -= 1;
            }
        } else {
            self.states.push(code);
        }
        if self.counts.len() <= usize::from(code) {
            self.counts.resize(usize::from(code) + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(usize::from(code)) {
            *count += 1;
        }
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

const LAST_SETTLED: i64 = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::{Path, StoredUrl};
    use crate::outcome::{OutcomeKind, SkipReason};
    use crate::url::UrlRules;

    #[test]
    fn a_bucket_is_open_while_something_of_it_is_pending_or_untold_or_a_sitemap_is_not_done() {
        let mut census = Census::default();
        let url = UrlRules::new(99).parse("http://e.com/").unwrap();
        let path = Path { depth: 1, hops: 0, referrer: None };
        let found = |id, state| Change::Found(StoredUrl::bare(id, &url, path, state, None));
        let placed = |id, state| Change::Placed { id, depth: 1, hops: 0, state, host: None };
        let settled = |id| Change::Settled { id, kind: OutcomeKind::HttpError, edges: Vec::new() };
        let steps = [
            (found(0, NodeState::Pending), true),
            (found(1, NodeState::Skipped(SkipReason::Depth)), true),
            (settled(0), false),
            (placed(1, NodeState::Pending), true),
            (Change::Skipped { id: 1, reason: SkipReason::Robots }, false),
            (placed(0, NodeState::Settled), true),
            (Change::Told { id: 0 }, false),
            (found(2, NodeState::Elsewhere), false),
            (placed(2, NodeState::Elsewhere), true),
            (Change::Told { id: 2 }, false),
        ];
        for (change, is_open) in steps {
            census.take(&change);
            assert_eq!(census.is_open(false), is_open, "{change:?}");
        }
        assert_eq!((census.urls(), census.pending(), census.settled().as_str()), (3, 0, "{0,0,1,0,0}"));
        assert_eq!(census.skipped().split(',').count(), usize::from(SkipReason::Robots.code()) + 1);
        assert_eq!(census.keep_sitemap(url.key(), false), 0);
        assert!(census.is_open(false) && !census.is_open(true), "who is at rest does not ask for it");
        assert_eq!(census.keep_sitemap(url.key(), true), 0);
        assert!(!census.is_open(false));
    }
}
