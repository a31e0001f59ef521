//! Nodes: what a crawl of many processes hears of the others, and the buckets that come and go with that.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use crate::engine::judge::Judge;
use crate::engine::loading::{Loaded, Loading};
use crate::error::Result;
use crate::frontier::Bucket;

/// The buckets on their way here and away, and whether others were told that nothing is left to do here.
///
/// - A bucket that was taken is ordered, loaded, taken by the frontier with what is known of its hosts, and then told as loaded.
/// - One that is to be given is draining: nothing of it is started any more; once nothing of it is in flight or awaited, it goes
///   with its last changes, and its hosts are forgotten.
#[derive(Debug)]
pub(super) struct Nodes {
    /// `None` where all of the crawl is this process's.
    loading: Option<Loading>,
    /// Those that were taken and are not ordered yet.
    taken: VecDeque<Bucket>,
    draining: BTreeSet<Bucket>,
    /// Whether it was said that nothing is left to do.
    rests: bool,
    /// By whom what is loaded is judged; `None` when that is to be made anew.
    judge: Option<Arc<Judge>>,
    /// How often verdicts have changed.
    verdicts: u64,
}

impl Nodes {
    /// Of a crawl that others take part in, or may, when there is a way to load what is theirs.
    pub(super) fn new(loading: Option<Loading>) -> Self {
        let (taken, draining) = (VecDeque::new(), BTreeSet::new());
        Self { loading, taken, draining, rests: false, judge: None, verdicts: 0 }
    }

    /// Whether others take part, or may.
    pub(super) fn are_many(&self) -> bool {
        self.loading.is_some()
    }

    /// Whether no bucket is on its way.
    pub(super) fn are_settled(&self) -> bool {
        let is_loading = self.loading.as_ref().is_some_and(Loading::is_loading);
        !is_loading && self.taken.is_empty() && self.draining.is_empty()
    }

    /// Buckets are this process's from now on.
    pub(super) fn take(&mut self, buckets: Vec<Bucket>) {
        self.taken.extend(buckets);
    }

    /// A bucket is to be given away.
    pub(super) fn drain(&mut self, bucket: Bucket) {
        self.draining.insert(bucket);
    }

    /// Those that are to be given away.
    pub(super) fn draining(&self) -> &BTreeSet<Bucket> {
        &self.draining
    }

    /// A bucket is given away.
    pub(super) fn give(&mut self, bucket: Bucket) {
        self.draining.remove(&bucket);
    }

    /// Somebody has told something: what was said of rest holds no longer.
    pub(super) fn wake(&mut self) {
        self.rests = false;
    }

    /// Takes whether nothing is left to do; whether that is to be said.
    pub(super) fn rest(&mut self, is_idle: bool) -> bool {
        std::mem::replace(&mut self.rests, is_idle) != is_idle
    }

    /// The number of the verdicts that hold.
    pub(super) fn verdicts(&self) -> u64 {
        self.verdicts
    }

    /// Verdicts may be others from now on.
    pub(super) fn judge_anew(&mut self) {
        self.verdicts += 1;
        self.judge = None;
    }

    /// The next bucket that is here. Cancel safe.
    pub(super) async fn loaded(&mut self) -> Result<Loaded> {
        match &mut self.loading {
            Some(loading) if loading.is_loading() => loading.next().await,
            _ => std::future::pending().await,
        }
    }

    /// Orders what was taken, as far as there is room for it.
    pub(super) fn order(&mut self, judge: &Judge) -> Result<()> {
        let Some(loading) = &mut self.loading else { return Ok(()) };
        while loading.has_room()
            && let Some(bucket) = self.taken.pop_front()
        {
            let judge = self.judge.get_or_insert_with(|| Arc::new(judge.verdicts()));
            loading.order(bucket, judge, self.verdicts)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
