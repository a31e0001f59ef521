//! `crawler inspect`: what a crawl would see of one page, and that it asks as a crawl does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::cli::Run;
use crate::support::{ClosedPort, Crawl, Reply, Server, Site, folder};

/// Calls `crawler inspect` in an empty folder, without a rate.
fn inspect(args: &[&str]) -> Run {
    let dir = tempfile::tempdir().unwrap();
    inspect_in(dir.path(), args)
}

fn inspect_in(dir: &Path, args: &[&str]) -> Run {
    Run::new(dir, &[&["inspect", "--set", "politeness.rate=none"], args].concat())
}

fn json(args: &[&str]) -> Value {
    let run = inspect(&[args, &["--json"]].concat());
    assert_eq!(run.stderr, "", "{args:?}");
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
}

/// The text with what changes from run to run replaced.
fn steady(text: &str, server: &Server) -> String {
    let text = text.replace(&server.host(), "HOST");
    let lines = text.lines().map(|line| match line.split_once("  status ") {
        Some(_) => line.rsplit_once(", ").map_or(line.to_owned(), |(start, _)| format!("{start}, N ms")),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The verdict on each link.
fn verdicts(report: &Value) -> BTreeMap<String, String> {
    let links = report["links"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    links.map(|link| (text(&link["url"]), text(&link["verdict"]))).collect()
}

const PAGE: &str = "<!doctype html><html lang=en><title>The  shop</title><base href=/shop/>\
    <meta name=description content='All of it'><meta name=robots content=noindex><link rel=canonical href=/all>\
    <a href=a>a</a><a href=b rel=nofollow>b</a><a href=/private/c>c</a><a href=mailto:a@e.com>mail</a>\
    <a href=http://elsewhere.example/d>d</a><a href=http://10.0.0.1/e>e</a>\
    <ul><li class=item><h2>A</h2><span class=box><b class=price>1,50 \u{20ac}</b></span></li>\
    <li class=item><h2>B</h2><span class=box><b class=price>2,50 \u{20ac}</b></span></li></ul>";

fn shop() -> Server {
    let page = Reply::html(PAGE).header("X-Robots-Tag", "otherbot: nofollow").header("X-Made-By", "a\u{9b}b");
    let site = Site::default()
        .robots("User-agent: *\nDisallow: /private\n")
        .with("/", Reply::redirect(302, "/shop/"))
        .with("/shop/", page)
        .with("/shop/a", Reply::links("a", ["/shop/"]))
        .with("/all", Reply::links("all", ["/shop/"]));
    Server::start(site.routes())
}

#[test]
fn a_page_is_shown_as_a_crawl_would_see_it() {
    let server = shop();
    let run = inspect(&[
        &server.url("/"),
        "--scope",
        "any",
        "--exclude",
        "*elsewhere*",
        "--field",
        "cost:number=.item > .price",
        "--field",
        "title=h2",
        "--item",
        "products=li.item",
        "--field",
        "products.name=h2",
        "--field",
        "products.cost=.cost",
        "--select",
        ".box b",
        "--select",
        "li .prcie",
    ]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!("inspected_page", steady(&run.stdout, &server));
}

#[test]
fn robots_txt_comes_first_and_nothing_else_is_asked_for() {
    let server = shop();
    assert_eq!(inspect(&[&server.url("/")]).code, 0);
    assert_eq!(server.log(|log| log.paths().join(" ")), "/robots.txt / /shop/");
    let server = shop();
    let report = json(&[&server.url("/shop/"), "--ignore-robots"]);
    assert_eq!(server.log(|log| log.paths().join(" ")), "/shop/");
    assert_eq!((&report["robots"], report["links"][3]["verdict"].as_str()), (&Value::Null, Some("follow")));
}

#[test]
fn the_host_is_not_asked_faster_than_by_a_crawl() {
    let server = shop();
    let dir = tempfile::tempdir().unwrap();
    let run = Run::new(dir.path(), &["inspect", &server.url("/"), "--set", "politeness.rate=10"]);
    assert_eq!(run.code, 0);
    let gaps = server.log(|log| log.gaps(|_| true));
    assert!(gaps.len() == 2 && gaps.iter().all(|gap| *gap >= Duration::from_millis(95)), "{gaps:?}");
}

#[test]
fn each_verdict_is_that_of_a_crawl() {
    let server = shop();
    for more in
        [&["--scope", "any", "--exclude", "*elsewhere*"][..], &["--depth", "0"], &["--set", "parse.nofollow=false"]]
    {
        let report = json(&[&[server.url("/shop/").as_str()], more].concat());
        let mut crawl = Crawl::of(server.url("/shop/")).arg("--depth", "1");
        for pair in more.chunks(2) {
            crawl = crawl.arg(pair[0], pair[1]);
        }
        let crawled = crawl.run();
        let verdicts = verdicts(&report);
        assert_eq!(verdicts.len(), 7, "{more:?}");
        let of = |wanted: &str| verdicts.values().filter(|verdict| *verdict == wanted).count() as u64;
        for reason in ["scope", "depth", "robots", "nofollow", "scheme", "unsafe_address"] {
            assert_eq!(of(reason), crawled.skipped(reason), "{reason} with {more:?}: {verdicts:?}");
        }
        let followed: Vec<_> =
            verdicts.iter().filter(|(_, verdict)| *verdict == "follow").map(|(url, _)| url).collect();
        let depths = crawled.depths();
        let next: Vec<_> = depths.iter().filter(|(_, depth)| **depth == 1).map(|(url, _)| url).collect();
        assert_eq!(followed, next, "{more:?}");
    }
}

#[test]
fn the_data_is_that_of_a_crawl() {
    let rules = std::fs::read_to_string(folder("shop").join("crawl.toml")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("crawl.toml"),
        rules.lines().filter(|line| !line.starts_with("seeds")).collect::<Vec<_>>().join("\n"),
    )
    .unwrap();
    let crawled = Crawl::of(folder("shop").to_string_lossy()).toml(&tables(&rules)).run();
    let record = |url: &str| crawled.record(url).clone();
    for page in ["product/1.html", "product/5.html", "list/1.html", "about.html"] {
        let (file, url) = (folder("shop").join(page), format!("http://localhost/{page}"));
        let run = inspect_in(dir.path(), &[&file.to_string_lossy(), "--url", &url, "--json"]);
        let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr));
        let record = record(&url);
        for same in ["fields", "title", "lang", "content_hash", "bytes", "charset"] {
            assert_eq!(report[same], record[same], "{same} of {page}");
        }
        let links: Vec<_> = report["links"].as_array().unwrap().iter().map(|link| link["url"].clone()).collect();
        assert_eq!(Value::from(links), record["links"], "{page}");
    }
    let items = std::fs::read_to_string(crawled.path("crawl/items/products.jsonl")).unwrap();
    let of_page: Vec<Value> = items
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|item: &Value| item["page_url"] == "http://localhost/list/1.html")
        .collect();
    let file = folder("shop").join("list/1.html");
    let run = inspect_in(dir.path(), &[&file.to_string_lossy(), "--url", "http://localhost/list/1.html", "--json"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["items"][0]["items"], Value::from(of_page));
}

/// The tables of rules of a crawl.toml.
fn tables(rules: &str) -> String {
    rules.get(rules.find("[[").unwrap()..).unwrap().to_owned()
}

#[test]
fn what_may_not_be_asked_for_is_not() {
    let refused = Site::default()
        .robots("User-agent: *\nDisallow: /no")
        .with("/", Reply::redirect(301, "/no"))
        .with("/no", Reply::html("x"));
    let server = Server::start(refused.routes());
    for (path, asked) in [("/no", "/robots.txt"), ("/", "/robots.txt / ")] {
        let before = server.log(|log| log.paths().len());
        let run = inspect(&[&server.url(path), "--json"]);
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((run.code, report["not_asked"]["reason"].as_str()), (1, Some("robots")), "{path}");
        assert_eq!(report["not_asked"]["why"], "robots.txt, line 2: Disallow: /no");
        assert_eq!(report["final_url"], server.url("/no"));
        assert_eq!(server.log(|log| log.paths()[before..].join(" ")), asked.trim(), "{path}");
    }
    let server = Server::start(|_: &_| Reply::new(500));
    let report = json(&[&server.url("/")]);
    assert_eq!(report["not_asked"]["why"], "robots.txt cannot be read: status 500");
    assert_eq!(server.log(|log| log.paths().join(" ")), "/robots.txt");
}

#[test]
fn a_robots_txt_that_redirects_is_followed_five_times() {
    let site = |last: u32| {
        let hop = |n: u32| if n == 0 { "/robots.txt".to_owned() } else { format!("/{n}") };
        let site = (0..last).fold(Site::default(), |site, n| site.with(&hop(n), Reply::redirect(302, &hop(n + 1))));
        Server::start(site.with(&hop(last), Reply::text("")).with("/a", Reply::html("a")).routes())
    };
    assert_eq!(inspect(&[&site(5).url("/a")]).code, 0);
    let six = site(6);
    let report = json(&[&six.url("/a")]);
    assert_eq!(report["not_asked"]["why"], "robots.txt cannot be read: it redirects more than 5 times");
    assert_eq!((six.count("/6"), six.count("/a")), (0, 0));
}

#[test]
fn a_host_that_cannot_be_connected_to_is_told() {
    let closed = ClosedPort::reserve();
    let why = json(&[&closed.url("/")])["not_asked"]["why"].clone();
    assert!(why.as_str().unwrap().starts_with("robots.txt cannot be read: connect: "), "{why}");
    let report = json(&[&closed.url("/"), "--ignore-robots"]);
    assert_eq!((&report["outcome"], &report["error"]["kind"]), (&"failed".into(), &"connect".into()));
    assert_eq!(inspect(&[&closed.url("/"), "--ignore-robots"]).code, 1);
}

#[test]
fn a_page_of_a_site_on_disk_is_read_without_a_network() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = ["--config", "fixtures/sites/shop/crawl.toml", "--json"];
    let run = Run::new(root, &[&["inspect", "http://localhost/list/1.html"], &settings[..]].concat());
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr));
    assert_eq!((run.code, report["items"][0]["items"].as_array().map(Vec::len)), (0, Some(12)));
    assert_eq!(report["robots"]["why"], "there is no robots.txt: status 404");
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a b#1?.html"), "<base href='sub/'><a href=x>x</a>").unwrap();
    for (more, link) in [
        (&[][..], "http://localhost/sub/x"),
        (&["--set", "fetch.origin=https://e.com/docs"], "https://e.com/docs/sub/x"),
        (&["--url", "http://f.com/y/z"], "http://f.com/y/sub/x"),
    ] {
        let run = inspect_in(dir.path(), &[&["a b#1?.html", "--json"], more].concat());
        let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stderr));
        assert_eq!((&report["links"][0]["url"], &report["links"][0]["verdict"]), (&link.into(), &"follow".into()));
        assert_eq!((run.code, report["file"].as_str()), (0, Some("a b#1?.html")));
    }
}

