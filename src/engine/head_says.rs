//! Head says: what the headers of a response say of its page beside the body, in so few bytes that a record can keep it.

use std::fmt::Write as _;

use http::header::{HeaderMap, HeaderName, LINK, REFRESH};

/// The headers that are there of those that say something of a page, each with the start of the hash of its values. `None` when
/// there is none.
pub(super) fn head_says(headers: &HeaderMap) -> Option<String> {
    let mut said = String::new();
    for name in &NAMES {
        if let Some(hash) = hash(headers, name) {
            let _ = write!(said, "{}{name}={hash}", if said.is_empty() { "" } else { " " });
        }
    }
    (!said.is_empty()).then_some(said)
}

/// Whether the head of a 304 says something else than that of the response that it is about: what it names takes the place of
/// what was said, and what it does not name stays (RFC 9111, section 3.2).
pub(super) fn says_otherwise(before: Option<&str>, headers: &HeaderMap) -> bool {
    NAMES.iter().any(|name| {
        let known = before.into_iter().flat_map(|said| said.split(' ')).filter_map(|part| part.split_once('='));
        let known = known.filter(|(known, _)| *known == name.as_str()).map(|(_, hash)| hash).next();
        hash(headers, name).is_some_and(|now| known != Some(&*now))
    })
}

fn hash(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut values = headers.get_all(name).iter().peekable();
    // Most responses have none of them.
    values.peek()?;
    let mut hasher = blake3::Hasher::new();
    for value in values {
        hasher.update(value.as_bytes()).update(b"\n");
    }
    Some(hasher.finalize().to_hex().get(..16).unwrap_or_default().to_owned())
}

/// What decides about following and listing, about use, and about where a page belongs.
static NAMES: [HeaderName; 7] = [
    HeaderName::from_static("x-robots-tag"),
    LINK,
    REFRESH,
    HeaderName::from_static("content-usage"),
    HeaderName::from_static("content-signal"),
    HeaderName::from_static("tdm-reservation"),
    HeaderName::from_static("tdm-policy"),
];

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn what_a_304_names_is_compared_and_what_it_does_not_name_stays() {
        let before = head_says(&headers(&[("x-robots-tag", "noai"), ("link", "</a>; rel=license"), ("etag", "\"1\"")]));
        let is_other = |lines: &[(&'static str, &'static str)]| says_otherwise(before.as_deref(), &headers(lines));
        assert!(!is_other(&[]));
        assert!(!is_other(&[("etag", "\"2\""), ("x-robots-tag", "noai")]));
        assert!(!is_other(&[("link", "</a>; rel=license")]));
        assert!(is_other(&[("x-robots-tag", "noindex")]));
        assert!(is_other(&[("x-robots-tag", "noai"), ("x-robots-tag", "noindex")]));
        assert!(is_other(&[("tdm-reservation", "1")]), "it was not there before");
        assert!(!says_otherwise(None, &headers(&[("etag", "\"1\"")])));
        assert!(says_otherwise(None, &headers(&[("content-usage", "train-ai=n")])));
        assert_eq!(head_says(&headers(&[("etag", "\"1\"")])), None);
    }
}
