//! The worker: fetches, parses, makes links canonical, and hands back an outcome. It owns nothing and changes nothing.

mod site_files;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::answered::{asked_to_wait, counts_as_page, is_page, kind, redirects_to};
use super::asked_again::{AskedAgain, asks_anew};
use super::carry;
use super::extraction;
use super::freshness::fresh_until;
use super::head_says::head_says;
use super::page_read::{self, PageRead, Reads, respelled};
use super::said_in_head::SaidInHead;
use crate::config::UpdateOptions;
use crate::fetch::Fetch;
use crate::for_update::Carried;
use crate::media_type::MediaType;
use crate::mention::Mention;
use crate::outcome::{Failure, FailureKind, Outcome, OutcomeKind};
use crate::parse::sitemap::Sitemap;
use crate::parse::{self, Input, Parser};
use crate::politeness::{RobotsAnswer, TdmFile};
use crate::request::{Extent, Purpose, Request, Validators};
use crate::response::{Body, Response};
use crate::traps;
use crate::unread::Reading;
use crate::url::{Base, CrawlUrl, Link, LinkKind, Target, UrlRules};
use crate::usage::{self, Usage};

/// What came of one request for robots.txt.
#[derive(Debug)]
pub(super) enum RobotsReply {
    Answer(RobotsAnswer),
    /// It is elsewhere.
    Redirect(CrawlUrl),
}

/// What came of one request for a `tdmrep.json`.
#[derive(Debug)]
pub(super) enum TdmReply {
    /// It was read; `None` when there is none, or none that can be.
    File(Option<Arc<TdmFile>>),
    /// It is elsewhere.
    Redirect(CrawlUrl),
}

/// What came of one request for a sitemap.
#[derive(Debug)]
pub(super) enum SitemapReply {
    /// Its entries in the order in which they are to be requested.
    Read(Sitemap),
    /// It is elsewhere.
    Redirect(CrawlUrl),
    /// The outcome says why.
    Nothing,
}

/// What all workers of a crawl share.
#[derive(Debug)]
pub(super) struct Worker {
    fetch: Arc<dyn Fetch>,
    parser: Arc<Parser>,
    rules: UrlRules,
    /// What is read of pages beside their links.
    reads: Reads,
    /// The product token that robots.txt groups are matched with.
    agent: String,
    /// Whether pages are to have their exchanges: an output wants them.
    keep_exchanges: bool,
    /// What an earlier crawl says of the pages; `None` when this is no update.
    again: Option<AskedAgain>,
    /// How the next update will choose what it asks for.
    update: UpdateOptions,
    /// How many long parses may run at once beside the runtime: more threads than cores would only take memory.
    parse_slots: Semaphore,
}

