//! The pages of a crawl that nobody writes any more: their records and items, found by their URLs.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::lines::{IndexedLines, Places};
use crate::error::{Error, Result};
use crate::extracted::{Item, PAGE_URL};
use crate::sink::{Lines, Record};
use crate::url::{CrawlUrl, UrlKey, UrlRules};

/// The pages of a crawl. Memory holds 16 bytes for each record, and for each page with items of one kind; the files stay as they
/// are, whatever becomes of their names.
#[derive(Debug)]
pub(crate) struct Pages {
    urls: UrlRules,
    path: PathBuf,
    pub(super) records: IndexedLines,
    /// Each kind of items by its name.
    items: Vec<(String, IndexedLines)>,
}

impl Pages {
    /// Reads the records of a crawl, and its items unless they are in tables. `items`: the name of each kind, and its lines.
    ///
    /// # Errors
    /// [`Error::Damaged`] when a line is not what a crawl has written.
    pub(crate) fn read(
        urls: UrlRules,
        records: (PathBuf, Lines),
        items: Vec<(String, PathBuf, Lines)>,
    ) -> Result<Self> {
        let (path, mut lines) = records;
        let mut places = Places::default();
        while let Some(line) = lines.next_line()? {
            let start: RecordStart = serde_json::from_slice(line).map_err(|error| damaged(&path, &error))?;
            places.note(urls.parse(&start.url).ok().map(|url| url.key()), line.len());
        }
        let records = places.open(&path)?;
        let mut of_items = Vec::new();
        for (name, path, mut lines) in items {
            let (mut places, mut last) = (Places::default(), String::new());
            while let Some(line) = lines.next_line()? {
                let item: ItemStart = serde_json::from_slice(line).map_err(|error| damaged(&path, &error))?;
                // Those of one page follow each other.
                let key =
                    if item.page_url == last { None } else { urls.parse(&item.page_url).ok().map(|url| url.key()) };
                places.note(key, line.len());
                last = item.page_url;
            }
            of_items.push((name, places.open(&path)?));
        }
        Ok(Self { urls, path, records, items: of_items })
    }

    /// Whether items can be read.
    pub(super) fn has_items(&self) -> bool {
        !self.items.is_empty()
    }

    /// What a URL is known by; `None` of what is none by the rules of this crawl.
    pub(super) fn key(&self, url: &str) -> Option<UrlKey> {
        self.parse(url).map(|url| url.key())
    }

    /// A URL by the rules of this crawl.
    pub(super) fn parse(&self, url: &str) -> Option<CrawlUrl> {
        self.urls.parse(url).ok()
    }

    /// The record of a page, with its items. `None` when there is none. May block.
    pub(super) fn find(&self, key: UrlKey) -> Result<Option<(Record, Vec<Item>)>> {
        for found in self.records.of(key) {
            let (_, line) = found?;
            let record = self.record(&line)?;
            if self.key(&record.url) == Some(key) {
                return Ok(Some(self.with_items(record)));
            }
        }
        Ok(None)
    }

    /// A record with the items of its page.
    pub(super) fn with_items(&self, record: Record) -> (Record, Vec<Item>) {
        let items = self.items_of(&record.url, u64::MAX).unwrap_or_default();
        (record, items)
    }

    /// Reads a line.
    pub(super) fn record(&self, line: &[u8]) -> Result<Record> {
        serde_json::from_slice(line).map_err(|error| damaged(&self.path, &error))
    }

    /// Gives each line of the records to somebody, in their order, with the path of its file.
    pub(super) fn each_line(&self, mut each: impl FnMut(&[u8], &Path) -> Result<()>) -> Result<()> {
        let failed = |error| Error::io("read", &self.path, error);
        let file = File::open(&self.path).map_err(failed)?;
        let (mut from, mut line) = (BufReader::with_capacity(BUFFER, file).take(self.records.length()), Vec::new());
        while from.read_until(b'\n', &mut line).map_err(failed)? > 0 {
            each(&line, &self.path)?;
            line.clear();
        }
        Ok(())
    }

    /// The items of a page, so many of each kind at most, in the order of the kinds. `None` when they cannot be read.
    pub(super) fn items_of(&self, url: &str, most: u64) -> Option<Vec<Item>> {
        if self.items.is_empty() {
            return Some(Vec::new());
        }
        let (key, mut items) = (self.key(url)?, Vec::new());
        for (name, lines) in &self.items {
            let Some(at) = lines.place_of(key) else { continue };
            let name: std::sync::Arc<str> = name.as_str().into();
            let read = lines.lines_from(at, most, |line| match serde_json::from_slice::<serde_json::Value>(line) {
                Ok(serde_json::Value::Object(value)) if value.get(PAGE_URL).is_some_and(|of| of == url) => {
                    items.push(Item { name: std::sync::Arc::clone(&name), value });
                    true
                }
                _ => false,
            });
            read.ok()?;
        }
        Some(items)
    }
}

#[derive(Debug, Deserialize)]
struct RecordStart {
    url: String,
}

#[derive(Debug, Deserialize)]
struct ItemStart {
    page_url: String,
}

pub(super) fn damaged(path: &Path, error: &serde_json::Error) -> Error {
    Error::Damaged(format!(
        "{} has a line that is not what the crawl has written: {error}\n = help: `crawler verify` says what else is wrong",
        path.display()
    ))
}

const BUFFER: usize = 256 << 10;
