//! What went wrong with a request, found in the chain of errors that the HTTP client hands over.
//!
//! reqwest says little in its own words; the causes below it (hyper, h2, rustls, the operating system) say what a user
//! can act on. The URL is never repeated: the record has it.

use std::error::Error;
use std::fs::File;
use std::io;
use std::time::Duration;

use hyper_util::client::legacy;

use super::Refusal;
use super::told::Told;
use crate::outcome::{Failure, FailureKind};
use crate::units::format_duration;

/// How far a request had come when it failed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Phase<'a> {
    /// Connecting to this host, or waiting for its response headers.
    Head { host: &'a str, connect_timeout: Duration },
    /// In the body: so many of the announced bytes were there.
    Body { taken: u64, length: Option<u64> },
}

/// Why there is no answer: the chain, and what the client says of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lost<'a> {
    error: &'a (dyn Error + 'static),
    /// hyper-util's own link of the chain.
    client: Option<&'a legacy::Error>,
    is_builder: bool,
    is_timeout: bool,
    is_dns: bool,
}

/// The failure behind an error.
pub(super) fn classify<'a>(error: impl Into<Lost<'a>>, phase: Phase<'_>) -> Failure {
    let failure = told(&error.into(), phase);
    match failure.kind {
        // Without a descriptor to open their files with, a name is "not known" and a certificate "not trusted".
        FailureKind::Dns | FailureKind::Tls => no_descriptor().unwrap_or(failure),
        _ => failure,
    }
}

/// Whether the host has not taken the request, so that it can be made again.
pub(super) fn is_not_taken(error: &Lost<'_>) -> bool {
    use h2::Reason;
    let given_back = |h2: &h2::Error| match h2.reason() {
        Some(Reason::NO_ERROR) => h2.is_go_away() && h2.is_remote(),
        Some(Reason::REFUSED_STREAM) => h2.is_reset() && h2.is_remote(),
        _ => false,
    };
    is_unsent(error) || Chain::of(error.error).h2.is_some_and(given_back)
}

/// Whether the connection broke before the host had answered: of a connection that was kept, the host may have closed it
/// before the request arrived. A stream that the host ended is an answer of its own.
pub(super) fn is_cut_off(error: &Lost<'_>) -> bool {
    if error.is_builder || error.is_connect() || error.is_timeout {
        return false;
    }
    let chain = Chain::of(error.error);
    match chain.h2 {
        Some(h2) => h2.is_io() || h2.is_go_away(),
        None => is_hung_up(&chain) || chain.hyper.is_some_and(is_cut_short),
    }
}

/// Whether this request is one for HTTP/1.1: the host wants it so (RFC 9113, section 7), or its answer over HTTP/2 is
/// malformed (section 8.1.1). Proxies hand on `Upgrade` and `Connection`, which HTTP/2 does not allow and HTTP/1.1 does.
pub(super) fn is_for_http1(error: &Lost<'_>) -> bool {
    Chain::of(error.error).h2.is_some_and(|h2| match h2.reason() {
        Some(h2::Reason::HTTP_1_1_REQUIRED) => h2.is_remote(),
        Some(h2::Reason::PROTOCOL_ERROR) => !h2.is_remote(),
        _ => false,
    })
}

/// The connection ended while something of the host was awaited.
fn is_cut_short(hyper: &hyper::Error) -> bool {
    hyper.is_incomplete_message() || hyper.is_canceled() || hyper.is_closed()
}

fn is_hung_up(chain: &Chain<'_>) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    matches!(chain.kind(), Some(BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof))
}

/// Whether the pool has let go of the request before a byte of it was sent: its connection was gone, or one that others
/// had made at the same time was to take all, and was gone. hyper-util says so in words alone, the second of them when
/// the one that was gone lay in the way of the one that would have taken it.
fn is_unsent(error: &Lost<'_>) -> bool {
    let canceled = error.client.is_some_and(|client| client.to_string() == "client error (Canceled)");
    canceled || error.is_connect() && Chain::of(error.error).last == "request was canceled"
}

