//! The same command goes on where the last one stopped or was killed: nothing is lost, nothing is asked for twice, and the
//! manners hold as if there had been one process.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use rustix::process::Signal;

use crate::inspect::json;
use crate::support::{ClosedPort, Crawl, Crawled, Reply, Running, Server, Site, Ways, folder};

/// A page with 15 others that it links to.
fn star() -> Server {
    let pages: Vec<String> = (0..15).map(|n| format!("/{n}")).collect();
    let site = Site::default().with("/", Reply::links("home", &pages));
    Server::start(pages.iter().fold(site, |site, page| site.with(page, Reply::html("page"))).routes())
}

/// Waits until the store of a running crawl answers a question with yes: anybody may read it meanwhile.
#[track_caller]
pub(crate) fn wait_until_kept(running: &Running, what: &str, sql: &str) {
    assert!((0..3000).any(|_| is_kept(running, sql)), "the store never had this: {what}");
}

/// Whether the store of a running crawl answers a question with yes: now, or else a moment later.
fn is_kept(running: &Running, sql: &str) -> bool {
    let path = running.path("crawl/store.sqlite");
    let kept = || {
        let store = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        store.query_row(sql, [], |row| row.get::<_, bool>(0)).ok()
    };
    let is_kept = kept() == Some(true);
    if !is_kept {
        pause(Duration::from_millis(10));
    }
    is_kept
}

/// A crawl of [`star`] that is killed when the page itself and five others are committed, and five more are in flight.
fn killed_with_six(server: &Server) -> Crawled {
    for page in 5..15 {
        server.hold(&format!("/{page}"));
    }
    let crawl = Crawl::of(server.url("/")).concurrency(5).start();
    server.wait_for("five that are held", |log| log.in_flight == 5 && log.has_answered("/4"));
    wait_until_kept(&crawl, "six records", "SELECT count(record) = 6 FROM url");
    let killed = crawl.kill();
    assert_eq!(killed.signal, Some(Signal::KILL.as_raw()));
    server.open_all();
    killed
}

#[test]
fn the_same_command_goes_on_and_says_so_in_one_line() {
    let server = star();
    let killed = killed_with_six(&server);
    let crawled = Crawl::of(server.url("/")).talkative().on(&killed).run();
    assert_eq!(crawled.assert_code(0).records.len(), 16);
    let said = "going on with the crawl in crawl: 6 records are there, 10 URLs are waiting";
    assert_eq!(crawled.stderr.matches("going on").count(), 1, "{}", crawled.stderr);
    assert!(crawled.stderr.lines().any(|line| line.contains(said)), "{}", crawled.stderr);
    for page in 0..5 {
        assert_eq!(server.count(&format!("/{page}")), 1, "it was committed");
    }
    assert_eq!(server.count("/"), 1);
}

#[test]
fn a_finished_crawl_says_so_and_asks_for_nothing() {
    let server = star();
    let first = Crawl::of(server.url("/")).run();
    let (asked, output) = (server.log(|log| log.arrivals.len()), first.path("crawl/pages.jsonl"));
    let before = std::fs::read(&output).unwrap();
    let again = Crawl::of(server.url("/")).talkative().on(&first).run();
    assert_eq!(again.assert_code(0).records, first.records);
    let said = "the crawl in crawl is complete, with 16 records; --update crawls it anew";
    assert!(again.stderr.lines().any(|line| line.contains(said)), "{}", again.stderr);
    assert_eq!(server.log(|log| log.arrivals.len()), asked, "not even for robots.txt");
    assert_eq!(std::fs::read(&output).unwrap(), before);
    for count in ["discovered", "records", "requests", "bytes"] {
        assert_eq!(again.count(count), first.count(count), "{count}");
    }
}

#[test]
fn a_crawl_none_of_whose_seeds_could_be_fetched_says_so_again() {
    let server = Server::start(Site::default().routes());
    let first = Crawl::of(server.url("/")).run();
    let again = Crawl::of(server.url("/")).on(&first).run();
    assert_eq!(again.assert_code(3).stderr, first.assert_code(3).stderr);
    assert_eq!(server.count("/"), 1);
}

#[test]
fn an_interrupted_crawl_goes_on() {
    let server = star();
    for page in 0..15 {
        server.hold(&format!("/{page}"));
    }
    let crawl = Crawl::of(server.url("/")).talkative().concurrency(5).start();
    server.wait_for("five at once", |log| log.in_flight == 5);
    // More than the second run is likely to take.
    pause(Duration::from_secs(1));
    crawl.signal(Signal::INT);
    crawl.wait_for_stderr("stopping");
    server.open_all();
    let first = crawl.finish();
    assert_eq!(first.assert_code(130).records.len(), 6);
    let kept = json(&first.path(""), &["status"])["elapsed_ms"].as_u64().unwrap();
    let crawled = Crawl::of(server.url("/")).on(&first).run();
    assert_eq!(crawled.assert_code(0).records.len(), 16);
    assert_eq!(server.log(|log| log.arrivals.len()), 17, "each page once, and robots.txt once");
    assert!(crawled.count("elapsed_ms") >= kept, "the time of both runs, up to the last commit of the first");
    assert_eq!(crawled.summary["started_at"], first.summary["started_at"]);
}

