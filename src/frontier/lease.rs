//! What is handed out to be requested, and how long a host is left alone.

use std::sync::Arc;
use std::time::Instant;

use super::bucket::Bucket;
use crate::url::CrawlUrl;

/// Names one lease of a frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseId {
    pub(super) bucket: Bucket,
    /// The number of the URL in its bucket.
    pub(super) url: u32,
}

/// Names one host of a frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HostRef {
    pub(super) bucket: Bucket,
    pub(super) host: HostId,
}

/// Names one host of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(pub(super) u32);

impl HostId {
    /// The host with this number: its place among those of its bucket.
    pub fn at(number: u32) -> Self {
        Self(number)
    }

    /// Its number.
    pub fn number(self) -> u32 {
        self.0
    }

    /// Its place among the hosts of its bucket.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A URL handed out to be requested.
#[derive(Debug, Clone)]
pub struct Lease {
    /// What to name when it ends.
    pub id: LeaseId,
    /// What it is known, recorded and named as.
    pub url: CrawlUrl,
    /// Another spelling of it that a response redirected to; [`asked`](Self::asked) is what to request.
    /// Boxed, since few have one.
    pub spelling: Option<Box<CrawlUrl>>,
    /// What redirected to it, when a redirect is the way to it.
    pub redirected_from: Option<Arc<str>>,
    /// Whose host it is.
    pub host: HostRef,
    /// How often it has been leased, this time included.
    pub attempt: u32,
    /// Whether it is known as a part of a page, and not as a page that is wanted.
    pub is_part: bool,
}

impl Lease {
    /// What to request.
    pub fn asked(&self) -> &CrawlUrl {
        self.spelling.as_deref().unwrap_or(&self.url)
    }

    /// Whether a redirect of it leads back to what has redirected to it, on the same origin: the second half of the way
    /// over a page that sets a cookie.
    pub fn leads_back(&self, target: &CrawlUrl) -> bool {
        self.redirected_from.as_deref() == Some(target.as_str()) && self.url.origin() == target.origin()
    }
}

/// How long a host is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Until an instant.
    Until(Instant),
    /// Until the hold is released.
    Released,
}
