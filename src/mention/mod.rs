//! How a URL is named where it was found: by which element, by which header, or in what file.

mod kind;
mod table;

pub use kind::Kind;
pub(crate) use kind::Kinds;
pub use table::Named;
pub(crate) use table::{ANY, ANY_SVG, Form, Row};

use std::fmt;

/// What names a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mention {
    /// `<a href>`, also that of SVG.
    Anchor,
    /// `<area href>`.
    Area,
    /// `<frame src>`.
    Frame,
    /// `<iframe src>`.
    Iframe,
    /// `<object data>`.
    Object,
    /// `<embed src>`.
    Embed,
    /// A `<form>` that asks by GET, without anything to fill in.
    Form,
    /// `<link href>` of this type.
    Link(LinkType),
    /// The header `Link`, with this type (RFC 8288).
    LinkHeader(LinkType),
    /// `<meta http-equiv=refresh>`.
    Refresh,
    /// The header `Refresh` (HTML Standard, section 7.5.1).
    RefreshHeader,
    /// The `Location` of a redirect (RFC 9110, section 10.2.2).
    Location,
    /// A sitemap lists it.
    Sitemap,
    /// An attribute of the table.
    Named(Named),
    /// `<link rel=alternate>` of a feed, or the header.
    Feed,
    /// `<meta content>` that names an image or the like (`og:image`).
    Meta,
    /// `report-uri` of a Content-Security-Policy in a `<meta>`.
    Policy,
    /// `url()` of a style sheet, of `<style>` or of `style`.
    Css,
    /// `@import`.
    CssImport,
    /// JSON-LD.
    JsonLd,
    /// A `data-` attribute that settings name.
    DataAttribute,
    /// A string in a script.
    ScriptString,
    /// An image of a web app manifest.
    ManifestIcon,
    /// A page of a web app manifest.
    ManifestPage,
}

/// A `rel` type of `<link>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkType(u8);

impl Mention {
    /// A number that stays the same in all versions: stores keep it.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Anchor => 0,
            Self::Area => 1,
            Self::Frame => 2,
            Self::Iframe => 3,
            Self::Object => 4,
            Self::Embed => 5,
            Self::Form => 6,
            Self::Refresh => 7,
            Self::RefreshHeader => 8,
            Self::Location => 9,
            Self::Sitemap => 10,
            Self::Feed => 11,
            Self::Meta => 12,
            Self::Policy => 13,
            Self::Css => 14,
            Self::CssImport => 15,
            Self::JsonLd => 16,
            Self::DataAttribute => 17,
            Self::ScriptString => 18,
            Self::ManifestIcon => 19,
            Self::ManifestPage => 20,
            Self::Named(named) => NAMED + named.nth(),
            Self::Link(LinkType(nth)) => LINKS + nth,
            Self::LinkHeader(LinkType(nth)) => LINK_HEADERS + nth,
        }
    }

    /// What a number stands for; `None` when it is of a newer version.
    pub(crate) fn of_code(code: u8) -> Option<Self> {
        let link_type = |first| Some(LinkType(code - first)).filter(|nth| nth.name().is_some());
        Some(match code {
            0 => Self::Anchor,
            1 => Self::Area,
            2 => Self::Frame,
            3 => Self::Iframe,
            4 => Self::Object,
            5 => Self::Embed,
            6 => Self::Form,
            7 => Self::Refresh,
            8 => Self::RefreshHeader,
            9 => Self::Location,
            10 => Self::Sitemap,
            11 => Self::Feed,
            12 => Self::Meta,
            13 => Self::Policy,
            14 => Self::Css,
            15 => Self::CssImport,
            16 => Self::JsonLd,
            17 => Self::DataAttribute,
            18 => Self::ScriptString,
            19 => Self::ManifestIcon,
            20 => Self::ManifestPage,
            LINKS..LINK_HEADERS => Self::Link(link_type(LINKS)?),
            LINK_HEADERS..NAMED => Self::LinkHeader(link_type(LINK_HEADERS)?),
            NAMED.. => Self::Named(Named::at(code - NAMED)?),
            _ => return None,
        })
    }

    /// What that which is named is to the page.
    pub fn kind(self) -> Kind {
        match self {
            Self::Link(LinkType(nth)) | Self::LinkHeader(LinkType(nth)) => {
                if usize::from(nth) < PAGE_TYPES {
                    Kind::Page
                } else if nth == LinkType::STYLE_SHEET.0 {
                    Kind::Style
                } else {
                    Kind::Embed
                }
            }
            Self::Named(named) => named.kind(),
            Self::Feed => Kind::Feed,
            Self::Meta | Self::Css | Self::ManifestIcon => Kind::Embed,
            Self::CssImport => Kind::Style,
            Self::Policy => Kind::Ping,
            Self::JsonLd | Self::DataAttribute => Kind::Data,
            Self::ScriptString => Kind::Script,
            Self::Anchor
            | Self::Area
            | Self::Frame
            | Self::Iframe
            | Self::Object
            | Self::Embed
            | Self::Form
            | Self::Refresh
            | Self::RefreshHeader
            | Self::Location
            | Self::Sitemap
            | Self::ManifestPage => Kind::Page,
        }
    }

    /// Whether it says something to a reader.
    pub(crate) fn says(self) -> bool {
        match self {
            Self::Anchor | Self::Area | Self::Link(_) => true,
            Self::Named(named) => matches!(named.element(), "img" | "input"),
            _ => false,
        }
    }

    /// The same, where it stands in the head of a response.
    pub(crate) fn in_head(self) -> Self {
        match self {
            Self::Link(link_type) => Self::LinkHeader(link_type),
            Self::Refresh => Self::RefreshHeader,
            other => other,
        }
    }
}

