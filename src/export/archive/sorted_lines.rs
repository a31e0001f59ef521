//! Lines in the order of their bytes, of which there may be more than memory holds.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write as _};
use std::path::PathBuf;

use crate::error::{Error, Result};

/// Takes lines, and gives them back in order. What memory does not hold is kept in files beside another, which are deleted
/// when this is dropped.
#[derive(Debug)]
pub(super) struct SortedLines {
    /// What the files are named after.
    beside: PathBuf,
    lines: Vec<String>,
    held: usize,
    most: usize,
    runs: Vec<PathBuf>,
}

impl SortedLines {
    /// Holds so many bytes of lines at most.
    pub(super) fn new(beside: PathBuf, most: usize) -> Self {
        Self { beside, lines: Vec::new(), held: 0, most, runs: Vec::new() }
    }

    /// Takes a line, without its end.
    pub(super) fn push(&mut self, line: String) -> Result<()> {
        self.held += line.len() + size_of::<String>();
        self.lines.push(line);
        if self.held >= self.most { self.spill() } else { Ok(()) }
    }

    /// Gives all lines in order, each once; how many.
    pub(super) fn drain(mut self, mut take: impl FnMut(&str) -> Result<()>) -> Result<u64> {
        self.lines.sort_unstable();
        let (mut last, mut count) = (None, 0);
        let mut give = |line: &str| {
            if last.as_deref() != Some(line) {
                take(line)?;
                count += 1;
                last = Some(line.to_owned());
            }
            Ok(())
        };
        if self.runs.is_empty() {
            self.lines.iter().try_for_each(|line| give(line))?;
            return Ok(count);
        }
        self.spill()?;
        let mut runs = self.runs.iter().map(Run::open).collect::<Result<Vec<_>>>()?;
        let mut next = BinaryHeap::new();
        for (at, run) in runs.iter_mut().enumerate() {
            next.extend(run.next()?.map(|line| Reverse((line, at))));
        }
        while let Some(Reverse((line, at))) = next.pop() {
            give(&line)?;
            if let Some(run) = runs.get_mut(at) {
                next.extend(run.next()?.map(|line| Reverse((line, at))));
            }
        }
        Ok(count)
    }

    fn spill(&mut self) -> Result<()> {
        self.lines.sort_unstable();
        let mut path = self.beside.clone().into_os_string();
        path.push(format!(".{}", self.runs.len()));
        let path = PathBuf::from(path);
        self.runs.push(path.clone());
        let io = |error| Error::io("write", &path, error);
        let mut file = BufWriter::new(File::create(&path).map_err(io)?);
        for line in self.lines.drain(..) {
            file.write_all(line.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(io)?;
        }
        self.held = 0;
        file.flush().map_err(io)
    }
}

impl Drop for SortedLines {
    fn drop(&mut self) {
        for run in &self.runs {
            let _ = fs::remove_file(run);
        }
    }
}

/// A file of sorted lines.
struct Run {
    path: PathBuf,
    lines: BufReader<File>,
}

impl Run {
    fn open(path: &PathBuf) -> Result<Self> {
        let lines = BufReader::new(File::open(path).map_err(|error| Error::io("open", path, error))?);
        Ok(Self { path: path.clone(), lines })
    }

    fn next(&mut self) -> Result<Option<String>> {
        let mut line = String::new();
        self.lines.read_line(&mut line).map_err(|error| Error::io("read", &self.path, error))?;
        Ok(line.strip_suffix('\n').map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_in_the_order_of_their_bytes_however_many_there_are() {
        let folder = tempfile::tempdir().unwrap();
        for most in [1 << 20, 100, 1] {
            let mut lines = SortedLines::new(folder.path().join("index"), most);
            for n in (0..50).rev().chain([7, 8]) {
                lines.push(format!("{n} ä")).unwrap();
            }
            let mut sorted = Vec::new();
            let count = lines.drain(|line| {
                sorted.push(line.to_owned());
                Ok(())
            });
            assert_eq!((count.unwrap(), sorted.len()), (50, 50));
            assert!(sorted.is_sorted(), "{sorted:?}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
