//! The catalog of archives: their volumes, the captures in them, and the pages that they name as their seeds.

use std::collections::VecDeque;
use std::path::Path;

use hashbrown::HashSet;
use jiff::Timestamp;

use super::captures::{Capture, Captures, Spelling, Spot};
use super::volume::Volume;
use crate::url::{CrawlUrl, UrlKey, UrlRules};
use crate::warc::{Fields, Kind, Message, Place, Record};

/// What is found out about archives, one after the other.
#[derive(Debug)]
pub(super) struct Catalog {
    volumes: Vec<Volume>,
    captures: Vec<Capture>,
    /// How their URLs are written, where it is not as their pages are.
    spellings: Vec<Spelling>,
    /// The pages that an archive names as those where it began, each once.
    seeds: Vec<CrawlUrl>,
    named: HashSet<UrlKey>,
    /// The page that was captured first: where to begin when no archive says it.
    first_page: Option<(Timestamp, CrawlUrl)>,
    rules: UrlRules,
}

/// What came of a volume that was read through.
#[derive(Debug, Default)]
struct Scanned {
    /// Records, captures or not.
    records: u64,
    /// The first thing that is no record, and how many there are.
    fault: Option<String>,
    faults: u32,
    /// Whether records lie in one gzip member with others: each of them is found by reading all before it.
    is_slow: bool,
}

impl Catalog {
    /// Nothing yet. `rules`: which URLs are one page.
    pub(super) fn new(rules: UrlRules) -> Self {
        Self {
            volumes: Vec::new(),
            captures: Vec::new(),
            spellings: Vec::new(),
            seeds: Vec::new(),
            named: HashSet::new(),
            first_page: None,
            rules: rules.of_any_length(),
        }
    }

    /// Takes a volume; its number.
    pub(super) fn volume(&mut self, volume: Volume) -> u32 {
        self.volumes.push(volume);
        u32::try_from(self.volumes.len() - 1).unwrap_or(u32::MAX)
    }

