//! The health of rules: what each found over a whole crawl, and whether a site was redesigned since the last.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Item;
use super::findings::{Findings, Tally};

/// What the rules found in a crawl. Those of parts of a crawl can be [merged](Health::merge), in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// How many pages there were, also those that no rule is for.
    pub pages: u64,
    /// Each rule, in the order of the rules.
    pub rules: Vec<RuleHealth>,
    /// How many items of each name there were.
    #[serde(default)]
    pub items: BTreeMap<String, u64>,
}

/// What one rule found in a crawl.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleHealth {
    /// Its [name](crate::extract::Rules::names).
    pub name: String,
    /// On how many pages it was applied.
    pub pages: u64,
    /// On how many of them there was a value.
    pub pages_found: u64,
    /// What was found, on all pages together.
    #[serde(flatten)]
    pub tally: Tally,
    /// The first pages on which a required value was missing, a value was not of its type, or nothing was found: at most
    /// three.
    #[serde(default)]
    pub examples: Vec<String>,
}

/// A rule that found values in an earlier crawl and does not find them any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// The name of the rule.
    pub name: String,
    /// How often there was a value before, and of how many.
    pub before: (u64, u64),
    /// How often there is one now, and of how many. Of none: the rule is for no page any more.
    pub now: (u64, u64),
    /// The first page without a value.
    pub example: Option<String>,
}

impl Health {
    /// The health of rules of these names that found nothing yet, with what items are called.
    pub fn new<'a>(rules: impl IntoIterator<Item = &'a str>, items: impl IntoIterator<Item = &'a str>) -> Self {
        let items = items.into_iter().map(|name| (name.to_owned(), 0)).collect();
        let rules = rules.into_iter().map(|name| RuleHealth { name: name.to_owned(), ..RuleHealth::default() });
        Self { pages: 0, rules: rules.collect(), items }
    }

    /// Counts a page, and its items; `findings` are those of the rules that are for it.
    pub fn take(&mut self, url: &str, findings: Option<&Findings>, items: &[Item]) {
        self.pages += 1;
        for item in items {
            if let Some(count) = self.items.get_mut(&*item.name) {
                *count += 1;
            }
        }
        let tallies = findings.map_or(&[][..], |findings| &findings.rules);
        for (rule, tally) in self.rules.iter_mut().zip(tallies).filter(|(_, tally)| tally.tried > 0) {
            rule.pages += 1;
            rule.pages_found += u64::from(tally.values > 0);
            rule.tally.add(*tally);
            let is_ill = tally.missing > 0 || tally.type_errors > 0 || tally.values == 0;
            if is_ill && rule.examples.len() < EXAMPLES {
                rule.examples.push(url.to_owned());
            }
        }
    }

    /// Adds what was found in another part of the crawl.
    pub fn merge(&mut self, other: &Self) {
        self.pages += other.pages;
        for (name, theirs) in &other.items {
            *self.items.entry(name.clone()).or_default() += theirs;
        }
        for theirs in &other.rules {
            let Some(ours) = self.rules.iter_mut().find(|ours| ours.name == theirs.name) else {
                self.rules.push(theirs.clone());
                continue;
            };
            ours.pages += theirs.pages;
            ours.pages_found += theirs.pages_found;
            ours.tally.add(theirs.tally);
            for example in &theirs.examples {
                if ours.examples.len() < EXAMPLES && !ours.examples.contains(example) {
                    ours.examples.push(example.clone());
                }
            }
        }
    }

    /// The health of these rules after an earlier part of the crawl, whose rules may have been others.
    #[must_use]
    pub fn resumed(mut self, earlier: &Self) -> Self {
        let (rules, items) = (self.rules.len(), self.items.clone());
        self.merge(earlier);
        self.rules.truncate(rules);
        self.items.retain(|name, _| items.contains_key(name));
        self
    }

    /// The same, but for some rules as it was before.
    #[must_use]
    pub fn but(&self, before: &Self, is_as_before: impl Fn(&str) -> bool) -> Self {
        let rule = |now: &RuleHealth| {
            let before = before.rules.iter().find(|before| before.name == now.name && is_as_before(&now.name));
            before.unwrap_or(now).clone()
        };
        Self { rules: self.rules.iter().map(rule).collect(), ..self.clone() }
    }

    /// The rules of `self`, the later crawl, that have lost what they found in the earlier one. Rules that only one of both
    /// has are not compared.
    ///
    /// A rule has lost its values when it found some on nearly all of at least three pages and finds none on at least three
    /// now, or when it finds at most half as often as before and chance cannot be why: not even at the far ends of the
    /// intervals that hold the true shares in 997 of 1000 cases (Wilson score). It is also lost when it was for ten pages and
    /// is for none in a crawl that is no smaller than half of the earlier.
    pub fn drift_since(&self, earlier: &Self) -> Vec<Drift> {
        let compared = self.rules.iter().filter_map(|now| {
            let before = earlier.rules.iter().find(|before| before.name == now.name)?;
            let is_for_none = now.pages == 0 && before.pages >= FEWEST_FOR_NONE && self.pages * 2 >= earlier.pages;
            let lost = match () {
                () if is_for_none => Some(((before.pages_found, before.pages), (0, 0))),
                () => [Self::by_page, Self::by_try]
                    .iter()
                    .map(|share| (share(before), share(now)))
                    .find(|(before, now)| before.is_lost_in(*now))
                    .map(|(before, now)| (before.fraction(), now.fraction())),
            };
            let (before, now_found) = lost?;
            Some(Drift { name: now.name.clone(), before, now: now_found, example: now.examples.first().cloned() })
        });
        compared.collect()
    }

    fn by_page(rule: &RuleHealth) -> Share {
        Share { found: rule.pages_found, of: rule.pages, sample: rule.pages }
    }

    /// The items of one page are alike, so pages are the sample and not items.
    fn by_try(rule: &RuleHealth) -> Share {
        Share { found: rule.tally.found, of: rule.tally.tried, sample: rule.pages }
    }
}

