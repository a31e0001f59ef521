//! Spread: the URLs of one bucket, each in the bucket where it is at home among many.
//!
//! A page that leads into another bucket leads to an entry there, of the state elsewhere. What the entry is said to lie at is what
//! its home lies at: whatever becomes shorter than that later is told on, and nothing else has to be.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::frontier::{Bucket, Edge, Split};
use crate::store::code::of_code;
use crate::store::sqlite::Database;
use crate::url::{CrawlUrl, UrlKey};

/// Where each URL goes.
#[derive(Debug)]
pub(super) struct Spread {
    split: Split,
    /// The bucket of each URL, and its number there.
    homes: Vec<(i16, i32)>,
    /// How many numbers each bucket has given out.
    next: Vec<i32>,
    /// By the bucket of a page and what it leads to in another one: which of these it is.
    entries: HashMap<(i16, u32), u32>,
    elsewhere: Vec<Entry>,
}

/// What a bucket knows of a URL of another one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// The URL, by its number in the file.
    pub(super) to: u32,
    pub(super) bucket: i16,
    /// Its number there.
    pub(super) id: i32,
    /// A page that leads there, by its number in that bucket: the one on which it was found, or else the first.
    pub(super) from: i32,
}

impl Spread {
    /// Numbers all URLs anew: 12 bytes of memory for each, and about 50 for each that pages of another bucket lead to.
    pub(super) fn new(file: &Database, split: Split) -> Result<Self> {
        let next = vec![0; usize::from(split.buckets())];
        let mut spread = Self { split, homes: Vec::new(), next, entries: HashMap::new(), elsewhere: Vec::new() };
        let mut found_on = Vec::new();
        file.raw_urls(|url| {
            found_on.push(url.referrer);
            let state = of_code(url.state).map(|(state, _)| state);
            let state = state.ok_or_else(|| Error::Damaged(format!("URL {} has no known state", url.id)))?;
            if url.id as usize != spread.homes.len() {
                return Err(Error::Damaged(format!("there is no URL {}", spread.homes.len())));
            }
            let home = number(split.of_stored(url.url, key(url.key)?, state))?;
            let id = spread.number(home)?;
            spread.homes.push((home, id));
            Ok(())
        })?;
        if split != Split::ONE {
            file.raw_edges(|id, edges| spread.leads(id, &edges, &found_on))?;
        }
        Ok(spread)
    }

    /// The bucket and the number of a URL.
    pub(super) fn home(&self, id: u32) -> Result<(i16, i32)> {
        let home = self.homes.get(id as usize).copied();
        home.ok_or_else(|| Error::Damaged(format!("there is no URL {id}, but something is said of it")))
    }

    /// The bucket of all that has a host of this name.
    pub(super) fn of_host(&self, name: &str) -> Result<i16> {
        if self.split == Split::ONE {
            return Ok(0);
        }
        number(self.split.of_url(&CrawlUrl::stored(format!("http://{name}/").into(), UrlKey::of_bytes([0; 16]))))
    }

    /// The bucket of a URL that can be requested.
    pub(super) fn of_url(&self, text: &str, key: UrlKey) -> Result<i16> {
        number(self.split.of_url(&CrawlUrl::stored(text.into(), key)))
    }

    /// What a page leads to, by the numbers of its bucket.
    pub(super) fn edges(&self, id: u32, edges: &[Edge]) -> Result<Vec<Edge>> {
        let (bucket, _) = self.home(id)?;
        let led = edges.iter().map(|Edge { to, redirect }| {
            let (home, at) = self.home(*to)?;
            let entry = || self.elsewhere.get(*self.entries.get(&(bucket, *to))? as usize);
            let at = if home == bucket { Some(at) } else { entry().map(|entry| entry.id) };
            let at = at.and_then(|at| u32::try_from(at).ok());
            let at = at.ok_or_else(|| Error::Internal(format!("URL {to} has no entry in the bucket {bucket}")))?;
            Ok(Edge { to: at, redirect: *redirect })
        });
        led.collect()
    }

    /// What is elsewhere, in the order of the URLs.
    pub(super) fn elsewhere(&self) -> Vec<Entry> {
        let mut all = self.elsewhere.clone();
        all.sort_unstable_by_key(|entry| (entry.to, entry.bucket));
        all
    }

    /// Makes the entries for what a page leads to. `found_on`: the referrer of each URL.
    fn leads(&mut self, id: u32, edges: &[Edge], found_on: &[Option<u32>]) -> Result<()> {
        let (bucket, from) = self.home(id)?;
        for Edge { to, .. } in edges {
            if self.home(*to)?.0 == bucket {
                continue;
            }
            if let Some(known) = self.entries.get(&(bucket, *to)) {
                let is_found_here = found_on.get(*to as usize) == Some(&Some(id));
                if let Some(entry) = self.elsewhere.get_mut(*known as usize).filter(|_| is_found_here) {
                    entry.from = from;
                }
                continue;
            }
            let at = u32::try_from(self.elsewhere.len()).map_err(|_| Error::Usage("too many URLs".to_owned()))?;
            let id = self.number(bucket)?;
            self.entries.insert((bucket, *to), at);
            self.elsewhere.push(Entry { to: *to, bucket, id, from });
        }
        Ok(())
    }

    fn number(&mut self, bucket: i16) -> Result<i32> {
        let next = usize::try_from(bucket).ok().and_then(|bucket| self.next.get_mut(bucket));
        let next = next.ok_or_else(|| Error::Internal(format!("there is no bucket {bucket}")))?;
        let id = *next;
        *next = id
            .checked_add(1)
            .ok_or_else(|| Error::Usage("a bucket has more URLs than a database counts".to_owned()))?;
        Ok(id)
    }
}

/// The number of a bucket as the database has it.
fn number(bucket: Bucket) -> Result<i16> {
    i16::try_from(bucket.number())
        .map_err(|_| Error::Internal(format!("bucket {bucket} is more than a database counts")))
}

/// A key as a file has it.
pub(super) fn key(bytes: &[u8]) -> Result<UrlKey> {
    let key =
        bytes.try_into().map_err(|_| Error::Damaged(format!("a key has {} bytes in place of 16", bytes.len())))?;
    Ok(UrlKey::of_bytes(key))
}
