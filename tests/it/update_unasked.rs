//! `[update]`: pages that an update does not ask for.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::{Living, Page};
use crate::update::{assert_sound, comparable, crawl, page, path};

/// Cache headers of a page.
fn cached(title: &str, value: &str) -> Page {
    Page::HtmlWith(format!("<title>{title}</title>"), vec![("Cache-Control".to_owned(), value.to_owned())])
}

#[test]
fn a_page_that_is_fresh_is_not_asked_for_when_its_host_is_trusted() {
    let home = page("home", 0, "home", &["/fresh".to_owned(), "/stale".to_owned(), "/secret".to_owned()]);
    let living = Living::new(BTreeMap::from([
        ("/".to_owned(), Page::Html(home)),
        ("/fresh".to_owned(), cached("fresh", "max-age=86400")),
        ("/stale".to_owned(), cached("stale", "max-age=86400, no-cache")),
        ("/secret".to_owned(), cached("secret", "max-age=86400")),
    ]));
    let server = living.serve();
    let crawl = || crawl(&server.url("/")).set("update.trust_cache", "true");
    let first = crawl().run();
    // What robots.txt says goes before what is known of a page.
    living.edit(|site| {
        site.insert("/robots.txt".to_owned(), Page::Unnamed("User-agent: *\nDisallow: /secret".to_owned()));
        site.insert("/fresh".to_owned(), Page::Html("<title>nobody asks</title>".to_owned()));
    });
    let second = crawl().flag("--update").on(&first).run();
    second.assert_code(0);
    assert_sound(&second);
    assert_eq!(["/", "/fresh", "/stale", "/secret", "/robots.txt"].map(|path| server.count(path)), [2, 1, 2, 1, 2]);
    let record = second.record(&server.url("/fresh"));
    let before = first.record(&server.url("/fresh"));
    assert_eq!(
        [&record["carried"], &record["attempts"], &record["title"]],
        [&json!("fresh"), &json!(0), &json!("fresh")]
    );
    assert_eq!(record["fetched_at"], before["fetched_at"], "when it was asked for last");
    assert_eq!((&second.summary["update"]["fresh"], second.skipped("robots")), (&json!(1), 1));
    let third = crawl().set("update.trust_cache", "false").flag("--update").on(&second).run();
    assert_eq!(third.record(&server.url("/fresh"))["title"], json!("nobody asks"));
}

#[test]
fn what_is_not_due_is_not_asked_for_unless_a_sitemap_says_that_it_has_changed() {
    let old = |body: String| {
        Page::HtmlWith(body, vec![("Last-Modified".to_owned(), "Mon, 01 Jan 2001 00:00:00 GMT".to_owned())])
    };
    let entry = |path: &str, date: &str| format!("<url><loc>{path}</loc><lastmod>{date}</lastmod></url>");
    let links: Vec<_> = (0..6).map(path).collect();
    let mut site = BTreeMap::from([("/".to_owned(), old(page("home", 0, "home", &links)))]);
    site.extend((0..5).map(|n| (path(n), old(format!("<title>{n}</title><a rel=nofollow href=/n>n</a>")))));
    site.insert(path(5), Page::Unnamed("<title>new each day</title>".to_owned()));
    let living = Living::new(site);
    let server = living.serve();
    let listed = entry(&server.url(&path(1)), "2001-01-01") + &entry(&server.url(&path(2)), "2099-01-01");
    living.edit(|site| {
        site.insert("/sitemap.xml".to_owned(), Page::Unnamed(format!("<urlset>{listed}</urlset>")));
    });
    let crawl = || {
        let crawl = crawl(&server.url("/")).arg("--sitemap", server.url("/sitemap.xml")).concurrency(1);
        crawl.set("update.schedule", "'due'")
    };
    let first = crawl().run();
    first.assert_code(0);
    let second = crawl().flag("--update").on(&first).run();
    second.assert_code(0);
    assert_sound(&second);
    assert_eq!((0..6).map(|n| server.count(&path(n))).collect::<Vec<_>>(), [1, 1, 2, 1, 1, 2]);
    assert_eq!(comparable(&second.records).len(), 7);
    assert_eq!(second.summary["skipped"], first.summary["skipped"], "also what they lead to is carried over");
    assert!(second.summary["update"]["not_due"].as_u64().unwrap() >= 4);
    assert_eq!(second.record(&server.url(&path(1)))["carried"], json!("not_due"));
}
