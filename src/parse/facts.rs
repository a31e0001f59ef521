//! What the elements of a page say, before any of it is resolved: where its references start from, what they are,
//! whether they may be followed, and what the page is called.

use std::borrow::Cow;

use super::charset;
use super::refresh;
use super::robots::Robots;

/// What the elements of a page say; texts are those of the page.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts<'a> {
    /// The first `<base href>`.
    pub(super) base: Option<Cow<'a, str>>,
    /// The text of the first `<title>`.
    pub(super) title: Option<Cow<'a, str>>,
    pub(super) description: Option<String>,
    /// The first `lang` of `<html>`.
    pub(super) lang: Option<Cow<'a, str>>,
    /// The first `<link rel=canonical href>`.
    pub(super) canonical: Option<Cow<'a, str>>,
    /// A `<meta name=robots>` asks not to follow any link.
    pub(super) nofollow: bool,
    pub(super) references: Vec<Reference<'a>>,
    /// The labels that `<meta>` elements give for the charset, in their order.
    pub(super) charset_labels: Vec<Cow<'a, str>>,
}

/// A link as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// What the attribute says, without the white space around it.
    pub(super) text: Cow<'a, str>,
    /// Its `rel` asks not to follow it.
    pub(super) nofollow: bool,
}

/// The elements that say something, but for `<title>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Html,
    Base,
    /// `<a>`, also that of SVG, and `<area>`.
    Anchor,
    /// `<iframe>` and `<frame>`.
    Frame,
    Link,
    Meta,
}

impl<'a> Facts<'a> {
    /// Takes what an element says whose attributes are these.
    pub(super) fn read(
        &mut self,
        element: Element,
        attribute: impl Fn(&'static str) -> Option<Cow<'a, str>>,
        robots: &Robots,
    ) {
        match element {
            Element::Html => self.lang = self.lang.take().or_else(|| attribute("lang")),
            Element::Base => self.base = self.base.take().or_else(|| attribute("href")),
            Element::Anchor => self.refer(attribute("href"), attribute("rel").as_deref()),
            Element::Frame => self.refer(attribute("src"), None),
            Element::Link => self.read_link(attribute),
            Element::Meta => self.read_meta(attribute, robots),
        }
    }

    /// Takes the label of the charset that a `<meta>` gives (HTML Standard, section 13.2.6.4.4).
    pub(super) fn read_charset(&mut self, attribute: impl Fn(&'static str) -> Option<Cow<'a, str>>) {
        let of_pragma = || {
            attribute("http-equiv").filter(|pragma| pragma.eq_ignore_ascii_case("content-type"))?;
            let content = attribute("content")?;
            let label = charset::charset_in_content(content.as_bytes())?;
            Some(Cow::Owned(String::from_utf8_lossy(label).into_owned()))
        };
        if self.charset_labels.len() < MAX_LABELS {
            self.charset_labels.extend(attribute("charset").or_else(of_pragma));
        }
    }

    /// Forgets all since `earlier`, but for what belongs to the page as a whole.
    pub(super) fn go_back_to(&mut self, earlier: Self) {
        let (lang, charset_labels) = (self.lang.take(), std::mem::take(&mut self.charset_labels));
        *self = Self { lang, charset_labels, ..earlier };
    }

    fn read_link(&mut self, attribute: impl Fn(&'static str) -> Option<Cow<'a, str>>) {
        let Some(href) = attribute("href") else { return };
        let rel = attribute("rel");
        let rel = rel.as_deref();
        let has = |list: &[&str]| tokens(rel).any(|token| list.iter().any(|word| token.eq_ignore_ascii_case(word)));
        if has(&["canonical"]) && self.canonical.is_none() {
            self.canonical = Some(href.clone());
        }
        // `alternate stylesheet` is a style sheet; a feed or a search description says itself that it is no page.
        let is_page = || attribute("type").as_deref().is_none_or(super::is_html) && !has(&["stylesheet"]);
        if has(HYPERLINK_TYPES) && is_page() {
            self.refer(Some(href), rel);
        }
    }

    fn read_meta(&mut self, attribute: impl Fn(&'static str) -> Option<Cow<'a, str>>, robots: &Robots) {
        let Some(content) = attribute("content") else { return };
        let is_refresh = |pragma: &str| trimmed(pragma).eq_ignore_ascii_case("refresh");
        if attribute("http-equiv").as_deref().is_some_and(is_refresh) {
            self.refer(part_of(&content, refresh::target), None);
        }
        let Some(name) = attribute("name") else { return };
        let name = trimmed(&name);
        if name.eq_ignore_ascii_case("description") && self.description.is_none() {
            self.description = folded(&content);
        }
        self.nofollow |= robots.meta_asks_nofollow(name, &content);
    }

    fn refer(&mut self, text: Option<Cow<'a, str>>, rel: Option<&str>) {
        let Some(text) = text.and_then(|text| part_of(&text, |text| Some(trimmed(text)))) else { return };
        let nofollow = rel.is_some()
            && tokens(rel).any(|token| NOFOLLOW_TYPES.iter().any(|word| token.eq_ignore_ascii_case(word)));
        self.references.push(Reference { text, nofollow });
    }
}

/// A part of a text, copied only when the text was.
fn part_of<'a>(text: &Cow<'a, str>, part: impl Fn(&str) -> Option<&str>) -> Option<Cow<'a, str>> {
    match text {
        Cow::Borrowed(text) => part(text).map(Cow::Borrowed),
        Cow::Owned(text) => part(text).map(|part| Cow::Owned(part.to_owned())),
    }
}

fn tokens(rel: Option<&str>) -> impl Iterator<Item = &str> {
    rel.unwrap_or_default().split([' ', '\t', '\n', '\x0C', '\r', ','])
}

fn trimmed(text: &str) -> &str {
    // Most texts have nothing to trim.
    if let (Some(b'!'..), Some(b'!'..)) = (text.as_bytes().first(), text.as_bytes().last()) {
        return text;
    }
    text.trim_matches([' ', '\t', '\n', '\x0C', '\r'])
}

/// The text with white space folded; `None` when nothing is left.
pub(super) fn folded(text: &str) -> Option<String> {
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

/// How many labels of charsets one page may give.
const MAX_LABELS: usize = 16;
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
