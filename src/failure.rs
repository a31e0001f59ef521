//! Why one request has no complete response: data for the record.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Why there is no complete response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Failure {
    /// One of a closed set.
    pub kind: FailureKind,
    /// What happened, for a person.
    pub message: Cow<'static, str>,
    #[serde(skip)]
    while_connecting: bool,
    #[serde(skip)]
    is_withheld: bool,
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
    /// Its host gave nothing but errors for so long that it was given up: the URL was not asked for any more.
    Unavailable,
    /// A file of a site on disk cannot be read, or a record of an archive, or that is not as it was written.
    File,
    /// No archive that the crawl reads has the URL.
    NotArchived,
    /// This process has run out of file descriptors, ports or memory: no fault of the site, so the crawl waits and asks
    /// again, and no record has it.
    Resources,
    /// No proxy lets requests through: it cannot be reached, or wants other credentials. No fault of the site, so the crawl
    /// waits and asks again, and no record has it.
    Proxy,
    /// A bug: the page made the parser panic. The crawl goes on.
    Panic,
}

impl Failure {
    /// A failure with its message.
    pub fn new(kind: FailureKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), while_connecting: false, is_withheld: false }
    }

    /// The request was not made, or dropped, since it is not for this process to make it: no record has it.
    pub(crate) fn withheld() -> Self {
        let message = "its host is for others to ask, as far as is known";
        Self { is_withheld: true, ..Self::new(FailureKind::Resources, message) }
    }

    /// Whether that is so.
    pub(crate) fn is_withheld(&self) -> bool {
        self.is_withheld
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
    pub const ALL: [Self; 15] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Reset,
        Self::TooLarge,
        Self::Protocol,
        Self::Decode,
        Self::BlockedAddress,
        Self::Unavailable,
        Self::File,
        Self::NotArchived,
        Self::Resources,
        Self::Proxy,
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
            Self::Unavailable => "unavailable",
            Self::File => "file",
            Self::NotArchived => "not_archived",
            Self::Resources => "resources",
            Self::Proxy => "proxy",
            Self::Panic => "panic",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}
