//! Reading back: all URLs that earlier runs, or other nodes, have found of a bucket, with what their records come to. Buckets that
//! are read one after the other are read in one pass, over a connection of its own.

use std::collections::HashMap;
use std::vec;

use tokio_postgres::Row;

use super::blocking::Blocking;
use super::census::Census;
use super::link::Link;
use super::outage::Outage;
use super::row::{count, key, millis};
use super::server::{Purpose, Server};
use super::trouble::{Answer, Trouble};
use crate::error::{Error, Result};
use crate::frontier::{HostId, KeptUrl, NodeState, Path, Restore};
use crate::outcome::FailureKind;
use crate::store::Counts;
use crate::store::code::{ELSEWHERE, is_sound_text, of_code};
use crate::url::{HostKey, UrlKey};
use crate::wall_clock::WallClock;

/// What reads buckets back.
#[derive(Debug)]
pub(super) struct ReadBack {
    pub(super) blocking: Blocking,
    pub(super) server: Server,
    pass: Option<Pass>,
}

/// What was found in a bucket.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What its records come to.
    pub(super) counts: Counts,
    pub(super) census: Census,
}

/// One look at some buckets, in the order of their numbers: rows of a bucket are spread over the table, and one by one each page
/// of it would be read many times.
#[derive(Debug)]
struct Pass {
    link: Link,
    /// Those that are still to come, the next one last.
    buckets: Vec<i16>,
    /// How many URLs each has.
    sizes: HashMap<i16, usize>,
    hosts: Cursor,
    urls: Cursor,
}

/// Rows that come some at a time, by their buckets, which are their last columns.
#[derive(Debug)]
struct Cursor {
    fetch: &'static str,
    rows: vec::IntoIter<Row>,
    is_done: bool,
}

/// How much of a bucket was given to whom it is read back for: an answer may be lost in between, and nothing is given twice.
#[derive(Debug, Default)]
struct Given {
    hosts: usize,
    urls: usize,
    has_room: bool,
}

impl ReadBack {
    pub(super) fn new(server: Server) -> Result<Self> {
        Ok(Self { blocking: Blocking::new()?, server, pass: None })
    }

    /// Gives back a bucket. `others`: which ones are going to be read as well. `between` is called from time to time: reading
    /// may take longer than a lease.
    pub(super) fn read(
        &mut self,
        bucket: i16,
        others: impl Fn() -> Vec<i16>,
        clock: &WallClock,
        to: &mut Restore<'_>,
        between: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Found> {
        let (mut found, mut given, mut outage) = (Found::default(), Given::default(), Outage::default());
        loop {
            match self.go_on(bucket, &others, clock, (to, &mut found, &mut given), between) {
                Ok(()) => {
                    outage.end(&self.server.shown);
                    return Ok(found);
                }
                Err(trouble) => {
                    self.pass = None;
                    let waited = self.blocking.wait(outage.wait(&self.server.shown, trouble));
                    waited.map_err(|trouble| self.server.named(self.server.error("read", trouble)))?;
                }
            }
        }
    }

    fn go_on(
        &mut self,
        bucket: i16,
        others: &dyn Fn() -> Vec<i16>,
        clock: &WallClock,
        (to, found, given): (&mut Restore<'_>, &mut Found, &mut Given),
        between: &mut dyn FnMut() -> Result<()>,
    ) -> Answer<()> {
        let Self { blocking, server, pass } = self;
        let pass = match pass {
            Some(pass) if pass.buckets.contains(&bucket) => pass,
            pass => pass.insert(blocking.wait(Pass::begin(server, bucket, others()))?),
        };
        let mut skip = given.hosts;
        while let Some(rows) = blocking.wait(pass.hosts.next(&mut pass.link, bucket))? {
            let new = rows.get(skip.min(rows.len())..).unwrap_or_default();
            skip = skip.saturating_sub(rows.len());
            for row in new {
                to.host(HostId::at(count(row.try_get(1)?)?), HostKey::stored(row.try_get(0)?))?;
                given.hosts += 1;
            }
        }
        if !std::mem::replace(&mut given.has_room, true) {
            to.make_room(pass.sizes.get(&bucket).copied().unwrap_or_default());
        }
        let mut skip = given.urls;
        while let Some(rows) = blocking.wait(pass.urls.next(&mut pass.link, bucket))? {
            let new = rows.get(skip.min(rows.len())..).unwrap_or_default();
            skip = skip.saturating_sub(rows.len());
            for rows in new.chunks(TOGETHER) {
                let keys = rows.iter().map(|row| key(row.try_get(KEY)?).map_err(Trouble::from));
                let keys = keys.collect::<Answer<Vec<UrlKey>>>()?;
                to.expect(keys.iter().copied());
                for (row, key) in rows.iter().zip(keys) {
                    give(row, key, to, found, clock)?;
                    given.urls += 1;
                }
            }
            between()?;
        }
        while pass.buckets.last().is_some_and(|next| *next <= bucket) {
            pass.buckets.pop();
        }
        if pass.buckets.is_empty() {
            // The transaction ends with the connection.
            self.pass = None;
        }
        Ok(())
    }
}

impl Pass {
    async fn begin(server: &Server, first: i16, mut buckets: Vec<i16>) -> Answer<Self> {
        buckets.push(first);
        buckets.retain(|bucket| *bucket >= first);
        buckets.sort_unstable_by(|one, other| other.cmp(one));
        buckets.dedup();
        let list = buckets.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let mut link = server.connect(Purpose::Everything).await?;
        link.run(&format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
             DECLARE hosts NO SCROLL CURSOR FOR SELECT name, id, bucket FROM host WHERE bucket IN ({list}) ORDER BY bucket, id; \
             DECLARE urls NO SCROLL CURSOR FOR SELECT {COLUMNS} FROM url WHERE bucket IN ({list}) ORDER BY bucket, id"
        ))
        .await?;
        let asked = format!(
            "SELECT b, (SELECT max(id) + 1 FROM url WHERE bucket = b)::bigint FROM unnest('{{{list}}}'::smallint[]) AS b"
        );
        let mut sizes = HashMap::new();
        for row in link.query_once(&asked).await? {
            let size: Option<i64> = row.try_get(1)?;
            sizes.insert(row.try_get(0)?, size.and_then(|size| usize::try_from(size).ok()).unwrap_or_default());
        }
        Ok(Self { link, buckets, sizes, hosts: Cursor::new(FETCH_HOSTS), urls: Cursor::new(FETCH_URLS) })
    }
}

impl Cursor {
    fn new(fetch: &'static str) -> Self {
        Self { fetch, rows: Vec::new().into_iter(), is_done: false }
    }

