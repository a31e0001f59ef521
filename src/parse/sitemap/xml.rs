//! Sitemaps in XML: one pass over the markup, which need not be well-formed.

use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesEnd, BytesRef, BytesStart, Event};
use url::Url;

use super::dialect::{Dialect, Element, Part};
use super::{Base, Entry, Fault, Format, PRIORITY, Sitemap, date, is_blank};

/// Reads the markup of one document.
pub(super) fn read(text: &str, base: Base<'_>, into: &mut Sitemap) {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    // Sitemaps are written by hand and by string concatenation: a bare `&` in a URL is the most common damage.
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    let mut reading = Reading::new(base, into);
    let mut after_text = false;
    while reading.goes_on {
        match reader.read_event() {
            Ok(Event::Eof) => return reading.end(after_text),
            Ok(event) => {
                after_text = matches!(event, Event::Text(_) | Event::CData(_) | Event::GeneralRef(_));
                reading.take(&event);
            }
            // What was wrong is behind the reader.
            Err(Error::IllFormed(_)) => reading.damaged(reader.error_position()),
            Err(_) => {
                let at = reader.error_position();
                let in_end_tag = usize::try_from(at).ok().and_then(|at| text.get(at..)?.strip_prefix("</")).is_some();
                reading.damaged(at);
                return reading.end(!in_end_tag);
            }
        }
    }
    if reading.nesting > MAX_NESTING {
        reading.damaged(reader.buffer_position());
    }
}

/// The state of reading a document from top to bottom.
struct Reading<'a, 's> {
    base: Base<'a>,
    into: &'s mut Sitemap,
    /// Known from the root element on.
    dialect: Option<Dialect>,
    root_closed: bool,
    /// The `xml:base` of the root, or the URL of the document.
    root_base: Url,
    nesting: usize,
    entry: Option<Draft>,
    /// The part whose text is being collected.
    part: Option<Part>,
    /// Without the blanks that it starts with.
    text: String,
    /// Whether the text held an entity of which nobody knows what it stands for.
    is_torn: bool,
    /// Entry elements inside of a URL: `<loc><url>…</url></loc>`.
    wrapped: usize,
    /// The element whose content does not matter, and how many of its name are open.
    ignored: Option<(String, usize)>,
    goes_on: bool,
}

/// An entry that is still open.
#[derive(Default)]
struct Draft {
    loc: Option<String>,
    /// Text that stands in no part.
    bare: String,
    guid: Option<String>,
    lastmod: Option<jiff::Timestamp>,
    priority: Option<f32>,
    base: Option<Url>,
    /// Whether an entity that is not known stands in its URL, which could be any, then.
    is_torn: bool,
}

impl<'a, 's> Reading<'a, 's> {
    fn new(base: Base<'a>, into: &'s mut Sitemap) -> Self {
        Self {
            base,
            into,
            dialect: None,
            root_closed: false,
            root_base: base.url.to_url(),
            nesting: 0,
            entry: None,
            part: None,
            text: String::new(),
            is_torn: false,
            wrapped: 0,
            ignored: None,
            goes_on: true,
        }
    }

    fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(start) => {
                self.nesting += 1;
                // The reader remembers each element that is open.
                self.goes_on = self.nesting <= MAX_NESTING;
                self.start(start);
            }
            Event::Empty(start) => {
                self.start(start);
                self.finish(&start.to_end());
            }
            Event::End(end) => {
                self.nesting = self.nesting.saturating_sub(1);
                self.finish(end);
            }
            Event::Text(text) => self.characters(text),
            Event::CData(text) => self.characters(text),
            Event::GeneralRef(reference) => self.reference(reference),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => {}
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        let Some(dialect) = &self.dialect else {
            self.dialect = Dialect::of(start);
            self.into.format = self.dialect.as_ref().map(|dialect| dialect.format);
            self.goes_on &= self.dialect.is_some();
            if let Some(base) = self.xml_base(start) {
                self.root_base = base;
            }
            return;
        };
        let element = dialect.element(start.name());
        if let Some((name, open)) = &mut self.ignored {
            // An entry in there means that the end of what is ignored is missing.
            if element != Element::Entry {
                *open += usize::from(*name == start.name().0);
                return;
            }
            self.ignored = None;
        }
        match element {
            Element::Entry if self.part == Some(Part::Loc) && self.text.is_empty() => {
                self.wrapped += 1;
            }
            Element::Entry => {
                self.end_entry();
                self.entry = Some(Draft { base: self.xml_base(start), ..Draft::default() });
            }
            Element::Part(part) => self.start_part(part, start),
            Element::Other if self.entry.is_some() => self.ignored = Some((start.name().0.to_owned(), 1)),
            Element::Root | Element::Other => {}
        }
    }

    fn start_part(&mut self, part: Part, start: &BytesStart<'_>) {
        // The part before is not closed, then.
        self.end_part();
        let Some(entry) = &mut self.entry else { return };
        match part {
            Part::Link => {
                if entry.loc.is_none() {
                    entry.loc = alternate(start);
                }
                return;
            }
            Part::Guid if attribute(start, "isPermaLink").is_some_and(|is| is.eq_ignore_ascii_case("false")) => return,
            // The end of the entry is missing, and so is the start of this one.
            Part::Loc if entry.loc.is_some() && self.into.format != Some(Format::Rss) => {
                self.end_entry();
                self.entry = Some(Draft::default());
            }
            _ => {}
        }
        self.part = Some(part);
    }

    fn finish(&mut self, end: &BytesEnd<'_>) {
        let Some(dialect) = &self.dialect else { return };
        let element = dialect.element(end.name());
        if let Some((name, open)) = &mut self.ignored {
            if *name == end.name().0 {
                *open -= 1;
                if *open == 0 {
                    self.ignored = None;
                }
                return;
            }
            if !matches!(element, Element::Entry | Element::Root) {
                return;
            }
            self.ignored = None;
        }
        match element {
            Element::Entry if self.wrapped > 0 => self.wrapped -= 1,
            Element::Entry => self.end_entry(),
            Element::Root => {
                self.end_entry();
                self.root_closed = true;
            }
            Element::Part(part) if self.part == Some(part) => self.end_part(),
            Element::Part(_) | Element::Other => {}
        }
    }

    fn characters(&mut self, text: &str) {
        if self.ignored.is_some() {
            return;
        }
        if self.part.is_some() {
            self.text.push_str(if self.text.is_empty() { text.trim_start_matches(is_blank) } else { text });
        } else if let (Some(entry), Some(dialect)) = (&mut self.entry, &self.dialect)
            && dialect.has_bare_urls()
            && !(entry.bare.is_empty() && text.trim_matches(is_blank).is_empty())
        {
            entry.bare.push_str(text);
        }
    }

    /// One of the five entities of XML, or a number. What any other stands for is not known: what a document declares is
    /// not read.
    fn reference(&mut self, reference: &BytesRef<'_>) {
        if let Ok(Some(c)) = reference.resolve_char_ref() {
            self.characters(c.encode_utf8(&mut [0; 4]));
        } else if let Some(text) = resolve_predefined_entity(reference) {
            self.characters(text);
        } else if is_reference(reference) {
            self.tear();
        } else {
            // A bare `&` with a semicolon further on.
            self.characters("&");
            self.characters(reference);
            self.characters(";");
        }
    }

    /// There is a gap in the text.
    fn tear(&mut self) {
        if self.ignored.is_some() {
            return;
        }
        if self.part.is_some() {
            self.is_torn = true;
        } else if let (Some(entry), Some(dialect)) = (&mut self.entry, &self.dialect)
            && dialect.has_bare_urls()
            && entry.loc.is_none()
        {
            entry.bare.clear();
            entry.is_torn = true;
        }
    }

    fn end_part(&mut self) {
        let is_torn = std::mem::take(&mut self.is_torn);
        let Some(part) = self.part.take() else { return };
        let text = self.text.trim_matches(is_blank);
        if let Some(entry) = self.entry.as_mut().filter(|_| is_torn || !text.is_empty()) {
            match part {
                Part::Loc | Part::Link if entry.loc.is_some() => {}
                Part::Loc | Part::Link => {
                    entry.loc = Some(text.to_owned());
                    entry.is_torn = is_torn;
                }
                _ if is_torn => {}
                Part::Guid => entry.guid = Some(text.to_owned()),
                Part::Lastmod => entry.lastmod = date::parse(text),
                Part::Priority => entry.priority = text.parse().ok().filter(|priority| (0.0..=1.0).contains(priority)),
            }
        }
        self.text.clear();
        self.wrapped = 0;
    }

    fn end_entry(&mut self) {
        self.end_part();
        let Some(draft) = self.entry.take() else { return };
        let bare = draft.bare.trim_matches(is_blank);
        let target = match &draft.loc {
            _ if draft.is_torn => None,
            Some(loc) if self.into.format == Some(Format::Atom) => {
                self.base.rules.resolve(draft.base.as_ref().unwrap_or(&self.root_base), loc)
            }
            Some(loc) => self.base.target(loc),
            // Neither is meant to be a URL and nothing else.
            None => draft.guid.as_deref().or(Some(bare)).filter(|text| is_http(text)).and_then(|t| self.base.target(t)),
        };
        let entry = |target| Entry { target, lastmod: draft.lastmod, priority: draft.priority.unwrap_or(PRIORITY) };
        self.goes_on &= self.into.push(target.map(entry));
    }

    fn damaged(&mut self, at: u64) {
        if !self.into.faults.iter().any(|fault| matches!(fault, Fault::Damaged(_))) {
            self.into.faults.push(Fault::Damaged(at));
        }
    }

    /// The document ends here. Text that goes on up to the end may be the half of something.
    fn end(mut self, cut: bool) {
        if cut {
            self.part = None;
            self.entry.iter_mut().for_each(|entry| entry.bare.clear());
        }
        if self.entry.as_ref().is_some_and(|entry| entry.loc.is_some()) || !cut {
            self.end_entry();
        }
        if self.dialect.is_some() && !self.root_closed && self.goes_on {
            self.into.faults.push(Fault::CutOff);
        }
    }

    fn xml_base(&self, start: &BytesStart<'_>) -> Option<Url> {
        if self.into.format != Some(Format::Atom) {
            return None;
        }
        self.root_base.join(&attribute(start, "xml:base")?).ok()
    }
}

