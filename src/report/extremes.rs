//! Extremes: the pages that have most of something.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::Serialize;

/// The few pages with the most; of equals those that came first.
#[derive(Debug, Default)]
pub(super) struct Extremes {
    /// The least on top, which makes room.
    kept: BinaryHeap<Reverse<(u64, Reverse<u64>, String)>>,
    taken: u64,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Extreme {
    pub(super) amount: u64,
    pub(super) url: String,
}

impl Extremes {
    pub(super) fn take(&mut self, amount: u64, url: &str) {
        self.taken += 1;
        let is_more = self.kept.peek().is_none_or(|Reverse((least, ..))| amount > *least);
        if amount == 0 || (self.kept.len() == MOST && !is_more) {
            return;
        }
        self.kept.push(Reverse((amount, Reverse(self.taken), url.to_owned())));
        if self.kept.len() > MOST {
            self.kept.pop();
        }
    }

    /// The most first.
    pub(super) fn list(&self) -> Vec<Extreme> {
        let mut kept: Vec<_> = self.kept.iter().map(|Reverse(kept)| kept).collect();
        kept.sort_unstable_by(|a, b| b.cmp(a));
        kept.into_iter().map(|(amount, _, url)| Extreme { amount: *amount, url: url.clone() }).collect()
    }
}

const MOST: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_with_the_most_are_kept_in_order_and_the_first_of_equals() {
        let mut extremes = Extremes::default();
        extremes.take(0, "nothing");
        for n in 0..100_u64 {
            extremes.take(n % 10 + 1, &n.to_string());
        }
        let kept = extremes.list();
        assert_eq!(kept.len(), MOST);
        assert!(kept.iter().all(|extreme| extreme.amount == 10));
        let urls: Vec<_> = kept.iter().map(|extreme| extreme.url.as_str()).collect();
        assert_eq!(urls, ["9", "19", "29", "39", "49", "59", "69", "79", "89", "99"]);
        extremes.take(11, "more");
        assert_eq!(extremes.list()[0].url, "more");
        assert_eq!(extremes.list()[9].url, "89");
    }
}
