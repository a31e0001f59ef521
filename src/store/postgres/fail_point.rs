//! Fail points of a commit: before and after each statement, the process can be killed or the connection cut.

use super::trouble::Answer;

/// Where in the course of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    /// It was answered.
    After,
}

/// Without the feature `fail-points`, this is nothing.
#[cfg(not(feature = "fail-points"))]
#[expect(clippy::unnecessary_wraps, reason = "the one with the feature cuts")]
pub(super) fn pass(_: &str, _: Side) -> Answer<()> {
    Ok(())
}

/// Kills this process, or cuts its connection, when `CRAWLER_STORE_FAIL` names the place: `kill:before:NAME:N` or
/// `cut:after:NAME:N`, for the N-th time that it is passed. A connection that is cut after the answer came, and before anybody
/// looks at it, is an answer that is lost.
#[cfg(feature = "fail-points")]
pub(super) fn pass(name: &str, side: Side) -> Answer<()> {
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    use super::trouble::Trouble;
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let Ok(wanted) = std::env::var("CRAWLER_STORE_FAIL") else { return Ok(()) };
    let parts: Vec<_> = wanted.split(':').collect();
    let [how, at, of, times] = parts.as_slice() else { return Ok(()) };
    let here = if side == Side::Before { "before" } else { "after" };
    if (*at, *of) != (here, name) || PASSED.fetch_add(1, Ordering::Relaxed) + 1 != times.parse().unwrap_or(1) {
        return Ok(());
    }
    if *how == "kill" {
        let _ = kill_process(getpid(), Signal::KILL);
    }
    Err(Trouble::Passing("the connection was cut by a test".to_owned()))
}
