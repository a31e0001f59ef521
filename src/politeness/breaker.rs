//! The circuit breaker: an origin that gives nothing good any more is parked, probed, and at last given up, so that a host
//! in trouble costs a handful of attempts and a few minutes, however many URLs of it are queued.

use std::time::{Duration, Instant};

use super::Options;
use super::trouble::{costs_time, trouble};
use crate::host_report::GivenUp;
use crate::outcome::{Failure, FailureKind, Outcome};
use crate::units::format_duration;

/// What is known of the way to one origin, and of what comes back. http and https have one each: they are two ports.
///
/// - Trouble begins with the first request in a row that comes to nothing. Anything good from a page ends it.
/// - After several it is parked. Only a probe passes then, one at a time, after pauses that double.
/// - Once that has gone on for as long as there is patience, a failed probe gives it up.
/// - A *witness* is a page that had answered well and is asked again as a probe. If it does, the pages are in trouble and
///   not the origin: that acquits it, and it takes twice as many to park it again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Breaker {
    pub(super) state: State,
    /// Requests in a row that came to nothing while it was not parked.
    pub(super) failures: u32,
    /// When the first of them ended: from then on its time runs.
    pub(super) since: Option<Instant>,
    /// Whether any of them cost time.
    costly: bool,
    /// Whether a probe was made in that time.
    probed: bool,
    /// How often a witness has acquitted it since a page was good.
    acquittals: u32,
}

/// What may be asked of an origin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Requests pass.
    #[default]
    Closed,
    /// Nothing passes until an instant; then one request does.
    Parked { failed_probes: u32, until: Instant, failure: Failure },
    /// That one request is in flight.
    Probing { failed_probes: u32, failure: Failure, sent: Instant, probe: Probe },
    /// Whatever is asked fails without being requested, until an instant; then one request passes. `after` is how long
    /// there was patience.
    GivenUp { failed_probes: u32, until: Instant, failure: Failure, after: Duration },
}

