//! Two nodes over one store, in memory or in a database, whose buckets a test moves.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
#[cfg(feature = "postgres")]
use std::time::Instant;

use crate::frontier::{Bucket, Change, Mail, Moved, Restore, Rows, Split, Want};
#[cfg(feature = "postgres")]
use crate::store::pair::test_server;
#[cfg(feature = "postgres")]
use crate::store::postgres::Postgres;
use crate::store::{Facts, Memory, Store};

pub(super) const SPLIT: Split = Split::into(NonZeroU16::new(7).unwrap());

/// What two nodes share.
pub(super) trait Shared {
    fn apply(&mut self, node: usize, bucket: Bucket, changes: Vec<Change>);

    /// Makes what a node has applied durable; the answers to what it asks, and letters to its buckets, some of which it may have
    /// had before.
    fn commit(&mut self, node: usize, here: &BTreeSet<Bucket>, wants: Vec<Want>) -> (Vec<Rows>, Vec<Mail>);

    /// Takes a bucket that nobody has, and reads it back.
    fn take(&mut self, node: usize, bucket: Bucket, to: &mut Restore<'_>);

    /// Gives a bucket away, of which everything is committed.
    fn give(&mut self, node: usize, bucket: Bucket);

    /// A process of a node has ended, and another one has begun, which has nothing.
    fn kill(&mut self, node: usize);

    fn has_mail(&mut self) -> bool;

    /// The records that are out of date.
    fn moved(&mut self) -> Vec<Moved>;

    /// Reads a bucket back, whoever has it.
    fn look(&mut self, bucket: Bucket, to: &mut Restore<'_>);
}

impl Shared for Memory {
    fn apply(&mut self, _: usize, bucket: Bucket, changes: Vec<Change>) {
        Store::apply(self, bucket, changes, Some(Facts::default())).unwrap();
    }

    fn commit(&mut self, _: usize, here: &BTreeSet<Bucket>, wants: Vec<Want>) -> (Vec<Rows>, Vec<Mail>) {
        let answers = wants.into_iter().map(|want| self.ask(want).unwrap().unwrap()).collect();
        (answers, here.iter().flat_map(|bucket| self.mail_to(*bucket)).collect())
    }

    fn take(&mut self, _: usize, bucket: Bucket, to: &mut Restore<'_>) {
        self.restore(bucket, to).unwrap();
    }

    fn give(&mut self, _: usize, _: Bucket) {}

    fn kill(&mut self, _: usize) {}

    fn has_mail(&mut self) -> bool {
        (0..SPLIT.buckets()).any(|bucket| !self.mail_to(Bucket::at(bucket)).is_empty())
    }

    fn moved(&mut self) -> Vec<Moved> {
        moved_of(self)
    }

    fn look(&mut self, bucket: Bucket, to: &mut Restore<'_>) {
        self.restore(bucket, to).unwrap();
    }
}

fn moved_of(store: &mut dyn Store) -> Vec<Moved> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let moved = store.moved(after).unwrap();
        let Some((last, _)) = moved.last() else { return all };
        after = *last;
        all.extend(moved.into_iter().map(|(_, moved)| moved));
    }
}

/// Two directories, and a crawl in a database.
#[cfg(feature = "postgres")]
pub(super) struct Database {
    dirs: [tempfile::TempDir; 2],
    place: crate::store_place::StorePlace,
    nodes: [Postgres; 2],
}

#[cfg(feature = "postgres")]
impl Database {
    pub(super) fn new(server: &test_server::TestServer) -> Self {
        let place = server.new_place(SPLIT.buckets());
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let nodes = dirs.each_ref().map(|dir| Self::open(&place, dir));
        Self { dirs, place, nodes }
    }

    fn open(place: &crate::store_place::StorePlace, dir: &tempfile::TempDir) -> Postgres {
        let mut store = Postgres::open(place, dir.path()).unwrap().by_hand();
        let at = store.clock().instant();
        store.keep(crate::store::Note::RunBegins { pid: 1, at }).unwrap();
        Store::commit(&mut store, at).unwrap();
        store
    }
}

#[cfg(feature = "postgres")]
impl Drop for Database {
    fn drop(&mut self) {
        self.nodes[0].sql("UPDATE node SET state = 'ended' RETURNING id");
        let _ = Postgres::delete(&self.place, self.dirs[0].path());
    }
}

#[cfg(feature = "postgres")]
impl Shared for Database {
    fn apply(&mut self, node: usize, bucket: Bucket, changes: Vec<Change>) {
        Store::apply(&mut self.nodes[node], bucket, changes, Some(Facts::default())).unwrap();
    }

    fn commit(&mut self, node: usize, _: &BTreeSet<Bucket>, wants: Vec<Want>) -> (Vec<Rows>, Vec<Mail>) {
        let store = &mut self.nodes[node];
        for want in wants {
            assert!(store.ask(want).unwrap().is_none());
        }
        let committed = Store::commit(store, Instant::now()).unwrap();
        (committed.answers, committed.mail)
    }

    fn take(&mut self, node: usize, bucket: Bucket, to: &mut Restore<'_>) {
        assert!(self.nodes[node].take_by_hand(bucket));
        if bucket.number().is_multiple_of(2) {
            let mut loader = self.nodes[node].loader().unwrap();
            loader.recall(bucket).unwrap();
            loader.restore(bucket, to).unwrap();
            self.nodes[node].loaded(bucket).unwrap();
        } else {
            self.nodes[node].restore(bucket, to).unwrap();
        }
    }

    fn give(&mut self, node: usize, bucket: Bucket) {
        Store::give(&mut self.nodes[node], bucket).unwrap();
        Store::commit(&mut self.nodes[node], Instant::now()).unwrap();
    }

    fn kill(&mut self, node: usize) {
        self.nodes[node] = Self::open(&self.place, &self.dirs[node]);
    }

    fn has_mail(&mut self) -> bool {
        !self.nodes[0].sql("SELECT 'letter' FROM mail LIMIT 1").is_empty()
    }

    fn moved(&mut self) -> Vec<Moved> {
        self.nodes.iter_mut().flat_map(|node| moved_of(node)).collect()
    }

    fn look(&mut self, bucket: Bucket, to: &mut Restore<'_>) {
        self.nodes[0].loader().unwrap().restore(bucket, to).unwrap();
    }
}
