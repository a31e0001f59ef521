//! Unmet: hosts to which there was never a connection. They are tried again and again while the crawl goes on, and nobody
//! waits for them once nothing else is left to do.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::dispatcher::{Dispatcher, now};
use crate::error::Result;
use crate::frontier::Lease;
use crate::outcome::{Failure, Outcome};
use crate::url::CrawlUrl;

/// A URL of each origin that waits, by when it is due. The frontier holds their hosts until they are released here, so
/// that it knows of nothing due when all that is pending is theirs.
#[derive(Debug, Default)]
pub(super) struct Unmet {
    by_due: BTreeMap<Instant, Vec<CrawlUrl>>,
}

impl Unmet {
    pub(super) fn put(&mut self, at: Instant, url: CrawlUrl) {
        self.by_due.entry(at).or_default().push(url);
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.by_due.keys().next().copied()
    }

    fn take_due(&mut self, now: Instant) -> Vec<CrawlUrl> {
        let later = self.by_due.split_off(&now);
        let due = std::mem::replace(&mut self.by_due, later);
        due.into_values().chain(self.by_due.remove(&now)).flatten().collect()
    }

    fn take_all(&mut self) -> Vec<CrawlUrl> {
        std::mem::take(&mut self.by_due).into_values().flatten().collect()
    }
}

impl Dispatcher {
    /// Releases those whose time has come.
    pub(super) fn follow_unmet(&mut self) {
        for url in self.unmet.take_due(now()) {
            self.release_unmet(&url);
        }
    }

    /// Nothing else is left to do: ends the waiting for all of them. Whether there were any.
    pub(super) fn hurry_unmet(&mut self) -> bool {
        let waiting = self.unmet.take_all();
        let now = now();
        for url in &waiting {
            self.politeness.hurry(url, now);
            self.release_unmet(url);
        }
        !waiting.is_empty()
    }

    /// Settles a URL of a host that was given up. Unless an earlier attempt was made, it was never asked for.
    pub(super) async fn settle_unasked(&mut self, lease: Lease, failure: Failure) -> Result<()> {
        if lease.attempt == 1 {
            self.tally.note_unasked();
        }
        self.settle(lease, Outcome::failed(failure, jiff::Timestamp::now(), Duration::ZERO)).await
    }

    fn release_unmet(&mut self, url: &CrawlUrl) {
        if let Some(host) = self.frontier.host_of(url) {
            self.frontier.release(host);
        }
        self.sitemaps.release(url.host());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::UrlRules;

    #[test]
    fn what_is_due_is_taken_once_and_the_rest_later() {
        let (mut unmet, now) = (Unmet::default(), Instant::now());
        let at = |secs| now + Duration::from_secs(secs);
        let url = |n: u64| UrlRules::new(4096, [""; 0]).parse(&format!("http://h{n}/")).unwrap();
        let hosts = |urls: Vec<CrawlUrl>| urls.iter().map(|url| url.host().to_owned()).collect::<Vec<_>>();
        for secs in [3, 1, 2, 1, 4] {
            unmet.put(at(secs), url(secs));
        }
        assert_eq!(unmet.next_due(), Some(at(1)));
        assert!(unmet.take_due(now).is_empty());
        assert_eq!(hosts(unmet.take_due(at(2))), ["h1", "h1", "h2"]);
        assert_eq!(unmet.next_due(), Some(at(3)));
        assert_eq!(hosts(unmet.take_all()), ["h3", "h4"]);
        assert_eq!(unmet.next_due(), None);
    }
}
