//! Resume: what earlier runs of a crawl have left, compared with the plan of this one. From here on it goes one way: into
//! the dispatcher.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::crawl_dir::CrawlDir;
use super::dispatcher::{Dispatcher, Seeds, Start};
use super::fail_point::fail_point;
use super::home::{STDOUT, open_output};
use super::judge::Judge;
use super::ledger::FAILED_SEEDS;
use super::plan::Plan;
use super::tally::Tally;
use super::worker::Worker;
use super::writer::Writer;
use crate::config::redact_url;
use crate::error::{Error, Result};
use crate::frontier::store::{Session, Store};
use crate::frontier::{DiskFrontier, Frontier, MemoryFrontier, Rules};
use crate::observe::{FailedSeed, Stats};
use crate::outcome::SkipReason;
use crate::parse::Parser;
use crate::politeness::{Politeness, SavedHost};
use crate::sink::{Committed, Sink};
use crate::sitemaps::{SavedSitemap, Sitemaps};
use crate::url::{CrawlUrl, HostKey};
use crate::wall_clock::WallClock;

/// A crawl that is ready to go on, or to start: its plan, and what is known already.
///
/// - Nothing of a directory is changed before the plan was found to be of the same crawl.
/// - The judge knows where the seeds have led to, so it judges as the last run did, but for what settings have changed.
pub(super) struct Resume {
    plan: Plan,
    judge: Judge,
    /// `None` when nobody keeps what this crawl finds.
    store: Option<Store>,
    frontier: Box<dyn Frontier>,
    host_states: Vec<(HostKey, SavedHost)>,
    sitemaps: Vec<(CrawlUrl, SavedSitemap)>,
    seed_redirects: Vec<(CrawlUrl, CrawlUrl)>,
    failed_seeds: Vec<FailedSeed>,
    tally: Tally,
    /// The last run; `None` when this is the first.
    last: Option<Session>,
    /// When the first run began, in milliseconds since 1970.
    started_at: Option<i64>,
    /// How long all earlier runs took together.
    elapsed: Duration,
    clock: WallClock,
}

/// When the runs of a crawl were, before this one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before {
    /// When the first one began.
    pub(super) started_at: Option<jiff::Timestamp>,
    /// How long all of them took together.
    pub(super) elapsed: Duration,
    /// Whether there was any.
    pub(super) is_any: bool,
}

impl Resume {
    /// A crawl that has no past, and leaves none.
    pub(super) fn nothing(plan: Plan) -> Result<Self> {
        let judge = Judge::new(plan.scope.clone(), Arc::clone(&plan.fetch));
        let resume = Self {
            frontier: Box::new(MemoryFrontier::new(plan.limits())),
            judge,
            plan,
            store: None,
            host_states: Vec::new(),
            sitemaps: Vec::new(),
            seed_redirects: Vec::new(),
            failed_seeds: Vec::new(),
            tally: Tally::default(),
            last: None,
            started_at: None,
            elapsed: Duration::ZERO,
            clock: WallClock::new(Instant::now(), jiff::Timestamp::now()),
        };
        resume.with_seeds()
    }

    /// Opens the store of a crawl directory, a new one if there is none, and reads it back.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is the store of another crawl, [`Error::Damaged`] when it cannot be read. Nothing is
    /// changed then.
    pub(super) fn open(plan: Plan, dir: &CrawlDir) -> Result<Self> {
        if !plan.config.frontier.store {
            dir.expect_empty()?;
            return Self::nothing(plan);
        }
        let clock = WallClock::new(Instant::now(), jiff::Timestamp::now());
        if !Store::is_there(dir.path())? {
            dir.expect_empty()?;
        }
        let store = Store::open(dir.path())?;
        fail_point("store-opened");
        expect_same(&plan, &store, &store.seeds()?, dir)?;
        let mut judge = Judge::new(plan.scope.clone(), Arc::clone(&plan.fetch));
        let seed_redirects = seed_redirects(&plan, &store)?;
        for (from, to) in &seed_redirects {
            judge.follow_seed(from, to);
        }
        let seeds: BTreeSet<_> = plan.seeds.iter().map(CrawlUrl::key).collect();
        let verdict = |url: &CrawlUrl| judge.refuses(url).filter(|_| !seeds.contains(&url.key()));
        let lifted = lifted(&plan, &store)?;
        let mut restore = DiskFrontier::restore(plan.limits(), Rules { judge: &verdict, lifted: &lifted });
        store.restore(&mut restore, &clock)?;
        let failed = store.setting(FAILED_SEEDS)?;
        let (started_at, elapsed) = store.times()?;
        let resume = Self {
            frontier: Box::new(restore.finish()),
            host_states: host_states(&store)?,
            sitemaps: sitemaps(&plan, &store)?,
            seed_redirects,
            failed_seeds: failed.and_then(|failed| serde_json::from_str(&failed).ok()).unwrap_or_default(),
            tally: Tally::restore(&store)?,
            last: store.last_session()?,
            started_at,
            elapsed,
            clock,
            store: Some(store),
            judge,
            plan,
        };
        resume.with_seeds()
    }