#[test]
fn fresh_starts_over() {
    let server = star();
    let first = Crawl::of(server.url("/")).arg("--max-pages", "3").run();
    let crawled = Crawl::of(server.url("/")).talkative().flag("--fresh").on(&first).run();
    assert_eq!(crawled.assert_code(0).records.len(), 16);
    assert!(!crawled.stderr.contains("going on"), "{}", crawled.stderr);
    assert_eq!((server.count("/"), server.count("/robots.txt")), (2, 2));
}

#[test]
fn fresh_deletes_nothing_when_no_proxy_lets_anything_through() {
    let server = star();
    let crawl = || Crawl::of(server.url("/")).talkative();
    let first = crawl().arg("--max-pages", "3").run();
    let kept = || std::fs::read(first.path("crawl/pages.jsonl")).unwrap();
    let before = kept();
    let closed = ClosedPort::reserve();
    let (wants_password, way) = (Ways::default().takes("Basic dTpw").http(), Ways::default().http());
    let socks = Ways::default().takes("user:other").socks5();
    let dead = closed.url("/").trim_end_matches('/').to_owned();
    for (proxies, why) in [
        (vec![dead.clone()], "cannot be reached"),
        (vec![format!("http://{}", wants_password.address())], "wants a user and a password"),
        (vec![format!("socks5://user:wrong@{}", socks.address())], "does not take the user"),
        (vec![dead.clone(), format!("http://{}", wants_password.address())], "none of 2 proxies is a way out"),
    ] {
        let fresh = proxies.iter().fold(crawl().flag("--fresh"), |crawl, proxy| crawl.arg("--proxy", proxy));
        let fresh = fresh.on(&first).run();
        assert_eq!(fresh.code, Some(1), "{proxies:?}: {}", fresh.stderr);
        assert!(fresh.stderr.contains(why), "{proxies:?}: {}", fresh.stderr);
        assert_eq!(kept(), before, "{proxies:?}: {}", fresh.stderr);
    }
    let asked = server.log(|log| log.arrivals.len());
    let fresh = crawl().flag("--fresh").arg("--proxy", &dead).arg("--proxy", format!("http://{}", way.address()));
    let fresh = fresh.on(&first).run();
    assert_eq!(fresh.assert_code(0).records.len(), 16, "one of them lets everything through");
    assert_eq!(server.log(|log| log.arrivals.len()) - asked, 17, "to try it out nothing is asked");
}

#[test]
fn a_second_process_is_refused_and_told_of_the_first() {
    let server = star();
    server.hold("/3");
    let first = Crawl::of(server.url("/")).start();
    server.wait_for("a page that is held", |log| log.count("/3") == 1);
    for flag in ["--no-store", "--fresh", "-v"] {
        let second = Crawl::of(server.url("/")).talkative().flag(flag).beside(&first).start().finish();
        let expected = format!(
            "error: process {} crawls into crawl; wait for its end, or --dir takes another directory\n",
            first.pid()
        );
        assert_eq!((second.code, second.stderr), (Some(2), expected));
    }
    server.open_all();
    assert_eq!(first.finish().assert_code(0).records.len(), 16);
}

#[test]
fn a_crawl_that_was_stopped_by_job_control_goes_on() {
    let server = star();
    server.hold("/3");
    let crawl = Crawl::of(server.url("/")).start();
    server.wait_for("a page that is held", |log| log.count("/3") == 1);
    crawl.signal(Signal::STOP);
    server.open_all();
    pause(Duration::from_secs(1));
    crawl.signal(Signal::CONT);
    assert_eq!(crawl.finish().assert_code(0).records.len(), 16);
    assert_eq!(server.log(|log| log.arrivals.len()), 17);
}

#[test]
fn a_crawl_directory_can_be_moved_between_two_runs() {
    let server = star();
    let killed = killed_with_six(&server);
    let elsewhere = Crawl::of(server.url("/"));
    std::fs::rename(killed.path("crawl"), elsewhere.path("crawl")).unwrap();
    let crawled = elsewhere.run();
    assert_eq!(crawled.assert_code(0).records.len(), 16);
    assert_eq!(server.count("/4"), 1, "it was committed");
}

