//! Where the references of a sitemap start from: the sitemap itself, and in Atom whatever an element says.

use quick_xml::events::BytesStart;

use super::attribute::attribute;
use crate::url::{Base, CrawlUrl, Target, UrlRules};

/// What the URLs of one sitemap are read by.
#[derive(Debug)]
pub(super) struct Start<'a> {
    url: &'a CrawlUrl,
    base: Base,
    pub(super) rules: &'a UrlRules,
}

/// Where the references of each open element start from (XML Base, section 4): any element of Atom may say so (RFC 4287,
/// section 2).
#[derive(Debug, Default)]
pub(super) struct Bases {
    /// Each with how deep the element lies.
    open: Vec<(usize, Base)>,
}

/// What an entry names.
#[derive(Debug)]
pub(super) enum Named {
    /// A URL, in full or as good as.
    Url(Target),
    /// A URL without its start: it is taken from the sitemap's, as a link on a page would be.
    Relative(Target),
    /// None.
    Nothing,
}

impl<'a> Start<'a> {
    pub(super) fn new(url: &'a CrawlUrl, rules: &'a UrlRules) -> Self {
        Self { url, base: Base::new(url.clone()), rules }
    }

    /// The target of a URL that should be absolute (the protocol asks for it), but may leave out scheme or host in the
    /// ways that are unmistakable: `//host/path`, `/path`, `www.host/path`, and the sitemap's own host.
    pub(super) fn full(&self, text: &str) -> Option<Target> {
        if let Some(target) = self.rules.absolute(text) {
            Some(target)
        } else if text.starts_with('/') {
            self.base.resolve(text, self.rules)
        } else if self.starts_with_host(text) {
            self.rules.absolute(&format!("{}://{text}", self.url.scheme()))
        } else {
            None
        }
    }

    /// The target of a URL, absolute or not.
    pub(super) fn any(&self, text: &str) -> Named {
        if let Some(target) = self.full(text) {
            return Named::Url(target);
        }
        // White space is in sentences; `#top` and `?page=2` would be pages of the sitemap itself.
        let is_path = !text.is_empty() && !text.starts_with(['#', '?']) && !text.contains(char::is_whitespace);
        match self.base.resolve(text, self.rules) {
            Some(target @ Target::Url(_)) if is_path => Named::Relative(target),
            _ => Named::Nothing,
        }
    }

    fn starts_with_host(&self, text: &str) -> bool {
        let starts_with = |start: &str| text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
        let host = self.url.host();
        starts_with("www.") || (starts_with(host) && matches!(text.as_bytes().get(host.len()), None | Some(b'/')))
    }
}

impl Bases {
    /// An element is open that lies so deep.
    pub(super) fn enter(&mut self, element: &BytesStart<'_>, nesting: usize, start: &Start<'_>) {
        if self.open.len() < MAX_BASES
            && let Some(reference) = attribute(element, "xml:base")
            && let Some(Target::Url(url)) = self.innermost(start).resolve(&reference, start.rules)
        {
            self.open.push((nesting, Base::new(url)));
        }
    }

    /// An element is closed that lay so deep.
    pub(super) fn leave(&mut self, nesting: usize) {
        while self.open.last().is_some_and(|(open, _)| *open >= nesting) {
            self.open.pop();
        }
    }

    /// The target of a reference in the element that is open.
    pub(super) fn resolve(&self, reference: &str, start: &Start<'_>) -> Option<Target> {
        self.innermost(start).resolve(reference, start.rules)
    }

    fn innermost<'s>(&'s self, start: &'s Start<'_>) -> &'s Base {
        self.open.last().map_or(&start.base, |(_, base)| base)
    }
}

/// Bases inside of each other: no feed has that many, and each is a URL of up to the greatest length.
const MAX_BASES: usize = 64;
