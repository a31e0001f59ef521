//! One host: what it is asked, what it answered, and what it asked for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backoff::{is_overloaded, slows};
use super::breaker::{Breaker, is_our_own};
use super::groups::{GroupId, Place};
use super::latency::Latency;
use super::origin_state::OriginState;
use super::rate::{SeenRate, with_headroom};
use super::robots_state::RobotsState;
use super::share::Standing;
use super::{Admit, Options};
use crate::host_report::DelayReason;
use crate::outcome::{Failure, FailureKind, Outcome};
use crate::url::Scheme;
use crate::usage::UsageCounts;

/// What is known of one host, under a name with the port when it is not the scheme's own.
///
/// - Every request that started has ended, was withdrawn, or is in flight: `requests` counts the first and the last,
///   and `silent_in_flight` and `slow_in_flight` together are never more than `in_flight`.
/// - What may be asked is decided by the strictest of the limits of its group, `left_alone_until`, `Crawl-delay`, latency, and
///   of the state of one origin: robots.txt and breaker belong to an origin, rate and concurrency to the group, all else to
///   the host.
/// - A `Crawl-delay` counts from `quiet_since` on; it is never made shorter by a restart.
/// - `contact` never becomes less again.
/// - Whoever changes what has to be kept sets `changed` or `counted`, which stand for a place in a queue of
///   [`Politeness`](super::Politeness).
#[derive(Debug)]
pub(super) struct Host {
    /// What holds for this host.
    pub(super) options: Arc<Options>,
    /// Whom it shares rate and concurrency with.
    pub(super) belongs: Belongs,
    /// Where it is while that group is busy.
    pub(super) place: Place,
    pub(super) in_flight: usize,
    /// How many of them were sent before it had answered anything.
    silent_in_flight: usize,
    /// How many more of them were sent while it was not known to be quick.
    slow_in_flight: usize,
    /// How long its latest page took. Its robots.txt says nothing about its pages.
    latest_page: Option<Duration>,
    /// To how many requests at once an earlier process had come down, until its group knows.
    pub(super) lowered: Option<usize>,
    /// Nothing is asked before: the host said so, or is overloaded.
    pub(super) left_alone_until: Option<Instant>,
    pub(super) left_alone_because: DelayReason,
    /// How often in a row it answered that it is overloaded.
    pub(super) overloads: u32,
    http: OriginState,
    https: OriginState,
    pub(super) contact: Contact,
    /// Whether somebody was there when it was knocked at, and it has not been asked since.
    pub(super) reached: bool,
    /// The last request, or what counts as one.
    pub(super) quiet_since: Option<Instant>,
    /// When the last request ended.
    pub(super) ended_last: Option<Instant>,
    pub(super) latency: Latency,
    /// Whether it is among the hosts that have changed.
    pub(super) changed: bool,
    /// Whether it is among those of which only the counts have.
    pub(super) counted: bool,
    pub(super) seen: SeenRate,
    pub(super) requests: u64,
    pub(super) failures: u64,
    pub(super) slowed: u64,
    pub(super) response_time: Duration,
    /// What it says of the use of its pages, if anything.
    pub(super) usage: Option<Box<UsageCounts>>,
}

/// How far a host was ever reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Contact {
    None,
    /// A connection came about.
    Met,
    /// It answered something.
    Answered,
}

/// The group of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belongs {
    /// Its address has to be known first.
    Unknown,
    /// It is being asked for.
    Asking,
    To(GroupId),
    /// As long as its name leads nowhere.
    ForNow(GroupId),
}

impl Belongs {
    /// The group that it belongs to.
    pub(super) fn group(self) -> Option<GroupId> {
        match self {
            Self::To(group) | Self::ForNow(group) => Some(group),
            Self::Unknown | Self::Asking => None,
        }
    }
}

