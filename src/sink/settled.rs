//! What was settled: everything that a sink is told about one URL.

use super::Record;
use crate::exchange::Exchange;
use crate::extracted::{Findings, Item};
use crate::survey::Survey;

/// One URL that was requested, and what came of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settled {
    /// What is known of it.
    pub record: Record,
    /// What was sent and received in the last attempt. `None` unless a sink of the crawl
    /// [asks for it](super::Sink::wants_exchange), and when no response head came: no connection, a time-out, a file that
    /// cannot be read. Requests for robots.txt and sitemaps are not settled: they are an [`Aside`](super::Aside).
    pub exchange: Option<Box<Exchange>>,
    /// The items that `[[items]]` found in it, in the order of the tables and of the page.
    pub items: Vec<Item>,
    /// What each rule found in it. `None` when no rule is for it.
    pub findings: Option<Findings>,
    /// What is kept for those who check the page. `None` unless `[check]` asks for it, and when it was not read.
    pub survey: Option<Box<Survey>>,
}

impl Settled {
    /// A record without its exchange.
    pub fn new(record: Record) -> Self {
        Self { record, exchange: None, items: Vec::new(), findings: None, survey: None }
    }
}
