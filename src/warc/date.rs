//! Dates of records: as WARC writes them, and as indexes do.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// An instant as `WARC-Date` has it, with milliseconds (WARC 1.1, section 5.4: W3C date and time, in UTC).
pub(crate) fn date_text(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// An instant as indexes and names of files have it: 14 digits.
pub(crate) fn timestamp14(at: Timestamp) -> String {
    at.strftime("%Y%m%d%H%M%S").to_string()
}

/// Reads a date of any precision that WARC allows, or of 4 to 17 digits. What is not said is the start of what is.
pub(crate) fn parse_date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(exact) = text.parse() {
        return Some(exact);
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).take(17).collect();
    let is_date = text.chars().all(|c| c.is_ascii_digit() || "-:.TZ".contains(c));
    if !is_date || digits.len() < 4 {
        return None;
    }
    let part = |range: std::ops::Range<usize>, unless: i16| {
        digits.get(range).map_or(Some(unless), |part| part.parse::<i16>().ok())
    };
    let small = |value: Option<i16>| value.and_then(|value| i8::try_from(value).ok());
    let date = jiff::civil::DateTime::new(
        part(0..4, 1970)?,
        small(part(4..6, 1))?,
        small(part(6..8, 1))?,
        small(part(8..10, 0))?,
        small(part(10..12, 0))?,
        small(part(12..14, 0))?,
        i32::from(part(14..17, 0)?) * 1_000_000,
    );
    Some(date.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_all_precisions_are_read() {
        let check = |text: &str, expected: &str| assert_eq!(date_text(parse_date(text).unwrap()), expected, "{text}");
        check("2026-11-30T19:00:01.123Z", "2026-11-30T19:00:01.123Z");
        check("2026-11-30T19:00:01.123456789Z", "2026-11-30T19:00:01.123Z");
        check("2026-11-30T19:00:01Z", "2026-11-30T19:00:01.000Z");
        check("2026-11-30T19:00Z", "2026-11-30T19:00:00.000Z");
        check("2026-11", "2026-11-01T00:00:00.000Z");
        check("2026", "2026-01-01T00:00:00.000Z");
        check("20261130190001", "2026-11-30T19:00:01.000Z");
        check("20261130190001123", "2026-11-30T19:00:01.123Z");
        assert_eq!(timestamp14(parse_date("2026-11-30T19:00:01.9Z").unwrap()), "20261130190001");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["", "never", "20", "2026-13", "2026-02-30T00:00:00Z", "99999999999999999999", "2026-11-30Tx"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
