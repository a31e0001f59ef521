//! What is kept of a host beyond the end of the process: one JSON text for each, in a store that somebody else owns.

mod forget;
mod robots;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub(crate) use robots::SavedRobots;

use super::Options;
use super::breaker::{self, Breaker, State};
use super::host::{Contact, Host};
use super::latency::Latency;
use super::robots::Robots;
use super::robots_state::RobotsState;
use super::tdm_file::TdmState;
use crate::host_report::DelayReason;
use crate::outcome::Failure;
use crate::url::Scheme;
use crate::usage::UsageCounts;
use crate::wall_clock::WallClock;

/// Everything of one host that a continued crawl has to know. Times are milliseconds since 1970 in UTC. What does not
/// apply is left out, and what is missing counts as nothing known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedHost {
    /// robots.txt over http.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robots_http: Option<SavedRobots>,
    /// robots.txt over https.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub robots_https: Option<SavedRobots>,
    /// tdmrep.json over http; empty when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tdm_http: Option<Arc<str>>,
    /// tdmrep.json over https; empty when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tdm_https: Option<Arc<str>>,
    /// The way to it over http, when the last connection failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker_http: Option<SavedBreaker>,
    /// The way to it over https, when the last connection failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker_https: Option<SavedBreaker>,
    /// Whether a connection to it ever came about.
    #[serde(skip_serializing_if = "is_false")]
    pub met: bool,
    /// Whether it ever answered anything.
    #[serde(skip_serializing_if = "is_false")]
    pub answered: bool,
    /// When the last request was sent, or what counts as one: the rate goes on from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quiet_since_ms: Option<i64>,
    /// When the last request ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_last_ms: Option<i64>,
    /// The smoothed response time, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_us: Option<u64>,
    /// Nothing is asked before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_alone_until_ms: Option<i64>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_alone_because: Option<DelayReason>,
    /// How often in a row it answered that it is overloaded.
    #[serde(skip_serializing_if = "is_zero")]
    pub overloads: u32,
    /// How many requests it got at once, when that was less than what it may get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<usize>,
    /// Requests that were sent.
    pub requests: u64,
    /// Requests without a complete response.
    pub failures: u64,
    /// How often it gave reason to ask it less.
    pub slowed: u64,
    /// The most requests that were sent within any one second.
    pub highest_rate: usize,
    /// The least time between two requests, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest_gap_us: Option<u64>,
    /// The response times of all requests together, in microseconds.
    pub response_time_us: u64,
    /// What it has said of the use of its pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Box<UsageCounts>>,
}

impl SavedHost {
    /// What is kept of its robots.txt over one of the schemes.
    pub(crate) fn robots(&self, scheme: Scheme) -> Option<&SavedRobots> {
        match scheme {
            Scheme::Http => self.robots_http.as_ref(),
            Scheme::Https => self.robots_https.as_ref(),
        }
    }
}

/// What is kept of the way to one origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SavedBreaker {
    /// Requests came to nothing, too few to park it.
    Failing {
        /// How many in a row.
        failures: u32,
        /// For how long, in milliseconds.
        #[serde(default)]
        for_ms: u64,
    },
    /// Nothing is asked before an instant.
    Parked {
        /// How many probes have failed.
        failed_probes: u32,
        /// When the next one is due.
        until_ms: i64,
        /// What came of the last one.
        failure: Failure,
        /// For how long nothing good came of it, in milliseconds.
        #[serde(default)]
        for_ms: u64,
    },
    /// Whatever is asked fails.
    GivenUp {
        /// How many probes have failed.
        failed_probes: u32,
        /// How long that holds.
        until_ms: i64,
        /// What came of the last one.
        failure: Failure,
        /// For how long nothing good had come of it, in milliseconds.
        #[serde(default)]
        for_ms: u64,
    },
}

impl SavedHost {
    /// The same by a clock on the wall that was set back by so much.
    #[must_use]
    pub fn set_back(mut self, by: Duration) -> Self {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let robots = [&mut self.robots_http, &mut self.robots_https];
        let breakers = [&mut self.breaker_http, &mut self.breaker_https];
        let times = [&mut self.quiet_since_ms, &mut self.ended_last_ms, &mut self.left_alone_until_ms];
        let times = times.into_iter().flatten();
        let robots = robots.into_iter().flatten().filter_map(SavedRobots::until_ms);
        let breakers = breakers.into_iter().flatten().filter_map(SavedBreaker::until_ms);
        for time in times.chain(robots).chain(breakers) {
            *time = time.saturating_sub(by);
        }
        self
    }
}

