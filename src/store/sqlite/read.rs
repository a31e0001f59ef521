//! Reading: what a run goes on with, and the texts that it asks for.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rusqlite::{OptionalExtension as _, Row as SqlRow, params};
use serde::de::DeserializeOwned;

use super::checksum::{Check, EDGES, URL};
use super::database::broken;
use super::{Database, edges};
use crate::error::{Error, Result};
use crate::extracted::Health;
use crate::fetch::{Network, SavedCookies, SavedSeedName};
use crate::frontier::{Edge, Moved, Place, Row, Rows, Want, WantedFor};
use crate::observe::State;
use crate::politeness::SavedHost;
use crate::sink::Checkpoint;
use crate::sitemaps::SavedSitemap;
use crate::store::code::is_sound_text;
use crate::store::setting::{COOKIES_OF, NETWORK_OF, Setting};
use crate::store::{RunSettings, Session};
use crate::trap::Trap;
use crate::unread::Unread;
use crate::url::{HostKey, UrlKey};

impl Database {
    /// Answers what a frontier wants to know.
    pub(super) fn rows(&self, want: Want) -> Result<Rows> {
        let Want { bucket, purpose, ids } = want;
        let rows = ids.into_iter().map(|id| self.row(id, purpose == WantedFor::Edges)).collect::<Result<_>>()?;
        Ok(Rows { bucket, purpose, rows })
    }

    /// What politeness knew of each host.
    pub(crate) fn hosts_known(&self) -> Result<Vec<(HostKey, SavedHost)>> {
        let mut hosts = Vec::new();
        self.each("SELECT host, saved FROM manners", |row| {
            let (host, saved) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
            Ok(parse(saved, || format!("host {host}")).map(|saved| hosts.push((HostKey::stored(host), saved))))
        })?;
        Ok(hosts)
    }

    /// The cookies of each site.
    pub(super) fn cookies(&self) -> Result<Vec<SavedCookies>> {
        let mut cookies = Vec::new();
        self.each("SELECT name, value FROM setting", |row| {
            if let Some(site) = row.get_ref(0)?.as_str()?.strip_prefix(COOKIES_OF) {
                cookies.push(SavedCookies { site: site.to_owned(), cookies: row.get(1)? });
            }
            Ok(Ok(()))
        })?;
        Ok(cookies)
    }

    /// What the names of seeds resolved to first. Of a word that is none, nothing is known.
    pub(super) fn seed_names(&self) -> Result<Vec<SavedSeedName>> {
        let mut names = Vec::new();
        self.each("SELECT name, value FROM setting", |row| {
            let name = row.get_ref(0)?.as_str()?.strip_prefix(NETWORK_OF).map(str::to_owned);
            let network = Network::of_name(row.get_ref(1)?.as_str()?);
            names.extend(name.zip(network).map(|(name, network)| SavedSeedName { name, network }));
            Ok(Ok(()))
        })?;
        Ok(names)
    }

