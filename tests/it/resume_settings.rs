//! Settings that change between two runs of a crawl: what they newly allow is taken up, what they no longer allow is left
//! alone, and what would make it another crawl is refused.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cli::Run;
use crate::support::{Crawl, Crawled, Reply, Server, Site};

/// The records without what differs from one crawl to another, and for an origin of any name.
fn comparable(crawled: &Crawled, server: &Server) -> Vec<Value> {
    let record = |record: &Value| {
        let mut record: Value = serde_json::from_str(&record.to_string().replace(&server.url(""), "")).unwrap();
        for time in ["fetched_at", "elapsed_ms"] {
            record.as_object_mut().unwrap().remove(time);
        }
        record
    };
    crawled.records.iter().map(record).collect()
}

#[track_caller]
fn assert_asked_once(server: &Server) {
    server.log(|log| {
        let distinct: BTreeSet<_> = log.paths().into_iter().collect();
        assert_eq!(distinct.len(), log.arrivals.len(), "{:?}", log.paths());
    });
}

/// A page with four that it links to, each of which links to one more.
fn two_levels() -> Server {
    let pages = ["/1", "/2", "/3", "/4"];
    let site = Site::linked(&[("/", &pages), ("/1", &["/1/a"]), ("/2", &["/2/a"]), ("/3", &["/3/a"]), ("/4", &[])]);
    Server::start(
        ["/1/a", "/2/a", "/3/a"].iter().fold(site, |site, path| site.with(path, Reply::html("leaf"))).routes(),
    )
}

#[test]
fn a_greater_depth_asks_only_for_the_new_pages() {
    let (server, other) = (Server::start(Site::fixture("depth-graph")), Server::start(Site::fixture("depth-graph")));
    let first = Crawl::of(server.url("/")).arg("--depth", "2").run();
    let deeper = Crawl::of(server.url("/")).arg("--depth", "3").on(&first).run();
    let fresh = Crawl::of(other.url("/")).arg("--depth", "3").run();
    assert_eq!(comparable(&deeper, &server), comparable(&fresh, &other));
    for group in ["settled", "skipped", "discovered", "statuses", "bytes", "state", "requests"] {
        assert_eq!(deeper.summary[group], fresh.summary[group], "{group}");
    }
    assert!(deeper.records.len() > first.records.len());
    assert_asked_once(&server);
}

#[test]
fn a_smaller_depth_keeps_what_is_there() {
    let server = two_levels();
    let first = Crawl::of(server.url("/")).arg("--max-pages", "3").run();
    let second = Crawl::of(server.url("/")).arg("--depth", "1").on(&first).run();
    assert_eq!((second.assert_code(0).records.len(), second.skipped("depth")), (5, 3));
    assert_asked_once(&server);
}

#[test]
fn a_higher_limit_goes_on_and_is_exact() {
    let server = two_levels();
    let mut crawled = Crawl::of(server.url("/")).arg("--max-pages", "2").run();
    for pages in [3, 3, 6, 7] {
        crawled = Crawl::of(server.url("/")).arg("--max-pages", pages.to_string()).on(&crawled).run();
        assert_eq!((crawled.assert_code(0).records.len(), &crawled.summary["state"]), (pages, &"limit".into()));
    }
    crawled = Crawl::of(server.url("/")).on(&crawled).run();
    assert_eq!((crawled.assert_code(0).records.len(), &crawled.summary["state"]), (8, &"complete".into()));
    assert_asked_once(&server);
}

#[test]
fn more_seeds_are_taken_up() {
    let (server, other) = (two_levels(), two_levels());
    let first = Crawl::of(server.url("/1")).run();
    assert_eq!(first.records.len(), 2);
    let second = Crawl::of(server.url("/1")).seed(server.url("/")).on(&first).run();
    assert_eq!((second.assert_code(0).records.len(), second.record(&server.url("/1"))["depth"].as_u64()), (8, Some(0)));
    let third = Crawl::of(server.url("/1")).seed(server.url("/")).seed(other.url("/4")).on(&second).run();
    assert_eq!(third.assert_code(0).records.len(), 9);
    assert_asked_once(&server);
}

/// A page that was found first and is a seed now lies at depth 0, and all behind it less deep.
#[test]
fn a_page_that_becomes_a_seed_rises_with_all_behind_it() {
    let server = two_levels();
    let first = Crawl::of(server.url("/")).run();
    let second = Crawl::of(server.url("/")).seed(server.url("/2")).on(&first).run();
    let depths = second.assert_code(0).depths();
    assert_eq!((depths[&server.url("/2")], depths[&server.url("/2/a")], depths[&server.url("/3/a")]), (0, 1, 2));
    assert!(second.record(&server.url("/2"))["referrer"].is_null());
    assert_asked_once(&server);
}

#[test]
fn what_is_excluded_meanwhile_is_not_asked_for_and_is_taken_up_when_it_is_not() {
    let server = two_levels();
    let first = Crawl::of(server.url("/")).arg("--max-pages", "5").run();
    assert_eq!(first.count("pending") + first.skipped("limit"), 3);
    let narrower = Crawl::of(server.url("/")).set("scope.exclude", "['*/2/*', '*/4']").on(&first).run();
    assert_eq!((narrower.assert_code(0).records.len(), narrower.skipped("scope")), (7, 1), "{}", narrower.summary);
    assert!(narrower.urls().contains(&server.url("/4")), "what is settled stays");
    assert_eq!(server.count("/2/a"), 0);
    let wider = Crawl::of(server.url("/")).on(&narrower).run();
    assert_eq!((wider.assert_code(0).records.len(), wider.skipped("scope")), (8, 0), "{}", wider.summary);
    assert_asked_once(&server);
}

