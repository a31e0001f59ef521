//! The archive of a crawl: whether each record in it is what it says, and each settled URL is in it once.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use serde::Serialize;

use super::problems::Problems;
use crate::committed::ArchiveFile;
use crate::error::{Error, Result};
use crate::store::sqlite::StoreReader;
use crate::warc::{Bounds, Kind, Place, Placed, Record};

/// An archive, and what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CheckedArchive {
    /// How many files it has.
    pub(crate) files: usize,
    /// How many records.
    pub(crate) records: u64,
    /// How many bytes.
    pub(crate) bytes: u64,
}

/// Checks the archive of a crawl, when it has one: reads all that is committed, inflates it, and takes the digest of every
/// record. That is as much work as it sounds: about a gigabyte of what was received in ten seconds.
pub(super) fn check(
    dir: &Path,
    store: &StoreReader,
    ended: bool,
    problems: &mut Problems,
) -> Result<Option<CheckedArchive>> {
    let files = ArchiveFile::of_store(dir, store)?;
    if files.is_empty() {
        return Ok(None);
    }
    let mut checked = CheckedArchive { files: files.len(), records: 0, bytes: 0 };
    let mut turn = Turn { expected: in_turn(store)?, next: 0, capture: None };
    for file in &files {
        let shown = file.path.display();
        let records = match file.records(Bounds { block: LONGEST, ..Bounds::default() }) {
            Ok(records) => records,
            Err(Error::Damaged(what)) => {
                problems.say(|| what);
                continue;
            }
            Err(error) => return Err(error),
        };
        let committed = file.committed.unwrap_or_default();
        let found = fs::metadata(&file.path).map_or(committed, |found| found.len());
        if found > committed && ended {
            let more = found - committed;
            problems.say(|| format!("{shown} has {more} bytes behind what the crawl has written to it"));
        }
        checked.bytes += committed;
        for placed in records {
            match placed {
                Ok(placed) => {
                    checked.records += 1;
                    for wrong in faults(&placed).into_iter().chain(turn.take(&placed.record)) {
                        problems.say(|| format!("{shown}, {}: {wrong}", at(placed.place)));
                    }
                }
                Err(fault) => problems.say(|| format!("{shown} is not what the crawl has written: {fault}")),
            }
        }
    }
    if turn.next < turn.expected.len() {
        let missing = turn.expected.len() - turn.next;
        problems.say(|| format!("{missing} of the records are not in the archive"));
    }
    Ok(Some(checked))
}

/// The settled URLs in the order of their records: a print of each.
fn in_turn(store: &StoreReader) -> Result<Vec<u64>> {
    let mut prints = Vec::new();
    let bound = store.url_bound()?;
    store.entries(|entry| {
        if let Some(slot) = entry.record.and_then(|record| record.checked_sub(1)).filter(|slot| *slot < bound) {
            let slot = usize::try_from(slot).unwrap_or(usize::MAX);
            if prints.len() <= slot {
                prints.resize(slot + 1, 0);
            }
            if let Some(known) = prints.get_mut(slot) {
                *known = print(entry.url);
            }
        }
        Ok(())
    })?;
    Ok(prints)
}

/// Whose turn it is in the archive: what is known of each settled URL is there, in the order in which they were settled.
struct Turn {
    expected: Vec<u64>,
    next: usize,
    /// The last capture: its name and its URL.
    capture: Option<(String, String)>,
}

impl Turn {
    /// Takes the next record; what is wrong with it.
    fn take(&mut self, record: &Record) -> Option<String> {
        let url = record.target_uri().unwrap_or_default();
        match record.kind() {
            Kind::Response | Kind::Revisit | Kind::Resource => {
                self.capture = Some((record.id().unwrap_or_default().to_owned(), url.to_owned()));
                None
            }
            Kind::Metadata => {
                let expected = self.expected.get(self.next).copied();
                self.next += 1;
                if expected != Some(print(url)) {
                    let number = self.next;
                    return Some(format!("{url} is there twice, or not in its turn, which is that of record {number}"));
                }
                let named = record.concurrent_to().next()?;
                let (id, of) = self.capture.take().unwrap_or_default();
                (id != named || of != url).then(|| format!("what {url} was answered with is not there"))
            }
            _ => None,
        }
    }
}

/// What is wrong with a record by itself.
fn faults(placed: &Placed) -> Vec<String> {
    let (record, mut faults) = (&placed.record, Vec::new());
    if !matches!(placed.place, Place::Alone { .. }) {
        faults.push("it is not alone in its gzip member".to_owned());
    }
    if !record.is_whole() {
        faults.push("it is too long to be checked".to_owned());
        return faults;
    }
    match record.block_digest().and_then(|digest| digest.is_of(&record.block)) {
        Some(true) => {}
        Some(false) => faults.push("its digest is that of another block".to_owned()),
        None => faults.push("it has no digest that could be checked".to_owned()),
    }
    let message = record.message();
    let payload = message.as_ref().map_or(record.block.as_slice(), |message| message.body);
    let has_payload = matches!(record.kind(), Kind::Response | Kind::Resource);
    if has_payload && record.payload_digest().and_then(|digest| digest.is_of(payload)) == Some(false) {
        faults.push("its digest is that of another payload".to_owned());
    }
    faults
}

fn at(place: Place) -> String {
    let (Place::Alone { offset, .. } | Place::Among { offset, .. }) = place;
    format!("record at byte {offset}")
}

fn print(url: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    url.hash(&mut hasher);
    hasher.finish()
}

/// As much of a record is taken into memory at most.
const LONGEST: u64 = 1 << 30;
