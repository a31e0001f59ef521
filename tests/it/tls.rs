//! https: HTTP/2 where it is offered, and no request over a connection that cannot be trusted.

use std::collections::BTreeSet;

use hyper::Version;

use crate::support::{Authority, Crawl, Crawled, Cut, Manners, Place, Reply, Server, Site, TlsServer, frames};

/// A page that links to so many others.
fn pages(n: usize) -> Site {
    let paths: Vec<String> = (1..=n).map(|n| format!("/{n}")).collect();
    let home = Reply::links("home", &paths);
    paths.iter().fold(Site::default().with("/", home), |site, path| site.with(path, Reply::links::<&str>(path, [])))
}

/// Asserts that the only seed failed with the kind and the words, and that nothing was requested.
#[track_caller]
fn assert_untrusted(server: &TlsServer, crawl: Crawl, words: &str) {
    let crawled = crawl.flag("--ignore-robots").set("politeness.retries", "2").run();
    let record = crawled.assert_code(3).record(&server.url("/"));
    assert_eq!((&record["outcome"], &record["error"]["kind"]), (&"failed".into(), &"tls".into()), "{record}");
    let message = record["error"]["message"].as_str().unwrap();
    assert!(message.contains(words), "{message}");
    assert_eq!(record["attempts"], 1, "it will be the same next time");
    let log = server.log();
    assert_eq!((log.connections, log.requests.len()), (1, 0), "{log:?}");
}

#[track_caller]
fn assert_all_ok(crawled: &Crawled, pages: usize) {
    let failed: Vec<_> = crawled.records.iter().filter(|record| record["outcome"] != "ok").collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert_eq!((crawled.records.len(), &crawled.summary["state"]), (pages, &"complete".into()));
}

#[test]
fn pages_come_over_one_http2_connection_where_it_is_offered() {
    let authority = Authority::named("The test");
    let server = TlsServer::start(authority.certify(&["127.0.0.1"]), pages(60).routes());
    let crawled = Crawl::of(server.url("/")).trusting(&authority).concurrency(16).run();
    assert_all_ok(crawled.assert_code(0), 61);
    let log = server.log();
    assert_eq!((log.connections, log.requests.len()), (1, 62), "robots.txt opens the connection for the pages");
    for asked in &log.requests {
        assert_eq!((asked.version, asked.alpn.as_deref()), (Version::HTTP_2, Some("h2")), "{asked:?}");
    }
}

#[test]
fn pages_come_over_http1_where_http2_is_not_offered() {
    for (offered, agreed) in [(&["http/1.1"][..], Some("http/1.1")), (&[], None)] {
        let authority = Authority::named("The test");
        let manners = authority.certify(&["127.0.0.1"]).offers(offered);
        let server = TlsServer::start(manners, pages(60).routes());
        let crawled = Crawl::of(server.url("/")).trusting(&authority).concurrency(16).run();
        assert_all_ok(crawled.assert_code(0), 61);
        let log = server.log();
        assert!(log.connections < log.requests.len(), "connections are used again: {}", log.connections);
        for asked in &log.requests {
            assert_eq!((asked.version, asked.alpn.as_deref()), (Version::HTTP_11, agreed), "{asked:?}");
        }
    }
}

#[test]
fn nothing_is_requested_when_nobody_known_vouches_for_the_server() {
    let (known, other) = (Authority::named("The test"), Authority::named("Another"));
    let server = TlsServer::start(other.certify(&["127.0.0.1"]), pages(1).routes());
    assert_untrusted(&server, Crawl::of(server.url("/")).trusting(&known), "issuer is not trusted");
}

#[test]
fn nothing_is_requested_of_a_server_with_the_name_of_another() {
    let authority = Authority::named("The test");
    let server = TlsServer::start(authority.certify(&["another.example", "127.0.0.2"]), pages(1).routes());
    assert_untrusted(&server, Crawl::of(server.url("/")).trusting(&authority), "127.0.0.1");
}

#[test]
fn nothing_is_requested_of_a_server_whose_certificate_has_expired() {
    let authority = Authority::named("The test");
    let server = TlsServer::start(authority.certify_in_the_past(&["127.0.0.1"]), pages(1).routes());
    assert_untrusted(&server, Crawl::of(server.url("/")).trusting(&authority), "expired");
}

#[test]
fn nothing_is_requested_of_a_server_without_tls_on_the_port_of_https() {
    let server = TlsServer::start(Manners::plain(), pages(1).routes());
    assert_untrusted(&server, Crawl::of(server.url("/")), "does not speak TLS");
}

#[test]
fn a_seed_that_has_moved_to_https_is_crawled_there() {
    let authority = Authority::named("The test");
    let secure = TlsServer::start(authority.certify(&["localhost"]), pages(3).routes());
    let moved = Reply::redirect(301, &secure.named_url("localhost", "/"));
    let plain = Server::start(Site::default().with("/", moved).routes());
    let seed = plain.url("/").replace("127.0.0.1", "localhost");
    let crawled = Crawl::of(&seed).trusting(&authority).run();
    assert_eq!(crawled.assert_code(0).record(&seed)["outcome"], "redirect");
    for path in ["/", "/1", "/2", "/3"] {
        assert_eq!(crawled.record(&secure.named_url("localhost", path))["outcome"], "ok");
    }
    assert_eq!(crawled.records.len(), 5);
}

