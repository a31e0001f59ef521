//! Keys: half of the fingerprint of a URL, by which what is known of it is found.

use std::hash::BuildHasher as _;

use hashbrown::DefaultHashBuilder;

use crate::url::UrlRules;

/// Half of the fingerprint of a URL: of ten million, two have the same by chance once in three hundred thousand crawls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(pub(super) u64);

/// From texts of URLs to keys. Pages of a site mostly lead to the same URLs, so that the last ones are remembered.
#[derive(Debug)]
pub(super) struct Keys {
    rules: UrlRules,
    hasher: DefaultHashBuilder,
    /// A print of a text and its key, by the print.
    last: Vec<(u64, Key)>,
}

impl Key {
    /// The key with these bytes, of which there are sixteen.
    pub(super) fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().map(|half| Self(u64::from_le_bytes(*half)))
    }
}

impl Keys {
    /// By these rules URLs are one page.
    pub(super) fn new(rules: UrlRules) -> Self {
        Self { rules, hasher: DefaultHashBuilder::default(), last: vec![(0, Key(0)); REMEMBERED] }
    }

    /// The key of a URL; `None` when it is none.
    pub(super) fn of(&mut self, url: &str) -> Option<Key> {
        let print = self.hasher.hash_one(url).max(1);
        let place = usize::try_from(print % REMEMBERED as u64).unwrap_or(0);
        match self.last.get(place) {
            Some((known, key)) if *known == print => return Some(*key),
            _ => {}
        }
        let key = Key::of_bytes(self.rules.parse(url).ok()?.key().as_bytes())?;
        if let Some(last) = self.last.get_mut(place) {
            *last = (print, key);
        }
        Some(key)
    }
}

const REMEMBERED: usize = 1 << 16;
