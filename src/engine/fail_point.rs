//! Fail points: named places at which a test can have the process killed, as if by `kill -9`.

/// Kills this process when `CRAWLER_FAIL_POINT` names the place: `NAME`, or `NAME:N` for the N-th time that it is passed.
/// Only there with the feature `fail-points`; without it, this is nothing.
#[cfg(not(feature = "fail-points"))]
pub(super) fn fail_point(_: &str) {}

/// Kills this process when `CRAWLER_FAIL_POINT` names the place: `NAME`, or `NAME:N` for the N-th time that it is passed.
#[cfg(feature = "fail-points")]
pub(super) fn fail_point(name: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let Ok(wanted) = std::env::var("CRAWLER_FAIL_POINT") else { return };
    let (at, times) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if at == name && PASSED.fetch_add(1, Ordering::Relaxed) + 1 >= times.parse().unwrap_or(1) {
        // Nothing is flushed and nobody is told: the end that cannot be prepared for.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}
