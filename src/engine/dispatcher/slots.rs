//! Slots: how many requests may be in flight, and what happens when this process lacks what they need.

use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::outcome::{Failure, FailureKind, Outcome};

/// How many requests may be in flight.
///
/// - At least one, and never more than at the start.
/// - A shortage halves that, once however many requests it meets, and it grows back one by one. A proxy that lets nothing
///   through is no shortage that fewer requests would end.
/// - Nothing starts during a hold: it ends with its time, or with the next request that ends well.
#[derive(Debug)]
pub(super) struct Slots {
    /// As many as there ever may be.
    most: usize,
    /// As many as there may be now.
    size: usize,
    /// Requests that have ended well since the size was changed.
    answers: usize,
    /// Nothing starts before, unless a request ends: what it had is free then.
    held_until: Option<Instant>,
    /// Shortages since the last request that ended otherwise, with nothing else in flight.
    in_a_row: u32,
    has_warned: bool,
    /// Whether any request has ended otherwise.
    has_answered: bool,
}

impl Slots {
    pub(super) fn new(most: usize) -> Self {
        let (answers, in_a_row) = (0, 0);
        Self { most, size: most, answers, held_until: None, in_a_row, has_warned: false, has_answered: false }
    }

    /// Whether one more may start beside those in flight.
    pub(super) fn has(&self, in_flight: usize) -> bool {
        self.held_until.is_none() && in_flight < self.size
    }

    /// How many there may be.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// When the next one may start, if a shortage has to pass first.
    pub(super) fn held_until(&self) -> Option<Instant> {
        self.held_until
    }

    /// Ends a hold whose time has come.
    pub(super) fn pass(&mut self, now: Instant) {
        self.held_until = self.held_until.filter(|until| *until > now);
    }

    /// A request has ended otherwise than for a shortage.
    pub(super) fn answered(&mut self) {
        self.held_until = None;
        self.in_a_row = 0;
        self.has_answered = true;
        self.answers += 1;
        if self.size < self.most && self.answers >= GROWS_AFTER.max(self.size) {
            self.size += 1;
            self.answers = 0;
        }
    }

    /// A request could not be sent for a shortage, with others in flight.
    ///
    /// # Errors
    /// [`Error::Exhausted`] when it does not pass although nothing else is in flight, [`Error::Proxy`] of a proxy, and of
    /// one that has never let anything through at once.
    pub(super) fn short(&mut self, failure: &Failure, others: usize, now: Instant) -> Result<()> {
        if self.held_until.is_some() {
            // Of the same shortage: it has been answered already.
            return Ok(());
        }
        let is_proxy = failure.kind == FailureKind::Proxy;
        let before = self.size;
        let size = if is_proxy { before } else { (before.min(others + 1) / 2).max(1) };
        (self.size, self.answers) = (size, 0);
        if others == 0 {
            self.in_a_row += 1;
        }
        match (is_proxy, self.in_a_row > GIVES_UP_AFTER) {
            (true, gives_up) if gives_up || !self.has_answered => {
                return Err(Error::Proxy(failure.message.to_string()));
            }
            (false, true) => return Err(Error::Exhausted(failure.message.to_string())),
            _ => {}
        }
        let wait = FIRST_WAIT.saturating_mul(1 << self.in_a_row.min(16)).min(LONGEST_WAIT);
        self.held_until = Some(now + wait);
        let consequence = match size {
            _ if size == before => "waiting until that has passed".to_owned(),
            size => format!("concurrency lowered from {before} to {size}"),
        };
        if self.has_warned {
            tracing::debug!("{}: {consequence}", failure.message);
        } else {
            tracing::warn!("{}: {consequence}", failure.message);
            self.has_warned = true;
        }
        Ok(())
    }
}

/// What this process lacked, if that is why a request failed: nothing has reached the host.
pub(super) fn shortage(outcome: &Outcome) -> Option<&Failure> {
    let is_ours = |failure: &&Failure| matches!(failure.kind, FailureKind::Resources | FailureKind::Proxy);
    outcome.failure.as_ref().filter(is_ours)
}

