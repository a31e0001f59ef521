//! What a crawl has met and not read: bodies of other types, references that are no URL, pages that gave
//! nothing.
//!
//! Each is counted, with one example, so that nothing is left out without a word.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::url::CrawlUrl;
use crate::wall::Wall;

/// How far the body of a response was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reading {
    /// There was none to read, or none that matters: redirects, errors, failures.
    #[default]
    Needless,
    /// It was not downloaded: its media type is not among those that are wanted.
    LeftOut,
    /// It was downloaded, and nothing was found in it: it is no HTML, or HTML without title, description, language,
    /// canonical URL and link.
    Nothing,
    /// It has script and not one link: what it shows, and where it leads, is only known to a browser.
    NeedsScript,
    /// Something was found in it.
    Parsed,
}

/// The references of one page that are no URL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BadReferences {
    /// How many different ones.
    pub count: u64,
    /// The first of them, cut to 200 bytes.
    pub first: Option<Box<str>>,
}

/// What all pages of a crawl came to in this respect.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Unread {
    /// Bodies that were not read, by media type; those without one, and those of rare types beyond the first 64, are
    /// under `other`.
    pub bodies: BTreeMap<String, Seen>,
    /// References that are no URL.
    pub references: SeenReferences,
    /// Pages that were read, and that gave nothing.
    pub pages: Seen,
    /// Pages that have script and no link: what a script would put there is not seen.
    pub scripts: Seen,
    /// Links that were not taken, since their page has too many of them, or too long ones; the example is the page.
    pub links: Seen,
    /// Chains of redirects, and of refreshes without a pause, that were not followed to their end; the example is the page
    /// at which one was left.
    pub chains: Seen,
    /// What hosts answer with in place of their pages, of at most 64 of them. Absent when there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub walls: Vec<Wall>,
}

/// How often something was met, and where first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Seen {
    /// How often.
    pub count: u64,
    /// The URL where it was met first; absent when it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

/// How many references are no URL, and the first of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SeenReferences {
    /// How many: the different ones of each page.
    pub count: u64,
    /// The page with the first one; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// That reference, cut to 200 bytes; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

impl BadReferences {
    /// Counts one more.
    pub fn note(&mut self, reference: &str) {
        self.count += 1;
        self.first
            .get_or_insert_with(|| reference.get(..reference.floor_char_boundary(LONGEST)).unwrap_or_default().into());
    }
}

impl Unread {
    /// Counts links of a page that were not taken; whether there are any.
    pub fn note_links(&mut self, url: &CrawlUrl, left_out: u64) -> bool {
        if left_out > 0 {
            self.links.note(url);
            self.links.count += left_out - 1;
        }
        left_out > 0
    }

    /// Counts a chain that is left at a page.
    pub fn note_chain(&mut self, url: &CrawlUrl) {
        self.chains.note(url);
    }

    /// Counts one page; whether that has changed anything.
    pub fn note(&mut self, url: &CrawlUrl, reading: Reading, media_type: Option<&str>, bad: &BadReferences) -> bool {
        match reading {
            Reading::LeftOut => self.body(media_type).note(url),
            Reading::Nothing => self.pages.note(url),
            Reading::NeedsScript => self.scripts.note(url),
            Reading::Needless | Reading::Parsed => {}
        }
        if bad.count > 0 {
            self.references.count += bad.count;
            self.references.page.get_or_insert_with(|| url.as_str().to_owned());
            if let (None, Some(first)) = (&self.references.example, &bad.first) {
                self.references.example = Some(first.to_string());
            }
        }
        !matches!(reading, Reading::Needless | Reading::Parsed) || bad.count > 0
    }

    fn body(&mut self, media_type: Option<&str>) -> &mut Seen {
        let known = media_type.filter(|known| self.bodies.contains_key(*known) || self.bodies.len() < MAX_TYPES);
        self.bodies.entry(known.unwrap_or(OTHER).to_owned()).or_default()
    }
}

impl Seen {
    fn note(&mut self, url: &CrawlUrl) {
        self.count += 1;
        self.example.get_or_insert_with(|| url.as_str().to_owned());
    }
}

/// How much of a reference is shown.
const LONGEST: usize = 200;
/// A server can make up as many types as it likes.
const MAX_TYPES: usize = 64;
const OTHER: &str = "other";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::UrlRules;

    fn url(text: &str) -> CrawlUrl {
        UrlRules::new(2048).parse(text).unwrap()
    }

    #[test]
    fn each_is_counted_with_the_first_as_example() {
        let (mut unread, none) = (Unread::default(), BadReferences::default());
        for (page, reading, media_type, changes) in [
            ("http://e.com/a", Reading::Parsed, Some("text/html"), false),
            ("http://e.com/b", Reading::LeftOut, Some("image/png"), true),
            ("http://e.com/c", Reading::LeftOut, Some("image/png"), true),
            ("http://e.com/d", Reading::LeftOut, None, true),
            ("http://e.com/e", Reading::Nothing, Some("text/html"), true),
            ("http://e.com/f", Reading::Needless, None, false),
            ("http://e.com/s", Reading::NeedsScript, Some("text/html"), true),
        ] {
            assert_eq!(unread.note(&url(page), reading, media_type, &none), changes, "{page}");
        }
        let mut bad = BadReferences::default();
        bad.note("http://[");
        bad.note("http://a b");
        assert!(unread.note(&url("http://e.com/g"), Reading::Parsed, None, &bad));
        for (page, left_out, changes) in
            [("http://e.com/i", 0, false), ("http://e.com/h", 3, true), ("http://e.com/j", 4, true)]
        {
            assert_eq!(unread.note_links(&url(page), left_out), changes, "{page}");
        }
        unread.note_chain(&url("http://e.com/k"));
        insta::assert_snapshot!(serde_json::to_string_pretty(&unread).unwrap(), @r#"
        {
          "bodies": {
            "image/png": {
              "count": 2,
              "example": "http://e.com/b"
            },
            "other": {
              "count": 1,
              "example": "http://e.com/d"
            }
          },
          "references": {
            "count": 2,
            "page": "http://e.com/g",
            "example": "http://["
          },
          "pages": {
            "count": 1,
            "example": "http://e.com/e"
          },
          "scripts": {
            "count": 1,
            "example": "http://e.com/s"
          },
          "links": {
            "count": 7,
            "example": "http://e.com/h"
          },
          "chains": {
            "count": 1,
            "example": "http://e.com/k"
          }
        }
        "#);
        let kept = serde_json::to_string(&unread).unwrap();
        assert_eq!(serde_json::from_str::<Unread>(&kept).unwrap(), unread);
        assert_eq!(serde_json::from_str::<Unread>("{}").unwrap(), Unread::default());
    }

    #[test]
    fn types_that_a_server_makes_up_are_bounded() {
        let (mut unread, none) = (Unread::default(), BadReferences::default());
        for n in 0..200 {
            unread.note(&url("http://e.com/"), Reading::LeftOut, Some(&format!("a/{n}")), &none);
        }
        assert_eq!(unread.bodies.len(), MAX_TYPES + 1);
        assert_eq!(unread.bodies[OTHER].count, 200 - MAX_TYPES as u64);
    }

    #[test]
    fn a_long_reference_is_cut_between_characters() {
        let mut bad = BadReferences::default();
        bad.note(&format!("{}ü", "x".repeat(LONGEST - 1)));
        assert_eq!(bad.first.unwrap().len(), LONGEST - 1);
    }
}
