//! The torture run: a crawl that is killed again and again, at any instant and at each step of a commit, and continued by
//! the same command. Nothing may be lost, and nothing may come twice.
//!
//! `TORTURE=full` takes the full site and all kills; otherwise it is a short version that fits into every test run. The
//! instants are random: `TORTURE_SEED` repeats a run as far as the machine allows.
#![cfg(test)]
#![expect(clippy::print_stdout, reason = "how many kills it has survived is what a torture run is for")]

mod committed;
#[cfg(feature = "postgres")]
mod in_database;
#[cfg(feature = "postgres")]
mod many_nodes;
mod site;
#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests of `it` need more of it")]
mod support;
mod victim;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use fastrand::Rng;
use rustix::process::Signal;

use site::Site;
use support::{Arrival, Crawl, Crawled, Reply, Server};
use victim::{End, Victim};

/// How much is tortured.
struct Size {
    pages: usize,
    kills: usize,
    /// How long an answer takes: so slow that the kills are spread over the whole crawl.
    pace: Duration,
}

impl Size {
    fn asked_for() -> Self {
        match std::env::var("TORTURE").as_deref() {
            Ok("full") => Self { pages: 5000, kills: 100, pace: Duration::from_millis(50) },
            Ok(other) => panic!("TORTURE={other}: only `full` means something"),
            Err(_) => Self { pages: 300, kills: 15, pace: Duration::from_millis(50) },
        }
    }
}

/// Kills at random instants, and fail points in between, all in one crawl; in another one as well, should the first be
/// over before it was killed often enough.
#[test]
fn killed_at_any_instant_and_continued_equals_undisturbed() {
    let size = Size::asked_for();
    let seed = std::env::var("TORTURE_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("{} pages, {} kills at random instants, TORTURE_SEED={seed}", size.pages, size.kills);
    let mut random = Rng::with_seed(seed);
    let mut ends = vec![None; size.kills];
    ends.extend(FAIL_POINTS.iter().flat_map(|(name, times)| times.iter().map(move |n| Some((*name, *n)))));
    random.shuffle(&mut ends);
    let new = || Victim::new(Site { pages: size.pages, pace: size.pace, waits: false });
    let (mut victim, mut at_random) = (new(), 0);
    for (at, fail_point) in ends.iter().enumerate() {
        // A run that is interrupted may end by itself before it is killed, or before it comes to its fail point.
        for _ in 0..TRIES {
            if victim.is_complete() {
                end(&mut victim);
                victim = new();
            }
            let end = victim.random_end(&mut random, *fail_point, at + 1, ends.len() + 1);
            if victim.run(&end) {
                at_random += usize::from(fail_point.is_none());
                break;
            }
        }
    }
    end(&mut victim);
    assert_eq!(at_random, size.kills, "it was not killed as often as it should be");
}

/// Lets a crawl come to its end, and checks what it came to.
#[track_caller]
fn end(victim: &mut Victim) {
    victim.finish();
    victim.assert_equals_undisturbed();
    victim.assert_nothing_is_left();
    println!("{} kills, {} of them at fail points: {}", victim.kills, victim.fail_points, victim.result());
}

/// Each fail point is met by a first run and by one that goes on, and the third one ends the crawl.
#[test]
fn killed_at_each_step_and_continued_equals_undisturbed() {
    let ends: Vec<_> = FAIL_POINTS.iter().flat_map(|(name, times)| times.iter().map(move |n| (*name, *n))).collect();
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let torture = || {
        while let Some((name, n)) = ends.get(turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            let mut victim = Victim::new(Site { pages: 60, pace: Duration::from_millis(40), waits: true });
            for _ in 0..2 {
                let died = victim.run(&End::FailPoint { name, n: *n, interrupt: None });
                assert!(died || victim.is_complete(), "no run came to {name} {n} times");
                assert!(died || victim.kills > 0, "the first run did not come to {name} {n} times");
            }
            victim.finish();
            victim.assert_equals_undisturbed();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(torture);
        }
    });
    println!("{} fail points, each met by a first run and by one that goes on: equal", ends.len());
}

