//! Hosts that answer late or never: they cost themselves, and no other host waits for them.

use crate::support::{Crawl, Reply, Server, Site};

/// A host with so many pages that its home links to, and to the homes of others.
fn fast(pages: usize, others: &[String]) -> (Server, Vec<String>) {
    let pages: Vec<String> = (0..pages).map(|n| format!("/{n}")).collect();
    let site = Site::default().with("/", Reply::links("home", others.iter().chain(&pages)));
    let server = Server::start(pages.iter().fold(site, |site, page| site.with(page, Reply::html("page"))).routes());
    (server, pages)
}

#[test]
fn hosts_that_answer_nothing_leave_room_for_one_that_does() {
    check_that_it_is_not_kept_waiting(&["/robots.txt", "/"]);
}

#[test]
fn hosts_that_only_answer_robots_txt_leave_room_for_one_that_answers() {
    check_that_it_is_not_kept_waiting(&["/"]);
}

#[test]
fn a_host_that_has_answered_gets_its_pages_while_hosts_that_never_did_wait_in_line() {
    let held: Vec<Server> = (0..24).map(|n| Server::start_on(n + 2, Site::linked(&[("/", &[])]).routes())).collect();
    for server in &held {
        server.hold("/robots.txt");
    }
    let (fast, pages) = fast(20, &[]);
    let crawl = held.iter().fold(Crawl::of(fast.url("/")), |crawl, server| crawl.seed(server.url("/")));
    let crawl = crawl.arg("--concurrency", "16").start();
    fast.wait_for("all pages of the host that answers", |log| log.answered.len() == pages.len() + 2);
    let asked = held.iter().filter(|server| server.log(|log| !log.arrivals.is_empty())).count();
    assert!((8..16).contains(&asked), "{asked}: half of the requests, or those that were sent before any was answered");
    held.iter().for_each(Server::open_all);
    let crawled = crawl.finish();
    assert_eq!(crawled.assert_code(0).records.len(), 1 + pages.len() + held.len());
}

/// 24 hosts that answer these paths only when another host is done, and 16 requests that may be in flight.
#[track_caller]
fn check_that_it_is_not_kept_waiting(unanswered: &[&str]) {
    let held: Vec<Server> = (0..24).map(|n| Server::start_on(n + 2, Site::linked(&[("/", &[])]).routes())).collect();
    for server in &held {
        for path in unanswered {
            server.hold(path);
        }
    }
    let homes: Vec<String> = held.iter().map(|server| server.url("/")).collect();
    let (fast, pages) = fast(100, &homes);
    let crawl = Crawl::of(fast.url("/")).any_host().arg("--concurrency", "16").arg("--per-host-concurrency", "4");
    let crawl = crawl.start();
    fast.wait_for("all pages of the host that answers", |log| log.answered.len() == pages.len() + 2);
    let asked = held.iter().filter(|server| server.log(|log| !log.arrivals.is_empty())).count();
    assert!(asked > 0, "the others wait meanwhile");
    assert!(held.iter().all(|server| server.log(|log| !log.has_answered("/"))));
    held.iter().for_each(Server::open_all);
    let crawled = crawl.finish();
    assert_eq!(crawled.assert_code(0).records.len(), 1 + pages.len() + held.len());
    assert!(crawled.records.iter().all(|record| record["outcome"] == "ok"), "{}", crawled.summary);
}

#[test]
fn a_hundred_hosts_that_take_their_time_are_asked_at_once() {
    let server = Server::start_many(100, |arrival| match arrival.path.as_str() {
        "/robots.txt" => Reply::new(404),
        _ => Reply::new(200).header("Content-Type", "application/json").body("{\"name\":\"api\"}"),
    });
    server.hold("/v1");
    let urls = server.urls("/v1");
    let crawl = Crawl::of(&urls[0]).arg("--depth", "0").arg("--concurrency", "100").arg("--field", "name=$.name");
    let crawl = urls[1..].iter().fold(crawl, Crawl::seed).start();
    server.wait_for("all of them", |log| log.in_flight == 100);
    server.open_all();
    let crawled = crawl.finish();
    assert_eq!(crawled.assert_code(0).records.len(), 100);
    assert!(crawled.records.iter().all(|record| record["fields"]["name"] == "api"), "{}", crawled.summary);
}

#[cfg(target_os = "linux")]
#[test]
fn a_host_that_answers_no_connection_costs_few_attempts_and_no_other_host_anything() {
    let hole = crate::support::BlackHole::open();
    let lost: Vec<String> = (0..200).map(|n| hole.url(&format!("/{n}"))).collect();
    let (fast, pages) = fast(20, &lost);
    // Without robots.txt, which would be asked for first, and in vain.
    let crawl = Crawl::of(fast.url("/")).any_host().flag("--ignore-robots").set("fetch.connect_timeout", "'500ms'");
    let crawl = crawl.set("politeness.breaker_failures", "2").set("politeness.breaker_pause", "'20ms'");
    let crawled = crawl.set("politeness.patience", "'2s'").run();
    for url in &lost {
        let record = crawled.record(url);
        assert_eq!((&record["outcome"], &record["error"]["kind"]), (&"failed".into(), &"timeout".into()), "{record}");
        assert_eq!(record["error"]["message"], "no connection within 500ms");
    }
    assert_eq!(crawled.assert_code(0).records.len(), 1 + pages.len() + lost.len());
    for page in &pages {
        let record = crawled.record(&fast.url(page));
        assert_eq!((&record["outcome"], &record["attempts"]), (&"ok".into(), &1.into()), "{record}");
    }
    let attempts = crawled.count("requests") - fast.log(|log| log.arrivals.len()) as u64;
    assert!(attempts <= 2 + 3 + 4, "{attempts}: 2 failures, what was in flight with the last of them, and probes");
}