/// What the error says.
fn told(error: &Lost<'_>, phase: Phase<'_>) -> Failure {
    let chain = Chain::of(error.error);
    if let Some(told) = chain.told {
        return told.failure.clone();
    }
    if let Some(refusal) = chain.refusal {
        return refusal.into();
    }
    if let Some(failure) = chain.io.and_then(resources) {
        return failure;
    }
    if let Some(tls) = chain.tls {
        return Failure::new(FailureKind::Tls, tls_message(tls));
    }
    if is_unsent(error) {
        return Failure::new(FailureKind::Reset, "the connection was closed before the request was sent");
    }
    match phase {
        Phase::Head { host, connect_timeout } if error.is_dns => {
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            if error.is_timeout {
                return no_connection(connect_timeout);
            }
            Failure::new(FailureKind::Dns, format!("{name} has no address ({})", chain.last))
        }
        Phase::Head { host, connect_timeout } if error.is_connect() => {
            if error.is_timeout {
                no_connection(connect_timeout)
            } else {
                not_connected(&chain, host)
            }
        }
        Phase::Head { .. } => no_head(error, &chain),
        Phase::Body { taken, length } => no_body(&chain, taken, length),
    }
}

/// The connect deadline passed.
pub(super) fn no_connection(deadline: Duration) -> Failure {
    timeout("no connection within", deadline).while_connecting()
}

/// The first-byte deadline passed.
pub(super) fn no_headers(deadline: Duration) -> Failure {
    timeout("no response headers within", deadline)
}

/// The idle deadline passed.
pub(super) fn paused(deadline: Duration) -> Failure {
    timeout("the body paused for more than", deadline)
}

/// The deadline of the whole request passed.
pub(super) fn too_slow(deadline: Duration) -> Failure {
    timeout("the request took more than", deadline)
}

fn timeout(what: &str, deadline: Duration) -> Failure {
    Failure::new(FailureKind::Timeout, format!("{what} {}", format_duration(deadline)))
}

impl Lost<'_> {
    fn is_connect(&self) -> bool {
        self.client.is_some_and(legacy::Error::is_connect)
    }
}

impl<'a> From<&'a reqwest::Error> for Lost<'a> {
    fn from(error: &'a reqwest::Error) -> Self {
        Self {
            error,
            client: client_error(error),
            is_builder: error.is_builder(),
            is_timeout: error.is_timeout(),
            is_dns: error.is_dns(),
        }
    }
}

/// Of connections through a proxy all but TLS is told in words already.
impl<'a> From<&'a legacy::Error> for Lost<'a> {
    fn from(error: &'a legacy::Error) -> Self {
        Self { error, client: Some(error), is_builder: false, is_timeout: false, is_dns: false }
    }
}

impl<'a> From<&'a Told> for Lost<'a> {
    fn from(error: &'a Told) -> Self {
        Self { error, client: None, is_builder: false, is_timeout: false, is_dns: false }
    }
}

/// hyper-util's link of a chain.
pub(super) fn client_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a legacy::Error> {
    let mut next = Some(error);
    while let Some(link) = next {
        if let Some(client) = link.downcast_ref() {
            return Some(client);
        }
        next = link.source();
    }
    None
}

/// The deepest error of the operating system in a chain, and the words of its deepest cause.
pub(super) fn io_and_words<'a>(error: &'a (dyn Error + 'static)) -> (Option<&'a io::Error>, String) {
    let chain = Chain::of(error);
    (chain.io, chain.tls.map_or(chain.last, tls_message))
}

