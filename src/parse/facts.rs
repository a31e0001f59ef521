//! What the elements of a page say, before any of it is resolved: where its references start from, what they are,
//! whether they may be followed, and what the page is called.

use html5ever::{LocalName, local_name, ns};
use scraper::ElementRef;

use super::html::Document;
use super::refresh;
use super::robots::Robots;

/// What the elements of a page say; texts are those of the page.
#[derive(Debug, Default)]
pub(super) struct Facts<'a> {
    /// The first `<base href>`.
    pub(super) base: Option<&'a str>,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) lang: Option<String>,
    /// The first `<link rel=canonical href>`.
    pub(super) canonical: Option<&'a str>,
    /// A `<meta name=robots>` asks not to follow any link.
    pub(super) nofollow: bool,
    pub(super) references: Vec<Reference<'a>>,
}

/// A link as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// What the attribute says, without the white space around it.
    pub(super) text: &'a str,
    /// Its `rel` asks not to follow it.
    pub(super) nofollow: bool,
}

impl<'a> Facts<'a> {
    /// Reads a page.
    pub(super) fn of(document: &'a Document, robots: &Robots) -> Self {
        let mut facts = Self::default();
        for element in document.elements() {
            facts.read(element, robots);
        }
        facts.title = facts.title.as_deref().and_then(folded);
        facts
    }

    fn read(&mut self, element: ElementRef<'a>, robots: &Robots) {
        let name = &element.value().name;
        let attribute = |name: LocalName| attribute(element, &name);
        if name.ns == ns!(svg) && name.local == local_name!("a") {
            self.refer(attribute(local_name!("href")), attribute(local_name!("rel")));
        }
        if name.ns != ns!(html) {
            return;
        }
        match name.local {
            local_name!("html") => self.lang = attribute(local_name!("lang")).and_then(folded),
            local_name!("title") if self.title.is_none() && !is_in_svg(element) => {
                self.title = Some(element.text().collect());
            }
            local_name!("base") => self.base = self.base.or_else(|| attribute(local_name!("href"))),
            local_name!("a") | local_name!("area") => {
                self.refer(attribute(local_name!("href")), attribute(local_name!("rel")));
            }
            local_name!("iframe") | local_name!("frame") => self.refer(attribute(local_name!("src")), None),
            local_name!("link") => self.read_link(attribute),
            local_name!("meta") => self.read_meta(attribute, robots),
            _ => {}
        }
    }

    fn read_link(&mut self, attribute: impl Fn(LocalName) -> Option<&'a str>) {
        let Some(href) = attribute(local_name!("href")) else { return };
        let rel = attribute(local_name!("rel"));
        let has = |list: &[&str]| tokens(rel).any(|token| list.iter().any(|word| token.eq_ignore_ascii_case(word)));
        if has(&["canonical"]) && self.canonical.is_none() {
            self.canonical = Some(href);
        }
        // `alternate stylesheet` is a style sheet; a feed or a search description says itself that it is no page.
        let is_page = attribute(local_name!("type")).is_none_or(super::is_html) && !has(&["stylesheet"]);
        if is_page && has(HYPERLINK_TYPES) {
            self.refer(Some(href), rel);
        }
    }

    fn read_meta(&mut self, attribute: impl Fn(LocalName) -> Option<&'a str>, robots: &Robots) {
        let Some(content) = attribute(local_name!("content")) else { return };
        let is_refresh = |pragma: &str| trimmed(pragma).eq_ignore_ascii_case("refresh");
        if attribute(local_name!("http-equiv")).is_some_and(is_refresh) {
            self.refer(refresh::target(content), None);
        }
        let Some(name) = attribute(local_name!("name")).map(trimmed) else { return };
        if name.eq_ignore_ascii_case("description") && self.description.is_none() {
            self.description = folded(content);
        }
        self.nofollow |= robots.meta_asks_nofollow(name, content);
    }

    fn refer(&mut self, text: Option<&'a str>, rel: Option<&str>) {
        let Some(text) = text.map(trimmed) else { return };
        let nofollow = tokens(rel).any(|token| NOFOLLOW_TYPES.iter().any(|word| token.eq_ignore_ascii_case(word)));
        self.references.push(Reference { text, nofollow });
    }
}

/// The value of an attribute. In SVG, `xlink:href` is an `href` as well.
fn attribute<'a>(element: ElementRef<'a>, name: &LocalName) -> Option<&'a str> {
    let value_in = |namespace| {
        let mut attributes = element.value().attrs.iter();
        attributes.find(|(key, _)| key.local == *name && key.ns == namespace).map(|(_, value)| &**value)
    };
    value_in(ns!()).or_else(|| value_in(ns!(xlink)))
}

fn is_in_svg(element: ElementRef<'_>) -> bool {
    element.ancestors().filter_map(ElementRef::wrap).any(|ancestor| ancestor.value().name.ns == ns!(svg))
}

fn tokens(rel: Option<&str>) -> impl Iterator<Item = &str> {
    rel.unwrap_or_default().split([' ', '\t', '\n', '\x0C', '\r', ','])
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\x0C', '\r'])
}

/// The text with white space folded; `None` when nothing is left.
fn folded(text: &str) -> Option<String> {
    let mut folded = String::new();
    for word in text.split_ascii_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
        if folded.len() > LONGEST_TEXT {
            folded.truncate(folded.floor_char_boundary(LONGEST_TEXT));
            break;
        }
    }
    (!folded.is_empty()).then_some(folded)
}

/// How much of a title, a description or a language goes into a record, in bytes: an unclosed `<title>` swallows the
/// rest of its page.
const LONGEST_TEXT: usize = 8 << 10;

/// The `rel` types of `<link>` that lead to another page (HTML Standard, section 4.6.7), and those of the same meaning
/// that are in use without being in it. All others name resources of the page itself: style sheets, icons, feeds of
/// a browser's own.
const HYPERLINK_TYPES: &[&str] = &[
    "alternate",
    "amphtml",
    "appendix",
    "author",
    "canonical",
    "chapter",
    "contents",
    "copyright",
    "first",
    "glossary",
    "help",
    "home",
    "index",
    "last",
    "license",
    "me",
    "next",
    "prev",
    "previous",
    "privacy-policy",
    "search",
    "section",
    "shortlink",
    "start",
    "subsection",
    "terms-of-service",
    "toc",
    "up",
];
/// The `rel` types of a link that its page does not vouch for.
const NOFOLLOW_TYPES: &[&str] = &["nofollow", "ugc", "sponsored"];
