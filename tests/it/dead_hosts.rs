//! Hosts without a connection: parked, probed, and given up, with each of their URLs accounted for.

use crate::inspect::{json, wait_for};
use crate::support::{ClosedPort, Crawl, Crawled, Reply, Server, Site};

const PAGES: &[(&str, &[&str])] = &[("/", &["/a", "/b"]), ("/a", &["/c"]), ("/b", &[]), ("/c", &[])];

/// A host at 127.0.0.2 that is being crawled for as long as its page `/held` is.
fn busy() -> Server {
    let server = Server::start_on(2, Site::linked(&[("/", &["/held"]), ("/held", &[])]).routes());
    server.hold("/held");
    server
}

/// Checks that each of the URLs has a failed record.
#[track_caller]
fn assert_refused(crawled: &Crawled, urls: &[String]) {
    for url in urls {
        let record = crawled.record(url);
        assert_eq!((&record["outcome"], &record["error"]["kind"]), (&"failed".into(), &"connect".into()), "{record}");
    }
}

#[test]
fn a_dead_host_costs_few_requests_and_each_of_its_urls_is_recorded() {
    let dead = ClosedPort::reserve();
    let pages: Vec<String> = (0..300).map(|n| dead.url(&format!("/{n}"))).collect();
    let mut links = pages.clone();
    links.push("/held".to_owned());
    let server = Server::start(Site::linked(&[("/held", &[])]).with("/", Reply::links("home", &links)).routes());
    server.hold("/held");
    // Without robots.txt, which would be asked for first, and in vain.
    let crawl = Crawl::of(server.url("/")).any_host().flag("--ignore-robots").set("politeness.retries", "2");
    let crawl = crawl.set("politeness.breaker_pause", "'20ms'").set("politeness.patience", "'140ms'");
    let crawl = crawl.talkative().start();
    crawl.wait_for_stderr("is given up, no connection comes about: connect: ");
    server.open_all();
    let crawled = crawl.finish();
    assert_refused(&crawled, &pages);
    let requests = crawled.count("requests");
    assert!(requests <= 2 + 5 + 3 + 4, "{requests}: 5 failures, what was in flight with the last of them, and probes");
    let parked = "is left alone for 20ms, no connection comes about: connect: ";
    assert!(crawled.stderr.contains(parked), "{}", crawled.stderr);
}

#[test]
fn a_host_that_starts_late_is_crawled_as_a_whole() {
    let (late, busy) = (ClosedPort::reserve(), busy());
    let crawl = Crawl::of(late.url("/")).seed(busy.url("/")).talkative();
    let crawl = crawl.set("politeness.breaker_failures", "2");
    let crawl = crawl.set("politeness.breaker_pause", "'20ms'").start();
    crawl.wait_for_stderr("is left alone for 40ms");
    let late = late.open(Site::linked(PAGES).routes());
    late.wait_for("the last page", |log| log.has_answered("/c"));
    busy.open_all();
    let crawled = crawl.finish();
    assert_eq!(crawled.assert_code(0).records.len(), PAGES.len() + 2);
    for (page, _) in PAGES {
        let record = crawled.record(&late.url(page));
        assert_eq!((&record["outcome"], &record["attempts"]), (&"ok".into(), &1.into()), "{record}");
    }
}

#[test]
fn a_closed_port_is_not_waited_for_when_there_is_nothing_else() {
    let (closed, other) = (ClosedPort::reserve(), ClosedPort::reserve());
    for breaker_failures in ["0", "1", "5"] {
        let crawl = Crawl::of(closed.url("/")).seed(other.url("/")).seed(closed.url("/a"));
        let crawl = crawl.set("politeness.breaker_failures", breaker_failures).set("politeness.breaker_pause", "'1h'");
        // Nothing is due again before the end: while one of them is still being tried, the other one would be too.
        let crawled = crawl.set("politeness.backoff", "'1h'").set("politeness.max_backoff", "'1h'").run();
        assert_refused(crawled.assert_code(3), &[closed.url("/"), closed.url("/a"), other.url("/")]);
        assert_eq!(crawled.count("requests"), 2, "robots.txt of both");
        assert!(crawled.stderr.contains("no page came of http://"), "{}", crawled.stderr);
    }
}

