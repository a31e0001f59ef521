//! What happens beside the pages: exchanges that settle none.

use crate::exchange::Exchange;
use crate::outcome::FailureKind;

/// An exchange that settles no page: of a robots.txt, of a sitemap, of a page that redirects to another spelling of
/// itself. What is asked for again since it failed is none: only the last attempt counts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Aside {
    /// When the request was sent.
    pub fetched_at: jiff::Timestamp,
    /// Why the response is not complete; `None` when it is.
    pub failure: Option<FailureKind>,
    /// What was sent and received.
    pub exchange: Box<Exchange>,
}

impl Aside {
    /// An exchange of this instant.
    pub fn new(fetched_at: jiff::Timestamp, failure: Option<FailureKind>, exchange: Box<Exchange>) -> Self {
        Self { fetched_at, failure, exchange }
    }
}
