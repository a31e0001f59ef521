//! The exchange: what was sent to a host, and what came back, before anything was made of it.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};

/// One request and its response, as they were on the wire.
///
/// A [`Fetch`](crate::fetch::Fetch) keeps it only when the [request](crate::request::Request) asks for that. What is not
/// known is absent, never made up.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Exchange {
    /// What was sent.
    pub request: Sent,
    /// What came back.
    pub response: Received,
}

/// A request as it was sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sent {
    /// The method. Default: GET.
    pub method: Method,
    /// The absolute URL that was asked for.
    pub url: Arc<str>,
    /// The header lines in the order in which they were sent. Default: none, as of a site on disk.
    pub headers: Vec<HeaderLine>,
}

/// A response as it was received.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Received {
    /// The version of HTTP. `None`, the default, when it did not come over HTTP: a site on disk.
    pub version: Option<Version>,
    /// The status.
    pub status: StatusCode,
    /// The reason phrase, bytes as they came. `None`, the default, when there was none: HTTP/2 has none (RFC 9113,
    /// section 8.3.2).
    pub reason: Option<Bytes>,
    /// All header lines, `Content-Encoding` and `Transfer-Encoding` among them.
    ///
    /// The HTTP stack keeps them in a [`HeaderMap`], so two things are lost: names are in lower case, and lines that
    /// repeat a name follow the first one of that name, in their own order (RFC 9110, section 5.3, makes the order of
    /// lines with different names meaningless). A line that was folded is unfolded. Trailers are not kept.
    pub headers: Vec<HeaderLine>,
    /// The body: after transfer coding, before content coding.
    pub body: RawBody,
    /// The address that answered. `None`, the default, when it is not known, or there is none: a site on disk.
    pub address: Option<IpAddr>,
}

/// What a name was found to stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LookedUp {
    /// The name.
    pub name: Arc<str>,
    /// Its addresses, as the resolver of the system gave them.
    pub addresses: Vec<IpAddr>,
    /// When it was looked up.
    pub at: jiff::Timestamp,
}

/// One header line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderLine {
    name: HeaderName,
    value: HeaderValue,
}

/// A body as it was received: after transfer coding (chunks), before content coding (gzip).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawBody {
    /// What was read of it.
    pub bytes: Bytes,
    /// Whether that is all.
    pub end: BodyEnd,
}

/// How far a body was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyEnd {
    /// To its end.
    Whole,
    /// Not to its end: it is longer than its limit, it broke off, or what came could not be decoded.
    Cut,
    /// Not at all: nobody wanted it.
    #[default]
    NotRead,
}

impl Exchange {
    /// An exchange of these.
    pub fn new(request: Sent, response: Received) -> Self {
        Self { request, response }
    }
}

impl LookedUp {
    /// These addresses of a name, as they were then.
    pub fn new(name: Arc<str>, addresses: Vec<IpAddr>, at: jiff::Timestamp) -> Self {
        Self { name, addresses, at }
    }
}

impl Sent {
    /// A GET of this URL.
    pub fn new(url: Arc<str>, headers: Vec<HeaderLine>) -> Self {
        Self { method: Method::GET, url, headers }
    }
}

impl Received {
    /// A response with this head, of whose way here nothing more is known.
    pub fn new(status: StatusCode, headers: &HeaderMap, body: RawBody) -> Self {
        Self { version: None, status, reason: None, headers: HeaderLine::all(headers), body, address: None }
    }
}

impl HeaderLine {
    /// The lines of a map, in its order.
    pub fn all(headers: &HeaderMap) -> Vec<Self> {
        headers.iter().map(|(name, value)| Self { name: name.clone(), value: value.clone() }).collect()
    }

    /// The name, in lower case.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The value: bytes, since RFC 9110, section 5.5, allows more than ASCII.
    pub fn value(&self) -> &[u8] {
        self.value.as_bytes()
    }

    /// Whether the value is a secret that the crawl has sent: credentials, a cookie. `Debug` does not show it.
    pub fn is_secret(&self) -> bool {
        self.value.is_sensitive()
    }
}

impl RawBody {
    /// A body of which so much was read.
    pub fn new(bytes: Bytes, end: BodyEnd) -> Self {
        Self { bytes, end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_lines_come_in_the_order_of_their_names_and_repeats_in_their_own() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("x-b", "1"), ("x-a", "2"), ("x-b", "3")] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let lines = HeaderLine::all(&headers);
        let lines: Vec<_> = lines.iter().map(|line| (line.name(), line.value())).collect();
        assert_eq!(lines, [("x-b", &b"1"[..]), ("x-b", b"3"), ("x-a", b"2")]);
    }

    #[test]
    fn a_secret_is_not_shown() {
        let mut value = HeaderValue::from_static("Basic dXNlcjpwYXNz");
        value.set_sensitive(true);
        let [line] = &HeaderLine::all(&HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]))[..] else {
            panic!("one line")
        };
        assert!(line.is_secret() && !format!("{line:?}").contains("dXNl"), "{line:?}");
    }
}
