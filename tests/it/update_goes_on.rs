//! What becomes of an update that goes on: one that was stopped, called with the same settings or others, and one that is in its
//! place and asks again for what it has not got.

use std::collections::BTreeMap;
use std::fs;

use rustix::process::Signal;
use serde_json::json;

use crate::cli::Run;
use crate::support::{Crawl, Crawled, Living, Page, Server};
use crate::update::{assert_sound, changes, crawl, path, site, told, versions};

const MORE: &str = "[[extract]]\n[extract.fields]\nhead = 'title'\n";

/// An update that is stopped when all but four of its pages are read.
fn stopped(server: &Server, first: &Crawled, update: Crawl) -> Crawled {
    let before = server.log(|log| log.arrivals.len());
    server.hold(&path(25));
    let update = update.flag("--update").concurrency(1).on(first).start();
    // robots.txt, the home page, and those up to the one that is held.
    server.wait_for("most pages of the update", |log| log.arrivals.len() == before + 28);
    update.signal(Signal::INT);
    update.wait_for_stderr("stopping: ");
    server.open_all();
    let stopped = update.finish();
    stopped.assert_code(130);
    assert!(stopped.path("crawl/next/store.sqlite").exists());
    stopped
}

/// How many records have a field.
fn with_field(crawled: &Crawled, field: &str) -> usize {
    crawled.records.iter().filter(|record| record["fields"].get(field).is_some()).count()
}

#[test]
fn an_update_with_other_rules_than_it_was_begun_with_is_begun_anew_and_that_is_said() {
    let living = Living::new(site(30));
    let server = living.serve();
    let first = crawl(&server.url("/")).run();
    let stopped = stopped(&server, &first, crawl(&server.url("/")));
    let other = crawl(&server.url("/")).toml(MORE).talkative().flag("--update").on(&stopped).run();
    other.assert_code(0);
    assert_sound(&other);
    let said = "the update in crawl/next was begun with other settings ([extract]): it is begun anew";
    assert!(other.stderr.contains(said), "{}", other.stderr);
    assert_eq!((other.records.len(), with_field(&other, "head")), (31, 31), "no record is of the rules before");
}

#[test]
fn an_update_that_was_begun_by_these_settings_goes_on_whatever_does_not_count() {
    let living = Living::new(site(30));
    let server = living.serve();
    let first = crawl(&server.url("/")).run();
    let stopped = stopped(&server, &first, crawl(&server.url("/")).toml(MORE));
    let before = server.log(|log| log.arrivals.len());
    let same = crawl(&server.url("/")).toml(MORE).talkative().flag("--update");
    let same = same.arg("--depth", "9").arg("--timeout", "50s").on(&stopped).run();
    same.assert_code(0);
    assert!(!same.stderr.contains("begun anew"), "{}", same.stderr);
    let again = server.log(|log| log.arrivals.len()) - before;
    assert!((4..=5).contains(&again), "what was settled is not asked for again, robots.txt may be: {again} requests");
    assert_eq!(with_field(&same, "head"), 31);
}

#[test]
fn an_update_without_a_seed_goes_on_by_the_settings_that_it_was_begun_with() {
    let living = Living::new(site(30));
    let server = living.serve();
    let first = crawl(&server.url("/")).run();
    let stopped = stopped(&server, &first, crawl(&server.url("/")).toml(MORE));
    fs::remove_file(stopped.path("crawl.toml")).unwrap();
    let shown = Run::new(&stopped.path(""), &["config", "--dir", "crawl", "--update"]).stdout;
    assert!(shown.contains("head = "), "{shown}");
    // What is kept was called for with -q.
    let call = ["--dir", "crawl", "--update", "--set", "observe.log_level=info"];
    let run = Run::new(&stopped.path(""), &call);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("the settings are those of the update in crawl/next,"), "{}", run.stderr);
    assert!(!run.stderr.contains("begun anew"), "{}", run.stderr);
    let records = fs::read_to_string(stopped.path("crawl/pages.jsonl")).unwrap();
    assert_eq!((records.lines().count(), records.lines().filter(|line| line.contains("\"head\":")).count()), (31, 31));
    // From here on they are those of the crawl.
    let again = Run::new(&stopped.path(""), &call);
    assert!(again.stderr.contains("the settings are those of the crawl in crawl,"), "{}", again.stderr);
}

/// Two pages, one of which has failed in the update.
fn outage(keep: &'static str) -> (Living, Server, Crawled, impl Fn() -> Crawl) {
    let home = "<title>home</title><a href=/a>a</a><a href=/b>b</a>";
    let living = Living::new(BTreeMap::from([
        ("/".to_owned(), Page::Html(home.to_owned())),
        ("/a".to_owned(), Page::Html("<title>a</title>".to_owned())),
        ("/b".to_owned(), Page::Html("<title>b</title>".to_owned())),
    ]));
    let server = living.serve();
    let seed = server.url("/");
    let crawl = move || Crawl::of(&seed).flag("--text").set("update.keep", keep);
    let first = crawl().run();
    living.edit(|site| {
        site.insert("/a".to_owned(), Page::Html("<title>other</title>".to_owned()));
        site.insert("/b".to_owned(), Page::Status(503));
    });
    let update = crawl().flag("--update").on(&first).run();
    assert_sound(&update);
    let expected = [("changed title", 1), ("failed ", 1), ("unchanged ", 1)];
    assert_eq!(told(&update), expected.map(|(what, count)| (what.to_owned(), count)).into());
    (living, server, update, crawl)
}

