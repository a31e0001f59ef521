//! `[schedule]`: when `crawler watch` crawls again.

use serde::{Deserialize, Serialize};

use crate::units::TimeLimit;

/// `[schedule]`: when `crawler watch` crawls again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScheduleOptions {
    /// How long from the start of one run to that of the next. Runs stay at the times that they began with: what is due while
    /// one still runs is left out. "none" is no schedule, and `crawler watch` needs one.
    pub every: TimeLimit,
    /// Whether each run that is whole leaves a report, `report.html` in the crawl directory.
    pub report: bool,
}

impl Default for ScheduleOptions {
    fn default() -> Self {
        Self { every: TimeLimit(None), report: true }
    }
}
