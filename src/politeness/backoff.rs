//! Back-off: when a URL that failed is tried again, if at all.

use std::time::Duration;

use super::Options;
use crate::outcome::{Failure, FailureKind, Outcome, is_transient_status};

/// How long to wait before the next attempt of a URL; `None` when it is not to be tried again.
///
/// Exponential with jitter: the first wait is `backoff`, each further one twice the last, up to `max_backoff`, less up
/// to a half of it at random, so that URLs that failed together do not come back together. `Retry-After` (RFC 9110,
/// section 10.2.3) is a lower bound, up to `max_retry_after`.
pub(super) fn wait(options: &Options, attempt: u32, outcome: &Outcome, random: &mut fastrand::Rng) -> Option<Duration> {
    if attempt > options.retries || !is_transient(outcome) {
        return None;
    }
    Some(jittered(options, attempt, random).max(retry_after(options, outcome).unwrap_or_default()))
}

/// The wait before attempt number `attempt + 1`.
pub(super) fn jittered(options: &Options, attempt: u32, random: &mut fastrand::Rng) -> Duration {
    let doublings = attempt.saturating_sub(1).min(31);
    let full = options.backoff.saturating_mul(1 << doublings).min(options.max_backoff);
    full.mul_f64(1.0 - random.f64() / 2.0)
}

/// How long the host asked to be left alone, within what the user allows.
pub(super) fn retry_after(options: &Options, outcome: &Outcome) -> Option<Duration> {
    outcome.retry_after.map(|asked| asked.min(options.max_retry_after))
}

/// Whether the host asks to be asked less (RFC 6585, section 4; RFC 9110, section 15.6.4; 529 is 503 in other words).
pub(super) fn is_overloaded(outcome: &Outcome) -> bool {
    matches!(outcome.status, Some(429 | 503 | 529))
}

/// Whether the host had too much, or may have: it says so, does not keep up, or hangs up.
pub(super) fn is_trouble(outcome: &Outcome) -> bool {
    let kind = outcome.failure.as_ref().map(|failure| failure.kind);
    is_overloaded(outcome) || matches!(kind, Some(FailureKind::Connect | FailureKind::Timeout | FailureKind::Reset))
}

/// Whether the host is asked less after this, now or once it has happened often enough: fewer at once, not for a while,
/// or not at all. Other server errors put off their own URL and not the host.
pub(super) fn slows(outcome: &Outcome) -> bool {
    is_trouble(outcome) || outcome.failure.as_ref().is_some_and(Failure::is_no_connection)
}

/// Whether the same request may succeed later.
pub(super) fn is_transient(outcome: &Outcome) -> bool {
    match &outcome.failure {
        Some(failure) => may_pass(failure),
        None => outcome.status.is_some_and(is_transient_status),
    }
}

/// Whether a failure may be gone the next time.
pub(super) fn may_pass(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::Connect | FailureKind::Dns | FailureKind::Timeout | FailureKind::Reset | FailureKind::Protocol
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::OutcomeKind;

    fn status(status: u16) -> Outcome {
        let outcome = Outcome::new(OutcomeKind::HttpError, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
        Outcome { status: Some(status), ..outcome }
    }

    fn failure(kind: FailureKind) -> Outcome {
        Outcome::failed(Failure::new(kind, "x"), jiff::Timestamp::UNIX_EPOCH, Duration::ZERO)
    }

    fn wait_of(attempt: u32, outcome: &Outcome) -> Option<Duration> {
        wait(&Options::default(), attempt, outcome, &mut fastrand::Rng::with_seed(1))
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for transient in [429, 500, 503, 520, 521, 522, 523, 524, 529].map(status) {
            assert!(wait_of(1, &transient).is_some(), "{transient:?}");
        }
        assert!(wait_of(1, &failure(FailureKind::Timeout)).is_some());
        for lasting in [
            status(404),
            status(403),
            status(501),
            status(525),
            status(526),
            failure(FailureKind::TooLarge),
            failure(FailureKind::BlockedAddress),
        ] {
            assert!(wait_of(1, &lasting).is_none(), "{lasting:?}");
        }
    }

    #[test]
    fn attempts_are_one_more_than_retries() {
        let retries = Options::default().retries;
        assert!(wait_of(retries, &status(500)).is_some());
        assert!(wait_of(retries + 1, &status(500)).is_none());
    }

    #[test]
    fn waits_double_within_their_bounds() {
        let options = Options { retries: 90, ..Options::default() };
        let mut random = fastrand::Rng::with_seed(7);
        for attempt in 1..90 {
            let full = options.backoff.saturating_mul(1 << (attempt - 1).min(31)).min(options.max_backoff);
            let wait = wait(&options, attempt, &status(500), &mut random).unwrap();
            assert!(wait <= full && wait >= full / 2, "{attempt}: {wait:?} of {full:?}");
        }
    }

    #[test]
    fn retry_after_is_a_lower_bound_and_is_bounded_itself() {
        let asked = |secs| Outcome { retry_after: Some(Duration::from_secs(secs)), ..status(503) };
        assert!(wait_of(1, &asked(30)).unwrap() >= Duration::from_secs(30));
        assert_eq!(wait_of(1, &asked(1_000_000)).unwrap(), Options::default().max_retry_after);
    }
}
