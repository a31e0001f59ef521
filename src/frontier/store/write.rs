//! Writing: changes as they come, and the commit that makes them one step.

use std::time::Instant;

use rusqlite::{CachedStatement, ToSql, params};

use super::{Store, code, edges};
use crate::error::{Error, Result};
use crate::frontier::{Change, HostId, State, StoredUrl};
use crate::outcome::OutcomeKind;
use crate::url::{CrawlUrl, HostKey};
use crate::wall_clock::WallClock;

/// What a record says about a URL that is settled, as far as the store keeps it.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// How often it was tried.
    pub attempts: u32,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The kind of error.
    pub error: Option<&'static str>,
    /// The decoded length of the body.
    pub bytes: Option<u64>,
}

impl Store {
    /// Keeps the changes of one operation. `settled` says what its record says, when there is one.
    pub fn apply(&mut self, changes: &[Change], settled: Option<&Facts>, clock: &WallClock) -> Result<()> {
        self.begin()?;
        for change in changes {
            match change {
                Change::Host { id, name } => self.host(*id, name)?,
                Change::Found(url) => self.found(url)?,
                Change::Placed { id, depth, hops, state, host } => {
                    self.execute(PLACED, params![id, depth, hops])?;
                    match state {
                        State::Settled => self.execute(UNTOLD, params![id, true])?,
                        state => self.execute(STANDS, params![id, code(*state, None), host])?,
                    }
                }
                Change::Told { id } => self.execute(UNTOLD, params![id, None::<bool>])?,
                Change::Moved { id, referrer } => self.execute(MOVED, params![id, referrer])?,
                Change::Settled { id, kind, edges } => {
                    let facts =
                        settled.ok_or_else(|| Error::Internal(format!("URL {id} is settled without a record")))?;
                    self.settled(*id, *kind, facts)?;
                    if !edges.is_empty() {
                        self.execute(EDGES, params![id, edges::encode(edges)])?;
                    }
                }
                Change::Retry { id, attempts, due } => {
                    self.execute(RETRY, params![id, attempts, clock.to_millis(*due)])?;
                }
                Change::Skipped { id, reason } => {
                    self.execute(SKIPPED, params![id, code(State::Skipped(*reason), None)])?;
                }
            }
        }
        Ok(())
    }

    /// Keeps what politeness knows of a host.
    pub fn keep_manners(&mut self, host: &HostKey, saved: &str) -> Result<()> {
        self.begin()?;
        self.execute(MANNERS, params![host.as_str(), saved])
    }

    /// Keeps what is known of a sitemap.
    pub fn keep_sitemap(&mut self, url: &CrawlUrl, saved: &str) -> Result<()> {
        self.begin()?;
        self.execute(SITEMAP, params![url.as_str(), saved])
    }

