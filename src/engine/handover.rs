//! What the dispatcher hands over to the writer, and what it gets back.

use std::path::Path;
use std::time::Duration;

use super::dispatcher::{Dispatcher, now};
use super::ledger::Step;
use crate::error::Result;
use crate::frontier::Rows;
use crate::observe::{State, counted};

impl Dispatcher {
    /// Says that this is not the first run.
    pub(super) fn goes_on(&self, dir: &Path) -> String {
        let accounts = self.frontier.accounts();
        let (dir, records) = (dir.display(), accounts.settled.total());
        if self.is_done() {
            let records = counted(records, "record", "records");
            return format!("the crawl in {dir} is complete, with {records}; --fresh starts it over");
        }
        let records = counted(records, "record is", "records are");
        let pending = counted(accounts.pending, "URL is", "URLs are");
        format!("going on with the crawl in {dir}: {records} there, {pending} waiting")
    }

    /// Hands over what has changed beside what is settled, and what the frontier asks for.
    pub(super) async fn hand_over(&mut self) -> Result<()> {
        let (urgent, now) = (self.politeness.is_urgent(), now());
        let mut step = Step {
            changes: self.frontier.take_changes(),
            wants: self.frontier.take_wants(),
            // In no earlier step than what they list: a sitemap that was read is not read again.
            sitemaps: self.sitemaps.take_changes(),
            ..Step::default()
        };
        if now >= self.counts_due {
            self.counts_due = now + COUNTS_EVERY;
            step.manners = self.politeness.take_all(&self.clock);
        } else if urgent || now >= self.manners_due {
            step.manners = self.politeness.take_changed(&self.clock);
        }
        if !step.manners.is_empty() {
            self.manners_due = now + MANNERS_EVERY;
        }
        let nothing = step.changes.is_empty() && step.sitemaps.is_empty();
        if !(nothing && step.wants.is_empty() && step.manners.is_empty()) {
            self.writer.step(Step { urgent, ..step }).await?;
        }
        self.writer.pass(now).await
    }

    /// Takes what the frontier has asked for.
    pub(super) fn supply(&mut self, rows: Rows) -> Result<()> {
        let scope = &self.scope;
        self.frontier.supply(rows, &|url| scope.admits(url))
    }

    /// Brings what was found in order at the end: the records of pages to which a shorter path was found after they were
    /// written, and how the crawl has ended.
    pub(super) async fn close(&mut self, state: State) -> Result<()> {
        self.counts_due = now();
        self.hand_over().await?;
        self.writer.amend(self.frontier.take_moved()?).await?;
        self.writer.end(state, self.seeds.failed_so_far().to_vec()).await
    }
}

/// How often the counts of all hosts are kept: also of those whose turn has not come yet, in a crawl of very many.
const COUNTS_EVERY: Duration = Duration::from_secs(30);
/// How often what politeness knows is kept when nothing of it is urgent. A bit more often than the writer commits by
/// itself: it commits what it is given then at once, so that no record is kept without the counts of its host.
const MANNERS_EVERY: Duration = Duration::from_millis(200);
