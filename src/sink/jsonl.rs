//! JSON lines: one record a line, into a file or a pipe.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use super::durable_file::DurableFile;
use super::{Amendment, Checkpoint, Edit, Settled, Sink, amend, json_line};
use crate::error::{Error, Result};

/// A file of records, one JSON object a line.
///
/// It only grows by whole lines. Amending writes the file anew, beside itself as `….tmp`, and then puts that in its place.
/// When the path names a pipe or a device, nothing can be made durable, cut back or amended there. A file that another
/// program removes, renames, replaces or cuts is an error at the next flush.
#[derive(Debug)]
pub struct JsonlFile {
    path: PathBuf,
    lines: DurableFile,
}

/// A stream of records, one JSON object a line: stdout, or anything else that can be written to.
///
/// What was written cannot be reached again, so nothing is amended. A reader that goes away is
/// [`Error::ClosedPipe`].
pub struct JsonlStream<W> {
    name: PathBuf,
    to: W,
    /// Whole lines that are not handed over yet.
    lines: Vec<u8>,
}

impl JsonlFile {
    /// Creates the file, and the folders that it is in. An existing file is emptied.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        Ok(Self { lines: DurableFile::create(&path)?, path })
    }

    /// Goes on with the file of a crawl that was stopped or killed: cuts off what lies behind its checkpoint. An amended
    /// file that was prepared and committed takes its place first. What is no regular file is only opened.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it is not the file that the crawl has left; it is then not touched.
    pub fn resume(path: impl Into<PathBuf>, checkpoint: &Checkpoint) -> Result<Self> {
        let path = path.into();
        Ok(Self { lines: DurableFile::resume(&path, checkpoint, b"\n")?, path })
    }
}

impl JsonlFile {
    /// Prepares the file anew with these edits, each for the record with a number, counted from 1, in their order: the
    /// first step of two, as [`prepare_amend`](Sink::prepare_amend). `None` for what cannot be replaced.
    pub(crate) fn prepare_edited(
        &mut self,
        edits: &mut dyn Iterator<Item = Result<(u64, Edit)>>,
    ) -> Result<Option<Checkpoint>> {
        self.lines.prepare(|from, to| amend::edit(&self.path, from, to, edits))
    }
}

impl Sink for JsonlFile {
    fn write(&mut self, settled: &Settled) -> Result<()> {
        self.lines.append(|lines| push(lines, settled))
    }

    fn flush(&mut self) -> Result<Option<Checkpoint>> {
        self.lines.flush()
    }

    fn prepare_amend(&mut self, amendments: &mut dyn Iterator<Item = Result<Amendment>>) -> Result<Option<Checkpoint>> {
        let mut amendments = amendments.peekable();
        if amendments.peek().is_none() {
            return Ok(None);
        }
        self.lines.prepare(|from, to| amend::copy(&self.path, from, to, amendments))
    }

    fn finish_amend(&mut self) -> Result<()> {
        self.lines.finish_prepared()
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
        Self { name: name.into(), to, lines: Vec::new() }
    }

    fn hand_over(&mut self) -> Result<()> {
        self.to.write_all(&self.lines).map_err(|error| Error::io("write", &self.name, error))?;
        self.lines.clear();
        Ok(())
    }
}

impl<W: Write + Send> Sink for JsonlStream<W> {
    fn write(&mut self, settled: &Settled) -> Result<()> {
        let whole = self.lines.len();
        push(&mut self.lines, settled).inspect_err(|_| self.lines.truncate(whole))?;
        if self.lines.len() >= BUFFER { self.hand_over() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<Option<Checkpoint>> {
        self.hand_over()?;
        self.to.flush().map_err(|error| Error::io("write", &self.name, error))?;
        Ok(None)
    }
}

impl<W> fmt::Debug for JsonlStream<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonlStream").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Appends the line of a record. After an error, the start of it may be there.
fn push(lines: &mut Vec<u8>, settled: &Settled) -> Result<()> {
    let Settled { record, .. } = settled;
    json_line::push(lines, record, || format!("the record of {}", record.url))
}

const BUFFER: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::path::Path;

    use super::super::Record;
    use super::super::durable_file::beside;
    use super::super::record::tests::page;
    use super::*;

    /// What a record is written as.
    fn settled(record: &Record) -> Settled {
        Settled::new(record.clone())
    }

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
            sink.write(&settled(record)).unwrap();
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

    fn length(sink: &mut JsonlFile) -> u64 {
        sink.flush().unwrap().unwrap().settled_length()
    }

    fn damage(path: &Path, committed: &Checkpoint) -> String {
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
            sink.write(&settled(record)).unwrap();
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
    fn a_checkpoint_is_what_the_flush_made_durable() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        let mut sink = written(&path, &records(3));
        for count in [0, 500] {
            for record in &records(count) {
                sink.write(&settled(record)).unwrap();
            }
            let checkpoint = sink.flush().unwrap();
            let text = fs::read(&path).unwrap();
            assert_eq!(checkpoint, Some(Checkpoint::length(text.len() as u64).with_crc(Some(crc32fast::hash(&text)))));
        }
    }

    #[test]
    fn a_file_goes_on_behind_what_was_committed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        let committed = length(&mut written(&path, &records(3)));
        for behind in ["", "{\"url\":\"http://e.com/ha", "{\"url\":\"http://e.com/whole\"}\n"] {
            File::options().append(true).open(&path).unwrap().write_all(behind.as_bytes()).unwrap();
            let mut sink = JsonlFile::resume(&path, &Checkpoint::length(committed)).unwrap();
            assert_eq!((read(&path), length(&mut sink)), (records(3), committed), "behind it was {behind:?}");
            sink.write(&settled(&page("http://e.com/more", 1, None))).unwrap();
            sink.flush().unwrap();
            assert_eq!(read(&path).len(), 4);
        }
    }

