//! `[output]`: where records go and what they hold.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::units;

/// `[output]`: where the records go and what they hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// The file that the records are written to, or "-" for stdout. Empty: `pages.jsonl` in the crawl directory.
    pub path: PathBuf,
    /// Whether records list the links of their page.
    pub links: bool,
    /// How long the links in one record may be together, as JSON. Those beyond are followed all the same, and counted in
    /// the record (`links_left_out`). Programs that read lines of 1 MiB at most, like pyarrow, read every record then.
    #[serde(with = "units::size")]
    #[schemars(with = "units::size::Schema")]
    pub max_link_bytes: u64,
    /// How the items of `[[items]]` are written, each name into a file in `items` of the crawl directory: `jsonl` is one
    /// JSON object a line; `csv` is RFC 4180, with a `'` in front of cells that a spreadsheet would take for a formula.
    pub items: ItemFormat,
}

/// How items are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ItemFormat {
    /// One JSON object a line.
    #[default]
    Jsonl,
    /// One row a line, under the names of the fields.
    Csv,
}

impl ItemFormat {
    /// The name, which files of it end with.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self { path: PathBuf::new(), links: true, max_link_bytes: 960 << 10, items: ItemFormat::default() }
    }
}
