//! Names of elements and attributes as numbers, compared at once whatever their case, and what kinds of elements are.

/// The name of an element or an attribute, without regard to ASCII case.
///
/// Up to eight bytes stand beside each other. What is longer is hashed: whoever wants another name to come out equal to
/// `plaintext` can make one, and could just as well write `plaintext`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name(u64);

impl Name {
    /// The name before its first byte.
    pub(super) const EMPTY: Self = Self(0);

    /// The name in a text.
    pub(super) const fn of(text: &str) -> Self {
        let (mut name, mut rest) = (Self::EMPTY, text.as_bytes());
        while let [first, after @ ..] = rest {
            name = name.with(*first);
            rest = after;
        }
        name
    }

    /// The name with one more byte at its end.
    pub(super) const fn with(self, byte: u8) -> Self {
        // Bit 5 is what the case of a letter is.
        let byte = (byte | 0x20) as u64;
        if self.0 >> 56 == 0 {
            return Self(self.0 << 8 | byte);
        }
        let hash = (self.0.rotate_left(23) ^ byte).wrapping_mul(MIXING);
        // Were the highest byte zero, it would go on as a short name.
        Self(if hash >> 56 == 0 { hash | 1 << 63 } else { hash })
    }

    /// The name of the first bytes of `chunk`, fewer than eight, of which the first is the lowest.
    #[inline]
    pub(super) fn of_letters(chunk: u64, length: usize) -> Self {
        Self((chunk.swap_bytes() | ALL_SMALL) >> (64 - 8 * length))
    }

    /// Whether a start tag of this name means something to the scan although it stands in the body of a page, and not in
    /// SVG, `MathML` or a template. Some others are taken for such as well.
    #[inline]
    pub(super) fn may_matter_in_body(self) -> bool {
        self.may_be_in(&MATTER_IN_BODY)
    }

    /// Whether it may be among the names that a table was made of; if not, it is none of them.
    #[inline]
    pub(super) fn may_be_in(self, table: &[bool; 256]) -> bool {
        table.get(usize::from(self.slot())).is_none_or(|may_be| *may_be)
    }

    /// Which slots these names have.
    #[expect(clippy::indexing_slicing, reason = "a slot is below 256, and constants cannot `get_mut`")]
    pub(super) const fn slots(names: &[Self]) -> [bool; 256] {
        let (mut table, mut rest) = ([false; 256], names);
        while let [name, after @ ..] = rest {
            table[name.slot() as usize] = true;
            rest = after;
        }
        table
    }

    /// One of 256 numbers.
    pub(super) const fn slot(self) -> u8 {
        (self.0.wrapping_mul(MIXING) >> 56) as u8
    }
}

/// The constants `A`, `AREA`, … for the elements that matter to the scan.
macro_rules! names {
    ($($name:ident $text:literal),+ $(,)?) => {
        impl Name {
            $(pub(super) const $name: Self = Self::of($text);)+
        }
    };
}

names! {
    A "a", ADDRESS "address", ANNOTATION_XML "annotation-xml", APPLET "applet", AREA "area", ARTICLE "article", ASIDE "aside", B "b", BASE "base", BASEFONT "basefont",
    BGSOUND "bgsound", BIG "big", BLOCKQUOTE "blockquote", BODY "body", BR "br", BUTTON "button", CAPTION "caption",
    CENTER "center", CODE "code", COL "col", COLGROUP "colgroup", DD "dd", DESC "desc", DETAILS "details", DIR "dir", DIV "div", DL "dl", DT "dt",
    EM "em", EMBED "embed", FIELDSET "fieldset", FIGCAPTION "figcaption", FIGURE "figure", FONT "font", FOOTER "footer", FOREIGN_OBJECT "foreignobject", FORM "form", FRAME "frame",
    FRAMESET "frameset", H1 "h1", H2 "h2", H3 "h3", H4 "h4", H5 "h5", H6 "h6", HEAD "head", HEADER "header", HGROUP "hgroup", HR "hr", HTML "html",
    I "i", IFRAME "iframe", IMAGE "image", IMG "img", INPUT "input", KEYGEN "keygen", LI "li", LINK "link",
    LISTING "listing", MAIN "main", MALIGNMARK "malignmark", MARQUEE "marquee", MATH "math", MENU "menu", META "meta",
    MGLYPH "mglyph", MI "mi", MN "mn", MO "mo", MS "ms", MTEXT "mtext", NAV "nav", NOBR "nobr", NOEMBED "noembed",
    NOFRAMES "noframes", NOSCRIPT "noscript", OBJECT "object", OL "ol", OPTION "option", P "p", PARAM "param", PLAINTEXT "plaintext",
    PRE "pre", RUBY "ruby", S "s", SCRIPT "script", SECTION "section", SELECT "select", SMALL "small", SOURCE "source", SPAN "span",
    STRIKE "strike", STRONG "strong", STYLE "style", SUB "sub", SUMMARY "summary", SUP "sup", SVG "svg", TABLE "table", TBODY "tbody",
    TD "td", TEMPLATE "template", TEXTAREA "textarea", TFOOT "tfoot", TH "th", THEAD "thead", TITLE "title", TR "tr",
    TRACK "track", TT "tt", U "u", UL "ul", VAR "var", WBR "wbr", XMP "xmp",
}

