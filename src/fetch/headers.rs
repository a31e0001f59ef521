//! What requests carry: the same headers for every host, those of single hosts, and secrets for the seeds' origins only.

use std::fmt;

use hashbrown::{HashMap, HashSet};
use http::Version;
use http::header::{self, HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;

use super::basic::basic;
use super::{Options, Overrides};
use crate::exchange::HeaderLine;
use crate::url::{CrawlUrl, HostPattern, PerHost, Scheme};

/// A user name and password for one origin, sent there as `Authorization: Basic` (RFC 7617) and nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Scheme, host and port as [`CrawlUrl::origin`] writes them: `https://example.com:8443`.
    pub origin: String,
    /// The user name, without percent-encoding.
    pub user: String,
    /// The password, without percent-encoding.
    pub password: String,
}

impl Credentials {
    /// The credentials that a URL carries (`http://user:password@host/`), if any.
    pub fn of(url: &url::Url) -> Option<Self> {
        if url.username().is_empty() && url.password().is_none() {
            return None;
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        Some(Self {
            origin: url.origin().ascii_serialization(),
            user: decoded(url.username()),
            password: decoded(url.password().unwrap_or_default()),
        })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// The headers of a request, parsed once.
#[derive(Debug)]
pub(super) struct RequestHeaders {
    everywhere: HeaderMap,
    hosts: PerHost<HeaderMap>,
    at_seeds: HeaderMap,
    seed_origins: HashSet<String>,
    /// The `Authorization` header of an origin.
    basic: HashMap<String, HeaderValue>,
}

impl RequestHeaders {
    /// The headers of the options.
    pub(super) fn new(options: &Options, seeds: &[CrawlUrl], credentials: &[Credentials]) -> Self {
        let mut everywhere = HeaderMap::new();
        everywhere.insert(header::USER_AGENT, options.user_agent.header().clone());
        everywhere.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
        everywhere.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(ACCEPT_ENCODING));
        let mut at_seeds = HeaderMap::new();
        for (name, value) in options.headers.parsed() {
            let to = if value.is_sensitive() { &mut at_seeds } else { &mut everywhere };
            to.insert(name, value.clone());
        }
        let seed_origins = seeds.iter().map(|seed| seed.origin().to_owned()).collect();
        let basic = credentials.iter().map(|one| (one.origin.clone(), basic(&one.user, &one.password))).collect();
        Self { everywhere, hosts: PerHost::default(), at_seeds, seed_origins, basic }
    }

    /// The same headers, with those of single hosts.
    pub(super) fn with_hosts(self, tables: impl IntoIterator<Item = (HostPattern, Overrides)>) -> Self {
        let headers = |(host, table): (HostPattern, Overrides)| {
            (host, table.headers.parsed().map(|(name, value)| (name.clone(), value.clone())).collect())
        };
        Self { hosts: tables.into_iter().map(headers).collect(), ..self }
    }

    /// The same headers, for answers that go into an archive.
    pub(super) fn archiving(mut self) -> Self {
        self.everywhere.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(ARCHIVED_ENCODING));
        self
    }

    /// The headers that every request has.
    pub(super) fn everywhere(&self) -> &HeaderMap {
        &self.everywhere
    }

    /// Adds what is for this URL's host or origin only. Of two headers of one name the more specific is sent: credentials
    /// of the URL itself, then what the host's own table says, and last what is for all seeds.
    pub(super) fn add_own(&self, url: &CrawlUrl, to: &mut HeaderMap) {
        let is_seed = self.seed_origins.contains(url.origin());
        if let Some(value) = self.basic.get(url.origin()) {
            to.insert(header::AUTHORIZATION, value.clone());
        }
        // A host is asked over http and over https alike. What is meant for the one must not go over the other in clear.
        let is_private = is_seed || url.scheme() == Scheme::Https;
        for (name, value) in
            self.hosts.of(url.host()).flatten().filter(|(_, value)| is_private || !value.is_sensitive())
        {
            to.entry(name).or_insert_with(|| value.clone());
        }
        for (name, value) in self.at_seeds.iter().filter(|_| is_seed) {
            to.entry(name).or_insert_with(|| value.clone());
        }
    }
}

impl RequestHeaders {
    /// The header lines of a request for this URL that was given these, as they went out: with what the HTTP stack puts
    /// in, in its order. Over HTTP/2 these are lines too, but for the host, which is in `:authority` (RFC 9113, section
    /// 8.3.1).
    pub(super) fn sent(&self, url: &CrawlUrl, mut sent: HeaderMap, version: Version) -> Vec<HeaderLine> {
        // reqwest has this one before those that it is given.
        let accept = self.everywhere.get(header::ACCEPT).map(|value| (&header::ACCEPT, value));
        for (name, value) in accept.into_iter().chain(&self.everywhere) {
            sent.entry(name).or_insert_with(|| value.clone());
        }
        if version <= Version::HTTP_11
            && let Ok(host) = HeaderValue::from_str(url.host())
        {
            sent.entry(header::HOST).or_insert(host);
        }
        HeaderLine::all(&sent)
    }
}

/// HTML first: some servers answer by this header.
const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
/// What [`decode`](super::decode) can read.
const ACCEPT_ENCODING: &str = "gzip, br, zstd, deflate";
/// What the readers of archives decode: warcio hands out bodies in zstd as they are.
const ARCHIVED_ENCODING: &str = "gzip, br, deflate";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::HeaderLines;
    use crate::fetch::loopback::url;

