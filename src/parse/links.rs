//! From references as they are written to the links of a page: absolute, each target once.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use encoding_rs::{EncoderResult, Encoding, UTF_8};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use memchr::memchr;

use super::facts::{Facts, Reference, Start};
use crate::unread::BadReferences;
use crate::url::{Base, CrawlUrl, Link, LinkKind, Target, UrlKey, UrlRules};

/// How the references of one page are resolved.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    rules: &'a UrlRules,
    base: Base,
    /// The page itself, when its base is elsewhere.
    page: Option<Base>,
    /// Those of the pages that stand in this one.
    inner: Vec<Base>,
    /// Queries are written in the encoding of the page (URL Standard, section 4.4, "query state").
    encoding: &'static Encoding,
}

/// The links of a page, in document order.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_field_names,
    reason = "the links of `Links` are what it is about; the others are what became none"
)]
pub(super) struct Links {
    pub(super) links: Vec<Link>,
    /// How many different references were not looked at.
    pub(super) left_out: usize,
    /// References that are no URL.
    pub(super) no_urls: BadReferences,
}

impl<'a> Resolver<'a> {
    /// References start from the base of a page, if that is a URL that can be requested, and else from the page itself.
    /// A base that is longer than a URL may be would make every link of the page as long, and all that for nothing.
    pub(super) fn new(rules: &'a UrlRules, page: &CrawlUrl, facts: &Facts<'_>, encoding: &'static Encoding) -> Self {
        let base = Base::new(page.clone());
        let mut resolver = Self { rules, base, page: None, inner: Vec::new(), encoding: UTF_8 };
        if let Some(Target::Url(base)) = facts.base.as_deref().and_then(|base| resolver.resolve(base, Start::Base)) {
            resolver.page = Some(std::mem::replace(&mut resolver.base, Base::new(base)));
        }
        for (start, base) in &facts.inner_bases {
            // Each starts from one before it, or from the base of the page.
            let base = match resolver.resolve(base, *start) {
                Some(Target::Url(base)) => Base::new(base),
                _ => resolver.base_at(*start).clone(),
            };
            resolver.inner.push(base);
        }
        Self { encoding: encoding.output_encoding(), ..resolver }
    }

    /// The URL that references start from.
    pub(super) fn start(&self) -> String {
        self.base.absolute("", None).unwrap_or_default()
    }

    /// The target of a reference; `None` when it is no URL.
    pub(super) fn resolve(&self, reference: &str, start: Start) -> Option<Target> {
        let base = self.base_at(start);
        if self.encoding == UTF_8 || reference.is_ascii() {
            return base.resolve(reference, self.rules);
        }
        let encode: &dyn Fn(&str) -> Cow<'_, [u8]> = &|query| encoded(query, self.encoding);
        base.resolve_encoded(reference, self.rules, Some(encode))
    }

    fn base_at(&self, start: Start) -> &Base {
        match start {
            Start::Base => &self.base,
            Start::Url => self.page.as_ref().unwrap_or(&self.base),
            Start::Inner(nth) => self.inner.get(usize::from(nth)).unwrap_or(&self.base),
        }
    }
}

impl Links {
    /// Resolves `references`, of which at most `max` different ones are looked at, and those only while the links have
    /// at most `max_bytes` together. What is to be followed at one place of the page is to be followed.
    pub(super) fn resolve(references: &[Reference<'_>], resolver: &Resolver<'_>, max: usize, max_bytes: u64) -> Self {
        let (mut found, mut bytes) = (Self::default(), 0);
        // By text first: joining is what costs, and a page repeats most of its references.
        let mut by_text: HashMap<Written<'_>, Option<usize>> = HashMap::new();
        let mut by_target: HashMap<Identity, usize> = HashMap::new();
        for reference in references {
            let text = without_fragment(&reference.text);
            let looked_at = by_text.len();
            let place = match by_text.entry(Written { text, start: reference.start }) {
                Entry::Occupied(entry) => *entry.get(),
                Entry::Vacant(entry) if looked_at < max && bytes < max_bytes => {
                    let target = resolver.resolve(text, reference.start);
                    if target.is_none() {
                        found.no_urls.note(text);
                    }
                    let place = target.map(|target| match by_target.entry(Identity::of(&target)) {
                        Entry::Occupied(entry) => *entry.get(),
                        Entry::Vacant(entry) => {
                            bytes += target.text().len() as u64;
                            found.links.push(Link { target, kind: LinkKind::Nofollow, mention: reference.mention });
                            *entry.insert(found.links.len() - 1)
                        }
                    });
                    *entry.insert(place)
                }
                Entry::Vacant(entry) => {
                    found.left_out += 1;
                    *entry.insert(None)
                }
            };
            if let Some(link) = place.filter(|_| !reference.nofollow).and_then(|place| found.links.get_mut(place))
                && link.kind != LinkKind::Follow
            {
                (link.kind, link.mention) = (LinkKind::Follow, reference.mention);
            }
        }
        found
    }

    /// The http and https URLs.
    pub(super) fn urls(&self) -> Vec<Arc<str>> {
        let url = |link: &Link| match &link.target {
            Target::Url(url) => Some(url.to_shared()),
            Target::Other { .. } => None,
        };
        self.links.iter().filter_map(url).collect()
    }
}

/// What tells a reference apart: what has the same text leads to the same place, if it starts from the same.
#[derive(Debug, PartialEq, Eq)]
struct Written<'a> {
    text: &'a str,
    start: Start,
}

/// Few pages have references that start elsewhere.
impl Hash for Written<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// A query in the encoding of its page. What that lacks is written as a reference to its number, escaped, so that the
/// `&` and `;` of it do not split the query (URL Standard, section 1.3, "percent-encode after encoding").
fn encoded<'a>(query: &'a str, encoding: &'static Encoding) -> Cow<'a, [u8]> {
    let (plain, _, has_unmappable) = encoding.encode(query);
    if !has_unmappable {
        return plain;
    }
    let (mut encoder, mut bytes, mut rest) = (encoding.new_encoder(), Vec::new(), query);
    loop {
        let enough = encoder.max_buffer_length_from_utf8_without_replacement(rest.len()).unwrap_or(rest.len());
        bytes.reserve(enough);
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut bytes, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            EncoderResult::InputEmpty => return Cow::Owned(bytes),
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(character) => {
                bytes.extend_from_slice(format!("%26%23{}%3B", u32::from(character)).as_bytes());
            }
        }
    }
}

/// What tells two references apart. Of `/a #b` it is all: without its fragment the white space would be at the end, where
/// it is no part of a URL, and it is one of `/a%20`.
fn without_fragment(reference: &str) -> &str {
    let end = memchr(b'#', reference.as_bytes()).unwrap_or(reference.len());
    let text = reference.get(..end).unwrap_or_default();
    let ends_in_space = text.as_bytes().last().is_some_and(|last| *last <= b' ');
    if ends_in_space && !text.trim_matches(|c| c <= ' ').is_empty() { reference } else { text }
}

/// What two targets have in common only when they are the same: of what cannot be requested, the text is cut.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    key: UrlKey,
    text: Arc<str>,
}

impl Identity {
    fn of(target: &Target) -> Self {
        match target {
            Target::Url(url) => Self { key: url.key(), text: url.to_shared() },
            Target::Other { text, key, .. } => Self { key: *key, text: Arc::clone(text) },
        }
    }
}

/// Few texts have one key: hashing those as well would cost more than comparing them.
impl Hash for Identity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}
