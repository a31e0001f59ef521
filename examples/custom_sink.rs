//! A sink of your own: counts how many pages have the same title.
//!
//! `cargo run --example custom_sink [URL|DIR]`; without an argument it takes a small site of the repository, offline.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crawler::Crawl;
use crawler::error::Result;
use crawler::sink::{Checkpoint, Settled, Sink};

/// The crawl owns the sink, so what it counts is shared with whoever reads it afterwards.
#[derive(Default, Clone)]
pub(crate) struct Titles(Arc<Mutex<BTreeMap<String, u64>>>);

impl Sink for Titles {
    fn write(&mut self, settled: &Settled) -> Result<()> {
        let title = settled.record.title.as_deref().unwrap_or("(no title)");
        *self.0.lock().expect("no holder panics").entry(title.to_owned()).or_default() += 1;
        Ok(())
    }

    fn flush(&mut self) -> Result<Option<Checkpoint>> {
        Ok(None) // Nothing is kept back: what is written is counted. It is in memory, so no later run goes on with it.
    }
}

pub(crate) async fn count(seed: &str) -> Result<BTreeMap<String, u64>> {
    let titles = Titles::default();
    Crawl::builder().seed(seed).sink(titles.clone()).build()?.run().await?;
    Ok(titles.0.lock().expect("no holder panics").clone())
}

#[tokio::main]
async fn main() -> Result<()> {
    let seed = std::env::args().nth(1).unwrap_or_else(|| "fixtures/sites/three-levels".to_owned());
    count(&seed).await?.iter().for_each(|(title, pages)| println!("{pages:>4}  {title}"));
    Ok(())
}
