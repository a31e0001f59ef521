//! What is left of an output: whether a file is what a crawl has left, and how much of it is when it is not.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::durable_file::{finish_prepared, is_stream, sync_folder};
use super::summed::Sum;
use super::{Checkpoint, Lines, RecordLine, Written};
use crate::error::{Error, Result};

/// A file of records, beside what a crawl says that it has written there.
#[derive(Debug)]
pub struct Left {
    path: PathBuf,
    /// So many bytes were committed to it.
    committed: u64,
    /// So many it has; `None` when it is not there.
    found: Option<u64>,
}

/// The start of such a file, compared line by line.
#[derive(Debug)]
pub struct Comparison {
    path: PathBuf,
    lines: Lines,
    found: Option<u64>,
    /// So many lines are what the crawl has written there.
    records: u64,
    /// So many bytes these are.
    length: u64,
    sum: Sum,
    /// What the next line should have been about.
    missed: Option<String>,
}

/// What follows the part of an output that is still as the crawl has written it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// There is no file.
    Gone,
    /// Nothing, or a part of the next line: the file was cut.
    Cut,
    /// Something that this crawl has not written there.
    Foreign,
}

impl Left {
    /// Looks at the file of an output. An amended file that was prepared and committed takes its place first. `None` for
    /// a pipe or a device, of which nothing is left.
    pub fn find(path: &Path, checkpoint: &Checkpoint) -> Result<Option<Self>> {
        finish_prepared(path, checkpoint)?;
        let found = match fs::metadata(path) {
            Ok(file) if file.is_file() && !is_stream(path) => Some(file.len()),
            Err(error) if error.kind() == ErrorKind::NotFound && !is_stream(path) => None,
            Ok(_) | Err(_) => return Ok(None),
        };
        Ok(Some(Self { path: path.to_owned(), committed: checkpoint.settled_length(), found }))
    }

    /// Whether it is as the crawl has left it, as far as a look at both ends can tell: as long as what was committed, and
    /// with the first and the last record in their places, and whether what follows may be lines that were not committed
    /// any more.
    pub fn is_as_left(&self, first: Option<&RecordLine<'_>>, last: Option<&RecordLine<'_>>) -> Result<bool> {
        let (Some(first), Some(last)) = (first, last) else {
            return may_be_ours(&self.path, self.found, 0);
        };
        if self.found.is_none_or(|found| found < self.committed) {
            return Ok(false);
        }
        let Some(mut lines) = self.lines()? else { return Ok(false) };
        let is_first = lines.next_line()?.is_some_and(|line| is_about(line, first));
        Ok(is_first && is_about(&self.last_line()?, last) && may_be_ours(&self.path, self.found, self.committed)?)
    }

    /// Begins to compare its lines with the records of the crawl.
    pub fn compare(self) -> Result<Comparison> {
        let moved = || Error::Internal(format!("{} does not keep still", self.path.display()));
        let lines = self.lines()?.ok_or_else(moved)?;
        Ok(Comparison {
            path: self.path,
            lines,
            found: self.found,
            records: 0,
            length: 0,
            sum: Sum::new(),
            missed: None,
        })
    }

    fn lines(&self) -> Result<Option<Lines>> {
        let Some(written) = Written::open(&self.path)? else { return Ok(None) };
        written.lines(&Checkpoint::length(self.committed))
    }

    /// The last line of what was committed, with its end.
    fn last_line(&self) -> Result<Vec<u8>> {
        let io = |error: io::Error| Error::io("read", &self.path, error);
        let mut file = File::open(&self.path).map_err(io)?;
        let mut window = WINDOW;
        loop {
            let start = self.committed.saturating_sub(window);
            let mut end = Vec::new();
            file.seek(SeekFrom::Start(start)).map_err(io)?;
            (&mut file).take(self.committed - start).read_to_end(&mut end).map_err(io)?;
            let before = end.strip_suffix(b"\n").and_then(|line| memchr::memrchr(b'\n', line));
            match before {
                Some(before) => return Ok(end.split_off(before + 1)),
                None if start == 0 || !end.ends_with(b"\n") => return Ok(end),
                None => window = window.saturating_mul(4),
            }
        }
    }
}

impl Comparison {
    /// Whether the next line is this record. After one that is not, no more are asked for.
    pub fn next_is(&mut self, expected: &RecordLine<'_>) -> Result<bool> {
        if let Some(line) = self.lines.next_line()?
            && is_about(line, expected)
        {
            (self.records, self.length) = (self.records + 1, self.length + line.len() as u64);
            self.sum.add(line);
            return Ok(true);
        }
        self.missed = Some(expected.url.clone().into_owned());
        Ok(false)
    }

