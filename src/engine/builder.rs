//! The builder: from settings, own stages and sinks to a crawl that can run.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Crawl;
use super::crawl_dir::CrawlDir;
use super::dispatcher::{Dispatcher, Limits};
use super::home::{Home, open_output};
use super::past::{Past, Present};
use super::seeds::Seeds;
use super::shutdown::Stopper;
use super::worker::Worker;
use super::writer::Writer;
use crate::config::{Config, Seed};
use crate::error::{Error, Result};
use crate::fetch::{ByOrigin, Credentials, Fetch, Http, LocalSite};
use crate::frontier;
use crate::observe::{Observer, Stats};
use crate::parse::Parser;
use crate::politeness::Politeness;
use crate::politeness::robots::product_token;
use crate::scope::Scope;
use crate::sink::{Committed, Sink};
use crate::units::Limit;
use crate::url::{CrawlUrl, UrlRules};

/// Puts a crawl together. What is not set has the default of [`Config`].
#[derive(Default)]
pub struct CrawlBuilder {
    config: Config,
    fetch: Option<Arc<dyn Fetch>>,
    sinks: Vec<Box<dyn Sink>>,
    observer: Option<Box<dyn Observer>>,
    dir: Option<CrawlDir>,
}

/// Everything a crawl needs but its outputs.
pub(super) struct Plan {
    config: Config,
    seeds: Vec<CrawlUrl>,
    /// The seeds that are sites on disk: there is no host to be polite to.
    on_disk: Vec<CrawlUrl>,
    /// The folder of such a site.
    folder: Option<PathBuf>,
    scope: Scope,
    rules: UrlRules,
    fetch: Arc<dyn Fetch>,
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

    /// Asks this instead of the network. Politeness, scope and limits stay as they are.
    #[must_use]
    pub fn fetch(mut self, fetch: impl Fetch + 'static) -> Self {
        self.fetch = Some(Arc::new(fetch));
        self
    }

    /// Adds a place where records go. Default: none, for use with [`Crawl::records`].
    #[must_use]
    pub fn sink(mut self, sink: impl Sink + 'static) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Lets someone look at the crawl while it runs. Default: nobody.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Box::new(observer));
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

    /// Checks the settings, and reads back what an earlier run has left in the directory: that takes a second for some
    /// million URLs, and blocks.
    ///
    /// # Errors
    /// [`Error::Usage`] says which setting is wrong and what is allowed, or why the directory cannot be used.
    /// [`Error::Damaged`] says what is wrong with what is in it.
    pub fn build(self) -> Result<Crawl> {
        let mut plan = Plan::new(self.config, self.fetch)?;
        let (home, past) = match self.dir {
            Some(dir) => plan.move_in(dir).map(|(home, past)| (Some(home), past))?,
            None => (None, Past::none(plan.limits())),
        };
        let (stopper, stats) = (Stopper::new(), Arc::<Stats>::default());
        Ok(Crawl { plan, past, home, sinks: self.sinks, observer: self.observer, stopper, stats })
    }
}

impl Plan {
    fn new(config: Config, fetch: Option<Arc<dyn Fetch>>) -> Result<Self> {
        config.check()?;
        let rules = UrlRules::new(config.frontier.max_url_length, &config.frontier.ignore_params);
        let (mut network, mut sites, mut on_disk) = (Vec::new(), Vec::new(), Vec::new());
        for seed in config.parsed_seeds()? {
            match seed {
                Seed::Url(url) => network.push(url),
                Seed::Folder(path) => {
                    let site = LocalSite::new(&path, &config.fetch.origin, &config.fetch).map_err(Error::Usage)?;
                    sites.push(site);
                    on_disk.push(rules.parse(&config.fetch.origin).map_err(Error::Usage)?);
                }
            }
        }
        let seeds: Vec<CrawlUrl> = network.iter().chain(&on_disk).cloned().collect();
        if seeds.is_empty() {
            return Err(Error::Usage("the crawl has no seed".to_owned()));
        }
        if sites.len() > 1 {
            let origin = &config.fetch.origin;
            return Err(Error::Usage(format!("{} folders cannot all appear under {origin}; give one", sites.len())));
        }
        let folder = sites.first().map(|site| site.folder().to_owned());
        let fetch = match fetch {
            Some(fetch) => fetch,
            None => Arc::new(ByOrigin { sites, http: http(&config, &network)? }),
        };
        let scope = Scope::new(&config.scope, &seeds).map_err(Error::Usage)?;
        Ok(Self { config, seeds, on_disk, folder, scope, rules, fetch })
    }