/// So many requests have to end well before one more is tried at once.
const GROWS_AFTER: usize = 32;
/// Doubled with each shortage in a row.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// About two minutes: local ports, the slowest to come back, take one.
const GIVES_UP_AFTER: u32 = 15;

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use http::header::CONTENT_TYPE;
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;
    use crate::Crawl;
    use crate::fetch::{Fetch, Fetching};
    use crate::observe::Summary;
    use crate::request::{Purpose, Request};
    use crate::response::{Body, Response};

    /// A site of a page that links to [`PAGES`] more, on a machine with descriptors for so many requests at once.
    #[derive(Debug, Clone, Default)]
    struct Scarce {
        descriptors: usize,
        taken: Arc<AtomicUsize>,
        refused: Arc<AtomicUsize>,
    }

    impl Fetch for Scarce {
        fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
            Box::pin(async move {
                let taken = self.taken.fetch_add(1, Ordering::SeqCst);
                // Long enough for all that may start to have started.
                let until = tokio::time::Instant::now() + Duration::from_millis(10);
                if taken < self.descriptors {
                    tokio::time::sleep_until(until).await;
                }
                self.taken.fetch_sub(1, Ordering::SeqCst);
                if taken >= self.descriptors {
                    self.refused.fetch_add(1, Ordering::SeqCst);
                    return Err(lack());
                }
                Ok(answer(request))
            })
        }
    }

    fn lack() -> Failure {
        Failure::new(FailureKind::Resources, "too many open files")
    }

    fn answer(request: &Request) -> Response {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/html"))]);
        let pages = if request.url.path_and_query() == "/" { 0..PAGES } else { 0..0 };
        let links: Vec<_> = pages.map(|page| format!("<a href=/{page}>x</a>")).collect();
        match request.purpose {
            Purpose::Robots | Purpose::Sitemap => Response::new(StatusCode::NOT_FOUND, headers, Body::Unwanted),
            Purpose::Page => Response::new(StatusCode::OK, headers, Body::Read(Bytes::from(links.concat()))),
        }
    }

    async fn crawl(site: &Scarce) -> Result<Summary> {
        let mut config = crate::config::Config::default();
        config.politeness.rate = crate::units::Rate::UNLIMITED;
        config.politeness.per_host_concurrency = 100;
        config.concurrency = 100;
        Crawl::builder().config(config).seed("http://e.com/").fetch(site.clone()).build()?.run().await
    }

    #[tokio::test(start_paused = true)]
    async fn what_could_not_be_sent_for_a_shortage_is_sent_later_and_was_no_attempt() {
        for descriptors in [1, 2, 10, 60] {
            let site = Scarce { descriptors, ..Scarce::default() };
            let summary = crawl(&site).await.unwrap();
            assert!(site.refused.load(Ordering::SeqCst) > 0, "{descriptors} were enough");
            assert_eq!((summary.settled.ok, summary.retries), (PAGES + 1, 0), "{descriptors} descriptors");
            assert!(summary.errors.is_empty(), "{:?}", summary.errors);
            let sent = summary.hosts[0].clone();
            assert_eq!((sent.requests, sent.failures), (PAGES + 2, 0), "robots.txt and the pages");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_shortage_that_does_not_pass_ends_the_crawl() {
        let started = tokio::time::Instant::now();
        let error = crawl(&Scarce::default()).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot request anything any more: too many open files");
        let waited = started.elapsed();
        assert!(waited > Duration::from_mins(1) && waited < Duration::from_mins(3), "{waited:?}");
    }

    #[test]
    fn a_shortage_halves_once_and_is_over_with_the_next_answer() {
        let (mut slots, now) = (Slots::new(64), Instant::now());
        for others in (0..64).rev() {
            slots.short(&lack(), others, now).unwrap();
        }
        assert!(!slots.has(0) && slots.held_until() > Some(now));
        slots.answered();
        assert!(slots.has(31) && !slots.has(32));
        // It takes as many as are in flight, not as many as were allowed.
        slots.short(&lack(), 9, now).unwrap();
        slots.pass(now + Duration::from_secs(1));
        assert!(slots.has(4) && !slots.has(5));
    }

    #[test]
    fn a_proxy_that_is_no_way_ends_a_crawl_at_once_or_is_waited_for() {
        let no_way = || Failure::new(FailureKind::Proxy, "the proxy http://e.com:1 cannot be reached");
        let (mut slots, now) = (Slots::new(8), Instant::now());
        let error = slots.short(&no_way(), 3, now).unwrap_err();
        assert_eq!(error.to_string(), "the proxy http://e.com:1 cannot be reached");
        let (mut slots, mut now, started) = (Slots::new(8), now, now);
        slots.answered();
        slots.short(&no_way(), 3, now).unwrap();
        assert_eq!((slots.size(), slots.has(0)), (8, false), "fewer at once would change nothing");
        while let Some(until) = slots.held_until() {
            now = until;
            slots.pass(now);
            if slots.short(&no_way(), 0, now).is_err() {
                break;
            }
        }
        let waited = now - started;
        assert!(waited > Duration::from_mins(1) && waited < Duration::from_mins(3), "{waited:?}");
    }

    #[test]
    fn slots_grow_back_to_what_they_were() {
        let (mut slots, now) = (Slots::new(8), Instant::now());
        slots.short(&lack(), 7, now).unwrap();
        for _ in 0..GROWS_AFTER {
            slots.answered();
        }
        assert!(slots.has(4) && !slots.has(5));
        for _ in 0..GROWS_AFTER * 100 {
            slots.answered();
        }
        assert!(slots.has(7) && !slots.has(8));
    }

    const PAGES: u64 = 300;
}
