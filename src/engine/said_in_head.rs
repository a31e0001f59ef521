//! Said in the head: what the headers of a response say that its page could say as well.

use http::HeaderMap;

/// The headers that say what a page could say as well.
#[derive(Debug)]
pub(super) struct SaidInHead {
    robots_tags: Vec<String>,
    pub(super) links: Vec<String>,
    pub(super) refreshes: Vec<String>,
}

impl SaidInHead {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        // Bytes that are no UTF-8 are each a character, as browsers read them (Fetch Standard, "isomorphic decode").
        let text = |value: &[u8]| match std::str::from_utf8(value) {
            Ok(text) => text.to_owned(),
            Err(_) => value.iter().copied().map(char::from).collect(),
        };
        let all = |name: &str| headers.get_all(name).iter().map(|value| text(value.as_bytes())).collect();
        Self { robots_tags: all("x-robots-tag"), links: all("link"), refreshes: all("refresh") }
    }

    pub(super) fn with_texts<T>(&self, read: impl FnOnce(&[&str], &[&str], &[&str]) -> T) -> T {
        let [robots_tags, links, refreshes] = [&self.robots_tags, &self.links, &self.refreshes]
            .map(|values| values.iter().map(String::as_str).collect::<Vec<_>>());
        read(&robots_tags, &links, &refreshes)
    }
}