#[test]
fn redirects_are_followed_as_in_a_crawl() {
    let other = Server::start_on(2, Site::linked(&[("/moved", &[])]).routes());
    let to = other.url("/moved");
    let site = Site::default()
        .with("/away", Reply::redirect(301, &to))
        .with("/loop", Reply::redirect(301, "/loop2"))
        .with("/loop2", Reply::redirect(301, "/loop"))
        .with("/mail", Reply::redirect(301, "mailto:a@e.com"));
    let server = Server::start(site.routes());
    let ends = |path: &str, more: &[&str]| {
        let report = json(&[&[server.url(path).as_str()], more].concat());
        let reason = report["not_asked"]["reason"].as_str().map(str::to_owned);
        (reason, report["final_url"].as_str().unwrap().to_owned(), report["redirects"].as_array().unwrap().len())
    };
    let allowed = ["--set", "fetch.allow_hosts=['127.0.0.0/8']"];
    assert_eq!(ends("/away", &allowed), (None, to.clone(), 1), "a seed takes the scope along");
    assert_eq!(other.log(|log| log.paths().join(" ")), "/robots.txt /moved");
    let elsewhere = [&allowed[..], &["--set", "seeds=['http://e.example/']"]].concat();
    assert_eq!(ends("/away", &elsewhere), (Some("scope".to_owned()), to.clone(), 1), "and no other page does");
    assert_eq!(ends("/away", &["--scope", "any"]), (Some("unsafe_address".to_owned()), to, 1));
    assert_eq!(ends("/loop", &[]), (Some("trap".to_owned()), server.url("/loop"), 2));
    assert_eq!(ends("/loop", &["--set", "frontier.max_redirects=0"]).0.as_deref(), Some("trap"));
    assert_eq!(ends("/mail", &[]), (None, server.url("/mail"), 0));
    assert_eq!(other.count("/moved"), 1);
}

