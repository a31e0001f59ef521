//! Moves: how buckets come and go.

use super::bucket::{Bucket, Split};
use super::buckets::Frontier;
use super::graph::Graph;
use super::near::TEXTS;
use crate::url::CrawlUrl;

impl Frontier {
    /// Takes a bucket as it was left, in place of what is here of it.
    pub fn take(&mut self, mut graph: Graph) {
        let bucket = graph.bucket;
        self.drop_graph(bucket);
        if self.graphs.len() <= bucket.index() {
            self.graphs.resize_with(bucket.index() + 1, || None);
        }
        graph.split = self.split;
        self.sites.take(&mut graph.shares, graph.hosts.iter());
        if let Some(slot) = self.graphs.get_mut(bucket.index()) {
            *slot = Some(Box::new(graph));
        }
        self.note(bucket);
        self.share_room();
    }

    /// Leases nothing more of a bucket, and asks for nothing of it: it is to be [given](Self::give) away. What is found of it until
    /// then is taken.
    pub fn drain(&mut self, bucket: Bucket) {
        self.turns.rest(bucket);
        self.note_waiting(bucket);
    }

    /// Whether a bucket is here, and not draining.
    pub fn keeps(&self, bucket: Bucket) -> bool {
        self.graph(bucket).is_some() && !self.turns.rests(bucket)
    }

    /// Whether nothing of a bucket is leased, and no answer is still to come.
    pub fn is_free(&self, bucket: Bucket) -> bool {
        self.graph(bucket).is_some_and(|graph| graph.awaited == 0 && graph.accounts.in_flight == 0)
    }

    /// Gives a bucket away: from here on nothing of it is here. Whether it was: it stays while it is not [free](Self::is_free).
    /// What has changed in it is to be [taken](Self::take_changes) before.
    pub fn give(&mut self, bucket: Bucket) -> bool {
        let has_changed = self.graph(bucket).is_some_and(|graph| !graph.changes.is_empty());
        if has_changed || !self.is_free(bucket) {
            return false;
        }
        self.drop_graph(bucket);
        self.share_room();
        true
    }

    /// The bucket of a URL, if that is here.
    pub fn home_of(&self, url: &CrawlUrl) -> Option<Bucket> {
        Some(self.split.of_url(url)).filter(|bucket| self.graph(*bucket).is_some())
    }

    /// Whether all buckets are here.
    pub fn is_whole(&self) -> bool {
        self.split == Split::ONE || self.sums.here() == usize::from(self.split.buckets())
    }

    /// How the hosts are split.
    pub fn splits(&self) -> Split {
        self.split
    }

    /// What is here has the room for texts together.
    pub(super) fn share_room(&mut self) {
        let count = if self.split == Split::ONE { 1 } else { self.sums.here().max(1) };
        self.of_each = (self.room / count, TEXTS / count);
    }

    fn drop_graph(&mut self, bucket: Bucket) {
        if let Some(graph) = self.graphs.get_mut(bucket.index()).and_then(Option::take) {
            self.sites.give(&graph.shares);
            self.turns.forget(bucket);
            self.waiting.remove(&bucket);
            self.asking.remove(&bucket);
            self.count(bucket);
            self.touched.retain(|touched| *touched != bucket);
        }
    }
}
