//! Maps by the number of a URL.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

pub(super) type IdMap<V> = HashMap<u32, V, BuildHasherDefault<IdHasher>>;
pub(super) type IdSet = HashSet<u32, BuildHasherDefault<IdHasher>>;

/// Numbers are given in turn, not chosen by anybody: one multiplication (Fibonacci hashing) spreads them.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, id: u32) {
        self.0 = (self.0 ^ u64::from(id)).wrapping_mul(GOLDEN);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_again() {
        let map: IdMap<u32> = (0..10_000).map(|id| (id * 1024, id)).collect();
        assert!((0..10_000).all(|id| map.get(&(id * 1024)) == Some(&id)));
        assert_eq!(map.get(&1), None);
    }
}
