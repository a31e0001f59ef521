//! Resume: what earlier runs of a crawl have left, compared with the plan of this one. From here on it goes one way: into
//! the dispatcher.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::asked_again::AskedAgain;
use super::bucket_rules::BucketRules;
use super::dispatcher::{Checks, Dispatcher, Seeds, Start};
use super::fail_point::fail_point;
use super::judge::Judge;
use super::loading::Loading;
use super::lost_records::Lost;
use super::open_store;
use super::outputs::{Output, Outputs};
use super::page_read::Reads;
use super::plan::Plan;
use super::retry_failed::retry_failed;
use super::said::Said;
use super::same_crawl;
use super::tally::Tally;
use super::tenured::Tenured;
use super::worker::Worker;
use super::writer::Writer;
use crate::config::{Config, ParseOptions};
use crate::crawl_dir::CrawlDir;
use crate::error::{Error, Result};
use crate::extracted::Health;
use crate::fetch::Fetch;
use crate::frontier::{Frontier, Split};
use crate::mention::Kind;
use crate::observe::Stats;
use crate::parse::Parser;
use crate::policy::Policy;
use crate::politeness::{Politeness, SavedHost};
use crate::sitemaps::{SavedSitemap, Sitemaps};
use crate::store::{Counts, Loader, Memory, Note, Notes, Share, Store};
use crate::traps::Traps;
use crate::url::{CrawlUrl, HostKey, UrlRules};
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
    /// What reads buckets back that come from others, and by what rules; `None` where there are no others.
    loader: Option<(Box<dyn Loader>, BucketRules)>,
    /// What the commit that has begun this run has said.
    said: Said,
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
        #[cfg(test)]
        let mut plan = plan;
        #[cfg(test)]
        if let Some(store) = plan.store.take() {
            return Self::over(plan, store);
        }
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
            loader: None,
            said: Said::default(),
            exchanges: false,
            again: None,
        };
        Ok((Box::new(Memory::new(clock)), resume.with_seeds()?))
    }

    /// A crawl whose store somebody else has opened, and that has no directory.
    #[cfg(test)]
    fn over(plan: Plan, mut store: Box<dyn Store>) -> Result<(Box<dyn Store>, Self)> {
        let notes = store.recall()?;
        let mut resume = Self::read_back(plan, notes, &[], &mut *store)?.with_seeds()?;
        resume.begin(&mut *store)?;
        Ok((store, resume))
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
        let mut store = open_store::open(&plan.config, dir)?;
        fail_point("store-opened");
        let resume = Self::recall(plan, &mut *store, dir, outputs).and_then(Self::with_seeds);
        let resume = resume.inspect_err(|_| store.withdraw())?;
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
        Self::read_back(plan, notes, &left_out, store)
    }

    /// Reads back what a store has of the crawl, by its notes; the seeds of before that are left out.
    fn read_back(plan: Plan, notes: Notes, left_out: &[String], store: &mut dyn Store) -> Result<Self> {
        let mut traps = Traps::new(plan.config.traps.clone());
        traps.restore(notes.traps.iter().cloned());
        let mut judge = judge(&plan, traps);
        let seed_redirects = seed_redirects(&plan, &notes)?;
        for (from, to) in &seed_redirects {
            judge.follow_seed(from, to);
        }
        same_crawl::tell_left_out(left_out);
        same_crawl::tell_checks(&plan, notes.settings.as_ref());
        let Share { split, own, others } = store.share();
        same_crawl::expect_no_limit(&plan, &notes, others)?;
        let rules = BucketRules::new(&plan, &notes, left_out);
        let (mut frontier, mut counts) = (Frontier::split(plan.limits(), split), Counts::default());
        // Before the buckets, whose records are others' as well.
        let own_tally = (split != Split::ONE).then(|| Tally::of_own(store, notes.unasked, notes.unread.clone()));
        for bucket in own {
            let (graph, of_bucket) = rules.read(bucket, &judge, |to| store.restore(bucket, to))?;
            counts.add_all(of_bucket);
            frontier.take(graph);
        }
        let tally = own_tally.transpose()?.unwrap_or_else(|| Tally::of(counts, notes.unasked, notes.unread.clone()));
        let loader = (split != Split::ONE).then(|| store.loader()).transpose()?.map(|loader| (loader, rules));
        let clock = store.clock();
        let (said, exchanges, again) = (Said::default(), false, None);
        Ok(Self { plan, judge, seed_redirects, frontier, tally, notes, clock, loader, said, exchanges, again })
    }

    /// Opens the outputs where they were committed, and keeps what this run is: from here on it can be continued.
    pub(super) fn take_up(&mut self, store: &mut dyn Store, dir: &CrawlDir, outputs: Outputs) -> Result<Vec<Output>> {
        if !self.plan.config.frontier.store {
            return outputs.create(dir);
        }
        let outputs = outputs.open(dir, store)?;
        self.begin(store)?;
        fail_point("session-begun");
        Ok(outputs)
    }

    /// Keeps what this run is.
    fn begin(&mut self, store: &mut dyn Store) -> Result<()> {
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
        self.said = Said::committing(store)?;
        self.notes.started_at.get_or_insert(self.clock.to_millis(now));
        Ok(())
    }

    /// What the store has said since.
    pub(super) fn take_said(&mut self) -> Said {
        std::mem::take(&mut self.said)
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
    pub(super) fn dispatcher(self, writer: Writer, stats: Arc<Stats>, started: Instant) -> Result<Dispatcher> {
        let Self { plan, judge, frontier, .. } = self;
        plan.tell();
        let mut seeds = Seeds::new(&plan.seeds, &plan.places);
        for (from, to) in &self.seed_redirects {
            seeds.leads_to(from, to, judge.is_in_scope(to));
        }
        seeds.have_failed(self.notes.failed_seeds);
        let politeness = politeness(&plan, self.notes.hosts, self.notes.last.is_some(), &self.clock, started);
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
        let sitemaps = sitemaps(&config, &plan.rules, self.notes.sitemaps);
        let mut reads = Reads::new(plan.extract, &plan.rules, config.content);
        (reads.texts, reads.surveys) = (judge.closes_traps(), config.check.surveys());
        let (fetch, loading) = match self.loader {
            None => (plan.fetch, None),
            Some((loader, rules)) => {
                let network = Tenured::new(plan.fetch, writer.tenure().clone());
                (Arc::new(network) as Arc<dyn Fetch>, Some(Loading::start(loader, rules)?))
            }
        };
        let worker = Worker::new(fetch, parser, plan.rules, agent.to_owned()).reading(reads);
        let worker = worker.asking_again(self.again, config.update);
        Ok(Dispatcher::new(Start {
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
            loading,
            stats,
            output: config.output,
            slots: plan.descriptors.requests,
            knocks: plan.descriptors.knocks,
            most_pages: config.max_pages.0,
            deadline: config.max_time.0.map(|time| started + time),
            clock: self.clock,
            started,
        }))
    }

    /// Makes the seeds known: those that no earlier run had. One of a bucket that is not here was told to its owner by the run
    /// that had it first.
    fn with_seeds(mut self) -> Result<Self> {
        let told: BTreeSet<&str> = self.notes.seeds.iter().map(String::as_str).collect();
        for seed in &self.plan.seeds {
            if self.frontier.home_of(seed).is_some() || !told.contains(seed.as_str()) {
                self.frontier.add_seed(seed.clone())?;
            }
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

/// What is known of all hosts; whether an earlier process may have asked them a moment ago.
fn politeness(
    plan: &Plan,
    hosts: Vec<(HostKey, SavedHost)>,
    goes_on: bool,
    clock: &WallClock,
    started: Instant,
) -> Politeness {
    let mut politeness = plan.politeness(started);
    for (host, saved) in hosts {
        politeness.restore(host, saved, plan.config.fetch.user_agent.token(), clock);
    }
    if goes_on {
        politeness.resumed(started);
    }
    // What is kept of them comes first: it is put in place of what holds by the settings.
    for site in &plan.on_disk {
        politeness.lift(site);
    }
    politeness
}

/// The sitemaps as earlier runs have left them.
fn sitemaps(config: &Config, rules: &UrlRules, saved: Vec<(String, SavedSitemap)>) -> Sitemaps {
    let sitemaps = Sitemaps::new(config.sitemaps.clone());
    let mut sitemaps = if config.parse.follow.contains(&Kind::Feed) { sitemaps.with_feeds() } else { sitemaps };
    for (url, saved) in saved {
        // But for those whose URLs these settings do not take.
        if let Ok(url) = rules.parse(&url) {
            sitemaps.restore(url, saved);
        }
    }
    sitemaps
}

/// Where seeds have led to.
fn seed_redirects(plan: &Plan, notes: &Notes) -> Result<Vec<(CrawlUrl, CrawlUrl)>> {
    let parse = |text: &str| plan.rules.parse(text).map_err(Error::Damaged);
    notes.seed_redirects.iter().map(|(from, to)| Ok((parse(from)?, parse(to)?))).collect()
}
