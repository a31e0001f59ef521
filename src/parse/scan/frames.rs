//! Which of head, body and frameset a tag stands in: a page of frames has no body, and of its tags few count
//! (HTML Standard, sections 13.2.6.4.1 to 13.2.6.4.7 and 13.2.6.4.20 to 13.2.6.4.23).

use super::name::Name;
use super::tag::Attributes;

/// Where the page has got to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frames {
    part: Part,
    /// Nothing has made it clear yet that the page has a body and no frames.
    possible: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Before the head, or in it.
    Head,
    /// In a `<noscript>` in the head.
    HeadNoscript,
    AfterHead,
    /// In the body, or after it.
    Body,
    /// In this many framesets.
    Frameset(usize),
    AfterFrameset,
}

/// What comes of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It is read like any other.
    Read,
    /// There is no place for it, or nothing more to read in it.
    Ignored,
    /// It begins a frameset, and what the body held is gone.
    ReplacesBody,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self { part: Part::Head, possible: true }
    }

    /// Whether text or an end tag may still change anything.
    pub(super) fn are_open(self) -> bool {
        self.possible || self.part != Part::Body
    }

    /// Whether the page is in its body, and frames may still take the place of that.
    pub(super) fn may_replace_body(self) -> bool {
        self.possible && self.part == Part::Body
    }

    /// Whether the page is in a `<noscript>` in its head.
    pub(super) fn are_in_head_noscript(self) -> bool {
        self.part == Part::HeadNoscript
    }

    /// Whether nothing has opened the body, or a frameset, yet.
    pub(super) fn are_in_head(self) -> bool {
        matches!(self.part, Part::Head | Part::HeadNoscript | Part::AfterHead)
    }

    /// Reads a start tag of HTML that is in no template.
    #[inline]
    pub(super) fn start(&mut self, name: Name, attributes: &Attributes<'_>) -> Effect {
        match self.part {
            Part::Body => self.start_in_body(name, attributes),
            Part::Head | Part::HeadNoscript | Part::AfterHead => self.start_in_head(name, attributes),
            Part::Frameset(depth) if name == Name::FRAMESET => {
                self.part = Part::Frameset(depth + 1);
                Effect::Ignored
            }
            Part::Frameset(_) if name == Name::FRAME => Effect::Read,
            Part::Frameset(_) | Part::AfterFrameset => match name {
                Name::HTML | Name::NOFRAMES => Effect::Read,
                _ => Effect::Ignored,
            },
        }
    }

    /// Reads an end tag of HTML that is in no template.
    pub(super) fn end(&mut self, name: Name) {
        match (self.part, name) {
            (Part::Head, Name::HEAD) => self.part = Part::AfterHead,
            (Part::HeadNoscript, Name::NOSCRIPT) => self.part = Part::Head,
            (Part::Head | Part::AfterHead, Name::BODY | Name::HTML) => self.part = Part::Body,
            (_, Name::BR) => self.text(),
            (Part::Frameset(1), Name::FRAMESET) => self.part = Part::AfterFrameset,
            (Part::Frameset(depth), Name::FRAMESET) => self.part = Part::Frameset(depth - 1),
            _ => {}
        }
    }

    /// Reads text that is not only white space: it opens the body, and rules out frames.
    pub(super) fn text(&mut self) {
        if !matches!(self.part, Part::Frameset(_) | Part::AfterFrameset) {
            *self = Self { part: Part::Body, possible: false };
        }
    }

    /// Reads a NUL: it opens the body, and is no text there.
    pub(super) fn nul(&mut self) {
        if self.are_in_head() {
            self.part = Part::Body;
        }
    }

    fn start_in_head(&mut self, name: Name, attributes: &Attributes<'_>) -> Effect {
        match name {
            Name::HTML | Name::LINK | Name::META | Name::BASEFONT | Name::BGSOUND | Name::NOFRAMES | Name::STYLE => {}
            Name::HEAD => return Effect::Ignored,
            Name::BASE | Name::TITLE | Name::SCRIPT | Name::TEMPLATE => {
                if self.part == Part::HeadNoscript {
                    self.part = Part::Head;
                }
                self.possible &= name != Name::TEMPLATE;
            }
            Name::NOSCRIPT if self.part != Part::AfterHead => self.part = Part::HeadNoscript,
            Name::FRAMESET => {
                self.part = Part::Frameset(1);
                return Effect::Ignored;
            }
            _ => {
                self.part = Part::Body;
                return self.start_in_body(name, attributes);
            }
        }
        Effect::Read
    }

    #[inline]
    fn start_in_body(&mut self, name: Name, attributes: &Attributes<'_>) -> Effect {
        match name {
            Name::FRAMESET if self.possible => {
                self.part = Part::Frameset(1);
                return Effect::ReplacesBody;
            }
            Name::FRAME | Name::FRAMESET | Name::HEAD => return Effect::Ignored,
            _ if !self.possible => {}
            Name::INPUT => {
                self.possible = attributes.get("type").is_some_and(|value| value.eq_ignore_ascii_case("hidden"));
            }
            _ => self.possible = !rules_out_frames(name),
        }
        Effect::Read
    }
}

/// The elements that a page of frames would not have: they clear the frameset-ok flag.
fn rules_out_frames(name: Name) -> bool {
    matches!(
        name,
        Name::APPLET
            | Name::AREA
            | Name::BODY
            | Name::BR
            | Name::BUTTON
            | Name::DD
            | Name::DT
            | Name::EMBED
            | Name::HR
            | Name::IFRAME
            | Name::IMAGE
            | Name::IMG
            | Name::KEYGEN
            | Name::LI
            | Name::LISTING
            | Name::MARQUEE
            | Name::OBJECT
            | Name::PRE
            | Name::SELECT
            | Name::TABLE
            | Name::TEMPLATE
            | Name::TEXTAREA
            | Name::WBR
            | Name::XMP
    )
}
