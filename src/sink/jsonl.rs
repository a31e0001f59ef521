//! JSON lines: one record a line, into a file or a pipe.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Amendment, Record, Sink, amend};
use crate::error::{Error, Result};

/// A file of records, one JSON object a line.
///
/// Only whole lines are handed to the operating system, and when it takes a part of them only (the disk is full), that
/// part is cut off again. [`amend`](Sink::amend) rewrites the file once, beside itself as `….tmp`, and puts it in its
/// place. When the path names a pipe or a device, nothing can be made durable or amended there.
#[derive(Debug)]
pub struct JsonlFile {
    path: PathBuf,
    file: File,
    /// Of the lines that the file holds whole.
    length: u64,
    is_regular: bool,
    lines: Lines,
}

/// A stream of records, one JSON object a line: stdout, or anything else that can be written to.
///
/// What was written cannot be reached again: [`amend`](Sink::amend) does nothing. A reader that goes away is
/// [`Error::ClosedPipe`].
pub struct JsonlStream<W> {
    name: PathBuf,
    to: W,
    lines: Lines,
}

/// Whole lines that are not handed over yet.
#[derive(Debug, Default)]
struct Lines(Vec<u8>);

impl JsonlFile {
    /// Creates the file, and the folders that it is in. An existing file is emptied.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, error))?;
        }
        let file = File::create(&path).map_err(|error| Error::io("create", &path, error))?;
        let is_regular = file.metadata().map_err(|error| Error::io("open", &path, error))?.is_file();
        if is_regular {
            sync_folder(&path);
        }
        Ok(Self { path, file, length: 0, is_regular, lines: Lines::default() })
    }

    fn hand_over(&mut self) -> Result<()> {
        if let Err(error) = self.file.write_all(&self.lines.0) {
            self.cut_back();
            return Err(Error::io("write", &self.path, error));
        }
        self.length += self.lines.0.len() as u64;
        self.lines.0.clear();
        Ok(())
    }

    /// Takes back a write that failed half way. When that fails too, the first error is the one worth telling.
    fn cut_back(&mut self) {
        if self.is_regular {
            let _ = self.file.set_len(self.length);
            let _ = self.file.seek(SeekFrom::Start(self.length));
        }
    }

    fn rewrite(&mut self, path: &Path, beside: &Path, amendments: &[Amendment]) -> io::Result<()> {
        let from = File::open(path)?;
        let permissions = from.metadata()?.permissions();
        let mut to = BufWriter::with_capacity(BUFFER, File::create(beside)?);
        amend::copy(BufReader::with_capacity(BUFFER, from), &mut to, amendments)?;
        let mut file = to.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.set_permissions(permissions)?;
        file.sync_all()?;
        let length = file.stream_position()?;
        fs::rename(beside, path)?;
        sync_folder(path);
        (self.file, self.length) = (file, length);
        Ok(())
    }
}

impl Sink for JsonlFile {
    fn write(&mut self, record: &Record) -> Result<()> {
        self.lines.push(record)?;
        if self.lines.is_full() { self.hand_over() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.hand_over()?;
        if self.is_regular {
            self.file.sync_data().map_err(|error| Error::io("write", &self.path, error))?;
        }
        Ok(())
    }

    fn amend(&mut self, amendments: &[Amendment]) -> Result<()> {
        if amendments.is_empty() || !self.is_regular {
            return Ok(());
        }
        self.flush()?;
        // Of a link to the file, the file is replaced and not the link.
        let path = fs::canonicalize(&self.path).map_err(|error| Error::io("open", &self.path, error))?;
        let mut beside = OsString::from(&path);
        beside.push(".tmp");
        let beside = PathBuf::from(beside);
        self.rewrite(&path, &beside, amendments).map_err(|error| {
            // The file itself is as it was; what is beside it is of no use to anybody.
            let _ = fs::remove_file(&beside);
            Error::io("amend", &path, error)
        })
    }
}

impl JsonlStream<io::Stdout> {
    /// Records to stdout.
    pub fn stdout() -> Self {
        Self::new(io::stdout(), "stdout")
    }
}

impl<W: Write> JsonlStream<W> {
    /// Records to a writer, which errors call by this name.
    pub fn new(to: W, name: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), to, lines: Lines::default() }
    }

    fn hand_over(&mut self) -> Result<()> {
        self.to.write_all(&self.lines.0).map_err(|error| Error::io("write", &self.name, error))?;
        self.lines.0.clear();
        Ok(())
    }
}

impl<W: Write + Send> Sink for JsonlStream<W> {
    fn write(&mut self, record: &Record) -> Result<()> {
        self.lines.push(record)?;
        if self.lines.is_full() { self.hand_over() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.hand_over()?;
        self.to.flush().map_err(|error| Error::io("write", &self.name, error))
    }
}

impl<W> fmt::Debug for JsonlStream<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonlStream").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Lines {
    fn push(&mut self, record: &Record) -> Result<()> {
        let whole = self.0.len();
        if let Err(error) = serde_json::to_writer(&mut self.0, record) {
            self.0.truncate(whole);
            return Err(Error::Internal(format!("the record of {} is no JSON: {error}", record.url)));
        }
        self.0.push(b'\n');
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.0.len() >= BUFFER
    }
}

/// Makes the name of a file durable. Not all systems can, and none needs it but after a loss of power.
fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

