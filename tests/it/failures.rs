//! Every way in which a site can fail: one record each, the right kind, and the crawl goes on to its end.

use std::time::Duration;

use serde_json::Value;

use crate::support::{ClosedPort, Crawl, Crawled, Place, Reply, Server, Site, folder};

/// Crawls a page that links to the given replies.
fn crawl(replies: &[(&str, Reply)], set: impl Fn(Crawl) -> Crawl) -> (Crawled, Server) {
    let home = Reply::links("home", replies.iter().map(|(path, _)| path));
    let site =
        replies.iter().fold(Site::default().with("/", home), |site, (path, reply)| site.with(path, reply.clone()));
    let server = Server::start(site.routes());
    let crawled = set(Crawl::of(server.url("/"))).run();
    assert_eq!(crawled.assert_code(0).records.len(), replies.len() + 1);
    assert_eq!(crawled.summary["state"], "complete");
    (crawled, server)
}

/// Checks that each of the replies makes a failed record of the kind.
#[track_caller]
fn check(kind: &str, replies: &[(&str, Reply)]) {
    let short = |crawl: Crawl| crawl.set("fetch.first_byte_timeout", "'2s'").set("fetch.idle_timeout", "'2s'");
    let (crawled, server) = crawl(replies, |crawl| {
        let crawl = crawl.set("fetch.max_body", "'64KiB'");
        if kind == "timeout" { short(crawl) } else { crawl }
    });
    for (path, _) in replies {
        let record = crawled.record(&server.url(path));
        assert_eq!((&record["outcome"], kind_of(record)), (&"failed".into(), kind), "{record}");
        assert!(record["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{record}");
    }
}

fn kind_of(record: &Value) -> &str {
    record["error"]["kind"].as_str().unwrap_or("none")
}

fn page() -> Reply {
    Reply::html("<!doctype html><title>A page</title>".repeat(50))
}

#[test]
fn a_host_that_says_nothing_times_out() {
    check("timeout", &[("/before", page().hangs(Place::BeforeHead)), ("/within", page().hangs(Place::InBody))]);
}

#[test]
fn a_request_has_a_deadline_as_a_whole() {
    let (crawled, server) =
        crawl(&[("/slow", page().after(Duration::from_mins(1)))], |crawl| crawl.set("fetch.timeout", "'2s'"));
    assert_eq!(kind_of(crawled.record(&server.url("/slow"))), "timeout");
}

#[test]
fn a_connection_that_ends_too_early_is_a_reset() {
    check(
        "reset",
        &[
            ("/reset-before", page().resets(Place::BeforeHead)),
            ("/reset-within", page().resets(Place::InBody)),
            ("/closed-before", Reply::raw("")),
            ("/closed-in-chunks", page().chunked().resets(Place::InBody)),
        ],
    );
}

#[test]
fn what_is_not_http_is_a_protocol_failure() {
    check(
        "protocol",
        &[
            ("/greeting", Reply::raw("220 mail.example ESMTP\r\n\r\n")),
            ("/bad-header", Reply::raw("HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n")),
            ("/bad-length", Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nmany")),
            ("/broken-chunk", page().broken_chunk()),
            ("/shorter-than-announced", page().claims_length(60_000)),
        ],
    );
}

#[test]
fn a_body_that_cannot_be_decoded_is_a_decode_failure() {
    check(
        "decode",
        &[
            ("/unread", page().header("Content-Encoding", "compress")),
            ("/not-gzip", noise().header("Content-Encoding", "gzip")),
            ("/not-brotli", noise().header("Content-Encoding", "br")),
        ],
    );
}

/// A body that is neither text nor encoded.
fn noise() -> Reply {
    Reply::html([[0x7F, 0x00, 0x01, 0xFF]; 50].concat())
}

#[test]
fn a_body_over_the_limit_is_too_large() {
    let large = || Reply::html(vec![b' '; 65 << 10]);
    check("too_large", &[("/announced", large()), ("/unannounced", large().chunked())]);
}

#[test]
fn a_body_of_exactly_the_limit_is_read() {
    let page = Reply::html(vec![b' '; 64 << 10]);
    let (crawled, server) = crawl(&[("/full", page)], |crawl| crawl.set("fetch.max_body", "'64KiB'"));
    assert_eq!(crawled.record(&server.url("/full"))["bytes"], 64 << 10);
}

#[test]
fn a_file_over_the_limit_is_too_large_as_from_a_server() {
    let crawl = Crawl::of(folder("three-levels").to_string_lossy()).set("fetch.max_body", "'300B'");
    let crawled = crawl.run();
    let record = crawled.record("http://localhost/");
    assert_eq!((&record["error"]["kind"], &record["status"]), (&"too_large".into(), &200.into()), "{record:#}");
    assert_eq!(record["content_type"], "text/html");
}

#[test]
fn what_came_before_a_failure_is_recorded() {
    let large = Reply::html(vec![b' '; 65 << 10]);
    let replies = [("/large", large), ("/unread", page().header("Content-Encoding", "compress"))];
    let (crawled, server) = crawl(&replies, |crawl| crawl.set("fetch.max_body", "'64KiB'"));
    for (path, _) in &replies {
        let record = crawled.record(&server.url(path));
        assert_eq!((&record["outcome"], &record["status"]), (&"failed".into(), &200.into()), "{record}");
        assert_eq!(record["content_type"], "text/html", "{record}");
    }
}

#[test]
fn pages_of_a_host_without_a_connection_fail_with_its_reason() {
    let refusing = ClosedPort::reserve();
    let pages = [refusing.url("/a"), refusing.url("/b")];
    let server = Server::start(Site::default().with("/", Reply::links("home", &pages)).routes());
    // It is not due again before the end.
    let crawl = Crawl::of(server.url("/")).any_host().set("politeness.backoff", "'1h'");
    let crawled = crawl.set("politeness.max_backoff", "'1h'").run();
    for page in &pages {
        let record = crawled.record(page);
        assert_eq!((&record["outcome"], &record["error"]["kind"]), (&"failed".into(), &"connect".into()), "{record}");
    }
    assert_eq!(crawled.count("requests"), 2 + 1, "robots.txt and a page of the server, robots.txt of the other host");
    let host = crawled.host(&refusing.host());
    assert_eq!((&host["delay_reason"], &host["slowed"]), (&"breaker".into(), &1.into()), "{host}");
}

#[test]
fn error_statuses_are_complete_answers() {
    let (crawled, server) = crawl(&[("/gone", Reply::new(410)), ("/broken", Reply::new(500))], |crawl| crawl);
    for (path, status) in [("/gone", 410), ("/broken", 500)] {
        let record = crawled.record(&server.url(path));
        assert_eq!((&record["outcome"], &record["status"]), (&"http_error".into(), &status.into()));
        assert!(record.get("error").is_none_or(Value::is_null), "{record}");
    }
}

#[test]
fn odd_but_complete_answers_are_ok() {
    let replies = [
        (
            "/unknown-charset",
            Reply::new(200).header("Content-Type", "text/html; charset=klingon").body("<title>x</title>"),
        ),
        ("/empty", Reply::html("")),
        ("/chunked", page().chunked()),
        ("/more-than-announced", page().claims_length(36)),
    ];
    let (crawled, server) = crawl(&replies, |crawl| crawl);
    for (path, _) in &replies {
        assert_eq!(crawled.record(&server.url(path))["outcome"], "ok", "{}", crawled.record(&server.url(path)));
    }
    assert_eq!(crawled.record(&server.url("/unknown-charset"))["title"], "x");
    assert_eq!(crawled.record(&server.url("/more-than-announced"))["bytes"], 36);
}

#[test]
fn hosts_that_cannot_be_reached_do_not_end_the_crawl() {
    let refusing = ClosedPort::reserve();
    let plain = Server::start_on(2, Site::default().routes());
    // A label of more than 63 bytes is no name: the resolver says so without asking anybody.
    let nameless = format!("http://{}.test/", "x".repeat(70));
    let no_tls = plain.url("/").replace("http:", "https:");
    let (refused, named) = (refusing.url("/"), nameless.as_str());
    let site = Site::linked(&[("/", &[&refused, named, &no_tls, "/healthy"]), ("/healthy", &[])]);
    let server = Server::start(site.routes());
    // Without robots.txt, which such a host does not give either.
    let crawled = Crawl::of(server.url("/")).any_host().flag("--ignore-robots").run();
    for (url, kind) in [(refused.as_str(), "connect"), (named, "dns"), (&no_tls, "tls")] {
        assert_eq!(kind_of(crawled.record(url)), kind, "{}", crawled.record(url));
    }
    assert_eq!(crawled.record(&server.url("/healthy"))["outcome"], "ok");
}

#[test]
fn a_name_for_this_machine_is_not_asked() {
    let trap = Server::start(Site::linked(&[("/", &[])]).routes());
    let inside = trap.url("/").replace("127.0.0.1", "localhost");
    // The seed's own address is another one, so that nothing allows 127.0.0.1.
    let server = Server::start_on(2, Site::linked(&[("/", &[&inside])]).routes());
    let crawled = Crawl::of(server.url("/")).set("scope.kind", "'any'").run();
    assert_eq!((crawled.records.len(), crawled.skipped("unsafe_address")), (1, 1), "{}", crawled.summary);
    assert!(trap.log(|log| log.arrivals.is_empty()));
}

#[test]
fn a_failed_page_is_tried_again_and_recorded_once() {
    for first in [Reply::new(500), Reply::new(503), Reply::new(429), page().resets(Place::BeforeHead)] {
        // What breaks on a kept connection is not counted: here is none.
        let home = Reply::links("/", ["/flaky"]).header("Connection", "close");
        let site = Site::linked(&[("/flaky", &[])]).with("/", home).routes();
        let tries = std::sync::atomic::AtomicUsize::new(0);
        let server = Server::start(move |arrival| match arrival.path.as_str() {
            "/flaky" if tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 => first.clone(),
            _ => site(arrival),
        });
        let crawled = Crawl::of(server.url("/")).set("politeness.retries", "2").run();
        let record = crawled.record(&server.url("/flaky"));
        assert_eq!((&record["outcome"], &record["attempts"]), (&"ok".into(), &2.into()));
        assert_eq!((server.count("/flaky"), crawled.count("retries")), (2, 1));
    }
}

#[test]
fn retries_have_an_end() {
    let server = Server::start(Site::linked(&[("/", &["/down"])]).with("/down", Reply::new(503)).routes());
    let crawled = Crawl::of(server.url("/")).set("politeness.retries", "3").run();
    let record = crawled.record(&server.url("/down"));
    assert_eq!(
        (&record["outcome"], &record["status"], &record["attempts"]),
        (&"http_error".into(), &503.into(), &5.into())
    );
    assert_eq!((server.count("/down"), server.count("/")), (5, 2), "once more, as the home says that it is the page");
}

#[test]
fn a_redirect_that_leads_nowhere_is_an_error_of_the_site() {
    let bad = Reply::redirect(302, "http://[nowhere/");
    let site = Site::linked(&[("/", &["/none", "/bad"])]).with("/none", Reply::new(302)).with("/bad", bad);
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).run();
    for path in ["/none", "/bad"] {
        let record = crawled.record(&server.url(path));
        assert_eq!((&record["outcome"], &record["status"]), (&"http_error".into(), &302.into()));
    }
}

#[test]
fn what_will_not_get_better_is_not_tried_again() {
    let large = Reply::html(vec![b' '; 2000]);
    let site = Site::linked(&[("/", &["/gone", "/large"])]).with("/gone", Reply::new(404)).with("/large", large);
    let server = Server::start(site.routes());
    Crawl::of(server.url("/")).set("politeness.retries", "3").set("fetch.max_body", "'1999B'").run();
    assert_eq!((server.count("/gone"), server.count("/large")), (1, 1));
}
