//! Loading: buckets that come from others are read back on a thread of their own.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::bucket_rules::BucketRules;
use super::judge::Judge;
use crate::error::{Error, Result};
use crate::frontier::{Bucket, Graph};
use crate::store::{BucketNotes, Loader};

/// The way to the loader's thread. Neither waits for the other: no more is ordered than there is room for. Dropping it lets the
/// thread end after the bucket that it reads.
#[derive(Debug)]
pub(super) struct Loading {
    rules: BucketRules,
    to: mpsc::Sender<Order>,
    from: mpsc::Receiver<Result<Loaded>>,
    /// What was ordered and is not here.
    ordered: usize,
}

#[derive(Debug)]
struct Order {
    bucket: Bucket,
    rules: BucketRules,
    judge: Arc<Judge>,
    verdicts: u64,
}

/// A bucket as it was left.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) graph: Graph,
    pub(super) notes: BucketNotes,
    pub(super) bucket: Bucket,
    /// The number of the verdicts by which it was judged.
    pub(super) verdicts: u64,
}

impl Loading {
    /// Starts the thread.
    pub(super) fn start(loader: Box<dyn Loader>, rules: BucketRules) -> Result<Self> {
        let (to, orders) = mpsc::channel(ORDERS);
        let (hand_over, from) = mpsc::channel(ORDERS);
        std::thread::Builder::new()
            .name("loader".to_owned())
            .spawn(move || load(loader, orders, &hand_over))
            .map_err(|error| Error::Internal(format!("cannot start the loader: {error}")))?;
        Ok(Self { rules, to, from, ordered: 0 })
    }

    /// Whether one more may be ordered.
    pub(super) fn has_room(&self) -> bool {
        self.ordered < ORDERS
    }

    /// Whether something was ordered and is not here.
    pub(super) fn is_loading(&self) -> bool {
        self.ordered > 0
    }

    /// Orders a bucket, to be judged by what holds now: these verdicts.
    pub(super) fn order(&mut self, bucket: Bucket, judge: &Arc<Judge>, verdicts: u64) -> Result<()> {
        let order = Order { bucket, rules: self.rules.clone(), judge: Arc::clone(judge), verdicts };
        self.ordered += 1;
        // That there is no room would be a miscount.
        self.to.try_send(order).map_err(|_| lost())
    }

    /// The next bucket that is here. Cancel safe.
    pub(super) async fn next(&mut self) -> Result<Loaded> {
        let loaded = self.from.recv().await.ok_or_else(lost)?;
        self.ordered -= 1;
        loaded
    }
}

fn load(mut loader: Box<dyn Loader>, mut orders: mpsc::Receiver<Order>, to: &mpsc::Sender<Result<Loaded>>) {
    while let Some(order) = orders.blocking_recv() {
        // Nobody to hand it to is a crawl that has ended.
        if to.blocking_send(loaded(&mut *loader, order)).is_err() {
            return;
        }
    }
}

fn loaded(loader: &mut dyn Loader, order: Order) -> Result<Loaded> {
    let Order { bucket, rules, judge, verdicts } = order;
    let notes = loader.recall(bucket)?;
    // What its records come to is counted by those who have them.
    let (graph, _) = rules.read(bucket, &judge, |to| loader.restore(bucket, to))?;
    Ok(Loaded { graph, notes, bucket, verdicts })
}

fn lost() -> Error {
    Error::Internal("the loader ended before the crawl".to_owned())
}

/// One is read while the one before is taken.
const ORDERS: usize = 2;
