//! `--update` while something does not answer: of what is not known nothing is told as gone.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Crawled, Living, Page, Server};
use crate::update::{assert_sound, changes, crawl, page, path, site, told, versions};

#[test]
fn an_update_of_which_no_page_came_leaves_the_crawl_before_as_it_was() {
    let living = Living::new(site(20));
    let server = living.serve();
    let rules = "[[items]]\nname = \"things\"\neach = \"p\"\n[items.fields]\nname = \"p\"\n";
    let crawl = || crawl(&server.url("/")).toml(rules);
    let first = crawl().run();
    let first = crawl().flag("--update").on(&first).run();
    first.assert_code(0);
    let (records, told_before) = (first.records.clone(), changes(&first));
    let kept = versions(&first);
    let home = page("home", 0, "home", &[path(0), path(1), path(2)]);
    for (limit, value) in [("--max-pages", "1"), ("--max-pages", "100")] {
        living.edit(|site| drop(site.insert("/".to_owned(), Page::Status(503))));
        let outage = crawl().talkative().flag("--update").arg("--fail-on", "changes");
        let outage = outage.arg("--fail-on", "broken-links").arg(limit, value).on(&first).run();
        outage.assert_code(3);
        assert!(
            outage.stderr.contains("no page came of any seed: the crawl before stays in crawl"),
            "{}",
            outage.stderr
        );
        assert!(!outage.stderr.contains("this goes on"), "{}", outage.stderr);
        assert_eq!(outage.records, records);
        assert_eq!((changes(&outage), versions(&outage)), (told_before.clone(), kept.clone()));
        assert_sound(&outage);
    }
    living.edit(|site| drop(site.insert("/".to_owned(), Page::Html(home))));
    let after = crawl().flag("--update").arg("--fail-on", "changes").on(&first).run();
    after.assert_code(5);
    assert_sound(&after);
    assert_eq!(told(&after), [("changed text links".to_owned(), 1), ("unchanged ".to_owned(), 20)].into());
}

/// What has become of each page, by its path, with the reason why it was not asked for.
fn fates(crawled: &Crawled, server: &Server) -> BTreeMap<String, String> {
    let fate = |line: &Value| {
        let url = line["url"].as_str().unwrap().replace(&server.url(""), "");
        let why = line["why"].as_str().map(|why| format!(" {why}")).unwrap_or_default();
        (url, format!("{}{why}", line["change"].as_str().unwrap()))
    };
    changes(crawled).iter().map(fate).collect()
}

fn linking(to: &[&str]) -> Page {
    Page::Html(page("p", 0, "text", &to.iter().map(|to| (*to).to_owned()).collect::<Vec<_>>()))
}

#[test]
fn what_only_a_list_led_to_that_has_failed_is_not_gone() {
    let living = Living::new(BTreeMap::from([
        ("/".to_owned(), linking(&["/list", "/other", "/unlinked"])),
        ("/list".to_owned(), linking(&["/a", "/both", "/away"])),
        ("/other".to_owned(), linking(&["/both"])),
        ("/unlinked".to_owned(), linking(&["/behind"])),
        ("/a".to_owned(), linking(&["/a/deep"])),
        ("/away".to_owned(), Page::To(302, "/there".to_owned())),
        ("/there".to_owned(), linking(&[])),
        ("/a/deep".to_owned(), linking(&["/"])),
        ("/both".to_owned(), linking(&[])),
        ("/behind".to_owned(), linking(&[])),
    ]));
    let server = living.serve();
    for links in ["true", "false"] {
        let crawl = || crawl(&server.url("/")).set("output.links", links);
        let first = crawl().run();
        first.assert_code(0);
        let healthy = living.pages();
        living.edit(|site| {
            site.insert("/".to_owned(), linking(&["/list", "/other"]));
            site.insert("/list".to_owned(), Page::Status(503));
        });
        let second = crawl().flag("--update").on(&first).run();
        second.assert_code(0);
        assert_sound(&second);
        let fates = fates(&second, &server);
        let expected = [
            ("/a", "failed not_linked"),
            ("/a/deep", "failed not_linked"),
            ("/away", "failed not_linked"),
            ("/behind", "gone not_linked"),
            ("/both", "unchanged"),
            ("/list", "failed"),
            ("/there", "failed not_linked"),
            ("/unlinked", "gone not_linked"),
        ];
        for (path, fate) in expected {
            assert_eq!(fates[path], fate, "{path} with output.links = {links}: {fates:?}");
        }
        living.edit(|site| *site = healthy);
    }
}

