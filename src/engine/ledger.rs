//! The ledger: outputs and store, written so that each commit is one step. It may block, and runs on the writer's thread.

use std::path::PathBuf;
use std::time::Instant;

use super::fail_point::fail_point;
use crate::crawl_dir::output_name;
use crate::error::Result;
use crate::frontier::{Change, Moved, Rows, Want};
use crate::observe::{FailedSeed, State};
use crate::politeness::SavedHost;
use crate::sink::{Amendment, Checkpoint, Position, Record, Sink};
use crate::sitemaps::SavedSitemap;
use crate::store::{Facts, Note, Store};
use crate::url::{CrawlUrl, HostKey};

/// One step of a crawl: what is in it is kept together, or not at all.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// The record of the URL that is settled.
    pub(super) record: Option<Box<Record>>,
    /// How many settled URLs were never asked for, with that one, when it is one more.
    pub(super) unasked: Option<u64>,
    /// What has changed in the frontier.
    pub(super) changes: Vec<Change>,
    /// What the frontier asks for.
    pub(super) wants: Vec<Want>,
    /// What politeness has learnt.
    pub(super) host_states: Vec<(HostKey, SavedHost)>,
    /// Sitemaps that were taken, or read.
    pub(super) sitemaps: Vec<(CrawlUrl, SavedSitemap)>,
    /// A seed leads to another place.
    pub(super) seed_redirect: Option<(CrawlUrl, CrawlUrl)>,
    /// Whether this has to be durable at once: what another process must not forget.
    pub(super) urgent: bool,
}

/// The outputs of a crawl, and its store.
pub(super) struct Ledger {
    pub(super) sinks: Vec<Box<dyn Sink>>,
    pub(super) store: Box<dyn Store>,
    /// The crawl directory, without links in its path: outputs in it are named from there, so that it can be moved. Empty
    /// when there is none.
    pub(super) dir: PathBuf,
    /// What the store says of the outputs.
    outputs: Vec<Position>,
    /// Answers that came with a commit within a step.
    answers: Vec<Rows>,
}

impl Ledger {
    pub(super) fn new(sinks: Vec<Box<dyn Sink>>, store: Box<dyn Store>, dir: PathBuf) -> Self {
        Self { sinks, store, dir, outputs: Vec::new(), answers: Vec::new() }
    }

    /// Takes a step; the answers to its wants, as far as they are here.
    pub(super) fn take(&mut self, step: Step) -> Result<Vec<Rows>> {
        if let Some(record) = &step.record {
            self.sinks.iter_mut().try_for_each(|sink| sink.write(record))?;
            fail_point("record-written");
        }
        let store = &mut self.store;
        store.apply(step.changes, step.record.as_deref().map(facts))?;
        if let Some(unasked) = step.unasked {
            store.keep(Note::Unasked(unasked))?;
        }
        for (host, saved) in step.host_states {
            store.keep(Note::Host(host, Box::new(saved)))?;
        }
        for (url, saved) in step.sitemaps {
            store.keep(Note::Sitemap(url, saved))?;
        }
        if let Some((from, to)) = step.seed_redirect {
            store.keep(Note::SeedRedirect { from, to })?;
        }
        fail_point("changes-applied");
        step.wants.into_iter().filter_map(|want| store.ask(want).transpose()).collect()
    }

    /// Makes all steps so far durable, as one; answers that have come with that.
    pub(super) fn commit(&mut self) -> Result<Vec<Rows>> {
        fail_point("before-flush");
        self.sinks.iter_mut().try_for_each(|sink| sink.flush())?;
        fail_point("before-commit");
        let positions: Vec<Position> = self.sinks.iter().filter_map(|sink| sink.committed()).collect();
        for Position { path, length } in positions.iter().filter(|position| !self.outputs.contains(position)) {
            self.store.keep(Note::Output(output_name(&self.dir, path), Checkpoint::length(*length)))?;
        }
        self.outputs = positions;
        self.answers.extend(self.store.commit(Instant::now())?.answers);
        fail_point("after-commit");
        Ok(std::mem::take(&mut self.answers))
    }

    /// Corrects the records of pages to which a shorter path was found after they were written. A kill in between leaves
    /// the old output or the new one, and the store can tell which.
    pub(super) fn amend(&mut self) -> Result<()> {
        // Before the question: a store may know no more than that.
        self.answers = self.commit()?;
        if self.store.moved(0)?.is_empty() {
            return Ok(());
        }
        let Self { sinks, store, dir, answers, .. } = self;
        for sink in sinks {
            let amended = sink.prepare_amend(&mut Amendments::of(&mut **store))?;
            fail_point("amend-prepared");
            if let (Some(amended), Some(Position { path, length })) = (amended, sink.committed()) {
                let checkpoint = Checkpoint::Length { committed: length, amended: Some(amended) };
                store.keep(Note::Output(output_name(dir, &path), checkpoint))?;
                answers.extend(store.commit(Instant::now())?.answers);
                fail_point("amend-committed");
            }
            sink.finish_amend()?;
            fail_point("amend-finished");
        }
        // What the store says is the length before: also when the new one is the same, it has to be said.
        self.outputs.clear();
        self.store.keep(Note::Corrected)
    }

    /// Says how the crawl has ended. Durable with the next commit.
    pub(super) fn end(&mut self, state: State, failed_seeds: Vec<FailedSeed>) -> Result<()> {
        self.store.keep(Note::RunEnds { state, failed_seeds })?;
        fail_point("end-noted");
        Ok(())
    }
}

/// The records that are out of date, as the store tells them: some at a time.
struct Amendments<'a> {
    store: &'a mut dyn Store,
    /// The last one that is asked for.
    after: u64,
    told: std::vec::IntoIter<(u64, Moved)>,
}

impl<'a> Amendments<'a> {
    fn of(store: &'a mut dyn Store) -> Self {
        Self { store, after: 0, told: Vec::new().into_iter() }
    }
}

impl Iterator for Amendments<'_> {
    type Item = Result<Amendment>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.told.as_slice().is_empty() {
            match self.store.moved(self.after) {
                Ok(moved) => self.told = moved.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
        let (record, moved) = self.told.next()?;
        self.after = record;
        Some(Ok(amendment(moved)))
    }
}

fn facts(record: &Record) -> Facts {
    Facts {
        attempts: record.attempts,
        status: record.status,
        error: record.error.as_ref().map(|failure| failure.kind),
        bytes: record.bytes,
    }
}

fn amendment(moved: Moved) -> Amendment {
    Amendment { url: moved.url, depth: moved.place.depth, referrer: moved.place.referrer }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("sinks", &self.sinks.len()).field("store", &self.store).finish_non_exhaustive()
    }
}
