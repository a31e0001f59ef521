//! The rules of a crawl for URLs: how they are resolved, and which are the same page.

use memchr::memchr3;
use percent_encoding::percent_encode_byte;

use super::param_pattern::name_of;
use super::standard::StandardUrl;
use super::{Alike, CrawlUrl, HostKey, ParamPattern, Scheme, Target, UrlKey};
use crate::skip::SkipReason;

/// How URLs are resolved and made canonical: the same for the whole crawl.
#[derive(Debug, Clone)]
pub struct UrlRules {
    max_length: usize,
    ignore: Vec<ParamPattern>,
    alike: Alike,
}

impl UrlRules {
    /// Rules with the greatest length of a URL, in bytes.
    pub fn new(max_length: usize) -> Self {
        Self { max_length, ignore: Vec::new(), alike: Alike::default() }
    }

    /// The same rules, whose keys leave out these query parameters. Default: none.
    #[must_use]
    pub fn ignoring(self, params: impl IntoIterator<Item = ParamPattern>) -> Self {
        Self { ignore: params.into_iter().collect(), ..self }
    }

    /// The same rules for a site whose URLs of one page differ in more.
    #[must_use]
    pub fn alike(self, alike: Alike) -> Self {
        Self { alike, ..self }
    }

    /// The same rules, for URLs of any length.
    pub(crate) fn of_any_length(self) -> Self {
        Self { max_length: usize::MAX, ..self }
    }

    /// How long a URL may be, in bytes.
    pub(super) fn max_length(&self) -> usize {
        self.max_length
    }

    /// The target that an absolute URL names. `None` when it is no URL, or not absolute.
    pub fn absolute(&self, text: &str) -> Option<Target> {
        StandardUrl::parse(text).ok().map(|url| self.target(url))
    }

    pub(super) fn target(&self, mut url: StandardUrl) -> Target {
        if !matches!(url.scheme(), "http" | "https") {
            return self.other(&url.text(), SkipReason::Scheme);
        }
        url.strip();
        let text = url.text();
        if text.len() > self.max_length {
            return self.other(&text, SkipReason::TooLong);
        }
        Target::Url(CrawlUrl::split(text.as_ref().into(), self.key(&text), url.scheme().len() + "://".len()))
    }

    /// Parses an absolute http or https URL. The error is for a person: what is wrong, and what to write.
    pub fn parse(&self, text: &str) -> Result<CrawlUrl, String> {
        let url = match StandardUrl::parse(text) {
            Ok(url) => url,
            Err(url::ParseError::RelativeUrlWithoutBase) => return Err(without_scheme(text)),
            Err(error) => return Err(format!("`{text}` is not a URL: {error}")),
        };
        match self.target(url) {
            Target::Url(url) => Ok(url),
            Target::Other { reason: SkipReason::TooLong, .. } => {
                Err(format!("the URL is {} bytes long; at most {} are allowed", text.len(), self.max_length))
            }
            Target::Other { .. } => Err(format!("`{text}` is neither http nor https")),
        }
    }

    /// Where robots.txt of a page's origin is (RFC 9309, section 2.3). The error is for a person: the URL is longer than
    /// one may be.
    pub fn robots_of(&self, page: &CrawlUrl) -> Result<CrawlUrl, String> {
        self.parse(&format!("{}/robots.txt", page.origin()))
    }

    /// A file at a well-known place of a page's origin, by its path. The error is as of [`robots_of`](Self::robots_of).
    pub fn well_known(&self, page: &CrawlUrl, path: &str) -> Result<CrawlUrl, String> {
        self.parse(&format!("{}{path}", page.origin()))
    }

    /// The home page of an origin; `None` when its URL is longer than one may be.
    pub fn home(&self, scheme: Scheme, host: &HostKey) -> Option<CrawlUrl> {
        self.parse(&format!("{scheme}://{host}/")).ok()
    }

    /// What a reference in a file of a site leads to, when that can be requested.
    pub fn requestable(&self, file: &CrawlUrl, reference: &str) -> Option<CrawlUrl> {
        let url = file.parsed()?.join(reference.trim(), None).ok()?;
        match self.target(url) {
            Target::Url(url) => Some(url),
            Target::Other { .. } => None,
        }
    }

    fn other(&self, text: &str, reason: SkipReason) -> Target {
        let cut = text.floor_char_boundary(self.max_length);
        Target::Other { text: text.get(..cut).unwrap_or_default().into(), key: UrlKey::of(text.as_bytes()), reason }
    }

