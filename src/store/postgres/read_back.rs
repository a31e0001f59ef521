//! Reading back: all URLs that earlier runs have found, with what their records come to, in one pass over a connection of its
//! own.

use tokio_postgres::Row;

use super::Postgres;
use super::link::Link;
use super::open::key;
use super::read::count;
use super::row::millis;
use super::server::{Purpose, Server};
use super::trouble::{Answer, Trouble};
use crate::error::{Error, Result};
use crate::frontier::{HostId, KeptUrl, Path, Restore};
use crate::outcome::FailureKind;
use crate::store::Counts;
use crate::store::code::{is_sound_text, of_code};
use crate::url::{HostKey, UrlKey};
use crate::wall_clock::WallClock;

impl Postgres {
    /// Gives back what earlier runs have found of a bucket; what its records come to.
    pub(super) fn read_back(&mut self, bucket: i16, to: &mut Restore<'_>) -> Result<Counts> {
        let clock = self.clock.later(self.set_back_by()?);
        let mut counts = Counts::default();
        let hosts = format!("SELECT id, name FROM host WHERE bucket = {bucket} ORDER BY id");
        self.each_row(&hosts, &mut |rows| {
            for row in rows {
                to.host(HostId::at(count(row.try_get(0)?)?), HostKey::stored(row.try_get(1)?))?;
            }
            Ok(true)
        })?;
        let most = format!("SELECT coalesce(max(id) + 1, 0)::bigint FROM url WHERE bucket = {bucket}");
        self.each_row(&most, &mut |rows| {
            let most: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
            to.make_room(usize::try_from(most).unwrap_or_default());
            Ok(true)
        })?;
        let urls = format!("SELECT {COLUMNS} FROM url WHERE bucket = {bucket} ORDER BY id");
        self.each_row(&urls, &mut |rows| {
            for rows in rows.chunks(TOGETHER) {
                let keys = rows.iter().map(|row| key(row.try_get(KEY)?).map_err(Trouble::from));
                let keys = keys.collect::<Answer<Vec<UrlKey>>>()?;
                to.expect(keys.iter().copied());
                rows.iter().zip(keys).try_for_each(|(row, key)| give(row, key, to, &mut counts, &clock))?;
            }
            Ok(true)
        })?;
        Ok(counts)
    }

    /// Gives the rows of a question to somebody, some at a time and as they are at one moment, until that one has seen enough.
    pub(super) fn each_row(&self, sql: &str, each: &mut dyn FnMut(&[Row]) -> Answer<bool>) -> Result<()> {
        let mut read = || -> Answer<()> {
            let mut link = self.blocking.wait(begin_reading(&self.remote.server, sql))?;
            loop {
                let rows = self.blocking.wait(link.query(FETCH, &[]))?;
                if rows.is_empty() || !each(&rows)? {
                    // The transaction ends with the connection.
                    return Ok(());
                }
            }
        };
        read().map_err(|trouble| self.named(self.remote.server.error("read", trouble)))
    }
}

async fn begin_reading(server: &Server, sql: &str) -> Answer<Link> {
    let mut link = server.connect(Purpose::Everything).await?;
    link.run(&format!("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; DECLARE rows NO SCROLL CURSOR FOR {sql}"))
        .await?;
    Ok(link)
}

fn give(row: &Row, key: UrlKey, to: &mut Restore<'_>, counts: &mut Counts, clock: &WallClock) -> Answer<()> {
    let (id, text, code): (i32, &str, i16) = (row.try_get(0)?, row.try_get(2)?, row.try_get(3)?);
    let id = count(id)?;
    let Some((state, outcome)) = of_code(code.into()) else {
        return Err(Error::Damaged(format!("URL {id} has no known state")).into());
    };
    if !is_sound_text(text, code.into()) {
        return Err(Error::Damaged(format!("the text of URL {id} is no URL")).into());
    }
    let (is_recorded, attempts): (bool, i16) = (row.try_get(8)?, row.try_get(9)?);
    if is_recorded {
        let status: Option<i16> = row.try_get(10)?;
        let error: Option<&str> = row.try_get(11)?;
        let bytes: Option<i64> = row.try_get(12)?;
        let error = error.and_then(FailureKind::of_name);
        counts.add(status.map(i16::cast_unsigned), error, 1, bytes.unwrap_or_default().cast_unsigned());
    }
    // Of one that is settled, the last attempt was the end; of another, each has led to one more.
    counts.retries += u64::try_from(i32::from(attempts) - i32::from(is_recorded)).unwrap_or_default();
    let (depth, hops): (i32, i16) = (row.try_get(4)?, row.try_get(5)?);
    let (referrer, host): (Option<i32>, Option<i32>) = (row.try_get(6)?, row.try_get(7)?);
    let referrer = referrer.map(count).transpose()?;
    let host = host.map(count).transpose()?.map(HostId::at);
    let link_text: Option<i32> = row.try_get(15)?;
    let kept = KeptUrl {
        id,
        text,
        key,
        path: Path { depth: count(depth)?, hops: count(hops.into())?, referrer },
        referrer_url: None,
        link_text: link_text.and_then(|length| usize::try_from(length).ok()).unwrap_or_default(),
        state,
        host,
    };
    match outcome {
        Some(kind) => to.settled(kept, kind, row.try_get::<_, Option<bool>>(14)?.unwrap_or_default())?,
        None => to.open(kept, row.try_get::<_, Option<_>>(13)?.map(|due| clock.at_millis(millis(due))))?,
    }
    Ok(())
}

const COLUMNS: &str = "id, key, url, state, depth, hops, referrer, host, record IS NOT NULL, attempts, status, error, bytes, due, \
    untold, octet_length(link_text)";
const KEY: usize = 1;
const FETCH: &str = "FETCH 20000 FROM rows";
/// How many are looked for at once.
const TOGETHER: usize = 256;
