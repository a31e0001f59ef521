//! Tags as most are written, each read in a few steps: a short name, and attributes with double quotes. Whatever else there
//! is, is left to the general way, to which all of this comes to the same.

use super::Scan;
use super::name::Name;
use super::tag::Cursor;
use crate::near::{letters, near};

impl Scan<'_, '_> {
    /// Reads on, as [`step`](Self::step) would, to the next markup that means something: in the body of a page most tags do
    /// not.
    #[inline]
    pub(super) fn skip_plain(&mut self) {
        if self.frames.are_open() || !self.nesting.is_empty() || self.bounds.kinds.is_some() {
            return;
        }
        let mut cursor = self.cursor;
        while cursor.go_to_markup().is_some() {
            if let Some(name) = cursor.plain_end_tag() {
                self.nesting.uncount(name);
            } else if let Some(name) = cursor.plain_start_tag() {
                self.nesting.count(name);
            } else {
                break;
            }
        }
        self.cursor = cursor;
    }
}

impl<'a> Cursor<'a> {
    /// Reads on to the next `<`; `None`, and nothing is read, when there is none.
    #[inline]
    fn go_to_markup(&mut self) -> Option<()> {
        let rest = self.rest();
        // Half of all tags follow another.
        if rest.first() != Some(&b'<') {
            self.at += near(b'<', rest)?;
        }
        Some(())
    }

    /// Reads an end tag that has a short name and nothing else, from its `<` on; `None`, and nothing is read, for any other.
    #[inline]
    fn plain_end_tag(&mut self) -> Option<Name> {
        let (b"</", name) = self.rest().split_first_chunk()? else { return None };
        let (chunk, length) = letters(name).filter(|_| name.first().is_some_and(u8::is_ascii_alphabetic))?;
        let Some(b'>') = name.get(length) else { return None };
        self.at += 2 + length + 1;
        Some(Name::of_letters(chunk, length))
    }

    /// Reads a start tag of a name that means nothing in the body of a page, and closes itself with nothing; `None`, and
    /// nothing is read, for any other.
    #[inline]
    fn plain_start_tag(&mut self) -> Option<Name> {
        let (b'<', tag) = self.rest().split_first()? else { return None };
        let (chunk, length) = letters(tag).filter(|_| tag.first().is_some_and(u8::is_ascii_alphabetic))?;
        let name = Name::of_letters(chunk, length);
        if name.may_matter_in_body() {
            return None;
        }
        let mut ahead = Self { at: self.at + 1 + length, ..*self };
        while ahead.plain_attribute().is_some() {}
        let Some(b'>') = ahead.peek(0) else { return None };
        self.at = ahead.at + 1;
        Some(name)
    }

    /// Reads past the `>` of an end tag, from its `<` on. `None` when it never ends.
    #[inline]
    pub(super) fn end_tag(&mut self) -> Option<Name> {
        if let Some(name) = self.plain_end_tag() {
            return Some(name);
        }
        self.at += 2;
        let name = self.tag_name();
        self.skip_attributes().map(|_| name)
    }

    /// Reads an attribute as most are written: a blank, a short name of letters, and a value in double quotes. The name in
    /// its chunk, and the value; `None`, and nothing is read, when it is written otherwise.
    #[inline]
    pub(super) fn plain_attribute(&mut self) -> Option<(u64, usize, &'a str)> {
        let (b' ', rest) = self.rest().split_first()? else { return None };
        let (chunk, length @ 1..) = letters(rest)? else { return None };
        let start = self.at + 1 + length + 2;
        let (b"=\"", rest) = rest.get(length..)?.split_first_chunk()? else { return None };
        let end = start + near(b'"', rest)?;
        let value = self.text.get(start..end)?;
        self.at = end + 1;
        Some((chunk, length, value))
    }
}
