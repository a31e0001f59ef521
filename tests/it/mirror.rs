//! What a user finds in the mirror of a crawl: a folder that a browser opens without a server.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::archive::run;
use crate::support::{Crawl, Crawled, Reply, Server, Site, archive_files, folder};

const KINDS: &str = "[\"page\", \"embed\", \"style\"]";

fn typed(media_type: &str, body: impl Into<Vec<u8>>) -> Reply {
    Reply::new(200).header("Content-Type", media_type).body(body)
}

/// A site with all that has to be written anew.
pub(crate) fn site() -> Site {
    let home = "<!DOCTYPE html><title>home</title><link rel=stylesheet href=/style.css?v=1 integrity=sha256-x>\
        <img src=pic srcset='/pic 1x, pic 2x'><a href=docs/>docs</a> <a href=docs/page#part>page</a> <a href=/old#x>old</a>\
        <a href=/Page>big</a> <a href=/page>small</a> <a href='/list?page=2&amp;of=3'>list</a> <a href=//other.test/>other</a>\
        <a href=/gone>gone</a> <a href='/\u{fc}ber'>umlaut</a> <a href=/notes.html>notes</a> <form action=/search></form>\
        <p style='background:url(pic)'>";
    Site::default()
        .with("/", Reply::html(home))
        .with("/style.css?v=1", typed("text/css", "@import 'more.css'; p { background: url(\"/pic\") }"))
        .with("/more.css", typed("text/css", "/* nothing */"))
        .with("/pic", typed("image/png", "png"))
        .with("/docs/", Reply::html("<base href=/docs/deep/><a href=../page>up</a><a href=/>home</a>"))
        .with("/docs/page", Reply::html("<h1 id=part>part</h1><a href=#part>here</a><a href=./>all</a>"))
        .with("/old", Reply::redirect(301, "/docs/page#part"))
        .with("/Page", Reply::html("big"))
        .with("/page", Reply::html("small"))
        .with("/list?page=2&of=3", Reply::html("list"))
        .with("/%C3%BCber", typed("text/html; charset=iso-8859-1", b"\xFCber <a href=/>home</a>".as_slice()))
        .with("/notes.html", typed("text/plain", "<script>no()</script>"))
}

fn crawl(server: &Server) -> Crawled {
    let crawled = Crawl::of(server.url("/")).flag("--warc").set("parse.follow", KINDS).run();
    crawled.assert_code(0);
    crawled
}

/// The files of a mirror by their paths, without those of its own.
pub(crate) fn files(site: &Path) -> BTreeMap<String, String> {
    let (mut found, mut open) = (BTreeMap::new(), vec![site.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(site).unwrap().to_str().unwrap().to_owned();
            if !name.starts_with("crawler-mirror") {
                found.insert(name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned());
            }
        }
    }
    found
}

/// The host's folder in a mirror.
fn host(server: &Server) -> String {
    server.host().replace(':', "+")
}

/// The value of each `href` and `src` of a page that leads to a file.
fn references(page: &str) -> Vec<String> {
    let parts = page.split(['"']).collect::<Vec<_>>();
    let values = parts.windows(2).filter(|pair| pair[0].ends_with("href=") || pair[0].ends_with("src="));
    values.map(|pair| pair[1].to_owned()).filter(|value| !value.contains("://")).collect()
}

/// Whether each reference of each page leads to a file.
#[track_caller]
fn assert_references_lead_to_files(all: &BTreeMap<String, String>) {
    let pages = all.iter().filter(|(name, _)| Path::new(name).extension().is_some_and(|ending| ending == "html"));
    for (name, page) in pages {
        let base = url::Url::parse("file:///").unwrap().join(name).unwrap();
        for reference in references(page) {
            let to = base.join(&reference).unwrap();
            let path = percent_encoding::percent_decode_str(to.path()).decode_utf8().unwrap().into_owned();
            assert!(all.contains_key(path.trim_start_matches('/')), "{reference} of {name}");
        }
    }
}

