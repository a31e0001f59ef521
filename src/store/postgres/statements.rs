//! Statements: a batch as what the database is told, each kind of row at once.

use std::time::SystemTime;

use tokio_postgres::types::ToSql;

use super::agreed::agreed;
use super::batch::{Batch, Id, NewUrl};
use super::letters::of_mail;
use super::row::UrlRow;
use super::told::{AT_ONCE, Told, Touches, told};
use crate::sink::Checkpoint;

/// The columns of rows of `url`, each as one array: which rows, and what of each is said.
#[derive(Default)]
struct Columns {
    buckets: Vec<i16>,
    ids: Vec<i32>,
    set: Vec<i32>,
    said: Said,
}

/// What is said of rows of `url`.
#[derive(Default)]
struct Said {
    states: Vec<i16>,
    depths: Vec<i32>,
    hops: Vec<i16>,
    referrers: Vec<Option<i32>>,
    referrer_urls: Vec<Option<String>>,
    hosts: Vec<Option<i32>>,
    attempts: Vec<i16>,
    due: Vec<Option<SystemTime>>,
    files: Vec<Option<i32>>,
    records: Vec<Option<i64>>,
    statuses: Vec<Option<i16>>,
    errors: Vec<Option<&'static str>>,
    bytes: Vec<Option<i64>>,
    untold: Vec<Option<bool>>,
    mentions: Vec<Option<i16>>,
    link_texts: Vec<Option<String>>,
}

impl Columns {
    fn of<'a>(rows: impl Iterator<Item = (Id, &'a UrlRow)>, file: i32) -> Self {
        let mut columns = Self::default();
        for (id, row) in rows {
            columns.buckets.push(id.0);
            columns.ids.push(id.1);
            columns.set.push(row.set);
            columns.said.push(row, file);
        }
        columns
    }
}

impl Said {
    fn push(&mut self, row: &UrlRow, file: i32) {
        self.states.push(row.state);
        self.depths.push(row.depth);
        self.hops.push(row.hops);
        self.referrers.push(row.referrer);
        self.referrer_urls.push(row.referrer_url.clone());
        self.hosts.push(row.host);
        self.attempts.push(row.attempts);
        self.due.push(row.due);
        self.files.push(row.record.map(|_| file));
        self.records.push(row.record);
        self.statuses.push(row.status);
        self.errors.push(row.error);
        self.bytes.push(row.bytes);
        self.untold.push(row.untold);
        self.mentions.push(row.mention);
        self.link_texts.push(row.link_text.clone());
    }

    /// In the order in which the statements name them.
    fn into_values(self) -> [Box<dyn ToSql + Sync + Send>; 16] {
        [
            Box::new(self.states),
            Box::new(self.depths),
            Box::new(self.hops),
            Box::new(self.referrers),
            Box::new(self.referrer_urls),
            Box::new(self.hosts),
            Box::new(self.attempts),
            Box::new(self.due),
            Box::new(self.files),
            Box::new(self.records),
            Box::new(self.statuses),
            Box::new(self.errors),
            Box::new(self.bytes),
            Box::new(self.untold),
            Box::new(self.mentions),
            Box::new(self.link_texts),
        ]
    }
}

/// What a batch has to say of the frontier: URLs, what they lead to, whose records are out of date, and letters. `file`: the number of
/// the records of the node.
pub(super) fn of_frontier(batch: &Batch, file: i32) -> Vec<Told> {
    let mut told = Vec::new();
    for hosts in batch.hosts.chunks(AT_ONCE) {
        let (buckets, ids) = ids(hosts.iter().map(|(id, _)| *id));
        let names: Vec<_> = hosts.iter().map(|(_, name)| name.clone()).collect();
        told.push(told!("hosts", HOSTS, buckets, ids, names));
    }
    told.extend(batch.found.chunks(AT_ONCE).map(|urls| found(urls, file)));
    let changed: Vec<_> = batch.changed.iter().collect();
    told.extend(changed.chunks(AT_ONCE).map(|rows| self::changed(rows, file)));
    let edges: Vec<_> = batch.edges.iter().collect();
    for edges in edges.chunks(AT_ONCE) {
        let (buckets, ids) = ids(edges.iter().map(|(id, _)| **id));
        let links: Vec<_> = edges.iter().map(|(_, links)| (*links).clone()).collect();
        told.push(told!("edges", EDGES, buckets, ids, links));
    }
    for corrected in batch.corrected.chunks(AT_ONCE) {
        let (records, nth): (Vec<_>, Vec<_>) = corrected.iter().copied().unzip();
        told.push(told!("corrected", CORRECTED, file, records, nth));
    }
    let moved: Vec<_> = batch.moved.iter().copied().collect();
    told.extend(moved.chunks(AT_ONCE).map(self::moved));
    told.extend(of_mail(&batch.mail, &batch.read));
    told
}

