//! The URLs that were met last: most links of a page stand on its neighbours as well.

use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::DefaultHashBuilder;

use super::{CrawlUrl, Target, UrlKey};

/// What references came to on earlier pages, plain ones and those that mean the same on every page, so that a link which
/// stands on every page of a site is checked, hashed and stored once for many of them.
///
/// All who share it resolve by the same rules. It keeps at most 4,096 plain ones and 256 others for each page that is read at
/// the same time, none longer than 256 bytes.
/// Cloning is cheap, and gives the same.
#[derive(Debug, Clone, Default)]
pub struct RecentUrls {
    /// Those that nobody uses: pages that are read side by side wait for nothing.
    free: Arc<Mutex<Vec<Recent>>>,
}

/// Whether a URL was met on an earlier page, as far as that is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// It was not, or long ago.
    First,
    /// It was.
    Again,
}

/// The URLs that one page after the other meets.
#[derive(Debug)]
pub struct Recent {
    /// Of two that fall on one slot, the later stays: to find out which is met more often costs more than to hash it again.
    slots: Vec<Option<Met>>,
    /// What references came to that start from no page, by their texts.
    wholes: Vec<Option<(Box<str>, Target)>>,
    hashes: DefaultHashBuilder,
    /// A part of the key of each that is no plain path, by another part of it.
    others: Vec<u64>,
}

#[derive(Debug)]
struct Met {
    url: CrawlUrl,
    /// Where the folder ends that the reference started from. The same text, split elsewhere, may not be plain.
    folder_end: usize,
}

impl RecentUrls {
    /// Takes URLs for the time of one page.
    pub fn take(&self) -> Recent {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        free.unwrap_or_else(|| Recent {
            slots: std::iter::repeat_with(|| None).take(SLOTS).collect(),
            wholes: vec![None; WHOLES],
            hashes: DefaultHashBuilder::default(),
            others: vec![0; SLOTS],
        })
    }

    /// Hands back what was [taken](Self::take).
    pub fn give_back(&self, recent: Recent) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(recent);
    }
}

impl Recent {
    /// The URL of a path in a folder, which has its scheme and host in front: the one that was made before, or a new one.
    pub(super) fn get_or_make(
        &mut self,
        folder: &str,
        path: &str,
        make: impl FnOnce() -> Option<CrawlUrl>,
    ) -> Option<(CrawlUrl, Sight)> {
        if folder.len() + path.len() > LONGEST {
            let url = make()?;
            let sight = self.meet(url.key());
            return Some((url, sight));
        }
        let mut hasher = self.hashes.build_hasher();
        hasher.write(folder.as_bytes());
        hasher.write(path.as_bytes());
        let nth = usize::try_from(hasher.finish() % SLOTS as u64).ok()?;
        let slot = self.slots.get_mut(nth)?;
        if let Some(met) = slot.as_ref().filter(|met| met.is(folder, path)) {
            return Some((met.url.clone(), Sight::Again));
        }
        let url = make()?;
        *slot = Some(Met { url: url.clone(), folder_end: folder.len() });
        Some((url, Sight::First))
    }

    /// The target of a reference that means the same on every page: the one that was made before, or a new one.
    pub(super) fn get_or_parse(
        &mut self,
        reference: &str,
        parse: impl FnOnce() -> Option<Target>,
    ) -> Option<(Target, Sight)> {
        if reference.len() > LONGEST {
            let target = parse()?;
            let sight = self.meet(target.key());
            return Some((target, sight));
        }
        let mut hasher = self.hashes.build_hasher();
        hasher.write(reference.as_bytes());
        let nth = usize::try_from(hasher.finish() % WHOLES as u64).ok()?;
        let slot = self.wholes.get_mut(nth)?;
        if let Some((_, target)) = slot.as_ref().filter(|(text, _)| **text == *reference) {
            return Some((target.clone(), Sight::Again));
        }
        let target = parse()?;
        *slot = Some((reference.into(), target.clone()));
        let sight = self.meet(target.key());
        Some((target, sight))
    }

    /// Meets what is not kept here, by its key.
    pub fn meet(&mut self, key: UrlKey) -> Sight {
        let half = |bytes: Option<&[u8; 8]>| bytes.copied().map_or(0, u64::from_le_bytes);
        let (nth, mark) = (half(key.as_bytes().first_chunk()), half(key.as_bytes().last_chunk()));
        let slot = usize::try_from(nth % SLOTS as u64).ok().and_then(|nth| self.others.get_mut(nth));
        match slot.map(|slot| std::mem::replace(slot, mark)) {
            Some(before) if before == mark => Sight::Again,
            _ => Sight::First,
        }
    }
}

