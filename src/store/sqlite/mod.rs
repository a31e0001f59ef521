//! The store in one SQLite file.
//!
//! One transaction holds what belongs together: the states of URLs, the URLs they led to, and how far each output file is
//! durable. What each table means is in `docs/design/store.md`.

mod checksum;
#[cfg(feature = "postgres")]
mod copied;
mod database;
#[cfg(test)]
mod flipped;
mod keep;
mod open;
#[cfg(feature = "postgres")]
mod raw;
mod read;
mod read_back;
mod reader;
mod requeue;
#[cfg(any(test, fuzzing))]
mod sample;
mod set_back;
#[cfg(feature = "postgres")]
mod taken_back;
mod write;

#[cfg(feature = "internals")]
pub use super::file::APPLICATION_ID;
pub(crate) use database::Database;
#[cfg(feature = "postgres")]
pub(in crate::store) use raw::RawUrl;
pub(crate) use reader::{Spot, StoreReader, UrlRow};
#[cfg(all(any(test, fuzzing), feature = "internals"))]
pub use sample::{make_sample, read_sample};

use super::code::{code, of_code, states};
use super::edges;
use crate::unread::Unread;
use crate::wall_clock::WallClock;

/// A [`Store`](super::Store) in one SQLite file of a crawl directory. Everything between two commits is one transaction.
#[derive(Debug)]
pub struct Sqlite {
    database: Database,
    clock: WallClock,
    /// Whether a transaction is open.
    open: bool,
    /// Whether no run has begun in it yet: until then nothing is waited for to be on disk.
    is_new: bool,
    /// The number of this run.
    session: i64,
    /// Lines of the output.
    records: i64,
    /// How many settled URLs were never asked for, when that is not written yet: it changes with each, and counts once.
    unasked: Option<u64>,
    /// What was met and not read, likewise.
    unread: Option<Box<Unread>>,
    /// Which file this is: a path may come to name another one.
    identity: Option<Identity>,
}

/// Device and number of a file.
type Identity = (u64, u64);
