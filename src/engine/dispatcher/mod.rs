//! The dispatcher: the one place that walks from links back to the frontier, and the only owner of the crawl's state.

mod admission;
mod carried;
mod checks;
mod closing;
mod ending;
mod event;
mod handover;
mod held_hosts;
mod job;
mod knocks;
mod left_out;
mod letters;
mod long_chains;
mod news;
mod nodes;
mod pages;
mod queues;
mod release;
mod robots_hops;
mod seeds;
mod silent_line;
mod site_files;
mod sitemap_files;
mod slots;
mod start;
mod tasks;
mod usage;
mod waiting_hosts;

pub(super) use checks::Checks;
pub(super) use seeds::Seeds;
pub(super) use start::{End, Start};

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::clock::{now, until};
use super::judge::Judge;
use super::shutdown::Stop;
use super::tenure::Tenure;
use super::worker::Worker;
use super::writer::Heard;
use crate::error::{Error, Result};
use crate::fetch::Held;
use crate::frontier::{Frontier, Lease, Rows};
use crate::observe::{State, Stats};
use crate::outcome::{Failure, Outcome};
use crate::policy::Policy;
use crate::politeness::{Next, Politeness};
use crate::url::CrawlUrl;
use ending::Ending;
use event::{Event, Filled};
use handover::{Handover, Keep};
use job::{Done, Job};
use knocks::Knocks;
use nodes::Nodes;
use pages::{Pages, respell};
use queues::Queues;
use robots_hops::RobotsHops;
use sitemap_files::SitemapFiles;
use slots::{Slots, shortage};
use tasks::Tasks;
use waiting_hosts::WaitingHosts;

/// A running crawl: a loop over its parts.
///
/// - Whatever is asked for is a [`Job`], taken from its queue, admitted by politeness, and then started, put off or ended.
/// - A job whose host may not be asked is put off with that host, and taken again once the host is released.
/// - Between two looks at what has happened it does a bounded amount of work: see [`AT_ONCE`].
#[derive(Debug)]
pub(super) struct Dispatcher {
    frontier: Frontier,
    politeness: Politeness,
    judge: Judge,
    worker: Arc<Worker>,
    tasks: Tasks,
    slots: Slots,
    knocks: Knocks,
    waiting_hosts: WaitingHosts,
    robots: RobotsHops,
    sitemaps: SitemapFiles,
    policy: Policy,
    checks: Checks,
    pages: Pages,
    handover: Handover,
    stats: Arc<Stats>,
    ending: Ending,
    nodes: Nodes,
    tenure: Tenure,
}

impl Dispatcher {
    /// A crawl at its start, or where earlier runs have left it.
    pub(super) fn new(start: Start) -> Self {
        let Start { frontier, politeness, judge, policy, seeds, tally, writer, stats, output, deadline, clock, .. } =
            start;
        let worker = Arc::new(start.worker);
        let mut sitemaps = SitemapFiles::new(start.sitemaps, Arc::clone(&worker));
        for url in start.named {
            sitemaps.name(url.clone(), &url.host_key(), &judge);
        }
        sitemaps.take_known(politeness.known_robots(), &judge, &frontier);
        let redirects = frontier.limits().redirects;
        Self {
            frontier,
            politeness,
            judge,
            tasks: Tasks::new(Arc::clone(&worker), start.budget),
            worker,
            slots: Slots::new(start.slots),
            knocks: Knocks::new(start.knocks),
            waiting_hosts: WaitingHosts::default(),
            robots: RobotsHops::default(),
            sitemaps,
            policy,
            checks: start.checks,
            pages: Pages::new(seeds, tally, output, start.most_pages, redirects),
            tenure: writer.tenure().clone(),
            handover: Handover::new(writer, clock, start.started),
            stats,
            ending: Ending::new(deadline),
            nodes: Nodes::new(start.loading),
        }
    }

    /// Says that this is not the first run.
    pub(super) fn goes_on(&self, dir: &Path) -> String {
        start::goes_on(dir, &self.pages.accounts(&self.frontier), self.pages.failed(), self.is_done())
    }

