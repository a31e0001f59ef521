//! To a database: what the file of a crawl directory has, in one transaction. Cut off at any time, there is nothing of it, or all.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use super::Copied;
use super::spread::{Entry, Spread, key};
use super::written_place::with_place;
use crate::error::{Error, Result};
use crate::frontier::Edge;
use crate::observe::State;
use crate::sitemaps::SavedSitemap;
use crate::store::postgres::{Begun, ELSEWHERE, FilledNote, FilledSitemap, FilledUrl, Filling};
use crate::store::setting::{COOKIES_OF, NETWORK_OF, Setting};
use crate::store::sqlite::{Database, RawUrl, StoreReader};
use crate::store::{NODE, NodeFile, RunSettings, edges};
use crate::store_place::StorePlace;
use crate::trap::Trap;
use crate::url::UrlKey;

/// What a URL is known by, by the rules of the crawl.
type KeyOf<'a> = &'a dyn Fn(&str) -> Result<UrlKey>;

/// Copies the store of a crawl directory, which nobody else may use meanwhile, into a database; from then on the directory is a node
/// of the crawl there. The file stays as it is, and counts no more.
///
/// # Errors
/// [`Error::Usage`] when there is no such file, or a crawl of that name is there. [`Error::Damaged`] when the file is: nothing is
/// copied then.
pub(crate) fn to_database(dir: &Path, place: &StorePlace, key_of: KeyOf<'_>) -> Result<Copied> {
    let store = StoreReader::open(dir)?;
    if let Some(fault) = store.faults(1)?.first() {
        return Err(store.damaged(&fault.replace('\n', "; ")));
    }
    let mut broken = None;
    store.broken_rows(|what| {
        broken.get_or_insert(what);
    })?;
    if let Some(what) = broken {
        return Err(store.damaged(&format!("{what}; `crawler verify` tells of all")));
    }
    store.begin()?;
    // Who the directory will be is known before the database knows it: a call that was cut off after that finds itself there.
    let beside = dir.join(BESIDE);
    let node = match NodeFile::read(&beside) {
        Ok(Some(node)) if node.place().to_string() == place.to_string() => node,
        _ => {
            fs::create_dir_all(&beside).map_err(|error| Error::io("create", &beside, error))?;
            let node = NodeFile::new(place);
            node.write(&beside)?;
            node
        }
    };
    let copied = match Filling::begin(place, &node.id) {
        Ok(Begun::Filling(filling)) => fill(*filling, &store, place, key_of)?,
        Ok(Begun::Whole) => {
            let records = store.last_session()?.map_or(0, |last| last.records);
            Copied { urls: store.url_bound()?, records, ..Copied::default() }
        }
        Err(error) => {
            let _ = fs::remove_dir_all(&beside);
            return Err(error);
        }
    };
    let (from, to) = (beside.join(NODE), dir.join(NODE));
    fs::rename(&from, &to).map_err(|error| Error::io("write", &to, error))?;
    let _ = fs::File::open(dir).and_then(|folder| folder.sync_all());
    let _ = fs::remove_dir_all(&beside);
    Ok(copied)
}

fn fill(mut filling: Filling, store: &StoreReader, place: &StorePlace, key_of: KeyOf<'_>) -> Result<Copied> {
    let spread = Spread::new(store, filling.split())?;
    let hosts = hosts(&mut filling, store, &spread)?;
    let copied = urls(&mut filling, store, &spread, &hosts)?;
    let mut rows = Rows::new(|rows: &[(i16, i32, Vec<u8>)], filling: &mut Filling| filling.edges(rows));
    store.raw_edges(|id, edges: Vec<Edge>| {
        let (bucket, at) = spread.home(id)?;
        rows.push((bucket, at, edges::encode(&spread.edges(id, &edges)?)), &mut filling)
    })?;
    rows.finish(&mut filling)?;
    of_hosts(&mut filling, store, &spread, key_of)?;
    of_crawl(&mut filling, store, &spread, place, key_of)?;
    let sessions = store.raw_sessions()?;
    filling.sessions(&sessions)?;
    let state = match sessions.last().and_then(|(session, _)| session.ended) {
        Some(State::Complete) => "complete",
        Some(State::Limit) => "limit",
        _ => "running",
    };
    let buckets = filling.split().buckets().into();
    filling.finish(state, copied.records.saturating_sub(store.unasked()?))?;
    Ok(Copied { buckets, ..copied })
}

