//! Which of the URLs that are found belong to the crawl.

use crate::support::{Crawl, Crawled, Server, Site};

/// Crawls two hosts that link to each other, and gives the paths that each was asked for.
fn crawl_two_hosts(set: impl Fn(Crawl) -> Crawl) -> (Crawled, Vec<String>, Vec<String>) {
    let other = Server::start_on(2, Site::linked(&[("/", &["/deeper"]), ("/deeper", &[])]).routes());
    let site = Site::linked(&[
        ("/docs/start", &["/docs/next", "/docs/next?page=2", "/blog", &other.url("/")]),
        ("/docs/next", &[]),
        ("/docs/next?page=2", &[]),
        ("/blog", &[]),
    ]);
    let server = Server::start(site.routes());
    let crawled = set(Crawl::of(server.url("/docs/start"))).run();
    let asked = |server: &Server| {
        let mut paths: Vec<String> = server.log(|log| log.paths().into_iter().map(str::to_owned).collect());
        paths.retain(|path| path != "/robots.txt");
        paths.sort();
        paths
    };
    (crawled, asked(&server), asked(&other))
}

#[test]
fn the_host_of_the_seed_is_the_scope_unless_told_otherwise() {
    let (crawled, own, other) = crawl_two_hosts(|crawl| crawl);
    assert_eq!(own, ["/blog", "/docs/next", "/docs/next?page=2", "/docs/start"]);
    assert_eq!(other, [""; 0]);
    assert_eq!(crawled.skipped("scope"), 1);
}

#[test]
fn the_prefix_scope_stays_below_the_folder_of_the_seed() {
    let (crawled, own, other) = crawl_two_hosts(|crawl| crawl.set("scope.kind", "'prefix'"));
    assert_eq!(own, ["/docs/next", "/docs/next?page=2", "/docs/start"]);
    assert_eq!(other, [""; 0]);
    assert_eq!(crawled.skipped("scope"), 2);
}

#[test]
fn the_any_scope_takes_every_host() {
    let (crawled, own, other) = crawl_two_hosts(Crawl::any_host);
    assert_eq!(own.len(), 4);
    assert_eq!(other, ["/", "/deeper"]);
    assert_eq!(crawled.skipped("scope"), 0);
}

#[test]
fn an_address_that_nothing_allows_is_never_asked() {
    let (crawled, own, other) = crawl_two_hosts(|crawl| crawl.set("scope.kind", "'any'"));
    assert_eq!(own.len(), 4);
    assert_eq!(other, [""; 0], "loopback is allowed for the seed's own address only");
    assert_eq!(crawled.skipped("unsafe_address"), 1);
}

#[test]
fn a_port_that_browsers_refuse_is_never_asked() {
    let links = ["http://127.0.0.1:25/", "http://127.0.0.1:6000/x", "http://other.example:22/"];
    let server = Server::start(Site::linked(&[("/", &links)]).routes());
    let crawled = Crawl::of(server.url("/")).any_host().run();
    assert_eq!((crawled.records.len(), crawled.skipped("unsafe_address")), (1, 3), "{}", crawled.summary);
}

#[test]
fn include_narrows_and_seeds_are_always_taken() {
    let (crawled, own, _) = crawl_two_hosts(|crawl| crawl.set("scope.include", "['*page=*']"));
    assert_eq!(own, ["/docs/next?page=2", "/docs/start"]);
    assert_eq!(crawled.skipped("scope"), 3);
}

#[test]
fn exclude_wins_over_include() {
    let (_, own, _) = crawl_two_hosts(|crawl| {
        crawl.set("scope.include", "['*/docs/*']").set("scope.exclude", r"['re:[?&]page=\d+$']")
    });
    assert_eq!(own, ["/docs/next", "/docs/start"]);
}
