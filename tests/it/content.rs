//! What a person reads of pages, in their records.

use serde_json::{Value, json};

use crate::cli::Run;
use crate::support::{Crawl, Reply, Server, Site, folder};

const PAGE: &str = "<!doctype html><title>T</title><h1>A <i>h</i>ead</h1><p>One<p hidden>no<script>no</script>\
    <ul><li>a<li>b</ul><table><tr><th>x<th>y<tr><td>1<td>2</table><a href=/next>next</a>";
const TEXT: &str = "A head\n\nOne\n\n- a\n- b\n\nx\ty\n1\t2\n\nnext";

fn site() -> Server {
    let site = Site::default()
        .with("/", Reply::html(PAGE))
        .with("/next", Reply::html("<frameset><frame src=/></frameset>"))
        .with("/gone", Reply::new(404));
    Server::start(site.routes())
}

/// What a person reads of a page, without what is known of it.
fn read_of(record: &Value) -> Value {
    let content = record["content"].as_object().unwrap().clone();
    content.into_iter().filter(|(name, _)| ["main", "text", "markdown", "cut"].contains(&name.as_str())).collect()
}

#[test]
fn a_record_has_the_text_of_its_page_when_asked() {
    let server = site();
    let crawled = Crawl::of(server.url("/")).flag("--text").run();
    crawled.assert_code(0);
    assert_eq!(read_of(crawled.record(&server.url("/"))), json!({ "main": "body", "text": TEXT }));
    assert_eq!(crawled.record(&server.url("/next"))["content"], Value::Null, "frames have no body");
    let server = site();
    assert_eq!(Crawl::of(server.url("/")).run().record(&server.url("/"))["content"], Value::Null);
}

#[test]
fn a_long_text_is_cut_and_the_record_says_so() {
    let server = site();
    let crawled = Crawl::of(server.url("/")).flag("--text").set("content.max_size", "\"16B\"").run();
    let content = json!({ "main": "body", "text": "A head\n\nOne\n\n- a", "cut": true });
    assert_eq!(read_of(crawled.record(&server.url("/"))), content);
}

/// Paragraphs of an article.
fn paragraphs() -> String {
    let sentence = "A sentence of an article has some words, a comma, and an end. ";
    let paragraphs: Vec<_> = (0..8).map(|nth| format!("<p>{nth}: {}</p>", sentence.repeat(5))).collect();
    paragraphs.concat()
}

#[test]
fn a_page_is_read_without_its_navigation_unless_all_of_it_is_asked_for() {
    let navigation = "<nav><a href=/list>Lists</a></nav>";
    let article = format!("{navigation}<div id=story><h1>Story</h1>{}</div><footer>Foot</footer>", paragraphs());
    let entry = |nth: usize| format!("<div class=entry><a href=/#{nth}>Entry {nth}</a> costs {nth}</div>");
    let list =
        format!("{navigation}<h1>List</h1>{}<footer>Foot</footer>", (0..40).map(entry).collect::<Vec<_>>().concat());
    let pages = Site::default().with("/", Reply::html(article)).with("/list", Reply::html(list));
    let server = Server::start(pages.routes());
    let content = |main: &str, path: &str| {
        let crawled = Crawl::of(server.url("/")).flag("--text").arg("--main", main).run();
        crawled.assert_code(0).record(&server.url(path))["content"].clone()
    };
    let has = |content: &Value| {
        let text = content["text"].as_str().unwrap_or_default();
        ["Lists", "Story", "7: A sentence", "Entry 39", "Foot"].map(|part| text.contains(part))
    };
    let (article, list) = (content("auto", "/"), content("auto", "/list"));
    assert_eq!((article["main"].as_str(), has(&article)), (Some("article"), [false, true, true, false, false]));
    assert_eq!(has(&list), [false, false, false, true, false]);
    let (article, list) = (content("body", "/"), content("body", "/list"));
    assert_eq!((article["main"].as_str(), has(&article)), (Some("body"), [true, true, true, false, true]));
    assert_eq!((list["main"].as_str(), has(&list)), (Some("body"), [true, false, false, true, true]));
}

#[test]
fn a_record_has_the_markdown_of_its_page_when_asked() {
    let server = site();
    let crawled = Crawl::of(server.url("/")).flag("--markdown").run();
    let url = server.url("/next");
    let markdown = format!("# A *h*ead\n\nOne\n\n- a\n- b\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n\n[next]({url})");
    assert_eq!(read_of(crawled.record(&server.url("/"))), json!({ "main": "body", "markdown": markdown }));
}

