//! The file `node` of a crawl directory whose store is a database: who this directory is there, and where that is.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::store_place::{CrawlName, Making, StorePlace, StoreUrl};

/// What is in it. No password ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NodeFile {
    /// Who this directory is among those that crawl together: 16 hex digits.
    pub(crate) id: String,
    /// How often it had committed when it last ended in order. A database that knows of fewer has gone back in time.
    #[serde(default)]
    pub(crate) turn: i64,
    store: StoreUrl,
    name: CrawlName,
    #[serde(default)]
    store_password_file: PathBuf,
    #[serde(default)]
    store_insecure: bool,
}

impl NodeFile {
    /// A new node of a crawl.
    #[cfg(feature = "postgres")]
    pub(super) fn new(place: &StorePlace) -> Self {
        let StorePlace { url, name, password_file, insecure, .. } = place.clone();
        let id = format!("{:016x}", fastrand::u64(..));
        Self { id, turn: 0, store: url, name, store_password_file: password_file, store_insecure: insecure }
    }

    /// Reads that of a directory; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it is not what a crawl has written.
    pub(crate) fn read(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join(NODE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
            Err(error) => return Err(Error::io("open", &path, error)),
        };
        let damaged = |what: &str| {
            let shown = path.display();
            Error::Damaged(format!("{shown} is damaged: {what}; put a copy of it back, or start over with --fresh"))
        };
        let file: Self = toml::from_str(&text).map_err(|error| damaged(error.message()))?;
        if file.id.len() != 16 || !file.id.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(damaged("`id` is not 16 hex digits"));
        }
        Ok(Some(file))
    }

    /// That of a directory which is to be of the crawl in this place; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is of another crawl; as [`read`](Self::read).
    pub(crate) fn expect_of(dir: &Path, place: &StorePlace) -> Result<Option<Self>> {
        match Self::read(dir)? {
            Some(node) if (&node.store, &node.name) != (&place.url, &place.name) => Err(Error::Usage(format!(
                "the directory {} is of the crawl in {}, and not of that in {place}; --dir takes another directory",
                dir.display(),
                node.place()
            ))),
            node => Ok(node),
        }
    }

    /// Writes it: whole, or not at all.
    #[cfg(feature = "postgres")]
    pub(super) fn write(&self, dir: &Path) -> Result<()> {
        let (path, temporary) = (dir.join(NODE), dir.join(format!("{NODE}.tmp")));
        let text = toml::to_string(self).map_err(|error| Error::Internal(format!("{NODE} is no TOML: {error}")))?;
        let text = format!("# Who this directory is in the store that it shares. Keep it with the records.\n{text}");
        let mut file = File::create(&temporary).map_err(|error| Error::io("write", &temporary, error))?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|error| Error::io("write", &temporary, error))?;
        fs::rename(&temporary, &path).map_err(|error| Error::io("write", &path, error))?;
        // Not all systems can, and none needs it but after a loss of power.
        let _ = File::open(dir).and_then(|folder| folder.sync_all());
        Ok(())
    }

    /// Where its store is.
    pub(crate) fn place(&self) -> StorePlace {
        let (url, name) = (self.store.clone(), self.name.clone());
        StorePlace {
            url,
            name,
            password_file: self.store_password_file.clone(),
            insecure: self.store_insecure,
            making: Making::default(),
        }
    }
}

/// The name of the file in its crawl directory.
pub(crate) const NODE: &str = "node";
