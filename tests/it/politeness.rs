//! What a host sees of a crawl: robots.txt first, no more at once and no faster than allowed, and back-off when it asks.

use std::time::{Duration, Instant};

use crate::support::{ClosedPort, Crawl, Crawled, Expected, Log, Reply, Server, Site};

/// A site of one page that links to `n` pages, all of them held.
fn held_pages(n: usize) -> (Server, Vec<String>) {
    let pages: Vec<String> = (0..n).map(|n| format!("/{n}")).collect();
    let home = Reply::links("home", &pages);
    let site =
        pages.iter().fold(Site::default().with("/", home), |site, page| site.with(page, Reply::html(page.as_str())));
    let server = Server::start(site.routes());
    for page in &pages {
        server.hold(page);
    }
    (server, pages)
}

#[test]
fn as_many_requests_are_in_flight_as_asked_for() {
    let (server, _) = held_pages(100);
    let crawl = Crawl::of(server.url("/")).concurrency(100).start();
    server.wait_for("100 requests at once", |log| log.in_flight == 100);
    server.open_all();
    assert_eq!(crawl.finish().records.len(), 101);
}

#[test]
fn a_host_never_has_more_requests_in_flight_than_allowed() {
    let (server, pages) = held_pages(30);
    let other = Server::start_on(2, Site::linked(&[("/", &["/a"]), ("/a", &["/b"]), ("/b", &[])]).routes());
    let crawl = Crawl::of(server.url("/")).seed(other.url("/")).arg("--per-host-concurrency", "5").start();
    server.wait_for("5 requests at once", |log| log.in_flight == 5);
    other.wait_for("the end of the other host", |log| log.has_answered("/b"));
    for page in &pages {
        server.open(page);
    }
    assert_eq!(crawl.finish().records.len(), 34);
    assert_eq!(server.log(|log| log.max_in_flight), 5);
}

#[test]
fn the_whole_crawl_never_has_more_requests_in_flight_than_allowed() {
    let (server, pages) = held_pages(30);
    let crawl = Crawl::of(server.url("/")).arg("--concurrency", "6").arg("--per-host-concurrency", "64").start();
    server.wait_for("6 requests at once", |log| log.in_flight == 6);
    for page in &pages {
        server.open(page);
    }
    assert_eq!(crawl.finish().records.len(), 31);
    assert_eq!(server.log(|log| log.max_in_flight), 6);
}

#[test]
fn nothing_is_asked_of_a_host_before_its_robots_txt() {
    let slow = Server::start(Site::fixture("robots-disallow"));
    let other = Server::start_on(2, Site::linked(&[("/", &["/a"]), ("/a", &["/b"]), ("/b", &[])]).routes());
    slow.hold("/robots.txt");
    let crawl = Crawl::of(slow.url("/")).seed(other.url("/")).start();
    slow.wait_for("robots.txt", |log| log.count("/robots.txt") == 1);
    other.wait_for("the end of the other host", |log| log.has_answered("/b"));
    assert_eq!(slow.log(|log| log.arrivals.len()), 1);
    slow.open("/robots.txt");
    crawl.finish().assert_code(0);
    assert_eq!(slow.count("/robots.txt"), 1);
}

#[test]
fn a_robots_txt_that_others_redirect_to_is_asked_for_within_the_limits_of_its_host() {
    let rules = Reply::text("User-agent: *\nDisallow: /no\n");
    let victim = Server::start(Site::linked(&[("/", &[])]).with("/rules.txt", rules).routes());
    victim.hold("/rules.txt");
    let sites: Vec<Server> = (2..10)
        .map(|last| {
            let site = Site::linked(&[("/", &["/no"]), ("/no", &[])]);
            let robots = Reply::redirect(301, &victim.url("/rules.txt"));
            Server::start_on(last, site.with("/robots.txt", robots).routes())
        })
        .collect();
    let crawl = sites.iter().fold(Crawl::bare(), |crawl, site| crawl.seed(site.url("/")));
    let crawl = crawl.arg("--per-host-concurrency", "2").set("fetch.allow_hosts", "['127.0.0.0/8']").start();
    victim.wait_for("two requests at once", |log| log.in_flight == 2);
    for site in &sites {
        site.wait_for("its robots.txt", |log| log.has_answered("/robots.txt"));
    }
    victim.open_all();
    let crawled = crawl.finish();
    assert_eq!((victim.log(|log| log.max_in_flight), victim.count("/rules.txt")), (2, sites.len()));
    assert_eq!((crawled.records.len(), crawled.skipped("robots")), (sites.len(), sites.len() as u64));
}

