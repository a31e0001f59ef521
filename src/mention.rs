//! How a URL is named where it was found: by which element, by which header, or in what file.

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
}

/// A `rel` type of `<link>` that leads to another page.
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
            LINKS..LINK_HEADERS => Self::Link(link_type(LINKS)?),
            LINK_HEADERS.. => Self::LinkHeader(link_type(LINK_HEADERS)?),
            _ => return None,
        })
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

    /// The type of this name, in any case; `None` for those that name a resource of the page itself.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        let nth = HYPERLINK_TYPES.iter().position(|known| name.eq_ignore_ascii_case(known))?;
        u8::try_from(nth).ok().map(Self)
    }

    fn name(self) -> Option<&'static str> {
        HYPERLINK_TYPES.get(usize::from(self.0)).copied()
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
        }
    }
}

/// The codes from here on are those of `<link>`, by its type.
const LINKS: u8 = 64;
/// Those from here on are those of the header `Link`.
const LINK_HEADERS: u8 = 128;

/// The `rel` types of `<link>` that lead to another page (HTML Standard, section 4.6.7), and those of the same meaning
/// that are in use without being in it. All others name resources of the page itself: style sheets, icons, feeds of
/// a browser's own. Stores keep their places: new ones come last.
const HYPERLINK_TYPES: &[&str] = &[
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
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_stands_for_one_mention() {
        let known: Vec<_> = (0..=u8::MAX).filter_map(|code| Some((code, Mention::of_code(code)?))).collect();
        assert_eq!(known.len(), 11 + 2 * HYPERLINK_TYPES.len());
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
        assert_eq!(LinkType::of_name("canonical"), Some(LinkType::CANONICAL));
    }
}
