//! The status of a crawl as JSON: with the names that `summary.json` has for the same things, and other names for others.

use serde_json::{Value, json};

use super::board::Board;

/// The status now.
pub(super) fn status(board: &Board) -> Value {
    let (snapshot, close) = board.numbers();
    let written = board.written();
    let accounts = close.accounts;
    let elapsed = written.ended.map_or_else(|| board.elapsed(), |ended| ended.after);
    let state = match written.ended {
        Some(ended) => ended.state,
        None if snapshot.paused => "paused",
        None => "running",
    };
    let held = snapshot.held.map(|held| {
        json!({
            "hosts": held.hosts,
            "next": held.next,
            "because": held.because.name(),
            "in_ms": u64::try_from(held.until.saturating_duration_since(std::time::Instant::now()).as_millis()).ok(),
        })
    });
    json!({
        "state": state,
        "elapsed_ms": u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        "records": accounts.settled.total(),
        "discovered": accounts.discovered(),
        "pending": accounts.pending,
        "in_flight": accounts.in_flight,
        "settled": accounts.settled,
        "skipped": accounts.skipped,
        "bytes": snapshot.bytes,
        "host_count": snapshot.hosts,
        "held": held,
        "discovery_closed": snapshot.discovery_closed,
        "records_per_second": (written.rate() * 10.0).round() / 10.0,
        "latest_records": written.latest,
        "latest_errors": written.errors,
        "rules": written.health.rules,
    })
}
