//! Filling: a new crawl of a database, of what another store has: all of it in one transaction.

use std::time::SystemTime;

use tokio_postgres::types::ToSql;

use super::agreed::agreed;
use super::blocking::Blocking;
use super::join::{host_of, machine};
use super::link::Link;
use super::row::time;
use super::schema::Found;
use super::server::{Purpose, Server};
use super::trouble::{Answer, Trouble};
use crate::error::{Error, Result};
use crate::frontier::Split;
use crate::sink::Checkpoint;
use crate::store::{RunSettings, Session};
use crate::store_place::StorePlace;

/// A crawl that is being copied into a database. Dropped before [`finish`](Self::finish), there is nothing of it.
#[derive(Debug)]
pub(crate) struct Filling {
    blocking: Blocking,
    server: Server,
    link: Link,
    node: String,
    /// The number of the records of the node.
    file: i32,
    split: Split,
}

/// What a database has under the name of a crawl that is to be copied there.
#[derive(Debug)]
pub(crate) enum Begun {
    /// Nothing: it is to be filled.
    Filling(Box<Filling>),
    /// All of it, by an earlier call that was cut off before it could say so.
    Whole,
}

/// A URL as the database will have it.
#[derive(Debug, Clone, Default)]
pub(crate) struct FilledUrl {
    pub(crate) bucket: i16,
    pub(crate) id: i32,
    pub(crate) key: Vec<u8>,
    pub(crate) url: String,
    pub(crate) state: i16,
    pub(crate) depth: i32,
    pub(crate) hops: i16,
    pub(crate) referrer: Option<i32>,
    pub(crate) referrer_url: Option<String>,
    pub(crate) host: Option<i32>,
    pub(crate) attempts: i16,
    /// In milliseconds since 1970.
    pub(crate) due: Option<i64>,
    pub(crate) record: Option<i64>,
    pub(crate) status: Option<i16>,
    pub(crate) error: Option<String>,
    pub(crate) bytes: Option<i64>,
    pub(crate) moved: bool,
    pub(crate) untold: Option<bool>,
    pub(crate) mention: Option<i16>,
    pub(crate) link_text: Option<String>,
}

/// A sitemap as the database will have it.
#[derive(Debug, Clone)]
pub(crate) struct FilledSitemap {
    pub(crate) bucket: i16,
    pub(crate) id: i32,
    pub(crate) key: Vec<u8>,
    pub(crate) url: String,
    pub(crate) saved: String,
    pub(crate) done: bool,
}

/// What is kept under a name: of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilledNote {
    Crawl,
    Node,
    Bucket(i16),
}

/// The values of a statement.
type Columns = Vec<Box<dyn ToSql + Sync + Send>>;

/// Each a column of the same rows.
macro_rules! columns {
    ($($column:expr),* $(,)?) => { vec![$(Box::new($column) as Box<dyn ToSql + Sync + Send>),*] };
}

impl Filling {
    /// Begins one, whose records are those of a node that is new.
    ///
    /// # Errors
    /// [`Error::Usage`] when a crawl of this name is there, or the server cannot be used.
    pub(crate) fn begin(place: &StorePlace, node: &str) -> Result<Begun> {
        let (blocking, server) = (Blocking::new()?, Server::new(place)?);
        let begun = blocking.wait(async {
            let mut link = server.connect(Purpose::Everything).await?;
            if server.look(&mut link).await? == Found::Nothing {
                server.create(&mut link).await?;
            } else if server.is_whole(&mut link, node).await? {
                return Ok(None);
            }
            link.run("BEGIN").await?;
            let rows = link.query(JOIN, &[&node, &machine(), &std::process::id().cast_signed(), &VERSION]).await?;
            let row = rows.first().ok_or_else(|| Error::Usage(format!("{} has just been begun", server.shown)))?;
            let file: i32 = row.try_get(0)?;
            let rows = link.query("SELECT buckets FROM crawl FOR UPDATE", &[]).await?;
            let buckets = rows.first().map_or(Ok(1), |row| row.try_get::<_, i32>(0))?;
            let split = u16::try_from(buckets).ok().and_then(std::num::NonZeroU16::new).map_or(Split::ONE, Split::into);
            Ok::<_, Trouble>(Some((link, file, split)))
        });
        let begun = begun.map_err(|trouble| server.error("copy into", trouble))?;
        Ok(begun.map_or(Begun::Whole, |(link, file, split)| {
            Begun::Filling(Box::new(Self { blocking, server, link, node: node.to_owned(), file, split }))
        }))
    }