    /// What is known of each sitemap, by its URL, in the order in which they were taken.
    pub(crate) fn sitemaps(&self) -> Result<Vec<(String, SavedSitemap)>> {
        let mut sitemaps = Vec::new();
        self.each("SELECT url, saved FROM sitemap ORDER BY id", |row| {
            let (url, saved) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?);
            Ok(parse(saved, || format!("sitemap {url}")).map(|saved| sitemaps.push((url.to_owned(), saved))))
        })?;
        Ok(sitemaps)
    }

    /// The seeds of all runs.
    pub(crate) fn seeds(&self) -> Result<Vec<String>> {
        let mut seeds = Vec::new();
        self.each("SELECT url FROM seed", |row| {
            seeds.push(row.get(0)?);
            Ok(Ok(()))
        })?;
        Ok(seeds)
    }

    /// Where seeds lead to, in the order in which that was found.
    pub(crate) fn seed_redirects(&self) -> Result<Vec<(String, String)>> {
        let mut redirects = Vec::new();
        self.each("SELECT url, target FROM seed_redirect ORDER BY id", |row| {
            redirects.push((row.get(0)?, row.get(1)?));
            Ok(Ok(()))
        })?;
        Ok(redirects)
    }

    /// The settings of the last run; `None` when there was none.
    pub(crate) fn settings(&self) -> Result<Option<RunSettings>> {
        let Some(toml) = self.setting(Setting::Settings)? else { return Ok(None) };
        let setting = |setting| self.setting(setting).map(Option::unwrap_or_default);
        Ok(Some(RunSettings {
            url_rules: setting(Setting::UrlRules)?,
            robots: setting(Setting::Robots)?,
            folder: setting(Setting::Folder)?,
            archives: setting(Setting::Archives)?,
            toml,
        }))
    }

    /// How many settled URLs were never asked for.
    pub(crate) fn unasked(&self) -> Result<u64> {
        let kept = self.setting(Setting::Unasked)?;
        Ok(kept.and_then(|kept| kept.parse().ok()).unwrap_or_default())
    }

    /// What rules have found; `None` when there were none.
    pub(crate) fn rules(&self) -> Result<Option<Health>> {
        self.setting(Setting::Rules)?.map(|kept| parse(&kept, || "the rules".to_owned())).transpose()
    }

    /// The traps that are closed.
    pub(crate) fn traps(&self) -> Result<Vec<Trap>> {
        let kept = self.setting(Setting::Traps)?;
        Ok(kept.map(|kept| parse(&kept, || "the traps".to_owned())).transpose()?.unwrap_or_default())
    }

    /// How many records outputs have lost; `None` when they never have.
    pub(crate) fn asked_again(&self) -> Result<Option<u64>> {
        Ok(self.setting(Setting::AskedAgain)?.and_then(|kept| kept.parse().ok()))
    }

    /// What was met and not read.
    pub(crate) fn unread(&self) -> Result<Unread> {
        self.parsed_setting(Setting::Unread)
    }

    /// What is kept under a name as JSON. What cannot be read is left out: it is told and not gone on with.
    pub(super) fn parsed_setting<T: DeserializeOwned + Default>(&self, setting: Setting<'_>) -> Result<T> {
        Ok(self.setting(setting)?.and_then(|kept| serde_json::from_str(&kept).ok()).unwrap_or_default())
    }

    /// What is kept under a name.
    pub(super) fn setting(&self, setting: Setting<'_>) -> Result<Option<String>> {
        let sql = "SELECT value FROM setting WHERE name = ?1";
        let value = self.connection.query_row(sql, params![setting.name()], |row| row.get(0)).optional();
        value.map_err(|error| self.failed("read", &error))
    }

    /// How far each output is durable, by its name.
    pub(crate) fn outputs(&self) -> Result<Vec<(String, Checkpoint)>> {
        let mut outputs = Vec::new();
        let crc = if self.has_column("output", "crc")? { "crc" } else { "NULL" };
        self.each(&format!("SELECT name, length, amended, {crc} FROM output"), |row| {
            let length = |at| row.get::<_, Option<i64>>(at).map(|length| length.map(i64::cast_unsigned));
            let committed = length(1)?.unwrap_or_default();
            outputs.push((row.get(0)?, Checkpoint::Length { committed, amended: length(2)?, crc: row.get(3)? }));
            Ok(Ok(()))
        })?;
        Ok(outputs)
    }

    /// The last run.
    pub(crate) fn last_session(&self) -> Result<Option<Session>> {
        let sql = format!("SELECT {SESSION} FROM session ORDER BY id DESC LIMIT 1");
        self.connection.query_row(&sql, [], session).optional().map_err(|error| self.failed("read", &error))
    }

    /// When the first run began, in milliseconds since 1970, and how long all of them took together.
    pub(crate) fn times(&self) -> Result<(Option<i64>, Duration)> {
        let sql = "SELECT min(started_at), coalesce(sum(max(committed_at - started_at, 0)), 0) FROM session";
        let times = self.connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)));
        let (start, elapsed) = times.map_err(|error| self.failed("read", &error))?;
        Ok((start, Duration::from_millis(elapsed.cast_unsigned())))
    }

    /// The next records that are out of date, with their numbers.
    pub(super) fn moved(&self, after: u64) -> Result<Vec<(u64, Moved)>> {
        let failed = |error: rusqlite::Error| self.failed("read", &error);
        let mut statement = self.connection.prepare_cached(OUT_OF_DATE).map_err(failed)?;
        let moved = statement.query_map([after.cast_signed()], |row| {
            let place = Place { depth: row.get(2)?, referrer: optional_text(row, 3)? };
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), Moved { url: text(row, 1)?, place }))
        });
        moved.map_err(failed)?.collect::<rusqlite::Result<_>>().map_err(failed)
    }

    fn row(&self, id: u32, with_edges: bool) -> Result<Row> {
        let read = |row: &SqlRow<'_>| {
            let (text, key) = (text(row, 0)?, UrlKey::of_bytes(row.get(5)?));
            Ok((text, key, row.get(1)?, optional_text(row, 2)?, (row.get(3)?, row.get(4)?)))
        };
        let statement = self.connection.prepare_cached(ROW);
        let found = statement.and_then(|mut statement| statement.query_row(params![id], read));
        let (text, key, attempts, referrer, place) = found.map_err(|error| self.failed("read", &error))?;
        let edges = if with_edges { self.edges(id)? } else { Vec::new() };
        Ok(Row { id, text, key, attempts, referrer, place, edges })
    }

    fn edges(&self, id: u32) -> Result<Vec<Edge>> {
        let statement = self.connection.prepare_cached(&LINKS);
        let read = |row: &SqlRow<'_>| {
            if EDGES.check(row)? == Check::Broken {
                return Ok(Err(broken(&EDGES.broken(row))));
            }
            Ok(row.get_ref(1)?.as_blob().map(edges::decode)?)
        };
        let found = statement.and_then(|mut statement| statement.query_row(params![id], read).optional());
        let edges = found.map_err(|error| self.failed("read", &error))?.unwrap_or_else(|| Ok(Vec::new()));
        edges.map_err(|error| self.named(error))
    }
}