    /// Canonical: percent-encoding normalised (RFC 3986, sections 2.4 and 6.2.2), tracking parameters and an empty query
    /// gone. Nothing is sorted unless that was asked for: for many sites the order of parameters matters.
    pub(super) fn key(&self, text: &str) -> UrlKey {
        // Of what is escaped in the canonical form, a path has only `|` as it is.
        if memchr3(b'?', b'%', b'|', text.as_bytes()).is_none() && !self.alike.concerns_path_of(text) {
            return UrlKey::of(text.as_bytes());
        }
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (text, None),
        };
        let mut canonical = String::with_capacity(text.len());
        if self.alike.concerns_path_of(path) {
            normalize_percent(&self.alike.path(path), &mut canonical);
        } else {
            normalize_percent(path, &mut canonical);
        }
        let path_end = canonical.len();
        for param in query.unwrap_or_default().split('&').filter(|param| !param.is_empty()) {
            let start = canonical.len();
            canonical.push(if start == path_end { '?' } else { '&' });
            normalize_percent(param, &mut canonical);
            let written = canonical.get(start + 1..).unwrap_or_default();
            if self.ignores(name_of(written)) {
                canonical.truncate(start);
            }
        }
        if self.alike.order_of_params {
            sort_params(&mut canonical, path_end + 1);
        }
        UrlKey::of(canonical.as_bytes())
    }

    /// Whether a query parameter says nothing about the page. Of `&amp;amp;utm_source=x`, which is escaped once too
    /// often, `amp;` is left in front of the name.
    fn ignores(&self, name: &str) -> bool {
        let mut name = name;
        while let Some(rest) = name.strip_prefix("amp;") {
            name = rest;
        }
        self.ignore.iter().any(|pattern| pattern.matches(name))
    }
}

/// Sorts the parameters from `start` on by their names.
fn sort_params(canonical: &mut String, start: usize) {
    let query = canonical.get(start..).unwrap_or_default().to_owned();
    let mut params: Vec<&str> = query.split('&').collect();
    params.sort_by_key(|param| name_of(param));
    canonical.truncate(start.min(canonical.len()));
    canonical.push_str(&params.join("&"));
}

/// What to say of a text that is no whole URL: what follows a scheme can be told, a host cannot be guessed.
fn without_scheme(text: &str) -> String {
    if text.trim().is_empty() {
        "an empty text is no URL; write one like https://example.com/".to_owned()
    } else if text.starts_with("//") {
        format!("`{text}` has no scheme; write http:{text} or https:{text}")
    } else if text.trim_start().starts_with(['/', '.', '?', '#']) {
        format!("`{text}` has no scheme and no host; write a whole URL, like https://example.com/")
    } else {
        format!("`{text}` has no scheme; write http://{text} or https://{text}")
    }
}

/// Decodes percent-encoded unreserved characters and writes the remaining escapes with upper-case digits. What is neither
/// reserved nor unreserved can only stand escaped in a URI (RFC 3986, section 2.4), although URL parsers let some of it
/// pass: it is escaped, and so is a `%` that starts no escape, for without that, `%%30a` would turn into another page's
/// `%0a`.
pub(super) fn normalize_percent(part: &str, to: &mut String) {
    let mut rest = part;
    while let Some(at) = rest.bytes().position(|byte| !stands(byte)) {
        let (plain, from) = rest.split_at(at);
        to.push_str(plain);
        let Some(after) = from.strip_prefix('%') else {
            let odd = from.chars().next().map_or(1, char::len_utf8);
            let (odd, after) = from.split_at(odd);
            odd.bytes().for_each(|byte| to.push_str(percent_encode_byte(byte)));
            rest = after;
            continue;
        };
        let Some((hex, byte)) = after.get(..2).and_then(|hex| Some((hex, escaped_byte(hex)?))) else {
            to.push_str("%25");
            rest = after;
            continue;
        };
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            to.push(char::from(byte));
        } else {
            to.push('%');
            to.push_str(&hex.to_ascii_uppercase());
        }
        rest = after.get(2..).unwrap_or_default();
    }
    to.push_str(rest);
}

/// Whether a byte stands for itself: reserved or unreserved (RFC 3986, sections 2.2 and 2.3).
fn stands(byte: u8) -> bool {
    !matches!(byte, b'%' | b'|' | b'{' | b'}' | b'^' | b'`' | b'\\' | b'"' | b'<' | b'>' | ..=b' ' | 0x7F..)
}

fn escaped_byte(hex: &str) -> Option<u8> {
    // `from_str_radix` alone would take a sign.
    hex.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u8::from_str_radix(hex, 16).ok())?
}