#[test]
fn what_is_no_page_is_told_and_exits_with_one() {
    let site = Site::default()
        .with("/gone", Reply::new(410).header("Content-Type", "text/html").body("gone"))
        .with("/pdf", Reply::new(200).header("Content-Type", "application/pdf").body("%PDF"))
        .with("/long", Reply::html("x".repeat(9000)))
        .with("/text", Reply::text("text"))
        .with("/bare", Reply::new(200).body("<p>bare"))
        .with("/other", Reply::new(200).body("other"))
        .with("/json", Reply::new(200).header("Content-Type", "application/json").body("{\"a\":1}"));
    let server = Server::start(site.routes());
    let mut told = String::new();
    for (path, more) in [
        ("/gone", &[][..]),
        ("/pdf", &[]),
        ("/long", &["--max-body", "8KiB"]),
        ("/text", &[]),
        ("/bare", &[]),
        ("/other", &[]),
        ("/json", &[]),
        ("/json", &["--field", "a=$.a"]),
        ("/json", &["--select", "$.b"]),
    ] {
        let run = inspect(&[&[server.url(path).as_str()], more].concat());
        writeln!(told, "$ crawler inspect {path} {}\n{}{}{}\n", more.join(" "), run.stdout, run.stderr, run.code)
            .unwrap();
    }
    insta::assert_snapshot!("inspected_no_pages", steady(&told, &server));
}

