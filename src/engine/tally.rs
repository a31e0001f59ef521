//! The tally: what the summary counts beside the accounts.

use std::collections::BTreeMap;
use std::time::Duration;

use super::ledger::UNASKED;
use crate::accounts::Accounts;
use crate::error::Result;
use crate::frontier::store::Store;
use crate::observe::{HostSummary, State, Summary};
use crate::outcome::{FailureKind, Outcome};
use crate::politeness::HostReport;

/// Counts of what was settled.
#[derive(Debug, Default)]
pub(super) struct Tally {
    statuses: BTreeMap<u16, u64>,
    errors: BTreeMap<FailureKind, u64>,
    pub(super) retries: u64,
    pub(super) bytes: u64,
    /// Settled URLs that were never asked for: their hosts were given up.
    unasked: u64,
    unasked_kept: u64,
}

impl Tally {
    /// Counts one settled URL.
    pub(super) fn note(&mut self, outcome: &Outcome) {
        if let Some(status) = outcome.status {
            *self.statuses.entry(status).or_default() += 1;
        }
        if let Some(failure) = &outcome.failure {
            *self.errors.entry(failure.kind).or_default() += 1;
        }
        self.bytes += outcome.bytes.unwrap_or_default();
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

    /// The counts of what earlier runs have settled.
    pub(super) fn restore(store: &Store) -> Result<Self> {
        let mut tally = Self::default();
        store.tally(|status, error, count, bytes| {
            if let Some(status) = status {
                *tally.statuses.entry(status).or_default() += count;
            }
            if let Some(kind) = error.and_then(FailureKind::of_name) {
                *tally.errors.entry(kind).or_default() += count;
            }
            tally.bytes += bytes;
        })?;
        tally.retries = store.retries()?;
        tally.unasked = store.setting(UNASKED)?.and_then(|kept| kept.parse().ok()).unwrap_or_default();
        tally.unasked_kept = tally.unasked;
        Ok(tally)
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
        let hosts: Vec<_> = hosts.iter().map(host_summary).collect();
        Summary {
            statuses: self.statuses.clone(),
            errors: self.errors.clone(),
            requests: hosts.iter().map(|host| host.requests).sum(),
            retries: self.retries,
            bytes: self.bytes,
            hosts,
            ..Summary::new(state, accounts, started_at, elapsed)
        }
    }
}

pub(super) fn host_summary(report: &HostReport) -> HostSummary {
    HostSummary {
        host: report.host.to_string(),
        requests: report.requests,
        failures: report.failures,
        highest_rate: report.highest_rate,
        smallest_gap_ms: report.smallest_gap.map(millis),
        delay_ms: millis(report.delay.time),
        delay_reason: report.delay.reason.name(),
        slowed: report.slowed,
        mean_response_ms: millis(report.mean_response_time),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
