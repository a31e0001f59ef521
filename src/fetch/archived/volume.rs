//! Volumes: the files in which records lie, whole or as a part of another file.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};

use super::captures::Spot;
use crate::warc::{Bounds, Fault, Placed, Record, Records, next_start};

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

    /// The first bytes of a file: what is behind them does not count.
    #[cfg(feature = "sqlite")]
    pub(super) fn beginning(path: &Path, length: Option<u64>) -> io::Result<Self> {
        let whole = Self::file(path)?;
        Ok(Self { length: length.unwrap_or(whole.length).min(whole.length), ..whole })
    }

    /// Whether there is nothing in it.
    #[cfg(feature = "sqlite")]
    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// So many bytes of a file.
    pub(super) fn part(path: &Path, start: u64, length: u64) -> Self {
        Self { path: path.to_owned(), start, length }
    }

    /// So many bytes of it.
    pub(super) fn within(&self, start: u64, length: u64) -> Self {
        let start = start.min(self.length);
        Self { path: self.path.clone(), start: self.start + start, length: length.min(self.length - start) }
    }

    /// All of its bytes.
    pub(super) fn bytes(&self) -> io::Result<Bytes> {
        let file = File::open(&self.path)?;
        let mut bytes = Bytes { file, start: self.start, length: self.length, at: 0 };
        bytes.rewind()?;
        Ok(bytes)
    }

    /// The file that it is or lies in.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// All records in their order, with the first bytes of each block; what is none is told, and passed over.
    pub(super) fn heads(&self) -> io::Result<Heads<'_>> {
        Ok(Heads { volume: self, start: 0, records: Some(self.heads_from(0)?), faults: 0 })
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

    fn heads_from(&self, offset: u64) -> io::Result<Records<BufReader<Take<File>>>> {
        Ok(Records::new(self.from(offset)?, Bounds { block: MOST_OF_HEAD, ..Bounds::default() }))
    }

    fn from(&self, offset: u64) -> io::Result<BufReader<Take<File>>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.start.saturating_add(offset)))?;
        Ok(BufReader::with_capacity(READ_AT_ONCE, file.take(self.length.saturating_sub(offset))))
    }
}

/// The bytes of a volume, as if it were a file.
#[derive(Debug)]
pub(super) struct Bytes {
    file: File,
    start: u64,
    length: u64,
    at: u64,
}

impl Read for Bytes {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let room = to.len().min(left);
        let read = self.file.read(to.get_mut(..room).unwrap_or_default())?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Bytes {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        let at = at.and_then(|at| Some((at, self.start.checked_add(at)?)));
        let (at, in_file) = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.file.seek(SeekFrom::Start(in_file))?;
        self.at = at;
        Ok(at)
    }
}

/// The records of a volume. Behind a fault it goes on with what looks like the next record, so that damage in one place
/// costs what is there and nothing else.
#[derive(Debug)]
pub(super) struct Heads<'a> {
    volume: &'a Volume,
    /// Where the records that are being read start.
    start: u64,
    records: Option<Records<BufReader<Take<File>>>>,
    faults: u32,
}

impl Heads<'_> {
    /// The records behind a fault, if there are more and this is not all faults.
    fn go_on(&mut self, fault: &Fault) -> io::Result<()> {
        self.faults += 1;
        if self.faults > MOST_FAULTS {
            return Ok(());
        }
        let behind = fault.offset + 1;
        if let Some(passed) = next_start(self.volume.from(behind)?)? {
            self.start = behind + passed;
            self.records = Some(self.volume.heads_from(self.start)?);
        }
        Ok(())
    }
}

impl Iterator for Heads<'_> {
    type Item = Result<Placed, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.start;
        match self.records.as_mut()?.next()? {
            Ok(Placed { record, place }) => Some(Ok(Placed { record, place: place.moved(start) })),
            Err(fault) => {
                let mut fault = Fault { offset: fault.offset + start, ..fault };
                self.records = None;
                if let Err(error) = self.go_on(&fault) {
                    fault.why = error.to_string();
                }
                Some(Err(fault))
            }
        }
    }
}

/// What is read of a block to find out what it is: the head of an HTTP message.
const MOST_OF_HEAD: u64 = 64 << 10;
/// Each fault may cost a way through all that is behind it.
const MOST_FAULTS: u32 = 100;
/// Most records are shorter.
const READ_AT_ONCE: usize = 32 << 10;
