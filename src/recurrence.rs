//! Recurrence: when a crawl that comes again is due.

use std::time::Duration;

use jiff::Timestamp;

/// Every so often, counted from when the first run was due: runs stay at the times of day that they began with, however long
/// each takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recurrence {
    every: Duration,
}

/// The last run, as the next process has to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turn {
    /// When it was due.
    pub(crate) due: Timestamp,
    /// When it ended, well or not. `None` while it runs, and of one that was stopped or killed.
    pub(crate) ended: Option<Timestamp>,
}

/// The next run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Next {
    /// When it is due, for [`Turn::due`].
    pub(crate) due: Timestamp,
    /// When it begins: then, or at once when that is over.
    pub(crate) begins: Timestamp,
}

impl Recurrence {
    /// Every so often; at least a millisecond.
    pub(crate) fn new(every: Duration) -> Self {
        Self { every: every.max(Duration::from_millis(1)) }
    }

    /// The next run after the last one.
    ///
    /// Without a last one, and to go on with one that has not ended, it is now. What was due while the last one ran is left
    /// out; what was due while nobody watched is made up for, once. When the clock was set back it is never later than the
    /// time between two runs.
    pub(crate) fn next(self, last: Option<Turn>, now: Timestamp) -> Next {
        let Some(last) = last.map(|last| last.by(now)) else { return Next { due: now, begins: now } };
        let Some(ended) = last.ended else { return Next { due: last.due, begins: now } };
        let due = self.after(last.due, ended);
        if due > now {
            return Next { due, begins: due };
        }
        // The last of those that were due until now.
        let due = self.after(last.due, now).saturating_sub(self.every).unwrap_or(now);
        Next { due, begins: now }
    }

    /// What is left of the way to a run that begins then: never more than the time between two runs, since a clock that was
    /// ahead may be put right while somebody waits.
    pub(crate) fn begins(self, begins: Timestamp, now: Timestamp) -> Timestamp {
        begins.min(now.saturating_add(self.every).unwrap_or(Timestamp::MAX))
    }

    /// The first time behind `after` that is so many spans behind `from`, at least one.
    fn after(self, from: Timestamp, after: Timestamp) -> Timestamp {
        let every = i64::try_from(self.every.as_millis()).unwrap_or(i64::MAX);
        let passed = after.as_millisecond().saturating_sub(from.as_millisecond()).max(0);
        let spans = passed / every + 1;
        let at = from.as_millisecond().saturating_add(spans.saturating_mul(every));
        Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX)
    }
}

impl Turn {
    /// The same run as far as it can have been by now: what was noted for later was noted by a clock that was ahead.
    pub(crate) fn by(self, now: Timestamp) -> Self {
        Self { due: self.due.min(now), ended: self.ended.map(|ended| ended.min(now)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many minutes after some instant.
    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
    }

    const HOURLY: Recurrence = Recurrence { every: Duration::from_hours(1) };

    /// When the next run begins, in minutes, and when it was due.
    fn next(last: Option<(i64, Option<i64>)>, now: i64) -> (i64, i64) {
        let last = last.map(|(due, ended)| Turn { due: at(due), ended: ended.map(at) });
        let Next { due, begins } = HOURLY.next(last, at(now));
        let minutes = |time: Timestamp| (time.as_second() - 1_800_000_000) / 60;
        (minutes(begins), minutes(due))
    }

    #[test]
    fn the_first_run_and_one_that_goes_on_begin_at_once() {
        assert_eq!(next(None, 7), (7, 7));
        assert_eq!(next(Some((0, None)), 50), (50, 0));
    }

    #[test]
    fn runs_stay_at_their_times_however_long_each_takes() {
        assert_eq!(next(Some((0, Some(1))), 1), (60, 60));
        assert_eq!(next(Some((0, Some(59))), 59), (60, 60));
        assert_eq!(next(Some((0, Some(60))), 60), (120, 120), "one that took an hour has left one out");
        assert_eq!(next(Some((0, Some(150))), 150), (180, 180));
    }

    #[test]
    fn what_was_due_while_nobody_watched_is_made_up_for_once() {
        assert_eq!(next(Some((0, Some(5))), 200), (200, 180));
        assert_eq!(next(Some((180, Some(205))), 205), (240, 240), "and the times stay what they were");
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_for_years() {
        assert_eq!(next(Some((1_000_000, Some(1_000_005))), 10), (70, 70));
        assert_eq!(next(Some((1_000_000, None)), 10), (10, 10));
        assert_eq!(next(Some((0, Some(1_000_005))), 10), (60, 60), "the times stay what they were");
    }

    #[test]
    fn a_clock_that_is_put_right_while_somebody_waits_makes_nobody_wait_for_years() {
        // By a clock that is years ahead the next run is years away, and each look at the right one puts it nearer, not off.
        let Next { begins, .. } =
            HOURLY.next(Some(Turn { due: at(1_000_000), ended: Some(at(1_000_005)) }), at(1_000_005));
        assert_eq!(begins, at(1_000_060));
        let looks = (10..=70).scan(begins, |begins, minute| {
            *begins = HOURLY.begins(*begins, at(minute));
            Some(*begins)
        });
        assert!(looks.eq(std::iter::repeat_n(at(70), 61)));
        assert_eq!(HOURLY.begins(at(60), at(20)), at(60), "one that is less than an hour away stays");
    }

    #[test]
    fn what_was_noted_by_a_clock_that_was_ahead_is_as_of_now() {
        let noted = Turn { due: at(1_000_000), ended: Some(at(1_000_005)) };
        let by_now = noted.by(at(10));
        assert_eq!(by_now, Turn { due: at(10), ended: Some(at(10)) });
        assert_eq!(by_now.by(at(30)), by_now, "and stays so: who begins anew every half hour has a run after an hour");
        assert_eq!(HOURLY.next(Some(by_now), at(50)).begins, at(70));
    }

    #[test]
    fn ten_days_with_failures_and_restarts_have_a_run_at_each_right_time() {
        // Four times a day; a failed run ends after a minute, others after ten; for two days nobody watches, and two runs are
        // killed after three minutes and go on five minutes later.
        let every = Recurrence::new(Duration::from_hours(6));
        let (mut now, mut last, mut begun) = (0, None, Vec::new());
        while now < 10 * 24 * 60 {
            let Next { due, begins } = every.next(last, at(now));
            now = now.max((begins.as_second() - 1_800_000_000) / 60);
            if (2 * 24 * 60..4 * 24 * 60).contains(&now) {
                now = 4 * 24 * 60 + 30;
                continue;
            }
            begun.push(now);
            let is_killed = [3, 7].contains(&begun.len());
            now += if is_killed {
                3
            } else if begun.len() % 5 == 0 {
                1
            } else {
                10
            };
            last = Some(Turn { due, ended: (!is_killed).then(|| at(now)) });
            if is_killed {
                now += 5;
            }
        }
        let (on_time, others): (Vec<i64>, Vec<i64>) = begun.into_iter().partition(|minute| minute % 360 == 0);
        let watched = |minute: &i64| !(2 * 24 * 60..4 * 24 * 60 + 30).contains(minute);
        assert_eq!(on_time, (0..=40).map(|run| run * 360).filter(watched).collect::<Vec<_>>());
        assert_eq!(others, [728, 1808, 5790], "two go on, and one makes up for two days");
    }
}
