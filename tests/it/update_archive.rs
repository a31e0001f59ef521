//! `--update --warc`: what has not changed is a revisit of where it is.

use std::collections::BTreeMap;
use std::fs;

use rustix::process::Signal;

use crate::cli::Run;
use crate::support::{Crawl, Living, Page, archived};

const PROFILE: &str = "http://netpreserve.org/warc/1.1/revisit/server-not-modified";

#[test]
fn a_page_that_has_not_changed_is_a_revisit_of_when_it_was_read_and_that_archive_stays() {
    let living = Living::new(BTreeMap::from([
        ("/".to_owned(), Page::Html("<title>home</title><a href=/a>a</a>".to_owned())),
        ("/a".to_owned(), Page::Html("<title>first</title>".to_owned())),
    ]));
    let server = living.serve();
    let crawl = || Crawl::of(server.url("/")).flag("--warc").set("update.keep", "1");
    let mut crawled = crawl().run();
    crawled.assert_code(0);
    let responses = archived(&crawled.path("crawl"));
    let home = responses.iter().find(|record| record.kind() == "response" && record.url() == server.url("/")).unwrap();
    let read_at = home.field("WARC-Date").to_owned();
    for n in 0..3 {
        living.edit(|site| {
            site.insert("/a".to_owned(), Page::Html(format!("<title>{n}</title>")));
        });
        crawled = crawl().flag("--update").on(&crawled).run();
        crawled.assert_code(0);
        let verified = Run::new(&crawled.path(""), &["verify"]);
        assert_eq!(verified.code, 0, "{}", verified.stdout);
        let records = archived(&crawled.path("crawl"));
        let of = |path: &str| {
            let is_answer = |kind| kind == "response" || kind == "revisit";
            records.iter().find(|record| is_answer(record.kind()) && record.url() == server.url(path)).unwrap()
        };
        assert_eq!((of("/").kind(), of("/a").kind()), ("revisit", "response"));
        assert_eq!(of("/").field("WARC-Profile"), PROFILE);
        assert_eq!(
            of("/").field("WARC-Refers-To-Date"),
            read_at,
            "when it was read, and not when it was asked for last"
        );
        assert_eq!(of("/").field("WARC-Refers-To-Target-URI"), server.url("/"));
    }
    // One version is kept, and the archives of all.
    let versions: Vec<_> =
        fs::read_dir(crawled.path("crawl/versions")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(versions.iter().filter(|version| version.join("store.sqlite").exists()).count(), 1);
    assert_eq!(versions.iter().filter(|version| version.join("archive").is_dir()).count(), 3);
}

#[test]
fn a_body_that_is_in_no_archive_any_more_is_found_missing() {
    let living = Living::new(BTreeMap::from([
        ("/".to_owned(), Page::Html("<title>home</title><a href=/a>a</a><a href=/b>b</a><a href=/c>c</a>".to_owned())),
        ("/a".to_owned(), Page::Html("<title>same</title>".to_owned())),
        // The same body, so that what an update refers to is a revisit itself.
        ("/b".to_owned(), Page::Html("<title>same</title>".to_owned())),
        ("/c".to_owned(), Page::Html("<title>c</title>".to_owned())),
    ]));
    let server = living.serve();
    let crawl = || Crawl::of(server.url("/")).flag("--warc").set("update.keep", "1").concurrency(1);
    let mut crawled = crawl().run();
    for _ in 0..2 {
        crawled = crawl().flag("--update").on(&crawled).run();
        crawled.assert_code(0);
    }
    let verify = |dir: &str| Run::new(&crawled.path(""), &["verify", dir]);
    assert_eq!(verify("crawl").code, 0, "{}", verify("crawl").stdout);
    let mut versions: Vec<_> =
        fs::read_dir(crawled.path("crawl/versions")).unwrap().map(|entry| entry.unwrap().path()).collect();
    versions.sort();
    // An update on its way has those before it around it.
    server.hold("/b");
    let asked = server.count("/b");
    let update = crawl().flag("--update").on(&crawled).start();
    server.wait_for("the third page", |log| log.count("/b") > asked);
    update.signal(Signal::INT);
    update.wait_for_stderr("stopping: ");
    server.open_all();
    update.finish().assert_code(130);
    assert_eq!(verify("crawl/next").code, 0, "{}", verify("crawl/next").stdout);
    // The first archive has all bodies, the second none.
    let (archive, away) = (versions[0].join("archive"), crawled.path("away"));
    fs::rename(&archive, &away).unwrap();
    for (dir, pages) in [("crawl", 4), ("crawl/next", 3)] {
        let verified = verify(dir);
        let missing: Vec<_> = verified.stdout.lines().filter(|line| line.contains("its body is that of ")).collect();
        assert_eq!((verified.code, missing.len()), (1, pages), "{}", verified.stdout);
        let home = format!("its body is that of {} as of ", server.url("/"));
        assert!(missing.iter().any(|line| line.contains(&home)), "{missing:?}");
        assert!(missing[0].contains("which no archive of this crawl or of those before it has"), "{missing:?}");
    }
    // It is there, and not what it was.
    fs::create_dir(&archive).unwrap();
    for file in fs::read_dir(&away).unwrap().map(|entry| entry.unwrap().path()) {
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
        fs::write(archive.join(file.file_name().unwrap()), bytes).unwrap();
    }
    assert_eq!(verify("crawl").code, 1);
    fs::remove_dir_all(&archive).unwrap();
    fs::rename(&away, &archive).unwrap();
    assert_eq!(verify("crawl").code, 0);
}

#[test]
fn what_no_archive_has_is_asked_for_anew() {
    let living = Living::new(BTreeMap::from([("/".to_owned(), Page::Html("<title>home</title>".to_owned()))]));
    let server = living.serve();
    let first = Crawl::of(server.url("/")).run();
    living.take_sent();
    let second = Crawl::of(server.url("/")).talkative().flag("--warc").flag("--update").on(&first).run();
    second.assert_code(0);
    assert!(second.stderr.contains("all are asked for anew, since it has no archive"), "{}", second.stderr);
    assert_eq!(living.take_sent().1, 0);
}