/// The links of an error chain that tell failures apart.
struct Chain<'a> {
    told: Option<&'a Told>,
    refusal: Option<&'a Refusal>,
    tls: Option<&'a rustls::Error>,
    hyper: Option<&'a hyper::Error>,
    h2: Option<&'a h2::Error>,
    /// The deepest one.
    io: Option<&'a io::Error>,
    /// The words of the deepest cause.
    last: String,
}

impl<'a> Chain<'a> {
    fn of(error: &'a (dyn Error + 'static)) -> Self {
        let mut chain =
            Self { told: None, refusal: None, tls: None, hyper: None, h2: None, io: None, last: String::new() };
        let (mut next, mut deepest) = (Some(error), error);
        while let Some(link) = next {
            deepest = link;
            chain.told = chain.told.or_else(|| link.downcast_ref());
            chain.refusal = chain.refusal.or_else(|| link.downcast_ref());
            chain.tls = chain.tls.or_else(|| link.downcast_ref());
            chain.hyper = chain.hyper.or_else(|| link.downcast_ref());
            chain.h2 = chain.h2.or_else(|| link.downcast_ref());
            let io = link.downcast_ref::<io::Error>();
            chain.io = io.or(chain.io);
            // The source of an I/O error is its inner error's source, which would leave the inner error out.
            next = match io.and_then(io::Error::get_ref) {
                Some(inner) => Some(inner),
                None => link.source(),
            };
        }
        chain.last = plain(&deepest.to_string());
        chain
    }

    fn kind(&self) -> Option<io::ErrorKind> {
        self.io.map(io::Error::kind)
    }
}

/// Whether this process can open no more files, as many as looking up a name takes.
fn no_descriptor() -> Option<Failure> {
    let opened: Result<Vec<_>, _> = (0..FILES_OF_A_LOOKUP).map(|_| File::open("/dev/null")).collect();
    opened.err().as_ref().and_then(resources)
}

/// This process, not the site, has run out of something.
pub(super) fn resources(error: &io::Error) -> Option<Failure> {
    let message = match (error.kind(), error.raw_os_error()) {
        (_, Some(EMFILE | ENFILE | WSAEMFILE)) => {
            "too many open files; raise the limit (ulimit -n) or lower concurrency"
        }
        (io::ErrorKind::OutOfMemory, _) => "the system is out of memory",
        (io::ErrorKind::AddrNotAvailable, _) => "the system has no free local port",
        _ => return None,
    };
    Some(Failure::new(FailureKind::Resources, message))
}

fn tls_message(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidMessage(_) => "the server does not speak TLS on this port".to_owned(),
        rustls::Error::AlertReceived(alert) => format!("the server refused the TLS handshake ({alert:?})"),
        rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => {
            "the certificate's issuer is not trusted".to_owned()
        }
        rustls::Error::General(words) => plain(words),
        error => plain(&error.to_string()),
    }
}

fn not_connected(chain: &Chain<'_>, host: &str) -> Failure {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, UnexpectedEof};
    match chain.kind() {
        Some(ConnectionRefused) => Failure::new(FailureKind::Connect, format!("connection refused ({host})")),
        Some(ConnectionReset | ConnectionAborted) => {
            Failure::new(FailureKind::Reset, format!("the connection was reset while it was made ({host})"))
        }
        Some(UnexpectedEof) => Failure::new(FailureKind::Tls, "the server closed the connection in the TLS handshake"),
        _ => Failure::new(FailureKind::Connect, format!("{} ({host})", chain.last)),
    }
}

fn no_head(error: &Lost<'_>, chain: &Chain<'_>) -> Failure {
    if error.is_builder {
        return Failure::new(FailureKind::Protocol, "the URL cannot be sent in an HTTP request");
    }
    if let Some(failure) = lost(chain, "before the response headers were complete") {
        return failure;
    }
    match chain.hyper {
        Some(hyper) if is_cut_short(hyper) => {
            Failure::new(FailureKind::Reset, "the connection was closed before the response headers were complete")
        }
        Some(hyper) if hyper.is_parse() => Failure::new(
            FailureKind::Protocol,
            format!("the response head is malformed ({})", plain(&hyper.to_string())),
        ),
        _ => Failure::new(FailureKind::Protocol, chain.last.clone()),
    }
}

