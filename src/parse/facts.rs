//! What the elements of a page say, before any of it is resolved: where its references start from, what they are,
//! whether they may be followed, and what the page is called.

use std::borrow::Cow;
use std::num::NonZeroU32;

pub(super) use super::reference::{Reference, Start};

use super::charset;
use super::refresh;
use super::robots::Robots;
use super::seen::Seen;
use super::usage::{License, UseSaid};
use crate::media_type;
use crate::mention::{LinkType, Mention};
use crate::usage::Place;

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
    /// Each `<link rel=canonical href>`: the first that is a page counts.
    pub(super) canonicals: Vec<Reference<'a>>,
    /// Where the first `Refresh` without a pause sends the reader, in a `<meta>` or in the head of the response.
    pub(super) refresh: Option<Reference<'a>>,
    /// A `<meta name=robots>` asks not to follow any link.
    pub(super) nofollow: bool,
    pub(super) references: Vec<Reference<'a>>,
    /// The bases of the pages that stand in this one (`<iframe srcdoc>`), and what each of them starts from.
    pub(super) inner_bases: Vec<(Start, Cow<'a, str>)>,
    /// There is a script that a browser would run.
    pub(super) has_script: bool,
    /// The labels that `<meta>` elements give for the charset, in their order.
    pub(super) charset_labels: Vec<Cow<'a, str>>,
    /// What the page may be used for.
    pub(super) usage: UseSaid<'a>,
    /// What is seen for those who check pages.
    pub(super) seen: Seen<'a>,
    /// Where the name begins of the tag that is read, in bytes of the page.
    pub(super) tag: usize,
}

/// The elements that say something, but for `<title>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Html,
    Base,
    /// `<a>`, also that of SVG.
    Anchor,
    Area,
    Frame,
    Iframe,
    Object,
    Embed,
    Link,
    Meta,
}

impl Element {
    /// Whether it says something of its whole page, and not of a place in it.
    pub(super) fn is_of_page(self) -> bool {
        matches!(self, Self::Html | Self::Base | Self::Link | Self::Meta)
    }
}

impl<'a> Facts<'a> {
    /// Nothing so far, with room for the references of a page of this length: a vector that grows is moved each time.
    pub(super) fn for_page(length: usize) -> Self {
        let room = (length / LENGTH_FOR_ONE).min(MOST_ROOM);
        Self { references: Vec::with_capacity(room), ..Self::default() }
    }

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
            Element::Anchor => self.refer(attribute("href"), attribute("rel").as_deref(), Mention::Anchor),
            Element::Area => self.refer(attribute("href"), attribute("rel").as_deref(), Mention::Area),
            Element::Frame => self.refer_unless_empty(attribute("src"), Mention::Frame),
            Element::Iframe => self.refer_unless_empty(attribute("src"), Mention::Iframe),
            Element::Object => self.refer_to_page(attribute("data"), attribute("type").as_deref(), Mention::Object),
            Element::Embed => self.refer_to_page(attribute("src"), attribute("type").as_deref(), Mention::Embed),
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

    /// Takes the links of a page that stands in this one, in the text of a `srcdoc`. Its references start from the base
    /// of this page, unless it has its own (HTML Standard, section 2.4.1, "fallback base URL").
    pub(super) fn take_inner(&mut self, inner: Facts<'_>) {
        let Ok(first) = u16::try_from(self.inner_bases.len() + usize::from(inner.base.is_some())) else { return };
        if usize::from(u16::MAX - first) < inner.inner_bases.len() {
            return;
        }
        let own = if inner.base.is_some() { Start::Inner(first - 1) } else { Start::Base };
        let moved = |start| match start {
            Start::Inner(nth) => Start::Inner(first + nth),
            Start::Base | Start::Url => own,
        };
        self.inner_bases.extend(inner.base.map(|base| (Start::Base, owned(base))));
        self.inner_bases.extend(inner.inner_bases.into_iter().map(|(start, base)| (moved(start), owned(base))));
        self.references.extend(inner.references.into_iter().map(|reference| Reference {
            text: owned(reference.text),
            nofollow: reference.nofollow || inner.nofollow,
            start: moved(reference.start),
            mention: reference.mention,
            // It is none of this page.
            tag: None,
        }));
        self.has_script |= inner.has_script;
    }

