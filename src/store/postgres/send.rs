//! Sending: one transaction, which begins with the fence, again and again until the database has said that it is committed.

use std::time::Instant;

use super::fail_point::{Side, pass};
use super::join::Stands;
use super::outage::Outage;
use super::remote::Remote;
use super::server::Purpose;
use super::told::{Told, Touches};
use super::trouble::{Answer, Trouble};
use crate::error::Error;

/// What was committed.
#[derive(Debug)]
pub(super) struct Sent {
    /// Before the first byte of it was sent: from here on this node is believed to live.
    pub(super) began: Instant,
    /// The buckets that were taken with it; `None` when the answer that says so was lost.
    pub(super) taken: Option<Vec<i16>>,
}

impl Remote {
    /// Sends what is to be told, and waits until the database has said that it is committed. When the answer is lost, the database
    /// says by the turn of this node whether it was.
    pub(super) async fn send(&mut self, told: &[Told]) -> Answer<Sent> {
        let mut outage = Outage::default();
        // When that began which may be committed without anybody knowing, and how often the fence was in the way although it is not.
        let (mut sent, mut fenced) = (None, 0);
        loop {
            let trouble = match self.attempt(told, &mut sent).await {
                Ok(done) => {
                    outage.end(&self.server.shown);
                    return Ok(done);
                }
                Err(trouble) => trouble,
            };
            let was_sent = self.writer.take().is_some();
            match trouble {
                // The transaction whose answer was lost may have been about to commit when the fence looked.
                Trouble::Fenced if was_sent && sent.is_some() && fenced < 3 => fenced += 1,
                trouble => outage.wait(&self.server.shown, trouble).await?,
            }
        }
    }

    async fn attempt(&mut self, told: &[Told], sent: &mut Option<Instant>) -> Answer<Sent> {
        if self.writer.is_none() {
            let mut link = self.server.connect(Purpose::Turns).await?;
            match (self.server.stands(&mut link, &self.node).await?, *sent) {
                (Stands::Same, _) => {}
                (Stands::OneMore, Some(began)) => {
                    self.writer = Some(link);
                    self.node.turn += 1;
                    return Ok(Sent { began, taken: None });
                }
                (Stands::OneMore | Stands::Otherwise, _) => return Err(Trouble::Fenced),
            }
            self.writer = Some(link);
        }
        let began = Instant::now();
        let taken = self.transact(told, began, sent).await?;
        self.node.turn += 1;
        Ok(Sent { began, taken: Some(taken) })
    }

    async fn transact(&mut self, told: &[Told], began: Instant, sent: &mut Option<Instant>) -> Answer<Vec<i16>> {
        let Some(link) = &mut self.writer else { return Err(Trouble::Fenced) };
        let (node, ttl) = (&self.node, self.server.ttl.as_secs_f64());
        pass("begin", Side::Before)?;
        link.run("BEGIN").await?;
        pass("begin", Side::After)?;
        pass("fence", Side::Before)?;
        if link.execute(FENCE, &[&node.id, &node.incarnation, &node.turn, &ttl, &node.seen_epoch]).await? != 1 {
            return Err(Trouble::Fenced);
        }
        pass("fence", Side::After)?;
        let mut taken = Vec::new();
        for Told { name, sql, values, touches } in told {
            pass(name, Side::Before)?;
            let values: Vec<_> =
                values.iter().map(|value| &**value as &(dyn tokio_postgres::types::ToSql + Sync)).collect();
            if matches!(touches, Touches::Taken) {
                for row in link.query(sql, &values).await? {
                    taken.push(row.try_get(0)?);
                }
            } else {
                let rows = link.execute(sql, &values).await?;
                expect(*touches, rows, &self.server.shown)?;
            }
            pass(name, Side::After)?;
        }
        pass("commit", Side::Before)?;
        sent.get_or_insert(began);
        link.run("COMMIT").await?;
        pass("commit", Side::After)?;
        Ok(taken)
    }
}

fn expect(touches: Touches, rows: u64, shown: &str) -> Answer<()> {
    match touches {
        Touches::Urls(urls) if urls != rows => Err(Error::Damaged(format!(
            "rows of the store are gone: {rows} of {urls} URLs are there; put a copy of the database back, or start over with \
             --fresh"
        ))
        .into()),
        Touches::Settings if rows == 0 => Err(Error::Usage(format!(
            "{shown} is being crawled with other settings, and all machines that crawl together need the same; give these, or start \
             this one when the others have ended"
        ))
        .into()),
        Touches::Any | Touches::Urls(_) | Touches::Taken | Touches::Settings => Ok(()),
    }
}

/// Not one row: this process is not the node any more, or not in this turn.
const FENCE: &str = "UPDATE node SET turn = turn + 1, until = clock_timestamp() + $4::float8 * interval '1 second', \
    since = CASE WHEN until < clock_timestamp() THEN clock_timestamp() ELSE since END, seen_epoch = $5 \
    WHERE id = $1 AND incarnation = $2::text::uuid AND turn = $3 AND state = 'alive'";
