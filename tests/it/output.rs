//! stdout is data, stderr is talk, and the exit code says how it went.

use std::io::{BufRead, BufReader};

use crate::support::{ClosedPort, Crawl, Reply, Server, Site, folder};

fn small_site() -> Server {
    Server::start(Site::linked(&[("/", &["/a", "/b"]), ("/a", &[]), ("/b", &["/missing"])]).routes())
}

#[test]
fn records_go_to_stdout_when_asked_for_and_nothing_else_does() {
    let server = small_site();
    let crawled = Crawl::of(server.url("/")).talkative().arg("--output", "-").run();
    assert_eq!(crawled.assert_code(0).records.len(), 4);
    assert_eq!(crawled.stdout.lines().count(), 4, "{}", crawled.stdout);
    assert!(!crawled.path("crawl/pages.jsonl").exists());
}

#[test]
fn records_go_to_the_file_that_is_named() {
    let server = small_site();
    let crawled = Crawl::of(server.url("/")).arg("--output", "elsewhere.jsonl").run();
    let lines = std::fs::read_to_string(crawled.path("elsewhere.jsonl")).unwrap();
    assert_eq!((lines.lines().count(), crawled.stdout.as_str()), (4, ""));
    assert!(!crawled.path("crawl/pages.jsonl").exists());
    let output = crawled.summary["output"].as_str().unwrap();
    assert!(output.ends_with("elsewhere.jsonl"), "{output}");
}

#[test]
fn an_output_that_its_name_calls_something_else_is_refused() {
    for name in ["out.csv", "out.parquet", "OUT.SQLITE", "out.jsonl.gz", "out.json"] {
        let server = small_site();
        let crawled = Crawl::of(server.url("/")).arg("--output", name).run();
        crawled.assert_code(2);
        assert!(crawled.stderr.contains(&format!("crawler export --to {name}")), "{}", crawled.stderr);
        assert!(!crawled.path(name).exists() && server.log(|log| log.paths().is_empty()), "nothing was requested");
    }
    let server = small_site();
    Crawl::of(server.url("/")).arg("--output", "out.ndjson").run().assert_code(0);
}

#[test]
fn a_quiet_crawl_says_nothing() {
    let server = small_site();
    let crawled = Crawl::of(server.url("/")).run();
    assert_eq!((crawled.stdout.as_str(), crawled.stderr.as_str()), ("", ""));
}