    /// How the crawl is split there.
    pub(crate) fn split(&self) -> Split {
        self.split
    }

    /// Writes hosts: bucket, number and name of each.
    pub(crate) fn hosts(&mut self, rows: &[(i16, i32, String)]) -> Result<()> {
        let columns = columns![column(rows, |r| r.0), column(rows, |r| r.1), column(rows, |r| r.2.clone())];
        self.tell(HOSTS, &columns)
    }

    /// Writes URLs.
    pub(crate) fn urls(&mut self, rows: &[FilledUrl]) -> Result<()> {
        let file = self.file;
        let columns = columns![
            column(rows, |r| r.bucket),
            column(rows, |r| r.id),
            column(rows, |r| r.key.clone()),
            column(rows, |r| r.url.clone()),
            column(rows, |r| r.state),
            column(rows, |r| r.depth),
            column(rows, |r| r.hops),
            column(rows, |r| r.referrer),
            column(rows, |r| r.referrer_url.clone()),
            column(rows, |r| r.host),
            column(rows, |r| r.attempts),
            column(rows, |r| r.due.map(time)),
            column(rows, |r| r.record.map(|_| file)),
            column(rows, |r| r.record),
            column(rows, |r| r.status),
            column(rows, |r| r.error.clone()),
            column(rows, |r| r.bytes),
            column(rows, |r| r.untold),
            column(rows, |r| r.mention),
            column(rows, |r| r.link_text.clone()),
        ];
        self.tell(URLS, &columns)?;
        let moved: Vec<_> = rows.iter().filter(|row| row.moved && row.record.is_some()).collect();
        let columns = columns![
            column(&moved, |_| file),
            column(&moved, |r| r.record),
            column(&moved, |r| r.bucket),
            column(&moved, |r| r.id),
        ];
        self.tell(MOVED, &columns)
    }

    /// Writes what pages lead to: bucket, number and links of each.
    pub(crate) fn edges(&mut self, rows: &[(i16, i32, Vec<u8>)]) -> Result<()> {
        let columns = columns![column(rows, |r| r.0), column(rows, |r| r.1), column(rows, |r| r.2.clone())];
        self.tell(EDGES, &columns)
    }

    /// Writes what politeness knows: bucket and name of a host, and what is known of it.
    pub(crate) fn manners(&mut self, rows: &[(i16, String, String)]) -> Result<()> {
        let columns = columns![column(rows, |r| r.0), column(rows, |r| r.1.clone()), column(rows, |r| r.2.clone())];
        self.tell(MANNERS, &columns)
    }

    /// Writes sitemaps.
    pub(crate) fn sitemaps(&mut self, rows: &[FilledSitemap]) -> Result<()> {
        let columns = columns![
            column(rows, |r| r.bucket),
            column(rows, |r| r.id),
            column(rows, |r| r.key.clone()),
            column(rows, |r| r.url.clone()),
            column(rows, |r| r.saved.clone()),
            column(rows, |r| r.done),
        ];
        self.tell(SITEMAPS, &columns)
    }

    /// Writes seeds, each with its key, and where some lead to.
    pub(crate) fn seeds(&mut self, seeds: &[(Vec<u8>, String)], redirects: &[(String, String)]) -> Result<()> {
        self.tell(SEEDS, &columns![column(seeds, |s| s.0.clone()), column(seeds, |s| s.1.clone())])?;
        self.tell(REDIRECTS, &columns![column(redirects, |r| r.0.clone()), column(redirects, |r| r.1.clone())])
    }

    /// Writes how far the outputs of the node are.
    pub(crate) fn outputs(&mut self, rows: &[(String, Checkpoint)]) -> Result<()> {
        let of = |checkpoint: &Checkpoint| {
            let Checkpoint::Length { committed, amended, crc } = checkpoint;
            (committed.cast_signed(), amended.map(u64::cast_signed), crc.map(i64::from))
        };
        let columns = columns![
            self.node.clone(),
            column(rows, |r| r.0.clone()),
            column(rows, |r| of(&r.1).0),
            column(rows, |r| of(&r.1).1),
            column(rows, |r| of(&r.1).2),
        ];
        self.tell(OUTPUTS, &columns)
    }

