//! The ledger: outputs and store, written so that each commit is one step. It may block, and runs on the writer's thread.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::fail_point::fail_point;
use crate::error::{Error, Result};
use crate::frontier::store::{Facts, Store};
use crate::frontier::{Change, Moved, Rows, Want};
use crate::observe::{FailedSeed, State};
use crate::politeness::SavedHost;
use crate::sink::{Amendment, Position, Record, Sink};
use crate::sitemaps::SavedSitemap;
use crate::url::{CrawlUrl, HostKey};
use crate::wall_clock::WallClock;

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

/// The outputs of a crawl, and its store if it has one.
pub(super) struct Ledger {
    pub(super) sinks: Vec<Box<dyn Sink>>,
    pub(super) durable: Option<Durable>,
}

/// What makes a crawl one that can go on.
#[derive(Debug)]
pub(super) struct Durable {
    pub(super) store: Store,
    /// The crawl directory, without links in its path: outputs in it are named from there, so that it can be moved.
    pub(super) dir: PathBuf,
    pub(super) clock: WallClock,
    /// What the store says of the outputs.
    pub(super) outputs: Vec<Position>,
    /// How many settled URLs were never asked for, if that is more than the store says. Written with the next commit: a
    /// host that is given up may have a million of them, and all settings share a table with one of many megabytes.
    pub(super) unasked: Option<u64>,
}

impl Ledger {
    /// Takes a step; the answers to its wants.
    pub(super) fn take(&mut self, step: Step) -> Result<Vec<Rows>> {
        if let Some(record) = &step.record {
            self.sinks.iter_mut().try_for_each(|sink| sink.write(record))?;
            fail_point("record-written");
        }
        let Some(Durable { store, clock, unasked, .. }) = &mut self.durable else { return Ok(Vec::new()) };
        let facts = step.record.as_deref().map(facts);
        store.apply(&step.changes, facts.as_ref(), clock)?;
        *unasked = step.unasked.or(*unasked);
        for (host, saved) in &step.host_states {
            store.keep_manners(host, &json(saved)?)?;
        }
        for (url, saved) in &step.sitemaps {
            store.keep_sitemap(url, &json(saved)?)?;
        }
        if let Some((url, target)) = &step.seed_redirect {
            store.keep_seed_redirect(url.as_str(), target.as_str())?;
        }
        fail_point("changes-applied");
        step.wants.into_iter().map(|want| store.rows(want)).collect()
    }

    /// Makes all steps so far durable, as one.
    pub(super) fn commit(&mut self) -> Result<()> {
        fail_point("before-flush");
        self.sinks.iter_mut().try_for_each(|sink| sink.flush())?;
        fail_point("before-commit");
        let Some(durable) = &mut self.durable else { return Ok(()) };
        let positions: Vec<Position> = self.sinks.iter().filter_map(|sink| sink.committed()).collect();
        for Position { path, length } in positions.iter().filter(|position| !durable.outputs.contains(position)) {
            durable.store.keep_output(&name(&durable.dir, path), *length, None)?;
        }
        durable.outputs = positions;
        durable.commit()?;
        fail_point("after-commit");
        Ok(())
    }

    /// Corrects the records of pages to which a shorter path was found after they were written: `moved` when there is no
    /// store that knows them. A kill in between leaves the old output or the new one, and the store can tell which.
    pub(super) fn amend(&mut self, moved: &[Moved]) -> Result<()> {
        let Some(Durable { store, .. }) = &self.durable else {
            for sink in &mut self.sinks {
                sink.prepare_amend(&mut moved.iter().cloned().map(amendment).map(Ok))?;
                sink.finish_amend()?;
            }
            return Ok(());
        };
        if !store.has_moved()? {
            return Ok(());
        }
        self.commit()?;
        let Self { sinks, durable: Some(durable) } = self else { return Ok(()) };
        for sink in sinks.iter_mut() {
            let prepare = |moved: &mut dyn Iterator<Item = Result<Moved>>| {
                sink.prepare_amend(&mut moved.map(|moved| moved.map(amendment)))
            };
            let amended = durable.store.with_moved(prepare)?;
            fail_point("amend-prepared");
            if let (Some(amended), Some(Position { path, length })) = (amended, sink.committed()) {
                durable.store.keep_output(&name(&durable.dir, &path), length, Some(amended))?;
                durable.commit()?;
                fail_point("amend-committed");
            }
            sink.finish_amend()?;
            fail_point("amend-finished");
        }
        // What the store says is the length before: also when the new one is the same, it has to be said.
        durable.outputs.clear();
        durable.store.forget_moved()
    }

    /// Says how the crawl has ended. Durable with the next commit.
    pub(super) fn end(&mut self, state: State, failed_seeds: &[FailedSeed]) -> Result<()> {
        if let Some(Durable { store, .. }) = &mut self.durable {
            store.keep_setting(FAILED_SEEDS, &json(failed_seeds)?)?;
            store.end_session(state.name())?;
        }
        fail_point("end-noted");
        Ok(())
    }
}

impl Durable {
    fn commit(&mut self) -> Result<()> {
        if let Some(unasked) = self.unasked.take() {
            self.store.keep_setting(UNASKED, &unasked.to_string())?;
        }
        self.store.commit(&self.clock, Instant::now())
    }
}

/// The name of an output in the store.
pub(super) fn name(dir: &Path, path: &Path) -> String {
    path.strip_prefix(dir).unwrap_or(path).display().to_string()
}

fn json(value: &(impl Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))
}

fn facts(record: &Record) -> Facts {
    Facts {
        attempts: record.attempts,
        status: record.status,
        error: record.error.as_ref().map(|failure| failure.kind.name()),
        bytes: record.bytes,
    }
}

fn amendment(moved: Moved) -> Amendment {
    Amendment { url: moved.url, depth: moved.place.depth, referrer: moved.place.referrer }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("sinks", &self.sinks.len()).field("durable", &self.durable).finish()
    }
}

/// The setting that holds how many settled URLs were never asked for.
pub(super) const UNASKED: &str = "unasked";
/// The setting that holds why no page came of the seeds.
pub(super) const FAILED_SEEDS: &str = "failed_seeds";
