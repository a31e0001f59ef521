//! Allowed hosts: those that may be asked although their addresses are not of the public internet.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::Host;

use crate::problem::Problem;

/// A name, an address, or an address range (`10.0.0.0/8`), on every port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowedHost {
    /// As it was written.
    text: String,
    what: Allowed,
}

/// What is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Allowed {
    /// Lower case, in ASCII, without a final dot.
    Name(String),
    Range(IpNet),
}

impl AllowedHost {
    /// The host of a URL; `None` when it has none.
    pub fn of(url: &url::Url) -> Option<Self> {
        let what = Allowed::of(&url.host()?);
        Some(Self { text: bare(url.host()?), what })
    }

    pub(super) fn what(&self) -> &Allowed {
        &self.what
    }
}

impl Allowed {
    fn of<S: AsRef<str>>(host: &Host<S>) -> Self {
        match host {
            Host::Domain(name) => {
                let name = name.as_ref();
                Self::Name(name.strip_suffix('.').unwrap_or(name).to_owned())
            }
            Host::Ipv4(address) => Self::Range(IpAddr::V4(*address).into()),
            Host::Ipv6(address) => Self::Range(IpAddr::V6(*address).into()),
        }
    }
}

impl FromStr for AllowedHost {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let named = || {
            let is_name = !text.is_empty() && !text.contains(['/', '@', '*', ' ']);
            Host::parse(text).ok().filter(|_| is_name).map(|host| Allowed::of(&host))
        };
        let range = text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse::<IpNet>()).ok();
        match range.map(Allowed::Range).or_else(named) {
            Some(what) => Ok(Self { text: text.to_owned(), what }),
            None => Err(not_a_host(text)),
        }
    }
}

/// What to say of a text that is no host: a URL has one, and a host with its port names one.
fn not_a_host(text: &str) -> Problem {
    let as_url = url::Url::parse(text).ok().filter(url::Url::has_host);
    let as_url = as_url.or_else(|| url::Url::parse(&format!("http://{text}")).ok());
    let help = as_url.and_then(|url| url.host().map(bare)).filter(|host| host != text);
    Problem::new(format!("`{text}` is not a host"))
        .allowed("a name, an address or an address range, without scheme and port: \"localhost\", \"10.0.0.0/8\"")
        .help(help.map(|host| format!("did you mean \"{host}\"?")))
}

/// A host without the brackets that a URL needs around some addresses.
fn bare(host: Host<&str>) -> String {
    match host {
        Host::Ipv6(address) => address.to_string(),
        host => host.to_string(),
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for AllowedHost {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<AllowedHost> for String {
    fn from(host: AllowedHost) -> Self {
        host.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_addresses_or_ranges() {
        let what = |text: &str| text.parse::<AllowedHost>().unwrap().what;
        let name = |text: &str| Allowed::Name(text.to_owned());
        assert_eq!(what("Intranet.Example."), name("intranet.example"));
        assert_eq!(what("münchen.example"), name("xn--mnchen-3ya.example"));
        for (text, range) in [
            ("127.0.0.1", "127.0.0.1/32"),
            ("0x7f.1", "127.0.0.1/32"),
            ("::1", "::1/128"),
            ("[::1]", "::1/128"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("fd00::/8", "fd00::/8"),
        ] {
            assert_eq!(what(text), Allowed::Range(range.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused_with_the_host_in_it() {
        for text in ["", "http://localhost", "localhost:80", "*.example", "10.0.0.0/33", "a b"] {
            assert!(text.parse::<AllowedHost>().is_err(), "{text}");
        }
        let help = |text: &str| text.parse::<AllowedHost>().unwrap_err().help.unwrap_or_default();
        assert_eq!(help("http://localhost:8080/"), "did you mean \"localhost\"?");
        assert_eq!(help("localhost:8080"), "did you mean \"localhost\"?");
        assert_eq!(help("[::1]:80"), "did you mean \"::1\"?");
    }

    #[test]
    fn the_host_of_a_url_is_without_its_port_and_brackets() {
        let of = |url: &str| AllowedHost::of(&url.parse().unwrap()).map(|host| host.to_string());
        assert_eq!(of("http://[::1]:80/").as_deref(), Some("::1"));
        assert_eq!(of("http://e.com:81/").as_deref(), Some("e.com"));
        assert_eq!(of("data:x"), None);
        assert_eq!(AllowedHost::of(&"http://[::1]/".parse().unwrap()), Some("::1".parse().unwrap()));
    }
}
