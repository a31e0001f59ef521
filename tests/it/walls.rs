//! Walls: a site that answers with one thing in place of its pages is told, with what can be done about it.

use serde_json::{Value, json};

use crate::cli::Run;
use crate::support::{Arrival, Crawl, Crawled, Reply, Server};

/// A server that gives a home page with 30 links without asking, and answers all others with `reply`.
fn site(reply: impl Fn(&Arrival) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |arrival| match arrival.path.as_str() {
        "/robots.txt" => Reply::new(404),
        "/" => Reply::links("home", (0..30).map(|n| format!("/{n}"))),
        _ => reply(arrival),
    })
}

fn login() -> Reply {
    Reply::links("log in", ["/login", "/forgotten"])
}

/// Crawls, and asserts that the tables of the crawl and of its status have these lines of a wall, and no other.
fn crawl(server: &Server, lines: &[&str]) -> Crawled {
    let crawled = Crawl::of(server.url("/")).concurrency(1).talkative().run();
    let status = Run::new(&crawled.path(""), &["status"]).stdout;
    for table in [&crawled.assert_code(0).stderr, &status] {
        let told =
            table.lines().filter(|line| ["cookie wall", "one target", "one body"].iter().any(|k| line.contains(k)));
        let told: Vec<_> = told.map(|line| line.replace(&server.url(""), "").replace(&server.host(), "HOST")).collect();
        assert_eq!(told, lines);
    }
    crawled
}

fn walls(crawled: &Crawled) -> &Value {
    &crawled.summary["unread"]["walls"]
}

#[test]
fn a_login_that_everything_leads_to_is_told() {
    let server = site(|arrival| match arrival.path.as_str() {
        "/login" => login(),
        path if path.starts_with("/login?") => login(),
        path => Reply::redirect(302, &format!("/login?next={path}")),
    });
    let line = "  one target  31 of 32 answers of HOST lead to /login, such as /4: if that is a login, send a session with \
                --header 'Cookie: ${SESSION}'";
    let body = "  one body    32 of 33 pages of HOST are the same to the byte, such as /login?next=/4: if that is a login or \
                a block, send a session with --header 'Cookie: ${SESSION}', or another --user-agent";
    let crawled = crawl(&server, &[line, body]);
    assert_eq!(walls(&crawled)[0]["kind"], "redirect");
    assert_eq!(walls(&crawled)[0]["to"], server.url("/login"));
    let hash = walls(&crawled)[1]["content_hash"].clone();
    let same = crawled.records.iter().filter(|record| record["content_hash"] == hash).count();
    assert_eq!(walls(&crawled)[1]["pages"], json!(same), "records can be found by it");
}

#[test]
fn a_page_that_sends_its_reader_to_a_login_counts_as_a_redirect() {
    let server = site(|arrival| match arrival.path.as_str() {
        "/login" => Reply::html("<title>log in</title>"),
        path => Reply::html(format!("<title>{path}</title><meta http-equiv=refresh content='0; url=/login'>")),
    });
    let crawled = crawl(
        &server,
        &[
            "  one target  30 of 31 answers of HOST lead to /login, such as /4: if that is a login, send a session with \
           --header 'Cookie: ${SESSION}'",
        ],
    );
    assert_eq!(walls(&crawled)[0]["pages"], 30);
}

#[test]
fn one_page_for_everything_is_told_across_runs() {
    let server = site(|_| Reply::html("<title>Access denied</title>your address is blocked"));
    let first = Crawl::of(server.url("/")).concurrency(1).arg("--max-pages", "12").run();
    let told = json!([{
        "kind": "page",
        "host": server.host(),
        "pages": 11,
        "of": 12,
        "example": server.url("/4"),
        "content_hash": first.record(&server.url("/4"))["content_hash"],
    }]);
    assert_eq!(*walls(&first), told);
    let whole = Crawl::of(server.url("/")).concurrency(1).on(&first).run();
    assert_eq!((&walls(&whole)[0]["pages"], &walls(&whole)[0]["of"]), (&json!(30), &json!(31)));
}

#[test]
fn a_cookie_that_is_never_enough_is_told() {
    // Alone, and by way of a page that sets it.
    let alone = site(|arrival| match arrival.path.as_str() {
        "/3" | "/7" => Reply::redirect(302, &arrival.path).header("Set-Cookie", "pass=1; Path=/"),
        path => Reply::html(format!("<title>{path}</title>")),
    });
    let line = |pages: &str, example: &str| {
        format!(
            "  cookie wall {pages} for a cookie again and again, of HOST, such as {example}: see that fetch.cookies is true, \
             or send one of a browser with --header 'Cookie: ${{SESSION}}'"
        )
    };
    crawl(&alone, &[&line("2 pages ask", "/3")]);
    let by_way = site(|arrival| match arrival.path.as_str() {
        "/3" => Reply::redirect(302, "/door"),
        "/door" => Reply::redirect(302, "/3").header("Set-Cookie", "pass=1; Path=/"),
        path => Reply::html(format!("<title>{path}</title>")),
    });
    crawl(&by_way, &[&line("1 page asks", "/door")]);
    assert!(by_way.count("/door") < 30, "{}", by_way.count("/door"));
}

#[test]
fn a_site_that_is_only_alike_is_no_wall() {
    let server = site(|arrival| match arrival.path.as_str() {
        // Moved, gone, pages under two names, and pages that hardly differ.
        "/1" | "/2" | "/3" => Reply::redirect(301, "/"),
        "/4" | "/5" | "/6" => Reply::html("<title>nothing here</title>"),
        path => Reply::html(format!("<title>reading</title>value {path}")),
    });
    assert_eq!(*walls(&crawl(&server, &[])), Value::Null);
}
