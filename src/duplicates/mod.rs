//! Duplicates: which pages of a crawl say the same as another one, or nearly the same.

mod groups;
mod near;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::committed::{LineSource, Output, Source};
use crate::duplicate::Duplicate;
use crate::error::{Error, Result};
use groups::Page;

pub(crate) use near::MOST;

/// What was found among the pages of a crawl.
#[derive(Debug)]
pub(crate) struct Duplicates {
    pages: Vec<Page>,
    found: Vec<groups::Duplicate>,
}

/// What was found as lines of JSON, one after the other.
struct Lines {
    of: Duplicates,
    next: usize,
    line: Vec<u8>,
}

/// How many of what there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Pages that were compared.
    pub(crate) pages: u64,
    pub(crate) originals: u64,
    pub(crate) equal: u64,
    pub(crate) near: u64,
}

/// What of a record is looked at.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
    depth: u32,
    #[serde(borrow)]
    content: Option<Content<'a>>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    text_hash: Option<Cow<'a, str>>,
    #[serde(borrow)]
    simhash: Option<Cow<'a, str>>,
}

impl Duplicates {
    /// Compares the pages that a crawl has committed, while it runs or after it; two are near when at most `distance` bits
    /// of their `SimHash`es differ, which are at most [`MOST`]. Takes one pass over the records, and some 150 bytes of
    /// memory for each page beside its URL.
    ///
    /// # Errors
    /// There is no crawl, its records cannot be read, or they have no texts.
    pub(crate) fn find(dir: &Path, distance: u32) -> Result<Self> {
        let mut lines = Source::open(dir, Output::Records)?.lines;
        let (mut pages, mut count) = (Vec::new(), 0_u64);
        while let Some(line) = lines.next_line()? {
            count += 1;
            let found = page(line);
            let broken = |why| Error::Damaged(format!("line {count} of {} is no record: {why}", lines.shown()));
            pages.extend(found.map_err(broken)?);
        }
        if pages.is_empty() && count > 0 {
            return Err(Error::Usage(format!(
                "no record in {} has a text to compare\n = help: crawl with --text or --markdown",
                dir.display()
            )));
        }
        let found = groups::find(&mut pages, distance.min(MOST));
        Ok(Self { pages, found })
    }

    /// Those of one original behind each other: the originals by depth and URL, then the pages.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Duplicate<'_>> {
        (0..self.found.len()).filter_map(|nth| self.get(nth))
    }

    /// The same as lines of JSON, for who reads those of a crawl.
    pub(crate) fn into_lines(self) -> Box<dyn LineSource> {
        Box::new(Lines { of: self, next: 0, line: Vec::new() })
    }

    fn get(&self, nth: usize) -> Option<Duplicate<'_>> {
        let groups::Duplicate { page, original, is_equal: equal, distance } = *self.found.get(nth)?;
        let (page, original) = (self.page(page)?, self.page(original)?);
        Some(Duplicate { url: &page.url, depth: page.depth, original: &original.url, equal, distance })
    }

    pub(crate) fn counts(&self) -> Counts {
        let originals: BTreeSet<_> = self.found.iter().map(|duplicate| duplicate.original).collect();
        let equal = self.found.iter().filter(|duplicate| duplicate.is_equal).count() as u64;
        let near = self.found.len() as u64 - equal;
        Counts { pages: self.pages.len() as u64, originals: originals.len() as u64, equal, near }
    }

    fn page(&self, nth: u32) -> Option<&Page> {
        self.pages.get(nth as usize)
    }
}

impl LineSource for Lines {
    fn next_line(&mut self) -> Result<Option<&[u8]>> {
        let Some(duplicate) = self.of.get(self.next) else { return Ok(None) };
        self.next += 1;
        self.line.clear();
        serde_json::to_writer(&mut self.line, &duplicate)
            .map_err(|error| Error::Internal(format!("a duplicate is no JSON: {error}")))?;
        Ok(Some(&self.line))
    }

    fn shown(&self) -> String {
        "the duplicates".to_owned()
    }
}

/// What a record says of its text; `None` when it has none. The error is for a person.
fn page(line: &[u8]) -> Result<Option<Page>, String> {
    let record: Record<'_> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let Some(Content { text_hash: Some(text), simhash }) = record.content else { return Ok(None) };
    // The start of a hash tells as much.
    let start = text.rsplit(':').next().and_then(|hash| hash.get(..32));
    let hash = start.and_then(|start| u128::from_str_radix(start, 16).ok());
    let simhash = simhash.map(|hash| u64::from_str_radix(&hash, 16)).transpose();
    match (hash, simhash) {
        (Some(text), Ok(simhash)) => Ok(Some(Page { url: record.url.into(), depth: record.depth, text, simhash })),
        _ => Err("the hashes of its content are none".to_owned()),
    }
}