#[test]
fn a_robots_txt_that_redirects_to_a_dead_host_is_unreadable_and_its_own_host_is_not_dead() {
    let dead = ClosedPort::reserve();
    let robots = Reply::redirect(302, &dead.url("/robots.txt"));
    let server = Server::start(Site::linked(&[("/", &[])]).with("/robots.txt", robots).routes());
    let crawl = Crawl::of(server.url("/")).set("politeness.retries", "0").set("fetch.allow_hosts", "['127.0.0.0/8']");
    let crawled = crawl.run();
    assert_eq!((crawled.assert_code(3).records.len(), crawled.skipped("robots")), (0, 1));
    assert_eq!(server.log(|log| log.paths().len()), 1, "only robots.txt");
}

#[test]
fn what_robots_txt_disallows_is_not_requested() {
    let server = Server::start(Site::fixture("robots-disallow"));
    let crawled = Crawl::of(server.url("/")).run();
    Expected::of("robots-disallow").assert_equal_to(&crawled, &server.url(""));
    assert_eq!(crawled.skipped("robots"), 3);
}

#[test]
fn robots_txt_is_read_with_the_product_name_of_the_user_agent() {
    let server = Server::start(Site::fixture("robots-disallow"));
    let agent = "Other-Robot/1.0 (+https://robot.example/about)";
    let crawled = Crawl::of(server.url("/")).arg("--user-agent", agent).run();
    assert_eq!((crawled.code, crawled.skipped("robots")), (Some(3), 1), "{}", crawled.stderr);
    assert_eq!(server.log(|log| log.paths().join(" ")), "/robots.txt");
    assert_eq!(server.log(|log| log.arrivals[0].header("user-agent").map(str::to_owned)).as_deref(), Some(agent));
}

#[test]
fn ignore_robots_does_not_even_ask() {
    let server = Server::start(Site::fixture("robots-disallow"));
    let crawled = Crawl::of(server.url("/")).flag("--ignore-robots").run();
    assert_eq!((crawled.records.len(), crawled.skipped("robots"), server.count("/robots.txt")), (7, 0, 0));
}

#[test]
fn a_host_without_robots_txt_allows_everything() {
    for status in [401, 403, 404, 410] {
        let site = Site::linked(&[("/", &["/a"]), ("/a", &[])]).with("/robots.txt", Reply::new(status));
        let server = Server::start(site.routes());
        let crawled = Crawl::of(server.url("/")).run();
        assert_eq!(crawled.assert_code(0).records.len(), 2, "{status}");
    }
}

#[test]
fn a_host_whose_robots_txt_is_broken_is_left_alone() {
    let broken = Server::start(Site::linked(&[("/", &[])]).with("/robots.txt", Reply::new(500)).routes());
    let other = Server::start_on(2, Site::linked(&[("/", &["/a"]), ("/a", &[])]).routes());
    let crawled = Crawl::of(broken.url("/")).seed(other.url("/")).run();
    assert_eq!(crawled.assert_code(0).urls(), ["/", "/a"].map(|path| other.url(path)));
    assert_eq!(crawled.skipped("robots"), 1);
    assert_eq!(broken.count("/"), 0);
    let host = crawled.host(&broken.host());
    assert_eq!((&host["delay_reason"], &host["slowed"]), (&"robots".into(), &1.into()), "{host}");
}

