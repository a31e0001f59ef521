//! `crawler status`: how far a crawl is, as a table like the closing one.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use super::place::Place;
use crate::error::Result;
use crate::inspect::{self, Buckets, HostStatus, NodeStatus, RunState, Status as Found, Together};
use crate::observe::{bytes, count, counted, elapsed, printable, unread_lines, wall_lines};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    place: Place,
    /// Show so many hosts: those with the most that is pending
    #[arg(long, value_name = "N", default_value_t = 10)]
    hosts: usize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Says how far a crawl is.
pub(crate) fn status(status: &Status) -> Result<ExitCode> {
    let found = inspect::status(status.place.path(), status.hosts)?;
    if status.json {
        super::voice::print_object(&found)?;
    } else {
        super::voice::print(&text(&found))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn text(found: &Found) -> String {
    let mut text = head(found);
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "  {name:<12}{}", printable(value));
        }
    };
    if let Some(update) = &found.update {
        let state =
            if update.state == RunState::Running { "is under way" } else { "was begun; --update goes on with it" };
        let records = counted(update.records, "record", "records");
        line("update", &format!("{state}: {records} so far, in {}", update.dir));
    }
    line("known", &known(found));
    let outcomes = [
        ("ok", found.settled.ok),
        ("redirect", found.settled.redirect),
        ("http error", found.settled.http_error),
        ("payment required", found.settled.payment_required),
        ("failed", found.settled.failed),
    ];
    line("outcome", &pairs(outcomes));
    line("status", &pairs(found.statuses.iter().map(|(status, n)| (status, *n))));
    line("error", &pairs(found.errors.iter().map(|(kind, n)| (kind.name(), *n))));
    for (name, unread) in unread_lines(&found.unread).into_iter().chain(wall_lines(&found.unread.walls)) {
        line(name, &unread);
    }
    line("skipped", &pairs(found.skipped.iter().map(|(reason, n)| (reason.name(), n))));
    if found.robots_unread > 0 {
        line("", &format!("of robots {} since a robots.txt could not be read", count(found.robots_unread)));
    }
    if found.retries_waiting > 0 {
        line(
            "retries",
            &counted(found.retries_waiting, "URL waits for another attempt", "URLs wait for another attempt"),
        );
    }
    for retry in &found.next_retries {
        line(
            "",
            &format!("{}  {}  after {}", retry.due, retry.url, counted(retry.attempts.into(), "attempt", "attempts")),
        );
    }
    for (n, host) in found.hosts.iter().enumerate() {
        line(if n == 0 { "hosts" } else { "" }, &of_host(host));
    }
    if let Some(more @ 1..) = found.host_count.checked_sub(found.hosts.len() as u64) {
        let waiting = counted(found.hosts_waiting, "host has", "hosts have");
        line("", &format!("and {} more; {waiting} something pending", count(more)));
    }
    if let Some(together) = &found.together {
        of_all(together, &mut line);
    }
    if found.runs > 1 {
        line("runs", &format!("{}; the first began {}", count(found.runs), found.started_at));
        line("last run", &of_run(found.run.records, found.run.elapsed_ms, Some(found.run.records_per_second)));
    }
    line("committed", &found.run.committed_at);
    line("records", found.output.as_deref().unwrap_or_default());
    text
}

/// Who crawls together.
fn of_all(together: &Together, line: &mut impl FnMut(&str, &str)) {
    for (n, node) in together.nodes.iter().enumerate() {
        line(if n == 0 { "nodes" } else { "" }, &of_node(node));
    }
    let Buckets { count: all, open, free } = together.buckets;
    let letters = counted(together.letters, "letter waits", "letters wait");
    let (open, free) = (count(open), count(free));
    line("buckets", &format!("{}: {open} with something left to do, {free} of no node; {letters}", count(all)));
}

fn of_node(node: &NodeStatus) -> String {
    let here = if node.is_here { " (here)" } else { "" };
    let lease = node.lease_ms.map(|left| format!(" for {}", elapsed(Duration::from_millis(left)))).unwrap_or_default();
    let (records, buckets) = (counted(node.records, "record", "records"), counted(node.buckets, "bucket", "buckets"));
    let committed = node.committed_at.as_ref().map(|at| format!(", committed {at}")).unwrap_or_default();
    format!("{}{here} on {}  {}{lease}, {buckets}, {records}{committed}", node.id, node.machine, node.state)
}

/// The first line: as the closing table begins, though failed pages are records as well.
fn head(found: &Found) -> String {
    let state = match (found.state, found.pid) {
        (RunState::Running, Some(pid)) => format!("running (process {pid})"),
        (RunState::Running, None) => "running".to_owned(),
        (RunState::Interrupted, _) => "interrupted, the same command goes on".to_owned(),
        (RunState::Complete, _) => "complete".to_owned(),
        (RunState::Limit, _) => "ended by a limit".to_owned(),
        (RunState::Stopped, _) => "stopped, the same command goes on".to_owned(),
    };
    // All below is of the whole crawl, and so is this. How fast it goes can be said of one run only.
    let rate = (found.runs == 1 && found.together.is_none()).then_some(found.run.records_per_second);
    format!("{state}: {}\n", of_run(found.records, found.elapsed_ms, rate))
}

fn of_run(records: u64, elapsed_ms: u64, per_second: Option<f64>) -> String {
    let (records, time) = (counted(records, "record", "records"), elapsed(Duration::from_millis(elapsed_ms)));
    let rate = per_second.map(|rate| format!(", {rate:.1}/s")).unwrap_or_default();
    format!("{records} in {time}{rate}")
}

fn known(found: &Found) -> String {
    let states = [("settled", found.settled.total()), ("pending", found.pending), ("skipped", found.skipped.total())];
    let shown = states.into_iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{} {name}", count(n)));
    let read = bytes(found.bytes);
    format!("{}: {}; {read}", counted(found.discovered, "URL", "URLs"), shown.collect::<Vec<_>>().join(", "))
}

fn pairs(pairs: impl IntoIterator<Item = (impl std::fmt::Display, u64)>) -> String {
    let shown = pairs.into_iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} {}", count(n)));
    shown.collect::<Vec<_>>().join("  ")
}

fn of_host(host: &HostStatus) -> String {
    let summary = &host.summary;
    let mut text = format!(
        "{}  {} pending, {} settled, {}",
        summary.host,
        count(host.pending),
        count(host.settled),
        counted(summary.requests, "request", "requests")
    );
    if let Some(until) = &host.held_until {
        let left = elapsed(Duration::from_millis(summary.delay_ms));
        let _ = write!(text, "; held for {left}, until {until} ({})", summary.delay_reason.name());
    } else if summary.delay_ms > 0 && host.pending > 0 {
        let _ = write!(
            text,
            "; every {} ({})",
            elapsed(Duration::from_millis(summary.delay_ms)),
            summary.delay_reason.name()
        );
    }
    text
}

pub(crate) const EPILOGUE: &str = "\
A crawl may be running: the numbers are those of its last commit, a few hundred milliseconds ago.

Exit codes:
  0  that is how far it is
  1  the store cannot be read
  2  there is no store in DIR";
