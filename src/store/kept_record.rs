//! What a store keeps of a record: enough to tell whether a line of an output is that record.

use crate::outcome::{FailureKind, OutcomeKind};

/// What a store keeps of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecord {
    /// The URL that was requested.
    pub url: String,
    /// What came of it.
    pub outcome: OutcomeKind,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The kind of error.
    pub error: Option<FailureKind>,
    /// How often it was requested.
    pub attempts: u32,
    /// The decoded length of the body.
    pub bytes: Option<u64>,
}
