//! `crawler explain` names what a URL was found by: the element, the header, the redirect, the sitemap; and what a link says.

use crate::cli::Run;
use crate::inspect::{json, store};
use crate::support::{Arrival, Crawl, Crawled, Reply, Server, Site};

fn found_by(crawled: &Crawled, url: &str) -> Option<String> {
    json(&crawled.path(""), &["explain", url])["found_by"].as_str().map(str::to_owned)
}

/// What the link says by which a URL was found.
fn link_text(crawled: &Crawled, url: &str) -> Option<String> {
    json(&crawled.path(""), &["explain", url])["link_text"].as_str().map(str::to_owned)
}

#[test]
fn each_way_to_be_found_has_its_name() {
    let page = "<link rel='icon next' href=/next><meta http-equiv=refresh content='9;url=/meta'><title>home</title>\
                <a href=/a rel=nofollow></a><map><area href=/area><area href=/a></map><iframe src=/iframe></iframe>\
                <iframe srcdoc='<a href=/inside>'></iframe><object data=/object.html></object><embed src=/embed.html>\
                <svg><a xlink:href=/svg></a></svg><a href=/moved>moved</a><form action=/form></form>";
    let home = Reply::html(page).header("Link", "</up>; rel=up").header("Refresh", "9;url=/refresh");
    let frames = Reply::html("<frameset><frame src=/frame></frameset>");
    let xhtml = "<html xmlns='http://www.w3.org/1999/xhtml'><body><map><area href='/x-area'/></map><iframe src='/x-iframe'/></body></html>";
    let xhtml = Reply::new(200).header("Content-Type", "application/xhtml+xml").body(xhtml);
    let site = Site::default().with("/", home).with("/a", frames).with("/meta", xhtml);
    let server = Server::start(site.with("/moved", Reply::redirect(302, "/there")).routes());
    let crawled = Crawl::of(server.url("/")).concurrency(1).set("parse.forms", "true").run();
    for (path, expected) in [
        ("/", None),
        ("/next", Some("<link rel=next>")),
        ("/meta", Some("<meta http-equiv=refresh>")),
        ("/a", Some("<area href>")),
        ("/area", Some("<area href>")),
        ("/iframe", Some("<iframe src>")),
        ("/inside", Some("<a href>")),
        ("/object.html", Some("<object data>")),
        ("/embed.html", Some("<embed src>")),
        ("/svg", Some("<a href>")),
        ("/form", Some("<form action>")),
        ("/up", Some("header Link, rel=up")),
        ("/refresh", Some("header Refresh")),
        ("/there", Some("redirect")),
        ("/frame", Some("<frame src>")),
        ("/x-area", Some("<area href>")),
        ("/x-iframe", Some("<iframe src>")),
    ] {
        assert_eq!(found_by(&crawled, &server.url(path)).as_deref(), expected, "{path}");
    }
}

#[test]
fn what_a_link_says_is_told_where_it_led_to_something_new() {
    let home = "<a href=/a>Next  <b>pa</b>ge</a><a href=/a#x>other</a><a href='/b?q=%20'><img alt='The \u{1b}[1m shop'></a>\
                <map><area href=/area alt=East></map><a href=/none></a><a href=/hidden rel=nofollow>no</a><a href=/hidden>yes</a>\
                <iframe srcdoc='<a href=/inside>x</a>'></iframe><link rel=next href=/next title=x>";
    let xhtml = "<html xmlns='http://www.w3.org/1999/xhtml' xmlns:h='http://www.w3.org/1999/xhtml'><body>\
                 <a href='/empty'/><h:a href='/prefixed'>one</h:a> two</body></html>";
    let xhtml = Reply::new(200).header("Content-Type", "application/xhtml+xml").body(xhtml);
    // The page is read once more when it turns out to be in another charset than the first guess.
    let late = format!("{}<meta charset=utf-8><a href=/late>Käse</a>", "<!-- -->".repeat(400));
    let site = Site::default().with("/", Reply::html(home)).with("/a", xhtml).with("/area", Reply::html(late));
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).concurrency(1).run();
    for (path, expected) in [
        ("/", None),
        ("/a", Some("Next page")),
        ("/b?q=%20", Some("The [1m shop")),
        ("/area", Some("East")),
        ("/none", None),
        ("/hidden", Some("yes")),
        ("/inside", None),
        ("/next", None),
        ("/empty", None),
        ("/prefixed", Some("one")),
        ("/late", Some("Käse")),
    ] {
        assert_eq!(link_text(&crawled, &server.url(path)).as_deref(), expected, "{path}");
    }
    let explained = Run::new(&crawled.path(""), &["explain", &server.url("/a")]);
    assert!(explained.stdout.contains("found by    <a href> \"Next page\"\n"), "{}", explained.stdout);
}

#[test]
fn what_a_sitemap_lists_is_found_by_it_whatever_links_there_as_well() {
    let server = Server::start(|arrival: &Arrival| match arrival.path.as_str() {
        "/sitemap.txt" => Reply::text(format!("http://{}/b", arrival.header("host").unwrap_or_default())),
        "/" => Reply::links("home", ["/b"]),
        _ => Reply::html("page"),
    });
    let crawled = Crawl::of(server.url("/")).arg("--sitemap", server.url("/sitemap.txt")).run();
    assert_eq!(found_by(&crawled, &server.url("/b")).as_deref(), Some("sitemap"));
}

#[test]
fn a_store_without_room_for_it_is_read_and_gone_on_with() {
    let server = Server::start(Site::linked(&[("/", &["/a"]), ("/a", &["/b"]), ("/b", &["/c"])]).routes());
    let crawled = Crawl::of(server.url("/")).arg("--depth", "1").run();
    let change = |sql: &str| store(&crawled.path("")).execute_batch(sql).unwrap();
    change("ALTER TABLE url DROP COLUMN link_text; ALTER TABLE output DROP COLUMN crc; PRAGMA user_version = 1");
    for table in ["host", "url", "edges", "manners", "sitemap", "seed", "seed_redirect", "output", "session", "setting"]
    {
        change(&format!("ALTER TABLE {table} DROP COLUMN checksum"));
    }
    assert_eq!(found_by(&crawled, &server.url("/a")).as_deref(), Some("<a href>"));
    assert_eq!(link_text(&crawled, &server.url("/a")), None);
    change("ALTER TABLE url DROP COLUMN mention");
    assert_eq!(found_by(&crawled, &server.url("/a")), None);
    let verified = Run::new(&crawled.path(""), &["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    let crawled = Crawl::of(server.url("/")).arg("--depth", "3").on(&crawled).run();
    assert_eq!(found_by(&crawled, &server.url("/a")), None);
    assert_eq!(found_by(&crawled, &server.url("/c")).as_deref(), Some("<a href>"));
    assert_eq!(link_text(&crawled, &server.url("/c")).as_deref(), Some("/c"));
}
