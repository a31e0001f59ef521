//! JSON lines: one record a line, into a file or a pipe.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{Amendment, Position, Record, Sink, amend};
use crate::error::{Error, Result};

/// A file of records, one JSON object a line.
///
/// Only whole lines are handed to the operating system, and when it takes a part of them only (the disk is full), that
/// part is cut off again. Amending writes the file anew, beside itself as `….tmp`, and then puts that in its place. When
/// the path names a pipe or a device, nothing can be made durable, cut back or amended there.
#[derive(Debug)]
pub struct JsonlFile {
    path: PathBuf,
    file: File,
    /// Of the lines that the file holds whole.
    length: u64,
    /// How much of them is on disk. `None` for what is no regular file.
    durable: Option<Position>,
    lines: Lines,
    prepared: Option<Prepared>,
}

/// How far a file of records belongs to a crawl, as its store says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Committed {
    /// So many bytes.
    pub length: u64,
    /// So many of the file that amending has prepared, if it has: whether that has taken its place is not yet known.
    pub amended: Option<u64>,
}

/// The amended file, beside the one whose place it is to take.
#[derive(Debug)]
struct Prepared {
    file: File,
    length: u64,
}

/// A stream of records, one JSON object a line: stdout, or anything else that can be written to.
///
/// What was written cannot be reached again, so nothing is amended. A reader that goes away is
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
        let file = if is_stream(&path) { File::options().append(true).open(&path) } else { File::create(&path) };
        let file = file.map_err(|error| Error::io("create", &path, error))?;
        let is_regular = file.metadata().map_err(|error| Error::io("open", &path, error))?.is_file();
        let durable = if is_regular && !is_stream(&path) {
            sync_folder(&path);
            Some(Position { path: real_path(&path)?, length: 0 })
        } else {
            None
        };
        Ok(Self { path, file, length: 0, durable, lines: Lines::default(), prepared: None })
    }

    /// Goes on with the file of a crawl that was stopped or killed: cuts off what lies behind its committed length. An
    /// amended file that was prepared and committed takes its place first. What is no regular file is only opened.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it is not the file that the crawl has left; it is then not touched.
    pub fn resume(path: impl Into<PathBuf>, committed: Committed) -> Result<Self> {
        let path = path.into();
        match fs::metadata(&path) {
            Ok(found) if found.is_file() && !is_stream(&path) => {}
            Ok(_) => return Self::create(path),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io("open", &path, error)),
            Err(_) if committed == Committed::default() => return Self::create(path),
            Err(_) => return Err(damaged(&path, "is not there", committed.length)),
        }
        let real = real_path(&path)?;
        if let Some(amended) = committed.amended {
            replace_if_left(&real, amended)?;
        }
        let length = committed.amended.unwrap_or(committed.length);
        let file = cut(&path, length)?;
        let durable = Some(Position { path: real, length });
        Ok(Self { path, file, length, durable, lines: Lines::default(), prepared: None })
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
        if self.durable.is_some() {
            let _ = self.file.set_len(self.length);
            let _ = self.file.seek(SeekFrom::Start(self.length));
        }
    }
}

