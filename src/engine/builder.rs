//! The builder: from settings, own stages and sinks to a crawl that can run.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Crawl;
use super::outputs::{Opened, Outputs};
use super::plan::Plan;
use super::resume::Resume;
use super::shutdown::Stopper;
use super::updating::{Beginning, Told, Updating};
use crate::config::Config;
use crate::crawl_dir::CrawlDir;
use crate::error::{Error, Result};
use crate::extract::{Extract, Follow, Items};
use crate::fetch::Fetch;
use crate::observe::{Observer, Stats};
use crate::sink::Sink;
#[cfg(test)]
use crate::store::Store;
use crate::units::Limit;

/// Puts a crawl together. What is not set has the default of [`Config`].
#[derive(Default)]
pub struct CrawlBuilder {
    config: Config,
    fetch: Option<Arc<dyn Fetch>>,
    sinks: Vec<Box<dyn Sink>>,
    observers: Vec<Box<dyn Observer>>,
    dir: Option<CrawlDir>,
    descriptors: Option<usize>,
    outputs: Vec<PathBuf>,
    retry_failed: bool,
    update: bool,
    told: Told,
    #[cfg(test)]
    store: Option<Box<dyn Store>>,
}

impl CrawlBuilder {
    /// Takes all settings at once, instead of those that were set so far.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Adds a seed: a URL, or a folder that holds a static site.
    #[must_use]
    pub fn seed(mut self, seed: impl Into<String>) -> Self {
        self.config.seeds.push(seed.into());
        self
    }

    /// How many links away from a seed pages are taken. Default: no limit.
    #[must_use]
    pub fn depth(mut self, depth: u32) -> Self {
        self.config.depth = Limit(Some(depth.into()));
        self
    }

    /// How many pages are requested, exactly, when there are so many. Default: no limit.
    #[must_use]
    pub fn max_pages(mut self, pages: u64) -> Self {
        self.config.max_pages = Limit(Some(pages));
        self
    }