#[test]
fn records_that_go_to_a_pipe_come_at_least_once() {
    let server = star();
    server.hold("/14");
    let (crawl, stdout) = Crawl::of(server.url("/")).arg("--output", "-").start_piped();
    let mut seen = BTreeSet::new();
    let mut lines = BufReader::new(stdout).lines();
    for _ in 0..10 {
        seen.insert(url_of(&lines.next().unwrap().unwrap()));
    }
    let killed = crawl.kill();
    server.open_all();
    let (rest, stdout) = Crawl::of(server.url("/")).arg("--output", "-").on(&killed).start_piped();
    for line in lines.chain(BufReader::new(stdout).lines()) {
        seen.insert(url_of(&line.unwrap()));
    }
    let rest = rest.finish();
    rest.assert_code(0);
    assert_eq!(seen.len(), 16, "{seen:?}");
    assert_eq!(rest.count("records"), 16);
}

#[test]
fn robots_txt_is_not_asked_for_again_within_its_age() {
    let server = star();
    server.hold("/14");
    let crawl = Crawl::of(server.url("/")).concurrency(16).start();
    server.wait_for("the others", |log| log.answered.len() == 16);
    wait_until_kept(&crawl, "robots.txt", "SELECT count(*) = 1 FROM manners WHERE saved LIKE '%\"state\":\"read\"%'");
    let killed = crawl.kill();
    server.open_all();
    Crawl::of(server.url("/")).on(&killed).run().assert_code(0);
    assert_eq!(server.count("/robots.txt"), 1);
}

#[test]
fn what_a_host_was_asked_is_counted_over_a_kill() {
    let server = star();
    for page in 10..15 {
        server.hold(&format!("/{page}"));
    }
    let crawl = || Crawl::of(server.url("/")).concurrency(5);
    let running = crawl().start();
    server.wait_for("five that are held", |log| log.in_flight == 5 && log.has_answered("/9"));
    let sql = "SELECT count(record) = 11 AND (SELECT sum(saved ->> 'requests') FROM manners) >= 12 FROM url";
    // Not as long as it takes until everything is kept anyway.
    assert!((0..500).any(|_| is_kept(&running, sql)), "the counts come with the records");
    let in_flight = server.log(|log| log.in_flight) as u64;
    let killed = running.kill();
    server.open_all();
    let crawled = crawl().on(&killed).run();
    let host = &crawled.assert_code(0).summary["hosts"][0];
    let (requests, arrived) = (host["requests"].as_u64().unwrap(), server.log(|log| log.arrivals.len()) as u64);
    let attempts: u64 = crawled.records.iter().map(|record| record["attempts"].as_u64().unwrap()).sum();
    assert_eq!((attempts, crawled.count("requests")), (16, requests));
    assert!(requests > attempts, "robots.txt was asked for too: {requests}");
    assert!((arrived - in_flight..=arrived).contains(&requests), "{requests} of {arrived}");
    assert!(host["highest_rate"].as_u64() >= Some(2) && host["smallest_gap_ms"].is_u64(), "{host}");
}

#[test]
fn a_host_that_asked_to_be_left_alone_is_left_alone_by_the_next_process() {
    let busy = Reply::new(429).header("Retry-After", "2");
    let asked = std::sync::atomic::AtomicBool::new(false);
    let server = Server::start(move |arrival| match arrival.path.as_str() {
        "/busy" if !asked.swap(true, std::sync::atomic::Ordering::Relaxed) => busy.clone(),
        "/robots.txt" => Reply::new(404),
        _ => Reply::links("page", ["/busy", "/a", "/b"]),
    });
    let crawl = || Crawl::of(server.url("/")).concurrency(1).set("politeness.retries", "2");
    let running = crawl().start();
    server.wait_for("the busy answer", |log| log.has_answered("/busy"));
    wait_until_kept(&running, "the hold", "SELECT count(*) = 1 FROM manners WHERE saved LIKE '%left_alone%'");
    let killed = running.kill();
    let at = server.log(|log| log.arrivals.len());
    let crawled = crawl().on(&killed).run();
    assert_eq!(crawled.assert_code(0).records.len(), 4);
    assert_eq!(crawled.record(&server.url("/busy"))["attempts"], 2);
    let gap = server.log(|log| log.arrivals[at].at - log.arrivals[at - 1].at);
    assert!(gap >= Duration::from_secs(2), "{gap:?} after it had asked for 2 s");
}