impl Host {
    /// A host of which nothing is known. `quiet_since` is when somebody else may have sent it a request.
    pub(super) fn new(options: Arc<Options>, belongs: Belongs, quiet_since: Option<Instant>) -> Self {
        Self {
            options,
            belongs,
            place: Place::default(),
            lowered: None,
            in_flight: 0,
            silent_in_flight: 0,
            slow_in_flight: 0,
            latest_page: None,
            left_alone_until: None,
            left_alone_because: DelayReason::None,
            overloads: 0,
            http: OriginState::default(),
            https: OriginState::default(),
            contact: Contact::None,
            reached: false,
            quiet_since,
            ended_last: None,
            latency: Latency::default(),
            changed: false,
            counted: false,
            seen: SeenRate::default(),
            requests: 0,
            failures: 0,
            slowed: 0,
            response_time: Duration::ZERO,
            usage: None,
        }
    }

    /// What is known of one of its origins.
    pub(super) fn origin(&self, scheme: Scheme) -> &OriginState {
        match scheme {
            Scheme::Http => &self.http,
            Scheme::Https => &self.https,
        }
    }

    /// Both of its origins.
    pub(super) fn origins(&self) -> [&OriginState; 2] {
        [&self.http, &self.https]
    }

    /// Whether its robots.txt is known, or not asked for.
    pub(super) fn knows_rules(&mut self, scheme: Scheme) -> bool {
        !self.options.robots || matches!(self.robots(scheme), RobotsState::Known { .. })
    }

    pub(super) fn robots(&mut self, scheme: Scheme) -> &mut RobotsState {
        &mut self.origin_mut(scheme).robots
    }

    pub(super) fn breaker(&mut self, scheme: Scheme) -> &mut Breaker {
        &mut self.origin_mut(scheme).breaker
    }

    pub(super) fn origin_mut(&mut self, scheme: Scheme) -> &mut OriginState {
        match scheme {
            Scheme::Http => &mut self.http,
            Scheme::Https => &mut self.https,
        }
    }

    /// Obeys the `Crawl-delay` of the robots.txt of one scheme, or that it has none any more.
    pub(super) fn set_delay(&mut self, scheme: Scheme, delay: Option<Duration>) {
        let (least, most) = (self.options.min_crawl_delay, self.options.max_crawl_delay);
        let delay = delay.map(|delay| delay.max(least).min(most));
        self.origin_mut(scheme).crawl_delay = delay.unwrap_or_default();
    }

    /// The time between two requests that it asks for, when that is more than its group keeps anyhow. The slowest of both
    /// schemes' delays holds.
    pub(super) fn crawl_delay(&self) -> Option<Duration> {
        let delay = self.http.crawl_delay.max(self.https.crawl_delay);
        let of_group = self.options.delay.max(self.options.rate.interval().unwrap_or_default());
        (delay > of_group).then(|| with_headroom(delay))
    }

    pub(super) fn started(&mut self, scheme: Scheme, now: Instant) {
        self.breaker(scheme).started(now);
        self.in_flight += 1;
        match self.standing() {
            Standing::Silent | Standing::Reached => self.silent_in_flight += 1,
            Standing::Slow => self.slow_in_flight += 1,
            Standing::Quick => {}
        }
        self.requests += 1;
        self.quiet_since = Some(now);
        self.seen.note(now);
    }

    /// A request has ended. How the host had answered when it was sent.
    pub(super) fn ended(&mut self, scheme: Scheme, outcome: &Outcome, now: Instant) -> Standing {
        let options = Arc::clone(&self.options);
        self.origin_mut(scheme).ended(outcome, now, &options);
        if outcome.failure.as_ref().is_some_and(Failure::is_no_connection) {
            self.origin_mut(scheme).tried = true;
        } else {
            let contact = if outcome.status.is_some() { Contact::Answered } else { Contact::Met };
            self.contact = self.contact.max(if is_our_own(outcome) { Contact::None } else { contact });
        }
        self.reached = false;
        self.ended_last = Some(now);
        if shows_latency(outcome) {
            self.latency.note(outcome.elapsed);
        }
        if !self.robots(scheme).is_asking() && !is_our_own(outcome) {
            self.latest_page = Some(outcome.elapsed);
        }
        self.response_time += outcome.elapsed;
        self.failures += u64::from(outcome.failure.is_some());
        self.slowed += u64::from(slows(outcome));
        self.overloads = if is_overloaded(outcome) { self.overloads + 1 } else { 0 };
        let was = self.one_less_in_flight();
        if self.in_flight == 0 {
            // Whatever was taken for older than the probe: nothing is left that could end it.
            self.breaker(scheme).withdrawn(now);
        }
        was
    }

