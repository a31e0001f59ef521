//! Held hosts: those that nothing is asked of for a minute or more, told once and shown while they wait.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hashbrown::{HashMap, HashSet};

use crate::host_report::DelayReason;
use crate::observe::{Held, elapsed};
use crate::url::{CrawlUrl, HostKey};

/// The hosts that something waits for and that are not to be asked for long.
///
/// - Each is here until its instant, or until it is released.
/// - Each reason is told once of a host: who asks for an hour may do so again and again.
#[derive(Debug, Default)]
pub(super) struct HeldHosts {
    by_host: HashMap<HostKey, (Instant, DelayReason)>,
    by_time: BTreeSet<(Instant, HostKey)>,
    told: HashSet<(HostKey, DelayReason)>,
    shown: Option<Held>,
}

impl HeldHosts {
    /// Notes that something waits for the host of a URL until an instant, if that is long.
    pub(super) fn note(&mut self, url: &CrawlUrl, until: Instant, now: Instant, because: impl FnOnce() -> DelayReason) {
        let time = until.saturating_duration_since(now);
        if time < LONG || self.by_host.get(url.host()).is_some_and(|(known, _)| *known == until) {
            return;
        }
        self.release(url.host());
        let (host, because) = (url.host_key(), because());
        // What the breaker does is told with the reason for it.
        if because != DelayReason::Breaker && self.told.insert((host.clone(), because)) {
            tracing::warn!("{host} is not asked for {}: {}", elapsed(time), because.label());
        }
        self.by_time.insert((until, host.clone()));
        self.by_host.insert(host, (until, because));
    }

    /// A host may be asked again, or is about to be looked at anew.
    pub(super) fn release(&mut self, host: &str) {
        if !self.by_host.is_empty()
            && let Some((host, (until, _))) = self.by_host.remove_entry(host)
        {
            self.by_time.remove(&(until, host));
        }
    }

    /// Whether something else is to be shown of them than before.
    pub(super) fn has_news(&mut self, now: Instant) -> bool {
        while self.by_time.first().is_some_and(|(until, _)| *until <= now) {
            if let Some((_, host)) = self.by_time.pop_first() {
                self.by_host.remove(host.as_str());
            }
        }
        let next = self.by_time.first();
        let is_same = match (&self.shown, next) {
            (None, None) => true,
            (Some(shown), Some((until, host))) => {
                (shown.hosts, shown.until, shown.next.as_str()) == (self.by_host.len(), *until, host.as_str())
            }
            (Some(_), None) | (None, Some(_)) => false,
        };
        if is_same {
            return false;
        }
        self.shown = next.and_then(|(until, host)| {
            let (_, because) = self.by_host.get(host.as_str())?;
            Some(Held { hosts: self.by_host.len(), until: *until, next: host.to_string(), because: *because })
        });
        true
    }

    /// What is to be shown.
    pub(super) fn shown(&self) -> Option<Held> {
        self.shown.clone()
    }
}

/// Shorter waits are part of any crawl.
const LONG: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::UrlRules;

    #[test]
    fn hosts_that_are_held_for_long_are_counted_until_they_are_released_or_due() {
        let (mut held, now) = (HeldHosts::default(), Instant::now());
        let url = |host: &str| UrlRules::new(4096).parse(&format!("http://{host}/")).unwrap();
        let at = |secs| now + Duration::from_secs(secs);
        held.note(&url("short"), at(59), now, || DelayReason::RetryAfter);
        assert!(!held.has_news(now));
        for (host, secs) in [("b", 120), ("a", 90), ("c", 3600), ("c", 3600)] {
            held.note(&url(host), at(secs), now, || DelayReason::RetryAfter);
        }
        let shown = |hosts, secs, next: &str| {
            Some(Held { hosts, until: at(secs), next: next.to_owned(), because: DelayReason::RetryAfter })
        };
        assert_eq!((held.has_news(now), held.shown()), (true, shown(3, 90, "a")));
        assert!(!held.has_news(at(89)));
        assert_eq!((held.has_news(at(90)), held.shown()), (true, shown(2, 120, "b")));
        held.release("b");
        assert_eq!((held.has_news(at(90)), held.shown()), (true, shown(1, 3600, "c")));
        held.note(&url("c"), at(7200), at(90), || DelayReason::RetryAfter);
        assert_eq!((held.has_news(at(90)), held.shown()), (true, shown(1, 7200, "c")));
        held.release("c");
        assert_eq!((held.has_news(at(90)), held.shown(), held.has_news(at(90))), (true, None, false));
    }
}
