//! The store in PostgreSQL: one schema for each crawl. So far one node crawls it, which has all of its one bucket.
//!
//! Everything since the last commit is a [`Batch`](batch::Batch) in memory, which is sent with the commit, as one transaction that
//! begins with the fence. It stays until the answer is here: when that is lost, the database says by the turn of this node
//! whether it was committed. What tables and columns mean is in `docs/design/store.md`.

mod batch;
mod blocking;
mod commit;
mod fail_point;
mod filling;
mod join;
mod joined;
mod keep;
mod link;
mod news;
mod notes;
mod numbers;
mod open;
mod outage;
mod overview;
mod password;
mod read;
mod read_back;
mod remote;
mod requeue;
mod requeue_node;
mod row;
mod schema;
mod server;
mod snapshot;
mod statements;
mod stored_rows;
mod trouble;

use std::collections::HashMap;

use batch::Batch;
use blocking::Blocking;
pub(crate) use filling::{Begun, FilledSitemap, FilledUrl, Filling};
pub(crate) use joined::{Joined, Of};
pub(crate) use news::{NO_WAY, News};
pub(crate) use overview::NodeRecords;
use remote::Remote;
use server::Server;
pub(crate) use snapshot::{Snapshot, Value};
pub(crate) use stored_rows::{ELSEWHERE, StoredRow};

use super::edges;
use crate::error::{Error, Result};
use crate::frontier::{Bucket, Want};
use crate::url::UrlKey;
use crate::wall_clock::WallClock;

/// A [`Store`](super::Store) in a database of PostgreSQL.
#[derive(Debug)]
pub(crate) struct Postgres {
    blocking: Blocking,
    remote: Remote,
    clock: WallClock,
    batch: Batch,
    /// What is answered after the next commit.
    asked: Vec<Want>,
    /// Lines of the output.
    records: i64,
    /// The numbers of the sitemaps.
    sitemaps: HashMap<UrlKey, i32>,
}

impl Postgres {
    /// The same by another clock: two readings of one that is read through a connection are not equal to the millisecond.
    #[cfg(test)]
    pub(crate) fn by_clock(self, clock: WallClock) -> Self {
        Self { clock, ..self }
    }

    /// An error about something in the store that makes no sense.
    fn named(&self, error: Error) -> Error {
        match error {
            Error::Damaged(what) => {
                let shown = &self.remote.server.shown;
                Error::Damaged(format!(
                    "the store {shown} is damaged: {what}; put a backup of it back, or start over with --fresh"
                ))
            }
            error => error,
        }
    }

    fn damaged<T>(&self, what: &str) -> Result<T> {
        Err(self.named(Error::Damaged(what.to_owned())))
    }
}

/// The number of a bucket as the database has it.
fn number_of(bucket: Bucket) -> Result<i16> {
    i16::try_from(bucket.number())
        .map_err(|_| Error::Internal(format!("bucket {bucket} is more than this store counts")))
}

/// The bucket of what belongs to no host: there is one node so far, which has all of it.
const BUCKET: i16 = 0;
