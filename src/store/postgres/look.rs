//! A look at the others: what is new of them and of the crawl, and whose buckets are free because he is gone.

use tokio_postgres::Row;

use super::Postgres;
use super::crowd::{ALIVE, Look, Seen};
use super::join::host_of;
use super::remote::Remote;
use super::trouble::Answer;
use crate::error::Result;
use crate::frontier::Bucket;
use crate::store::News;

impl Postgres {
    /// Looks what is new of the others, and of the crawl; declares those lost who are, and finds out what this node has too many of.
    pub(super) fn look_around(&mut self) -> Result<Vec<News>> {
        let Some(look) = self.look()? else { return Ok(Vec::new()) };
        let me = self.remote.node.id.clone();
        let mut news = self.crowd.compare(&me, &look.nodes);
        news.extend(self.of_crawl(&look)?);
        if look.nodes.iter().any(|node| node.id == me && node.is_sure) {
            for node in look.nodes.iter().filter(|node| node.id != me && node.state == ALIVE && node.is_late) {
                let declared = self.blocking.wait(self.remote.declare_lost(&node.id, &node.incarnation));
                if declared.map_err(|trouble| self.remote.server.error("write", trouble))? {
                    tracing::info!(
                        "nothing was heard from {} for a whole lease: its hosts are free",
                        host_of(&node.machine)
                    );
                }
            }
        }
        let share = self.crowd.share_out(&look, self.holdings.split.buckets());
        if look.is_steady {
            let surplus = self.holdings.drain(share);
            if !surplus.is_empty() {
                news.push(News::Surplus(
                    surplus.into_iter().map(|bucket| Bucket::at(bucket.cast_unsigned())).collect(),
                ));
            }
        }
        Ok(news)
    }

    fn look(&mut self) -> Result<Option<Look>> {
        let rows = self.rows(LOOK, &[], |row| {
            Ok((seen(row)?, row.try_get(6)?, row.try_get(7)?, row.try_get(8)?, row.try_get(9)?))
        })?;
        let mut look = None;
        for (node, epoch, state, has_free, is_steady) in rows {
            let look = look.get_or_insert(Look { nodes: Vec::new(), epoch, state, has_free, is_steady });
            look.nodes.push(node);
        }
        Ok(look)
    }

    /// What is new of the crawl as a whole.
    fn of_crawl(&mut self, look: &Look) -> Result<Vec<News>> {
        let after = self.crowd.epoch();
        let redirects = if look.epoch > after {
            self.rows(REDIRECTS, &[&after, &look.epoch], |row| Ok((row.try_get(0)?, row.try_get(1)?)))?
        } else {
            Vec::new()
        };
        Ok(self.crowd.learn(look, redirects))
    }
}

impl Remote {
    /// Declares a node lost whose lease is over, and frees its buckets; whether it is this process that has. It locks no other
    /// node, and no bucket but those.
    async fn declare_lost(&mut self, id: &str, incarnation: &str) -> Answer<bool> {
        // It may have been stopped while it held its row.
        let name = format!("crawler {id} {incarnation}");
        self.query(END_SESSIONS, &[&name]).await?;
        let rows = self.query(DECLARE_LOST, &[&id, &incarnation]).await?;
        Ok(!rows.is_empty())
    }
}

fn seen(row: &Row) -> Answer<Seen> {
    Ok(Seen {
        id: row.try_get(0)?,
        state: row.try_get(1)?,
        machine: row.try_get(2)?,
        incarnation: row.try_get(3)?,
        is_late: row.try_get(4)?,
        is_sure: row.try_get(5)?,
    })
}

/// After an outage of the database every lease looks as if it were over: who declares others lost has had a whole one since.
const LOOK: &str = "SELECT n.id, n.state, n.machine, n.incarnation::text, n.until < t.now, \
    n.state = 'alive' AND n.since + c.ttl <= t.now AND t.now < n.until, c.epoch, c.state, \
    EXISTS (SELECT FROM bucket WHERE owner IS NULL), \
    (SELECT max(since) FROM node) + 2 * c.ttl <= t.now FROM node AS n, crawl AS c, (SELECT clock_timestamp() AS now) AS t ORDER BY n.id";
const REDIRECTS: &str = "SELECT url, target FROM seed_redirect WHERE epoch > $1 AND epoch <= $2 ORDER BY epoch";
const END_SESSIONS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
    AND application_name = $1";
/// As one statement, whose parts see the same: its buckets are freed only if this is who has declared it lost.
const DECLARE_LOST: &str = "WITH lost AS (UPDATE node SET incarnation = gen_random_uuid(), state = 'lost', reserved = used, \
    since = clock_timestamp() WHERE id = $1 AND incarnation = $2::text::uuid AND state = 'alive' AND until < clock_timestamp() \
    RETURNING id), freed AS (UPDATE bucket SET owner = NULL FROM lost WHERE owner = lost.id RETURNING 1) \
    SELECT id FROM lost";
