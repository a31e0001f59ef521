//! `[archive]`: what is sent and received, kept as WARC.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::fetch::MediaRange;
use crate::sink::NamePart;
use crate::units;

/// `[archive]`: what is sent and received, kept as WARC in the folder `archive` of the crawl directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ArchiveOptions {
    /// Whether there is an archive: WARC/1.1 in `.warc.gz`, with each exchange once, robots.txt and sitemaps among them.
    /// It cannot begin or end in the middle of a crawl.
    pub warc: bool,
    /// The media types whose bodies are in it; `text/*` and `*/*` work too. Of other responses it has the head. What is
    /// asked for does not change by this: which links are followed, and which bodies are parsed, is said elsewhere.
    #[schemars(with = "Vec<String>")]
    pub content_types: Vec<MediaRange>,
    /// As long as this a file is full, and the next one begins.
    #[serde(with = "units::size")]
    #[schemars(with = "units::size::Schema")]
    pub max_file: u64,
    /// How much work is put into compression: 1 is the fastest, 9 gives the smallest files.
    #[schemars(range(min = 1, max = 9))]
    pub level: u32,
    /// Indexes (CDXJ, as `crawler index` writes them) of earlier archives. A body that one of them has is not kept again:
    /// there is a `revisit` that says where it is. The archive can then be read only together with those.
    pub earlier: Vec<PathBuf>,
    /// What the names of files begin with: letters, digits, `-`, `_` and `.`. They go on with the time at which the crawl
    /// began, a serial number, and `host`. An archive that has begun keeps its names.
    #[schemars(with = "String")]
    pub prefix: NamePart,
    /// What the names of files end with: by custom the name of the machine that crawls. Default: a word that says nothing
    /// of it.
    #[schemars(with = "String")]
    pub host: NamePart,
}

impl Default for ArchiveOptions {
    fn default() -> Self {
        let part = |text: &str| text.parse().expect("it is written here");
        Self {
            warc: false,
            content_types: vec!["*/*".parse().expect("it is a media range")],
            max_file: 1 << 30,
            level: 1,
            earlier: Vec::new(),
            prefix: part("crawl"),
            host: part("crawler"),
        }
    }
}

impl ArchiveOptions {
    /// The types whose bodies are kept: none without an archive.
    pub(crate) fn bodies(&self) -> &[MediaRange] {
        if self.warc { &self.content_types } else { &[] }
    }
}
