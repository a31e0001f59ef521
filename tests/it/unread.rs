//! Nothing is left unread without a word: counted, with an example, and explained.

use serde_json::{Value, json};

use crate::cli::Run;
use crate::support::{Crawl, Crawled, Reply, Server, Site};

fn site() -> Site {
    let typed = |content_type: &str| Reply::new(200).header("Content-Type", content_type).body("%PDF-1.7");
    Site::default()
        .with(
            "/",
            Reply::links("home", ["/a.pdf", "/b.pdf", "/c", "/empty", "/nowhere", "/plain", "/gone", "/bad", "/leaf"]),
        )
        .with("/a.pdf", typed("application/pdf"))
        .with("/b.pdf", typed("Application/PDF; x=y"))
        .with("/c", typed("image/png"))
        .with("/empty", Reply::html(""))
        .with("/leaf", Reply::html("<title>leaf</title>"))
        .with("/nowhere", Reply::redirect(302, "http://["))
        .with("/plain", Reply::new(200).header("Content-Type", "none").body("neither typed nor HTML"))
        .with("/gone", Reply::new(404).header("Content-Type", "image/png").body("gone"))
        .with("/bad", Reply::links("bad", ["http://a b/", "http://a b/", "http://[", "mailto:a@b"]))
}

fn check(unread: &Value, server: &Server) {
    assert_eq!(
        *unread,
        json!({
            "bodies": {
                "application/pdf": { "count": 2, "example": server.url("/a.pdf") },
                "image/png": { "count": 1, "example": server.url("/c") },
            },
            "references": { "count": 3, "page": server.url("/nowhere"), "example": "http://[" },
            "pages": { "count": 2, "example": server.url("/empty") },
            "scripts": { "count": 0 },
            "links": { "count": 0 },
            "chains": { "count": 0 },
        })
    );
}

/// What `explain` says is the reason.
fn why(crawled: &Crawled, url: &str) -> Value {
    let run = Run::new(&crawled.path(""), &["explain", url, "--json"]);
    serde_json::from_str::<Value>(&run.stdout).unwrap()["why"].clone()
}

#[test]
fn what_is_not_read_is_counted_shown_and_explained() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/")).concurrency(1).talkative().run();
    check(&crawled.assert_code(0).summary["unread"], &server);
    let status = Run::new(&crawled.path(""), &["status"]).stdout;
    for table in [&crawled.stderr, &status] {
        let lines = table.lines().filter(|line| line.contains(", first "));
        let lines: Vec<_> = lines.map(|line| line.replace(&server.url("/"), "/")).collect();
        assert_eq!(
            lines,
            [
                "  unread      application/pdf 2  image/png 1, first /a.pdf",
                "  no content  2 pages, first /empty",
                "  no URL      3 references, first http://[ on /nowhere",
            ]
        );
    }
    let status = Run::new(&crawled.path(""), &["status", "--json"]).stdout;
    check(&serde_json::from_str::<Value>(&status).unwrap()["unread"], &server);
    assert_eq!(
        why(&crawled, &server.url("/b.pdf")),
        json!(["body not read: content type application/pdf is not among fetch.content_types"])
    );
    assert_eq!(why(&crawled, &server.url("/plain")), json!(["body not parsed: content type none, and it is no HTML"]));
    assert_eq!(why(&crawled, &server.url("/empty")), json!(["its body was parsed, and has no title and no links"]));
    for leaf in ["/bad", "/leaf"] {
        let no_link =
            "its body was parsed, and no link to a page was found in it; what a script would put there is not seen";
        assert_eq!(why(&crawled, &server.url(leaf)), json!([no_link]), "{leaf}");
    }
    for read in ["/", "/gone"] {
        assert_eq!(why(&crawled, &server.url(read)), json!([]), "{read}");
    }
}

#[test]
fn the_counts_survive_a_continued_crawl() {
    let server = Server::start(site().routes());
    let first = Crawl::of(server.url("/")).concurrency(1).arg("--max-pages", "4").run();
    assert_eq!(first.assert_code(0).records.len(), 4);
    let whole = Crawl::of(server.url("/")).concurrency(1).on(&first).run();
    check(&whole.assert_code(0).summary["unread"], &server);
}

#[test]
fn a_body_is_parsed_by_what_it_starts_with_when_nobody_says_what_it_is() {
    for content_type in ["", "html", "*/*", "text/html charset=utf-8", "; charset=utf-8", "text/html, text/html"] {
        let page = Reply::new(200).header("Content-Type", content_type).body("<title>read</title>");
        let server = Server::start(Site::default().with("/", page).routes());
        let crawled = Crawl::of(server.url("/")).run();
        assert_eq!(crawled.record(&server.url("/"))["title"], "read", "{content_type:?}");
    }
}

#[test]
fn a_redirect_that_leads_nowhere_keeps_its_body_and_the_links_in_it() {
    // 300 is no redirect, whatever `Location` says (Fetch Standard, section 2.2.3).
    for (status, location) in [(303, None), (302, None), (300, None), (300, Some("/elsewhere"))] {
        let mut here = Reply::links("see other", ["/there"]);
        here.status = status;
        let here = location.map_or_else(|| here.clone(), |location| here.clone().header("Location", location));
        let server = Server::start(Site::default().with("/", here).with("/there", Reply::html("there")).routes());
        let crawled = Crawl::of(server.url("/")).run();
        let record = crawled.record(&server.url("/"));
        assert_eq!((&record["outcome"], &record["title"]), (&json!("http_error"), &json!("see other")), "{record}");
        assert_eq!(record["links"], json!([server.url("/there")]));
        assert!(record["bytes"].is_u64() && record["content_hash"].is_string(), "{record}");
        assert_eq!(crawled.record(&server.url("/there"))["depth"], 1);
    }
}