    #[test]
    fn a_file_of_which_nothing_was_committed_starts_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/pages.jsonl");
        for _ in 0..2 {
            let mut sink = JsonlFile::resume(&path, &Checkpoint::length(0)).unwrap();
            sink.write(&settled(&records(1)[0])).unwrap();
            sink.flush().unwrap();
            assert_eq!(read(&path), records(1));
        }
    }

    #[test]
    fn a_file_that_the_crawl_did_not_leave_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        let gone = damage(&path, &Checkpoint::length(9));
        assert!(gone.ends_with("put the file back as it was, or start over with --fresh"), "{gone}");
        assert!(gone.contains("pages.jsonl is not there, but the crawl has written 9 bytes to it"), "{gone}");
        assert!(
            damage(&path, &Checkpoint::Length { committed: 0, amended: Some(9), crc: None }).contains("is not there")
        );

        let committed = length(&mut written(&path, &records(3)));
        let short = damage(&path, &Checkpoint::length(committed + 1));
        assert!(short.contains(&format!("is {committed} bytes long, but the crawl has written {}", committed + 1)));
        assert!(damage(&path, &Checkpoint::length(committed - 1)).contains("has no end of a line"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_no_file_is_only_opened() {
        for path in ["/dev/null", "/dev/full"] {
            let checkpoint = Checkpoint::Length { committed: 99, amended: None, crc: None };
            assert!(JsonlFile::resume(path, &checkpoint).is_ok(), "{path}");
        }
    }

    /// A file of three records, the second to be amended.
    fn prepared(path: &Path) -> (JsonlFile, Checkpoint) {
        let mut sink = written(path, &records(3));
        let checkpoint = sink.prepare_amend(&mut [better(1)].into_iter().map(Ok)).unwrap().unwrap();
        (sink, checkpoint)
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
        let (sink, checkpoint) = prepared(&path);
        let Checkpoint::Length { committed, .. } = checkpoint;
        drop(sink);
        let mut sink = JsonlFile::resume(&path, &Checkpoint::length(committed)).unwrap();
        assert_eq!((read(&path), length(&mut sink)), (records(3), committed));
        // Once the store knows of it: it is done, and done again however often that is killed.
        let (mut sink, checkpoint) = prepared(&path);
        for _ in 0..3 {
            drop(sink);
            sink = JsonlFile::resume(&path, &checkpoint).unwrap();
            assert_eq!((read(&path), length(&mut sink)), (amended(), checkpoint.settled_length()));
        }
        // After the file has taken its place, with more behind it that was not committed.
        let (mut sink, checkpoint) = prepared(&path);
        sink.finish_amend().unwrap();
        sink.write(&settled(&page("http://e.com/more", 1, None))).unwrap();
        sink.flush().unwrap();
        drop(sink);
        let mut sink = JsonlFile::resume(&path, &checkpoint).unwrap();
        assert_eq!((read(&path), length(&mut sink)), (amended(), checkpoint.settled_length()));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside the file");
    }

    #[test]
    fn a_prepared_file_that_is_not_whole_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        let (_sink, committed) = prepared(&path);
        fs::write(beside(&path), "other").unwrap();
        assert!(damage(&path, &committed).contains("pages.jsonl.tmp is 5 bytes long"));
    }

    #[test]
    fn nothing_is_written_between_the_steps_of_amending() {
        let dir = tempfile::tempdir().unwrap();
        let (mut sink, _) = prepared(&dir.path().join("pages.jsonl"));
        assert!(matches!(sink.write(&settled(&records(1)[0])), Err(Error::Internal(_))));
        sink.finish_amend().unwrap();
        sink.write(&settled(&records(1)[0])).unwrap();
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
        sink.write(&settled(&page("http://e.com/unflushed", 9, None))).unwrap();
        let amendments = [
            Amendment { url: "http://e.com/200".into(), depth: 3, referrer: Some("http://e.com/2".into()) },
            Amendment { url: "http://e.com/unflushed".into(), depth: 1, referrer: Some("http://e.com/1".into()) },
        ];
        amend(&mut sink, &amendments).unwrap();
        expected[200] = page("http://e.com/200", 3, Some("http://e.com/2"));
        expected.push(page("http://e.com/unflushed", 1, Some("http://e.com/1")));
        assert_eq!(read(&path), expected);

        sink.write(&settled(&page("http://e.com/later", 4, None))).unwrap();
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

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_that_names_the_file() {
        let mut sink = JsonlFile::create("/dev/full").unwrap();
        sink.write(&settled(&page("http://e.com/", 0, None))).unwrap();
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
        for record in &records(500) {
            sink.write(&settled(record)).unwrap();
        }
        sink.flush().unwrap();
        assert!(sink.to.writes.len() > 2, "a long crawl does not wait for its end");
        assert!(sink.to.writes.iter().all(|bytes| bytes.ends_with(b"}\n")));
        assert_eq!(String::from_utf8(sink.to.writes.concat()).unwrap().lines().count(), 500);
    }

    #[test]
    fn a_reader_that_goes_away_is_a_closed_pipe() {
        let mut sink = JsonlStream::new(Pipe::default(), "pipe");
        sink.write(&settled(&page("http://e.com/", 0, None))).unwrap();
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
