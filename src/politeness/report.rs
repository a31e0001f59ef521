//! The report: what each host was asked, and how far apart, so that politeness can be proved and not only claimed.

use std::time::{Duration, Instant};

use super::Politeness;
use super::breaker::Gate;
use super::group::Group;
use super::host::Host;
use super::origin_state::OriginState;
use super::robots_state::RobotsState;
use crate::host_report::{Delay, DelayReason, GivenUp, HostReport};
use crate::url::{CrawlUrl, HostKey};

impl Politeness {
    /// What every host was asked, in the order of their names, and what holds it back at the time that was passed in
    /// last.
    pub fn reports(&self) -> Vec<HostReport> {
        let report = |key: &HostKey, host: &Host| {
            let group = host.belongs.group().and_then(|group| self.groups.get(group));
            host.report(key.clone(), group.and_then(Group::pace), self.clock.time())
        };
        let mut reports: Vec<_> = self.hosts.iter().map(|(key, host)| report(key, host)).collect();
        reports.sort_unstable_by(|a, b| a.host.cmp(&b.host));
        reports
    }

    /// What holds the host of a URL back at the time that was passed in last.
    pub fn delay_reason(&self, url: &CrawlUrl) -> DelayReason {
        let Some(host) = self.hosts.get(url.host()) else { return DelayReason::None };
        let group = host.belongs.group().and_then(|group| self.groups.get(group));
        host.delay_at(group.and_then(Group::pace), self.clock.time()).reason
    }
}

impl Host {
    /// What it was asked. `pace` is the time that its group keeps between two requests, and why.
    pub(super) fn report(&self, host: HostKey, pace: Option<(Duration, DelayReason)>, now: Instant) -> HostReport {
        let answered = u32::try_from(self.requests).unwrap_or(u32::MAX).max(1);
        HostReport {
            host,
            requests: self.requests,
            failures: self.failures,
            highest_rate: self.seen.highest(),
            smallest_gap: self.seen.smallest_gap(),
            delay: self.delay_at(pace, now),
            given_up: self.given_up(),
            slowed: self.slowed,
            mean_response_time: self.response_time / answered,
            usage: self.usage.clone(),
        }
    }

    fn delay_at(&self, pace: Option<(Duration, DelayReason)>, now: Instant) -> Delay {
        let left = |until: Instant| until.saturating_duration_since(now);
        let own = self.crawl_delay().map(|delay| (delay, DelayReason::CrawlDelay));
        let latency = self.latency.delay(&self.options).map(|delay| (delay, DelayReason::Latency));
        let alone = self.left_alone_until.map(|until| (left(until), self.left_alone_because));
        let origins = self.origins().into_iter().flat_map(|origin| self.holds_of_origin(origin, now));
        let origins = origins.map(|(until, reason)| Some((left(until), reason)));
        let delays = [pace, own, latency, alone].into_iter().chain(origins).flatten();
        let delays = delays.filter(|(time, _)| !time.is_zero()).map(|(time, reason)| Delay { time, reason });
        delays.max().unwrap_or(Delay { time: Duration::ZERO, reason: DelayReason::None })
    }

    /// That it was given up; not when one of its origins is well, or only waits.
    fn given_up(&self) -> Option<GivenUp> {
        if self.origins().into_iter().any(|origin| origin.is_well() || origin.breaker.parked_until().is_some()) {
            return None;
        }
        self.origins().into_iter().find_map(|origin| match &origin.robots {
            RobotsState::NoConnection { failure, .. } if origin.breaker.given_up().is_none() => {
                Some(GivenUp { after: Duration::ZERO, failure: failure.clone() })
            }
            _ => origin.breaker.given_up(),
        })
    }

    /// What holds one origin of the host. That it was given up is left out when the other one is well: then the host is
    /// asked all the same.
    fn holds_of_origin(&self, origin: &OriginState, now: Instant) -> impl Iterator<Item = (Instant, DelayReason)> {
        let all_lost = !self.origins().into_iter().any(OriginState::is_well);
        let robots = match &origin.robots {
            _ if !self.options.robots => None,
            RobotsState::Unreachable { until, .. } => Some((*until, DelayReason::Robots)),
            RobotsState::Known { until, .. } if !origin.robots.is_readable() && all_lost => {
                Some((*until, DelayReason::Robots))
            }
            RobotsState::NoConnection { until, .. } if all_lost => Some((*until, DelayReason::Breaker)),
            RobotsState::Unknown
            | RobotsState::Asking { .. }
            | RobotsState::Known { .. }
            | RobotsState::NoConnection { .. } => None,
        };
        let breaker = match origin.breaker.gate(now) {
            Gate::NotBefore(until) => Some((until, DelayReason::Breaker)),
            Gate::GivenUp(until, _) if all_lost => Some((until, DelayReason::Breaker)),
            Gate::Open | Gate::Busy | Gate::GivenUp(..) => None,
        };
        robots.into_iter().chain(breaker)
    }
}
