//! Records: what it costs to make one of an outcome and to write it as a line of JSON.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crawler::internals::Page;
use crawler::outcome::{Outcome, OutcomeKind};
use crawler::sink::{JsonlFile, JsonlStream, Options, Record, Settled, Sink};
use crawler::url::{CrawlUrl, UrlRules};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};

fn main() {
    divan::main();
}

/// The record out of an outcome, and its line to nowhere.
#[divan::bench(args = LINKS, sample_count = 100, sample_size = 100)]
fn to_nowhere(bencher: Bencher<'_, '_>, links: usize) {
    write(bencher, links, JsonlStream::new(io::sink(), "nowhere"));
}

/// The record out of an outcome, and its line to a file; nothing waits for the disk.
#[divan::bench(args = LINKS, sample_count = 100, sample_size = 100)]
fn to_a_file(bencher: Bencher<'_, '_>, links: usize) {
    let dir = tempfile::tempdir().expect("a directory");
    write(bencher, links, JsonlFile::create(dir.path().join("pages.jsonl")).expect("a file"));
}

fn write(bencher: Bencher<'_, '_>, links: usize, mut sink: impl Sink) {
    let rules = UrlRules::new(4096).ignoring(["utm_*".parse().expect("the name of a parameter")]);
    let url = rules.parse("http://example.com/docs/guide/page.html").expect("a URL");
    let referrer: Arc<str> = "http://example.com/docs/guide/".into();
    let (targets, options) = (targets(links), Options::default());
    let line = serde_json::to_vec(&record(&url, &referrer, &mut outcome(&targets), &options)).expect("JSON");
    bencher
        .counter(BytesCount::new(line.len() + 1))
        .counter(ItemsCount::new(1_u8))
        .with_inputs(|| outcome(&targets))
        .bench_local_values(|mut outcome| sink.write(&Settled::new(record(&url, &referrer, &mut outcome, &options))));
}

fn record(url: &CrawlUrl, referrer: &Arc<str>, outcome: &mut Outcome, options: &Options) -> Record {
    Record::new(url, 3, Some(Arc::clone(referrer)), 1, outcome, options)
}

/// What a worker hands back about a page. The texts of its links are shared, as those of a parser are.
fn outcome(links: &[Arc<str>]) -> Outcome {
    let mut outcome = Outcome::new(OutcomeKind::Ok, FETCHED_AT, Duration::from_millis(20));
    outcome.status = Some(200);
    outcome.content_type = Some("text/html".to_owned());
    outcome.charset = Some("UTF-8");
    outcome.bytes = Some(16_000);
    outcome.content_hash = Some(format!("blake3:{}", "0f".repeat(32)));
    outcome.page = Some(Page {
        title: Some("A page of the guide — “Example” documentation".to_owned()),
        description: Some("What the page is about, in a sentence or two.".to_owned()),
        lang: Some("en".to_owned()),
        canonical: Some("http://example.com/docs/guide/page.html".to_owned()),
        needs_script: false,
        links: links.to_vec(),
        link_details: None,
    });
    outcome
}

fn targets(links: usize) -> Vec<Arc<str>> {
    (0..links).map(|n| format!("http://example.com/docs/library/part-{n}.html").into()).collect()
}

const LINKS: &[usize] = &[0, 10, 100];
const FETCHED_AT: jiff::Timestamp = jiff::Timestamp::constant(1_735_786_984, 600_000_000);
