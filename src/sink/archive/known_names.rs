//! Known names: what each was said to stand for last, so that an archive tells it once for as long as it does.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::exchange::LookedUp;

/// A print of the last answer for each of so many names. A name is looked up for each connection, and one of a hundred
/// thousand is told again now and then.
#[derive(Debug, Default)]
pub(super) struct KnownNames {
    prints: DefaultHashBuilder,
    last: HashMap<u64, u64>,
}

impl KnownNames {
    /// Whether a name stands for something else than when it was asked about last.
    pub(super) fn is_news(&mut self, lookup: &LookedUp) -> bool {
        let mut addresses = lookup.addresses.clone();
        // Servers hand them out in turns.
        addresses.sort_unstable();
        if self.last.len() >= MOST {
            self.last.clear();
        }
        let print = self.prints.hash_one(&addresses);
        self.last.insert(self.prints.hash_one(&lookup.name), print) != Some(print)
    }
}

const MOST: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_answer_is_news_once() {
        let mut names = KnownNames::default();
        let mut is_news = |name: &str, addresses: &[&str]| {
            let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
            names.is_news(&LookedUp::new(name.into(), addresses, jiff::Timestamp::UNIX_EPOCH))
        };
        assert!(is_news("a", &["127.0.0.1", "::1"]) && !is_news("a", &["::1", "127.0.0.1"]));
        assert!(is_news("b", &["::1"]) && is_news("a", &["::1"]) && is_news("a", &["127.0.0.1", "::1"]));
    }
}
