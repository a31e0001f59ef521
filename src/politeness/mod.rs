//! Politeness: when a host may be asked next, and what it may not be asked at all.
//!
//! It answers with instants and never waits. All times are passed in.

mod admit;
mod backoff;
mod breaker;
mod changes;
mod concurrency;
mod group;
mod groups;
mod host;
mod latency;
mod moves;
mod options;
mod origin_state;
mod outlook;
mod per_host;
mod rate;
mod reach;
mod report;
mod retry;
mod retry_after;
pub(crate) mod robots;
mod robots_state;
mod saved;
mod share;
mod tdm_file;
mod trouble;
mod turns;
mod usage;

pub(crate) use crate::host_report::{DelayReason, HostReport};
pub use admit::{Admit, RobotsAnswer};
pub(crate) use admit::{Next, Room};
pub use options::{GroupBy, Options};
pub(crate) use per_host::Overrides;
pub(crate) use retry_after::retry_after;
pub(crate) use saved::{SavedHost, SavedRobots};
pub(crate) use tdm_file::{PATH as TDM_PATH, TdmFile};

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use breaker::Gate;
use groups::{Groups, Turn};
use hashbrown::HashMap;
use host::Host;
use rate::PassedClock;
use robots_state::{RobotsState, Unread, tell_cut_delay};
use share::{Share, Standing};
use trouble::trouble;

use crate::outcome::Outcome;
use crate::url::{CrawlUrl, HostKey, HostPattern, PerHost};

/// What a crawl knows of all its hosts, and when it may ask each of them.
#[derive(Debug)]
pub struct Politeness {
    options: Arc<Options>,
    tables: PerHost<Overrides>,
    /// Boxed, since a table has room for up to twice as many as there are, and three times while it grows.
    hosts: HashMap<HostKey, Box<Host>>,
    groups: Groups,
    clock: PassedClock,
    random: fastrand::Rng,
    /// When an earlier process may have sent any host a request that nobody remembers.
    quiet_since: Option<Instant>,
    /// The hosts to be kept, each once.
    changed: Vec<HostKey>,
    /// Hosts of which only the counts have changed.
    counted: VecDeque<HostKey>,
    urgent: bool,
    share: Share,
    /// Whether `tdmrep.json` of each origin is asked for.
    reads_tdm: bool,
}

impl Politeness {
    /// A crawl that has asked nobody, from `start` on.
    pub fn new(options: Options, start: Instant) -> Self {
        Self {
            options: Arc::new(options),
            tables: PerHost::default(),
            hosts: HashMap::new(),
            groups: Groups::default(),
            clock: PassedClock::new(start),
            random: fastrand::Rng::new(),
            quiet_since: None,
            changed: Vec::new(),
            counted: VecDeque::new(),
            urgent: false,
            share: Share::default(),
            reads_tdm: false,
        }
    }

    /// The same, with what is said of single hosts. To be called before anything is restored or admitted: what
    /// holds for a host is put together when it is met.
    #[must_use]
    pub fn with_hosts(self, tables: impl IntoIterator<Item = (HostPattern, Overrides)>) -> Self {
        Self { tables: tables.into_iter().collect(), ..self }
    }

    /// The same for a crawl that asks nobody, since archives answer: no rate, no wait, no second try, and no host that is
    /// given up. What robots.txt disallows holds. To be called after [`with_hosts`](Self::with_hosts).
    #[must_use]
    pub fn lifted(self) -> Self {
        let tables = self.tables.map(|table| Overrides { robots: table.robots, ..Overrides::default() });
        Self { options: Arc::new(self.options.without_waits()), tables, ..self }
    }

    /// How many requests may be in flight over all hosts: when they get scarce, no host holds more than its share.
    /// Default: no bound.
    pub fn set_slots(&mut self, requests: usize) {
        self.share.set_slots(requests);
    }

    /// Which hosts may be asked, as far as the requests to all of them go.
    pub fn room(&self) -> Room {
        self.share.room()
    }

    /// Lifts rate, delays and concurrency for the host of a URL that is no host at all: a site on this disk. What is known
    /// of it, as what it was asked, stays.
    pub fn lift(&mut self, url: &CrawlUrl) {
        let lifted = self.host(url).options.without_pace();
        self.set_options(url, lifted);
    }

    /// Whether a URL may be requested at `now`. The strictest rule of its host wins. What admits, takes: call it once for
    /// each request.
    pub fn admit(&mut self, url: &CrawlUrl, now: Instant) -> Admit {
        let admit = self.admit_page(url, now);
        self.pass_on(url, now);
        admit
    }

