//! Random sites with random edits: an update says what a new crawl says, and its changes are the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crawler::config::Config;
use crawler::fetch::{Fetch, Fetching};
use crawler::request::{Purpose, Request};
use crawler::response::{Body, Response};
use crawler::{Crawl, CrawlDir};
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;
use serde_json::Value;

/// What a path is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Page {
    /// A page, and whether its host names a validator.
    Html(String, bool),
    To(u16, usize),
    Status(u16),
}

#[derive(Debug, Clone)]
struct Site(Vec<Page>);

impl Fetch for Site {
    fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
        let path = request.url.path_and_query().trim_start_matches('/').to_owned();
        let page = path.parse::<usize>().ok().and_then(|n| self.0.get(n)).filter(|_| request.purpose == Purpose::Page);
        let answer =
            |status: u16, headers: HeaderMap, body| Response::new(StatusCode::from_u16(status).unwrap(), headers, body);
        let mut headers = HeaderMap::new();
        let response = match page.cloned().unwrap_or(Page::Status(404)) {
            Page::Status(status) => answer(status, headers, Body::Unwanted),
            Page::To(status, to) => {
                headers.insert(LOCATION, HeaderValue::from_str(&format!("/{to}")).unwrap());
                answer(status, headers, Body::Unwanted)
            }
            Page::Html(html, has_tag) => {
                let tag = format!("\"{}\"", blake3::hash(html.as_bytes()).to_hex());
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
                if has_tag {
                    headers.insert(ETAG, HeaderValue::from_str(&tag).unwrap());
                }
                let asked = request.validators.as_ref().and_then(|validators| validators.etag.clone());
                let is_known = has_tag && asked == Some(tag);
                let body = if is_known { Body::Unwanted } else { Body::Read(html.into()) };
                answer(if is_known { 304 } else { 200 }, headers, body)
            }
        };
        Box::pin(async move { Ok(response) })
    }
}

fn link() -> impl Strategy<Value = String> {
    let words = prop_oneof![Just("a"), Just("b c"), Just("")];
    prop_oneof![
        5 => (0..SIZE, words).prop_map(|(to, text)| format!("<a href=/{to}>{text}</a>")),
        1 => (0..SIZE).prop_map(|to| format!("<a rel=nofollow href=/{to}>x</a>")),
        1 => (0..SIZE).prop_map(|to| format!("<area href=/{to}?q=1.50>")),
        1 => (0..3_u8).prop_map(|n| format!("<a href=mailto:{n}@e.com>m</a>")),
        1 => (0..SIZE).prop_map(|to| format!("<meta http-equiv=refresh content='0;url=/{to}'>")),
        1 => Just("<a href='http://['>bad</a>".to_owned()),
        1 => Just("<meta name=robots content=nofollow>".to_owned()),
    ]
}

fn page() -> impl Strategy<Value = Page> {
    let html = (0..5_u8, 0..1000_u32, proptest::collection::vec(link(), 0..6), any::<bool>());
    prop_oneof![
        8 => html.prop_map(|(title, price, links, has_tag)| {
            let price = format!("<b class=price>{}</b>", f64::from(price) / 7.0);
            Page::Html(format!("<title>{title}</title><p>text of {title}</p>{price}{}", links.concat()), has_tag)
        }),
        1 => (prop_oneof![Just(301), Just(302), Just(308)], 0..SIZE).prop_map(|(status, to)| Page::To(status, to)),
        1 => prop_oneof![Just(404), Just(403), Just(500)].prop_map(Page::Status),
    ]
}

/// A site, and what it is later.
fn sites() -> impl Strategy<Value = (Site, Site)> {
    let pages = proptest::collection::vec((page(), proptest::option::weighted(0.3, page())), SIZE);
    pages.prop_map(|pages| {
        let later = pages.iter().map(|(page, edit)| edit.clone().unwrap_or_else(|| page.clone())).collect();
        (Site(pages.into_iter().map(|(page, _)| page).collect()), Site(later))
    })
}

