//! Keeping: the contract of a store, on tables.

use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::time::Instant;

use rusqlite::params;
use serde::Serialize;

use super::Sqlite;
use super::checksum::{MANNERS, OUTPUT, SEED, SEED_REDIRECT, SESSION, SETTING, SITEMAP, TABLES, URL};
use crate::error::{Error, Result};
use crate::frontier::{Bucket, Change, Moved, Restore, Rows, Want};
use crate::sink::Checkpoint;
use crate::store::setting::Setting;
use crate::store::{Committed, Counts, Facts, KeptRecord, Note, Notes, RunSettings, Store};
use crate::wall_clock::WallClock;

impl Store for Sqlite {
    fn clock(&self) -> WallClock {
        self.clock
    }

    fn recall(&mut self) -> Result<Notes> {
        let database = &self.database;
        database.expect_whole()?;
        TABLES.iter().try_for_each(|table| database.expect_sound(table))?;
        let (started_at, elapsed) = database.times()?;
        Ok(Notes {
            seeds: database.seeds()?,
            seed_redirects: database.seed_redirects()?,
            settings: database.settings()?,
            hosts: self.hosts_known()?,
            cookies: database.cookies()?,
            seed_names: database.seed_names()?,
            sitemaps: database.sitemaps()?,
            unasked: database.unasked()?,
            unread: database.unread()?,
            traps: database.traps()?,
            rules: database.rules()?,
            outputs: database.outputs()?,
            asked_again: database.asked_again()?.unwrap_or_default(),
            failed_seeds: database.parsed_setting(Setting::FailedSeeds)?,
            last: database.last_session()?,
            started_at,
            elapsed,
        })
    }

    fn restore(&mut self, bucket: Bucket, to: &mut Restore<'_>) -> Result<Counts> {
        expect_first(bucket)?;
        let clock = self.clock.later(self.set_back_by()?);
        self.database.read_back(to, &clock)
    }

    fn apply(&mut self, bucket: Bucket, changes: Vec<Change>, settled: Option<Facts>) -> Result<()> {
        expect_first(bucket)?;
        if changes.is_empty() {
            return Ok(());
        }
        self.begin()?;
        self.write(&changes, settled.as_ref())
    }

    fn keep(&mut self, note: Note) -> Result<()> {
        self.begin()?;
        match note {
            Note::Seed(url) => self.execute(&KEEP_SEED, params![url.as_str()]),
            Note::SeedRedirect { from, to } => self.execute(&KEEP_SEED_REDIRECT, params![from.as_str(), to.as_str()]),
            Note::Settings(settings) => self.keep_settings(&settings),
            Note::Host(host, saved) => self.execute(&KEEP_MANNERS, params![host.as_str(), json(&*saved)?]),
            Note::Cookies(saved) => self.keep_setting(Setting::CookiesOf(&saved.site), &saved.cookies),
            Note::SeedName(saved) => self.keep_setting(Setting::NetworkOf(&saved.name), saved.network.name()),
            Note::Sitemap(url, saved) => self.execute(&KEEP_SITEMAP, params![url.as_str(), json(&saved)?]),
            Note::Unasked(unasked) => {
                self.unasked = Some(unasked);
                Ok(())
            }
            Note::Traps(traps) => self.keep_setting(Setting::Traps, &json(&traps)?),
            Note::Rules(health) => self.keep_setting(Setting::Rules, &json(&*health)?),
            Note::AskedAgain(records) => self.keep_setting(Setting::AskedAgain, &records.to_string()),
            Note::Unread(unread) => {
                self.unread = Some(unread);
                Ok(())
            }
            Note::Output(name, Checkpoint::Length { committed, amended, crc }) => {
                let (length, amended) = (committed.cast_signed(), amended.map(u64::cast_signed));
                self.execute(&KEEP_OUTPUT, params![name, length, amended, crc])
            }
            Note::NoOutput(name) => self.execute("DELETE FROM output WHERE name = ?1", params![name]),
            Note::Corrected => self.execute(&CORRECTED, []),
            Note::RunBegins { pid, at } => self.begin_run(pid, at),
            Note::RunEnds { state, failed_seeds } => {
                self.keep_setting(Setting::FailedSeeds, &json(&failed_seeds)?)?;
                self.execute(&ENDS, params![self.session, state.name()])
            }
        }
    }

    fn ask(&mut self, want: Want) -> Result<Option<Rows>> {
        expect_first(want.bucket)?;
        self.database.rows(want).map(Some)
    }

    fn moved(&mut self, after: u64) -> Result<Vec<(u64, Moved)>> {
        self.database.moved(after)
    }

