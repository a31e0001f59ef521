//! Resume: what earlier runs of a crawl have left, compared with the plan of this one. From here on it goes one way: into
//! the dispatcher.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dispatcher::{Dispatcher, Seeds, Start};
use super::fail_point::fail_point;
use super::judge::Judge;
use super::lost_records::Lost;
use super::outputs::{Output, Outputs};
use super::page_read::Reads;
use super::plan::Plan;
use super::retry_failed::retry_failed;
use super::tally::Tally;
use super::worker::Worker;
use super::writer::Writer;
use crate::config::{Config, redact_url};
use crate::crawl_dir::CrawlDir;
use crate::error::{Error, Result};
use crate::extracted::Health;
use crate::frontier::{Frontier, RestoreRules};
use crate::mention::Kind;
use crate::observe::Stats;
use crate::outcome::SkipReason;
use crate::parse::Parser;
use crate::policy::Policy;
use crate::sitemaps::Sitemaps;
use crate::store::{self, Counts, Memory, Note, Notes, RunSettings, Store};
use crate::traps::Traps;
use crate::url::CrawlUrl;
use crate::wall_clock::WallClock;

/// A crawl that is ready to go on, or to start: its plan, and what is known already.
///
/// - Nothing of a directory is changed before the plan was found to be of the same crawl.
/// - The judge knows where the seeds have led to, so it judges as the last run did, but for what settings have changed.
pub(super) struct Resume {
    plan: Plan,
    judge: Judge,
    /// Where seeds have led to, as the judge knows.
    seed_redirects: Vec<(CrawlUrl, CrawlUrl)>,
    frontier: Frontier,
    tally: Tally,
    /// What earlier runs have noted.
    notes: Notes,
    clock: WallClock,
    /// Whether an output wants the exchanges of pages.
    exchanges: bool,
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
    pub(super) fn nothing(plan: Plan) -> Result<(Box<dyn Store>, Self)> {
        let judge = Judge::new(plan.scope.clone(), Arc::clone(&plan.fetch), Traps::new(plan.config.traps.clone()));
        let clock = WallClock::new(Instant::now(), jiff::Timestamp::now());
        let resume = Self {
            frontier: Frontier::new(plan.limits()),
            judge,
            plan,
            seed_redirects: Vec::new(),
            tally: Tally::default(),
            notes: Notes::default(),
            clock,
            exchanges: false,
        };
        Ok((Box::new(Memory::new(clock)), resume.with_seeds()?))
    }

    /// Opens the store of a crawl directory, a new one if there is none, and reads it back. The outputs learn how far they
    /// are; what is lost of them is asked for again.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is the store of another crawl, [`Error::Damaged`] when it cannot be read. Nothing is
    /// changed then.
    pub(super) fn open(plan: Plan, dir: &CrawlDir, outputs: &mut Outputs) -> Result<(Box<dyn Store>, Self)> {
        if !plan.config.frontier.store {
            dir.expect_empty()?;
            return Self::nothing(plan);
        }
        let clock = WallClock::new(Instant::now(), jiff::Timestamp::now());
        if !store::file::is_there(dir.path())? {
            dir.expect_empty()?;
        }
        let mut store = open_store(dir, clock)?;
        fail_point("store-opened");
        let resume = Self::recall(plan, &mut *store, dir, outputs)?.with_seeds()?;
        Ok((store, resume))
    }

