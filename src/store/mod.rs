//! The store: everything that a crawl knows, so that it can go on after any end, and the answers to what the frontier
//! wants.

mod arena;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod code;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
pub(crate) mod copy;
mod counts;
mod edges;
pub(crate) mod file;
mod kept_record;
mod memory;
mod node_file;
mod note;
#[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "only a database has nodes"))]
mod overview;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod setting;
mod shared;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

pub(crate) use counts::Counts;
pub(crate) use kept_record::KeptRecord;
pub use memory::Memory;
#[cfg(test)]
pub(crate) use memory::shared::World;
pub(crate) use node_file::{NODE, NodeFile};
pub use note::Note;
pub(crate) use note::{Notes, RunSettings, Session};
pub(crate) use overview::{NodeOverview, Overview, Standing};
pub use shared::{BucketNotes, Loader, Member, MemberChange, News, Share};

use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::frontier::{Bucket, Change, Mail, Moved, Restore, Rows, Want};
use crate::outcome::FailureKind;
use crate::wall_clock::WallClock;

/// What keeps a crawl: the URLs with their texts and edges, and [notes](Note) of all else that the next start has to know.
///
/// The frontier decides, a store remembers. It belongs to one thread, which may be blocked by it: the dispatcher never
/// waits for it.
///
/// # Contract for implementers
/// - **One step, one commit.** All that was [applied](Self::apply) and [kept](Self::keep) since the last
///   [`commit`](Self::commit) becomes durable with the next one, together or not at all; the checkpoints of the outputs
///   are among it. Before a commit has answered, nothing of it has to be anywhere but in memory: an implementation may
///   collect it and send it as one batch, and send that again when the answer was lost. So what is handed over is handed
///   over for good.
/// - **Buckets.** URLs and hosts are numbered in their [`Bucket`], from 0 in each: what is applied, asked and restored is of
///   one. A store may know [the first one](Bucket::FIRST) only.
/// - **Order.** Changes of a bucket are applied in their order. Of notes that say something of the same thing the last one holds.
/// - **Every want is answered once**, in the order in which the wants were asked: at once, or with a later commit. The
///   answer knows at least what was applied before the question.
/// - **Letters** wait until they are [read](Change::Read), which is applied in the same step as their effect. Those to a bucket
///   that was restored come with a commit, each once; whoever restores the bucket anew gets those again that are still there.
/// - **What is given back is what was committed.** [`restore`](Self::restore) gives every host and every URL of a bucket once, by
///   their numbers, and [`recall`](Self::recall) all notes. What was in flight is pending: a lease that a process took with it
///   into its end was never given.
/// - **No file, no one process is presumed.** Who opens a store says where it is; these methods do not. A store that others
///   write to as well gives back what is for this process to go on with.
/// - **Errors end the crawl.** What may pass, such as a lost connection, an implementation waits for itself.
///   [`Error::Damaged`](crate::error::Error::Damaged) is for what makes no sense; [`Restore`] complains so too, and a store
///   adds where that is.
pub trait Store: fmt::Debug + Send {
    /// The clock by which times are kept beyond the end of the process.
    fn clock(&self) -> WallClock;

    /// How the crawl is split, and which buckets are this process's as it starts. What it takes later, and what it is to give
    /// away, comes with commits.
    fn share(&self) -> Share {
        Share::whole()
    }

    /// All notes of earlier runs: those of the crawl and of this process, and what is kept about the hosts of the buckets that are
    /// its [share](Self::share). Called once, before anything is applied or kept.
    fn recall(&mut self) -> Result<Notes>;

