//! The wall clock: one reading of both clocks, so that instants can be kept beyond the end of the process.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// One reading of the clock that only ever moves on and of the one on the wall, at the same moment. An `Instant` means
/// nothing to another process; milliseconds since 1970 do.
///
/// Read once for a batch of conversions: two readings may disagree, since the clock on the wall can be set.
#[derive(Debug, Clone, Copy)]
pub struct WallClock {
    instant: Instant,
    time: Timestamp,
}

impl WallClock {
    /// A reading: what both clocks showed at one moment.
    pub fn new(instant: Instant, time: Timestamp) -> Self {
        Self { instant, time }
    }

    /// The same clock, read at another moment, as far as it was not set since.
    #[must_use]
    pub fn at(self, instant: Instant) -> Self {
        let ahead = signed(instant.saturating_duration_since(self.instant))
            - signed(self.instant.saturating_duration_since(instant));
        let time = self.time.as_nanosecond().saturating_add(ahead);
        Self { instant, time: Timestamp::from_nanosecond(time).unwrap_or(self.time) }
    }

    /// The moment of the reading.
    pub fn instant(&self) -> Instant {
        self.instant
    }

    /// A clock on the wall that shows so much more than this one.
    #[must_use]
    pub fn later(self, by: Duration) -> Self {
        Self { time: self.time.saturating_add(by).unwrap_or(Timestamp::MAX), ..self }
    }

    /// An instant as milliseconds since 1970 in UTC, rounded up: what has to wait until it never gets due earlier.
    pub fn to_millis(self, at: Instant) -> i64 {
        let passed = |from: Instant, to: Instant| signed(to.saturating_duration_since(from));
        let from_reading = passed(self.instant, at) - passed(at, self.instant);
        let nanos = self.time.as_nanosecond().saturating_add(from_reading);
        let millis = nanos.div_euclid(NANOS_PER_MILLI) + i128::from(nanos.rem_euclid(NANOS_PER_MILLI) != 0);
        i64::try_from(millis).unwrap_or(if millis < 0 { i64::MIN } else { i64::MAX })
    }

    /// The instant of so many milliseconds since 1970 in UTC. A time that no instant can tell becomes the nearest that
    /// is sure to be one: the reading itself for the past, a century after it for the future.
    pub fn at_millis(&self, millis: i64) -> Instant {
        let ahead = i128::from(millis) * NANOS_PER_MILLI - self.time.as_nanosecond();
        let distance = u64::try_from(ahead.unsigned_abs()).map_or(CENTURY, Duration::from_nanos).min(CENTURY);
        let moved = if ahead < 0 { self.instant.checked_sub(distance) } else { self.instant.checked_add(distance) };
        moved.unwrap_or(self.instant)
    }
}

fn signed(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

const NANOS_PER_MILLI: i128 = 1_000_000;
const CENTURY: Duration = Duration::from_hours(24 * 36_525);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reading(nanos: i128) -> WallClock {
        WallClock::new(Instant::now(), Timestamp::from_nanosecond(nanos).unwrap())
    }

    #[test]
    fn an_instant_is_the_time_that_the_clock_on_the_wall_shows_then() {
        let clock = reading(1_000_000_000);
        assert_eq!(clock.to_millis(clock.instant()), 1000);
        assert_eq!(clock.to_millis(clock.instant() + Duration::from_millis(250)), 1250);
        let before = clock.instant().checked_sub(Duration::from_millis(250)).unwrap();
        assert_eq!(clock.to_millis(before), 750);
        assert_eq!(clock.to_millis(clock.instant() + Duration::from_nanos(1)), 1001, "rounded up");
        assert_eq!(clock.at_millis(1250), clock.instant() + Duration::from_millis(250));
        assert_eq!(clock.at_millis(750), before);
    }

    #[test]
    fn a_clock_that_is_read_later_says_the_same_of_every_moment() {
        let clock = reading(1_700_000_000_123_456_789);
        let later = clock.at(clock.instant() + Duration::from_mins(3));
        let hold = clock.instant() + Duration::from_mins(9);
        assert_eq!(
            (later.to_millis(hold), later.at(clock.instant()).to_millis(hold)),
            (clock.to_millis(hold), clock.to_millis(hold))
        );
    }

    #[test]
    fn another_process_finds_the_same_moment() {
        let before = reading(1_700_000_000_123_456_789);
        let hold = before.instant() + Duration::from_mins(1);
        let later =
            WallClock::new(before.instant() + Duration::from_secs(7), before.time + jiff::SignedDuration::from_secs(7));
        let found = later.at_millis(before.to_millis(hold));
        assert!(found >= hold && found < hold + Duration::from_millis(1));
    }

    #[test]
    fn times_beyond_all_instants_are_no_panic() {
        let clock = reading(0);
        assert!(clock.at_millis(i64::MAX) > clock.instant());
        assert!(clock.at_millis(i64::MIN) <= clock.instant());
    }

    proptest! {
        #[test]
        fn what_is_read_back_is_never_earlier_and_at_most_a_millisecond_later(now: i32, ahead in -1_000_000_000_000i64..1_000_000_000_000) {
            let clock = reading(i128::from(now) * 1_234_567);
            let distance = Duration::from_nanos(ahead.unsigned_abs());
            let at = if ahead < 0 { clock.instant().checked_sub(distance).unwrap() } else { clock.instant() + distance };
            let back = clock.at_millis(clock.to_millis(at));
            prop_assert!(back >= at && back < at + Duration::from_millis(1));
        }
    }
}