    /// The next rows of a bucket, all of those that are here; `None` when there are no more. Those of buckets before it are
    /// passed by.
    async fn next(&mut self, link: &mut Link, bucket: i16) -> Answer<Option<Vec<Row>>> {
        loop {
            if self.rows.as_slice().is_empty() && !self.is_done {
                let rows = link.query(self.fetch, &[]).await?;
                self.is_done = rows.is_empty();
                self.rows = rows.into_iter();
            }
            let mut of_bucket = Vec::new();
            while let Some(row) = self.rows.as_slice().first() {
                let of: i16 = row.try_get(row.len() - 1)?;
                if of > bucket {
                    break;
                }
                of_bucket.extend(self.rows.next().filter(|_| of == bucket));
            }
            if !of_bucket.is_empty() {
                return Ok(Some(of_bucket));
            }
            if self.is_done || !self.rows.as_slice().is_empty() {
                return Ok(None);
            }
        }
    }
}

fn give(row: &Row, key: UrlKey, to: &mut Restore<'_>, found: &mut Found, clock: &WallClock) -> Answer<()> {
    let Found { counts, census } = found;
    let (id, text, code): (i32, &str, i16) = (row.try_get(0)?, row.try_get(2)?, row.try_get(3)?);
    let id = count(id)?;
    let is_elsewhere = i64::from(code) == ELSEWHERE;
    let known = if is_elsewhere { Some((NodeState::Elsewhere, None)) } else { of_code(code.into()) };
    let Some((state, outcome)) = known else {
        return Err(Error::Damaged(format!("URL {id} has no known state")).into());
    };
    // What is elsewhere may be what is no URL, and is judged there.
    if !is_elsewhere && !is_sound_text(text, code.into()) {
        return Err(Error::Damaged(format!("the text of URL {id} is no URL")).into());
    }
    let untold = row.try_get::<_, Option<bool>>(14)?.unwrap_or_default();
    census.row(id, code, untold);
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
        referrer_url: row.try_get(16)?,
        link_text: link_text.and_then(|length| usize::try_from(length).ok()).unwrap_or_default(),
        state,
        host,
    };
    match outcome {
        Some(kind) => to.settled(kept, kind, untold)?,
        None if is_elsewhere => to.elsewhere(kept, untold)?,
        None => to.open(kept, row.try_get::<_, Option<_>>(13)?.map(|due| clock.at_millis(millis(due))))?,
    }
    Ok(())
}

const COLUMNS: &str = "id, key, url, state, depth, hops, referrer, host, record IS NOT NULL, attempts, status, error, bytes, due, \
    untold, octet_length(link_text), referrer_url, bucket";
const KEY: usize = 1;
const FETCH_HOSTS: &str = "FETCH 20000 FROM hosts";
const FETCH_URLS: &str = "FETCH 20000 FROM urls";
/// How many are looked for at once.
const TOGETHER: usize = 256;
