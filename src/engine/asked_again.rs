//! Asked again: the pages of an earlier crawl, for the worker of an update. What is read of them is read beside the runtime.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hashbrown::HashSet;
use http::HeaderMap;

use super::carry::Unchanged;
use super::head_says::says_otherwise;
use crate::for_update::{Carried, ForUpdate, Seen};
use crate::outcome::{Outcome, OutcomeKind};
use crate::request::Validators;
use crate::response::Response;
use crate::update::{Earlier, Known};
use crate::url::{CrawlUrl, UrlKey, UrlRules};

/// The pages of an earlier crawl.
#[derive(Clone)]
pub(super) struct AskedAgain {
    earlier: Arc<Earlier>,
    /// The pages that are asked for although they were not due: a sitemap says that they have changed, or what is known of them
    /// cannot be read.
    due: Arc<Mutex<HashSet<UrlKey>>>,
    /// The pages that are read anew, whatever their hosts say of the bodies.
    anew: Arc<Mutex<HashSet<UrlKey>>>,
}

impl AskedAgain {
    pub(super) fn new(earlier: Arc<Earlier>) -> Self {
        Self { earlier, due: Arc::default(), anew: Arc::default() }
    }

    /// Why a page is not asked for; `None` when it is.
    pub(super) fn leaves(&self, url: &CrawlUrl) -> Option<Carried> {
        let left = self.earlier.left(url)?;
        (!self.due().contains(&url.key())).then_some(left.why)
    }

    /// Takes note of when a sitemap says that a page was changed last.
    pub(super) fn listed(&self, url: &CrawlUrl, lastmod: jiff::Timestamp) {
        if self.earlier.left(url).is_some_and(|left| lastmod.as_second() >= i64::from(left.asked_at)) {
            self.ask_for(url);
        }
    }

    /// Has a page asked for, whatever is known of it.
    pub(super) fn ask_for(&self, url: &CrawlUrl) {
        self.due().insert(url.key());
    }

    /// Whether a 304 says of a page what was not said before: then it is to be read anew.
    pub(super) fn is_out_of_date(&self, known: &Known, url: &CrawlUrl, headers: &HeaderMap) -> bool {
        let is_other = says_otherwise(known.for_update.head.as_deref(), headers);
        if is_other {
            held(&self.anew).insert(url.key());
        }
        is_other
    }

    fn due(&self) -> MutexGuard<'_, HashSet<UrlKey>> {
        held(&self.due)
    }

    /// What a page comes to that is not asked for: as when it was asked for last. `None` when that cannot be read any more.
    pub(super) async fn unasked(&self, url: &CrawlUrl, why: Carried, urls: &UrlRules, rules: usize) -> Option<Outcome> {
        let unchanged = self.page(url, why).await?;
        let fetched_at = unchanged.record.fetched_at;
        unchanged.outcome(urls, rules, fetched_at, Duration::ZERO)
    }

    /// What is known of a page before it is asked for.
    pub(super) async fn known(&self, url: &CrawlUrl) -> Option<Known> {
        let (earlier, url) = (Arc::clone(&self.earlier), url.clone());
        let is_anew = held(&self.anew).contains(&url.key());
        let known = tokio::task::spawn_blocking(move || earlier.known(&url)).await.ok().flatten();
        known.map(|known| Known { validators: known.validators.filter(|_| !is_anew), ..known })
    }

    /// What a page comes to whose host says that it has not changed: what is known of it, and what the response says anew (RFC
    /// 9111, section 4.3.4). `None` when that cannot be read any more; the response is left as it is then.
    pub(super) async fn carried_over(
        &self,
        url: &CrawlUrl,
        response: &mut Response,
        fetched_at: jiff::Timestamp,
        elapsed: Duration,
        urls: &UrlRules,
        rules: usize,
    ) -> Option<Outcome> {
        let unchanged = self.page(url, Carried::NotModified).await?;
        let mut outcome = unchanged.outcome(urls, rules, fetched_at, elapsed)?;
        freshen(&mut outcome, &response.headers);
        outcome.exchange = response.exchange.take();
        Some(outcome)
    }

    async fn page(&self, url: &CrawlUrl, why: Carried) -> Option<Unchanged> {
        let (earlier, url) = (Arc::clone(&self.earlier), url.clone());
        let page = tokio::task::spawn_blocking(move || earlier.page(&url)).await.ok().flatten();
        page.map(|(record, items)| Unchanged { record, items, why })
    }
}

/// Nobody panics while holding it, and what is in it is whole at any time.
fn held(keys: &Mutex<HashSet<UrlKey>>) -> MutexGuard<'_, HashSet<UrlKey>> {
    keys.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What comes of a request whose answer holds no longer: the page is asked for once more.
pub(super) fn asks_anew(fetched_at: jiff::Timestamp, elapsed: Duration) -> Outcome {
    let mut outcome = Outcome::new(OutcomeKind::HttpError, fetched_at, elapsed);
    (outcome.status, outcome.asks_anew) = (Some(NOT_MODIFIED), true);
    outcome
}

/// Takes the validators that a response names in place of those that were known.
fn freshen(outcome: &mut Outcome, headers: &HeaderMap) {
    let Validators { etag, last_modified, .. } = Validators::of(headers);
    let known = &mut outcome.validators;
    known.etag = etag.or(known.etag.take());
    known.last_modified = last_modified.or(known.last_modified.take());
}

impl Known {
    /// Takes note of whether a page has changed since it was asked for last.
    pub(super) fn note(&self, outcome: &mut Outcome) {
        if outcome.kind != OutcomeKind::Ok || outcome.carried.is_some_and(|why| why != Carried::NotModified) {
            return;
        }
        let before = self.for_update.seen.unwrap_or_default();
        let is_other = outcome.carried.is_none() && outcome.content_hash != self.content_hash;
        let since = outcome.fetched_at.duration_since(self.fetched_at).as_secs();
        let seen = Seen {
            visits: before.visits + 1,
            changes: before.changes + u64::from(is_other),
            seconds: before.seconds + u64::try_from(since).unwrap_or_default(),
        };
        outcome.for_update.get_or_insert_with(|| Box::new(ForUpdate::default())).seen = Some(seen);
    }
}

impl fmt::Debug for AskedAgain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskedAgain").field("pages", &self.earlier.census().pages).finish_non_exhaustive()
    }
}

const NOT_MODIFIED: u16 = 304;
