//! What one page may add to its record and to the store, in bytes.

use serde_json::json;

use crate::support::{Crawl, Reply, Server, Site};

/// A page with so many links; where they lead there is nothing.
fn hub(links: usize) -> Site {
    let paths: Vec<_> = (0..links).map(|n| format!("/{n:04}")).collect();
    Site::default().with("/", Reply::links("hub", &paths))
}

#[test]
fn links_beyond_those_of_a_record_are_counted_in_it_and_followed() {
    let server = Server::start(hub(40).routes());
    let crawled = Crawl::of(server.url("/")).set("output.max_link_bytes", "\"300B\"").talkative().run();
    let crawled = crawled.assert_code(0);
    let record = crawled.record(&server.url("/"));
    let each = server.url("/0000").len() + 3;
    let listed = record["links"].as_array().unwrap().len();
    assert_eq!(listed, 300 / each);
    assert_eq!(record["links_left_out"], json!(40 - listed));
    assert_eq!(crawled.urls().len(), 41, "all are followed");
    assert_eq!(crawled.summary["unread"]["links"], json!({ "count": 0 }));
    assert!(crawled.record(&server.url("/0000")).get("links_left_out").is_none());
    let told = crawled.stderr.matches("not in the record: more than output.max_link_bytes").count();
    assert_eq!(told, 1, "{}", crawled.stderr);
}

#[test]
fn an_index_of_50_000_pages_loses_none() {
    let paths: Vec<_> =
        (0..50_000).map(|n| format!("/archive/2024/a-page-with-a-title-in-its-name-{n}.html")).collect();
    let server = Server::start(Site::default().with("/", Reply::links("index", &paths)).routes());
    let crawled = Crawl::of(server.url("/")).arg("--depth", "0").run();
    let crawled = crawled.assert_code(0);
    assert_eq!((crawled.count("discovered"), crawled.skipped("depth")), (50_001, 50_000));
    assert_eq!(crawled.summary["unread"]["links"], json!({ "count": 0 }));
}

#[test]
fn links_beyond_those_that_a_site_may_be_ahead_are_counted_and_told_once() {
    let server = Server::start(hub(2000).routes());
    // The text of a link is kept beside its URL, and what a row takes by itself. Each answer gives room for 64 KiB.
    let each = server.url("/0000").len() + "/0000".len() + 56;
    let most = format!("\"{}B\"", each * 10);
    let crawled = Crawl::of(server.url("/")).set("frontier.max_ahead", &most).arg("--depth", "0").talkative().run();
    let crawled = crawled.assert_code(0);
    let added = (each * 10 + (64 << 10)) / each;
    assert_eq!(crawled.count("discovered"), 1 + added as u64);
    assert_eq!(crawled.summary["unread"]["links"], json!({ "count": 2000 - added, "example": server.url("/") }));
    let record = crawled.record(&server.url("/"));
    assert_eq!(record["links"].as_array().unwrap().len(), 2000, "the record has what the page says");
    assert!(record.get("links_left_out").is_none());
    let told = crawled.stderr.matches("its site is too far ahead (frontier.max_ahead)").count();
    assert_eq!(told, 1, "{}", crawled.stderr);
}

#[test]
fn a_base_that_makes_all_links_long_takes_no_more_than_other_pages() {
    let body = format!(
        "<base href=\"/{}/\"><title>hub</title>{}",
        "x".repeat(3000),
        (0..2000).map(|n| format!("<a href={n}></a>")).collect::<Vec<_>>().concat()
    );
    let server = Server::start(Site::default().with("/", Reply::html(body)).routes());
    let crawled = Crawl::of(server.url("/")).arg("--depth", "0").run();
    let crawled = crawled.assert_code(0);
    let lines = std::fs::read(crawled.path("crawl/pages.jsonl")).unwrap();
    assert!(lines.len() < 1 << 20, "{} bytes", lines.len());
    let record = crawled.record(&server.url("/"));
    let (listed, left_out) = (record["links"].as_array().unwrap().len(), record["links_left_out"].as_u64().unwrap());
    assert_eq!(listed as u64 + left_out, 2000, "none is left out without a word");
    let unread = crawled.summary["unread"]["links"]["count"].as_u64().unwrap();
    assert_eq!(crawled.summary["discovered"].as_u64().unwrap() - 1 + unread, 2000, "{}", crawled.summary);
}

#[test]
fn a_crawl_whose_bodies_have_hardly_any_room_comes_to_its_end() {
    let paths: Vec<_> = (0..24).map(|n| format!("/{n}")).collect();
    let mut site = Site::default().with("/", Reply::links("hub", &paths));
    for path in &paths {
        site = site.with(path, Reply::html(format!("<title>long</title>{}", "<p>text</p>".repeat(40_000))));
    }
    let server = Server::start(site.routes());
    let crawl = Crawl::of(server.url("/")).concurrency(16).set("politeness.per_host_concurrency", "16");
    let crawled = crawl.set("fetch.max_buffered", "\"100KiB\"").run();
    assert!(crawled.assert_code(0).records.iter().all(|record| record["outcome"] == "ok"));
    assert_eq!(crawled.urls().len(), 25);
}
