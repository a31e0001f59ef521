//! The summary of one host.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::host_report::{DelayReason, HostReport};
use crate::usage::UsageCounts;

/// What one host was asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HostSummary {
    /// Name or address, with a port that is not the default.
    pub host: String,
    /// Requests that were sent, robots.txt and retries included.
    pub requests: u64,
    /// Requests without a complete response.
    pub failures: u64,
    /// The most requests that were sent within any one second.
    pub highest_rate: usize,
    /// The least time between two requests, rounded down; absent before there were two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest_gap_ms: Option<u64>,
    /// The wait that was in force at the end: between two requests, or what was left of a hold.
    pub delay_ms: u64,
    /// Why.
    pub delay_reason: DelayReason,
    /// How long nothing good had come of it when it was given up (`politeness.patience`); absent when it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_up_after_ms: Option<u64>,
    /// What came of the last request before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_up_because: Option<String>,
    /// How often it gave reason to ask it less: 429, 503, 529, no connection, a timeout, a reset, a robots.txt that
    /// cannot be read.
    pub slowed: u64,
    /// The mean time from a request to the end of its response.
    pub mean_response_ms: u64,
    /// What it says of the use of its pages; absent when it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Box<UsageCounts>>,
}

impl HostSummary {
    /// Whether nothing is asked of it before a hold ends.
    pub(super) fn is_held(&self) -> bool {
        self.delay_reason.is_hold()
    }
}

impl From<&HostReport> for HostSummary {
    fn from(report: &HostReport) -> Self {
        Self {
            host: report.host.to_string(),
            requests: report.requests,
            failures: report.failures,
            highest_rate: report.highest_rate,
            smallest_gap_ms: report.smallest_gap.map(millis),
            delay_ms: millis(report.delay.time),
            delay_reason: report.delay.reason,
            given_up_after_ms: report.given_up.as_ref().map(|given_up| millis(given_up.after)),
            given_up_because: report.given_up.as_ref().map(|given_up| given_up.failure.to_string()),
            slowed: report.slowed,
            mean_response_ms: millis(report.mean_response_time),
            usage: report.usage.clone(),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