#[test]
fn a_redirected_robots_txt_is_followed() {
    let robots = Reply::text("User-agent: *\nDisallow: /no\n");
    let site = Site::linked(&[("/", &["/no", "/yes"]), ("/yes", &[]), ("/no", &[])]).with("/real-robots", robots);
    let server = Server::start(site.with("/robots.txt", Reply::redirect(301, "/real-robots")).routes());
    let crawled = Crawl::of(server.url("/")).run();
    assert_eq!(crawled.urls(), ["/", "/yes"].map(|path| server.url(path)), "nor is robots.txt a page of the crawl");
}

#[test]
fn a_robots_txt_that_cannot_be_read_any_more_still_holds_and_the_log_says_so() {
    let rules = Reply::text("User-agent: *\nDisallow: /no\nCrawl-delay: 0.6\n");
    let site = Site::linked(&[("/", &["/a", "/no"]), ("/a", &[]), ("/no", &[])]).routes();
    let asked = std::sync::atomic::AtomicBool::new(false);
    let server = Server::start(move |arrival| match arrival.path.as_str() {
        "/robots.txt" if !asked.swap(true, std::sync::atomic::Ordering::Relaxed) => rules.clone(),
        "/robots.txt" => Reply::new(500),
        _ => site(arrival),
    });
    let crawl = Crawl::of(server.url("/")).talkative().set("politeness.retries", "0");
    // Fresh for the first page, and not for the second.
    let crawled = crawl.set("politeness.robots_max_age", "'900ms'").run();
    assert_eq!(crawled.assert_code(0).urls(), ["/", "/a"].map(|path| server.url(path)));
    let robots = server.url("/robots.txt");
    let said = format!("{robots} cannot be read (status 500): the rules that were read before still hold");
    assert!(crawled.stderr.contains(&said), "{}", crawled.stderr);
    assert!(!crawled.stderr.contains("nothing there is requested"), "{}", crawled.stderr);
}

#[test]
fn a_robots_txt_that_was_never_read_forbids_everything_and_the_log_says_why() {
    let warning = |reply: Reply| {
        let server = Server::start(Site::linked(&[("/", &[])]).with("/robots.txt", reply).routes());
        let crawled = Crawl::of(server.url("/")).talkative().set("politeness.retries", "0").run();
        assert_eq!(crawled.skipped("robots"), 1);
        crawled.stderr.replace(&server.url("/robots.txt"), "ROBOTS")
    };
    let said = warning(Reply::new(500));
    assert!(said.contains("ROBOTS cannot be read (status 500): nothing there is requested"), "{said}");
    let said = warning(Reply::redirect(302, "/robots.txt"));
    assert!(said.contains("ROBOTS cannot be read (more than 5 redirects): nothing there is requested"), "{said}");
}

#[test]
fn the_end_of_a_very_long_robots_txt_is_not_read_and_the_log_says_so() {
    let robots = format!("User-agent: *\nDisallow: /a\n{}\nDisallow: /b\n", "#".repeat(512 << 10));
    let site = Site::linked(&[("/", &["/a", "/b"]), ("/a", &[]), ("/b", &[])]).robots(&robots);
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).talkative().run();
    assert_eq!(crawled.assert_code(0).urls(), ["/", "/b"].map(|path| server.url(path)));
    let said = format!("{} is too long: only its first 512 KiB are read", server.url("/robots.txt"));
    assert!(crawled.stderr.contains(&said), "{}", crawled.stderr);
}

#[test]
fn requests_to_a_host_keep_the_distance_that_the_rate_asks_for() {
    let pages: &[(&str, &[&str])] =
        &[("/", &["/a", "/b", "/c", "/d"]), ("/a", &[]), ("/b", &[]), ("/c", &[]), ("/d", &[])];
    let server = Server::start(Site::linked(pages).routes());
    let started = Instant::now();
    let crawled = Crawl::of(server.url("/")).arg("--rate", "4").run();
    assert_paced(&server, started, Duration::from_millis(250), 5);
    assert_proved(&crawled, 255, "rate");
}

