//! Holdings: the buckets that this process has, and how far it has come with each.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::census::Census;
use crate::frontier::Split;

/// The buckets of this process, and the letters that it has of them.
#[derive(Debug)]
pub(super) struct Holdings {
    pub(super) split: Split,
    held: BTreeMap<i16, Held>,
    /// Letters that were given out and are not deleted yet, with their buckets.
    handed_out: BTreeMap<i64, i16>,
    /// What the loader needs to know, and what it has counted.
    loads: Arc<Mutex<Loads>>,
}

/// One bucket.
#[derive(Debug)]
struct Held {
    stage: Stage,
    census: Census,
    /// What the database was told last of whether it is open; `None` when nothing was by this process.
    told_open: Option<bool>,
    /// Whether its counts are others than those that the database was told.
    is_new: bool,
}

/// How far a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It was not read back yet.
    Taken,
    Loaded,
    /// It was said to be more than the share of this node: it is given once nothing of it is under way.
    Draining,
}

/// What is between the store and its loader.
#[derive(Debug, Default)]
pub(super) struct Loads {
    /// Taken, and not read back yet.
    pub(super) taken: BTreeSet<i16>,
    /// Read back, and not told as loaded yet.
    pub(super) censuses: HashMap<i16, Census>,
}

/// What the database is told of a bucket from time to time.
pub(super) struct Counted {
    pub(super) bucket: i16,
    pub(super) pending: i64,
    pub(super) settled: String,
    pub(super) skipped: String,
    pub(super) urls: i64,
}

impl Holdings {
    /// Those that a process has as it starts.
    pub(super) fn new(split: Split, own: &[i16]) -> Self {
        let mut holdings =
            Self { split, held: BTreeMap::new(), handed_out: BTreeMap::new(), loads: Arc::new(Mutex::default()) };
        holdings.take(own);
        holdings
    }

    /// What the loader shares.
    pub(super) fn loads(&self) -> Arc<Mutex<Loads>> {
        Arc::clone(&self.loads)
    }

    /// Takes buckets that are this node's from now on.
    pub(super) fn take(&mut self, buckets: &[i16]) {
        for bucket in buckets {
            let held = Held { stage: Stage::Taken, census: Census::default(), told_open: None, is_new: true };
            self.held.insert(*bucket, held);
        }
        lock(&self.loads).taken.extend(buckets);
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = i16> {
        self.held.keys().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    pub(super) fn has(&self, bucket: i16) -> bool {
        self.held.contains_key(&bucket)
    }

    /// What is counted of a bucket.
    pub(super) fn census(&mut self, bucket: i16) -> Option<&mut Census> {
        let held = self.held.get_mut(&bucket)?;
        held.is_new = true;
        Some(&mut held.census)
    }

    /// A bucket was read back: its letters come from here on. Whether it is this node's.
    pub(super) fn loaded(&mut self, bucket: i16, mut census: Census) -> bool {
        self.handed_out.retain(|_, of| *of != bucket);
        let Some(held) = self.held.get_mut(&bucket) else { return false };
        census.add_sitemaps(&mut held.census);
        *held = Held { stage: Stage::Loaded, census, told_open: None, is_new: true };
        lock(&self.loads).taken.remove(&bucket);
        true
    }

    /// The same for one that the loader has read.
    pub(super) fn loaded_beside(&mut self, bucket: i16) -> bool {
        let census = lock(&self.loads).censuses.remove(&bucket);
        census.is_some_and(|census| self.loaded(bucket, census))
    }

    /// Those are another's from here on.
    pub(super) fn give(&mut self, buckets: &BTreeSet<i16>) {
        self.held.retain(|bucket, _| !buckets.contains(bucket));
        self.handed_out.retain(|_, of| !buckets.contains(of));
    }

    /// Those that have come so far that letters to them can be read.
    pub(super) fn to_read(&self) -> Vec<i16> {
        self.held.iter().filter(|(_, held)| held.stage == Stage::Loaded).map(|(bucket, _)| *bucket).collect()
    }

    /// The letters that were given out.
    pub(super) fn handed_out(&self) -> Vec<i64> {
        self.handed_out.keys().copied().collect()
    }

    pub(super) fn hand_out(&mut self, bucket: i16, letter: i64) {
        self.handed_out.insert(letter, bucket);
    }

    /// Those are deleted.
    pub(super) fn read(&mut self, letters: impl Iterator<Item = i64>) {
        for letter in letters {
            self.handed_out.remove(&letter);
        }
    }

    /// Some of those that are more than a share, when none is on its way yet: they are to be given.
    pub(super) fn drain(&mut self, share: usize) -> Vec<i16> {
        let surplus = self.held.len().saturating_sub(share);
        if surplus == 0 || self.held.values().any(|held| held.stage == Stage::Draining) {
            return Vec::new();
        }
        let loaded = self.held.iter_mut().rev().filter(|(_, held)| held.stage == Stage::Loaded);
        let drained = loaded.take(surplus.div_ceil(AT_A_TIME)).map(|(bucket, held)| {
            held.stage = Stage::Draining;
            *bucket
        });
        let mut drained: Vec<_> = drained.collect();
        drained.reverse();
        drained
    }

    /// Whether all of them are read back, and none is on its way out, or has a letter that is not read.
    pub(super) fn is_settled(&self) -> bool {
        self.handed_out.is_empty() && self.held.values().all(|held| held.stage == Stage::Loaded)
    }

    /// Those of which the database has to be told whether they are open.
    pub(super) fn to_tell(&self, at_rest: bool) -> Vec<(i16, bool)> {
        let read_back = self.held.iter().filter(|(_, held)| held.stage != Stage::Taken);
        let now = read_back.map(|(bucket, held)| (*bucket, held.census.is_open(at_rest), held.told_open));
        now.filter(|(_, now, told)| *told != Some(*now)).map(|(bucket, now, _)| (bucket, now)).collect()
    }

    /// It was told.
    pub(super) fn told(&mut self, open: &[(i16, bool)]) {
        for (bucket, open) in open {
            if let Some(held) = self.held.get_mut(bucket) {
                held.told_open = Some(*open);
            }
        }
    }

    /// What is new of the counts, of these or of all.
    pub(super) fn to_count(&self, only: Option<&BTreeSet<i16>>) -> Vec<Counted> {
        let new = self.held.iter().filter(|(bucket, held)| {
            held.is_new && held.stage != Stage::Taken && only.is_none_or(|only| only.contains(bucket))
        });
        new.map(|(bucket, Held { census, .. })| Counted {
            bucket: *bucket,
            pending: census.pending(),
            settled: census.settled(),
            skipped: census.skipped(),
            urls: census.urls(),
        })
        .collect()
    }

    /// They were told.
    pub(super) fn counted(&mut self, counted: &[Counted]) {
        for Counted { bucket, .. } in counted {
            if let Some(held) = self.held.get_mut(bucket) {
                held.is_new = false;
            }
        }
    }
}

/// Who has panicked with it has broken nothing of it.
pub(super) fn lock(loads: &Mutex<Loads>) -> MutexGuard<'_, Loads> {
    loads.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One in so many of what is too much is given at a time.
const AT_A_TIME: usize = 8;
