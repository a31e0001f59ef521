//! Volumes: the files in which records lie, whole or as a part of another file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::captures::Spot;
use crate::warc::{Bounds, Placed, Record, Records};

/// A WARC file, or the part of a WACZ that is one. It is opened for each record that is read: an archive may have more of
/// them than there are file descriptors, and the system remembers where they are.
#[derive(Debug, Clone)]
pub(super) struct Volume {
    path: PathBuf,
    /// The first byte of it in that file.
    start: u64,
    length: u64,
}

impl Volume {
    /// A file as a whole.
    pub(super) fn file(path: &Path) -> io::Result<Self> {
        let length = path.metadata()?.len();
        Ok(Self { path: path.to_owned(), start: 0, length })
    }

    /// So many bytes of a file.
    pub(super) fn part(path: &Path, start: u64, length: u64) -> Self {
        Self { path: path.to_owned(), start, length }
    }

    /// The file that it is or lies in.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// All records in their order, with the first bytes of each block.
    pub(super) fn heads(&self) -> io::Result<Records<impl BufRead + use<>>> {
        Ok(Records::new(self.from(0)?, Bounds { block: MOST_OF_HEAD, ..Bounds::default() }))
    }

    /// The record that lies there.
    pub(super) fn read(&self, spot: Spot) -> Result<Record, String> {
        let from = self.from(spot.offset).map_err(|error| error.to_string())?;
        let mut left = spot.before;
        for placed in Records::new(from, Bounds::default()) {
            let Placed { record, .. } = placed.map_err(|fault| fault.why)?;
            match left {
                0 => return Ok(record),
                _ => left -= 1,
            }
        }
        Err("the archive ends before it".to_owned())
    }

    fn from(&self, offset: u64) -> io::Result<impl BufRead + use<>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.start.saturating_add(offset)))?;
        Ok(BufReader::with_capacity(READ_AT_ONCE, file.take(self.length.saturating_sub(offset))))
    }
}

/// What is read of a block to find out what it is: the head of an HTTP message.
const MOST_OF_HEAD: u64 = 64 << 10;
/// Most records are shorter.
const READ_AT_ONCE: usize = 32 << 10;
