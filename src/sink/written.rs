//! An output as it was written: its lines, for somebody who reads them while the crawl may go on.

use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::Checkpoint;
use super::durable_file::{beside, is_stream};
use super::summed::Sum;
use crate::error::{Error, Result};

/// An output file, opened before the store is asked how far it goes: the crawl may put an amended one in its place at any
/// time.
#[derive(Debug)]
pub struct Written {
    path: PathBuf,
    /// `None` when it is not there.
    file: Option<File>,
    /// What may be about to take its place.
    beside: Option<File>,
}

/// The lines of an output, as far as a crawl has committed them.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    from: Option<io::Take<BufReader<File>>>,
    line: Vec<u8>,
    /// Of the lines so far: how many bytes, and their sum.
    read: (u64, Sum),
    /// What all of them should come to.
    crc: Option<u32>,
    /// How many bytes the store says there are.
    pub committed: u64,
    /// How many bytes there were after that; `None` when the file is not there.
    pub found: Option<u64>,
}

impl Written {
    /// Opens what is at a path. `None` when it is no regular file: nobody can read again what went to a pipe.
    ///
    /// # Errors
    /// It cannot be read; a folder is none.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        if path.is_dir() {
            return Err(Error::io("read", path, ErrorKind::IsADirectory.into()));
        }
        if is_stream(path) || path.metadata().is_ok_and(|found| !found.is_file()) {
            return Ok(None);
        }
        Ok(Some(Self { path: path.to_owned(), file: open(path)?, beside: open(&beside(path))? }))
    }

    /// The lines of the file that counts, by what the store said after the file was opened. `None` when the file has got
    /// another place meanwhile: then open it again.
    pub fn lines(self, checkpoint: &Checkpoint) -> Result<Option<Lines>> {
        let Self { path, file, beside: amended } = self;
        let Checkpoint::Length { committed, amended: amended_length, crc } = *checkpoint;
        // In this order: a file that is no longer beside has taken its place before.
        let is_beside = beside(&path).exists();
        let now = fs::metadata(&path).ok();
        let then = file.as_ref().map(|file| metadata(&path, file)).transpose()?;
        if now.as_ref().map(identity) != then.as_ref().map(identity) {
            return Ok(None);
        }
        let (file, committed) = match (amended_length, amended) {
            (None, _) => (file, committed),
            (Some(committed), Some(amended)) => (Some(amended), committed),
            (Some(_), None) if is_beside => return Ok(None),
            (Some(committed), None) => (file, committed),
        };
        // Only now: the crawl may have written more since the file was opened, and have committed that.
        let found = file.as_ref().map(|file| metadata(&path, file)).transpose()?.map(|found| found.len());
        let from = file.map(|file| BufReader::with_capacity(BUFFER, file).take(committed));
        Ok(Some(Lines { path, from, line: Vec::new(), read: (0, Sum::new()), crc, committed, found }))
    }
}

impl Lines {
    /// Whether these were, when all are read, not the bytes that were written. `false` when that is not known: the sum was
    /// not kept, or there are fewer bytes than were committed.
    pub fn have_changed(&self) -> bool {
        let (length, sum) = &self.read;
        *length == self.committed && self.crc.is_some() && self.crc != sum.value()
    }

    /// The next line with its end; the last one may have none.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>> {
        self.line.clear();
        let Some(from) = &mut self.from else { return Ok(None) };
        let read = from.take(LONGEST).read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| Error::io("read", &self.path, error))?;
        self.read.0 += read as u64;
        self.read.1.add(&self.line);
        Ok((read > 0).then_some(&self.line))
    }
}

fn open(path: &Path) -> Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("open", path, error)),
    }
}

fn metadata(path: &Path, file: &File) -> Result<Metadata> {
    file.metadata().map_err(|error| Error::io("read", path, error))
}

#[cfg(unix)]
fn identity(file: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (file.dev(), file.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

const BUFFER: usize = 256 << 10;
/// What is longer is no record, and not worth the memory.
const LONGEST: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read after the file was opened and then something was done, with what the store says then.
    fn read(then: impl Fn(&Path), committed: &Checkpoint) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.jsonl");
        fs::write(&path, "old\nbehind").unwrap();
        let written = Written::open(&path).unwrap().unwrap();
        then(&path);
        let mut lines = written.lines(committed).unwrap()?;
        let mut text = String::new();
        while let Some(line) = lines.next_line().unwrap() {
            text.push_str(std::str::from_utf8(line).unwrap());
        }
        Some(text)
    }

    #[test]
    fn what_lies_behind_the_committed_length_is_not_read() {
        let old = &Checkpoint::length(4);
        assert_eq!(read(|_| (), old).unwrap(), "old\n");
        assert_eq!(read(|path| fs::write(beside(path), "prepared").unwrap(), old).unwrap(), "old\n");
    }

    #[test]
    fn a_file_that_gets_another_place_meanwhile_is_not_read() {
        let amended = &Checkpoint::Length { committed: 4, amended: Some(9), crc: None };
        let prepare = |path: &Path| fs::write(beside(path), "amended!\n").unwrap();
        let replace = |path: &Path| {
            prepare(path);
            fs::rename(beside(path), path).unwrap();
        };
        assert_eq!(read(prepare, amended), None, "it was not there when the others were opened");
        assert_eq!(read(replace, amended), None);
        assert_eq!(read(|path| fs::remove_file(path).unwrap(), amended), None);
    }

    #[test]
    fn what_was_written_and_committed_meanwhile_was_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.jsonl");
        fs::write(&path, "").unwrap();
        let written = Written::open(&path).unwrap().unwrap();
        fs::write(&path, "new\n").unwrap();
        let lines = written.lines(&Checkpoint::length(4)).unwrap().unwrap();
        assert_eq!((lines.found, lines.committed), (Some(4), 4));
    }

    #[test]
    fn bytes_that_were_not_written_so_are_noticed_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.jsonl");
        let have_changed = |text: &str, crc| {
            fs::write(&path, text).unwrap();
            let checkpoint = Checkpoint::length(9).with_crc(crc);
            let mut lines = Written::open(&path).unwrap().unwrap().lines(&checkpoint).unwrap().unwrap();
            while lines.next_line().unwrap().is_some() {}
            lines.have_changed()
        };
        let crc = Some(crc32fast::hash(b"one\nthree"));
        assert!(!have_changed("one\nthree", crc));
        assert!(!have_changed("one\nthreebehind", crc), "what is not committed does not count");
        assert!(have_changed("one\nthref", crc));
        assert!(!have_changed("one\nthref", None));
        assert!(!have_changed("one\n", crc), "that is another matter");
    }

    #[test]
    fn a_pipe_and_what_is_not_there_have_no_lines() {
        assert!(Written::open(Path::new("/dev/null")).unwrap().is_none());
        let folder = tempfile::tempdir().unwrap();
        assert!(Written::open(folder.path()).is_err(), "a folder has no lines, and is not what was written");
        let written = Written::open(&folder.path().join("pages.jsonl")).unwrap().unwrap();
        let mut lines = written.lines(&Checkpoint::length(4)).unwrap().unwrap();
        assert_eq!((lines.found, lines.next_line().unwrap()), (None, None));
    }
}
