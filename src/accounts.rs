//! The accounts of a crawl: every URL that was ever discovered is in exactly one state.

use std::collections::BTreeMap;
use std::ops::{Add, Sub};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::outcome::{OutcomeKind, SkipReason};

/// How many URLs are in which state. `discovered` is the sum of all the others at any time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Waiting to be requested, or to be tried again.
    pub pending: u64,
    /// Being requested now.
    pub in_flight: u64,
    /// Requested, with a record.
    pub settled: Settled,
    /// Known, not requested, with one reason each.
    pub skipped: Skipped,
}

/// Requested URLs by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the outcomes")]
pub struct Settled {
    pub ok: u64,
    pub redirect: u64,
    pub http_error: u64,
    pub failed: u64,
    pub payment_required: u64,
}

/// URLs that are not requested, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped([u64; SkipReason::ALL.len()]);

impl Accounts {
    /// Every URL that was ever discovered.
    pub fn discovered(&self) -> u64 {
        self.pending + self.in_flight + self.settled.total() + self.skipped.total()
    }
}

impl Add for Accounts {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.pending += other.pending;
        self.in_flight += other.in_flight;
        let Settled { ok, redirect, http_error, failed, payment_required } = other.settled;
        self.settled.ok += ok;
        self.settled.redirect += redirect;
        self.settled.http_error += http_error;
        self.settled.failed += failed;
        self.settled.payment_required += payment_required;
        for (count, more) in self.skipped.0.iter_mut().zip(other.skipped.0) {
            *count += more;
        }
        self
    }
}

impl Sub for Accounts {
    type Output = Self;

    /// What is left without those that are among these.
    fn sub(mut self, other: Self) -> Self {
        self.pending -= other.pending;
        self.in_flight -= other.in_flight;
        let Settled { ok, redirect, http_error, failed, payment_required } = other.settled;
        self.settled.ok -= ok;
        self.settled.redirect -= redirect;
        self.settled.http_error -= http_error;
        self.settled.failed -= failed;
        self.settled.payment_required -= payment_required;
        for (count, less) in self.skipped.0.iter_mut().zip(other.skipped.0) {
            *count -= less;
        }
        self
    }
}

impl Settled {
    /// All requested URLs: the number of records.
    pub fn total(&self) -> u64 {
        self.ok + self.redirect + self.http_error + self.failed + self.payment_required
    }

    /// The count of one outcome.
    pub fn of(&mut self, kind: OutcomeKind) -> &mut u64 {
        match kind {
            OutcomeKind::Ok => &mut self.ok,
            OutcomeKind::Redirect => &mut self.redirect,
            OutcomeKind::HttpError => &mut self.http_error,
            OutcomeKind::Failed => &mut self.failed,
            OutcomeKind::PaymentRequired => &mut self.payment_required,
        }
    }
}

impl Skipped {
    /// All URLs that are not requested.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The count of one reason.
    pub fn of(&mut self, reason: SkipReason) -> &mut u64 {
        let [scope, depth, robots, limit, trap, nofollow, scheme, too_long, unsafe_address, usage] = &mut self.0;
        match reason {
            SkipReason::Scope => scope,
            SkipReason::Depth => depth,
            SkipReason::Robots => robots,
            SkipReason::Limit => limit,
            SkipReason::Trap => trap,
            SkipReason::Nofollow => nofollow,
            SkipReason::Scheme => scheme,
            SkipReason::TooLong => too_long,
            SkipReason::UnsafeAddress => unsafe_address,
            SkipReason::Usage => usage,
        }
    }

    /// Each reason with its count, also those that count nothing.
    pub fn iter(&self) -> impl Iterator<Item = (SkipReason, u64)> {
        SkipReason::ALL.into_iter().zip(self.0)
    }
}

impl Serialize for Skipped {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.iter().map(|(reason, count)| (reason.name(), count)))
    }
}

impl<'de> Deserialize<'de> for Skipped {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let counts = BTreeMap::<String, u64>::deserialize(from)?;
        Ok(Self(SkipReason::ALL.map(|reason| counts.get(reason.name()).copied().unwrap_or_default())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_counts_as_discovered() {
        let mut accounts = Accounts { pending: 1, in_flight: 2, ..Accounts::default() };
        *accounts.settled.of(OutcomeKind::Ok) += 3;
        for reason in SkipReason::ALL {
            *accounts.skipped.of(reason) += 1;
        }
        assert_eq!(accounts.discovered(), 6 + 10);
        assert!(accounts.skipped.iter().all(|(_, count)| count == 1), "each reason has a count of its own");
        let kinds = Settled { ok: 1, redirect: 2, http_error: 3, failed: 4, payment_required: 5 };
        let sum = accounts + Accounts { pending: 7, in_flight: 8, settled: kinds, ..accounts };
        let expected = Settled { ok: 4, ..kinds };
        assert_eq!((sum.pending, sum.in_flight, sum.settled, sum.skipped.total()), (8, 10, expected, 20));
    }
}