/// A run that is allowed more, and is killed before it has done anything with it, leaves that to the next one.
#[test]
fn what_a_run_was_newly_allowed_is_not_lost_with_it() {
    let server = Server::start(Site { pages: 60, pace: Duration::ZERO, waits: false }.routes());
    let crawl = || Crawl::of(server.url("/")).set("politeness.retries", "3");
    for (name, _) in FAIL_POINTS.iter().take_while(|(name, _)| *name != "record-written") {
        let first = crawl().run();
        assert!(first.assert_code(0).skipped("robots") > 0);
        let killed = crawl().flag("--ignore-robots").on(&first).env("CRAWLER_FAIL_POINT", *name).run();
        assert!(killed.signal == Some(9) || *name == "output-named", "{name}: {}", killed.stderr);
        let third = crawl().flag("--ignore-robots").on(&killed).run();
        assert_eq!(third.assert_code(0).skipped("robots"), 0, "killed at {name}");
    }
}

/// What failed has one record after it was asked for again, wherever that was killed, and whether it is asked for once more
/// or the crawl only goes on.
#[test]
fn what_failed_is_replaced_once_wherever_that_is_killed() {
    for (name, _) in RETRY_POINTS {
        for again in [true, false] {
            let is_over = Arc::new(AtomicBool::new(false));
            let over = Arc::clone(&is_over);
            let server = Server::start(move |arrival| match arrival.path.as_str() {
                "/" => Reply::links("home", (0..40).map(|n| format!("/{n}"))),
                "/robots.txt" => Reply::new(404),
                path if path.ends_with('3') && !over.load(Ordering::SeqCst) => Reply::new(503),
                path => Reply::html(format!("<title>{path}</title>")),
            });
            let crawl = || Crawl::of(server.url("/")).set("politeness.retries", "0");
            let first = crawl().run();
            let failed = |crawled: &Crawled| crawled.records.iter().filter(|record| record["status"] == 503).count();
            assert_eq!((first.records.len(), failed(&first)), (41, 4));
            is_over.store(true, Ordering::SeqCst);
            let killed = crawl().flag("--retry-failed").on(&first).env("CRAWLER_FAIL_POINT", *name).run();
            assert_eq!(killed.signal, Some(9), "{name}: {}", killed.stderr);
            let is_committed = *name != "retry-prepared";
            let last = if again || !is_committed { crawl().flag("--retry-failed") } else { crawl() }.on(&killed).run();
            last.assert_code(0);
            let urls: BTreeSet<_> = last.urls().into_iter().collect();
            assert_eq!((last.records.len(), urls.len(), failed(&last)), (41, 41, 0), "{name}");
            assert_eq!([server.count("/1"), server.count("/3")], [1, 2], "{name}");
            let verified =
                Command::new(env!("CARGO_BIN_EXE_crawler")).arg("verify").current_dir(last.path("")).output();
            assert!(verified.unwrap().status.success(), "{name}");
        }
    }
}