    /// How many lines are as the crawl has written them.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// How many bytes these are.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The file, once it is cut behind them.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint::length(self.length).with_crc(self.sum.value())
    }

    /// What follows them.
    pub fn rest(&self) -> Result<Rest> {
        let Some(found) = self.found else { return Ok(Rest::Gone) };
        let Some(more) = found.checked_sub(self.length).filter(|more| *more > 0) else { return Ok(Rest::Cut) };
        let missed = match &self.missed {
            Some(missed) => missed,
            // All are there: what follows was not committed, as after any kill.
            None if self.records > 0 && may_be_ours(&self.path, self.found, self.length)? => return Ok(Rest::Cut),
            // This does not look as if the crawl had written it.
            None => return Ok(Rest::Foreign),
        };
        let io = |error: io::Error| Error::io("read", &self.path, error);
        let expected = serde_json::to_string(missed).map(|url| format!("{{\"url\":{url},"));
        let expected = expected.map_err(|error| io(error.into()))?;
        let mut file = File::open(&self.path).map_err(io)?;
        file.seek(SeekFrom::Start(self.length)).map_err(io)?;
        let mut part = Vec::new();
        // A whole line here would have been compared; a longer part is none of a line.
        (&mut file).take(more.min(LONGEST)).read_to_end(&mut part).map_err(io)?;
        let is_part = more <= LONGEST && !part.contains(&b'\n');
        let starts_so = part.starts_with(expected.as_bytes()) || expected.as_bytes().starts_with(&part);
        Ok(if is_part && starts_so { Rest::Cut } else { Rest::Foreign })
    }
}

/// Gives a file that is not ours another name, which is the answer, and leaves a copy of its first bytes in its place.
/// Killed in between, there is no file any more, and nothing of anybody is lost.
pub fn put_aside(path: &Path, keep: u64) -> Result<PathBuf> {
    let io = |error: io::Error| Error::io("put aside", path, error);
    // Of a link, the file that it leads to is renamed: the link then leads to the new one.
    let real = fs::canonicalize(path).map_err(io)?;
    let mut free = (1..=MOST_ASIDE).map(|number| aside(&real, number));
    let aside = free.find(|aside| fs::symlink_metadata(aside).is_err());
    let aside = aside.ok_or_else(|| io(ErrorKind::AlreadyExists.into()))?;
    fs::rename(&real, &aside).map_err(io)?;
    if keep > 0 {
        let mut copy = File::create_new(&real).map_err(io)?;
        let from = File::open(&aside).map_err(io)?;
        io::copy(&mut from.take(keep), &mut copy).and_then(|_| copy.sync_all()).map_err(io)?;
    }
    sync_folder(&real);
    // As the user would name it, unless a link leads elsewhere.
    let named = aside.file_name().map(|name| path.with_file_name(name));
    Ok(named.filter(|named| named.exists()).unwrap_or(aside))
}

fn aside(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(if number == 1 { ".aside".to_owned() } else { format!(".aside-{number}") });
    name.into()
}

/// Whether what stands behind so many bytes may be lines of a crawl that were not committed any more. Nothing may.
fn may_be_ours(path: &Path, found: Option<u64>, from: u64) -> Result<bool> {
    if found.is_none_or(|found| found <= from) {
        return Ok(true);
    }
    let io = |error: io::Error| Error::io("read", path, error);
    let (mut file, mut start) = (File::open(path).map_err(io)?, Vec::new());
    file.seek(SeekFrom::Start(from)).map_err(io)?;
    file.take(RECORD.len() as u64).read_to_end(&mut start).map_err(io)?;
    // Zeros are what some file systems leave of a write after a loss of power.
    Ok(RECORD.starts_with(&start) || start.iter().all(|byte| *byte == 0))
}

/// Whether a line is this record. Its depth may have been amended, or may be about to be.
fn is_about(line: &[u8], expected: &RecordLine<'_>) -> bool {
    let said = line.strip_suffix(b"\n").and_then(|line| RecordLine::parse(line).ok());
    said.is_some_and(|said| RecordLine { depth: expected.depth, ..said } == *expected)
}