    /// Takes what a `<script>` of this type is, by its attribute (HTML Standard, section 4.12.1.1, "prepare the script
    /// element"): data is no script.
    pub(super) fn read_script(&mut self, kind: Option<&str>) {
        self.has_script |= Self::runs(kind);
    }

    /// Whether a browser would run a script of this type.
    pub(super) fn runs(kind: Option<&str>) -> bool {
        let kind = kind.map(trimmed).unwrap_or_default();
        kind.is_empty()
            || kind.eq_ignore_ascii_case("module")
            || SCRIPT_TYPES.iter().any(|script| kind.eq_ignore_ascii_case(script))
    }

    /// Where the name of the tag begins that is read, as references keep it.
    pub(super) fn tag_at(&self) -> Option<NonZeroU32> {
        u32::try_from(self.tag).ok().and_then(NonZeroU32::new)
    }

    /// Takes a link: `<link>`, or the header `Link`, whose parameters have the same names. Without a target it is none
    /// (HTML Standard, section 4.2.4).
    pub(super) fn read_link(&mut self, attribute: impl Fn(&'static str) -> Option<Cow<'a, str>>) {
        let Some(href) = attribute("href").filter(|href| !trimmed(href).is_empty()) else { return };
        let rel = attribute("rel");
        let rel = rel.as_deref();
        let has = |list: &[&str]| tokens(rel).any(|token| list.iter().any(|word| token.eq_ignore_ascii_case(word)));
        if has(&["canonical"]) && self.canonicals.len() < MAX_CANONICALS {
            let mention = Mention::Link(LinkType::CANONICAL);
            self.canonicals.push(Reference {
                text: href.clone(),
                nofollow: false,
                start: Start::Base,
                mention,
                tag: None,
            });
        }
        if has(&["license"]) {
            let (text, start, mention) = (href.clone(), Start::Base, Mention::Link(LinkType::CANONICAL));
            let reference = Reference { text, nofollow: false, start, mention, tag: None };
            self.usage.read_license(License { reference, media_type: attribute("type"), from: Place::Link });
        }
        // `alternate stylesheet` is a style sheet; a feed or a search description says itself that it is no page.
        let is_page = || attribute("type").as_deref().is_none_or(media_type::is_html) && !has(&["stylesheet"]);
        if let Some(link_type) = tokens(rel).find_map(LinkType::of_name).filter(|_| is_page()) {
            self.refer(Some(href), rel, Mention::Link(link_type));
        }
    }

    /// Takes what the header `Refresh` says.
    pub(super) fn read_refresh(&mut self, value: &'a str) {
        self.refresh(refresh::target(value).map(Cow::Borrowed), refresh::is_immediate(value));
    }

    fn read_meta(&mut self, attribute: impl Fn(&'static str) -> Option<Cow<'a, str>>, robots: &Robots) {
        let Some(content) = attribute("content") else { return };
        let is_refresh = |pragma: &str| trimmed(pragma).eq_ignore_ascii_case("refresh");
        if attribute("http-equiv").as_deref().is_some_and(is_refresh) {
            self.refresh(part_of(&content, refresh::target), refresh::is_immediate(&content));
        }
        let Some(name) = attribute("name") else { return };
        let name = trimmed(&name);
        if name.eq_ignore_ascii_case("description") && self.description.is_none() {
            self.description = folded(&content);
        }
        self.nofollow |= robots.meta_asks_nofollow(name, &content);
        self.usage.read_meta(name, &content, robots);
    }

    fn refresh(&mut self, target: Option<Cow<'a, str>>, is_immediate: bool) {
        let Some(text) = target else { return };
        if self.refresh.is_none() && is_immediate {
            let (start, mention) = (Start::Base, Mention::Refresh);
            self.refresh = Some(Reference { text: text.clone(), nofollow: false, start, mention, tag: None });
        }
        self.refer(Some(text), None, Mention::Refresh);
    }

    fn refer(&mut self, text: Option<Cow<'a, str>>, rel: Option<&str>, mention: Mention) {
        let Some(text) = text.and_then(|text| part_of(&text, |text| Some(trimmed(text)))) else { return };
        let nofollow = rel.is_some()
            && tokens(rel).any(|token| NOFOLLOW_TYPES.iter().any(|word| token.eq_ignore_ascii_case(word)));
        let tag = self.tag_at();
        self.references.push(Reference { text, nofollow, start: Start::Base, mention, tag });
    }

    /// Takes a reference that was put together of a form.
    pub(super) fn refer_from_form(&mut self, text: Cow<'a, str>, start: Start) {
        self.references.push(Reference { text, nofollow: false, start, mention: Mention::Form, tag: None });
    }

    /// Takes what is loaded into the page. Nothing is, when the reference is empty (HTML Standard, section 4.8.5,
    /// "shared attribute processing steps for iframe and frame elements", and 4.8.7).
    fn refer_unless_empty(&mut self, text: Option<Cow<'a, str>>, mention: Mention) {
        self.refer(text.filter(|text| !trimmed(text).is_empty()), None, mention);
    }

    /// Takes what `<object>` and `<embed>` load, when that is a page: they say so, or say nothing and name it so. Most
    /// of them load what a crawl does not ask for.
    fn refer_to_page(&mut self, text: Option<Cow<'a, str>>, kind: Option<&str>, mention: Mention) {
        let is_page = |text: &str| match kind.map(trimmed) {
            None | Some("") => names_page(text),
            Some(kind) => media_type::is_html(kind),
        };
        self.refer_unless_empty(text.filter(|text| is_page(text)), mention);
    }
}

/// Whether a reference ends in the extension of a page.
fn names_page(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let extension = trimmed(path).rsplit_once('.').map_or("", |(_, extension)| extension);
    PAGE_EXTENSIONS.iter().any(|page| extension.eq_ignore_ascii_case(page))
}

fn owned<'b>(text: Cow<'_, str>) -> Cow<'b, str> {
    Cow::Owned(text.into_owned())
}

