//! Endings: what a crawl says at its end helps on, and is true.

use crate::support::{Arrival, Crawl, Reply, Server, Site};

/// A site of one page with this robots.txt.
fn with_robots(robots: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |arrival: &Arrival| if arrival.is_robots() { robots() } else { Reply::html("home") })
}

#[test]
fn whether_robots_txt_disallows_a_seed_or_could_not_be_read_is_told() {
    let disallows = with_robots(|| Reply::new(200).body("User-agent: *\nDisallow: /"));
    let crawled = Crawl::of(disallows.url("/")).run();
    let told = format!("no page came of {}: robots.txt disallows it\n", disallows.url("/"));
    assert!(crawled.assert_code(3).stderr.contains(&told), "{}", crawled.stderr);

    let broken = with_robots(|| Reply::new(500));
    let crawled = Crawl::of(broken.url("/")).run();
    let told = "its robots.txt could not be read, and until then nothing is allowed there\n";
    assert!(crawled.assert_code(3).stderr.contains(told), "{}", crawled.stderr);
}

#[test]
fn a_crawl_that_finds_none_of_the_sitemaps_it_was_to_take_says_so() {
    let told = "no sitemap was found: no robots.txt that was read names one; --sitemap URL takes one all the same\n";
    let none = with_robots(|| Reply::new(404));
    let crawled = Crawl::of(none.url("/")).flag("--sitemaps").run();
    assert!(crawled.assert_code(0).stderr.contains(told), "{}", crawled.stderr);
    assert!(!Crawl::of(none.url("/")).run().stderr.contains("sitemap"));

    let site =
        Site::linked(&[("/", &[])]).robots("Sitemap: /sitemap.txt").with("/sitemap.txt", Reply::new(200).body(""));
    let one = Server::start(site.routes());
    let crawled = Crawl::of(one.url("/")).flag("--sitemaps").run();
    assert!(!crawled.assert_code(0).stderr.contains("no sitemap was found"), "{}", crawled.stderr);
}

#[test]
fn pages_redirects_and_errors_are_counted_apart() {
    let site = Site::linked(&[("/", &["/moved", "/gone", "/gone-too"])]).with("/moved", Reply::redirect(301, "/"));
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).talkative().run();
    assert!(
        crawled.assert_code(0).stderr.contains("complete: 1 page, 1 redirect, 2 errors, in "),
        "{}",
        crawled.stderr
    );
}
