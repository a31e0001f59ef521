//! The response of a host.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::exchange::Exchange;
use crate::outcome::Failure;

/// Status, headers and body. Redirects are not followed: a 3xx is a response like any other.
#[derive(Debug)]
#[non_exhaustive]
pub struct Response {
    /// The HTTP status.
    pub status: StatusCode,
    /// The response headers.
    pub headers: HeaderMap,
    /// The body after decompression.
    pub body: Body,
    /// What was sent and received for it; `None` unless the request asked for that. Boxed: nearly no response has one.
    pub exchange: Option<Box<Exchange>>,
    /// When it was received, if that was not just now: an archive answers with what it has. Default: `None`.
    pub captured: Option<jiff::Timestamp>,
}

impl Response {
    /// A response without an [exchange](Response::exchange).
    pub fn new(status: StatusCode, headers: HeaderMap, body: Body) -> Self {
        Self { status, headers, body, exchange: None, captured: None }
    }
}

/// Whether a status is that of a redirect: with a `Location`, what was asked for is elsewhere (Fetch Standard, section
/// 2.2.3, "redirect status"). The other 3xx are answers like any other.
pub fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// A response body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Read to its end (robots.txt and sitemaps: to the end or to the limit).
    Read(Bytes),
    /// Not downloaded: its content type is not wanted.
    Unwanted,
    /// The head came, but the body did not, or not whole, or not in a form that can be read.
    Failed(Failure),
}

impl Body {
    /// The bytes that were read.
    pub fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Read(bytes) => Some(bytes),
            Self::Unwanted | Self::Failed(_) => None,
        }
    }
}
