//! The commit: one transaction for everything since the last one, which begins with the fence.

use super::batch::{Batch, Begin, Repair};
use super::fail_point::{Side, pass};
use super::join::{Node, Stands};
use super::link::Link;
use super::outage::Outage;
use super::remote::Remote;
use super::row::time;
use super::server::{Purpose, TTL};
use super::statements::{AT_ONCE, CORRECTED, Told, ids, moved, of_frontier, of_notes, told};
use super::trouble::{Answer, Trouble};
use crate::error::Error;
use crate::observe::State;

impl Remote {
    /// Sends the batch, and waits until the database has said that it is committed. When the answer is lost, the database says
    /// by the turn of this node whether it was.
    pub(super) async fn send(&mut self, batch: &Batch, records: i64, now_millis: i64) -> Answer<()> {
        let told = self.told(batch, records, now_millis);
        let mut outage = Outage::default();
        // Whether it may be committed without anybody knowing, and how often the fence was in the way although it is not.
        let (mut sent, mut fenced) = (false, 0);
        loop {
            let trouble = match self.attempt(&told, &mut sent).await {
                Ok(()) => {
                    outage.end(&self.server.shown);
                    return Ok(());
                }
                Err(trouble) => trouble,
            };
            let was_sent = self.writer.take().is_some();
            match trouble {
                // The transaction whose answer was lost may have been about to commit when the fence looked.
                Trouble::Fenced if was_sent && sent && fenced < 3 => fenced += 1,
                trouble => outage.wait(&self.server.shown, trouble).await?,
            }
        }
    }

    async fn attempt(&mut self, told: &[Told], sent: &mut bool) -> Answer<()> {
        if self.writer.is_none() {
            let mut link = self.server.connect(Purpose::Turns).await?;
            match self.server.stands(&mut link, &self.node).await? {
                Stands::Same => {}
                Stands::OneMore if *sent => {
                    self.writer = Some(link);
                    self.node.turn += 1;
                    return Ok(());
                }
                Stands::OneMore | Stands::Otherwise => return Err(Trouble::Fenced),
            }
            self.writer = Some(link);
        }
        let Some(link) = &mut self.writer else { return Err(Trouble::Fenced) };
        transact(link, &self.node, told, sent).await?;
        self.node.turn += 1;
        Ok(())
    }

    /// What the database is told, in the order in which all nodes lock: node, bucket, crawl.
    fn told(&self, batch: &Batch, records: i64, now_millis: i64) -> Vec<Told> {
        let (node, file) = (&self.node.id, self.node.file);
        let mut all: Vec<_> = batch.repairs.iter().flat_map(|repair| repaired(repair, node, file)).collect();
        all.extend(of_frontier(batch, file));
        all.extend(of_notes(batch, node));
        if let Some(begin) = batch.begins {
            all.extend(self.begins(begin));
        }
        let incarnation = || self.node.incarnation.clone();
        all.push(told!("session", PROGRESS, incarnation(), time(now_millis), records));
        if let Some(state) = batch.ends {
            all.push(told!("session-end", ENDS, incarnation(), state.name().to_owned()));
            all.push(told!("node-end", LEAVE, node.clone()));
            all.push(told!("bucket-end", GIVE, node.clone(), state != State::Complete));
        }
        all.extend(of_crawl(batch));
        all
    }

    fn begins(&self, begin: Begin) -> Vec<Told> {
        let mut all = Vec::new();
        if !begin.back.is_zero() {
            all.push(told!("times", BACK, begin.back.as_secs_f64()));
        }
        let at = time(begin.at_millis);
        let (node, incarnation) = (self.node.id.clone(), self.node.incarnation.clone());
        let version = env!("CARGO_PKG_VERSION").to_owned();
        all.push(told!("session-begin", BEGINS, node, incarnation, version, begin.pid, at, begin.records));
        all.push(told!("bucket-begin", OPEN, self.node.id.clone()));
        all
    }
}

async fn transact(link: &mut Link, node: &Node, told: &[Told], sent: &mut bool) -> Answer<()> {
    pass("begin", Side::Before)?;
    link.run("BEGIN").await?;
    pass("begin", Side::After)?;
    pass("fence", Side::Before)?;
    let ttl = TTL.as_secs_f64();
    if link.execute(FENCE, &[&node.id, &node.incarnation, &node.turn, &ttl]).await? != 1 {
        return Err(Trouble::Fenced);
    }
    pass("fence", Side::After)?;
    for Told { name, sql, values, rows } in told {
        pass(name, Side::Before)?;
        let values: Vec<_> =
            values.iter().map(|value| &**value as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
        let touched = link.execute(sql, &values).await?;
        if rows.is_some_and(|rows| rows as u64 != touched) {
            return Err(Error::Damaged(format!(
                "rows of the store are gone: {touched} of {} URLs are there; put a copy of the database back, or start over with \
                 --fresh",
                rows.unwrap_or_default()
            ))
            .into());
        }
        pass(name, Side::After)?;
    }
    pass("commit", Side::Before)?;
    *sent = true;
    link.run("COMMIT").await?;
    pass("commit", Side::After)
}

/// What belongs to the crawl as a whole.
fn of_crawl(batch: &Batch) -> Vec<Told> {
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
    let state = match batch.ends {
        Some(State::Complete) => Some("complete"),
        Some(State::Limit) => Some("limit"),
        _ => batch.begins.map(|_| "running"),
    };
    all.extend(state.map(|state| told!("crawl", STATE, state.to_owned())));
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
            let mut all = vec![told!("repair", CORRECTED, file)];
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

/// Not one row: this process is not the node any more, or not in this turn.
const FENCE: &str = "UPDATE node SET turn = turn + 1, until = clock_timestamp() + $4::float8 * interval '1 second', \
    since = CASE WHEN until < clock_timestamp() THEN clock_timestamp() ELSE since END \
    WHERE id = $1 AND incarnation = $2::text::uuid AND turn = $3 AND state = 'alive'";
const BEGINS: &str = "INSERT INTO session (node, incarnation, version, pid, started_at, committed_at, records_before, records, state) \
    VALUES ($1, $2::text::uuid, $3, $4, $5, $5, $6, $6, 'running')";
const PROGRESS: &str = "UPDATE session SET committed_at = $2, records = $3 WHERE incarnation = $1::text::uuid";
const ENDS: &str = "UPDATE session SET state = $2 WHERE incarnation = $1::text::uuid";
const LEAVE: &str = "UPDATE node SET state = 'ended' WHERE id = $1";
const OPEN: &str = "UPDATE bucket SET open = true WHERE owner = $1";
const GIVE: &str = "UPDATE bucket SET owner = NULL, open = $2 WHERE owner = $1";
const BACK: &str = "UPDATE url SET due = due - $1::float8 * interval '1 second' WHERE due IS NOT NULL";
const SEEDS: &str = "INSERT INTO seed (key, url) SELECT * FROM unnest($1::bytea[], $2::text[]) ON CONFLICT DO NOTHING";
const REDIRECTS: &str = "WITH told AS (UPDATE crawl SET epoch = epoch + cardinality($1::text[]) RETURNING epoch) \
    INSERT INTO seed_redirect (epoch, url, target) SELECT told.epoch - cardinality($1::text[]) + n.o, n.u, n.t \
    FROM told, unnest($1::text[], $2::text[]) WITH ORDINALITY AS n(u, t, o)";
const STATE: &str = "UPDATE crawl SET state = $1, epoch = epoch + 1";
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