/// A part of a text, copied only when the text was.
fn part_of<'a>(text: &Cow<'a, str>, part: impl Fn(&str) -> Option<&str>) -> Option<Cow<'a, str>> {
    match text {
        Cow::Borrowed(text) => part(text).map(Cow::Borrowed),
        Cow::Owned(text) => part(text).map(|part| Cow::Owned(part.to_owned())),
    }
}

fn tokens(rel: Option<&str>) -> impl Iterator<Item = &str> {
    rel.unwrap_or_default().split(parts_tokens)
}

/// A function, since an array of characters would be gone through for each character.
fn parts_tokens(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0C' | '\r' | ',')
}

pub(super) fn trimmed(text: &str) -> &str {
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

/// For so many bytes of documentation there is one reference, and seldom more.
const LENGTH_FOR_ONE: usize = 192;
/// For how many references there is room from the start.
const MOST_ROOM: usize = 512;
/// How many canonical URLs of one page are tried.
const MAX_CANONICALS: usize = 16;
/// How many labels of charsets one page may give.
const MAX_LABELS: usize = 16;
/// How much of a title, a description or a language goes into a record, in bytes: an unclosed `<title>` swallows the
/// rest of its page.
const LONGEST_TEXT: usize = 8 << 10;

/// The extensions of files that hold a page.
const PAGE_EXTENSIONS: &[&str] = &["html", "htm", "xhtml", "xht"];
/// The media types of JavaScript (MIME Sniffing Standard, section 4.6).
const SCRIPT_TYPES: &[&str] = &[
    "application/ecmascript",
    "application/javascript",
    "application/x-ecmascript",
    "application/x-javascript",
    "text/ecmascript",
    "text/javascript",
    "text/javascript1.0",
    "text/javascript1.1",
    "text/javascript1.2",
    "text/javascript1.3",
    "text/javascript1.4",
    "text/javascript1.5",
    "text/jscript",
    "text/livescript",
    "text/x-ecmascript",
    "text/x-javascript",
];
/// The `rel` types of a link that its page does not vouch for.
const NOFOLLOW_TYPES: &[&str] = &["nofollow", "ugc", "sponsored"];
