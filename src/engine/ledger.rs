//! The ledger: outputs and store, written so that each commit is one step. It may block, and runs on the writer's thread.

use std::time::Duration;

use super::fail_point::fail_point;
use super::outputs::Output;
use super::said::Said;
use crate::error::Result;
use crate::exchange::LookedUp;
use crate::extracted::Health;
use crate::fetch::{Held, SavedCookies, SavedSeedName};
use crate::frontier::{Bucket, Changes, Moved, Rows, Want};
use crate::observe::{FailedSeed, State};
use crate::outcome::OutcomeKind;
use crate::politeness::SavedHost;
use crate::sink::{Amendment, Aside, Checkpoint, Record, Settled};
use crate::sitemaps::SavedSitemap;
use crate::store::{Facts, Note, Store};
use crate::trap::Trap;
use crate::unread::Unread;
use crate::url::{CrawlUrl, HostKey};

/// One step of a crawl: what is in it is kept together, or not at all.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// What names were found to stand for.
    pub(super) lookups: Vec<LookedUp>,
    /// Exchanges that settle nothing, before what is settled.
    pub(super) asides: Vec<Aside>,
    /// What outputs get of the URL that is settled.
    pub(super) settled: Option<Box<Settled>>,
    /// How many settled URLs were never asked for, with that one, when it is one more.
    pub(super) unasked: Option<u64>,
    /// What was met and not read so far, with that URL, when it has changed.
    pub(super) unread: Option<Unread>,
    /// The traps that are closed, with that URL, when one is closed for it.
    pub(super) traps: Option<Vec<Trap>>,
    /// What has changed in the frontier.
    pub(super) changes: Changes,
    /// What the frontier asks for.
    pub(super) wants: Vec<Want>,
    /// What politeness has learnt.
    pub(super) host_states: Vec<(HostKey, SavedHost)>,
    /// The cookies of sites that have others now.
    pub(super) cookies: Vec<SavedCookies>,
    /// What was learnt of the names of seeds.
    pub(super) seed_names: Vec<SavedSeedName>,
    /// Sitemaps that were taken, or read.
    pub(super) sitemaps: Vec<(CrawlUrl, SavedSitemap)>,
    /// A seed leads to another place.
    pub(super) seed_redirect: Option<(CrawlUrl, CrawlUrl)>,
    /// Buckets that were taken from others, and are here.
    pub(super) loaded: Vec<Bucket>,
    /// Buckets that are given away, with these changes.
    pub(super) given: Vec<Bucket>,
    /// What all of that takes in memory: given back with the step.
    pub(super) held: Option<Held>,
    /// Whether this has to be durable at once: what another process must not forget.
    pub(super) urgent: bool,
}

/// The outputs of a crawl, and its store.
pub(super) struct Ledger {
    outputs: Vec<Output>,
    store: Box<dyn Store>,
    /// What commits within a step have said.
    said: Said,
    /// What the rules have found in all that was settled; `None` when there are none.
    health: Option<Health>,
    /// Whether it is another than what was kept last.
    is_health_new: bool,
}

impl Ledger {
    pub(super) fn new(outputs: Vec<Output>, store: Box<dyn Store>) -> Self {
        Self { outputs, store, said: Said::default(), health: None, is_health_new: false }
    }

    /// The same ledger, which counts what the rules find.
    pub(super) fn counting(self, health: Option<Health>) -> Self {
        Self { health, ..self }
    }

    /// What the rules have found.
    pub(super) fn into_health(self) -> Option<Health> {
        self.health
    }

    /// Takes a step; the answers to its wants, as far as they are here.
    pub(super) fn take(&mut self, step: Step) -> Result<Vec<Rows>> {
        for lookup in &step.lookups {
            self.outputs.iter_mut().try_for_each(|output| output.sink.write_lookup(lookup))?;
        }
        for aside in &step.asides {
            self.outputs.iter_mut().try_for_each(|output| output.sink.write_aside(aside))?;
        }
        if let Some(settled) = &step.settled {
            self.outputs.iter_mut().try_for_each(|output| output.sink.write(settled))?;
            fail_point("record-written");
            self.count(settled);
        }
        let store = &mut self.store;
        let settled = step.settled.as_deref().map(|settled| facts(&settled.record));
        for (bucket, changes) in step.changes {
            store.apply(bucket, changes, settled)?;
        }
        if let Some(unasked) = step.unasked {
            store.keep(Note::Unasked(unasked))?;
        }
        if let Some(unread) = step.unread {
            store.keep(Note::Unread(Box::new(unread)))?;
        }
        if let Some(traps) = step.traps {
            store.keep(Note::Traps(traps))?;
        }
        for (host, saved) in step.host_states {
            store.keep(Note::Host(host, Box::new(saved)))?;
        }
        for cookies in step.cookies {
            store.keep(Note::Cookies(cookies))?;
        }
        for name in step.seed_names {
            store.keep(Note::SeedName(name))?;
        }
        for (url, saved) in step.sitemaps {
            store.keep(Note::Sitemap(url, saved))?;
        }
        if let Some((from, to)) = step.seed_redirect {
            store.keep(Note::SeedRedirect { from, to })?;
        }
        for bucket in step.loaded {
            store.loaded(bucket)?;
        }
        for bucket in step.given {
            store.give(bucket)?;
        }
        fail_point("changes-applied");
        let answers = step.wants.into_iter().filter_map(|want| store.ask(want).transpose()).collect();
        drop(step.held);
        answers
    }

