//! Known bodies: where an archive has which body, so that it is in it once.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use hashbrown::HashMap;

/// Where bodies lie, by their digest: 16 bytes each. When it is full, those that were not met for the longest time are
/// forgotten: a body that comes again then is written again, which costs room and nothing else.
///
/// What it says is a hint: whoever asks looks into the record. So it is kept beside the archive without care, and what is
/// left of an earlier run may be wrong.
#[derive(Debug)]
pub(super) struct KnownBodies {
    young: HashMap<u64, (u32, u64)>,
    old: HashMap<u64, (u32, u64)>,
    most: usize,
    kept: Option<File>,
    /// What is not written there yet.
    unkept: Vec<u8>,
}

impl KnownBodies {
    /// Those that the runs before have kept in a file. None when it cannot be read.
    pub(super) fn open(path: &Path, most: usize) -> Self {
        let kept = File::options().append(true).create(true).open(path).ok();
        let mut this = Self { young: HashMap::new(), old: HashMap::new(), most, kept: None, unkept: Vec::new() };
        let bytes = fs::read(path).unwrap_or_default();
        // The last ones, and from the start of one.
        let (entries, _) = bytes.as_chunks::<ENTRY>();
        for entry in entries.get(entries.len().saturating_sub(most * 2)..).unwrap_or_default() {
            let serial = entry.get(8..).and_then(|rest| rest.first_chunk());
            if let (Some(key), Some(serial), Some(offset)) = (entry.first_chunk(), serial, entry.last_chunk()) {
                let place = (u32::from_le_bytes(*serial), u64::from_le_bytes(*offset));
                this.remember(u64::from_le_bytes(*key), place);
            }
        }
        Self { kept, ..this }
    }

    /// Where the body of this digest may be.
    pub(super) fn get(&mut self, digest: [u8; 20]) -> Option<(u32, u64)> {
        let key = key(digest);
        if let Some(place) = self.young.get(&key) {
            return Some(*place);
        }
        let place = self.old.remove(&key)?;
        self.remember(key, place);
        Some(place)
    }

    /// Says where the body of this digest is, for this run only.
    pub(super) fn note(&mut self, digest: [u8; 20], place: (u32, u64)) {
        self.remember(key(digest), place);
    }

    /// Says where the body of this digest is.
    pub(super) fn put(&mut self, digest: [u8; 20], place: (u32, u64)) {
        let key = key(digest);
        self.remember(key, place);
        if self.kept.is_some() {
            self.unkept.extend_from_slice(&key.to_le_bytes());
            self.unkept.extend_from_slice(&place.0.to_le_bytes());
            self.unkept.extend_from_slice(&place.1.to_le_bytes());
        }
    }

    /// Keeps what is known for the next run, as far as that goes.
    pub(super) fn keep(&mut self) {
        if let Some(kept) = &mut self.kept
            && kept.write_all(&self.unkept).is_err()
        {
            self.kept = None;
        }
        self.unkept.clear();
    }

    fn remember(&mut self, key: u64, place: (u32, u64)) {
        if self.young.len() >= self.most {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, place);
    }
}

/// Eight bytes of a digest.
fn key(digest: [u8; 20]) -> u64 {
    u64::from_le_bytes(*digest.first_chunk().expect("20 bytes begin with eight"))
}

const ENTRY: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_met_last_is_known_and_the_next_run_knows_it_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bodies");
        let mut bodies = KnownBodies::open(&path, 2);
        for n in 0..4 {
            bodies.put([n; 20], (u32::from(n), u64::from(n) << 40));
            assert_eq!(bodies.get([0; 20]), Some((0, 0)), "it is met again and again");
        }
        assert_eq!((bodies.get([3; 20]), bodies.get([1; 20])), (Some((3, 3 << 40)), None));
        bodies.keep();
        fs::write(&path, [fs::read(&path).unwrap(), b"half".to_vec()].concat()).unwrap();
        let mut again = KnownBodies::open(&path, 2);
        assert_eq!(again.get([3; 20]), Some((3, 3 << 40)));
        assert_eq!(again.get([9; 20]), None);
    }
}