/// An update that is killed anywhere leaves the crawl before or the new one, and the same command brings it to the same end.
#[test]
fn an_update_is_whole_or_not_there_wherever_it_is_killed() {
    let site = |is_later: bool| {
        move |arrival: &Arrival| {
            let body = match (arrival.path.as_str(), is_later) {
                ("/", _) => HOME.to_owned(),
                ("/robots.txt", _) | ("/7", true) => return Reply::new(404),
                (path @ "/8", true) => format!("<title>another {path}</title>"),
                (path, _) => format!("<title>{path}</title><ul><li><b>{path}</b></ul>"),
            };
            let tag = format!("\"{}\"", body.len());
            if arrival.header("if-none-match") == Some(&*tag) {
                return Reply::new(304).header("ETag", &tag);
            }
            Reply::html(body).header("ETag", &tag)
        }
    };
    let rules = "[[items]]\nname = \"rows\"\neach = \"li\"\n[items.fields]\ntext = \"b\"\n";
    for (name, times) in UPDATE_POINTS {
        for n in *times {
            let is_later = Arc::new(AtomicBool::new(false));
            let later = Arc::clone(&is_later);
            let server = Server::start(move |arrival| site(later.load(Ordering::SeqCst))(arrival));
            // The version is deleted that would be kept.
            let keeps = !name.starts_with("version");
            let crawl = || Crawl::of(server.url("/")).toml(rules).set("update.keep", if keeps { "1" } else { "0" });
            let first = crawl().run();
            is_later.store(true, Ordering::SeqCst);
            let killed = crawl().flag("--update").on(&first).env("CRAWLER_FAIL_POINT", format!("{name}:{n}")).run();
            assert_eq!(killed.signal, Some(9), "{name} {n}: {}", killed.stderr);
            let asked = server.log(|log| log.arrivals.len());
            let update = || crawl().talkative().flag("--update").arg("--fail-on", "changes");
            let last = update().on(&killed).run();
            // What was in its place already, or as good as that, is told by the next one, which asks for nothing.
            let is_in_place = ["swap", "version", "summary"].iter().any(|step| name.starts_with(step));
            last.assert_code(5);
            assert!(last.stderr.contains("changed 1  gone 1  unchanged 19"), "{name} {n}: {}", last.stderr);
            assert!(!is_in_place || server.log(|log| log.arrivals.len()) == asked, "{name} {n}");
            assert_eq!((last.records.len(), last.record(&server.url("/8"))["title"] == "another /8"), (21, true));
            let lines = std::fs::read_to_string(last.path("crawl/changes.jsonl")).unwrap();
            let unchanged = lines.lines().filter(|line| line.contains("\"change\":\"unchanged\"")).count();
            assert_eq!((lines.lines().count(), unchanged), (21, 19), "{name} {n}");
            let items = std::fs::read_to_string(last.path("crawl/items/rows.jsonl")).unwrap();
            assert_eq!(items.lines().count(), 18, "{name} {n}");
            let versions = std::fs::read_dir(last.path("crawl/versions")).into_iter().flatten();
            let versions: Vec<_> = versions.map(|version| version.unwrap().path()).collect();
            assert_eq!((versions.len(), last.path("crawl/next").exists()), (usize::from(keeps), false), "{name} {n}");
            for left in ["swap.json", "untold.json"] {
                assert!(!last.path("crawl").join(left).exists(), "{left} {name} {n}");
            }
            for dir in versions.into_iter().chain([last.path("crawl")]) {
                let verified = Command::new(env!("CARGO_BIN_EXE_crawler")).arg("verify").arg(&dir).output().unwrap();
                assert!(verified.status.success(), "{name} {n}: {}", String::from_utf8_lossy(&verified.stdout));
            }
            // Told once: the next update finds that nothing has changed since.
            let next = update().on(&last).run();
            assert!(next.assert_code(0).stderr.contains("unchanged 21"), "{name} {n}: {}", next.stderr);
        }
    }
}

