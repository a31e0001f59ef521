//! Requeue: the pages of a node whose records are gone, pending again for whoever crawls next.

use super::Postgres;
use super::blocking::Blocking;
use super::join::host_of;
use super::link::Link;
use super::schema::Found;
use super::server::{Purpose, Server};
use super::trouble::{Answer, Trouble};
use crate::error::{Error, Result};
use crate::store_place::StorePlace;

/// What has become of the pages of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Requeued {
    /// How many are pending again.
    pub(crate) urls: u64,
    /// The machine that the node was on.
    pub(crate) machine: String,
}

impl Postgres {
    /// Makes the URLs pending again whose records a node has, and what was said of its outputs void: its directory is gone. All
    /// of it, or nothing; again it finds nothing left to do. Whoever may still be asleep is nobody of the crawl afterwards.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is no such node, or any node is alive: nothing is changed then.
    pub(crate) fn requeue(place: &StorePlace, node: &str) -> Result<Requeued> {
        let (blocking, server) = (Blocking::new()?, Server::new(place)?);
        let requeued = blocking.wait(async {
            let mut link = server.connect(Purpose::Everything).await?;
            if server.look(&mut link).await? != (Found::Crawl { has_begun: true }) {
                return Err(Error::Usage(format!("there is no crawl {}", server.shown)).into());
            }
            // The transaction ends with the connection, whatever goes wrong.
            link.run("BEGIN").await?;
            let (machine, file) = server.expect_known(&mut link, node).await?;
            let urls = forget(&mut link, node, file).await?;
            link.run("COMMIT").await?;
            Ok::<_, Trouble>(Requeued { urls, machine })
        });
        requeued.map_err(|trouble| server.error("requeue", trouble))
    }
}

impl Server {
    /// Locks all nodes and buckets, in this order, as everybody does; the machine of a node, and its file.
    async fn expect_known(&self, link: &mut Link, node: &str) -> Answer<(String, i32)> {
        let nodes = link.query(NODES, &[]).await?;
        link.query("SELECT FROM bucket ORDER BY id FOR UPDATE", &[]).await?;
        link.query("SELECT FROM crawl FOR UPDATE", &[]).await?;
        let (mut found, mut known) = (None, Vec::new());
        for row in &nodes {
            let (id, machine, file): (String, String, i32) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let host = host_of(&machine).to_owned();
            if let Some(left) = row.try_get::<_, Option<f64>>(3)?.filter(|left| *left > 0.0) {
                let problem = format!("{}: the node {id} crawls it (on {host})", self.shown);
                let help =
                    format!("stop all nodes first; one that was killed counts as alive for {left:.0} seconds more");
                return Err(Error::Usage(format!("{problem}\n = help: {help}")).into());
            }
            known.push(format!("{id} (on {host})"));
            if id == node {
                found = Some((host, file));
            }
        }
        found.ok_or_else(|| {
            let problem = format!("{} has no node {node}", self.shown);
            Error::Usage(format!("{problem}\n = help: its nodes: {}", known.join(", "))).into()
        })
    }
}

/// How many URLs are pending again.
async fn forget(link: &mut Link, node: &str, file: i32) -> Answer<u64> {
    // Who was killed, or is asleep, is fenced from here on, and what it owned is free.
    link.execute(FENCE, &[]).await?;
    link.execute(FREE, &[]).await?;
    link.execute("DELETE FROM moved WHERE file = $1", &[&file]).await?;
    link.execute(EDGES, &[&file]).await?;
    link.execute(OPEN, &[&file]).await?;
    let urls = link.execute(URLS, &[&file]).await?;
    link.execute("DELETE FROM output WHERE node = $1", &[&node]).await?;
    link.execute("UPDATE session SET records = 0, records_before = 0 WHERE node = $1", &[&node]).await?;
    link.execute("UPDATE node SET used = 0, reserved = 0 WHERE id = $1", &[&node]).await?;
    if urls > 0 {
        // Whoever asks for one is to know that what such a page has led to may be there before it.
        let asked_again = i64::try_from(urls).unwrap_or(i64::MAX);
        link.execute(ASKED_AGAIN, &[&asked_again]).await?;
        link.execute("UPDATE crawl SET state = 'running', epoch = epoch + 1", &[]).await?;
    }
    Ok(urls)
}

const NODES: &str = "SELECT id, machine, file, \
    CASE WHEN state = 'alive' THEN extract(epoch FROM until - clock_timestamp())::float8 END FROM node ORDER BY id FOR UPDATE";
const FENCE: &str =
    "UPDATE node SET incarnation = gen_random_uuid(), state = 'lost', reserved = used WHERE state = 'alive'";
const FREE: &str = "UPDATE bucket SET owner = NULL WHERE owner IS NOT NULL";
const EDGES: &str = "DELETE FROM edges AS e USING url AS u WHERE e.bucket = u.bucket AND e.id = u.id AND u.file = $1";
/// The counts are set right by whoever owns it next.
const OPEN: &str = "UPDATE bucket SET open = true WHERE id IN (SELECT bucket FROM url WHERE file = $1)";
const URLS: &str = "UPDATE url SET state = 0, attempts = 0, due = NULL, file = NULL, record = NULL, status = NULL, error = NULL, \
    bytes = NULL, untold = NULL WHERE file = $1";
const ASKED_AGAIN: &str = "INSERT INTO note AS n (node, name, value) SELECT id, 'asked_again', $1::bigint::text FROM node \
    ON CONFLICT (node, name) DO UPDATE SET value = (n.value::bigint + $1)::text";
