//! Parser cases, hostile pages, and properties of whatever is parsed.

use std::path::Path;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;
use crate::tree::{Bounds, Document};
use crate::url::LinkKind;

/// `expected.json` of a case: what is parsed with the page, and what comes of it. Absent means nothing, or default.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    given: Given,
    expected: Expected,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    url: Option<String>,
    content_type: Option<String>,
    robots_tags: Vec<String>,
    link_headers: Vec<String>,
    refresh_headers: Vec<String>,
    options: Option<Options>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Expected {
    charset: Option<String>,
    title: Option<String>,
    description: Option<String>,
    lang: Option<String>,
    canonical: Option<String>,
    follow: Vec<String>,
    nofollow: Vec<String>,
    other: Vec<String>,
    links_left_out: usize,
}

/// Parses the page of a case and compares. A case that says nothing about the charset leaves it open.
fn check(name: &str, input: &[u8], case: &Case) {
    let given = &case.given;
    let url = rules().parse(given.url.as_deref().unwrap_or(PAGE)).unwrap();
    let [tags, links, refreshes] = [&given.robots_tags, &given.link_headers, &given.refresh_headers]
        .map(|values| values.iter().map(String::as_str).collect::<Vec<_>>());
    let parser = Parser::new(&given.options.clone().unwrap_or_default(), rules(), "crawler");
    let media_type = given.content_type.as_deref().and_then(MediaType::parse);
    let input = Input {
        url: &url,
        body: input,
        media_type: media_type.as_ref(),
        robots_tags: &tags,
        link_headers: &links,
        refresh_headers: &refreshes,
    };
    let parsed = parser.parse(&input);
    let of_kind = |kind: LinkKind| {
        let links = parsed.links.iter().filter(|link| link.kind == kind);
        links.filter_map(|link| url_of(&link.target).map(str::to_owned)).collect::<Vec<_>>()
    };
    let page = parsed.page.clone();
    let actual = Expected {
        charset: case.expected.charset.as_ref().map(|_| parsed.charset.to_owned()),
        title: page.title,
        description: page.description,
        lang: page.lang,
        canonical: page.canonical,
        follow: of_kind(LinkKind::Follow),
        nofollow: of_kind(LinkKind::Nofollow),
        other: parsed.links.iter().filter_map(|link| other_of(&link.target)).collect(),
        links_left_out: parsed.links_left_out,
    };
    assert_eq!(actual, case.expected, "{name}");
    let urls: Vec<&str> = parsed.links.iter().filter_map(|link| url_of(&link.target)).collect();
    assert_eq!(page.links.iter().map(|url| &**url).collect::<Vec<_>>(), urls, "{name}: the links of the record");
}

#[test]
fn a_title_that_never_ends_is_cut() {
    let page = format!("<title>{}", "word ".repeat(100_000));
    let url = rules().parse(PAGE).unwrap();
    let input = Input {
        url: &url,
        body: page.as_bytes(),
        media_type: None,
        robots_tags: &[],
        link_headers: &[],
        refresh_headers: &[],
    };
    let title = Parser::new(&Options::default(), rules(), "crawler").parse(&input).page.title.unwrap();
    assert!(title.len() <= 8 << 10 && title.starts_with("word word"), "{}", title.len());
}

#[test]
fn each_case_of_fixtures_is_parsed_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pages");
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert!(names.len() >= 20, "only {} cases", names.len());
    for name in names {
        let read = |file: &str| std::fs::read(folder.join(&name).join(file)).unwrap();
        let name = name.to_string_lossy();
        let case = serde_json::from_slice(&read("expected.json")).unwrap_or_else(|error| panic!("{name}: {error}"));
        check(&name, &read("input.html"), &case);
    }
}

