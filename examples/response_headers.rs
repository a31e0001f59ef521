//! What hosts have sent: the response headers and the first bytes of each body, through a sink that asks for them.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use crawler::error::Result;
use crawler::sink::{Checkpoint, Settled, Sink};

pub(crate) struct Heads(pub(crate) fn(String));

impl Sink for Heads {
    fn wants_exchange(&self) -> bool {
        true
    }
    fn write(&mut self, settled: &Settled) -> Result<()> {
        let Some(exchange) = &settled.exchange else { return Ok(()) };
        let (headers, body) = (&exchange.response.headers, &exchange.response.body.bytes);
        let lines = headers.iter().map(|line| format!("{}: {}\n", line.name(), line.value().escape_ascii()));
        let start = body.slice(..body.len().min(16)).escape_ascii().to_string();
        (self.0)(format!("{}\n{}{start}\n", exchange.request.url, lines.collect::<String>()));
        Ok(())
    }
    fn flush(&mut self) -> Result<Option<Checkpoint>> {
        Ok(None)
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let seed = std::env::args().nth(1).unwrap_or_else(|| "fixtures/sites/three-levels".to_owned());
    crawler::Crawl::builder().seed(seed).sink(Heads(|head| println!("{head}"))).build()?.run().await.map(drop)
}
