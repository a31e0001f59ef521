//! Parse: from the bytes of a page to its links, title, description, language and canonical URL. Never fails.
//!
//! A page is read in one pass over its text. Work and memory grow with its length and nothing else, whatever the page:
//! nesting, attributes and links are bounded by [`Options`]. What is over a bound is read as if it were not nested, or
//! left out; links are read from all of the page.

mod charset;
#[cfg(any(test, fuzzing))]
mod comparison;
mod data_attribute;
mod explain;
mod facts;
mod kinds;
mod link_header;
mod links;
mod options;
mod reference;
mod refresh;
#[cfg(feature = "sqlite")]
pub(crate) mod rewrite;
mod robots;
mod scan;
mod seen;
pub(crate) mod sitemap;
mod surveyor;
mod usage;

pub(crate) use charset::CharsetFrom;
pub use data_attribute::DataAttribute;
pub(crate) use explain::{Directives, Explained};
pub(crate) use kinds::{PART_TYPES, SCRIPT_TYPES, STYLE_TYPES, is_shown};
pub use options::Options;

use encoding_rs::Encoding;

use crate::media_type::MediaType;
use crate::mention::{Kind, Kinds};
use crate::page::Page;
use crate::survey::Survey;
use crate::unread::BadReferences;
use crate::url::{CrawlUrl, Link, RecentUrls, Target, UrlRules};
use crate::usage::{Place, Statement};

use charset::Charset;
use facts::{Facts, Reference, Start, folded};
use kinds::{OtherKinds, Uses, Wanted};
use link_header::LinkValue;
use links::{Links, Resolver};
use robots::Robots;
use scan::Bounds;
use usage::License;

/// What there is to parse.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Where the page was found: references start from there.
    pub url: &'a CrawlUrl,
    /// The body after decompression.
    pub body: &'a [u8],
    /// The media type that the response names.
    pub media_type: Option<&'a MediaType>,
    /// The values of all `X-Robots-Tag` headers.
    pub robots_tags: &'a [&'a str],
    /// The values of all `Link` headers.
    pub link_headers: &'a [&'a str],
    /// The values of all `Refresh` headers.
    pub refresh_headers: &'a [&'a str],
}

/// What was found.
#[derive(Debug)]
pub struct Parsed {
    /// What goes into the record.
    pub page: Page,
    /// The encoding that the body was decoded with, by its name in the Encoding Standard: `UTF-8`, `windows-1252`.
    pub charset: &'static str,
    /// Each target once, in document order, with those that cannot be requested.
    pub links: Vec<Link>,
    /// Where the page sends its reader at once by `Refresh`; also one of `links`.
    pub refresh: Option<Target>,
    /// How many different references are not among `links` because the page has more than
    /// [`max_links`](Options::max_links), or longer ones than [`max_link_bytes`](Options::max_link_bytes).
    pub links_left_out: usize,
    /// The references that are no URL.
    pub bad_references: BadReferences,
    /// What the page, `X-Robots-Tag` and `Link` say that it may be used for.
    pub usage: Vec<Statement>,
    /// What is kept for those who check the page; `None` unless that is asked for.
    pub survey: Option<Box<Survey>>,
}

/// Parses pages. One serves the whole crawl.
///
/// # Links
/// They come from `<a>`, `<area>`, `<iframe>`, `<frame>`, `<object>` and `<embed>` of a page, `<link>` of a type that
/// leads to another page, `<meta http-equiv=refresh>`, and the headers `Link` and `Refresh`, which mean the same as the
/// last two; from forms by [`Options::forms`]. What is inside of `<noscript>`, of `srcdoc` and of a declared shadow root counts, what is inside of any other
/// `<template>` does not. `<base>` and `<meta>` count anywhere in the page, as in browsers.
///
/// # XHTML
/// What is sent as XML is read by the rules of XML (HTML Standard, section 14.2). What is not well-formed is read on.
///
/// # Robots
/// `nofollow` and `none`, for all robots or for this one, turn all links of a page into [`LinkKind::Nofollow`];
/// `rel` turns one. `noindex` changes nothing: a crawl builds no index.
///
/// [`LinkKind::Nofollow`]: crate::url::LinkKind::Nofollow
#[derive(Debug, Clone)]
pub struct Parser {
    options: Options,
    rules: UrlRules,
    robots: Robots,
    wanted: Wanted,
    /// What else than pages is asked for.
    kinds: Option<OtherKinds>,
    /// Whether pages are surveyed.
    surveys: bool,
    /// What the references of earlier pages came to.
    recent: RecentUrls,
}

