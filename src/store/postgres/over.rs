//! Over: when nothing is left to do for any node, one of them says so, for all.

use super::Postgres;
use super::outage::Outage;
use super::remote::Remote;
use super::trouble::{Answer, Trouble};
use crate::error::Result;

impl Postgres {
    /// Asks whether there is anything left for anybody, and ends the crawl when there is not; whether it has.
    pub(super) fn ask_for_the_end(&mut self) -> Result<bool> {
        if !self.rows(IS_DONE, &[], |row| Ok(row.try_get(0)?))?.contains(&true) {
            return Ok(false);
        }
        let ended = self.blocking.wait(self.remote.end_crawl());
        ended.map_err(|trouble| self.named(self.remote.server.error("write", trouble)))
    }
}

impl Remote {
    async fn end_crawl(&mut self) -> Answer<bool> {
        let mut outage = Outage::default();
        loop {
            match self.try_to_end().await {
                Ok(ended) => {
                    outage.end(&self.server.shown);
                    return Ok(ended);
                }
                Err(trouble) => {
                    self.reader = None;
                    outage.wait(&self.server.shown, trouble).await?;
                }
            }
        }
    }

    /// The question once more as a statement of its own, once nobody can add a seed: as a part of the statement that ends the
    /// crawl it would still see what was there before it had waited for the lock.
    async fn try_to_end(&mut self) -> Answer<bool> {
        let link = match &mut self.reader {
            Some(link) => link,
            none => none.insert(self.server.connect(super::server::Purpose::Turns).await?),
        };
        link.run("BEGIN").await?;
        link.execute(LOCK, &[]).await?;
        let rows = link.query(IS_DONE, &[]).await?;
        let row = rows.first().ok_or_else(|| Trouble::Passing("no answer".to_owned()))?;
        let is_done: bool = row.try_get(0)?;
        if is_done {
            link.execute(COMPLETE, &[]).await?;
        }
        link.run("COMMIT").await?;
        Ok(is_done)
    }
}

/// Nothing is left in any bucket, all of which were judged by the last settings; no letter waits, and no news of the crawl.
const IS_DONE: &str = "SELECT NOT EXISTS (SELECT FROM bucket WHERE open \
    OR settings < (SELECT coalesce(max(version), 0) FROM settings)) \
    AND NOT EXISTS (SELECT FROM mail) \
    AND NOT EXISTS (SELECT FROM node, crawl WHERE node.state = 'alive' AND node.seen_epoch < crawl.epoch)";
const LOCK: &str = "SELECT FROM crawl FOR UPDATE";
const COMPLETE: &str = "UPDATE crawl SET state = 'complete', epoch = epoch + 1 WHERE state = 'running'";