    /// Requests in flight over all hosts. Default: 64.
    #[must_use]
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.config.concurrency = requests;
        self
    }

    /// Puts what these rules take out of a page into the `fields` of its record. Default: nothing.
    #[must_use]
    pub fn extract(mut self, table: Extract) -> Self {
        self.config.extract.push(table);
        self
    }

    /// Takes items out of pages as well: for [`Crawl::items`], for sinks, and for files in the [directory](Self::dir).
    /// Default: none.
    #[must_use]
    pub fn items(mut self, table: Items) -> Self {
        self.config.items.push(table);
        self
    }

    /// Follows only these links of the pages that the rule is for. Default: all.
    #[must_use]
    pub fn follow(mut self, table: Follow) -> Self {
        self.config.follow.push(table);
        self
    }

    /// Asks this instead of the network. Politeness, scope and limits stay as they are.
    #[must_use]
    pub fn fetch(mut self, fetch: impl Fetch + 'static) -> Self {
        self.fetch = Some(Arc::new(fetch));
        self
    }

    /// Adds a place where records go, at least once: no later run goes on with it. Default: none, for use with
    /// [`Crawl::records`].
    #[must_use]
    pub fn sink(mut self, sink: impl Sink + 'static) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// How many file descriptors the crawl may take: connections, outputs, and all else that it opens. With fewer than
    /// its concurrency needs, fewer requests are in flight, and fewer connections are kept. Default: no bound; when the
    /// system refuses one all the same, the crawl goes on with fewer requests at once.
    #[must_use]
    pub fn file_descriptors(mut self, free: usize) -> Self {
        self.descriptors = Some(free);
        self
    }

    /// Lets one more look at the crawl while it runs. Default: nobody.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Crawls into a directory: records go to the output of the settings, a summary beside them, and unless the settings
    /// say otherwise a store makes the crawl durable. When the directory holds a crawl of the same seeds, it goes on.
    ///
    /// Default: none. Then nothing is kept but what sinks keep.
    #[must_use]
    pub fn dir(mut self, dir: CrawlDir) -> Self {
        self.dir = Some(dir);
        self
    }

    /// Adds a file that the records go to as well, as JSON lines: durable, and gone on with by later runs, which have to
    /// name the same files. It counts only together with a [directory](Self::dir).
    ///
    /// Default: none beside that of the settings.
    #[must_use]
    pub fn output(mut self, path: impl Into<PathBuf>) -> Self {
        self.outputs.push(path.into());
        self
    }

    /// Asks again for what has failed in earlier runs in the [directory](Self::dir), or was answered with a status that may
    /// pass (408, 429, 500, 502 to 504 and the like). Hosts that were given up begin anew. The records of these pages are
    /// replaced. Default: no.
    #[must_use]
    pub fn retry_failed(mut self) -> Self {
        self.retry_failed = true;
        self
    }

    /// Crawls anew what the [directory](Self::dir) holds the crawl of: pages that have not changed since, by what their hosts say
    /// (RFC 9110, section 13), are taken over from its records. The earlier crawl stays as it is, in its place, until this one
    /// is whole; then this one takes its place, with a line for each page in `changes.jsonl`, and the earlier one is kept as a
    /// version. The same again goes on with an update that was stopped; when that was in its place already, and its process
    /// was killed before it could say so, it asks for nothing and gives the summary of it. In an empty directory this is a
    /// crawl like any other. Default: no.
    ///
    /// # Errors
    /// [`build`](Self::build) refuses an earlier crawl that has not come to its end, and one of other seeds.
    ///
    /// # Cancel safety
    /// Until the update is whole, dropping its future leaves the earlier crawl as it is, and the update to be gone on with.
    /// Putting it in place is not cut off by that: files are renamed to the end.
    #[must_use]
    pub fn update(mut self) -> Self {
        self.update = true;
        self
    }

    /// Keeps the crawl in a store that is open.
    #[cfg(test)]
    pub(crate) fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// Leaves it to the caller to take note that what has changed was told ([`told`](crate::crawl_dir::told)): until then the
    /// next run tells it once more.
    #[cfg(feature = "cli")]
    pub(crate) fn told_by_caller(mut self) -> Self {
        self.told = Told::ByCaller;
        self
    }

    /// Checks the settings, and reads back what an earlier run has left in the directory: that takes a second for some
    /// million URLs, and blocks.
    ///
    /// # Errors
    /// [`Error::Usage`](crate::error::Error::Usage) says which setting is wrong and what is allowed, or why the directory
    /// cannot be used.
    /// [`Error::Damaged`](crate::error::Error::Damaged) says what is wrong with what is in it.
    pub fn build(mut self) -> Result<Crawl> {
        let dir = self.dir.take();
        self.check()?.build(dir)
    }

    /// Checks the settings, before anything is created, deleted or read back. A directory that was given already is not
    /// looked at.
    ///
    /// # Errors
    /// [`Error::Usage`] says which setting is wrong and what is allowed.
    pub(crate) fn check(self) -> Result<Checked> {
        #[cfg(test)]
        let store = self.store;
        let Self { config, fetch, sinks, observers, descriptors, outputs, retry_failed, update, told, .. } = self;
        let plan = Plan::new(config, fetch, descriptors)?;
        if retry_failed && !plan.config.frontier.store {
            let problem = "what has failed can only be asked for again in a crawl that has a store";
            return Err(Error::Usage(format!("{problem}\n = help: leave frontier.store = false away")));
        }
        if update {
            expect_updatable(&plan, &outputs)?;
        }
        let plan = if retry_failed { plan.retrying_failed() } else { plan };
        #[cfg(test)]
        let plan = plan.kept_in(store);
        Ok(Checked { plan, sinks, observers, outputs, update, told })
    }
}

/// A crawl whose settings are checked. What is left to say is where it keeps what it makes.
pub(crate) struct Checked {
    plan: Plan,
    sinks: Vec<Box<dyn Sink>>,
    observers: Vec<Box<dyn Observer>>,
    outputs: Vec<PathBuf>,
    update: bool,
    told: Told,
}

