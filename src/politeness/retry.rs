//! Retry: when a URL that came to nothing is tried again, whether that is its own fault or its host's.

use std::sync::Arc;
use std::time::Instant;

use super::backoff::{self, is_transient};
use super::trouble::trouble;
use super::{Options, Politeness};
use crate::outcome::{Failure, Outcome};
use crate::url::CrawlUrl;

impl Politeness {
    /// When a URL that was requested for the `attempt`-th time is to be tried again; `None` when it is settled.
    ///
    /// While its origin is parked it is tried again however often it was: what fails then is the origin. And before it is
    /// settled for trouble, with nothing good of its origin since its first attempt, the origin is probed once.
    pub fn retry_at(&mut self, url: &CrawlUrl, attempt: u32, outcome: &Outcome, now: Instant) -> Option<Instant> {
        if !is_transient(outcome) {
            return None;
        }
        let host = self.host(url);
        let (options, met) = (Arc::clone(&host.options), host.is_met());
        let origin = host.origin_mut(url.scheme());
        if origin.breaker.is_given_up() {
            return None;
        }
        let failure = trouble(outcome);
        let is_connected = !failure.as_ref().is_some_and(Failure::is_no_connection);
        let has_witness = is_connected && origin.witness.is_some();
        if let Some(failure) = failure {
            if attempt > options.retries && has_witness {
                origin.breaker.suspect(attempt, failure, now, &options);
            }
            let parked_until = origin.breaker.parked_until();
            let is_probing = origin.breaker.is_probing();
            match parked_until {
                // Of a host that nobody has met the URL does not wait, but the host: see [`Admit::Unmet`](super::Admit).
                Some(_) if !met => return Some(now),
                Some(until) if !is_connected => return Some(until),
                // What was never tried is the better probe: this may be the fault of the page.
                Some(until) => return Some(until.max(now) + self.moment(&options)),
                None if met && is_probing => return Some(now + self.moment(&options)),
                None => {}
            }
        }
        backoff::wait(&options, attempt, outcome, &mut self.random).map(|wait| now + wait)
    }

