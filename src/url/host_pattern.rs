//! Host patterns: one host, or all hosts below a name, and what is said of each.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use hashbrown::HashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use url::Host;

use super::{UrlRules, split_port};

/// One host, or with `*.` in front all hosts below it. A port belongs to it when it is not the scheme's own, as in
/// [`CrawlUrl::host`](super::CrawlUrl::host): `example.com`, `*.example.com`, `127.0.0.1:8080`, `[::1]:8080`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPattern {
    /// As URLs have it: lower case, in ASCII.
    name: Box<str>,
    below: bool,
}

/// What is said of single hosts, found by their names.
#[derive(Debug, Clone)]
pub struct PerHost<T> {
    exact: HashMap<Box<str>, T>,
    below: HashMap<Box<str>, T>,
}

impl<T> PerHost<T> {
    /// Whether nothing is said of any host.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.below.is_empty()
    }

    /// The same hosts, with something else said of each.
    pub fn map<U>(self, each: impl Fn(T) -> U) -> PerHost<U> {
        let exact = self.exact.into_iter().map(|(name, what)| (name, each(what))).collect();
        let below = self.below.into_iter().map(|(name, what)| (name, each(what))).collect();
        PerHost { exact, below }
    }

    /// What is said of a host, the most specific first: of the host itself, then of the hosts below the longest name.
    pub fn of<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a T> {
        let parent = |name: &&'a str| name.split_once('.').map(|(_, parent)| parent);
        // What follows the first dot of an address is no name, and so in no pattern.
        let parents = std::iter::successors(parent(&host), parent);
        self.exact.get(host).into_iter().chain(parents.filter_map(|name| self.below.get(name)))
    }
}

impl HostPattern {
    /// Whether all that keeps this from being said of a host is its port. Then the pattern that has that port.
    pub fn but_for_its_port(&self, host: &str) -> Option<Self> {
        let ((host, port), (name, own)) = (split_port(host), split_port(&self.name));
        let is_below = || host.strip_suffix(name).is_some_and(|sub| sub.ends_with('.'));
        let is_named = if self.below { is_below() } else { host == name };
        (is_named && port != own).then(|| Self { name: format!("{name}{port}").into(), below: self.below })
    }
}

impl<T> Default for PerHost<T> {
    fn default() -> Self {
        Self { exact: HashMap::new(), below: HashMap::new() }
    }
}

impl<T> FromIterator<(HostPattern, T)> for PerHost<T> {
    fn from_iter<I: IntoIterator<Item = (HostPattern, T)>>(said: I) -> Self {
        let mut per_host = Self::default();
        for (HostPattern { name, below }, what) in said {
            if below { &mut per_host.below } else { &mut per_host.exact }.insert(name, what);
        }
        per_host
    }
}

impl FromStr for HostPattern {
    type Err = String;

    /// The error is for a person: what is wrong.
    fn from_str(text: &str) -> Result<Self, String> {
        let (rest, below) = text.strip_prefix("*.").map_or((text, false), |rest| (rest, true));
        if text == "*" {
            return Err("`*` is every host, for which the other tables are".to_owned());
        }
        let wrong = || format!("`{text}` is not a host");
        let bracketed = rest.parse::<Ipv6Addr>().map(|address| format!("[{address}]"));
        let rest = bracketed.as_deref().unwrap_or(rest);
        if rest.is_empty() || rest.contains(|c: char| "/\\?#@*".contains(c) || c.is_whitespace() || c.is_control()) {
            return Err(wrong());
        }
        let url = UrlRules::new(usize::MAX).parse(&format!("http://{rest}/")).map_err(|_| wrong())?;
        if below && url.to_url().is_some_and(|url| !matches!(url.host(), Some(Host::Domain(_)))) {
            return Err(format!("`{text}` names an address, which no host is below"));
        }
        if let Some((host, port @ ("80" | "443"))) = rest.rsplit_once(':') {
            let star = if below { "*." } else { "" };
            return Err(format!("`{text}` has the port {port}, which hosts are named without: `{star}{host}`"));
        }
        Ok(Self { name: url.host().into(), below })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.below {
            f.write_str("*.")?;
        }
        f.write_str(&self.name)
    }
}