/// How each record starts.
const RECORD: &[u8] = b"{\"url\":\"";
/// How much is read from the end first.
const WINDOW: u64 = 64 << 10;
/// How many files may lie aside.
const MOST_ASIDE: u32 = 10_000;
/// What is longer is no record.
const LONGEST: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use super::super::record::tests::page;
    use super::*;

    fn line(at: usize) -> String {
        serde_json::to_string(&page(&format!("http://e.com/{at}"), 1, None)).unwrap() + "\n"
    }

    fn record(at: usize) -> RecordLine<'static> {
        RecordLine { depth: 7, ..RecordLine::parse(line(at).trim_end().as_bytes()).unwrap().into_owned() }
    }

    /// What is left of a file of three records: whether it is as it was left, and the records, the bytes and the rest of
    /// a comparison.
    fn left(text: Option<&str>) -> (bool, u64, u64, Rest) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        let committed = (0..3).map(|at| line(at).len() as u64).sum();
        let left = Left::find(&path, &Checkpoint::length(committed)).unwrap().unwrap();
        let is_as_left = left.is_as_left(Some(&record(0)), Some(&record(2))).unwrap();
        let mut comparison = left.compare().unwrap();
        let _ = (0..3).all(|at| comparison.next_is(&record(at)).unwrap());
        (is_as_left, comparison.records(), comparison.length(), comparison.rest().unwrap())
    }

    #[test]
    fn what_is_left_is_told_to_the_line() {
        let lines = [line(0), line(1), line(2)];
        let ([one, two, three], all) = (lines.clone(), lines.concat());
        let length = |texts: &[&String]| texts.iter().map(|text| text.len() as u64).sum::<u64>();
        assert_eq!(left(Some(&all)), (true, 3, all.len() as u64, Rest::Cut));
        let uncommitted = left(Some(&(all.clone() + &one[..20])));
        assert_eq!(uncommitted, (true, 3, all.len() as u64, Rest::Cut), "what was not committed is cut off");
        assert_eq!(left(Some(&(all.clone() + "behind"))), (false, 3, all.len() as u64, Rest::Foreign));
        assert_eq!(left(None), (false, 0, 0, Rest::Gone));
        assert_eq!(left(Some("")), (false, 0, 0, Rest::Cut));
        assert_eq!(left(Some(&(one.clone() + &two))), (false, 2, length(&[&one, &two]), Rest::Cut));
        assert_eq!(left(Some(&all[..all.len() - 1])), (false, 2, length(&[&one, &two]), Rest::Cut));
        assert_eq!(left(Some(&all[..one.len() + 3])), (false, 1, length(&[&one]), Rest::Cut));
        // Written behind the place where it was cut.
        assert_eq!(left(Some(&(one.clone() + &three))), (false, 1, length(&[&one]), Rest::Foreign));
        assert_eq!(left(Some(&three)), (false, 0, 0, Rest::Foreign));
        assert_eq!(left(Some(&(two.clone() + &one + &three))), (false, 0, 0, Rest::Foreign));
        assert_eq!(left(Some(&(one.clone() + "notes"))), (false, 1, length(&[&one]), Rest::Foreign));
        assert_eq!(left(Some(&"x".repeat(2000))), (false, 0, 0, Rest::Foreign));
        assert_eq!(left(Some(&"\0".repeat(2000))), (false, 0, 0, Rest::Foreign));
    }

    #[test]
    fn a_file_of_which_nothing_was_committed_is_ours_when_it_looks_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        for (text, ours) in [("", true), ("{\"u", true), ("{\"url\":\"http", true), ("\0\0", true), ("precious", false)]
        {
            fs::write(&path, text).unwrap();
            let left = Left::find(&path, &Checkpoint::length(0)).unwrap().unwrap();
            assert_eq!(left.is_as_left(None, None).unwrap(), ours, "{text:?}");
            assert!(ours || left.compare().unwrap().rest().unwrap() == Rest::Foreign, "it is not cut to nothing");
        }
    }

    #[test]
    fn the_last_line_is_found_however_long_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        let text = format!("{}\n{}\n", "a".repeat(10), "b".repeat(300_000));
        fs::write(&path, format!("{text}behind")).unwrap();
        let left = Left::find(&path, &Checkpoint::length(text.len() as u64)).unwrap().unwrap();
        assert_eq!(left.last_line().unwrap().len(), 300_001);
    }

    #[test]
    fn what_is_put_aside_is_whole_and_replaces_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pages.jsonl");
        for (keep, name) in [(0, "pages.jsonl.aside"), (3, "pages.jsonl.aside-2")] {
            fs::write(&path, name).unwrap();
            let aside = put_aside(&path, keep).unwrap();
            assert_eq!(
                (aside.file_name().unwrap().to_str(), &*fs::read_to_string(&aside).unwrap()),
                (Some(name), name)
            );
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "pag");
    }
}
