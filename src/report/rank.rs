//! Rank: which pages links lead to, and links of pages that links lead to.
//!
//! `PageRank` (Page, Brin, Motwani, Winograd: "The `PageRank` Citation Ranking", 1999), with a damping of 0.85. What a page
//! without links has goes to all pages, as by a reader who begins anew.

use hashbrown::HashMap;
use serde::Serialize;

use super::records::Record;
use crate::url::{UrlKey, UrlRules};

/// The URLs of a crawl and their links, of which there may be so many and no more.
#[derive(Debug, Default)]
pub(super) struct Graph {
    numbers: HashMap<UrlKey, u32>,
    /// The number of the record of each URL, 0 when it has none.
    records: Vec<u32>,
    /// Whose links end where in `targets`.
    ends: Vec<(u32, usize)>,
    targets: Vec<u32>,
}

/// A page that much leads to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Ranked {
    /// The number of its record.
    pub(super) record: u32,
    /// The share of readers that would be on it.
    pub(super) share: f64,
    /// How many pages link to it.
    pub(super) linked: u64,
    pub(super) url: String,
    pub(super) title: String,
}

impl Graph {
    /// Takes the record with this number; whether there was room for its links.
    pub(super) fn take(&mut self, rules: &UrlRules, number: u32, record: &Record<'_>) -> bool {
        let Some(key) = record.key(rules) else { return true };
        let Some(from) = self.number(key) else { return false };
        if let Some(known) = self.records.get_mut(from as usize) {
            *known = number;
        }
        let mut targets = Vec::new();
        for link in record.leads_to() {
            let Ok(url) = rules.parse(link) else { continue };
            let Some(to) = self.number(url.key()) else { return false };
            if to != from {
                targets.push(to);
            }
        }
        targets.sort_unstable();
        targets.dedup();
        self.targets.extend(targets);
        self.ends.push((from, self.targets.len()));
        self.targets.len() <= MOST_LINKS
    }

    /// The pages with a record that come first.
    pub(super) fn rank(&self) -> Vec<Ranked> {
        let shares = self.shares();
        let mut linked = vec![0_u64; self.records.len()];
        for to in &self.targets {
            if let Some(count) = linked.get_mut(*to as usize) {
                *count += 1;
            }
        }
        let pages = self.records.iter().zip(shares).zip(linked).filter(|((record, _), _)| **record > 0);
        let mut pages: Vec<_> = pages
            .map(|((record, share), linked)| Ranked {
                record: *record,
                share,
                linked,
                url: String::new(),
                title: String::new(),
            })
            .collect();
        pages.sort_unstable_by(|a, b| b.share.total_cmp(&a.share).then(a.record.cmp(&b.record)));
        pages.truncate(RANKED);
        pages
    }

    fn shares(&self) -> Vec<f64> {
        let count = self.records.len();
        #[expect(clippy::cast_precision_loss, reason = "of counts that are far smaller")]
        let part = 1.0 / count.max(1) as f64;
        let mut shares = vec![part; count];
        for _ in 0..ROUNDS {
            let mut next = vec![0.0; count];
            let mut given = 0.0;
            let mut start = 0;
            for (from, end) in &self.ends {
                let targets = self.targets.get(start..*end).unwrap_or_default();
                start = *end;
                let own = shares.get(*from as usize).copied().unwrap_or_default();
                if targets.is_empty() {
                    continue;
                }
                given += own;
                #[expect(clippy::cast_precision_loss, reason = "a page has few links")]
                let each = own / targets.len() as f64;
                for to in targets {
                    if let Some(share) = next.get_mut(*to as usize) {
                        *share += each;
                    }
                }
            }
            // What pages without links have, and the readers who begin anew.
            let rest = (1.0 - given) * DAMPING + (1.0 - DAMPING);
            for share in &mut next {
                *share = *share * DAMPING + rest * part;
            }
            let moved: f64 = shares.iter().zip(&next).map(|(before, now)| (before - now).abs()).sum();
            shares = next;
            if moved < SETTLED {
                break;
            }
        }
        shares
    }

    fn number(&mut self, key: UrlKey) -> Option<u32> {
        if let Some(number) = self.numbers.get(&key) {
            return Some(*number);
        }
        let number = u32::try_from(self.records.len()).ok().filter(|_| self.records.len() < MOST_URLS)?;
        self.numbers.insert(key, number);
        self.records.push(0);
        Some(number)
    }
}

const DAMPING: f64 = 0.85;
/// After these, or before, no rank changes any more that anybody looks at.
const ROUNDS: usize = 50;
const SETTLED: f64 = 1e-7;
const RANKED: usize = 20;
/// 40 bytes each.
const MOST_URLS: usize = 3_000_000;
/// 4 bytes each.
const MOST_LINKS: usize = 40_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages with the numbers of those that they link to.
    fn graph(pages: &[&[u32]]) -> Graph {
        let rules = UrlRules::new(usize::MAX);
        let mut graph = Graph::default();
        for (links, number) in pages.iter().zip(1..) {
            let links: Vec<_> = links.iter().map(|to| format!("\"http://e.com/{to}\"")).collect();
            let text = format!(
                "{{\"url\":\"http://e.com/{number}\",\"outcome\":\"ok\",\"depth\":0,\"attempts\":1,\
                 \"fetched_at\":\"2026-01-01T00:00:00.000Z\",\"elapsed_ms\":1,\"links\":[{}]}}",
                links.join(",")
            );
            assert!(graph.take(&rules, number, &serde_json::from_str(&text).unwrap()));
        }
        graph
    }

    #[test]
    fn shares_are_those_of_the_paper() {
        // Two pages lead to a third, which leads to the first: solved by hand.
        let ranked = graph(&[&[3], &[3], &[1]]).rank();
        let of = |record: u32| ranked.iter().find(|page| page.record == record).unwrap();
        let none = 0.05;
        assert!((of(2).share - none).abs() < 1e-4, "{ranked:?}");
        let third = (none + 0.85 * (none + none)) / (1.0 - 0.85 * 0.85);
        assert!((of(3).share - third).abs() < 1e-4, "{ranked:?}");
        assert!((of(1).share - (none + 0.85 * third)).abs() < 1e-4, "{ranked:?}");
        assert_eq!([1, 2, 3].map(|record| of(record).linked), [1, 0, 2]);
        assert_eq!(ranked[0].record, 3);
    }

    #[test]
    fn shares_add_up_to_one_also_where_links_end() {
        // The last one is no page of the crawl, and one links to itself, and twice to another.
        let graph = graph(&[&[2, 3, 3], &[2, 9], &[]]);
        assert!((graph.shares().iter().sum::<f64>() - 1.0).abs() < 1e-6);
        let ranked = graph.rank();
        assert_eq!(ranked.len(), 3, "what has no record is not ranked");
        assert_eq!(ranked.iter().find(|page| page.record == 3).unwrap().linked, 1);
    }
}
