//! What is known of one URL, and of the ways to it.

use super::HostId;
use crate::outcome::SkipReason;
use crate::url::CrawlUrl;

/// How far a frontier goes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The greatest depth that is requested.
    pub depth: Option<u32>,
    /// How many redirects may follow each other: the same bound as browsers have, or an endless chain of them would
    /// be an endless crawl at one depth.
    pub redirects: u32,
}

/// One URL that can be requested.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) url: CrawlUrl,
    pub(super) depth: u32,
    /// Redirects since the last link.
    pub(super) hops: u32,
    /// Known once it has been pending: what is only skipped makes no host.
    pub(super) host: Option<HostId>,
    pub(super) referrer: Option<u32>,
    pub(super) attempts: u32,
    pub(super) state: State,
    /// What a settled page leads to: needed when a shorter path to it is found.
    pub(super) children: Box<[Edge]>,
}

/// A way from a settled page to what it leads to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) to: u32,
    pub(super) redirect: bool,
}

/// The one state of a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    InFlight,
    Settled,
    Skipped(SkipReason),
}

/// A path to a URL.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path {
    pub(super) depth: u32,
    pub(super) hops: u32,
    pub(super) referrer: Option<u32>,
}

impl Limits {
    /// Why a URL on this path is not requested.
    pub(super) fn forbid(self, path: Path) -> Option<SkipReason> {
        if self.depth.is_some_and(|depth| path.depth > depth) {
            Some(SkipReason::Depth)
        } else if path.hops > self.redirects {
            Some(SkipReason::Trap)
        } else {
            None
        }
    }
}
