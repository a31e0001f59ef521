//! Links to what nobody has asked for: counted by the reason that holds, in `links`, `status` and `report` alike. And what was
//! asked for although no page lists it as a link.

use std::fs;

use serde_json::Value;

use crate::archive::run;
use crate::cli::Run;
use crate::links;
use crate::support::{Crawl, Crawled, Reply, Server, Site};

/// What `crawler links --json` says of them: each reason, how many links, and what it means.
fn unchecked(crawled: &Crawled) -> Vec<(String, u64, String)> {
    let told = run(crawled, &["links", "--json"]);
    let found: Value = serde_json::from_str(&told.stdout).unwrap_or_else(|error| panic!("{error}: {}", told.stderr));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let reasons = found["unchecked"].as_array().unwrap().iter();
    reasons.map(|of| (text(&of["reason"]), of["links"].as_u64().unwrap(), text(&of["told"]))).collect()
}

fn told(reason: &str, links: u64, told: &str) -> (String, u64, String) {
    (reason.to_owned(), links, told.to_owned())
}

#[test]
fn a_robots_txt_that_says_no_is_told_apart_from_one_that_could_not_be_read() {
    let broken = Server::start_on(2, Site::linked(&[]).with("/robots.txt", Reply::new(500)).routes());
    let links = ["/secret/a".to_owned(), "/moved".to_owned(), broken.url("/x"), broken.url("/y")];
    let site = Site::default()
        .robots("User-agent: *\nDisallow: /secret\n")
        .with("/", Reply::links("home", &links))
        .with("/moved", Reply::redirect(302, &broken.url("/z")));
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).any_host().run();
    assert_eq!(crawled.assert_code(0).skipped("robots"), 4, "{}", crawled.summary);
    let unread = "the robots.txt of its host could not be read, and nothing is allowed there then";
    assert_eq!(unchecked(&crawled), [told("robots", 1, "robots.txt disallows it"), told("robots_unread", 3, unread)]);
    let status: Value = serde_json::from_str(&run(&crawled, &["status", "--json"]).stdout).unwrap();
    assert_eq!((&status["skipped"]["robots"], &status["robots_unread"]), (&4.into(), &3.into()));
    let shown = run(&crawled, &["status"]).stdout;
    assert!(shown.contains("of robots 3 since a robots.txt could not be read"), "{shown}");
    run(&crawled, &["report", "-o", "report.html"]);
    let report = fs::read_to_string(crawled.path("report.html")).unwrap();
    assert!(report.contains("robots</dt><dd>4, of which 3 since a robots.txt could not be read</dd>"), "{report}");
}

#[test]
fn pages_that_a_limit_has_left_over_do_not_wait_for_their_turn() {
    let server = Server::start(Site::linked(&[("/", &["/a", "/b", "/c"]), ("/a", &["/b"])]).routes());
    let crawled = Crawl::of(server.url("/")).arg("--max-pages", "2").run();
    assert_eq!(crawled.assert_code(0).skipped("limit"), 2);
    assert_eq!(unchecked(&crawled), [told("limit", 3, "a limit was reached before")]);
    // What a stop has left is another matter.
    let stopped = Crawl::of(server.url("/")).arg("--max-time", "1ms").run();
    let reasons: Vec<_> = unchecked(&stopped).into_iter().map(|(reason, ..)| reason).collect();
    assert!(reasons.iter().all(|reason| reason == "pending"), "{reasons:?}");
}

#[test]
fn parts_of_pages_that_are_broken_are_told_by_their_records_when_pages_were_not_surveyed() {
    let page = |also: &str| {
        Reply::html(format!("<img src=/gone.png><img src=/there.png><link rel=stylesheet href=/moved.css>{also}"))
    };
    let site = Site::default()
        .with("/", page("<a href=/b>b</a> <a href=/gone>c</a>"))
        .with("/b", page("<img src=/b.png>"))
        .with("/there.png", Reply::new(200))
        .with("/moved.css", Reply::redirect(302, "/gone.css"));
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).set("parse.follow", "['page', 'embed', 'style']").run();
    let run = links::links(&crawled, &["--json", "--fail-on", "broken-links"]);
    assert_eq!(run.code, 4, "{}", run.stderr);
    let expected = [
        "broken-links /b.png (404 Not Found) at /b",
        "broken-links /gone (404 Not Found) at /",
        "broken-links /gone.png (404 Not Found) at /",
        "broken-links /moved.css (redirects to what is answered with 404 Not Found) at /",
    ];
    assert_eq!(links::told(&run, &server), expected);
    let people = links::links(&crawled, &[]).stderr;
    assert!(people.starts_with("6 links on 3 pages: 4 targets are wrong\n"), "{people}");
    let report = Run::new(&crawled.path(""), &["report", "-o", "report.html"]);
    assert!(report.stderr.contains("3 pages, 4 broken"), "{}", report.stderr);
}
