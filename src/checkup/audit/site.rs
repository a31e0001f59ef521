//! The site: what is known of all its pages, in few bytes for each, for rules that compare them.

use std::cell::RefCell;
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::Path;

use hashbrown::{DefaultHashBuilder, HashMap, HashSet};

use super::records::{Record, Records};
use crate::checkup::answers::{Answers, Landing};
use crate::checkup::keys::{Key, Keys};
use crate::checkup::pages::Kept;
use crate::committed::look;
use crate::error::Result;
use crate::mention::Mention;
use crate::store::file;
use crate::survey::Survey;

/// What is known of the pages of a site.
pub(super) struct Site {
    keys: RefCell<Keys>,
    answers: Answers,
    known: HashMap<Key, Known>,
    /// How many pages say the same in one of their parts, by a print of that.
    same: HashMap<u64, u32>,
    /// Prints of a page and of another one that it names as itself in another language.
    versions: HashSet<u64>,
    hasher: DefaultHashBuilder,
    is_surveyed: bool,
    is_linked_known: bool,
}

/// What is known of one page.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked for by another rule")]
pub(super) struct Known {
    pub(super) canonical: Option<Key>,
    /// It asks not to be in an index.
    pub(super) noindex: bool,
    /// A sitemap lists it.
    pub(super) is_listed: bool,
    /// Another page links to it.
    pub(super) is_linked: bool,
    /// It was read as a page.
    pub(super) is_read: bool,
}

/// A part of a page that others may have too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Title,
    Description,
    Body,
}

impl Site {
    /// Reads what the crawl in a directory has kept.
    pub(super) fn read(dir: &Path) -> Result<Self> {
        let kept = Kept::settings_of(dir)?;
        let mut keys = Keys::new(kept.settings.url_rules());
        let answers = Answers::read(dir, &mut keys)?;
        let mut site = Self {
            keys: RefCell::new(keys),
            answers,
            known: HashMap::new(),
            same: HashMap::new(),
            versions: HashSet::new(),
            hasher: DefaultHashBuilder::default(),
            is_surveyed: kept.is_surveyed,
            is_linked_known: kept.is_surveyed || kept.settings.output.links,
        };
        let mut records = Records::open(dir, kept.is_surveyed)?;
        while let Some((record, survey)) = records.next()? {
            site.take(&record, survey.as_ref());
        }
        site.take_listed(dir)?;
        Ok(site)
    }

    /// Whether the crawl has kept surveys.
    pub(super) fn is_surveyed(&self) -> bool {
        self.is_surveyed
    }

    /// Whether the crawl has kept which pages are linked.
    pub(super) fn knows_links(&self) -> bool {
        self.is_linked_known
    }

    pub(super) fn key_of(&self, url: &str) -> Option<Key> {
        self.keys.borrow_mut().of(url)
    }

    /// What is known of a URL.
    pub(super) fn known(&self, key: Key) -> Known {
        self.known.get(&key).copied().unwrap_or_default()
    }

    /// Where a URL leads to in the end.
    pub(super) fn follow(&self, key: Key) -> Landing {
        self.answers.follow(key)
    }

    /// How many other pages that are to be found say the same there.
    pub(super) fn others_with(&self, part: Part, text: &str) -> u32 {
        self.same.get(&self.print(part, text)).map_or(0, |count| count.saturating_sub(1))
    }

    /// Whether a page names another one as itself in another language.
    pub(super) fn names_version(&self, page: Key, other: Key) -> bool {
        self.versions.contains(&self.pair(page, other))
    }

    fn take(&mut self, record: &Record<'_>, survey: Option<&Survey>) {
        let Some(key) = self.key_of(&record.url).filter(|_| record.is_page()) else { return };
        let canonical = record.canonical.as_deref().and_then(|canonical| self.key_of(canonical));
        let known = self.known.entry(key).or_default();
        (known.canonical, known.is_read) = (canonical, true);
        known.noindex = survey.is_some_and(|survey| survey.noindex);
        if !known.noindex && canonical.is_none_or(|canonical| canonical == key) {
            let parts = [
                (Part::Title, &record.title),
                (Part::Description, &record.description),
                (Part::Body, &record.content_hash),
            ];
            for (part, text) in parts {
                if let Some(text) = text {
                    let print = self.print(part, text);
                    *self.same.entry(print).or_default() += 1;
                }
            }
        }
        let links = survey.map(|survey| survey.links.iter().filter_map(|link| link.url.as_deref()));
        for url in links.into_iter().flatten().chain(record.links.iter().map(|url| &**url)) {
            let to = self.key_of(url).filter(|to| *to != key);
            if let Some(to) = to {
                self.known.entry(to).or_default().is_linked = true;
            }
        }
        for alternate in survey.iter().flat_map(|survey| &survey.alternates) {
            if let Some(to) = self.key_of(&alternate.url) {
                let pair = self.pair(key, to);
                self.versions.insert(pair);
            }
        }
    }

    /// Takes which pages sitemaps list, as far as the store knows: those that were found there first.
    fn take_listed(&mut self, dir: &Path) -> Result<()> {
        if !file::is_there(dir)? {
            return Ok(());
        }
        let known = RefCell::new(&mut self.known);
        look(dir, |store| {
            store.entries(|entry| {
                if let (Some(Mention::Sitemap), Some(key)) = (entry.mention, Key::of_bytes(entry.key)) {
                    known.borrow_mut().entry(key).or_default().is_listed = true;
                }
                Ok(())
            })
        })
    }

    fn print(&self, part: Part, text: &str) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u8(part as u8);
        hasher.write(text.as_bytes());
        hasher.finish()
    }

    fn pair(&self, page: Key, other: Key) -> u64 {
        self.hasher.hash_one((page, other))
    }
}
