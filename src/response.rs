//! The response of a host.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::outcome::Failure;

/// Status, headers and body. Redirects are not followed: a 3xx is a response like any other.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: StatusCode,
    /// The response headers.
    pub headers: HeaderMap,
    /// The body after decompression.
    pub body: Body,
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