impl Met {
    fn is(&self, folder: &str, path: &str) -> bool {
        self.folder_end == folder.len()
            && self.url.text.len() == folder.len() + path.len()
            && self.url.text.starts_with(folder)
            && self.url.text.ends_with(path)
    }
}

const SLOTS: usize = 4096;
/// What leads out of a site from each of its pages is little.
const WHOLES: usize = 256;
/// Longer ones would take much memory, and few stand on many pages.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
    use super::super::{Base, Target, UrlRules};
    use super::*;

    fn base(page: &str) -> Base {
        Base::new(UrlRules::new(2048).parse(page).unwrap())
    }

    #[test]
    fn a_url_that_was_met_is_the_same_one_and_comes_from_its_own_folder_only() {
        let (rules, recent) = (UrlRules::new(2048), RecentUrls::default());
        let mut urls = recent.take();
        let mut resolve = |page: &str, reference: &str| match base(page).resolve_recent(reference, &rules, &mut urls) {
            Some((Target::Url(url), _)) => url,
            other => panic!("{reference} on {page} is {other:?}"),
        };
        let first = resolve("http://e.com/a/b", "c.html");
        for (page, reference) in [("http://e.com/a/d", "c.html"), ("http://e.com/a/d/e", "../c.html")] {
            assert!(Arc::ptr_eq(&first.text, &resolve(page, reference).text), "{reference} on {page}");
        }
        assert_eq!(resolve("http://e.com/b/d", "c.html").as_str(), "http://e.com/b/c.html");
        assert_eq!(resolve("http://e.com/a:b/d", "e").as_str(), "http://e.com/a:b/e");
        let other = base("http://e.com/").resolve_recent("a:b/e", &rules, &mut urls);
        assert!(matches!(other, Some((Target::Other { .. }, _))), "the same text, but a scheme: {other:?}");
    }

    #[test]
    fn a_url_is_met_first_once_however_it_is_written() {
        let (rules, recent) = (UrlRules::new(2048), RecentUrls::default());
        let mut urls = recent.take();
        let long = format!("/{}", "x".repeat(2 * LONGEST));
        for reference in ["c.html", "http://other.com/", "/a%20b", "?q=a:b", "mailto:a@e.com", &long] {
            let mut sight =
                || base("http://e.com/a/b").resolve_recent(reference, &rules, &mut urls).map(|(_, sight)| sight);
            assert_eq!(
                [sight(), sight(), sight()],
                [Sight::First, Sight::Again, Sight::Again].map(Some),
                "{reference}"
            );
        }
    }

    #[test]
    fn a_reference_with_a_scheme_means_the_same_on_every_page_and_one_that_only_looks_so_does_not() {
        let (rules, recent) = (UrlRules::new(2048), RecentUrls::default());
        let mut urls = recent.take();
        for page in ["http://e.com/a/b", "https://e.com/c/", "http://e.com/a/b"] {
            for reference in [
                "http://other.com",
                "HTTPS://other.com/a?b",
                "http:c",
                "https:c",
                "http:/c",
                "mailto:a@e.com",
                "script:a/../b",
                "a/b:c",
                "?q=a:b",
                ":",
                "1a:b",
                " http://other.com",
            ] {
                let shown = |target: Target| (target.text().to_string(), target.key());
                let expected = base(page).resolve(reference, &rules).map(shown);
                let found = base(page).resolve_recent(reference, &rules, &mut urls);
                assert_eq!(found.map(|(target, _)| shown(target)), expected, "{reference} on {page}");
            }
        }
        let kept: Vec<_> = urls.wholes.iter().flatten().map(|(reference, _)| &**reference).collect();
        assert!((3..=4).contains(&kept.len()), "two of them may fall on one slot: {kept:?}");
    }

    #[test]
    fn more_urls_than_there_is_room_for_are_all_right() {
        let (rules, recent) = (UrlRules::new(2048), RecentUrls::default());
        for _ in 0..2 {
            let mut urls = recent.take();
            for nth in 0..3 * SLOTS {
                let reference = format!("page-{nth}");
                let (found, _) = base("http://e.com/a/b").resolve_recent(&reference, &rules, &mut urls).unwrap();
                let url = rules.parse(&format!("http://e.com/a/{reference}")).unwrap();
                assert_eq!((&**found.text(), found.key()), (url.as_str(), url.key()));
            }
            recent.give_back(urls);
        }
        assert_eq!(recent.free.lock().unwrap().len(), 1, "one page after the other needs one");
    }
}
