//! Kinds of links: what a page is made of, what it quotes, and what else it names, when the user asks for it.

use serde_json::{Value, json};

use crate::support::{Arrival, Crawl, Crawled, Reply, Server, Site};

const PAGE: &str = "<link rel=stylesheet href=/s.css><link rel=icon href=/icon.png><title>t</title><a href=/next rel=nofollow \
    ping=/ping>Next <b>page</b></a><img src=/a.png srcset='/a2.png 2x' alt='A picture' longdesc=/about-a><blockquote cite=/said>\
    </blockquote><script src=/s.js></script><img data-src=/lazy.png src='data:image/png;base64,AA'>\
    <script type=application/ld+json>{\"url\":\"ORIGIN/ld\"}</script>";

fn typed(media_type: &str, body: &str) -> Reply {
    Reply::new(200).header("Content-Type", media_type).body(body)
}

/// A site with one of each kind.
fn site() -> Site {
    Site::default()
        .with("/s.css", typed("text/css", "@import 'more.css'; p { background: url(img/bg.png) }"))
        .with("/more.css", typed("text/css; charset=utf-8", "@font-face { src: url('f.woff2') }"))
        .with("/img/bg.png", typed("image/png", "bg"))
        .with("/f.woff2", typed("font/woff2", "font"))
        .with("/icon.png", typed("image/png", "icon"))
        .with("/a.png", typed("image/png", "a"))
        .with("/a2.png", typed("image/png", "a2"))
        .with("/lazy.png", typed("image/png", "lazy"))
        .with("/s.js", typed("text/javascript", "fetch('/api/data')"))
        .with("/next", Reply::html("<img src=/next.png>"))
        .with("/next.png", typed("image/png", "next"))
}

fn paths(crawled: &Crawled, server: &Server) -> Vec<String> {
    crawled.urls().iter().map(|url| url.replacen(&server.url(""), "", 1)).collect()
}

fn start(page: &str) -> Server {
    // The page names itself by its own origin, which is known once the server runs.
    let (site, page) = (site().routes(), page.to_owned());
    Server::start(move |arrival: &Arrival| match arrival.path.as_str() {
        "/" => Reply::html(page.replace("ORIGIN", &format!("http://{}", arrival.header("host").unwrap_or_default()))),
        _ => site(arrival),
    })
}

#[test]
fn nothing_but_pages_is_asked_for_by_default() {
    let server = start(PAGE);
    let crawled = Crawl::of(server.url("/")).run();
    assert_eq!(paths(&crawled, &server), ["/"]);
    let record = crawled.record(&server.url("/"));
    assert_eq!((&record["links"], record.get("link_details")), (&json!([server.url("/next")]), None));
}

#[test]
fn the_parts_of_pages_are_fetched_at_the_depth_of_their_page() {
    let server = start(PAGE);
    let crawled =
        Crawl::of(server.url("/")).arg("--depth", "0").set("parse.follow", "[\"page\", \"embed\", \"style\"]").run();
    crawled.assert_code(0);
    let expected = ["/", "/a.png", "/a2.png", "/f.woff2", "/icon.png", "/img/bg.png", "/more.css", "/s.css", "/s.js"];
    assert_eq!(paths(&crawled, &server), expected);
    assert!(crawled.depths().values().all(|depth| *depth == 0), "{:?}", crawled.depths());
    let picture = crawled.record(&server.url("/a.png"));
    assert_eq!((&picture["content_type"], &picture["bytes"]), (&json!("image/png"), &json!(1)));
    assert_eq!(picture["content_hash"], json!(format!("blake3:{}", blake3::hash(b"a").to_hex())));
    assert_eq!(crawled.record(&server.url("/f.woff2"))["referrer"], json!(server.url("/more.css")));
    // What is shown has nothing to be read.
    assert_eq!(crawled.summary["unread"]["bodies"], json!({}));
    assert_eq!(crawled.skipped("nofollow"), 1, "the page that is linked to");
}

#[test]
fn each_kind_is_followed_when_it_is_named() {
    for (kind, expected) in [
        ("embed", &["/", "/a.png", "/a2.png", "/icon.png", "/s.js"][..]),
        ("style", &["/", "/more.css", "/s.css"]),
        ("cite", &["/", "/about-a", "/said"]),
        ("ping", &["/", "/ping"]),
        ("data", &["/", "/lazy.png", "/ld"]),
        ("script", &["/"]),
    ] {
        let server = start(PAGE);
        let crawl = Crawl::of(server.url("/")).arg("--depth", "1").set("parse.follow", &format!("[\"{kind}\"]"));
        let crawled = crawl.set("parse.data_attributes", "[\"data-src\"]").run();
        assert_eq!(paths(&crawled, &server), expected, "{kind}");
    }
}

#[test]
fn strings_of_scripts_are_followed_only_when_that_is_asked_for() {
    let server = start(PAGE);
    let crawled = Crawl::of(server.url("/")).set("parse.follow", "[\"embed\", \"script\"]").run();
    assert_eq!(crawled.record(&server.url("/api/data"))["referrer"], json!(server.url("/s.js")));
    assert_eq!(crawled.depths()[&server.url("/api/data")], 1);
}

