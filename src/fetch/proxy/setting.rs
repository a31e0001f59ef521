//! Setting: a proxy as its user names it, and who looks names up.

use std::fmt;
use std::str::FromStr;

use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::fetch::basic::basic;
use crate::fetch::variables;
use crate::problem::Problem;

/// A proxy as its user names it: `http://host:port`, `https://host`, `socks5://host`, with `user:password@` before the host
/// where it wants that. `${NAME}` is what the environment had for that variable when it was read, and `$${` is `${` itself.
/// Who only looks at a crawl needs no such variable, so that one is missing is told when the proxy is to be used.
///
/// `Display` and `Debug` show it without user and password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProxyUrl {
    /// What its variables stand for is not in it.
    written: String,
    /// Which one it is, or which variable is missing.
    proxy: Result<Proxy, Problem>,
}

/// A proxy. `Display` and `Debug` show it without user and password.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::fetch) struct Proxy {
    protocol: Protocol,
    host: Host,
    port: u16,
    credentials: Option<(String, String)>,
}

/// How a proxy is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// RFC 9110, section 9.3.6.
    Http,
    /// The same over TLS.
    Https,
    /// RFC 1928. Whoever writes `socks5h` wants the proxy to look names up.
    Socks5 { by_name: bool },
}

/// Who looks up the names of hosts that are asked through a proxy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProxyDns {
    /// This process: the address guard judges what they stand for, and the proxy is told an address.
    #[default]
    Here,
    /// The proxy: it is told the name, and the address guard sees no address.
    Proxy,
}

impl Proxy {
    pub(super) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Whether it reads requests, and not only whom to connect to.
    pub(super) fn is_http(&self) -> bool {
        matches!(self.protocol, Protocol::Http | Protocol::Https)
    }

    /// Whether its scheme says that it looks names up.
    pub(in crate::fetch) fn is_by_name(&self) -> bool {
        self.protocol == Protocol::Socks5 { by_name: true }
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    /// Where it is, for a connector.
    pub(super) fn uri(&self) -> Uri {
        let place = format!("http://{}:{}", self.host, self.port);
        place.parse().expect("a host and a port are the authority of a URI")
    }

    /// User and password.
    pub(super) fn credentials(&self) -> Option<(&str, &str)> {
        self.credentials.as_ref().map(|(user, password)| (user.as_str(), password.as_str()))
    }

    /// Both as an HTTP proxy takes them (RFC 7617).
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        self.credentials().map(|(user, password)| basic(user, password))
    }
}

impl Protocol {
    fn of_scheme(scheme: &str) -> Option<Self> {
        match scheme.to_ascii_lowercase().as_str() {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            "socks5" => Some(Self::Socks5 { by_name: false }),
            "socks5h" => Some(Self::Socks5 { by_name: true }),
            _ => None,
        }
    }

    fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks5 { by_name: false } => "socks5",
            Self::Socks5 { by_name: true } => "socks5h",
        }
    }

    /// curl takes 1080 for `http://host`, browsers 80: that one has to be written.
    fn port(self) -> Option<u16> {
        match self {
            Self::Http => None,
            Self::Https => Some(443),
            Self::Socks5 { .. } => Some(1080),
        }
    }
}

impl ProxyUrl {
    /// Which proxy it is, or which of its variables is missing.
    pub(in crate::fetch) fn proxy(&self) -> Result<&Proxy, &Problem> {
        self.proxy.as_ref()
    }
}

impl FromStr for ProxyUrl {
    type Err = Problem;

    /// No problem repeats the text: it may hold a password.
    fn from_str(written: &str) -> Result<Self, Problem> {
        let proxy = match variables::fill(written, |name| std::env::var(name)) {
            Ok(filled) => Ok(filled.value.parse()?),
            Err(wrong) if wrong.is_missing => Err(wrong.problem),
            Err(wrong) => return Err(wrong.problem),
        };
        Ok(Self { written: written.to_owned(), proxy })
    }
}

