//! `crawler watch`: a crawl that comes again, whatever becomes of one run. When runs are due is tested in `src/recurrence.rs`.

use std::fs;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use rustix::process::Signal;

use crate::cli::Run;
use crate::support::{Crawl, Reply, Server, Site};

fn watch(server: &Server) -> Crawl {
    Crawl::of(server.url("/")).by("watch").arg("--every", "100ms").talkative()
}

#[test]
fn a_site_is_crawled_again_and_again_and_what_has_changed_is_told() {
    let times = AtomicUsize::new(0);
    let server = Server::start(move |arrival| match &*arrival.path {
        "/" => {
            let title = if times.fetch_add(1, Relaxed) == 0 { "before" } else { "after" };
            Reply::html(format!("<title>{title}</title><a href=/same>same</a>"))
        }
        "/same" => Reply::html("<title>same</title>"),
        _ => Reply::new(404),
    });
    let crawl = watch(&server).arg("--fail-on", "changes").start();
    crawl.wait_for_stderr("\nchanges: ");
    crawl.wait_for_stderr("2 pages; 1 changed in ");
    crawl.wait_for_stderr("2 pages; nothing changed in ");
    crawl.signal(Signal::TERM);
    let crawled = crawl.finish();
    assert_eq!(crawled.assert_code(143).record(&server.url("/"))["title"], "after");
    for file in ["report.html", "changes.jsonl", "schedule.json"] {
        assert!(crawled.path("crawl").join(file).is_file(), "{file}");
    }
    let versions = fs::read_dir(crawled.path("crawl/versions")).unwrap().count();
    assert!((1..=2).contains(&versions), "two are kept: {versions}");
    let runs: Vec<_> = crawled.stderr.lines().filter(|line| line.contains("run of ")).collect();
    assert!(
        runs.len() >= 3 && runs.iter().all(|line| line.contains("Z; next at ") || line.contains("; next at ")),
        "{runs:?}"
    );
    assert!(runs[0].contains(": complete, 2 pages in "), "{runs:?}");
}

#[test]
fn a_run_that_fails_does_not_end_it() {
    let times = AtomicUsize::new(0);
    let server = Server::start(move |arrival| match &*arrival.path {
        "/" if times.fetch_add(1, Relaxed) == 0 => Reply::new(500),
        "/" => Reply::html("<title>here</title>"),
        _ => Reply::new(404),
    });
    let crawl = watch(&server).start();
    crawl.wait_for_stderr("no page came of any seed");
    crawl.wait_for_stderr("1 page; 1 changed in ");
    crawl.signal(Signal::INT);
    assert_eq!(crawl.finish().assert_code(130).record(&server.url("/"))["title"], "here");
}

#[test]
fn what_an_update_could_not_find_out_is_told_by_its_own_word() {
    let times = AtomicUsize::new(0);
    let server = Server::start(move |arrival| match &*arrival.path {
        "/" => Reply::html("<title>here</title><a href=/breaks>breaks</a>"),
        "/breaks" if times.fetch_add(1, Relaxed) > 0 => Reply::new(503),
        "/breaks" => Reply::html("<title>whole</title>"),
        _ => Reply::new(404),
    });
    let crawl = watch(&server).start();
    crawl.wait_for_stderr(": complete, 2 pages in ");
    crawl.wait_for_stderr(": complete, 1 page, 1 http error; nothing changed, 1 failed in ");
    crawl.signal(Signal::TERM);
    let crawled = crawl.finish();
    let lines = fs::read_to_string(crawled.assert_code(143).path("crawl/changes.jsonl")).unwrap();
    assert!(lines.contains("\"change\":\"failed\""), "{lines}");
}