impl LinkType {
    /// The preferred URL of the page.
    pub(crate) const CANONICAL: Self = Self(4);

    /// A style sheet.
    pub(crate) const STYLE_SHEET: Self = Self(28);

    /// The type of this name that leads to another page, in any case.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::among(TYPES.get(..PAGE_TYPES).unwrap_or_default(), name)
    }

    /// The type of this name that names a part of the page itself, in any case.
    pub(crate) fn of_part(name: &str) -> Option<Self> {
        let Self(nth) = Self::among(TYPES.get(PAGE_TYPES..).unwrap_or_default(), name)?;
        Some(Self(nth + Self::STYLE_SHEET.0))
    }

    fn among(types: &[&str], name: &str) -> Option<Self> {
        let nth = types.iter().position(|known| name.eq_ignore_ascii_case(known))?;
        u8::try_from(nth).ok().map(Self)
    }

    fn name(self) -> Option<&'static str> {
        TYPES.get(usize::from(self.0)).copied()
    }
}

/// As a person would write it.
impl fmt::Display for Mention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let link_type = |LinkType(nth): &LinkType| LinkType(*nth).name().unwrap_or_default();
        match self {
            Self::Anchor => f.write_str("<a href>"),
            Self::Area => f.write_str("<area href>"),
            Self::Frame => f.write_str("<frame src>"),
            Self::Iframe => f.write_str("<iframe src>"),
            Self::Object => f.write_str("<object data>"),
            Self::Embed => f.write_str("<embed src>"),
            Self::Form => f.write_str("<form action>"),
            Self::Link(of) => write!(f, "<link rel={}>", link_type(of)),
            Self::LinkHeader(of) => write!(f, "header Link, rel={}", link_type(of)),
            Self::Refresh => f.write_str("<meta http-equiv=refresh>"),
            Self::RefreshHeader => f.write_str("header Refresh"),
            Self::Location => f.write_str("redirect"),
            Self::Sitemap => f.write_str("sitemap"),
            Self::Named(named) => named.fmt(f),
            Self::Feed => f.write_str("<link rel=alternate> of a feed"),
            Self::Meta => f.write_str("<meta content>"),
            Self::Policy => f.write_str("report-uri of a policy"),
            Self::Css => f.write_str("url() in CSS"),
            Self::CssImport => f.write_str("@import in CSS"),
            Self::JsonLd => f.write_str("JSON-LD"),
            Self::DataAttribute => f.write_str("attribute data-*"),
            Self::ScriptString => f.write_str("string in a script"),
            Self::ManifestIcon => f.write_str("image of a web app manifest"),
            Self::ManifestPage => f.write_str("page of a web app manifest"),
        }
    }
}

/// The codes from here on are those of `<link>`, by its type.
const LINKS: u8 = 64;
/// Those from here on are those of the header `Link`.
const LINK_HEADERS: u8 = 128;
/// The codes from here on are those of the rows of the table.
const NAMED: u8 = 192;

/// How many of the types lead to another page.
const PAGE_TYPES: usize = 28;
/// The `rel` types of `<link>`: first those that lead to another page (HTML Standard, section 4.6.7) and those of the same
/// meaning that are in use without being in it, then those of parts of the page. Stores keep their places: new ones come
/// last, and have to be parts.
const TYPES: &[&str] = &[
    "alternate",
    "amphtml",
    "appendix",
    "author",
    "canonical",
    "chapter",
    "contents",
    "copyright",
    "first",
    "glossary",
    "help",
    "home",
    "index",
    "last",
    "license",
    "me",
    "next",
    "prev",
    "previous",
    "privacy-policy",
    "search",
    "section",
    "shortlink",
    "start",
    "subsection",
    "terms-of-service",
    "toc",
    "up",
    "stylesheet",
    "icon",
    "apple-touch-icon",
    "apple-touch-icon-precomposed",
    "apple-touch-startup-image",
    "fluid-icon",
    "image_src",
    "import",
    "manifest",
    "mask-icon",
    "modulepreload",
    "prefetch",
    "preload",
    "prerender",
    "subresource",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_stands_for_one_mention() {
        let known: Vec<_> = (0..=u8::MAX).filter_map(|code| Some((code, Mention::of_code(code)?))).collect();
        assert_eq!(known.len(), 21 + Named::all().count() + 2 * TYPES.len());
        for (code, mention) in known {
            assert_eq!(mention.code(), code, "{mention}");
        }
    }

    #[test]
    fn what_stores_keep_stays_the_same() {
        let next = LinkType::of_name("NEXT").unwrap();
        for (mention, code, shown) in [
            (Mention::Anchor, 0, "<a href>"),
            (Mention::Form, 6, "<form action>"),
            (Mention::Sitemap, 10, "sitemap"),
            (Mention::Link(next), 64 + 16, "<link rel=next>"),
            (Mention::Link(next).in_head(), 128 + 16, "header Link, rel=next"),
            (Mention::Refresh.in_head(), 8, "header Refresh"),
        ] {
            assert_eq!((mention.code(), mention.to_string().as_str()), (code, shown));
        }
        assert_eq!(LinkType::of_name("stylesheet"), None);
        assert_eq!(LinkType::of_part("StyleSheet"), Some(LinkType::STYLE_SHEET));
        assert_eq!((LinkType::of_part("next"), LinkType::of_name("icon")), (None, None));
        let kinds = ["up", "stylesheet", "subresource"].map(|name| LinkType::of_name(name).or(LinkType::of_part(name)));
        let kinds = kinds.map(|link_type| link_type.map(|of| Mention::Link(of).kind()));
        assert_eq!(kinds, [Some(Kind::Page), Some(Kind::Style), Some(Kind::Embed)]);
        assert_eq!(LinkType::of_name("canonical"), Some(LinkType::CANONICAL));
    }
}