    /// Writes what is kept under names, each with whose it is, and the settings of the last run.
    pub(crate) fn notes(
        &mut self,
        notes: &[(FilledNote, String, String)],
        settings: Option<RunSettings>,
    ) -> Result<()> {
        let of_bucket: Vec<_> = notes
            .iter()
            .filter_map(|(of, name, value)| match of {
                FilledNote::Bucket(bucket) => Some((*bucket, name, value)),
                FilledNote::Crawl | FilledNote::Node => None,
            })
            .collect();
        let rows = &of_bucket[..];
        let columns = columns![column(rows, |n| n.0), column(rows, |n| n.1.clone()), column(rows, |n| n.2.clone())];
        self.tell(BUCKET_NOTES, &columns)?;
        let rows: Vec<_> = notes.iter().filter(|(of, ..)| !matches!(of, FilledNote::Bucket(_))).collect();
        let node = |of: FilledNote| if of == FilledNote::Node { self.node.clone() } else { String::new() };
        let columns =
            columns![column(&rows, |n| node(n.0)), column(&rows, |n| n.1.clone()), column(&rows, |n| n.2.clone())];
        self.tell(NOTES, &columns)?;
        let Some(RunSettings { url_rules, robots, folder, archives, toml }) = settings else { return Ok(()) };
        let common = agreed(&toml);
        self.tell(SETTINGS, &columns![toml, url_rules, robots, folder, archives, common])
    }

    /// Writes the runs, in their order; `state` of each as the store names it.
    pub(crate) fn sessions(&mut self, rows: &[(Session, String)]) -> Result<()> {
        let when = |millis: i64| -> SystemTime { time(millis) };
        let columns = columns![
            self.node.clone(),
            column(rows, |(s, _)| s.version.clone()),
            column(rows, |(s, _)| s.pid.cast_signed()),
            column(rows, |(s, _)| when(s.started_at)),
            column(rows, |(s, _)| when(s.committed_at)),
            column(rows, |(s, _)| s.records_before.cast_signed()),
            column(rows, |(s, _)| s.records.cast_signed()),
            column(rows, |(_, state)| state.clone()),
        ];
        self.tell(SESSIONS, &columns)
    }

    /// Makes all of it durable. `state`: how the crawl stands, in the word of the database; `used`: how many pages were asked for.
    pub(crate) fn finish(mut self, state: &str, used: u64) -> Result<()> {
        self.tell(USED, &columns![self.node.clone(), used.cast_signed()])?;
        self.tell(OPEN, &Vec::new())?;
        self.tell(COUNT, &Vec::new())?;
        self.tell(STATE, &columns![state.to_owned()])?;
        let Self { blocking, server, mut link, .. } = self;
        // Whoever asks next is not to plan for empty tables.
        let committed = blocking.wait(link.run("ANALYZE host, url, edges, moved; COMMIT"));
        committed.map_err(|trouble| server.error("copy into", trouble))
    }