#[test]
fn the_end_of_a_crawl_tells_the_counts_on_stderr() {
    let server = small_site();
    let crawled = Crawl::of(server.url("/")).talkative().run();
    assert_eq!(crawled.stdout, "");
    let said = |words: &[&str]| crawled.stderr.lines().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(said(&["ok", "3"]), "{}", crawled.stderr);
    assert!(said(&["404", "1"]), "{}", crawled.stderr);
    assert!(said(&["pages.jsonl"]), "{}", crawled.stderr);
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_crawl_quietly() {
    let server = Server::start(Site::endless());
    let (crawl, stdout) = Crawl::of(server.url("/")).arg("--output", "-").start_piped();
    let mut stdout = BufReader::new(stdout);
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.starts_with('{') && line.ends_with("}\n"), "{line}");
    drop(stdout);
    let crawled = crawl.finish();
    assert_eq!((crawled.code, crawled.stderr.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_crawl_and_says_so() {
    let server = small_site();
    let crawled = Crawl::of(server.url("/")).arg("--output", "/dev/full").run();
    crawled.assert_code(1);
    assert!(crawled.stderr.contains("/dev/full"), "the message names the file: {}", crawled.stderr);
    assert!(crawled.stderr.contains("No space left"), "and the reason: {}", crawled.stderr);
}

#[test]
fn a_file_that_may_not_grow_ends_the_crawl_and_holds_whole_lines() {
    let server = Server::start(Site::endless());
    // In units of 512 or 1024 bytes: some hundreds of pages.
    let crawled = Crawl::of(server.url("/")).after("ulimit -f 256").flag("--no-store").run();
    crawled.assert_code(1);
    assert!(crawled.stderr.contains("cannot write crawl/pages.jsonl: File too large"), "{}", crawled.stderr);
    let urls = crawled.urls();
    assert!(urls.len() > 100 && urls.contains(&server.url("/")), "{urls:?}");
}

#[test]
fn a_crawl_without_a_seed_is_a_usage_error() {
    let crawled = Crawl::bare().run();
    crawled.assert_code(2);
    assert!(crawled.stderr.contains("there is no seed to start from"), "{}", crawled.stderr);
}

#[test]
fn a_seed_that_is_no_url_is_a_usage_error_and_no_request_is_made() {
    let server = small_site();
    for bad in ["nas.lan", "ftp://example.com/", "http://"] {
        let crawled = Crawl::of(server.url("/")).seed(bad).run();
        assert!(crawled.assert_code(2).stderr.contains(bad), "{}", crawled.stderr);
    }
    assert!(server.log(|log| log.arrivals.is_empty()));
}

#[test]
fn a_crawl_none_of_whose_seeds_can_be_fetched_exits_3() {
    let refusing = ClosedPort::reserve();
    let crawled = Crawl::of(refusing.url("/")).run();
    crawled.assert_code(3);
    assert!(!crawled.stderr.is_empty(), "also a quiet crawl says why it got nothing");
}

#[test]
fn one_seed_that_can_be_fetched_is_enough() {
    let (refusing, server) = (ClosedPort::reserve(), small_site());
    Crawl::of(refusing.url("/")).seed(server.url("/")).run().assert_code(0);
}

#[test]
fn a_seed_that_answers_with_an_error_was_not_fetched() {
    let server = Server::start(Site::default().routes());
    let crawled = Crawl::of(server.url("/")).run();
    assert_eq!(crawled.assert_code(3).record(&server.url("/"))["status"], 404);
}

#[test]
fn what_a_site_says_cannot_steer_the_terminal() {
    let page = "<title>\x1b]0;owned\x07\x1b[2J</title><a href='/\x1b[31m'>x</a><a href='/to\u{9b}31m'>x</a>";
    let server = Server::start(Site::default().with("/", Reply::html(page)).routes());
    let crawl = Crawl::of(server.url("/")).talkative().set("observe.log_level", "'trace'");
    let crawled = crawl.set("observe.progress", "'always'").arg("--output", "-").run();
    for (stream, text) in [("stdout", &crawled.stdout), ("stderr", &crawled.stderr)] {
        let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
        assert!(!text.chars().any(steers), "{stream}: {text:?}");
    }
    assert_eq!(crawled.record(&server.url("/"))["title"], "\u{1b}]0;owned\u{7}\u{1b}[2J", "the data is not changed");
}

#[test]
fn the_log_and_the_summary_call_the_end_the_same() {
    let server = Server::start(Site::linked(&[("/", &["/a"]), ("/a", &[])]).routes());
    let crawl = Crawl::of(server.url("/")).talkative().arg("--log-format", "json");
    let crawled = crawl.arg("--max-pages", "1").run();
    let lines = crawled.assert_code(0).stderr.lines().filter_map(|line| serde_json::from_str(line).ok());
    let ended = lines.into_iter().find(|line: &serde_json::Value| line["message"] == "the crawl has ended").unwrap();
    assert_eq!((&ended["state"], &crawled.summary["state"]), (&"limit".into(), &"limit".into()));
}

#[test]
fn the_summary_is_whole_json_with_every_count() {
    let crawled = Crawl::of(folder("three-levels").to_string_lossy()).run();
    assert_eq!(crawled.summary["version"], 1);
    for count in ["discovered", "pending", "in_flight", "records", "requests", "retries", "bytes", "elapsed_ms"] {
        assert!(crawled.summary[count].is_u64(), "{count}: {}", crawled.summary);
    }
    for (group, names) in [("settled", SETTLED), ("skipped", SKIPPED)] {
        for name in names {
            assert!(crawled.summary[group][name].is_u64(), "{group}.{name}: {}", crawled.summary);
        }
    }
}

#[test]
fn the_summary_counts_the_requests_of_each_host() {
    let server = small_site();
    let crawled = Crawl::of(server.url("/")).run();
    let arrivals = server.log(|log| log.arrivals.len());
    assert_eq!(crawled.count("requests"), arrivals as u64, "robots.txt is a request too");
    assert_eq!(crawled.summary["hosts"][0]["host"], server.host());
    assert_eq!(crawled.summary["hosts"][0]["requests"], arrivals);
}

const SETTLED: &[&str] = &["ok", "redirect", "http_error", "failed", "payment_required"];
const SKIPPED: &[&str] =
    &["scope", "depth", "robots", "limit", "trap", "nofollow", "scheme", "too_long", "unsafe_address", "usage"];
