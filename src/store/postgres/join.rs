//! Joining: a process becomes a node of a crawl, and whoever was it before is one no more.

use std::fs;
use std::time::Duration;

use super::Server;
use super::link::Link;
use super::outage::pause;
use super::trouble::{Answer, Trouble};
use crate::error::Error;

/// What this process is in the database.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) id: String,
    /// One start of it, random: what a counter says could come back with a backup.
    pub(super) incarnation: String,
    /// Its commits.
    pub(super) turn: i64,
    /// The number of its records.
    pub(super) file: i32,
    /// Of which news of the crawl it has heard.
    pub(super) seen_epoch: i64,
}

/// What the database knows of a node, compared with what it knows of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// As after the last commit.
    Same,
    /// As after one more, which can only be the one whose answer was lost.
    OneMore,
    /// It is another's, or the database is not what it was.
    Otherwise,
}

impl Server {
    /// Takes the place of a node, and of the buckets that nobody has as many as are its share. Who was alive on another machine is
    /// waited for: a lock of a file says nothing about a directory that was copied, or is shared.
    pub(super) async fn join(&self, link: &mut Link, id: &str) -> Answer<Node> {
        let machine = machine();
        self.wait_for_end(link, id, &machine).await?;
        // Who was this node may have been stopped while it held the row.
        link.query(END_SESSIONS, &[&format!("crawler {id} ")]).await?;
        link.run("BEGIN").await?;
        let (pid, version) = (std::process::id().cast_signed(), env!("CARGO_PKG_VERSION"));
        let ttl = self.ttl.as_secs_f64();
        let rows = link.query(JOIN, &[&id, &machine, &pid, &version, &ttl]).await?;
        let row = rows.first().ok_or_else(|| Trouble::Passing("no answer".to_owned()))?;
        let node = Node {
            id: id.to_owned(),
            incarnation: row.try_get(0)?,
            turn: row.try_get(1)?,
            file: row.try_get(2)?,
            seen_epoch: row.try_get(3)?,
        };
        link.execute(TAKE_SHARE, &[&id]).await?;
        link.run("COMMIT").await?;
        Ok(node)
    }

    /// The buckets that a node has.
    pub(super) async fn owned(&self, link: &mut Link, id: &str) -> Answer<Vec<i16>> {
        let rows = link.query("SELECT id FROM bucket WHERE owner = $1 ORDER BY id", &[&id]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Whether a node is as it has left itself.
    pub(super) async fn stands(&self, link: &mut Link, node: &Node) -> Answer<Stands> {
        let asked = "SELECT incarnation::text, turn, state FROM node WHERE id = $1";
        let Some(row) = link.query(asked, &[&node.id]).await?.pop() else { return Ok(Stands::Otherwise) };
        let (incarnation, turn, state): (String, i64, String) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        Ok(match turn - node.turn {
            _ if incarnation != node.incarnation => Stands::Otherwise,
            // Its last commit says of itself that it has ended.
            1 => Stands::OneMore,
            0 if state == ALIVE => Stands::Same,
            _ => Stands::Otherwise,
        })
    }

    /// Refuses to delete a crawl that somebody crawls. Who was this node on this machine is not: its directory is locked by
    /// this process.
    pub(super) async fn expect_idle(&self, link: &mut Link, id: Option<&str>) -> Answer<()> {
        let asked = "SELECT machine FROM node WHERE state = 'alive' AND until > clock_timestamp() \
                     AND NOT (id = $1 AND machine = $2) LIMIT 1";
        match link.query(asked, &[&id.unwrap_or_default(), &machine()]).await?.pop() {
            None => Ok(()),
            Some(row) => {
                let problem = format!("{} is being crawled on {}", self.shown, host_of(row.try_get(0)?));
                Err(Error::Usage(format!("{problem}; wait for its end")).into())
            }
        }
    }

    async fn wait_for_end(&self, link: &mut Link, id: &str, machine: &str) -> Answer<()> {
        let asked = "SELECT machine, extract(epoch FROM until - clock_timestamp())::float8 FROM node \
                     WHERE id = $1 AND state = 'alive' AND machine <> $2 AND until > clock_timestamp()";
        let mut told = false;
        while let Some(row) = link.query(asked, &[&id, &machine]).await?.pop() {
            let (other, left): (String, f64) = (row.try_get(0)?, row.try_get(1)?);
            if !std::mem::replace(&mut told, true) {
                tracing::warn!(
                    "{} was crawled from this directory on {} a moment ago: it is waited for, up to {} seconds",
                    self.shown,
                    host_of(&other),
                    self.ttl.as_secs()
                );
            }
            pause(Duration::from_secs_f64(left.clamp(0.1, 5.0))).await;
        }
        Ok(())
    }
}

/// This machine since it was started: a process of before cannot be alive.
pub(super) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default();
    format!("{} {}", read("/proc/sys/kernel/random/boot_id"), read("/proc/sys/kernel/hostname"))
}

/// The name of the host in that.
pub(super) fn host_of(machine: &str) -> &str {
    machine.split_once(' ').map_or("another machine", |(_, host)| host)
}

const ALIVE: &str = "alive";
const JOIN: &str = "INSERT INTO node (id, incarnation, state, until, since, machine, pid, version, started_at, \
    seen_epoch) \
    VALUES ($1, gen_random_uuid(), 'alive', clock_timestamp() + $5::float8 * interval '1 second', clock_timestamp(), $2, $3, $4, \
    clock_timestamp(), (SELECT epoch FROM crawl)) \
    ON CONFLICT (id) DO UPDATE SET incarnation = excluded.incarnation, state = 'alive', until = excluded.until, \
    since = excluded.since, reserved = node.used, machine = excluded.machine, pid = excluded.pid, version = excluded.version, \
    started_at = excluded.started_at, seen_epoch = excluded.seen_epoch \
    RETURNING incarnation::text, turn, file, seen_epoch";
/// As many as make up the share of a node, of which this one is one of those that are alive. What others just take is left to them.
const TAKE_SHARE: &str = "WITH free AS MATERIALIZED (SELECT id FROM bucket WHERE owner IS NULL ORDER BY id LIMIT \
    (SELECT greatest(0, ceil((SELECT count(*) FROM bucket)::numeric / (SELECT count(*) FROM node WHERE state = 'alive')) \
    - (SELECT count(*) FROM bucket WHERE owner = $1)))::bigint FOR UPDATE SKIP LOCKED) \
    UPDATE bucket SET owner = $1 FROM free WHERE bucket.id = free.id";
/// Those whose name begins so.
const END_SESSIONS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
    AND starts_with(application_name, $1) AND pid <> pg_backend_pid()";
