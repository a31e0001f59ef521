//! The files of an archive: one that grows, and those before it, which are full.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::ArchiveNames;
use super::names::ARCHIVE;
use crate::error::{Error, Result};
use crate::sink::Checkpoint;
use crate::sink::durable_file::DurableFile;

/// A row of files, of which the last one grows.
///
/// - Each is an output of its own to the store: its name, its length, its checksum.
/// - The next one begins where the last commit may not know of it yet. Its name is known all the same, so a run that goes
///   on takes it away.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    names: ArchiveNames,
    serial: u32,
    current: DurableFile,
    most: u64,
    /// Files whose checkpoints are not told yet.
    untold: Vec<(String, Checkpoint)>,
    /// What was told of the one that grows.
    told: Option<Checkpoint>,
}

impl Files {
    /// Opens the row in a crawl directory as it was committed: these are its files, at least one. What follows their
    /// checkpoints is cut off.
    ///
    /// # Errors
    /// [`Error::Damaged`] when one is not as the crawl has left it; nothing is touched then.
    pub(super) fn resume(dir: &Path, known: &[(String, Checkpoint)], most: u64) -> Result<Self> {
        let folder = dir.join(ARCHIVE);
        let mut row: Vec<_> =
            known.iter().filter_map(|(name, checkpoint)| Some((of_output(name)?, checkpoint))).collect();
        row.sort_by_key(|((_, serial), _)| *serial);
        let Some((((names, serial), last), full)) = row.split_last() else {
            return Err(Error::Internal("an archive without a file".to_owned()));
        };
        for ((names, serial), checkpoint) in full {
            expect_full(&folder.join(names.name(*serial)), checkpoint.settled_length())?;
        }
        let current = DurableFile::resume(folder.join(names.name(*serial)), last, &[])?;
        let files = Self {
            folder,
            names: names.clone(),
            serial: *serial,
            current,
            most,
            untold: Vec::new(),
            told: Some((*last).clone()),
        };
        files.take_away_next()?;
        Ok(files)
    }

    /// What the store calls the first file of a row.
    pub(super) fn first(names: &ArchiveNames) -> String {
        output_name(names, 0)
    }

    /// The name of the file that grows.
    pub(super) fn name(&self) -> String {
        self.names.name(self.serial)
    }

    /// Where the next piece will be: the number of its file, and its offset there.
    pub(super) fn end(&self) -> (u32, u64) {
        (self.serial, self.current.end())
    }

    /// Whether the next piece is the first of its file.
    pub(super) fn is_new(&self) -> bool {
        self.current.end() == 0
    }

    /// Begins the next file when this one is full.
    pub(super) fn turn(&mut self) -> Result<()> {
        if self.current.end() < self.most {
            return Ok(());
        }
        if let Some(checkpoint) = self.current.flush()? {
            self.untold.push((output_name(&self.names, self.serial), checkpoint));
        }
        self.serial += 1;
        self.current = DurableFile::create(self.folder.join(self.name()))?;
        self.told = None;
        Ok(())
    }

    /// Appends one piece.
    pub(super) fn append(&mut self, piece: &[u8]) -> Result<()> {
        self.current.append(|to| {
            to.extend_from_slice(piece);
            Ok(())
        })
    }

    /// Makes everything durable.
    pub(super) fn flush(&mut self) -> Result<()> {
        let checkpoint = self.current.flush()?;
        if checkpoint != self.told {
            self.untold
                .extend(checkpoint.clone().map(|checkpoint| (output_name(&self.names, self.serial), checkpoint)));
            self.told = checkpoint;
        }
        Ok(())
    }

    /// The checkpoints that have changed since this was asked last.
    pub(super) fn take_untold(&mut self) -> Vec<(String, Checkpoint)> {
        std::mem::take(&mut self.untold)
    }

    /// The bytes from a place on, up to so many; `None` when there is nothing, or nobody can read it.
    pub(super) fn read(&mut self, serial: u32, offset: u64, most: u64) -> Option<Vec<u8>> {
        if serial == self.serial {
            self.current.hand_over().ok()?;
        }
        let mut file = File::open(self.folder.join(self.names.name(serial))).ok()?;
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(offset)).ok()?;
        file.take(most).read_to_end(&mut bytes).ok()?;
        (!bytes.is_empty()).then_some(bytes)
    }

    /// The folder that they are in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes away the files behind the last one that was committed: nothing in them counts.
    fn take_away_next(&self) -> Result<()> {
        for serial in self.serial + 1.. {
            let path = self.folder.join(self.names.name(serial));
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) => return Err(Error::io("delete", &path, error)),
            }
        }
        Ok(())
    }
}

/// What the store calls a file.
fn output_name(names: &ArchiveNames, serial: u32) -> String {
    format!("{ARCHIVE}/{}", names.name(serial))
}

/// The names of the row of a file, and its number.
fn of_output(name: &str) -> Option<(ArchiveNames, u32)> {
    ArchiveNames::parse(name.strip_prefix(ARCHIVE)?.strip_prefix('/')?)
}

/// Looks whether a file that does not grow any more is as it was left.
fn expect_full(path: &Path, committed: u64) -> Result<()> {
    let is = match fs::metadata(path) {
        Ok(found) if found.len() == committed => return Ok(()),
        Ok(found) => format!("is {} bytes long", found.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => "is not there".to_owned(),
        Err(error) => return Err(Error::io("open", path, error)),
    };
    Err(Error::Damaged(format!(
        "{} {is}, but the crawl has written {committed} bytes to it\n = help: put the file back as it was, or start over \
         with --fresh",
        path.display()
    )))
}
