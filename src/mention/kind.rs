//! Kinds of links: what that which is named is to the page that names it. A closed set.

use serde::{Deserialize, Serialize};

/// What that which a link names is to its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "KindOfLink")]
pub enum Kind {
    /// Another page: where a reader gets to.
    Page,
    /// A part of the page, that a browser loads to show it: images, media, scripts, fonts, icons, a manifest.
    Embed,
    /// A style sheet.
    Style,
    /// A list of what is new on the site: RSS or Atom.
    Feed,
    /// What the page quotes, or where something in it is described at length: `cite`, `longdesc`.
    Cite,
    /// What a browser reports to: `ping`, and the `report-uri` of a policy.
    Ping,
    /// What the page names in data of its own: JSON-LD, and the `data-` attributes that settings name.
    Data,
    /// What a string in a script looks like a URL of.
    Script,
}

/// Some of the kinds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u8);

impl Kind {
    /// The name, as settings and records have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Embed => "embed",
            Self::Style => "style",
            Self::Feed => "feed",
            Self::Cite => "cite",
            Self::Ping => "ping",
            Self::Data => "data",
            Self::Script => "script",
        }
    }

    /// Whether it is a part of the page that names it: shown with it, and no link deeper.
    pub(crate) const fn is_part(self) -> bool {
        matches!(self, Self::Embed | Self::Style)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Kinds {
    /// Pages alone.
    pub(crate) const PAGES: Self = Self(Kind::Page.bit());

    /// Whether a kind is among them.
    pub(crate) const fn has(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// Whether one of these two is.
    pub(crate) const fn has_parts(self) -> bool {
        self.has(Kind::Embed) || self.has(Kind::Style)
    }

    /// These and others.
    pub(crate) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        Self(kinds.into_iter().fold(0, |all, kind| all | kind.bit()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_those_that_were_named() {
        let kinds: Kinds = [Kind::Style, Kind::Page, Kind::Page].into_iter().collect();
        assert!(kinds.has(Kind::Page) && kinds.has(Kind::Style) && kinds.has_parts());
        assert!(!kinds.has(Kind::Embed) && !Kinds::PAGES.has_parts() && !Kinds::default().has(Kind::Page));
        assert_eq!(Kinds::PAGES.and([Kind::Style].into_iter().collect()), kinds);
        assert_eq!(serde_json::to_string(&Kind::Style).unwrap(), format!("\"{}\"", Kind::Style.name()));
    }
}
