//! The dispatcher: the one place that walks from links back to the frontier, and the only owner of the crawl's state.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

use super::ledger::Step;
use super::robots_hops::RobotsHop;
use super::room::{Room, shortage};
use super::seeds::{Seeds, why};
use super::shutdown::Stop;
use super::tally::Tally;
use super::unmet::Unmet;
use super::worker::{RobotsReply, SitemapReply, Worker};
use super::writer::Writer;
use crate::error::{Error, Result};
use crate::fetch::Fetch;
use crate::frontier::{Found, Frontier, Hold, Lease, Place, Rows};
use crate::observe::{State, Stats};
use crate::outcome::{Failure, FailureKind, Outcome, SkipReason};
use crate::politeness::{Admit, Next, Politeness, RobotsAnswer};
use crate::scope::Scope;
use crate::sink::{self, Record};
use crate::sitemaps::{self, Sitemaps};
use crate::url::{CrawlUrl, Link, Target};
use crate::wall_clock::WallClock;

/// A running crawl.
#[derive(Debug)]
pub(super) struct Dispatcher {
    pub(super) frontier: Box<dyn Frontier>,
    pub(super) politeness: Politeness,
    pub(super) scope: Scope,
    pub(super) fetch: Arc<dyn Fetch>,
    pub(super) worker: Arc<Worker>,
    pub(super) writer: Writer,
    pub(super) stats: Arc<Stats>,
    pub(super) tally: Tally,
    pub(super) seeds: Seeds,
    pub(super) limits: Limits,
    pub(super) room: Room,
    pub(super) output: sink::Options,
    pub(super) tasks: JoinSet<Answer>,
    pub(super) jobs: HashMap<Id, Job>,
    /// The robots.txt that others redirect to, and that wait for their turn.
    pub(super) robots_hops: Vec<RobotsHop>,
    pub(super) sitemaps: Sitemaps,
    pub(super) unmet: Unmet,
    /// A URL of each host that is not known to be quick, and waits until there is room for such hosts.
    pub(super) crowd: VecDeque<CrawlUrl>,
    pub(super) clock: WallClock,
    /// When what politeness knows is to be kept next.
    pub(super) manners_due: Instant,
    /// When the counts of all hosts are.
    pub(super) counts_due: Instant,
}

/// When a crawl ends although something is left.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Pages that are asked for.
    pub(super) pages: Option<u64>,
    /// When to start nothing new.
    pub(super) deadline: Option<Instant>,
}

/// What a task was started for.
#[derive(Debug)]
pub(super) enum Job {
    Page(Lease),
    Robots(RobotsHop),
    Sitemap(sitemaps::Ask),
}

/// What a task hands back.
#[derive(Debug)]
pub(super) enum Answer {
    Page(Outcome),
    Robots(RobotsReply, Outcome),
    Sitemap(SitemapReply, Outcome),
}

/// What happened next.
#[expect(clippy::large_enum_variant, reason = "one at a time, and most are answers: a box would cost more")]
enum Event {
    Answer(Result<(Id, Answer), JoinError>),
    Supply(Result<Rows>),
    Stop(Stop),
    Deadline,
    Due,
}

impl Dispatcher {
    /// Crawls until nothing is left, a limit is reached, or someone stops it. Dropping the future stops at once.
    pub(super) async fn run(&mut self, mut stop: watch::Receiver<Stop>) -> Result<State> {
        let mut ending = None;
        loop {
            if ending.is_none() {
                self.fill().await?;
            }
            self.hand_over().await?;
            self.publish();
            if self.tasks.is_empty() && (ending.is_some() || self.is_done()) {
                return self.end(ending.unwrap_or(State::Complete));
            }
            match self.next_event(&mut stop, ending.is_some()).await? {
                Event::Answer(answer) => {
                    self.take(answer).await?;
                    while let Some(answer) = self.tasks.try_join_next_with_id() {
                        self.take(answer).await?;
                    }
                }
                Event::Supply(rows) => {
                    self.supply(rows?)?;
                    while let Some(rows) = self.writer.try_answer() {
                        self.supply(rows)?;
                    }
                }
                Event::Stop(Stop::AtOnce) => return self.stop_at_once().await,
                Event::Stop(_) => {
                    ending.get_or_insert(State::Stopped);
                    tracing::warn!("stopping: {}", in_flight(self.tasks.len(), "; again to stop at once"));
                }
                Event::Deadline => {
                    ending.get_or_insert(State::Limit);
                    tracing::info!("max_time is over: {}", in_flight(self.tasks.len(), ""));
                }
                Event::Due => {}
            }
        }
    }

