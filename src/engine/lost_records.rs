//! Lost records: what somebody has taken away of an output while no crawl had it in its hands, found and made good.
//!
//! The store knows each record. What is left of the file is compared with that from its start, and what follows the part
//! that agrees is lost: its pages become pending again. A file that is not ours gets another name; nothing of it is
//! deleted.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use super::outputs::{Holds, OutputPlace, Outputs};
use crate::error::{Error, Result};
use crate::observe::counted;
use crate::sink::{Checkpoint, Comparison, Left, RecordLine, Rest, STDOUT, put_aside};
use crate::store::{KeptRecord, Note, Notes, Store};

/// What is lost of the outputs of a crawl.
#[derive(Debug)]
pub(super) struct Lost {
    /// How many records the crawl has.
    of: u64,
    /// How many there still are in every output.
    left: u64,
    /// What has befallen which of the outputs.
    damaged: Vec<(usize, Rest)>,
}

impl Lost {
    /// Looks at the outputs that the store knows. `None` when all are as they were left. Of these, only both ends are
    /// looked at: a crawl of millions of pages is to go on at once.
    pub(super) fn find(outputs: &Outputs, notes: &Notes, store: &dyn Store) -> Result<Option<Self>> {
        let of = notes.last.as_ref().map_or(0, |last| last.records);
        let ends = (line(store, 1)?, line(store, of)?);
        let mut lost = Self { of, left: of, damaged: Vec::new() };
        for (at, place) in outputs.list.iter().enumerate() {
            let Some(left) = left_of(place, of)? else { continue };
            if left.is_as_left(ends.0.as_ref(), ends.1.as_ref())? {
                continue;
            }
            let comparison = compare(left, store, of)?;
            lost.left = lost.left.min(comparison.records());
            lost.damaged.push((at, comparison.rest()?));
        }
        if let Some((at, _)) = lost.damaged.first()
            && lost.left < of
            && (outputs.archive.is_some() || outputs.list.iter().any(|place| place.holds != Holds::Records))
        {
            // Which of the items are those of the lost records nobody knows: asked for again, they would be there twice. So
            // would exchanges in an archive.
            let path = outputs.list.get(*at).map(|place| place.path.display().to_string()).unwrap_or_default();
            return Err(Error::Damaged(format!(
                "{path} is not as the crawl has left it, and what is lost cannot be asked for again in a crawl that has \
                 items, a survey or an archive\n = help: put the file back as it was, or start over with --fresh"
            )));
        }
        Ok((!lost.damaged.is_empty()).then_some(lost))
    }

    /// Makes pending again what is lost, cuts the other outputs back to the same record, and says so in one line. A kill
    /// at any time leaves a crawl that finds the same again.
    pub(super) fn ask_again(self, outputs: &mut Outputs, notes: &Notes, store: &mut dyn Store) -> Result<()> {
        let mut told = Vec::new();
        for (at, place) in outputs.list.iter_mut().enumerate() {
            let Some(left) = left_of(place, self.of)? else { continue };
            let comparison = compare(left, store, self.left)?;
            if let Some((_, rest)) = self.damaged.iter().find(|(damaged, _)| *damaged == at) {
                told.push(befallen(&place.path, *rest, comparison.length())?);
            }
            let checkpoint = comparison.checkpoint();
            store.keep(Note::Output(place.name.clone(), checkpoint.clone()))?;
            if let Some(Checkpoint::Length { amended: Some(_), .. }) = place.checkpoint.replace(checkpoint) {
                store.keep(Note::Corrected)?;
            }
        }
        store.ask_again(self.left)?;
        let lost = self.of - self.left;
        store.keep(Note::AskedAgain(notes.asked_again + lost))?;
        store.commit(Instant::now())?;
        let told = told.join(", and ");
        if lost == 0 {
            tracing::warn!("{told}; no record is lost");
        } else {
            let lost = counted(lost, "record is", "records are");
            tracing::warn!("{told}: {lost} lost, and asked for again");
        }
        Ok(())
    }
}

/// What is left of an output; `None` for what cannot be read again: stdout, a pipe, a device. Such an output has no
/// length, however many records went to it.
fn left_of(place: &OutputPlace, records: u64) -> Result<Option<Left>> {
    match &place.checkpoint {
        _ if place.holds != Holds::Records => Ok(None),
        Some(checkpoint) if place.name != STDOUT && (checkpoint.settled_length() > 0 || records == 0) => {
            Left::find(&place.path, checkpoint)
        }
        _ => Ok(None),
    }
}

/// Compares the first lines of an output with so many records at most.
fn compare(left: Left, store: &dyn Store, most: u64) -> Result<Comparison> {
    let mut comparison = left.compare()?;
    if most > 0 {
        store.records(&mut |record| {
            let goes_on = comparison.next_is(&said(record))? && comparison.records() < most;
            Ok(if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
    }
    Ok(comparison)
}

/// What has befallen an output, of which so many bytes are left, for a person. What is not ours is put aside.
fn befallen(path: &Path, rest: Rest, length: u64) -> Result<String> {
    let shown = path.display();
    Ok(match rest {
        Rest::Gone => format!("{shown} is not there any more"),
        Rest::Cut => format!("{shown} has been cut"),
        Rest::Foreign => {
            let aside = put_aside(path, length)?;
            format!("{shown} is not what the crawl has left there, and is now {}", aside.display())
        }
    })
}

fn line(store: &dyn Store, record: u64) -> Result<Option<RecordLine<'static>>> {
    Ok(if record == 0 { None } else { store.record(record)?.map(said) })
}

/// What a line of the output has to say of a record. Its depth is compared with nothing.
fn said(record: KeptRecord) -> RecordLine<'static> {
    let KeptRecord { url, outcome, status, error, attempts, bytes } = record;
    RecordLine { url: Cow::Owned(url), outcome, status, error, attempts, bytes, depth: 0 }
}
