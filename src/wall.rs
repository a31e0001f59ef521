//! A wall: what a host answers with in place of its pages, as stores and summaries tell of it.

use serde::{Deserialize, Serialize};

/// How a wall looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WallKind {
    /// Pages that set a cookie and redirect to themselves, with the cookie as well.
    Cookie,
    /// URLs that all lead to one place: mostly one to log in at.
    Redirect,
    /// URLs that all have one body: mostly a page to log in at, or one that says that robots are blocked.
    Page,
}

/// A wall that was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Wall {
    /// How it looks.
    pub kind: WallKind,
    /// The host that has it.
    pub host: String,
    /// How many URLs were answered with it, at least.
    pub pages: u64,
    /// Of how many: pages that were parsed, and for the other kinds redirects as well.
    pub of: u64,
    /// One of these URLs.
    pub example: String,
    /// Where they lead to, for redirects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The hash of the one body, as records have it, for pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
}

impl Wall {
    /// A wall of one URL.
    pub fn new(kind: WallKind, host: impl Into<String>, example: impl Into<String>) -> Self {
        Self { kind, host: host.into(), pages: 1, of: 1, example: example.into(), to: None, content_hash: None }
    }
}
