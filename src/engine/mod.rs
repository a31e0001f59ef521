//! The engine: puts the stages together and runs them. The only place that spawns tasks or owns channels.

mod answered;
mod asked_again;
mod bucket_rules;
mod builder;
mod carry;
mod clock;
mod descriptors;
mod dispatcher;
mod extraction;
mod fail_point;
mod freshness;
mod head_says;
mod judge;
mod ledger;
mod loading;
mod lost_records;
mod open_store;
mod outputs;
mod page_client;
mod page_links;
mod page_look;
mod page_read;
mod page_report;
mod plan;
mod proxies;
mod reporter;
mod resume;
mod retry_failed;
mod robots_client;
mod rule_health;
mod said;
mod said_in_head;
mod same_crawl;
mod seed_places;
mod settled_stream;
mod shutdown;
mod site_look;
mod tally;
mod tenure;
mod tenured;
mod updating;
mod worker;
mod writer;

pub use builder::CrawlBuilder;
pub(crate) use page_client::{PageClient, Subject};
pub(crate) use page_report::{PageReport, ReadAs, Selected};
pub(crate) use robots_client::{RobotsClient, RobotsFile, RobotsSource};
pub use settled_stream::{Given, ItemStream, Records, SettledStream};
pub use shutdown::Stopper;
pub(crate) use site_look::{SitePlan, Verdicted};

use std::fmt;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::crawl_dir::CrawlDir;
use crate::error::{Error, Result};
use crate::observe::{Observer, State, Stats, Summary, counted};
use crate::sink::Sink;
use crate::store::Store;
use dispatcher::End;
use fail_point::fail_point;
use ledger::Ledger;
use outputs::{Opened, Output};
use reporter::Reporter;
use resume::Resume;
use updating::{Told, Updating};
use writer::Writer;

/// One crawl, ready to run.
///
/// ```no_run
/// use crawler::Crawl;
///
/// # async fn run() -> crawler::error::Result<()> {
/// let summary = Crawl::builder().seed("https://example.com/").depth(2).build()?.run().await?;
/// println!("{} pages", summary.records);
/// # Ok(())
/// # }
/// ```
pub struct Crawl {
    /// Boxed, as all that a crawl knows is in it: futures that hold a crawl stay small.
    resume: Box<Resume>,
    store: Box<dyn Store>,
    opened: Option<Opened>,
    sinks: Vec<Box<dyn Sink>>,
    observers: Vec<Box<dyn Observer>>,
    stopper: Stopper,
    stats: Arc<Stats>,
    /// What this crawl is to take the place of; `None` when it is no update.
    updating: Option<Updating>,
    /// The update that is in its place already, and what it came to: then nothing is asked for.
    over: Option<(CrawlDir, Box<Summary>)>,
    told: Told,
}

impl Crawl {
    /// A crawl with the default settings and no seed yet.
    pub fn builder() -> CrawlBuilder {
        CrawlBuilder::default()
    }

    /// A handle that stops the crawl while it runs.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// The numbers of the crawl, for looking at them while it runs.
    pub fn stats(&self) -> Arc<Stats> {
        Arc::clone(&self.stats)
    }

