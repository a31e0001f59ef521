//! Archives as sites: what was captured answers, and nothing is asked of anybody.

mod answer;
mod captures;
mod catalog;
mod index;
mod replay_at;
mod volume;
#[cfg(feature = "wacz")]
mod wacz;

pub use replay_at::ReplayAt;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use answer::{Bounds, Stored};
use captures::{Captures, Spot};
use catalog::Catalog;
use flate2::bufread::MultiGzDecoder;
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use tokio::sync::Semaphore;
use volume::Volume;

use super::{Budget, Fetch, Fetching, Options};
use crate::error::{self, Error};
use crate::outcome::{Failure, FailureKind};
use crate::request::{Purpose, Request};
use crate::response::{Body, Response};
use crate::url::{CrawlUrl, UrlRules};
use crate::warc::{Kind, Record};

/// Answers requests with what WARC files have (ISO 28500; also by a CDXJ index, or packed as WACZ 1.1.1), of whatever program.
///
/// A URL is found by its exact text, and if it was not captured so, as another spelling of the same page; of several captures
/// [`ReplayAt`] says which one answers. Digests are compared for
/// each record that is read: one that is not as it was written is a failure (`file`). A URL that was not captured is one too
/// (`not_archived`), but for a robots.txt: it is then taken for one that is not there (404), since nobody is asked.
///
/// # Cancel safety
/// Dropping the future gives its answer up; a read that has begun ends on its own.
#[derive(Debug, Clone)]
pub struct Archive {
    holdings: Arc<Holdings>,
    budget: Budget,
}

#[derive(Debug)]
struct Holdings {
    volumes: Vec<Volume>,
    captures: Captures,
    seeds: Vec<CrawlUrl>,
    at: ReplayAt,
    bounds: Bounds,
    rules: UrlRules,
    /// How many records may be read at once: what is read is counted in the budget only when it is here.
    readers: Semaphore,
}

impl Archive {
    /// The archive in these files: WARC, compressed or not, CDXJ, compressed or not, and WACZ. All of a WARC file is read
    /// once to find what is in it; an index saves that. What is damaged in them is told in the log, and what comes before and
    /// behind it is taken. `rules`: which URLs are one page.
    ///
    /// # Errors
    /// [`Error::Usage`] when a file cannot be read or is no archive, or an index names one that is not there.
    pub fn open(paths: &[PathBuf], options: &Options, rules: UrlRules) -> error::Result<Self> {
        let mut catalog = Catalog::new(rules);
        for path in paths {
            take(path, &mut catalog).map_err(|why| Error::Usage(format!("{}: {why}", path.display())))?;
        }
        Ok(Self::of(catalog, options))
    }

    /// The archive of a crawl: of each WARC file so many bytes count, or all.
    ///
    /// # Errors
    /// [`Error::Usage`] when a file cannot be read.
    #[cfg(feature = "sqlite")]
    pub(crate) fn of_crawl(files: &[(PathBuf, Option<u64>)], options: &Options) -> error::Result<Self> {
        let mut catalog = Catalog::new(UrlRules::new(usize::MAX));
        for (path, length) in files {
            let volume = Volume::beginning(path, *length).map_err(|error| Error::io("open", path, error))?;
            // A process that was killed may have begun a file and no record in it.
            if !volume.is_empty() {
                let wrong = |why| Error::Damaged(format!("{}: {why}", path.display()));
                catalog.read_through(&volume).map_err(wrong)?;
            }
        }
        Ok(Self::of(catalog, options))
    }

    fn of(catalog: Catalog, options: &Options) -> Self {
        let (volumes, captures, seeds) = catalog.finish();
        tracing::info!("{} captures in {} of archives", captures.len(), files(volumes.len()));
        let readers = Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from) * 2);
        let (at, bounds, rules) = (options.replay_at, Bounds::new(options), UrlRules::new(usize::MAX));
        let holdings = Holdings { volumes, captures, seeds, at, bounds, rules, readers };
        Self { holdings: Arc::new(holdings), budget: Budget::new(options.max_buffered) }
    }

    /// What a URL was answered with at an instant, or the last time before it: read here and now, which blocks.
    ///
    /// # Errors
    /// No archive has it, or what one has is damaged.
    #[cfg(feature = "sqlite")]
    pub(crate) fn captured(&self, url: &CrawlUrl, at: jiff::Timestamp) -> Result<Response, Failure> {
        let holdings = &self.holdings;
        let found = holdings.captures.find_dated(url, at);
        let found = found.ok_or_else(|| Failure::new(FailureKind::NotArchived, "the archive does not have it"))?;
        let (stored, _) = holdings.read(found.spot, MOST_REVISITS)?;
        let request = Request::new(url.clone(), Purpose::Page);
        Ok(stored.answer(&request, &holdings.bounds, self.budget.begin()))
    }

    /// The same archive, whose bodies share this budget with others.
    #[must_use]
    pub fn sharing(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// Where a crawl of it begins: at the pages that it names as its seeds, else at the first page in it.
    pub fn seeds(&self) -> &[CrawlUrl] {
        &self.holdings.seeds
    }

    async fn ask(&self, request: &Request) -> Result<Response, Failure> {
        let holdings = &self.holdings;
        let exact = holdings.captures.find(&request.url, holdings.at);
        let Some(found) = exact.or_else(|| holdings.captures.find_spelled(&request.url, holdings.at)) else {
            return missing(request);
        };
        let permit = holdings.readers.acquire().await.expect("the semaphore is never closed");
        let reading = Arc::clone(holdings);
        // Files block: they are read where blocking is allowed.
        let read = tokio::task::spawn_blocking(move || reading.read(found.spot, MOST_REVISITS)).await;
        let (stored, at) = read.unwrap_or_else(|error| Err(unreadable(&format!("reading was stopped: {error}"))))?;
        if exact.is_none() && holdings.leads_to(&stored, &request.url) {
            return missing(request);
        }
        let mut growing = self.budget.begin();
        growing.grow(stored.body.len() as u64).await;
        drop(permit);
        let mut response = stored.answer(request, &holdings.bounds, growing);
        response.captured = at;
        Ok(response)
    }
}

