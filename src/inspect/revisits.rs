//! Revisits: whether what they say has not changed is still there, in this archive or in those of the crawls before.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use hashbrown::{HashMap, HashSet};
use jiff::Timestamp;

use super::archived::{LONGEST, at, faults};
use super::problems::Problems;
use crate::committed::ArchiveFile;
use crate::error::{Error, Result};
use crate::warc::{Bounds, CdxLine, Kind, Record};

/// What revisits refer to, and what there is of it: a print of each, by its URL and its time.
#[derive(Debug, Default)]
pub(super) struct Revisits {
    /// Captures with a body of their own.
    bodies: HashSet<u64>,
    /// Captures whose body another one has, and which.
    referring: HashMap<u64, u64>,
    /// What those of the archive that is checked refer to.
    wanted: HashSet<u64>,
}

impl Revisits {
    /// Takes the next record of the archive that is checked.
    pub(super) fn take(&mut self, record: &Record) {
        self.note(record);
        if record.kind() == Kind::Revisit
            && let Some((url, at)) = record.refers_to()
        {
            self.wanted.insert(print(url, at));
        }
    }

    /// Says of each revisit of the archive in these files whose body is nowhere that it is. `indexes`: those of other archives
    /// that the crawl has taken for what has bodies (`archive.earlier`), and that is all that is known of these.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(super) fn check(
        mut self,
        dir: &Path,
        (files, indexes): (&[ArchiveFile], &[PathBuf]),
        problems: &mut Problems,
    ) -> Result<()> {
        let mut missing = std::mem::take(&mut self.wanted);
        missing.retain(|capture| !self.is_there(*capture));
        if missing.is_empty() {
            return Ok(());
        }
        let before = ArchiveFile::of_crawls_before(dir);
        for file in before.iter().rev() {
            self.read(file, &missing)?;
            missing.retain(|capture| !self.is_there(*capture));
            if missing.is_empty() {
                return Ok(());
            }
        }
        for index in indexes {
            if let Err(error) = self.read_index(index, &missing) {
                let (count, shown) = (missing.len(), index.display());
                tracing::warn!(
                    "{shown} cannot be read: whether it names {count} bodies of the archive nobody knows: {error}"
                );
                return Ok(());
            }
        }
        missing.retain(|capture| !self.is_there(*capture));
        if missing.is_empty() {
            return Ok(());
        }
        files.iter().try_for_each(|file| tell(file, &missing, problems))
    }

    /// Takes what an index says of what is wanted.
    fn read_index(&mut self, index: &Path, wanted: &HashSet<u64>) -> std::io::Result<()> {
        for line in BufReader::new(File::open(index)?).split(b'\n') {
            let line = line?;
            let capture = str::from_utf8(&line).ok().and_then(CdxLine::parse).map(|line| print(&line.url, line.date));
            self.bodies.extend(capture.filter(|capture| wanted.contains(capture)));
        }
        Ok(())
    }

    /// Takes what is in an archive before that one. What of it is wanted has to be whole.
    fn read(&mut self, file: &ArchiveFile, wanted: &HashSet<u64>) -> Result<()> {
        let records = match file.records(Bounds { block: LONGEST, ..Bounds::default() }) {
            Err(Error::Damaged(_)) => return Ok(()),
            records => records?,
        };
        // What is wrong behind a fault is for who checks that archive.
        for placed in records.map_while(Result::ok) {
            let is_wanted = capture(&placed.record).is_some_and(|capture| wanted.contains(&capture));
            if !is_wanted || faults(&placed).is_empty() {
                self.note(&placed.record);
            }
        }
        Ok(())
    }

    fn note(&mut self, record: &Record) {
        let Some(capture) = capture(record) else { return };
        match (record.kind(), record.refers_to()) {
            (Kind::Response | Kind::Resource, _) => drop(self.bodies.insert(capture)),
            (Kind::Revisit, Some((url, at))) => drop(self.referring.insert(capture, print(url, at))),
            _ => {}
        }
    }

    /// Whether a body is known of a capture: its own, or that of one that it refers to.
    fn is_there(&self, capture: u64) -> bool {
        let steps = std::iter::successors(Some(capture), |capture| self.referring.get(capture).copied());
        steps.take(MOST_STEPS).any(|capture| self.bodies.contains(&capture))
    }
}

/// Says of each revisit in a file that refers to one of these captures that it is not there.
fn tell(file: &ArchiveFile, missing: &HashSet<u64>, problems: &mut Problems) -> Result<()> {
    let records = match file.records(Bounds::default()) {
        // That was said already.
        Err(Error::Damaged(_)) => return Ok(()),
        records => records?,
    };
    for placed in records.map_while(Result::ok).filter(|placed| placed.record.kind() == Kind::Revisit) {
        if let Some((url, time)) = placed.record.refers_to().filter(|(url, at)| missing.contains(&print(url, *at))) {
            let (shown, place) = (file.path.display(), at(placed.place));
            problems.say(|| {
                format!("{shown}, {place}: its body is that of {url} as of {time}, which no archive of this crawl or of those before it has")
            });
        }
    }
    Ok(())
}

/// What a record is known by.
fn capture(record: &Record) -> Option<u64> {
    Some(print(record.target_uri()?, record.date()?))
}

fn print(url: &str, at: Timestamp) -> u64 {
    let mut hasher = DefaultHasher::new();
    (url, at).hash(&mut hasher);
    hasher.finish()
}

/// How many captures may refer to each other in a row: programs name the first one.
const MOST_STEPS: usize = 4;
