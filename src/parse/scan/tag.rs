//! One tag: its name, its attributes, its end (HTML Standard, sections 13.2.5.8 and 13.2.5.32 to 13.2.5.40).

use std::borrow::Cow;

use super::char_ref::{self, Within};
use super::name::Name;
use crate::near::{letters, near};

/// Reads a page from front to back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    /// How far it is read.
    pub(super) at: usize,
}

/// The attributes of one tag that somebody may ask for, as they are written.
#[derive(Debug)]
pub(super) struct Attributes<'a> {
    kept: Vec<(Name, &'a str)>,
    /// How many attributes of a tag are looked at.
    max: usize,
}

/// An attribute with its place in the text.
#[cfg(any(test, feature = "sqlite"))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placed<'a> {
    /// As it is written.
    pub(super) name: &'a str,
    /// Where that begins.
    pub(super) at: usize,
    /// As it is written; empty without one.
    pub(super) raw: &'a str,
    /// Where the name ends, without a value; else where the value does, with its quotes.
    pub(super) end: usize,
}

impl<'a> Attributes<'a> {
    /// Room for the attributes of one tag after the other, of which at most `max` are read.
    pub(super) fn new(max: usize) -> Self {
        Self { kept: Vec::new(), max }
    }

    /// The value of an attribute, with its character references resolved.
    pub(super) fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.raw(Name::of(name)).map(|raw| char_ref::decode(raw, Within::Attribute))
    }

    /// In SVG, `xlink:href` is an `href` as well.
    pub(super) fn take_xlink(&mut self) {
        if let Some(href) = self.raw(Name::of("xlink:href")).filter(|_| !self.has("href")) {
            self.kept.push((Name::of("href"), href));
        }
    }

    /// Whether there is such an attribute.
    pub(super) fn has(&self, name: &str) -> bool {
        self.raw(Name::of(name)).is_some()
    }

    /// Whether none is kept.
    pub(super) fn are_none(&self) -> bool {
        self.kept.is_empty()
    }

    fn raw(&self, name: Name) -> Option<&'a str> {
        self.kept.iter().find(|(kept, _)| *kept == name).map(|(_, raw)| *raw)
    }
}

impl<'a> Cursor<'a> {
    /// The byte that comes after `ahead` others.
    pub(super) fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    /// What is still to be read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Reads the name of a tag, from its first letter on.
    #[inline]
    pub(super) fn tag_name(&mut self) -> Name {
        self.name(ends_name)
    }

    /// Reads past the `>` of a tag and keeps its attributes. Whether the tag closes itself, `None` when it never ends.
    #[inline]
    pub(super) fn attributes(&mut self, attributes: &mut Attributes<'a>) -> Option<bool> {
        attributes.kept.clear();
        let mut count = 0;
        self.each_attribute(Self::read_name, Name::of_letters, |name, raw| {
            // Of two attributes with one name, the first counts. Few names are kept, so that looking is quick.
            let is_asked_for = || name.may_be_in(&KEPT_SLOTS) && KEPT.contains(&name);
            if count < attributes.max && is_asked_for() && attributes.raw(name).is_none() {
                attributes.kept.push((name, raw));
            }
            count += 1;
        })
    }

    /// The same, and keeps those of these names as well.
    pub(super) fn attributes_and(&mut self, attributes: &mut Attributes<'a>, others: &[Name]) -> Option<bool> {
        attributes.kept.clear();
        let mut count = 0;
        self.each_attribute(Self::read_name, Name::of_letters, |name, raw| {
            let is_asked_for = || others.contains(&name) || KEPT.contains(&name);
            if count < attributes.max && is_asked_for() && attributes.raw(name).is_none() {
                attributes.kept.push((name, raw));
            }
            count += 1;
        })
    }