impl Fetch for Archive {
    fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
        Box::pin(self.ask(request))
    }
}

impl Holdings {
    /// What lies there, with the body of another record where that is said to have it, and when it was captured.
    fn read(&self, spot: Spot, revisits: u32) -> Result<(Stored, Option<jiff::Timestamp>), Failure> {
        let volume = usize::try_from(spot.volume).ok().and_then(|volume| self.volumes.get(volume));
        let volume = volume.ok_or_else(|| unreadable("the archive has no such volume"))?;
        let wrong = |why: &str| unreadable(&format!("{} at byte {}: {why}", volume.path().display(), spot.offset));
        let record = volume.read(spot).map_err(|why| wrong(&why))?;
        let at = record.date();
        if record.kind() != Kind::Revisit {
            return Ok((Stored::of(&record).map_err(|why| wrong(&why))?, at));
        }
        let first = self.revisited(&record, spot).filter(|_| revisits > 0);
        let first = first.ok_or_else(|| wrong("the record that it revisits is not in the archive"))?;
        let (first, _) = self.read(first, revisits - 1)?;
        let has_head = record.message().is_some();
        let own = if has_head { Stored::of(&record) } else { Ok(first.clone()) };
        let stored = own.and_then(|own| own.with_body_of(first, &record)).map_err(|why| wrong(&why))?;
        Ok((stored, at))
    }

    /// Whether an answer sends to this URL: what other spellings of it say so of themselves is no answer to itself.
    fn leads_to(&self, stored: &Stored, url: &CrawlUrl) -> bool {
        let location = stored.headers.get(LOCATION).and_then(|location| location.to_str().ok());
        let target = location.and_then(|location| self.rules.requestable(url, location));
        stored.status.is_redirection() && target.is_some_and(|target| target.as_str() == url.as_str())
    }

    /// Where the record is whose body a revisit has: the one that it names, else the capture of its URL before it.
    fn revisited(&self, revisit: &Record, spot: Spot) -> Option<Spot> {
        let named = revisit.refers_to().and_then(|(url, at)| {
            let url = self.rules.parse(url).ok()?;
            self.captures.find_dated(&url, at)
        });
        let before = || {
            let url = self.rules.parse(revisit.target_uri()?).ok()?;
            self.captures.before(&url, spot)
        };
        named.filter(|named| named.spot != spot).or_else(before).map(|capture| capture.spot)
    }
}

/// Takes one file, of whichever kind its first bytes say.
fn take(path: &Path, catalog: &mut Catalog) -> Result<(), String> {
    let mut file = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
    let start = file.fill_buf().map_err(|error| error.to_string())?;
    if start.starts_with(b"PK") {
        return packed(path, catalog);
    }
    let is_compressed = start.starts_with(&[0x1f, 0x8b]);
    let mut start = Vec::new();
    let mut lines: Box<dyn BufRead> =
        if is_compressed { Box::new(BufReader::new(MultiGzDecoder::new(file))) } else { Box::new(file) };
    lines.by_ref().take(LOOKED_AT).read_to_end(&mut start).map_err(|error| error.to_string())?;
    if start.trim_ascii_start().starts_with(b"WARC/") {
        return catalog.read_through(&Volume::file(path).map_err(|error| error.to_string())?);
    }
    if start.is_empty() {
        return Err("the file is empty".to_owned());
    }
    let before = catalog.len();
    let passed = index::read(start.chain(lines), catalog, index::beside(path))?;
    if catalog.len() == before {
        return Err(format!("this is no archive: {KINDS}"));
    }
    if passed > 0 {
        tracing::debug!("{}: {passed} lines are no captures", path.display());
    }
    Ok(())
}

#[cfg(feature = "wacz")]
fn packed(path: &Path, catalog: &mut Catalog) -> Result<(), String> {
    wacz::take(path, catalog)
}

#[cfg(not(feature = "wacz"))]
fn packed(_: &Path, _: &mut Catalog) -> Result<(), String> {
    Err("this build reads no WACZ: build it with `--features wacz`, or unpack it and name the index in it".to_owned())
}

/// What a URL that no archive has comes to.
fn missing(request: &Request) -> Result<Response, Failure> {
    match request.purpose {
        Purpose::Robots => Ok(Response::new(StatusCode::NOT_FOUND, HeaderMap::new(), Body::Unwanted)),
        _ => Err(Failure::new(FailureKind::NotArchived, "no archive has it")),
    }
}

fn unreadable(why: &str) -> Failure {
    Failure::new(FailureKind::File, why.to_owned())
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

/// What is looked at of a file to find out what it is.
const LOOKED_AT: u64 = 64;
/// How long a chain of revisits may be: programs name the first record, so that one step is enough.
const MOST_REVISITS: u32 = 3;
const KINDS: &str = "a WARC file starts with `WARC/`, an index has CDXJ lines, a WACZ is a ZIP file";