    /// Waits for whatever comes first. Cancel safe: each arm only takes what is there. In this order, because under load
    /// there is always an answer, and the end must not wait for a lull.
    async fn next_event(&mut self, stop: &mut watch::Receiver<Stop>, ending: bool) -> Result<Event> {
        let hop = self.robots_hops.iter().filter_map(|hop| hop.not_before).min();
        let due = match self.room.held_until() {
            _ if ending => None,
            Some(until) => Some(until),
            None if self.has_room() => {
                [self.frontier.next_due(), hop, self.sitemaps.next_due()].into_iter().flatten().min()
            }
            None => None,
        };
        // Also while nothing happens but waiting for a slow host, or for one that is left alone.
        let manners = self.politeness.has_changed().then_some(self.manners_due);
        let deadline = self.limits.deadline.filter(|_| !ending);
        let waiting = self.frontier.is_waiting();
        if self.tasks.is_empty() && due.is_none() && !waiting {
            let internal = || Error::Internal("URLs are waiting, but none of them is ever due".to_owned());
            return if self.hurry_unmet() { Ok(Event::Due) } else { Err(internal()) };
        }
        let unmet = self.unmet.next_due().filter(|_| !ending && self.has_room());
        let due = due.into_iter().chain(unmet).chain(manners).chain(self.writer.due()).min();
        let event = tokio::select! {
            biased;
            Ok(()) = stop.changed() => Event::Stop(*stop.borrow_and_update()),
            () = until(deadline) => Event::Deadline,
            Some(answer) = self.tasks.join_next_with_id() => Event::Answer(answer),
            rows = self.writer.answer(), if waiting => Event::Supply(rows),
            () = until(due) => Event::Due,
        };
        Ok(event)
    }

    /// Starts whatever may start now.
    async fn fill(&mut self) -> Result<()> {
        self.room.pass(now());
        self.politeness.set_room(self.room.size());
        self.follow_unmet();
        self.follow_robots();
        self.follow_sitemaps()?;
        while self.has_room() {
            let now = now();
            let Some(lease) = self.next_lease(now)? else { break };
            match self.politeness.admit(&lease.url, now) {
                Admit::Now => self.start(lease),
                Admit::NotBefore(at) => self.put_off(&lease, Hold::Until(at))?,
                Admit::Unmet(at) => {
                    self.put_off(&lease, Hold::Released)?;
                    self.unmet.put(at, lease.url);
                }
                Admit::Busy => self.put_off(&lease, Hold::Released)?,
                Admit::Crowded => self.let_wait(lease)?,
                Admit::AskRobots => {
                    self.put_off(&lease, Hold::Released)?;
                    self.ask_robots_of(lease.url)?;
                }
                Admit::Disallowed => {
                    tracing::debug!(url = %lease.url, "skipped: robots.txt disallows it");
                    self.seeds.failed(&lease.url, "robots.txt disallows it, or could not be read");
                    self.frontier.skip(lease.id, SkipReason::Robots)?;
                }
                Admit::NoConnection(failure) => self.settle_unasked(lease, failure).await?,
            }
        }
        Ok(())
    }

    pub(super) fn put_off(&mut self, lease: &Lease, hold: Hold) -> Result<()> {
        self.frontier.give_back(lease.id)?;
        self.frontier.hold(lease.host, hold);
        Ok(())
    }

    fn start(&mut self, lease: Lease) {
        let (worker, url) = (Arc::clone(&self.worker), lease.url.clone());
        let task = self.tasks.spawn(async move { Answer::Page(worker.visit(url).await) });
        self.jobs.insert(task.id(), Job::Page(lease));
    }

    /// Takes what a task hands back. A task that panicked hands back that.
    async fn take(&mut self, answer: Result<(Id, Answer), JoinError>) -> Result<()> {
        let (id, answer) = match answer {
            Ok((id, answer)) => (id, Some(answer)),
            Err(error) => (error.id(), None),
        };
        let job = self.jobs.remove(&id).ok_or_else(|| Error::Internal("a task ended that was never started".into()))?;
        match (job, answer) {
            (Job::Page(lease), Some(Answer::Page(outcome))) => self.take_page(lease, outcome).await,
            (Job::Page(lease), _) => self.take_page(lease, panicked()).await,
            (Job::Robots(hop), Some(Answer::Robots(reply, outcome))) => {
                if let Some(failure) = shortage(&outcome) {
                    return self.robots_withdrawn(hop, failure);
                }
                self.room.answered();
                self.take_robots(hop, reply, &outcome);
                Ok(())
            }
            (Job::Sitemap(ask), Some(Answer::Sitemap(reply, outcome))) => {
                if let Some(failure) = shortage(&outcome) {
                    return self.sitemap_withdrawn(ask, failure);
                }
                self.room.answered();
                self.take_sitemap(ask, reply, &outcome)
            }
            (Job::Sitemap(ask), _) => self.take_sitemap(ask, SitemapReply::Nothing, &panicked()),
            (Job::Robots(hop), _) => {
                self.take_robots(hop, RobotsReply::Answer(RobotsAnswer::Unreachable), &panicked());
                Ok(())
            }
        }
    }