    /// How often others wait for a sign of this process.
    pub(super) fn pulse(&self) -> Option<Duration> {
        self.store.pulse()
    }

    /// Gives that sign, when there is nothing to be made durable.
    pub(super) fn beat(&mut self) -> Result<Said> {
        Said::committing(&mut *self.store)
    }

    /// Says that this process has nothing left to do, or has.
    pub(super) fn rest(&mut self, is_idle: bool) {
        self.store.rest(is_idle);
    }

    /// Says whether there is no room for more letters.
    pub(super) fn hold_mail(&mut self, is_full: bool) {
        self.store.hold_mail(is_full);
    }

    /// Makes all steps so far durable, as one; what was said with that.
    pub(super) fn commit(&mut self) -> Result<Said> {
        fail_point("before-flush");
        // All of them before anything of the store: it may know of nothing that is not durable.
        let flushed = self.outputs.iter_mut().map(|output| output.sink.flush()).collect::<Result<Vec<_>>>();
        if flushed.is_err() {
            // When what it lies in has gone too, that is what is worth telling.
            self.store.check_place()?;
        }
        let flushed = flushed?;
        fail_point("before-commit");
        for (output, checkpoint) in self.outputs.iter_mut().zip(flushed) {
            keep(&mut *self.store, output, checkpoint)?;
            for (name, checkpoint) in output.sink.take_files() {
                self.store.keep(Note::Output(name, checkpoint))?;
            }
        }
        if let (Some(health), true) = (&self.health, std::mem::take(&mut self.is_health_new)) {
            self.store.keep(Note::Rules(Box::new(health.clone())))?;
        }
        self.said.add(Said::committing(&mut *self.store)?);
        fail_point("after-commit");
        Ok(std::mem::take(&mut self.said))
    }

    /// Corrects the records of pages to which a shorter path was found after they were written. A kill in between leaves
    /// the old output or the new one, and the store can tell which.
    pub(super) fn amend(&mut self) -> Result<()> {
        // Before the question: a store may know no more than that.
        self.said = self.commit()?;
        if self.store.moved(0)?.is_empty() {
            return Ok(());
        }
        let Self { outputs, store, said, .. } = self;
        // All are prepared before any is replaced, and the store learns of it at once: a run that finds one of them
        // prepared knows that of all, and that no record is out of date once they are in their places.
        for output in outputs.iter_mut() {
            let prepared = output.sink.prepare_amend(&mut Amendments::of(&mut **store))?;
            keep(&mut **store, output, prepared)?;
        }
        fail_point("amend-prepared");
        said.add(Said::committing(&mut **store)?);
        fail_point("amend-committed");
        for output in outputs {
            output.sink.finish_amend()?;
            // What the store says is the length before: also when the new one is the same, it has to be said.
            output.kept = None;
        }
        fail_point("amend-finished");
        store.keep(Note::Corrected)
    }

    fn count(&mut self, settled: &Settled) {
        let Settled { record, items, findings, .. } = settled;
        if let (Some(health), OutcomeKind::Ok) = (&mut self.health, record.outcome) {
            health.take(&record.url, findings.as_ref(), items);
            self.is_health_new = true;
        }
    }

    /// Says how the crawl has ended. Durable with the next commit.
    pub(super) fn end(&mut self, state: State, failed_seeds: Vec<FailedSeed>) -> Result<()> {
        self.store.keep(Note::RunEnds { state, failed_seeds })?;
        fail_point("end-noted");
        Ok(())
    }
}

/// Keeps the checkpoint of an output, when it is another than before.
fn keep(store: &mut dyn Store, output: &mut Output, checkpoint: Option<Checkpoint>) -> Result<()> {
    if let (Some(name), Some(checkpoint)) = (&output.name, checkpoint)
        && output.kept.as_ref() != Some(&checkpoint)
    {
        store.keep(Note::Output(name.clone(), checkpoint.clone()))?;
        output.kept = Some(checkpoint);
    }
    Ok(())
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
    Amendment::new(moved.url, moved.place.depth, moved.place.referrer)
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("outputs", &self.outputs).field("store", &self.store).finish_non_exhaustive()
    }
}
