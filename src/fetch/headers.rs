//! What requests carry: the same headers for every host, and secrets for the seeds' origins only.

use std::collections::{HashMap, HashSet};
use std::fmt;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

use super::Options;
use crate::url::CrawlUrl;

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

/// Says what is wrong with one entry of `[fetch] headers`, for a person.
pub fn check_header(name: &str, value: &str) -> Result<(), String> {
    parse(name, value).map(drop)
}

/// The headers of a request, parsed once.
#[derive(Debug)]
pub(super) struct RequestHeaders {
    everywhere: HeaderMap,
    at_seeds: HeaderMap,
    seed_origins: HashSet<String>,
    /// The `Authorization` header of an origin.
    basic: HashMap<String, HeaderValue>,
}

impl RequestHeaders {
    /// Parses the headers of the options.
    pub(super) fn new(options: &Options, seeds: &[CrawlUrl], credentials: &[Credentials]) -> Result<Self, String> {
        let user_agent = HeaderValue::from_bytes(options.user_agent.as_bytes())
            .map_err(|_| format!("`user_agent` {:?} cannot be sent: it has control characters", options.user_agent))?;
        let mut everywhere = HeaderMap::new();
        everywhere.insert(header::USER_AGENT, user_agent);
        everywhere.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
        everywhere.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(ACCEPT_ENCODING));
        let mut at_seeds = HeaderMap::new();
        for (name, value) in &options.headers {
            let (name, mut value) = parse(name, value)?;
            if SECRET.contains(&name) {
                value.set_sensitive(true);
                at_seeds.insert(name, value);
            } else {
                everywhere.insert(name, value);
            }
        }
        let seed_origins = seeds.iter().map(|seed| seed.origin().to_owned()).collect();
        let basic =
            credentials.iter().map(|one| Ok((one.origin.clone(), basic(one)?))).collect::<Result<_, String>>()?;
        Ok(Self { everywhere, at_seeds, seed_origins, basic })
    }

    /// The headers that every request has.
    pub(super) fn everywhere(&self) -> &HeaderMap {
        &self.everywhere
    }

    /// Adds what only this URL's origin may see.
    pub(super) fn add_secrets(&self, url: &CrawlUrl, to: &mut HeaderMap) {
        if !self.at_seeds.is_empty() && self.seed_origins.contains(url.origin()) {
            to.extend(self.at_seeds.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        if let Some(value) = self.basic.get(url.origin()) {
            to.insert(header::AUTHORIZATION, value.clone());
        }
    }
}

fn parse(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let key: HeaderName = name.parse().map_err(|_| format!("`{name}` is not a header name"))?;
    if key == header::USER_AGENT {
        return Err("`User-Agent` has a key of its own: set `user_agent` under [fetch]".to_owned());
    }
    if OURS.contains(&key) {
        return Err(format!("`{name}` cannot be set: it belongs to the connection"));
    }
    let value = HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| format!("the value of the header `{name}` has control characters"))?;
    Ok((key, value))
}

fn basic(credentials: &Credentials) -> Result<HeaderValue, String> {
    let pair = format!("{}:{}", credentials.user, credentials.password);
    let mut value = HeaderValue::try_from(format!("Basic {}", base64(pair.as_bytes())))
        .map_err(|_| format!("the credentials for {} cannot be sent", credentials.origin))?;
    value.set_sensitive(true);
    Ok(value)
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    let digit = |bits: u32| char::from(*BASE64.get((bits & 63) as usize).expect("six bits are below 64"));
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        text.push(digit(bits >> 18));
        text.push(digit(bits >> 12));
        text.push(if group.len() > 1 { digit(bits >> 6) } else { '=' });
        text.push(if group.len() > 2 { digit(bits) } else { '=' });
    }
    text
}

/// HTML first: some servers answer by this header.
const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
/// What [`decode`](super::decode) can read.
const ACCEPT_ENCODING: &str = "gzip, br, zstd, deflate";
const SECRET: [HeaderName; 3] = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];
const OURS: [HeaderName; 6] =
    [header::HOST, header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::TE, header::UPGRADE];
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::loopback::url;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let check = |bytes: &str, text: &str| assert_eq!(base64(bytes.as_bytes()), text);
        check("", "");
        check("f", "Zg==");
        check("fo", "Zm8=");
        check("foo", "Zm9v");
        check("foobar", "Zm9vYmFy");
        check("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn secrets_stay_at_the_origins_of_the_seeds() {
        let mut options = Options::default();
        options.headers.insert("Cookie".to_owned(), "session=1".to_owned());
        options.headers.insert("X-Team".to_owned(), "search".to_owned());
        let credentials = Credentials::of(&"http://us%40er:pass@e.com:81/".parse().unwrap()).unwrap();
        let headers = RequestHeaders::new(&options, &[url("http://e.com/")], &[credentials]).unwrap();
        let check = |at: &str, cookie: bool, basic: Option<&str>| {
            let mut map = HeaderMap::new();
            headers.add_secrets(&url(at), &mut map);
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
    fn headers_that_break_requests_are_refused() {
        let refused = |name: &str, value: &str| check_header(name, value).unwrap_err();
        assert_eq!(refused("a b", "1"), "`a b` is not a header name");
        assert_eq!(refused("X-A", "1\r\nHost: b"), "the value of the header `X-A` has control characters");
        assert_eq!(refused("host", "b"), "`host` cannot be set: it belongs to the connection");
        assert_eq!(refused("user-agent", "b"), "`User-Agent` has a key of its own: set `user_agent` under [fetch]");
        assert_eq!(check_header("Accept-Language", "de"), Ok(()));
    }
}