    /// Reads a store back.
    fn recall(plan: Plan, store: &mut dyn Store, dir: &CrawlDir, outputs: &mut Outputs) -> Result<Self> {
        let mut notes = store.recall()?;
        expect_same(&plan, &notes, dir)?;
        outputs.recall(dir, &notes)?;
        if let Some(lost) = Lost::find(outputs, &notes, store)? {
            lost.ask_again(outputs, &notes, store)?;
        }
        if plan.retry_failed {
            retry_failed(outputs, &mut notes, store)?;
        }
        let mut traps = Traps::new(plan.config.traps.clone());
        traps.restore(notes.traps.iter().cloned());
        let mut judge = Judge::new(plan.scope.clone(), Arc::clone(&plan.fetch), traps);
        let seed_redirects = seed_redirects(&plan, &notes)?;
        for (from, to) in &seed_redirects {
            judge.follow_seed(from, to);
        }
        let (frontier, counts) = restore(&plan, &judge, &notes, store)?;
        let tally = Tally::of(counts, notes.unasked, notes.unread.clone());
        Ok(Self { clock: store.clock(), plan, judge, seed_redirects, frontier, tally, notes, exchanges: false })
    }

    /// Opens the outputs where they were committed, and keeps what this run is: from here on it can be continued.
    pub(super) fn take_up(&mut self, store: &mut dyn Store, dir: &CrawlDir, outputs: Outputs) -> Result<Vec<Output>> {
        if !self.plan.config.frontier.store {
            return outputs.create(dir);
        }
        let outputs = outputs.open(dir, store)?;
        let now = Instant::now();
        for seed in &self.plan.places {
            store.keep(Note::Seed(seed.clone()))?;
        }
        store.keep(Note::Settings(settings(&self.plan)?))?;
        // Seeds, and what has changed since the last run, with the settings that they come of: the next run sees no
        // difference to these.
        store.apply(self.frontier.take_changes(), None)?;
        store.keep(Note::RunBegins { pid: std::process::id(), at: now })?;
        store.commit(now)?;
        fail_point("session-begun");
        self.notes.started_at.get_or_insert(self.clock.to_millis(now));
        Ok(outputs)
    }

    /// Whether the exchanges of pages are kept for an output.
    pub(super) fn keep_exchanges(&mut self, keep: bool) {
        self.exchanges = keep;
    }

    /// Whether what has failed is asked for again.
    pub(super) fn retries_failed(&self) -> bool {
        self.plan.retry_failed
    }

    /// What the rules have found so far; `None` when there are none.
    pub(super) fn health(&self) -> Option<Health> {
        let rules = &self.plan.extract;
        let earlier = self.notes.rules.as_ref();
        (!rules.is_empty()).then(|| earlier.map_or_else(|| rules.health(), |earlier| rules.health().resumed(earlier)))
    }

