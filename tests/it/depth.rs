//! Depth is the least number of links from a seed, whatever the order of the fetches.

use crate::support::{Crawl, Expected, Reply, Server, Site, folder};

#[test]
fn depth_is_the_shortest_path_at_any_concurrency() {
    for concurrency in [1, 2, 3, 8, 64] {
        let server = Server::start(Site::fixture("depth-graph"));
        let crawled = Crawl::of(server.url("/")).concurrency(concurrency).run();
        Expected::of("depth-graph").assert_equal_to(&crawled, &server.url(""));
    }
}

#[test]
fn depth_is_the_shortest_path_on_disk_too() {
    let crawled = Crawl::of(folder("depth-graph").to_string_lossy()).run();
    Expected::of("depth-graph").assert_equal_to(&crawled, "http://localhost");
}

/// The long way is walked to its end, and everything behind the target with it, before the short way answers.
#[test]
fn a_page_that_was_reached_the_long_way_first_has_the_short_depth() {
    for concurrency in [2, 3, 8, 64] {
        let server = Server::start(Site::fixture("depth-graph"));
        server.hold("/short.html");
        let crawl = Crawl::of(server.url("/")).concurrency(concurrency).start();
        server.wait_for("the end of the long way", |log| log.has_answered("/below-3.html"));
        server.open("/short.html");
        let crawled = crawl.finish();
        Expected::of("depth-graph").assert_equal_to(&crawled, &server.url(""));
        assert_eq!(server.count("/target.html"), 1, "a better depth is no reason to fetch again");
    }
}

/// With `--depth 4` the long way ends at the target; the short way has to bring what lies behind it back in.
#[test]
fn links_that_were_too_deep_are_taken_up_when_a_shorter_way_appears() {
    for concurrency in [2, 3, 8, 64] {
        let server = Server::start(Site::fixture("depth-graph"));
        server.hold("/short.html");
        let crawl = Crawl::of(server.url("/")).arg("--depth", "4").concurrency(concurrency).start();
        server.wait_for("the target at depth 4", |log| log.has_answered("/target.html"));
        server.open("/short.html");
        let crawled = crawl.finish();
        let depths = crawled.depths();
        assert_eq!(depths[&server.url("/target.html")], 2, "concurrency {concurrency}");
        assert_eq!(depths[&server.url("/below-2.html")], 4);
        assert!(!depths.contains_key(&server.url("/below-3.html")), "one deeper than asked for");
        assert_eq!((crawled.skipped("depth"), server.count("/target.html")), (1, 1));
    }
}

/// With `--depth 3` the long way never requests the target: it is skipped first, and requested once after all.
#[test]
fn a_page_that_was_too_deep_is_requested_when_a_shorter_way_appears() {
    let server = Server::start(Site::fixture("depth-graph"));
    server.hold("/short.html");
    let crawl = Crawl::of(server.url("/")).arg("--depth", "3").concurrency(8).start();
    server.wait_for("the end of the long way", |log| log.has_answered("/long-3.html"));
    server.open("/short.html");
    let crawled = crawl.finish();
    assert_eq!(crawled.depths()[&server.url("/below-1.html")], 3);
    assert_eq!((crawled.records.len(), crawled.skipped("depth")), (7, 1));
}

#[test]
fn depth_cuts_exactly() {
    for (depth, pages) in [(0, 1), (1, 3), (2, 5), (3, 7), (4, 8), (5, 9), (6, 9)] {
        let server = Server::start(Site::fixture("depth-graph"));
        let crawled = Crawl::of(server.url("/")).arg("--depth", depth.to_string()).run();
        assert_eq!(crawled.assert_code(0).records.len(), pages, "depth {depth}");
        assert!(crawled.depths().into_values().all(|reached| reached <= depth));
        assert_eq!(crawled.summary["state"], "complete", "a depth is a scope, not a limit that was hit");
    }
}

#[test]
fn a_redirect_keeps_the_depth_on_the_long_way_and_on_the_short_way() {
    let site = Site::linked(&[("/", &["/hop", "/a"]), ("/a", &["/b"]), ("/b", &["/end"]), ("/end", &["/behind"])]);
    let site = site.with("/hop", Reply::redirect(302, "/end"));
    let server = Server::start(site.with("/behind", Reply::html("behind")).routes());
    server.hold("/hop");
    let crawl = Crawl::of(server.url("/")).start();
    server.wait_for("the end by the long way", |log| log.has_answered("/behind"));
    server.open("/hop");
    let depths = crawl.finish().depths();
    assert_eq!((depths[&server.url("/end")], depths[&server.url("/behind")]), (1, 2));
}
