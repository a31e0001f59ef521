//! Bits that have flipped in a store: whatever they do to it, it is told or means nothing, and nobody panics.

use std::fs;
use std::time::Instant;

use super::sample::{make_sample, read_sample};
use crate::store::file::FILE;
use crate::wall_clock::WallClock;

/// Says of every `step`th bit of a store, flipped alone, whether that was told.
fn flip(step: usize, checked: bool) -> (usize, usize) {
    let clock = WallClock::new(Instant::now(), jiff::Timestamp::from_second(1_700_000_000).unwrap());
    let dir = tempfile::tempdir().unwrap();
    make_sample(dir.path(), clock, checked).unwrap();
    let (sound, path) = (read_sample(dir.path(), clock).unwrap(), dir.path().join(FILE));
    let bytes = fs::read(&path).unwrap();
    let (mut told, mut meant_nothing) = (0, 0);
    for bit in (0..bytes.len() * 8).step_by(step) {
        let (at, mask) = (bit / 8, 1 << (bit % 8));
        let mut flipped = bytes.clone();
        flipped[at] ^= mask;
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join(FILE), flipped).unwrap();
        match read_sample(place.path(), clock) {
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains("store"), "it does not say what is damaged: {text}");
                told += 1;
            }
            Ok(found) => {
                assert!(found == sound || !checked, "bit {} of byte {at} changes this unseen: {found}", bit % 8);
                meant_nothing += 1;
            }
        }
    }
    (told, meant_nothing)
}

#[test]
fn a_flipped_bit_is_told_or_means_nothing() {
    // A prime, so that no kind of place is left out; most of a small store is free room.
    let (told, meant_nothing) = flip(577, true);
    assert!(told > 20 && meant_nothing > 20, "{told}, {meant_nothing}");
}

#[test]
fn a_flipped_bit_in_rows_without_checksums_is_no_panic() {
    let (told, _) = flip(1009, false);
    assert!(told > 5, "{told}");
}
