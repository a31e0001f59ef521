//! The tally: what the summary counts beside the accounts.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::accounts::{Accounts, Settled};
use crate::error::Result;
use crate::host_report::HostReport;
use crate::observe::{HostSummary, State, Summary};
use crate::store::{Counts, KeptRecord, Store};
use crate::unread::Unread;
use crate::url::CrawlUrl;
use crate::walls::{Answer, Walls};

/// Counts of what was settled.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: Counts,
    /// Settled URLs that were never asked for: their hosts were given up.
    unasked: u64,
    unasked_kept: u64,
    unread: Unread,
    walls: Walls,
    /// Whether that is not what was kept last.
    unread_changed: bool,
    /// What this process has settled, where others settle some as well.
    own: Option<Settled>,
}

impl Tally {
    /// The counts of what earlier runs have settled. Pages whose records were lost are not settled any more, and may be
    /// among those that were never asked for: these are no more than have failed. What of them was not read is counted
    /// again: nobody knows any more which ones it was.
    pub(super) fn of(counts: Counts, unasked: u64, unread: Unread) -> Self {
        let failed = counts.errors.values().sum();
        let walls = Walls::restore(&unread.walls);
        Self {
            counts,
            unasked: unasked.min(failed),
            unasked_kept: unasked,
            unread,
            walls,
            unread_changed: false,
            own: None,
        }
    }

    /// The counts of what earlier runs have settled in this crawl directory, where others have some of the crawl as well.
    pub(super) fn of_own(store: &dyn Store, unasked: u64, unread: Unread) -> Result<Self> {
        let (mut counts, mut settled) = (Counts::default(), Settled::default());
        store.records(&mut |record: KeptRecord| {
            *settled.of(record.outcome) += 1;
            counts.add(record.status, record.error, 1, record.bytes.unwrap_or_default());
            counts.retries += u64::from(record.attempts.saturating_sub(1));
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Self { own: Some(settled), ..Self::of(counts, unasked, unread) })
    }

    /// How many URLs are in which state: of what is settled only what is settled here, where others settle some as well.
    pub(super) fn accounts(&self, of_buckets: Accounts) -> Accounts {
        Accounts { settled: self.own.unwrap_or(of_buckets.settled), ..of_buckets }
    }

    /// Counts one settled URL, and how many links of it are not taken.
    pub(super) fn note(&mut self, answer: Answer<'_>, links_left_out: u64) {
        let Answer { url, outcome, .. } = answer;
        let media_type = outcome.content_type.as_deref();
        self.unread_changed |= self.unread.note(url, outcome.reading, media_type, &outcome.bad_references);
        self.unread_changed |= self.walls.note(answer, &mut self.unread.walls);
        self.unread_changed |= self.unread.note_links(url, links_left_out);
        if let Some(own) = &mut self.own {
            *own.of(outcome.kind) += 1;
        }
        let error = outcome.failure.as_ref().map(|failure| failure.kind);
        self.counts.add(outcome.status, error, 1, outcome.bytes.unwrap_or_default());
    }

    /// Counts a page that goes on a chain which is not followed any further.
    pub(super) fn note_chain(&mut self, url: &CrawlUrl) {
        self.unread.note_chain(url);
        self.unread_changed = true;
    }

    /// Counts a URL that is to be tried again.
    pub(super) fn note_retry(&mut self) {
        self.counts.retries += 1;
    }

    /// Decoded bytes of all bodies so far.
    pub(super) fn bytes(&self) -> u64 {
        self.counts.bytes
    }

    /// How many have failed, or were answered with a status that may pass.
    pub(super) fn failed(&self) -> u64 {
        self.counts.failed
    }

    /// Counts one URL that is settled without having been asked for.
    pub(super) fn note_unasked(&mut self) {
        self.unasked += 1;
    }

    /// How many there were in all runs.
    pub(super) fn unasked(&self) -> u64 {
        self.unasked
    }

    /// The same, when it is not what was kept last.
    pub(super) fn unasked_to_keep(&mut self) -> Option<u64> {
        let kept = std::mem::replace(&mut self.unasked_kept, self.unasked);
        (kept != self.unasked).then_some(self.unasked)
    }

    /// What was met and not read, when it is not what was kept last.
    pub(super) fn unread_to_keep(&mut self) -> Option<Unread> {
        std::mem::take(&mut self.unread_changed).then(|| self.unread.clone())
    }

    /// The summary of a crawl that has ended.
    pub(super) fn summary(
        &self,
        state: State,
        accounts: Accounts,
        started_at: jiff::Timestamp,
        elapsed: Duration,
        hosts: &[HostReport],
    ) -> Summary {
        let hosts: Vec<_> = hosts.iter().map(HostSummary::from).collect();
        Summary {
            statuses: self.counts.statuses.clone(),
            errors: self.counts.errors.clone(),
            requests: hosts.iter().map(|host| host.requests).sum(),
            retries: self.counts.retries,
            bytes: self.counts.bytes,
            unread: self.unread.clone(),
            hosts,
            ..Summary::new(state, accounts, started_at, elapsed)
        }
    }
}
