//! Cookies: sent back to their site, kept for the next run, and seen by nobody.

use serde_json::Value;

use crate::support::{Arrival, Crawl, Reply, Server};

/// A site that shows its pages to who brings back its cookie, and sends all others to where it is set.
fn wall(arrival: &Arrival) -> Reply {
    let has_cookie = arrival.header("cookie").is_some_and(|cookie| cookie.contains("pass=5ecret"));
    match arrival.path.as_str() {
        "/robots.txt" => Reply::new(404),
        "/door" => Reply::redirect(302, "/home").header("Set-Cookie", "pass=5ecret; Path=/; Max-Age=3600; HttpOnly"),
        _ if !has_cookie => Reply::redirect(302, "/door"),
        "/home" => Reply::links("home", ["/a", "/b"]),
        path => Reply::html(format!("<title>{path}</title>")),
    }
}

/// How many requests had a cookie.
fn with_cookie(server: &Server) -> usize {
    server.log(|log| log.arrivals.iter().filter(|arrival| arrival.header("cookie").is_some()).count())
}

#[test]
fn a_site_that_wants_its_cookie_back_is_read() {
    let server = Server::start(wall);
    let crawled = Crawl::of(server.url("/")).set("observe.log_level", "'trace'").run();
    assert_eq!(crawled.assert_code(0).record(&server.url("/a"))["title"], "/a");
    assert_eq!(crawled.record(&server.url("/b"))["title"], "/b");
    let records = crawled.records.iter().map(Value::to_string).collect::<String>();
    for seen in [&records, &crawled.stderr, &crawled.summary.to_string()] {
        assert!(!seen.contains("5ecret"), "{seen}");
    }
}

#[test]
fn cookies_can_be_switched_off() {
    let server = Server::start(wall);
    let crawled = Crawl::of(server.url("/")).set("fetch.cookies", "false").run();
    assert_eq!(crawled.record(&server.url("/home"))["location"], Value::from(server.url("/door")));
    assert_eq!(with_cookie(&server), 0);
}

#[test]
fn cookies_are_there_when_the_crawl_goes_on() {
    let server = Server::start(wall);
    let first = Crawl::of(server.url("/")).arg("--max-pages", "3").run();
    assert_eq!(first.assert_code(0).records.len(), 3);
    let whole = Crawl::of(server.url("/")).on(&first).run();
    assert_eq!(whole.assert_code(0).record(&server.url("/a"))["title"], "/a");
    assert_eq!(server.count("/door"), 1);
}

#[test]
fn a_cookie_goes_to_no_other_site() {
    let other = Server::start(|_| Reply::html("other"));
    let elsewhere = other.url("/").replace("127.0.0.1", "localhost");
    let target = elsewhere.clone();
    let server = Server::start(move |_| Reply::links("home", [&target]).header("Set-Cookie", "a=1; Path=/"));
    let crawled = Crawl::of(server.url("/")).any_host().run();
    assert_eq!(crawled.record(&elsewhere)["outcome"], "ok");
    assert_eq!((other.count("/"), with_cookie(&other)), (1, 0));
}
