//! Whatever has befallen a store, it is read back or said to be damaged: `cargo +nightly fuzz run store`.
//!
//! What is made up is a byte, whose lowest bit says whether rows have checksums, and then changes of five bytes each: where,
//! as a little-endian number, and which bits.

#![no_main]

use std::fs;
use std::sync::LazyLock;
use std::time::Instant;

use crawler::internals::WallClock;
use crawler::internals::store::{make_sample, read_sample};
use libfuzzer_sys::fuzz_target;

static STORES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    [false, true].map(|checked| {
        let dir = tempfile::tempdir().expect("there is a folder for temporary files");
        make_sample(dir.path(), clock(), checked).expect("the folder can be written to");
        fs::read(dir.path().join(FILE)).expect("the store was made")
    })
});

fuzz_target!(|made_up: &[u8]| {
    let Some((first, changes)) = made_up.split_first() else { return };
    let mut store = STORES[usize::from(first & 1)].clone();
    let length = store.len();
    for change in changes.chunks_exact(5) {
        let at = u32::from_le_bytes([change[0], change[1], change[2], change[3]]) as usize;
        store[at % length] ^= change[4];
    }
    let dir = tempfile::tempdir().expect("there is a folder for temporary files");
    fs::write(dir.path().join(FILE), store).expect("the folder can be written to");
    if let Err(error) = read_sample(dir.path(), clock()) {
        assert!(error.to_string().contains(FILE), "it does not say what is damaged: {error}");
    }
});

fn clock() -> WallClock {
    WallClock::new(Instant::now(), jiff::Timestamp::UNIX_EPOCH)
}

const FILE: &str = "store.sqlite";