    /// Where records go, as the user has named it.
    pub(super) fn output(&self, dir: &CrawlDir) -> PathBuf {
        self.plan.output().map_or_else(|| dir.records(), Path::to_owned)
    }

    /// Opens the output where it was committed, and keeps what this run is: from here on it can be continued.
    pub(super) fn take_up(&mut self, dir: &CrawlDir, path: &Path) -> Result<Box<dyn Sink>> {
        let Some(store) = &mut self.store else {
            dir.check_output(path)?;
            return open_output(path, Committed::default());
        };
        let name = dir.output_name(path)?;
        let (committed, is_new) = match store.outputs()?.into_iter().next() {
            None => (Committed::default(), true),
            Some((known, length, amended)) if known == name => (Committed { length, amended }, false),
            Some((known, ..)) => {
                let (dir, [known, name]) = (dir.path().display(), [&known, &name].map(|name| shown(name)));
                return Err(Error::Usage(format!(
                    "the records of the crawl in {dir} go to {known}, not to {name}; leave --output as it was, \
                     or --fresh starts over, or --dir takes another directory"
                )));
            }
        };
        let now = Instant::now();
        if is_new {
            dir.check_output(path)?;
            store.keep_output(&name, 0, None)?;
            // Before the output is there: a file without a store would be refused.
            store.commit(&self.clock, now)?;
            fail_point("output-named");
        }
        // Before anything else is kept: an output that is not as it was left changes nothing.
        let sink = open_output(path, committed)?;
        fail_point("output-opened");
        if let Some(amended) = committed.amended {
            store.forget_moved()?;
            store.keep_output(&name, amended, None)?;
        }
        keep(&self.plan, store)?;
        // Seeds, and what has changed since the last run, with the settings that they come of: the next run sees no
        // difference to these.
        store.apply(&self.frontier.take_changes(), None, &self.clock)?;
        store.start_session(std::process::id(), &self.clock, now)?;
        store.commit(&self.clock, now)?;
        fail_point("session-begun");
        self.started_at.get_or_insert(self.clock.to_millis(now));
        Ok(sink)
    }

    /// The store, for the one who writes to it, and the clock that its times are told by.
    pub(super) fn take_store(&mut self) -> Option<(Store, WallClock)> {
        self.store.take().map(|store| (store, self.clock))
    }

    pub(super) fn before(&self) -> Before {
        Before {
            started_at: self.started_at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok()),
            elapsed: self.elapsed,
            is_any: self.last.is_some(),
        }
    }

    /// The crawl at its start, or where earlier runs have left it.
    pub(super) fn dispatcher(self, writer: Writer, stats: Arc<Stats>, started: Instant) -> Dispatcher {
        let Self { plan, judge, frontier, .. } = self;
        plan.tell();
        let mut seeds = Seeds::new(&plan.seeds);
        for (from, to) in &self.seed_redirects {
            seeds.leads_to(from, to, judge.is_in_scope(to));
        }
        seeds.have_failed(self.failed_seeds);
        let config = plan.config;
        let agent = config.fetch.user_agent.token();
        let parser = Parser::new(&config.parse, plan.rules.clone(), agent);
        let of_hosts = config.per_host(|host| host.politeness.clone());
        let mut politeness = Politeness::new(config.politeness.clone(), started).with_hosts(of_hosts);
        for (host, saved) in self.host_states {
            politeness.restore(host, saved, agent, &self.clock);
        }
        if self.last.is_some() {
            politeness.resumed(started);
        }
        for site in &plan.on_disk {
            politeness.lift(site);
        }
        let mut sitemaps = Sitemaps::new(config.sitemaps);
        for (url, saved) in self.sitemaps {
            sitemaps.restore(url, saved);
        }
        Dispatcher::new(Start {
            frontier,
            politeness,
            judge,
            worker: Worker::new(plan.fetch, parser, plan.rules, agent.to_owned()),
            sitemaps,
            named: plan.sitemaps,
            seeds,
            tally: self.tally,
            writer,
            stats,
            output: config.output,
            slots: plan.descriptors.requests,
            most_pages: config.max_pages.0,
            deadline: config.max_time.0.map(|time| started + time),
            clock: self.clock,
            started,
        })
    }

    /// Makes the seeds known: those that no earlier run had.
    fn with_seeds(mut self) -> Result<Self> {
        for seed in &self.plan.seeds {
            self.frontier.add_seed(seed.clone())?;
        }
        Ok(self)
    }
}

impl fmt::Debug for Resume {
    /// Without what is known of a million URLs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resume").field("plan", &self.plan).field("last", &self.last).finish_non_exhaustive()
    }
}