    /// Crawls to the end, and brings what was found in order. Dropping the future stops at once.
    pub(super) async fn run(mut self, stop: watch::Receiver<Stop>) -> Result<End> {
        let (end, closed) = match self.crawl(stop).await {
            Ok(state) => (Ok(state), self.close(state).await),
            // Nobody reads any more: that is how a user of `| head` stops a crawl.
            Err(Error::ClosedPipe) => (self.stop_at_once().await, Err(Error::ClosedPipe)),
            Err(error) => (Err(error), Ok(())),
        };
        let written = self.handover.finish().await;
        let (state, health) = match (end?, closed.and(written)) {
            (_, Err(Error::ClosedPipe)) => (State::Stopped, None),
            (state, written) => (state, written?),
        };
        let (accounts, hosts) = (self.pages.accounts(&self.frontier), self.politeness.reports());
        let is_fruitless = self.frontier.is_whole() && self.frontier.accounts().settled.ok == 0;
        let (tally, seeds) = self.pages.finish();
        Ok(End { state, accounts, is_fruitless, hosts, tally, seeds, traps: self.judge.closed().to_vec(), health })
    }

    /// Crawls until nothing is left, a limit is reached, or someone stops it.
    async fn crawl(&mut self, mut stop: watch::Receiver<Stop>) -> Result<State> {
        loop {
            let filled = if self.ending.holds_still() { Filled::Up } else { self.fill().await? };
            self.give().await?;
            self.pass_on(Keep::Due).await?;
            self.tell_rest().await?;
            self.publish();
            if self.tasks.is_empty() && (self.ending.has_begun() || self.is_done()) {
                return self.end();
            }
            match self.next_event(&mut stop, filled).await? {
                Event::Done(done) => {
                    self.take(done?).await?;
                    while let Some(done) = self.tasks.try_next() {
                        self.take(done?).await?;
                    }
                    // Under load there is always an answer.
                    if let Some(told) = self.handover.try_told() {
                        self.hear(told).await?;
                    }
                }
                Event::Heard(Heard::Rows(rows)) => {
                    self.supply(rows)?;
                    while let Some(rows) = self.handover.try_answer() {
                        self.supply(rows)?;
                    }
                }
                Event::Heard(Heard::Told(told)) => self.hear(told).await?,
                Event::Loaded(loaded) => self.take_bucket(*loaded).await?,
                Event::Knocked(there) => there.iter().for_each(|url| self.reached(url)),
                Event::Stop(Stop::AtOnce) => return self.stop_at_once().await,
                Event::Stop(stop) => self.ending.heard(stop, self.tasks.len()),
                Event::Deadline => self.ending.out_of_time(self.tasks.len()),
                Event::Due => {}
            }
        }
    }

    /// Waits for whatever comes first. Cancel safe: each arm only takes what is there. In this order, because under load
    /// there is always an answer, and the end must not wait for a lull.
    async fn next_event(&mut self, stop: &mut watch::Receiver<Stop>, filled: Filled) -> Result<Event> {
        // Once the crawl is ending only what is in flight is waited for, and what is to be kept.
        let starts = !self.ending.holds_still() && self.has_slot();
        let (due, waiting) = (self.next_due(starts), self.frontier.is_waiting());
        let are_many = self.nodes.are_many();
        if filled == Filled::Up && self.tasks.is_empty() && due.is_none() && !waiting && !self.ending.is_paused() {
            let internal = || Error::Internal("URLs are waiting, but none of them is ever due".to_owned());
            match !are_many || starts {
                true if self.hurry() => return Ok(Event::Due),
                true if !are_many => return Err(internal()),
                // Others may have something to tell, or to say of a robots.txt.
                _ => {}
            }
        }
        let is_open = self.tenure.is_open();
        let unmet = self.waiting_hosts.next_due().filter(|_| starts);
        let knock = self.knock_due().filter(|_| starts);
        let due = due.into_iter().chain(unmet).chain(knock).chain(self.handover.next_due(&self.politeness)).min();
        let event = tokio::select! {
            biased;
            Ok(()) = stop.changed() => Event::Stop(*stop.borrow_and_update()),
            () = until(self.ending.deadline()) => Event::Deadline,
            Some(done) = self.tasks.next() => Event::Done(done),
            Some(there) = self.knocks.next() => Event::Knocked(there),
            heard = self.handover.hear(), if waiting || are_many => Event::Heard(heard?),
            loaded = self.nodes.loaded(), if are_many => Event::Loaded(loaded?.into()),
            () = self.tenure.opened(), if !is_open => Event::Due,
            // Gives way once, so that whoever stops the crawl is heard also where all tasks share one thread.
            () = tokio::task::yield_now(), if filled == Filled::Partly => Event::Due,
            () = until(due) => Event::Due,
        };
        Ok(event)
    }