    #[test]
    fn secrets_stay_at_the_origins_of_the_seeds() {
        let mut options = Options::default();
        options.headers.insert("Cookie", "session=1").unwrap();
        options.headers.insert("X-Team", "search").unwrap();
        let credentials = Credentials::of(&"http://us%40er:pass@e.com:81/".parse().unwrap()).unwrap();
        let headers = RequestHeaders::new(&options, &[url("http://e.com/")], &[credentials]);
        let check = |at: &str, cookie: bool, basic: Option<&str>| {
            let mut map = HeaderMap::new();
            headers.add_own(&url(at), &mut map);
            assert_eq!(map.contains_key(header::COOKIE), cookie, "{at}");
            assert_eq!(map.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap()), basic, "{at}");
        };
        check("http://e.com/a", true, None);
        check("https://e.com/a", false, None);
        check("http://e.com:81/a", false, Some("Basic dXNAZXI6cGFzcw=="));
        check("http://www.e.com/", false, None);
        assert_eq!(headers.everywhere().get("x-team").unwrap(), "search");
        assert!(!headers.everywhere().contains_key(header::COOKIE));
        assert!(!format!("{headers:?}").contains("session"));
        assert!(!format!("{headers:?}").contains("dXNAZXI6cGFzcw"));
    }

    #[test]
    fn headers_of_a_host_go_to_no_other_host_and_its_secrets_not_over_plain_http() {
        let mut options = Options::default();
        options.headers.insert("Cookie", "all").unwrap();
        let table = |host: &str, headers: &[(&str, &str)]| {
            let mut lines = HeaderLines::default();
            for (name, value) in headers {
                lines.insert(name, value).unwrap();
            }
            (host.parse().unwrap(), Overrides { headers: lines })
        };
        let tables = [
            table("api.e.com", &[("X-Key", "1"), ("Authorization", "Bearer host")]),
            table("*.e.com", &[("X-Key", "2"), ("X-Team", "below"), ("Cookie", "below")]),
        ];
        let credentials = Credentials::of(&"https://u:p@api.e.com/".parse().unwrap()).unwrap();
        let seeds = [url("http://seed.e.com/"), url("http://other.org/"), url("https://api.e.com/")];
        let headers = RequestHeaders::new(&options, &seeds, &[credentials]).with_hosts(tables);
        assert!(!format!("{headers:?}").contains("Bearer"), "{headers:?}");
        let check = |at: &str, expected: &[&str]| {
            let mut map = HeaderMap::new();
            headers.add_own(&url(at), &mut map);
            let mut sent: Vec<_> =
                map.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
            sent.sort();
            assert_eq!(sent, expected, "{at}");
        };
        check("https://api.e.com/", &["authorization: Basic dTpw", "cookie: below", "x-key: 1", "x-team: below"]);
        check("http://api.e.com/", &["x-key: 1", "x-team: below"]);
        check("https://www.e.com/", &["cookie: below", "x-key: 2", "x-team: below"]);
        check("http://www.e.com/", &["x-key: 2", "x-team: below"]);
        check("http://seed.e.com/", &["cookie: below", "x-key: 2", "x-team: below"]);
        check("http://other.org/", &["cookie: all"]);
        check("https://e.com/", &[]);
        check("https://api.e.com:81/", &[]);
    }
}
