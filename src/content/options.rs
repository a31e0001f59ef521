//! `[content]`: what a person reads of pages, for their records.

use serde::{Deserialize, Serialize};

use crate::units;

/// `[content]`: what a person reads of pages, for their records.
///
/// It comes from the tree of the page as a browser builds it, without scripts, styles, templates and hidden parts. When
/// nothing is asked for, nothing is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Put the text of each page into its record (`content.text`).
    pub text: bool,
    /// Put each page into its record as Markdown (`content.markdown`).
    pub markdown: bool,
    /// Which part of a page that is: `article` is the article in it, and pages without one have none; `body` is all of it;
    /// `auto` is the article, or where there is none, or most of the page is not of it, the body without its navigation. The
    /// record says which it is (`content.main`).
    pub main: Main,
    /// How long each of these may be. What is beyond is left out, at the end of a word, and the record says so (`content.cut`).
    #[serde(with = "units::size")]
    #[schemars(with = "units::size::Schema")]
    pub max_size: u64,
}

/// Which part of a page is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Main {
    /// The article, or else the body without its navigation.
    #[default]
    Auto,
    /// The article.
    Article,
    /// All of it.
    Body,
}

impl Default for Options {
    fn default() -> Self {
        Self { text: false, markdown: false, main: Main::Auto, max_size: 8 << 20 }
    }
}
