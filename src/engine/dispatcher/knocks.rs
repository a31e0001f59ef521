//! Knocks: finding out which of the hosts that wait for their first request are there.

use std::sync::Arc;

use hashbrown::HashMap;
use tokio::task::{Id, JoinSet};

use crate::engine::worker::Worker;
use crate::url::CrawlUrl;

/// The knocks under way: connections over which nothing is sent. They take no slots, and there is a bound of their own.
///
/// Dropping this ends them all.
#[derive(Debug)]
pub(super) struct Knocks {
    most: usize,
    running: JoinSet<bool>,
    /// At which hosts.
    at: HashMap<Id, CrawlUrl>,
}

impl Knocks {
    pub(super) fn new(most: usize) -> Self {
        Self { most, running: JoinSet::new(), at: HashMap::new() }
    }

    /// Whether one more may be under way.
    pub(super) fn have_room(&self) -> bool {
        self.running.len() < self.most
    }

    /// Knocks at the host of a URL.
    pub(super) fn start(&mut self, worker: &Arc<Worker>, url: CrawlUrl) {
        let (worker, asked) = (Arc::clone(worker), url.clone());
        let task = self.running.spawn(async move { worker.network().knock(&asked).await });
        self.at.insert(task.id(), url);
    }

    /// The end of the next knock, with who has answered; `None` when there is none under way. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Option<CrawlUrl>> {
        let (id, is_there) = match self.running.join_next_with_id().await? {
            Ok(ended) => ended,
            // One that panics has found nobody.
            Err(error) => (error.id(), false),
        };
        Some(self.at.remove(&id).filter(|_| is_there))
    }

    /// At which hosts there is one.
    pub(super) fn under_way(&self) -> impl Iterator<Item = &CrawlUrl> {
        self.at.values()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::{Duration, Instant};

    use bytes::Bytes;
    use http::header::CONTENT_TYPE;
    use http::{HeaderMap, HeaderValue, StatusCode};
    use tokio::sync::watch;

    use super::*;
    use crate::Crawl;
    use crate::config::Config;
    use crate::engine::clock::now;
    use crate::fetch::{Fetch, Fetching, Knocking};
    use crate::observe::Summary;
    use crate::outcome::{Failure, FailureKind};
    use crate::request::{Purpose, Request};
    use crate::response::{Body, Response};

    /// A network in which each host connects after a time of its own.
    #[derive(Debug, Clone, Default)]
    struct Net {
        /// What was asked for, and when.
        asked: Arc<Mutex<Vec<(Instant, String)>>>,
        /// Who was knocked at.
        knocks: Arc<Mutex<Vec<String>>>,
        /// What connects to nobody waits for this, and not for a time: that would run while the writer is waited for, which
        /// is a thread of its own.
        over: Arc<watch::Sender<bool>>,
    }

    impl Net {
        /// Waits until a host has connected, for so long at most. Whether it has.
        async fn connect(&self, host: &str, at_most: Duration) -> bool {
            let time = match host {
                "good" => Duration::from_millis(20),
                "late" => Duration::from_secs(3),
                _ => {
                    let _ = self.over.subscribe().wait_for(|over| *over).await;
                    return false;
                }
            };
            tokio::time::sleep_until(tokio::time::Instant::now() + time.min(at_most)).await;
            time <= at_most
        }

        /// Notes a request; with the last page of the good host all else is over.
        fn note(&self, url: &CrawlUrl) {
            let mut asked = self.asked.lock().unwrap();
            asked.push((now(), url.as_str().to_owned()));
            if asked.iter().filter(|(_, url)| url.starts_with("http://good/")).count() == PAGES + 2 {
                self.over.send_replace(true);
            }
        }
    }

    impl Fetch for Net {
        fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
            Box::pin(async move {
                let url = &request.url;
                self.note(url);
                if !self.connect(url.host(), Duration::from_secs(10)).await {
                    let failure = Failure::new(FailureKind::Timeout, "no connection within 10s");
                    return Err(failure.while_connecting());
                }
                let pages = if url.as_str() == "http://good/" { 0..PAGES } else { 0..0 };
                let links: Vec<_> = pages.map(|page| format!("<a href=/{page}>x</a>")).collect();
                let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/html"))]);
                Ok(match request.purpose {
                    Purpose::Robots | Purpose::Sitemap => Response::new(StatusCode::NOT_FOUND, headers, Body::Unwanted),
                    Purpose::Page => Response::new(StatusCode::OK, headers, Body::Read(Bytes::from(links.concat()))),
                })
            })
        }

        fn knock<'a>(&'a self, url: &'a CrawlUrl) -> Knocking<'a> {
            Box::pin(async move {
                self.knocks.lock().unwrap().push(url.host().to_owned());
                self.connect(url.host(), Duration::from_secs(1)).await
            })
        }
    }

    /// When, after its start, the crawl of these seeds asked a host first, and when last.
    async fn crawl(seeds: Vec<String>, host: &str) -> (Duration, Duration, Net, Summary) {
        let (net, started) = (Net::default(), now());
        let mut config = Config { seeds, ..Config::default() };
        config.politeness.patience = Duration::from_mins(1);
        let crawl = Crawl::builder().config(config).fetch(net.clone()).file_descriptors(10_000).build().unwrap();
        let summary = crawl.run().await.unwrap();
        let asked = net.asked.lock().unwrap().clone();
        let own = asked.iter().filter(|(_, url)| url.starts_with(&format!("http://{host}/")));
        let own: Vec<_> = own.map(|(at, _)| *at - started).collect();
        (own[0], *own.last().unwrap(), net, summary)
    }

    /// So many hosts that take no connection, with others among them.
    fn among(silent: usize, others: &[(usize, &str)]) -> Vec<String> {
        let mut seeds: Vec<_> = (0..silent).map(|n| format!("http://silent{n}/")).collect();
        for (at, host) in others {
            seeds.insert(*at, format!("http://{host}/"));
        }
        seeds
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_answers_waits_for_no_host_that_does_not_wherever_it_stands() {
        let (_, alone, net, _) = crawl(among(0, &[(0, "good")]), "good").await;
        assert!(net.knocks.lock().unwrap().is_empty(), "nobody is waited for");
        for at in [0, 10, 150, 300] {
            let (first, last, _, summary) = crawl(among(300, &[(at, "good")]), "good").await;
            assert!(first < Duration::from_secs(1), "{at}: first asked after {first:?}");
            assert!(last < alone.mul_f64(1.1), "{at}: done after {last:?}, and {alone:?} alone");
            assert_eq!((summary.settled.ok, summary.settled.failed), (1 + PAGES as u64, 300), "{at}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_connects_late_is_crawled_all_the_same() {
        let (_, _, net, summary) = crawl(among(100, &[(0, "good"), (101, "late")]), "late").await;
        assert_eq!((summary.settled.ok, summary.settled.failed), (2 + PAGES as u64, 100));
        assert!(net.knocks.lock().unwrap().iter().any(|host| host == "late"), "it does not answer a knock");
    }

    #[tokio::test(start_paused = true)]
    async fn a_knock_is_no_request_and_comes_once_for_each_time_in_line() {
        let (_, _, net, summary) = crawl(among(100, &[(100, "good")]), "good").await;
        let asked = net.asked.lock().unwrap().iter().filter(|(_, url)| url.contains("silent99")).count();
        let knocks = net.knocks.lock().unwrap().iter().filter(|host| *host == "silent99").count();
        assert!(knocks > 0 && knocks <= asked, "{knocks} knocks and {asked} requests");
        assert_eq!(summary.requests, net.asked.lock().unwrap().len() as u64);
    }

    const PAGES: usize = 100;
}
