//! A crawl that keeps nothing for another one knows as much as one that does while it runs.

use crate::support::{Crawl, Expected, Reply, Server, Site};

/// The long way is walked to its end before the short way answers: what was written then is corrected.
#[test]
fn depths_are_those_of_the_shortest_way() {
    for concurrency in [2, 64] {
        let server = Server::start(Site::fixture("depth-graph"));
        server.hold("/short.html");
        let crawl = Crawl::of(server.url("/")).flag("--no-store").concurrency(concurrency).start();
        server.wait_for("the end of the long way", |log| log.has_answered("/below-3.html"));
        server.open("/short.html");
        let crawled = crawl.finish();
        Expected::of("depth-graph").assert_equal_to(&crawled, &server.url(""));
        assert_eq!(server.count("/target.html"), 1, "a better depth is no reason to fetch again");
    }
}

/// 36,000 URLs wait for one host when that of another is found: its text is at hand no more, and asked for.
#[test]
fn a_url_is_requested_when_more_are_known_than_are_at_hand() {
    let other = Server::start_on(2, Site::linked(&[("/x", &[])]).routes());
    let (lists, of_other) = (9, other.url("/x"));
    let server = Server::start(move |arrival| match arrival.path.trim_start_matches("/l").parse::<u32>() {
        _ if arrival.path == "/" => Reply::links("home", (0..lists).map(|list| format!("/l{list}"))),
        Ok(list) => {
            let pages = (0..4000).map(|page| format!("/{list}/{page}"));
            Reply::links("list", pages.chain((list + 1 == lists).then(|| of_other.clone())))
        }
        Err(_) => Reply::html("page"),
    });
    // The first host stands still meanwhile: how soon the text is here says nothing about whether it comes.
    server.hold("/0/9");
    let crawl = Crawl::of(server.url("/")).any_host().flag("--no-store").concurrency(2).arg("--max-pages", "60");
    let crawl = crawl.arg("--per-host-concurrency", "1").start();
    other.wait_for("the URL of the other host", |log| log.count("/x") == 1);
    server.open("/0/9");
    let crawled = crawl.finish();
    assert_eq!(crawled.assert_code(0).records.len(), 60);
    assert!(crawled.urls().contains(&other.url("/x")));
    assert_eq!(crawled.record(&other.url("/x"))["referrer"], server.url("/l8"));
}
