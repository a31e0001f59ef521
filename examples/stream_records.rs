//! Takes records while the crawl runs, and stops the crawl when it has seen enough.
//!
//! `cargo run --example stream_records [URL|DIR]`; without an argument it takes a small site of the repository, offline.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::future::poll_fn;
use std::pin::Pin;

use crawler::Crawl;
use crawler::error::Result;
use crawler::sink::Record;
use futures_core::Stream as _;

/// The first `count` records of a crawl.
pub(crate) async fn first(seed: &str, count: usize) -> Result<Vec<Record>> {
    let mut records = Crawl::builder().seed(seed).build()?.records();
    let mut taken = Vec::new();
    while taken.len() < count {
        // With the crate `futures` this is `records.next().await`.
        match poll_fn(|cx| Pin::new(&mut records).poll_next(cx)).await {
            Some(record) => taken.push(record?),
            None => break,
        }
    }
    // Dropping the stream stops the crawl: nothing runs on behind your back.
    drop(records);
    Ok(taken)
}

#[tokio::main]
async fn main() -> Result<()> {
    let seed = std::env::args().nth(1).unwrap_or_else(|| "fixtures/sites/three-levels".to_owned());
    for record in first(&seed, 3).await? {
        println!("{} {:?} {}", record.depth, record.outcome, record.url);
    }
    Ok(())
}
