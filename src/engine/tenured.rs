//! Tenured: a network that is asked only while this process may.

use std::sync::Arc;

use super::tenure::Tenure;
use crate::exchange::LookedUp;
use crate::fetch::{Fetch, Fetching, Knocking, LookingUp, Refusal, SavedCookies, SavedSeedName, TryingOut};
use crate::outcome::Failure;
use crate::request::Request;
use crate::url::CrawlUrl;

/// Hands each request on as long as its host may be asked by this process, and drops what is in flight when that is over: nothing
/// comes of it but that it was [withheld](Failure::withheld). Names are looked up all the same, since no host is asked for that.
///
/// It looks right before the request is handed on, and by itself: whoever has started it may be waiting for a disk meanwhile.
#[derive(Debug)]
pub(super) struct Tenured {
    network: Arc<dyn Fetch>,
    tenure: Tenure,
}

impl Tenured {
    pub(super) fn new(network: Arc<dyn Fetch>, tenure: Tenure) -> Self {
        Self { network, tenure }
    }
}

impl Fetch for Tenured {
    fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
        Box::pin(async move {
            if !self.tenure.is_open() {
                return Err(Failure::withheld());
            }
            tokio::select! {
                biased;
                answer = self.network.fetch(request) => answer,
                () = self.tenure.ended() => Err(Failure::withheld()),
            }
        })
    }

    fn knock<'a>(&'a self, url: &'a CrawlUrl) -> Knocking<'a> {
        Box::pin(async move {
            if !self.tenure.is_open() {
                return false;
            }
            tokio::select! {
                biased;
                answer = self.network.knock(url) => answer,
                () = self.tenure.ended() => false,
            }
        })
    }

    fn refuses(&self, url: &CrawlUrl) -> Option<Refusal> {
        self.network.refuses(url)
    }

    fn take_cookies(&self) -> Vec<SavedCookies> {
        self.network.take_cookies()
    }

    fn restore_cookies(&self, saved: &SavedCookies) {
        self.network.restore_cookies(saved);
    }

    fn addresses<'a>(&'a self, url: &'a CrawlUrl) -> LookingUp<'a> {
        self.network.addresses(url)
    }

    fn leave(&self, url: &CrawlUrl) {
        self.network.leave(url);
    }

    fn try_out<'a>(&'a self, url: &'a CrawlUrl) -> TryingOut<'a> {
        self.network.try_out(url)
    }

    fn take_seed_names(&self) -> Vec<SavedSeedName> {
        self.network.take_seed_names()
    }

    fn take_lookups(&self) -> Vec<LookedUp> {
        self.network.take_lookups()
    }

    fn restore_seed_name(&self, saved: &SavedSeedName) {
        self.network.restore_seed_name(saved);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::engine::clock::now;
    use crate::request::Purpose;
    use crate::response::{Body, Response};
    use crate::url::UrlRules;

    /// Takes five seconds for each answer.
    #[derive(Debug, Default)]
    struct Slow(AtomicUsize);

    impl Fetch for Slow {
        fn fetch<'a>(&'a self, _: &'a Request) -> Fetching<'a> {
            Box::pin(async move {
                self.0.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep_until(tokio::time::Instant::now() + Duration::from_secs(5)).await;
                Ok(Response::new(StatusCode::OK, HeaderMap::new(), Body::Unwanted))
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_sent_once_it_is_closed_and_what_is_in_flight_when_it_ends_is_dropped() {
        let (renewals, tenure) = Tenure::new();
        let slow = Arc::new(Slow::default());
        let network = Tenured::new(Arc::clone(&slow) as Arc<dyn Fetch>, tenure);
        let url = UrlRules::new(99).parse("http://e.com/").unwrap();
        let request = Request::new(url, Purpose::Page);
        assert!(network.fetch(&request).await.is_ok(), "for good");
        let ask = |secs: u64| {
            renewals.renew(now(), Some(now() + Duration::from_secs(secs)));
            network.fetch(&request)
        };
        assert!(ask(6).await.is_ok());
        assert!(!network.tenure.is_open());
        assert!(network.fetch(&request).await.unwrap_err().is_withheld());
        assert_eq!(slow.0.load(Ordering::SeqCst), 2, "it was not sent");
        let before = now();
        assert!(ask(3).await.unwrap_err().is_withheld());
        assert_eq!((slow.0.load(Ordering::SeqCst), now() - before), (3, Duration::from_secs(3)));
    }
}