#[test]
fn a_crawl_delay_holds_over_the_end_of_the_process() {
    let site = Site::linked(&[("/", &["/a", "/b"]), ("/a", &[]), ("/b", &[])]);
    let server = Server::start(site.robots("User-agent: *\nCrawl-delay: 1\n").routes());
    let crawl = || Crawl::of(server.url("/")).set("politeness.rate", "5");
    let started = Instant::now();
    let running = crawl().start();
    server.wait_for("the second page", |log| log.answered.len() == 3);
    wait_until_kept(&running, "two records", "SELECT count(record) = 2 FROM url");
    let killed = running.kill();
    crawl().on(&killed).run().assert_code(0);
    assert_eq!(server.log(|log| log.arrivals.len()), 4, "robots.txt was not asked for again");
    // Whatever is late on its way comes later, and never earlier.
    let took = server.log(|log| log.arrivals.last().unwrap().at) - started;
    assert!(took >= Duration::from_secs(3), "three pages, each a second after what came before: {took:?}");
}

#[test]
fn a_retry_waits_for_its_time_in_the_next_process_too() {
    let failed = std::sync::atomic::AtomicBool::new(false);
    let server = Server::start(move |arrival| match arrival.path.as_str() {
        "/" => Reply::links("home", ["/fails"]),
        "/fails" if !failed.swap(true, std::sync::atomic::Ordering::Relaxed) => Reply::new(500),
        "/fails" => Reply::html("here"),
        _ => Reply::new(404),
    });
    let crawl = || Crawl::of(server.url("/")).set("politeness.retries", "2").set("politeness.backoff", "'3s'");
    let running = crawl().start();
    server.wait_for("the failure", |log| log.has_answered("/fails"));
    wait_until_kept(&running, "the retry", "SELECT count(*) = 1 FROM url WHERE due IS NOT NULL");
    let killed = running.kill();
    let crawled = crawl().on(&killed).run();
    let page = crawled.assert_code(0).record(&server.url("/fails"));
    assert_eq!((&page["attempts"], &page["outcome"]), (&2.into(), &"ok".into()));
    assert_eq!(crawled.count("retries"), 1);
    let gaps = server.log(|log| log.gaps(|path| path == "/fails"));
    assert!(gaps.len() == 1 && gaps[0] >= Duration::from_millis(1500), "half of the back-off at least: {gaps:?}");
}

#[test]
fn without_a_store_a_second_run_is_refused() {
    let server = star();
    let first = Crawl::of(server.url("/")).flag("--no-store").run();
    assert!(!first.path("crawl/store.sqlite").exists());
    for flag in ["--no-store", "-v"] {
        let second = Crawl::of(server.url("/")).talkative().flag(flag).on(&first).run();
        assert_eq!(second.code, Some(2));
        let said = "crawl holds a crawl already (pages.jsonl), but no store to go on from";
        assert!(second.stderr.contains(said) && second.stderr.contains("--dir DIR"), "{}", second.stderr);
    }
    let kept = Crawl::of(server.url("/")).flag("--fresh").on(&first).run();
    let refused = Crawl::of(server.url("/")).flag("--no-store").on(&kept).run();
    assert_eq!(refused.code, Some(2), "a crawl that could go on is not overwritten by one that could not");
}

#[tokio::test]
async fn the_library_goes_on_too() {
    use crawler::CrawlDir;
    let (server, place) = (star(), tempfile::tempdir().unwrap());
    let crawl = |pages| {
        let mut config = crawler::config::Config::default();
        config.politeness.rate = "none".parse().unwrap();
        config.max_pages = crawler::units::Limit(pages);
        config.seeds = vec![server.url("/")];
        crawler::Crawl::builder().config(config).dir(CrawlDir::take(&place.path().join("crawl")).unwrap())
    };
    let first = crawl(Some(4)).build().unwrap().run().await.unwrap();
    assert_eq!((first.records, first.state), (4, crawler::observe::State::Limit));
    let second = crawl(None).build().unwrap().run().await.unwrap();
    assert_eq!((second.records, second.state), (16, crawler::observe::State::Complete));
    assert_eq!(server.log(|log| log.arrivals.len()), 17);
    let lines = std::fs::read_to_string(place.path().join("crawl/pages.jsonl")).unwrap();
    assert_eq!(lines.lines().map(url_of).collect::<BTreeSet<_>>().len(), 16);
}

#[test]
fn a_site_on_disk_that_is_continued_counts_what_it_was_asked_before() {
    let crawl = || Crawl::of(folder("three-levels").to_string_lossy()).concurrency(1);
    let first = crawl().arg("--max-pages", "4").run();
    assert_eq!((first.count("records"), first.count("requests")), (4, 5), "robots.txt is a request");
    let second = crawl().on(&first).run();
    let (records, requests) = (second.count("records"), second.count("requests"));
    assert_eq!((records, requests), (13, 14), "{}", second.summary);
}

fn url_of(line: &str) -> String {
    serde_json::from_str::<serde_json::Value>(line).unwrap()["url"].as_str().unwrap().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "another process is waited for, which tells nobody")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}
