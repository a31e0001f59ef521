//! `[traps]`: when a space of URLs is taken to be endless.

use serde::{Deserialize, Serialize};

use super::budget::Budget;
use crate::units::Limit;

/// `[traps]`: when a space of URLs is taken to be endless.
///
/// A space is closed when it is large *and* stale *and* leads only to itself: almost none of its last pages had a text that
/// is new, numbers and dates aside, almost all of its URLs were found on its own pages, and these lead to almost nothing
/// else that is new. What is left of it is skipped (`trap`), one line of the log says so, and the summary lists it. A space
/// that is only large is never closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// How many pages make a template large: the URLs of one path, numbers aside, and of the same names in the query; or
    /// those of one folder, or of one path with whatever query. Half as many do where segments of the path come again and
    /// again. "none" closes no template.
    pub template_pages: Limit,
    /// How many pages make a host large, or a section of it (all below the first one or two segments of the path), that no
    /// large template accounts for. "none" closes none.
    pub host_pages: Limit,
    /// How many pages make a registrable domain large whose hosts multiply, each of them small. "none" closes none.
    pub domain_pages: Limit,
    /// Other numbers for some URLs, by a glob or a regular expression after `re:` on the whole of them:
    /// `"https://example.com/calendar/* = 100"`, or `= none` for what is never closed. The first one that matches holds.
    #[schemars(with = "Vec<String>")]
    pub budgets: Vec<Budget>,
}

impl Default for Options {
    fn default() -> Self {
        let large = Limit(Some(1000));
        Self { template_pages: large, host_pages: large, domain_pages: large, budgets: Vec::new() }
    }
}
