//! Sections: the parts of sites by the first segment of their paths, and how they link to each other.

use hashbrown::HashMap;

/// All sections of a crawl, as far as there is room.
#[derive(Debug, Default)]
pub(super) struct Sections {
    numbers: HashMap<Box<str>, u32>,
    counts: Vec<SectionCount>,
    links: HashMap<(u32, u32), u64>,
}

/// What pages of a section came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SectionCount {
    pub(super) pages: u64,
    pub(super) ok: u64,
    /// Answered with an error, or not at all.
    pub(super) bad: u64,
}

/// The largest sections, and the links between them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Map {
    pub(super) sections: Vec<Section>,
    /// From, to, how many; a section leads to itself as well.
    pub(super) links: Vec<(usize, usize, u64)>,
    /// How many sections are not among them.
    pub(super) more: usize,
}

/// One of the largest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    /// The start of all its URLs.
    pub(super) name: String,
    pub(super) count: SectionCount,
}

impl Sections {
    /// Takes a page, and what it links to.
    pub(super) fn take<'a>(&mut self, url: &str, count: SectionCount, links: impl Iterator<Item = &'a str>) {
        let Some(from) = self.number(section(url)) else { return };
        if let Some(known) = self.counts.get_mut(from as usize) {
            known.pages += count.pages;
            known.ok += count.ok;
            known.bad += count.bad;
        }
        // Most links of a page lead to few sections, one after the other.
        let mut last: Option<(&str, u32)> = None;
        for link in links {
            let name = section(link);
            let to = match last {
                Some((known, to)) if known == name => Some(to),
                _ => self.number(name),
            };
            let Some(to) = to else { continue };
            last = Some((name, to));
            if let Some(count) = self.links.get_mut(&(from, to)) {
                *count += 1;
            } else if self.links.len() < MOST_LINKS {
                self.links.insert((from, to), 1);
            }
        }
    }

    /// The sections with the most pages, by their size, then their name.
    pub(super) fn map(&self, most: usize) -> Map {
        let mut names: Vec<_> = self.numbers.iter().filter(|(_, number)| self.pages(**number) > 0).collect();
        names.sort_unstable_by(|(a, one), (b, other)| self.pages(**other).cmp(&self.pages(**one)).then(a.cmp(b)));
        let more = names.len().saturating_sub(most);
        names.truncate(most);
        let place: HashMap<u32, usize> = names.iter().zip(0..).map(|((_, number), at)| (**number, at)).collect();
        let links = self.links.iter();
        let mut links: Vec<_> =
            links.filter_map(|((from, to), count)| Some((*place.get(from)?, *place.get(to)?, *count))).collect();
        links.sort_unstable();
        let count = |number: &u32| self.counts.get(*number as usize).copied().unwrap_or_default();
        let sections =
            names.into_iter().map(|(name, number)| Section { name: name.to_string(), count: count(number) }).collect();
        Map { sections, links, more }
    }

    fn pages(&self, number: u32) -> u64 {
        self.counts.get(number as usize).map_or(0, |count| count.pages)
    }

    fn number(&mut self, name: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(name) {
            return Some(*number);
        }
        let number = u32::try_from(self.counts.len()).ok().filter(|_| self.counts.len() < MOST)?;
        self.numbers.insert(name.into(), number);
        self.counts.push(SectionCount::default());
        Some(number)
    }
}

/// The section that a URL is in: all up to the slash behind the first segment of its path, or up to the path.
fn section(url: &str) -> &str {
    let path = url.find("://").map_or(0, |at| at + 3);
    let path = url.get(path..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(url.len(), |at| path + at);
    let behind = url.get(path..).unwrap_or_default();
    let end = behind.find(['?', '#']).unwrap_or(behind.len());
    let segment = behind.get(1..end).and_then(|segments| segments.find('/')).map_or(0, |at| at + 1);
    url.get(..=path + segment).unwrap_or(url)
}

/// Sections beyond these are not told apart.
const MOST: usize = 20_000;
const MOST_LINKS: usize = 400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_a_host_with_the_first_folder() {
        for (url, expected) in [
            ("http://e.com/", "http://e.com/"),
            ("http://e.com/page.html", "http://e.com/"),
            ("http://e.com/docs/", "http://e.com/docs/"),
            ("http://e.com/docs/a/b", "http://e.com/docs/"),
            ("http://e.com/a?b=/c/d", "http://e.com/"),
            ("http://e.com:81/é/x", "http://e.com:81/é/"),
            ("http://e.com", "http://e.com"),
        ] {
            assert_eq!(section(url), expected, "{url}");
        }
    }

    #[test]
    fn the_largest_are_shown_with_the_links_between_them() {
        let mut sections = Sections::default();
        let one = SectionCount { pages: 1, ok: 1, bad: 0 };
        for n in 0..3 {
            sections.take(&format!("http://e.com/a/{n}"), one, ["http://e.com/a/9", "http://e.com/b/1"].into_iter());
        }
        sections.take("http://e.com/b/1", SectionCount { ok: 0, bad: 1, ..one }, ["http://e.com/c/"].into_iter());
        sections.take("http://e.com/b/2", one, ["http://e.com/a/1"].into_iter());
        sections.take("http://e.com/d/", one, [].into_iter());
        let map = sections.map(2);
        let names: Vec<_> = map.sections.iter().map(|section| (section.name.as_str(), section.count.pages)).collect();
        assert_eq!(names, [("http://e.com/a/", 3), ("http://e.com/b/", 2)]);
        assert_eq!(map.sections[1].count, SectionCount { pages: 2, ok: 1, bad: 1 });
        assert_eq!(map.links, [(0, 0, 3), (0, 1, 3), (1, 0, 1)]);
        assert_eq!(map.more, 1, "what is only linked to is no section of the crawl");
    }
}
