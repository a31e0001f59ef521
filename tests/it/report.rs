//! `crawler report`: a crawl as one page, which asks for nothing and runs nothing.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use crate::archive::run;
use crate::support::{Crawl, Crawled, Reply, Server, Site};

/// Two folders, a page that is not there, and texts that would like to be part of the page.
fn site() -> Site {
    Site::default()
        .with(
            "/",
            Reply::html("<title></title><script>alert(1)</script>home</title><a href=/a/1>1</a><a href=/b/2>2</a>"),
        )
        .with(
            "/a/1",
            Reply::html("<title>&lt;img src=x onerror=alert(1)&gt;</title><a href=/b/2>2</a><a href=/gone>gone</a>"),
        )
        .with(
            "/b/2",
            Reply::html("<title>two\u{202e}</title><a href=\"/a/1?<script>\">s</a><a href='http://\u{202e}/'>no</a>"),
        )
}

fn report(crawled: &Crawled, args: &[&str]) -> String {
    let made = run(crawled, &[&["report", "crawl", "-o", "report.html"], args].concat());
    assert_eq!(made.code, 0, "{}", made.stderr);
    fs::read_to_string(crawled.path("report.html")).unwrap()
}

#[test]
fn a_report_says_what_the_summary_says() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/")).run();
    let html = report(&crawled, &[]);
    let ok = crawled.summary["settled"]["ok"].as_u64().unwrap();
    assert!(html.contains(&format!("<p>{ok} pages, 2 broken, ")), "{html}");
    assert!(html.contains("<dt>Status 404</dt><dd>2</dd>"), "{html}");
    for (name, title) in [("/gone", "Linked from"), ("/a/", "Links within"), ("/b/", "PageRank")] {
        assert!(html.contains(name) && html.contains(title), "{name} {title}");
    }
    for part in ["<h2>Links</h2>", "<summary>broken-links: 2</summary>", "<h2>Audit</h2>"] {
        assert!(html.contains(part), "{part}: {html}");
    }
    let said = run(&crawled, &["report", "--dir", "crawl", "--output", "-"]);
    assert_eq!((said.code, said.stdout), (0, html));
}

#[test]
fn what_pages_say_is_text_in_a_report_and_it_asks_for_nothing() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/")).flag("--check-links").run();
    let html = report(&crawled, &[]);
    assert_eq!(html.matches("<script").count(), 0, "{html}");
    assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;"), "{html}");
    assert!(html.contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"), "{html}");
    for asks in [" src=", "url(", "@import", "<link", "<iframe", "<img", "javascript:"] {
        let in_markup = html.replace("&lt;img src=x", "");
        assert_eq!(in_markup.matches(asks).count(), 0, "{asks}");
    }
    assert!(!html.contains('\u{202e}'), "no text turns what is around it");
    assert!(html.contains("<bdi>http://\u{fffd}/</bdi>: is no URL"), "it is told: {html}");
    assert!(!html.contains("href=\"http://\u{fffd}"), "and no link: it leads to nowhere");
}

#[test]
fn two_crawls_are_compared_page_by_page() {
    let before = site().with("/c", Reply::html("once")).with("/", Reply::html("<a href=/a/1>1</a><a href=/c>c</a>"));
    let home = Reply::html("<a href=/a/1>1</a><a href=/new>new</a><a href=/lost>lost</a>");
    let later = site().with("/", home).with("/gone", Reply::html("mended")).with("/new", Reply::html("new"));
    let later = later.with("/b/2", Reply::new(410));
    let (before, later) = (before.routes(), later.routes());
    let is_later = Arc::new(AtomicBool::new(false));
    let switch = Arc::clone(&is_later);
    let server = Server::start(move |arrival| if switch.load(Relaxed) { later(arrival) } else { before(arrival) });
    let first = Crawl::of(server.url("/")).run();
    is_later.store(true, Relaxed);
    let second = Crawl::of(server.url("/")).run();
    let earlier = first.path("crawl");
    let html = report(&second, &["--baseline", earlier.to_str().unwrap()]);
    for found in [
        "<h3>Mended: 1</h3>",
        "<h3>New: 1</h3>",
        "<h3>Gone: 2</h3>",
        "<h3>Another body: 1</h3>",
        "<h3>Broken since: 2</h3>",
    ] {
        assert!(html.contains(found), "{found}: {html}");
    }
    for (path, told) in [("/b/2", "410, was 200"), ("/lost", "404, new"), ("/gone", "200, was 404")] {
        let told = format!("<bdi>{}</bdi></a>: {told}</li>", server.url(path));
        assert!(html.contains(&told), "{told}: {html}");
    }
}

#[test]
fn a_report_takes_the_place_of_reports_only() {
    let crawled = Crawl::bare().seed(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/sites/three-levels")).run();
    report(&crawled, &[]);
    report(&crawled, &[]);
    fs::write(crawled.path("mine.html"), "<p>mine").unwrap();
    let refused = run(&crawled, &["report", "crawl", "-o", "mine.html"]);
    assert!(refused.code == 2 && refused.stderr.contains("mine.html is already there"), "{}", refused.stderr);
    assert_eq!(run(&crawled, &["report", "crawl", "-o", "mine.html", "--force"]).code, 0);
    let refused = run(&crawled, &["report", "crawl", "-o", "crawl/pages.jsonl", "--force"]);
    assert!(refused.code == 2 && refused.stderr.contains("is a file of the crawl"), "{}", refused.stderr);
    let nothing = run(&crawled, &["report", "nowhere"]);
    assert_eq!(nothing.code, 2, "{}", nothing.stderr);
    assert!(!crawled.path("report.html.tmp").exists());
}
