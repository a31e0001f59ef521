//! Sites for the test server: a table of replies, or a folder of `fixtures/sites`, and what a crawl of it should record.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Arrival, Crawled, Reply};

/// A table of paths. What is not in it is a 404, robots.txt too.
#[derive(Debug, Clone, Default)]
pub(crate) struct Site {
    replies: BTreeMap<String, Reply>,
}

/// The records that a crawl of a fixture site should give: `expected.jsonl` in its folder, with the fields that do not
/// change from run to run.
#[derive(Debug)]
pub(crate) struct Expected {
    records: Vec<Value>,
}

impl Site {
    /// Pages with the links they have.
    pub(crate) fn linked(pages: &[(&str, &[&str])]) -> Self {
        pages.iter().fold(Self::default(), |site, (path, links)| site.with(path, Reply::links(path, links.iter())))
    }

    pub(crate) fn with(mut self, path: &str, reply: Reply) -> Self {
        self.replies.insert(path.to_owned(), reply);
        self
    }

    pub(crate) fn robots(self, text: &str) -> Self {
        self.with("/robots.txt", Reply::text(text))
    }

    /// The routes of a [`Server`](super::Server).
    pub(crate) fn routes(self) -> impl Fn(&Arrival) -> Reply + Send + Sync + 'static {
        move |arrival| self.replies.get(&arrival.path).cloned().unwrap_or_else(not_found)
    }

    /// Routes of a chain of pages without an end: `/` links to `/1`, `/1` to `/2`, and so on. Each has a word of its own, so
    /// that they are no trap.
    pub(crate) fn endless() -> impl Fn(&Arrival) -> Reply + Send + Sync + 'static {
        |arrival| match arrival.path.trim_start_matches('/') {
            "robots.txt" => not_found(),
            number => {
                let word: String = number.bytes().map(|digit| char::from(digit.wrapping_add(b'k' - b'0'))).collect();
                Reply::links(&format!("{number} {word}"), [format!("/{}", number.parse().unwrap_or(0) + 1)])
            }
        }
    }

    /// Routes that serve a folder of `fixtures/sites` as a plain web server does.
    pub(crate) fn fixture(name: &str) -> impl Fn(&Arrival) -> Reply + Send + Sync + 'static + use<> {
        let root = folder(name);
        move |arrival| {
            let path = arrival.path.split('?').next().unwrap_or_default().trim_start_matches('/');
            let file =
                if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
            let Ok(body) = std::fs::read(root.join(&file)) else { return not_found() };
            Reply::new(200).header("Content-Type", content_type(&file)).body(body)
        }
    }
}

impl Expected {
    /// The expectation of a folder of `fixtures/sites`.
    pub(crate) fn of(name: &str) -> Self {
        let text = std::fs::read_to_string(folder(name).join("expected.jsonl")).unwrap();
        Self { records: text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() }
    }

    /// Checks that exactly these URLs were recorded, each with at least the expected fields. `origin` is what the crawl
    /// had for the `http://localhost` of the expectation.
    #[track_caller]
    pub(crate) fn assert_equal_to(&self, crawled: &Crawled, origin: &str) {
        let mut urls = Vec::new();
        for expected in &self.records {
            let expected = rebased(expected, origin);
            let url = expected["url"].as_str().unwrap().to_owned();
            let record = crawled.record(&url);
            for (field, value) in expected.as_object().unwrap() {
                assert_eq!(record.get(field).unwrap_or(&Value::Null), value, "`{field}` of {url}");
            }
            urls.push(url);
        }
        urls.sort_unstable();
        assert_eq!(crawled.urls(), urls);
    }
}

/// The folder of a fixture site.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sites").join(name)
}

fn not_found() -> Reply {
    Reply::new(404).header("Content-Type", "text/html").body("<!doctype html><title>Not found</title>")
}

fn content_type(file: &str) -> &'static str {
    match Path::new(file).extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html",
        Some("txt") => "text/plain",
        Some("pdf") => "application/pdf",
        Some("css") => "text/css",
        Some("xml") => "application/xml",
        _ => "application/octet-stream",
    }
}

/// The record as it is for another origin.
fn rebased(record: &Value, origin: &str) -> Value {
    serde_json::from_str(&record.to_string().replace("http://localhost/", &format!("{origin}/"))).unwrap()
}
