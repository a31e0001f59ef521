//! The circuit breaker: an origin to which no connection comes about is parked, probed, and at last given up, so that a
//! dead host costs a handful of attempts, however many URLs of it are queued.

use std::time::{Duration, Instant};

use super::Options;
use crate::outcome::{Failure, FailureKind, Outcome};
use crate::units::format_duration;

/// What is known of the way to one origin. http and https have one each: they are two ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Breaker {
    /// Requests pass.
    Closed {
        /// Connections that failed in a row.
        failures: u32,
    },
    /// Nothing passes until an instant; then one request does.
    Parked { failed_probes: u32, until: Instant, failure: Failure },
    /// That one request is in flight.
    Probing { failed_probes: u32, failure: Failure },
    /// Whatever is asked fails without a connection being tried, until an instant; then one request passes.
    GivenUp { failed_probes: u32, until: Instant, failure: Failure },
}

/// Whether a request to the origin may be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gate<'a> {
    Open,
    NotBefore(Instant),
    /// Not before the probe has ended.
    Busy,
    /// Until an instant, and why.
    GivenUp(Instant, &'a Failure),
}

impl Breaker {
    pub(super) fn gate(&self, now: Instant) -> Gate<'_> {
        match self {
            Self::Parked { until, .. } if now < *until => Gate::NotBefore(*until),
            Self::GivenUp { until, failure, .. } if now < *until => Gate::GivenUp(*until, failure),
            Self::Probing { .. } => Gate::Busy,
            Self::Closed { .. } | Self::Parked { .. } | Self::GivenUp { .. } => Gate::Open,
        }
    }

    /// A request that the gate let through was sent: the first one after a pause is a probe.
    pub(super) fn started(&mut self) {
        if let Self::Parked { failed_probes, failure, .. } | Self::GivenUp { failed_probes, failure, .. } = self {
            *self = Self::Probing { failed_probes: *failed_probes, failure: failure.clone() };
        }
    }

    /// Says on the log what a request that has just ended did to the origin, if anything: a crawl that rests for minutes
    /// should tell why.
    pub(super) fn tell(&self, origin: &str, before: &Self, now: Instant) {
        match self {
            _ if self == before => {}
            Self::Parked { until, failure, .. } => {
                let pause = format_duration(until.saturating_duration_since(now));
                tracing::warn!("{origin} is left alone for {pause}, no connection comes about: {failure}");
            }
            Self::GivenUp { failure, .. } => {
                tracing::warn!("{origin} is given up, no connection comes about: {failure}");
            }
            Self::Closed { .. } if *before != Self::default() && *self == Self::default() => {
                tracing::debug!("{origin} can be connected to again");
            }
            Self::Closed { .. } | Self::Probing { .. } => {}
        }
    }

    /// A request has ended. One that was sent before the origin was parked, and fails only now, says nothing new.
    pub(super) fn ended(&mut self, outcome: &Outcome, now: Instant, options: &Options) {
        let failed = outcome.failure.as_ref().filter(|failure| failure.is_no_connection());
        *self = match (&*self, failed) {
            (Self::Closed { failures }, Some(failure)) => {
                let failures = failures.saturating_add(1);
                let parks = options.breaker_failures > 0 && failures >= options.breaker_failures;
                if parks { Self::parked(0, failure, now, options) } else { Self::Closed { failures } }
            }
            (Self::Probing { failed_probes, .. }, Some(failure)) => {
                Self::parked(failed_probes.saturating_add(1), failure, now, options)
            }
            (Self::Parked { .. } | Self::GivenUp { .. }, Some(_)) => return,
            (Self::Probing { failed_probes, failure }, None) if is_our_own(outcome) => {
                Self::Parked { failed_probes: *failed_probes, until: now, failure: failure.clone() }
            }
            (_, None) if is_our_own(outcome) => return,
            (_, None) => Self::default(),
        };
    }

    /// A request that was started was never sent: if it was the probe, the next one is.
    pub(super) fn withdrawn(&mut self, now: Instant) {
        if let Self::Probing { failed_probes, failure } = self {
            *self = Self::Parked { failed_probes: *failed_probes, until: now, failure: failure.clone() };
        }
    }

    /// Has an origin that is parked probed now.
    pub(super) fn hurry(&mut self, now: Instant) {
        if let Self::Parked { until, .. } = self {
            *until = now;
        }
    }

    /// Gives the origin up, unless that is done or a probe is under way. `why` is what failed before it was parked.
    pub(super) fn give_up(&mut self, why: Option<Failure>, now: Instant) {
        let (failed_probes, failure) = match (&*self, why) {
            (Self::Parked { failed_probes, failure, .. }, _) => (*failed_probes, failure.clone()),
            (Self::Closed { .. }, Some(failure)) => (0, failure),
            (Self::Closed { .. }, None) | (Self::Probing { .. } | Self::GivenUp { .. }, _) => return,
        };
        *self = Self::GivenUp { failed_probes, until: now + GIVEN_UP_FOR, failure };
    }

    /// Until when it is parked, which is when its URLs are tried again: the host has failed, not they.
    pub(super) fn parked_until(&self) -> Option<Instant> {
        match self {
            Self::Parked { until, .. } => Some(*until),
            Self::Closed { .. } | Self::Probing { .. } | Self::GivenUp { .. } => None,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    pub(super) fn is_given_up(&self) -> bool {
        matches!(self, Self::GivenUp { .. })
    }

    fn parked(failed_probes: u32, failure: &Failure, now: Instant, options: &Options) -> Self {
        let failure = failure.clone();
        if failed_probes >= options.breaker_probes {
            Self::GivenUp { failed_probes, until: now + GIVEN_UP_FOR, failure }
        } else {
            Self::Parked { failed_probes, until: now + pause(failed_probes, options), failure }
        }
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

/// How long an origin is parked after so many failed probes.
pub(super) fn pause(failed_probes: u32, options: &Options) -> Duration {
    options.breaker_pause.saturating_mul(1 << failed_probes.min(31)).min(GIVEN_UP_FOR)
}

/// Whether a failure is this process's, and says nothing about the other end.
pub(super) fn is_our_own(outcome: &Outcome) -> bool {
    let kind = outcome.failure.as_ref().map(|failure| failure.kind);
    matches!(kind, Some(FailureKind::Resources | FailureKind::File | FailureKind::Panic))
}

/// How long nothing is tried after an origin was given up. As old may a robots.txt get: what is asked of a host again
/// after a day begins with that.
pub(super) const GIVEN_UP_FOR: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::OutcomeKind;

    fn ok() -> Outcome {
        Outcome::new(OutcomeKind::Ok, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO)
    }

    fn failed(kind: FailureKind) -> Outcome {
        Outcome::failed(Failure::new(kind, "x"), jiff::Timestamp::UNIX_EPOCH, Duration::ZERO)
    }

    fn options() -> Options {
        let breaker_pause = Duration::from_secs(30);
        Options { breaker_failures: 3, breaker_probes: 2, breaker_pause, ..Options::default() }
    }

    /// An origin to which so many connections have failed.
    fn after(failures: u32, now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..failures {
            breaker.started();
            breaker.ended(&failed(FailureKind::Connect), now, &options());
        }
        breaker
    }

    #[test]
    fn only_failures_in_a_row_park() {
        let now = Instant::now();
        let mut breaker = after(2, now);
        breaker.ended(&ok(), now, &options());
        assert_eq!(breaker, Breaker::default());
        let later = now + Duration::from_secs(30);
        assert_eq!(after(2, now).gate(now), Gate::Open);
        assert_eq!(after(3, now).gate(now), Gate::NotBefore(later));
    }

    #[test]
    fn any_answer_is_a_connection_and_what_is_our_own_fault_says_nothing() {
        let now = Instant::now();
        for kind in [FailureKind::Reset, FailureKind::Timeout, FailureKind::TooLarge, FailureKind::Protocol] {
            let mut breaker = after(2, now);
            breaker.ended(&failed(kind), now, &options());
            assert_eq!(breaker, Breaker::default(), "{kind:?}");
        }
        for kind in [FailureKind::Resources, FailureKind::Panic] {
            let mut breaker = after(2, now);
            breaker.ended(&failed(kind), now, &options());
            assert_eq!(breaker, after(2, now), "{kind:?}");
        }
        let connecting = Failure::new(FailureKind::Timeout, "x").while_connecting();
        let mut breaker = after(2, now);
        breaker.ended(&Outcome::failed(connecting, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO), now, &options());
        assert!(breaker.parked_until().is_some());
    }

    #[test]
    fn one_probe_goes_through_after_each_pause_and_pauses_double() {
        let mut now = Instant::now();
        let mut breaker = after(3, now);
        for pause in [30, 60] {
            now += Duration::from_secs(pause);
            assert_eq!(breaker.gate(now), Gate::Open);
            breaker.started();
            assert_eq!(breaker.gate(now), Gate::Busy);
            breaker.ended(&failed(FailureKind::Connect), now, &options());
        }
        let until = now + GIVEN_UP_FOR;
        assert_eq!(breaker.gate(now), Gate::GivenUp(until, &Failure::new(FailureKind::Connect, "x")));
        now = until;
        assert_eq!(breaker.gate(now), Gate::Open);
        breaker.started();
        breaker.ended(&failed(FailureKind::Dns), now, &options());
        let until = now + GIVEN_UP_FOR;
        assert_eq!(breaker.gate(now), Gate::GivenUp(until, &Failure::new(FailureKind::Dns, "x")), "one probe a day");
    }

    #[test]
    fn a_probe_that_gets_through_opens_the_way() {
        let now = Instant::now();
        let mut breaker = after(3, now);
        breaker.started();
        breaker.ended(&ok(), now, &options());
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn a_probe_that_could_not_be_sent_is_sent_again() {
        let now = Instant::now();
        let mut breaker = after(3, now);
        breaker.started();
        breaker.ended(&failed(FailureKind::Resources), now, &options());
        assert_eq!((breaker.gate(now), breaker.parked_until()), (Gate::Open, Some(now)));
    }

    #[test]
    fn who_was_under_way_when_it_was_parked_is_no_probe() {
        let now = Instant::now();
        let mut breaker = after(3, now);
        let parked = breaker.clone();
        breaker.ended(&failed(FailureKind::Connect), now + Duration::from_secs(1), &options());
        assert_eq!(breaker, parked);
        breaker.ended(&ok(), now + Duration::from_secs(1), &options());
        assert_eq!(breaker, Breaker::default(), "it got through after all");
    }

    #[test]
    fn without_a_number_of_failures_nothing_is_parked() {
        let mut breaker = Breaker::default();
        let options = Options { breaker_failures: 0, ..options() };
        for _ in 0..1000 {
            breaker.ended(&failed(FailureKind::Connect), Instant::now(), &options);
        }
        assert_eq!(breaker.gate(Instant::now()), Gate::Open);
    }
}