/// How often something was found, of how many.
#[derive(Debug, Clone, Copy)]
struct Share {
    found: u64,
    of: u64,
    /// How many independent observations that is.
    sample: u64,
}

impl Share {
    fn is_lost_in(self, now: Self) -> bool {
        if self.sample < FEWEST || now.sample < FEWEST {
            return false;
        }
        let (was, is) = (self.rate(), now.rate());
        let all_gone = was >= NEARLY_ALL && now.found == 0;
        all_gone || (is <= was / 2.0 && self.interval().0 > now.interval().1)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of a crawl, far below 2^53")]
    fn rate(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.found as f64 / self.of as f64 }
    }

    /// The interval that holds the true share (E. B. Wilson 1927).
    #[expect(clippy::cast_precision_loss, reason = "counts of a crawl, far below 2^53")]
    fn interval(self) -> (f64, f64) {
        let (rate, n) = (self.rate(), self.sample as f64);
        let middle = (rate + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z / (1.0 + Z * Z / n) * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
        (middle - half, middle + half)
    }

    fn fraction(self) -> (u64, u64) {
        (self.found, self.of)
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((was, of), (is, now)) = (self.before, self.now);
        write!(f, "`{}` was found {was} of {of} times in the crawl before, ", self.name)?;
        if now == 0 {
            return write!(f, "and no page is there any more that it is for");
        }
        write!(f, "and {is} of {now} times in this one")?;
        self.example.iter().try_for_each(|page| write!(f, "; first missing on {page}"))
    }
}

const EXAMPLES: usize = 3;
const FEWEST: u64 = 3;
const FEWEST_FOR_NONE: u64 = 10;
const NEARLY_ALL: f64 = 0.8;
const Z: f64 = 3.0;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A crawl with one rule that was applied once on each page.
    fn crawl(found: u64, pages: u64) -> Health {
        let tally = Tally { tried: pages, found, values: found, ..Tally::default() };
        let rule = RuleHealth {
            name: "price".to_owned(),
            pages,
            pages_found: found,
            tally,
            examples: vec!["http://e.com/1".to_owned()],
        };
        Health { pages, rules: vec![rule], ..Health::default() }
    }

    fn is_told(before: (u64, u64), now: (u64, u64)) -> bool {
        !crawl(now.0, now.1).drift_since(&crawl(before.0, before.1)).is_empty()
    }

    #[test]
    fn a_redesigned_site_is_told() {
        assert!(is_told((180, 180), (0, 180)));
        assert!(is_told((3, 3), (0, 3)));
        assert!(is_told((190, 200), (60, 200)));
        assert!(is_told((200, 200), (0, 5)));
        assert!(is_told((100, 1000), (0, 1000)));
    }

    #[test]
    fn noise_is_not_told() {
        assert!(!is_told((190, 200), (170, 200)));
        assert!(!is_told((1, 1), (0, 1)));
        assert!(!is_told((2, 200), (0, 200)));
        assert!(!is_told((5, 10), (3, 10)));
        assert!(!is_told((0, 100), (0, 100)));
        assert!(!is_told((12, 12), (12, 12)));
        let mut small = crawl(0, 0);
        small.pages = 1;
        assert!(small.drift_since(&crawl(12, 12)).is_empty(), "a crawl of one page says nothing of the others");
    }