#[test]
fn nofollow_links_are_taken_up_when_they_may_be_followed() {
    let page = Reply::html("<a rel=nofollow href=/x>x</a>");
    let server = Server::start(Site::default().with("/", page).with("/x", Reply::html("x")).routes());
    let first = Crawl::of(server.url("/")).run();
    assert_eq!((first.records.len(), first.skipped("nofollow")), (1, 1));
    let second = Crawl::of(server.url("/")).set("parse.nofollow", "false").on(&first).run();
    assert_eq!((second.assert_code(0).records.len(), second.skipped("nofollow")), (2, 0));
    assert_eq!(second.record(&server.url("/x"))["depth"], 1);
}

#[test]
fn what_robots_txt_disallowed_is_taken_up_when_it_does_not_count() {
    let site = Site::linked(&[("/", &["/a", "/private"]), ("/a", &[]), ("/private", &[])]);
    let server = Server::start(site.robots("User-agent: *\nDisallow: /private\n").routes());
    let first = Crawl::of(server.url("/")).run();
    assert_eq!((first.records.len(), first.skipped("robots")), (2, 1));
    let second = Crawl::of(server.url("/")).flag("--ignore-robots").on(&first).run();
    assert_eq!((second.assert_code(0).records.len(), second.skipped("robots")), (3, 0));
    assert_asked_once(&server);
}

#[test]
fn what_would_be_another_crawl_is_refused() {
    let server = two_levels();
    let first = Crawl::of(server.url("/")).arg("--max-pages", "3").run();
    let before = left(&first);
    let crawl = || Crawl::bare().set("politeness.rate", "'none'").talkative().on(&first);
    let asked = server.log(|log| log.arrivals.len());
    let mut messages = String::new();
    for (what, crawl) in [
        ("another seed", crawl().seed("http://user:hunter2@other.example/")),
        ("another output", crawl().seed(server.url("/")).arg("--output", "other.jsonl")),
        ("stdout", crawl().seed(server.url("/")).arg("--output", "-")),
        ("other parameters", crawl().seed(server.url("/")).set("frontier.ignore_params", "['page']")),
        ("without a store", crawl().seed(server.url("/")).flag("--no-store")),
    ] {
        let refused = crawl.run();
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{what}: {}", refused.stderr);
        messages.extend(["# ", what, "\n", &shown(&refused.stderr, &first, &server), "\n"]);
        assert_eq!(left(&first), before, "{what}");
    }
    assert_eq!(server.log(|log| log.arrivals.len()), asked);
    insta::assert_snapshot!("another_crawl", messages);
    Crawl::of(server.url("/")).on(&first).run().assert_code(0);
    assert_asked_once(&server);
}

#[test]
fn an_output_that_was_named_has_to_be_named_again() {
    let server = two_levels();
    let first = Crawl::of(server.url("/")).arg("--max-pages", "1").arg("--output", "other.jsonl").run();
    let refused = Crawl::of(server.url("/")).talkative().on(&first).run();
    assert_eq!(refused.code, Some(2));
    let message = shown(&refused.stderr, &first, &server);
    let told =
        "go to PLACE/other.jsonl, not to pages.jsonl\n = help: give --output PLACE/other.jsonl again to go on, or";
    assert!(message.contains(told), "{message}");
}

#[test]
fn an_output_that_could_not_be_opened_is_none_of_the_crawl() {
    let server = two_levels();
    for (mended, warc) in [(&[][..], false), (&["--output", "other.jsonl"], false), (&[], true)] {
        let crawl = Crawl::of(server.url("/")).talkative();
        std::fs::write(crawl.path("file"), "no folder").unwrap();
        let crawl = crawl.arg("--output", "file/pages.jsonl");
        let failed = if warc { crawl.flag("--warc").run() } else { crawl.run() };
        let told = &failed.assert_code(1).stderr;
        assert!(told.contains("file/pages.jsonl") && told.contains("Not a directory"), "{told}");
        let crawl = mended.iter().fold(Crawl::of(server.url("/")).on(&failed), |crawl, arg| crawl.flag(arg));
        let crawled = crawl.run();
        crawled.assert_code(0);
        assert_eq!(Run::new(&crawled.path(""), &["verify"]).code, 0, "{mended:?}");
        let output = crawled.path(if mended.is_empty() { "crawl/pages.jsonl" } else { "other.jsonl" });
        assert_eq!(std::fs::read_to_string(output).unwrap().lines().count(), 8, "{mended:?}");
        let again = mended.iter().fold(Crawl::of(server.url("/")).on(&crawled), |crawl, arg| crawl.flag(arg)).run();
        again.assert_code(0);
    }
    assert_eq!(server.count("/"), 3);
}

fn shown(message: &str, crawled: &Crawled, server: &Server) -> String {
    let place = crawled.path("").canonicalize().unwrap();
    message.replace(&server.host(), "HOST").replace(&place.display().to_string(), "PLACE")
}

/// What a refused run must not change.
fn left(crawled: &Crawled) -> Vec<Option<Vec<u8>>> {
    let files =
        ["crawl/store.sqlite", "crawl/store.sqlite-wal", "crawl/pages.jsonl", "crawl/summary.json", "other.jsonl"];
    files.map(|file| std::fs::read(crawled.path(file)).ok()).to_vec()
}
