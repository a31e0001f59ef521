//! Retrying what has failed: its URLs become pending again, and its old records leave the outputs, in one step.
//!
//! The outputs are written anew beside themselves, without those records; then one commit of the store says that these count
//! and that the URLs are pending; then they take their places. A kill before the commit leaves everything as it was, one
//! after it a crawl that the same command goes on with, whether it asks for this again or not.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use super::fail_point::fail_point;
use super::outputs::{Holds, OutputPlace, Outputs};
use crate::error::{Error, Result};
use crate::observe::counted;
use crate::outcome::{OutcomeKind, is_transient_status};
use crate::sink::{Amendment, Checkpoint, Edit, JsonlFile, STDOUT, Sink as _};
use crate::store::{KeptRecord, Note, Notes, Store};

/// Makes pending again what has failed, or was answered with a status that may pass. Hosts that were given up, or left alone
/// for trouble, begin anew.
///
/// # Errors
/// [`Error::Usage`] when an output cannot be written anew; nothing is changed then.
pub(super) fn retry_failed(outputs: &mut Outputs, notes: &mut Notes, store: &mut dyn Store) -> Result<()> {
    let Failed { records, unasked } = Failed::find(store)?;
    if records.is_empty() {
        tracing::info!("nothing has failed that could be asked for again");
        return Ok(());
    }
    let mut anew = Vec::new();
    for (at, place) in outputs.list.iter().enumerate().filter(|(_, place)| place.holds == Holds::Records) {
        anew.push((at, without(place, &records, store)?));
    }
    fail_point("retry-prepared");
    for (at, (_, checkpoint)) in &anew {
        if let Some(place) = outputs.list.get(*at) {
            store.keep(Note::Output(place.name.clone(), checkpoint.clone()))?;
        }
    }
    // The records that stay were corrected on the way.
    store.keep(Note::Corrected)?;
    store.forget(&records)?;
    notes.unasked = notes.unasked.saturating_sub(unasked);
    store.keep(Note::Unasked(notes.unasked))?;
    for (host, saved) in &mut notes.hosts {
        if saved.forget_trouble() {
            store.keep(Note::Host(host.clone(), Box::new(saved.clone())))?;
        }
    }
    store.commit(Instant::now())?;
    fail_point("retry-committed");
    for (at, (mut file, checkpoint)) in anew {
        file.finish_amend()?;
        if let (Some(place), Checkpoint::Length { amended: Some(committed), crc, .. }) =
            (outputs.list.get_mut(at), checkpoint)
        {
            place.checkpoint = Some(Checkpoint::Length { committed, amended: None, crc });
        }
    }
    fail_point("retry-finished");
    tracing::info!(
        "asking again for {}",
        counted(records.len() as u64, "page that has failed", "pages that have failed")
    );
    Ok(())
}

/// Whether a record is of a page that is worth asking for again.
fn is_failed(record: &KeptRecord) -> bool {
    match record.outcome {
        OutcomeKind::Failed => true,
        OutcomeKind::HttpError => record.status.is_some_and(is_transient_status),
        OutcomeKind::Ok | OutcomeKind::Redirect | OutcomeKind::PaymentRequired => false,
    }
}

/// What has failed.
struct Failed {
    /// The numbers of the records, from 1, in their order.
    records: Vec<u64>,
    /// How many of them were never asked for.
    unasked: u64,
}

impl Failed {
    fn find(store: &dyn Store) -> Result<Self> {
        let (mut found, mut number) = (Self { records: Vec::new(), unasked: 0 }, 0);
        store.records(&mut |record| {
            number += 1;
            if is_failed(&record) {
                found.records.push(number);
                found.unasked += u64::from(record.outcome == OutcomeKind::Failed && record.attempts == 0);
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }
}

/// Prepares an output anew, without these records and with the others corrected.
fn without(place: &OutputPlace, records: &[u64], store: &mut dyn Store) -> Result<(JsonlFile, Checkpoint)> {
    let cannot = || {
        Error::Usage(format!(
            "the records of the crawl have gone to {}, where none can be replaced\n = help: crawl into another directory (--dir DIR), with records in a file",
            if place.path == Path::new(STDOUT) { "stdout".to_owned() } else { place.path.display().to_string() }
        ))
    };
    let checkpoint = place.checkpoint.as_ref().filter(|known| place.name != STDOUT && known.settled_length() > 0);
    let mut file = JsonlFile::resume(&place.path, checkpoint.ok_or_else(cannot)?)?;
    let mut edits = Edits { records, store, after: 0, moved: Vec::new().into_iter(), next_moved: None, is_over: false };
    let prepared = file.prepare_edited(&mut edits)?;
    Ok((file, prepared.ok_or_else(cannot)?))
}

/// What becomes of the records, in their order: those that are dropped, and those that are corrected.
struct Edits<'a> {
    records: &'a [u64],
    store: &'a mut dyn Store,
    /// The last record whose correction was asked for.
    after: u64,
    moved: std::vec::IntoIter<(u64, crate::frontier::Moved)>,
    next_moved: Option<(u64, Amendment)>,
    is_over: bool,
}

impl Edits<'_> {
    fn peek_moved(&mut self) -> Result<Option<u64>> {
        if self.next_moved.is_none() && !self.is_over {
            if self.moved.as_slice().is_empty() {
                self.moved = self.store.moved(self.after)?.into_iter();
            }
            match self.moved.next() {
                Some((number, moved)) => {
                    self.after = number;
                    self.next_moved =
                        Some((number, Amendment::new(moved.url, moved.place.depth, moved.place.referrer)));
                }
                None => self.is_over = true,
            }
        }
        Ok(self.next_moved.as_ref().map(|(number, _)| *number))
    }

    fn step(&mut self) -> Result<Option<(u64, Edit)>> {
        let moved = self.peek_moved()?;
        if let Some((dropped, rest)) =
            self.records.split_first().filter(|(dropped, _)| moved.is_none_or(|moved| **dropped <= moved))
        {
            if moved == Some(*dropped) {
                // It goes, so that nothing of it is corrected.
                self.next_moved = None;
            }
            self.records = rest;
            return Ok(Some((*dropped, Edit::Drop)));
        }
        Ok(self.next_moved.take().map(|(number, amendment)| (number, Edit::Amend(amendment))))
    }
}

impl Iterator for Edits<'_> {
    type Item = Result<(u64, Edit)>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}