const BUFFER: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::super::record::tests::page;
    use super::*;

    fn records(count: u32) -> Vec<Record> {
        (0..count).map(|at| page(&format!("http://e.com/{at}"), at, Some("http://e.com/"))).collect()
    }

    fn read(path: &Path) -> Vec<Record> {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "the last line is whole");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn written(path: &Path, records: &[Record]) -> JsonlFile {
        let mut sink = JsonlFile::create(path).unwrap();
        for record in records {
            sink.write(record).unwrap();
        }
        sink.flush().unwrap();
        sink
    }

    #[test]
    fn each_record_is_a_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/pages.jsonl");
        let _sink = written(&path, &records(500));
        assert_eq!(read(&path), records(500));
    }

    #[test]
    fn only_whole_lines_reach_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        let mut sink = JsonlFile::create(&path).unwrap();
        let mut lengths = std::collections::BTreeSet::new();
        for record in &records(500) {
            sink.write(record).unwrap();
            lengths.insert(read(&path).len());
        }
        assert!(lengths.len() > 2, "it is handed over in parts: {lengths:?}");
    }

    #[test]
    fn an_existing_file_is_emptied() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        fs::write(&path, "old").unwrap();
        let _sink = written(&path, &records(1));
        assert_eq!(read(&path), records(1));
    }

    #[test]
    fn amended_records_are_corrected_and_more_can_follow() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        let mut expected = records(300);
        let mut sink = written(&path, &expected);
        sink.write(&page("http://e.com/unflushed", 9, None)).unwrap();
        let amendments = [
            Amendment { url: "http://e.com/200".into(), depth: 3, referrer: Some("http://e.com/2".into()) },
            Amendment { url: "http://e.com/unflushed".into(), depth: 1, referrer: Some("http://e.com/1".into()) },
        ];
        sink.amend(&amendments).unwrap();
        expected[200] = page("http://e.com/200", 3, Some("http://e.com/2"));
        expected.push(page("http://e.com/unflushed", 1, Some("http://e.com/1")));
        assert_eq!(read(&path), expected);

        sink.write(&page("http://e.com/later", 4, None)).unwrap();
        sink.flush().unwrap();
        expected.push(page("http://e.com/later", 4, None));
        assert_eq!(read(&path), expected);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside the file");
    }

    #[test]
    fn amending_that_fails_leaves_the_file_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        let mut sink = written(&path, &records(2));
        fs::create_dir(dir.path().join("pages.jsonl.tmp")).unwrap();
        let amendment = Amendment { url: "http://e.com/1".into(), depth: 0, referrer: None };
        let error = sink.amend(&[amendment]).unwrap_err();
        assert!(error.to_string().starts_with("cannot amend "), "{error}");
        assert_eq!(read(&path), records(2));
    }

    #[cfg(unix)]
    #[test]
    fn amending_replaces_the_file_behind_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("pages.jsonl"), dir.path().join("link"));
        fs::write(&path, "").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let mut sink = written(&link, &records(2));
        sink.amend(&[Amendment { url: "http://e.com/1".into(), depth: 0, referrer: None }]).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(read(&path), [records(1).remove(0), page("http://e.com/1", 0, None)]);
    }

    #[test]
    fn half_a_line_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        let mut sink = written(&path, &records(2));
        sink.file.write_all(b"{\"url\":\"http://e.com/ha").unwrap();
        sink.cut_back();
        assert_eq!(read(&path), records(2));
        sink.write(&page("http://e.com/more", 1, None)).unwrap();
        sink.flush().unwrap();
        assert_eq!(read(&path).len(), 3);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_that_names_the_file() {
        let mut sink = JsonlFile::create("/dev/full").unwrap();
        sink.write(&page("http://e.com/", 0, None)).unwrap();
        let error = sink.flush().unwrap_err();
        assert!(error.to_string().starts_with("cannot write /dev/full: No space left"), "{error}");
        sink.amend(&[Amendment { url: "http://e.com/".into(), depth: 0, referrer: None }]).unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_created_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let error = JsonlFile::create(dir.path()).unwrap_err();
        assert!(error.to_string().starts_with(&format!("cannot create {}: ", dir.path().display())), "{error}");
    }

    /// Keeps each write apart, and stands for a pipe whose reader has gone after so many.
    #[derive(Debug, Default)]
    struct Pipe {
        writes: Vec<Vec<u8>>,
        room: usize,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.writes.len() == self.room {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.writes.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_stream_gets_whole_lines() {
        let mut sink = JsonlStream::new(Pipe { room: 100, ..Pipe::default() }, "pipe");
        for record in records(500) {
            sink.write(&record).unwrap();
        }
        sink.flush().unwrap();
        assert!(sink.to.writes.len() > 2, "a long crawl does not wait for its end");
        assert!(sink.to.writes.iter().all(|bytes| bytes.ends_with(b"}\n")));
        assert_eq!(String::from_utf8(sink.to.writes.concat()).unwrap().lines().count(), 500);
    }

    #[test]
    fn a_reader_that_goes_away_is_a_closed_pipe() {
        let mut sink = JsonlStream::new(Pipe::default(), "pipe");
        sink.write(&page("http://e.com/", 0, None)).unwrap();
        assert!(matches!(sink.flush(), Err(Error::ClosedPipe)));
    }

    #[test]
    fn a_stream_leaves_amendments_alone() {
        let mut sink = JsonlStream::new(Pipe { room: 9, ..Pipe::default() }, "pipe");
        sink.amend(&[Amendment { url: "http://e.com/".into(), depth: 0, referrer: None }]).unwrap();
        sink.flush().unwrap();
        assert!(sink.to.writes.is_empty());
    }
}
