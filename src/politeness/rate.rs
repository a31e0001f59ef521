//! Rate: how many requests a second a host gets, or a group of hosts, by governor's limiter, in the time that is passed in.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::units::Rate;

/// The limiter of one group.
#[derive(Debug)]
pub(super) struct HostRate {
    quota: Option<Quota>,
    limiter: Option<RateLimiter<NotKeyed, InMemoryState, PassedClock, NoOpMiddleware<Nanos>>>,
}

/// A clock that shows the time it was told: all limiters of a crawl share one, and tests own it.
#[derive(Debug, Clone)]
pub(super) struct PassedClock {
    start: Instant,
    nanos: Arc<AtomicU64>,
}

/// The requests of the last second, the most there ever were in one, and the least time between two.
#[derive(Debug, Default)]
pub(super) struct SeenRate {
    last_second: VecDeque<Instant>,
    highest: usize,
    last: Option<Instant>,
    smallest_gap: Option<Duration>,
}

impl HostRate {
    /// The limit is a promise about what the host sees. Requests that leave in time may arrive closer together than
    /// they left, so the limiter spaces them by 2 % more than the limit allows.
    pub(super) fn new(rate: Rate, burst: u32, clock: &PassedClock) -> Self {
        Self::spaced(rate.interval(), burst, clock)
    }

    /// A limiter by the time between two requests.
    pub(super) fn spaced(interval: Option<Duration>, burst: u32, clock: &PassedClock) -> Self {
        let burst = std::num::NonZeroU32::new(burst).unwrap_or(std::num::NonZeroU32::MIN);
        let quota = interval.and_then(|interval| Quota::with_period(with_headroom(interval)));
        Self::of(quota.map(|quota| quota.allow_burst(burst)), clock)
    }

    /// The same limits, as if nothing had been sent so far.
    pub(super) fn restarted(&self, clock: &PassedClock) -> Self {
        Self::of(self.quota, clock)
    }

    /// The same limits, as if all that they allow at once had been sent at `when`, and nothing since.
    pub(super) fn spent(&self, when: Instant, clock: &PassedClock) -> Self {
        let now = clock.time();
        clock.set(when);
        let spent = self.restarted(clock);
        if let (Some(limiter), Some(quota)) = (&spent.limiter, self.quota) {
            limiter
                .check_n(quota.burst_size())
                .expect("a burst is what a limiter has room for")
                .expect("a new limiter has not given anything yet");
        }
        clock.set(now);
        spent
    }

    fn of(quota: Option<Quota>, clock: &PassedClock) -> Self {
        Self { quota, limiter: quota.map(|quota| RateLimiter::direct_with_clock(quota, clock.clone())) }
    }

    /// The time between two requests that it keeps.
    pub(super) fn interval(&self) -> Option<Duration> {
        self.quota.map(|quota| quota.replenish_interval())
    }

    /// Whether it allows no more than one request at once, so that a new limiter is never ahead of an old one.
    pub(super) fn is_even(&self) -> bool {
        self.quota.is_none_or(|quota| quota.burst_size().get() == 1)
    }

    /// When it is worth asking for another request, right after one was taken at the clock's time.
    pub(super) fn next(&self, clock: &PassedClock) -> Instant {
        let spaced = self.interval().filter(|_| self.is_even());
        clock.time() + spaced.unwrap_or_default()
    }

    /// Takes one request at the clock's time, or says when there will be one.
    pub(super) fn take(&self, clock: &PassedClock) -> Result<(), Instant> {
        match &self.limiter {
            None => Ok(()),
            Some(limiter) => limiter.check().map_err(|not_yet| clock.instant(not_yet.earliest_possible())),
        }
    }
}

impl PassedClock {
    pub(super) fn new(start: Instant) -> Self {
        Self { start, nanos: Arc::new(AtomicU64::new(START)) }
    }

    pub(super) fn set(&self, now: Instant) {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let after = START.saturating_add(nanos(now.saturating_duration_since(self.start)));
        self.nanos.store(after.saturating_sub(nanos(self.start.saturating_duration_since(now))), Ordering::Relaxed);
    }

    /// The time that it shows.
    pub(super) fn time(&self) -> Instant {
        self.instant(self.now())
    }