#[test]
fn hostile_nesting_ends_at_the_limit_and_loses_no_link() {
    let nested = |unit: &str| unit.repeat(SIZE / unit.len()) + "<a href=/end>";
    for unit in [
        "<div>",
        "<b>",
        "<font size=1>",
        "<table><td>",
        "<div><table></div>",
        "<svg><a>",
        "<svg><link>",
        "<math><mi>",
        "<svg><foreignObject>",
        "<template>",
        "<object><a>",
        "<frameset>",
        "<select><option><optgroup>",
        "<ruby><rt>",
        "<div></x>",
    ] {
        let document = Document::parse(&nested(unit), BOUNDS);
        let depth = deepest(&document);
        assert!(depth < 512 + 32, "{unit}: {depth}");
        let links = parse(&nested(unit)).links;
        let found = links.iter().any(|link| url_of(&link.target) == Some("http://example.com/end"));
        // Templates are no part of the page, and a frameset has no links.
        assert_eq!(found, !matches!(unit, "<template>" | "<frameset>"), "{unit}");
    }
}

#[test]
fn a_hostile_megabyte_is_parsed() {
    let many = repeated(0..MEGABYTE / 8, |n| format!(" x{n}"));
    for page in [
        "<div>".repeat(MEGABYTE / 5),
        "<b>".repeat(MEGABYTE / 3),
        "<table>".repeat(MEGABYTE / 7),
        "<table><td>".repeat(MEGABYTE / 11),
        format!("<a{many}>"),
    ] {
        assert_eq!(parse(&(page + "<a href=/after>")).page.links.iter().map(|l| &**l).collect::<Vec<_>>(), [AFTER]);
    }
}

/// Each would take minutes, were anything in it looked at again and again.
#[test]
fn megabytes_of_anything_are_parsed() {
    for unit in [
        "<",
        "<a ",
        "<a href='",
        "<a href=x x=\"",
        "</",
        "</a ",
        "&",
        "&amp",
        "<a href=&",
        "<!",
        "<!--",
        "<!-- --!",
        "<![CDATA[",
        "<?",
        "<svg><![CDATA[",
        "<script><!--<script>",
        "<title>",
        "<title></",
        "<svg><title>",
        "<style></styl",
        "<template>",
        "<svg>",
        "<svg></x>",
        "<svg><g></a>",
        "<math><mi>",
        "<svg><foreignObject>",
        "<p>",
        "</p>",
        "<meta charset=x>",
        "<frameset>",
        "</frameset>",
        "\0",
        "<html lang>",
        "<link rel=next href=",
        "<div><template shadowrootmode=open>",
        "<iframe srcdoc='<iframe srcdoc=&quot;<a href=x>",
        "<iframe srcdoc='<base href=x/><a href=x>'></iframe>",
        "<form action=x><select name=x><option>x",
        "<form action=x></form>",
        "<option>",
        "=",
        "<a =",
    ] {
        for head in ["", "<title>", "<svg><g>"] {
            let page = head.to_owned() + &unit.repeat(MEGABYTE / 2 / unit.len());
            sound(&parse(&page)).unwrap_or_else(|error| panic!("{head}{unit}: {error}"));
        }
        for content_type in ["text/html", "application/xhtml+xml"] {
            let (options, page) =
                (Options { forms: true, ..Options::default() }, unit.repeat(MEGABYTE / 4 / unit.len()));
            let parsed = parse_as(content_type, &options, page.as_bytes());
            sound(&parsed).unwrap_or_else(|error| panic!("{content_type} {unit}: {error}"));
        }
    }
}

#[test]
fn mismatched_end_tags_do_not_hide_the_nesting() {
    let varied = repeated(0..SIZE / 40, |n| format!("<b id={n}><table></b></table>"));
    assert!(deepest(&Document::parse(&varied, BOUNDS)) < 512 + 32);
}