    /// Keeps the seeds of a run.
    pub fn keep_seeds<'a>(&mut self, seeds: impl IntoIterator<Item = &'a str>) -> Result<()> {
        self.begin()?;
        seeds
            .into_iter()
            .try_for_each(|seed| self.execute("INSERT OR IGNORE INTO seed (url) VALUES (?1)", params![seed]))
    }

    /// Keeps where a seed leads to.
    pub fn keep_seed_redirect(&mut self, url: &str, target: &str) -> Result<()> {
        self.begin()?;
        self.execute("INSERT INTO seed_redirect (url, target) VALUES (?1, ?2)", params![url, target])
    }

    /// Keeps something under a name.
    pub fn keep_setting(&mut self, name: &str, value: &str) -> Result<()> {
        self.begin()?;
        self.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)", params![name, value])
    }

    /// Keeps how far an output is durable. `amended` is the length that it has once corrected records are in its place.
    pub fn keep_output(&mut self, name: &str, length: u64, amended: Option<u64>) -> Result<()> {
        self.begin()?;
        let (length, amended) = (length.cast_signed(), amended.map(u64::cast_signed));
        self.execute(
            "INSERT OR REPLACE INTO output (name, length, amended) VALUES (?1, ?2, ?3)",
            params![name, length, amended],
        )
    }

    /// Whether any record is out of date.
    pub fn has_moved(&self) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM url WHERE moved IS NOT NULL AND record IS NOT NULL)";
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(|error| self.failed("read", &error))
    }

    /// Forgets which records are out of date.
    pub fn forget_moved(&mut self) -> Result<()> {
        self.begin()?;
        self.execute("UPDATE url SET moved = NULL WHERE moved IS NOT NULL", [])
    }

    /// Starts a run.
    pub fn start_session(&mut self, pid: u32, clock: &WallClock, now: Instant) -> Result<()> {
        self.begin()?;
        let at = clock.to_millis(now);
        self.records = self.last_session()?.map_or(0, |last| last.records.cast_signed());
        let (version, records) = (env!("CARGO_PKG_VERSION"), self.records);
        self.execute(SESSION, params![version, pid, at, records, "running"])?;
        self.session = self.connection.last_insert_rowid();
        Ok(())
    }

    /// Says how the run has ended.
    pub fn end_session(&mut self, state: &str) -> Result<()> {
        self.begin()?;
        self.execute("UPDATE session SET state = ?2 WHERE id = ?1", params![self.session, state])
    }

    /// Makes everything since the last commit durable, all of it or nothing.
    pub fn commit(&mut self, clock: &WallClock, now: Instant) -> Result<()> {
        if !self.open {
            return Ok(());
        }
        self.check_place()?;
        let at = clock.to_millis(now);
        self.execute(
            "UPDATE session SET committed_at = ?2, records = ?3 WHERE id = ?1",
            params![self.session, at, self.records],
        )?;
        self.connection.execute_batch("COMMIT").map_err(|error| self.failed("write", &error))?;
        self.open = false;
        if self.is_new { self.settle_in() } else { Ok(()) }
    }

    fn begin(&mut self) -> Result<()> {
        if !self.open {
            self.connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| self.failed("write", &error))?;
            self.open = true;
        }
        Ok(())
    }

    fn host(&mut self, id: HostId, name: &HostKey) -> Result<()> {
        self.execute("INSERT INTO host (id, name) VALUES (?1, ?2)", params![id, name.as_str()])
    }

    fn found(&mut self, url: &StoredUrl) -> Result<()> {
        let StoredUrl { id, text, key, path, state, host } = url;
        let (state, key) = (code(*state, None), key.as_bytes().as_slice());
        self.execute(FOUND, params![id, key, &**text, state, path.depth, path.hops, path.referrer, host])
    }

    fn settled(&mut self, id: u32, kind: OutcomeKind, facts: &Facts) -> Result<()> {
        self.records += 1;
        let Facts { attempts, status, error, bytes } = facts;
        let state = code(State::Settled, Some(kind));
        let bytes = bytes.map(u64::cast_signed);
        self.execute(SETTLED, params![id, state, attempts, self.records, status, error, bytes])
    }

    fn execute(&self, sql: &str, values: impl rusqlite::Params) -> Result<()> {
        let statement = self.connection.prepare_cached(sql);
        let run = |mut statement: CachedStatement<'_>| statement.execute(values);
        statement.and_then(run).map(drop).map_err(|error| self.failed("write", &error))
    }
}

impl ToSql for HostId {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

const FOUND: &str =
    "INSERT INTO url (id, key, url, state, depth, hops, referrer, host) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const PLACED: &str = "UPDATE url SET depth = ?2, hops = ?3 WHERE id = ?1";
const STANDS: &str = "UPDATE url SET state = ?2, host = ?3 WHERE id = ?1";
const UNTOLD: &str = "UPDATE url SET untold = ?2 WHERE id = ?1";
const MOVED: &str = "UPDATE url SET referrer = ?2, moved = 1 WHERE id = ?1";
const EDGES: &str = "INSERT OR REPLACE INTO edges (id, links) VALUES (?1, ?2)";
const RETRY: &str = "UPDATE url SET attempts = ?2, due = ?3 WHERE id = ?1";
const SKIPPED: &str = "UPDATE url SET state = ?2 WHERE id = ?1";
const SETTLED: &str = "UPDATE url SET state = ?2, attempts = ?3, record = ?4, status = ?5, error = ?6, bytes = ?7, \
                       due = NULL, moved = NULL WHERE id = ?1";
const MANNERS: &str = "INSERT OR REPLACE INTO manners (host, saved) VALUES (?1, ?2)";
const SITEMAP: &str =
    "INSERT INTO sitemap (url, saved) VALUES (?1, ?2) ON CONFLICT (url) DO UPDATE SET saved = excluded.saved";
const SESSION: &str = "INSERT INTO session (version, pid, started_at, committed_at, records_before, records, state) \
                       VALUES (?1, ?2, ?3, ?3, ?4, ?4, ?5)";