/// The server ended the body before its end.
pub(super) fn cut_off(taken: u64, length: Option<u64>) -> Failure {
    Failure::new(FailureKind::Protocol, format!("the server ended the stream {}", after(taken, length)))
}

fn after(taken: u64, length: Option<u64>) -> String {
    match length {
        Some(length) => format!("after {taken} of {length} bytes"),
        None => format!("after {taken} bytes"),
    }
}

fn no_body(chain: &Chain<'_>, taken: u64, length: Option<u64>) -> Failure {
    let after = after(taken, length);
    // An early end is the length's fault, not the connection's.
    if chain.kind() != Some(io::ErrorKind::UnexpectedEof)
        && let Some(failure) = lost(chain, &after)
    {
        return failure;
    }
    match chain.kind() {
        Some(io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            Failure::new(FailureKind::Protocol, format!("a chunk of the body is broken {after} ({})", chain.last))
        }
        Some(io::ErrorKind::UnexpectedEof) => {
            Failure::new(FailureKind::Protocol, format!("the connection was closed {after}"))
        }
        _ if chain.hyper.is_some_and(hyper::Error::is_incomplete_message) => {
            Failure::new(FailureKind::Protocol, format!("the connection was closed {after}"))
        }
        _ => Failure::new(FailureKind::Protocol, format!("{} {after}", chain.last)),
    }
}

/// The connection broke under the request, or the server gave the stream up.
fn lost(chain: &Chain<'_>, when: &str) -> Option<Failure> {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, TimedOut, UnexpectedEof};
    match chain.kind() {
        Some(ConnectionReset | ConnectionAborted | BrokenPipe | NotConnected) => {
            return Some(Failure::new(FailureKind::Reset, format!("the connection was reset {when}")));
        }
        Some(UnexpectedEof) => {
            return Some(Failure::new(FailureKind::Reset, format!("the connection was closed {when}")));
        }
        Some(TimedOut) => {
            return Some(Failure::new(FailureKind::Timeout, format!("the connection timed out {when}")));
        }
        _ => {}
    }
    let h2 = chain.h2.filter(|error| error.is_remote() || error.is_go_away())?;
    let reason = h2.reason().map_or_else(|| plain(&h2.to_string()), |reason| reason.to_string());
    Some(Failure::new(FailureKind::Reset, format!("the server gave the request up {when} ({reason})")))
}

/// An error's words as ours: lower case at the start, without the number of the operating system.
fn plain(text: &str) -> String {
    let text = text.rsplit_once(" (os error").map_or(text, |(words, _)| words);
    // getaddrinfo's words come after its name.
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(text);
    let mut letters = text.chars();
    match letters.next() {
        // "HTTP", "TLS": an acronym stays.
        Some(first) if !letters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

const FILES_OF_A_LOOKUP: usize = 4;
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;
const WSAEMFILE: i32 = 10024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_become_plain() {
        let check = |theirs: &str, ours: &str| assert_eq!(plain(theirs), ours);
        check("Connection refused (os error 111)", "connection refused");
        check("failed to lookup address information: Name or service not known", "name or service not known");
        check("HTTP version is wrong", "HTTP version is wrong");
    }

    #[test]
    fn what_this_process_lacks_is_no_fault_of_the_site() {
        let kind = |error: io::Error| resources(&error).map(|failure| failure.kind);
        assert_eq!(kind(io::Error::from_raw_os_error(EMFILE)), Some(FailureKind::Resources));
        assert_eq!(kind(io::ErrorKind::OutOfMemory.into()), Some(FailureKind::Resources));
        assert_eq!(kind(io::ErrorKind::ConnectionRefused.into()), None);
    }
}
