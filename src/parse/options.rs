//! `[parse]`: what is honoured in a page and how much of it is looked at.

use serde::{Deserialize, Serialize};

use crate::units;

/// `[parse]`: what is honoured in a page, and how much of a page is looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Honour `rel=nofollow` on links, and `nofollow` in `<meta name=robots>` and `X-Robots-Tag`: such links are
    /// counted as skipped (`nofollow`) unless another link to the same page may be followed.
    pub nofollow: bool,
    /// Take the pages that a form with GET leads to as links, one for each choice of its lists, when nothing has to be
    /// written into it. On some sites such a list is the only way to their pages; on others a form does something.
    pub forms: bool,
    /// How deep elements may nest; deeper ones are read as if they were not nested further.
    #[schemars(range(min = 16, max = 65536))]
    pub max_nesting: usize,
    /// How many attributes of one tag are read.
    #[schemars(range(min = 8, max = 65536))]
    pub max_attributes: usize,
    /// How many different links of one page are taken; those beyond are counted in its record, in `unread` of the summary, and
    /// told in the log.
    #[schemars(range(min = 1))]
    pub max_links: usize,
    /// How long the links of one page may be together, as absolute URLs; those beyond are left out, as those beyond
    /// `max_links` are. A few references can stand for very long URLs.
    #[serde(with = "units::size")]
    #[schemars(with = "units::size::Schema")]
    pub max_link_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            nofollow: true,
            forms: false,
            max_nesting: 512,
            max_attributes: 512,
            max_links: 50_000,
            max_link_bytes: 4 << 20,
        }
    }
}
