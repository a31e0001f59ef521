//! From references as they are written to the links of a page: absolute, each target once.

use std::borrow::Cow;
use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use encoding_rs::{EncoderResult, Encoding, UTF_8};
use hashbrown::hash_map::Entry;
use hashbrown::hash_table::Entry as TableEntry;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use memchr::memchr;

use super::facts::{Facts, Reference, Start};
use super::kinds::Uses;
use super::scan;
use crate::mention::Mention;
use crate::unread::BadReferences;
use crate::url::{Base, CrawlUrl, Link, LinkKind, Recent, Sight, Target, UrlKey, UrlRules};

/// How the references of one page are resolved.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    rules: &'a UrlRules,
    recent: RefCell<Recent>,
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
    /// How long their texts are together.
    bytes: u64,
    /// How many different references were not looked at.
    pub(super) left_out: usize,
    /// References that are no URL.
    pub(super) no_urls: BadReferences,
    /// What each of them is for, when that is not the same for all.
    pub(super) uses: Option<Uses>,
}

impl<'a> Resolver<'a> {
    /// References start from the base of a page, if that is a URL that can be requested, and else from the page itself.
    /// A base that is longer than a URL may be would make every link of the page as long, and all that for nothing.
    pub(super) fn new(
        rules: &'a UrlRules,
        recent: Recent,
        page: &CrawlUrl,
        facts: &Facts<'_>,
        encoding: &'static Encoding,
    ) -> Self {
        let (recent, base) = (RefCell::new(recent), Base::new(page.clone()));
        let mut resolver = Self { rules, recent, base, page: None, inner: Vec::new(), encoding: UTF_8 };
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
        self.meet(reference, start).map(|(target, _)| target)
    }

    /// The same, and whether earlier pages, or this one, have led there.
    fn meet(&self, reference: &str, start: Start) -> Option<(Target, Sight)> {
        let base = self.base_at(start);
        if self.encoding == UTF_8 || reference.is_ascii() {
            return base.resolve_recent(reference, self.rules, &mut self.recent.borrow_mut());
        }
        let encode: &dyn Fn(&str) -> Cow<'_, [u8]> = &|query| encoded(query, self.encoding);
        let target = base.resolve_encoded(reference, self.rules, Some(encode))?;
        let sight = self.recent.borrow_mut().meet(target.key());
        Some((target, sight))
    }

    /// What this page and those before it have met.
    pub(super) fn into_recent(self) -> Recent {
        self.recent.into_inner()
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
    /// Resolves the `references` of a page, of which at most `max` different ones are looked at, and those only while the
    /// links have at most `max_bytes` together. What is to be followed at one place of the page is to be followed.
    pub(super) fn resolve(
        page: &str,
        references: &[Reference<'_>],
        resolver: &Resolver<'_>,
        max: usize,
        max_bytes: u64,
        uses: Option<Uses>,
    ) -> Self {
        let mut found = Self { uses, ..Self::default() };
        // By text first: joining is what costs, and a page repeats most of its references.
        let room = references.len().min(max).min(ROOM);
        // A vector that grows is moved each time.
        found.links.reserve(room);
        let mut by_text: HashMap<Written<'_>, Option<usize>> =
            HashMap::with_capacity_and_hasher(room, DefaultHashBuilder::default());
        let mut by_target: HashTable<usize> = HashTable::with_capacity(room);
        for reference in references {
            let text = without_fragment(&reference.text);
            let looked_at = by_text.len();
            let place = match by_text.entry(Written { text, start: reference.start }) {
                Entry::Occupied(entry) => *entry.get(),
                Entry::Vacant(entry) if looked_at < max && found.bytes < max_bytes => {
                    let met = resolver.meet(text, reference.start);
                    if met.is_none() {
                        found.no_urls.note(text);
                    }
                    let place = met.map(|met| found.place(page, met, reference, &mut by_target));
                    *entry.insert(place)
                }
                Entry::Vacant(entry) => {
                    found.left_out += 1;
                    *entry.insert(None)
                }
            };
            if let (Some(uses), Some(place)) = (&mut found.uses, place) {
                if let Some(link) = found.links.get_mut(place) {
                    uses.note(place, link, reference);
                }
                continue;
            }
            if let Some(link) = place.filter(|_| !reference.nofollow).and_then(|place| found.links.get_mut(place))
                && link.kind != LinkKind::Follow
            {
                (link.kind, link.mention) = (LinkKind::Follow, reference.mention);
                if link.link_text.is_some() {
                    link.link_text = text_of(reference, page);
                }
            }
        }
        found
    }

    /// Where a target is among the links; a new one comes last.
    fn place(
        &mut self,
        page: &str,
        (target, sight): (Target, Sight),
        reference: &Reference<'_>,
        by_target: &mut HashTable<usize>,
    ) -> usize {
        let links = &mut self.links;
        let is_same = |link: &Link| link.target.key() == target.key() && link.target.text() == target.text();
        let entry = by_target.entry(
            hash(target.key()),
            |place| links.get(*place).is_some_and(is_same),
            |place| links.get(*place).map_or(0, |link| hash(link.target.key())),
        );
        match entry {
            TableEntry::Occupied(entry) => *entry.get(),
            TableEntry::Vacant(entry) => {
                let place = *entry.insert(links.len()).get();
                self.bytes += target.text().len() as u64;
                // Only what is new to a crawl is kept with its text, and that mostly comes here for the first time.
                let link_text = if sight == Sight::First { text_of(reference, page) } else { None };
                let kind = if reference.nofollow { LinkKind::Nofollow } else { LinkKind::Follow };
                links.push(Link { target, kind, mention: reference.mention, link_text });
                place
            }
        }
    }

    /// The http and https URLs.
    pub(super) fn urls(&self) -> Vec<Arc<str>> {
        let mut urls = Vec::with_capacity(self.links.len());
        urls.extend(self.links.iter().filter_map(|link| match &link.target {
            Target::Url(url) => Some(url.to_shared()),
            Target::Other { .. } => None,
        }));
        urls
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

fn text_of(reference: &Reference<'_>, page: &str) -> Option<Arc<str>> {
    let says = matches!(reference.mention, Mention::Anchor | Mention::Area);
    reference.tag.filter(|_| says).and_then(|tag| scan::link_text(page, tag))
}

/// A query in the encoding of its page. What that lacks is written as a reference to its number, escaped, so that the
/// `&` and `;` of it do not split the query (URL Standard, section 1.3, "percent-encode after encoding").
pub(super) fn encoded<'a>(query: &'a str, encoding: &'static Encoding) -> Cow<'a, [u8]> {
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

/// What tells targets apart, but for their texts: of what cannot be requested, the text is cut, and few texts have one key.
/// Keys are fingerprints already, so that hashing them again would only cost time.
fn hash(key: UrlKey) -> u64 {
    key.as_bytes().last_chunk().copied().map_or(0, u64::from_le_bytes)
}

/// For how many references there is room from the start: few pages have more different ones.
const ROOM: usize = 128;