/// What has changed with an update that was cut off as it took its place is told by whoever finishes that, also by a call that
/// is no update.
#[test]
fn an_update_that_another_call_puts_in_its_place_is_told_by_that() {
    for name in ["swap-noted", "swap-out", "swap-in", "swap-finished"] {
        let is_later = Arc::new(AtomicBool::new(false));
        let later = Arc::clone(&is_later);
        let server = Server::start(move |arrival| match (arrival.path.as_str(), later.load(Ordering::SeqCst)) {
            ("/", false) => Reply::html("<title>before</title>"),
            ("/", true) => Reply::html("<title>after</title>"),
            _ => Reply::new(404),
        });
        let crawl = || Crawl::of(server.url("/"));
        let first = crawl().run();
        is_later.store(true, Ordering::SeqCst);
        let killed = crawl().flag("--update").on(&first).env("CRAWLER_FAIL_POINT", name).run();
        assert_eq!(killed.signal, Some(9), "{name}: {}", killed.stderr);
        let asked = server.log(|log| log.arrivals.len());
        let plain = crawl().arg("--fail-on", "changes").on(&killed).run();
        let said =
            "was cut off when it took its place, before it could say what has changed; crawl/changes.jsonl: changed 1";
        assert!(plain.assert_code(5).stderr.contains(said), "{name}: {}", plain.stderr);
        assert_eq!(
            (server.log(|log| log.arrivals.len()), plain.records[0]["title"] == "after"),
            (asked, true),
            "{name}"
        );
        let next = crawl().flag("--update").arg("--fail-on", "changes").on(&plain).run();
        assert!(!next.assert_code(0).stderr.contains("cut off"), "{name}: {}", next.stderr);
    }
}

/// A run of `crawler watch` that was killed when its update was as good as in its place is told by the next process, which asks
/// for nothing.
#[test]
fn a_run_that_was_killed_before_it_was_told_is_told() {
    for name in ["swap-noted", "swap-in", "swap-finished", "summary-written"] {
        let is_later = Arc::new(AtomicBool::new(false));
        let later = Arc::clone(&is_later);
        let server = Server::start(move |arrival| match (arrival.path.as_str(), later.load(Ordering::SeqCst)) {
            ("/", false) => Reply::html("<title>before</title>"),
            ("/", true) => Reply::html("<title>after</title>"),
            _ => Reply::new(404),
        });
        let first = Crawl::of(server.url("/")).run();
        is_later.store(true, Ordering::SeqCst);
        let watch = || Crawl::of(server.url("/")).by("watch").arg("--every", "1d").talkative();
        let killed = watch().on(&first).env("CRAWLER_FAIL_POINT", name).run();
        assert_eq!(killed.signal, Some(9), "{name}: {}", killed.stderr);
        let asked = server.log(|log| log.arrivals.len());
        let next = watch().on(&killed).start();
        next.wait_for_stderr("complete, 1 page; 1 changed in ");
        next.signal(Signal::TERM);
        let next = next.finish();
        assert_eq!((next.code, server.log(|log| log.arrivals.len())), (Some(143), asked), "{name}: {}", next.stderr);
        assert!(!next.path("crawl/untold.json").exists(), "{name}");
        // It has ended: the next one is due in a day.
        let waits = watch().on(&next).start();
        waits.wait_for_stderr("the next run is at ");
        waits.signal(Signal::TERM);
        assert_eq!((waits.finish().code, server.log(|log| log.arrivals.len())), (Some(143), asked), "{name}");
    }
}

/// What an update had not got is told by what it is now, wherever it is killed that asks for it again.
#[test]
fn what_has_changed_is_told_anew_wherever_that_is_killed() {
    for (name, _) in RETRY_POINTS.iter().chain(RETOLD_POINTS) {
        let phase = Arc::new(AtomicU8::new(0));
        let now = Arc::clone(&phase);
        let server = Server::start(move |arrival| match (arrival.path.as_str(), now.load(Ordering::SeqCst)) {
            ("/", 0) => Reply::links("home", ["/a", "/b"]),
            ("/", _) => Reply::links("another", ["/a", "/b"]),
            ("/b", 1) => Reply::new(503),
            ("/robots.txt", _) => Reply::new(404),
            (path, _) => Reply::html(format!("<title>{path}</title>")),
        });
        let crawl = || Crawl::of(server.url("/")).set("politeness.retries", "0");
        let first = crawl().run();
        phase.store(1, Ordering::SeqCst);
        let update = crawl().flag("--update").on(&first).run();
        assert_eq!(update.assert_code(0).summary["update"]["failed"], 1);
        phase.store(2, Ordering::SeqCst);
        let killed = crawl().flag("--retry-failed").on(&update).env("CRAWLER_FAIL_POINT", *name).run();
        assert_eq!(killed.signal, Some(9), "{name}: {}", killed.stderr);
        let last = crawl().flag("--retry-failed").on(&killed).run();
        last.assert_code(0);
        let lines = std::fs::read_to_string(last.path("crawl/changes.jsonl")).unwrap();
        let said =
            |change: &str| lines.lines().filter(|line| line.contains(&format!("\"change\":\"{change}\""))).count();
        assert_eq!([said("changed"), said("unchanged"), said("failed")], [1, 2, 0], "{name}: {lines}");
        let counts = &last.summary["update"];
        assert_eq!([&counts["changed"], &counts["unchanged"], &counts["failed"]], [1, 2, 0], "{name}");
    }
}