/// Kinds of elements.
impl Name {
    /// Whether anything asks for the attributes of an element.
    pub(super) fn has_asked_attributes(self) -> bool {
        matches!(
            self,
            Self::A
                | Self::ANNOTATION_XML
                | Self::AREA
                | Self::BASE
                | Self::EMBED
                | Self::FONT
                | Self::FRAME
                | Self::HTML
                | Self::IFRAME
                | Self::INPUT
                | Self::LINK
                | Self::META
                | Self::OBJECT
                | Self::SCRIPT
                | Self::TEMPLATE
        )
    }

    /// Whether an element cannot stand in SVG and `MathML`, and ends them (HTML Standard, section 13.2.6.5).
    pub(super) fn is_html_only(self) -> bool {
        matches!(
            self,
            Self::B
                | Self::BIG
                | Self::BLOCKQUOTE
                | Self::BODY
                | Self::BR
                | Self::CENTER
                | Self::CODE
                | Self::DD
                | Self::DIV
                | Self::DL
                | Self::DT
                | Self::EM
                | Self::EMBED
                | Self::H1
                | Self::H2
                | Self::H3
                | Self::H4
                | Self::H5
                | Self::H6
                | Self::HEAD
                | Self::HR
                | Self::I
                | Self::IMG
                | Self::LI
                | Self::LISTING
                | Self::MENU
                | Self::META
                | Self::NOBR
                | Self::OL
                | Self::P
                | Self::PRE
                | Self::RUBY
                | Self::S
                | Self::SMALL
                | Self::SPAN
                | Self::STRONG
                | Self::STRIKE
                | Self::SUB
                | Self::SUP
                | Self::TABLE
                | Self::TT
                | Self::U
                | Self::UL
                | Self::VAR
        )
    }

    /// Whether it marks a part of a line, so that the texts on both sides of its tags are one word.
    pub(super) fn is_in_line(self) -> bool {
        matches!(
            self,
            Self::B
                | Self::BIG
                | Self::CODE
                | Self::EM
                | Self::FONT
                | Self::I
                | Self::NOBR
                | Self::S
                | Self::SCRIPT
                | Self::SMALL
                | Self::SPAN
                | Self::STRIKE
                | Self::STRONG
                | Self::STYLE
                | Self::SUB
                | Self::SUP
                | Self::TT
                | Self::U
                | Self::VAR
                | Self::WBR
        )
    }

    /// Whether nothing else is ever read inside of an element: it has no content, or only text.
    pub(super) fn is_never_open(self) -> bool {
        matches!(
            self,
            Self::AREA
                | Self::BASE
                | Self::BASEFONT
                | Self::BGSOUND
                | Self::BR
                | Self::COL
                | Self::EMBED
                | Self::FRAME
                | Self::HR
                | Self::IMAGE
                | Self::IMG
                | Self::INPUT
                | Self::KEYGEN
                | Self::LINK
                | Self::META
                | Self::PARAM
                | Self::SOURCE
                | Self::TRACK
                | Self::WBR
                | Self::HTML
                | Self::HEAD
                | Self::IFRAME
                | Self::NOEMBED
                | Self::NOFRAMES
                | Self::SCRIPT
                | Self::STYLE
                | Self::TEXTAREA
                | Self::TITLE
                | Self::XMP
        )
    }

    /// Whether an element is only made in a table, which closes it.
    pub(super) fn is_part_of_table(self) -> bool {
        matches!(
            self,
            Self::CAPTION
                | Self::COLGROUP
                | Self::TBODY
                | Self::TD
                | Self::TFOOT
                | Self::TH
                | Self::THEAD
                | Self::TR
                | Self::BODY
                | Self::FRAMESET
        )
    }

