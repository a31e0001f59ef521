//! The commit: what the database is told of everything since the last one.

use super::batch::{Batch, Begin, Repair};
use super::holdings::Counted;
use super::remote::Remote;
use super::row::time;
use super::statements::{ids, moved, of_frontier, of_notes};
use super::told::{AT_ONCE, Told, Touches, told};
use crate::observe::State;

/// What a commit tells of the buckets of this node, beside what is in the batch.
#[derive(Default)]
pub(super) struct OfBuckets {
    /// Those that became open, or are not open any more.
    pub(super) open: Vec<(i16, bool)>,
    pub(super) counted: Vec<Counted>,
    /// How many it takes at most of those that nobody has.
    pub(super) takes: i64,
}

impl OfBuckets {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.counted.is_empty() && self.takes == 0
    }
}

impl Remote {
    /// What the database is told, in the order in which all nodes lock: node, bucket, crawl. Nothing when there is nothing new.
    pub(super) fn told(&self, batch: &Batch, of_buckets: &OfBuckets, records: i64, now_millis: i64) -> Vec<Told> {
        if batch.is_empty() && of_buckets.is_empty() {
            return Vec::new();
        }
        let (node, file) = (&self.node.id, self.node.file);
        let mut all: Vec<_> = batch.repairs.iter().flat_map(|repair| repaired(repair, node, file)).collect();
        all.extend(of_frontier(batch, file));
        all.extend(of_notes(batch, node));
        if let Some(begin) = batch.begins {
            all.extend(self.begins(begin));
        }
        let incarnation = || self.node.incarnation.clone();
        if !batch.is_empty() {
            all.push(told!("session", PROGRESS, incarnation(), time(now_millis), records));
        }
        if let Some(state) = batch.ends {
            all.push(told!("session-end", ENDS, incarnation(), state.name().to_owned()));
            all.push(told!("node-end", LEAVE, node.clone()));
        }
        all.extend(self.of_buckets(batch, of_buckets));
        all.extend(of_crawl(batch, node));
        all
    }

    fn of_buckets(&self, batch: &Batch, of_buckets: &OfBuckets) -> Vec<Told> {
        let node = &self.node.id;
        let OfBuckets { open, counted, takes } = of_buckets;
        let mut all = Vec::new();
        if !open.is_empty() {
            let (buckets, open): (Vec<_>, Vec<_>) = open.iter().copied().unzip();
            all.push(told!("bucket-open", OPEN, buckets, open));
        }
        if !counted.is_empty() {
            fn column<T>(counted: &[Counted], of: impl Fn(&Counted) -> T) -> Vec<T> {
                counted.iter().map(of).collect()
            }
            all.push(told!(
                "bucket-counts",
                COUNTS,
                column(counted, |of| of.bucket),
                column(counted, |of| of.pending),
                column(counted, |of| of.settled.clone()),
                column(counted, |of| of.skipped.clone()),
                column(counted, |of| of.urls),
            ));
        }
        if batch.ends.is_some() {
            all.push(told!("bucket-end", GIVE_ALL, node.clone()));
        } else if !batch.gives.is_empty() {
            let buckets: Vec<_> = batch.gives.iter().copied().collect();
            all.push(told!("bucket-give", GIVE, node.clone(), buckets));
        }
        if *takes > 0 {
            let told = told!("bucket-take", TAKE, node.clone(), *takes);
            all.push(Told { touches: Touches::Taken, ..told });
        }
        all
    }

    fn begins(&self, begin: Begin) -> Vec<Told> {
        let mut all = Vec::new();
        let (node, incarnation) = (self.node.id.clone(), self.node.incarnation.clone());
        if !begin.back.is_zero() {
            all.push(told!("times", BACK, begin.back.as_secs_f64(), node.clone()));
        }
        let at = time(begin.at_millis);
        let version = env!("CARGO_PKG_VERSION").to_owned();
        all.push(told!("session-begin", BEGINS, node, incarnation, version, begin.pid, at, begin.records));
        all
    }
}

/// What belongs to the crawl as a whole.
fn of_crawl(batch: &Batch, node: &str) -> Vec<Told> {
    let mut all = Vec::new();
    for seeds in batch.seeds.chunks(AT_ONCE) {
        let keys: Vec<_> = seeds.iter().map(|(key, _)| key.as_bytes().to_vec()).collect();
        let urls: Vec<_> = seeds.iter().map(|(_, url)| url.clone()).collect();
        all.push(told!("seeds", SEEDS, keys, urls));
    }
    if !batch.redirects.is_empty() {
        let (from, to): (Vec<_>, Vec<_>) = batch.redirects.iter().cloned().unzip();
        all.push(told!("seed-redirects", REDIRECTS, from, to));
    }
    match batch.ends {
        Some(state @ (State::Complete | State::Limit)) => {
            all.push(told!("crawl-lock", LOCK));
            all.push(told!("crawl", ENDED, state.name().to_owned(), node.to_owned()));
        }
        Some(_) => {}
        None => all.extend(batch.begins.map(|_| told!("crawl", RUNNING))),
    }
    all
}

