//! Which pages say the same: one line for each that does, whatever the order of the crawl.

use serde_json::{Value, json};

use crate::cli::Run;
use crate::support::{Crawl, Crawled, Reply, Server, Site};

/// A page with so many words, one of them changed, and links.
fn page(words: usize, changed: Option<usize>, links: &[&str]) -> Reply {
    let word = |n: usize| if Some(n) == changed { "another".to_owned() } else { format!("word{n}") };
    let words = (0..words).map(word).collect::<Vec<_>>().join(" ");
    let links: String = links.iter().fold(String::new(), |links, link| links + "<a href=" + link + "></a>");
    Reply::html(format!("<title>t</title><p>{words}</p>{links}"))
}

/// Six pages, of which three say the same as another one.
pub(crate) fn site() -> Site {
    Site::default()
        .with("/", page(400, None, &["/far", "/b", "/short", "/gone"]))
        .with("/b", page(400, None, &["/c"]))
        .with("/c", page(400, Some(7), &[]))
        .with("/far", page(30, None, &["/deep"]))
        .with("/deep", page(3, None, &[]))
        .with("/short", page(3, None, &[]))
}

fn lines(run: &Run) -> Vec<Value> {
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn duplicates(crawled: &Crawled, args: &[&str]) -> Run {
    Run::new(&crawled.path(""), &[&["duplicates"], args].concat())
}

#[test]
fn each_page_that_says_the_same_is_told_with_its_original() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/")).flag("--text").run();
    let run = duplicates(&crawled, &[]);
    let found = lines(&run);
    let line = |path: &str, depth: u32, original: &str| json!({ "url": server.url(path), "depth": depth, "original": server.url(original), "equal": true, "distance": 0 });
    assert_eq!(found[0], line("/b", 1, "/"));
    assert_eq!((&found[1]["url"], &found[1]["equal"]), (&server.url("/c").into(), &json!(false)));
    assert!(found[1]["distance"].as_u64().is_some_and(|distance| distance <= 3), "{}", found[1]);
    assert_eq!(found[2..], [line("/deep", 2, "/short")], "too short for any but equal ones");
    assert_eq!(run.stderr, "6 pages compared, 3 duplicates of 2 originals: 2 equal, 1 nearly so\n");
    let equal = lines(&duplicates(&crawled, &["--dir", "crawl", "--distance", "0"]));
    assert_eq!(equal.iter().filter(|line| line["distance"] != 0).count(), 0);
}

#[test]
fn a_crawl_without_texts_or_without_duplicates_says_so() {
    let server = Server::start(site().routes());
    let crawled = Crawl::of(server.url("/")).run();
    let run = duplicates(&crawled, &[]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
    let expected = "error: no record in crawl has a text to compare\n = help: crawl with --text or --markdown\n";
    assert_eq!(run.stderr, expected);
    let server = Server::start(Site::default().with("/", page(40, None, &[])).routes());
    let run = duplicates(&Crawl::of(server.url("/")).flag("--markdown").run(), &[]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "", "1 page compared, no duplicates\n"));
    let run = duplicates(&crawled, &["--distance", "4"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("4 is not in 0..=3"), "{}", run.stderr);
    assert_eq!(duplicates(&crawled, &["nowhere"]).code, 2);
    assert_eq!(duplicates(&crawled, &["--dir", "nowhere"]).code, 2);
    let both = duplicates(&crawled, &["crawl", "--dir", "crawl"]);
    assert_eq!(both.code, 2, "{}", both.stderr);
}
