//! Sinks: where records go.

mod amend;
mod jsonl;
mod options;
mod record;

pub use jsonl::{JsonlFile, JsonlStream};
pub use options::Options;
pub use record::Record;

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
pub trait Sink: Send {
    /// Takes one record. It may stay in a buffer until [`flush`](Sink::flush).
    fn write(&mut self, record: &Record) -> Result<()>;

    /// Makes everything that was written durable, as far as the sink can: a file has it on disk when this returns, a
    /// pipe has handed it over. The crawl asks for it a few times a second, and at its end.
    fn flush(&mut self) -> Result<()>;

    /// Corrects the depth and the referrer of records that were written before.
    ///
    /// The depth of a page is the shortest path from a seed. A page may be fetched, and its record written, before a
    /// shorter path to it is known; the crawl tells at its end, once, which records that has happened to. When it
    /// returns, the corrections are as durable as after a flush.
    ///
    /// By default nothing is done: for sinks that cannot reach what they gave away, and whose records therefore hold
    /// the depth that was known when they were written.
    fn amend(&mut self, amendments: &[Amendment]) -> Result<()> {
        let _ = amendments;
        Ok(())
    }
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