    /// How it has answered so far.
    pub(super) fn standing(&self) -> Standing {
        if self.contact < Contact::Answered {
            if self.reached { Standing::Reached } else { Standing::Silent }
        } else if self.latest_page.is_some_and(|latest| latest < QUICK) {
            Standing::Quick
        } else {
            Standing::Slow
        }
    }

    /// How it had answered when what is no more in flight was sent: of several, what was sent first counts first.
    fn one_less_in_flight(&mut self) -> Standing {
        self.in_flight = self.in_flight.saturating_sub(1);
        let (least, was) = if self.silent_in_flight > 0 {
            (&mut self.silent_in_flight, Standing::Silent)
        } else if self.slow_in_flight > 0 {
            (&mut self.slow_in_flight, Standing::Slow)
        } else {
            return Standing::Quick;
        };
        *least -= 1;
        was
    }

    /// Whether a connection to it ever came about.
    pub(super) fn is_met(&self) -> bool {
        self.contact >= Contact::Met
    }

    /// Whether an origin is worth no waiting: there was never a connection to its host, and it failed as often as a URL
    /// may.
    pub(super) fn is_unmet(&self, scheme: Scheme) -> bool {
        !self.is_met() && self.origin(scheme).is_lost(self.options.retries)
    }

    /// That an origin may not be asked before an instant.
    pub(super) fn not_before(&self, scheme: Scheme, at: Instant) -> Admit {
        if self.is_unmet(scheme) { Admit::Unmet(at) } else { Admit::NotBefore(at) }
    }

    /// Ends the waiting for an origin that is unmet: it is asked once more if this process has not, else given up.
    pub(super) fn hurry(&mut self, scheme: Scheme, now: Instant) {
        self.origin_mut(scheme).hurry(now);
    }

    /// Takes back that a request has started. How the host had answered when it was.
    pub(super) fn withdrawn(&mut self, scheme: Scheme, now: Instant) -> Standing {
        self.breaker(scheme).withdrawn(now);
        self.requests = self.requests.saturating_sub(1);
        self.one_less_in_flight()
    }

    /// Leaves it alone, unless that was to be for longer already.
    pub(super) fn leave_alone(&mut self, until: Instant, because: DelayReason) {
        if self.left_alone_until < Some(until) {
            (self.left_alone_until, self.left_alone_because) = (Some(until), because);
        }
    }

    /// Until when it is left alone; `None` when it may be asked, as far as this goes.
    pub(super) fn rests_until(&self, now: Instant) -> Option<Instant> {
        let active_last = self.quiet_since.max(self.ended_last);
        let rests = self.latency.delay(&self.options).and_then(|delay| Some(active_last? + delay));
        let spaced = self.crawl_delay().and_then(|delay| Some(self.quiet_since? + delay));
        self.left_alone_until.max(rests).max(spaced).filter(|until| *until > now)
    }
}

/// Whether an outcome tells how long the host takes: it answered, or was waited for in vain.
fn shows_latency(outcome: &Outcome) -> bool {
    outcome.failure.as_ref().is_none_or(|failure| failure.kind == FailureKind::Timeout && !failure.is_no_connection())
}

/// What a quick host takes for a page at most: most hosts answer in a fraction of that.
const QUICK: Duration = Duration::from_secs(1);
