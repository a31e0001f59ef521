//! From the text of a page to what its elements say, in one pass and without a tree.
//!
//! The pass follows the tokenizer of the HTML Standard (section 13.2.5), and of the tree construction (section 13.2.6)
//! as much as decides whether a tag counts: what is script, SVG, template or frameset. Where it and a tree differ is
//! written down in `docs/design/parse.md`, and held by the tests in `differential.rs`.
//!
//! Each byte is looked at once, or twice where it is taken: nothing that is missing, an end of a comment or of a quoted
//! value, is ever searched for again.

mod char_ref;
mod forms;
mod frames;
mod link_text;
mod name;
mod nesting;
mod others;
mod plain;
mod raw_text;
mod shadow_root;
mod tag;
#[cfg(feature = "sqlite")]
mod tags;
mod xhtml;
mod xml;

pub(super) use link_text::{link_text, rel};
#[cfg(feature = "sqlite")]
pub(super) use tags::{Attribute, Most, Syntax, Tag, decoded, each_tag};
pub(super) use xhtml::{has_xhtml_root, scan_xhtml};

use std::borrow::Cow;

use super::facts::{Element, Facts, folded};
use super::kinds::{self, OtherKinds};
use super::robots::Robots;
use crate::near::near;
use char_ref::Within;
use forms::{Control, Forms};
use frames::{Effect, Frames};
use name::Name;
use nesting::{Nesting, Space};
use tag::{Attributes, Cursor};

/// How much of a page is looked at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds<'k> {
    /// How deep elements may nest.
    pub(super) nesting: usize,
    /// How many attributes of one tag are read.
    pub(super) attributes: usize,
    /// Forms are read.
    pub(super) forms: bool,
    /// What else than pages is asked for.
    pub(super) kinds: Option<&'k OtherKinds>,
}

/// Reads a page.
pub(super) fn scan<'a>(text: &'a str, bounds: Bounds<'_>, robots: &Robots) -> Facts<'a> {
    // Where all open elements are known, each tag is looked at: for other kinds that has to be.
    scan_in(text, bounds, robots, Around { pages: 0, stacks: bounds.forms || bounds.kinds.is_some() })
}

/// Reads a page that stands in others.
fn scan_in<'a>(text: &'a str, bounds: Bounds<'_>, robots: &Robots, around: Around) -> Facts<'a> {
    let nesting = if around.stacks { Nesting::with_body(bounds.nesting) } else { Nesting::new(bounds.nesting) };
    let mut scan = Scan {
        cursor: Cursor { text, at: 0 },
        facts: Facts::for_page(text.len()),
        without_body: None,
        nesting,
        frames: Frames::new(),
        attributes: Attributes::new(bounds.attributes),
        others: bounds
            .kinds
            .map_or_else(Vec::new, |kinds| kinds.attributes().iter().map(|name| Name::of(name)).collect()),
        bounds,
        robots,
        around,
        forms: Forms::default(),
        needs_stack: false,
    };
    // `None` is the end of the text, wherever it is met.
    while scan.step().is_some() {}
    if scan.needs_stack {
        return scan_in(text, bounds, robots, Around { stacks: true, ..around });
    }
    scan.forms.end_at(0, &mut scan.facts);
    scan.facts
}

/// What a page stands in.
#[derive(Debug, Clone, Copy)]
struct Around {
    /// How many pages.
    pages: usize,
    /// All open elements are known of them. Few pages need that: they are read once more from their beginning. Forms need
    /// it as well.
    stacks: bool,
}

struct Scan<'a, 'r> {
    cursor: Cursor<'a>,
    facts: Facts<'a>,
    /// What the facts were when the body began, as long as frames may take its place.
    without_body: Option<Facts<'a>>,
    nesting: Nesting,
    frames: Frames,
    /// Those of the tag that was read last.
    attributes: Attributes<'a>,
    /// The attributes that other kinds ask for.
    others: Vec<Name>,
    bounds: Bounds<'r>,
    robots: &'r Robots,
    around: Around,
    forms: Forms<'a>,
    /// A shadow root was met, and which element it belongs to is not known.
    needs_stack: bool,
}

