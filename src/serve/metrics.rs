//! The numbers of a crawl as Prometheus reads them (exposition formats, text-based format).
//!
//! They are written as they are: a registry of its own, as crates for this have one, would keep a second count of what the
//! crawl counts, and the two might differ.

use std::fmt::{Display, Write as _};

use super::board::Board;
use crate::observe::Durations;

/// All metrics, as text.
pub(super) fn metrics(board: &Board) -> String {
    let (snapshot, close) = board.numbers();
    let (accounts, mut text) = (close.accounts, Text::default());
    let settled = accounts.settled;
    text.family("crawler_requests_total", "counter", "URLs that have a record, by outcome.");
    for (outcome, count) in [
        ("ok", settled.ok),
        ("redirect", settled.redirect),
        ("http_error", settled.http_error),
        ("failed", settled.failed),
        ("payment_required", settled.payment_required),
    ] {
        text.of("outcome", outcome, count);
    }
    text.family("crawler_skipped_total", "counter", "URLs that are known and not requested, by reason.");
    for (reason, count) in accounts.skipped.iter() {
        text.of("reason", reason.name(), count);
    }
    text.one("crawler_bytes_total", "counter", "Decoded bytes of the bodies that were read.", snapshot.bytes);
    text.family("crawler_frontier_urls", "gauge", "URLs that were discovered, by state.");
    for (state, count) in [
        ("pending", accounts.pending),
        ("in_flight", accounts.in_flight),
        ("settled", settled.total()),
        ("skipped", accounts.skipped.total()),
    ] {
        text.of("state", state, count);
    }
    text.one("crawler_in_flight", "gauge", "URLs that are being requested.", accounts.in_flight);
    let held = snapshot.held.as_ref().map_or(0, |held| held.hosts as u64);
    text.family(
        "crawler_hosts",
        "gauge",
        "Hosts with at least one URL, by state: held are those left alone for a minute or more.",
    );
    text.of("state", "held", held);
    text.of("state", "open", snapshot.hosts.saturating_sub(held));
    let written = board.written();
    let asked = "How long the last request for a URL took, of those that this process has settled.";
    text.durations("crawler_fetch_duration_seconds", asked, &written.fetches);
    let waits = "How long hosts were left alone, each time something was put off for that.";
    text.durations("crawler_politeness_wait_seconds", waits, &close.waits);
    text.family("crawler_items_total", "counter", "Values that each rule has found, in this process.");
    let rules = &written.health.rules;
    for rule in rules {
        text.of("rule", &rule.name, rule.tally.values);
    }
    text.family("crawler_rule_missing_total", "counter", "How often a required value was missing, in this process.");
    for rule in rules {
        text.of("rule", &rule.name, rule.tally.missing);
    }
    let commits = "How long it took to make outputs and store durable, each time.";
    text.durations("crawler_store_commit_seconds", commits, &close.commits);
    text.family("crawler_build_info", "gauge", "The version of the crawler.");
    text.of("version", env!("CARGO_PKG_VERSION"), 1);
    text.written
}

#[derive(Default)]
struct Text {
    written: String,
    /// The family that lines are of.
    name: &'static str,
}

impl Text {
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.name = name;
        let _ = write!(self.written, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn of(&mut self, label: &str, value: &str, count: u64) {
        let (name, value) = (self.name, escaped(value));
        let _ = writeln!(self.written, "{name}{{{label}=\"{value}\"}} {count}");
    }

    fn one(&mut self, name: &'static str, kind: &str, help: &str, value: impl Display) {
        self.family(name, kind, help);
        let _ = writeln!(self.written, "{name} {value}");
    }

    fn durations(&mut self, name: &'static str, help: &str, durations: &Durations) {
        self.family(name, "histogram", help);
        for (bound, count) in durations.up_to() {
            let _ = writeln!(self.written, "{name}_bucket{{le=\"{bound}\"}} {count}");
        }
        let (count, sum) = (durations.count(), durations.sum().as_secs_f64());
        let _ = write!(self.written, "{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {sum}\n{name}_count {count}\n");
    }
}

/// The value of a label.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Instant;

    use super::*;
    use crate::accounts::Accounts;
    use crate::observe::Stats;

    #[test]
    fn metrics_are_written_as_prometheus_reads_them() {
        let stats = Arc::<Stats>::default();
        let board = Board::new(&["a \"b\"\n".to_owned()], Instant::now());
        board.watch(Arc::clone(&stats));
        let mut accounts = Accounts { pending: 3, in_flight: 1, ..Accounts::default() };
        accounts.settled.ok = 2;
        stats.publish(&accounts, 4, 100, false, false);
        stats.waits(std::time::Duration::from_millis(200));
        let text = metrics(&board);
        for line in [
            "crawler_requests_total{outcome=\"ok\"} 2",
            "crawler_frontier_urls{state=\"pending\"} 3",
            "crawler_in_flight 1",
            "crawler_bytes_total 100",
            "crawler_hosts{state=\"open\"} 4",
            "crawler_items_total{rule=\"a \\\"b\\\"\\n\"} 0",
            "crawler_politeness_wait_seconds_bucket{le=\"0.25\"} 1",
            "crawler_politeness_wait_seconds_bucket{le=\"+Inf\"} 1",
            "crawler_politeness_wait_seconds_sum 0.2",
            "crawler_store_commit_seconds_count 0",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        let families: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        assert_eq!(families.len(), 12, "{families:?}");
    }
}
