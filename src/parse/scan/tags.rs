//! The start tags of a document one after the other, each with the places of its attributes: for who writes the document
//! anew. They are told apart as for links, but those in templates are among them.

use std::borrow::Cow;
use std::ops::Range;

use super::char_ref::{self, Within};
use super::frames::Frames;
use super::name::Name;
use super::nesting::{Nesting, Space as Language};
use super::raw_text;
use super::tag::{Attributes, Cursor};
use super::xml::{Markup, StartTag, Token};
use crate::parse::kinds::Space;

/// A start tag.
#[derive(Debug)]
pub(in crate::parse) struct Tag<'a> {
    /// The name of the element, as it is written, without a prefix.
    pub(in crate::parse) name: &'a str,
    /// What the element may be of. None: of neither.
    pub(in crate::parse) spaces: &'static [Space],
    pub(in crate::parse) attributes: Vec<Attribute<'a>>,
    /// It stands in a template, and so not in the page.
    pub(in crate::parse) is_in_template: bool,
    /// Where the style sheet is that a `<style>` holds.
    pub(in crate::parse) style: Option<Range<usize>>,
}

/// An attribute of it.
#[derive(Debug)]
pub(in crate::parse) struct Attribute<'a> {
    /// As it is written; in XML without a prefix where that stands for a link.
    pub(in crate::parse) name: &'a str,
    /// Its value, with character references resolved.
    pub(in crate::parse) value: Cow<'a, str>,
    /// Where its name is.
    pub(in crate::parse) name_at: Range<usize>,
    /// Where all of it ends.
    pub(in crate::parse) end: usize,
}

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::parse) enum Syntax {
    Html,
    /// XHTML or SVG.
    Xml,
}

/// How much of a document is looked at.
#[derive(Debug, Clone, Copy)]
pub(in crate::parse) struct Most {
    /// How deep elements may nest.
    pub(in crate::parse) nesting: usize,
    /// How many attributes of one tag are told.
    pub(in crate::parse) attributes: usize,
}

impl Attribute<'_> {
    /// Whether another one has the same name, prefix and all.
    pub(in crate::parse) fn is_named_as(&self, other: &Self) -> bool {
        self.name_at.len() == other.name_at.len() && self.name.eq_ignore_ascii_case(other.name)
    }
}

impl Tag<'_> {
    /// The value of its first attribute of this name.
    pub(in crate::parse) fn value(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name));
        found.map(|attribute| attribute.value.as_ref())
    }

    /// Whether it is that of an element of HTML.
    pub(in crate::parse) fn is(&self, name: &str) -> bool {
        self.spaces.contains(&Space::Html) && self.name.eq_ignore_ascii_case(name)
    }
}

/// Gives the start tags of a document, in their order.
pub(in crate::parse) fn each_tag<'a>(text: &'a str, syntax: Syntax, most: Most, mut found: impl FnMut(&Tag<'a>)) {
    match syntax {
        Syntax::Html => {
            let mut tags = HtmlTags {
                cursor: Cursor { text, at: 0 },
                nesting: Nesting::with_body(most.nesting),
                frames: Frames::new(),
                attributes: Attributes::new(most.attributes),
                most,
            };
            while let Some(tag) = tags.next() {
                found(&tag);
            }
        }
        Syntax::Xml => {
            let mut markup = Markup::new(text, most.attributes);
            while let Some(token) = markup.next() {
                if let Token::Start(tag) = token {
                    found(&xml_tag(text, &mut markup, &tag));
                }
            }
        }
    }
}

struct HtmlTags<'a> {
    cursor: Cursor<'a>,
    nesting: Nesting,
    /// Where the page has got to: a `<noscript>` in the head is closed by what cannot stand there.
    frames: Frames,
    /// Those that decide what a tag belongs to.
    attributes: Attributes<'a>,
    most: Most,
}

