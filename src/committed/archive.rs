//! The archive of a crawl, as far as it is committed.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read as _, Take};
use std::path::{Path, PathBuf};

use super::look_at_notes;
use crate::crawl_dir::{archive_files, holds_archive};
use crate::error::{Error, Result};
use crate::store::file;
use crate::store::sqlite::StoreReader;
use crate::versions;
use crate::warc::{Bounds, Fault, Records};

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ArchiveFile {
    pub(crate) path: PathBuf,
    /// So much of it counts; `None` of a crawl that keeps no store: all of it.
    pub(crate) committed: Option<u64>,
    /// The CRC-32 of that, when it is known.
    pub(crate) crc: Option<u32>,
}

impl ArchiveFile {
    /// The files of the archive of the crawl in a directory, in their order, while it runs or after it.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is none.
    pub(crate) fn of_crawl(dir: &Path) -> Result<Vec<Self>> {
        let files = if file::is_there(dir)? || archive_files(dir).is_empty() {
            look_at_notes(dir, |store| Self::of_store(dir, store))?
        } else {
            let is_archive = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "gz");
            let whole = |path| Self { path, committed: None, crc: None };
            archive_files(dir).into_iter().filter(is_archive).map(whole).collect()
        };
        if files.is_empty() {
            let dir = dir.display();
            return Err(Error::Usage(format!("the crawl in {dir} has no archive\n = help: crawl with --warc")));
        }
        Ok(files)
    }

    /// The files of the archives of the crawls before that in a directory, the oldest first: what has not changed since has
    /// its body there and nowhere else. What cannot be read of them is told in the log.
    pub(crate) fn of_crawls_before(dir: &Path) -> Vec<Self> {
        let mut files = Vec::new();
        for version in versions::before(dir).into_iter().filter(|version| !archive_files(version).is_empty()) {
            match Self::of_crawl(&version) {
                Ok(found) => files.extend(found.into_iter().filter(|file| file.path.is_file())),
                Err(error) => tracing::warn!("the archive in {} is left out: {error}", version.display()),
            }
        }
        files
    }

    /// The files that a store knows.
    pub(crate) fn of_store(dir: &Path, store: &StoreReader) -> Result<Vec<Self>> {
        let files = store.outputs()?.into_iter().filter(|(name, _)| holds_archive(name));
        let file = |(name, checkpoint): (String, crate::sink::Checkpoint)| Self {
            path: dir.join(name),
            committed: Some(checkpoint.settled_length()),
            crc: checkpoint.settled_crc(),
        };
        // A process that was killed may have named one that it has not made.
        let mut files: Vec<_> =
            files.map(file).filter(|file| file.committed != Some(0) || file.path.exists()).collect();
        // Numbers that have grown longer come last.
        files.sort_by_key(|file| (file.path.as_os_str().len(), file.path.clone()));
        Ok(files)
    }

    /// The name of the file, which is how indexes call it.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Opens what counts of it.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it is not there, or shorter than that.
    pub(crate) fn open(&self) -> Result<Take<File>> {
        let committed = self.committed.unwrap_or(u64::MAX);
        let is = match File::open(&self.path) {
            Ok(file) => match file.metadata().map_err(|error| Error::io("open", &self.path, error))?.len() {
                found if self.committed.is_some() && found < committed => format!("is {found} bytes long"),
                _ => return Ok(file.take(committed)),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => "is not there".to_owned(),
            Err(error) => return Err(Error::io("open", &self.path, error)),
        };
        let shown = self.path.display();
        Err(Error::Damaged(format!("{shown} {is}, but the crawl has written {committed} bytes to it")))
    }

    /// Its records.
    pub(crate) fn records(&self, bounds: Bounds) -> Result<Records<BufReader<Take<File>>>> {
        Ok(Records::new(BufReader::with_capacity(BUFFER, self.open()?), bounds))
    }

    /// What to say when one of them is none.
    pub(crate) fn damaged(&self, fault: &Fault) -> Error {
        Error::Damaged(format!("{} is not what the crawl has written: {fault}", self.path.display()))
    }
}

const BUFFER: usize = 256 << 10;