#[test]
fn a_time_that_a_wrong_clock_has_noted_is_not_waited_for() {
    let server = Server::start(Site::linked(&[("/", &[])]).routes());
    let crawl = watch(&server).start();
    crawl.wait_for_stderr("run of ");
    let killed = crawl.kill();
    for ended in ["\"2999-01-01T00:00:05Z\"", "null"] {
        let noted = format!("{{\"due\":\"2999-01-01T00:00:00Z\",\"ended\":{ended}}}");
        fs::write(killed.path("crawl/schedule.json"), noted).unwrap();
        let crawl = watch(&server).on(&killed).start();
        crawl.wait_for_stderr("run of ");
        crawl.signal(Signal::TERM);
        crawl.finish().assert_code(143);
        let noted = fs::read_to_string(killed.path("crawl/schedule.json")).unwrap();
        assert!(!noted.contains("2999"), "{noted}");
    }
}

#[test]
fn a_run_that_was_killed_goes_on_and_one_that_has_ended_does_not() {
    let server = Server::start(Site::linked(&[("/", &["/slow"]), ("/slow", &[])]).routes());
    server.hold("/slow");
    let every = |crawl: Crawl| crawl.by("watch").arg("--every", "1d").talkative();
    let crawl = every(Crawl::of(server.url("/"))).start();
    server.wait_for("the slow page to be asked for", |log| log.in_flight == 1 && log.answered.len() == 2);
    let killed = crawl.kill();
    server.open("/slow");
    let crawl = every(Crawl::of(server.url("/"))).on(&killed).start();
    crawl.wait_for_stderr("run of ");
    crawl.signal(Signal::TERM);
    let crawled = crawl.finish();
    assert_eq!(crawled.assert_code(143).records.len(), 2);
    let asked = server.log(|log| log.answered.len());
    // The run has ended: nothing is due for a day.
    let again = every(Crawl::of(server.url("/"))).on(&crawled).start();
    again.signal(Signal::TERM);
    again.finish();
    assert_eq!(server.log(|log| log.answered.len()), asked);
}

#[test]
fn what_cannot_come_again_is_refused() {
    let refused = |crawl: Crawl, message: &str| {
        let crawled = crawl.run();
        assert!(crawled.assert_code(2).stderr.contains(message), "{}", crawled.stderr);
    };
    let seed = || Crawl::bare().seed("http://127.0.0.1:1/").by("watch");
    refused(seed(), "nobody has said how often to crawl\n = help: --every 6h");
    refused(seed().arg("--every", "0s"), "--every: `0s` is no time between two runs");
    refused(seed().arg("--every", "often"), "--every: `often` is no time between two runs");
    refused(seed().arg("--every", "1h").flag("--fresh"), "leave out --fresh, --retry-failed and --update");
    refused(seed().arg("--every", "1h").flag("--no-store"), "leave out --no-store");
    let tips = refusals(&[
        "watch",
        "watch --every 6h",
        "watch --every 6h --dir nowhere",
        "watch --every 6h https://example.com/ --max-depth 2",
        "watch --every 6h https://example.com/ --threads 8",
        "watch https://example.com/ --interval 6h",
        "watch --every 6h https://example.com/ --burst 5",
        "plan https://example.com/ --max-depth 2",
        "plan",
        "status --max-depth 2",
        "https://example.com/ --interval 6h",
        "https://example.com/ --fail-on changes",
        "--set fail_on=['changes'] https://example.com/ --retry-failed",
    ]);
    insta::assert_snapshot!(tips);
    let server = Server::start(Site::linked(&[("/", &[])]).routes());
    let running = watch(&server).start();
    running.wait_for_stderr("run of ");
    refused(watch(&server).beside(&running), "another process watches crawl already");
    running.kill();
}

/// What each call says, which is wrong in a folder where nothing is.
fn refusals(calls: &[&str]) -> String {
    let place = tempfile::tempdir().unwrap();
    let said = calls.iter().map(|call| {
        let run = Run::new(place.path(), &call.split(' ').collect::<Vec<_>>());
        assert_eq!((run.code, fs::read_dir(place.path()).unwrap().count()), (2, 0), "{call}: {}", run.stderr);
        format!("$ crawler {call}\n{}\n", run.stderr)
    });
    said.collect()
}