/// Writes the hosts; where each is, by its number in the file.
fn hosts(filling: &mut Filling, store: &Database, spread: &Spread) -> Result<Vec<(i16, i32)>> {
    let (mut places, mut counts) = (Vec::new(), HashMap::<i16, i32>::new());
    let mut rows = Rows::new(|rows: &[(i16, i32, String)], filling: &mut Filling| filling.hosts(rows));
    store.raw_hosts(|id, name| {
        if id as usize != places.len() {
            return Err(Error::Damaged(format!("host {name} has the number {id}, which is not its turn")));
        }
        let bucket = spread.of_host(name)?;
        let next = counts.entry(bucket).or_default();
        places.push((bucket, *next));
        *next += 1;
        rows.push((bucket, *next - 1, name.to_owned()), filling)
    })?;
    rows.finish(filling)?;
    Ok(places)
}

fn urls(filling: &mut Filling, store: &Database, spread: &Spread, hosts: &[(i16, i32)]) -> Result<Copied> {
    let mut copied = Copied::default();
    let mut rows = Rows::new(|rows: &[FilledUrl], filling: &mut Filling| filling.urls(rows));
    let mut entries = spread.elsewhere().into_iter().peekable();
    store.raw_urls(|url| {
        copied.urls += 1;
        copied.records += u64::from(url.record.is_some());
        rows.push(at_home(&url, spread, hosts)?, filling)?;
        while let Some(entry) = entries.next_if(|entry| entry.to == url.id) {
            rows.push(elsewhere(&url, entry)?, filling)?;
        }
        Ok(())
    })?;
    rows.finish(filling)?;
    Ok(copied)
}

fn at_home(url: &RawUrl<'_>, spread: &Spread, hosts: &[(i16, i32)]) -> Result<FilledUrl> {
    let (bucket, id) = spread.home(url.id)?;
    let referrer = url.referrer.map(|referrer| spread.home(referrer)).transpose()?;
    let (referrer, referrer_url) = match referrer {
        Some((home, id)) if home == bucket => (Some(id), None),
        Some(_) => (None, url.referrer_url.map(str::to_owned)),
        None => (None, None),
    };
    let host = url.host.map(|host| hosts.get(host as usize).copied());
    let host = match host {
        Some(Some((of, host))) if of == bucket => Some(host),
        Some(_) => return Err(Error::Damaged(format!("URL {} ({}) is of another host", url.id, url.url))),
        None => None,
    };
    Ok(FilledUrl {
        bucket,
        id,
        key: key(url.key)?.as_bytes().to_vec(),
        url: url.url.to_owned(),
        state: i16::try_from(url.state).unwrap_or_default(),
        depth: url.depth,
        hops: url.hops,
        referrer,
        referrer_url,
        host,
        attempts: i16::try_from(url.attempts).unwrap_or(i16::MAX),
        due: url.due,
        record: url.record,
        status: url.status,
        error: url.error.map(str::to_owned),
        bytes: url.bytes,
        moved: url.moved,
        untold: url.untold,
        mention: url.mention,
        link_text: url.link_text.map(str::to_owned),
    })
}

fn elsewhere(url: &RawUrl<'_>, entry: Entry) -> Result<FilledUrl> {
    let known = key(url.key)?;
    // As a part of a page it is known by the opposite of its key (frontier/elsewhere.rs).
    let is_part = url.hops & PART != 0;
    let key = if is_part { known.as_bytes().map(|byte| !byte) } else { *known.as_bytes() };
    Ok(FilledUrl {
        bucket: entry.bucket,
        id: entry.id,
        key: key.to_vec(),
        url: url.url.to_owned(),
        state: i16::try_from(ELSEWHERE).unwrap_or_default(),
        depth: url.depth,
        hops: url.hops,
        referrer: Some(entry.from),
        ..FilledUrl::default()
    })
}