    /// Moves into a directory: takes up what earlier runs have left there, and opens the output.
    fn move_in(&mut self, dir: CrawlDir) -> Result<(Home, Past)> {
        let path = match &self.config.output.path {
            path if path.as_os_str().is_empty() => dir.records(),
            path => path.clone(),
        };
        if !self.config.frontier.store {
            dir.expect_empty()?;
            dir.check_output(&path)?;
            let output = open_output(&path, Committed::default())?;
            return Ok((Home { dir, output, path }, Past::none(self.limits())));
        }
        let mut scope = self.scope.clone();
        let present = self.present();
        let mut past = Past::open(&dir, &present, &mut scope)?;
        let output = past.take_up(&dir, &present, &path)?;
        self.scope = scope;
        Ok((Home { dir, output, path }, past))
    }

    fn present(&self) -> Present<'_> {
        Present {
            config: &self.config,
            seeds: &self.seeds,
            folder: self.folder.as_deref(),
            rules: &self.rules,
            fetch: &*self.fetch,
            limits: self.limits(),
        }
    }

    fn limits(&self) -> frontier::Limits {
        frontier::Limits {
            depth: self.config.depth.0.map(|depth| u32::try_from(depth).unwrap_or(u32::MAX)),
            redirects: self.config.frontier.max_redirects,
        }
    }

    /// The crawl at its start, or where earlier runs have left it.
    pub(super) fn dispatcher(
        self,
        past: Past,
        writer: Writer,
        stats: Arc<Stats>,
        started: Instant,
    ) -> Result<Dispatcher> {
        let started = started.into_std();
        let mut frontier = past.frontier;
        for seed in &self.seeds {
            frontier.add_seed(seed.clone())?;
        }
        let mut seeds = Seeds::new(&self.seeds);
        for (from, to) in &past.seed_redirects {
            seeds.leads_to(from, to, self.scope.admits(to));
        }
        seeds.have_failed(past.failed_seeds);
        let Self { config, on_disk, scope, rules, fetch, .. } = self;
        let agent = product_token(&config.fetch.user_agent);
        let parser = Parser::new(&config.parse, rules.clone(), agent);
        let worker = Worker::new(Arc::clone(&fetch), parser, rules, agent.to_owned());
        let mut politeness = Politeness::new(config.politeness, started);
        for (host, saved) in past.manners {
            politeness.restore(host, saved, agent, &past.clock);
        }
        if past.last.is_some() {
            politeness.resumed(started);
        }
        for site in &on_disk {
            politeness.lift(site);
        }
        Ok(Dispatcher {
            frontier,
            politeness,
            scope,
            fetch,
            worker: Arc::new(worker),
            writer,
            stats,
            tally: past.tally,
            seeds,
            limits: Limits {
                concurrency: config.concurrency,
                pages: config.max_pages.0,
                deadline: config.max_time.0.map(|time| started + time),
            },
            output: config.output,
            tasks: JoinSet::new(),
            jobs: HashMap::new(),
            robots_hops: Vec::new(),
            clock: past.clock,
            manners_due: started,
        })
    }
}

/// The network, unless the whole crawl is on disk: then no socket is opened.
fn http(config: &Config, seeds: &[CrawlUrl]) -> Result<Option<Http>> {
    if seeds.is_empty() {
        return Ok(None);
    }
    let parsed = config.seeds.iter().filter_map(|seed| url::Url::parse(seed).ok());
    let credentials: Vec<_> = parsed.filter_map(|url| Credentials::of(&url)).collect();
    Http::new(&config.fetch, seeds, &credentials).map(Some).map_err(Error::Usage)
}

impl fmt::Debug for CrawlBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CrawlBuilder").finish_non_exhaustive()
    }
}

impl fmt::Debug for Plan {
    /// Without the settings, which may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("seeds", &self.seeds).finish_non_exhaustive()
    }
}