/// Those whose records are out of date, as far as they have any.
pub(super) fn moved(urls: &[Id]) -> Told {
    let (buckets, ids) = ids(urls.iter().copied());
    told!("moved", MOVED, buckets, ids)
}

/// What a batch has to say of all else.
pub(super) fn of_notes(batch: &Batch, node: &str) -> Vec<Told> {
    let mut told = Vec::new();
    let manners: Vec<_> = batch.manners.iter().collect();
    for manners in manners.chunks(AT_ONCE) {
        let (buckets, hosts, saved) = by_bucket(manners);
        told.push(told!("manners", MANNERS, buckets, hosts, saved));
    }
    for (owner, notes) in [(node, &batch.notes), (OF_CRAWL, &batch.crawl_notes)] {
        if !notes.is_empty() {
            let (names, values): (Vec<_>, Vec<_>) = notes.iter().map(|(n, v)| (n.clone(), v.clone())).unzip();
            told.push(told!("notes", NOTES, owner.to_owned(), names, values));
        }
    }
    if !batch.bucket_notes.is_empty() {
        let (buckets, names, values) = by_bucket(&batch.bucket_notes.iter().collect::<Vec<_>>());
        told.push(told!("bucket-notes", BUCKET_NOTES, buckets, names, values));
    }
    if !batch.sitemaps.is_empty() {
        let (buckets, ids) = ids(batch.sitemaps.keys().copied());
        let of = |take: fn(&super::batch::SitemapRow) -> String| batch.sitemaps.values().map(take).collect::<Vec<_>>();
        let keys: Vec<_> = batch.sitemaps.values().map(|row| row.key.as_bytes().to_vec()).collect();
        let done: Vec<_> = batch.sitemaps.values().map(|row| row.done).collect();
        let (urls, saved) = (of(|row| row.url.clone()), of(|row| row.saved.clone()));
        told.push(told!("sitemaps", SITEMAPS, buckets, ids, keys, urls, saved, done));
    }
    told.extend(outputs(batch, node));
    if let Some(settings) = batch.settings.clone() {
        let crate::store::RunSettings { url_rules, robots, folder, archives, toml } = settings;
        let (common, node) = (agreed(&toml), node.to_owned());
        let told_as = |name, sql| {
            let (common, node, toml) = (common.clone(), node.clone(), toml.clone());
            told!(name, sql, common, url_rules.clone(), robots.clone(), folder.clone(), archives.clone(), toml, node)
        };
        told.push(told_as("settings", SETTINGS));
        told.push(Told { touches: Touches::Settings, ..told_as("settings-same", SAME_SETTINGS) });
    }
    told
}

/// What is kept of something by its bucket and name, as arrays.
fn by_bucket(rows: &[(&(i16, String), &String)]) -> (Vec<i16>, Vec<String>, Vec<String>) {
    let mut columns = (Vec::new(), Vec::new(), Vec::new());
    for ((bucket, name), value) in rows {
        columns.0.push(*bucket);
        columns.1.push(name.clone());
        columns.2.push((*value).clone());
    }
    columns
}