/// What is kept about hosts.
fn of_hosts(filling: &mut Filling, store: &Database, spread: &Spread, key_of: KeyOf<'_>) -> Result<()> {
    let mut rows = Rows::new(|rows: &[(i16, String, String)], filling: &mut Filling| filling.manners(rows));
    store.raw_pairs("SELECT host, saved FROM manners ORDER BY host", |host, saved| {
        rows.push((spread.of_host(host)?, host.to_owned(), saved.to_owned()), filling)
    })?;
    rows.finish(filling)?;
    let mut counts = HashMap::<i16, i32>::new();
    let mut sitemaps = Vec::new();
    store.raw_pairs("SELECT url, saved FROM sitemap ORDER BY id", |url, saved| {
        let parsed: SavedSitemap = serde_json::from_str(saved)
            .map_err(|error| Error::Damaged(format!("what is known of the sitemap {url} is not readable: {error}")))?;
        let key = key_of(url)?;
        let bucket = spread.of_url(url, key)?;
        let next = counts.entry(bucket).or_default();
        let (url, saved) = (url.to_owned(), saved.to_owned());
        sitemaps.push(FilledSitemap { bucket, id: *next, key: key.as_bytes().to_vec(), url, saved, done: parsed.done });
        *next += 1;
        Ok(())
    })?;
    filling.sitemaps(&sitemaps)
}

/// What is kept of the crawl as a whole.
fn of_crawl(
    filling: &mut Filling,
    store: &Database,
    spread: &Spread,
    place: &StorePlace,
    key_of: KeyOf<'_>,
) -> Result<()> {
    let keyed = |url: String| Ok((key_of(&url)?.as_bytes().to_vec(), url));
    let seeds = store.seeds()?.into_iter().map(keyed).collect::<Result<Vec<_>>>()?;
    filling.seeds(&seeds, &store.seed_redirects()?)?;
    filling.outputs(&store.outputs()?)?;
    let settings = store.settings()?.map(|kept| RunSettings { toml: with_place(&kept.toml, Some(place)), ..kept });
    let mut notes = Vec::new();
    store.raw_pairs("SELECT name, value FROM setting ORDER BY name", |name, value| {
        let note = |of| (of, name.to_owned(), value.to_owned());
        if OF_SETTINGS.contains(&name) {
        } else if let Some(site) = name.strip_prefix(COOKIES_OF) {
            notes.push(note(FilledNote::Bucket(spread.of_host(site)?)));
        } else if name == Setting::Traps.name() {
            notes.extend(traps(value, spread)?);
        } else if name.starts_with(NETWORK_OF) {
            notes.push(note(FilledNote::Crawl));
        } else {
            notes.push(note(FilledNote::Node));
        }
        Ok(())
    })?;
    filling.notes(&notes, settings)
}

/// Each trap is with the bucket of what it is an example of.
fn traps(kept: &str, spread: &Spread) -> Result<Vec<(FilledNote, String, String)>> {
    let unreadable = |error: serde_json::Error| Error::Damaged(format!("the traps are not readable: {error}"));
    let all: Vec<Trap> = serde_json::from_str(kept).map_err(unreadable)?;
    let mut by_bucket = BTreeMap::<i16, Vec<Trap>>::new();
    for trap in all {
        let example = trap.examples.first().map_or("", String::as_str);
        let bucket = spread.of_url(example, UrlKey::of_bytes([0; 16]))?;
        by_bucket.entry(bucket).or_default().push(trap);
    }
    let note = |(bucket, traps): (i16, Vec<Trap>)| {
        let json = serde_json::to_string(&traps).map_err(|error| Error::Internal(error.to_string()))?;
        Ok((FilledNote::Bucket(bucket), Setting::Traps.name().into_owned(), json))
    };
    by_bucket.into_iter().map(note).collect()
}

/// Rows on their way, some thousands at a time.
struct Rows<R, W> {
    rows: Vec<R>,
    write: W,
}

impl<R, W: Fn(&[R], &mut Filling) -> Result<()>> Rows<R, W> {
    fn new(write: W) -> Self {
        Self { rows: Vec::with_capacity(AT_ONCE), write }
    }

    fn push(&mut self, row: R, filling: &mut Filling) -> Result<()> {
        self.rows.push(row);
        if self.rows.len() < AT_ONCE { Ok(()) } else { self.finish(filling) }
    }

    fn finish(&mut self, filling: &mut Filling) -> Result<()> {
        if !self.rows.is_empty() {
            (self.write)(&self.rows, filling)?;
            self.rows.clear();
        }
        Ok(())
    }
}

/// The rows of `setting` that the settings of a run have in a database.
const OF_SETTINGS: [&str; 5] = ["url_rules", "robots", "folder", "archives", "settings"];
/// Where the file `node` waits for its place.
const BESIDE: &str = "node.copy";
const AT_ONCE: usize = 5000;
const PART: i16 = 1024;