    async fn take_page(&mut self, lease: Lease, outcome: Outcome) -> Result<()> {
        if let Some(failure) = shortage(&outcome) {
            return self.page_withdrawn(&lease, failure);
        }
        self.room.answered();
        let now = now();
        self.finished(&lease.url, &outcome, now);
        if let Some(at) = self.politeness.retry_at(&lease.url, lease.attempt, &outcome, now) {
            tracing::debug!(url = %lease.url, attempt = lease.attempt, "will be tried again: {}", why(&outcome));
            self.tally.retries += 1;
            return self.frontier.retry(lease.id, at);
        }
        self.settle(lease, outcome).await
    }

    /// Ends a lease with a record.
    pub(super) async fn settle(&mut self, lease: Lease, mut outcome: Outcome) -> Result<()> {
        let links = std::mem::take(&mut outcome.links);
        self.follow_seed(&lease.url, &outcome, &links).await?;
        let found = links.into_iter().map(|link| self.judge(Link { kind: self.sitemaps.link_kind(link.kind), ..link }));
        let found = found.collect();
        let Place { depth, referrer } = self.frontier.settle(lease.id, outcome.kind, found)?;
        tracing::debug!(url = %lease.url, depth, "{}", why(&outcome));
        self.tally.note(&outcome);
        let record = Record::new(&lease.url, depth, referrer, lease.attempt, &mut outcome, &self.output);
        let changes = self.frontier.take_changes();
        let unasked = self.tally.unasked_to_keep();
        self.writer.step(Step { record: Some(Box::new(record)), changes, unasked, ..Step::default() }).await
    }

    /// Decides about a link by what is known of its URL alone.
    pub(super) fn judge(&self, link: Link) -> Found {
        let skip = match &link.target {
            Target::Url(url) if !self.scope.admits(url) => Some(SkipReason::Scope),
            Target::Url(url) if self.fetch.refuses(url).is_some() => Some(SkipReason::UnsafeAddress),
            _ => None,
        };
        Found { target: link.target, kind: link.kind, skip }
    }

    /// A request to a host has ended: whatever waits for that host may go on, from an instant on.
    pub(super) fn finished(&mut self, url: &CrawlUrl, outcome: &Outcome, now: Instant) {
        let next = self.politeness.finished(url, outcome, now);
        self.apply(url, next);
    }

    pub(super) fn apply(&mut self, url: &CrawlUrl, next: Next) {
        self.sitemaps.release(url.host());
        match (self.frontier.host_of(url), next) {
            (Some(host), Next::Any) => self.frontier.release(host),
            (Some(host), Next::NotBefore(at)) => self.frontier.hold(host, Hold::Until(at)),
            // Only robots.txt and sitemaps were asked for there.
            (None, _) => {}
        }
    }

    /// Whether one more request may start.
    pub(super) fn has_room(&self) -> bool {
        self.room.has(self.tasks.len()) && !self.reached_pages()
    }

    /// What is in flight counts: the limit is exact. What was never asked for does not.
    fn reached_pages(&self) -> bool {
        let accounts = self.frontier.accounts();
        let asked = (accounts.settled.total() + accounts.in_flight).saturating_sub(self.tally.unasked());
        self.limits.pages.is_some_and(|pages| asked >= pages)
    }

    pub(super) fn is_done(&self) -> bool {
        let nothing_waits = self.frontier.accounts().pending == 0 && !self.frontier.is_waiting();
        (nothing_waits && self.sitemaps.is_idle()) || self.reached_pages()
    }

    /// Drops what is in flight: as if it had never been requested.
    pub(super) async fn stop_at_once(&mut self) -> Result<State> {
        self.tasks.shutdown().await;
        for (_, job) in self.jobs.drain() {
            if let Job::Page(lease) = job {
                self.frontier.give_back(lease.id)?;
            }
        }
        self.end(State::Stopped)
    }

    fn end(&mut self, state: State) -> Result<State> {
        let left = self.frontier.accounts().pending > 0 || !self.sitemaps.is_idle();
        let state = match state {
            State::Complete if left => {
                self.frontier.skip_pending(SkipReason::Limit)?;
                State::Limit
            }
            _ if !left => State::Complete,
            state => state,
        };
        self.publish();
        Ok(state)
    }

    fn publish(&self) {
        let frontier = &self.frontier;
        let (accounts, hosts) = (frontier.accounts(), frontier.host_count());
        let closed = frontier.discovery_closed() && self.sitemaps.is_idle();
        self.stats.publish(&accounts, hosts, self.tally.bytes, closed);
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// Now, by tokio's clock: tests may pause it.
pub(super) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn panicked() -> Outcome {
    let failure = Failure::new(FailureKind::Panic, "the request made its task panic: please report it");
    Outcome::failed(failure, jiff::Timestamp::now(), std::time::Duration::ZERO)
}

/// What is being waited for at the end, and what can be done about it.
fn in_flight(requests: usize, hint: &str) -> String {
    match requests {
        0 => "nothing is in flight".to_owned(),
        1 => format!("1 request in flight is being finished{hint}"),
        _ => format!("{requests} requests in flight are being finished{hint}"),
    }
}