    /// Runs to the end and tells what it came to. Needs a tokio runtime with time and I/O.
    ///
    /// # Errors
    /// The crawl cannot go on: a sink has failed. What goes wrong with single URLs is in their records.
    ///
    /// # Cancel safety
    /// Dropping the future stops the crawl at once. Records that were handed to the sinks are still written.
    pub async fn run(self) -> Result<Summary> {
        let Self { mut resume, store, opened, sinks, observers, stopper, stats, updating, over, told } = self;
        if let Some((dir, summary)) = over {
            tracing::info!(
                "the update was in its place in {} already, and was cut off before it could say what has changed",
                dir.path().display()
            );
            told.note(dir.path())?;
            return Ok(*summary);
        }
        let (started, before, retries) = (Instant::now(), resume.before(), resume.retries_failed());
        let rules = resume.url_rules();
        let mut outputs = Vec::new();
        let home = opened.map(|opened| {
            outputs = opened.outputs;
            (opened.dir, opened.records)
        });
        outputs.extend(sinks.into_iter().map(Output::unnamed));
        resume.keep_exchanges(outputs.iter().any(|output| output.sink.wants_exchange()));
        let ledger = Ledger::new(outputs, store).counting(resume.health());
        let writer = Writer::start(ledger, resume.take_said(), Arc::clone(&stats))?;
        let start = |observer| Reporter::start(observer, Arc::clone(&stats));
        let reporters = observers.into_iter().map(start).collect::<Result<Vec<_>>>()?;
        let dispatcher = resume.dispatcher(writer, stats, started.into_std())?;
        if let Some((dir, _)) = home.as_ref().filter(|_| before.is_any) {
            tracing::info!("{}", dispatcher.goes_on(dir.path()));
        }
        // All of the crawl's state is in it: boxed, it is not moved with each future around it.
        let end = Box::pin(dispatcher.run(stopper.watch())).await;
        drop(reporters);
        let End { state, accounts, is_fruitless, hosts, tally, seeds, traps, health } = end?;
        let started_at = before.started_at.unwrap_or_else(|| jiff::Timestamp::now() - started.elapsed());
        let elapsed = before.elapsed + started.elapsed();
        if retries && tally.failed() > 0 {
            let failed = counted(tally.failed(), "page has", "pages have");
            tracing::warn!("{failed} failed again; --retry-failed asks for them once more");
        }
        let mut summary = tally.summary(state, accounts, started_at, elapsed, &hosts);
        summary.traps = traps;
        // An update is whole when a limit has ended it, too.
        let is_whole = state == State::Complete || state == State::Limit && updating.is_some();
        if is_whole && is_fruitless {
            summary.failed_seeds = seeds.into_failed(state);
        }
        if let Some(health) = health {
            rule_health::close(home.as_ref().map(|(dir, _)| dir), health, &mut summary)?;
        }
        if let Some((dir, output)) = home {
            fail_point("before-summary");
            let place = updating.as_ref().map_or(dir.path(), Updating::dir).to_owned();
            match updating {
                Some(updating) => updating.close(dir, &mut summary).await?,
                None => updating::close_in_place((dir, output), rules, &mut summary).await?,
            }
            fail_point("summary-written");
            if summary.state != State::Stopped {
                told.note(&place)?;
            }
        }
        Ok(summary)
    }

    /// Runs to the same end as [`run`](Self::run), as a task of its own.
    ///
    /// On a runtime with several threads this is the cheaper way: whichever thread has an answer goes on with it, where a
    /// future that is awaited in `block_on` has to be woken on its own thread, by a system call for each answer.
    ///
    /// # Errors
    /// As `run`.
    ///
    /// # Panics
    /// As `run`, which never should.
    ///
    /// # Cancel safety
    /// Dropping the future stops the crawl, but not before the task is at its next await: the crawl directory is locked
    /// a moment longer.
    pub async fn run_as_task(self) -> Result<Summary> {
        let mut task = JoinSet::new();
        task.spawn(self.run());
        match task.join_next().await {
            Some(Ok(end)) => end,
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            _ => Err(Error::Internal("the crawl was stopped by its runtime".to_owned())),
        }
    }

    /// Runs as a stream of records. The crawl goes on only while the stream is polled, and stops when it is dropped.
    pub fn records(self) -> Records {
        Records::new(self)
    }

    /// Runs as a stream of the items that its rules take out of pages. The crawl goes on only while the stream is polled,
    /// and stops when it is dropped.
    pub fn items(self) -> ItemStream {
        ItemStream::new(self)
    }
}

impl fmt::Debug for Crawl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crawl").field("resume", &self.resume).finish_non_exhaustive()
    }
}
