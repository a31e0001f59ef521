//! For update: what a record keeps for the next update beside what it says of its page.
//!
//! When a host says that a page has not changed, the crawl has to go on from there as if the page had been read: with every
//! link in its order, also those that are not to be followed and those that are no URL of the web, and with all that is
//! counted of it. What of that a record does not say is here. Most pages need nothing of it.

use serde::{Deserialize, Serialize};

/// Why a record says what an earlier crawl has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Carried {
    /// The host says that the page has not changed (304).
    NotModified,
    /// It was not asked for: it is fresh by what its host said before (RFC 9111, section 4.2).
    Fresh,
    /// It was not asked for: by what is known of its changes it is not due.
    NotDue,
}

impl Carried {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotModified => "not_modified",
            Self::Fresh => "fresh",
            Self::NotDue => "not_due",
        }
    }
}

/// What the next update has to know of a page beside its record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ForUpdate {
    /// What each link is, in runs; `None` when they are the `links` of the record, each that of an `<a>` and to be followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) links: Option<String>,
    /// The links that are not among those, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) texts: Vec<String>,
    /// How many references are no URL, and the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bad: Option<(u64, Option<Box<str>>)>,
    /// How far the body was read, when it is not that something was found in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reading: Option<u8>,
    /// What the page says as one number, for who looks for traps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) said: Option<String>,
    /// What each rule has found that was applied: its number, then its tally.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) rules: Vec<[u64; 6]>,
    /// How many items there are.
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) items: u64,
    /// What its head says beside the body, when it says something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) head: Option<String>,
    /// The page cannot be carried over: it is asked for anew.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) anew: bool,
    /// Until when it is fresh, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fresh_until: Option<i64>,
    /// When it was read, in milliseconds since 1970, when that was in an earlier crawl.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) read_at: Option<i64>,
    /// What was seen of its changes by updates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seen: Option<Seen>,
}

/// What updates have seen of the changes of one page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// How often it was asked for again.
    pub(crate) visits: u64,
    /// How often it was another one then.
    pub(crate) changes: u64,
    /// How much time has passed from the first of these requests to the last one, in seconds.
    pub(crate) seconds: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}
