//! The index of an archive: CDXJ, sorted, beside its files.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use super::sorted_lines::SortedLines;
use crate::committed::ArchiveFile;
use crate::crawl_dir::INDEX;
use crate::error::{Error, Result};
use crate::export::target::Target;
use crate::sink::ARCHIVE;
use crate::warc::{Bounds, Kind, capture};

/// What was indexed.
#[derive(Debug)]
pub(crate) struct Indexed {
    /// The index.
    pub(crate) path: PathBuf,
    /// How many captures are in it.
    pub(crate) captures: u64,
    /// Of how many files.
    pub(crate) files: usize,
    /// How many of them say only that nothing has changed: the body is in the archive of an earlier crawl.
    pub(crate) unchanged: u64,
}

/// Writes the index of the archive of a crawl: of what is committed, while the crawl runs or after it. One that is there is
/// replaced.
///
/// # Errors
/// [`Error::Usage`] when there is no archive. [`Error::Damaged`] when it cannot be read.
pub(crate) fn index(dir: &Path) -> Result<Indexed> {
    let files = ArchiveFile::of_crawl(dir)?;
    let target = Target::begin(&dir.join(ARCHIVE).join(INDEX), true)?;
    let io = |error| Error::io("write", target.shown(), error);
    let mut to = BufWriter::new(target.file());
    let (lines, unchanged) = lines(&files, target.beside())?;
    let captures = lines.drain(|line| writeln!(to, "{line}").map_err(io))?;
    to.flush().map_err(io)?;
    drop(to);
    let path = target.shown().to_owned();
    target.finish()?;
    Ok(Indexed { path, captures, files: files.len(), unchanged })
}

/// The lines of the index of these files, and how many of them say only that nothing has changed.
pub(super) fn lines(files: &[ArchiveFile], beside: &Path) -> Result<(SortedLines, u64)> {
    let (mut lines, mut unchanged) = (SortedLines::new(beside.to_owned(), HELD), 0);
    for file in files {
        let name = file.name();
        for placed in file.records(Bounds::default())? {
            let placed = placed.map_err(|fault| file.damaged(&fault))?;
            if let Some(line) = capture(&placed, &name) {
                unchanged += u64::from(placed.record.kind() == Kind::Revisit && line.status == Some(304));
                lines.push(line.to_line())?;
            }
        }
    }
    Ok((lines, unchanged))
}

/// How much memory lines may take.
const HELD: usize = 64 << 20;
