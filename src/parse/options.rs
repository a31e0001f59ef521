//! `[parse]`: what is honoured in a page and how much of it is looked at.

use serde::{Deserialize, Serialize};

use super::DataAttribute;
use crate::mention::Kind;
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
    /// Which kinds of links are followed. `page`: what leads a reader on; `embed`: what a browser loads to show the page
    /// (images, media, scripts, fonts, icons, a manifest); `style`: style sheets; `feed`: RSS and Atom, which are read as
    /// sitemaps are; `cite`: what is quoted or described (`cite`, `longdesc`); `ping`: what a browser reports to; `data`:
    /// URLs in JSON-LD and in `data_attributes`; `script`: strings in scripts that look like a URL, which is a guess.
    /// Parts of a page (`embed`, `style`) are at its depth, and `scope.embeds` says on which hosts.
    pub follow: Vec<Kind>,
    /// Which kinds of links records list.
    pub record: Vec<Kind>,
    /// The `data-` attributes that hold a reference, as `data-src`: of the kind `data`.
    #[schemars(with = "Vec<String>")]
    pub data_attributes: Vec<DataAttribute>,
    /// Records say of each link what it is: its kind, what names it, its text and its `rel` (`link_details`).
    pub link_details: bool,
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
            follow: vec![Kind::Page],
            record: vec![Kind::Page],
            data_attributes: Vec::new(),
            link_details: false,
            max_nesting: 512,
            max_attributes: 512,
            max_links: 50_000,
            max_link_bytes: 4 << 20,
        }
    }
}
