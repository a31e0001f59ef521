//! Maps and sets by the key of a URL.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use crate::url::UrlKey;

pub(super) type KeyMap<V> = HashMap<UrlKey, V, BuildHasherDefault<KeyHasher>>;
pub(super) type KeySet = HashSet<UrlKey, BuildHasherDefault<KeyHasher>>;

/// Keys are fingerprints already: hashing them again would only cost time.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {
        // The length that a slice hashes before its bytes: the same for all keys.
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
