//! A turn: what is committed at a time, and what the database says to it.

use std::time::Instant;

use super::commit::OfBuckets;
use super::send::Sent;
use super::told::Told;
use super::trouble::Trouble;
use super::{Postgres, Run};
use crate::error::Result;
use crate::frontier::Bucket;
use crate::store::{Committed, News};

impl Postgres {
    /// Commits what is new, and looks what others have done.
    pub(super) fn take_turn(&mut self, now: Instant) -> Result<Committed> {
        let hears = self.run == Run::Begun;
        let mut news = self.write(now)?;
        let asked = std::mem::take(&mut self.asked);
        let answers = asked.into_iter().map(|want| self.answer(want)).collect::<Result<_>>()?;
        if !hears || self.run == Run::Left {
            let valid_until = Some(self.valid_until).filter(|_| self.run != Run::Left);
            return Ok(Committed { answers, valid_until, ..Committed::default() });
        }
        news.extend(self.look_around()?);
        let mail = self.letters()?;
        let is_idle = self.is_at_rest && self.batch.is_empty() && self.holdings.is_settled();
        if is_idle && news.is_empty() && mail.is_empty() && self.ask_for_the_end()? {
            news.extend(self.look_around()?);
        }
        // Whoever hears something has something to do.
        self.is_at_rest &= mail.is_empty() && news.is_empty();
        Ok(Committed { answers, mail, news, valid_until: Some(self.valid_until) })
    }

    /// Says that this node lives, when it has not for a while: what takes long may take longer than its lease.
    pub(super) fn renew(&mut self) -> Result<()> {
        if self.is_due() && self.run != Run::Left {
            self.send(&[])?;
        }
        Ok(())
    }

    fn write(&mut self, now: Instant) -> Result<Vec<News>> {
        let ends = self.batch.ends.is_some();
        let are_counts_due = ends || self.counted_at.elapsed() >= self.remote.server.ttl / 6;
        // Not before the settings are kept by which they were judged.
        let is_judged = self.run != Run::NotBegun || self.batch.begins.is_some();
        let of_buckets = OfBuckets {
            open: if is_judged { self.holdings.to_tell(self.is_at_rest) } else { Vec::new() },
            counted: self.holdings.to_count(if are_counts_due { None } else { Some(&self.batch.gives) }),
            takes: if ends || self.run != Run::Begun { 0 } else { self.crowd.wanted(self.holdings.len()) },
        };
        let told = self.remote.told(&self.batch, &of_buckets, self.records, self.clock.to_millis(now));
        if told.is_empty() && (self.run == Run::Left || !self.is_due()) {
            return Ok(Vec::new());
        }
        let Sent { taken, .. } = self.send(&told)?;
        let batch = std::mem::take(&mut self.batch);
        if batch.begins.is_some() {
            self.run = Run::Begun;
        }
        self.crowd.found(&batch.redirects);
        self.holdings.told(&of_buckets.open);
        self.holdings.counted(&of_buckets.counted);
        self.holdings.read(batch.read.iter().map(|(_, letter)| *letter));
        self.holdings.give(&batch.gives);
        if are_counts_due {
            self.counted_at = Instant::now();
        }
        if ends {
            self.leave();
            return Ok(Vec::new());
        }
        self.take_over(taken, of_buckets.takes > 0)
    }

    /// Those that were taken are to be read back. When the answer was lost, the database says which those are.
    fn take_over(&mut self, taken: Option<Vec<i16>>, has_asked: bool) -> Result<Vec<News>> {
        let taken = match taken {
            Some(taken) => taken,
            None if has_asked => {
                let node = self.remote.node.id.clone();
                let owned = self.rows("SELECT id FROM bucket WHERE owner = $1", &[&node], |row| Ok(row.try_get(0)?))?;
                owned.into_iter().filter(|bucket| !self.holdings.has(*bucket)).collect()
            }
            None => Vec::new(),
        };
        if taken.is_empty() {
            return Ok(Vec::new());
        }
        self.holdings.take(&taken);
        let mut taken: Vec<_> = taken.into_iter().map(|bucket| Bucket::at(bucket.cast_unsigned())).collect();
        taken.sort_unstable();
        Ok(vec![News::Took(taken)])
    }

    fn send(&mut self, told: &[Told]) -> Result<Sent> {
        self.remote.node.seen_epoch = self.crowd.heard();
        let sent = self.blocking.wait(self.remote.send(told));
        let sent = sent.map_err(|trouble| {
            if matches!(trouble, Trouble::Fenced) {
                // Whoever begins again learns from it when the database is an older one.
                self.node_file.turn = self.remote.node.turn;
                self.keep_turn();
            }
            self.named(self.remote.server.error("write", trouble))
        })?;
        (self.sent_at, self.valid_until) = (sent.began, sent.began + self.remote.server.ttl);
        Ok(sent)
    }

    /// Whether the others wait for a sign of this node.
    fn is_due(&self) -> bool {
        self.sent_at.elapsed() >= self.remote.server.ttl / 6 || self.crowd.heard() > self.remote.node.seen_epoch
    }

    /// This node has ended, and has given away what it had.
    fn leave(&mut self) {
        self.run = Run::Left;
        self.node_file.turn = self.remote.node.turn;
        self.keep_turn();
    }

    /// This node has not begun, and does not: what it has taken is free.
    pub(super) fn leave_unbegun(&mut self) {
        self.run = Run::Left;
        let node = self.remote.node.clone();
        let left = self.blocking.wait(self.remote.query_now(LEAVE_UNBEGUN, &[&node.id, &node.incarnation]));
        if let Err(trouble) = left {
            tracing::debug!("this node stays until its lease is over: {trouble:?}");
        }
    }

    fn keep_turn(&self) {
        if let Err(error) = self.node_file.write(&self.dir) {
            tracing::debug!("the turn of this node is not kept: {error}");
        }
    }
}

/// As one statement, whose parts see the same: only this process gives up what it has.
const LEAVE_UNBEGUN: &str = "WITH gone AS (UPDATE node SET state = 'ended', until = clock_timestamp(), since = clock_timestamp() \
    WHERE id = $1 AND incarnation = $2::text::uuid AND state = 'alive' RETURNING id) \
    UPDATE bucket SET owner = NULL FROM gone WHERE owner = gone.id";
