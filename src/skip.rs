//! Why a URL that was found is not requested.

use serde::{Deserialize, Serialize};

/// Why a discovered URL is not requested: the closed set of the accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// Outside the scope: another host, excluded, not included.
    Scope,
    /// More links away from a seed than `depth`.
    Depth,
    /// robots.txt disallows it, or could not be read (5xx, unreachable).
    Robots,
    /// Left over when `max_pages` was reached.
    Limit,
    /// Part of an endless space.
    Trap,
    /// Found only on links that are not to be followed.
    Nofollow,
    /// Neither http nor https.
    Scheme,
    /// Longer than `max_url_length`.
    TooLong,
    /// A literal private, loopback, link-local or metadata address that nothing allows.
    UnsafeAddress,
    /// Its site says no to what the crawl is for, and `[policy]` asks to skip it then.
    Usage,
}

impl SkipReason {
    /// All reasons, in the order in which they are shown.
    pub const ALL: [Self; 10] = [
        Self::Scope,
        Self::Depth,
        Self::Robots,
        Self::Limit,
        Self::Trap,
        Self::Nofollow,
        Self::Scheme,
        Self::TooLong,
        Self::UnsafeAddress,
        Self::Usage,
    ];

    /// The name in summaries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::Depth => "depth",
            Self::Robots => "robots",
            Self::Limit => "limit",
            Self::Trap => "trap",
            Self::Nofollow => "nofollow",
            Self::Scheme => "scheme",
            Self::TooLong => "too_long",
            Self::UnsafeAddress => "unsafe_address",
            Self::Usage => "usage",
        }
    }

    /// The number in the store: its place in [`ALL`](Self::ALL), which only ever grows at its end.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason with this number.
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}