    /// Reads past the `>` of a tag. Its attributes with their places, of which at most `max` are kept; `None` when the tag
    /// never ends.
    #[cfg(any(test, feature = "sqlite"))]
    pub(super) fn placed_attributes(&mut self, max: usize) -> Option<Vec<Placed<'a>>> {
        let mut placed = Vec::new();
        loop {
            match self.skip_space()? {
                b'>' => {
                    self.at += 1;
                    return Some(placed);
                }
                b'/' => self.at += 1,
                _ => {
                    let at = self.at;
                    self.skip_name();
                    let mut end = self.at;
                    let name = self.text.get(at..end).unwrap_or_default();
                    let mut raw = "";
                    if self.skip_space()? == b'=' {
                        raw = self.value()?;
                        end = self.at;
                    }
                    if placed.len() < max {
                        placed.push(Placed { name, at, raw, end });
                    }
                }
            }
        }
    }

    /// Reads past the `>` of a tag. The value of its first attribute of this name, as it is written, empty without one;
    /// `None` when the tag never ends.
    pub(super) fn attribute(&mut self, wanted: Name) -> Option<&'a str> {
        let mut value = None;
        let found = |name, raw| value = value.or((name == wanted).then_some(raw));
        self.each_attribute(Self::read_name, Name::of_letters, found)?;
        Some(value.unwrap_or_default())
    }

    /// Reads past the `>` of a tag. Whether the tag closes itself, `None` when it never ends.
    #[inline]
    pub(super) fn skip_attributes(&mut self) -> Option<bool> {
        // Most tags have none: so much stands where it is called.
        if self.peek(0) == Some(b'>') {
            self.at += 1;
            return Some(false);
        }
        self.skip_written_attributes()
    }

    fn skip_written_attributes(&mut self) -> Option<bool> {
        self.each_attribute(Self::skip_name, |_, _| (), |(), _| {})
    }

    /// `read_name` reads any name, and `of_letters` one that stands in a chunk.
    #[inline]
    fn each_attribute<N>(
        &mut self,
        read_name: impl Fn(&mut Self) -> N,
        of_letters: impl Fn(u64, usize) -> N,
        mut found: impl FnMut(N, &'a str),
    ) -> Option<bool> {
        loop {
            while let Some((chunk, length, value)) = self.plain_attribute() {
                found(of_letters(chunk, length), value);
            }
            match self.skip_space()? {
                b'>' => {
                    self.at += 1;
                    return Some(false);
                }
                b'/' if self.peek(1) == Some(b'>') => {
                    self.at += 2;
                    return Some(true);
                }
                b'/' => self.at += 1,
                _ => {
                    let name = read_name(self);
                    let value = if self.skip_space()? == b'=' { self.value()? } else { "" };
                    found(name, value);
                }
            }
        }
    }

    /// Reads a name. Its first byte belongs to it, whatever it is: a `=` in front is a part of the name.
    #[inline]
    fn name(&mut self, ends: impl Fn(u8) -> bool) -> Name {
        let rest = self.rest();
        if let Some((chunk, length @ 1..)) = letters(rest)
            && rest.get(length).is_some_and(|byte| ends(*byte))
        {
            self.at += length;
            return Name::of_letters(chunk, length);
        }
        let mut name = Name::EMPTY;
        for (nth, byte) in rest.iter().enumerate() {
            if nth > 0 && ends(*byte) {
                break;
            }
            name = name.with(*byte);
            self.at += 1;
        }
        name
    }

    /// Reads the name of an attribute.
    #[inline]
    fn read_name(&mut self) -> Name {
        self.name(|byte| ends_name(byte) || byte == b'=')
    }

    /// Reads past the name of an attribute.
    #[inline]
    fn skip_name(&mut self) {
        let ends = |byte| ends_name(byte) || byte == b'=';
        let start = self.at;
        loop {
            self.at += letters(self.rest()).map_or(0, |(_, length)| length);
            match self.peek(0) {
                Some(byte) if self.at == start || !ends(byte) => self.at += 1,
                _ => return,
            }
        }
    }

    /// Reads the value of an attribute, from the `=` on.
    #[inline]
    fn value(&mut self) -> Option<&'a str> {
        self.at += 1;
        let first = self.skip_space()?;
        let length = match first {
            b'"' | b'\'' => {
                self.at += 1;
                near(first, self.rest())?
            }
            _ => self.rest().iter().position(|byte| is_space(*byte) || *byte == b'>')?,
        };
        let value = self.text.get(self.at..self.at + length).unwrap_or_default();
        self.at += length + usize::from(matches!(first, b'"' | b'\''));
        Some(value)
    }

    /// The first byte that is no white space; the cursor is at it then.
    #[inline]
    fn skip_space(&mut self) -> Option<u8> {
        loop {
            match self.peek(0)? {
                byte if is_space(byte) => self.at += 1,
                byte => return Some(byte),
            }
        }
    }
}

