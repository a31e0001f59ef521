//! The known URLs: which key has which number. Exact: no page is ever lost to a false positive.

use hashbrown::HashTable;

use super::segments::Segments;
use crate::url::UrlKey;

/// Every key that was ever seen, numbered in the order of discovery.
///
/// A URL costs its key (16 bytes) and a slot of 5 bytes in a table that is between 7/16 and 7/8 full: 22 to 27 bytes.
/// The slots are spread over many small tables, so that growing never holds two copies of a large one.
#[derive(Debug)]
pub(super) struct KnownKeys {
    keys: Segments<UrlKey>,
    tables: Vec<HashTable<u32>>,
}

impl KnownKeys {
    pub(super) fn get(&self, key: UrlKey) -> Option<u32> {
        let table = self.tables.get(usize::from(first_byte(key)))?;
        table.find(hash(key), |id| self.keys.get(*id as usize) == Some(key)).copied()
    }

    /// Numbers a new key; `None` when there are no more numbers.
    pub(super) fn insert(&mut self, key: UrlKey) -> Option<u32> {
        let id = u32::try_from(self.keys.len()).ok()?;
        self.keys.push(key);
        let Self { keys, tables } = self;
        let table = tables.get_mut(usize::from(first_byte(key)))?;
        table.insert_unique(hash(key), id, |id| keys.get(*id as usize).map_or(0, hash));
        Some(id)
    }

    pub(super) fn key(&self, id: u32) -> Option<UrlKey> {
        self.keys.get(id as usize)
    }
}

impl Default for KnownKeys {
    fn default() -> Self {
        Self { keys: Segments::default(), tables: vec![HashTable::new(); TABLES] }
    }
}

/// Keys are fingerprints already: hashing them again would only cost time.
fn hash(key: UrlKey) -> u64 {
    key.as_bytes().last_chunk().copied().map_or(0, u64::from_le_bytes)
}

/// Which table a key is in: a byte that is not part of its hash.
fn first_byte(key: UrlKey) -> u8 {
    let [first, ..] = *key.as_bytes();
    first
}

const TABLES: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::UrlRules;

    #[test]
    fn each_key_has_the_number_of_its_turn() {
        let rules = UrlRules::new(4096);
        let key = |n: u32| rules.parse(&format!("http://e.com/{n}")).unwrap().key();
        let mut known = KnownKeys::default();
        for n in 0..20_000 {
            assert_eq!(known.get(key(n)), None);
            assert_eq!(known.insert(key(n)), Some(n));
        }
        for n in 0..20_000 {
            assert_eq!(known.get(key(n)), Some(n));
            assert_eq!(known.key(n), Some(key(n)));
        }
    }
}