#[test]
fn formatting_that_is_opened_again_and_again_stays_small() {
    let bold = repeated(0..300, |n| format!("<b id={n}>"));
    let attributes = repeated(0..500, |n| format!(" a{n}"));
    for (head, unit) in [
        (format!("<p>{bold}</p>"), "<p>x"),
        (format!("<table>{bold}"), "<tr>x"),
        (format!("<p><a href=/x{attributes}></p>"), "<p>x"),
        (format!("<p><b{attributes}><i{attributes}></p>"), "<p>x</p>"),
    ] {
        let document = Document::parse(&(head + &unit.repeat(SIZE / unit.len())), BOUNDS);
        let weight: usize = document.html.tree.values().map(|node| 1 + attributes_of(node)).sum();
        assert!(weight < 150_000, "{unit}: {weight}");
    }
}

#[test]
fn the_nodes_of_a_page_are_bounded_and_its_last_link_is_found() {
    for unit in ["<p>", "</p>", "</br>", "<br>x", "<a>", "<!---->"] {
        let text = unit.repeat(60_000) + "<script>x</script><a href=/after>";
        let document = Document::parse(&text, BOUNDS);
        assert!(document.html.tree.values().len() < 50_100, "{unit}");
        assert!(document.elements().last().is_some_and(|last| last.attr("href") == Some("/after")), "{unit}");
    }
}

#[test]
fn the_attributes_of_a_tag_are_counted_wherever_its_text_pretends_to_be() {
    let many = repeated(0..50_000, |n| format!(" x{n}"));
    let quoted = repeated(0..50_000, |n| format!(" x{n}='><a b'"));
    for tag in [
        format!("<a href=/in{many}>"),
        format!("<a href=/in title='<b <i '{many}>"),
        format!("<!-- <a x=' --><a href=/in{many}>"),
        format!("<script>'<a x=\"'</script><a href=/in{many}>"),
        format!("<title><a x='</title><a href=/in{many}>"),
        format!("</><a href=/in{many}>"),
        format!("<<a href=/in{many}>"),
        format!("&amp<a href=/in{many}>"),
        format!("</ ><a href=/in{many}>"),
        format!("<svg><![CDATA[ ]<a x=' ]]></svg><a href=/in{many}>"),
        format!("<a href=/in{quoted}>"),
    ] {
        let start = tag.get(..30).unwrap();
        let text = tag.clone() + "<a href=/after>";
        let document = Document::parse(&text, BOUNDS);
        let most = document.html.tree.values().map(attributes_of).max();
        assert_eq!(most, Some(512), "{start}");
        let links = parse(&text).page.links;
        assert_eq!(links.iter().map(|link| &**link).collect::<Vec<_>>(), [IN, AFTER], "{start}");
    }
}

#[test]
fn the_attributes_of_an_end_tag_and_of_many_html_tags_are_bounded_too() {
    let many = repeated(0..100_000, |n| format!(" x{n}"));
    let pieces = repeated(0..50_000, |n| format!("<html x{n}><body x{n}>"));
    for text in [format!("<p></p{many}><a href=/after>"), format!("{pieces}<a href=/after>")] {
        let document = Document::parse(&text, BOUNDS);
        assert!(document.html.tree.values().map(attributes_of).max() <= Some(512));
        assert_eq!(parse(&text).page.links.len(), 1);
    }
}

#[test]
fn text_that_only_looks_like_a_tag_keeps_every_word() {
    let words = repeated(0..2000, |n| format!("{n}, "));
    let script = format!("<script>for (i = 0; i <n; i++) data = [{words}];</script><p>{words}</p><a href=/after>");
    let document = Document::parse(&script, BOUNDS);
    let text: String = document.html.root_element().text().collect();
    assert_eq!(text, format!("for (i = 0; i <n; i++) data = [{words}];{words}"));
    assert_eq!(parse(&script).page.links.len(), 1);
}

#[test]
fn a_page_with_too_many_links_says_how_many_are_left_out() {
    let page = repeated(0..100, |n| format!("<a href=/{n}></a><a href=/{n}#again></a>"));
    let options = Options { max_links: 30, ..Options::default() };
    let parsed = parse_with(&options, page.as_bytes());
    assert_eq!((parsed.links.len(), parsed.links_left_out), (30, 70));
}

