//! Check: what is kept of pages, and asked for beside what the crawl follows, for those who check a site.

mod options;

pub use options::Options;