/// Where an Atom link leads, if to the page that the entry is about (RFC 4287, section 4.2.7.2).
fn alternate(link: &BytesStart<'_>) -> Option<String> {
    let is_alternate = attribute(link, "rel").is_none_or(|rel| rel.eq_ignore_ascii_case("alternate"));
    attribute(link, "href").filter(|_| is_alternate).map(|href| href.trim_matches(is_blank).to_owned())
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    let found = attributes.with_checks(false).flatten().find(|attribute| attribute.key.0 == name)?;
    match unescape(&found.value) {
        Ok(value) => Some(value.into_owned()),
        Err(_) if is_torn(&found.value) => None,
        Err(_) => Some(found.value.into_owned()),
    }
}

/// Whether an entity stands in a text of which nobody knows what it stands for.
fn is_torn(text: &str) -> bool {
    let names = text.split('&').skip(1).filter_map(|rest| rest.split_once(';'));
    names.map(|(name, _)| name).any(|name| {
        let is_known = || {
            resolve_predefined_entity(name).is_some()
                || BytesRef::new(name).resolve_char_ref().is_ok_and(|c| c.is_some())
        };
        is_reference(name) && !is_known()
    })
}

/// Whether this has the form of a reference between its `&` and its `;`: a name, or `#` and a number.
fn is_reference(between: &str) -> bool {
    let is_number = |number: &str| match number.strip_prefix('x') {
        Some(hex) => !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()),
    };
    let is_name = || between.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    between.strip_prefix('#').map_or_else(|| !between.is_empty() && is_name(), is_number)
}

fn is_http(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// Some generators close nothing of the HTML that they quote; those of feeds with a hundred thousand tags open are none.
const MAX_NESTING: usize = 100_000;
