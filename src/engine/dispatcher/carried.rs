//! Carried: pages that an update does not ask for, since what is known of them is taken to hold still.

use super::Dispatcher;
use super::job::Job;
use crate::error::Result;
use crate::fetch::Held;
use crate::for_update::Carried;
use crate::frontier::Lease;
use crate::outcome::{Outcome, SkipReason};

impl Dispatcher {
    /// Takes a page that is not asked for: it is carried over, or skipped when robots.txt disallows it. Whether it was one. Its
    /// host is asked for nothing, so none of its limits holds; but its robots.txt comes first, as of any page.
    pub(super) fn carry(&mut self, lease: &Lease) -> Result<bool> {
        let Some(why) = self.leaves(lease) else { return Ok(false) };
        if !self.politeness.knows_rules(&lease.url) {
            return Ok(false);
        }
        if self.politeness.disallows(&lease.url) {
            let why = self.why_by_robots(&lease.url);
            self.pages.disallowed(&lease.url, why);
            self.frontier.skip(lease.id, SkipReason::Robots)?;
        } else {
            self.tasks.carry(lease.clone(), why);
        }
        Ok(true)
    }

    /// Why a page is not asked for. As long as sitemaps are read, which may say that a page has changed, all are due.
    fn leaves(&self, lease: &Lease) -> Option<Carried> {
        let why = self.worker.again()?.leaves(&lease.url)?;
        let may_be_listed = why == Carried::NotDue && !self.sitemaps.is_idle();
        (lease.spelling.is_none() && !may_be_listed).then_some(why)
    }

    /// Takes what is known of a page that is not asked for. When that cannot be read any more, it is asked for after all.
    pub(super) async fn take_carried(
        &mut self,
        mut lease: Lease,
        outcome: Option<Outcome>,
        held: Option<Held>,
    ) -> Result<()> {
        if let Some(outcome) = outcome {
            // No request was made for it.
            lease.attempt = 0;
            return self.settle(&lease, outcome, held).await;
        }
        if let Some(again) = self.worker.again() {
            again.ask_for(&lease.url);
        }
        self.queues().take_back(Job::Page(lease), crate::engine::clock::now())
    }
}