#[test]
fn few_references_that_stand_for_long_urls_are_bounded_in_bytes() {
    let page = format!("<base href=/{}/>{}", "x".repeat(150), repeated(0..100, |n| format!("<a href={n}></a>")));
    let parsed = parse_with(&Options { max_link_bytes: 3_400, ..Options::default() }, page.as_bytes());
    assert_eq!((parsed.links.len(), parsed.links_left_out), (20, 80));
    assert_eq!(parse_with(&Options::default(), page.as_bytes()).links_left_out, 0);
}

#[test]
fn a_base_as_long_as_a_page_does_not_lengthen_every_link() {
    let page = format!("<base href=/{}/>{}", "x".repeat(SIZE), "<a href=a></a>");
    assert_eq!(parse(&page).page.links.first().map(|link| &**link), Some("http://example.com/dir/a"));
}

#[test]
fn a_parser_can_be_shared() {
    fn shared<T: Send + Sync>() {}
    shared::<Parser>();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_parsed(body in prop::collection::vec(any::<u8>(), 0..600)) {
        sound(&parse_with(&Options::default(), &body))?;
        sound(&parse_as("application/xhtml+xml", &Options::default(), &body))?;
    }

    #[test]
    fn any_tag_soup_is_parsed(soup in prop::collection::vec(prop::sample::select(SOUP), 0..80)) {
        let small = Options { max_nesting: 16, max_attributes: 8, max_links: 5, ..Options::default() };
        let soup = soup.concat();
        sound(&parse_with(&Options::default(), soup.as_bytes()))?;
        sound(&parse_with(&small, soup.as_bytes()))?;
        let forms = Options { forms: true, ..small };
        sound(&parse_with(&forms, soup.as_bytes()))?;
        sound(&parse_as("application/xhtml+xml", &forms, soup.as_bytes()))?;
        let document = Document::parse(&soup, Bounds { nesting: 16, attributes: 8, ..BOUNDS });
        prop_assert!(document.html.tree.values().map(attributes_of).max() <= Some(8));
    }

    /// Feeding in pieces changes nothing: html5ever alone makes the same tree.
    #[test]
    fn a_page_within_bounds_is_parsed_as_html5ever_does(
        soup in prop::collection::vec(prop::sample::select(SOUP), 0..40),
    ) {
        use html5ever::tendril::TendrilSink;
        let soup = soup.concat();
        let mut options = html5ever::ParseOpts::default();
        options.tree_builder.scripting_enabled = false;
        let sink = scraper::HtmlTreeSink::new(scraper::Html::new_document());
        let expected = html5ever::parse_document(sink, options).one(soup.as_str());
        prop_assert_eq!(Document::parse(&soup, BOUNDS).html.html(), expected.html());
    }
}

/// Links are absolute http or https URLs, or cannot be requested; each is there once.
fn sound(parsed: &Parsed) -> Result<(), TestCaseError> {
    let mut texts: Vec<&str> = parsed.page.links.iter().map(|link| &**link).collect();
    prop_assert!(texts.iter().all(|text| text.starts_with("http://") || text.starts_with("https://")));
    texts.sort_unstable();
    let count = texts.len();
    texts.dedup();
    prop_assert_eq!(texts.len(), count);
    let requestable = parsed.links.iter().filter(|link| url_of(&link.target).is_some()).count();
    prop_assert_eq!(requestable, count);
    Ok(())
}

fn rules() -> UrlRules {
    UrlRules::new(200).ignoring(["utm_*".parse().unwrap()])
}

fn parse(page: &str) -> Parsed {
    parse_with(&Options::default(), page.as_bytes())
}

fn parse_with(options: &Options, body: &[u8]) -> Parsed {
    parse_as("text/html", options, body)
}

fn parse_as(content_type: &str, options: &Options, body: &[u8]) -> Parsed {
    let url = rules().parse(PAGE).unwrap();
    let media_type = MediaType::parse(content_type);
    let input = Input {
        url: &url,
        body,
        media_type: media_type.as_ref(),
        robots_tags: &[],
        link_headers: &[],
        refresh_headers: &[],
    };
    Parser::new(options, rules(), "crawler").parse(&input)
}