#[test]
fn what_a_limit_has_left_unasked_led_to_is_not_gone() {
    let living = Living::new(BTreeMap::from([
        ("/".to_owned(), linking(&["/a"])),
        ("/a".to_owned(), linking(&["/b"])),
        ("/b".to_owned(), linking(&[])),
    ]));
    let server = living.serve();
    let first = crawl(&server.url("/")).run();
    let second = crawl(&server.url("/")).flag("--update").arg("--max-pages", "1").on(&first).run();
    second.assert_code(0);
    let fates = fates(&second, &server);
    assert_eq!((fates["/a"].as_str(), fates["/b"].as_str()), ("failed limit", "failed not_linked"), "{fates:?}");
}

#[test]
fn what_only_a_sitemap_named_that_could_not_be_read_is_not_gone() {
    let map = |to: &Server| {
        let all = ["/listed", "/dropped"].map(|path| format!("<url><loc>{}</loc></url>", to.url(path))).concat();
        Page::Unnamed(format!(
            "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{all}</urlset>"
        ))
    };
    let living = Living::new(BTreeMap::from([
        ("/".to_owned(), linking(&["/linked"])),
        ("/linked".to_owned(), linking(&[])),
        ("/listed".to_owned(), linking(&["/behind"])),
        ("/dropped".to_owned(), linking(&[])),
        ("/behind".to_owned(), linking(&[])),
        ("/robots.txt".to_owned(), Page::Unnamed("Sitemap: /map.xml".to_owned())),
    ]));
    let server = living.serve();
    for (trouble, fate) in [(503, "failed not_linked"), (404, "gone not_linked")] {
        living.edit(|site| drop(site.insert("/map.xml".to_owned(), map(&server))));
        let first = crawl(&server.url("/")).flag("--sitemaps").run();
        assert_eq!(first.records.len(), 5);
        living.edit(|site| drop(site.insert("/map.xml".to_owned(), Page::Status(trouble))));
        let second = crawl(&server.url("/")).flag("--sitemaps").flag("--update").on(&first).run();
        second.assert_code(0);
        let fates = fates(&second, &server);
        for path in ["/listed", "/dropped", "/behind"] {
            assert_eq!(fates[path], fate, "{path}: {fates:?}");
        }
        assert_eq!(fates["/linked"], "unchanged");
    }
}

#[test]
fn what_a_robots_txt_that_could_not_be_read_keeps_from_being_asked_for_is_not_gone() {
    let (home, other) = (Living::new(BTreeMap::new()), Living::new(BTreeMap::new()));
    let (server, away) = (home.serve(), other.serve());
    home.edit(|site| drop(site.insert("/".to_owned(), linking(&[&away.url("/a")]))));
    other.edit(|site| {
        site.insert("/a".to_owned(), linking(&["/b"]));
        site.insert("/b".to_owned(), linking(&[]));
    });
    let crawl = || crawl(&server.url("/")).any_host().set("politeness.max_backoff", "'10ms'");
    for (robots, expected) in [
        (Page::Status(503), ["failed robots", "failed not_linked"]),
        (Page::Unnamed("User-agent: *\nDisallow: /".to_owned()), ["gone robots", "gone not_linked"]),
    ] {
        other.edit(|site| drop(site.remove("/robots.txt")));
        let first = crawl().run();
        assert_eq!(first.records.len(), 3);
        other.edit(|site| drop(site.insert("/robots.txt".to_owned(), robots)));
        let second = crawl().flag("--update").on(&first).run();
        second.assert_code(0);
        let fates = fates(&second, &away);
        assert_eq!(["/a", "/b"].map(|path| fates[path].as_str()), expected, "{fates:?}");
    }
}
