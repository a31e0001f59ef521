//! When an entry was changed: the dates of the protocol, of Atom and of RSS.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

/// Reads a W3C date and time (a profile of ISO 8601, also with its day, month or only its year) or one of RFC 2822, each
/// wherever it stands: feeds mix them up. Without an offset an ISO time is in UTC.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    if text.len() > LONGEST {
        return None;
    }
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    let utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp());
    let iso = || whole.parse().ok().or_else(|| whole.parse().ok().and_then(utc));
    // A wrong weekday leaves the date as good as it was.
    iso().or_else(|| rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok())
}

/// No date is longer.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn dates_of_the_w3c_are_read_with_any_precision() {
        check("2004", Some("2004-01-01T00:00:00Z"));
        check("2004-12", Some("2004-12-01T00:00:00Z"));
        check("2004-12-23", Some("2004-12-23T00:00:00Z"));
        check("2004-12-23T18:00Z", Some("2004-12-23T18:00:00Z"));
        check("2004-12-23T18:00+01:00", Some("2004-12-23T17:00:00Z"));
        check("2004-12-23T18:00:15+00:00", Some("2004-12-23T18:00:15Z"));
        check("2004-12-23T18:00:15.25-05:30", Some("2004-12-23T23:30:15.25Z"));
        check("2004-12-23T18:00:15+0100", Some("2004-12-23T17:00:15Z"));
        check("2004-12-23T18:00:15", Some("2004-12-23T18:00:15Z"));
        check("2004-12-23 18:00:15", Some("2004-12-23T18:00:15Z"));
    }

    #[test]
    fn dates_of_rfc_2822_are_read_with_their_old_forms() {
        check("Sun, 19 May 2002 15:21:36 GMT", Some("2002-05-19T15:21:36Z"));
        check("Mon, 19 May 2002 15:21:36 GMT", Some("2002-05-19T15:21:36Z"));
        check("19 May 02 15:21 +0200", Some("2002-05-19T13:21:00Z"));
        check("19 May 2002 15:21:36 EST", Some("2002-05-19T20:21:36Z"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["", "yesterday", "2004-13-01", "2004-02-30", "23/12/2004", "19 May 2002 15:21:36"] {
            check(text, None);
        }
        check(&"2".repeat(LONGEST + 1), None);
    }
}
