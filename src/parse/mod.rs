//! Parse: from the bytes of a page to its links, title, description, language and canonical URL. Never fails.
//!
//! A page is read in one pass over its text. Work and memory grow with its length and nothing else, whatever the page:
//! nesting, attributes and links are bounded by [`Options`]. What is over a bound is read as if it were not nested, or
//! left out; links are read from all of the page.

mod charset;
mod facts;
mod links;
mod options;
mod refresh;
mod robots;
mod scan;
pub mod sitemap;
#[cfg(any(test, fuzzing))]
mod tree;

pub use options::Options;

use crate::page::Page;
use crate::url::{CrawlUrl, Link, Target, UrlRules};

use charset::Charset;
use facts::{Facts, folded};
use links::{Links, Resolver};
use robots::Robots;
use scan::Bounds;

/// What there is to parse.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Where the page was found: references start from there.
    pub url: &'a CrawlUrl,
    /// The body after decompression.
    pub body: &'a [u8],
    /// The value of `Content-Type`, as it was received.
    pub content_type: Option<&'a str>,
    /// The values of all `X-Robots-Tag` headers.
    pub robots_tags: &'a [&'a str],
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
    /// How many different references are not among `links` because the page has more than
    /// [`max_links`](Options::max_links).
    pub links_left_out: usize,
}

/// Parses pages. One serves the whole crawl.
///
/// # Links
/// They come from `<a>`, `<area>`, `<iframe>`, `<frame>`, `<link>` of a type that leads to another page, and
/// `<meta http-equiv=refresh>`; what is inside of `<noscript>` counts, what is inside of `<template>` does not.
/// `<base>` and `<meta>` count anywhere in the page, as in browsers.
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
}

impl Parser {
    /// A parser that resolves links by `rules` and heeds directives for all robots and for the product token
    /// `agent_token`.
    pub fn new(options: &Options, rules: UrlRules, agent_token: &str) -> Self {
        Self { options: options.clone(), rules, robots: Robots::new(agent_token) }
    }

    /// Parses a page: HTML, or XHTML as if it were HTML. Whatever the body is, something comes of it.
    pub fn parse(&self, input: &Input<'_>) -> Parsed {
        let charset = Charset::of(input.body, input.content_type, input.url.host());
        let text = charset.decode(input.body);
        let facts = self.scan(&text);
        match facts.charset_labels.iter().find_map(|label| charset.corrected(label)) {
            // When the charset was only guessed and the page turns out to declare another, it is read once more (HTML
            // Standard, section 13.2.3.5, "Changing the encoding while parsing").
            Some(declared) => self.resolve(input, self.scan(&declared.decode(input.body)), declared),
            None => self.resolve(input, facts, charset),
        }
    }

    fn scan<'a>(&self, text: &'a str) -> Facts<'a> {
        let Options { max_nesting, max_attributes, .. } = self.options;
        scan::scan(text, Bounds { nesting: max_nesting, attributes: max_attributes }, &self.robots)
    }

    /// Turns what a page says into what it means.
    fn resolve(&self, input: &Input<'_>, mut facts: Facts<'_>, charset: Charset) -> Parsed {
        let resolver = Resolver::new(&self.rules, input.url, facts.base.as_deref(), charset.encoding);
        let all_nofollow = facts.nofollow || input.robots_tags.iter().any(|tag| self.robots.header_asks_nofollow(tag));
        for reference in &mut facts.references {
            reference.nofollow = self.options.nofollow && (all_nofollow || reference.nofollow);
        }
        let links = Links::resolve(&facts.references, &resolver, self.options.max_links);
        let canonical = facts.canonical.and_then(|reference| resolver.resolve(&reference));
        Parsed {
            page: Page {
                title: facts.title.as_deref().and_then(folded),
                description: facts.description,
                lang: facts.lang.as_deref().and_then(folded),
                canonical: canonical.and_then(|target| match target {
                    Target::Url(url) => Some(url.as_str().to_owned()),
                    Target::Other { .. } => None,
                }),
                links: links.urls(),
            },
            charset: charset.encoding.name(),
            links: links.links,
            links_left_out: links.left_out,
        }
    }
}

/// What the scan and a tree tell of a page, when that is not the same: for the fuzz target.
#[cfg(fuzzing)]
pub fn compare(page: &str) -> Result<(), String> {
    tree::comparison::alike(page)
}

/// Whether a `Content-Type` is one that [`Parser`] reads: HTML or XHTML, with any parameters.
pub fn is_html(content_type: &str) -> bool {
    let essence = content_type.split([';', ',']).next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("text/html") || essence.eq_ignore_ascii_case("application/xhtml+xml")
}

#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;
