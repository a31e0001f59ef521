//! What came of one request: data for the record, never an `Err`.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::page::Page;
use crate::url::Link;

/// The four ends of a requested URL (design: `outcome` of a record).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// A response with a 2xx status and a body that was read, or left out because its type is not wanted.
    Ok,
    /// A response with a 3xx status and a usable `Location`.
    Redirect,
    /// Any other complete response.
    HttpError,
    /// No complete response: `error` says why.
    Failed,
}

impl OutcomeKind {
    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Redirect => "redirect",
            Self::HttpError => "http_error",
            Self::Failed => "failed",
        }
    }
}

/// Why there is no complete response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Failure {
    /// One of a closed set.
    pub kind: FailureKind,
    /// What happened, for a person.
    pub message: Cow<'static, str>,
    #[serde(skip)]
    while_connecting: bool,
}

/// The closed set of reasons for a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FailureKind {
    /// The host name has no address.
    Dns,
    /// No connection: refused, unreachable.
    Connect,
    /// The TLS handshake failed: certificate, protocol version.
    Tls,
    /// A deadline passed: connect, first byte, idle, or the whole request.
    Timeout,
    /// The connection was reset or closed before the response was complete.
    Reset,
    /// The body is over the limit, counted after decompression.
    TooLarge,
    /// Not valid HTTP: a malformed head, a wrong length, a broken chunk.
    Protocol,
    /// The content encoding is unknown or the encoded body is damaged.
    Decode,
    /// The name resolves to a private, loopback, link-local or metadata address that nothing allows.
    BlockedAddress,
    /// A file of a site on disk cannot be read.
    File,
    /// This process has run out of file descriptors, ports or memory: no fault of the site, so the crawl waits and asks
    /// again, and no record has it.
    Resources,
    /// A bug: the page made the parser panic. The crawl goes on.
    Panic,
}

/// Everything a worker hands back about one request.
#[derive(Debug)]
pub struct Outcome {
    /// Which of the four ends.
    pub kind: OutcomeKind,
    /// The HTTP status, when there was a response head.
    pub status: Option<u16>,
    /// Why there is no complete response.
    pub failure: Option<Failure>,
    /// The absolute target of a redirect, whatever its scheme.
    pub location: Option<Arc<str>>,
    /// When the request was sent.
    pub fetched_at: jiff::Timestamp,
    /// From sending the request to the end of the body.
    pub elapsed: Duration,
    /// How long the host asked to be left alone (`Retry-After`), from the end of the response.
    pub retry_after: Option<Duration>,
    /// The media type of the body, lower case, without parameters.
    pub content_type: Option<String>,
    /// The charset that the body was decoded with.
    pub charset: Option<&'static str>,
    /// The decoded length of the body; `None` when no body was read.
    pub bytes: Option<u64>,
    /// The hash of the decoded body, with the algorithm as prefix.
    pub content_hash: Option<String>,
    /// What the parser found, for HTML.
    pub page: Option<Page>,
    /// What this response leads to: the links of the page, or the one target of a redirect.
    pub links: Vec<Link>,
}

impl Outcome {
    /// An outcome with nothing but its kind and time: the parts that apply are filled in.
    pub fn new(kind: OutcomeKind, fetched_at: jiff::Timestamp, elapsed: Duration) -> Self {
        Self {
            kind,
            status: None,
            failure: None,
            location: None,
            fetched_at,
            elapsed,
            retry_after: None,
            content_type: None,
            charset: None,
            bytes: None,
            content_hash: None,
            page: None,
            links: Vec::new(),
        }
    }

    /// A request without a complete response.
    pub fn failed(failure: Failure, fetched_at: jiff::Timestamp, elapsed: Duration) -> Self {
        Self { failure: Some(failure), ..Self::new(OutcomeKind::Failed, fetched_at, elapsed) }
    }

    /// How the request ended, in few words for a person.
    pub fn reason(&self) -> String {
        match (&self.failure, self.status, &self.location) {
            (Some(failure), _, _) => failure.to_string(),
            (None, Some(status), Some(to)) => format!("status {status}, to {to}"),
            (None, Some(status), None) => format!("status {status}"),
            (None, None, _) => "no response".to_owned(),
        }
    }
}

impl Failure {
    /// A failure with its message.
    pub fn new(kind: FailureKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), while_connecting: false }
    }

    /// The same failure, which came before there was a connection: of a timeout the kind does not say it.
    #[must_use]
    pub fn while_connecting(self) -> Self {
        Self { while_connecting: true, ..self }
    }

    /// Whether there was no connection to the host at all: then nothing else of it can be had either.
    pub fn is_no_connection(&self) -> bool {
        self.while_connecting || self.kind.is_no_connection()
    }
}

impl FailureKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Reset,
        Self::TooLarge,
        Self::Protocol,
        Self::Decode,
        Self::BlockedAddress,
        Self::File,
        Self::Resources,
        Self::Panic,
    ];

    /// The kind with this [name](Self::name).
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether failures of this kind are all for want of a connection.
    const fn is_no_connection(self) -> bool {
        matches!(self, Self::Dns | Self::Connect | Self::Tls | Self::BlockedAddress)
    }

    /// The name in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::TooLarge => "too_large",
            Self::Protocol => "protocol",
            Self::Decode => "decode",
            Self::BlockedAddress => "blocked_address",
            Self::File => "file",
            Self::Resources => "resources",
            Self::Panic => "panic",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}

/// Why a discovered URL is not requested: the closed set of the accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// Outside the scope: another host, excluded, not included.
    Scope,
    /// More links away from a seed than `depth`.
    Depth,
    /// robots.txt disallows it, or could not be read (5xx, unreachable).
    Robots,
    /// Left over when `max_pages` was reached.
    Limit,
    /// Part of an endless space.
    Trap,
    /// Found only on links that are not to be followed.
    Nofollow,
    /// Neither http nor https.
    Scheme,
    /// Longer than `max_url_length`.
    TooLong,
    /// A literal private, loopback, link-local or metadata address that nothing allows.
    UnsafeAddress,
}

impl SkipReason {
    /// All reasons, in the order in which they are shown.
    pub const ALL: [Self; 9] = [
        Self::Scope,
        Self::Depth,
        Self::Robots,
        Self::Limit,
        Self::Trap,
        Self::Nofollow,
        Self::Scheme,
        Self::TooLong,
        Self::UnsafeAddress,
    ];

    /// The name in summaries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::Depth => "depth",
            Self::Robots => "robots",
            Self::Limit => "limit",
            Self::Trap => "trap",
            Self::Nofollow => "nofollow",
            Self::Scheme => "scheme",
            Self::TooLong => "too_long",
            Self::UnsafeAddress => "unsafe_address",
        }
    }

    /// The number in the store: its place in [`ALL`](Self::ALL), which only ever grows at its end.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason with this number.
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}