#[test]
fn what_had_failed_in_an_update_is_told_anew_when_it_is_asked_for_again() {
    let (living, server, update, crawl) = outage("2");
    // Nothing was asked for: nothing is told anew, and nothing is lost of what was told.
    let same = crawl().on(&update).run();
    assert_eq!((&same.summary["update"], changes(&same)), (&update.summary["update"], changes(&update)));
    living.edit(|site| {
        site.insert("/b".to_owned(), Page::Html("<title>b</title>".to_owned()));
    });
    let retried = crawl().talkative().flag("--retry-failed").arg("--fail-on", "changes").on(&same).run();
    retried.assert_code(5);
    assert_sound(&retried);
    assert_eq!(told(&retried), [("changed title".to_owned(), 1), ("unchanged ".to_owned(), 2)].into());
    assert_eq!(retried.summary["update"]["failed"], json!(0));
    assert_eq!(retried.summary["update"]["before"], json!(versions(&retried)[0]));
    assert!(retried.stderr.contains("changed 1  unchanged 2"), "{}", retried.stderr);
    assert_eq!(server.count("/b"), 3);
    // What the next update is compared with is the crawl as it is.
    let next = crawl().flag("--update").arg("--fail-on", "changes").on(&retried).run();
    next.assert_code(0);
    assert_eq!(told(&next), [("unchanged ".to_owned(), 3)].into());
}

#[test]
fn what_a_limit_had_left_out_of_an_update_is_told_anew_when_it_goes_on() {
    let living = Living::new(site(10));
    let server = living.serve();
    let first = crawl(&server.url("/")).run();
    let limited = crawl(&server.url("/")).flag("--update").arg("--max-pages", "4").on(&first).run();
    assert_eq!(told(&limited), [("failed ".to_owned(), 7), ("unchanged ".to_owned(), 4)].into());
    // One that is stopped on its way has not asked for the rest, and says nothing of that.
    server.hold(&path(6));
    let on_its_way = crawl(&server.url("/")).concurrency(1).on(&limited).start();
    server.wait_for("one of them", |log| log.in_flight == 1 && log.count(&path(6)) == 2);
    on_its_way.signal(Signal::INT);
    on_its_way.wait_for_stderr("stopping: ");
    server.open_all();
    let stopped = on_its_way.finish();
    stopped.assert_code(130);
    assert!(stopped.summary["pending"].as_u64() > Some(0), "{}", stopped.summary);
    assert_eq!((&stopped.summary["update"], changes(&stopped)), (&limited.summary["update"], changes(&limited)));
    let whole = crawl(&server.url("/")).arg("--fail-on", "changes").on(&stopped).run();
    whole.assert_code(0);
    assert_sound(&whole);
    assert_eq!(told(&whole), [("unchanged ".to_owned(), 11)].into());
}

#[test]
fn without_the_crawl_before_changes_stay_as_they_were_told_and_that_is_said() {
    let (living, _server, update, crawl) = outage("0");
    living.edit(|site| {
        site.insert("/b".to_owned(), Page::Html("<title>b</title>".to_owned()));
    });
    let retried = crawl().talkative().flag("--retry-failed").on(&update).run();
    retried.assert_code(0);
    assert!(retried.stderr.contains("crawl/changes.jsonl says what it said before this run"), "{}", retried.stderr);
    assert_eq!((&retried.summary["update"], changes(&retried)), (&update.summary["update"], changes(&update)));
    assert_eq!(retried.record(retried.records[2]["url"].as_str().unwrap())["title"], json!("b"));
}

#[test]
fn changes_are_refused_as_a_condition_where_nothing_is_compared() {
    let living = Living::new(site(2));
    let server = living.serve();
    let plain = || crawl(&server.url("/")).arg("--fail-on", "changes");
    let refused = plain().run();
    refused.assert_code(2);
    assert!(refused.stderr.contains("has nothing to compare its pages with"), "{}", refused.stderr);
    assert!(!refused.path("crawl").exists());
    let first = plain().flag("--update").run();
    first.assert_code(0);
    // What is kept of an earlier call is no mistake of this one.
    fs::remove_file(first.path("crawl.toml")).unwrap();
    assert_eq!(Run::new(&first.path(""), &["--dir", "crawl"]).code, 0);
    plain().on(&first).run().assert_code(2);
    let update = plain().flag("--update").on(&first).run();
    update.assert_code(0);
    plain().on(&update).run().assert_code(0);
}
