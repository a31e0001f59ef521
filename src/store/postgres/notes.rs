//! Notes: what a run goes on with, beside the URLs.

use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use tokio_postgres::Row;

use super::Postgres;
use super::row::millis;
use super::trouble::Answer;
use crate::error::{Error, Result};
use crate::fetch::{Network, SavedCookies, SavedSeedName};
use crate::observe::State;
use crate::politeness::SavedHost;
use crate::sink::Checkpoint;
use crate::sitemaps::SavedSitemap;
use crate::store::setting::{COOKIES_OF, NETWORK_OF, Setting};
use crate::store::{Notes, RunSettings, Session};
use crate::trap::Trap;
use crate::url::HostKey;

impl Postgres {
    /// All notes of earlier runs.
    pub(super) fn read_notes(&mut self) -> Result<Notes> {
        let back = self.set_back_by()?;
        let hosts = self.hosts_known(back)?;
        let node = self.remote.node.id.clone();
        let mut notes = Notes { hosts, ..Notes::default() };
        self.keyed_notes(&mut notes)?;
        notes.seeds = self.rows(SEEDS, &[], |row| Ok(row.try_get(0)?))?;
        // What comes after that is news.
        let epoch = self.rows(EPOCH, &[], |row| Ok(row.try_get(0)?))?.pop().unwrap_or_default();
        notes.seed_redirects = self.rows(REDIRECTS, &[&epoch], |row| Ok((row.try_get(0)?, row.try_get(1)?)))?;
        self.crowd.begin_at(epoch);
        notes.settings = self.rows(SETTINGS, &[], settings)?.pop();
        let own: Vec<_> = self.holdings.all().collect();
        notes.sitemaps = self.rows(SITEMAPS, &[&own], sitemap)?;
        notes.outputs = self.rows(OUTPUTS, &[&node], output)?;
        notes.last = self.last_session()?;
        let times = self
            .rows(TIMES, &[&node], |row| Ok((row.try_get::<_, Option<SystemTime>>(0)?, row.try_get::<_, i64>(1)?)))?;
        if let Some((started_at, elapsed)) = times.first() {
            notes.started_at = started_at.map(millis);
            notes.elapsed = Duration::from_millis(elapsed.cast_unsigned());
        }
        Ok(notes)
    }

    /// How far the clock of this run lies behind that of the last one: everything was kept before its last commit.
    pub(super) fn set_back_by(&mut self) -> Result<Duration> {
        if let Some(back) = self.back {
            return Ok(back);
        }
        let last = self.last_session()?.map_or(i64::MIN, |last| last.committed_at);
        let now = self.clock.to_millis(self.clock.instant());
        let back = Duration::from_millis(u64::try_from(last.saturating_sub(now)).unwrap_or_default());
        self.back = Some(back);
        Ok(back)
    }

    /// What politeness knew of each host of this node's buckets, by the clock of this run.
    pub(super) fn hosts_known(&mut self, back: Duration) -> Result<Vec<(HostKey, SavedHost)>> {
        let own: Vec<_> = self.holdings.all().collect();
        let hosts = self.rows(MANNERS, &[&own], host)?;
        Ok(hosts.into_iter().map(|(host, saved)| (host, saved.set_back(back))).collect())
    }

    fn last_session(&mut self) -> Result<Option<Session>> {
        let node = self.remote.node.id.clone();
        Ok(self.rows(LAST, &[&node], session)?.pop())
    }

    /// What is kept by its name. What cannot be read of what is only told is left out.
    fn keyed_notes(&mut self, notes: &mut Notes) -> Result<()> {
        let (node, own): (_, Vec<_>) = (self.remote.node.id.clone(), self.holdings.all().collect());
        let is = |name: &str, setting: Setting<'_>| name == setting.name();
        for (name, value) in self.rows(BUCKET_NOTES, &[&own], named)? {
            of_bucket(&name, value, &mut notes.cookies, &mut notes.traps).map_err(|error| self.named(error))?;
        }
        for (name, value) in self.rows(NOTES, &[&node], named)? {
            if let Some(site) = name.strip_prefix(COOKIES_OF) {
                notes.cookies.push(SavedCookies { site: site.to_owned(), cookies: value });
            } else if let Some(name) = name.strip_prefix(NETWORK_OF) {
                let network = Network::of_name(&value);
                notes.seed_names.extend(network.map(|network| SavedSeedName { name: name.to_owned(), network }));
            } else if is(&name, Setting::Unasked) {
                notes.unasked = value.parse().unwrap_or_default();
            } else if is(&name, Setting::AskedAgain) {
                notes.asked_again = value.parse().unwrap_or_default();
            } else if is(&name, Setting::Unread) {
                notes.unread = serde_json::from_str(&value).unwrap_or_default();
            } else if is(&name, Setting::FailedSeeds) {
                notes.failed_seeds = serde_json::from_str(&value).unwrap_or_default();
            } else if is(&name, Setting::Rules) {
                notes.rules = Some(parse(&value, || "rules".to_owned()).map_err(|error| self.named(error))?);
            }
        }
        Ok(())
    }
}