/// What is done about records that outputs have lost.
fn repaired(repair: &Repair, node: &str, file: i32) -> Vec<Told> {
    match repair {
        Repair::AskAgain { after } => vec![
            told!("repair", FORGET_MOVED, file, *after),
            told!("repair", FORGET_EDGES, file, *after),
            told!("repair", ASK_AGAIN, file, *after),
            told!("repair", COUNT_AGAIN, node.to_owned(), *after),
        ],
        Repair::Forget { urls, left } => {
            let mut all = Vec::new();
            for urls in urls.chunks(AT_ONCE) {
                let (buckets, numbers) = ids(urls.iter().copied());
                all.push(told!("repair", FORGET_EDGES_OF, buckets.clone(), numbers.clone()));
                all.push(told!("repair", ASK_AGAIN_FOR, buckets, numbers));
            }
            all.push(told!("repair", COUNT_AGAIN, node.to_owned(), *left));
            all
        }
        Repair::Number { urls, moved: out_of_date } => {
            let mut all = vec![told!("repair", NONE_MOVED, file)];
            for urls in urls.chunks(AT_ONCE) {
                let (buckets, numbers) = ids(urls.iter().map(|(id, _)| *id));
                let records: Vec<_> = urls.iter().map(|(_, record)| *record).collect();
                all.push(told!("repair", NUMBER, buckets, numbers, records));
            }
            all.extend(out_of_date.chunks(AT_ONCE).map(moved));
            all
        }
    }
}

const BEGINS: &str = "INSERT INTO session (node, incarnation, version, pid, started_at, committed_at, records_before, records, state) \
    VALUES ($1, $2::text::uuid, $3, $4, $5, $5, $6, $6, 'running')";
const PROGRESS: &str = "UPDATE session SET committed_at = $2, records = $3 WHERE incarnation = $1::text::uuid";
const ENDS: &str = "UPDATE session SET state = $2 WHERE incarnation = $1::text::uuid";
const LEAVE: &str =
    "UPDATE node SET state = 'ended', until = clock_timestamp(), since = clock_timestamp() WHERE id = $1";
/// What was read back was judged by the last settings.
const OPEN: &str = "UPDATE bucket SET open = n.o, settings = (SELECT coalesce(max(version), 0) FROM settings) \
    FROM unnest($1::smallint[], $2::boolean[]) AS n(b, o) WHERE id = n.b";
const COUNTS: &str = "UPDATE bucket SET pending = n.p, settled = n.s::bigint[], skipped = n.k::bigint[], urls = n.u \
    FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[]) AS n(b, p, s, k, u) WHERE id = n.b";
const GIVE: &str = "UPDATE bucket SET owner = NULL WHERE owner = $1 AND id = ANY($2::smallint[])";
const GIVE_ALL: &str = "UPDATE bucket SET owner = NULL WHERE owner = $1";
/// What others just take is left to them. Looked for once: a join could look again, and take more.
const TAKE: &str = "WITH free AS MATERIALIZED (SELECT id FROM bucket WHERE owner IS NULL ORDER BY id LIMIT $2 \
    FOR UPDATE SKIP LOCKED) UPDATE bucket SET owner = $1 FROM free WHERE bucket.id = free.id RETURNING bucket.id";
const BACK: &str = "UPDATE url SET due = due - $1::float8 * interval '1 second' WHERE due IS NOT NULL \
    AND bucket IN (SELECT id FROM bucket WHERE owner = $2)";
/// In one order for all nodes: some may begin at once.
const SEEDS: &str = "INSERT INTO seed (key, url) SELECT * FROM unnest($1::bytea[], $2::text[]) AS n(k, u) ORDER BY k \
    ON CONFLICT DO NOTHING";
const REDIRECTS: &str = "WITH told AS (UPDATE crawl SET epoch = epoch + cardinality($1::text[]) RETURNING epoch) \
    INSERT INTO seed_redirect (epoch, url, target) SELECT told.epoch - cardinality($1::text[]) + n.o, n.u, n.t \
    FROM told, unnest($1::text[], $2::text[]) WITH ORDINALITY AS n(u, t, o)";
const RUNNING: &str = "UPDATE crawl SET state = 'running', epoch = epoch + 1";
/// Before the question whether this is the last node, which is a statement of its own: of two that end at once, one is.
const LOCK: &str = "SELECT FROM crawl FOR UPDATE";
const ENDED: &str = "UPDATE crawl SET state = $1, epoch = epoch + 1 WHERE state = 'running' \
    AND NOT EXISTS (SELECT FROM node WHERE id <> $2 AND state = 'alive')";
const NONE_MOVED: &str = "DELETE FROM moved WHERE file = $1";
const FORGET_MOVED: &str = "DELETE FROM moved WHERE file = $1 AND record > $2";
const FORGET_EDGES: &str = "DELETE FROM edges AS e USING url AS u \
    WHERE e.bucket = u.bucket AND e.id = u.id AND u.file = $1 AND u.record > $2";
const ASK_AGAIN: &str = "UPDATE url SET state = 0, attempts = 0, due = NULL, file = NULL, record = NULL, status = NULL, \
    error = NULL, bytes = NULL, untold = NULL WHERE file = $1 AND record > $2";
const FORGET_EDGES_OF: &str = "DELETE FROM edges AS e USING unnest($1::smallint[], $2::int[]) AS n(b, i) \
    WHERE e.bucket = n.b AND e.id = n.i";
const ASK_AGAIN_FOR: &str = "UPDATE url AS u SET state = 0, attempts = 0, due = NULL, file = NULL, record = NULL, status = NULL, \
    error = NULL, bytes = NULL, untold = NULL FROM unnest($1::smallint[], $2::int[]) AS n(b, i) WHERE u.bucket = n.b AND u.id = n.i";
const NUMBER: &str = "UPDATE url AS u SET record = n.r FROM unnest($1::smallint[], $2::int[], $3::bigint[]) AS n(b, i, r) \
    WHERE u.bucket = n.b AND u.id = n.i";
const COUNT_AGAIN: &str = "UPDATE session SET records = least(records, $2), records_before = least(records_before, $2) \
    WHERE node = $1 AND records > $2";