fn crawl(site: &Site, dir: &Path, is_update: bool) -> Value {
    let rules = "[[extract]]\n[extract.fields]\nprice = { css = '.price', type = 'number' }\n[content]\ntext = true\n\
                 [[items]]\nname = \"prices\"\neach = \"b\"\n[items.fields]\nclass = { attr = 'class' }\n";
    let mut config = Config::from_toml(rules, "rules").unwrap();
    config.politeness.rate = "none".parse().unwrap();
    config.politeness.retries = 0;
    // Of two pages of one depth that lead to a third, the one that is read first is its referrer: in turns, always the same.
    config.concurrency = 1;
    let builder = Crawl::builder().config(config).seed("http://e.com/0").fetch(site.clone());
    let builder = if is_update { builder.update() } else { builder };
    let crawl = builder.dir(CrawlDir::take(dir).unwrap()).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let summary = runtime.block_on(crawl.run()).unwrap();
    serde_json::to_value(summary).unwrap()
}

/// The records by their URLs, without what is of one run only.
fn records(dir: &Path) -> BTreeMap<String, Value> {
    lines(&dir.join("pages.jsonl"))
        .into_iter()
        .map(|mut record| {
            for of_run in ["fetched_at", "elapsed_ms", "carried", "for_update"] {
                record.as_object_mut().unwrap().remove(of_run);
            }
            (record["url"].as_str().unwrap().to_owned(), record)
        })
        .collect()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What of a record is of the page, and not of the way to it.
fn of_page(record: &Value) -> Value {
    let mut record = record.clone();
    for of_way in ["depth", "referrer", "attempts", "etag"] {
        record.as_object_mut().unwrap().remove(of_way);
    }
    record["links"].as_array_mut().into_iter().for_each(|links| links.sort_by_key(Value::to_string));
    record
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn an_update_says_what_a_new_crawl_says((site, later) in sites()) {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = crawl(&site, old.path(), false);
        let before = records(old.path());
        let update = crawl(&later, old.path(), true);
        let fresh = crawl(&later, new.path(), false);
        let (updated, anew) = (records(old.path()), records(new.path()));
        if update["failed_seeds"].as_array().is_some_and(|failed| !failed.is_empty()) {
            prop_assert_eq!(&updated, &before);
            return Ok(());
        }
        prop_assert_eq!(&updated, &anew);
        for name in ["discovered", "skipped", "settled", "statuses", "bytes", "items"] {
            prop_assert_eq!(&update[name], &fresh[name], "{}", name);
        }
        let items = |dir: &Path| {
            let mut items: Vec<_> = lines(&dir.join("items/prices.jsonl")).iter().map(Value::to_string).collect();
            items.sort();
            items
        };
        prop_assert_eq!(items(old.path()), items(new.path()));
        if first["failed_seeds"].as_array().is_some_and(|failed| !failed.is_empty()) {
            return Ok(());
        }
        let changes = lines(&old.path().join("changes.jsonl"));
        let (mut told, mut targets) = (BTreeSet::new(), BTreeSet::new());
        for change in &changes {
            let url = change["url"].as_str().unwrap();
            prop_assert!(told.insert(url.to_owned()), "{} is told twice", url);
            let (was, is) = (before.get(url).map(of_page), anew.get(url).map(of_page));
            match change["change"].as_str().unwrap() {
                "unchanged" => prop_assert_eq!(was, is, "{}", change),
                "new" => prop_assert!(was.is_none() && is.is_some(), "{}", change),
                "gone" => prop_assert!(is.is_none_or(|is| is["status"] == 404), "{}", change),
                "failed" if change["why"].is_string() => prop_assert!(is.is_none(), "{}", change),
                "failed" => prop_assert_eq!(&is.unwrap()["status"], 500, "{}", change),
                "moved" => {
                    let to = change["to"].as_str().unwrap();
                    prop_assert!(is.is_none_or(|is| is["outcome"] != "ok"), "{}", change);
                    targets.insert(to.to_owned());
                }
                _ => prop_assert_ne!(was, is, "{}", change),
            }
        }
        // A page to which another one has moved may have been there before.
        let all: BTreeSet<_> = before.keys().chain(anew.keys()).cloned().collect();
        told.extend(targets);
        prop_assert!(told.is_superset(&all), "{:?} and {:?}", told, all);
    }
}

const SIZE: usize = 8;