    fn admit_page(&mut self, url: &CrawlUrl, now: Instant) -> Admit {
        self.clock.set(now);
        let host = self.host(url);
        let asks = host.options.robots;
        let ask = match host.robots(url.scheme()) {
            _ if !asks => false,
            RobotsState::Known { rules, until } if now < *until => {
                if !rules.verdict(url.path_and_query()).allowed {
                    return Admit::Disallowed;
                }
                false
            }
            RobotsState::Asking { .. } => return Admit::Busy,
            RobotsState::Unreachable { until, .. } if now < *until => {
                let until = *until;
                return host.not_before(url.scheme(), until);
            }
            RobotsState::NoConnection { failure, until } if now < *until => {
                return Admit::GivenUp(failure.clone());
            }
            _ => true,
        };
        let Ok(ask_tdm) = self.wants_tdm_file(url, ask) else { return Admit::Busy };
        match self.take_turn(url, now) {
            Admit::Now if ask_tdm => self.ask_tdm_file(url),
            Admit::Now if ask => {
                self.change(url).robots(url.scheme()).ask();
                Admit::AskRobots
            }
            Admit::Now => {
                let witness = self.host(url).origin_mut(url.scheme()).call_witness();
                witness.map_or(Admit::Now, Admit::AskWitness)
            }
            admit => admit,
        }
    }

    /// Whether the rules for a URL are known, or none are asked for. Takes nothing.
    pub fn knows_rules(&mut self, url: &CrawlUrl) -> bool {
        self.host(url).knows_rules(url.scheme())
    }

    /// Whether a robots.txt that another one redirects to may be requested at `now`: all limits of its host hold, but
    /// no robots.txt applies to itself (RFC 9309, section 2.2.2).
    pub fn admit_to_host(&mut self, url: &CrawlUrl, now: Instant) -> Admit {
        let admit = self.take_turn(url, now);
        self.pass_on(url, now);
        admit
    }

    fn take_turn(&mut self, url: &CrawlUrl, now: Instant) -> Admit {
        self.clock.set(now);
        let host = self.host(url);
        let (of_host, standing) = (host.in_flight, host.standing());
        let has_share = self.share.allows(of_host, standing);
        let host = self.host(url);
        let rests = host.rests_until(now);
        match host.breaker(url.scheme()).gate(now) {
            Gate::GivenUp(_, failure) => return Admit::GivenUp(failure.clone()),
            Gate::NotBefore(at) => return host.not_before(url.scheme(), rests.unwrap_or(at).max(at)),
            Gate::Busy => return Admit::Busy,
            Gate::Open => {}
        }
        if let Some(until) = rests {
            return Admit::NotBefore(until);
        }
        if !has_share {
            let room = match standing {
                Standing::Silent => Room::Any,
                Standing::Reached => Room::Reached,
                Standing::Slow | Standing::Quick => Room::Answered,
            };
            return if of_host > 0 { Admit::Busy } else { Admit::Crowded(room) };
        }
        match self.turn(url) {
            Ok(Turn::Now) => {}
            Ok(Turn::NotBefore(at)) => return Admit::NotBefore(at),
            Ok(Turn::Busy) => return Admit::Busy,
            Ok(Turn::InLine) => return Admit::InLine,
            Err(ask) => return ask,
        }
        self.host(url).started(url.scheme(), now);
        self.share.started(of_host, standing);
        self.count(url);
        Admit::Now
    }

    /// A request that was admitted has ended.
    pub fn finished(&mut self, url: &CrawlUrl, outcome: &Outcome, now: Instant) -> Next {
        self.clock.set(now);
        let mut random = self.random.fork();
        let overloaded = backoff::is_overloaded(outcome);
        self.urgent |= overloaded;
        let is_news = trouble(outcome).is_some() || outcome.failure.is_some() || !self.host(url).is_met();
        let host = if is_news { self.change(url) } else { self.count(url) };
        let before = host.breaker(url.scheme()).clone();
        let was = host.ended(url.scheme(), outcome, now);
        host.origin_mut(url.scheme()).note_witness(url, outcome, before.failures > 0);
        let (left, standing) = (host.in_flight, host.standing());
        host.breaker(url.scheme()).tell(url.origin(), &before, now);
        if overloaded {
            // To be asked again at once is no wish to be asked less: then its own back-off holds.
            let asked = backoff::retry_after(&host.options, outcome).filter(|asked| !asked.is_zero());
            let backoff = || backoff::jittered(&host.options, host.overloads, &mut random);
            let because = asked.map_or(DelayReason::Backoff, |_| DelayReason::RetryAfter);
            let wait = asked.unwrap_or_else(backoff);
            host.leave_alone(now + wait, because);
        }
        let next = host.rests_until(now).map_or(Next::Any, Next::NotBefore);
        self.share.ended(left, was);
        self.share.met(standing);
        self.note_heard(was, standing, now);
        self.leave_flight(url, Some(outcome), now);
        next
    }

    /// A request that was admitted was never sent: it does not count, whatever kept it here.
    pub fn withdrawn(&mut self, url: &CrawlUrl, now: Instant) -> Next {
        let host = self.count(url);
        let was = host.withdrawn(url.scheme(), now);
        let (left, next) = (host.in_flight, host.rests_until(now).map_or(Next::Any, Next::NotBefore));
        self.share.ended(left, was);
        self.leave_flight(url, None, now);
        next
    }

