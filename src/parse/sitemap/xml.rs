//! Sitemaps in XML: one pass over the markup, which need not be well-formed.

use std::collections::HashSet;

use memchr::memmem;
use quick_xml::Reader;
use quick_xml::errors::Error;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesEnd, BytesRef, BytesStart, Event};

use super::attribute::{alternate, attribute, is_reference};
use super::date;
use super::dialect::{Dialect, Element, Part};
use super::listing::{Entry, Fault, Format, MAX_ENTRIES, PRIORITY, Sitemap, is_blank};
use super::start::{Bases, Named, Start};
use crate::url::{Target, UrlKey};

/// Where the markup of a text begins, if it is markup. What stands before an XML declaration and the root of a sitemap, a
/// warning of the generator's mostly, is none of it.
pub(super) fn begins(text: &str) -> Option<usize> {
    let declared = memmem::find_iter(text.as_bytes(), "<?xml ")
        .take(MOST_DECLARATIONS)
        .find(|at| is_sitemap(text.get(*at..).unwrap_or_default()));
    let rooted = || ["<urlset", "<sitemapindex"].iter().filter_map(|root| text.find(root)).min();
    match text.starts_with('<') {
        true if declared == Some(0) || is_sitemap(text) => Some(0),
        true => declared.or(Some(0)),
        false => declared.or_else(rooted),
    }
}

/// Whether the first element of a document is the root of a sitemap.
fn is_sitemap(text: &str) -> bool {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(root) | Event::Empty(root)) => return Dialect::of(&root).is_some(),
            Ok(Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_)) => {}
            Ok(Event::Text(text)) if text.trim_matches(is_blank).is_empty() => {}
            _ => return false,
        }
    }
}

/// Reads the markup of one document.
pub(super) fn read(text: &str, start: &Start<'_>, into: &mut Sitemap) {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    // Sitemaps are written by hand and by string concatenation: a bare `&` in a URL is the most common damage.
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    let mut reading = Reading::new(start, into);
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
    start: &'a Start<'a>,
    bases: Bases,
    into: &'s mut Sitemap,
    /// Known from the root element on.
    dialect: Option<Dialect>,
    root_closed: bool,
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
    /// The alternates that were taken, each once.
    alternates: HashSet<UrlKey>,
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
    /// Where the link of an Atom entry leads, which has `loc` as it is written.
    link: Option<Target>,
    alternates: Vec<Target>,
    /// Whether an entity that is not known stands in its URL, which could be any, then.
    is_torn: bool,
}

impl<'a, 's> Reading<'a, 's> {
    fn new(start: &'a Start<'a>, into: &'s mut Sitemap) -> Self {
        Self {
            start,
            bases: Bases::default(),
            into,
            alternates: HashSet::new(),
            dialect: None,
            root_closed: false,
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
                self.nesting += 1;
                self.start(start);
                self.finish(&start.to_end());
                self.leave();
            }
            Event::End(end) => {
                self.finish(end);
                self.leave();
            }
            Event::Text(text) => self.characters(text),
            Event::CData(text) => self.characters(text),
            Event::GeneralRef(reference) => self.reference(reference),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) | Event::Eof => {}
        }
    }

    /// The innermost element is closed, and with it what it says of those inside.
    fn leave(&mut self) {
        self.bases.leave(self.nesting);
        if let Some(dialect) = &mut self.dialect {
            dialect.leave(self.nesting);
        }
        self.nesting = self.nesting.saturating_sub(1);
    }

    fn start(&mut self, start: &BytesStart<'_>) {
        let is_root = self.dialect.is_none();
        if is_root {
            self.dialect = Dialect::of(start);
            self.into.format = self.dialect.as_ref().map(|dialect| dialect.format);
            self.goes_on &= self.dialect.is_some();
        }
        if self.into.format == Some(Format::Atom) {
            self.bases.enter(start, self.nesting, self.start);
        }
        let Some(dialect) = self.dialect.as_mut().filter(|_| !is_root) else { return };
        dialect.enter(start, self.nesting);
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
                self.entry = Some(Draft::default());
            }
            Element::Part(part) => self.start_part(part, start),
            Element::Alternate => self.take_alternate(start),
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
                if entry.loc.is_none()
                    && let Some(href) = alternate(start)
                {
                    entry.link = self.bases.resolve(&href, self.start);
                    entry.loc = Some(href);
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

    /// Takes note of the same page in another language, or for another device.
    fn take_alternate(&mut self, link: &BytesStart<'_>) {
        let Some(entry) = &mut self.entry else { return };
        let has_rel = attribute(link, "rel").is_some();
        let target = alternate(link).filter(|_| has_rel).and_then(|href| self.start.full(&href));
        entry.alternates.extend(target);
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
            Element::Part(_) | Element::Alternate | Element::Other => {}
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
        let named = match &draft.loc {
            _ if draft.is_torn => Named::Nothing,
            Some(_) if self.into.format == Some(Format::Atom) => draft.link.map_or(Named::Nothing, Named::Url),
            Some(loc) => self.start.any(loc),
            // Neither is meant to be a URL and nothing else.
            None => {
                let url = draft.guid.as_deref().or(Some(bare)).filter(|text| is_http(text));
                url.and_then(|url| self.start.full(url)).map_or(Named::Nothing, Named::Url)
            }
        };
        let target = match named {
            Named::Url(target) => Some(target),
            Named::Relative(target) => {
                self.into.count(Fault::Relative(1));
                Some(target)
            }
            Named::Nothing => None,
        };
        let entry = |target| Entry { target, lastmod: draft.lastmod, priority: draft.priority.unwrap_or(PRIORITY) };
        self.goes_on &= self.into.push(target.map(entry));
        for target in draft.alternates {
            if self.alternates.len() < MAX_ENTRIES && self.alternates.insert(target.key()) {
                self.into.alternates.push(target);
            }
        }
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
}

fn is_http(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// Some generators close nothing of the HTML that they quote; those of feeds with a hundred thousand tags open are none.
const MAX_NESTING: usize = 100_000;

/// At how many XML declarations a sitemap is looked for: each look may go through the whole text.
const MOST_DECLARATIONS: usize = 4;
