//! A site in, its records out: each page once, with what is on it.

use crate::support::{Crawl, Expected, Reply, Server, Site, folder};

#[test]
fn a_site_becomes_one_record_for_each_page() {
    let server = Server::start(Site::fixture("three-levels"));
    let crawled = Crawl::of(server.url("/")).run();
    crawled.assert_code(0);
    Expected::of("three-levels").assert_equal_to(&crawled, &server.url(""));
    assert_eq!(crawled.summary["state"], "complete");
    // The advertisement, the accounts, the glasshouse, and the gardener's address.
    for reason in ["nofollow", "robots", "scope", "scheme"] {
        assert_eq!(crawled.skipped(reason), 1, "{reason}: {}", crawled.summary);
    }
}

#[test]
fn a_folder_gives_the_same_records_as_the_site_that_it_holds() {
    let served = Server::start(Site::fixture("three-levels"));
    let over_http = Crawl::of(served.url("/")).run();
    let from_disk = Crawl::of(folder("three-levels").to_string_lossy()).run();
    from_disk.assert_code(0);
    Expected::of("three-levels").assert_equal_to(&from_disk, "http://localhost");
    // What a server puts into a 404 is its own.
    for record in from_disk.records.iter().filter(|record| record["outcome"] == "ok") {
        let url = record["url"].as_str().unwrap().replace("http://localhost", &served.url(""));
        assert_eq!(over_http.record(&url)["content_hash"], record["content_hash"], "{url}");
    }
    for reason in ["nofollow", "robots", "scope", "scheme", "depth"] {
        assert_eq!(from_disk.skipped(reason), over_http.skipped(reason), "{reason}");
    }
}

#[test]
fn a_folder_can_appear_under_another_origin() {
    let crawl = Crawl::of(folder("three-levels").to_string_lossy()).arg("--origin", "https://tea.example/");
    Expected::of("three-levels").assert_equal_to(crawl.run().assert_code(0), "https://tea.example");
}

#[test]
fn links_are_found_wherever_html_has_them_and_nowhere_else() {
    let crawled = Crawl::of(folder("links-everywhere").to_string_lossy()).run();
    Expected::of("links-everywhere").assert_equal_to(&crawled, "http://localhost");
    assert_eq!(crawled.skipped("scheme"), 3);
}

#[test]
fn text_is_read_in_the_charset_of_its_page() {
    let server = Server::start(Site::fixture("charsets"));
    let crawled = Crawl::of(server.url("/")).run();
    Expected::of("charsets").assert_equal_to(&crawled, &server.url(""));
}

