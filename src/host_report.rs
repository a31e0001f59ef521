//! What a host was asked, and how long it is left alone: politeness tells it, summaries show it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::url::HostKey;
use crate::usage::UsageCounts;

/// What a host was asked, for the summary.
#[derive(Debug, Clone)]
pub struct HostReport {
    /// Name or address, with a port that is not the default.
    pub host: HostKey,
    /// Requests that were sent, robots.txt and retries included.
    pub requests: u64,
    /// Requests without a complete response.
    pub failures: u64,
    /// The most requests that were sent within any one second.
    pub highest_rate: usize,
    /// The least time between two requests of one process; `None` before there were two.
    pub smallest_gap: Option<Duration>,
    /// The wait that was in force at the end.
    pub delay: Delay,
    /// That it was given up; `None` while it is still to be asked.
    pub given_up: Option<GivenUp>,
    /// How often it gave reason to ask it less: 429, 503, no connection, a timeout, a reset, a robots.txt that cannot be
    /// read.
    pub slowed: u64,
    /// The mean time from a request to the end of its response.
    pub mean_response_time: Duration,
    /// What it says of the use of its pages; `None` when it says nothing.
    pub usage: Option<Box<UsageCounts>>,
}

/// That nothing more is expected of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// How long nothing good had come of it.
    pub after: Duration,
    /// What came of the last request.
    pub failure: Failure,
}

/// How long a host is not asked, and why. Of several reasons the one with the longest wait: it is what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delay {
    /// The time between two requests; of a hold, the time that is left of it.
    pub time: Duration,
    /// Why.
    pub reason: DelayReason,
}

/// Why a host is not asked more often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelayReason {
    /// Nothing holds it back but the concurrency.
    None,
    /// The rate that the user set.
    Rate,
    /// The `delay` that the user set.
    Delay,
    /// The `Crawl-delay` of its robots.txt.
    CrawlDelay,
    /// Its own response time (`latency_factor`).
    Latency,
    /// Its `Retry-After`.
    RetryAfter,
    /// It answered 429 or 503, and named no time.
    Backoff,
    /// Its robots.txt could not be read: it is asked for again, and until it can be read nothing is allowed.
    Robots,
    /// Nothing good came of it for a while, or no connection: it is parked, or given up.
    Breaker,
}

impl DelayReason {
    /// All reasons.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::Rate,
        Self::Delay,
        Self::CrawlDelay,
        Self::Latency,
        Self::RetryAfter,
        Self::Backoff,
        Self::Robots,
        Self::Breaker,
    ];

    /// Whether it is one that passes: until then nothing is asked at all.
    pub const fn is_hold(self) -> bool {
        matches!(self, Self::RetryAfter | Self::Backoff | Self::Robots | Self::Breaker)
    }

    /// What it is to a person, in few words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Rate => "rate",
            Self::Delay => "delay",
            Self::CrawlDelay => "Crawl-delay",
            Self::Latency => "slow",
            Self::RetryAfter => "Retry-After",
            Self::Backoff => "overloaded",
            Self::Robots => "robots.txt cannot be read",
            Self::Breaker => "nothing good comes of it",
        }
    }

    /// The name in summaries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Rate => "rate",
            Self::Delay => "delay",
            Self::CrawlDelay => "crawl_delay",
            Self::Latency => "latency",
            Self::RetryAfter => "retry_after",
            Self::Backoff => "backoff",
            Self::Robots => "robots",
            Self::Breaker => "breaker",
        }
    }
}
