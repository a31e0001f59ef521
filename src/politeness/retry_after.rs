//! `Retry-After`: how long a host asks to be left alone (RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

/// Reads the value of a `Retry-After` header: seconds, or an HTTP date, which counts from `now`. `None` when it is
/// neither; zero when the date has passed.
///
/// The RFC knows whole seconds and dates in GMT only. Who says more than that means to be left alone all the same, so
/// each kind that is met is read as it is meant: of several values in one line the longest wait holds, a fraction counts
/// as a whole second, a unit may follow the number, and of a date (section 5.6.7 asks recipients to be robust) neither
/// the day of the week nor the way in which the zone and the parts are written decides. A number that is a time on the
/// clock counts from `now`, as a date does: nobody asks for a wait of fifty years.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    one(value, now).or_else(|| parts(value).filter_map(|part| one(part, now)).max())
}

fn one(value: &str, now: SystemTime) -> Option<Duration> {
    seconds(value, now).or_else(|| Some(date(value, now)?.duration_since(now).unwrap_or_default()))
}

/// The values of a list. A comma is also in dates, behind the day of the week.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let comma = text.match_indices(',').map(|(at, _)| at).find(|at| !ends_with_weekday(text.get(..*at)));
        let (part, after) = match comma {
            Some(at) => (text.get(..at)?, text.get(at + 1..)),
            None => (text, None),
        };
        rest = after;
        Some(part.trim())
    })
}

fn ends_with_weekday(text: Option<&str>) -> bool {
    let word = text.unwrap_or_default().rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    word.get(..3).is_some_and(|start| DAYS.iter().any(|day| start.eq_ignore_ascii_case(day)))
}

fn seconds(value: &str, now: SystemTime) -> Option<Duration> {
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = value.get(number.len()..)?.trim();
    if !(unit.is_empty()
        || ["s", "sec", "secs", "second", "seconds"].iter().any(|word| unit.eq_ignore_ascii_case(word)))
    {
        return None;
    }
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    // More digits than a number can hold still mean "for ever".
    let seconds: u64 = whole.parse().unwrap_or(FOR_EVER);
    let on_the_clock = if (MILLISECONDS..MILLISECONDS.saturating_mul(10)).contains(&seconds) {
        Duration::from_millis(seconds)
    } else {
        Duration::from_secs(seconds)
    };
    let since_1970 = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    if seconds >= LATE && on_the_clock.abs_diff(since_1970) < NEAR {
        return Some(on_the_clock.saturating_sub(since_1970));
    }
    let begun = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    Some(Duration::from_secs(seconds.saturating_add(begun).min(FOR_EVER)))
}

/// A date in any of the forms that are met: `Sun, 06 Nov 1994 08:49:37 GMT`, `06-Nov-94 08:49:37 UTC`,
/// `Sun Nov  6 08:49:37 1994`, `6 Nov 1994 08:49:37 +0000`, `1994-11-06T08:49:37Z`.
fn date(value: &str, now: SystemTime) -> Option<SystemTime> {
    let at = if value.starts_with(|c: char| c.is_ascii_digit()) && value.get(4..5) == Some("-") {
        value.parse().ok()?
    } else {
        jiff::Timestamp::from_second(words_of_date(value, now)?).ok()?
    };
    Some(at.into())
}

/// The seconds since 1970 of a date in words, whatever their order.
fn words_of_date(value: &str, now: SystemTime) -> Option<i64> {
    let (mut time, mut month, mut numbers, mut east) = (None, None, Vec::new(), 0);
    // A sign belongs to the zone only behind the time; before it, dashes stand between the parts.
    for word in value.split([' ', ',', '\t']).filter(|word| !word.is_empty()) {
        if word.contains(':') {
            time = Some(clock(word)?);
        } else if let Some(zone) = time.and_then(|_| zone(word)) {
            east = zone;
        } else {
            for part in word.split('-').filter(|part| !part.is_empty()) {
                if is_number(part) {
                    numbers.push((part.len(), part.parse::<i16>().ok()?));
                } else if let Some(named) = named(part, &MONTHS) {
                    month = Some(i8::try_from(named + 1).ok()?);
                } else {
                    named(part, &DAYS)?;
                }
            }
        }
    }
    let [(_, day), (digits, year)] = *numbers else { return None };
    let year = match digits {
        2 => in_full(year, now)?,
        4 => year,
        _ => return None,
    };
    let date = jiff::civil::Date::new(year, month?, i8::try_from(day).ok()?).ok()?;
    let at = date.to_datetime(time?).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(at.timestamp().as_second() - east)
}

/// A year of two digits: what would be more than 50 years ahead is in the past (section 5.6.7).
fn in_full(year: i16, now: SystemTime) -> Option<i16> {
    let this = jiff::Timestamp::try_from(now).ok()?.to_zoned(jiff::tz::TimeZone::UTC).year();
    let year = this - this % 100 + year;
    Some(if year > this + 50 { year - 100 } else { year })
}