    pub(super) fn before(&self) -> Before {
        Before {
            started_at: self.notes.started_at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok()),
            elapsed: self.notes.elapsed,
            is_any: self.notes.last.is_some(),
        }
    }

    /// The crawl at its start, or where earlier runs have left it.
    pub(super) fn dispatcher(self, writer: Writer, stats: Arc<Stats>, started: Instant) -> Dispatcher {
        let Self { plan, judge, frontier, .. } = self;
        plan.tell();
        let mut seeds = Seeds::new(&plan.seeds, &plan.places);
        for (from, to) in &self.seed_redirects {
            seeds.leads_to(from, to, judge.is_in_scope(to));
        }
        seeds.have_failed(self.notes.failed_seeds);
        let mut politeness = plan.politeness(started);
        let config = plan.config;
        let agent = config.fetch.user_agent.token();
        let parser = Parser::new(&config.parse, plan.rules.clone(), agent);
        for saved in &self.notes.cookies {
            plan.fetch.restore_cookies(saved);
        }
        for saved in &self.notes.seed_names {
            plan.fetch.restore_seed_name(saved);
        }
        for (host, saved) in self.notes.hosts {
            politeness.restore(host, saved, agent, &self.clock);
        }
        if self.notes.last.is_some() {
            politeness.resumed(started);
        }
        // What is kept of them comes first: it is put in place of what holds by the settings.
        for site in &plan.on_disk {
            politeness.lift(site);
        }
        let mut sitemaps = sitemaps(&config);
        for (url, saved) in self.notes.sitemaps {
            // But for those whose URLs these settings do not take.
            if let Ok(url) = plan.rules.parse(&url) {
                sitemaps.restore(url, saved);
            }
        }
        let mut reads = Reads::new(plan.extract, &plan.rules, config.content);
        reads.texts = judge.closes_traps();
        let worker = Worker::new(plan.fetch, parser, plan.rules, agent.to_owned()).reading(reads);
        Dispatcher::new(Start {
            frontier,
            politeness,
            judge,
            policy: Policy::new(&config.policy),
            worker: if self.exchanges { worker.keeping_exchanges() } else { worker },
            budget: plan.budget,
            sitemaps,
            named: plan.sitemaps,
            seeds,
            tally: self.tally,
            writer,
            stats,
            output: config.output,
            slots: plan.descriptors.requests,
            knocks: plan.descriptors.knocks,
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
        f.debug_struct("Resume").field("plan", &self.plan).field("last", &self.notes.last).finish_non_exhaustive()
    }
}

/// Opens the store of a crawl directory, a new one if there is none.
#[cfg(feature = "sqlite")]
fn open_store(dir: &CrawlDir, clock: WallClock) -> Result<Box<dyn Store>> {
    Ok(Box::new(store::sqlite::Sqlite::open(dir.path(), clock)?))
}

/// A directory that nothing is kept in would look like one that a crawl can be continued in.
#[cfg(not(feature = "sqlite"))]
fn open_store(_: &CrawlDir, _: WallClock) -> Result<Box<dyn Store>> {
    let problem = "this crawler is built without the feature `sqlite`, so a crawl directory has no store";
    Err(Error::Usage(format!("{problem}\n = help: set frontier.store = false: such a crawl cannot be continued")))
}

/// No sitemaps yet.
fn sitemaps(config: &Config) -> Sitemaps {
    let sitemaps = Sitemaps::new(config.sitemaps.clone());
    if config.parse.follow.contains(&Kind::Feed) { sitemaps.with_feeds() } else { sitemaps }
}

/// Where seeds have led to.
fn seed_redirects(plan: &Plan, notes: &Notes) -> Result<Vec<(CrawlUrl, CrawlUrl)>> {
    let parse = |text: &str| plan.rules.parse(text).map_err(Error::Damaged);
    notes.seed_redirects.iter().map(|(from, to)| Ok((parse(from)?, parse(to)?))).collect()
}

/// All that was found, judged by the settings of this run.
fn restore(plan: &Plan, judge: &Judge, notes: &Notes, store: &mut dyn Store) -> Result<(Frontier, Counts)> {
    let seeds: BTreeSet<_> = plan.places.iter().map(CrawlUrl::key).collect();
    let verdict = |url: &CrawlUrl, is_part: bool| {
        let refused = if is_part { judge.refuses_part(url) } else { judge.refuses(url) };
        refused.filter(|_| !seeds.contains(&url.key()))
    };
    let lifted = lifted(plan, notes);
    let mut restore = Frontier::restore(plan.limits(), RestoreRules { judge: &verdict, lifted: &lifted });
    let counts = store.restore(&mut restore)?;
    Ok((restore.finish(), counts))
}

/// The reasons to skip that these settings no longer give.
fn lifted(plan: &Plan, notes: &Notes) -> Vec<SkipReason> {
    let mut lifted = Vec::new();
    // What `only` and `[[follow]]` leave out looks the same.
    let leaves_out = plan.config.sitemaps.only || !plan.config.follow.is_empty();
    if !plan.config.parse.nofollow && !leaves_out {
        lifted.push(SkipReason::Nofollow);
    }
    if notes.settings.as_ref().is_some_and(|settings| settings.robots != robots(plan)) {
        lifted.extend([SkipReason::Robots, SkipReason::Usage]);
    }
    lifted
}

/// Refuses to go on with a crawl of other seeds, or one to which other URLs are the same page.
fn expect_same(plan: &Plan, notes: &Notes, dir: &CrawlDir) -> Result<()> {
    let shown = dir.path().display();
    let seeds: BTreeSet<&str> = plan.places.iter().map(CrawlUrl::as_str).collect();
    if let Some(other) = notes.seeds.iter().find(|seed| !seeds.contains(seed.as_str())) {
        return Err(Error::Usage(format!(
            "{shown} holds a crawl of other seeds, among them {}; give its seeds too to go on with it, \
             --fresh starts over, --dir takes another directory",
            redact_url(other)
        )));
    }
    let Some(settings) = &notes.settings else { return Ok(()) };
    if settings.folder != folder(plan) {
        return Err(Error::Usage(format!(
            "{shown} holds a crawl of another folder; --fresh starts over, --dir takes another directory"
        )));
    }
    if settings.archives != archives(plan) {
        return Err(Error::Usage(format!(
            "{shown} holds a crawl of {}; --fresh starts over, --dir takes another directory",
            if settings.archives.is_empty() { "no archive".to_owned() } else { settings.archives.replace('\n', ", ") }
        )));
    }
    if let Some(key) = changed_url_rule(&settings.url_rules, &url_rules(plan)) {
        return Err(Error::Usage(format!(
            "frontier.{key} is not what it was for the crawl in {shown}, and decides which URLs are one \
             page; set it back to go on, --fresh starts over, --dir takes another directory"
        )));
    }
    Ok(())
}

/// What the next run is compared with.
fn settings(plan: &Plan) -> Result<RunSettings> {
    Ok(RunSettings {
        url_rules: url_rules(plan),
        robots: robots(plan),
        folder: folder(plan),
        archives: archives(plan),
        toml: plan.config.shown()?,
    })
}

/// What decides which URLs are one page: a line for each of [`URL_RULE_KEYS`], empty for what is not set.
fn url_rules(plan: &Plan) -> String {
    let options = &plan.config.frontier;
    let switch = |is_on: bool| if is_on { "on" } else { "" };
    let params = options.ignore_params.iter().map(ToString::to_string).collect::<Vec<_>>().join("&");
    let path_params = options.ignore_path_params.iter().map(ToString::to_string).collect::<Vec<_>>().join(";");
    [params.as_str(), &path_params, switch(options.sort_query), switch(options.merge_slashes)].join("\n")
}

/// The first of them that is not what it was. Where less was kept, the rest was not set.
fn changed_url_rule(kept: &str, now: &str) -> Option<&'static str> {
    let pairs = now.split('\n').zip(kept.split('\n').chain(std::iter::repeat("")));
    URL_RULE_KEYS.into_iter().zip(pairs).find(|(_, (now, kept))| now != kept).map(|(key, _)| key)
}

/// Whose rules of robots.txt are obeyed, at which hosts that is another matter, and for what pages are skipped by what it says
/// of use.
fn robots(plan: &Plan) -> String {
    let all = if plan.config.politeness.robots {
        plan.config.fetch.user_agent.token().to_owned()
    } else {
        "ignored".to_owned()
    };
    let of_hosts = plan.config.per_host(|host| host.politeness.robots);
    let own = of_hosts.filter_map(|(host, robots)| robots.map(|robots| format!("{host}={robots}")));
    let policy = &plan.config.policy;
    let purpose = Policy::new(policy).skips().then(|| format!("purpose={}", policy.purpose.name()));
    std::iter::once(all).chain(own).chain(purpose).collect::<Vec<_>>().join(" ")
}

fn folder(plan: &Plan) -> String {
    plan.folder.as_deref().map(|folder| folder.display().to_string()).unwrap_or_default()
}

/// The files that answer, one on each line.
fn archives(plan: &Plan) -> String {
    plan.archives.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join("\n")
}

/// The keys of `[frontier]` that decide which URLs are one page, in the order in which a store has them.
const URL_RULE_KEYS: [&str; 4] = ["ignore_params", "ignore_path_params", "sort_query", "merge_slashes"];
