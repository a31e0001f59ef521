//! Said in the head: what the headers of a response say that its page could say as well.

use http::header::{HeaderName, LINK, REFRESH};
use http::{HeaderMap, HeaderValue};

/// The headers that say what a page could say as well.
#[derive(Debug)]
pub(super) struct SaidInHead {
    robots_tags: Vec<String>,
    links: Vec<String>,
    refreshes: Vec<String>,
}

impl SaidInHead {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        // Bytes that are no UTF-8 are each a character, as browsers read them (Fetch Standard, "isomorphic decode").
        let text = |value: &[u8]| match std::str::from_utf8(value) {
            Ok(text) => text.to_owned(),
            Err(_) => value.iter().copied().map(char::from).collect(),
        };
        let all = |name: &HeaderName| headers.get_all(name).iter().map(HeaderValue::as_bytes).map(text).collect();
        Self { robots_tags: all(&ROBOTS_TAG), links: all(&LINK), refreshes: all(&REFRESH) }
    }

    /// Whether there is none of them.
    pub(super) fn is_empty(&self) -> bool {
        [&self.robots_tags, &self.links, &self.refreshes].into_iter().all(Vec::is_empty)
    }

    pub(super) fn with_texts<T>(&self, read: impl FnOnce(&[&str], &[&str], &[&str]) -> T) -> T {
        let [robots_tags, links, refreshes] = [&self.robots_tags, &self.links, &self.refreshes]
            .map(|values| values.iter().map(String::as_str).collect::<Vec<_>>());
        read(&robots_tags, &links, &refreshes)
    }
}

static ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");
