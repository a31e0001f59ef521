//! Beginning: what an update finds where it is to be made.

use crate::crawl_dir::CrawlDir;
use crate::observe::Summary;

/// How an update begins.
#[derive(Debug)]
pub(in crate::engine) enum Beginning<Updating> {
    /// In an empty directory, as a crawl like any other.
    First(CrawlDir),
    /// Beside the crawl that it is of, in this directory.
    Beside(CrawlDir, Updating),
    /// Not at all: it is in its place, and this is what it came to, which was told to nobody.
    Over(CrawlDir, Box<Summary>),
}