impl Parser {
    /// A parser that resolves links by `rules` and heeds directives for all robots and for the product token
    /// `agent_token`.
    pub fn new(options: &Options, rules: UrlRules, agent_token: &str) -> Self {
        let (follow, record) = (options.follow.iter().copied().collect(), options.record.iter().copied().collect());
        let wanted = Wanted::new(follow, record, options.link_details);
        Self {
            options: options.clone(),
            rules,
            robots: Robots::new(agent_token),
            wanted,
            kinds: OtherKinds::new(follow.and(record), &options.data_attributes),
            surveys: false,
            recent: RecentUrls::default(),
        }
    }

    /// The same parser, which surveys pages for those who check them: that looks at each element.
    #[must_use]
    pub fn surveying(self) -> Self {
        let kinds = self.wanted.follow.and(self.wanted.record);
        let wanted = Wanted { is_plain: false, ..self.wanted };
        let kinds = Some(OtherKinds::surveying(kinds, &self.options.data_attributes));
        Self { surveys: true, wanted, kinds, ..self }
    }

    /// Parses a page: HTML, or XHTML. Whatever the body is, something comes of it.
    pub fn parse(&self, input: &Input<'_>) -> Parsed {
        self.parse_and(input, |_, _| ()).0
    }

    /// Parses a page, and lets `read` have its text as well, with the encoding that it was decoded from: a page is decoded
    /// once for all who read it.
    pub fn parse_and<T>(&self, input: &Input<'_>, read: impl FnOnce(&str, &'static Encoding) -> T) -> (Parsed, T) {
        let label = input.media_type.and_then(MediaType::charset);
        if input.media_type.is_some_and(MediaType::is_xml) {
            let charset = Charset::of_xml(input.body, label, input.url.host());
            let text = charset.decode(input.body);
            let parsed = self.resolve(input, &text, scan::scan_xhtml(&text, self.bounds(), &self.robots), charset);
            return (parsed, read(&text, charset.encoding));
        }
        let charset = Charset::of(input.body, label, input.url.host());
        let text = charset.decode(input.body);
        let facts = self.scan(&text);
        match facts.charset_labels.iter().find_map(|label| charset.corrected(label)) {
            // When the charset was only guessed and the page turns out to declare another, it is read once more (HTML
            // Standard, section 13.2.3.5, "Changing the encoding while parsing").
            Some(declared) => {
                let text = declared.decode(input.body);
                (self.resolve(input, &text, self.scan(&text), declared), read(&text, declared.encoding))
            }
            None => (self.resolve(input, &text, facts, charset), read(&text, charset.encoding)),
        }
    }

    /// Whether anything that is no page may lead on.
    pub fn reads_parts(&self) -> bool {
        self.wanted.follow.and(self.wanted.record) != Kinds::PAGES && self.kinds.is_some()
    }

    /// Reads what is no page and leads on all the same: a style sheet, a manifest, a script. `None` when nobody asks for
    /// what it names, or it is of another type.
    pub fn parse_part(&self, input: &Input<'_>) -> Option<Parsed> {
        let (kinds, media_type) = (self.kinds.as_ref()?, input.media_type?);
        let charset = Charset::of(input.body, media_type.charset().or(Some("utf-8")), input.url.host());
        let (mut facts, text) = (Facts::default(), charset.decode(input.body));
        let is_read = kinds.read_body(&mut facts, media_type, input.body, &text);
        is_read.then(|| self.resolve(input, "", facts, charset))
    }

    /// What the headers alone say: for a body that is no page, as a PDF, or that was not read.
    pub fn parse_headers(&self, input: &Input<'_>) -> Parsed {
        self.resolve(input, "", Facts::default(), Charset::UTF_8)
    }

    fn scan<'a>(&self, text: &'a str) -> Facts<'a> {
        scan::scan(text, self.bounds(), &self.robots)
    }

    fn bounds(&self) -> Bounds<'_> {
        let Options { max_nesting, max_attributes, forms, .. } = self.options;
        Bounds { nesting: max_nesting, attributes: max_attributes, forms, kinds: self.kinds.as_ref() }
    }

    /// Turns what a page and its headers say into what that means.
    fn resolve<'a>(&self, input: &Input<'a>, text: &str, mut facts: Facts<'a>, charset: Charset) -> Parsed {
        read_headers(input, &mut facts, self.kinds.as_ref());
        let resolver = Resolver::new(&self.rules, self.recent.take(), input.url, &facts, charset.encoding);
        let Options { max_links, max_link_bytes, .. } = self.options;
        let all_nofollow = facts.nofollow || input.robots_tags.iter().any(|tag| self.robots.header_asks_nofollow(tag));
        for reference in &mut facts.references {
            reference.nofollow = self.options.nofollow && (all_nofollow || reference.nofollow);
        }
        let uses = if self.wanted.is_plain { None } else { Some(Uses::new(self.wanted)) };
        let mut links = Links::resolve(text, &facts.references, &resolver, max_links, max_link_bytes, uses);
        let leads_nowhere = match &links.uses {
            None => links.links.is_empty(),
            Some(_) => !facts.references.iter().any(|reference| reference.mention.kind() == Kind::Page),
        };
        let (urls, link_details) = match links.uses.take() {
            None => (links.urls(), None),
            Some(uses) => uses.part(text, &mut links.links),
        };
        let page_of = |reference: &Reference<'_>| match resolver.resolve(&reference.text, reference.start)? {
            Target::Url(url) => Some(url.as_str().to_owned()),
            Target::Other { .. } => None,
        };
        let canonical = facts.canonicals.iter().find_map(page_of);
        let refresh = facts.refresh.as_ref().and_then(|reference| resolver.resolve(&reference.text, reference.start));
        let usage = std::mem::take(&mut facts.usage).statements(input.robots_tags, &self.robots, page_of);
        let survey = self.surveys.then(|| {
            let mut survey = surveyor::survey(text, &facts, &resolver, &self.options);
            survey.noindex |= input.robots_tags.iter().any(|tag| self.robots.header_asks_noindex(tag));
            Box::new(survey)
        });
        self.recent.give_back(resolver.into_recent());
        Parsed {
            page: Page {
                title: facts.title.as_deref().and_then(folded),
                description: facts.description,
                lang: facts.lang.as_deref().and_then(folded),
                canonical,
                needs_script: facts.has_script && leads_nowhere,
                links: urls,
                link_details,
            },
            charset: charset.encoding.name(),
            links: links.links,
            refresh,
            links_left_out: links.left_out,
            bad_references: links.no_urls,
            usage,
            survey,
        }
    }
}

