//! Fault: why there is no way through a proxy, and whose fault that is.
//!
//! What is wrong with the proxy itself is no fault of a host ([`FailureKind::Proxy`]): no record has it, and the crawl
//! waits or ends. What the proxy says of one host is that host's failure, in words that name the proxy. Between them is what
//! may be either's ([`Doubt`]): a refusal, or no answer. Of the statuses of HTTP, 502 to 504 say that the host cannot be
//! reached (RFC 9110, section 15.6; RFC 9209, section 2.3), and all others that the proxy does not want to.

use std::io;
use std::time::Duration;

use super::setting::Proxy;
use super::{socks5, tunnel};
use crate::fetch::told::Doubt;
use crate::outcome::{Failure, FailureKind};
use crate::units::format_duration;

/// Why a proxy has not connected to an address.
#[derive(Debug)]
pub(super) struct NotConnected {
    pub(super) failure: Failure,
    /// Whether another address of the same host may be reached.
    pub(super) is_of_address: bool,
    /// Whether another proxy may reach it.
    pub(super) doubt: Option<Doubt>,
}

impl NotConnected {
    fn of_proxy(failure: Failure) -> Self {
        Self { failure, is_of_address: false, doubt: None }
    }

    fn of_either(failure: Failure, doubt: Doubt) -> Self {
        Self { failure, is_of_address: false, doubt: Some(doubt) }
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
                Some(Self { failure, is_of_address: true, doubt: None })
            }
            _ => {
                let refused = format!("the proxy {proxy} refuses a tunnel to {to} ({answered}){}", hint(to));
                Some(Self::of_either(connect(refused), Doubt::Refused))
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
                let is_refused = matches!(*reply, socks5::NOT_ALLOWED | socks5::NOT_SUPPORTED);
                let (verb, meaning) = (if is_refused { "refuses a" } else { "has no" }, socks5::meaning(*reply));
                let failure = connect(format!("the proxy {proxy} {verb} connection to {to} ({meaning})"));
                let doubt = is_refused.then_some(Doubt::Refused);
                Some(Self { failure, is_of_address: !is_refused, doubt })
            }
        }
    }

    /// What broke while a proxy was asked for a connection.
    pub(super) fn broken(proxy: &Proxy, to: &str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => Self::of_proxy(strange(proxy)),
            io::ErrorKind::UnexpectedEof => {
                let closed = format!("the proxy {proxy} has closed the connection when it was asked for {to}");
                Self::of_either(connect(closed), Doubt::Refused)
            }
            _ => {
                let broke = format!("the connection to the proxy {proxy} broke when it was asked for {to}");
                Self::of_either(connect(broke), Doubt::Refused)
            }
        }
    }

    /// What was asked for has no answer in time. A proxy that waits for the host is as silent.
    pub(super) fn silent(proxy: &Proxy, to: &str, deadline: Duration) -> Self {
        let within = format_duration(deadline);
        let message =
            format!("the proxy {proxy} says nothing within {within} when it is asked for {to}: one of them hangs");
        Self::of_either(Failure::new(FailureKind::Timeout, message).while_connecting(), Doubt::Silent)
    }
}

/// What broke before the proxy was asked for anything.
pub(super) fn not_greeted(proxy: &Proxy, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::InvalidData => strange(proxy),
        io::ErrorKind::UnexpectedEof => of_proxy(format!("the proxy {proxy} closes connections at once")),
        _ => of_proxy(format!("the connection to the proxy {proxy} breaks at once")),
    }
}

fn strange(proxy: &Proxy) -> Failure {
    of_proxy(format!("what answers there does not speak as the proxy {proxy} should"))
}

/// There is no connection to the proxy.
pub(super) fn unreachable(proxy: &Proxy, why: &str) -> Failure {
    of_proxy(format!("the proxy {proxy} cannot be reached ({why})"))
}

/// There is no connection to the proxy in time, or it does not greet.
pub(super) fn silent(proxy: &Proxy, deadline: Duration) -> Failure {
    of_proxy(format!("the proxy {proxy} says nothing within {}", format_duration(deadline)))
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