fn outputs(batch: &Batch, node: &str) -> Vec<Told> {
    let mut told = Vec::new();
    let void: Vec<_> = batch.outputs.iter().filter(|(_, kept)| kept.is_none()).map(|(name, _)| name.clone()).collect();
    if !void.is_empty() {
        told.push(told!("void", VOID, node.to_owned(), void));
    }
    let (mut names, mut lengths, mut amended, mut crcs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (name, kept) in &batch.outputs {
        if let Some(Checkpoint::Length { committed, amended: then, crc }) = kept {
            names.push(name.clone());
            lengths.push(committed.cast_signed());
            amended.push(then.map(u64::cast_signed));
            crcs.push(crc.map(i64::from));
        }
    }
    if !names.is_empty() {
        told.push(told!("outputs", OUTPUTS, node.to_owned(), names, lengths, amended, crcs));
    }
    told
}

fn found(urls: &[NewUrl], file: i32) -> Told {
    let keys: Vec<_> = urls.iter().map(|url| url.key.as_bytes().to_vec()).collect();
    let texts: Vec<_> = urls.iter().map(|url| url.text.clone()).collect();
    let columns = Columns::of(urls.iter().map(|url| (url.id, &url.row)), file);
    let mut told = told!("found", FOUND, columns.buckets, columns.ids, keys, texts);
    told.values.extend(columns.said.into_values());
    told
}

fn changed(rows: &[(&Id, &UrlRow)], file: i32) -> Told {
    let columns = Columns::of(rows.iter().map(|(id, row)| (**id, *row)), file);
    let mut told = told!("changed", CHANGED, columns.buckets, columns.ids, columns.set);
    told.values.extend(columns.said.into_values());
    Told { touches: Touches::Urls(rows.len() as u64), ..told }
}

/// Buckets and numbers, each as an array.
pub(super) fn ids(all: impl Iterator<Item = Id>) -> (Vec<i16>, Vec<i32>) {
    all.unzip()
}

const HOSTS: &str = "INSERT INTO host (bucket, id, name) SELECT * FROM unnest($1::smallint[], $2::int[], $3::text[])";
const FOUND: &str = "INSERT INTO url (bucket, id, key, url, state, depth, hops, referrer, referrer_url, host, attempts, due, file, \
    record, status, error, bytes, untold, mention, link_text) SELECT * FROM unnest($1::smallint[], $2::int[], $3::bytea[], \
    $4::text[], $5::smallint[], $6::int[], $7::smallint[], $8::int[], $9::text[], $10::int[], $11::smallint[], \
    $12::timestamptz[], $13::int[], $14::bigint[], $15::smallint[], $16::text[], $17::bigint[], $18::boolean[], $19::smallint[], \
    $20::text[])";
/// The numbers are those of `row.rs`.
const CHANGED: &str = "UPDATE url AS u SET \
    state = CASE WHEN n.m & 1 <> 0 THEN n.state ELSE u.state END, \
    depth = CASE WHEN n.m & 2 <> 0 THEN n.depth ELSE u.depth END, \
    hops = CASE WHEN n.m & 4 <> 0 THEN n.hops ELSE u.hops END, \
    referrer = CASE WHEN n.m & 8 <> 0 THEN n.referrer ELSE u.referrer END, \
    referrer_url = CASE WHEN n.m & 8 <> 0 THEN n.referrer_url ELSE u.referrer_url END, \
    host = CASE WHEN n.m & 16 <> 0 THEN n.host ELSE u.host END, \
    attempts = CASE WHEN n.m & 32 <> 0 THEN n.attempts ELSE u.attempts END, \
    due = CASE WHEN n.m & 64 <> 0 THEN n.due ELSE u.due END, \
    file = CASE WHEN n.m & 128 <> 0 THEN n.file ELSE u.file END, \
    record = CASE WHEN n.m & 128 <> 0 THEN n.record ELSE u.record END, \
    status = CASE WHEN n.m & 128 <> 0 THEN n.status ELSE u.status END, \
    error = CASE WHEN n.m & 128 <> 0 THEN n.error ELSE u.error END, \
    bytes = CASE WHEN n.m & 128 <> 0 THEN n.bytes ELSE u.bytes END, \
    untold = CASE WHEN n.m & 256 <> 0 THEN n.untold ELSE u.untold END, \
    mention = CASE WHEN n.m & 512 <> 0 THEN n.mention ELSE u.mention END, \
    link_text = CASE WHEN n.m & 512 <> 0 THEN n.link_text ELSE u.link_text END \
    FROM unnest($1::smallint[], $2::int[], $3::int[], $4::smallint[], $5::int[], $6::smallint[], $7::int[], $8::text[], \
    $9::int[], $10::smallint[], $11::timestamptz[], $12::int[], $13::bigint[], $14::smallint[], $15::text[], $16::bigint[], \
    $17::boolean[], $18::smallint[], $19::text[]) AS n(b, i, m, state, depth, hops, referrer, referrer_url, host, attempts, due, \
    file, record, status, error, bytes, untold, mention, link_text) WHERE u.bucket = n.b AND u.id = n.i";
const EDGES: &str = "INSERT INTO edges (bucket, id, links) SELECT * FROM unnest($1::smallint[], $2::int[], $3::bytea[]) \
    ON CONFLICT (bucket, id) DO UPDATE SET links = excluded.links";
/// But those that another node has found to be out of date since.
const CORRECTED: &str = "DELETE FROM moved AS m USING unnest($2::bigint[], $3::bigint[]) AS n(r, t) \
    WHERE m.file = $1 AND m.record = n.r AND m.nth = n.t";
const MOVED: &str = "INSERT INTO moved (file, record, bucket, id) SELECT u.file, u.record, u.bucket, u.id \
    FROM unnest($1::smallint[], $2::int[]) AS n(b, i) JOIN url AS u ON u.bucket = n.b AND u.id = n.i \
    WHERE u.record IS NOT NULL ON CONFLICT (file, record) DO UPDATE SET nth = moved.nth + 1";
const MANNERS: &str = "INSERT INTO manners (bucket, host, saved) SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[]) \
    ON CONFLICT (bucket, host) DO UPDATE SET saved = excluded.saved";
const NOTES: &str = "INSERT INTO note (node, name, value) SELECT $1, * FROM unnest($2::text[], $3::text[]) \
    ON CONFLICT (node, name) DO UPDATE SET value = excluded.value";
const BUCKET_NOTES: &str = "INSERT INTO bucket_note (bucket, name, value) SELECT * FROM unnest($1::smallint[], $2::text[], \
    $3::text[]) ON CONFLICT (bucket, name) DO UPDATE SET value = excluded.value";
/// Whose notes those of the crawl are.
pub(super) const OF_CRAWL: &str = "";
const SITEMAPS: &str = "INSERT INTO sitemap (bucket, id, key, url, saved, done) SELECT * FROM unnest($1::smallint[], $2::int[], \
    $3::bytea[], $4::text[], $5::text[], $6::boolean[]) \
    ON CONFLICT (bucket, id) DO UPDATE SET saved = excluded.saved, done = excluded.done";
const VOID: &str = "DELETE FROM output WHERE node = $1 AND name = ANY($2::text[])";
const OUTPUTS: &str = "INSERT INTO output (node, name, length, amended, crc) SELECT $1, * FROM unnest($2::text[], $3::bigint[], \
    $4::bigint[], $5::bigint[]) ON CONFLICT (node, name) DO UPDATE SET length = excluded.length, amended = excluded.amended, \
    crc = excluded.crc";
/// Only what differs from the last, and only while nobody else crawls. Of two nodes that begin at once, the second one is seen by
/// the next statement.
const SETTINGS: &str = "INSERT INTO settings (version, common, url_rules, robots, folder, archives, toml) \
    SELECT (SELECT coalesce(max(version), 0) + 1 FROM settings), $1::text, $2::text, $3::text, $4::text, $5::text, $6::text \
    WHERE NOT EXISTS (SELECT FROM settings WHERE version = (SELECT max(version) FROM settings) \
    AND (common, url_rules, robots, folder, archives) = ($1, $2, $3, $4, $5)) \
    AND NOT EXISTS (SELECT FROM node WHERE id <> $7 AND state = 'alive' AND until > clock_timestamp()) ON CONFLICT DO NOTHING";
/// What is each node's own is that of the one that has begun when nobody else was there.
const SAME_SETTINGS: &str = "UPDATE settings SET toml = CASE WHEN EXISTS (SELECT FROM node WHERE id <> $7 AND state = 'alive' \
    AND until > clock_timestamp()) THEN toml ELSE $6 END WHERE version = (SELECT max(version) FROM settings) \
    AND (common, url_rules, robots, folder, archives) = ($1, $2, $3, $4, $5)";
