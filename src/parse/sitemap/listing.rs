//! What a sitemap lists, and what is wrong with it: filled by the reader of each format.

use std::cmp::Ordering;
use std::fmt;

use crate::url::Target;

/// How much of a sitemap is read, in bytes, uncompressed: what the protocol allows.
pub(crate) const LIMIT: usize = 50 << 20;

/// How many entries of one sitemap are taken: what the protocol allows, for pages and for sitemaps of an index.
pub(crate) const MAX_ENTRIES: usize = 50_000;

/// One sitemap that was read.
#[derive(Debug, Default)]
pub(crate) struct Sitemap {
    /// What it is written in; `None` when it is no sitemap.
    pub(crate) format: Option<Format>,
    /// What it lists, in the order of the file. For [`Format::Index`] these are sitemaps, else pages.
    pub(crate) entries: Vec<Entry>,
    /// The same pages in other languages or for other devices, each once and without those in `entries`: `rel=alternate`
    /// links of `<url>`, as search engines read them.
    pub(crate) alternates: Vec<Target>,
    /// What is wrong with it.
    pub(crate) faults: Vec<Fault>,
}

/// The formats of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `<urlset>`.
    Urlset,
    /// `<sitemapindex>`: a list of sitemaps.
    Index,
    /// One URL a line.
    Text,
    /// RSS 2.0, 1.0 and what came before.
    Rss,
    /// Atom (RFC 4287).
    Atom,
}

/// One thing that a sitemap lists.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Where it is.
    pub(crate) target: Target,
    /// When it was changed last; `None` when that is not given, or is no date.
    pub(crate) lastmod: Option<jiff::Timestamp>,
    /// How much it matters to the site among its pages, from 0 to 1. Default: 0.5.
    pub(crate) priority: f32,
}

/// What is wrong with a sitemap. `Display` goes after its URL and a colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// None of the formats.
    NotASitemap,
    /// The gzip data cannot be read to its end.
    Compression,
    /// There is more than [`LIMIT`].
    TooLong,
    /// There are more than [`MAX_ENTRIES`].
    TooMany,
    /// Markup that is none, or is not closed, at this byte of the decoded text.
    Damaged(u64),
    /// The end is missing.
    CutOff,
    /// So many entries have no URL, or none that is one.
    WithoutUrl(usize),
    /// So many entries have a URL that is not absolute, and are taken as references from the sitemap.
    Relative(usize),
    /// So many bytes of something else stand before its XML.
    Preceded(usize),
}

impl Sitemap {
    /// Takes an entry unless there are as many as may be. Whether there may be more.
    pub(super) fn push(&mut self, entry: Option<Entry>) -> bool {
        match entry {
            Some(_) if self.entries.len() >= MAX_ENTRIES => {
                self.faults.push(Fault::TooMany);
                return false;
            }
            Some(entry) => self.entries.push(entry),
            None => self.count(Fault::WithoutUrl(1)),
        }
        true
    }

    /// Counts one more of a fault that says how often it was met.
    pub(super) fn count(&mut self, fault: Fault) {
        for known in &mut self.faults {
            match (known, fault) {
                (Fault::WithoutUrl(count), Fault::WithoutUrl(more))
                | (Fault::Relative(count), Fault::Relative(more)) => {
                    *count += more;
                    return;
                }
                _ => {}
            }
        }
        self.faults.push(fault);
    }
}

impl Entry {
    /// Which of two entries is to be requested first: the one that changed last, then the one with the higher priority.
    /// What does not say when it changed comes after what does.
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        other.lastmod.cmp(&self.lastmod).then(other.priority.total_cmp(&self.priority))
    }

    pub(super) fn new(target: Target) -> Self {
        Self { target, lastmod: None, priority: PRIORITY }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotASitemap => f.write_str("it is no sitemap"),
            Self::Compression => f.write_str("its gzip data is damaged; what comes before was read"),
            Self::TooLong => write!(f, "it is longer than {} MiB; the rest is not read", LIMIT >> 20),
            Self::TooMany => write!(f, "it has more than {MAX_ENTRIES} entries; the rest is not read"),
            Self::Damaged(at) => write!(f, "its XML is damaged at byte {at}"),
            Self::CutOff => f.write_str("its end is missing"),
            Self::Relative(1) => {
                f.write_str("1 entry has no absolute URL; it is taken as a reference from the sitemap")
            }
            Self::Relative(count) => {
                write!(f, "{count} entries have no absolute URL; they are taken as references from the sitemap")
            }
            Self::Preceded(1) => f.write_str("1 byte before its XML is not read"),
            Self::Preceded(bytes) => write!(f, "{bytes} bytes before its XML are not read"),
            Self::WithoutUrl(1) => f.write_str("1 entry has no URL"),
            Self::WithoutUrl(count) => write!(f, "{count} entries have no URL"),
        }
    }
}

/// White space of any script, and what looks like it at the seams of files that were put together.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\0')
}

/// The priority of an entry that gives none, by the protocol.
pub(super) const PRIORITY: f32 = 0.5;
