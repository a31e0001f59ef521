//! One thing to ask of a host.

use crate::url::CrawlUrl;

/// What a [`Fetch`](crate::fetch::Fetch) is asked to get.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where.
    pub url: CrawlUrl,
    /// What for: decides which bodies are wanted and how long they may be.
    pub purpose: Purpose,
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
