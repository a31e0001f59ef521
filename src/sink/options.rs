//! `[output]`: where records go and what they hold.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[output]`: where the records go and what they hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The file that the records are written to, or "-" for stdout. Empty: `pages.jsonl` in the crawl directory.
    pub path: PathBuf,
    /// Whether records list the links of their page.
    pub links: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { path: PathBuf::new(), links: true }
    }
}
