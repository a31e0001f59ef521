//! A survey: what a page says for those who check it: each mention of a link with its place, the names that fragments lead
//! to, and what its elements are for readers and search engines.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::mention::Kind;

/// One line of `survey.jsonl`: what is kept of one page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Survey {
    /// The URL of the page, as in its record.
    #[schemars(extend("format" = "uri"))]
    pub url: Arc<str>,
    /// Where a redirect leads to, as its header has it: only when that has a fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Each mention of something else, in the order of the page.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkPlace>,
    /// How many mentions are not among them: the page has more, or longer ones, than `parse.max_links` and
    /// `parse.max_link_bytes` let through.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub links_left_out: u64,
    /// The names that a fragment may lead to: each `id`, and each `name` of an `<a>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
    /// How many `<title>` the page has.
    #[serde(default, skip_serializing_if = "is_none_of")]
    pub titles: u32,
    /// The headings `<h1>` to `<h6>`, the first 1,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headings: Vec<Heading>,
    /// How many `<img>` have no `alt`, and where the first is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images_without_alt: Option<Counted>,
    /// The versions of the page in other languages that it names (`hreflang`), the first 500.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternates: Vec<Alternate>,
    /// Whether the page asks not to be in an index (`noindex`), in a `<meta>` or in its head.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub noindex: bool,
    /// The JSON-LD of the page that is no JSON, the first 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken_data: Vec<BrokenData>,
    /// About how many characters its text has, without white space.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub letters: u64,
}

/// One mention of something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct LinkPlace {
    /// The reference as the page has it, with its fragment.
    pub written: String,
    /// What that is, absolute and without fragment. Absent when it is no URL that can be asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "uri"))]
    pub url: Option<Arc<str>>,
    /// What that is to the page.
    pub kind: Kind,
    /// What names it: an element with its attribute, or a header.
    pub found_by: Cow<'static, str>,
    /// What that says to a reader, at most 80 characters. Absent when it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Arc<str>>,
    /// Where its element begins. Absent for what stands in a header, in a form, in a style sheet of its own, and in a page
    /// that stands in the page (`srcdoc`).
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Spot>,
}

/// A place in the text of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Spot {
    /// The line, from 1.
    pub line: u32,
    /// The character in it, from 1.
    pub column: u32,
}

/// A heading of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Heading {
    /// 1 to 6.
    pub level: u8,
    /// What it says, at most 80 characters. Absent when it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Arc<str>>,
    /// Where it begins.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Spot>,
}

/// How many of what there are, and where the first is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Counted {
    /// How many.
    pub count: u32,
    /// Where the first begins.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Spot>,
}

/// The page in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Alternate {
    /// The `hreflang`, as it is written.
    pub hreflang: String,
    /// Where that is, absolute.
    #[schemars(extend("format" = "uri"))]
    pub url: Arc<str>,
}

/// JSON-LD that is no JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct BrokenData {
    /// What is wrong, with the place in the script.
    pub why: String,
    /// Where the script begins.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Spot>,
}

impl Survey {
    /// How many bytes of memory it takes, about.
    pub(crate) fn weight(&self) -> u64 {
        let text = |text: &Option<Arc<str>>| text.as_ref().map_or(0, |text| text.len());
        let of_link = |link: &LinkPlace| link.written.len() + text(&link.text) + LINK;
        let links: usize = self.links.iter().map(of_link).sum();
        let ids: usize = self.ids.iter().map(|id| id.len() + NAME).sum();
        let headings: usize = self.headings.iter().map(|heading| text(&heading.text) + LINK).sum();
        let alternates: usize = self.alternates.iter().map(|alternate| alternate.url.len() + LINK).sum();
        (links + ids + headings + alternates) as u64
    }

    /// Leaves out what is the content of the page.
    pub(crate) fn omit_content(&mut self) {
        self.headings.iter_mut().for_each(|heading| heading.text = None);
        self.links.iter_mut().for_each(|link| link.text = None);
    }
}

impl Spot {
    /// A place.
    pub(crate) const fn new(line: u32, column: u32) -> Self {
        Self { line, column }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_none_of(count: &u32) -> bool {
    *count == 0
}

/// What a link takes beside its texts.
const LINK: usize = 128;
/// What a name takes beside its text.
const NAME: usize = 24;