impl FromStr for Proxy {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let problem = |what: &str| Problem::new(format!("the proxy {what}")).allowed(ALLOWED);
        // As curl has it, a proxy without a scheme is one of HTTP.
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let protocol = Protocol::of_scheme(scheme).ok_or_else(|| problem("has a scheme that is not known"))?;
        // A scheme that the URL Standard does not know keeps every port as it is written.
        let problem = |what: &str| problem(what).help(unescaped(rest));
        let url = Url::parse(&format!("proxy://{rest}")).map_err(|error| problem(&format!("is no URL: {error}")))?;
        let host = url.host_str().unwrap_or_default();
        let host = Host::parse(&decoded(host)).map_err(|_| problem("has no host"))?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(problem("has more than a host and a port"));
        }
        let Some(port) = url.port().or(protocol.port()).filter(|port| *port != 0) else {
            let help = format!("curl takes 1080, browsers take 80: write the one that is meant, http://{host}:PORT");
            return Err(problem("names no port").help(Some(help)));
        };
        let has_any = !url.username().is_empty() || url.password().is_some();
        let credentials = has_any.then(|| (decoded(url.username()), decoded(url.password().unwrap_or_default())));
        let is_long = |part: &String| part.len() > MOST_OF_SOCKS;
        if let (Protocol::Socks5 { .. }, Some((user, password))) = (protocol, &credentials)
            && (is_long(user) || is_long(password))
        {
            return Err(problem("has a user or a password of more than 255 bytes, which SOCKS does not know"));
        }
        Ok(Self { protocol, host, port, credentials })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.protocol.scheme(), self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.proxy {
            Ok(proxy) => fmt::Display::fmt(proxy, f),
            Err(_) => f.write_str("a proxy of the environment"),
        }
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for ProxyUrl {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<ProxyUrl> for String {
    fn from(proxy: ProxyUrl) -> Self {
        proxy.written
    }
}

/// What to write when the user or the password ends what a URL has of them.
fn unescaped(rest: &str) -> Option<String> {
    let (before, _) = rest.rsplit_once('@')?;
    before.contains(['/', '?', '#', '[', ']', '@']).then(|| UNESCAPED.to_owned())
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

const ALLOWED: &str = "http://HOST:PORT, https://HOST or socks5://HOST, with USER:PASSWORD@ before the host";
const UNESCAPED: &str = "in the user and the password, `/` is written %2F, `?` %3F, `#` %23, `@` %40, `%` %25";
/// RFC 1929, section 2.
const MOST_OF_SOCKS: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        text.parse::<ProxyUrl>().map_or_else(|problem| problem.found, |proxy| proxy.to_string())
    }

    #[test]
    fn a_proxy_is_shown_without_its_secrets() {
        for (text, expected) in [
            ("http://10.0.0.1:3128", "http://10.0.0.1:3128"),
            ("proxy.example:80", "http://proxy.example:80"),
            ("HTTPS://user:hunter2@Proxy.example/", "https://proxy.example:443"),
            ("socks5://hunter2@[::1]", "socks5://[::1]:1080"),
            ("socks5h://bücher.example:9050", "socks5h://xn--bcher-kva.example:9050"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
            let proxy: ProxyUrl = text.parse().unwrap();
            assert_eq!(format!("{proxy:?}"), expected);
            assert_eq!(String::from(proxy), text, "it is kept as it was written");
        }
    }

    #[test]
    fn what_is_no_proxy_is_told_without_its_secrets() {
        for (text, expected) in [
            ("http://hunter2:hunter2@10.0.0.1", "the proxy names no port"),
            ("http://hunter2@e.com:0", "the proxy names no port"),
            ("ftp://hunter2@e.com:21", "the proxy has a scheme that is not known"),
            ("socks4://e.com:1080", "the proxy has a scheme that is not known"),
            ("http://hunter2@e.com:99999", "the proxy is no URL: invalid port number"),
            ("http://hunter2@:80", "the proxy is no URL: empty host"),
            ("http://e.com:80/hunter2", "the proxy has more than a host and a port"),
            ("http://e.com:80/?hunter2", "the proxy has more than a host and a port"),
            ("http://e.com:80/${", "`${` does not begin the name of a variable"),
            ("", "the proxy has no host"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        let help = |text: &str| text.parse::<ProxyUrl>().unwrap_err().help.unwrap_or_default();
        for text in ["http://user:hunt/er2@e.com:1", "user:hunt#er2@e.com:1", "http://user:1?2@e.com:1"] {
            assert!(help(text).contains("`/` is written %2F"), "{text}");
        }
        assert_eq!(help("http://hunter2@e.com:99999"), "");
        let long = format!("socks5://{}@e.com", "u".repeat(256));
        assert!(shown(&long).contains("255 bytes"));
    }

    #[test]
    fn credentials_are_decoded_and_may_come_from_the_environment() {
        let proxy: Proxy = "http://us%40er:p%3Aw@e.com:80".parse().unwrap();
        assert_eq!(proxy.credentials(), Some(("us@er", "p:w")));
        assert_eq!(proxy.authorization().unwrap(), "Basic dXNAZXI6cDp3");
        assert!(proxy.authorization().unwrap().is_sensitive());
        // Any variable that is set wherever tests run.
        let proxy: ProxyUrl = "socks5://user:${CARGO_PKG_NAME}@e.com".parse().unwrap();
        assert_eq!(proxy.proxy().unwrap().credentials(), Some(("user", "crawler")));
        assert_eq!(String::from(proxy), "socks5://user:${CARGO_PKG_NAME}@e.com");
        let missing: ProxyUrl = "socks5://user:${NOT_SET_AT_ALL}@e.com".parse().unwrap();
        assert_eq!(missing.proxy().unwrap_err().found, "the environment variable `NOT_SET_AT_ALL` is not set");
        assert_eq!(missing.to_string(), "a proxy of the environment");
        assert_eq!("http://e.com:80".parse::<Proxy>().unwrap().authorization(), None);
    }
}