    /// When the next job may be started, as far as the queues know.
    fn next_due(&mut self, starts: bool) -> Option<Instant> {
        match self.slots.held_until() {
            _ if self.ending.holds_still() => None,
            until @ Some(_) => until,
            None if starts => self.queues().next_due().into_iter().chain(self.politeness.next_turn_due()).min(),
            None => None,
        }
    }

    /// Starts whatever may start now, with a bounded amount of work.
    async fn fill(&mut self) -> Result<Filled> {
        let woken = now();
        self.slots.pass(woken);
        self.politeness.set_slots(self.slots.size());
        self.queues().wake(woken);
        for _ in 0..AT_ONCE {
            if !self.has_slot() {
                return Ok(Filled::Up);
            }
            let (now, room) = (now(), self.politeness.room());
            if let Some(url) = self.politeness.next_turn(now) {
                self.queues().call(&url);
            }
            let Some(job) = self.queues().next(now, room)? else {
                self.knock(now);
                return Ok(Filled::Up);
            };
            self.admit(job, now).await?;
        }
        Ok(Filled::Partly)
    }

    /// Takes what came of a job.
    async fn take(&mut self, done: Done) -> Result<()> {
        let now = now();
        if let Some(failure) = done.outcome().and_then(shortage).cloned() {
            return self.withdraw(done.into_job(), &failure, now);
        }
        done.outcome().is_some().then(|| self.slots.answered());
        match done {
            Done::Addresses(url, addresses) => {
                self.politeness.addresses_known(&url, &addresses, now);
                self.queues().release(&url, Next::Any);
            }
            Done::Page(lease, mut outcome, held) => match self.finished(lease.asked(), lease.attempt, &outcome, now) {
                Some(at) => return self.frontier.retry(lease.id, at),
                None if outcome.asks_anew || self.checks.asks_again(&lease, &outcome, &self.judge) => {
                    return self.frontier.retry(lease.id, now);
                }
                None if respell(&lease, &outcome, &self.judge, &mut self.politeness, &mut self.frontier)? => {
                    return self.handover.aside(&mut outcome).await;
                }
                None => return self.settle(&lease, outcome, held).await,
            },
            Done::Carried(lease, outcome, held) => return self.take_carried(lease, outcome, held).await,
            Done::Witness(url, outcome) => {
                let next = self.politeness.finished(&url, &outcome, now);
                self.release(&url, next, now);
            }
            Done::Robots(hop, reply, mut outcome) => {
                self.handover.aside(&mut outcome).await?;
                self.take_robots(hop, reply, &outcome, now)?;
            }
            Done::TdmFile(hop, reply, mut outcome) => {
                self.handover.aside(&mut outcome).await?;
                self.take_tdm_file(hop, reply, &outcome, now);
            }
            Done::Sitemap(ask, reply, mut outcome) => {
                if let Some(at) = self.finished(&ask.url, ask.attempt, &outcome, now) {
                    self.sitemaps.queue().retry(ask, Some(at));
                } else {
                    self.handover.aside(&mut outcome).await?;
                    self.sitemaps.take(&ask, reply, &outcome, &self.judge, &mut self.frontier)?;
                }
            }
        }
        Ok(())
    }

    /// A request for a page or a sitemap has ended: its host is free, from an instant on. When it is to be tried again,
    /// if it is.
    fn finished(&mut self, url: &CrawlUrl, attempt: u32, outcome: &Outcome, now: Instant) -> Option<Instant> {
        let next = self.politeness.finished(url, outcome, now);
        self.release(url, next, now);
        let at = self.politeness.retry_at(url, attempt, outcome, now)?;
        tracing::debug!(%url, attempt, "will be tried again: {}", outcome.reason());
        self.pages.retried();
        Some(at)
    }