#[test]
fn pages_lead_from_file_to_file_and_to_the_web_where_there_is_none() {
    let server = Server::start(site().routes());
    let crawled = crawl(&server);
    let made = run(&crawled, &["mirror", "--to", "site"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(made.stderr.contains("7 pages, 4 other files"), "{}", made.stderr);
    assert!(made.stderr.contains("links to 2 other URLs lead to the web"), "{}", made.stderr);
    let (all, origin) = (files(&crawled.path("site")), server.url(""));
    let file = |name: &str| all[&format!("{}/{name}", host(&server))].as_str();
    let home = file("index.html");
    for part in [
        "<link rel=stylesheet href=\"style@v=1.css\" >",
        "<img src=\"pic.png\" srcset=\"pic.png 1x, pic.png 2x\">",
        "<a href=\"docs/index.html\">docs",
        "<a href=\"docs/page.html#part\">page",
        "<a href=\"docs/page.html#part\">old",
        "<a href=\"Page.html\">big",
        "<a href=\"page+",
        "<a href=\"list@",
        "<a href=\"http://other.test/\">other",
        &format!("<a href=\"{origin}/gone\">gone"),
        "<a href=\"%C3%BCber.html\">umlaut",
        "<a href=\"notes.html.txt\">notes",
        &format!("<form action=\"{origin}/search\">"),
        "<p style=\"background:url(&quot;pic.png&quot;)\">",
    ] {
        assert!(home.contains(part), "{part} in {home}");
    }
    assert_eq!(file("docs/index.html"), "<base ><a href=\"page.html\">up</a><a href=\"../index.html\">home</a>");
    assert_eq!(file("docs/page.html"), "<h1 id=part>part</h1><a href=#part>here</a><a href=\"index.html\">all</a>");
    assert_eq!(file("style@v=1.css"), "@import \"more.css\"; p { background: url(\"pic.png\") }");
    assert_eq!(file("über.html"), "\u{feff}über <a href=\"index.html\">home</a>");
    assert_eq!((file("pic.png"), file("notes.html.txt")), ("png", "<script>no()</script>"));
    let start = format!("content=\"0; url={}/index.html\"", host(&server));
    assert!(all["index.html"].contains(&start), "{}", all["index.html"]);
    assert_eq!(all.len(), 12, "{:?}", all.keys());
    assert_references_lead_to_files(&all);
}

#[test]
fn the_same_crawl_gives_the_same_tree_and_a_later_one_brings_it_up_to_date() {
    let server = Server::start(site().routes());
    let crawled = crawl(&server);
    for to in ["one", "two"] {
        assert_eq!(run(&crawled, &["mirror", "--to", to]).code, 0);
    }
    assert_eq!(files(&crawled.path("one")), files(&crawled.path("two")));
    let again = run(&crawled, &["mirror", "crawl", "--to", "one"]);
    assert!(again.stderr.contains("(0 written, "), "{}", again.stderr);
    assert!(again.stderr.contains(" unchanged, 0 deleted)"), "{}", again.stderr);
    // Another crawl into the same mirror: what that has not goes.
    let smaller = Server::start(Site::default().with("/", Reply::html("alone")).routes());
    let other = Crawl::of(smaller.url("/")).flag("--warc").run();
    let to = crawled.path("one");
    assert_eq!(run(&other, &["mirror", "--to", to.to_str().unwrap()]).code, 0);
    let names: Vec<_> = files(&to).into_keys().collect();
    assert_eq!(names, [format!("{}/index.html", host(&smaller)), "index.html".to_owned()]);
    assert!(!to.join(host(&server)).exists());
}

#[test]
fn a_crawl_without_an_archive_is_told_how_to_have_one() {
    let server = Server::start(Site::linked(&[("/", &[])]).routes());
    let crawled = Crawl::of(server.url("/")).run();
    let refused = run(&crawled, &["mirror", "--to", "site"]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.stderr.contains("has no archive") && refused.stderr.contains("--warc --set 'parse.follow="),
        "{}",
        refused.stderr
    );
    assert!(!crawled.path("site").exists());
}

#[test]
fn parts_that_are_not_there_are_told_apart_from_those_that_nobody_asked_for() {
    let home = "<img src=/gone.png><img src=/secret.png><link rel=stylesheet href=/style.css>";
    let site = Site::default().robots("User-agent: *\nDisallow: /secret\n").with("/", Reply::html(home));
    let server = Server::start(site.with("/style.css", typed("text/css", "")).routes());
    let told = |crawled: &Crawled| {
        let made = run(crawled, &["mirror", "--to", "site"]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        made.stderr.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        told(&crawl(&server)),
        [
            "loaded from the web: 1 part of pages that was not asked for (scope, robots.txt or a limit)",
            "loaded from the web: 1 part of pages that was answered with an error or not at all"
        ]
    );
    let pages_only = Crawl::of(server.url("/")).flag("--warc").run();
    let help = " = help: crawl with --set 'parse.follow=[\"page\", \"embed\", \"style\"]'";
    assert_eq!(told(&pages_only), ["loaded from the web: 3 parts of pages that were not asked for", help]);
}

#[test]
fn a_folder_with_other_things_is_refused_and_stays() {
    let server = Server::start(Site::linked(&[("/", &[])]).routes());
    let crawled = Crawl::of(server.url("/")).flag("--warc").run();
    for to in ["crawl", "."] {
        let refused = run(&crawled, &["mirror", "--to", to]);
        assert_eq!(refused.code, 2, "{}", refused.stderr);
        assert!(refused.stderr.contains("holds other things"), "{}", refused.stderr);
    }
    assert_eq!(run(&crawled, &["verify"]).code, 0);
}

#[test]
fn the_mirror_of_a_folder_is_a_folder() {
    let crawled = Crawl::of(folder("three-levels").to_str().unwrap()).flag("--warc").set("parse.follow", KINDS).run();
    crawled.assert_code(0);
    let made = run(&crawled, &["mirror", "--to", "site"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let all = files(&crawled.path("site"));
    let pages = crawled.records.iter().filter(|record| record["outcome"] == "ok").count();
    assert_eq!(all.len(), pages + 1, "{:?}", all.keys());
    assert!(all.contains_key("localhost/index.html"), "{:?}", all.keys());
}

#[test]
fn urls_of_hostile_sites_stay_in_the_folder() {
    let links = [
        "/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/..%5c..%5cx",
        "/a%00b",
        "/con",
        "/.git/config",
        "/crawler-mirror.txt",
        "/~1",
        "/x%3Ay",
    ];
    let mut site = Site::linked(&[("/", &links)]);
    for link in links {
        site = site.with(link, Reply::html("<img src=file:///etc/passwd><a href='javascript:x'>"));
    }
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).flag("--warc").run();
    let made = run(&crawled, &["mirror", "--to", "deep/site"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    let all = files(&crawled.path("deep/site"));
    assert_eq!(all.len(), 2 + links.len(), "{:?}", all.keys());
    for (name, page) in &all {
        assert!(!name.contains("..") || !name.contains("../"), "{name}");
        assert!(!name.contains(['\\', ':', '\0']) && !name.split('/').any(|part| part.starts_with('.')), "{name}");
        assert!(!page.contains("file:"), "{page}");
    }
}

#[test]
fn what_the_archive_has_lost_is_told_and_leads_to_the_web() {
    let server = Server::start(Site::linked(&[("/", &["/a", "/b"]), ("/a", &["/b"]), ("/b", &["/a"])]).routes());
    let crawled = Crawl::of(server.url("/")).flag("--warc").run();
    let file = archive_files(&crawled.path("crawl")).remove(0);
    assert_eq!(run(&crawled, &["index"]).code, 0);
    let index = fs::read_to_string(crawled.path("crawl/archive/index.cdxj")).unwrap();
    let line = index.lines().find(|line| line.contains("/b\"")).unwrap();
    let line: serde_json::Value = serde_json::from_str(&line[line.find('{').unwrap()..]).unwrap();
    let [offset, length] = ["offset", "length"].map(|name| line[name].as_str().unwrap().parse::<usize>().unwrap());
    let mut bytes = fs::read(&file).unwrap();
    bytes[offset + length / 2] ^= 0xff;
    fs::write(&file, bytes).unwrap();
    let made = run(&crawled, &["mirror", "--to", "site"]);
    assert_eq!(made.code, 1, "{}", made.stderr);
    assert!(made.stderr.contains("2 pages, 0 other files"), "{}", made.stderr);
    assert!(made.stderr.contains("the mirror is not whole: 1 body of the crawl cannot be read"), "{}", made.stderr);
    let b = server.url("/b");
    assert!(made.stderr.contains(&format!("not in the mirror: {b}: ")), "{}", made.stderr);
    let all = files(&crawled.path("site"));
    assert_eq!(all.len(), 3, "{:?}", all.keys());
    assert!(all[&format!("{}/a.html", host(&server))].contains(&format!("href=\"{b}\"")));
}
