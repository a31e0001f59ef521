//! The files of a site beside its pages: robots.txt, tdmrep.json, sitemaps.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use tokio::time::Instant;

use super::{RobotsReply, SitemapReply, TdmReply, Worker, panicked};
use crate::engine::answered::{asked_to_wait, kind};
use crate::media_type::MediaType;
use crate::outcome::{Failure, Outcome, OutcomeKind};
use crate::parse::sitemap::{Entry, Sitemap};
use crate::politeness::robots::Robots;
use crate::politeness::{RobotsAnswer, TdmFile};
use crate::request::{Purpose, Request};
use crate::response::{Body, Response};
use crate::url::{CrawlUrl, Target};

impl Worker {
    /// Requests one robots.txt. A redirect is handed back like any other answer: its target has limits of its own.
    pub(in crate::engine) async fn ask_robots(&self, url: CrawlUrl) -> (RobotsReply, Outcome) {
        let (answer, outcome) = self.ask(&self.request(url, Purpose::Robots)).await;
        let reply = match answer {
            Ok((_, Some(Target::Url(target)))) => RobotsReply::Redirect(target),
            Ok((response, _)) => {
                let body = response.body.bytes().map(Bytes::as_ref).unwrap_or_default();
                let robots = Robots::of_response(response.status, body, &self.agent);
                RobotsReply::Answer(
                    robots.map_or(RobotsAnswer::Unreachable, |robots| RobotsAnswer::Rules(robots.into())),
                )
            }
            Err(failure) if failure.is_no_connection() => RobotsReply::Answer(RobotsAnswer::NoConnection(failure)),
            Err(_) => RobotsReply::Answer(RobotsAnswer::Unreachable),
        };
        (reply, outcome)
    }

    /// Requests one `tdmrep.json`. A redirect is handed back, as of robots.txt.
    pub(in crate::engine) async fn ask_tdm_file(&self, url: CrawlUrl) -> (TdmReply, Outcome) {
        let (answer, outcome) = self.ask(&self.request(url, Purpose::Robots)).await;
        let reply = match answer {
            Ok((_, Some(Target::Url(target)))) => TdmReply::Redirect(target),
            Ok((response, _)) if outcome.kind == OutcomeKind::Ok => {
                TdmReply::File(response.body.bytes().and_then(|body| TdmFile::parse(body)).map(Arc::new))
            }
            _ => TdmReply::File(None),
        };
        (reply, outcome)
    }

    /// Requests one sitemap. A redirect is handed back, as of robots.txt.
    pub(in crate::engine) async fn ask_sitemap(&self, url: CrawlUrl) -> (SitemapReply, Outcome) {
        let request = self.request(url, Purpose::Sitemap);
        let (answer, mut outcome) = self.ask(&request).await;
        let reply = match answer {
            Ok((_, Some(Target::Url(target)))) => SitemapReply::Redirect(target),
            Ok((response, _)) if outcome.kind == OutcomeKind::Ok => {
                match self.read_sitemap(request.url, response).await {
                    Ok(sitemap) => SitemapReply::Read(sitemap),
                    Err(failure) => {
                        (outcome.kind, outcome.failure) = (OutcomeKind::Failed, Some(failure));
                        SitemapReply::Nothing
                    }
                }
            }
            _ => SitemapReply::Nothing,
        };
        (reply, outcome)
    }

    /// Requests what is no page: the response, and where it redirects to.
    async fn ask(&self, request: &Request) -> (Result<(Response, Option<Target>), Failure>, Outcome) {
        let (fetched_at, started) = (jiff::Timestamp::now(), Instant::now());
        let answer = self.fetch.fetch(request).await;
        let elapsed = started.elapsed();
        let mut response = match answer {
            Ok(Response { body: Body::Failed(failure), exchange, .. }) => {
                let outcome = Outcome { exchange, ..Outcome::failed(failure.clone(), fetched_at, elapsed) };
                return (Err(failure), outcome);
            }
            Err(failure) => return (Err(failure.clone()), Outcome::failed(failure, fetched_at, elapsed)),
            Ok(response) => response,
        };
        let redirect = self.redirect(&request.url, &response);
        let mut outcome = Outcome::new(kind(&response, redirect.as_ref()), fetched_at, elapsed);
        outcome.exchange = response.exchange.take();
        outcome.status = Some(response.status.as_u16());
        outcome.retry_after = asked_to_wait(&response.headers, SystemTime::now());
        (Ok((response, redirect)), outcome)
    }

    async fn read_sitemap(&self, url: CrawlUrl, response: Response) -> Result<Sitemap, Failure> {
        let media_type = MediaType::extract(&response.headers);
        let Body::Read(body) = response.body else { return Ok(Sitemap::default()) };
        let (rules, length) = (self.rules.clone(), body.len());
        let read = move || {
            let mut sitemap = Sitemap::read(&url, &body, media_type.as_ref(), &rules);
            sitemap.entries.sort_by(Entry::order);
            sitemap
        };
        self.beside(length, read).await.ok_or_else(|| panicked("the sitemap"))
    }
}