#[test]
fn parts_on_other_hosts_are_fetched_under_their_robots_txt_and_nothing_follows_from_there() {
    let elsewhere = Site::default()
        .robots("User-agent: *\nDisallow: /no")
        .with("/a.png", Reply::redirect(302, "/b.png"))
        .with("/b.png", typed("image/png", "b"))
        .with("/s.css", typed("text/css", "p{background:url(/bg.png)}"))
        .with("/bg.png", typed("image/png", "bg"))
        .with("/page", Reply::html("<img src=/deep.png><a href=/deeper>x</a>"))
        .with("/deep.png", typed("image/png", "deep"));
    let other = Server::start(elsewhere.routes());
    let on = |path: &str| other.url(path);
    let page = format!(
        "<img src={}><img src={}><link rel=stylesheet href={}><img src={}><a href={}>x</a>",
        on("/a.png"),
        on("/no.png"),
        on("/s.css"),
        on("/page"),
        on("/linked")
    );
    let server = start(&page);
    let follow = "[\"page\", \"embed\", \"style\"]";
    let crawl = || Crawl::of(server.url("/")).set("parse.follow", follow);
    let crawled = crawl().run();
    crawled.assert_code(0);
    let asked: Vec<_> = crawled.urls().into_iter().filter(|url| url.starts_with(&on(""))).collect();
    assert_eq!(asked, ["/a.png", "/b.png", "/bg.png", "/page", "/s.css"].map(on));
    assert_eq!((crawled.skipped("robots"), crawled.skipped("scope"), crawled.skipped("nofollow")), (1, 3, 0));
    assert_eq!(other.count("/robots.txt"), 1);

    let crawled = crawl().set("scope.embeds", "\"scope\"").run();
    assert_eq!(crawled.urls(), [server.url("/")]);
    let crawled = crawl().set("scope.exclude", "[\"*.png\"]").run();
    assert!(crawled.urls().iter().all(|url| !url.contains(".png")), "{:?}", crawled.urls());
}

#[test]
fn a_crawl_that_was_stopped_goes_on_with_parts_on_other_hosts() {
    let other = Server::start(Site::default().with("/a.png", typed("image/png", "a")).routes());
    let server =
        start(&format!("<img src={}><a href=/next>x</a><a href={}>x</a>", other.url("/a.png"), other.url("/a.png")));
    let crawl = |pages: &str| {
        Crawl::of(server.url("/")).set("parse.follow", "[\"page\", \"embed\"]").flag("--max-pages").flag(pages)
    };
    let first = crawl("1").concurrency(1).run();
    assert_eq!(first.urls(), [server.url("/")]);
    let second = crawl("none").on(&first).run();
    assert!(second.urls().contains(&other.url("/a.png")), "{:?}", second.urls());
}

#[test]
fn feeds_are_read_as_sitemaps_are() {
    let feed = "<rss version='2.0'><channel><link>/</link><item><link>/news/1</link></item></channel></rss>";
    let page = "<link rel=alternate type='application/rss+xml' href=/feed><a href=/next>x</a>";
    let site = site().with("/", Reply::html(page)).with("/feed", typed("application/rss+xml", feed));
    let server = Server::start(site.with("/news/1", Reply::html("<title>news</title>")).routes());
    let crawl = || Crawl::of(server.url("/")).set("parse.follow", "[\"page\", \"feed\"]");
    let crawled = crawl().run();
    assert_eq!(paths(&crawled, &server), ["/", "/news/1", "/next"]);
    assert_eq!(crawled.depths()[&server.url("/news/1")], 0, "as what a sitemap lists");
    assert_eq!(server.count("/feed"), 1);
    let again = crawl().on(&crawled).run();
    assert_eq!((again.records.len(), server.count("/feed")), (3, 1), "it is read once");
    let server = start(page);
    let crawled = Crawl::of(server.url("/")).run();
    assert_eq!((crawled.records.len(), server.count("/feed")), (2, 0));
}

#[test]
fn records_list_the_kinds_that_they_are_asked_to_and_say_what_each_link_is() {
    let server = start(PAGE);
    let crawl =
        Crawl::of(server.url("/")).set("parse.record", "[\"page\", \"embed\"]").set("parse.link_details", "true");
    let crawled = crawl.run();
    assert_eq!(paths(&crawled, &server), ["/"], "what is listed is not followed");
    assert_eq!(crawled.count("discovered"), 2, "nor known");
    let record = crawled.record(&server.url("/"));
    let on = |path: &str| Value::String(server.url(path));
    assert_eq!(record["links"], json!([on("/icon.png"), on("/next"), on("/a.png"), on("/a2.png"), on("/s.js")]));
    let details = record["link_details"].as_array().unwrap();
    assert_eq!(
        details[0],
        json!({"url": on("/icon.png"), "kind": "embed", "found_by": "<link rel=icon>", "rel": "icon"})
    );
    let next =
        json!({"url": on("/next"), "kind": "page", "found_by": "<a href>", "text": "Next page", "rel": "nofollow"});
    assert_eq!(details[1], next);
    assert_eq!(details[2], json!({"url": on("/a.png"), "kind": "embed", "found_by": "<img src>", "text": "A picture"}));
    assert_eq!(details.len(), 5);
}

#[test]
fn a_part_that_is_too_long_fails_and_the_rest_goes_on() {
    let site = site().with("/", Reply::html("<img src=/long.png><img src=/a.png>"));
    let server = Server::start(site.with("/long.png", typed("image/png", &"x".repeat(5000))).routes());
    let crawled = Crawl::of(server.url("/")).set("parse.follow", "[\"embed\"]").set("fetch.max_body", "\"4KiB\"").run();
    assert_eq!(crawled.record(&server.url("/long.png"))["error"]["kind"], json!("too_large"));
    assert_eq!(crawled.record(&server.url("/a.png"))["outcome"], json!("ok"));
}
