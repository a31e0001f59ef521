//! Due: which pages an update asks for, by what is known of each.

use std::time::Duration;

use jiff::Timestamp;

use crate::for_update::{Carried, Seen};

/// Which pages are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Choice {
    /// Now.
    pub(crate) now: Timestamp,
    /// Whether pages that are fresh are left out.
    pub(crate) trusts_cache: bool,
    /// The longest that a page which is not due goes without being asked for; `None` when all are due.
    pub(crate) longest: Option<Duration>,
}

/// What is known of the changes of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct History {
    /// When it was asked for last.
    pub(super) fetched_at: Timestamp,
    /// Until when it is fresh, in milliseconds since 1970.
    pub(super) fresh_until: Option<i64>,
    /// What updates have seen of it.
    pub(super) seen: Option<Seen>,
    /// When its host says that it was changed last.
    pub(super) modified: Option<Timestamp>,
}

impl Choice {
    /// Whether any page may be left out.
    pub(super) fn leaves_out(self) -> bool {
        self.trusts_cache || self.longest.is_some()
    }

    /// Why a page is not asked for; `None` when it is.
    pub(super) fn leaves(self, page: History) -> Option<Carried> {
        let is_fresh = page.fresh_until.is_some_and(|until| until > self.now.as_millisecond());
        if self.trusts_cache && is_fresh {
            return Some(Carried::Fresh);
        }
        let interval = page.interval()?.min(self.longest?.as_secs_f64());
        let age = self.now.duration_since(page.fetched_at).as_secs_f64();
        (0.0..interval).contains(&age).then_some(Carried::NotDue)
    }
}

impl History {
    /// After how many seconds it is as likely as not that a page has changed; `None` when nothing is known of that.
    ///
    /// The rate of changes is that of Cho and Garcia-Molina ("Estimating frequency of change", 2003, section 4.2): of `n` visits
    /// at intervals `I`, `X` of which found a change, it is `-ln((n - X + 0.5) / (n + 0.5)) / I`. Without the halves, a page
    /// that has changed each time would have no rate at all. Of a page that was never asked for again the tenth part of its
    /// age is taken, as caches do (RFC 9111, section 4.2.2).
    fn interval(self) -> Option<f64> {
        let Some(Seen { visits: visits @ 1.., changes, seconds }) = self.seen else {
            let age = self.fetched_at.duration_since(self.modified?).as_secs_f64();
            return (age > 0.0).then_some(age / 10.0);
        };
        let [visits, changes, seconds] = [visits, changes.min(visits), seconds].map(number);
        let rate = -((visits - changes + 0.5) / (visits + 0.5)).ln() / (seconds / visits).max(1.0);
        Some(if rate > 0.0 { std::f64::consts::LN_2 / rate } else { f64::INFINITY })
    }
}

/// No count is so great that the last digits of it matter.
#[expect(clippy::cast_precision_loss, reason = "a rate is an estimate")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_000_000_000 + hours * HOUR).unwrap()
    }

    fn choice(hours: i64) -> Choice {
        Choice { now: at(hours), trusts_cache: false, longest: Some(Duration::from_hours(1000)) }
    }

    fn page(seen: Option<(u64, u64)>) -> History {
        let seen = seen.map(|(visits, changes)| Seen { visits, changes, seconds: visits * 10 * 3600 });
        History { fetched_at: at(0), fresh_until: None, seen, modified: None }
    }

    #[test]
    fn a_page_is_due_when_it_is_as_likely_as_not_that_it_has_changed() {
        // Ten visits, ten hours apart.
        let due_after =
            |changes: u64| (1..2000).find(|hours| choice(*hours).leaves(page(Some((10, changes)))).is_none());
        assert_eq!(due_after(10), Some(3), "each time: more often than it was looked at");
        assert_eq!(due_after(5), Some(11));
        assert_eq!(due_after(1), Some(70));
        assert_eq!(due_after(0), Some(1000), "never so far, and not for ever");
        assert_eq!(choice(1).leaves(page(None)), None, "nothing is known");
    }

    #[test]
    fn a_page_that_was_seen_once_goes_by_its_age() {
        let old = History { modified: Some(at(-100)), ..page(None) };
        assert_eq!(choice(9).leaves(old), Some(Carried::NotDue));
        assert_eq!(choice(10).leaves(old), None);
        let future = History { modified: Some(at(5)), ..page(None) };
        assert_eq!(choice(1).leaves(future), None);
        assert_eq!(choice(-1).leaves(old), None, "a clock that was set back decides nothing");
    }

    #[test]
    fn a_fresh_page_is_left_out_when_its_host_is_trusted() {
        let fresh = History { fresh_until: Some(at(5).as_millisecond()), ..page(None) };
        let all = |trusts_cache, hours| Choice { trusts_cache, longest: None, ..choice(hours) };
        assert_eq!(all(true, 4).leaves(fresh), Some(Carried::Fresh));
        assert_eq!(all(true, 5).leaves(fresh), None);
        assert_eq!(all(false, 4).leaves(fresh), None);
        assert_eq!(all(true, 4).leaves(page(Some((10, 0)))), None, "all are due");
    }
}
