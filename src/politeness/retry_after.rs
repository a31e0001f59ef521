//! `Retry-After`: how long a host asks to be left alone (RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

/// Reads the value of a `Retry-After` header: seconds, or an HTTP date, which counts from `now`. `None` when it is
/// neither; zero when the date has passed. The RFC knows whole seconds only, but who says 2.5 means to be left alone:
/// a fraction counts as a whole second.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    if is_number(whole) && is_number(fraction) {
        // More digits than a number can hold still mean "for ever".
        let seconds = whole.parse().unwrap_or(u64::from(u32::MAX));
        let begun = u64::from(fraction.bytes().any(|digit| digit != b'0'));
        return Some(Duration::from_secs(seconds.saturating_add(begun)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_nothing_else() {
        let now = httpdate::parse_http_date("Mon, 03 Jun 2019 11:00:00 GMT").unwrap();
        let check = |value: &str, seconds: Option<u64>| {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value:?}");
        };
        check("120", Some(120));
        check("\t42 ", Some(42));
        check("0", Some(0));
        check("99999999999999999999999", Some(u64::from(u32::MAX)));
        check("Mon, 03 Jun 2019 11:30:12 GMT", Some(1812));
        check("Monday, 03-Jun-19 11:30:12 GMT", Some(1812));
        check("Mon Jun  3 11:30:12 2019", Some(1812));
        check("Mon, 03 Jun 2019 10:00:00 GMT", Some(0));
        for neither in ["", "soon", "-5", "12s", "Mon, 03 Jun"] {
            check(neither, None);
        }
    }

    #[test]
    fn a_fraction_of_a_second_is_rounded_up() {
        for (value, seconds) in [("2.5", 3), ("2.0", 2), ("0.001", 1), ("0.0", 0), ("18446744073709551615.9", u64::MAX)]
        {
            assert_eq!(retry_after(value, SystemTime::UNIX_EPOCH), Some(Duration::from_secs(seconds)), "{value}");
        }
        for neither in [".5", "2.", "2,5", "1.2.3", "-0.5", "1e3", "2.5s", "."] {
            assert_eq!(retry_after(neither, SystemTime::UNIX_EPOCH), None, "{neither}");
        }
    }
}
