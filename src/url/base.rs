//! What the references of one page start from. Most of them are plain paths, for which no parser is needed.

use std::cell::OnceCell;

use memchr::memchr;
use url::EncodingOverride;

use super::recent::{Recent, Sight};
use super::standard::StandardUrl;
use super::{CrawlUrl, Target, UrlRules};

/// The base URL of one page (HTML Standard, section 2.4.1).
#[derive(Debug, Clone)]
pub struct Base {
    url: CrawlUrl,
    /// Where the last folder of the path ends: behind its slash.
    folder_end: usize,
    /// The same URL as the parser has it, from the first reference on that needs it.
    parsed: OnceCell<Option<StandardUrl>>,
}

impl Base {
    /// References start from this URL.
    pub fn new(url: CrawlUrl) -> Self {
        let path_start = url.path_start as usize;
        let path = url.path_and_query().split('?').next().unwrap_or_default();
        let folder_end = path_start + path.rfind('/').map_or(0, |slash| slash + 1);
        Self { url, folder_end, parsed: OnceCell::new() }
    }

    /// Resolves a reference found on the page. `None` when it is no URL at all.
    pub fn resolve(&self, reference: &str, rules: &UrlRules) -> Option<Target> {
        match self.itself(reference, rules).or_else(|| self.resolve_plain(reference, rules)) {
            Some(url) => Some(Target::Url(url)),
            None => self.resolve_encoded(reference, rules, None),
        }
    }

    /// The same, with what references on earlier pages came to by the same rules, and whether this came up there.
    pub fn resolve_recent(&self, reference: &str, rules: &UrlRules, recent: &mut Recent) -> Option<(Target, Sight)> {
        if let Some(url) = self.itself(reference, rules) {
            let sight = recent.meet(url.key());
            return Some((Target::Url(url), sight));
        }
        let plain = self
            .split_plain(reference)
            .and_then(|(folder, path)| recent.get_or_make(folder, path, || self.join_plain(folder, path, rules)));
        if let Some((url, sight)) = plain {
            return Some((Target::Url(url), sight));
        }
        if is_whole(reference) {
            let parsed = || self.resolve_encoded(reference, rules, None);
            return recent.get_or_parse(reference, || plain_url(reference, rules).map(Target::Url).or_else(parsed));
        }
        let target = self.resolve_encoded(reference, rules, None)?;
        let sight = recent.meet(target.key());
        Some((target, sight))
    }

    /// The same as [`resolve`](Self::resolve) for a reference whose query is written in the encoding of the page (URL Standard, section 4.4, "query
    /// state"); `None` is UTF-8.
    pub fn resolve_encoded(&self, reference: &str, rules: &UrlRules, encoding: EncodingOverride<'_>) -> Option<Target> {
        self.parsed()?.join(reference, encoding).ok().map(|url| rules.target(url))
    }

    /// The absolute URL that a reference stands for, as text, with its fragment: of any scheme and length. `None` when it is
    /// none. `encoding` is that of its query; `None` is UTF-8.
    pub fn absolute(&self, reference: &str, encoding: EncodingOverride<'_>) -> Option<String> {
        self.parsed()?.join(reference, encoding).ok().map(|url| url.text().into_owned())
    }

    fn parsed(&self) -> Option<&StandardUrl> {
        self.parsed.get_or_init(|| self.url.parsed()).as_ref()
    }

    /// The URL itself, where nothing is named: as in most of what leads to a place in its own page.
    fn itself(&self, reference: &str, rules: &UrlRules) -> Option<CrawlUrl> {
        (reference.is_empty() && self.url.text.len() <= rules.max_length()).then(|| self.url.clone())
    }

    /// Resolves a path of plain characters, as most references are, without the parser. `None` leaves it to that.
    pub(super) fn resolve_plain(&self, reference: &str, rules: &UrlRules) -> Option<CrawlUrl> {
        let (folder, path) = self.split_plain(reference)?;
        self.join_plain(folder, path, rules)
    }