/// White space in a tag. A carriage return stands for the line feed that it is turned into.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

/// Whether a byte is the first after the name of a tag.
pub(super) fn ends_name(byte: u8) -> bool {
    is_space(byte) || matches!(byte, b'/' | b'>')
}

/// The attributes that are asked for.
const KEPT: &[Name] = &[
    Name::of("href"),
    Name::of("rel"),
    Name::of("src"),
    Name::of("type"),
    Name::of("content"),
    Name::of("name"),
    Name::of("http-equiv"),
    Name::of("charset"),
    Name::of("lang"),
    Name::of("xlink:href"),
    Name::of("srcdoc"),
    Name::of("data"),
    Name::of("shadowrootmode"),
    Name::of("action"),
    Name::of("formaction"),
    Name::of("formmethod"),
    Name::of("method"),
    Name::of("value"),
    Name::of("checked"),
    Name::of("selected"),
    Name::of("disabled"),
    Name::of("encoding"),
    Name::of("color"),
    Name::of("face"),
    Name::of("size"),
];
const KEPT_SLOTS: [bool; 256] = Name::slots(KEPT);

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a tag from its name on, and expects these values of `href`, and the rest of the text after it.
    #[track_caller]
    fn check(text: &str, href: Option<&str>, rest: Option<&str>) {
        let mut cursor = Cursor { text, at: 0 };
        assert_eq!(cursor.tag_name(), Name::A, "{text}");
        let mut attributes = Attributes::new(3);
        let mut skipped = cursor;
        let ended = cursor.attributes(&mut attributes);
        assert_eq!(ended.and_then(|_| attributes.get("href")).as_deref(), href, "{text}");
        assert_eq!(ended.and_then(|_| text.get(cursor.at..)), rest, "{text}");
        let mut placing = skipped;
        assert_eq!((skipped.skip_attributes(), skipped.at), (ended, cursor.at), "{text}");
        let placed = placing.placed_attributes(3);
        assert_eq!((placed.is_some(), placing.at), (ended.is_some(), cursor.at), "{text}");
        let found = placed.iter().flatten().find(|placed| placed.name.eq_ignore_ascii_case("href"));
        let raw = found.map(|placed| {
            let whole = &text[placed.at..placed.end];
            assert!(
                whole.starts_with(placed.name) && whole.trim_end_matches(['"', '\'']).ends_with(placed.raw),
                "{text}"
            );
            placed.raw
        });
        assert_eq!(raw, href, "{text}");
    }

    #[test]
    fn a_tag_is_read_as_browsers_do() {
        check("a>x", None, Some("x"));
        check("A HREF=b>", Some("b"), Some(""));
        check("a\r\nhref\t=\n'b c'>", Some("b c"), Some(""));
        check("a href=\"b>c\">x", Some("b>c"), Some("x"));
        check("a/href=b/>", Some("b/"), Some(""));
        check("a href='b'/>", Some("b"), Some(""));
        check("a href='b'rel='c'>", Some("b"), Some(""));
        check("a x/=href=b>", None, Some(""));
        check("a =href=b>", None, Some(""));
        check("a href==b>", Some("=b"), Some(""));
        check("a href>", Some(""), Some(""));
        check("a href=>b>", Some(""), Some("b>"));
        check("a href= b>", Some("b"), Some(""));
        check("a href=b'c>", Some("b'c"), Some(""));
        check("a href=b href=c>", Some("b"), Some(""));
        check("a x y href=b>", Some("b"), Some(""));
        check("a x y z href=b>", None, Some(""));
        check("a '>'>", None, Some("'>"));
        check("a hre\0f=b>", None, Some(""));
    }

    #[test]
    fn a_tag_that_does_not_end_is_none() {
        for text in ["a", "a ", "a href", "a href=", "a href=b", "a href='b>", "a href=\"b'>", "a /"] {
            check(text, None, None);
        }
    }
}
