//! The settings of checks, `[check]` in `crawl.toml`.

use serde::{Deserialize, Serialize};

/// `[check]`: what is kept for `crawler links` and `crawler audit`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Keep of each page what `crawler links` and `crawler audit` look at, in `survey.jsonl` of the crawl directory: each
    /// mention of a link, a resource or a feed with its text, line and column, the names that fragments lead to, headings,
    /// images without text, versions in other languages, and data that is broken. Not in a crawl that has begun without it.
    pub survey: bool,
}

impl Options {
    /// Whether pages are surveyed.
    pub fn surveys(&self) -> bool {
        self.survey
    }
}
