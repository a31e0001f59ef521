//! Copy: a crawl goes from the file of a crawl directory into a database, and back. What it is copied from stays as it is; the
//! outputs stay where they are.

mod spread;
mod to_database;
mod to_file;
mod written_place;

pub(crate) use to_database::to_database;
pub(crate) use to_file::to_file;

/// What was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Copied {
    /// URLs that the crawl has discovered.
    pub(crate) urls: u64,
    /// Those of them that have a record.
    pub(crate) records: u64,
    /// Buckets in the database.
    pub(crate) buckets: u64,
}