#[test]
fn a_record_says_when_and_how_it_was_fetched() {
    let body = "<!doctype html><html lang=en><title>Only</title><a href='/#top'>top</a>";
    let server = Server::start(Site::default().with("/", Reply::html(body)).routes());
    let crawled = Crawl::of(server.url("/")).run();
    assert_eq!(crawled.records[0]["content_hash"], format!("blake3:{}", blake3::hash(body.as_bytes())));
    let text = serde_json::to_string_pretty(&crawled.records[0]).unwrap().replace(&server.host(), "HOST");
    insta::with_settings!({filters => vec![
        (r#""fetched_at": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z""#, r#""fetched_at": "[time]""#),
        (r#""elapsed_ms": \d+"#, r#""elapsed_ms": "[ms]""#),
        ("blake3:[0-9a-f]{64}", "blake3:[hash]"),
    ]}, {
        insta::assert_snapshot!(text, @r#"
        {
          "url": "http://HOST/",
          "outcome": "ok",
          "status": 200,
          "depth": 0,
          "attempts": 1,
          "fetched_at": "[time]",
          "elapsed_ms": "[ms]",
          "content_type": "text/html",
          "charset": "UTF-8",
          "bytes": 71,
          "content_hash": "blake3:[hash]",
          "title": "Only",
          "lang": "en",
          "links": [
            "http://HOST/"
          ]
        }
        "#);
    });
}

#[test]
fn urls_that_differ_in_fragment_or_tracking_parameters_are_one_page() {
    let links = ["/a#one", "/a#two", "/a?utm_source=news", "/a?gclid=1", "/a", "/b?x=1&utm_medium=mail", "/b?x=1"];
    let site = Site::default().with("/", Reply::links("home", links)).with("/a", Reply::html("a"));
    let server = Server::start(site.with("/b?x=1&utm_medium=mail", Reply::html("b")).routes());
    let crawled = Crawl::of(server.url("/")).run();
    // The first one is requested, as it stands.
    assert_eq!(crawled.urls(), ["/", "/a", "/b?x=1&utm_medium=mail"].map(|path| server.url(path)));
    assert_eq!(server.log(|log| log.arrivals.iter().filter(|arrival| !arrival.is_robots()).count()), 3);
}

#[test]
fn what_a_site_says_of_its_urls_makes_one_page_of_them() {
    let links = ["/a;jsessionid=1", "/a;jsessionid=2", "/b//c", "/b/c", "/d?x=1&y=2", "/d?y=2&x=1"];
    for (set, records) in [(false, 7), (true, 4)] {
        let site = Site::default().with("/", Reply::links("home", links));
        let server = Server::start(links.iter().fold(site, |site, path| site.with(path, Reply::html("page"))).routes());
        let mut crawl = Crawl::of(server.url("/"));
        if set {
            crawl = crawl.set("frontier.ignore_path_params", "['jsessionid']").set("frontier.sort_query", "true");
            crawl = crawl.set("frontier.merge_slashes", "true");
        }
        assert_eq!(crawl.run().records.len(), records);
    }
}

#[test]
fn a_request_says_who_asks_and_changes_nothing() {
    let server = Server::start(Site::fixture("three-levels"));
    Crawl::of(server.url("/")).run();
    for arrival in server.log(|log| log.arrivals.clone()) {
        assert_eq!(arrival.method, "GET");
        assert!(arrival.header("user-agent").is_some_and(|agent| agent.starts_with("crawler/")), "{arrival:?}");
        assert_eq!(arrival.header("host"), Some(server.host().as_str()));
    }
}

#[test]
fn a_redirect_is_a_record_and_a_link_at_the_same_depth() {
    let site = Site::linked(&[("/", &["/old"]), ("/new", &["/next"]), ("/next", &[])]);
    let server = Server::start(site.with("/old", Reply::redirect(301, "/new")).routes());
    let crawled = Crawl::of(server.url("/")).run();
    let old = crawled.record(&server.url("/old"));
    assert_eq!((&old["outcome"], &old["status"], &old["depth"]), (&"redirect".into(), &301.into(), &1.into()));
    assert_eq!(old["location"], server.url("/new"));
    let new = crawled.record(&server.url("/new"));
    assert_eq!((&new["depth"], &new["referrer"]), (&1.into(), &server.url("/old").into()));
    assert_eq!(crawled.record(&server.url("/next"))["depth"], 2);
}

#[test]
fn a_redirect_loop_ends() {
    let site = Site::default().with("/", Reply::redirect(302, "/round"));
    let site = site.with("/round", Reply::redirect(307, "/and-round")).with("/and-round", Reply::redirect(308, "/"));
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).run();
    assert_eq!(crawled.urls(), ["/", "/and-round", "/round"].map(|path| server.url(path)));
    assert!(crawled.records.iter().all(|record| record["outcome"] == "redirect" && record["depth"] == 0));
}

#[test]
fn a_redirect_out_of_scope_is_not_followed() {
    let elsewhere = Server::start_on(2, Site::linked(&[("/", &[])]).routes());
    let away = Reply::redirect(302, &elsewhere.url("/"));
    let server = Server::start(Site::linked(&[("/", &["/away"])]).with("/away", away).routes());
    let crawled = Crawl::of(server.url("/")).run();
    assert_eq!(crawled.record(&server.url("/away"))["location"], elsewhere.url("/"));
    assert_eq!((crawled.records.len(), crawled.skipped("scope")), (2, 1));
    assert!(elsewhere.log(|log| log.arrivals.is_empty()), "not even its robots.txt is asked for");
}

#[test]
fn the_referrer_is_the_page_with_the_link() {
    let site = Site::linked(&[("/", &["/a"]), ("/a", &["/b"]), ("/b", &["/"])]);
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).run();
    let referrer = |path| crawled.record(&server.url(path)).get("referrer").cloned().unwrap_or_default();
    assert!(referrer("/").is_null(), "a seed has none, whoever links to it");
    assert_eq!(referrer("/a"), server.url("/"));
    assert_eq!(referrer("/b"), server.url("/a"));
}

#[test]
fn max_pages_is_exact_at_any_concurrency() {
    let pages: Vec<String> = (0..60).map(|n| format!("/{n}")).collect();
    for concurrency in [1, 4, 64] {
        let links = pages.clone();
        let server = Server::start(move |arrival| match arrival.path.as_str() {
            "/robots.txt" => Reply::new(404),
            path => Reply::links(path, &links),
        });
        let crawled = Crawl::of(server.url("/")).concurrency(concurrency).arg("--max-pages", "25").run();
        assert_eq!(crawled.assert_code(0).records.len(), 25, "concurrency {concurrency}");
        assert_eq!(server.log(|log| log.arrivals.iter().filter(|arrival| !arrival.is_robots()).count()), 25);
        assert_eq!(crawled.summary["state"], "limit");
        assert_eq!(crawled.count("pending") + crawled.skipped("limit"), 36, "{}", crawled.summary);
    }
}

#[test]
fn max_pages_that_is_not_reached_changes_nothing() {
    let server = Server::start(Site::linked(&[("/", &["/a", "/b"]), ("/a", &[]), ("/b", &[])]).routes());
    let crawled = Crawl::of(server.url("/")).arg("--max-pages", "4").run();
    assert_eq!((crawled.records.len(), &crawled.summary["state"]), (3, &"complete".into()));
}

#[test]
fn a_nofollow_link_counts_only_where_no_other_link_leads() {
    let home = "<a rel='nofollow' href='/only'>x</a> <a rel='nofollow' href='/also'>x</a> <a href='/also'>x</a>
        <a href='/meta'>x</a>";
    let meta = "<meta name=robots content=nofollow><a href='/behind'>x</a>";
    let site = Site::default().with("/", Reply::html(home)).with("/meta", Reply::html(meta));
    let server = Server::start(site.with("/also", Reply::html("also")).routes());
    let crawled = Crawl::of(server.url("/")).run();
    assert_eq!(crawled.urls(), ["/", "/also", "/meta"].map(|path| server.url(path)));
    assert_eq!(crawled.skipped("nofollow"), 2);
    let all = Crawl::of(server.url("/")).set("parse.nofollow", "false").run();
    assert_eq!((all.records.len(), all.skipped("nofollow")), (5, 0));
}

#[test]
fn what_is_not_html_is_recorded_without_its_body() {
    let pdf =
        Reply::new(200).header("Content-Type", "application/pdf").body(b"%PDF-1.4 <a href='/not-a-link'>".to_vec());
    let server = Server::start(Site::linked(&[("/", &["/paper.pdf"])]).with("/paper.pdf", pdf).routes());
    let crawled = Crawl::of(server.url("/")).run();
    let record = crawled.record(&server.url("/paper.pdf"));
    assert_eq!((&record["outcome"], &record["status"]), (&"ok".into(), &200.into()));
    for absent in ["bytes", "content_hash", "title", "links", "error"] {
        assert!(record.get(absent).is_none_or(serde_json::Value::is_null), "{absent}: {record}");
    }
    assert_eq!(crawled.records.len(), 2);
}

#[test]
fn several_seeds_are_one_crawl() {
    let shared: &[(&str, &[&str])] = &[("/", &["/shared"]), ("/second", &["/shared"]), ("/shared", &[])];
    let server = Server::start(Site::linked(shared).routes());
    let crawled = Crawl::of(server.url("/")).seed(server.url("/second")).seed(server.url("/#again")).run();
    assert_eq!(crawled.depths().into_values().collect::<Vec<_>>(), [0, 0, 1]);
    assert_eq!(server.count("/robots.txt"), 1);
}
