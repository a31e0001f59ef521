//! File descriptors of the process: as many as it may have, and how many of them are free.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit as far as a process may by itself, and counts what is free then. `None`: there is no limit.
pub(super) fn free() -> Option<usize> {
    let limit = usize::try_from(raised()?).unwrap_or(usize::MAX);
    // Those of the runtime, and those that this process was started with.
    match std::fs::read_dir("/dev/fd") {
        Ok(open) => Some(limit.saturating_sub(open.count())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(limit),
        // Not even for this one.
        Err(_) => Some(0),
    }
}

/// The soft limit after it was raised to the hard one.
fn raised() -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let most = [limit.maximum, Some(MACOS_MOST)].into_iter();
    // Refused or already higher: what there is is enough for a crawl, only not for as many requests at once.
    most.map(|most| Rlimit { current: most, maximum: limit.maximum })
        .filter(|raised| raised.current.is_none_or(|raised| limit.current.is_some_and(|now| raised > now)))
        .find(|raised| setrlimit(Resource::Nofile, *raised).is_ok());
    getrlimit(Resource::Nofile).current
}

/// `OPEN_MAX` of macOS, which takes no more even where the hard limit is unlimited.
const MACOS_MOST: u64 = 10_240;