fn url_of(target: &Target) -> Option<&str> {
    match target {
        Target::Url(url) => Some(url.as_str()),
        Target::Other { .. } => None,
    }
}

fn other_of(target: &Target) -> Option<String> {
    match target {
        Target::Url(_) => None,
        Target::Other { text, reason, .. } => Some(format!("{reason:?} {text}")),
    }
}

/// One text for each number, joined.
fn repeated(numbers: std::ops::Range<usize>, unit: impl Fn(usize) -> String) -> String {
    numbers.map(unit).collect()
}

fn attributes_of(node: &scraper::Node) -> usize {
    node.as_element().map_or(0, |element| element.attrs.len())
}

/// How deep elements nest, with those inside of templates.
fn deepest(document: &Document) -> usize {
    let (mut deepest, mut depth) = (0_usize, 0_usize);
    let mut at = document.html.tree.root();
    loop {
        if let Some(child) = at.first_child() {
            (at, depth) = (child, depth + usize::from(child.value().is_element()));
            deepest = deepest.max(depth);
            continue;
        }
        loop {
            if let Some(next) = at.next_sibling() {
                let (left, entered) = (at.value().is_element(), next.value().is_element());
                (at, depth) = (next, depth + usize::from(entered) - usize::from(left));
                break;
            }
            let Some(parent) = at.parent() else { return deepest };
            (at, depth) = (parent, depth - usize::from(at.value().is_element()));
        }
    }
}

/// The default bounds, but for fewer nodes.
const BOUNDS: Bounds = Bounds { nesting: 512, attributes: 512, nodes: 50_000 };
const PAGE: &str = "http://example.com/dir/page.html";
const IN: &str = "http://example.com/in";
const AFTER: &str = "http://example.com/after";
const MEGABYTE: usize = 1 << 20;
/// The length of most hostile pages.
const SIZE: usize = 64 << 10;
const SOUP: &[&str] = &[
    "<a href='/a'>",
    "<a href=b x=1 y z>",
    "</a>",
    "<b>",
    "</b>",
    "<i class=x>",
    "</i>",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<table>",
    "<tr>",
    "<td>",
    "</td>",
    "</table>",
    "<svg>",
    "<title>",
    "</title>",
    "</svg>",
    "<math>",
    "<mi>",
    "<annotation-xml encoding='text/html'>",
    "<foreignObject>",
    "<template>",
    "</template>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<textarea>",
    "</textarea>",
    "<noscript>",
    "</noscript>",
    "<iframe src=/f>",
    "</iframe>",
    "<frameset>",
    "<frame src=/g>",
    "</frameset>",
    "<select>",
    "<option>",
    "</select>",
    "<form>",
    "</form>",
    "<input>",
    "<base href='//b.example/c/'>",
    "<base href='data:x'>",
    "<link rel=next href=/n>",
    "<link rel=canonical href=?c>",
    "<meta name=robots content=nofollow>",
    "<meta charset=big5>",
    "<meta http-equiv=refresh content='0;url=/r'>",
    "<html lang=de>",
    "<body>",
    "<head>",
    "</head>",
    "</body>",
    "</html>",
    "<!-- ",
    " -->",
    "<!x",
    "</ ",
    "</>",
    "<?",
    "<![CDATA[",
    "]]>",
    "<",
    ">",
    "&",
    "&am",
    "'",
    "\"",
    "=",
    "/",
    " ",
    "\n",
    "\r",
    "\0",
    "x",
    "ü",
    "<a href=mailto:x>",
    "<a x='",
    "<b y=\"",
    "<plaintext>",
    "<br/>",
    "<applet>",
    "<a href='http://['>",
    "<a 1 2 3 4 5 6 7 8 9 href=/lost>",
    "<area href=#f>",
    "<button>",
    "<nobr>",
    "<li>",
    "<dd>",
];