    fn tell(&mut self, sql: &'static str, columns: &Columns) -> Result<()> {
        let values: Vec<_> =
            columns.iter().map(|value| &**value as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
        let told = self.blocking.wait(self.link.execute(sql, &values));
        told.map(drop).map_err(|trouble| self.server.error("copy into", trouble))
    }
}

impl Server {
    /// Whether a crawl that is there is the one that a node of this number was copied into, and nobody has gone on with it since.
    /// One that was made and never begun is as none.
    async fn is_whole(&self, link: &mut Link, node: &str) -> Answer<bool> {
        let nodes = link.query("SELECT id, turn, machine FROM node", &[]).await?;
        let Some(row) = nodes.first() else { return Ok(false) };
        let (id, turn, machine): (String, i64, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if nodes.len() == 1 && (id.as_str(), turn) == (node, COPIED) {
            return Ok(true);
        }
        let problem = format!("there is a crawl {} already, of {} (on {})", self.shown, id, host_of(&machine));
        Err(Error::Usage(format!("{problem}\n = help: take another --name; nothing is copied over a crawl")).into())
    }
}

fn column<R, T>(rows: &[R], of: impl Fn(&R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The turn of a node that was copied.
const COPIED: i64 = 1;
const JOIN: &str = "INSERT INTO node (id, incarnation, turn, state, until, since, machine, pid, version, started_at) \
    VALUES ($1, gen_random_uuid(), 1, 'ended', clock_timestamp(), clock_timestamp(), $2, $3, $4, clock_timestamp()) \
    ON CONFLICT DO NOTHING RETURNING file";
const HOSTS: &str = "INSERT INTO host (bucket, id, name) SELECT * FROM unnest($1::smallint[], $2::int[], $3::text[])";
const URLS: &str = "INSERT INTO url (bucket, id, key, url, state, depth, hops, referrer, referrer_url, host, attempts, due, file, \
    record, status, error, bytes, untold, mention, link_text) SELECT * FROM unnest($1::smallint[], $2::int[], $3::bytea[], \
    $4::text[], $5::smallint[], $6::int[], $7::smallint[], $8::int[], $9::text[], $10::int[], $11::smallint[], $12::timestamptz[], \
    $13::int[], $14::bigint[], $15::smallint[], $16::text[], $17::bigint[], $18::boolean[], $19::smallint[], $20::text[])";
const MOVED: &str = "INSERT INTO moved (file, record, bucket, id) SELECT * FROM unnest($1::int[], $2::bigint[], $3::smallint[], $4::int[])";
const EDGES: &str =
    "INSERT INTO edges (bucket, id, links) SELECT * FROM unnest($1::smallint[], $2::int[], $3::bytea[])";
const MANNERS: &str =
    "INSERT INTO manners (bucket, host, saved) SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[])";
const SITEMAPS: &str = "INSERT INTO sitemap (bucket, id, key, url, saved, done) SELECT * FROM unnest($1::smallint[], $2::int[], \
    $3::bytea[], $4::text[], $5::text[], $6::boolean[])";
const SEEDS: &str = "INSERT INTO seed (key, url) SELECT * FROM unnest($1::bytea[], $2::text[]) ON CONFLICT DO NOTHING";
const REDIRECTS: &str = "INSERT INTO seed_redirect (epoch, url, target) SELECT n.o, n.u, n.t \
    FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n(u, t, o)";
const OUTPUTS: &str = "INSERT INTO output (node, name, length, amended, crc) \
    SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[])";
const NOTES: &str = "INSERT INTO note (node, name, value) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])";
const BUCKET_NOTES: &str =
    "INSERT INTO bucket_note (bucket, name, value) SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[])";
const SETTINGS: &str = "INSERT INTO settings (version, toml, url_rules, robots, folder, archives, common) VALUES (1, $1, $2, $3, $4, $5, $6)";
const SESSIONS: &str = "INSERT INTO session (node, incarnation, version, pid, started_at, committed_at, records_before, records, \
    state) SELECT $1, gen_random_uuid(), n.* FROM unnest($2::text[], $3::int[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], \
    $7::bigint[], $8::text[]) AS n";
const USED: &str = "UPDATE node SET used = $2, reserved = $2 WHERE id = $1";
const OPEN: &str = "UPDATE bucket AS b SET open = EXISTS (SELECT FROM url WHERE bucket = b.id AND (state = 0 OR untold)) \
    OR EXISTS (SELECT FROM sitemap WHERE bucket = b.id AND NOT done)";
/// As whoever has a bucket counts it.
const COUNT: &str = "UPDATE bucket AS b SET urls = c.urls, pending = c.pending, settled = c.settled, skipped = c.skipped FROM (SELECT \
    s.bucket, sum(s.n) AS urls, coalesce(sum(s.n) FILTER (WHERE s.state = 0), 0) AS pending, \
    (SELECT array_agg(coalesce(t.n, 0) ORDER BY g) FROM generate_series(1, 5) AS g LEFT JOIN (SELECT state, count(*) AS n FROM url \
    WHERE bucket = s.bucket AND state BETWEEN 1 AND 5 GROUP BY state) AS t ON t.state = g) AS settled, \
    (SELECT coalesce(array_agg(coalesce(t.n, 0) ORDER BY g), '{}') FROM generate_series(16, max(s.state)) AS g LEFT JOIN (SELECT state, \
    count(*) AS n FROM url WHERE bucket = s.bucket AND state >= 16 GROUP BY state) AS t ON t.state = g) AS skipped \
    FROM (SELECT bucket, state, count(*) AS n FROM url GROUP BY bucket, state) AS s GROUP BY s.bucket) AS c WHERE c.bucket = b.id";
/// All hear of what was found out about seeds.
const STATE: &str = "UPDATE crawl SET state = $1, epoch = (SELECT coalesce(max(epoch), 0) + 1 FROM seed_redirect)";
