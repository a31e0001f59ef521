//! Pages that are made to cost much, and what never depends on what.

use std::fmt::Write as _;

use super::*;
use crate::readable::MainPart;

fn read(page: &str, options: Options) -> Option<Box<Readable>> {
    let rules = UrlRules::new(4096);
    let url = rules.parse("http://e.com/a/b").unwrap();
    Reader::new(options, rules)?.read(&url, &PageTree::new(page), encoding_rs::UTF_8)
}

fn all() -> Options {
    Options { text: true, markdown: true, ..Options::default() }
}

/// The texts of a page that is read with as little stack as a thread of the runtime has left.
fn lengths(page: String) -> (usize, usize) {
    let read = move || {
        let readable = read(&page, all()).unwrap();
        (readable.text.unwrap().len(), readable.markdown.unwrap().len())
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(read).unwrap().join().unwrap()
}

#[test]
fn no_page_makes_a_text_that_is_far_longer_than_it() {
    let wide = (0..300).fold(String::from("<table><tr>"), |mut page, _| {
        page.push_str("<th rowspan=9999 colspan=9>a");
        page
    });
    let article = "<p>A sentence, with commas, of some words. ".repeat(400);
    for page in [
        "<div><b>".repeat(5_000) + "a",
        "<table><tr><td>".repeat(3_000) + "a",
        "<ul><li>a".repeat(3_000),
        "<blockquote>a".repeat(3_000),
        "<dl><dd>a".repeat(3_000),
        "<q>a".repeat(3_000),
        "<pre>a\n".repeat(3_000),
        "<h1><table><tr><th>a".repeat(1_000),
        "<a href=x><code>a".repeat(3_000),
        format!("{wide}{}", "<tr><td>b".repeat(2_000)),
        format!("<p>{}", "*a_`[".repeat(10_000)),
        format!("<pre>{}", "`".repeat(50_000)),
        format!("<article>{}{article}", "<div class=post>".repeat(600)),
    ] {
        let (length, name) = (page.len(), page.get(..40).unwrap_or_default().to_owned());
        let (text, markdown) = lengths(page);
        assert!(text <= 24 * length && markdown <= 24 * length, "{name}: {text} and {markdown} of {length}");
    }
}

#[test]
fn links_below_a_long_base_are_cut() {
    let mut page = format!("<base href='/{}/'>", "b".repeat(3_000));
    for n in 0..2_000 {
        write!(page, "<a href={n}>a</a> ").unwrap();
    }
    let readable = read(&page, Options { max_size: 1 << 20, ..all() }).unwrap();
    assert!(readable.cut && readable.markdown.unwrap().len() <= 1 << 20);
    assert_eq!(readable.text.unwrap().len(), 2 * 2_000 - 1);
}

#[test]
fn a_page_says_that_it_is_an_article() {
    let article = "<p>A sentence, with commas, of some words. It goes on, and on, to its end.</p>".repeat(6);
    let entries = "<li><a href=/x>An entry, its title</a></li>".repeat(120);
    let page =
        |head: &str| format!("<head>{head}</head><div id=text>{article}</div><div id=more><ul>{entries}</ul></div>");
    let main = |head: &str| read(&page(head), all()).unwrap().main;
    assert_eq!(main(""), MainPart::Body);
    assert_eq!(main("<meta property=og:type content=website>"), MainPart::Body);
    assert_eq!(main("<meta property=og:type content=article>"), MainPart::Article);
    assert_eq!(main("<script type=application/ld+json>{\"@type\": \"NewsArticle\"}</script>"), MainPart::Article);
}

#[test]
fn an_article_keeps_what_readability_would_drop() {
    let prose = "<p>A sentence, with commas, of some words. It goes on, and on, to its end.</p>".repeat(12);
    let page = format!(
        "<nav>menu</nav><article><h1>Title</h1>{prose}<pre class=language-x>a\n  b</pre><dl><dt>c<dd>d</dl>{prose}</article>"
    );
    let readable = read(&page, all()).unwrap();
    assert_eq!(readable.main, MainPart::Article);
    let markdown = readable.markdown.unwrap();
    assert!(!markdown.contains("menu") && markdown.contains("```x\na\n  b\n```"), "{markdown}");
    assert!(markdown.contains("c\n- d\n"), "{markdown}");
}

#[test]
fn a_documentation_loses_no_section() {
    let prose = "<p>A sentence, with commas, of some words. It goes on, and on, to its end.</p>".repeat(12);
    let section = |name: &str, inner: &str| format!("<div class=refsect1><h2>{name}</h2>{inner}</div>");
    let examples = section("Examples", "<p>One:<pre>select 1;</pre><p>Two:<pre>select 2;</pre>");
    let page = format!("<div class=navheader>menu</div>{}{examples}", section("Description", &prose));
    let markdown = read(&page, all()).unwrap().markdown.unwrap();
    assert!(markdown.contains("select 2;") && markdown.contains("## Description") && !markdown.contains("menu"));
}

#[test]
fn what_is_asked_for_is_given() {
    assert!(read("<p>a", Options::default()).is_none());
    assert!(read("<frameset><frame src=x></frameset>", all()).is_none());
    let article = |page: &str| read(page, Options { main: Main::Article, ..all() }).map(|readable| readable.text);
    assert_eq!(article(""), None);
    let empty = read("", all()).unwrap();
    assert_eq!((empty.main, empty.text.as_deref(), empty.markdown.as_deref()), (MainPart::Body, Some(""), Some("")));
}
