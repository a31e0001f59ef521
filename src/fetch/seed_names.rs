//! Seed names: what the names of the seeds resolved to first, so that none of them is moved to another network later.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// What the name of a seed resolved to when it was looked up first, for the store of a crawl.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSeedName {
    /// Lower case, without a final dot.
    pub name: String,
    /// What it resolved to.
    pub network: Network,
}

/// Where the addresses of a name are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// One of them at least is of the public internet.
    Public,
    /// All of them are private, loopback, or special in another way.
    Inner,
}

impl Network {
    /// The word in a store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Inner => "inner",
        }
    }

    /// The network with this word.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Public, Self::Inner].into_iter().find(|network| network.name() == name)
    }
}

/// The names of the seeds, each with the network that it was in first.
///
/// - The first look-up that finds an address decides, for this run and those that go on with it.
/// - A look-up that fails, or finds nothing, decides nothing.
#[derive(Debug, Default)]
pub(super) struct SeedNames {
    names: Mutex<HashMap<String, Option<Network>>>,
    /// What was learnt since it was asked for last.
    learnt: Mutex<Vec<SavedSeedName>>,
    has_learnt: AtomicBool,
}

impl SeedNames {
    pub(super) fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names = names.into_iter().map(|name| (name, None)).collect();
        Self { names: Mutex::new(names), ..Self::default() }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        lock(&self.names).contains_key(name)
    }

    /// The network that a seed was in first: that in which it is `now`, if this is the first time. `None` for a name that
    /// is no seed's.
    pub(super) fn met(&self, name: &str, now: Network) -> Option<Network> {
        let mut names = lock(&self.names);
        let known = names.get_mut(name)?;
        if known.is_none() {
            *known = Some(now);
            lock(&self.learnt).push(SavedSeedName { name: name.to_owned(), network: now });
            self.has_learnt.store(true, Ordering::Release);
        }
        *known
    }

    /// What was learnt since this was asked last.
    pub(super) fn take_learnt(&self) -> Vec<SavedSeedName> {
        if self.has_learnt.swap(false, Ordering::AcqRel) {
            std::mem::take(&mut *lock(&self.learnt))
        } else {
            Vec::new()
        }
    }

    /// Takes over what an earlier run has learnt.
    pub(super) fn restore(&self, saved: &SavedSeedName) {
        if let Some(known) = lock(&self.names).get_mut(&saved.name) {
            *known = Some(saved.network);
        }
    }
}

/// Whatever a thread that panicked was about, each of these is whole.
fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_network_holds_and_is_learnt_once() {
        let names = SeedNames::new(["a".to_owned(), "b".to_owned()]);
        assert_eq!(names.met("c", Network::Inner), None);
        assert_eq!(names.met("a", Network::Public), Some(Network::Public));
        assert_eq!(names.met("a", Network::Inner), Some(Network::Public));
        let learnt = names.take_learnt();
        assert_eq!(learnt, [SavedSeedName { name: "a".to_owned(), network: Network::Public }]);
        assert!(names.take_learnt().is_empty());
        let next = SeedNames::new(["a".to_owned()]);
        for saved in &learnt {
            next.restore(saved);
        }
        assert_eq!(next.met("a", Network::Inner), Some(Network::Public));
        assert!(next.take_learnt().is_empty(), "it is kept already");
    }

    #[test]
    fn a_network_has_one_word() {
        for network in [Network::Public, Network::Inner] {
            assert_eq!(Network::of_name(network.name()), Some(network));
        }
        assert_eq!(Network::of_name(""), None);
    }
}
