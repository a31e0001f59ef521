//! Archived: one record of an archive, whether it is what it says.

use crate::warc::{Kind, Place, Placed};

/// What is wrong with a record by itself.
pub(super) fn faults(placed: &Placed) -> Vec<String> {
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

/// Where a record is, in words.
pub(super) fn at(place: Place) -> String {
    let (Place::Alone { offset, .. } | Place::Among { offset, .. }) = place;
    format!("record at byte {offset}")
}

/// As much of a record is taken into memory at most.
pub(super) const LONGEST: u64 = 1 << 30;