    #[test]
    fn items_count_by_pages() {
        let with = |found, tried, pages| {
            let mut health = crawl(pages, pages);
            health.rules[0].tally = Tally { tried, found, values: found, ..Tally::default() };
            health
        };
        assert!(!with(300, 900, 30).drift_since(&with(880, 900, 30)).is_empty(), "a third of what was nearly all");
        assert!(with(20, 60, 2).drift_since(&with(59, 60, 2)).is_empty(), "two pages are too few");
    }

    #[test]
    fn what_was_lost_is_said_with_a_page() {
        let drift = crawl(0, 180).drift_since(&crawl(180, 180));
        assert_eq!(
            drift[0].to_string(),
            "`price` was found 180 of 180 times in the crawl before, and 0 of 180 times in this one; first missing on http://e.com/1"
        );
        let none = Health { pages: 180, ..crawl(0, 0) };
        assert_eq!(
            none.drift_since(&crawl(12, 12))[0].to_string(),
            "`price` was found 12 of 12 times in the crawl before, and no page is there any more that it is for"
        );
    }

    #[test]
    fn pages_are_counted_with_three_that_are_ill() {
        let mut health = Health::new(["a"], ["things"]);
        let findings = |found| Findings {
            rules: vec![Tally { tried: 1, found, values: found, ..Tally::default() }],
            troubles: Vec::new(),
        };
        for nth in 0..5 {
            health.take(&format!("http://e.com/{nth}"), Some(&findings(0)), &[]);
        }
        let thing = Item { name: "things".into(), value: serde_json::Map::new() };
        health.take("http://e.com/5", Some(&findings(1)), &[thing.clone(), thing]);
        health.take("http://e.com/6", None, &[]);
        assert_eq!(health.items["things"], 2);
        let rule = &health.rules[0];
        assert_eq!((health.pages, rule.pages, rule.pages_found, rule.tally.tried), (7, 6, 1, 6));
        assert_eq!(rule.examples, ["http://e.com/0", "http://e.com/1", "http://e.com/2"]);
        let mut twice = health.clone();
        twice.merge(&health);
        assert_eq!((twice.pages, twice.rules[0].pages, twice.rules[0].examples.len()), (14, 12, 3));
        assert_eq!(twice.items["things"], 4);
        let json = serde_json::to_string(&health).unwrap();
        assert_eq!(serde_json::from_str::<Health>(&json).unwrap(), health);
    }

    #[test]
    fn a_crawl_that_goes_on_counts_the_rules_that_there_are() {
        let mut fresh = crawl(0, 0);
        fresh.items.insert("things".to_owned(), 0);
        let mut earlier = crawl(3, 4);
        earlier.rules.push(RuleHealth { name: "gone".to_owned(), ..RuleHealth::default() });
        earlier.items.extend([("things".to_owned(), 5), ("gone".to_owned(), 1)]);
        let health = fresh.resumed(&earlier);
        assert_eq!((health.pages, health.rules.len(), health.rules[0].pages_found), (4, 1, 3));
        assert_eq!(health.items.into_iter().collect::<Vec<_>>(), [("things".to_owned(), 5)]);
    }

    #[test]
    fn a_rule_may_be_kept_as_it_was_before() {
        let (before, now) = (crawl(9, 9), crawl(0, 9));
        assert_eq!(now.but(&before, |name| name == "price").rules, before.rules);
        assert_eq!(now.but(&before, |_| false), now);
    }

    proptest! {
        /// The same site twice, with pages that fail at random.
        #[test]
        fn an_unchanged_site_is_never_told(
            pages in 1_u64..500, share in 0_u64..=100, noise in prop::collection::vec(0_u64..100, 500), again in prop::collection::vec(0_u64..100, 500),
        ) {
            let found = |noise: &[u64]| {
                // Which pages have the value is fixed; of each crawl, one page in fifty fails.
                (0..pages).zip(noise).filter(|(page, failed)| (page * 37) % 101 < share && **failed >= 2).count() as u64
            };
            let (before, now) = (crawl(found(&noise), pages), crawl(found(&again), pages));
            // Of three pages all three can fail, once in many thousand crawls.
            prop_assume!(pages > 5 || now.rules[0].pages_found > 0);
            prop_assert_eq!(now.drift_since(&before), []);
        }
    }
}