#[test]
fn no_fail_point_is_left_out() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut there = BTreeSet::new();
    let mut read = |path: &Path, call: &str| {
        let text = std::fs::read_to_string(path).unwrap();
        there.extend(text.split(call).skip(1).map(|call| call.split('"').next().unwrap().to_owned()));
    };
    for folder in ["engine", "engine/updating"] {
        for file in std::fs::read_dir(src.join(folder)).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                read(&path, "fail_point(\"");
            }
        }
    }
    read(&src.join("versions.rs"), "passed(\"");
    let points = FAIL_POINTS.iter().chain(RETRY_POINTS).chain(UPDATE_POINTS).chain(RETOLD_POINTS);
    let met: BTreeSet<String> = points.map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(there, met);
}

/// The fail points, in the order of a crawl, and at which passing of each the process is killed.
const FAIL_POINTS: &[(&str, &[u32])] = &[
    ("store-opened", &[1]),
    ("output-named", &[1]),
    ("output-opened", &[1]),
    ("session-begun", &[1]),
    ("record-written", &[1, 7, 23]),
    ("changes-applied", &[1, 7, 30]),
    ("before-flush", &[1, 2, 3]),
    ("before-commit", &[1, 2, 3]),
    ("after-commit", &[1, 2, 3]),
    ("amend-prepared", &[1]),
    ("amend-committed", &[1]),
    ("amend-finished", &[1]),
    ("end-noted", &[1]),
    ("before-summary", &[1]),
    ("summary-written", &[1]),
];

/// Those of `--retry-failed`, in their order.
const RETRY_POINTS: &[(&str, &[u32])] =
    &[("retry-prepared", &[1]), ("retry-committed", &[1]), ("retry-finished", &[1])];

/// A page that leads to 20 others.
const HOME: &str = "<a href=/0></a><a href=/1></a><a href=/2></a><a href=/3></a><a href=/4></a><a href=/5></a>\
    <a href=/6></a><a href=/7></a><a href=/8></a><a href=/9></a><a href=/10></a><a href=/11></a><a href=/12></a>\
    <a href=/13></a><a href=/14></a><a href=/15></a><a href=/16></a><a href=/17></a><a href=/18></a><a href=/19></a>";

/// Those of `--update`, and some of those that it has as any crawl has.
const UPDATE_POINTS: &[(&str, &[u32])] = &[
    ("session-begun", &[1]),
    ("record-written", &[1, 15]),
    ("before-commit", &[2]),
    ("changes-written", &[1]),
    ("update-whole", &[1]),
    ("swap-noted", &[1]),
    ("swap-out", &[1, 2, 3, 4]),
    ("swap-in", &[1, 2, 3, 4, 5]),
    ("swap-finished", &[1]),
    ("version-going", &[1]),
    ("version-file-deleted", &[1, 4]),
    ("summary-written", &[1]),
];

/// Those at the end of a crawl that is an update, and has gone on.
const RETOLD_POINTS: &[(&str, &[u32])] = &[("changes-retold", &[1]), ("summary-written", &[1])];

const AT_ONCE: usize = 6;
const TRIES: u32 = 20;