impl Serialize for HostPattern {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HostPattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for HostPattern {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HostPattern".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_written_as_urls_have_it() {
        let check = |text: &str, name: &str| {
            let pattern: HostPattern = text.parse().unwrap();
            assert_eq!(pattern.to_string(), name);
            assert_eq!(name.parse(), Ok(pattern));
        };
        check("example.com", "example.com");
        check("Example.COM:8080", "example.com:8080");
        check("*.Example.com", "*.example.com");
        check("münchen.example", "xn--mnchen-3ya.example");
        check("127.0.0.1:8080", "127.0.0.1:8080");
        check("[::1]:8080", "[::1]:8080");
        check("0:0::1", "[::1]");
        check("localhost", "localhost");
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in ["", "*", "*.", "a b", "http://a/", "a/b", "a.*.b", "*a", "u@a", "a:x", "a:99999", "\u{7}", "[::1"]
        {
            assert!(text.parse::<HostPattern>().is_err(), "{text}");
        }
        let error = |text: &str| text.parse::<HostPattern>().unwrap_err();
        assert_eq!(error("*.1.2.3.4"), "`*.1.2.3.4` names an address, which no host is below");
        assert_eq!(
            error("*.a.example:443"),
            "`*.a.example:443` has the port 443, which hosts are named without: `*.a.example`"
        );
    }

    #[test]
    fn a_host_that_differs_in_its_port_alone_is_told() {
        let check = |pattern: &str, host: &str, expected: Option<&str>| {
            let pattern: HostPattern = pattern.parse().unwrap();
            let found = pattern.but_for_its_port(host).map(|pattern| pattern.to_string());
            assert_eq!(found.as_deref(), expected, "{pattern} {host}");
        };
        check("127.0.0.1", "127.0.0.1:81", Some("127.0.0.1:81"));
        check("127.0.0.1:82", "127.0.0.1:81", Some("127.0.0.1:81"));
        check("127.0.0.1:81", "127.0.0.1", Some("127.0.0.1"));
        check("127.0.0.1:81", "127.0.0.1:81", None);
        check("127.0.0.1", "127.0.0.2:81", None);
        check("[::1]", "[::1]:81", Some("[::1]:81"));
        check("[::1]", "[::1]", None);
        check("*.e.com", "a.b.e.com:81", Some("*.e.com:81"));
        check("*.e.com", "e.com:81", None);
        check("*.e.com", "xe.com:81", None);
        check("*.e.com", "a.e.com", None);
    }

    #[test]
    fn the_host_itself_comes_before_the_longest_name_that_it_is_below() {
        let patterns =
            ["e.com", "*.e.com", "*.com", "www.e.com", "*.www.e.com", "*.e.com:81", "1.2.3.4", "*.4.example"];
        let per_host: PerHost<&str> = patterns.iter().map(|text| (text.parse().unwrap(), *text)).collect();
        let check =
            |host: &str, found: &[&str]| assert_eq!(per_host.of(host).copied().collect::<Vec<_>>(), found, "{host}");
        check("e.com", &["e.com", "*.com"]);
        check("www.e.com", &["www.e.com", "*.e.com", "*.com"]);
        check("a.www.e.com", &["*.www.e.com", "*.e.com", "*.com"]);
        check("a.b.e.com:81", &["*.e.com:81"]);
        check("e.com:81", &[]);
        check("xe.com", &["*.com"]);
        check("1.2.3.4", &["1.2.3.4"]);
        check("[::1]:81", &[]);
        assert!(!per_host.is_empty() && PerHost::<()>::default().is_empty());
    }
}