impl Sink for JsonlFile {
    fn write(&mut self, record: &Record) -> Result<()> {
        if self.prepared.is_some() {
            return Err(Error::Internal("a record came between the two steps of amending".to_owned()));
        }
        self.lines.push(record)?;
        if self.lines.is_full() { self.hand_over() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.hand_over()?;
        if let Some(durable) = self.durable.as_mut().filter(|durable| durable.length < self.length) {
            self.file.sync_data().map_err(|error| Error::io("write", &self.path, error))?;
            durable.length = self.length;
        }
        Ok(())
    }

    fn committed(&self) -> Option<Position> {
        self.durable.clone()
    }

    fn prepare_amend(&mut self, amendments: &mut dyn Iterator<Item = Result<Amendment>>) -> Result<Option<u64>> {
        let mut amendments = amendments.peekable();
        if self.durable.is_none() || amendments.peek().is_none() {
            return Ok(None);
        }
        self.flush()?;
        let Some(Position { path, length }) = &self.durable else { return Ok(None) };
        let prepared = prepare(path, *length, amendments).inspect_err(|_| {
            // The file itself is as it was; what is beside it is of no use to anybody.
            let _ = fs::remove_file(beside(path));
        })?;
        let length = prepared.length;
        self.prepared = Some(prepared);
        Ok(Some(length))
    }

    fn finish_amend(&mut self) -> Result<()> {
        if let (Some(Prepared { file, length }), Some(durable)) = (self.prepared.take(), &mut self.durable) {
            replace(&durable.path)?;
            (self.file, self.length, durable.length) = (file, length, length);
        }
        Ok(())
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

/// Writes the amended file beside the one at `path`, and makes it and its name durable.
fn prepare(path: &Path, length: u64, amendments: impl Iterator<Item = Result<Amendment>>) -> Result<Prepared> {
    let io = |error| Error::io("amend", path, error);
    let from = File::open(path).map_err(io)?;
    let permissions = from.metadata().map_err(io)?.permissions();
    let mut to = BufWriter::with_capacity(BUFFER, File::create(beside(path)).map_err(io)?);
    amend::copy(path, BufReader::with_capacity(BUFFER, from.take(length)), &mut to, amendments)?;
    let mut file = to.into_inner().map_err(|error| io(error.into_error()))?;
    file.set_permissions(permissions).and_then(|()| file.sync_all()).map_err(io)?;
    let length = file.stream_position().map_err(io)?;
    // The store will rely on finding it there, or else on its having taken the place of the file.
    sync_folder(path);
    Ok(Prepared { file, length })
}

/// Puts the amended file in its place.
fn replace(path: &Path) -> Result<()> {
    fs::rename(beside(path), path).map_err(|error| Error::io("amend", path, error))?;
    sync_folder(path);
    Ok(())
}

/// Puts the amended file in its place unless a process that was killed has done so. Going back to the file that is not
/// amended would be wrong: killed again after the amended one is deleted, nobody could tell which of the two is left.
fn replace_if_left(path: &Path, length: u64) -> Result<()> {
    let beside = beside(path);
    match fs::metadata(&beside) {
        Ok(left) if left.len() == length => replace(path),
        Ok(left) => Err(damaged(&beside, &format!("is {} bytes long", left.len()), length)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("open", &beside, error)),
    }
}

/// Opens a file for appending after so many bytes, and cuts off what follows them.
fn cut(path: &Path, length: u64) -> Result<File> {
    let io = |error| Error::io("open", path, error);
    let mut file = File::options().read(true).write(true).open(path).map_err(io)?;
    let found = file.metadata().map_err(io)?.len();
    if found < length {
        return Err(damaged(path, &format!("is {found} bytes long"), length));
    }
    if let Some(last) = length.checked_sub(1) {
        let mut end = [0];
        file.seek(SeekFrom::Start(last)).and_then(|_| file.read_exact(&mut end)).map_err(io)?;
        if end != *b"\n" {
            return Err(damaged(path, &format!("has no end of a line at byte {length}"), length));
        }
    }
    if found > length {
        file.set_len(length).and_then(|()| file.sync_all()).map_err(|error| Error::io("cut", path, error))?;
    }
    Ok(file)
}

fn damaged(path: &Path, is: &str, committed: u64) -> Error {
    Error::Damaged(format!(
        "{} {is}, but the crawl has written {committed} bytes to it\n = help: put the file back as it was, or start over \
         with --fresh",
        path.display()
    ))
}

/// The name of the amended file.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut beside = OsString::from(path);
    beside.push(".tmp");
    PathBuf::from(beside)
}

/// Without links: of a link to a file, the file is replaced and not the link.
fn real_path(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).map_err(|error| Error::io("open", path, error))
}

/// Whether a path names what this process was started with, which is nobody's to cut even when it is a file.
pub(super) fn is_stream(path: &Path) -> bool {
    ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|stream| path.starts_with(stream))
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

    fn amend(sink: &mut dyn Sink, amendments: &[Amendment]) -> Result<()> {
        sink.prepare_amend(&mut amendments.iter().cloned().map(Ok))?;
        sink.finish_amend()
    }

    /// Takes a record of [`records`] to depth 0.
    fn better(at: u32) -> Amendment {
        Amendment { url: format!("http://e.com/{at}").into(), depth: 0, referrer: None }
    }

    fn up_to(length: u64) -> Committed {
        Committed { length, amended: None }
    }

    fn length(sink: &JsonlFile) -> u64 {
        sink.committed().unwrap().length
    }

    fn damage(path: &Path, committed: Committed) -> String {
        let before = fs::read(path).ok();
        let message = match JsonlFile::resume(path, committed) {
            Err(Error::Damaged(message)) => message,
            other => panic!("not refused: {other:?}"),
        };
        assert_eq!(fs::read(path).ok(), before, "a file that is refused is not touched");
        message
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
    fn what_is_committed_is_what_the_last_flush_made_durable() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        let mut sink = written(&path, &records(3));
        let committed = sink.committed();
        let length = fs::metadata(&path).unwrap().len();
        assert_eq!(committed, Some(Position { path: path.canonicalize().unwrap(), length }));
        for record in records(500) {
            sink.write(&record).unwrap();
        }
        assert!(fs::metadata(&path).unwrap().len() > length, "some of it has been handed over");
        assert_eq!(sink.committed(), committed);
    }

