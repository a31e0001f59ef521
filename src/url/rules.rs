//! The rules of a crawl for URLs: how they are resolved, and which are the same page.

use memchr::memchr2;

use super::standard::StandardUrl;
use super::{Base, CrawlUrl, HostKey, ParamPattern, Scheme, Target, UrlKey};
use crate::skip::SkipReason;

/// How URLs are resolved and made canonical: the same for the whole crawl.
#[derive(Debug, Clone)]
pub struct UrlRules {
    max_length: usize,
    ignore: Vec<ParamPattern>,
}

impl UrlRules {
    /// Rules with the greatest length of a URL, in bytes.
    pub fn new(max_length: usize) -> Self {
        Self { max_length, ignore: Vec::new() }
    }

    /// The same rules, whose keys leave out these query parameters. Default: none.
    #[must_use]
    pub fn ignoring(self, params: impl IntoIterator<Item = ParamPattern>) -> Self {
        Self { ignore: params.into_iter().collect(), ..self }
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

    /// The home page of an origin; `None` when its URL is longer than one may be.
    pub fn home(&self, scheme: Scheme, host: &HostKey) -> Option<CrawlUrl> {
        self.parse(&format!("{scheme}://{host}/")).ok()
    }

    /// What a reference in a file of a site leads to, when that can be requested.
    pub fn requestable(&self, file: &CrawlUrl, reference: &str) -> Option<CrawlUrl> {
        match Base::new(file.clone()).resolve(reference.trim(), self)? {
            Target::Url(url) => Some(url),
            Target::Other { .. } => None,
        }
    }

    fn other(&self, text: &str, reason: SkipReason) -> Target {
        let cut = text.floor_char_boundary(self.max_length);
        Target::Other { text: text.get(..cut).unwrap_or_default().into(), key: UrlKey::of(text.as_bytes()), reason }
    }

    /// Canonical: percent-encoding normalised (RFC 3986, section 6.2.2), tracking parameters and an empty query gone.
    /// Nothing is sorted: for many sites the order of parameters matters.
    pub(super) fn key(&self, text: &str) -> UrlKey {
        if memchr2(b'?', b'%', text.as_bytes()).is_none() {
            return UrlKey::of(text.as_bytes());
        }
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (text, None),
        };
        let mut canonical = String::with_capacity(text.len());
        normalize_percent(path, &mut canonical);
        let mut separator = '?';
        for param in query.unwrap_or_default().split('&') {
            let name = param.split_once('=').map_or(param, |(name, _)| name);
            if param.is_empty() || self.ignore.iter().any(|pattern| pattern.matches(name)) {
                continue;
            }
            canonical.push(separator);
            normalize_percent(param, &mut canonical);
            separator = '&';
        }
        UrlKey::of(canonical.as_bytes())
    }
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

/// Decodes percent-encoded unreserved characters, writes the remaining escapes with upper-case digits, and escapes a
/// `%` that starts no escape: without that, `%%30a` would turn into another page's `%0a`.
pub(super) fn normalize_percent(part: &str, to: &mut String) {
    let mut rest = part;
    while let Some((plain, after)) = rest.split_once('%') {
        to.push_str(plain);
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

fn escaped_byte(hex: &str) -> Option<u8> {
    // `from_str_radix` alone would take a sign.
    hex.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| u8::from_str_radix(hex, 16).ok())?
}
