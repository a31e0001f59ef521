//! Change: what has become of a page since the crawl before, as a line for programs, and what all of them come to.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::for_update::Carried;

/// What has become of a page. A closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there before.
    New,
    /// It says something else.
    Changed,
    /// It is at another URL.
    Moved,
    /// It is not there any more, or no part of the crawl.
    Gone,
    /// It says what it said.
    Unchanged,
    /// Nothing is known of it: there was no answer, or none that says anything of the page.
    Failed,
}

/// What of a page is not what it was. A closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The outcome, or the HTTP status.
    Status,
    /// Where it redirects to.
    Location,
    /// The title.
    Title,
    /// The description, the language, the canonical URL, or the media type.
    Metadata,
    /// The text that a person reads.
    Text,
    /// The body, and nothing that records say of it; whether the text is another one is not known without `[content]`.
    Body,
    /// The body, and neither the text nor anything else that records say of it.
    Layout,
    /// What `[[extract]]` takes out of it.
    Fields,
    /// What `[[items]]` takes out of it.
    Items,
    /// Where it links to.
    Links,
    /// What it says that it may be used for.
    Usage,
}

impl What {
    /// The name in lines and summaries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Location => "location",
            Self::Title => "title",
            Self::Metadata => "metadata",
            Self::Text => "text",
            Self::Body => "body",
            Self::Layout => "layout",
            Self::Fields => "fields",
            Self::Items => "items",
            Self::Links => "links",
            Self::Usage => "usage",
        }
    }
}

/// One line of `changes.jsonl`: one page of this crawl or of the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[non_exhaustive]
pub struct Change {
    /// The URL, as its record has it; of a page that has moved, the one that it had.
    #[schemars(extend("format" = "uri"))]
    pub url: Arc<str>,
    /// What has become of it.
    #[serde(rename = "change")]
    pub kind: ChangeKind,
    /// What is not what it was. Absent unless it has changed, or has moved and is not what it was there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what: Vec<What>,
    /// Where it is now. Absent unless it has moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "uri"))]
    pub to: Option<Arc<str>>,
    /// Why it was not asked for: `not_linked` when nothing leads to it any more, else a reason to skip it. Absent when it was
    /// asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The HTTP status now. Absent when there was no answer, or nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The HTTP status before, when it was another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_before: Option<u16>,
    /// How many of the 64 bits of the `SimHash` differ: few when the text says nearly the same. Absent unless the text is
    /// another one, and both are long enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance: Option<u32>,
    /// The names of the fields that have other values. Absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// Where it links to and did not, in the order of the page. Absent when there is nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links_added: Vec<Arc<str>>,
    /// Where it does not link to any more, in the order that they had. Absent when there is nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links_removed: Vec<Arc<str>>,
    /// How it is known that it is unchanged, when it was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Carried>,
}

impl Change {
    /// A page of which nothing but that is said.
    pub fn new(url: Arc<str>, kind: ChangeKind) -> Self {
        Self {
            url,
            kind,
            what: Vec::new(),
            to: None,
            why: None,
            status: None,
            status_before: None,
            distance: None,
            fields: Vec::new(),
            links_added: Vec::new(),
            links_removed: Vec::new(),
            carried: None,
        }
    }
}

/// What an update has come to: `pages = new + changed + moved + gone + unchanged + failed`, one line of `changes.jsonl` each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Changes {
    /// Pages of this crawl and of the one before.
    pub pages: u64,
    /// Those that were not there before.
    pub new: u64,
    /// Those that say something else.
    pub changed: u64,
    /// Those that are at another URL.
    pub moved: u64,
    /// Those that are not there any more, or no part of the crawl.
    pub gone: u64,
    /// Those that say what they said.
    pub unchanged: u64,
    /// Those of which nothing is known.
    pub failed: u64,
    /// How often each was not what it was, by its name.
    pub what: BTreeMap<String, u64>,
    /// Pages of which their hosts said that they have not changed.
    pub not_modified: u64,
    /// Pages that were not asked for, being fresh by what their hosts said before.
    pub fresh: u64,
    /// Pages that were not asked for, being not due.
    pub not_due: u64,
    /// Decoded bytes of the bodies that were not sent again.
    pub bytes_saved: u64,
    /// Where the lines are.
    pub path: String,
    /// Where the crawl before is kept; absent when it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

impl Changes {
    /// Counts a page.
    pub fn note(&mut self, change: &Change) {
        self.pages += 1;
        *match change.kind {
            ChangeKind::New => &mut self.new,
            ChangeKind::Changed => &mut self.changed,
            ChangeKind::Moved => &mut self.moved,
            ChangeKind::Gone => &mut self.gone,
            ChangeKind::Unchanged => &mut self.unchanged,
            ChangeKind::Failed => &mut self.failed,
        } += 1;
        for what in &change.what {
            *self.what.entry(what.name().to_owned()).or_default() += 1;
        }
    }

    /// Counts a record that was carried over, with the length of its body.
    pub fn note_carried(&mut self, why: Carried, bytes: u64) {
        *match why {
            Carried::NotModified => &mut self.not_modified,
            Carried::Fresh => &mut self.fresh,
            Carried::NotDue => &mut self.not_due,
        } += 1;
        self.bytes_saved += bytes;
    }

    /// How many pages are not what, or not where, they were.
    pub fn total(&self) -> u64 {
        self.new + self.changed + self.moved + self.gone
    }
}