#[test]
fn secrets_go_where_a_crawl_sends_them_and_are_not_shown() {
    let server = shop();
    let with = server.url("/shop/").replace("://", "://user:hunter2@");
    let run = inspect(&[&with, "--json"]);
    assert!(!run.stdout.contains("hunter2") && run.code == 0, "{}", run.stdout);
    let sent = |server: &Server| server.log(|log| log.arrivals.iter().any(|a| a.header("authorization").is_some()));
    assert!(sent(&server));
    let server = shop();
    let header = ["--header", "Authorization: Bearer hunter2", "--set", "seeds=['http://e.example/']"];
    assert_eq!(inspect(&[&[server.url("/shop/").as_str()], &header[..]].concat()).code, 0);
    assert!(!sent(&server), "the page is no seed");
}

#[test]
fn wrong_usage_is_told_before_anything_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("page.html"), "<p>").unwrap();
    let mut told = String::new();
    let calls: &[&[&str]] = &[
        &[],
        &["missing.html"],
        &["nas.lan/a"],
        &["."],
        &["ftp://user:hunter2@e.com/"],
        &["http://127.0.0.1:1/", "--url", "http://e.com/"],
        &["page.html", "--url", "e.com"],
        &["page.html", "--select", "li:"],
        &["page.html", "--select", "$.a["],
        &["page.html", "--field", "a=li >"],
        &["page.html", "--depth", "x"],
        &["page.html", "--output", "x"],
    ];
    for args in calls {
        let run = inspect_in(dir.path(), args);
        assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
        assert_eq!(run.stdout, "", "{args:?}");
        writeln!(told, "$ crawler inspect {}\n{}{}\n", args.join(" ").replace("hunter2", "<!>"), run.stderr, run.code)
            .unwrap();
    }
    insta::assert_snapshot!("inspect_wrong_usage", told);
}
