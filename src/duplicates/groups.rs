//! Groups: which pages say the same as another one, and which of them is the original.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use super::near;

/// What is compared of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) url: Box<str>,
    pub(super) depth: u32,
    /// The hash of its text.
    pub(super) text: u128,
    /// What is the same, or nearly so, for texts that nearly say the same; `None` for a short one.
    pub(super) simhash: Option<u64>,
}

/// A page that says the same as another one, or nearly so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Duplicate {
    /// Its place among the pages.
    pub(super) page: u32,
    /// That of the original.
    pub(super) original: u32,
    /// Whether the texts are equal.
    pub(super) is_equal: bool,
    /// In how many bits their hashes differ.
    pub(super) distance: u32,
}

/// Finds the duplicates among pages; sorts these. The order in which they came decides nothing.
///
/// A page is an original when it is near to no original before it: less deep in the site, or as deep and before it by
/// its URL. Any other belongs to the first original that it is near to. So whatever is in a group is near to its original,
/// and groups do not drift from page to page.
pub(super) fn find(pages: &mut [Page], distance: u32) -> Vec<Duplicate> {
    pages.sort_unstable_by(|one, other| (one.depth, &one.url).cmp(&(other.depth, &other.url)));
    let mut duplicates = near_ones(pages, distance);
    duplicates.extend(short_ones(pages));
    duplicates.sort_unstable_by_key(|duplicate| (duplicate.original, duplicate.page));
    duplicates
}

/// Those that have a `SimHash`.
fn near_ones(pages: &[Page], distance: u32) -> Vec<Duplicate> {
    let (mut places, mut hashes, mut firsts) = (HashMap::new(), Vec::new(), Vec::new());
    let mut members = Vec::new();
    for (page, hash) in (0_u32..).zip(pages).filter_map(|(nth, page)| Some((nth, page.simhash?))) {
        let place = *places.entry(hash).or_insert_with(|| {
            hashes.push(hash);
            firsts.push(page);
            hashes.len() - 1
        });
        members.push((page, place));
    }
    // In the order of the pages, so an earlier hash is that of an earlier page.
    let mut originals: Vec<usize> = Vec::with_capacity(hashes.len());
    for (place, near) in near::earlier(&hashes, distance).into_iter().enumerate() {
        let near = near.into_iter().map(|near| near as usize);
        originals.push(near.filter(|near| originals.get(*near) == Some(near)).min().unwrap_or(place));
    }
    let duplicate = |(page, place): (u32, usize)| {
        let own = *originals.get(place)?;
        let (original, hash, its) = (*firsts.get(own)?, hashes.get(place)?, hashes.get(own)?);
        let is_equal = pages.get(page as usize)?.text == pages.get(original as usize)?.text;
        (page != original).then_some(Duplicate { page, original, is_equal, distance: (hash ^ its).count_ones() })
    };
    members.into_iter().filter_map(duplicate).collect()
}

/// Those that are too short for one: only equal texts count.
fn short_ones(pages: &[Page]) -> Vec<Duplicate> {
    let mut first = HashMap::new();
    let short = (0_u32..).zip(pages).filter(|(_, page)| page.simhash.is_none());
    let equal = short.filter_map(|(nth, page)| match first.entry(page.text) {
        Entry::Vacant(entry) => {
            entry.insert(nth);
            None
        }
        Entry::Occupied(original) => {
            Some(Duplicate { page: nth, original: *original.get(), is_equal: true, distance: 0 })
        }
    });
    equal.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(url: &str, depth: u32, text: u128, simhash: Option<u64>) -> Page {
        Page { url: url.into(), depth, text, simhash }
    }

    /// Of each duplicate its URL, that of its original, whether they are equal, and their distance.
    fn told(mut pages: Vec<Page>, distance: u32) -> Vec<(String, String, bool, u32)> {
        let found = find(&mut pages, distance);
        let url = |nth: u32| pages[nth as usize].url.to_string();
        found.iter().map(|d| (url(d.page), url(d.original), d.is_equal, d.distance)).collect()
    }

    #[test]
    fn the_original_is_the_one_with_the_least_depth_then_the_first_by_its_url() {
        let pages = vec![
            page("/deep", 3, 1, Some(0b111)),
            page("/b", 1, 2, Some(0)),
            page("/a", 1, 1, Some(0b111)),
            page("/other", 0, 3, Some(u64::MAX)),
        ];
        let of_a = |url: &str, is_equal, distance| (url.to_owned(), "/a".to_owned(), is_equal, distance);
        assert_eq!(told(pages.clone(), 3), [of_a("/b", false, 3), of_a("/deep", true, 0)]);
        assert_eq!(told(pages, 2), [of_a("/deep", true, 0)]);
    }

    #[test]
    fn all_of_a_group_are_near_to_its_original() {
        // Each is near to the next, and the last is far from the first.
        let pages = (0..5).map(|n| page(&format!("/{n}"), 0, n, Some((1_u64 << (2 * n)) - 1))).collect();
        let expected = [("/1", "/0", 2), ("/3", "/2", 2)];
        let expected = expected.map(|(own, original, far)| (own.to_owned(), original.to_owned(), false, far));
        assert_eq!(told(pages, 3), expected);
    }

    #[test]
    fn short_texts_are_duplicates_only_when_they_are_equal() {
        let pages =
            vec![page("/a", 0, 7, None), page("/b", 0, 7, None), page("/c", 0, 8, None), page("/d", 0, 7, Some(1))];
        assert_eq!(told(pages, 3), [("/b".to_owned(), "/a".to_owned(), true, 0)]);
    }

    proptest! {
        #[test]
        fn the_order_of_the_crawl_decides_nothing(
            (pages, shuffled) in prop::collection::vec((0..3_u32, 0..6_u128, 0..32_u64), 1..20).prop_flat_map(|pages| {
                let pages: Vec<_> = (0..).zip(pages)
                    .map(|(n, (depth, text, hash))| page(&format!("/{n}"), depth, text, (text > 1).then_some(hash)))
                    .collect();
                (Just(pages.clone()), Just(pages).prop_shuffle())
            }),
            distance in 0..=near::MOST,
        ) {
            let found = told(pages, distance);
            prop_assert_eq!(&found, &told(shuffled, distance));
            let originals: Vec<_> = found.iter().map(|(_, original, ..)| original).collect();
            prop_assert!(found.iter().all(|(own, _, _, far)| !originals.contains(&own) && *far <= distance));
        }
    }
}
