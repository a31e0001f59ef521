//! What a response says without its body being read: how the request has ended, where it leads to, and how long to wait.

use std::time::{Duration, SystemTime};

use http::header::{LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};

use crate::media_type::{BodyKind, MediaType};
use crate::outcome::OutcomeKind;
use crate::parse;
use crate::politeness::retry_after;
use crate::response::{Response, is_redirect};
use crate::url::{Target, header_text};

/// What a redirect says it leads to.
pub(super) fn redirects_to(response: &Response) -> Option<String> {
    let location = response.headers.get(LOCATION).filter(|_| is_redirect(response.status))?;
    Some(header_text(location.as_bytes()).into_owned())
}

pub(super) fn kind(response: &Response, redirect: Option<&Target>) -> OutcomeKind {
    match redirect {
        Some(_) => OutcomeKind::Redirect,
        None if response.status.is_success() => OutcomeKind::Ok,
        None if response.status == StatusCode::PAYMENT_REQUIRED => OutcomeKind::PaymentRequired,
        None => OutcomeKind::HttpError,
    }
}

/// Whether the body of a response is what was asked for. That of a redirect which leads nowhere is all there is: people
/// are shown it, and mostly it has the link.
pub(super) fn counts_as_page(kind: OutcomeKind, status: StatusCode) -> bool {
    match kind {
        OutcomeKind::Ok => !matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT),
        OutcomeKind::HttpError => status.is_redirection(),
        OutcomeKind::Redirect | OutcomeKind::Failed | OutcomeKind::PaymentRequired => false,
    }
}

/// Whether a body is a page: HTML, or XHTML.
pub(super) fn is_page(media_type: Option<&MediaType>, body: &[u8]) -> bool {
    match BodyKind::of(media_type, body) {
        BodyKind::Html => true,
        BodyKind::Xml => parse::holds_xhtml(body),
        BodyKind::Other => false,
    }
}

/// How long a host asks to be left alone. Of several headers the longest wait holds: a proxy may have added its own.
pub(super) fn asked_to_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let values = headers.get_all(RETRY_AFTER).iter();
    values.filter_map(|value| retry_after(&String::from_utf8_lossy(value.as_bytes()), now)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_waits_the_longest_holds() {
        let check = |values: &[&'static str], seconds: Option<u64>| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(RETRY_AFTER, http::HeaderValue::from_static(value));
            }
            let wait = asked_to_wait(&headers, SystemTime::UNIX_EPOCH);
            assert_eq!(wait, seconds.map(Duration::from_secs), "{values:?}");
        };
        check(&[], None);
        check(&["3"], Some(3));
        check(&["1", "3"], Some(3));
        check(&["3", "1"], Some(3));
        check(&["soon", "2"], Some(2));
        check(&["5", "Thu, 01 Jan 1970 00:01:00 GMT"], Some(60));
    }
}
