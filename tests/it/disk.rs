//! A disk that is full, or a directory that goes away: the crawl ends with a clear message, and goes on once it can.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Crawl, Crawled, Reply, Server, archived};

/// Pages with text enough to fill a small disk.
fn long_site() -> Server {
    let page = |n: usize| {
        let links = (1..=3).map(|next| format!("/{}", 3 * n + next)).filter(|path| number(path) < PAGES);
        Reply::links(&"a long title ".repeat(200), links)
    };
    Server::start(move |arrival| match arrival.path.as_str() {
        "/robots.txt" => Reply::new(404),
        path => page(number(path)),
    })
}

fn number(path: &str) -> usize {
    path.trim_start_matches('/').parse().unwrap_or_default()
}

/// All pages have a record, and none that was recorded at the end of the first run was asked for again.
#[track_caller]
fn assert_exactly_once(server: &Server, crawled: &Crawled, asked_before: usize, committed: &[String]) {
    assert_eq!(crawled.assert_code(0).records.len(), PAGES);
    let again: Vec<String> = server.log(|log| {
        let again = log.arrivals[asked_before..].iter().map(|arrival| server.url(&arrival.path));
        again.filter(|url| committed.contains(url)).collect()
    });
    assert_eq!(again, [""; 0]);
}

/// A crawl that takes an item out of each page.
fn crawl_of(server: &Server) -> Crawl {
    Crawl::of(server.url("/")).toml("[[items]]\nname = \"titles\"\neach = \"head\"\n[items.fields]\ntext = \"title\"\n")
}

