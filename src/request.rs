//! One thing to ask of a host.

use http::HeaderMap;
use http::header::{ETAG, HeaderName, LAST_MODIFIED};
use serde::{Deserialize, Serialize};

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
    /// By what the host may tell that what it answered with before is still so: then it answers with 304 and no body (RFC
    /// 9110, section 13.1). Default: `None`, and the answer is whole.
    pub validators: Option<Box<Validators>>,
    /// How much of the response is wanted. Default: all of it.
    pub extent: Extent,
}

/// How much of a response is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    #[default]
    Whole,
    /// Its head: the body is not read.
    Head,
    /// Its head, asked for by HEAD (RFC 9110, section 9.3.2).
    HeadOnly,
}

/// What a host calls one state of a page by, as it was sent (RFC 9110, section 8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Validators {
    /// The `ETag`, strong or weak.
    #[serde(default)]
    pub etag: Option<String>,
    /// The `Last-Modified`.
    #[serde(default)]
    pub last_modified: Option<String>,
}

impl Validators {
    /// Those that a response names. What is longer than 1 KiB, or has bytes that are no visible ASCII, is as none: nobody
    /// could send it back.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name: &HeaderName| {
            let value = headers.get(name)?.to_str().ok()?;
            (!value.is_empty() && value.len() <= LONGEST).then(|| value.to_owned())
        };
        Self { etag: text(&ETAG), last_modified: text(&LAST_MODIFIED) }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
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
        Self { url, purpose, keep_exchange: false, validators: None, extent: Extent::Whole }
    }
}

/// How long a validator is that is kept, in bytes.
const LONGEST: usize = 1 << 10;
