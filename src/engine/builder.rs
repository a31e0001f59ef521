//! The builder: from settings, own stages and sinks to a crawl that can run.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Crawl;
use super::dispatcher::{Dispatcher, Limits};
use super::seeds::Seeds;
use super::shutdown::Stopper;
use super::tally::Tally;
use super::worker::Worker;
use super::writer::Writer;
use crate::config::{Config, Seed};
use crate::error::{Error, Result};
use crate::fetch::{ByOrigin, Credentials, Fetch, Http, LocalSite};
use crate::frontier::{self, Frontier, MemoryFrontier};
use crate::observe::{Observer, Stats};
use crate::parse::Parser;
use crate::politeness::Politeness;
use crate::politeness::robots::product_token;
use crate::scope::Scope;
use crate::sink::Sink;
use crate::units::Limit;
use crate::url::{CrawlUrl, UrlRules};

/// Puts a crawl together. What is not set has the default of [`Config`].
#[derive(Default)]
pub struct CrawlBuilder {
    config: Config,
    fetch: Option<Arc<dyn Fetch>>,
    sinks: Vec<Box<dyn Sink>>,
    observer: Option<Box<dyn Observer>>,
}

/// Everything a crawl needs but its outputs.
pub(super) struct Plan {
    config: Config,
    seeds: Vec<CrawlUrl>,
    /// The seeds that are sites on disk: there is no host to be polite to.
    on_disk: Vec<CrawlUrl>,
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

    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Usage`] says which setting is wrong and what is allowed.
    pub fn build(self) -> Result<Crawl> {
        let plan = Plan::new(self.config, self.fetch)?;
        let (stopper, stats) = (Stopper::new(), Arc::<Stats>::default());
        Ok(Crawl { plan, sinks: self.sinks, observer: self.observer, stopper, stats })
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
        let fetch = match fetch {
            Some(fetch) => fetch,
            None => Arc::new(ByOrigin { sites, http: http(&config, &network)? }),
        };
        let scope = Scope::new(&config.scope, &seeds).map_err(Error::Usage)?;
        Ok(Self { config, seeds, on_disk, scope, rules, fetch })
    }

    /// The crawl at its start.
    pub(super) fn dispatcher(self, writer: Writer, stats: Arc<Stats>, started: Instant) -> Result<Dispatcher> {
        let Self { config, seeds, on_disk, scope, rules, fetch } = self;
        let agent = product_token(&config.fetch.user_agent);
        let parser = Parser::new(&config.parse, rules.clone(), agent);
        let worker = Worker::new(Arc::clone(&fetch), parser, rules, agent.to_owned());
        let mut politeness = Politeness::new(config.politeness, started.into_std());
        for site in &on_disk {
            politeness.lift(site);
        }
        let mut frontier = MemoryFrontier::new(frontier::Limits {
            depth: config.depth.0.map(|depth| u32::try_from(depth).unwrap_or(u32::MAX)),
            redirects: config.frontier.max_redirects,
        });
        for seed in &seeds {
            frontier.add_seed(seed.clone())?;
        }
        Ok(Dispatcher {
            frontier: Box::new(frontier),
            politeness,
            scope,
            fetch,
            worker: Arc::new(worker),
            writer,
            stats,
            tally: Tally::default(),
            seeds: Seeds::new(&seeds),
            limits: Limits {
                concurrency: config.concurrency,
                pages: config.max_pages.0,
                deadline: config.max_time.0.map(|time| started.into_std() + time),
            },
            output: config.output,
            tasks: JoinSet::new(),
            jobs: HashMap::new(),
            robots_hops: Vec::new(),
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
