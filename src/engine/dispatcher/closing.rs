//! Closing: how a crawl comes to its end, and what is shown and handed over until then.

use super::Dispatcher;
use super::handover::Keep;
use crate::engine::clock::now;
use crate::error::Result;
use crate::observe::State;
use crate::outcome::SkipReason;

impl Dispatcher {
    /// Drops what is in flight: as if it had never been requested.
    pub(super) async fn stop_at_once(&mut self) -> Result<State> {
        let now = now();
        for job in self.tasks.stop().await {
            self.queues().take_back(job, now)?;
        }
        self.ending.stopped_at_once();
        self.end()
    }

    /// How the crawl has ended, now that nothing is in flight.
    pub(super) fn end(&mut self) -> Result<State> {
        if self.nodes.are_many() {
            // What is left is for the others, and for the next run.
            if !self.ending.has_begun() {
                self.frontier.skip_pending(SkipReason::Limit)?;
            }
            self.publish();
            return Ok(self.ending.state_of_one());
        }
        let is_left = self.is_left();
        if is_left && !self.ending.has_begun() {
            self.frontier.skip_pending(SkipReason::Limit)?;
        }
        self.sitemaps.tell_none(is_left);
        self.publish();
        Ok(self.ending.state(is_left))
    }

    /// Whether something is to be asked for still.
    pub(super) fn is_left(&self) -> bool {
        self.frontier.accounts().pending > 0 || !self.sitemaps.is_idle()
    }

    /// Hands over what has changed, and how the crawl has ended.
    pub(super) async fn close(&mut self, state: State) -> Result<()> {
        self.pass_on(Keep::All).await?;
        // While others go on, more pages will move: and who is waited for is not to be busy with files.
        if !self.nodes.are_many() || self.ending.of_all() {
            self.handover.amend().await?;
        }
        self.handover.end(state, self.pages.failed_seeds()).await
    }

    /// Hands over what has changed.
    pub(super) async fn pass_on(&mut self, keep: Keep) -> Result<()> {
        let sitemaps = self.sitemap_changes()?;
        self.handover.pass_on(&mut self.frontier, &mut self.politeness, sitemaps, &self.worker, keep).await
    }

    /// Shows how far the crawl is.
    pub(super) fn publish(&mut self) {
        let frontier = &self.frontier;
        let (accounts, hosts) = (self.pages.accounts(frontier), frontier.host_count());
        let closed = frontier.discovery_closed() && self.sitemaps.is_idle();
        self.stats.publish(&accounts, hosts, self.pages.bytes(), closed, self.ending.is_paused());
        let held = self.waiting_hosts.held();
        if held.has_news(now()) {
            self.stats.hold(held.shown());
        }
    }
}