impl<'a> Scan<'a, '_> {
    /// Reads one piece of text and the markup behind it.
    fn step(&mut self) -> Option<()> {
        self.skip_plain();
        let rest = self.cursor.rest();
        // Half of all tags follow another.
        let found = if rest.first() == Some(&b'<') { Some(0) } else { near(b'<', rest) };
        let length = found.unwrap_or(rest.len());
        if self.frames.are_open() {
            self.read_text(length);
        }
        self.count_text(length);
        self.cursor.at += length;
        found?;
        match self.cursor.peek(1)? {
            first if first.is_ascii_alphabetic() => self.read_start_tag(),
            b'/' => match self.cursor.peek(2)? {
                first if first.is_ascii_alphabetic() => self.read_end_tag(),
                _ => self.skip(2, raw_text::bogus_comment_end),
            },
            b'!' => self.read_declaration(),
            b'?' => self.skip(1, raw_text::bogus_comment_end),
            _ => {
                self.read_text(1);
                self.cursor.at += 1;
                Some(())
            }
        }
    }

    /// Reads a start tag. What most tags need is short, and stands where it is called.
    #[inline]
    fn read_start_tag(&mut self) -> Option<()> {
        self.cursor.at += 1;
        let start = self.cursor.at;
        let name = self.cursor.tag_name();
        if !name.may_matter_in_body() && !self.frames.are_open() && self.nesting.is_empty() {
            self.nesting.count(name);
            return self.cursor.skip_attributes().map(drop);
        }
        self.read_tag_that_matters(name, start)
    }

    #[inline(never)]
    fn read_tag_that_matters(&mut self, name: Name, start: usize) -> Option<()> {
        let end = self.cursor.at;
        self.facts.tag = start;
        let closes_itself = if self.bounds.kinds.is_some() {
            self.cursor.attributes_and(&mut self.attributes, &self.others)?
        } else if name.has_asked_attributes() || self.around.stacks && Control::of(name).is_some() {
            self.cursor.attributes(&mut self.attributes)?
        } else {
            self.cursor.skip_attributes()?
        };
        match self.nesting.start(name, closes_itself, &self.attributes) {
            Space::Html => {}
            Space::Svg if name == Name::A => {
                self.attributes.take_xlink();
                self.take(Element::Anchor);
                self.take_others(start..end, kinds::Space::Svg);
                return Some(());
            }
            Space::Svg => {
                if self.bounds.kinds.is_some() {
                    self.attributes.take_xlink();
                    self.take_others(start..end, kinds::Space::Svg);
                }
                return Some(());
            }
            Space::Math | Space::MathAnnotation => {
                self.take_math();
                return Some(());
            }
        }
        if self.admits(name) {
            if name == Name::TEMPLATE && self.opens_shadow_root() {
                return self.open_shadow_root();
            }
            if self.bounds.forms && !self.nesting.is_in_template() && !self.read_control(name) {
                return Some(());
            }
            // In the head it is closed by whatever cannot stand there, as SVG cannot.
            if name != Name::NOSCRIPT || !self.frames.are_in_head_noscript() {
                let depth = self.nesting.depth();
                self.nesting.open_html(name, closes_itself, &self.attributes);
                if self.around.stacks && self.nesting.depth() > depth && self.may_have_shadow_root(name, start..end) {
                    self.nesting.allow_shadow_root();
                }
            }
            self.take_others(start..end, kinds::Space::Html);
            self.take_heading(name, start..end);
            self.read_html(name)?;
        } else if name == Name::HEAD && self.frames.are_in_head() {
            // It is there already, and what it says counts.
            self.take_others(start..end, kinds::Space::Html);
        }
        Some(())
    }

    /// Reads an element of HTML whose start tag has been read.
    fn read_html(&mut self, name: Name) -> Option<()> {
        match name {
            Name::A => self.take(Element::Anchor),
            Name::AREA => self.take(Element::Area),
            Name::LINK => self.take(Element::Link),
            Name::META => self.take(Element::Meta),
            Name::BASE => self.take(Element::Base),
            Name::HTML => self.take(Element::Html),
            Name::FRAME => self.take(Element::Frame),
            Name::OBJECT => self.take(Element::Object),
            Name::EMBED => self.take(Element::Embed),
            Name::IFRAME => {
                self.take_iframe();
                return self.skip_element(b"iframe");
            }
            Name::TITLE => return self.read_title(),
            Name::SCRIPT => {
                if !self.nesting.is_in_template() {
                    self.facts.read_script(self.attributes.get("type").as_deref());
                }
                return self.read_raw(name, raw_text::script_end(self.cursor.rest()));
            }
            Name::STYLE => {
                return self.read_raw(name, raw_text::element_end(self.cursor.rest(), b"style"));
            }
            Name::TEXTAREA => return self.skip_element(b"textarea"),
            Name::XMP => return self.skip_element(b"xmp"),
            Name::NOEMBED => return self.skip_element(b"noembed"),
            Name::NOFRAMES => return self.skip_element(b"noframes"),
            // From here on there is nothing but text.
            Name::PLAINTEXT => return None,
            _ => {}
        }
        Some(())
    }

    /// Reads what may be a part of a form, which has ended when it is no more among the open elements. Whether the tag
    /// counts: a form in another does not.
    fn read_control(&mut self, name: Name) -> bool {
        let depth = self.nesting.depth();
        self.forms.end_at(depth, &mut self.facts);
        let Some(control) = Control::of(name) else { return true };
        if control == Control::Form && self.forms.is_open() {
            return false;
        }
        let rest = self.cursor.text.get(self.cursor.at..).unwrap_or_default();
        let text = || {
            let raw = rest.split('<').next().unwrap_or_default();
            Cow::Owned(folded(&char_ref::decode(raw, Within::Text)).unwrap_or_default())
        };
        self.forms.start(control, depth, |name| self.attributes.get(name), text);
        true
    }

    fn read_end_tag(&mut self) -> Option<()> {
        let name = self.cursor.end_tag()?;
        let is_html = self.nesting.end(name);
        if is_html && self.frames.are_open() && !self.nesting.is_in_template() {
            self.frames.end(name);
            self.remember_head();
        }
        Some(())
    }

    fn read_declaration(&mut self) -> Option<()> {
        let foreign = self.nesting.is_foreign();
        let is_text = |text: &&str| !text.trim_ascii().trim_matches('\0').is_empty();
        let after = self.cursor.text.get(self.cursor.at + 2..)?;
        if foreign && raw_text::cdata(after).as_ref().is_some_and(is_text) {
            self.frames.text();
        }
        self.skip(2, |text| raw_text::declaration_end(text, foreign))
    }

    /// Reads text only to know whether it rules out frames.
    fn read_text(&mut self, length: usize) {
        let text = self.cursor.text.get(self.cursor.at..self.cursor.at + length).unwrap_or_default();
        if text.is_empty() || self.nesting.is_in_template() {
            return;
        }
        if text.split('\0').any(|part| !char_ref::decode(part, Within::Text).trim_ascii().is_empty()) {
            self.frames.text();
        } else if text.contains('\0') {
            self.frames.nul();
        }
        self.remember_head();
    }

    fn read_title(&mut self) -> Option<()> {
        let rest = self.cursor.text.get(self.cursor.at..)?;
        let end = raw_text::element_end(rest.as_bytes(), b"title");
        let raw = rest.get(..end.unwrap_or(rest.len()))?;
        let is_in_page = !self.nesting.is_in_template() && !self.nesting.is_in_shadow_root();
        if self.facts.title.is_none() && is_in_page {
            self.facts.title = Some(char_ref::decode(raw, Within::Text));
        }
        self.cursor.at += end?;
        self.close()
    }

    /// Whether a start tag of HTML counts.
    fn admits(&mut self, name: Name) -> bool {
        if self.nesting.is_in_template() {
            return !matches!(name, Name::HTML | Name::HEAD | Name::BODY | Name::FRAME | Name::FRAMESET);
        }
        match self.frames.start(name, &self.attributes) {
            effect @ (Effect::Read | Effect::Ignored) => {
                if self.frames.are_open() {
                    self.remember_head();
                }
                effect == Effect::Read
            }
            Effect::ReplacesBody => {
                self.nesting.clear();
                if let Some(head) = self.without_body.take() {
                    self.facts.go_back_to(head);
                }
                false
            }
        }
    }

    fn remember_head(&mut self) {
        if self.frames.may_replace_body() && self.without_body.is_none() {
            self.without_body = Some(self.facts.clone());
        }
    }

    /// Takes what an element says, unless it is in a template.
    fn take(&mut self, element: Element) {
        let attribute = |name: &str| self.attributes.get(name);
        if element == Element::Meta {
            self.facts.read_charset(attribute);
        }
        let is_left_out = self.nesting.is_in_template() || self.nesting.is_in_shadow_root() && element.is_of_page();
        if !is_left_out {
            self.facts.read(element, attribute, self.robots);
        }
    }

    /// Takes what a frame shows: the page in its `srcdoc`, or else what it loads.
    fn take_iframe(&mut self) {
        let Some(page) = self.attributes.get("srcdoc") else { return self.take(Element::Iframe) };
        if !self.nesting.is_in_template() {
            take_srcdoc(&mut self.facts, &page, self.bounds, self.robots, self.around);
        }
    }

    fn skip_element(&mut self, name: &[u8]) -> Option<()> {
        self.skip(0, |text| raw_text::element_end(text, name))?;
        self.close()
    }

    /// Reads past the end tag that is next.
    fn close(&mut self) -> Option<()> {
        self.cursor.at += 2;
        self.cursor.tag_name();
        self.cursor.skip_attributes().map(drop)
    }

    /// Skips so many bytes, and then as many as `end` says.
    fn skip(&mut self, start: usize, end: impl FnOnce(&'a [u8]) -> Option<usize>) -> Option<()> {
        self.cursor.at += start;
        self.cursor.at += end(self.cursor.rest())?;
        Some(())
    }
}

/// Takes the links of a page in the text of a `srcdoc` (HTML Standard, section 4.8.5).
fn take_srcdoc(facts: &mut Facts<'_>, page: &str, bounds: Bounds<'_>, robots: &Robots, around: Around) {
    if around.pages < MAX_PAGES_AROUND {
        facts.take_inner(scan_in(page, bounds, robots, Around { pages: around.pages + 1, ..around }));
    }
}

/// How many pages a page in a `srcdoc` may stand in: each of them is read once more for what stands in it.
const MAX_PAGES_AROUND: usize = 4;
