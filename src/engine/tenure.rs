//! Tenure: until when this process may ask the hosts of its buckets.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::clock::{now, until};

/// Until when the hosts of the buckets that are here may be asked, as the last commit has said: for good where nobody else is there to
/// take them.
///
/// - It is closed a *margin* before it ends: nothing is started any more, since what is started takes a moment to be sent. The
///   margin is a sixth of the time that a commit gives, and ten seconds at most.
/// - When it ends, whatever is in flight is dropped: others may ask these hosts from then on.
/// - It may open again: then the commit has come through after all.
#[derive(Debug, Clone)]
pub(super) struct Tenure(watch::Receiver<Option<Term>>);

/// Who says how long it is.
#[derive(Debug)]
pub(super) struct Renewals(watch::Sender<Option<Term>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Term {
    closes: Instant,
    ends: Instant,
}

impl Renewals {
    /// Takes what a commit that was begun at an instant has said.
    pub(super) fn renew(&self, began: Instant, until: Option<Instant>) {
        self.0.send_replace(until.map(|ends| Term::new(began, ends)));
    }
}

impl Term {
    fn new(began: Instant, ends: Instant) -> Self {
        let margin = (ends.saturating_duration_since(began) / 6).min(MOST_MARGIN);
        Self { closes: ends.checked_sub(margin).unwrap_or(ends), ends }
    }
}

impl Tenure {
    /// For good, until something else is said.
    pub(super) fn new() -> (Renewals, Self) {
        let (renewals, tenure) = watch::channel(None);
        (Renewals(renewals), Self(tenure))
    }

    /// Whether something may be started.
    pub(super) fn is_open(&self) -> bool {
        self.0.borrow().is_none_or(|term| now() < term.closes)
    }

    /// Waits until something may be started. Cancel safe.
    pub(super) async fn opened(&mut self) {
        let is_open = |term: &Option<Term>| term.is_none_or(|term| now() < term.closes);
        if self.0.wait_for(is_open).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until nothing may be in flight any more. Cancel safe.
    pub(super) async fn ended(&self) {
        loop {
            let ends = self.0.borrow().map(|term| term.ends);
            if ends.is_some_and(|ends| ends <= now()) {
                return;
            }
            until(ends).await;
        }
    }
}

const MOST_MARGIN: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[tokio::test(start_paused = true)]
    async fn it_closes_a_margin_before_it_ends_and_opens_when_it_is_renewed() {
        let (renewals, mut tenure) = Tenure::new();
        assert!(tenure.is_open(), "for good");
        let start = now();
        renewals.renew(start, Some(start + secs(60)));
        tokio::time::advance(secs(49)).await;
        assert!(tenure.is_open());
        tokio::time::advance(secs(1)).await;
        assert!(!tenure.is_open());
        let waits = tokio::time::timeout(secs(99), tenure.opened()).await;
        assert!(waits.is_err(), "time alone does not open it");
        tenure.ended().await;
        renewals.renew(now(), Some(now() + secs(60)));
        tenure.opened().await;
        assert!(tenure.is_open());
        renewals.renew(now(), Some(now() + secs(6)));
        tokio::time::advance(Duration::from_millis(4999)).await;
        assert!(tenure.is_open(), "a sixth of six seconds");
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!tenure.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_for_its_end_goes_on_waiting_when_it_is_renewed() {
        let (renewals, tenure) = Tenure::new();
        let start = now();
        renewals.renew(start, Some(start + secs(10)));
        let renew = async {
            tokio::time::sleep_until((start + secs(9)).into()).await;
            renewals.renew(now(), Some(now() + secs(10)));
        };
        tokio::join!(renew, tenure.ended());
        assert_eq!(now(), start + secs(19));
    }
}
