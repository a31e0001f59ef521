//! Sinks: where records go.

mod amend;
mod checkpoint;
mod jsonl;
mod line;
mod options;
mod record;
mod written;

pub use checkpoint::Checkpoint;
pub use jsonl::{Committed, JsonlFile, JsonlStream};
pub use line::RecordLine;
pub use options::Options;
pub use record::Record;
pub use written::{Lines, Written};

use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Result;

/// Something that takes the records of a crawl: a file, a pipe, a database.
///
/// # Contract
/// - The crawl calls a sink from one thread and never twice at once, so a sink may block; the crawl waits for it when
///   it is slower than the fetches.
/// - Records come in the order in which their URLs were settled, and each URL comes once.
/// - A sink that fails ends the crawl. What it has taken before and flushed must stay as it is.
/// - A record is written whole or not at all: a reader of the output never sees half of one, unless the operating
///   system itself is interrupted in the middle of one write.
/// - Dropping a sink loses what was not flushed; the crawl flushes before it ends.
/// - After each flush a crawl with a store asks how far the output is [durable](Sink::committed), and stores that in the
///   same transaction as the states of the URLs. When it is continued, the output is cut back to that length, so each
///   record is in it exactly once. A sink that cannot be cut back says so, and is written to at least once: what came
///   after the last transaction comes again.
pub trait Sink: Send {
    /// Takes one record. It may stay in a buffer until [`flush`](Sink::flush).
    fn write(&mut self, record: &Record) -> Result<()>;

    /// Makes everything that was written durable, as far as the sink can: a file has it on disk when this returns, a
    /// pipe has handed it over. The crawl asks for it a few times a second, and at its end.
    fn flush(&mut self) -> Result<()>;

    /// Which file is durable to which length since the last [`flush`](Sink::flush). `None`, the default, for what
    /// cannot be cut back to a length: a pipe, a device, a database.
    fn committed(&self) -> Option<Position> {
        None
    }

    /// Corrects the depth and the referrer of records that were written before, in two steps: this is the first.
    ///
    /// The depth of a page is the shortest path from a seed. A page may be fetched, and its record written, before a
    /// shorter path to it is known; the crawl tells at its end, once, which records that has happened to, in the order
    /// in which they were written.
    ///
    /// This step prepares the corrected output beside the one that is there, and makes it durable. The answer is its
    /// length, for the store: a crawl that is killed from here on finds either of the two, and can tell which.
    /// Nothing may be written until [`finish_amend`](Sink::finish_amend). `None` when there is nothing to finish.
    ///
    /// By default nothing is done: for sinks that cannot reach what they gave away, and whose records therefore hold
    /// the depth that was known when they were written.
    fn prepare_amend(&mut self, amendments: &mut dyn Iterator<Item = Result<Amendment>>) -> Result<Option<u64>> {
        let _ = amendments;
        Ok(None)
    }

    /// Puts what was [prepared](Sink::prepare_amend) in the place of the output, all at once, and makes that durable.
    /// Without anything prepared, nothing is done.
    fn finish_amend(&mut self) -> Result<()> {
        Ok(())
    }
}

/// The name of stdout as an output.
pub const STDOUT: &str = "-";

/// How far an output file is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The file: absolute, without links in it.
    pub path: PathBuf,
    /// So many bytes of it, which end with a whole record.
    pub length: u64,
}

/// A better depth for a record that was written before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amendment {
    /// Which record: its `url`.
    pub url: Arc<str>,
    /// The least number of links from a seed.
    pub depth: u32,
    /// The page on which the URL was found first at that depth; `None` for a seed.
    pub referrer: Option<Arc<str>>,
}