/// Refuses a row of the table `url` that is not as it was written. Of one without a checksum, the text at least has to be a
/// URL, unless it is one that is not requested: that may be anything.
pub(super) fn expect_sound_url(row: &SqlRow<'_>) -> rusqlite::Result<Result<()>> {
    let is_url = || -> rusqlite::Result<bool> { Ok(is_sound_text(row.get_ref(2)?.as_str()?, row.get(3)?)) };
    Ok(match URL.check(row)? {
        Check::Sound => Ok(()),
        Check::Unchecked if is_url()? => Ok(()),
        Check::Unchecked | Check::Broken => Err(broken(&URL.broken(row))),
    })
}

/// What somebody has kept as JSON.
fn parse<T: DeserializeOwned>(saved: &str, of: impl Fn() -> String) -> Result<T> {
    serde_json::from_str(saved)
        .map_err(|error| Error::Damaged(format!("what is known of the {} is not readable: {error}", of())))
}

fn text(row: &SqlRow<'_>, at: usize) -> rusqlite::Result<Arc<str>> {
    Ok(row.get_ref(at)?.as_str()?.into())
}

/// A run, of a row of [`SESSION`].
pub(super) fn session(row: &SqlRow<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        version: row.get(0)?,
        pid: row.get(1)?,
        started_at: row.get(2)?,
        committed_at: row.get(3)?,
        records_before: row.get::<_, i64>(4)?.cast_unsigned(),
        records: row.get::<_, i64>(5)?.cast_unsigned(),
        ended: State::of_name(row.get_ref(6)?.as_str()?),
    })
}

fn optional_text(row: &SqlRow<'_>, at: usize) -> rusqlite::Result<Option<Arc<str>>> {
    Ok(row.get_ref(at)?.as_str_or_null()?.map(Into::into))
}

static LINKS: LazyLock<String> = LazyLock::new(|| format!("{} WHERE id = ?1", EDGES.select()));
/// The columns of a run.
pub(super) const SESSION: &str = "version, pid, started_at, committed_at, records_before, records, state";
const ROW: &str = "SELECT url.url, url.attempts, referrer.url, url.depth, url.hops, url.key FROM url \
                   LEFT JOIN url AS referrer ON referrer.id = url.referrer WHERE url.id = ?1";

/// As many as an output is corrected by without a pause.
const OUT_OF_DATE: &str = "SELECT url.record, url.url, url.depth, referrer.url FROM url LEFT JOIN url AS referrer ON \
                           referrer.id = url.referrer WHERE url.moved IS NOT NULL AND url.record > ?1 \
                           ORDER BY url.record LIMIT 1024";

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use rusqlite::StatementStatus;

    use super::*;
    use crate::store::sqlite::Sqlite;
    use crate::wall_clock::WallClock;

    #[test]
    fn the_statement_that_reads_a_text_is_compiled_once() {
        let dir = tempfile::tempdir().unwrap();
        let clock = WallClock::new(Instant::now(), jiff::Timestamp::now());
        let store = Sqlite::open(dir.path(), clock).unwrap();
        let mut statement = store.database.connection.prepare_cached(ROW).unwrap();
        for id in 0..10 {
            assert!(!statement.exists(params![id]).unwrap());
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