impl SavedRobots {
    fn until_ms(&mut self) -> Option<&mut i64> {
        match self {
            Self::Read { until_ms, .. } | Self::DisallowAll { until_ms } | Self::NoConnection { until_ms, .. } => {
                Some(until_ms)
            }
            Self::Unreachable { until_ms, .. } => until_ms.as_mut(),
        }
    }
}

impl SavedBreaker {
    fn until_ms(&mut self) -> Option<&mut i64> {
        match self {
            Self::Failing { .. } => None,
            Self::Parked { until_ms, .. } | Self::GivenUp { until_ms, .. } => Some(until_ms),
        }
    }
}

impl Host {
    /// What is to be kept of it. `concurrency` is what its group has come down to.
    pub(super) fn saved(&self, concurrency: Option<usize>, wall: &WallClock) -> SavedHost {
        let [http, https] = self.origins();
        let left_alone_until = self.left_alone_until.filter(|at| *at > wall.instant());
        SavedHost {
            robots_http: http.robots.saved(wall),
            robots_https: https.robots.saved(wall),
            tdm_http: http.tdm.saved(),
            tdm_https: https.tdm.saved(),
            breaker_http: http.breaker.saved(wall),
            breaker_https: https.breaker.saved(wall),
            met: self.is_met(),
            answered: self.contact == Contact::Answered,
            quiet_since_ms: self.quiet_since.map(|at| wall.to_millis(at)),
            ended_last_ms: self.ended_last.map(|at| wall.to_millis(at)),
            latency_us: self.latency.smoothed().map(micros),
            left_alone_until_ms: left_alone_until.map(|at| wall.to_millis(at)),
            left_alone_because: left_alone_until.map(|_| self.left_alone_because),
            overloads: self.overloads,
            concurrency: concurrency.or(self.lowered),
            requests: self.requests,
            failures: self.failures,
            slowed: self.slowed,
            highest_rate: self.seen.highest(),
            smallest_gap_us: self.seen.smallest_gap().map(|gap| u64::try_from(gap.as_micros()).unwrap_or(u64::MAX)),
            response_time_us: micros(self.response_time),
            usage: self.usage.clone(),
        }
    }

    /// Goes on from what was kept. When the last request was sent, and to how many at once the host had come down, its
    /// group has to be told.
    pub(super) fn restore(&mut self, saved: SavedHost, agent: &str, wall: &WallClock) {
        let (now, options) = (wall.instant(), Arc::clone(&self.options));
        let longest_hold = options.max_retry_after.max(options.max_backoff);
        for (scheme, robots) in [(Scheme::Http, saved.robots_http), (Scheme::Https, saved.robots_https)] {
            let Some(robots) = robots else { continue };
            let state = RobotsState::restored(robots, agent, &options, wall);
            let delay = state.last_rules().and_then(|rules| rules.crawl_delay());
            *self.robots(scheme) = state;
            if options.robots {
                self.set_delay(scheme, delay);
            }
        }
        for (scheme, file) in [(Scheme::Http, saved.tdm_http), (Scheme::Https, saved.tdm_https)] {
            if let Some(file) = file {
                self.origin_mut(scheme).tdm = TdmState::restored(&file);
            }
        }
        for (scheme, breaker) in [(Scheme::Http, saved.breaker_http), (Scheme::Https, saved.breaker_https)] {
            if let Some(breaker) = breaker {
                *self.breaker(scheme) = Breaker::restored(breaker, &options, wall);
            }
        }
        let met = if saved.met { Contact::Met } else { Contact::None };
        self.contact = self.contact.max(if saved.answered { Contact::Answered } else { met });
        let since = saved.quiet_since_ms.map(|since| wall.at_millis(since).min(now));
        self.quiet_since = since.max(self.quiet_since);
        self.ended_last = saved.ended_last_ms.map(|at| wall.at_millis(at).min(now));
        self.latency = Latency::restored(saved.latency_us.map(Duration::from_micros));
        if let Some(until) = saved.left_alone_until_ms {
            let because = saved.left_alone_because.unwrap_or(DelayReason::Backoff);
            self.leave_alone(wall.at_millis(until).min(now + longest_hold), because);
        }
        self.overloads = saved.overloads;
        self.lowered = saved.concurrency;
        self.requests += saved.requests;
        self.failures += saved.failures;
        self.slowed += saved.slowed;
        self.seen.restore(saved.highest_rate, saved.smallest_gap_us.map(Duration::from_micros));
        self.response_time += Duration::from_micros(saved.response_time_us);
        if let Some(said) = saved.usage {
            self.usage.get_or_insert_default().add(&said);
        }
    }
}

