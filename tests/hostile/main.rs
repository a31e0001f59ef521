//! The hostile server: each scenario beside a control site of a hundred pages, which has to be crawled as a whole, within
//! bounds of time and memory, with accounts that add up and an output that `crawler verify` agrees with.
//!
//! `cargo test --all-features --test hostile -- --nocapture` prints a table of them; `HOSTILE=redirect` takes only those
//! with that word in their names.
#![cfg(test)]
#![expect(clippy::print_stdout, reason = "the table is what is asked for")]

mod bodies;
mod content;
mod control;
mod markup;
mod measure;
mod robots;
mod scenario;
mod sitemaps;
mod spaces;
#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests of `it` need more of it")]
mod support;
mod tls;
mod transport;
mod troubled;
mod wire;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use measure::Cost;
use scenario::{Scenario, Seen};
use support::Crawled;

#[test]
fn no_hostile_server_costs_its_neighbour_a_page() {
    let only = std::env::var("HOSTILE").unwrap_or_default();
    let scenarios: Vec<Scenario> = all().into_iter().filter(|scenario| scenario.name.contains(&only)).collect();
    assert!(!scenarios.is_empty(), "HOSTILE={only}: no scenario has that in its name");
    let (turn, rows) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        loop {
            let at = turn.fetch_add(1, Ordering::Relaxed);
            let Some(scenario) = scenarios.get(at) else { return };
            // One that fails leaves the others their turn.
            let row = catch_unwind(AssertUnwindSafe(|| run(scenario)));
            rows.lock().unwrap().push((at, row.map_err(|_| scenario.name)));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(work);
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|(at, _)| *at);
    println!("| scenario | bound, beside {ALWAYS} | wall | CPU | peak | result |\n|---|---|---|---|---|---|");
    let (done, failed): (Vec<_>, Vec<_>) = rows.into_iter().map(|(_, row)| row).partition(Result::is_ok);
    for row in done.into_iter().flatten() {
        println!("{row}");
    }
    let failed: Vec<&str> = failed.into_iter().filter_map(Result::err).collect();
    assert_eq!(failed, [""; 0], "what is wrong is above");
}

#[test]
fn each_scenario_has_a_name_of_its_own() {
    let (scenarios, mut names) = (all(), BTreeSet::new());
    for scenario in &scenarios {
        assert!(names.insert(scenario.name), "{} is there twice", scenario.name);
    }
}

fn all() -> Vec<Scenario> {
    let chapters = [
        transport::scenarios(),
        tls::scenarios(),
        bodies::scenarios(),
        markup::scenarios(),
        content::scenarios(),
        robots::scenarios(),
        sitemaps::scenarios(),
        spaces::scenarios(),
        troubled::scenarios(),
    ];
    chapters.into_iter().flatten().collect()
}

/// Runs a scenario and checks what holds for all of them; gives its row of the table.
fn run(scenario: &Scenario) -> String {
    let (hostile, control) = (scenario.start(), control::start());
    let mut crawl = scenario.crawl(&hostile, &control);
    if let Some(requests) = scenario.killed_after {
        let mut running = crawl.start();
        while hostile.asked() < requests && !running.ends_within(Duration::from_millis(1)) {}
        let killed = running.kill();
        assert_eq!(killed.signal, Some(9), "{}: it was over before", scenario.name);
        crawl = scenario.crawl(&hostile, &control).on(&killed);
    }
    let (crawled, cost) = measure::to_the_end(crawl.start());
    let seen = Seen { crawled: &crawled, hostile: &hostile };
    println!("{}: {}, {}, {cost:?}", scenario.name, seen.result(), seen.why("/"));
    crawled.assert_code(0);
    control::assert_complete(&crawled, &control);
    assert_clean(&crawled);
    assert_verified(&crawled);
    assert!(cost.cpu <= MOST_CPU && cost.peak >> 10 <= scenario.peak, "{cost:?}: {ALWAYS}");
    scenario.assert_bound(&seen);
    let Cost { wall, cpu, peak } = cost;
    let (wall, cpu, peak) = (wall.as_secs_f64(), cpu.as_secs_f64(), peak / 1024);
    let (name, bound, result) = (scenario.name, scenario.bound(), seen.result());
    format!("| {name} | {bound} | {wall:.1} s | {cpu:.2} s | {peak} MiB | {result} |")
}

/// No control character on stderr but the ends of lines, and nothing that is a fault of the crawler.
#[track_caller]
fn assert_clean(crawled: &Crawled) {
    let control = crawled.stderr.chars().find(|char| char.is_control() && *char != '\n');
    assert_eq!(control, None, "{}", crawled.stderr.escape_debug());
    assert!(!crawled.stderr.contains("panicked"), "{}", crawled.stderr);
    let panicked = crawled.records.iter().find(|record| record["error"]["kind"] == "panic");
    assert_eq!(panicked, None);
    assert_eq!((&crawled.summary["state"], crawled.count("pending")), (&"complete".into(), 0), "{}", crawled.summary);
}

#[track_caller]
fn assert_verified(crawled: &Crawled) {
    let mut verify = Command::new(env!("CARGO_BIN_EXE_crawler"));
    let output = verify.arg("verify").current_dir(crawled.path("")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.starts_with("ok: "), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

const ALWAYS: &str = "control 100 of 100, exit 0, accounts, verify, stderr clean, CPU <= 30 s, peak <= 200 MiB";
const MOST_CPU: Duration = Duration::from_secs(30);
/// Most of them wait for a deadline most of the time.
const AT_ONCE: usize = 6;
