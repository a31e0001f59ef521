//! A finding: what is wrong, with all places at which it is met.

use serde::{Deserialize, Serialize};

use super::Rule;

/// Something that is wrong.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) rule: &'static Rule,
    /// The URL that is wrong: a link's target, or a page. From a site: escape it before it reaches a terminal.
    pub(crate) url: String,
    pub(crate) detail: Detail,
    /// How many places there are, and on how many pages.
    pub(crate) places: u64,
    pub(crate) pages: u64,
}

/// What is said of a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Detail {
    /// What is wrong, in few words.
    pub(crate) why: String,
    /// What the last URL was answered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// The kind of error, when it was not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// Each redirect on the way, from the URL itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) chain: Vec<Hop>,
    /// Where that ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) to: Option<String>,
}

/// One redirect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hop {
    pub(crate) url: String,
    pub(crate) status: u16,
}

/// Where something wrong is met.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Place {
    /// The page.
    pub(crate) page: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<u32>,
    /// What names it there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) found_by: Option<String>,
    /// What that says to a reader.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// The reference as the page has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) written: Option<String>,
}
