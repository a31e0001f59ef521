//! `crawler mirror` of a crawl that was updated: what has not changed is in the archives of the crawls before.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::archive::run;
use crate::mirror::files;
use crate::support::{Crawl, Crawled, Living, Page, Server};

/// A home page that links to two, of which the second need not be asked for again.
fn site() -> Living {
    let fresh = vec![("Cache-Control".to_owned(), "max-age=86400".to_owned())];
    Living::new(BTreeMap::from([
        ("/".to_owned(), Page::Html("<title>home</title><a href=/a>a</a> <a href=/b>b</a>".to_owned())),
        ("/a".to_owned(), Page::Html("<title>a</title><a href=/>home</a>".to_owned())),
        ("/b".to_owned(), Page::HtmlWith("<title>b</title><a href=/a>a</a>".to_owned(), fresh)),
    ]))
}

fn crawl(server: &Server) -> Crawl {
    Crawl::of(server.url("/")).flag("--warc").set("update.trust_cache", "true")
}

fn update(server: &Server, of: &Crawled) -> Crawled {
    let updated = crawl(server).flag("--update").on(of).run();
    updated.assert_code(0);
    updated
}

/// The versions that are kept, the oldest first.
fn versions(crawled: &Crawled) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        fs::read_dir(crawled.path("crawl/versions")).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

#[test]
fn an_updated_crawl_has_the_mirror_of_the_crawl_before_when_nothing_has_changed() {
    let (living, mut trees) = (site(), Vec::new());
    let server = living.serve();
    let mut crawled = crawl(&server).run();
    for _ in 0..3 {
        let made = run(&crawled, &["mirror", "--to", "site"]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        assert!(made.stderr.contains("3 pages, 0 other files"), "{}", made.stderr);
        trees.push(files(&crawled.path("site")));
        crawled = update(&server, &crawled);
    }
    assert_eq!(trees[0].len(), 4, "{trees:?}");
    assert_eq!((&trees[1], &trees[2]), (&trees[0], &trees[0]));
    let made = run(&crawled, &["mirror", "--to", "site"]);
    assert!(made.stderr.contains("(0 written, 3 unchanged, 0 deleted)"), "{}", made.stderr);
    assert_eq!([living.take_sent().1, server.count("/b")], [6, 1], "three updates, of which none has asked for /b");
    // A version has its bodies in those before it.
    let last = versions(&crawled).pop().unwrap();
    let made = run(&crawled, &["mirror", last.to_str().unwrap(), "--to", "version"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert_eq!(files(&crawled.path("version")), trees[0]);
    // An index of the last archive alone says whose bodies it lacks.
    let index = run(&crawled, &["index"]);
    assert!(index.stderr.contains("2 captures are of pages that had not changed"), "{}", index.stderr);
}

#[test]
fn what_no_archive_has_any_more_stays_in_the_mirror_and_is_told() {
    let living = site();
    let server = living.serve();
    let crawled = crawl(&server).run();
    assert_eq!(run(&crawled, &["mirror", "--to", "site"]).code, 0);
    let whole = files(&crawled.path("site"));
    let crawled = update(&server, &crawled);
    for version in versions(&crawled) {
        fs::remove_dir_all(version.join("archive")).unwrap();
    }
    for to in ["site", "new"] {
        let made = run(&crawled, &["mirror", "--to", to]);
        assert_eq!(made.code, 1, "{}", made.stderr);
        assert!(made.stderr.contains("so nothing was written or deleted"), "{}", made.stderr);
    }
    assert_eq!(files(&crawled.path("site")), whole);
    assert!(!crawled.path("new").exists());

    living.edit(|site| {
        site.insert("/a".to_owned(), Page::Html("<title>other</title><a href=/b>b</a>".to_owned()));
    });
    let crawled = update(&server, &crawled);
    let made = run(&crawled, &["mirror", "--to", "site"]);
    assert_eq!(made.code, 1, "{}", made.stderr);
    for told in [
        &format!("left as an earlier mirror has it: {}: ", server.url("/b")),
        "3 pages, 0 other files",
        "(1 written, 0 unchanged, 2 left as before, 0 deleted)",
        "the mirror is not whole: 2 bodies of the crawl cannot be read in its archive",
    ] {
        assert!(made.stderr.contains(told), "{told} in {}", made.stderr);
    }
    let host = server.host().replace(':', "+");
    let mut expected = whole;
    expected.insert(format!("{host}/a.html"), "<title>other</title><a href=\"b.html\">b</a>".to_owned());
    assert_eq!(files(&crawled.path("site")), expected);
    // Where there is no file of it, references lead to the web.
    let made = run(&crawled, &["mirror", "--to", "new"]);
    assert_eq!(made.code, 1, "{}", made.stderr);
    assert!(made.stderr.contains("1 page, 0 other files"), "{}", made.stderr);
    let page = &files(&crawled.path("new"))[&format!("{host}/a.html")];
    assert!(page.contains(&format!("href=\"{}\"", server.url("/b"))), "{page}");
}