/// Where seeds have led to.
fn seed_redirects(plan: &Plan, store: &Store) -> Result<Vec<(CrawlUrl, CrawlUrl)>> {
    let parse = |text: &str| plan.rules.parse(text).map_err(Error::Damaged);
    store.seed_redirects()?.iter().map(|(from, to)| Ok((parse(from)?, parse(to)?))).collect()
}

/// What politeness knew of the hosts.
fn host_states(store: &Store) -> Result<Vec<(HostKey, SavedHost)>> {
    let mut states = Vec::new();
    store.manners(|host, saved| {
        let saved = serde_json::from_str(saved)
            .map_err(|error| Error::Damaged(format!("what is known of the host {host} is not readable: {error}")))?;
        states.push((host, saved));
        Ok(())
    })?;
    Ok(states)
}

/// The reasons to skip that these settings no longer give.
fn lifted(plan: &Plan, store: &Store) -> Result<Vec<SkipReason>> {
    let mut lifted = Vec::new();
    // What `only` left out looks the same.
    if !plan.config.parse.nofollow && !plan.config.sitemaps.only {
        lifted.push(SkipReason::Nofollow);
    }
    if store.setting(ROBOTS)?.is_some_and(|kept| kept != robots(plan)) {
        lifted.push(SkipReason::Robots);
    }
    Ok(lifted)
}

/// What is known of the sitemaps, but for those whose URLs these settings do not take.
fn sitemaps(plan: &Plan, store: &Store) -> Result<Vec<(CrawlUrl, SavedSitemap)>> {
    let mut sitemaps = Vec::new();
    store.sitemaps(|url, saved| {
        let saved = serde_json::from_str(saved)
            .map_err(|error| Error::Damaged(format!("what is known of the sitemap {url} is not readable: {error}")))?;
        sitemaps.extend(plan.rules.parse(url).ok().map(|url| (url, saved)));
        Ok(())
    })?;
    Ok(sitemaps)
}

/// Refuses to go on with a crawl of other seeds, or one to which other URLs are the same page.
fn expect_same(plan: &Plan, store: &Store, known: &[String], dir: &CrawlDir) -> Result<()> {
    let shown = dir.path().display();
    let seeds: BTreeSet<&str> = plan.seeds.iter().map(CrawlUrl::as_str).collect();
    if let Some(other) = known.iter().find(|seed| !seeds.contains(seed.as_str())) {
        return Err(Error::Usage(format!(
            "{shown} holds a crawl of other seeds, among them {}; give its seeds too to go on with it, \
             --fresh starts over, --dir takes another directory",
            redact_url(other)
        )));
    }
    let same = |name, now: String| store.setting(name).map(|kept| kept.is_none_or(|kept| kept == now));
    if !same(FOLDER, folder(plan))? {
        return Err(Error::Usage(format!(
            "{shown} holds a crawl of another folder; --fresh starts over, --dir takes another directory"
        )));
    }
    if !same(URL_RULES, url_rules(plan))? {
        return Err(Error::Usage(format!(
            "frontier.ignore_params is not what it was for the crawl in {shown}, and decides which URLs are one \
             page; set it back to go on, --fresh starts over, --dir takes another directory"
        )));
    }
    Ok(())
}

/// Keeps what the next run is compared with.
fn keep(plan: &Plan, store: &mut Store) -> Result<()> {
    store.keep_seeds(plan.seeds.iter().map(CrawlUrl::as_str))?;
    store.keep_setting(URL_RULES, &url_rules(plan))?;
    store.keep_setting(ROBOTS, &robots(plan))?;
    store.keep_setting(FOLDER, &folder(plan))?;
    store.keep_setting(SETTINGS, &plan.config.shown()?)
}

fn url_rules(plan: &Plan) -> String {
    plan.config.frontier.ignore_params.iter().map(ToString::to_string).collect::<Vec<_>>().join("&")
}

/// Whose rules of robots.txt are obeyed, and at which hosts that is another matter.
fn robots(plan: &Plan) -> String {
    let all = if plan.config.politeness.robots {
        plan.config.fetch.user_agent.token().to_owned()
    } else {
        "ignored".to_owned()
    };
    let of_hosts = plan.config.per_host(|host| host.politeness.robots);
    let own = of_hosts.filter_map(|(host, robots)| robots.map(|robots| format!("{host}={robots}")));
    std::iter::once(all).chain(own).collect::<Vec<_>>().join(" ")
}

fn folder(plan: &Plan) -> String {
    plan.folder.as_deref().map(|folder| folder.display().to_string()).unwrap_or_default()
}

/// An output as messages have it.
fn shown(name: &str) -> &str {
    if name == STDOUT { "stdout" } else { name }
}

/// The settings of the store that decide whether, and how, a crawl can go on.
const URL_RULES: &str = "url_rules";
const ROBOTS: &str = "robots";
pub(super) const FOLDER: &str = "folder";
/// All settings of the last run, as TOML.
pub(super) const SETTINGS: &str = "settings";
