//! Trouble: what says that a host, and not only one page of it, may be unable to answer.

use super::backoff::is_overloaded;
use crate::outcome::{Failure, FailureKind, Outcome};

/// Why an outcome may be its host's fault; `None` when it says that the host is well, or nothing about it.
///
/// One of these is no news: any site has a page that always fails. Several in a row with nothing good in between are.
pub(super) fn trouble(outcome: &Outcome) -> Option<Failure> {
    match (&outcome.failure, outcome.status) {
        (Some(failure), _) => {
            let is_hosts =
                failure.is_no_connection() || matches!(failure.kind, FailureKind::Timeout | FailureKind::Reset);
            is_hosts.then(|| failure.clone())
        }
        (None, Some(status)) if STATUSES.contains(&status) => {
            Some(Failure::new(FailureKind::Unavailable, format!("status {status}")))
        }
        (None, _) => None,
    }
}

/// Whether it costs the crawl time: a deadline, or a rest that the host has asked for. A few of these are minutes.
pub(super) fn costs_time(outcome: &Outcome) -> bool {
    is_overloaded(outcome) || outcome.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Timeout)
}

/// Those of RFC 9110 and RFC 6585 that say that a server cannot answer now, and what proxies in front of a site say when
/// it does not (520 to 524), or has too much to do (529).
const STATUSES: [u16; 11] = [429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::FailureKind::{
        BlockedAddress, Connect, Decode, Dns, Protocol, Reset, Resources, Timeout, Tls, TooLarge,
    };
    use super::*;
    use crate::outcome::OutcomeKind;

    #[test]
    fn a_host_is_in_trouble_when_it_cannot_answer_and_not_when_it_refuses() {
        let status = |status| {
            let outcome = Outcome::new(OutcomeKind::HttpError, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
            trouble(&Outcome { status: Some(status), ..outcome })
        };
        for in_trouble in [429, 500, 502, 503, 504, 520, 524, 529] {
            let why = Failure::new(FailureKind::Unavailable, format!("status {in_trouble}"));
            assert_eq!(status(in_trouble), Some(why));
        }
        for well in [200, 301, 403, 404, 408, 410, 501, 505, 525, 526] {
            assert_eq!(status(well), None, "{well}");
        }
        let failed = |kind| {
            let failure = Failure::new(kind, "x");
            trouble(&Outcome::failed(failure, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO)).is_some()
        };
        assert!([Dns, Connect, Tls, BlockedAddress, Timeout, Reset].into_iter().all(failed));
        assert!(![Decode, Protocol, Resources, TooLarge].into_iter().any(failed));
    }
}