    #[test]
    fn a_file_goes_on_behind_what_was_committed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        let committed = length(&written(&path, &records(3)));
        for behind in ["", "{\"url\":\"http://e.com/ha", "{\"url\":\"http://e.com/whole\"}\n"] {
            File::options().append(true).open(&path).unwrap().write_all(behind.as_bytes()).unwrap();
            let mut sink = JsonlFile::resume(&path, up_to(committed)).unwrap();
            assert_eq!((read(&path), length(&sink)), (records(3), committed), "behind it was {behind:?}");
            sink.write(&page("http://e.com/more", 1, None)).unwrap();
            sink.flush().unwrap();
            assert_eq!(read(&path).len(), 4);
        }
    }

    #[test]
    fn a_file_of_which_nothing_was_committed_starts_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/pages.jsonl");
        for _ in 0..2 {
            let mut sink = JsonlFile::resume(&path, up_to(0)).unwrap();
            sink.write(&records(1)[0]).unwrap();
            sink.flush().unwrap();
            assert_eq!(read(&path), records(1));
        }
    }

    #[test]
    fn a_file_that_the_crawl_did_not_leave_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        let gone = damage(&path, up_to(9));
        assert!(gone.ends_with("put the file back as it was, or start over with --fresh"), "{gone}");
        assert!(gone.contains("pages.jsonl is not there, but the crawl has written 9 bytes to it"), "{gone}");
        assert!(damage(&path, Committed { length: 0, amended: Some(9) }).contains("is not there"));

        let committed = length(&written(&path, &records(3)));
        let short = damage(&path, up_to(committed + 1));
        assert!(short.contains(&format!("is {committed} bytes long, but the crawl has written {}", committed + 1)));
        assert!(damage(&path, up_to(committed - 1)).contains("has no end of a line"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_no_file_is_only_opened() {
        for path in ["/dev/null", "/dev/full"] {
            let sink = JsonlFile::resume(path, Committed { length: 99, amended: Some(9) }).unwrap();
            assert_eq!(sink.committed(), None, "{path}");
        }
    }

    /// A file of three records, the second to be amended; its length before and after.
    fn prepared(path: &Path) -> (JsonlFile, Committed) {
        let mut sink = written(path, &records(3));
        let before = length(&sink);
        let amended = sink.prepare_amend(&mut [better(1)].into_iter().map(Ok)).unwrap();
        (sink, Committed { length: before, amended })
    }

    fn amended() -> Vec<Record> {
        let mut records = records(3);
        records[1] = page("http://e.com/1", 0, None);
        records
    }

    #[test]
    fn a_kill_while_it_is_amended_leaves_one_of_both_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        // Before the store knows of it: as if it had never been begun.
        let (sink, committed) = prepared(&path);
        drop(sink);
        let sink = JsonlFile::resume(&path, up_to(committed.length)).unwrap();
        assert_eq!((read(&path), length(&sink)), (records(3), committed.length));
        // Once the store knows of it: it is done, and done again however often that is killed.
        let (mut sink, committed) = prepared(&path);
        for _ in 0..3 {
            drop(sink);
            sink = JsonlFile::resume(&path, committed).unwrap();
            assert_eq!((read(&path), Some(length(&sink))), (amended(), committed.amended));
        }
        // After the file has taken its place, with more behind it that was not committed.
        let (mut sink, committed) = prepared(&path);
        sink.finish_amend().unwrap();
        sink.write(&page("http://e.com/more", 1, None)).unwrap();
        sink.flush().unwrap();
        drop(sink);
        let sink = JsonlFile::resume(&path, committed).unwrap();
        assert_eq!((read(&path), Some(length(&sink))), (amended(), committed.amended));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside the file");
    }

    #[test]
    fn a_prepared_file_that_is_not_whole_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        let (_sink, committed) = prepared(&path);
        fs::write(beside(&path), "other").unwrap();
        assert!(damage(&path, committed).contains("pages.jsonl.tmp is 5 bytes long"));
    }

    #[test]
    fn nothing_is_written_between_the_steps_of_amending() {
        let dir = tempfile::tempdir().unwrap();
        let (mut sink, _) = prepared(&dir.path().join("pages.jsonl"));
        assert!(matches!(sink.write(&records(1)[0]), Err(Error::Internal(_))));
        sink.finish_amend().unwrap();
        sink.write(&records(1)[0]).unwrap();
    }

    #[test]
    fn nothing_to_amend_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = written(&dir.path().join("pages.jsonl"), &records(2));
        assert_eq!(sink.prepare_amend(&mut std::iter::empty()).unwrap(), None);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        sink.finish_amend().unwrap();
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
        amend(&mut sink, &amendments).unwrap();
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
        let error = amend(&mut sink, &[better(1)]).unwrap_err();
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
        amend(&mut sink, &[better(1)]).unwrap();
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
        amend(&mut sink, &[better(1)]).unwrap();
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
        amend(&mut sink, &[better(1)]).unwrap();
        sink.flush().unwrap();
        assert!(sink.to.writes.is_empty());
    }
}
