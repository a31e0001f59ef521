//! What of a site keeps readers and search engines from its pages: each rule on the page that is its example.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::cli::Run;
use crate::support::{Crawl, Crawled, Reply, Server, Site};

/// The pages of `fixtures/audit`, each an example of the rule that it is named after, and what else a site has.
fn examples() -> Site {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audit");
    let mut site = Site::default();
    let mut links = String::new();
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for name in names {
        let name = name.into_string().unwrap();
        let page = std::fs::read_to_string(folder.join(&name)).unwrap();
        if !["orphan.html", "noindex-in-sitemap.html"].contains(&&*name) {
            links.extend(["<a href=/", &name, ">", &name, "</a>"]);
        }
        site = site.with(&format!("/{name}"), Reply::html(page));
    }
    let listed = ["orphan.html", "noindex-in-sitemap.html", "fine.html"];
    let heavy = format!("<title>Heavy</title><!--{}-->", "x".repeat(1 << 20));
    let deep = (1..=6).fold(site, |site, nth| {
        let page = format!("<title>Deep {nth}</title><a href=/deep/{}>on</a>", nth + 1);
        site.with(&format!("/deep/{nth}"), Reply::html(page))
    });
    deep.with(
        "/",
        Reply::html(format!(
            "{links}<a href=/deep/1>deep</a><a href=/chain>chain</a><a href=/circle>circle</a><a href=/heavy>heavy</a>"
        )),
    )
    .with("/sitemap.xml", Reply::text(listed.map(|name| format!("http://HOST/{name}\n")).concat()))
    .with("/redirect", Reply::redirect(301, "/fine.html"))
    .with("/chain", Reply::redirect(301, "/redirect"))
    .with("/circle", Reply::redirect(301, "/round"))
    .with("/round", Reply::redirect(301, "/circle"))
    .with("/http-error", Reply::new(410))
    .with("/heavy", Reply::html(heavy))
}

fn server() -> Server {
    let host = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let (routes, known) = (examples().routes(), std::sync::Arc::clone(&host));
    let server = Server::start(move |arrival| {
        let reply = routes(arrival);
        if arrival.path == "/sitemap.xml" {
            let text = String::from_utf8(reply.body.clone()).unwrap().replace("HOST", known.get().unwrap());
            return reply.body(text);
        }
        reply
    });
    host.set(server.host()).unwrap();
    server
}

fn crawled(server: &Server) -> Crawled {
    Crawl::of(server.url("/")).arg("--sitemap", server.url("/sitemap.xml")).flag("--check-links").run()
}

fn audit(crawled: &Crawled, args: &[&str]) -> Run {
    Run::new(&crawled.path(""), &[&["audit"], args].concat())
}

/// The pages of each rule.
fn by_rule(run: &Run, server: &Server) -> BTreeMap<String, Vec<String>> {
    let found: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr));
    let mut by_rule = BTreeMap::<String, Vec<String>>::new();
    for finding in found["findings"].as_array().unwrap() {
        let url = finding["url"].as_str().unwrap().replace(&server.url("/"), "/");
        by_rule.entry(finding["rule"].as_str().unwrap().to_owned()).or_default().push(url);
    }
    by_rule
}

#[test]
fn each_rule_is_found_on_the_page_that_is_its_example() {
    let server = server();
    let crawled = crawled(&server);
    crawled.assert_code(0);
    let run = audit(&crawled, &["--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let found = by_rule(&run, &server);
    let pages = |rule: &str| found.get(rule).map(Vec::as_slice).unwrap_or_default();
    let all: Value = serde_json::from_str(&run.stdout).unwrap();
    let not_here = ["mixed-content", "mixed-media", "slow"];
    for rule in all["counts"].as_object().unwrap().keys().filter(|rule| !not_here.contains(&&***rule)) {
        let example = match &**rule {
            "http-error" => "/http-error".to_owned(),
            "redirect-chain" => "/chain".to_owned(),
            "redirect-loop" => "/circle".to_owned(),
            "heavy" => "/heavy".to_owned(),
            "deep" => "/deep/6".to_owned(),
            local => format!("/{local}.html"),
        };
        assert!(pages(rule).contains(&example), "{rule}: {:?}", pages(rule));
    }
    let of_fine: Vec<_> = found.iter().filter(|(_, pages)| pages.iter().any(|page| page == "/fine.html")).collect();
    assert_eq!(
        of_fine.iter().map(|(rule, _)| rule.as_str()).collect::<Vec<_>>(),
        ["description-duplicate"],
        "{of_fine:?}"
    );
    for (rule, alone) in [
        ("title-missing", &["/title-missing.html"][..]),
        ("title-multiple", &["/title-multiple.html"]),
        ("duplicate-page", &["/duplicate-page-2.html", "/duplicate-page.html"]),
        ("orphan", &["/noindex-in-sitemap.html", "/orphan.html"]),
        ("noindex-linked", &["/noindex-linked.html"]),
        ("canonical-chain", &["/canonical-chain.html"]),
        ("image-alt", &["/image-alt.html"]),
        ("hreflang-no-return", &["/hreflang-no-return.html"]),
    ] {
        assert_eq!(pages(rule).iter().filter(|page| page.contains(".html")).collect::<Vec<_>>(), alone, "{rule}");
    }
}

#[test]
fn a_rule_is_left_out_or_decides_about_the_exit_code() {
    let server = server();
    let crawled = crawled(&server);
    let run = audit(&crawled, &["--json", "--without", "title-missing", "--without", "thin"]);
    let found = by_rule(&run, &server);
    assert!(!found.contains_key("title-missing") && !found.contains_key("thin") && found.contains_key("orphan"));
    for (args, code) in [
        (&["--fail-on", "error"][..], 4),
        (&["--fail-on", "orphan"], 4),
        (&["--fail-on", "slow"], 0),
        (&["--fail-on", "orphans"], 2),
        (&["--without", "orphans"], 2),
        (&["--dir", "nowhere"], 2),
    ] {
        assert_eq!(audit(&crawled, args).code, code, "{args:?}");
    }
    let run = audit(&crawled, &[]);
    assert!(run.stdout.contains("/image-alt.html\n    an `<img>` without `alt`\n        8:"), "{}", run.stdout);
    assert!(run.stderr.contains(" URLs audited: "), "{}", run.stderr);
}

#[test]
fn a_crawl_without_a_survey_is_audited_as_far_as_its_records_say() {
    let server = server();
    let crawled = Crawl::of(server.url("/")).run();
    let run = audit(&crawled, &["--json"]);
    let found = by_rule(&run, &server);
    assert!(found.contains_key("title-missing") && !found.contains_key("h1-missing"), "{found:?}");
    assert!(run.stderr.contains("not looked for: title-multiple, h1-missing"), "{}", run.stderr);
}

#[test]
fn a_crawl_fails_on_what_its_links_and_pages_are() {
    let server = server();
    for (condition, code, told) in
        [("broken-links", 4, "broken-links: "), ("audit=error", 4, "audit=error: "), ("mixed-content", 0, "")]
    {
        let crawled = Crawl::of(server.url("/")).arg("--fail-on", condition).run();
        crawled.assert_code(code);
        assert!(crawled.stderr.contains(told), "{}", crawled.stderr);
        assert!(crawled.path("crawl/survey.jsonl").exists());
    }
}
