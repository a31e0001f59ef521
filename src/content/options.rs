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
    /// How long that may be. What is beyond is left out, at the end of a word, and the record says so (`content.cut`).
    #[serde(with = "units::size")]
    #[schemars(with = "units::size::Schema")]
    pub max_size: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { text: false, max_size: 8 << 20 }
    }
}
