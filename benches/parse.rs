//! Parsing: the pass that a crawl makes over each page, beside the tree that scraper would build of it.

use std::fs;
use std::path::Path;

use crawler::internals::MediaType;
use crawler::internals::parse::{Input, Options, Parsed, Parser};
use crawler::url::UrlRules;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// Links, title and all else that goes into a record, with URLs resolved.
#[divan::bench(args = PAGES)]
fn parser(bencher: Bencher<'_, '_>, name: &str) {
    let page = page(name);
    let rules = UrlRules::new(2048).ignoring(["utm_*".parse().expect("the name of a parameter")]);
    let parser = Parser::new(&Options::default(), rules.clone(), "crawler");
    let url = rules.parse("http://example.com/docs/guide/page.html").expect("a URL");
    let media_type = MediaType::parse("text/html; charset=utf-8");
    let parse = || -> Parsed {
        let body = black_box(page.as_bytes());
        parser.parse(&Input {
            url: &url,
            body,
            media_type: media_type.as_ref(),
            robots_tags: &[],
            link_headers: &[],
            refresh_headers: &[],
        })
    };
    bencher.counter(BytesCount::of_str(&page)).bench(parse);
}

/// Nothing but the tree.
#[divan::bench(args = PAGES)]
fn tree(bencher: Bencher<'_, '_>, name: &str) {
    let page = page(name);
    bencher.counter(BytesCount::of_str(&page)).bench(|| scraper::Html::parse_document(black_box(&page)));
}

fn page(name: &str) -> String {
    match name {
        "documentation" => documentation(),
        "article" => format!("<!doctype html><title>An article</title>{}", "<p>Words and words.</p>\n".repeat(700)),
        "script" => format!("<!doctype html><script>{}</script>", "if (a < b) { c(\"</p>\"); }\n".repeat(600)),
        _ => all_fixtures(),
    }
}

/// A page as documentation generators write them: 16 kB with a link in each line, many of them to the same place.
fn documentation() -> String {
    let line = |n: usize| {
        format!(
            "<dt class=\"sig sig-object py\" id=\"m.f{n}\"><code class=\"descname\">f{n}</code>\
             <a class=\"headerlink\" href=\"#m.f{n}\" title=\"Link here\">¶</a></dt>\
             <dd><p>See <a class=\"reference internal\" href=\"../library/part{}.html#f{n}\">f &amp; g</a>.</p></dd>\n",
            n % 30
        )
    };
    let lines: String = (0..65).map(line).collect();
    format!("<!doctype html><html lang=en><head><meta charset=utf-8><title>m</title></head><body><dl>{lines}</dl>")
}

/// The cases of the parser's tests, one after the other.
fn all_fixtures() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pages");
    let cases = fs::read_dir(folder).expect("the folder of cases");
    let texts = cases.map(|case| fs::read(case.expect("a case").path().join("input.html")).expect("a page"));
    texts.map(|text| String::from_utf8_lossy(&text).into_owned()).collect()
}

const PAGES: &[&str] = &["documentation", "article", "script", "fixtures"];