#[test]
fn a_crawl_delay_is_kept() {
    let site = Site::linked(&[("/", &["/a", "/b"]), ("/a", &[]), ("/b", &[])]);
    let server = Server::start(site.robots("User-agent: *\nCrawl-delay: 0.5\n").routes());
    let started = Instant::now();
    let crawled = Crawl::of(server.url("/")).run();
    assert_paced(&server, started, Duration::from_millis(500), 3);
    assert_proved(&crawled, 510, "crawl_delay");
}

#[test]
fn all_ports_of_a_host_share_its_rate() {
    let servers: Vec<Server> =
        (0..3).map(|_| Server::start(Site::linked(&[("/", &["/a"]), ("/a", &[])]).routes())).collect();
    let started = Instant::now();
    let crawl = servers.iter().fold(Crawl::bare(), |crawl, server| crawl.seed(server.url("/")));
    let crawled = crawl.arg("--rate", "8").run();
    assert_eq!(crawled.assert_code(0).records.len(), 6);
    let last = servers.iter().map(|server| server.log(|log| log.arrivals.last().unwrap().at)).max().unwrap();
    assert!(last - started >= Duration::from_secs(1), "nine requests: {:?}", last - started);
}

/// Checks that the summary says how far apart the requests to the only host were, and why.
#[track_caller]
fn assert_proved(crawled: &Crawled, delay: u64, reason: &str) {
    let host = &crawled.assert_code(0).summary["hosts"][0];
    assert_eq!((&host["delay_ms"], &host["delay_reason"]), (&delay.into(), &reason.into()), "{host}");
    assert!(host["smallest_gap_ms"].as_u64().unwrap() >= delay, "{host}");
}

/// Checks that robots.txt and so many pages after it took their time since the crawl was started. Between two of them it
/// may have been less: a busy machine makes a request late, and the next one not. How far apart they left is in the summary.
#[track_caller]
fn assert_paced(server: &Server, started: Instant, interval: Duration, pages: u32) {
    let (arrivals, last) = server.log(|log| (log.arrivals.len(), log.arrivals.last().unwrap().at));
    assert_eq!(arrivals, pages as usize + 1);
    assert!(last - started >= interval * pages, "{:?}", last - started);
}

#[test]
fn a_host_is_left_alone_for_as_long_as_it_asks() {
    for status in [429, 503] {
        let site = Site::linked(&[("/", &["/busy", "/a"]), ("/busy", &[]), ("/a", &[])]).routes();
        let tries = std::sync::atomic::AtomicUsize::new(0);
        let server = Server::start(move |arrival| match arrival.path.as_str() {
            "/busy" if tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 => {
                Reply::new(status).header("Retry-After", "1")
            }
            _ => site(arrival),
        });
        let other = Server::start_on(2, Site::linked(&[("/", &["/a"]), ("/a", &["/b"]), ("/b", &[])]).routes());
        // One request at a time, so that none is under way when the host asks.
        let crawl = Crawl::of(server.url("/")).seed(other.url("/")).set("politeness.retries", "1");
        let crawled = crawl.arg("--per-host-concurrency", "1").run();
        assert_eq!(crawled.record(&server.url("/busy"))["attempts"], 2);
        let (after_busy, since_busy) = server.log(rest_after_busy);
        assert!(after_busy >= Duration::from_millis(990), "{status}: {after_busy:?}");
        assert!(since_busy >= Duration::from_millis(990), "{status}: the whole host rests: {since_busy:?}");
        other.wait_for("the whole of another host", |log| log.answered.len() == 4);
    }
}

/// How long after the first `/busy` the second one came, and whatever came next.
fn rest_after_busy(log: &Log) -> (Duration, Duration) {
    let first = log.arrivals.iter().position(|arrival| arrival.path == "/busy").unwrap();
    let next = &log.arrivals[first + 1];
    (log.gaps(|path| path == "/busy")[0], next.at - log.arrivals[first].at)
}