    /// Takes back a job that was never sent for a shortage of this process: it was no attempt, and no fault of its host.
    fn withdraw(&mut self, job: Job, failure: &Failure, now: Instant) -> Result<()> {
        let next = self.politeness.withdrawn(job.url(), now);
        self.release(job.url(), next, now);
        self.queues().take_back(job, now)?;
        if failure.is_withheld() {
            // Others may ask its host meanwhile.
            return Ok(());
        }
        self.slots.short(failure, self.tasks.len(), now)
    }

    /// Ends a lease with a record. What the outcome takes in memory is held until that is written.
    async fn settle(&mut self, lease: &Lease, mut outcome: Outcome, held: Option<Held>) -> Result<()> {
        self.join_usage(lease, &mut outcome);
        self.sitemaps.take_feeds(&lease.url, &mut outcome.links, &self.judge);
        let feeds = self.sitemap_changes()?;
        let sitemaps = self.sitemaps.queue();
        let mut step = self.pages.settle(lease, outcome, &mut self.judge, sitemaps, &mut self.frontier)?;
        step.sitemaps.extend(feeds);
        if step.traps.is_some() || step.seed_redirect.is_some() {
            self.nodes.judge_anew();
        }
        self.leave(lease);
        self.handover.settled(step, held).await
    }

    /// Takes what the frontier has asked for.
    fn supply(&mut self, rows: Rows) -> Result<()> {
        let judge = &self.judge;
        self.frontier.supply(rows, &|url| judge.is_in_scope(url), &|url, kind| judge.refuses_link(url, kind))
    }

    fn queues(&mut self) -> Queues<'_> {
        Queues::new(&mut self.frontier, self.sitemaps.queue(), &mut self.robots, &mut self.waiting_hosts)
    }

    /// Whether one more request may start.
    fn has_slot(&self) -> bool {
        self.tenure.is_open() && self.slots.has(self.tasks.len()) && !self.pages.are_enough(&self.frontier)
    }

    fn is_done(&self) -> bool {
        if self.nodes.are_many() {
            // Whether all is done, the others know too: it is news.
            return self.is_left() && self.pages.are_enough(&self.frontier);
        }
        let accounts = self.frontier.accounts();
        let nothing_waits = accounts.pending == 0 && !self.frontier.is_waiting();
        (nothing_waits && self.sitemaps.is_idle()) || self.pages.are_enough(&self.frontier)
    }
}