impl<'a> HtmlTags<'a> {
    /// The next start tag; `None` behind the last one.
    fn next(&mut self) -> Option<Tag<'a>> {
        loop {
            let length = memchr::memchr(b'<', self.cursor.rest())?;
            self.read_text(length);
            self.cursor.at += length;
            match self.cursor.peek(1)? {
                first if first.is_ascii_alphabetic() => return self.start_tag(),
                b'/' if self.cursor.peek(2)?.is_ascii_alphabetic() => {
                    let name = self.cursor.end_tag()?;
                    if self.nesting.end(name) && self.frames.are_open() && !self.nesting.is_in_template() {
                        self.frames.end(name);
                    }
                }
                b'/' => self.skip(2, raw_text::bogus_comment_end)?,
                b'!' => {
                    let foreign = self.nesting.is_foreign();
                    self.skip(2, |text| raw_text::declaration_end(text, foreign))?;
                }
                b'?' => self.skip(1, raw_text::bogus_comment_end)?,
                _ => self.cursor.at += 1,
            }
        }
    }

    /// Reads text only to know whether it opens the body.
    fn read_text(&mut self, length: usize) {
        if length > 0 && self.frames.are_open() && !self.nesting.is_in_template() {
            let text = self.cursor.text.get(self.cursor.at..self.cursor.at + length).unwrap_or_default();
            if !char_ref::decode(text, Within::Text).trim_ascii().is_empty() {
                self.frames.text();
            }
        }
    }

    fn start_tag(&mut self) -> Option<Tag<'a>> {
        self.cursor.at += 1;
        let start = self.cursor.at;
        let name = self.cursor.tag_name();
        let written = self.cursor.text.get(start..self.cursor.at).unwrap_or_default();
        let mut ahead = self.cursor;
        let closes_itself = ahead.attributes(&mut self.attributes)?;
        let attributes = self.cursor.placed_attributes(self.most.attributes)?.into_iter().map(|placed| Attribute {
            name: placed.name,
            value: char_ref::decode(placed.raw, Within::Attribute),
            name_at: placed.at..placed.at + placed.name.len(),
            end: placed.end,
        });
        let language = self.nesting.start(name, closes_itself, &self.attributes);
        let is_in_template = self.nesting.is_in_template();
        let mut tag = Tag { name: written, spaces: &[], attributes: attributes.collect(), is_in_template, style: None };
        match language {
            // A link of MathML is written as one of SVG.
            Language::Svg | Language::Math | Language::MathAnnotation => tag.spaces = &[Space::Svg],
            Language::Html => {
                tag.spaces = &[Space::Html];
                if !is_in_template {
                    self.frames.start(name, &self.attributes);
                }
                if name != Name::NOSCRIPT || !self.frames.are_in_head_noscript() {
                    self.nesting.open_html(name, closes_itself, &self.attributes);
                }
                tag.style = self.skip_text(name, written);
            }
        }
        Some(tag)
    }

    /// Reads past an element that holds text and no tags; where that is, of a style sheet.
    fn skip_text(&mut self, name: Name, written: &str) -> Option<Range<usize>> {
        let rest = self.cursor.rest();
        let end = match name {
            Name::SCRIPT => raw_text::script_end(rest),
            Name::PLAINTEXT => None,
            Name::STYLE | Name::TEXTAREA | Name::TITLE | Name::XMP | Name::NOEMBED | Name::NOFRAMES | Name::IFRAME => {
                raw_text::element_end(rest, written.as_bytes())
            }
            _ => return None,
        };
        let start = self.cursor.at;
        self.cursor.at += end.unwrap_or(rest.len());
        let style = (name == Name::STYLE).then_some(start..self.cursor.at);
        if end.is_some() {
            self.cursor.at += 2;
            self.cursor.tag_name();
            // When it has no end, nothing comes behind it.
            if self.cursor.skip_attributes().is_none() {
                self.cursor.at = self.cursor.text.len();
            }
        }
        style
    }

    fn skip(&mut self, start: usize, end: impl FnOnce(&'a [u8]) -> Option<usize>) -> Option<()> {
        self.cursor.at += start;
        self.cursor.at += end(self.cursor.rest())?;
        Some(())
    }
}

fn xml_tag<'a>(text: &'a str, markup: &mut Markup<'a>, tag: &StartTag<'a>) -> Tag<'a> {
    let attributes = tag.attributes.iter().filter_map(|(name, raw)| {
        let name_at = place_of(text, name)?;
        // One without a value, which is a fault, stands nowhere.
        let value_at = place_of(text, raw)?;
        let is_quoted = text.get(..value_at.start).is_some_and(|before| before.ends_with(['"', '\'']));
        let name = if local(name) == "href" { "href" } else { *name };
        Some(Attribute { name, value: markup.decode(raw), name_at, end: value_at.end + usize::from(is_quoted) })
    });
    let attributes = attributes.collect();
    let name = local(tag.name);
    let holds_text = !tag.is_empty && matches!(name, "style" | "script");
    let held = if holds_text { markup.skip_text_of(tag.name) } else { None };
    let style = held.filter(|_| name == "style");
    Tag {
        name,
        spaces: &[Space::Html, Space::Svg],
        attributes,
        is_in_template: false,
        style: style.and_then(|style| place_of(text, style)),
    }
}

/// A piece of text with its references resolved.
pub(in crate::parse) fn decoded(raw: &str) -> Cow<'_, str> {
    char_ref::decode(raw, Within::Text)
}

/// Where a part of a text is in it; `None` when it is no part of it.
fn place_of(text: &str, part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let place = start..start.checked_add(part.len())?;
    text.get(place.clone()).is_some_and(|found| found == part).then_some(place)
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}
