//! Freshness: until when what a host has answered holds without asking again (RFC 9111, section 4.2).

use std::time::{Duration, SystemTime};

use http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderName};
use http::{HeaderMap, HeaderValue};

use crate::politeness::retry_after;

/// Until when a response is fresh that came at `now`, in milliseconds since 1970. `None` when it says nothing of that, or is not
/// fresh at all. Nothing is guessed: a page that says nothing is asked for.
pub(super) fn fresh_until(headers: &HeaderMap, now: SystemTime) -> Option<i64> {
    let mut most = None;
    for directive in
        headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','))
    {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let name = name.trim().to_ascii_lowercase();
        match name.as_str() {
            "no-cache" | "no-store" => return None,
            // Of several, or of one that is no number, the strictest holds (section 4.2.1).
            "max-age" => {
                let seconds = value.trim().trim_matches('"').parse::<u64>().unwrap_or_default();
                most = Some(most.map_or(seconds, |most: u64| most.min(seconds)));
            }
            _ => {}
        }
    }
    let sent = date(headers, &DATE);
    let lifetime = match most {
        Some(seconds) => Duration::from_secs(seconds),
        None => date(headers, &EXPIRES)?.duration_since(sent.unwrap_or(now)).ok()?,
    };
    // Its age when it came: what a cache on the way says, and how long ago it was sent by its own clock.
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse().ok()).map(Duration::from_secs);
    let apparent = sent.and_then(|sent| now.duration_since(sent).ok());
    let left = lifetime.min(YEAR).checked_sub(age.max(apparent).unwrap_or_default()).filter(|left| !left.is_zero())?;
    let until = (now + left).duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(until.as_millis()).ok()
}

/// The date in a header; `None` when it is none, as `Expires: 0`.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let text = headers.get(name).map(HeaderValue::to_str)?.ok()?;
    let since_1970 = retry_after(text, SystemTime::UNIX_EPOCH).filter(|_| text.contains(':'))?;
    Some(SystemTime::UNIX_EPOCH + since_1970)
}

/// Nothing is trusted for longer (RFC 2616, section 14.21).
const YEAR: Duration = Duration::from_hours(365 * 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_fresh_for_as_long_as_its_host_says() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let fresh = |lines: &[(HeaderName, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(name, HeaderValue::from_static(value));
            }
            fresh_until(&headers, now).map(|until| until / 1000 - 784_111_777)
        };
        let (date, expires) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 09:49:37 GMT");
        assert_eq!(fresh(&[]), None);
        assert_eq!(fresh(&[(CACHE_CONTROL, "public, max-age=600")]), Some(600));
        assert_eq!(fresh(&[(CACHE_CONTROL, "Max-Age=\"600\""), (AGE, "100")]), Some(500));
        assert_eq!(fresh(&[(CACHE_CONTROL, "max-age=600"), (AGE, "600")]), None);
        assert_eq!(fresh(&[(CACHE_CONTROL, "max-age=600"), (CACHE_CONTROL, "max-age=60")]), Some(60));
        assert_eq!(fresh(&[(CACHE_CONTROL, "max-age=600, no-cache")]), None);
        assert_eq!(fresh(&[(CACHE_CONTROL, "max-age=x")]), None);
        assert_eq!(fresh(&[(CACHE_CONTROL, "s-maxage=600")]), None, "that is for caches that several share");
        assert_eq!(fresh(&[(EXPIRES, expires)]), Some(3600));
        assert_eq!(fresh(&[(EXPIRES, expires), (DATE, date)]), Some(3600));
        assert_eq!(fresh(&[(EXPIRES, expires), (CACHE_CONTROL, "max-age=5")]), Some(5));
        assert_eq!(fresh(&[(EXPIRES, "0")]), None);
        assert_eq!(fresh(&[(EXPIRES, "3600")]), None);
        assert_eq!(fresh(&[(EXPIRES, date)]), None);
        let old = "Sun, 06 Nov 1994 08:39:37 GMT";
        assert_eq!(fresh(&[(CACHE_CONTROL, "max-age=700"), (DATE, old)]), Some(100), "it was sent ten minutes ago");
        assert_eq!(fresh(&[(CACHE_CONTROL, "max-age=99999999999")]), Some(365 * 24 * 60 * 60));
    }
}