/// How many jobs are taken before the dispatcher looks at what has happened: a host that was given up, or a site that
/// robots.txt closes, may have a million pages that are ended one after the other. Some milliseconds of work, and enough
/// for most crawls to start all requests they may.
const AT_ONCE: usize = 256;

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::Crawl;
    use crate::config::Config;
    use crate::engine::Stopper;
    use crate::fetch::{Fetch, Fetching};
    use crate::observe::Summary;
    use crate::outcome::FailureKind;
    use crate::request::{Purpose, Request};
    use crate::response::{Body, Response};
    use crate::sink::{Checkpoint, Settled, Sink};
    use crate::units::{Rate, TimeLimit};

    /// A network in which only one host is alive. It takes two minutes for a page.
    #[derive(Debug)]
    struct OneAlive;

    impl Fetch for OneAlive {
        fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
            Box::pin(async move {
                if request.url.host() != "alive" {
                    return Err(Failure::new(FailureKind::Connect, "connection refused"));
                }
                if request.purpose == Purpose::Page {
                    tokio::time::advance(Duration::from_mins(2)).await;
                }
                Ok(Response::new(StatusCode::NOT_FOUND, HeaderMap::new(), Body::Unwanted))
            })
        }
    }

    /// Stops the crawl with its first record.
    #[derive(Debug, Clone, Default)]
    struct StopsAtFirst {
        stopper: Arc<OnceLock<Stopper>>,
        records: Arc<AtomicUsize>,
    }

    impl Sink for StopsAtFirst {
        fn write(&mut self, _: &Settled) -> Result<()> {
            self.records.fetch_add(1, Ordering::SeqCst);
            self.stopper.get().unwrap().drain();
            Ok(())
        }

        fn flush(&mut self) -> Result<Option<Checkpoint>> {
            Ok(None)
        }
    }

    /// Seeds of a host that is given up at its first failure, and those of `others`.
    fn dead_seeds(others: &[&str]) -> Config {
        let mut config = Config::default();
        let dead = (0..DEAD).map(|n| format!("http://dead/{n}"));
        config.seeds = others.iter().map(|url| (*url).to_owned()).chain(dead).collect();
        config.politeness.rate = Rate::UNLIMITED;
        config.politeness.retries = 0;
        config.politeness.breaker_failures = 1;
        config.politeness.patience = Duration::ZERO;
        config
    }

    fn settled(summary: &Summary) -> u64 {
        assert_eq!(summary.pending + summary.settled.total(), summary.discovered);
        summary.settled.total()
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_is_heard_while_the_urls_of_a_dead_host_are_settled() {
        let sink = StopsAtFirst::default();
        let crawl = Crawl::builder().config(dead_seeds(&[])).fetch(OneAlive).sink(sink.clone()).build().unwrap();
        sink.stopper.set(crawl.stopper()).unwrap();
        let summary = crawl.run().await.unwrap();
        assert_eq!(summary.state, State::Stopped);
        let records = sink.records.load(Ordering::SeqCst) as u64;
        assert_eq!(records, settled(&summary));
        // What is on its way to the sink, and what is begun before the dispatcher looks again.
        assert!(records < DEAD / 4, "{records} of {DEAD}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_starts_nothing_new_until_somebody_goes_on() {
        let mut config = dead_seeds(&[]);
        config.seeds = ["http://alive/1", "http://alive/2", "http://alive/3"].map(str::to_owned).to_vec();
        config.concurrency = 1;
        let crawl = Crawl::builder().config(config).fetch(OneAlive).build().unwrap();
        let (stopper, stats) = (crawl.stopper(), crawl.stats());
        stats.look_closely();
        let pause = async {
            while stats.snapshot().in_flight == 0 {
                tokio::task::yield_now().await;
            }
            stopper.pause();
            while !stats.snapshot().paused || stats.snapshot().in_flight > 0 {
                tokio::task::yield_now().await;
            }
            let done = stats.snapshot().done;
            tokio::time::advance(Duration::from_hours(1)).await;
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let later = stats.snapshot();
            assert_eq!((later.done, later.in_flight, later.paused), (done, 0, true));
            stopper.resume();
            done
        };
        let (summary, done) = tokio::join!(crawl.run(), pause);
        let summary = summary.unwrap();
        assert!(done < 3, "{done}");
        assert_eq!((summary.state, summary.settled.http_error), (State::Complete, 3));
        assert!(!stats.snapshot().paused);
        let close = stats.closely();
        assert_eq!(close.accounts.settled, summary.settled);
        assert!(close.commits.count() > 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_time_is_heard_while_the_urls_of_a_dead_host_are_settled() {
        let mut config = dead_seeds(&["http://alive/"]);
        config.max_time = TimeLimit(Some(Duration::from_mins(1)));
        let summary = Crawl::builder().config(config).fetch(OneAlive).build().unwrap().run().await.unwrap();
        assert_eq!(summary.state, State::Limit);
        assert_eq!(summary.settled.http_error, 1, "what was in flight is finished");
        assert!(settled(&summary) < DEAD / 4, "{} of {DEAD}", settled(&summary));
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_end_all_urls_of_a_dead_host_are_settled() {
        let summary = Crawl::builder().config(dead_seeds(&[])).fetch(OneAlive).build().unwrap().run().await.unwrap();
        assert_eq!((summary.state, summary.settled.failed), (State::Complete, DEAD));
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_that_are_all_dead_are_tried_as_often_as_a_url_and_not_waited_for() {
        for (breaker_failures, attempts) in [(0, 2), (1, 1), (5, 2)] {
            let mut config = dead_seeds(&[]);
            config.seeds = ["http://dead/", "http://gone/", "http://dead/a"].map(str::to_owned).to_vec();
            config.politeness.retries = 1;
            config.politeness.breaker_failures = breaker_failures;
            config.politeness.breaker_pause = Duration::from_secs(30);
            let (started, pause) = (now(), config.politeness.breaker_pause.max(config.politeness.max_backoff));
            let summary = Crawl::builder().config(config).fetch(OneAlive).build().unwrap().run().await.unwrap();
            assert_eq!((summary.state, summary.settled.failed), (State::Complete, 3));
            assert_eq!(summary.requests, 2 * attempts, "robots.txt of both, after {breaker_failures} failures at most");
            assert!(now() - started < pause, "{:?}", now() - started);
        }
    }

    const DEAD: u64 = 5000;
}
