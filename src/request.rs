//! One thing to ask of a host.

use crate::url::CrawlUrl;

/// What a [`Fetch`](crate::fetch::Fetch) is asked to get.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Request {
    /// Where.
    pub url: CrawlUrl,
    /// What for: decides which bodies are wanted and how long they may be.
    pub purpose: Purpose,
    /// Whether the response is to have its [exchange](crate::exchange::Exchange). Default: no, and then nothing is kept
    /// or copied for it.
    pub keep_exchange: bool,
}

/// What a response is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A page: bodies of the wanted content types, at most `max_body` long.
    Page,
    /// robots.txt: a body of any type; what is past the robots.txt limit is cut off, not an error (RFC 9309, 2.5).
    Robots,
    /// A sitemap: a body of any type; what is past the sitemap limit is cut off, not an error.
    Sitemap,
}

impl Request {
    /// A request for this URL.
    pub fn new(url: CrawlUrl, purpose: Purpose) -> Self {
        Self { url, purpose, keep_exchange: false }
    }
}