impl RobotsState {
    fn saved(&self, wall: &WallClock) -> Option<SavedRobots> {
        let source = |rules: &Option<Arc<Robots>>| rules.as_ref().and_then(|rules| rules.source().cloned());
        Some(match self {
            Self::Unknown => return None,
            Self::Asking { attempts, last } => {
                SavedRobots::Unreachable { attempts: *attempts, until_ms: None, last: source(last), failure: None }
            }
            Self::Known { rules, until } => {
                let until_ms = wall.to_millis(*until);
                match rules.source() {
                    Some(text) => SavedRobots::Read { text: Arc::clone(text), until_ms },
                    None => SavedRobots::DisallowAll { until_ms },
                }
            }
            Self::Unreachable { attempts, until, last, failure } => SavedRobots::Unreachable {
                attempts: *attempts,
                // What is rounded up would hold it although it is due.
                until_ms: (*until > wall.instant()).then(|| wall.to_millis(*until)),
                last: source(last),
                failure: failure.clone(),
            },
            Self::NoConnection { failure, until } => {
                SavedRobots::NoConnection { failure: failure.clone(), until_ms: wall.to_millis(*until) }
            }
        })
    }

    fn restored(saved: SavedRobots, agent: &str, options: &Options, wall: &WallClock) -> Self {
        let now = wall.instant();
        let rules = |text| Arc::new(Robots::from_source(text, agent));
        let within = |millis, longest| wall.at_millis(millis).min(now + longest);
        let fresh_until = |millis| within(millis, options.robots_max_age);
        match saved {
            SavedRobots::Read { text, until_ms } => Self::Known { rules: rules(text), until: fresh_until(until_ms) },
            SavedRobots::DisallowAll { until_ms } => {
                Self::Known { rules: Arc::new(Robots::disallow_all()), until: fresh_until(until_ms) }
            }
            SavedRobots::Unreachable { attempts, until_ms, last, failure } => Self::Unreachable {
                attempts,
                until: until_ms.map_or(now, |until| within(until, options.max_retry_after.max(options.max_backoff))),
                last: last.map(rules),
                failure,
            },
            SavedRobots::NoConnection { failure, until_ms } => {
                Self::NoConnection { failure, until: fresh_until(until_ms) }
            }
        }
    }
}

impl Breaker {
    fn saved(&self, wall: &WallClock) -> Option<SavedBreaker> {
        let now = wall.instant();
        let for_ms = millis(self.in_trouble_for(now));
        let failed = |failed_probes: &u32, until, failure: &Failure| SavedBreaker::Parked {
            failed_probes: *failed_probes,
            until_ms: wall.to_millis(until),
            failure: failure.clone(),
            for_ms,
        };
        Some(match &self.state {
            State::Closed if self.failures == 0 => return None,
            State::Closed => SavedBreaker::Failing { failures: self.failures, for_ms },
            State::Parked { failed_probes, until, failure } => failed(failed_probes, *until, failure),
            // The probe is lost with the process, and sent again by the next.
            State::Probing { failed_probes, failure, .. } => failed(failed_probes, now, failure),
            State::GivenUp { failed_probes, until, failure, after } => SavedBreaker::GivenUp {
                failed_probes: *failed_probes,
                until_ms: wall.to_millis(*until),
                failure: failure.clone(),
                for_ms: millis(*after),
            },
        })
    }

    /// Its time goes on from where it was: while no process ran, nobody waited.
    fn restored(saved: SavedBreaker, options: &Options, wall: &WallClock) -> Self {
        let now = wall.instant();
        let within = |millis, longest| wall.at_millis(millis).min(now + longest);
        let (state, failures, for_ms) = match saved {
            SavedBreaker::Failing { failures, for_ms } => (State::Closed, failures, for_ms),
            SavedBreaker::Parked { failed_probes, until_ms, failure, for_ms } => {
                let until = within(until_ms, breaker::pause(failed_probes, options));
                (State::Parked { failed_probes, until, failure }, options.breaker_failures, for_ms)
            }
            SavedBreaker::GivenUp { failed_probes, until_ms, failure, for_ms } => {
                let until = within(until_ms, breaker::GIVEN_UP_FOR);
                let after = Duration::from_millis(for_ms);
                (State::GivenUp { failed_probes, until, failure, after }, options.breaker_failures, for_ms)
            }
        };
        Self::kept(state, failures, now.checked_sub(Duration::from_millis(for_ms)).or(Some(now)))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Rounded up, as times are.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_false(known: &bool) -> bool {
    !*known
}

#[cfg(test)]
mod tests;