impl Checked {
    /// Fails when no proxy lets anything through: then nothing is to be deleted for this crawl. Connects to what it begins at,
    /// and sends nothing there. Cancel safe.
    ///
    /// # Errors
    /// [`Error::Proxy`] names the last proxy, and what is wrong with it.
    #[cfg(feature = "cli")]
    pub(crate) async fn try_out(&self) -> Result<()> {
        let fetch = &self.plan.fetch;
        let asked =
            self.plan.places.iter().find(|url| !self.plan.on_disk.contains(url) && fetch.refuses(url).is_none());
        match asked {
            Some(url) => fetch.try_out(url).await.map_err(|failure| Error::Proxy(failure.message.to_string())),
            None => Ok(()),
        }
    }

    /// Reads back what an earlier run has left in the directory, if there is one.
    ///
    /// # Errors
    /// As [`CrawlBuilder::build`].
    pub(crate) fn build(self, dir: Option<CrawlDir>) -> Result<Crawl> {
        let plan = self.plan;
        let mut over = None;
        let (dir, updating) = match dir {
            Some(dir) if self.update => match Updating::begin(dir, &plan)? {
                Beginning::First(dir) => (Some(dir), None),
                Beginning::Beside(next, updating) => (Some(next), Some(updating)),
                Beginning::Over(dir, summary) => {
                    over = Some((dir, summary));
                    (None, None)
                }
            },
            None if self.update => {
                return Err(Error::Usage("an update goes with a crawl directory: give one".to_owned()));
            }
            dir => (dir, None),
        };
        let (opened, (store, mut resume)) = match dir {
            Some(dir) => {
                let records = plan.output().map_or_else(|| dir.records(), Path::to_owned);
                let of_records = std::iter::once(records.clone()).chain(self.outputs);
                let mut outputs = Outputs::new(&dir, of_records, &plan.extract, plan.config.output.items)?;
                outputs = outputs.with_archive(plan.archive());
                if plan.config.check.surveys() {
                    outputs = outputs.with_survey(&dir)?;
                }
                let (mut store, mut resume) = Resume::open(plan, &dir, &mut outputs)?;
                let outputs = resume.take_up(&mut *store, &dir, outputs).inspect_err(|_| store.withdraw())?;
                (Some(Opened { dir, outputs, records }), (store, resume))
            }
            None if over.is_some() => (None, Resume::nothing(plan)?),
            None if !self.outputs.is_empty() => {
                return Err(Error::Usage("an output goes with a crawl directory: give one, or a sink".to_owned()));
            }
            None if !plan.config.store.as_str().is_empty() => {
                return Err(Error::Usage("a store in a database goes with a crawl directory: give one".to_owned()));
            }
            None if plan.config.archive.warc => {
                return Err(Error::Usage("an archive goes with a crawl directory: give one".to_owned()));
            }
            None => (None, Resume::nothing(plan)?),
        };
        resume.ask_again(updating.as_ref().and_then(Updating::asked_again));
        let (stopper, stats) = (Stopper::new(), Arc::<Stats>::default());
        Ok(Crawl {
            updating,
            over,
            told: self.told,
            resume: Box::new(resume),
            store,
            opened,
            sinks: self.sinks,
            observers: self.observers,
            stopper,
            stats,
        })
    }
}

/// Refuses what no update can be made of.
fn expect_updatable(plan: &Plan, outputs: &[PathBuf]) -> Result<()> {
    if !plan.config.frontier.store {
        let problem = "only a crawl that has a store can be updated";
        return Err(Error::Usage(format!("{problem}\n = help: leave frontier.store = false away")));
    }
    if !plan.config.store.as_str().is_empty() {
        let problem =
            "only a crawl whose store is in its directory can be updated so far, and this one's is in a database";
        return Err(Error::Usage(format!("{problem}\n = help: --fresh crawls it anew; or leave --store away")));
    }
    if plan.output().is_some() || !outputs.is_empty() {
        let problem = "the records of an update take the place of those in the crawl directory, and go nowhere else";
        return Err(Error::Usage(format!(
            "{problem}\n = help: leave --output away; `crawler export` writes them elsewhere"
        )));
    }
    Ok(())
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl fmt::Debug for CrawlBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrawlBuilder").finish_non_exhaustive()
    }
}
