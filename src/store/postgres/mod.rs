//! The store in PostgreSQL: one schema for each crawl, which many nodes may crawl together, each with buckets of its own.
//!
//! Everything since the last commit is a [`Batch`](batch::Batch) in memory, which is sent with the commit, as one transaction that
//! begins with the fence. It stays until the answer is here: when that is lost, the database says by the turn of this node
//! whether it was committed. What tables and columns mean is in `docs/design/store.md`.

mod agreed;
mod batch;
mod beside;
mod blocking;
#[cfg(test)]
mod by_hand;
mod census;
mod commit;
mod crowd;
mod each_row;
mod fail_point;
mod filling;
mod holdings;
mod join;
mod joined;
mod keep;
mod letters;
mod link;
mod look;
mod mail;
mod news;
mod notes;
mod numbers;
mod open;
mod outage;
mod over;
mod overview;
mod password;
mod read;
mod read_back;
mod remote;
mod requeue;
mod requeue_node;
mod row;
mod schema;
mod send;
mod server;
mod snapshot;
mod statements;
mod stored_rows;
mod told;
mod trouble;
mod turn;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use batch::Batch;
use blocking::Blocking;
use crowd::Crowd;
pub(crate) use filling::{Begun, FilledNote, FilledSitemap, FilledUrl, Filling};
use holdings::Holdings;
pub(crate) use joined::{Joined, Of};
pub(crate) use news::{NO_WAY, News};
pub(crate) use overview::NodeRecords;
use read_back::ReadBack;
use remote::Remote;
use server::Server;
pub(crate) use snapshot::{Snapshot, Value};
pub(crate) use stored_rows::{ELSEWHERE, StoredRow};

use super::{NodeFile, edges};
use crate::error::{Error, Result};
use crate::frontier::Want;
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
    /// The records that were told to be out of date, each with how often it was.
    out_of_date: Vec<(i64, i64)>,
    /// The buckets of this node.
    holdings: Holdings,
    /// Who else crawls.
    crowd: Crowd,
    /// Whether there is nothing left to do in this process but to hear of others.
    is_at_rest: bool,
    /// Whether there is no room for more letters.
    is_full: bool,
    run: Run,
    /// When what was committed last was begun to be sent, and until when this node is believed to live since.
    sent_at: Instant,
    valid_until: Instant,
    /// When the database was told the counts of buckets.
    counted_at: Instant,
    /// How far the clock was set back since the last run, once that is known.
    back: Option<Duration>,
    /// What reads back the buckets that this node has as it starts; `None` before the first one.
    read_back: Option<ReadBack>,
    dir: PathBuf,
    node_file: NodeFile,
}

/// How far the run of this process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    /// Nobody hears what is new.
    NotBegun,
    Begun,
    /// This node has ended, and has given away what it had.
    Left,
}

impl Postgres {
    /// The same by another clock: two readings of one that is read through a connection are not equal to the millisecond.
    #[cfg(test)]
    pub(crate) fn by_clock(self, clock: WallClock) -> Self {
        Self { clock, ..self }
    }

    /// An error about something in the store that makes no sense.
    fn named(&self, error: Error) -> Error {
        self.remote.server.named(error)
    }

    fn damaged<T>(&self, what: &str) -> Result<T> {
        Err(self.named(Error::Damaged(what.to_owned())))
    }
}
