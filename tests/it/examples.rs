//! The examples do what they say: their own code, compiled into this crate, on the sites that they name.

use crawler::outcome::SkipReason;

macro_rules! example {
    ($name:ident, $path:literal) => {
        #[path = $path]
        #[expect(dead_code, reason = "`main` is what `cargo run --example` calls")]
        mod $name;
    };
}

example!(crawl_site, "../../examples/crawl_site.rs");
example!(custom_fetch, "../../examples/custom_fetch.rs");
example!(custom_sink, "../../examples/custom_sink.rs");
example!(response_headers, "../../examples/response_headers.rs");
example!(stream_items, "../../examples/stream_items.rs");
example!(stream_records, "../../examples/stream_records.rs");

#[tokio::test]
async fn a_site_is_crawled_to_its_end() {
    let summary = crawl_site::crawl(SITE).await.unwrap();
    assert_eq!((summary.records, summary.pending, summary.settled.ok), (11, 0, 11));
}

#[tokio::test]
async fn a_stream_of_records_ends_when_enough_are_seen() {
    let records = stream_records::first(SITE, 3).await.unwrap();
    assert_eq!((records.len(), &*records[0].url), (3, "http://localhost/"));
}

#[tokio::test]
async fn a_stream_of_records_ends_with_the_crawl() {
    assert_eq!(stream_records::first(SITE, 1000).await.unwrap().len(), 13);
}

#[tokio::test]
async fn a_stream_of_items_has_each_as_a_value_of_its_type() {
    let products = stream_items::products("fixtures/sites/shop").await.unwrap();
    let expected = crate::support::shop::items("http://localhost/");
    assert_eq!(products.len(), expected.len());
    for item in expected {
        let title = item["title"].as_str().unwrap();
        let found: Vec<_> = products.iter().filter(|product| product.title == title).map(|found| found.price).collect();
        assert_eq!(found, [item["price"].as_f64()], "{title}");
    }
}

#[tokio::test]
async fn a_sink_of_ones_own_gets_every_record() {
    let titles = custom_sink::count(SITE).await.unwrap();
    assert_eq!(titles.values().sum::<u64>(), 13, "{titles:?}");
}

#[tokio::test]
async fn a_sink_that_asks_for_it_gets_head_and_body() {
    static SEEN: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let sink = response_headers::Heads(|head| SEEN.lock().unwrap().push(head));
    crawler::Crawl::builder().seed(SITE).depth(0).sink(sink).build().unwrap().run().await.unwrap();
    assert_eq!(*SEEN.lock().unwrap(), ["http://localhost/\ncontent-type: text/html\n<!doctype html>\\n\n"]);
}

#[tokio::test]
async fn a_fetch_of_ones_own_is_asked_politely() {
    let mut summary = custom_fetch::crawl().await.unwrap();
    assert_eq!((summary.records, summary.requests), (2, 3), "robots.txt is a request too");
    assert_eq!(*summary.skipped.of(SkipReason::Robots), 1);
}

/// Relative to the package, which is where tests and `cargo run` start.
const SITE: &str = "fixtures/sites/three-levels";