/// All pages have given their item, once.
#[track_caller]
fn assert_each_item_once(crawled: &Crawled) {
    let items = fs::read_to_string(crawled.path("crawl/items/titles.jsonl")).unwrap();
    let pages: BTreeSet<String> = items
        .lines()
        .map(|item| serde_json::from_str::<Value>(item).unwrap()["page_url"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((items.lines().count(), pages.len()), (PAGES, PAGES));
}

/// The URLs that are settled in the store.
fn committed(store: &Path) -> Vec<String> {
    let store = rusqlite::Connection::open(store).unwrap();
    let mut urls = store.prepare("SELECT url FROM url WHERE record IS NOT NULL").unwrap();
    urls.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_crawl_whose_files_may_not_grow_goes_on_when_they_may() {
    let server = long_site();
    // In units of 512 or 1024 bytes.
    let full = crawl_of(&server).after("ulimit -f 1000").run();
    full.assert_code(1);
    // Which of both comes to its limit first is up to the clock: the log of the store grows with each commit.
    let ends = ["pages.jsonl: File too large", "items/titles.jsonl: File too large", "store.sqlite: disk I/O error"]
        .map(|end| format!("cannot write crawl/{end}"));
    assert!(ends.iter().any(|end| full.stderr.starts_with(&format!("error: {end}"))), "{}", full.stderr);
    let (asked, committed) = (server.log(|log| log.arrivals.len()), committed(&full.path("crawl/store.sqlite")));
    let crawled = crawl_of(&server).on(&full).run();
    assert_exactly_once(&server, &crawled, asked, &committed);
    assert_each_item_once(&crawled);
}

#[test]
fn a_full_disk_ends_the_crawl_which_goes_on_when_there_is_space() {
    let server = long_site();
    let crawl = crawl_of(&server);
    let Some(disk) = Disk::mount(crawl.path("crawl")) else { return };
    let mut crawled = crawl.run();
    crawled.assert_code(1);
    assert!(crawled.stderr.starts_with("error: cannot write crawl/"), "{}", crawled.stderr);
    assert!(
        crawled.stderr.contains("No space left") || crawled.stderr.contains("no storage space"),
        "{}",
        crawled.stderr
    );
    assert!(crawled.stderr.contains("the same command goes on"), "{}", crawled.stderr);
    // Still full: nothing gets worse.
    crawled = crawl_of(&server).on(&crawled).run();
    crawled.assert_code(1);
    disk.set("ro");
    crawled = crawl_of(&server).on(&crawled).run();
    assert_eq!(crawled.assert_code(1).stderr, "error: cannot open crawl/lock: Read-only file system (os error 30)\n");
    disk.set("rw,size=64m");
    let (asked, committed) = (server.log(|log| log.arrivals.len()), committed(&crawled.path("crawl/store.sqlite")));
    assert!(committed.len() > 10, "{committed:?}");
    crawled = crawl_of(&server).on(&crawled).run();
    assert_exactly_once(&server, &crawled, asked, &committed);
    assert_each_item_once(&crawled);
    // Before the folder that it lies in.
    drop(disk);
}

#[test]
fn an_archive_has_each_page_once_after_a_full_disk() {
    let server = long_site();
    let crawl = || Crawl::of(server.url("/")).flag("--warc").set("archive.max_file", "'64KiB'");
    let first = crawl();
    let Some(disk) = Disk::mount(first.path("crawl")) else { return };
    let full = first.run();
    assert!(full.assert_code(1).stderr.starts_with("error: cannot write crawl/"), "{}", full.stderr);
    disk.set("rw,size=64m");
    let crawled = crawl().on(&full).run();
    let archive = archived(&crawled.assert_code(0).path("crawl"));
    let of_kind = |kind: &str| {
        let urls = archive.iter().filter(|record| record.kind() == kind).map(|record| record.url().to_owned());
        let mut urls: Vec<_> = urls.filter(|url| !url.ends_with("/robots.txt")).collect();
        urls.sort_unstable();
        urls
    };
    assert_eq!(of_kind("metadata"), crawled.urls());
    assert_eq!(of_kind("request"), crawled.urls());
    drop(disk);
}

#[test]
fn a_directory_that_is_deleted_during_the_crawl_ends_it() {
    let server = long_site();
    server.hold("/700");
    let crawl = Crawl::of(server.url("/")).start();
    server.wait_for("a page that is held", |log| log.count("/700") == 1 && log.in_flight == 1);
    fs::remove_dir_all(crawl.path("crawl")).unwrap();
    server.open_all();
    let ended = crawl.finish();
    ended.assert_code(1);
    let expected = "error: cannot write crawl/store.sqlite: it has been moved or deleted during the crawl\n";
    assert_eq!(ended.stderr, expected);
}

#[test]
fn a_directory_that_is_moved_during_the_crawl_ends_it_and_it_goes_on_there() {
    let server = long_site();
    server.hold("/700");
    let crawl = Crawl::of(server.url("/")).start();
    server.wait_for("a page that is held", |log| log.count("/700") == 1 && log.in_flight == 1);
    let elsewhere = Crawl::of(server.url("/"));
    fs::rename(crawl.path("crawl"), elsewhere.path("crawl")).unwrap();
    server.open_all();
    assert!(crawl.finish().assert_code(1).stderr.contains("moved or deleted"));
    let (asked, committed) = (server.log(|log| log.arrivals.len()), committed(&elsewhere.path("crawl/store.sqlite")));
    assert_exactly_once(&server, &elsewhere.run(), asked, &committed);
}

/// A small disk of its own, in memory, until it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// Needs the rights to mount: without them there is no disk, and a line that says so.
    #[expect(clippy::print_stdout, reason = "a test that is skipped has to say so")]
    fn mount(at: PathBuf) -> Option<Self> {
        fs::create_dir(&at).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&at).output();
        if mount.is_ok_and(|mount| mount.status.success()) {
            return Some(Self(at));
        }
        println!("skipped: no small disk can be mounted here");
        None
    }

    fn set(&self, options: &str) {
        let remount = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0).status().unwrap();
        assert!(remount.success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status().is_ok_and(|status| status.success());
        assert!(unmounted || std::thread::panicking(), "{} stays mounted", self.0.display());
    }
}

const PAGES: usize = 800;