/// Takes what the headers `Link` (RFC 8288) and `Refresh` (HTML Standard, section 7.5.1) say. Their links come first,
/// as they do in the response; a canonical URL of the page itself goes before theirs.
fn read_headers<'a>(input: &Input<'a>, facts: &mut Facts<'a>, kinds: Option<&OtherKinds>) {
    if input.link_headers.is_empty() && input.refresh_headers.is_empty() {
        return;
    }
    let mut said = Facts::default();
    for link in input.link_headers.iter().flat_map(|line| LinkValue::all(line)).filter(LinkValue::is_of_page) {
        said.read_link(|name| link.attribute(name));
        if let Some(kinds) = kinds {
            kinds.read_link(&mut said, |name| link.attribute(name));
        }
    }
    for line in input.refresh_headers {
        said.read_refresh(line);
    }
    let from_url =
        |reference: Reference<'a>| Reference { start: Start::Url, mention: reference.mention.in_head(), ..reference };
    facts.refresh = said.refresh.map(from_url).or(facts.refresh.take());
    facts.canonicals.extend(said.canonicals.into_iter().map(from_url));
    facts.references.splice(..0, said.references.into_iter().map(from_url));
    let alternates = said.seen.alternates.into_iter();
    facts.seen.alternates.extend(alternates.map(|(language, reference)| (language, from_url(reference))));
    for license in said.usage.licenses {
        let reference = from_url(license.reference);
        facts.usage.read_license(License { reference, from: Place::Header, ..license });
    }
}

/// What the scan and a tree tell of a page, when that is not the same: for the fuzz target.
#[cfg(fuzzing)]
pub fn compare(page: &str) -> Result<(), String> {
    comparison::alike(page).and_then(|()| comparison::others_alike(page))
}

/// The targets of a sitemap, in its order: for the fuzz target.
#[cfg(fuzzing)]
pub fn sitemap_targets(url: &crate::url::CrawlUrl, body: &[u8], rules: &UrlRules) -> Vec<Target> {
    let sitemap = sitemap::Sitemap::read(url, body, None, rules);
    sitemap.entries.into_iter().map(|entry| entry.target).chain(sitemap.alternates).collect()
}

/// Whether an XML document is a page: its root is the `<html>` of XHTML.
pub(crate) fn holds_xhtml(body: &[u8]) -> bool {
    let start = body.get(..XML_START).unwrap_or(body);
    scan::has_xhtml_root(&Charset::of_xml(start, None, "").decode(start))
}

/// Where the root of an XML document has to begin, in bytes: a document type with declarations may stand before it.
const XML_START: usize = 16 << 10;

#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;
