//! Wants: what the buckets ask a store for, and what it answers.

use std::collections::BTreeSet;
use std::ops::Bound;

use super::bucket::Bucket;
use super::buckets::Frontier;
use super::change::{Rows, Want};
use super::found::Refuses;
use super::texts::OPEN_WANTS;
use crate::error::Result;
use crate::outcome::SkipReason;
use crate::url::CrawlUrl;

impl Frontier {
    /// Takes up again what was skipped in a bucket for a reason and is now wanted, as it is [supplied](Self::supply).
    pub fn reconsider_in(&mut self, bucket: Bucket, reason: SkipReason) {
        if let Some(graph) = self.graph_mut(bucket) {
            graph.reconsider(reason);
            self.note_waiting(bucket);
        }
    }

    /// Takes the answer to a [`Want`]. `wanted` judges URLs that are being [reconsidered](Self::reconsider), and `refuses`
    /// gives the rules for the text of a URL, where another bucket learns of it.
    pub fn supply(&mut self, rows: Rows, wanted: &dyn Fn(&CrawlUrl) -> bool, refuses: Refuses<'_>) -> Result<()> {
        self.awaited -= 1;
        let bucket = rows.bucket;
        self.on(bucket, |graph| graph.supply(rows, wanted))?;
        self.deliver(bucket, refuses)
    }

    /// Whether something is still wanted: the crawl is not over before it is here, since it may have to be requested.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What is to be asked for now: the store that keeps the changes answers in this order, after the changes that were
    /// taken before, each with one [`supply`](Self::supply). No more than [`OPEN_WANTS`] are open at a time: the others
    /// wait here. Of the buckets each has its turn.
    pub fn take_wants(&mut self) -> Vec<Want> {
        let mut wants = Vec::new();
        if self.asking.is_empty() || self.awaited >= OPEN_WANTS {
            return wants;
        }
        let after = (Bound::Excluded(self.asked), Bound::Unbounded);
        let buckets = self.asking.range(after).chain(self.asking.range(..=self.asked));
        // Each has at least one want, or looks in vain and is not among them any more.
        for bucket in buckets.copied().take(OPEN_WANTS).collect::<Vec<_>>() {
            let most = OPEN_WANTS.saturating_sub(self.awaited);
            if most == 0 {
                break;
            }
            if let Some(graph) = self.graph_mut(bucket) {
                let taken = graph.take_wants(most);
                self.awaited += taken.len();
                self.asked = bucket;
                wants.extend(taken);
                self.note_waiting(bucket);
            }
        }
        wants
    }

    /// Notes whether a bucket waits for anything. One that is draining asks for nothing any more.
    pub(super) fn note_waiting(&mut self, bucket: Bucket) {
        let graph = self.graph(bucket);
        let (waits, asks) = graph.map_or((false, false), |graph| (graph.is_waiting(), graph.has_to_ask()));
        note(&mut self.waiting, bucket, waits);
        let asks = asks && !self.turns.rests(bucket);
        note(&mut self.asking, bucket, asks);
    }
}

fn note(set: &mut BTreeSet<Bucket>, bucket: Bucket, is_in: bool) {
    if is_in {
        set.insert(bucket);
    } else if !set.is_empty() {
        set.remove(&bucket);
    }
}