impl Worker {
    pub(super) fn new(fetch: Arc<dyn Fetch>, parser: Parser, rules: UrlRules, agent: String) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (parser, parse_slots) = (Arc::new(parser), Semaphore::new(cores));
        let reads = Reads::default();
        Self {
            fetch,
            parser,
            rules,
            reads,
            agent,
            keep_exchanges: false,
            again: None,
            update: UpdateOptions::default(),
            parse_slots,
        }
    }

    /// The same worker, which asks whether what an earlier crawl has read still holds. Its outcomes say of each page what the
    /// next update has to know by these settings.
    pub(super) fn asking_again(self, again: Option<AskedAgain>, update: UpdateOptions) -> Self {
        Self { again, update, ..self }
    }

    /// The same worker, whose outcomes have the exchanges that they come of.
    pub(super) fn keeping_exchanges(self) -> Self {
        Self { keep_exchanges: true, ..self }
    }

    /// The same worker, which reads more of pages than their links.
    pub(super) fn reading(self, reads: Reads) -> Self {
        Self { reads, ..self }
    }

    /// The pages of the crawl that this one updates.
    pub(super) fn again(&self) -> Option<&AskedAgain> {
        self.again.as_ref()
    }

    /// What a page comes to that is not asked for; `None` when that cannot be told any more.
    pub(super) async fn carry(&self, url: &CrawlUrl, why: Carried) -> Option<Outcome> {
        let mut outcome = self.again.as_ref()?.unasked(url, why, &self.rules, self.reads.rules()).await?;
        carry::keep(&mut outcome, url, self.update.leaves_out());
        Some(outcome)
    }

    /// Requests one page, or as much of it as is wanted.
    pub(super) async fn visit(&self, url: CrawlUrl, extent: Extent) -> Outcome {
        let known = match &self.again {
            Some(again) if extent == Extent::Whole => again.known(&url).await,
            _ => None,
        };
        let mut request = Request { extent, ..self.request(url, Purpose::Page) };
        request.validators = known.as_ref().and_then(|known| known.validators.clone());
        let (fetched_at, started) = (jiff::Timestamp::now(), Instant::now());
        let answer = self.fetch.fetch(&request).await;
        let elapsed = started.elapsed();
        let mut response = match answer {
            Ok(response) => response,
            Err(failure) => return Outcome::failed(failure, fetched_at, elapsed),
        };
        let url = &request.url;
        let fresh_until =
            if self.update.trust_cache { fresh_until(&response.headers, SystemTime::now()) } else { None };
        let head = head_says(&response.headers);
        let unchanged = match (&self.again, &known) {
            (Some(again), Some(known))
                if request.validators.is_some() && response.status == StatusCode::NOT_MODIFIED =>
            {
                if again.is_out_of_date(known, url, &response.headers) {
                    return asks_anew(fetched_at, elapsed);
                }
                again.carried_over(url, &mut response, fetched_at, elapsed, &self.rules, self.reads.rules()).await
            }
            _ => None,
        };
        let mut outcome = match unchanged {
            Some(outcome) => outcome,
            None if extent == Extent::Whole => self.outcome(url, response, fetched_at, elapsed).await,
            None => page_read::presence(self.outcome(url, page_read::head_of(response), fetched_at, elapsed).await),
        };
        if extent == Extent::Whole {
            carry::freshen(&mut outcome, fresh_until);
            if let Some(head) = head.filter(|_| outcome.carried.is_none() && !outcome.validators.is_empty()) {
                outcome.for_update.get_or_insert_default().head = Some(head);
            }
            if let Some(known) = known {
                known.note(&mut outcome);
            }
            carry::keep(&mut outcome, url, self.update.leaves_out());
        }
        outcome
    }

    /// The product token that robots.txt is read with.
    pub(super) fn agent(&self) -> &str {
        &self.agent
    }

    /// How this crawl reads URLs.
    pub(super) fn rules(&self) -> &UrlRules {
        &self.rules
    }

    /// What answers its requests.
    pub(super) fn network(&self) -> &dyn Fetch {
        &*self.fetch
    }

    fn request(&self, url: CrawlUrl, purpose: Purpose) -> Request {
        let mut request = Request::new(url, purpose);
        request.keep_exchange = self.keep_exchanges;
        request
    }

    /// What a response comes to, for the page at `url`.
    pub(super) async fn outcome(
        &self,
        url: &CrawlUrl,
        mut response: Response,
        fetched_at: jiff::Timestamp,
        elapsed: Duration,
    ) -> Outcome {
        let redirect = self.redirect(url, &response);
        let kind = kind(&response, redirect.as_ref());
        let mut outcome = Outcome::new(kind, response.captured.unwrap_or(fetched_at), elapsed);
        outcome.exchange = response.exchange.take();
        outcome.status = Some(response.status.as_u16());
        outcome.retry_after = asked_to_wait(&response.headers, SystemTime::now());
        let media_type = MediaType::extract(&response.headers);
        outcome.content_type = media_type.as_ref().map(|known| known.essence().to_owned());
        if let Some(target) = redirect {
            outcome.location = Some(Arc::clone(target.text()));
            outcome.sets_cookie = response.headers.contains_key(SET_COOKIE);
            outcome.respelled = respelled(url, &target, outcome.sets_cookie);
            outcome.links.push(Link { target, kind: LinkKind::Redirect, mention: Mention::Location, link_text: None });
            outcome.said = self.reads.says(url).then_some(traps::NOTHING);
            outcome.survey = self.reads.surveys.then(|| page_read::survey_of_redirect(&response)).flatten();
        } else if let Some(location) = redirects_to(&response) {
            outcome.bad_references.note(&location);
        }
        outcome.validators = validators(kind, &response.headers);
        if matches!(kind, OutcomeKind::Ok | OutcomeKind::PaymentRequired) {
            outcome.usage = Usage::of(usage::of_headers(&response.headers));
        }
        let body = match &response.body {
            Body::Read(body) => body,
            Body::Unwanted => {
                self.take_headers(&mut outcome, url, &response.headers);
                if response.status.is_success() {
                    outcome.reading = Reading::LeftOut;
                }
                return outcome;
            }
            Body::Failed(failure) => {
                outcome.kind = OutcomeKind::Failed;
                outcome.failure = Some(failure.clone());
                return outcome;
            }
        };
        outcome.bytes = Some(body.len() as u64);
        outcome.content_hash = Some(["blake3:", blake3::hash(body).to_hex().as_str()].concat());
        if !counts_as_page(kind, response.status) {
            self.take_headers(&mut outcome, url, &response.headers);
            return outcome;
        }
        if !is_page(media_type.as_ref(), body) {
            if !self.take_part(&mut outcome, url, body, media_type.as_ref(), &response.headers).await {
                self.take_headers(&mut outcome, url, &response.headers);
                let is_shown = self.parser.reads_parts() && parse::is_shown(media_type.as_ref());
                outcome.reading = if is_shown { Reading::Needless } else { Reading::Nothing };
            }
            self.extract(&mut outcome, url, body, media_type).await;
            return outcome;
        }
        match self.parse(url, body, media_type, &response.headers).await {
            Ok(read) => page_read::take(&mut outcome, url, read),
            Err(failure) => fail(&mut outcome, failure),
        }
        outcome
    }

    /// Applies the rules to what is no page: a response of a JSON type.
    async fn extract(&self, outcome: &mut Outcome, url: &CrawlUrl, body: &Bytes, media_type: Option<MediaType>) {
        let (Some(extraction), Some(media_type)) = (&self.reads.extraction, media_type) else { return };
        if !extraction.is_for(url, &media_type) {
            return;
        }
        let (extraction, own, body, length) = (extraction.clone(), url.clone(), body.clone(), body.len());
        let extract = move || extraction.of_body(&own, &media_type, &body);
        let Some(extracted) = self.beside(length, extract).await else {
            return fail(outcome, panicked("the response"));
        };
        outcome.reading = Reading::Parsed;
        extraction::take(outcome, url, extracted);
    }

    /// Takes what a style sheet, a manifest or a script leads to, when that is asked for. Whether it was read.
    async fn take_part(
        &self,
        outcome: &mut Outcome,
        url: &CrawlUrl,
        body: &Bytes,
        media_type: Option<&MediaType>,
        headers: &HeaderMap,
    ) -> bool {
        if !self.parser.reads_parts() {
            return false;
        }
        let (parser, url, body, media_type) =
            (Arc::clone(&self.parser), url.clone(), body.clone(), media_type.cloned());
        let (length, said, base) = (body.len(), SaidInHead::of(headers), url.clone());
        let parse = move || {
            said.with_texts(|robots_tags, link_headers, refresh_headers| {
                let media_type = media_type.as_ref();
                let (url, body) = (&url, &*body);
                parser.parse_part(&Input { url, body, media_type, robots_tags, link_headers, refresh_headers })
            })
        };
        let Some(parsed) = self.beside(length, parse).await else {
            fail(outcome, panicked("the response"));
            return true;
        };
        let Some(mut parsed) = parsed else { return false };
        page_read::take_usage(outcome, std::mem::take(&mut parsed.usage));
        page_read::take_parsed(outcome, &base, parsed);
        outcome.reading = Reading::Parsed;
        true
    }

    /// Takes what the headers say of a body that is no page, or that was not read: a PDF has no other way to name its
    /// canonical URL.
    fn take_headers(&self, outcome: &mut Outcome, url: &CrawlUrl, headers: &HeaderMap) {
        let said = SaidInHead::of(headers);
        if outcome.kind != OutcomeKind::Ok || said.is_empty() {
            return;
        }
        let mut parsed = said.with_texts(|robots_tags, link_headers, refresh_headers| {
            self.parser.parse_headers(&Input {
                url,
                body: &[],
                media_type: None,
                robots_tags,
                link_headers,
                refresh_headers,
            })
        });
        page_read::take_usage(outcome, std::mem::take(&mut parsed.usage));
        page_read::take_links(outcome, url, parsed);
    }

    async fn parse(
        &self,
        url: &CrawlUrl,
        body: &Bytes,
        media_type: Option<MediaType>,
        headers: &HeaderMap,
    ) -> Result<PageRead, Failure> {
        let (parser, reads, url, body) = (Arc::clone(&self.parser), self.reads.clone(), url.clone(), body.clone());
        let (length, said) = (body.len(), SaidInHead::of(headers));
        let parse = move || {
            said.with_texts(|robots_tags, link_headers, refresh_headers| {
                let input = Input {
                    url: &url,
                    body: &body,
                    media_type: media_type.as_ref(),
                    robots_tags,
                    link_headers,
                    refresh_headers,
                };
                reads.read(&parser, &input)
            })
        };
        self.beside(length, parse).await.ok_or_else(|| panicked("the page"))
    }

    /// Reads what is so many bytes long: here when it is short, else beside the runtime, where it holds up no other
    /// request. `None` when it panics.
    async fn beside<T: Send + 'static>(&self, length: usize, read: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        // A panic leaves nothing behind: what reads is not changed by what it reads.
        let read = move || catch_unwind(AssertUnwindSafe(read)).ok();
        if length <= PARSED_HERE {
            return read();
        }
        let slot = self.parse_slots.acquire().await;
        let read = tokio::task::spawn_blocking(read).await;
        drop(slot);
        read.ok().flatten()
    }

    /// The target of a redirect (RFC 9110, section 15.4). A 3xx without a usable `Location` is none.
    fn redirect(&self, url: &CrawlUrl, response: &Response) -> Option<Target> {
        let location = redirects_to(response)?;
        Base::new(url.clone()).resolve(location.trim(), &self.rules)
    }
}

/// By what the host can tell later whether a page has changed.
fn validators(kind: OutcomeKind, headers: &HeaderMap) -> Validators {
    if kind == OutcomeKind::Ok { Validators::of(headers) } else { Validators::default() }
}

fn fail(outcome: &mut Outcome, failure: Failure) {
    outcome.kind = OutcomeKind::Failed;
    outcome.failure = Some(failure);
}

fn panicked(what: &str) -> Failure {
    Failure::new(FailureKind::Panic, format!("{what} made the parser panic: please report it"))
}

/// Up to this many bytes a parse takes half a millisecond: less than a hop to another thread may cost the others.
const PARSED_HERE: usize = 256 << 10;