    /// The elements of the "special" category (HTML Standard, section 13.2.4.2) that are ever open.
    pub(super) fn is_block(self) -> bool {
        matches!(
            self,
            Self::ADDRESS
                | Self::APPLET
                | Self::ARTICLE
                | Self::ASIDE
                | Self::BLOCKQUOTE
                | Self::BUTTON
                | Self::CENTER
                | Self::DD
                | Self::DETAILS
                | Self::DIR
                | Self::DIV
                | Self::DL
                | Self::DT
                | Self::FIELDSET
                | Self::FIGCAPTION
                | Self::FIGURE
                | Self::FOOTER
                | Self::FORM
                | Self::H1
                | Self::H2
                | Self::H3
                | Self::H4
                | Self::H5
                | Self::H6
                | Self::HEADER
                | Self::HGROUP
                | Self::LI
                | Self::LISTING
                | Self::MAIN
                | Self::MARQUEE
                | Self::MENU
                | Self::NAV
                | Self::NOSCRIPT
                | Self::OBJECT
                | Self::OL
                | Self::P
                | Self::PRE
                | Self::SECTION
                | Self::SELECT
                | Self::SUMMARY
                | Self::TABLE
                | Self::UL
        )
    }

    /// The elements that may have a shadow root, beside custom ones (DOM Standard, section 4.8, "valid shadow host name").
    pub(super) fn is_shadow_host(self) -> bool {
        matches!(
            self,
            Self::ARTICLE
                | Self::ASIDE
                | Self::BLOCKQUOTE
                | Self::BODY
                | Self::DIV
                | Self::FOOTER
                | Self::H1
                | Self::H2
                | Self::H3
                | Self::H4
                | Self::H5
                | Self::H6
                | Self::HEADER
                | Self::MAIN
                | Self::NAV
                | Self::P
                | Self::SECTION
                | Self::SPAN
        )
    }

    /// The elements of the "formatting" category.
    pub(super) fn is_formatting(self) -> bool {
        matches!(
            self,
            Self::A
                | Self::B
                | Self::BIG
                | Self::CODE
                | Self::EM
                | Self::FONT
                | Self::I
                | Self::NOBR
                | Self::S
                | Self::SMALL
                | Self::STRIKE
                | Self::STRONG
                | Self::TT
                | Self::U
        )
    }
}

/// The names that mean something to the scan in the body of a page.
const MATTER_IN_BODY: [bool; 256] = Name::slots(&[
    Name::A,
    Name::AREA,
    Name::BASE,
    Name::EMBED,
    Name::FRAME,
    Name::FRAMESET,
    Name::HEAD,
    Name::HTML,
    Name::IFRAME,
    Name::LINK,
    Name::MATH,
    Name::META,
    Name::NOEMBED,
    Name::NOFRAMES,
    Name::OBJECT,
    Name::PLAINTEXT,
    Name::SCRIPT,
    Name::STYLE,
    Name::SVG,
    Name::TEMPLATE,
    Name::TEXTAREA,
    Name::TITLE,
    Name::XMP,
]);

/// Bit 5 of all bytes.
const ALL_SMALL: u64 = 0x2020_2020_2020_2020;

/// 2^64 divided by the golden ratio: multiplying by it brings every bit up into the highest ones.
const MIXING: u64 = 0x9E37_79B9_7F4A_7C15;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_byte_by_byte_and_at_once() {
        for text in ["a", "TD", "span", "Script", "section", "ha\u{e9}"] {
            let mut chunk = [b' '; 8];
            chunk[..text.len()].copy_from_slice(text.as_bytes());
            assert_eq!(Name::of_letters(u64::from_le_bytes(chunk), text.len()), Name::of(text), "{text}");
        }
    }

    #[test]
    fn case_does_not_matter_and_everything_else_does() {
        assert_eq!(Name::of("ForeignObject"), Name::FOREIGN_OBJECT);
        assert_eq!(Name::of("SCRIPT"), Name::SCRIPT);
        for other in ["", "scrip", "scripts", "s\0cript", "cript", "script\0", "scrïpt"] {
            assert_ne!(Name::of(other), Name::SCRIPT, "{other}");
        }
        for repeated in ["x", "xy", "abcdefgh", " ", "\u{FF}"] {
            for times in 1..40 {
                let long = repeated.repeat(times) + "href";
                assert_ne!(Name::of(&long), Name::of("href"), "{long}");
            }
        }
        for at in 0..14 {
            for byte in b'a'..=b'z' {
                let mut other = *b"annotation-xml";
                let before = std::mem::replace(&mut other[at], byte);
                assert_eq!(Name::of(std::str::from_utf8(&other).unwrap()) == Name::ANNOTATION_XML, byte == before);
            }
        }
    }
}
