//! Target: the file of an export or a report, which has its name only when it is whole.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A file beside the one that it is to become. Dropped before [`finish`](Self::finish), it is deleted.
#[derive(Debug)]
pub(crate) struct Target {
    /// As the user has named it.
    shown: PathBuf,
    /// Without links in it: of a link to a file, the file is replaced and not the link.
    path: PathBuf,
    beside: PathBuf,
    /// Locked as long as it is written.
    file: File,
    replaces: bool,
}

impl Target {
    /// Begins a file, and makes the folders that it is in. A file that is there is left as it is until the end.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is something that may not be replaced, or another process is about to.
    pub(crate) fn begin(path: &Path, replaces: bool) -> Result<Self> {
        let shown = path.to_owned();
        expect_free(path, replaces)?;
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, error))?;
        }
        let mut beside = OsString::from(&path);
        beside.push(".tmp");
        let beside = PathBuf::from(beside);
        let io = |error| Error::io("create", &beside, error);
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&beside).map_err(io)?;
        match file.try_lock() {
            Ok(()) => file.set_len(0).map_err(io)?,
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Usage(format!("another process is writing {}", shown.display())));
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &beside, error)),
        }
        Ok(Self { shown, path, beside, file, replaces })
    }

    /// The file as it is written, empty at first.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Where it is until the end.
    pub(crate) fn beside(&self) -> &Path {
        &self.beside
    }

    /// What messages call it.
    pub(crate) fn shown(&self) -> &Path {
        &self.shown
    }

    /// Makes what was written durable, and gives it its name; how many bytes there are.
    pub(crate) fn finish(self) -> Result<u64> {
        let io = |error| Error::io("write", &self.shown, error);
        self.file.sync_all().map_err(io)?;
        expect_free(&self.path, self.replaces)?;
        fs::rename(&self.beside, &self.path).map_err(io)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Not all systems can, and none needs it but after a loss of power.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
        Ok(self.file.metadata().map_err(io)?.len())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // When it has its name already, nothing is there.
        let _ = fs::remove_file(&self.beside);
    }
}

fn expect_free(path: &Path, replaces: bool) -> Result<()> {
    let shown = path.display();
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(Error::Usage(format!("{shown} is a folder\n = help: name a file in it"))),
        Ok(found) if !found.is_file() => Err(Error::Usage(format!("{shown} is no file that can be replaced"))),
        Ok(_) if !replaces => Err(Error::Usage(format!("{shown} is already there\n = help: --force replaces it"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_has_its_name_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/pages.csv");
        let target = Target::begin(&path, false).unwrap();
        target.file().write_all(b"whole").unwrap();
        assert!(!path.exists());
        let refused = Target::begin(&path, false).unwrap_err().to_string();
        assert!(refused.contains("another process is writing"), "{refused}");
        target.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_given_up_leaves_nothing_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.csv");
        fs::write(&path, "old").unwrap();
        fs::write(folder.path().join("pages.csv.tmp"), "of a process that was killed").unwrap();
        let refused = Target::begin(&path, false).unwrap_err().to_string();
        assert!(refused.ends_with("pages.csv is already there\n = help: --force replaces it"), "{refused}");
        let target = Target::begin(&path, true).unwrap();
        assert_eq!(target.file().metadata().unwrap().len(), 0);
        drop(target);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let other = Target::begin(&folder.path().join("new.csv"), false).unwrap();
        fs::write(folder.path().join("new.csv"), "made meanwhile").unwrap();
        assert!(other.finish().is_err());
        assert_eq!(fs::read_to_string(folder.path().join("new.csv")).unwrap(), "made meanwhile");
    }
}
