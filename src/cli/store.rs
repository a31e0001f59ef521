//! `crawler store`: a crawl goes from its directory into a database, and back.

use std::path::PathBuf;
use std::process::ExitCode;

use super::database::{Reached, store_url};
use crate::error::{Error, Result};
use crate::store_place::StoreUrl;
use clap::{Args, Subcommand};

/// What is done with the store of a crawl.
#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Copy the store of a crawl from its directory into a database, or back
    #[command(after_help = EPILOGUE)]
    Copy(Copy),
}

#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// The crawl directory, or the database that the store is in
    #[arg(value_name = "FROM", value_hint = clap::ValueHint::DirPath)]
    from: String,
    /// Where to: the other of the two
    #[arg(value_name = "TO", value_hint = clap::ValueHint::DirPath)]
    to: String,
    #[command(flatten)]
    reached: Reached,
}

/// Which way.
#[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "nothing can be copied"))]
enum Way {
    IntoDatabase(PathBuf, StoreUrl),
    OutOfDatabase(StoreUrl, PathBuf),
}

/// Does something with the store of a crawl.
pub(crate) fn store(store: &Store) -> Result<ExitCode> {
    let Store::Copy(asked) = store;
    copy(asked, way(&asked.from, &asked.to)?)
}

fn way(from: &str, to: &str) -> Result<Way> {
    let is_url = |text: &str| text.contains("://");
    let (problem, help) = match (is_url(from), is_url(to)) {
        (false, true) => return Ok(Way::IntoDatabase(from.into(), store_url(to)?)),
        (true, false) => return Ok(Way::OutOfDatabase(store_url(from)?, to.into())),
        (false, false) => ("both are directories", "cp -a copies a crawl that has its store in its directory"),
        (true, true) => ("both are databases", "pg_dump -n crawl_NAME | psql copies a crawl from one to another"),
    };
    Err(Error::Usage(format!(
        "a store is copied from a crawl directory into a database or back, and {problem}\n = help: {help}"
    )))
}

#[cfg(all(feature = "sqlite", feature = "postgres"))]
fn copy(asked: &Copy, way: Way) -> Result<ExitCode> {
    use crate::CrawlDir;
    use crate::committed::{look, settings};
    use crate::observe::{counted, printable};
    use crate::store::NodeFile;
    use crate::store::copy::{to_database, to_file};
    use crate::versions;

    let told = match way {
        Way::IntoDatabase(path, url) => {
            let place = asked.reached.place(&url)?;
            let dir = taken(&path)?;
            // Before anything is asked of that one.
            if let Some(node) = NodeFile::read(&path)? {
                let shown = path.display();
                return Err(Error::Usage(format!(
                    "the crawl in {shown} is kept in a database already: {}",
                    node.place()
                )));
            }
            let next = versions::next(&path);
            if next.is_dir() {
                let (shown, next) = (path.display(), next.display());
                let problem = format!("an update of {shown} was begun, in {next}, and a crawl in a database has none");
                return Err(Error::Usage(format!(
                    "{problem}\n = help: `crawler --dir {shown} --update` comes to its end first"
                )));
            }
            let rules = look(&path, settings)?.url_rules().of_any_length();
            let key_of = |url: &str| {
                let parsed = rules.parse(url).map(|url| url.key());
                parsed.map_err(|wrong| Error::Damaged(format!("what is kept as the URL {url} is none: {wrong}")))
            };
            let copied = to_database(dir.path(), &place, &key_of)?;
            let [urls, records] = [counted(copied.urls, "URL", "URLs"), counted(copied.records, "record", "records")];
            let shown = printable(&path.display().to_string());
            format!(
                "copied {urls}, {records} to {place}; {shown} is a node of it from now on, and `crawler --dir {shown}` goes on with \
                 it\n{shown}/store.sqlite is as it was, and counts no more: it can be deleted"
            )
        }
        Way::OutOfDatabase(url, path) => {
            let place = asked.reached.place(&url)?;
            let dir: CrawlDir = taken(&path)?;
            let copied = to_file(&place, dir.path())?;
            let [urls, records] = [counted(copied.urls, "URL", "URLs"), counted(copied.records, "record", "records")];
            let shown = printable(&path.display().to_string());
            format!(
                "copied {urls}, {records} to {shown}/store.sqlite; `crawler --dir {shown}` goes on with it\nthe crawl in {place} is as \
                 it was, and counts no more: DROP SCHEMA {} CASCADE deletes it",
                place.name.schema()
            )
        }
    };
    super::voice::say(&told);
    Ok(ExitCode::SUCCESS)
}

/// A directory that is there, for this process alone.
#[cfg(all(feature = "sqlite", feature = "postgres"))]
fn taken(path: &std::path::Path) -> Result<crate::CrawlDir> {
    if !path.is_dir() {
        return Err(Error::Usage(format!("there is no crawl directory {}", path.display())));
    }
    crate::CrawlDir::take(path)
}

#[cfg(not(all(feature = "sqlite", feature = "postgres")))]
fn copy(asked: &Copy, way: Way) -> Result<ExitCode> {
    let (Way::IntoDatabase(_, url) | Way::OutOfDatabase(url, _)) = way;
    Err(super::database::unbuilt(&asked.reached.place(&url)?))
}

const EPILOGUE: &str = "\
Examples:
  crawler store copy crawl postgres://crawler@db.example.com/crawls --name example
  crawler store copy postgres://crawler@db.example.com/crawls crawl --name example

Outputs stay in the directory, and the crawl goes on where it is. What it is copied from is left as it is; \
what it is copied to has to be without a crawl of that name. Cut off at any time, the directory goes on as \
before, or as after.

Exit codes:
  0  the crawl is where it was to be
  1  the store cannot be read, or the database does not answer
  2  wrong usage, a crawl is there already, or somebody crawls";
