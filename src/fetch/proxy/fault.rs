//! Fault: why there is no way through a proxy, and whose fault that is.
//!
//! What is wrong with the proxy itself is no fault of a host ([`FailureKind::Proxy`]): no record has it, and the crawl
//! waits or ends. What the proxy says of one host is that host's failure, in words that name the proxy.

use std::io;
use std::time::Duration;

use super::setting::Proxy;
use super::{socks5, tunnel};
use crate::outcome::{Failure, FailureKind};
use crate::units::format_duration;

/// Why a proxy has not connected to an address.
#[derive(Debug)]
pub(super) struct NotConnected {
    pub(super) failure: Failure,
    /// Whether another address of the same host may be reached.
    pub(super) is_of_address: bool,
}

impl NotConnected {
    fn of_proxy(failure: Failure) -> Self {
        Self { failure, is_of_address: false }
    }

    /// What a proxy answered in place of a tunnel. `None` when there is one.
    pub(super) fn by_http(proxy: &Proxy, to: &str, answer: &tunnel::Answer) -> Option<Self> {
        let tunnel::Answer { status, reason } = answer;
        let answered = if reason.is_empty() { status.to_string() } else { format!("{status} {reason}") };
        match status {
            200..300 => None,
            407 => Some(Self::of_proxy(wants_credentials(proxy))),
            502..=504 => {
                let failure = connect(format!("the proxy {proxy} has no connection to {to} ({answered})"));
                Some(Self { failure, is_of_address: true })
            }
            _ => {
                let refused = format!("the proxy {proxy} refuses a tunnel to {to} ({answered}){}", hint(to));
                Some(Self { failure: connect(refused), is_of_address: false })
            }
        }
    }

    /// What a proxy answered in place of a connection. `None` when there is one.
    pub(super) fn by_socks5(proxy: &Proxy, to: &str, answer: &socks5::Answer) -> Option<Self> {
        match answer {
            socks5::Answer::Connected => None,
            socks5::Answer::WantsPassword | socks5::Answer::WrongPassword => {
                Some(Self::of_proxy(wants_credentials(proxy)))
            }
            socks5::Answer::Refused(reply) => {
                let (verb, meaning) = match *reply {
                    socks5::NOT_ALLOWED => ("refuses a", socks5::meaning(*reply)),
                    reply => ("has no", socks5::meaning(reply)),
                };
                let failure = connect(format!("the proxy {proxy} {verb} connection to {to} ({meaning})"));
                Some(Self { failure, is_of_address: *reply != socks5::NOT_ALLOWED })
            }
        }
    }

    /// What broke while a proxy was asked for a connection.
    pub(super) fn broken(proxy: &Proxy, to: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => {
                Self::of_proxy(of_proxy(format!("what answers there does not speak as the proxy {proxy} should")))
            }
            io::ErrorKind::UnexpectedEof => Self {
                failure: connect(format!("the proxy {proxy} has closed the connection when it was asked for {to}")),
                is_of_address: false,
            },
            _ => Self {
                failure: connect(format!("the connection to the proxy {proxy} broke when it was asked for {to}")),
                is_of_address: false,
            },
        }
    }
}

/// There is no connection to the proxy.
pub(super) fn unreachable(proxy: &Proxy, why: &str) -> Failure {
    of_proxy(format!("the proxy {proxy} cannot be reached ({why})"))
}

/// The proxy has not answered in time.
pub(super) fn silent(proxy: &Proxy, deadline: Duration) -> Failure {
    of_proxy(format!("the proxy {proxy} cannot be reached within {}", format_duration(deadline)))
}

/// The proxy lets nobody through, or not with these credentials.
pub(super) fn wants_credentials(proxy: &Proxy) -> Failure {
    if proxy.credentials().is_some() {
        return of_proxy(format!("the proxy {proxy} does not take the user and the password that it is given"));
    }
    let shown = proxy.to_string();
    let (scheme, place) = shown.split_once("://").unwrap_or(("http", &shown));
    of_proxy(format!("the proxy {proxy} wants a user and a password: --proxy '{scheme}://USER:PASSWORD@{place}'"))
}

/// A name without an address, looked up here.
pub(super) fn no_address(name: &str, why: &str) -> Failure {
    let message = format!("{name} has no address ({why}); the proxy may know one: --proxy-dns proxy");
    Failure::new(FailureKind::Dns, message)
}

/// No proxy of several is a way.
pub(in crate::fetch) fn none_of(proxies: usize, last: &Failure) -> Failure {
    of_proxy(format!("none of {proxies} proxies is a way out; the last: {}", last.message))
}

fn of_proxy(message: String) -> Failure {
    Failure::new(FailureKind::Proxy, message)
}

fn connect(message: String) -> Failure {
    Failure::new(FailureKind::Connect, message)
}

/// Many proxies make tunnels to the port of https only.
fn hint(to: &str) -> &'static str {
    if to.ends_with(":443") { "" } else { "; --proxy-dns proxy asks for http:// without a tunnel" }
}
