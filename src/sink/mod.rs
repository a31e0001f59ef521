//! Sinks: where records go.

mod amend;
mod archive;
mod aside;
mod checkpoint;
pub mod csv;
mod durable_file;
mod items;
mod json_line;
mod jsonl;
mod left;
mod line;
mod options;
mod record;
mod settled;
mod summed;
mod survey;
mod written;

pub use crate::for_update::{Carried, ForUpdate};
pub use crate::page::LinkDetail;
pub(crate) use archive::BODIES;
pub use archive::{ARCHIVE, Archive, ArchiveNames, ArchiveSettings, NamePart};
pub use aside::Aside;
pub use checkpoint::Checkpoint;
pub use items::ItemsFile;
pub use jsonl::{JsonlFile, JsonlStream};
pub use left::{Comparison, Left, Rest, put_aside};
pub use line::RecordLine;
pub use options::{ItemFormat, Options};
pub use record::Record;
pub use settled::Settled;
pub use survey::SurveyFile;
pub use written::{Lines, Written};

use std::sync::Arc;

use crate::error::Result;
use crate::exchange::LookedUp;

/// Something that takes what a crawl has settled: a file, a pipe, a database.
///
/// # Contract
/// - The crawl calls a sink from one thread and never twice at once, so a sink may block; the crawl waits for it when
///   it is slower than the fetches.
/// - What was settled comes in that order, and each URL comes once.
/// - A sink that fails ends the crawl. What it has taken before and flushed must stay as it is.
/// - A record is written whole or not at all: a reader of the output never sees half of one, unless the operating
///   system itself is interrupted in the middle of one write.
/// - Dropping a sink loses what was not flushed; the crawl flushes before it ends.
/// - A sink answers each flush with its [`Checkpoint`]. A crawl with a store keeps that of each of its outputs in the
///   same transaction as the states of the URLs. When it is continued, the output is cut back to it, so each record is
///   in it exactly once. A sink that cannot be cut back has none, and is written to at least once: what came after the
///   last transaction comes again.
pub trait Sink: Send {
    /// Whether this sink needs the [exchange](crate::exchange::Exchange) of what is settled. The crawl asks once, when it
    /// starts: bodies are then kept as they were received too, which costs a copy of each one that is encoded. Default:
    /// no, and nothing is kept.
    fn wants_exchange(&self) -> bool {
        false
    }

    /// Takes what was settled. It may stay in a buffer until [`flush`](Sink::flush).
    fn write(&mut self, settled: &Settled) -> Result<()>;

    /// Takes an exchange that settles no page, in the order in which it ended among those that do. Only a sink that
    /// [wants exchanges](Sink::wants_exchange) is asked. Default: it is left out.
    fn write_aside(&mut self, aside: &Aside) -> Result<()> {
        let _ = aside;
        Ok(())
    }

    /// Makes everything that was written durable, as far as the sink can: a file has it on disk when this returns, a
    /// pipe has handed it over. The crawl asks for it a few times a second, and at its end. The answer is how far the
    /// output is durable now; `None` for what cannot be cut back: a pipe, a device, a database.
    ///
    /// # Errors
    /// Also when somebody else has taken the output away: what is settled must not be lost in silence.
    fn flush(&mut self) -> Result<Option<Checkpoint>>;

    /// Takes what a name was found to stand for. Only a sink that [wants exchanges](Sink::wants_exchange) is asked, and a
    /// name comes with each connection that is made. Default: it is left out.
    fn write_lookup(&mut self, lookup: &LookedUp) -> Result<()> {
        let _ = lookup;
        Ok(())
    }

    /// Of a sink of several files: those whose checkpoints have changed with the last [`flush`](Sink::flush), each by its
    /// path from the crawl directory. The crawl keeps them as it keeps the checkpoint of any output. Default: none.
    fn take_files(&mut self) -> Vec<(String, Checkpoint)> {
        Vec::new()
    }

    /// Corrects the depth and the referrer of records that were written before, in two steps: this is the first.
    ///
    /// The depth of a page is the shortest path from a seed. A page may be fetched, and its record written, before a
    /// shorter path to it is known; the crawl tells at its end, once, which records that has happened to, in the order
    /// in which they were written.
    ///
    /// This step prepares the corrected output beside the one that is there, and makes it durable. The answer is the
    /// checkpoint of both, for the store: a crawl that is killed from here on finds either of the two, and can tell
    /// which. Nothing may be written until [`finish_amend`](Sink::finish_amend). `None` when there is nothing to finish.
    ///
    /// By default nothing is done: for sinks that cannot reach what they gave away, and whose records therefore hold
    /// the depth that was known when they were written.
    fn prepare_amend(&mut self, amendments: &mut dyn Iterator<Item = Result<Amendment>>) -> Result<Option<Checkpoint>> {
        let _ = amendments;
        Ok(None)
    }

    /// Puts what was [prepared](Sink::prepare_amend) in the place of the output, all at once, and makes that durable.
    /// Without anything prepared, nothing is done.
    fn finish_amend(&mut self) -> Result<()> {
        Ok(())
    }
}

/// A better depth for a record that was written before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Amendment {
    /// Which record: its `url`.
    pub url: Arc<str>,
    /// The least number of links from a seed.
    pub depth: u32,
    /// The page on which the URL was found first at that depth; `None` for a seed.
    pub referrer: Option<Arc<str>>,
}

/// What becomes of one record when an output is written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edit {
    /// It is left out: its page is asked for again.
    Drop,
    /// It gets a better depth.
    Amend(Amendment),
}

impl Amendment {
    /// An amendment of the record of this URL.
    pub fn new(url: Arc<str>, depth: u32, referrer: Option<Arc<str>>) -> Self {
        Self { url, depth, referrer }
    }
}

/// What stdout is called where a file could be named.
pub const STDOUT: &str = "-";