#[test]
fn a_record_says_who_wrote_its_page_and_when_and_what_of_it_says_so() {
    let head = "<html lang=en-GB><title>T</title><script type='application/ld+json'>{\"@type\":\"NewsArticle\",\
        \"author\":{\"name\":\"Ann Lee\"},\"image\":\"/a.png\"}</script><meta property=og:site_name content=Site>\
        <meta name=date content=2026-11-29>";
    let story =
        format!("{head}<article>{}<p>Changed <time itemprop=dateModified datetime=2026-11-30>today", paragraphs());
    let plain = format!("<title>P</title><article>{}</article><a href=/story>story</a>", paragraphs());
    let pages = Site::default().with("/", Reply::html(plain)).with("/story", Reply::html(story));
    let server = Server::start(pages.routes());
    let crawled = Crawl::of(server.url("/")).flag("--markdown").run();
    let content = |path: &str| crawled.record(&server.url(path))["content"].clone();
    let (story, plain) = (content("/story"), content("/"));
    let said = |value: Value, source: &str| json!({ "value": value, "source": source });
    for (name, expected) in [
        ("language", json!({ "code": "en", "source": "lang" })),
        ("author", said(json!(["Ann Lee"]), "json-ld")),
        ("type", said(json!("NewsArticle"), "json-ld")),
        ("image", said(json!(server.url("/a.png")), "json-ld")),
        ("site_name", said(json!("Site"), "opengraph")),
        ("published", said(json!("2026-11-29"), "meta")),
        ("modified", said(json!("2026-11-30"), "time")),
    ] {
        assert_eq!(story[name], expected, "{name}");
        assert!(name == "language" || plain.get(name).is_none(), "{name}: {plain}");
    }
    assert_eq!((&plain["language"]["code"], &plain["language"]["source"]), (&json!("en"), &json!("text")));
    assert!(plain["language"]["confidence"].as_u64().is_some_and(|percent| percent > 50), "{plain}");
}

#[test]
fn pages_that_say_the_same_have_the_same_hash_and_nearly_the_same_near_ones() {
    let page = |name: &str, link: &str| {
        let words = (0..300).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ");
        Reply::html(format!("<title>{name}</title><body class={name}><p>{words} {link}<a href=/b></a><a href=/c></a>"))
    };
    let pages = Site::default().with("/", page("a", "end")).with("/b", page("b", "end")).with("/c", page("c", "finis"));
    let server = Server::start(pages.routes());
    let crawled = Crawl::of(server.url("/")).flag("--text").run();
    let content = |path: &str| crawled.record(&server.url(path))["content"].clone();
    let hash = |path: &str| u64::from_str_radix(content(path)["simhash"].as_str().unwrap(), 16).unwrap();
    assert_eq!((&content("/")["text_hash"], hash("/")), (&content("/b")["text_hash"], hash("/b")));
    assert_ne!(content("/")["text_hash"], content("/c")["text_hash"]);
    assert!((hash("/") ^ hash("/c")).count_ones() <= 3);
    let text_hash = content("/")["text_hash"].as_str().unwrap().to_owned();
    assert!(text_hash.starts_with("blake3:") && text_hash.len() == 71, "{text_hash}");
}

#[test]
fn rules_and_text_are_of_the_same_page() {
    let server = site();
    let crawled = Crawl::of(server.url("/")).flag("--text").arg("--field", "head=h1").run();
    let record = crawled.record(&server.url("/"));
    assert_eq!((&record["content"]["text"], &record["fields"]["head"]), (&json!(TEXT), &json!("A head")));
}

#[test]
fn a_page_that_is_inspected_shows_its_text() {
    let dir = tempfile::tempdir().unwrap();
    let page = folder("three-levels").join("about.html");
    let inspect = |args: &[&str]| Run::new(dir.path(), &[&["inspect", &page.to_string_lossy()], args].concat());
    let shown = inspect(&["--text"]).stdout;
    let start = shown.find("  content ").unwrap_or_else(|| panic!("{shown}"));
    insta::assert_snapshot!("inspected_content", &shown[start..]);
    assert!(inspect(&["--markdown"]).stdout.contains("    # About the garden\n"));
    let report: Value = serde_json::from_str(&inspect(&["--text", "--json"]).stdout).unwrap();
    assert_eq!(report["content"]["main"], "body");
    assert!(!inspect(&[]).stdout.contains("content  "));
}