    fn instant(&self, at: Nanos) -> Instant {
        let nanos = at.as_u64();
        let before = Duration::from_nanos(START.saturating_sub(nanos));
        let at = self.start + Duration::from_nanos(nanos.saturating_sub(START));
        at.checked_sub(before).unwrap_or(at)
    }
}

impl Clock for PassedClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.nanos.load(Ordering::Relaxed).into()
    }
}

impl SeenRate {
    pub(super) fn note(&mut self, now: Instant) {
        while self.last_second.front().is_some_and(|first| now.saturating_duration_since(*first) >= SECOND) {
            self.last_second.pop_front();
        }
        self.last_second.push_back(now);
        if let Some(before) = self.last.replace(now) {
            self.saw_gap(now.saturating_duration_since(before));
        }
        self.highest = self.highest.max(self.last_second.len());
    }

    /// The most requests that left within any one second.
    pub(super) fn highest(&self) -> usize {
        self.highest
    }

    /// The least time between two requests.
    pub(super) fn smallest_gap(&self) -> Option<Duration> {
        self.smallest_gap
    }

    /// Takes over what an earlier process has seen.
    pub(super) fn restore(&mut self, highest: usize, smallest_gap: Option<Duration>) {
        self.highest = self.highest.max(highest);
        if let Some(gap) = smallest_gap {
            self.saw_gap(gap);
        }
    }

    fn saw_gap(&mut self, gap: Duration) {
        self.smallest_gap = Some(self.smallest_gap.map_or(gap, |smallest| smallest.min(gap)));
    }
}

/// The time between two requests that leave, for one between two that arrive.
pub(super) fn with_headroom(interval: Duration) -> Duration {
    interval.mul_f64(HEADROOM)
}

const HEADROOM: f64 = 1.02;
/// What the clock shows at the start: requests of an earlier process were sent before it. 30 years of nanoseconds.
const START: u64 = 1 << 60;
const SECOND: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rate: &str, burst: u32, seconds: f64) -> Vec<Instant> {
        let start = Instant::now();
        let clock = PassedClock::new(start);
        let host = HostRate::new(rate.parse().unwrap(), burst, &clock);
        let (mut now, mut sent) = (start, Vec::new());
        while now < start + Duration::from_secs_f64(seconds) {
            clock.set(now);
            match host.take(&clock) {
                Ok(()) => sent.push(now),
                Err(at) => {
                    assert!(at > now);
                    now = at;
                }
            }
        }
        sent
    }

    #[test]
    fn no_second_sees_more_than_the_rate() {
        for (rate, most) in [(5, 5), (10, 10), (1, 1), (100, 99)] {
            let mut seen = SeenRate::default();
            for at in run(&rate.to_string(), 1, 30.0) {
                seen.note(at);
            }
            assert_eq!(seen.highest(), most, "{rate}");
            assert_eq!(seen.smallest_gap(), Some(Duration::from_millis(1020) / rate), "{rate}");
        }
    }

    #[test]
    fn the_rate_is_used_up_to_its_headroom() {
        assert_eq!(run("10", 1, 100.0).len(), 981);
        assert_eq!(run("0.5", 1, 101.0).len(), 50);
    }

    #[test]
    fn a_burst_comes_on_top_once() {
        let sent = run("5", 3, 10.0);
        assert_eq!(sent.iter().filter(|at| **at == sent[0]).count(), 3);
        assert_eq!(sent.len(), 52);
    }

    #[test]
    fn what_was_sent_before_the_start_still_counts() {
        let start = Instant::now();
        let clock = PassedClock::new(start);
        for burst in [1, 3] {
            let before = start.checked_sub(Duration::from_millis(500)).unwrap();
            let host = HostRate::new("1".parse().unwrap(), burst, &clock).spent(before, &clock);
            assert_eq!(clock.time(), start);
            assert_eq!(host.take(&clock), Err(start + Duration::from_millis(520)));
        }
    }

    #[test]
    fn without_a_rate_nothing_waits() {
        let clock = PassedClock::new(Instant::now());
        let host = HostRate::new(Rate::UNLIMITED, 1, &clock);
        assert!((0..10_000).all(|_| host.take(&clock).is_ok()));
    }
}