#[test]
fn pages_without_robots_txt_are_not_waited_for_either() {
    let closed = ClosedPort::reserve();
    let pages = ["/", "/a", "/b"].map(|path| closed.url(path));
    let crawl = Crawl::of(&pages[0]).seed(&pages[1]).seed(&pages[2]).flag("--ignore-robots");
    let crawl = crawl.set("politeness.breaker_failures", "2").set("politeness.retries", "9");
    let crawled = crawl.set("politeness.breaker_pause", "'1h'").run();
    assert_refused(crawled.assert_code(3), &pages);
}

#[test]
fn a_sitemap_of_a_closed_port_is_not_waited_for() {
    let closed = ClosedPort::reserve();
    let server = Server::start(Site::linked(PAGES).routes());
    let crawl = Crawl::of(server.url("/")).arg("--sitemap", closed.url("/sitemap.xml")).talkative();
    let crawl = crawl.set("politeness.breaker_failures", "1").set("politeness.breaker_pause", "'1h'");
    let crawled = crawl.set("fetch.allow_hosts", "['127.0.0.0/8']").run();
    assert_eq!((crawled.assert_code(0).records.len(), &crawled.summary["state"]), (PAGES.len(), &"complete".into()));
    assert!(crawled.stderr.contains("sitemap.xml is not read: connect: "), "{}", crawled.stderr);
}

#[test]
fn pages_that_were_never_asked_for_do_not_use_up_the_limit() {
    let dead = ClosedPort::reserve();
    let pages: Vec<String> = (0..20).map(|n| dead.url(&format!("/{n}"))).collect();
    let paths: Vec<String> = (0..9).map(|n| format!("/{n}")).collect();
    let site = Site::default().with("/", Reply::links("home", &paths));
    let site = paths.iter().fold(site, |site, path| site.with(path, Reply::html(path.as_str())));
    let server = Server::start(site.routes());
    let crawl = |most: &str| {
        let crawl = pages.iter().fold(Crawl::of(server.url("/")), Crawl::seed).arg("--max-pages", most).talkative();
        crawl.set("politeness.breaker_failures", "1").set("politeness.patience", "'0s'")
    };
    server.hold("/");
    let running = crawl("4").start();
    running.wait_for_stderr("is given up");
    // Before the limit is reached: whatever waits then is left out, also pages of a host that was given up.
    wait_for(&running.path(""), &["status"], |status| status["settled"]["failed"] == pages.len());
    server.open("/");
    let mut crawled = running.finish();
    assert_eq!(crawled.record(&pages[0])["attempts"], 0, "none was made");
    assert_eq!(json(&crawled.path(""), &["explain", &pages[0]])["attempts"], 0);
    for (most, asked) in [("4", 4), ("6", 6), ("6", 6)] {
        crawled = crawl(most).on(&crawled).run();
        assert_refused(crawled.assert_code(0), &pages);
        let seen = server.log(|log| log.arrivals.iter().filter(|arrival| !arrival.is_robots()).count());
        assert_eq!(
            (seen, crawled.records.len(), &crawled.summary["state"]),
            (asked, asked + pages.len(), &"limit".into())
        );
        let status = json(&crawled.path(""), &["status"]);
        assert_eq!((&status["state"], &status["pending"]), (&"limit".into(), &0.into()));
    }
}

#[test]
fn a_parked_host_is_explained_and_tried_once_more_by_the_next_run() {
    let (closed, busy) = (ClosedPort::reserve(), busy());
    let crawl = || {
        let crawl = Crawl::of(closed.url("/")).seed(closed.url("/a")).seed(busy.url("/"));
        crawl.set("politeness.breaker_failures", "2").set("politeness.breaker_pause", "'1h'")
    };
    let running = crawl().start();
    busy.wait_for("the page that is held", |log| log.count("/held") == 1);
    let dir = running.path("");
    let is_parked = |status: &serde_json::Value| {
        let hosts = status["hosts"].as_array().into_iter().flatten();
        hosts.filter(|host| host["delay_reason"] == "breaker" && host["pending"] == 2).count() == 1
    };
    wait_for(&dir, &["status"], is_parked);
    let why = json(&dir, &["explain", &closed.url("/a")])["why"][1].as_str().unwrap().to_owned();
    assert!(why.starts_with(&format!("nothing good comes of its host {}, which is left", closed.host())), "{why}");
    let killed = running.kill();
    busy.open_all();
    let crawled = crawl().on(&killed).run();
    assert_refused(crawled.assert_code(0), &[closed.url("/"), closed.url("/a")]);
    assert_eq!(crawled.host(&closed.host())["requests"], 3, "two before the kill, and one");
}