    /// Reads a volume through, takes what it has, and tells what is wrong with it.
    ///
    /// # Errors
    /// When it cannot be read, or has no record.
    pub(super) fn read_through(&mut self, volume: &Volume) -> Result<(), String> {
        let shown = volume.path().display().to_string();
        let Scanned { records, fault, faults, is_slow } = self.scan(volume).map_err(|error| error.to_string())?;
        if is_slow {
            tracing::warn!(
                "{shown} has many records in one gzip member: to read one, all before it are read; \
                 `warcio recompress` makes a file of it that is read at once"
            );
        }
        match fault {
            Some(fault) if records == 0 => Err(fault),
            Some(fault) => {
                let more = if faults > 1 { format!(", and in {} more places", faults - 1) } else { String::new() };
                tracing::warn!("{shown} is damaged {fault}{more}; the {records} records beside that are taken");
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn scan(&mut self, volume: &Volume) -> std::io::Result<Scanned> {
        let number = self.volume(volume.clone());
        let mut scanned = Scanned::default();
        let mut exchanges = Exchanges::default();
        for placed in volume.heads()? {
            let placed = match placed {
                Ok(placed) => placed,
                Err(fault) => {
                    scanned.faults += 1;
                    scanned.fault.get_or_insert_with(|| fault.to_string());
                    continue;
                }
            };
            scanned.records += 1;
            let spot = match placed.place {
                Place::Alone { offset, .. } => Spot { volume: number, offset, before: 0 },
                Place::Among { offset, before } => {
                    scanned.is_slow |= before > 0;
                    Spot { volume: number, offset, before }
                }
            };
            self.take(&placed.record, spot, &mut exchanges);
        }
        self.captures.extend(exchanges.finish());
        Ok(scanned)
    }

    fn take(&mut self, record: &Record, spot: Spot, exchanges: &mut Exchanges) {
        match record.kind() {
            Kind::Request => exchanges.request(record),
            Kind::Metadata if record.content_type().as_deref() == Some("application/warc-fields") => {
                if Fields::parse(&record.block).get("seed").is_some()
                    && let Some(url) = record.target_uri()
                {
                    self.seed(url);
                }
            }
            _ => {
                let Some((url, at)) = record.target_uri().zip(record.date()) else { return };
                let Some(is_page) = answers(record) else { return };
                // What is of another scheme answers no request: `dns:`, `urn:`.
                let Ok(url) = self.rules.parse(url) else { return };
                if is_page {
                    self.page(&url, at);
                }
                self.spellings.extend(Spelling::of(&url));
                let capture = Capture::new(&url, at, spot);
                self.captures.extend(exchanges.capture(capture, record));
            }
        }
    }

    /// Takes a capture that an index names.
    pub(super) fn indexed(&mut self, url: &str, at: Timestamp, spot: Spot, is_page: bool) {
        let Ok(url) = self.rules.parse(url) else { return };
        if is_page {
            self.page(&url, at);
        }
        self.spellings.extend(Spelling::of(&url));
        self.captures.push(Capture::new(&url, at, spot));
    }

    /// Takes a page as the first one when no other was captured before it. Indexes are sorted by URL.
    fn page(&mut self, url: &CrawlUrl, at: Timestamp) {
        if self.first_page.as_ref().is_none_or(|(first, _)| at < *first) {
            self.first_page = Some((at, url.clone()));
        }
    }

    /// Takes a page that an archive names as one where it began.
    pub(super) fn seed(&mut self, url: &str) {
        if let Ok(url) = self.rules.parse(url)
            && self.seeds.len() < MOST_SEEDS
            && self.named.insert(url.key())
        {
            self.seeds.push(url);
        }
    }

    /// How many captures were taken.
    pub(super) fn len(&self) -> usize {
        self.captures.len()
    }

    /// Whether a file is among the volumes.
    pub(super) fn number_of(&self, path: &Path) -> Option<u32> {
        let nth = self.volumes.iter().position(|volume| volume.path() == path)?;
        u32::try_from(nth).ok()
    }

    /// The volumes, the captures in order, and where a crawl of them begins: at what they name, else at their first page.
    pub(super) fn finish(self) -> (Vec<Volume>, Captures, Vec<CrawlUrl>) {
        let mut seeds = self.seeds;
        if seeds.is_empty() {
            seeds.extend(self.first_page.map(|(_, url)| url));
        }
        (self.volumes, Captures::new(self.captures, self.spellings), seeds)
    }
}

/// The captures of the last few exchanges: the request of each may stand before or behind it, and an answer to anything but
/// a GET is none to a GET.
#[derive(Debug, Default)]
struct Exchanges {
    waiting: VecDeque<(Option<String>, Capture)>,
    /// The names of answers to other methods, whose requests stood before.
    others: HashSet<String>,
}

impl Exchanges {
    fn request(&mut self, record: &Record) {
        let method = Message::parse(&record.block).and_then(|message| message.method().map(str::to_owned));
        if method.is_none_or(|method| method == "GET") {
            return;
        }
        for of in record.concurrent_to() {
            self.waiting.retain(|(id, _)| id.as_deref() != Some(of));
            if self.others.len() < MOST_WAITING {
                self.others.insert(of.to_owned());
            }
        }
    }

    /// Takes a capture; one that waits no longer.
    fn capture(&mut self, capture: Capture, record: &Record) -> Option<Capture> {
        // Both ways are met: the answer names its request, or the request its answer.
        let is_other = record.id().is_some_and(|id| self.others.remove(id));
        if !is_other {
            self.waiting.push_back((record.id().map(str::to_owned), capture));
        }
        (self.waiting.len() > MOST_WAITING).then(|| self.waiting.pop_front())?.map(|(_, capture)| capture)
    }

    fn finish(self) -> impl Iterator<Item = Capture> {
        self.waiting.into_iter().map(|(_, capture)| capture)
    }
}

/// Whether a record answers a GET, and then whether it is a page. What says only that nothing has changed (304) or is a
/// part of a body (206) is no answer to a request without conditions.
fn answers(record: &Record) -> Option<bool> {
    match record.kind() {
        Kind::Response => {
            let message = record.message()?;
            let status = message.status().filter(|status| *status >= 200 && !matches!(status, 206 | 304))?;
            let content_type = message.header("Content-Type").map(String::from_utf8_lossy);
            Some(status == 200 && content_type.is_some_and(|value| is_page(&value)))
        }
        Kind::Resource => Some(record.fields.get("Content-Type").is_some_and(is_page)),
        Kind::Revisit => Some(false),
        _ => None,
    }
}

/// Whether a media type is that of HTML.
pub(super) fn is_page(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    ["text/html", "application/xhtml+xml"].iter().any(|page| media_type.eq_ignore_ascii_case(page))
}

/// How far a request may be from its answer, in captures.
const MOST_WAITING: usize = 64;
/// A crawl with more seeds was given a list of them.
const MOST_SEEDS: usize = 10_000;