    /// Gives back what earlier runs have found of a bucket, first the hosts and then the URLs; what their records come to is
    /// the answer. Called before anything of the bucket is applied.
    fn restore(&mut self, bucket: Bucket, to: &mut Restore<'_>) -> Result<Counts>;

    /// Takes the changes of one operation of the frontier in one bucket. `settled` says what the record says of the URL that
    /// was settled by it: there is one when there is such a change, and never more than one in all buckets.
    fn apply(&mut self, bucket: Bucket, changes: Vec<Change>, settled: Option<Facts>) -> Result<()>;

    /// Takes a note for the next start.
    fn keep(&mut self, note: Note) -> Result<()>;

    /// Asks for what the frontier wants. The answer is here, or comes with a later [`commit`](Self::commit).
    fn ask(&mut self, want: Want) -> Result<Option<Rows>>;

    /// Records that are out of date: the next ones after the record with this number, in the order of the records, each
    /// with its number, counted from 1. As many as are handy at a time; none when there are no more. Only asked when
    /// everything is committed: what was applied since then need not be known.
    fn moved(&mut self, after: u64) -> Result<Vec<(u64, Moved)>>;

    /// What is kept of the record with a number, counted from 1. `None` when there is none.
    ///
    /// This and the next two are for the outputs of a crawl that goes on, and only asked before [`restore`](Self::restore).
    /// A store that no later process opens has nothing to say.
    fn record(&self, number: u64) -> Result<Option<KeptRecord>> {
        let _ = number;
        Ok(None)
    }

    /// Gives what is kept of each record to somebody, in the order of the outputs, until that one has seen enough.
    fn records(&self, each: &mut dyn FnMut(KeptRecord) -> Result<ControlFlow<()>>) -> Result<()> {
        let _ = each;
        Ok(())
    }

    /// Makes pending again whatever has a record with a greater number than this: as if its page had never been asked
    /// for. What it led to stays known. Durable with the next commit.
    fn ask_again(&mut self, after: u64) -> Result<()> {
        let _ = after;
        Ok(())
    }

    /// Makes pending again what has these records, by their numbers, counted from 1, in their order: as if its page had never
    /// been asked for. What it led to stays known. The records that stay keep their order, and are numbered anew. Durable
    /// with the next commit.
    fn forget(&mut self, records: &[u64]) -> Result<()> {
        let _ = records;
        Ok(())
    }

    /// Whether what is committed is still there for a later process, as far as that can be told at once.
    fn check_place(&self) -> Result<()> {
        Ok(())
    }

    /// How often [`commit`](Self::commit) has to be called at least, also without anything new: there are others who write, and who
    /// wait for a sign of this process. `None` where there are none.
    fn pulse(&self) -> Option<Duration> {
        None
    }

    /// Something that reads buckets back which a commit has [taken](News::Took), with a way of its own to what is kept.
    fn loader(&self) -> Result<Box<dyn Loader>> {
        Err(Error::Internal("a store of one process takes no bucket".to_owned()))
    }

    /// A bucket that was taken is here: from the next commit on its letters come.
    fn loaded(&mut self, bucket: Bucket) -> Result<()> {
        Err(Error::Internal(format!("a store of one process has not taken bucket {bucket}")))
    }

    /// Gives a bucket away, in the next commit, with the last changes of it that were applied. Nothing of it is applied or asked after.
    fn give(&mut self, bucket: Bucket) -> Result<()> {
        Err(Error::Internal(format!("a store of one process cannot give bucket {bucket} away")))
    }

    /// Says whether there is nothing left to do in this process but to hear of others: then commits look whether that is so
    /// everywhere, and [the crawl is over](News::Over). It holds until the other is said, or a commit says something; `true` is only
    /// said once all letters and news of earlier commits have had their effects. So the crawl is over when all nodes have said it
    /// since the last seed redirect, and nothing is open and no letter waits.
    fn rest(&mut self, is_idle: bool) {
        let _ = is_idle;
    }

    /// Says whether there is no room for more letters: then none come with commits. It holds until the other is said.
    fn hold_mail(&mut self, is_full: bool) {
        let _ = is_full;
    }

    /// Says that the run which was to begin does not: what this process has of the crawl is for others at once. What goes wrong
    /// with that only lets them wait, as after a kill.
    fn withdraw(&mut self) {}

    /// Makes everything since the last commit durable, all of it or nothing. Without anything new it may do nothing.
    fn commit(&mut self, now: Instant) -> Result<Committed>;
}

/// What a commit answers.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Committed {
    /// Answers to wants that could not be answered at once, in the order of the questions.
    pub answers: Vec<Rows>,
    /// Letters to buckets that were [restored](Store::restore) and not given out since, in any order.
    pub mail: Vec<Mail>,
    /// What is new beside that. Nothing before a run [begins](Note::RunBegins).
    pub news: Vec<News>,
    /// Until when the hosts of its buckets may be asked by this process, by its monotonic clock. `None` where that is for good.
    pub valid_until: Option<Instant>,
}

/// What a record says about a URL that is settled, as far as a store keeps it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts {
    /// How often it was tried.
    pub attempts: u32,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The kind of error.
    pub error: Option<FailureKind>,
    /// The decoded length of the body.
    pub bytes: Option<u64>,
}

#[cfg(test)]
mod pair;
#[cfg(test)]
mod tests;
