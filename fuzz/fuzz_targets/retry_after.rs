//! Whatever a Retry-After says, a wait that it gives is one that a clock can be set by: `cargo +nightly fuzz run
//! retry_after`. Seconds and dates, in all the forms that servers write them in.

#![no_main]

use std::time::{Duration, Instant, SystemTime};

use crawler::internals::politeness::retry_after;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &str| {
    for now in [SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)] {
        if let Some(wait) = retry_after(value, now) {
            assert!(Instant::now().checked_add(wait).is_some(), "{wait:?}");
            assert_eq!(retry_after(&format!(" {value} "), now), Some(wait), "blanks around it change nothing");
        }
    }
});
