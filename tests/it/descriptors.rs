//! Few file descriptors: fewer requests at once, every page, and no site is blamed.

use std::time::Duration;

use crate::support::{Arrival, Crawl, Crawled, Reply, Server, Site};

/// Runs with 200 requests at once and 64 descriptors, and checks that nothing went wrong.
#[track_caller]
fn check(crawl: Crawl, pages: usize) -> Crawled {
    let crawled = crawl.talkative().concurrency(200).after("ulimit -n 64").run();
    assert_eq!(crawled.assert_code(0).records.len(), pages, "{}", crawled.stderr);
    assert!(crawled.records.iter().all(|record| record["outcome"] == "ok"), "{}", crawled.summary);
    assert!(crawled.records.iter().all(|record| record["attempts"] == 1), "no attempt is counted for a shortage");
    let lowered: Vec<_> = crawled.stderr.lines().filter(|line| line.contains("concurrency lowered from 200")).collect();
    assert_eq!(lowered.len(), 1, "it is said once: {}", crawled.stderr);
    assert!(lowered[0].contains("file descriptors are free (ulimit -n)"), "{}", lowered[0]);
    crawled
}

#[test]
fn few_descriptors_are_enough_for_one_host() {
    let pages: Vec<String> = (0..600).map(|n| format!("/{n}")).collect();
    let site = Site::default().with("/", Reply::links("home", &pages));
    let server = Server::start(pages.iter().fold(site, |site, page| site.with(page, slow_page())).routes());
    check(Crawl::of(server.url("/")), 601);
    let most = server.log(|log| log.max_in_flight);
    assert!((8..64).contains(&most), "{most} requests at once");
}

#[test]
fn few_descriptors_are_enough_for_many_hosts() {
    let server = Server::start_many(HOSTS, |arrival: &Arrival| match arrival.path.as_str() {
        "/robots.txt" => Reply::new(404),
        "/" => Reply::links("home", (0..5).map(|n| format!("/{n}"))),
        _ => slow_page(),
    });
    let hosts = server.urls("/").into_iter();
    let crawled = check(hosts.fold(Crawl::bare().set("politeness.rate", "'none'"), Crawl::seed), HOSTS * 6);
    assert_eq!(crawled.count("requests"), HOSTS as u64 * 7, "each page and each robots.txt was sent once");
}

#[test]
fn the_limit_is_raised_as_far_as_the_process_may() {
    let server = Server::start(Site::linked(&[("/", &["/a"]), ("/a", &[])]).routes());
    let crawled = Crawl::of(server.url("/")).talkative().concurrency(200).after("ulimit -S -n 64").run();
    assert_eq!(crawled.assert_code(0).records.len(), 2);
    assert!(!crawled.stderr.contains("lowered"), "{}", crawled.stderr);
}

#[test]
fn a_site_on_disk_is_read_with_few_descriptors() {
    let folder = tempfile::tempdir().unwrap();
    let links: Vec<String> = (0..400).map(|n| format!("<a href={n}.html>x</a>")).collect();
    let links = links.concat();
    std::fs::write(folder.path().join("index.html"), links).unwrap();
    for n in 0..400 {
        std::fs::write(folder.path().join(format!("{n}.html")), "page").unwrap();
    }
    check(Crawl::of(folder.path().to_str().unwrap()), 401);
}

/// As many as may be are in flight at once.
fn slow_page() -> Reply {
    Reply::html("page").after(Duration::from_millis(20))
}

const HOSTS: usize = 100;