/// Takes what is kept of the hosts of a bucket by its name.
pub(super) fn of_bucket(
    name: &str,
    value: String,
    cookies: &mut Vec<SavedCookies>,
    traps: &mut Vec<Trap>,
) -> Result<()> {
    if let Some(site) = name.strip_prefix(COOKIES_OF) {
        cookies.push(SavedCookies { site: site.to_owned(), cookies: value });
    } else if name == Setting::Traps.name() {
        traps.extend(parse::<Vec<Trap>>(&value, || "traps".to_owned())?);
    }
    Ok(())
}

/// A name with what is kept under it.
pub(super) fn named(row: &Row) -> Answer<(String, String)> {
    Ok((row.try_get(0)?, row.try_get(1)?))
}

/// What politeness knew of a host.
pub(super) fn host(row: &Row) -> Answer<(HostKey, SavedHost)> {
    let host: &str = row.try_get(0)?;
    let saved = parse(row.try_get(1)?, || format!("host {host}"))?;
    Ok((HostKey::stored(host), saved))
}

/// What is known of a sitemap, with its URL.
pub(super) fn sitemap(row: &Row) -> Answer<(String, SavedSitemap)> {
    let url: String = row.try_get(0)?;
    let saved = parse(row.try_get(1)?, || format!("sitemap {url}"))?;
    Ok((url, saved))
}

fn settings(row: &Row) -> Answer<RunSettings> {
    Ok(RunSettings {
        url_rules: row.try_get(0)?,
        robots: row.try_get(1)?,
        folder: row.try_get(2)?,
        archives: row.try_get(3)?,
        toml: row.try_get(4)?,
    })
}

fn output(row: &Row) -> Answer<(String, Checkpoint)> {
    let length: i64 = row.try_get(1)?;
    let amended = row.try_get::<_, Option<i64>>(2)?.map(i64::cast_unsigned);
    let crc = row.try_get::<_, Option<i64>>(3)?.and_then(|crc| u32::try_from(crc).ok());
    Ok((row.try_get(0)?, Checkpoint::Length { committed: length.cast_unsigned(), amended, crc }))
}

fn session(row: &Row) -> Answer<Session> {
    Ok(Session {
        version: row.try_get(0)?,
        pid: row.try_get::<_, i32>(1)?.cast_unsigned(),
        started_at: millis(row.try_get(2)?),
        committed_at: millis(row.try_get(3)?),
        records_before: row.try_get::<_, i64>(4)?.cast_unsigned(),
        records: row.try_get::<_, i64>(5)?.cast_unsigned(),
        ended: State::of_name(row.try_get(6)?),
    })
}

/// What somebody has kept as JSON.
fn parse<T: DeserializeOwned>(saved: &str, of: impl Fn() -> String) -> Result<T> {
    serde_json::from_str(saved)
        .map_err(|error| Error::Damaged(format!("what is known of the {} is not readable: {error}", of())))
}

const SEEDS: &str = "SELECT url FROM seed ORDER BY url";
const EPOCH: &str = "SELECT epoch FROM crawl";
const REDIRECTS: &str = "SELECT url, target FROM seed_redirect WHERE epoch <= $1 ORDER BY epoch";
pub(super) const MANNERS: &str =
    "SELECT host, saved FROM manners WHERE bucket = ANY($1::smallint[]) ORDER BY bucket, host";
pub(super) const BUCKET_NOTES: &str =
    "SELECT name, value FROM bucket_note WHERE bucket = ANY($1::smallint[]) ORDER BY bucket, name";
const NOTES: &str = "SELECT name, value FROM note WHERE node IN ('', $1) ORDER BY name";
const SETTINGS: &str = "SELECT url_rules, robots, folder, archives, toml FROM settings ORDER BY version DESC LIMIT 1";
/// With what a census has to know of it.
pub(super) const SITEMAPS: &str = "SELECT url, saved, bucket, key, id, done FROM sitemap WHERE bucket = ANY($1::smallint[]) \
    ORDER BY bucket, id";
const OUTPUTS: &str = "SELECT name, length, amended, crc FROM output WHERE node = $1 ORDER BY name";
const LAST: &str = "SELECT version, pid, started_at, committed_at, records_before, records, state FROM session WHERE node = $1 \
    ORDER BY id DESC LIMIT 1";
const TIMES: &str = "SELECT min(started_at), coalesce(sum(greatest(extract(epoch FROM committed_at - started_at) * 1000, 0)), 0)::bigint \
    FROM session WHERE node = $1";
