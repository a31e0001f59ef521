//! `crawler explain` names what a URL was found by: the element, the header, the redirect, the sitemap.

use crate::cli::Run;
use crate::inspect::{json, store};
use crate::support::{Arrival, Crawl, Crawled, Reply, Server, Site};

fn found_by(crawled: &Crawled, url: &str) -> Option<String> {
    json(&crawled.path(""), &["explain", url])["found_by"].as_str().map(str::to_owned)
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
    store(&crawled.path("")).execute_batch("ALTER TABLE url DROP COLUMN mention").unwrap();
    assert_eq!(found_by(&crawled, &server.url("/a")), None);
    let verified = Run::new(&crawled.path(""), &["verify"]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    let crawled = Crawl::of(server.url("/")).arg("--depth", "3").on(&crawled).run();
    assert_eq!(found_by(&crawled, &server.url("/a")), None);
    assert_eq!(found_by(&crawled, &server.url("/c")).as_deref(), Some("<a href>"));
}
