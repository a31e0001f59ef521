//! A view: one page as rules see it: its record, its survey, and its site.

use super::records::Record;
use super::site::{Known, Site};
use crate::checkup::keys::Key;
use crate::survey::{Spot, Survey};

/// One page, or another URL that was asked for.
pub(super) struct View<'a> {
    pub(super) record: Record<'a>,
    /// `None` when the crawl has kept none, or it is no page.
    pub(super) survey: Option<Survey>,
    pub(super) site: &'a Site,
    pub(super) key: Key,
    pub(super) known: Known,
}

/// What a rule has to say of a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) why: String,
    pub(super) at: Option<Spot>,
    /// The text of the page that it is about.
    pub(super) text: Option<String>,
}

impl<'a> View<'a> {
    /// `None` when the URL of the record is none by the rules of the crawl.
    pub(super) fn of(record: Record<'a>, survey: Option<Survey>, site: &'a Site) -> Option<Self> {
        let key = site.key_of(&record.url)?;
        Some(Self { record, survey, site, key, known: site.known(key) })
    }

    pub(super) fn url(&self) -> &str {
        &self.record.url
    }

    /// Whether it is a page that was read.
    pub(super) fn is_page(&self) -> bool {
        self.record.is_page()
    }

    /// Whether it is a page that is to be found by a search: it does not ask not to be, and is no copy of another one.
    pub(super) fn is_to_be_found(&self) -> bool {
        self.is_page() && !self.known.noindex && self.known.canonical.is_none_or(|canonical| canonical == self.key)
    }
}

impl Said {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), at: None, text: None }
    }

    pub(super) fn at(self, at: Option<Spot>) -> Self {
        Self { at, ..self }
    }

    pub(super) fn of(self, text: &str) -> Self {
        Self { text: Some(text.chars().take(TEXT).collect()), ..self }
    }
}

/// How much of a text is shown, in characters.
const TEXT: usize = 120;
