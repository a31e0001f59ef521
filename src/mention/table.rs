//! The table of what in a page names something that is no page: element, attribute, how the attribute is written, and what
//! that is to the page. Who reads pages follows it; a row more here is all that a further attribute needs.
//!
//! What names pages is not in it: for those more counts than where they stand (`parse/facts.rs`).

use std::fmt;

use super::Kind;

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    /// The element of HTML, in lower case; [`ANY`] is each, [`ANY_SVG`] is each of SVG.
    pub(crate) element: &'static str,
    pub(crate) attribute: &'static str,
    pub(crate) form: Form,
    pub(crate) kind: Kind,
    /// It counts only where another attribute has one of these values.
    pub(crate) only: Option<(&'static str, &'static [&'static str])>,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// One reference.
    One,
    /// References with white space between them.
    Many,
    /// References with commas between them.
    Commas,
    /// `srcset` (HTML Standard, section 4.8.4.2.1).
    Srcset,
    /// Declarations of CSS.
    Css,
}

/// A row, by its place: stores keep that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named(u8);

impl Named {
    /// The row at a place; `None` when there is none.
    pub(super) fn at(nth: u8) -> Option<Self> {
        TABLE.get(usize::from(nth)).map(|_| Self(nth))
    }

    pub(super) fn nth(self) -> u8 {
        self.0
    }

    /// All rows in their order.
    pub(crate) fn all() -> impl Iterator<Item = (Self, &'static Row)> {
        (0..).map(Self).zip(TABLE)
    }

    /// The element that it is about.
    pub(crate) fn element(self) -> &'static str {
        TABLE.get(usize::from(self.0)).map_or("", |row| row.element)
    }

    pub(super) fn kind(self) -> Kind {
        TABLE.get(usize::from(self.0)).map_or(Kind::Embed, |row| row.kind)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Row { element, attribute, .. }) = TABLE.get(usize::from(self.0)) else { return Ok(()) };
        match *element {
            ANY => write!(f, "attribute {attribute}"),
            ANY_SVG => write!(f, "{attribute} in SVG"),
            element => write!(f, "<{element} {attribute}>"),
        }
    }
}

/// Each element of HTML.
pub(crate) const ANY: &str = "*";
/// Each element of SVG, but for `<a>`.
pub(crate) const ANY_SVG: &str = "svg *";

const fn row(element: &'static str, attribute: &'static str, form: Form, kind: Kind) -> Row {
    Row { element, attribute, form, kind, only: None }
}

/// Stores keep the places of rows: new ones come last.
///
/// From the HTML Standard, its section 16 (obsolete features), HTML 4.01, SVG 2, and what browsers have read beside those.
const TABLE: &[Row] = &[
    row("html", "manifest", Form::One, Kind::Embed),
    row("head", "profile", Form::Many, Kind::Cite),
    row(ANY, "background", Form::One, Kind::Embed),
    row(ANY, "style", Form::Css, Kind::Embed),
    row("a", "ping", Form::Many, Kind::Ping),
    row("area", "ping", Form::Many, Kind::Ping),
    row("applet", "archive", Form::Commas, Kind::Embed),
    row("applet", "code", Form::One, Kind::Embed),
    row("applet", "codebase", Form::One, Kind::Embed),
    row("audio", "src", Form::One, Kind::Embed),
    row("video", "src", Form::One, Kind::Embed),
    row("video", "poster", Form::One, Kind::Embed),
    row("source", "src", Form::One, Kind::Embed),
    row("source", "srcset", Form::Srcset, Kind::Embed),
    row("track", "src", Form::One, Kind::Embed),
    row("img", "src", Form::One, Kind::Embed),
    row("img", "srcset", Form::Srcset, Kind::Embed),
    row("img", "lowsrc", Form::One, Kind::Embed),
    row("img", "dynsrc", Form::One, Kind::Embed),
    row("img", "longdesc", Form::One, Kind::Cite),
    row("image", "src", Form::One, Kind::Embed),
    row("image", "srcset", Form::Srcset, Kind::Embed),
    row("iframe", "longdesc", Form::One, Kind::Cite),
    row("frame", "longdesc", Form::One, Kind::Cite),
    row("blockquote", "cite", Form::One, Kind::Cite),
    row("q", "cite", Form::One, Kind::Cite),
    row("ins", "cite", Form::One, Kind::Cite),
    row("del", "cite", Form::One, Kind::Cite),
    row("embed", "src", Form::One, Kind::Embed),
    row("object", "data", Form::One, Kind::Embed),
    row("object", "codebase", Form::One, Kind::Embed),
    row("object", "archive", Form::Many, Kind::Embed),
    // What plug-ins are told to load (HTML 4.01, section 13.3.2, and what Chromium took for the URL of one).
    Row {
        only: Some(("name", &["code", "data", "filename", "href", "movie", "qtsrc", "src", "url"])),
        ..row("param", "value", Form::One, Kind::Embed)
    },
    Row { only: Some(("valuetype", &["ref"])), ..row("param", "value", Form::One, Kind::Embed) },
    Row { only: Some(("type", &["image"])), ..row("input", "src", Form::One, Kind::Embed) },
    row("script", "src", Form::One, Kind::Embed),
    row("bgsound", "src", Form::One, Kind::Embed),
    // Of Internet Explorer, for elements of a namespace.
    row("import", "implementation", Form::One, Kind::Embed),
    row(ANY_SVG, "href", Form::One, Kind::Embed),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_that_of_one_row_and_stays() {
        let all: Vec<_> = Named::all().collect();
        assert_eq!(all.len(), TABLE.len());
        for (named, row) in &all {
            assert_eq!(Named::at(named.nth()).map(Named::kind), Some(row.kind));
            assert!(row.element.eq(&row.element.to_ascii_lowercase()), "{row:?}");
        }
        let shown = |nth| Named::at(nth).map(|named| named.to_string()).unwrap_or_default();
        assert_eq!([shown(0), shown(15), shown(38)], ["<html manifest>", "<img src>", "href in SVG"]);
        assert_eq!((shown(2), shown(39)), ("attribute background".to_owned(), String::new()));
    }
}
