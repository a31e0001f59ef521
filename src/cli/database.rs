//! Database: a crawl in one, named as the crawl itself is called with it.

use std::path::PathBuf;

use super::place::Place;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::store::NodeFile;
use crate::store_place::{CrawlName, StorePlace, StoreUrl};
use clap::Args;

/// How a database is reached, and what the crawl is called there.
#[derive(Debug, Args)]
pub(crate) struct Reached {
    /// What the crawl is called in the database
    #[arg(long, value_name = "NAME")]
    name: Option<CrawlName>,
    /// Take the password for it from this file [default: PGPASSWORD, PGPASSFILE]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    store_password_file: Option<PathBuf>,
    /// Connect to it over the network without TLS
    #[arg(long)]
    store_insecure: bool,
}

/// A crawl in a database: by that, or by the directory of one of its nodes.
#[derive(Debug, Args)]
pub(crate) struct Database {
    /// The database, in place of a crawl directory
    #[arg(long, value_name = "URL", conflicts_with_all = ["dir", "named"])]
    store: Option<String>,
    #[command(flatten)]
    reached: Reached,
}

impl Reached {
    fn is_empty(&self) -> bool {
        let Self { name, store_password_file, store_insecure } = self;
        name.is_none() && store_password_file.is_none() && !store_insecure
    }

    /// The crawl of this name in a database.
    ///
    /// # Errors
    /// [`Error::Usage`] when it has no name.
    pub(crate) fn place(&self, url: &StoreUrl) -> Result<StorePlace> {
        let Self { name, store_password_file, store_insecure } = self;
        let config = Config {
            store: url.clone(),
            name: name.clone().unwrap_or_default(),
            store_password_file: store_password_file.clone().unwrap_or_default(),
            store_insecure: *store_insecure,
            ..Config::default()
        };
        let place = config.store_place()?;
        place.ok_or_else(|| Error::Usage("--store is empty\n = help: --store postgres://USER@HOST/DATABASE".to_owned()))
    }
}

impl Database {
    /// Refuses one, for what needs a directory.
    ///
    /// # Errors
    /// [`Error::Usage`] says why.
    pub(crate) fn expect_none(&self, why: &str) -> Result<()> {
        let Self { store, reached } = self;
        if store.is_none() && reached.is_empty() {
            return Ok(());
        }
        Err(Error::Usage(format!("--store and what belongs to it are not for this: {why}")))
    }

    /// Where the crawl is.
    ///
    /// # Errors
    /// [`Error::Usage`] when the directory is none of a crawl in a database.
    pub(crate) fn of(&self, dir: &Place) -> Result<StorePlace> {
        if let Some(url) = &self.store {
            return self.reached.place(&store_url(url)?);
        }
        if !self.reached.is_empty() {
            return Err(Error::Usage(
                "--name is what a crawl is called in a database\n = help: add --store URL".to_owned(),
            ));
        }
        let dir = dir.path();
        if let Some(node) = NodeFile::read(dir)? {
            return Ok(node.place());
        }
        Err(Error::Usage(format!(
            "{} is no directory of a crawl in a database\n = help: name one of those, or the database: --store URL --name NAME",
            dir.display()
        )))
    }
}

/// What to say without PostgreSQL.
#[cfg(not(feature = "postgres"))]
pub(crate) fn unbuilt(place: &StorePlace) -> Error {
    let problem = format!("the crawl is in {place}, and this crawler is built without the feature `postgres`");
    Error::Usage(format!("{problem}\n = help: build it with --features postgres"))
}

/// A database as it is written on the command line; nothing of it is shown when it is none: it may hold a password.
pub(crate) fn store_url(text: &str) -> Result<StoreUrl> {
    text.parse::<StoreUrl>().map_err(|problem| Error::Usage(problem.to_string()))
}
