//! `--retry-failed`: what failed is asked for again, nothing else is, and its records are replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;
use serde_json::json;

use crate::cli::Run;
use crate::support::{Arrival, ClosedPort, Crawl, Crawled, Reply, Server, archived};

/// A site of which `/b` and `/c` are out of order until somebody says so.
fn outage() -> (Server, Arc<AtomicBool>) {
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let server = Server::start(move |arrival: &Arrival| match (arrival.path.as_str(), over.load(Ordering::SeqCst)) {
        ("/", _) => Reply::links("home", ["/a", "/b", "/c", "/gone"]),
        ("/a", _) | ("/c", true) => Reply::html("<title>here</title>"),
        ("/b", true) => Reply::links("back", ["/a", "/new"]),
        ("/new", _) => Reply::html("<title>new</title>"),
        ("/b", false) => Reply::new(503),
        ("/c", false) => Reply::new(429),
        _ => Reply::new(404),
    });
    (server, is_over)
}

fn crawl(server: &Server) -> Crawl {
    Crawl::of(server.url("/")).set("politeness.retries", "0")
}

fn assert_sound(crawled: &Crawled) {
    crawled.assert_code(0);
    let verified = Run::new(&crawled.path(""), &["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stderr);
}

#[test]
fn what_failed_is_asked_for_again_and_nothing_else_is() {
    let (server, is_over) = outage();
    let first = crawl(&server).run();
    assert_eq!(first.record(&server.url("/b"))["status"], json!(503));
    is_over.store(true, Ordering::SeqCst);
    let complete = crawl(&server).talkative().on(&first).run();
    let told = "is complete, with 5 records, 2 of pages that failed; --retry-failed asks for these again";
    assert!(complete.stderr.contains(told), "{}", complete.stderr);

    let second = crawl(&server).talkative().on(&complete).flag("--retry-failed").run();
    assert_sound(&second);
    assert!(second.stderr.contains("asking again for 2 pages that have failed"), "{}", second.stderr);
    let paths = ["/", "/a", "/b", "/c", "/gone", "/new"];
    assert_eq!(second.urls(), paths.map(|path| server.url(path)));
    assert_eq!(second.record(&server.url("/b"))["status"], json!(200));
    assert_eq!(second.record(&server.url("/new"))["depth"], json!(2));
    assert_eq!(paths.map(|path| server.count(path)), [1, 1, 2, 2, 1, 1], "a 404 is an answer");
    let third = crawl(&server).talkative().on(&second).flag("--retry-failed").run();
    assert_sound(&third);
    assert!(third.stderr.contains("nothing has failed"), "{}", third.stderr);
    assert_eq!(third.records, second.records);
}

#[test]
fn what_fails_again_is_said_and_counted_once() {
    let (server, _) = outage();
    let first = crawl(&server).run();
    let second = crawl(&server).on(&first).flag("--retry-failed").run();
    assert_sound(&second);
    assert_eq!((second.records.len(), server.count("/b")), (5, 2));
    assert!(second.stderr.contains("2 pages have failed again"), "{}", second.stderr);
}

#[test]
fn a_host_that_was_given_up_begins_anew() {
    let dead = ClosedPort::reserve();
    let page = Reply::links("home", [dead.url("/1"), dead.url("/2")]);
    let server =
        Server::start(move |arrival: &Arrival| if arrival.path == "/" { page.clone() } else { Reply::new(404) });
    let crawl = || {
        let crawl = Crawl::of(server.url("/")).any_host().set("politeness.retries", "0");
        crawl.set("politeness.breaker_failures", "1").set("politeness.patience", "\"0s\"")
    };
    let first = crawl().run();
    assert_eq!(first.record(&dead.url("/1"))["outcome"], json!("failed"));
    let urls = ["/1", "/2"].map(|path| dead.url(path));
    let alive = dead.open(|_| Reply::html("<title>alive</title>"));
    let second = crawl().on(&first).flag("--retry-failed").run();
    assert_sound(&second);
    for url in urls {
        assert_eq!(second.record(&url)["outcome"], json!("ok"), "{url}");
    }
    assert_eq!((server.count("/"), alive.count("/1")), (1, 1));
}

#[test]
fn items_of_pages_that_came_stay_and_those_of_pages_that_come_now_are_added() {
    let (server, is_over) = outage();
    let rules = "[[items]]\nname = \"titles\"\neach = \"html\"\n[items.fields]\ntitle = \"title\"\n";
    let first = crawl(&server).toml(rules).run();
    is_over.store(true, Ordering::SeqCst);
    let second = crawl(&server).toml(rules).on(&first).flag("--retry-failed").run();
    assert_sound(&second);
    let items = std::fs::read_to_string(second.path("crawl/items/titles.jsonl")).unwrap();
    assert_eq!(items.lines().count(), 5, "{items}");
}

#[test]
fn it_is_refused_where_records_cannot_be_replaced() {
    let (server, _) = outage();
    let first = crawl(&server).arg("--output", "-").run();
    let second = crawl(&server).arg("--output", "-").on(&first).flag("--retry-failed").run();
    second.assert_code(2);
    assert!(second.stderr.contains("have gone to stdout"), "{}", second.stderr);
    let fresh = crawl(&server).flag("--fresh").flag("--retry-failed").run();
    fresh.assert_code(2);
}

#[test]
fn an_archive_keeps_what_failed_beside_what_came_of_it_later() {
    let (server, is_over) = outage();
    let first = crawl(&server).flag("--warc").run();
    assert_sound(&first);
    is_over.store(true, Ordering::SeqCst);
    let second = crawl(&server).flag("--warc").on(&first).flag("--retry-failed").run();
    assert_sound(&second);
    let archived = archived(&second.path("crawl"));
    let answers = archived
        .iter()
        .filter(|record| ["response", "revisit"].contains(&record.kind()) && record.url() == server.url("/c"));
    assert_eq!(answers.count(), 2);
}

#[test]
fn an_archive_agrees_while_what_failed_still_has_to_be_asked_for_again() {
    let (server, is_over) = outage();
    let crawl = || crawl(&server).flag("--warc").concurrency(1);
    let first = crawl().run();
    assert_sound(&first);
    is_over.store(true, Ordering::SeqCst);
    server.hold("/b");
    let running = crawl().talkative().flag("--retry-failed").on(&first).start();
    server.wait_for("the first of them", |log| log.in_flight == 1 && log.count("/b") == 2);
    running.signal(Signal::INT);
    running.wait_for_stderr("stopping");
    running.signal(Signal::INT);
    let stopped = running.finish();
    assert_eq!((stopped.assert_code(130).records.len(), server.count("/c")), (3, 1));
    let verified = Run::new(&stopped.path(""), &["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    server.open_all();
    let finished = crawl().on(&stopped).run();
    assert_sound(&finished);
    assert_eq!((finished.records.len(), server.count("/c")), (6, 2));
}
