//! Hosts in trouble: an outage costs no page, and one that does not end is not waited for.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Arrival, Crawl, Reply, Server, Site};

/// A host with a home and so many pages, which is well for two requests and answers so many others like this.
fn failing(pages: usize, times: usize, trouble: Reply) -> (Server, Vec<String>) {
    let paths: Vec<String> = (0..pages).map(|n| format!("/{n}")).collect();
    let site = Site::default().with("/", Reply::links("home", &paths));
    let site = paths.iter().fold(site, |site, page| site.with(page, Reply::html("page"))).routes();
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |arrival: &Arrival| {
        let before = asked.fetch_add(1, Ordering::SeqCst);
        if (2..2 + times).contains(&before) { trouble.clone() } else { site(arrival) }
    });
    (server, paths)
}

#[test]
fn an_outage_costs_no_page_and_a_page_that_was_well_tells_when_it_is_over() {
    for trouble in [Reply::new(502), Reply::new(500), Reply::new(524)] {
        let (server, pages) = failing(30, 10, trouble);
        let crawl = Crawl::of(server.url("/")).set("politeness.breaker_pause", "'10ms'");
        let crawled = crawl.set("politeness.backoff", "'5ms'").set("politeness.retries", "2").run();
        assert_eq!(crawled.assert_code(0).records.len(), 1 + pages.len());
        assert!(crawled.records.iter().all(|record| record["outcome"] == "ok"), "{}", crawled.summary);
        assert!(server.count("/") > 1, "the witness");
        assert!(crawled.host(&server.host())["given_up_after_ms"].is_null());
    }
}

#[test]
fn a_host_of_which_nothing_good_comes_is_given_up_and_the_summary_states_after_how_long() {
    let (server, pages) = failing(300, usize::MAX - 2, Reply::new(502));
    let crawl = Crawl::of(server.url("/")).set("politeness.breaker_pause", "'10ms'").set("politeness.backoff", "'5ms'");
    let crawled = crawl.set("politeness.patience", "'100ms'").talkative().run();
    assert_eq!(crawled.assert_code(0).records.len(), 1 + pages.len());
    let unasked = |record: &&serde_json::Value| record["error"]["kind"] == "unavailable";
    let unasked: Vec<_> = crawled.records.iter().filter(unasked).collect();
    assert!(unasked.len() > 250, "{}", unasked.len());
    assert!(unasked.iter().all(|record| record["error"]["message"] == "status 502"));
    assert!(crawled.count("requests") < 50, "{}", crawled.count("requests"));
    let host = crawled.host(&server.host());
    assert!(host["given_up_after_ms"].as_u64() >= Some(100), "{host}");
    assert_eq!(
        (&host["given_up_because"], &host["delay_reason"]),
        (&"unavailable: status 502".into(), &"breaker".into())
    );
    assert!(
        crawled.stderr.contains("is given up, nothing good comes of it: unavailable: status 502"),
        "{}",
        crawled.stderr
    );
}

#[test]
fn a_host_that_is_held_for_long_is_told() {
    let (server, _) = failing(9, 9, Reply::new(429).header("Retry-After", "3000"));
    let crawl = Crawl::of(server.url("/")).set("politeness.retries", "2").talkative().start();
    crawl.wait_for_stderr(&format!("{} is not asked for 50m 0s: Retry-After", server.host()));
    let crawled = crawl.kill();
    assert_eq!(crawled.stderr.matches(": Retry-After").count(), 1, "{}", crawled.stderr);
}

#[test]
fn a_crawl_delay_that_is_cut_is_told() {
    let server = Server::start(Site::linked(&[("/", &[])]).robots("user-agent: *\ncrawl-delay: 86400").routes());
    let crawl = Crawl::of(server.url("/")).set("politeness.max_crawl_delay", "'10ms'").talkative();
    let crawled = crawl.run();
    let told = "asks for a Crawl-delay of 24h: 10ms is kept (politeness.max_crawl_delay)";
    assert!(crawled.assert_code(0).stderr.contains(told), "{}", crawled.stderr);
}