    /// The folder, with scheme and host, in which a reference is a path without dots in front, and that path. `None` when
    /// it is no path.
    fn split_plain<'r>(&self, reference: &'r str) -> Option<(&str, &'r str)> {
        let path_start = self.url.path_start as usize;
        let (mut folder_end, mut path) = match reference.strip_prefix('/') {
            Some(path) => (path_start + 1, path),
            None => (self.folder_end, reference),
        };
        if reference.is_empty() || path.starts_with(['/', '?']) {
            return None;
        }
        // RFC 3986, section 5.2.4, for dots in front; they are rare elsewhere.
        loop {
            if let Some(rest) = path.strip_prefix("../") {
                let folder = self.url.text.get(path_start..folder_end)?;
                // Names are short: `rfind` would take longer to begin than this to end.
                let slash = |byte| byte == b'/';
                let above = folder.strip_suffix('/').and_then(|name| name.bytes().rposition(slash)).unwrap_or(0);
                (folder_end, path) = (path_start + above + 1, rest);
            } else if let Some(rest) = path.strip_prefix("./") {
                path = rest;
            } else {
                break;
            }
        }
        Some((self.url.text.get(..folder_end)?, path))
    }

    fn join_plain(&self, folder: &str, path: &str, rules: &UrlRules) -> Option<CrawlUrl> {
        if folder.len() + path.len() > rules.max_length() || !is_plain(path.as_bytes()) {
            return None;
        }
        let text = [folder, path].concat();
        let CrawlUrl { host_start, path_start, .. } = self.url;
        Some(CrawlUrl { key: rules.key(&text), text: text.into(), host_start, path_start })
    }
}

/// Whether a reference means the same on every page: it has a scheme, and what follows is not taken as a path where that
/// is the scheme of the page too (URL Standard, section 4.4, "scheme state").
fn is_whole(reference: &str) -> bool {
    let Some((scheme, rest)) = reference.split_once(':') else { return false };
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(is_letter);
    let may_be_of_page = || ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
    is_scheme && (rest.starts_with("//") || !may_be_of_page())
}

/// A URL of plain characters, as most of those are that lead out of a site: without the parser, which would leave it as it
/// is. `None` leaves it to that.
fn plain_url(reference: &str, rules: &UrlRules) -> Option<CrawlUrl> {
    let rest = reference.strip_prefix("http").map(|rest| rest.strip_prefix('s').unwrap_or(rest))?;
    let rest = rest.strip_prefix("://").filter(|_| reference.len() <= rules.max_length())?;
    let (host, path) = rest.split_at_checked(memchr(b'/', rest.as_bytes())?)?;
    let is_plain = is_plain_name(host) && is_plain(path.as_bytes().get(1..)?);
    is_plain.then(|| CrawlUrl::split(reference.into(), rules.key(reference), reference.len() - rest.len()))
}

/// Whether a name of a host is one of small letters, digits and single hyphens, and certainly no address: it ends in a label
/// that starts with a letter.
fn is_plain_name(name: &str) -> bool {
    let mut before = b'.';
    let is_plain = name.bytes().all(|byte| {
        let joins = matches!(byte, b'.' | b'-');
        let fits = byte.is_ascii_lowercase() || byte.is_ascii_digit() || joins && !matches!(before, b'.' | b'-');
        before = byte;
        fits
    });
    let last = name.rsplit('.').next().unwrap_or_default();
    is_plain
        && before != b'-'
        && name.len() <= LONGEST_NAME
        && last.starts_with(|first: char| first.is_ascii_lowercase())
}

/// Whether a path, and maybe a query, has only characters that a URL parser takes as they are, and no name of dots.
///
/// Not among them: what begins something else (`:`, `#`, `\`), what is escaped or skipped, and `%`, since `%2e` is a
/// dot.
fn is_plain(path: &[u8]) -> bool {
    let mut before = b'/';
    path.iter().all(|byte| {
        let begins_with_dot = *byte == b'.' && before == b'/';
        before = *byte;
        byte.is_ascii() && PLAIN >> *byte & 1 == 1 && !begins_with_dot
    })
}

/// The length of no name, and of no label of it, is more than a resolver takes.
const LONGEST_NAME: usize = 63;
/// One bit for each ASCII character that is plain.
const PLAIN: u128 = {
    let (mut bits, mut byte) = (0, 0_u8);
    while byte < 128 {
        let in_names =
            matches!(byte, b'-' | b'_' | b'.' | b'~' | b'/' | b'+' | b',' | b'=' | b'&' | b'@' | b'!' | b'?');
        if byte.is_ascii_alphanumeric() || in_names {
            bits |= 1 << byte;
        }
        byte += 1;
    }
    bits
};
