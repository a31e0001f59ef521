//! What is taken of a page that says something of itself, in which order, and what is not.

use super::folded::LONGEST;
use super::*;
use crate::tree::Bounds;

fn of_page(page: &str) -> Metadata {
    let document = Document::parse(page, Bounds::default());
    of(&document, |reference| Some(format!("http://e.com/{}", reference.trim_start_matches('/'))))
}

fn said<T: Clone>(said: Option<&Said<T>>) -> Option<(T, Source)> {
    said.map(|said| (said.value.clone(), said.source))
}

fn text(value: &str, by: Source) -> (String, Source) {
    (value.to_owned(), by)
}

const JSON_LD: &str = r#"<script type="application/ld+json">{"@context":"https://schema.org","@graph":[
    {"@type":"WebSite","name":"The Site"},
    {"@type":"Organization","name":"nobody","datePublished":"1999-01-01"},
    {"@type":["NewsArticle"],"author":[{"@type":"Person","name":"Ann  Lee"},"Bo"],"datePublished":"2026-11-29T08:00:00Z",
     "dateModified":"2026-11-30","image":{"@type":"ImageObject","url":"/a.png"}}]}</script>"#;
const OPEN_GRAPH: &str = "<meta property=og:site_name content='OG Site'><meta property=og:type content=article>\
    <meta property=og:image content=b.png><meta property=article:published_time content=2025-01-02T03:04:05+01:00>\
    <meta property=article:modified_time content=2025-02-03><meta property=article:author content='Cy'>";
const METAS: &str = "<meta name=Author content='Di, Editor'><meta name=date content='3 March 2024'>\
    <meta name=dcterms.modified content=2024-04-05><meta name=application-name content=App><meta name=twitter:image content=c.png>";
const TIMES: &str = "<article><time datetime=2023-01-01>New Year</time><article><time datetime=2023-02-02>a comment</time>\
    </article></article><time itemprop=dateModified datetime=2023-03-03>";

#[test]
fn json_ld_holds_before_open_graph_before_meta_before_time() {
    let all = [JSON_LD, OPEN_GRAPH, METAS, TIMES];
    let sources = [Source::JsonLd, Source::OpenGraph, Source::Meta, Source::Time];
    let published = ["2026-11-29T08:00:00Z", "2025-01-02T03:04:05+01:00", "2024-03-03", "2023-01-01"];
    let modified = ["2026-11-30", "2025-02-03", "2024-04-05", "2023-03-03"];
    let sites = ["The Site", "OG Site", "App"];
    let images = ["http://e.com/a.png", "http://e.com/b.png", "http://e.com/c.png"];
    let authors = [&["Ann Lee", "Bo"][..], &["Cy"], &["Di, Editor"]];
    for from in 0..4 {
        // The order on the page decides nothing.
        let page: String = all[from..].iter().rev().copied().collect();
        let (found, by) = (of_page(&page), sources[from]);
        assert_eq!(said(found.published.as_ref()), Some(text(published[from], by)));
        assert_eq!(said(found.modified.as_ref()), Some(text(modified[from], by)));
        assert_eq!(said(found.site_name.as_ref()), sites.get(from).map(|site| text(site, by)));
        assert_eq!(said(found.image.as_ref()), images.get(from).map(|image| text(image, by)));
        let expected = authors.get(from).map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(said(found.author.as_ref()), expected.map(|names: Vec<String>| (names, by)));
    }
    assert_eq!(said(of_page(JSON_LD).kind.as_ref()), Some(text("NewsArticle", Source::JsonLd)));
    assert_eq!(said(of_page(OPEN_GRAPH).kind.as_ref()), Some(text("article", Source::OpenGraph)));
    assert_eq!(of_page("<p>Version 2026.11.29, released 2026-11-29</p><!-- 2026-11-29 -->"), Metadata::default());
}

#[test]
fn what_is_no_date_is_passed_over() {
    let page = "<meta property=article:published_time content=yesterday><meta name=date content=soon>\
        <meta name=pubdate content='Sun, 29 Nov 2026 17:09:49 +0100'>";
    assert_eq!(said(of_page(page).published.as_ref()), Some(text("2026-11-29T17:09:49+01:00", Source::Meta)));
}

#[test]
fn of_several_times_none_is_taken_unless_one_says_so() {
    let times = "<time datetime=2026-01-01>a</time><time datetime=2026-02-02>b</time>";
    assert_eq!(of_page(times).published, None);
    let page = format!("{times}<time itemprop=datePublished datetime=2026-03-03>c</time>");
    assert_eq!(said(of_page(&page).published.as_ref()), Some(text("2026-03-03", Source::Time)));
    assert_eq!(said(of_page("<time datetime=2026-01-01>").published.as_ref()), Some(text("2026-01-01", Source::Time)));
    assert_eq!(of_page("<time itemprop=dateModified datetime=2026-01-01>").published, None);
}

#[test]
fn profiles_are_no_names_and_each_name_is_there_once() {
    let page = "<meta property=article:author content=https://social.example/ann><meta name=citation_author content='Lee, A.'>\
        <meta name=citation_author content='Poe, B.'><meta name=citation_author content='Lee, A.'>";
    let names = vec!["Lee, A.".to_owned(), "Poe, B.".to_owned()];
    assert_eq!(said(of_page(page).author.as_ref()), Some((names, Source::Meta)));
}

#[test]
fn what_a_page_is_about_is_found_in_it() {
    let page = r#"<script type="application/ld+json">[{"@type":"https://schema.org/FAQPage","name":"no site",
        "mainEntity":[{"@type":"Question","author":{"name":"Ed"}}]}]</script>
        <script type="application/ld+json">{"@type":"Product","author":{"name":5},"image":["p.png","q.png"]}</script>"#;
    let found = of_page(page);
    assert_eq!(said(found.kind.as_ref()), Some(text("Question", Source::JsonLd)));
    assert_eq!(said(found.author.as_ref()), Some((vec!["Ed".to_owned()], Source::JsonLd)));
    assert_eq!(said(found.image.as_ref()), Some(text("http://e.com/p.png", Source::JsonLd)));
    assert_eq!(found.site_name, None);
}

#[test]
fn what_nests_without_end_or_is_too_long_is_bounded() {
    let deep = format!("{}{{\"@type\":\"Article\",\"author\":\"x\"}}{}", "[".repeat(100), "]".repeat(100));
    let page = format!("<script type='application/ld+json'>{deep}</script>");
    assert_eq!(of_page(&page), Metadata::default());
    let page = format!("<meta name=application-name content='{}'>", "\u{e9}".repeat(10_000));
    let found = of_page(&page);
    assert!(found.site_name.is_some_and(|said| said.value.len() <= LONGEST));
    let many: Vec<_> = (0..1000).map(|n| format!("<meta name=citation_author content='Author {n}'>")).collect();
    assert_eq!(of_page(&many.concat()).author.map(|said| said.value.len()), Some(MOST_AUTHORS));
}
