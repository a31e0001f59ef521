//! `Retry-After`: how long a host asks to be left alone (RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

/// Reads the value of a `Retry-After` header: whole seconds, or an HTTP date, which counts from `now`. `None` when it
/// is neither; zero when the date has passed.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|digit| digit.is_ascii_digit()) {
        // More digits than a number can hold still mean "for ever".
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::from(u32::MAX))));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
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
        for neither in ["", "soon", "1.0", "-5", "12s", "Mon, 03 Jun"] {
            check(neither, None);
        }
    }
}