/// `08:49:37`, where 60 is a leap second.
fn clock(word: &str) -> Option<jiff::civil::Time> {
    let mut parts = word.split(':').map(|part| part.parse::<i8>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    let second = if second == 60 { 59 } else { second };
    parts.next().is_none().then(|| jiff::civil::Time::new(hour, minute, second, 0).ok())?
}

/// How many seconds a zone is east of Greenwich.
fn zone(word: &str) -> Option<i64> {
    if ["GMT", "UTC", "UT", "Z"].iter().any(|name| word.eq_ignore_ascii_case(name)) {
        return Some(0);
    }
    let (sign, digits) = match word.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_at_checked(2).filter(|_| digits.len() == 4 && is_number(digits))?;
    Some(sign * (hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60))
}

/// The place of a name in a list by its first three letters; the rest may be there or not.
fn named(word: &str, names: &[&str]) -> Option<usize> {
    let start = word.get(..3).filter(|_| word.bytes().all(|byte| byte.is_ascii_alphabetic()))?;
    names.iter().position(|name| start.eq_ignore_ascii_case(name))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/// A wait of thirty years, or a time after September 2001.
const LATE: u64 = 1_000_000_000;
/// A number is a time on the clock when that time is so near.
const NEAR: Duration = Duration::from_hours(10 * 365 * 24);
/// From this number on a time on the clock is in milliseconds: in seconds it would be in the year 33658.
const MILLISECONDS: u64 = 1_000_000_000_000;
/// 136 years: longer than anybody waits, and nothing that is added to it overflows.
const FOR_EVER: u64 = 0xFFFF_FFFF;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else() {
        let now = "2019-06-03T11:00:00Z".parse::<jiff::Timestamp>().unwrap().into();
        let check = |value: &str, seconds: Option<u64>| {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value:?}");
        };
        check("120", Some(120));
        check("\t42 ", Some(42));
        check("0", Some(0));
        check("14053609537390540542", Some(FOR_EVER));
        check("99999999999999999999999", Some(FOR_EVER));
        check("Mon, 03 Jun 2019 11:30:12 GMT", Some(1812));
        check("Monday, 03-Jun-19 11:30:12 GMT", Some(1812));
        check("Mon Jun  3 11:30:12 2019", Some(1812));
        check("Mon, 03 Jun 2019 10:00:00 GMT", Some(0));
        for neither in [
            "",
            "soon",
            "-5",
            "12 minutes",
            "3d",
            "Mon, 03 Jun",
            "Mon, 32 Jun 2019 11:00:00 GMT",
            "Mon, 03 Jun 2019 24:00:00 GMT",
            "Mon, 03 Jun 2019 11:00:61 GMT",
            "Mon, 03 Jun 2019 -1:00:00 GMT",
            ",",
            "s",
        ] {
            check(neither, None);
        }
    }

    #[test]
    fn a_fraction_of_a_second_is_rounded_up() {
        for (value, seconds) in [("2.5", 3), ("2.0", 2), ("0.001", 1), ("0.0", 0), ("18446744073709551615.9", FOR_EVER)]
        {
            assert_eq!(retry_after(value, SystemTime::UNIX_EPOCH), Some(Duration::from_secs(seconds)), "{value}");
        }
        for neither in [".5", "2.", "1.2.3", "-0.5", "1e3", "."] {
            assert_eq!(retry_after(neither, SystemTime::UNIX_EPOCH), None, "{neither}");
        }
    }

    #[track_caller]
    fn check(value: &str, seconds: u64) {
        let now = "2019-06-03T11:00:00Z".parse::<jiff::Timestamp>().unwrap().into();
        assert_eq!(retry_after(value, now), Some(Duration::from_secs(seconds)), "{value:?}");
    }

    #[test]
    fn a_date_is_read_however_it_is_written() {
        for date in [
            "Tue, 03 Jun 2019 11:30:12 GMT",
            "Mon, 03 Jun 2019 11:30:12 UTC",
            "Mon, 3 Jun 2019 11:30:12 UTC",
            "Mon, 03 Jun 2019 11:30:12 +0000",
            "Mon, 03 Jun 2019 13:30:12 +0200",
            "Mon, 03 Jun 2019 06:00:12 -0530",
            "Mon, 03-Jun-2019 11:30:12 GMT",
            "Mon, 03-Jun-19 11:30:12 GMT",
            "Sunday, 03-Jun-19 11:30:12 GMT",
            "03 Jun 2019 11:30:12 GMT",
            "mon, 03 june 2019 11:30:12 gmt",
            "Mon, 03 Jun 2019 11:30:12",
            "Mon 03 Jun 2019 11:30:12 Z",
            "Fri Jun  3 11:30:12 2019",
            "2019-06-03T11:30:12Z",
            "2019-06-03T13:30:12+02:00",
        ] {
            check(date, 1812);
        }
        check("Mon, 03 Jun 2019 11:30:60 GMT", 1799 + 60);
        check("Wed, 31 Dec 1969 00:00:00 GMT", 0);
        check("Tuesday, 03-Jun-70 11:00:00 GMT", 0);
        check("Saturday, 03-Jun-00 11:00:00 GMT", 0);
        check("Wednesday, 05-Jun-19 11:00:00 GMT", 2 * 86_400);
    }

    #[test]
    fn of_several_values_in_one_line_the_longest_wait_holds() {
        for list in ["1, 3", "3, 1", "3,1", "1,,3", "soon, 3", "3, Mon, 03 Jun 2019 11:00:01 GMT"] {
            check(list, 3);
        }
        check("2,5", 5);
        check("1, Mon, 03 Jun 2019 11:00:09 GMT", 9);
        check("Mon, 03 Jun 2019 11:00:09 GMT, 1", 9);
        check("Mon, 03 Jun 2019 11:00:05 GMT, Tuesday, 03-Jun-19 11:00:09 GMT", 9);
    }

    #[test]
    fn a_unit_may_follow_the_number() {
        for three in ["3s", "3 s", "3S", "3 sec", "3 seconds", "2.5s", "3 Seconds"] {
            check(three, 3);
        }
    }

    #[test]
    fn a_number_that_is_a_time_on_the_clock_is_no_wait() {
        let now = 1_559_559_600_u64;
        for (number, seconds) in [(now + 30, 30), (now, 0), (now - 30, 0), (86_400 * 365, 86_400 * 365)] {
            check(&number.to_string(), seconds);
        }
        check(&((now + 30) * 1000).to_string(), 30);
        check("1559559630.5", 30);
    }
}