    fn record(&self, number: u64) -> Result<Option<KeptRecord>> {
        self.database.record(number)
    }

    fn records(&self, each: &mut dyn FnMut(KeptRecord) -> Result<ControlFlow<()>>) -> Result<()> {
        self.database.records(each)
    }

    fn ask_again(&mut self, after: u64) -> Result<()> {
        self.forget_records(after)
    }

    fn forget(&mut self, records: &[u64]) -> Result<()> {
        self.forget_some(records)
    }

    fn check_place(&self) -> Result<()> {
        self.expect_in_place()
    }

    fn commit(&mut self, now: Instant) -> Result<Committed> {
        if !self.open {
            return Ok(Committed::default());
        }
        self.expect_in_place()?;
        if let Some(unasked) = self.unasked.take() {
            self.keep_setting(Setting::Unasked, &unasked.to_string())?;
        }
        if let Some(unread) = self.unread.take() {
            self.keep_setting(Setting::Unread, &json(&unread)?)?;
        }
        self.execute(&COMMITTED, params![self.session, self.clock.to_millis(now), self.records])?;
        self.database.run("write", "COMMIT")?;
        self.open = false;
        // A crawl that was killed before its run began has nothing in it: one wait for the disk is enough for both commits.
        if self.is_new && self.session != 0 {
            self.settle_in()?;
        }
        Ok(Committed::default())
    }
}

impl Sqlite {
    fn begin_run(&mut self, pid: u32, at: Instant) -> Result<()> {
        self.keep_times_anew()?;
        self.records = self.database.last_session()?.map_or(0, |last| last.records.cast_signed());
        let (version, at) = (env!("CARGO_PKG_VERSION"), self.clock.to_millis(at));
        self.execute(&BEGINS, params![version, pid, at, self.records, RUNNING])?;
        self.session = self.database.connection.last_insert_rowid();
        Ok(())
    }

    fn keep_settings(&self, settings: &RunSettings) -> Result<()> {
        let RunSettings { url_rules, robots, folder, archives, toml } = settings;
        self.keep_setting(Setting::UrlRules, url_rules)?;
        self.keep_setting(Setting::Robots, robots)?;
        self.keep_setting(Setting::Folder, folder)?;
        self.keep_setting(Setting::Archives, archives)?;
        self.keep_setting(Setting::Settings, toml)
    }

    fn keep_setting(&self, setting: Setting<'_>, value: &str) -> Result<()> {
        self.execute(&KEEP_SETTING, params![setting.name(), value])
    }
}

/// All tables are of one bucket.
fn expect_first(bucket: Bucket) -> Result<()> {
    let is_first = bucket == Bucket::FIRST;
    is_first.then_some(()).ok_or_else(|| Error::Internal(format!("a store in one file has no bucket {bucket}")))
}

pub(super) fn json(value: &(impl Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))
}

/// The state of a run that has not ended, or was killed.
const RUNNING: &str = "running";
const REPLACE: &str = "INSERT OR REPLACE";
static KEEP_SEED: LazyLock<String> = LazyLock::new(|| SEED.insert("INSERT OR IGNORE", &["?1"]));
static KEEP_SEED_REDIRECT: LazyLock<String> = LazyLock::new(|| SEED_REDIRECT.insert("INSERT", &["?1", "?2"]));
pub(super) static KEEP_MANNERS: LazyLock<String> = LazyLock::new(|| MANNERS.insert(REPLACE, &["?1", "?2"]));
static KEEP_SITEMAP: LazyLock<String> = LazyLock::new(|| {
    let replace = "ON CONFLICT (url) DO UPDATE SET saved = excluded.saved, checksum = excluded.checksum";
    format!("{} {replace}", SITEMAP.insert("INSERT", &["?1", "?2"]))
});
static KEEP_OUTPUT: LazyLock<String> = LazyLock::new(|| OUTPUT.insert(REPLACE, &["?1", "?2", "?3", "?4"]));
static KEEP_SETTING: LazyLock<String> = LazyLock::new(|| SETTING.insert(REPLACE, &["?1", "?2"]));
static CORRECTED: LazyLock<String> = LazyLock::new(|| URL.update(&[("moved", "NULL")], "moved IS NOT NULL"));
static BEGINS: LazyLock<String> =
    LazyLock::new(|| SESSION.insert("INSERT", &["?1", "?2", "?3", "?3", "?4", "?4", "?5"]));
static COMMITTED: LazyLock<String> =
    LazyLock::new(|| SESSION.update(&[("committed_at", "?2"), ("records", "?3")], "id = ?1"));
static ENDS: LazyLock<String> = LazyLock::new(|| SESSION.update(&[("state", "?2")], "id = ?1"));
