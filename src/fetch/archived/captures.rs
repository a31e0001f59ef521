//! Captures: what archives have of each URL, and where it lies.

use std::fmt;

use jiff::Timestamp;

use super::ReplayAt;
use crate::url::CrawlUrl;

/// All captures of some archives, 48 bytes each. URLs are known by their hashes, and nothing is changed any more once it is
/// put in order.
#[derive(Default)]
pub(super) struct Captures {
    sorted: Vec<Capture>,
    /// Those URLs that are not written as the page that they are: 32 bytes each.
    spellings: Vec<Spelling>,
}

/// A URL that is another spelling of its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spelling {
    /// The canonical form.
    page: u128,
    /// As it is written.
    key: u128,
}

/// One answer to a URL, as it lies in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Capture {
    key: u128,
    /// When it was captured, in milliseconds since 1970.
    at: i64,
    pub(super) spot: Spot,
}

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    /// In which volume, by its number.
    pub(super) volume: u32,
    /// Where it starts there, or the gzip member that it is in.
    pub(super) offset: u64,
    /// Behind so many other records in that member.
    pub(super) before: u64,
}

impl Capture {
    /// A capture of this URL.
    pub(super) fn new(url: &CrawlUrl, at: Timestamp, spot: Spot) -> Self {
        Self { key: key(url), at: at.as_millisecond(), spot }
    }
}

impl Spelling {
    /// How this URL is written; `None` when that is how its page is.
    pub(super) fn of(url: &CrawlUrl) -> Option<Self> {
        let spelling = Self { page: page(url), key: key(url) };
        (spelling.page != spelling.key).then_some(spelling)
    }
}

impl Captures {
    /// Puts them in order.
    pub(super) fn new(captures: Vec<Capture>, spellings: Vec<Spelling>) -> Self {
        Self { sorted: in_order(captures), spellings: in_order(spellings) }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }

    /// The one that answers for a URL.
    pub(super) fn find(&self, url: &CrawlUrl, at: ReplayAt) -> Option<Capture> {
        self.those(key(url)).choose(at)
    }

    /// The one that answers for a URL that was not captured as it is written: of other spellings of the same page.
    pub(super) fn find_spelled(&self, url: &CrawlUrl, at: ReplayAt) -> Option<Capture> {
        let page = page(url);
        let from = self.spellings.partition_point(|spelling| spelling.page < page);
        let spellings = self.spellings.iter().skip(from).take_while(|spelling| spelling.page == page);
        let keys = spellings.map(|spelling| spelling.key).chain([page]);
        let mut those: Vec<_> = keys.flat_map(|key| self.those(key).0).copied().collect();
        those.sort_unstable_by_key(|capture| (capture.at, capture.spot));
        Those(&those).choose(at)
    }

    /// The one that an index or a revisit means: of this URL and that instant, else the last one before it.
    pub(super) fn find_dated(&self, url: &CrawlUrl, at: Timestamp) -> Option<Capture> {
        let those = self.those(key(url));
        // Where all have their milliseconds, two of one second are told apart.
        let exact = those.0.iter().rev().find(|capture| capture.at == at.as_millisecond());
        exact.copied().or_else(|| those.choose(ReplayAt::At(at)))
    }

    /// The one before another of the same URL, by their time.
    pub(super) fn before(&self, url: &CrawlUrl, spot: Spot) -> Option<Capture> {
        let those = self.those(key(url)).0;
        let nth = those.iter().position(|capture| capture.spot == spot)?;
        those.get(nth.checked_sub(1)?).copied()
    }

    fn those(&self, key: u128) -> Those<'_> {
        let from = self.sorted.partition_point(|capture| capture.key < key);
        let rest = self.sorted.get(from..).unwrap_or_default();
        Those(rest.split_at(rest.partition_point(|capture| capture.key == key)).0)
    }
}

/// Those of one URL, by their time.
struct Those<'a>(&'a [Capture]);

impl Those<'_> {
    fn choose(&self, at: ReplayAt) -> Option<Capture> {
        let not_later = match at {
            ReplayAt::Latest => self.0.len(),
            // What an archive says of an instant may lack its milliseconds, as an index always does.
            ReplayAt::At(at) => self.0.partition_point(|capture| capture.at.div_euclid(1000) <= at.as_second()),
        };
        self.0.get(not_later.saturating_sub(1)).copied()
    }
}

impl fmt::Debug for Captures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Captures").field("len", &self.sorted.len()).finish_non_exhaustive()
    }
}

fn in_order<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort_unstable();
    all.dedup();
    all.shrink_to_fit();
    all
}

/// The key of the page, which is the same hash over its canonical form: that of a URL that is written so.
fn page(url: &CrawlUrl) -> u128 {
    u128::from_be_bytes(*url.key().as_bytes())
}

/// The first 128 bits of BLAKE3 over the URL as it is requested: no archive can make one answer for another.
fn key(url: &CrawlUrl) -> u128 {
    let hash = blake3::hash(url.as_str().as_bytes());
    u128::from_be_bytes(*hash.as_bytes().first_chunk().expect("a hash is 32 bytes long"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::loopback::url;

    #[test]
    fn the_last_capture_answers_or_what_was_there_at_an_instant() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let spot = |offset: u64| Spot { volume: 0, offset, before: 0 };
        let capture = |path: &str, second: i64| {
            Capture::new(&url(&format!("http://e.com{path}")), at(second), spot(second.unsigned_abs()))
        };
        let captures = [capture("/a", 30), capture("/A", 99), capture("/a", 10), capture("/a", 20)];
        let captures = Captures::new(captures.to_vec(), Vec::new());
        let find = |path: &str, when: ReplayAt| {
            captures.find(&url(&format!("http://e.com{path}")), when).map(|capture| capture.spot.offset)
        };
        assert_eq!(find("/a", ReplayAt::Latest), Some(30));
        for (second, expected) in [(5, 10), (10, 10), (19, 10), (20, 20), (29, 20), (31, 30)] {
            assert_eq!(find("/a", ReplayAt::At(at(second))), Some(expected), "{second}");
        }
        assert_eq!(find("/A", ReplayAt::Latest), Some(99), "paths differ by case");
        assert_eq!(find("/b", ReplayAt::Latest), None);
        assert_eq!(captures.len(), 4);
    }

    #[test]
    fn another_spelling_of_the_page_is_found_for_one_that_was_not_captured() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let url = |path: &str| url(&format!("http://e.com{path}"));
        let taken = [("/page", 10), ("/p%61ge?utm_a=1", 20), ("/%70age", 30), ("/other%7E", 40)];
        let capture = |&(path, second): &(&str, i64)| {
            let spot = Spot { volume: 0, offset: second.unsigned_abs(), before: 0 };
            Capture::new(&url(path), at(second), spot)
        };
        let spellings = taken.iter().filter_map(|(path, _)| Spelling::of(&url(path))).collect();
        let captures = Captures::new(taken.iter().map(capture).collect(), spellings);
        let find =
            |path: &str, when| captures.find_spelled(&url(path), when).map(|capture: Capture| capture.spot.offset);
        for (second, expected) in [(9, 10), (19, 10), (20, 20), (35, 30)] {
            assert_eq!(find("/pag%65", ReplayAt::At(at(second))), Some(expected), "{second}");
        }
        assert_eq!(find("/page?utm_b=1", ReplayAt::Latest), Some(30));
        assert_eq!(find("/other~?utm_a=1", ReplayAt::Latest), Some(40), "as nobody writes it");
        assert_eq!((find("/Page", ReplayAt::Latest), find("/page?a=1", ReplayAt::Latest)), (None, None));
    }
}
