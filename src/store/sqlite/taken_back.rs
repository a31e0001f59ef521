//! Taken back: a crawl of a database as the file of a crawl directory, which goes on with it.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::checksum::{HOST, URL, add_function};
use super::copied::{To, fill};
use super::database::{Database, failed};
use super::open::{SCHEMA, VERSION};
use crate::error::{Error, Result};
use crate::store::file::APPLICATION_ID;
use crate::store::postgres::{Joined, NO_WAY, News, Snapshot};
use crate::url::{CrawlUrl, UrlKey};

impl Database {
    /// Writes all that a database has of a crawl, as the node of the snapshot sees it, into a new file, durably. What letters tell of is
    /// in it as if they were read, but for the rules: those are asked when the crawl goes on. `settings`: what becomes of them.
    /// How many URLs there are, and how many of them have a record.
    pub(in crate::store) fn take_back(
        path: &Path,
        snapshot: &mut Snapshot,
        settings: &dyn Fn(&str) -> String,
    ) -> Result<(u64, u64)> {
        let failed = |error: rusqlite::Error| failed(path, "write", &error);
        let connection = Connection::open(path).map_err(failed)?;
        add_function(&connection).map_err(failed)?;
        connection
            .execute_batch("PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")
            .map_err(failed)?;
        connection.execute_batch(SCHEMA).map_err(failed)?;
        let mut joined = Joined::with_news(snapshot)?;
        fill(&connection, path, &mut joined, &To::GoOn { settings })?;
        tell(&connection, &joined.news).map_err(failed)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        connection.pragma_update(None, "user_version", VERSION).map_err(failed)?;
        let counts = "SELECT count(*), count(record) FROM url";
        let count = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
        let (urls, records) = connection.query_row(counts, [], count).map_err(failed)?;
        connection.execute_batch("COMMIT").map_err(failed)?;
        connection.close().map_err(|(_, error)| failed(error))?;
        let synced = File::open(path).and_then(|file| file.sync_all());
        synced.map_err(|error| Error::io("write", path, error))?;
        Ok((urls.cast_unsigned(), records.cast_unsigned()))
    }
}

/// Tells the rows what homes do not know yet. What is new is pending: a start asks the rules, and skips what they refuse.
fn tell(connection: &Connection, news: &[News]) -> rusqlite::Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    let mut hosts = HashMap::new();
    let mut known = connection.prepare("SELECT id, name FROM host")?;
    let mut rows = known.query([])?;
    while let Some(row) = rows.next()? {
        hosts.insert(row.get::<_, String>(1)?, row.get::<_, i64>(0)?);
    }
    for told in news {
        if told.is_new {
            insert(connection, told, &mut hosts)?;
        } else {
            sink(connection, told)?;
        }
    }
    Ok(())
}

fn insert(connection: &Connection, told: &News, hosts: &mut HashMap<String, i64>) -> rusqlite::Result<()> {
    let host = if told.other.is_some() {
        None
    } else {
        let url = CrawlUrl::stored(told.url.as_str().into(), UrlKey::of_bytes([0; 16]));
        let next = i64::try_from(hosts.len()).unwrap_or(i64::MAX);
        let id = *hosts.entry(url.host().to_owned()).or_insert(next);
        if id == next {
            connection.prepare_cached(&NEW_HOST)?.execute(params![id, url.host()])?;
        }
        Some(id)
    };
    let state = told.other.map_or(0, |reason| FIRST_SKIPPED + reason);
    let News { number, key, url, depth, hops, referrer, mention, link_text, .. } = told;
    let mut new = connection.prepare_cached(&NEW_URL)?;
    new.execute(params![number, key, url, state, depth, hops, referrer, host, mention, link_text]).map(drop)
}

/// As the frontier does it with a way that is told again.
fn sink(connection: &Connection, told: &News) -> rusqlite::Result<()> {
    let place = |row: &rusqlite::Row<'_>| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, Option<i64>>(3)?))
    };
    let mut asked = connection.prepare_cached("SELECT depth, hops, state, record FROM url WHERE id = ?1")?;
    let Some((depth, hops, state, record)) = asked.query_row([told.number], place).optional()? else { return Ok(()) };
    let is_part = hops != NO_WAY && hops & PART != 0;
    let way = (told.depth, if is_part { told.hops | PART } else { told.hops });
    let is_shorter = told.hops != NO_WAY && (hops == NO_WAY || way < (depth, hops));
    if !is_shorter || state > LAST_SETTLED && told.other.is_some() {
        return Ok(());
    }
    let is_settled = (1..=LAST_SETTLED).contains(&state);
    let untold = is_settled.then_some(true);
    connection.prepare_cached(&PLACED)?.execute(params![told.number, way.0, way.1, untold])?;
    if way.0 < depth || hops == NO_WAY {
        let News { referrer, mention, link_text, .. } = told;
        let moved = record.map(|_| 1);
        connection.prepare_cached(&MOVED)?.execute(params![told.number, referrer, mention, link_text, moved])?;
    }
    Ok(())
}

static NEW_HOST: LazyLock<String> = LazyLock::new(|| HOST.insert("INSERT", &["?1", "?2"]));
static NEW_URL: LazyLock<String> = LazyLock::new(|| {
    let later = ["NULL"; 7];
    let values = [&["?1", "?2", "?3", "?4", "?5", "?6", "?7", "?8", "0"][..], &later, &["?9", "?10"]].concat();
    URL.insert("INSERT", &values)
});
static PLACED: LazyLock<String> =
    LazyLock::new(|| URL.update(&[("depth", "?2"), ("hops", "?3"), ("untold", "coalesce(?4, untold)")], "id = ?1"));
static MOVED: LazyLock<String> = LazyLock::new(|| {
    let set = [("referrer", "?2"), ("mention", "?3"), ("link_text", "?4"), ("moved", "coalesce(?5, moved)")];
    URL.update(&set, "id = ?1")
});
const PART: i64 = 1024;
const LAST_SETTLED: i64 = 5;
const FIRST_SKIPPED: i64 = 16;
