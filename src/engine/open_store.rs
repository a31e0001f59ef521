//! Opening the store of a crawl directory: in the directory, or where settings say.

use std::time::Instant;

use crate::config::Config;
use crate::crawl_dir::{CrawlDir, OTHER_DIR};
use crate::error::{Error, Result};
use crate::store::{self, NodeFile, Store};
use crate::store_place::StorePlace;
use crate::wall_clock::WallClock;

/// Opens the store of a crawl directory, a new one if there is none.
///
/// # Errors
/// [`Error::Usage`] when settings and directory name different ones.
pub(super) fn open(config: &Config, dir: &CrawlDir) -> Result<Box<dyn Store>> {
    match config.store_place()? {
        None => open_own(dir),
        Some(place) => open_shared(dir, &place),
    }
}

/// Opens the store in a crawl directory, a new one if there is none.
fn open_own(dir: &CrawlDir) -> Result<Box<dyn Store>> {
    if let Some(node) = NodeFile::read(dir.path())? {
        return Err(Error::Usage(format!(
            "the crawl in {shown} is kept in {}\n = help: `crawler --dir {shown}` goes on with it; so does the command that began \
             it, with --store and --name",
            node.place(),
            shown = dir.path().display()
        )));
    }
    let clock = WallClock::new(Instant::now(), jiff::Timestamp::now());
    if !store::file::is_own(dir.path())? {
        dir.expect_empty()?;
    }
    open_store(dir, clock)
}

/// Opens the store in a database.
#[cfg(feature = "postgres")]
fn open_shared(dir: &CrawlDir, place: &StorePlace) -> Result<Box<dyn Store>> {
    // Beside a file `node` it is what a copy into the database has left, and counts no more.
    if NodeFile::read(dir.path())?.is_none() && store::file::is_own(dir.path())? {
        return Err(Error::Usage(format!(
            "the directory {} holds a crawl with a store of its own ({})\n = help: {OTHER_DIR}, or leave out --store to go on with it",
            dir.path().display(),
            store::file::FILE
        )));
    }
    NodeFile::expect_of(dir.path(), place)?;
    if !store::postgres::Postgres::is_there(place)? {
        dir.expect_unused()?;
    }
    Ok(Box::new(store::postgres::Postgres::open(place, dir.path())?))
}

#[cfg(not(feature = "postgres"))]
fn open_shared(_: &CrawlDir, place: &StorePlace) -> Result<Box<dyn Store>> {
    let problem = "this crawler is built without the feature `postgres`, so it cannot keep a crawl in";
    Err(Error::Usage(format!("{problem} {place}\n = help: leave out --store, or build it with --features postgres")))
}

#[cfg(feature = "sqlite")]
fn open_store(dir: &CrawlDir, clock: WallClock) -> Result<Box<dyn Store>> {
    Ok(Box::new(store::sqlite::Sqlite::open(dir.path(), clock)?))
}

/// A directory that nothing is kept in would look like one that a crawl can be continued in.
#[cfg(not(feature = "sqlite"))]
fn open_store(_: &CrawlDir, _: WallClock) -> Result<Box<dyn Store>> {
    let problem = "this crawler is built without the feature `sqlite`, so a crawl directory has no store";
    Err(Error::Usage(format!("{problem}\n = help: set frontier.store = false: such a crawl cannot be continued")))
}
