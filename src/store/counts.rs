//! Counts: what the records of a crawl come to.

use std::collections::BTreeMap;

use crate::outcome::{FailureKind, is_transient_status};

/// What all records of a crawl come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records by HTTP status.
    pub statuses: BTreeMap<u16, u64>,
    /// Records without a complete response, by kind of error.
    pub errors: BTreeMap<FailureKind, u64>,
    /// How often URLs were to be tried again.
    pub retries: u64,
    /// Decoded bytes of the bodies that were read.
    pub bytes: u64,
    /// Records without a complete response, or with a status that may pass.
    pub failed: u64,
}

impl Counts {
    /// Counts what other records come to.
    pub(crate) fn add_all(&mut self, other: Self) {
        other.statuses.into_iter().for_each(|(status, count)| *self.statuses.entry(status).or_default() += count);
        other.errors.into_iter().for_each(|(kind, count)| *self.errors.entry(kind).or_default() += count);
        self.retries += other.retries;
        self.bytes += other.bytes;
        self.failed += other.failed;
    }

    /// Counts so many records that say the same, of so many bytes together.
    pub(crate) fn add(&mut self, status: Option<u16>, error: Option<FailureKind>, records: u64, bytes: u64) {
        if let Some(status) = status {
            *self.statuses.entry(status).or_default() += records;
        }
        if let Some(kind) = error {
            *self.errors.entry(kind).or_default() += records;
        }
        if error.is_some() || status.is_some_and(is_transient_status) {
            self.failed += records;
        }
        self.bytes += bytes;
    }
}
