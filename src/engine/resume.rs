//! Resume: what earlier runs of a crawl have left, compared with the plan of this one. From here on it goes one way: into
//! the dispatcher.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::asked_again::AskedAgain;
use super::dispatcher::{Checks, Dispatcher, Seeds, Start};
use super::fail_point::fail_point;
use super::judge::Judge;
use super::lost_records::Lost;
use super::outputs::{Output, Outputs};
use super::page_read::Reads;
use super::plan::Plan;
use super::retry_failed::retry_failed;
use super::same_crawl;
use super::tally::Tally;
use super::worker::Worker;
use super::writer::Writer;
use crate::config::{Config, ParseOptions};
use crate::crawl_dir::{CrawlDir, OTHER_DIR};
use crate::error::{Error, Result};
use crate::extracted::Health;
use crate::frontier::{Bucket, Frontier, RestoreRules};
use crate::mention::Kind;
use crate::observe::Stats;
use crate::outcome::SkipReason;
use crate::parse::Parser;
use crate::policy::Policy;
use crate::sitemaps::Sitemaps;
use crate::store::{self, Counts, Memory, NodeFile, Note, Notes, Store};
use crate::store_place::StorePlace;
use crate::traps::Traps;
use crate::url::{CrawlUrl, UrlRules};
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
    /// The pages of the crawl that this one updates; `None` when it updates none, or asks for all of them anew.
    again: Option<AskedAgain>,
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
        let judge = judge(&plan, Traps::new(plan.config.traps.clone()));
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
            again: None,
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
        let mut store = match plan.config.store_place()? {
            None => open_own(dir)?,
            Some(place) => open_shared(dir, &place)?,
        };
        fail_point("store-opened");
        let resume = Self::recall(plan, &mut *store, dir, outputs)?.with_seeds()?;
        Ok((store, resume))
    }

    /// Reads a store back.
    fn recall(plan: Plan, store: &mut dyn Store, dir: &CrawlDir, outputs: &mut Outputs) -> Result<Self> {
        let mut notes = store.recall()?;
        let left_out = same_crawl::expect_same(&plan, &notes, dir)?;
        outputs.recall(dir, &notes)?;
        if let Some(lost) = Lost::find(outputs, &notes, store)? {
            lost.ask_again(outputs, &notes, store)?;
        }
        if plan.retry_failed {
            retry_failed(outputs, &mut notes, store)?;
        }
        let mut traps = Traps::new(plan.config.traps.clone());
        traps.restore(notes.traps.iter().cloned());
        let mut judge = judge(&plan, traps);
        let seed_redirects = seed_redirects(&plan, &notes)?;
        for (from, to) in &seed_redirects {
            judge.follow_seed(from, to);
        }
        same_crawl::tell_left_out(&left_out);
        same_crawl::tell_checks(&plan, notes.settings.as_ref());
        let (frontier, counts) = restore(&plan, &judge, &notes, &left_out, store)?;
        let tally = Tally::of(counts, notes.unasked, notes.unread.clone());
        let clock = store.clock();
        Ok(Self { clock, plan, judge, seed_redirects, frontier, tally, notes, exchanges: false, again: None })
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
        store.keep(Note::Settings(same_crawl::settings(&self.plan, self.notes.settings.as_ref())?))?;
        // Seeds, and what has changed since the last run, with the settings that they come of: the next run sees no
        // difference to these.
        for (bucket, changes) in self.frontier.take_changes() {
            store.apply(bucket, changes, None)?;
        }
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

    /// Asks whether what an earlier crawl has read still holds.
    pub(super) fn ask_again(&mut self, again: Option<AskedAgain>) {
        self.again = again;
    }

    /// Which URLs are one page.
    pub(super) fn url_rules(&self) -> UrlRules {
        self.plan.rules.clone()
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
        let (parse, checks) = looked_for(&config, self.exchanges);
        let parser = Parser::new(&parse, plan.rules.clone(), agent);
        let parser = if config.check.surveys() { parser.surveying() } else { parser };
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
        (reads.texts, reads.surveys) = (judge.closes_traps(), config.check.surveys());
        let worker = Worker::new(plan.fetch, parser, plan.rules, agent.to_owned()).reading(reads);
        let worker = worker.asking_again(self.again, config.update);
        Dispatcher::new(Start {
            frontier,
            politeness,
            judge,
            policy: Policy::new(&config.policy),
            checks,
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

/// Opens the store in a crawl directory, a new one if there is none.
fn open_own(dir: &CrawlDir) -> Result<Box<dyn Store>> {
    if let Some(node) = NodeFile::read(dir.path())? {
        return Err(Error::Usage(format!(
            "the crawl in {shown} is kept in {}\n = help: `crawler --dir {shown}` goes on with it; so does the command that began \
             it, with --store and --name",
            node.place(),
            shown = dir.path().display()
        )));
    }
    let clock = WallClock::new(Instant::now(), jiff::Timestamp::now());
    if !store::file::is_own(dir.path())? {
        dir.expect_empty()?;
    }
    open_store(dir, clock)
}

/// Opens the store in a database.
#[cfg(feature = "postgres")]
fn open_shared(dir: &CrawlDir, place: &StorePlace) -> Result<Box<dyn Store>> {
    // Beside a file `node` it is what a copy into the database has left, and counts no more.
    if NodeFile::read(dir.path())?.is_none() && store::file::is_own(dir.path())? {
        return Err(Error::Usage(format!(
            "the directory {} holds a crawl with a store of its own ({})\n = help: {OTHER_DIR}, or leave out --store to go on with it",
            dir.path().display(),
            store::file::FILE
        )));
    }
    NodeFile::expect_of(dir.path(), place)?;
    if !store::postgres::Postgres::is_there(place)? {
        dir.expect_unused()?;
    }
    Ok(Box::new(store::postgres::Postgres::open(place, dir.path())?))
}

#[cfg(not(feature = "postgres"))]
fn open_shared(_: &CrawlDir, place: &StorePlace) -> Result<Box<dyn Store>> {
    let problem = "this crawler is built without the feature `postgres`, so it cannot keep a crawl in";
    Err(Error::Usage(format!("{problem} {place}\n = help: leave out --store, or build it with --features postgres")))
}

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

/// Who decides what is requested by these settings.
fn judge(plan: &Plan, traps: Traps) -> Judge {
    let judge = Judge::new(plan.scope.clone(), Arc::clone(&plan.fetch), traps);
    if plan.config.check.external { judge.looking_outside() } else { judge }
}

/// What is taken out of pages when parts of them are looked for, and how these are asked for. Where the settings follow parts
/// by themselves, they are wanted whole.
fn looked_for(config: &Config, keeps_exchanges: bool) -> (ParseOptions, Checks) {
    let (mut parse, check) = (config.parse.clone(), config.check);
    if parse.follow.iter().any(|kind| kind.is_part()) || !(check.external || check.resources) {
        return (parse, Checks::OFF);
    }
    if check.resources {
        parse.follow.extend([Kind::Embed, Kind::Style]);
    }
    (parse, if keeps_exchanges { Checks::BY_GET } else { Checks::BY_HEAD })
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
fn restore(
    plan: &Plan,
    judge: &Judge,
    notes: &Notes,
    left_out: &[String],
    store: &mut dyn Store,
) -> Result<(Frontier, Counts)> {
    let seeds: BTreeSet<_> = plan.places.iter().map(CrawlUrl::key).collect();
    // Where no link counts, only to be a seed brings a URL into the crawl. Elsewhere other pages may lead to it as well.
    let are_all = plan.config.depth.0 == Some(0);
    let left_out: BTreeSet<&str> = left_out.iter().filter(|_| are_all).map(String::as_str).collect();
    let verdict = |url: &CrawlUrl, is_part: bool| {
        if left_out.contains(url.as_str()) {
            return Some(SkipReason::Scope);
        }
        let refused = if is_part { judge.refuses_part(url) } else { judge.refuses(url) };
        refused.filter(|_| !seeds.contains(&url.key()))
    };
    let lifted = lifted(plan, notes);
    let rules = RestoreRules { judge: &verdict, lifted: &lifted };
    let mut restore = Frontier::restore(Bucket::FIRST, plan.limits(), rules);
    let counts = store.restore(Bucket::FIRST, &mut restore)?;
    Ok((Frontier::of(restore.finish()), counts))
}

/// The reasons to skip that these settings no longer give.
fn lifted(plan: &Plan, notes: &Notes) -> Vec<SkipReason> {
    let mut lifted = Vec::new();
    // What `only` and `[[follow]]` leave out looks the same.
    let leaves_out = plan.config.sitemaps.only || !plan.config.follow.is_empty();
    if !plan.config.parse.nofollow && !leaves_out {
        lifted.push(SkipReason::Nofollow);
    }
    if notes.settings.as_ref().is_some_and(|settings| settings.robots != same_crawl::robots(plan)) {
        lifted.extend([SkipReason::Robots, SkipReason::Usage]);
    }
    lifted
}