#[test]
fn a_stream_that_the_server_resets_is_a_reset_and_leaves_the_connection_to_the_others() {
    let authority = Authority::named("The test");
    let page = || Reply::html("<!doctype html><title>A page</title>".repeat(50));
    let (before, within) = (page().resets(Place::BeforeHead), page().resets(Place::InBody));
    let site = Site::linked(&[("/", &["/before", "/within", "/after"]), ("/after", &["/last"]), ("/last", &[])]);
    let routes = site.with("/before", before).with("/within", within).routes();
    let server = TlsServer::start(authority.certify(&["127.0.0.1"]), routes);
    let crawled = Crawl::of(server.url("/")).trusting(&authority).run();
    for path in ["/before", "/within"] {
        let record = crawled.record(&server.url(path));
        assert_eq!((&record["outcome"], &record["error"]["kind"]), (&"failed".into(), &"reset".into()), "{record}");
    }
    for path in ["/", "/after", "/last"] {
        assert_eq!(crawled.record(&server.url(path))["outcome"], "ok");
    }
    assert_eq!(server.log().connections, 1);
}

#[test]
fn no_page_is_lost_when_the_server_ends_its_connections() {
    for protocol in ["h2", "http/1.1"] {
        let authority = Authority::named("The test");
        let manners = authority.certify(&["127.0.0.1"]).offers(&[protocol]).goes_away_after(LAST);
        let server = TlsServer::start(manners, pages(60).routes());
        // A request that comes after a GOAWAY, or that had yet to be sent when its connection ended, is made again at once.
        // Once in a long while hyper-util's pool lets one wait for a connection that is gone: that is what retries are for.
        let crawl = Crawl::of(server.url("/")).set("politeness.retries", "2").set("fetch.first_byte_timeout", "'5s'");
        assert_all_ok(crawl.trusting(&authority).concurrency(16).run().assert_code(0), 61);
        let log = server.log();
        assert!(log.connections > 1, "{protocol}: {}", log.connections);
        let asked: BTreeSet<&str> = log.requests.iter().map(|asked| asked.path.as_str()).collect();
        // What hyper was about to open when a GOAWAY came may be taken all the same: one stream of each connection.
        let twice = if protocol == "h2" { log.requests.len() / LAST } else { 0 };
        let requests = 62..=62 + twice;
        assert!(asked.len() == 62 && requests.contains(&log.requests.len()), "{protocol}: {:?}", log.requests);
    }
}

#[test]
fn a_server_that_requires_http_1_1_gets_it_and_is_not_asked_otherwise_again() {
    let authority = Authority::named("The test");
    let server = TlsServer::start(authority.certify(&["127.0.0.1"]).wants_http1(), pages(9).routes());
    assert_all_ok(Crawl::of(server.url("/")).trusting(&authority).run().assert_code(0), 10);
    let (http2, http1): (Vec<_>, Vec<_>) =
        server.log().requests.into_iter().partition(|asked| asked.version == Version::HTTP_2);
    // robots.txt, which nothing else is asked before.
    assert_eq!((http2.len(), http1.len()), (1, 11));
}

#[test]
fn what_is_malformed_over_http_2_is_asked_for_over_http_1_1() {
    let authority = Authority::named("The test");
    let server =
        TlsServer::start(authority.certify(&["127.0.0.1"]).answers_over_http2(frames::malformed), pages(9).routes());
    assert_all_ok(Crawl::of(server.url("/")).trusting(&authority).run().assert_code(0), 10);
    assert!(server.log().requests.iter().all(|asked| asked.version == Version::HTTP_11));
    let only_http2 = authority.certify(&["127.0.0.1"]).answers_over_http2(frames::malformed).offers(&["h2"]);
    let server = TlsServer::start(only_http2, pages(9).routes());
    let crawl = Crawl::of(server.url("/")).trusting(&authority).arg("--set", "politeness.robots=false");
    let crawled = crawl.arg("--set", "politeness.retries=0").run();
    assert_eq!(crawled.record(&server.url("/"))["error"]["kind"], "tls");
}

#[test]
fn half_a_page_over_http_2_is_a_failure_though_the_server_says_that_nothing_is_wrong() {
    for (has_length, goes_away) in [(false, false), (true, false), (false, true), (true, true)] {
        let authority = Authority::named("The test");
        let manners = authority.certify(&["127.0.0.1"]).cuts_over_http2(Cut { has_length, goes_away });
        let server = TlsServer::start(manners.offers(&["h2"]), pages(1).routes());
        let crawl = Crawl::of(server.url("/")).trusting(&authority).arg("--set", "politeness.robots=false");
        let crawled = crawl.arg("--set", "politeness.retries=0").run();
        let record = crawled.record(&server.url("/"));
        assert_eq!((&record["outcome"], record.get("links")), (&"failed".into(), None), "{record}");
        let error = &record["error"];
        assert!(error["kind"] == "protocol" || goes_away && error["kind"] == "reset", "{error}");
        let length = if has_length { " of 80" } else { "" };
        assert!(error["message"].as_str().unwrap().contains(&format!("after 50{length} bytes")), "{error}");
    }
}

#[test]
fn a_head_over_http_2_may_be_long() {
    let authority = Authority::named("The test");
    let long =
        (0..60).fold(Reply::html("<title>read</title>"), |reply, n| reply.header(&format!("x-{n}"), &"a".repeat(1000)));
    let server = TlsServer::start(authority.certify(&["127.0.0.1"]), Site::default().with("/", long).routes());
    let crawled = Crawl::of(server.url("/")).trusting(&authority).run();
    assert_eq!(crawled.record(&server.url("/"))["title"], "read");
    assert!(server.log().requests.iter().all(|asked| asked.version == Version::HTTP_2));
}

/// At which request a server announces the end of a connection.
const LAST: usize = 7;