    fn moment(&mut self, options: &Options) -> std::time::Duration {
        backoff::jittered(options, 1, &mut self.random)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::time::Duration;

    use super::*;
    use crate::outcome::{FailureKind, OutcomeKind};
    use crate::politeness::Admit;
    use crate::units::Rate;
    use crate::url::UrlRules;

    /// A crawl of one host in the time of the test, one request after the other.
    #[derive(Debug, Default)]
    struct Crawled {
        /// Attempts of each page that has an end of its own.
        attempts: HashMap<String, u32>,
        lost: usize,
        given_up: usize,
        witnesses: usize,
        took: Duration,
    }

    fn crawl(options: &Options, pages: usize, answer: impl Fn(&str, Duration) -> Outcome) -> Crawled {
        let rules = UrlRules::new(4096);
        let start = Instant::now();
        let (mut now, mut manners, mut crawled) = (start, Politeness::new(options.clone(), start), Crawled::default());
        let url = |n| rules.parse(&format!("http://a/{n}")).unwrap();
        let mut queue: BTreeMap<_, _> = (0..pages).map(|n| ((start, n), (url(n), 1))).collect();
        while let Some(((due, n), (page, attempt))) = queue.pop_first() {
            now = now.max(due);
            let ask = |manners: &mut Politeness, url: &CrawlUrl, now: &mut Instant| {
                let outcome = answer(url.path_and_query(), *now - start);
                *now += outcome.elapsed;
                manners.finished(url, &outcome, *now);
                outcome
            };
            match manners.admit(&page, now) {
                Admit::Now => {
                    let outcome = ask(&mut manners, &page, &mut now);
                    if let Some(at) = manners.retry_at(&page, attempt, &outcome, now) {
                        queue.insert((at, n), (page, attempt + 1));
                        continue;
                    }
                    crawled.lost += usize::from(trouble(&outcome).is_some());
                    crawled.attempts.insert(page.path_and_query().to_owned(), attempt);
                }
                Admit::AskWitness(witness) => {
                    crawled.witnesses += 1;
                    ask(&mut manners, &witness, &mut now);
                    queue.insert((due, n), (page, attempt));
                }
                Admit::NotBefore(at) => {
                    now = at;
                    queue.insert((due, n), (page, attempt));
                }
                Admit::GivenUp(_) => crawled.given_up += 1,
                other => panic!("{other:?}"),
            }
        }
        crawled.took = now - start;
        crawled
    }

    fn status(status: u16) -> Outcome {
        let kind = if status == 200 { OutcomeKind::Ok } else { OutcomeKind::HttpError };
        let outcome = Outcome::new(kind, jiff::Timestamp::UNIX_EPOCH, Duration::from_millis(20));
        Outcome { status: Some(status), ..outcome }
    }

    fn hangs() -> Outcome {
        let failure = Failure::new(FailureKind::Timeout, "no response within 30s");
        Outcome::failed(failure, jiff::Timestamp::UNIX_EPOCH, Duration::from_secs(30))
    }

    fn options() -> Options {
        Options { robots: false, ..Options::default() }
    }

    #[test]
    fn an_outage_of_a_host_that_was_well_costs_no_page() {
        for (trouble, secs, pages) in [(502, 10, 101), (502, 30, 101), (500, 200, 101), (429, 30, 101), (502, 30, 6)] {
            let crawled = crawl(&options(), pages, |_, at| {
                status(if (1..=secs).contains(&at.as_secs()) { trouble } else { 200 })
            });
            assert_eq!((crawled.lost, crawled.given_up), (0, 0), "{trouble} for {secs} s");
            // Up to twice as late, as pauses double.
            assert!(crawled.took < Duration::from_secs(25 + 2 * secs + 5), "{trouble} for {secs} s: {crawled:?}");
            let most = crawled.attempts.values().max().copied();
            assert!(most <= Some(10), "{trouble} for {secs} s: {most:?} attempts of a page");
        }
        let crawled =
            crawl(&options(), 101, |_, at| if (1..40).contains(&at.as_secs()) { hangs() } else { status(200) });
        assert_eq!((crawled.lost, crawled.given_up), (0, 0), "{crawled:?}");
    }

    #[test]
    fn a_host_on_which_every_page_hangs_or_fails_is_over_in_minutes() {
        for home_is_well in [true, false] {
            for (name, trouble) in
                [("hangs", hangs as fn() -> Outcome), ("503", || status(503)), ("500", || status(500))]
            {
                let pages = 300;
                let crawled =
                    crawl(
                        &options(),
                        pages,
                        |path, _| if home_is_well && path == "/0" { status(200) } else { trouble() },
                    );
                let ended = crawled.attempts.len() + crawled.given_up;
                assert_eq!(ended, pages, "{name}, home is well: {home_is_well}");
                assert!(
                    crawled.took < Duration::from_mins(8),
                    "{name}, home is well: {home_is_well}, {:?}",
                    crawled.took
                );
            }
        }
    }

    #[test]
    fn a_page_that_always_fails_neither_stops_a_host_that_is_well_nor_is_tried_for_long() {
        let bad = |bad: &'static str| move |path: &str, _| status(if path == bad { 500 } else { 200 });
        let (first, alone) = (crawl(&options(), 100, bad("/7")), crawl(&options(), 100, bad("")));
        assert_eq!((first.attempts["/7"], first.witnesses), (3, 0));
        assert!(first.took < alone.took + Duration::from_secs(3), "{:?} instead of {:?}", first.took, alone.took);
        let last = crawl(&options(), 100, bad("/99"));
        assert_eq!((last.attempts["/99"], last.witnesses), (4, 1), "asked whether it is the page");
        assert!(last.took < alone.took + Duration::from_secs(7), "{:?} instead of {:?}", last.took, alone.took);
    }

    #[test]
    fn a_part_of_a_site_that_always_fails_costs_nothing_of_the_rest() {
        let is_bad = |path: &str| path[1..].parse::<u32>().is_ok_and(|n| (20..1020).contains(&n));
        let crawled = crawl(&options(), 1100, |path, _| status(if is_bad(path) { 500 } else { 200 }));
        assert_eq!((crawled.attempts.len(), crawled.lost, crawled.given_up), (1100, 1000, 0));
        assert!(crawled.witnesses < 25, "{}", crawled.witnesses);
        assert!(crawled.took < Duration::from_millis(204) * (100 + 3 * 1000 + 200), "{:?}", crawled.took);
        assert!(crawled.attempts.values().all(|attempts| *attempts <= 5));
    }

    #[test]
    fn a_witness_that_has_gone_bad_is_not_believed_alone() {
        let crawled = crawl(&Options { rate: Rate::UNLIMITED, ..options() }, 100, |path, at| {
            let is_bad = (path == "/0" && at > Duration::from_millis(10)) || (10..16).any(|n| path == format!("/{n}"));
            status(if is_bad { 500 } else { 200 })
        });
        assert_eq!((crawled.attempts.len(), crawled.lost, crawled.given_up), (100, 6, 0), "{crawled:?}");
        assert!(crawled.took < Duration::from_secs(90), "{:?}", crawled.took);
    }
}