    /// What came of asking for robots.txt of a URL's origin. `outcome` is that of the last request. The answer is
    /// whether it will be asked for again before anything else of the origin.
    pub fn robots_known(&mut self, url: &CrawlUrl, answer: RobotsAnswer, outcome: &Outcome, now: Instant) -> bool {
        self.clock.set(now);
        let mut random = self.random.fork();
        self.urgent |= matches!(&answer, RobotsAnswer::Rules(rules) if rules.crawl_delay().is_some());
        // The first request to a host had to connect, and may have arrived that much later than it left.
        self.restart_rate(url, now);
        let host = self.change(url);
        if !matches!(answer, RobotsAnswer::Rules(_)) && !backoff::slows(outcome) {
            // A server error is none for a page, but here the whole host waits for it.
            host.slowed += 1;
        }
        let options = Arc::clone(&host.options);
        let fresh_until = now + options.robots_max_age;
        if let RobotsAnswer::Rules(rules) = &answer {
            host.set_delay(url.scheme(), rules.crawl_delay());
            tell_cut_delay(url, rules, &options);
        }
        let breaker = host.breaker(url.scheme());
        let (is_closed, is_given_up) = (breaker.is_closed(), breaker.is_given_up());
        let failure = match answer {
            RobotsAnswer::Rules(rules) => {
                *host.robots(url.scheme()) = RobotsState::Known { rules, until: fresh_until };
                // They may not allow it any more.
                host.origin_mut(url.scheme()).witness = None;
                return false;
            }
            RobotsAnswer::Unreachable => None,
            RobotsAnswer::NoConnection(failure) => Some(failure),
        };
        // A host that nobody has met yet may still be starting: it is the breaker that parks it and gives it up.
        let unmet = !host.is_met() && failure.is_some() && options.breaker_failures > 0;
        let state = host.robots(url.scheme());
        let wait = backoff::jittered(&options, state.attempts() + 1, &mut random)
            .max(backoff::retry_after(&options, outcome).unwrap_or_default());
        let may_pass = outcome.failure.as_ref().is_none_or(backoff::may_pass);
        state.unread(Unread {
            failure,
            // While it is parked the breaker says when.
            again: if unmet && !is_closed { now } else { now + wait },
            retries: may_pass.then_some(if unmet { u32::MAX } else { options.retries }),
            fresh_until,
        });
        matches!(state, RobotsState::Unreachable { .. }) && !is_given_up
    }

    /// Whether there are rules for the origin of a URL that were read some time, however old.
    pub fn has_rules(&self, url: &CrawlUrl) -> bool {
        self.hosts.get(url.host()).is_some_and(|host| host.origin(url.scheme()).robots.is_readable())
    }

    /// Nothing else is left to do: ends the waiting for an origin that [`Admit::Unmet`] was answered for. If this process
    /// has tried it in vain it is given up, else it may be tried now.
    pub fn hurry(&mut self, url: &CrawlUrl, now: Instant) {
        self.clock.set(now);
        if !self.host(url).is_unmet(url.scheme()) {
            return;
        }
        let host = self.change(url);
        let before = host.breaker(url.scheme()).clone();
        host.hurry(url.scheme(), now);
        host.breaker(url.scheme()).tell(url.origin(), &before, now);
    }

    /// Whether something is to be kept that was not there at the last [`take_changed`](Self::take_changed).
    pub fn has_changed(&self) -> bool {
        !self.changed.is_empty() || !self.counted.is_empty()
    }

    /// Whether a change since the last [`take_changed`](Self::take_changed) should not wait for the next time that is
    /// convenient: a host asked to be left alone, or for a `Crawl-delay`. Who forgets that comes too early.
    pub fn is_urgent(&self) -> bool {
        self.urgent
    }

    fn host(&mut self, url: &CrawlUrl) -> &mut Host {
        // Looked up twice only for a new host: a key is made for none that is known.
        if !self.hosts.contains_key(url.host()) {
            self.meet(url.host_key());
        }
        self.hosts.get_mut(url.host()).expect("met above")
    }

    fn options_of(&self, host: &str) -> Arc<Options> {
        per_host::options_of(host, &self.options, &self.tables)
    }

    /// The host, and notes that its counts have changed.
    fn count(&mut self, url: &CrawlUrl) -> &mut Host {
        let host = self.host(url);
        if !host.changed && !host.counted {
            host.counted = true;
            self.counted.push_back(url.host_key());
        }
        self.host(url)
    }

    /// The host, and notes that there is something to keep.
    fn change(&mut self, url: &CrawlUrl) -> &mut Host {
        if !self.host(url).changed {
            self.host(url).changed = true;
            self.changed.push(url.host_key());
        }
        self.host(url)
    }
}

#[cfg(test)]
mod tests;
