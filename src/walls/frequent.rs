//! What is frequent: the few things that come most often, counted in bounded memory (Metwally, Agrawal, El Abbadi:
//! "Efficient computation of frequent and top-k elements in data streams", 2005; their Space-Saving).

use std::sync::Arc;

use crate::url::CrawlUrl;
use crate::wall::Wall;

/// The most frequent of the answers of one host.
#[derive(Debug, Default)]
pub(super) struct Frequent {
    /// How many answers there were.
    total: u64,
    entries: Vec<Entry>,
    /// What the last answers all were, and how many of them in a row.
    last: u64,
    in_a_row: u64,
}

#[derive(Debug)]
struct Entry {
    key: u64,
    /// How often it came, and how much of that may have been others in whose place it is.
    count: u64,
    error: u64,
    state: State,
    /// What it is, and a URL that has it: known from when it may be told.
    seen: Option<(Arc<str>, Arc<str>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Counted,
    /// So many came in a row that it is told whatever else there is.
    InARow,
    /// Told by others.
    Left,
}

/// What comes so often that it is told.
#[derive(Debug)]
pub(super) struct Found {
    /// How often, at least.
    pub(super) count: u64,
    /// Of how many.
    pub(super) of: u64,
    pub(super) what: Arc<str>,
    pub(super) example: Arc<str>,
}

impl Frequent {
    /// Counts an answer.
    pub(super) fn take(&mut self, key: u64, what: &str, url: &CrawlUrl) {
        self.total += 1;
        self.in_a_row = if self.last == key { self.in_a_row + 1 } else { 1 };
        self.last = key;
        let in_a_row = self.in_a_row;
        let Some(entry) = self.entry(key) else { return };
        entry.count += 1;
        if in_a_row >= MANY && entry.state == State::Counted {
            entry.state = State::InARow;
        }
        if entry.certain() >= FEW && entry.seen.is_none() {
            entry.seen = Some((what.into(), url.to_shared()));
        }
    }

    /// Counts an answer that is nothing of the kind.
    pub(super) fn take_other(&mut self) {
        self.total += 1;
        self.in_a_row = 0;
    }

    /// Whether a key is among those that are counted; it is asked for when there are any.
    pub(super) fn has(&self, key: impl FnOnce() -> u64) -> bool {
        !self.entries.is_empty() && {
            let key = key();
            self.entries.iter().any(|entry| entry.key == key)
        }
    }

    /// Leaves what came last to others, who tell of it.
    pub(super) fn leave_last(&mut self) {
        let (last, in_a_row) = (self.last, self.in_a_row);
        if let Some(entry) = self.entries.iter_mut().find(|entry| in_a_row > 0 && entry.key == last) {
            entry.state = State::Left;
        }
    }

    /// Takes what an earlier run has told.
    pub(super) fn restore(&mut self, key: u64, what: &str, wall: &Wall) {
        let is_most = wall.pages.saturating_mul(2) > wall.of;
        self.total = wall.of;
        self.entries.push(Entry {
            key,
            count: wall.pages,
            error: 0,
            state: if is_most { State::Counted } else { State::InARow },
            seen: Some((what.into(), wall.example.as_str().into())),
        });
    }

    /// What is to be told: most of many answers, all but one of a few, or many in a row.
    pub(super) fn found(&self) -> Option<Found> {
        let of = self.total;
        let is_most = |count: u64| count >= MANY && count * 2 > of || count >= FEW && count + 1 >= of;
        let is_told = |entry: &&Entry| match entry.state {
            State::Counted => is_most(entry.certain()),
            State::InARow => true,
            State::Left => false,
        };
        let most = self.entries.iter().filter(is_told).max_by_key(|entry| entry.certain())?;
        let (what, example) = most.seen.clone()?;
        Some(Found { count: most.certain(), of, what, example })
    }

    /// The entry of a key. When there is no room it takes the place of the least.
    fn entry(&mut self, key: u64) -> Option<&mut Entry> {
        let new = |count| Entry { key, count, error: count, state: State::Counted, seen: None };
        let known = self.entries.iter().position(|entry| entry.key == key);
        let at = known.unwrap_or_else(|| {
            if self.entries.len() < MAX_ENTRIES {
                self.entries.push(new(0));
                return self.entries.len() - 1;
            }
            let least = self.entries.iter().enumerate().filter(|(_, entry)| entry.state == State::Counted);
            let least = least.min_by_key(|(_, entry)| entry.count).map(|(at, entry)| (at, entry.count));
            let (at, count) = least.unwrap_or((MAX_ENTRIES, 0));
            if let Some(entry) = self.entries.get_mut(at) {
                *entry = new(count);
            }
            at
        });
        self.entries.get_mut(at)
    }
}

impl Entry {
    /// How often it came, at least.
    fn certain(&self) -> u64 {
        self.count - self.error
    }
}

/// How many are counted. Whatever is more than a fifth of all is among them.
const MAX_ENTRIES: usize = 4;
/// From here on one in two is enough to tell, and so is this many in a row.
const MANY: u64 = 20;
/// From here on all but one are.
const FEW: u64 = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::UrlRules;

    /// What is told after so many of these.
    fn told(runs: impl IntoIterator<Item = (u64, u64)>) -> Option<(String, u64, u64)> {
        let mut frequent = Frequent::default();
        for (key, times) in runs {
            for n in 0..times {
                let url = UrlRules::new(2048).parse(&format!("http://e.com/{key}/{n}")).unwrap();
                frequent.take(key, &format!("what {key}"), &url);
            }
        }
        frequent.found().map(|found| (found.what.to_string(), found.count, found.of))
    }

    #[test]
    fn most_of_many_all_of_a_few_and_many_in_a_row_are_told() {
        let what = |key: u64, count, of| Some((format!("what {key}"), count, of));
        let mixed = |n: u64| (0..n).flat_map(|other| [(1, 1), (100 + other, 1)]);
        assert_eq!(told([(1, FEW - 1)]), None);
        assert_eq!(told([(1, FEW)]), what(1, FEW, FEW));
        assert_eq!(told([(2, 1), (1, FEW)]), what(1, FEW, FEW + 1));
        assert_eq!(told([(2, 1), (3, 1), (1, FEW)]), None);
        assert_eq!(told(mixed(MANY)), None, "half is not most");
        assert_eq!(told(mixed(MANY).chain([(1, 1)])), what(1, MANY + 1, 2 * MANY + 1));
        let pages = (100..1100).map(|key| (key, 1));
        assert_eq!(told(pages.clone().chain([(1, MANY - 1)])), None);
        assert_eq!(told(pages.chain([(1, MANY)])).map(|(what, ..)| what), Some("what 1".to_owned()));
    }

    #[test]
    fn what_is_told_stands_whatever_comes_then_and_is_never_too_much() {
        let later = (100..2100).map(|key| (key, 1));
        assert_eq!(told([(1, MANY)].into_iter().chain(later)), Some(("what 1".to_owned(), MANY, MANY + 2000)));
        assert_eq!(told((0..5000).map(|key| (key, 1))), None, "each came once");
    }
}
