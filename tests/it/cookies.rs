//! Cookies: sent back to their site, kept for the next run, and seen by nobody.

use serde_json::Value;

use crate::support::{Arrival, Crawl, Reply, Server};

/// A site that shows its pages to who brings back its cookie, and sends all others to where it is set.
fn wall(arrival: &Arrival) -> Reply {
    let has_cookie = arrival.header("cookie").is_some_and(|cookie| cookie.contains("pass=5ecret"));
    match arrival.path.as_str() {
        "/robots.txt" => Reply::new(404),
        "/door" => Reply::redirect(302, "/home").header("Set-Cookie", "pass=5ecret; Path=/; Max-Age=3600; HttpOnly"),
        _ if !has_cookie => Reply::redirect(302, "/door"),
        "/home" => Reply::links("home", ["/a", "/b"]),
        path => Reply::html(format!("<title>{path}</title>")),
    }
}

/// How many requests had a cookie.
fn with_cookie(server: &Server) -> usize {
    server.log(|log| log.arrivals.iter().filter(|arrival| arrival.header("cookie").is_some()).count())
}

#[test]
fn a_site_that_wants_its_cookie_back_is_read() {
    let server = Server::start(wall);
    let crawled = Crawl::of(server.url("/")).set("observe.log_level", "'trace'").run();
    assert_eq!(crawled.assert_code(0).record(&server.url("/a"))["title"], "/a");
    assert_eq!(crawled.record(&server.url("/b"))["title"], "/b");
    let records = crawled.records.iter().map(Value::to_string).collect::<String>();
    for seen in [&records, &crawled.stderr, &crawled.summary.to_string()] {
        assert!(!seen.contains("5ecret"), "{seen}");
    }
}

#[test]
fn cookies_can_be_switched_off() {
    let server = Server::start(wall);
    let crawled = Crawl::of(server.url("/")).set("fetch.cookies", "false").run();
    assert_eq!(crawled.record(&server.url("/home"))["location"], Value::from(server.url("/door")));
    assert_eq!(with_cookie(&server), 0);
}

#[test]
fn cookies_are_there_when_the_crawl_goes_on() {
    let server = Server::start(wall);
    let first = Crawl::of(server.url("/")).arg("--max-pages", "3").run();
    assert_eq!(first.assert_code(0).records.len(), 3);
    let whole = Crawl::of(server.url("/")).on(&first).run();
    assert_eq!(whole.assert_code(0).record(&server.url("/a"))["title"], "/a");
    assert_eq!(server.count("/door"), 1);
}

#[test]
fn a_cookie_goes_to_no_other_site() {
    let other = Server::start(|_| Reply::html("other"));
    let elsewhere = other.url("/").replace("127.0.0.1", "localhost");
    let target = elsewhere.clone();
    let server = Server::start(move |_| Reply::links("home", [&target]).header("Set-Cookie", "a=1; Path=/"));
    let crawled = Crawl::of(server.url("/")).any_host().run();
    assert_eq!(crawled.record(&elsewhere)["outcome"], "ok");
    assert_eq!((other.count("/"), with_cookie(&other)), (1, 0));
}

#[test]
fn cookies_of_a_file_are_sent_to_their_site_and_nowhere_else() {
    let server = Server::start(wall);
    let cookies = "# Netscape HTTP Cookie File\n#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t2000000000\tpass\t5ecret\n\
                   other.example\tFALSE\t/\tFALSE\t0\tother\t5ecret2\n127.0.0.1\tFALSE\t/\tFALSE\t1000\told\t5ecret3\n\
                   127.0.0.1\tFALSE\t/\tFALSE\t0\t__Host-a\t5ecret4\n";
    let with_file = |crawl: Crawl| {
        std::fs::write(crawl.path("cookies.txt"), cookies).unwrap();
        crawl.arg("--cookie-file", "cookies.txt").run()
    };
    let crawl = || Crawl::of(server.url("/home")).set("observe.log_level", "'trace'");
    let crawled = with_file(crawl().arg("--max-pages", "1"));
    assert_eq!(crawled.assert_code(0).record(&server.url("/home"))["title"], "home");
    let sent = server
        .log(|log| log.arrivals.iter().map(|arrival| arrival.header("cookie").map(str::to_owned)).collect::<Vec<_>>());
    assert!(sent.iter().all(|sent| sent.as_deref() == Some("pass=5ecret")), "{sent:?}");
    assert!(crawled.stderr.contains("1 of 4 cookies in cookies.txt are over"), "{}", crawled.stderr);
    assert!(
        crawled.stderr.contains("the cookie in cookies.txt, line 5 is none that its site could set"),
        "{}",
        crawled.stderr
    );
    assert!(!crawled.stderr.contains("5ecret"), "{}", crawled.stderr);
    // They are there again when the crawl goes on, whatever it has kept.
    let whole = with_file(crawl().on(&crawled));
    assert_eq!(
        (whole.assert_code(0).record(&server.url("/a"))["title"].as_str(), server.count("/door")),
        (Some("/a"), 0)
    );
}

#[test]
fn a_file_that_holds_no_cookies_is_refused_before_anything_is_asked() {
    let server = Server::start(wall);
    let refused = |text: &str, switch: &str| {
        let crawl = Crawl::of(server.url("/")).set("fetch.cookies", switch);
        std::fs::write(crawl.path("cookies.txt"), text).unwrap();
        let crawled = crawl.arg("--cookie-file", "cookies.txt").run();
        crawled.assert_code(2).stderr.clone()
    };
    let json = refused("\n[{\"name\": \"pass\", \"value\": \"5ecret\"}]", "true");
    assert!(
        json.contains("cookies.txt, line 2: there are 1 fields in place of 7") && !json.contains("5ecret"),
        "{json}"
    );
    assert!(refused("", "false").contains("cookies are switched off"));
    let missing = Crawl::of(server.url("/")).arg("--cookie-file", "nowhere.txt").run();
    assert!(missing.assert_code(2).stderr.contains("the cookie file nowhere.txt: "), "{}", missing.stderr);
    assert!(server.log(|log| log.arrivals.is_empty()));
}
