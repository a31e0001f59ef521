//! What the dispatcher hands over to the writer, and what it gets back.

use std::time::{Duration, Instant};

use crate::engine::clock::now;
use crate::engine::ledger::Step;
use crate::engine::said::Told;
use crate::engine::worker::Worker;
use crate::engine::writer::{Heard, Writer};
use crate::error::Result;
use crate::extracted::Health;
use crate::fetch::Held;
use crate::frontier::{Frontier, Rows};
use crate::observe::{FailedSeed, State};
use crate::outcome::Outcome;
use crate::politeness::Politeness;
use crate::sink::Aside;
use crate::sitemaps::SavedSitemap;
use crate::url::CrawlUrl;
use crate::wall_clock::WallClock;

/// The way to the writer.
///
/// - What belongs together goes in one [`Step`]: a record with all that the frontier has changed until then.
/// - What politeness knows of a host comes at the latest [`STATES_EVERY`] after it has changed, and at once when it is
///   urgent. The cookies of a site come with it: they change with an answer, and then so does that.
#[derive(Debug)]
pub(super) struct Handover {
    writer: Writer,
    clock: WallClock,
    /// When what politeness knows is to be kept next.
    states_due: Instant,
    /// When the counts of all hosts are.
    counts_due: Instant,
}

/// What of politeness is handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// What is due.
    Due,
    /// The counts of all hosts.
    All,
}

impl Handover {
    pub(super) fn new(writer: Writer, clock: WallClock, started: Instant) -> Self {
        Self { writer, clock, states_due: started, counts_due: started }
    }

    /// Hands over what belongs to one settled URL, with what it takes in memory until it is written. Waits while the writer is behind: this is where a slow disk slows the
    /// crawl.
    pub(super) async fn settled(&mut self, step: Step, held: Option<Held>) -> Result<()> {
        self.writer.step(Step { held, ..step }).await
    }

    /// Hands over the exchange of an answer that settles no page, when it was kept. Waits as
    /// [`settled`](Self::settled) does: what it takes in memory is held by its body.
    pub(super) async fn aside(&mut self, outcome: &mut Outcome) -> Result<()> {
        let Some(exchange) = outcome.exchange.take() else { return Ok(()) };
        let failure = outcome.failure.as_ref().map(|failure| failure.kind);
        let aside = Aside::new(outcome.fetched_at, failure, exchange);
        self.writer.step(Step { asides: vec![aside], ..Step::default() }).await
    }

    /// Hands over what has changed beside what is settled, and what the frontier asks for.
    pub(super) async fn pass_on(
        &mut self,
        frontier: &mut Frontier,
        politeness: &mut Politeness,
        sitemaps: Vec<(CrawlUrl, SavedSitemap)>,
        worker: &Worker,
        keep: Keep,
    ) -> Result<()> {
        let now = now();
        let seed_names = worker.network().take_seed_names();
        // Whoever forgets where a seed was follows it to wherever it is next.
        let urgent = politeness.is_urgent() || !seed_names.is_empty();
        let mut step = Step {
            changes: frontier.take_changes(),
            wants: frontier.take_wants(),
            // In no earlier step than what they list: a sitemap that was read is not read again.
            sitemaps,
            seed_names,
            lookups: worker.network().take_lookups(),
            ..Step::default()
        };
        let all = keep == Keep::All || now >= self.counts_due;
        if all {
            self.counts_due = now + COUNTS_EVERY;
            step.host_states = politeness.take_all(&self.clock);
        } else if urgent || now >= self.states_due {
            step.host_states = politeness.take_changed(&self.clock);
        }
        if all || urgent || now >= self.states_due {
            step.cookies = worker.network().take_cookies();
        }
        let no_states = step.host_states.is_empty() && step.cookies.is_empty();
        if !no_states {
            self.states_due = now + STATES_EVERY;
        }
        let nothing = step.changes.is_empty() && step.sitemaps.is_empty() && step.seed_names.is_empty();
        let nothing = nothing && step.lookups.is_empty();
        if !(nothing && step.wants.is_empty() && no_states) {
            self.writer.step(Step { urgent, ..step }).await?;
        }
        self.writer.pass(now).await
    }

    /// When [`pass_on`](Self::pass_on) has to be called again: also while nothing happens but waiting for a slow host, or
    /// for one that is left alone.
    pub(super) fn next_due(&self, politeness: &Politeness) -> Option<Instant> {
        let states = politeness.has_changed().then_some(self.states_due);
        states.into_iter().chain(self.writer.due()).min()
    }

    /// The next answer to what the frontier has asked for, or what others have to tell. Cancel safe.
    pub(super) async fn hear(&mut self) -> Result<Heard> {
        self.writer.hear().await
    }

    /// An answer that is here already.
    pub(super) fn try_answer(&mut self) -> Option<Rows> {
        self.writer.try_answer()
    }

    /// What others have to tell, if that is here already.
    pub(super) fn try_told(&mut self) -> Option<Told> {
        self.writer.try_told()
    }

    /// Says that there is nothing left to do, as far as was heard so far, or that there is.
    pub(super) async fn rest(&mut self, is_idle: bool) -> Result<()> {
        self.writer.rest(is_idle).await
    }

    /// The clock by which times are kept, read now.
    pub(super) fn wall_clock(&self) -> WallClock {
        self.clock.at(now())
    }

    /// Brings the records in order at the end: those of pages to which a shorter path was found after they were written.
    pub(super) async fn amend(&mut self) -> Result<()> {
        self.writer.amend().await
    }

    /// Says how the crawl has ended. The last call before [`finish`](Self::finish).
    pub(super) async fn end(&mut self, state: State, failed_seeds: Vec<FailedSeed>) -> Result<()> {
        self.writer.end(state, failed_seeds).await
    }

    /// Waits until everything is written and durable; what the rules have found.
    pub(super) async fn finish(self) -> Result<Option<Health>> {
        self.writer.finish().await
    }
}

/// How often the counts of all hosts are kept: also of those whose turn has not come yet, in a crawl of very many.
const COUNTS_EVERY: Duration = Duration::from_secs(30);
/// How often what politeness knows is kept when nothing of it is urgent. A bit more often than the writer commits by
/// itself: it commits what it is given then at once, so that no record is kept without the counts of its host.
const STATES_EVERY: Duration = Duration::from_millis(200);