/// What an origin is probed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Probe {
    /// What is to be requested anyway.
    Next,
    /// A page that had answered well.
    Witness,
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
        match &self.state {
            State::Parked { until, .. } if now < *until => Gate::NotBefore(*until),
            State::GivenUp { until, failure, .. } if now < *until => Gate::GivenUp(*until, failure),
            State::Probing { .. } => Gate::Busy,
            State::Closed | State::Parked { .. } | State::GivenUp { .. } => Gate::Open,
        }
    }

    /// A request that the gate let through was sent: the first one after a pause is a probe.
    pub(super) fn started(&mut self, now: Instant) {
        if let State::Parked { failed_probes, failure, .. } | State::GivenUp { failed_probes, failure, .. } =
            &self.state
        {
            let (failed_probes, failure) = (*failed_probes, failure.clone());
            self.state = State::Probing { failed_probes, failure, sent: now, probe: Probe::Next };
        }
    }

    /// Whether the probe that has just started should be a witness; then it counts as one. Every other one is, as the
    /// page that had answered well may itself have gone bad. One says nothing where no connection comes about.
    pub(super) fn calls_witness(&mut self) -> bool {
        match &mut self.state {
            State::Probing { failed_probes, failure, probe, .. }
                if failed_probes.is_multiple_of(2) && !failure.is_no_connection() =>
            {
                *probe = Probe::Witness;
                true
            }
            _ => false,
        }
    }

    /// Says on the log what a request that has just ended did to the origin, if anything: a crawl that rests for minutes
    /// should tell why.
    pub(super) fn tell(&self, origin: &str, before: &Self, now: Instant) {
        match &self.state {
            state if *state == before.state => {}
            State::Parked { until, failure, .. } if *until <= now => {
                tracing::debug!("{origin} is probed, {}: {failure}", what_fails(failure));
            }
            State::Parked { until, failure, .. } => {
                let pause = format_duration(until.saturating_duration_since(now));
                tracing::warn!("{origin} is left alone for {pause}, {}: {failure}", what_fails(failure));
            }
            State::GivenUp { failure, .. } => {
                tracing::warn!("{origin} is given up, {}: {failure}", what_fails(failure));
            }
            State::Closed if self.acquittals > before.acquittals => {
                tracing::debug!("{origin} is well, some of its pages are not");
            }
            State::Closed => tracing::debug!("{origin} answers again"),
            State::Probing { .. } => {}
        }
    }

    /// A request has ended. One that was sent before the origin was parked or probed, and fails only now, says nothing
    /// new.
    pub(super) fn ended(&mut self, outcome: &Outcome, now: Instant, options: &Options) {
        let trouble = trouble(outcome);
        self.costly |= trouble.is_some() && costs_time(outcome);
        match (&self.state, trouble) {
            (State::Closed, Some(failure)) => self.failed(&failure, now, options),
            (State::Probing { failed_probes, sent, .. }, Some(failure))
                if now.checked_sub(outcome.elapsed).is_none_or(|asked| asked >= *sent) =>
            {
                let failed_probes = failed_probes.saturating_add(1);
                self.probed = true;
                self.park(failed_probes, &failure, now, options);
            }
            (State::Probing { .. } | State::Parked { .. } | State::GivenUp { .. }, Some(_)) => {}
            (State::Probing { .. }, None) if is_our_own(outcome) => self.withdrawn(now),
            (_, None) if is_our_own(outcome) => {}
            (State::Probing { probe: Probe::Witness, .. }, None) => self.acquit(),
            (_, None) => *self = Self::default(),
        }
    }

    /// One more came to nothing while it was not parked.
    fn failed(&mut self, failure: &Failure, now: Instant, options: &Options) {
        self.failures = self.failures.saturating_add(1);
        self.since.get_or_insert(now);
        let most = options.breaker_failures.saturating_mul(1 << self.acquittals.min(MOST_DOUBLINGS));
        if most > 0 && (self.failures >= most || self.is_out_of_time(now, options) && self.probed) {
            self.park(0, failure, now, options);
        }
    }

    /// Its witness is well. What fails quickly then takes no time of the origin's; what costs time does.
    fn acquit(&mut self) {
        (self.state, self.failures) = (State::Closed, 0);
        if self.costly {
            self.probed = true;
        } else {
            (self.since, self.probed) = (None, false);
            self.acquittals = self.acquittals.saturating_add(1);
        }
    }

    /// Has it probed at once, if several failed in a row and no witness has acquitted it: a URL is about to be settled
    /// after so many attempts, and it is not known whether that is the fault of the page. Whether it is.
    pub(super) fn suspect(&mut self, attempts: u32, failure: Failure, now: Instant, options: &Options) -> bool {
        let is_news = !self.probed && self.acquittals == 0 && options.breaker_failures > 0;
        let suspects = is_news && self.is_closed() && self.failures >= attempts.max(SEVERAL);
        if suspects {
            self.state = State::Parked { failed_probes: 0, until: now, failure };
        }
        suspects
    }

    /// A request that was started was never sent: if it was the probe, the next one is.
    pub(super) fn withdrawn(&mut self, now: Instant) {
        if let State::Probing { failed_probes, failure, .. } = &self.state {
            self.state = State::Parked { failed_probes: *failed_probes, until: now, failure: failure.clone() };
        }
    }

    /// Has an origin that is parked probed now.
    pub(super) fn hurry(&mut self, now: Instant) {
        if let State::Parked { until, .. } = &mut self.state {
            *until = now;
        }
    }

    /// Gives the origin up, unless that is done or a probe is under way. `why` is what failed before it was parked.
    pub(super) fn give_up(&mut self, why: Option<Failure>, now: Instant) {
        let (failed_probes, failure) = match (&self.state, why) {
            (State::Parked { failed_probes, failure, .. }, _) => (*failed_probes, failure.clone()),
            (State::Closed, Some(failure)) => (0, failure),
            (State::Closed, None) | (State::Probing { .. } | State::GivenUp { .. }, _) => return,
        };
        let after = self.in_trouble_for(now);
        self.state = State::GivenUp { failed_probes, until: now + GIVEN_UP_FOR, failure, after };
    }

    /// Until when it is parked, which is when its URLs are tried again: the host has failed, not they.
    pub(super) fn parked_until(&self) -> Option<Instant> {
        match &self.state {
            State::Parked { until, .. } => Some(*until),
            State::Closed | State::Probing { .. } | State::GivenUp { .. } => None,
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    pub(super) fn is_probing(&self) -> bool {
        matches!(self.state, State::Probing { .. })
    }

    pub(super) fn is_given_up(&self) -> bool {
        matches!(self.state, State::GivenUp { .. })
    }

    /// That it is given up, and what it was given up for.
    pub(super) fn given_up(&self) -> Option<GivenUp> {
        match &self.state {
            State::GivenUp { after, failure, .. } => Some(GivenUp { after: *after, failure: failure.clone() }),
            State::Closed | State::Parked { .. } | State::Probing { .. } => None,
        }
    }

    /// How long nothing good has come of it.
    pub(super) fn in_trouble_for(&self, now: Instant) -> Duration {
        self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// What an earlier process has kept.
    pub(super) fn kept(state: State, failures: u32, since: Option<Instant>) -> Self {
        let probed = matches!(&state, State::Parked { failed_probes, .. } if *failed_probes > 0);
        Self { state, failures, since, costly: false, probed, acquittals: 0 }
    }

    fn is_out_of_time(&self, now: Instant, options: &Options) -> bool {
        self.in_trouble_for(now) >= options.patience
    }

    /// Parks it after so many failed probes, or gives it up: never without a probe, unless there is no patience at all.
    fn park(&mut self, failed_probes: u32, failure: &Failure, now: Instant, options: &Options) {
        let (failure, after) = (failure.clone(), self.in_trouble_for(now));
        let may_give_up = self.probed || options.patience.is_zero();
        self.state = if may_give_up && after >= options.patience {
            State::GivenUp { failed_probes, until: now + GIVEN_UP_FOR, failure, after }
        } else {
            // The last probe comes when the time is over, not up to twice as late.
            let left = options.patience.saturating_sub(after).max(options.breaker_pause);
            State::Parked { failed_probes, until: now + pause(failed_probes, options).min(left), failure }
        };
    }
}

/// How long an origin is parked after so many failed probes.
pub(super) fn pause(failed_probes: u32, options: &Options) -> Duration {
    options.breaker_pause.saturating_mul(1 << failed_probes.min(31)).min(GIVEN_UP_FOR)
}

/// Whether a failure is this process's, and says nothing about the other end.
pub(super) fn is_our_own(outcome: &Outcome) -> bool {
    let kind = outcome.failure.as_ref().map(|failure| failure.kind);
    matches!(
        kind,
        Some(
            FailureKind::Resources
                | FailureKind::Proxy
                | FailureKind::File
                | FailureKind::NotArchived
                | FailureKind::Panic
        )
    )
}

fn what_fails(failure: &Failure) -> &'static str {
    if failure.is_no_connection() { "no connection comes about" } else { "nothing good comes of it" }
}

/// How long nothing is tried after an origin was given up. As old may a robots.txt get: what is asked of a host again
/// after a day begins with that.
pub(super) const GIVEN_UP_FOR: Duration = Duration::from_hours(24);
/// So many in a row are more than a bad page or two.
const SEVERAL: u32 = 3;
const MOST_DOUBLINGS: u32 = 10;

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
        let (breaker_pause, patience) = (Duration::from_secs(30), Duration::from_secs(90));
        Options { breaker_failures: 3, breaker_pause, patience, ..Options::default() }
    }

    fn status(status: u16) -> Outcome {
        Outcome { status: Some(status), ..ok() }
    }

    /// An origin to which so many connections have failed.
    fn after(failures: u32, now: Instant) -> Breaker {
        after_each(failures, &failed(FailureKind::Connect), now)
    }

    /// An origin of which nothing but this has come so often.
    fn after_each(failures: u32, outcome: &Outcome, now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..failures {
            breaker.started(now);
            breaker.ended(outcome, now, &options());
        }
        breaker
    }

    /// How long it is parked.
    fn parked_for(breaker: &Breaker, now: Instant) -> Option<u64> {
        breaker.parked_until().map(|until| until.saturating_duration_since(now).as_secs())
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
        for kind in [FailureKind::TooLarge, FailureKind::Protocol, FailureKind::Decode] {
            let mut breaker = after(2, now);
            breaker.ended(&failed(kind), now, &options());
            assert_eq!(breaker, Breaker::default(), "{kind:?}");
        }
        for kind in [FailureKind::Resources, FailureKind::Proxy, FailureKind::Panic] {
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
    fn whatever_says_that_a_host_cannot_answer_parks() {
        let now = Instant::now();
        for outcome in [failed(FailureKind::Timeout), failed(FailureKind::Reset), status(500), status(502), status(429)]
        {
            assert_eq!(parked_for(&after_each(3, &outcome, now), now), Some(30), "{outcome:?}");
        }
        let mut mixed = after_each(1, &failed(FailureKind::Timeout), now);
        for outcome in [status(502), failed(FailureKind::Connect)] {
            mixed.ended(&outcome, now, &options());
        }
        assert_eq!(parked_for(&mixed, now), Some(30));
        for outcome in [status(404), status(501)] {
            assert!(after_each(9, &outcome, now).is_closed(), "{outcome:?}");
        }
    }

    #[test]
    fn every_other_probe_is_a_witness_where_there_is_a_connection() {
        let mut now = Instant::now();
        let called = |breaker: &mut Breaker, now| {
            breaker.started(now);
            breaker.calls_witness()
        };
        assert!(!called(&mut after(3, now), now));
        let mut breaker = after_each(3, &status(502), now);
        for witness in [true, false, true] {
            now = breaker.parked_until().unwrap();
            assert_eq!(called(&mut breaker, now), witness);
            assert!(breaker.failures == 3 && breaker.gate(now) == Gate::Busy);
            breaker.ended(&status(502), now, &Options { patience: Duration::from_hours(1), ..options() });
        }
        assert!(!Breaker::default().calls_witness());
    }

    #[test]
    fn a_witness_that_is_well_acquits_the_origin_and_it_takes_twice_as_many_to_park_it_again() {
        let now = Instant::now();
        let mut breaker = after_each(3, &status(500), now);
        for most in [6, 12] {
            breaker.started(now);
            assert!(breaker.calls_witness());
            breaker.ended(&ok(), now, &options());
            assert!(breaker.is_closed() && breaker.in_trouble_for(now + Duration::from_hours(1)).is_zero());
            for _ in 1..most {
                breaker.ended(&status(500), now, &options());
            }
            assert!(breaker.is_closed());
            breaker.ended(&status(500), now, &options());
            assert_eq!(parked_for(&breaker, now), Some(30));
        }
        breaker.started(now);
        breaker.ended(&ok(), now, &options());
        assert_eq!(breaker, Breaker::default(), "a page");
    }

    #[test]
    fn pages_that_hang_use_up_the_patience_although_a_witness_is_well() {
        let (begun, slow) = (Instant::now(), failed(FailureKind::Timeout));
        let mut breaker = after_each(2, &slow, begun);
        breaker.ended(&status(500), begun, &options());
        breaker.started(begun);
        assert!(breaker.calls_witness());
        breaker.ended(&ok(), begun, &options());
        let now = begun + Duration::from_secs(89);
        breaker.ended(&slow, now, &options());
        assert!(breaker.is_closed());
        breaker.ended(&slow, now + Duration::from_secs(1), &options());
        assert!(matches!(&breaker.state, State::GivenUp { after, .. } if *after == Duration::from_secs(90)));
    }

    #[test]
    fn several_in_a_row_are_suspect_once() {
        let now = Instant::now();
        let why = || Failure::new(FailureKind::Unavailable, "status 500");
        let options = Options { breaker_failures: 9, ..options() };
        let failed = |failures| {
            let mut breaker = Breaker::default();
            (0..failures).for_each(|_| breaker.ended(&status(500), now, &options));
            breaker
        };
        assert!(!failed(2).suspect(1, why(), now, &options), "a bad page or two");
        assert!(!failed(3).suspect(4, why(), now, &options), "something was good since the first attempt");
        let mut breaker = failed(4);
        assert!(breaker.suspect(3, why(), now, &options));
        assert_eq!(breaker.gate(now), Gate::Open);
        breaker.started(now);
        assert!(breaker.calls_witness());
        breaker.ended(&ok(), now, &options);
        (0..5).for_each(|_| breaker.ended(&status(500), now, &options));
        assert!(!breaker.suspect(3, why(), now, &options), "it is the pages");
        assert!(!failed(4).suspect(3, why(), now, &Options { breaker_failures: 0, ..options.clone() }));
    }

    #[test]
    fn one_probe_goes_through_after_each_pause_and_pauses_double() {
        let mut now = Instant::now();
        let mut breaker = after(3, now);
        for pause in [30, 60] {
            now += Duration::from_secs(pause);
            assert_eq!(breaker.gate(now), Gate::Open);
            breaker.started(now);
            assert_eq!(breaker.gate(now), Gate::Busy);
            breaker.ended(&failed(FailureKind::Connect), now, &options());
        }
        let until = now + GIVEN_UP_FOR;
        assert_eq!(breaker.gate(now), Gate::GivenUp(until, &Failure::new(FailureKind::Connect, "x")));
        now = until;
        assert_eq!(breaker.gate(now), Gate::Open);
        breaker.started(now);
        breaker.ended(&failed(FailureKind::Dns), now, &options());
        let until = now + GIVEN_UP_FOR;
        assert_eq!(breaker.gate(now), Gate::GivenUp(until, &Failure::new(FailureKind::Dns, "x")), "one probe a day");
    }

    #[test]
    fn a_probe_that_gets_through_opens_the_way() {
        let now = Instant::now();
        let mut breaker = after(3, now);
        breaker.started(now);
        breaker.ended(&ok(), now, &options());
        assert_eq!(breaker, Breaker::default());
    }

    #[test]
    fn a_probe_that_could_not_be_sent_is_sent_again() {
        let now = Instant::now();
        let mut breaker = after(3, now);
        breaker.started(now);
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
    fn what_was_sent_before_the_probe_says_nothing_about_it() {
        let now = Instant::now();
        let mut breaker = after_each(3, &status(502), now);
        let later = now + Duration::from_secs(30);
        breaker.started(later);
        let sent_before = Outcome { elapsed: Duration::from_secs(31), ..failed(FailureKind::Timeout) };
        breaker.ended(&sent_before, later, &options());
        assert_eq!(breaker.gate(later), Gate::Busy);
        breaker.ended(&status(502), later, &options());
        assert_eq!(parked_for(&breaker, later), Some(60));
    }

    #[test]
    fn the_last_probe_comes_when_the_time_is_over_and_none_is_given_up_without_one() {
        let mut now = Instant::now();
        let mut breaker = after(3, now);
        let options = Options { patience: Duration::from_secs(100), ..options() };
        let mut pauses = vec![];
        while let Some(until) = breaker.parked_until() {
            pauses.push(until.saturating_duration_since(now).as_secs());
            now = until;
            breaker.started(now);
            breaker.ended(&failed(FailureKind::Connect), now, &options);
        }
        assert!(pauses == [30, 60, 30] && breaker.is_given_up(), "{pauses:?}");
        let mut slow = after(2, now);
        slow.ended(&failed(FailureKind::Connect), now + Duration::from_hours(1), &options);
        assert_eq!(parked_for(&slow, now + Duration::from_hours(1)), Some(30));
        let mut hasty = after(2, now);
        hasty.ended(&failed(FailureKind::Connect), now, &Options { patience: Duration::ZERO, ..options });
        assert!(hasty.is_given_up());
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
