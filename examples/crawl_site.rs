//! Crawls one site to its end and prints what it came to.
//!
//! `cargo run --example crawl_site [URL|DIR]`; without an argument it takes a small site of the repository, offline.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use crawler::Crawl;
use crawler::error::Result;
use crawler::observe::Summary;

pub(crate) async fn crawl(seed: &str) -> Result<Summary> {
    Crawl::builder().seed(seed).depth(2).max_pages(1000).build()?.run().await
}

#[tokio::main]
async fn main() -> Result<()> {
    let seed = std::env::args().nth(1).unwrap_or_else(|| "fixtures/sites/three-levels".to_owned());
    let summary = crawl(&seed).await?;
    print!("{summary}");
    for (reason, urls) in summary.skipped.iter().filter(|(_, urls)| *urls > 0) {
        println!("{urls} not requested: {}", reason.name());
    }
    Ok(())
}
