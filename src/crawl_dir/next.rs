//! The next crawl of a directory: made within it, and then in its place.

use std::fs;
use std::path::{Path, PathBuf};

use super::{CrawlDir, ITEMS, LOCK, RECORDS, RULES, SUMMARY, SURVEY};
use crate::error::{Error, Result};
use crate::observe::Summary;
use crate::sink::ARCHIVE;
use crate::store::file;
use crate::versions::{self, CHANGES};

impl CrawlDir {
    /// Takes the directory in this one in which the next crawl is made.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(crate) fn take_next(&self) -> Result<Self> {
        let next = Self::take(&versions::next(&self.path))?;
        let (rules, here) = (next.path.join(RULES), self.path.join(RULES));
        // The rules of the next crawl are compared with what they found in this one.
        if here.is_file() && !rules.exists() {
            fs::copy(&here, &rules).map_err(|error| Error::io("write", &rules, error))?;
        }
        Ok(next)
    }

    /// Puts the crawl of the next directory, which nobody writes any more, in the place of the one here; that one becomes a
    /// version, of which so many are kept. `passed` is told each step.
    ///
    /// # Errors
    /// A file cannot be renamed or deleted. The next one who takes the directory goes on with it.
    pub(crate) fn replace_by(
        &self,
        next: Self,
        version: &str,
        keep: usize,
        passed: &mut dyn FnMut(&'static str),
    ) -> Result<()> {
        let path = next.path.clone();
        drop(next);
        let names = own_names();
        versions::swap(&self.path, version, (&names, &names), passed)?;
        Self::remove_next(&path);
        versions::prune(&self.path, keep, own_files, passed)
    }

    /// Finishes what a process was killed over: one crawl that takes the place of another, and versions that are deleted.
    pub(super) fn finish_replacing(&self) -> Result<()> {
        versions::finish(&self.path, own_files)?;
        if self.is_untold() {
            Self::remove_next(&versions::next(&self.path));
        }
        Ok(())
    }

    /// Whether the crawl here is an update that has taken its place, and nobody was told what has changed: the process that
    /// made it was killed before.
    pub(crate) fn is_untold(&self) -> bool {
        versions::is_untold(&self.path)
    }

    /// What such an update came to. `None` when nobody can read it.
    pub(crate) fn untold(&self) -> Option<Summary> {
        self.summary_before().filter(|_| self.is_untold())
    }

    /// The summary that the last run has left here. One that cannot be read is as none: nobody's crawl fails over it.
    pub(crate) fn summary_before(&self) -> Option<Summary> {
        serde_json::from_slice(&fs::read(self.path.join(SUMMARY)).ok()?).ok()
    }

    /// Where it is said what has become of each page since the crawl before.
    pub(crate) fn changes(&self) -> PathBuf {
        self.path.join(CHANGES)
    }

    /// What a version may be called: this, or a longer name when that is taken.
    pub(crate) fn free_version(&self, version: &str) -> String {
        let mut name = version.to_owned();
        while self.version(&name).exists() {
            name.push_str("-1");
        }
        name
    }

    /// Where a version of the crawl here is kept.
    pub(crate) fn version(&self, version: &str) -> PathBuf {
        self.path.join(versions::VERSIONS).join(version)
    }

    /// Removes what is left of the directory of the next crawl once that is here: its lock, which nobody else can have while
    /// this one is taken.
    fn remove_next(next: &Path) {
        let _ = fs::remove_file(next.join(LOCK));
        let _ = fs::remove_dir(next);
    }

    /// Deletes a next crawl that is not to take the place of the one here.
    ///
    /// # Errors
    /// A file cannot be deleted, or another process crawls there.
    pub(crate) fn clear_next(&self) -> Result<()> {
        let next = versions::next(&self.path);
        if !next.is_dir() {
            return Ok(());
        }
        // It may have no summary yet, which would name them.
        let items = names_of_items(&next);
        Self::take(&next)?.clear(Path::new(""), &items.iter().map(String::as_str).collect::<Vec<_>>())?;
        let _ = fs::remove_file(next.join(RULES));
        for folder in [ITEMS, ARCHIVE] {
            let _ = fs::remove_dir(next.join(folder));
        }
        Self::remove_next(&next);
        Ok(())
    }
}

/// Takes note that what has changed with the update in a directory was told.
///
/// # Errors
/// The file that says otherwise cannot be deleted.
pub(crate) fn told(dir: &Path) -> Result<()> {
    versions::told(dir)
}

/// Whether the crawl in a directory is an update of the one before it there, or is just becoming one.
#[cfg(feature = "cli")]
pub(crate) fn is_update(dir: &Path) -> bool {
    dir.join(CHANGES).is_file() || versions::is_between(dir)
}

/// What the items are called in the directory of a crawl. A link there leads elsewhere, and nothing of that is of the crawl.
fn names_of_items(dir: &Path) -> Vec<String> {
    let folder = dir.join(ITEMS);
    let is_folder = folder.symlink_metadata().is_ok_and(|folder| folder.is_dir());
    let entries = is_folder.then(|| fs::read_dir(folder).ok()).flatten().into_iter().flatten().flatten();
    entries.filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned())).collect()
}

/// The files of a version that belong to its crawl, but for its archive.
fn own_files(version: &Path) -> Vec<PathBuf> {
    let items = fs::read_dir(version.join(ITEMS)).into_iter().flatten().flatten().map(|entry| entry.path());
    own_names().iter().map(|name| version.join(name)).filter(|path| path.is_file()).chain(items).collect()
}

/// The names of what belongs to a crawl in its directory: files, and folders of its own.
fn own_names() -> Vec<String> {
    let store = ["", "-wal", "-shm", "-journal"].map(|end| format!("{}{end}", file::FILE));
    let others = [RECORDS, SUMMARY, RULES, CHANGES, SURVEY, ITEMS, ARCHIVE].map(str::to_owned);
    store.into_iter().chain(others).collect()
}
