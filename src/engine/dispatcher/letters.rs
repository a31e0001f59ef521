//! Letters about what is no page: robots.txt and sitemaps that hosts of other buckets have.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Dispatcher;
use super::job::Job;
use super::robots_hops::RobotsHop;
use super::waiting_hosts::Wait;
use crate::error::{Error, Result};
use crate::frontier::{Bucket, Letter, LetterKind, Mail};
use crate::outcome::{Failure, Outcome, OutcomeKind};
use crate::politeness::RobotsAnswer;
use crate::politeness::robots::Robots;
use crate::sitemaps::SavedSitemap;
use crate::url::{CrawlUrl, Target};

/// What came of asking for a robots.txt, as far as whoever waits for it has to know.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Answered {
    /// The file, when it was read: empty when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    /// The same in few words.
    why: String,
}

impl Dispatcher {
    /// Takes a letter. One to a bucket that was given away meanwhile is its next owner's.
    pub(super) fn read(&mut self, mail: Mail, now: Instant) -> Result<()> {
        let Mail { id, letter } = &mail;
        if letter.kind.is_way() {
            let judge = &self.judge;
            return self.frontier.read(mail, &|url, kind| judge.refuses_link(url, kind)).map(drop);
        }
        let (to, id) = (letter.to, *id);
        let Target::Url(url) = letter.target.clone() else { return Err(makes_no_sense(&mail)) };
        if self.frontier.home_of(&url) != Some(to) {
            return Ok(());
        }
        match letter.kind {
            LetterKind::Sitemap => {
                let saved: SavedSitemap = body(&mail)?;
                self.sitemaps.arrive(url, saved, &self.judge);
                self.frontier.is_read(to, id)
            }
            LetterKind::Robots => {
                let page = self.referrer(&mail)?;
                // It is read once it is answered.
                self.robots.push(RobotsHop::by_letter(page, url, letter.hops, (to, id)));
                Ok(())
            }
            LetterKind::RobotsAnswer => {
                let (found, answered): (CrawlUrl, Answered) = (self.referrer(&mail)?, body(&mail)?);
                let (answer, outcome, why) = answered.of(self.worker.agent());
                self.robots_known(&RobotsHop::new(url, found), answer, &outcome, &why, now)?;
                self.frontier.is_read(to, id)
            }
            LetterKind::Seed | LetterKind::Link | LetterKind::Nofollow | LetterKind::Listed => Ok(()),
        }
    }

    /// Whether a job asks a host of a bucket that is not here, or is on its way to others. Pages are only leased of what is here.
    pub(super) fn is_for_others(&self, job: &Job) -> bool {
        let stays = |bucket: Bucket| match job {
            // What others wait for is asked for until nothing of it is left.
            Job::Robots(_) | Job::TdmFile(_) => true,
            _ => self.frontier.keeps(bucket),
        };
        self.nodes.are_many() && !matches!(job, Job::Page(_)) && !self.frontier.home_of(job.url()).is_some_and(stays)
    }

    /// Lets those do a job whose host it asks.
    pub(super) fn send_on(&mut self, job: Job, now: Instant) -> Result<()> {
        let split = self.frontier.splits();
        match job {
            Job::Robots(hop) => {
                let to = split.of_url(hop.asked());
                let letter = Letter::to_ask(to, LetterKind::Robots, hop.asked().clone());
                let referrer = Some(hop.page().to_shared());
                self.frontier.send(Letter { referrer, hops: hop.redirects(), ..letter });
                match hop.letter() {
                    Some((bucket, letter)) => self.frontier.is_read(bucket, letter),
                    None => Ok(()),
                }
            }
            // It goes with its bucket.
            Job::Sitemap(ask) if self.frontier.home_of(&ask.url).is_some() => {
                self.queues().put_off(Job::Sitemap(ask), Wait::Request, now)
            }
            // The letter has gone with what has led to it.
            Job::Sitemap(ask) => {
                self.sitemaps.queue().sent_on(&ask);
                Ok(())
            }
            Job::TdmFile(hop) => {
                self.tdm_known(hop.page(), None);
                Ok(())
            }
            Job::Page(_) | Job::Addresses(_) | Job::Witness(_) => Ok(()),
        }
    }

    /// What has changed about sitemaps, in one step with the changes that are taken next: of those at home elsewhere letters.
    pub(super) fn sitemap_changes(&mut self) -> Result<Vec<(CrawlUrl, SavedSitemap)>> {
        let changes = self.sitemaps.queue().take_changes();
        if !self.nodes.are_many() {
            return Ok(changes);
        }
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|(url, _)| self.frontier.home_of(url).is_some());
        for (url, saved) in elsewhere.into_iter().filter(|(_, saved)| !saved.done) {
            let body = serde_json::to_string(&saved).map_err(|error| Error::Internal(error.to_string()))?;
            let letter = Letter::to_ask(self.frontier.splits().of_url(&url), LetterKind::Sitemap, url);
            self.frontier.send(Letter { body: Some(body.into()), ..letter });
        }
        Ok(here)
    }

    /// Tells whoever has asked for a robots.txt by a letter what came of it.
    pub(super) fn answer_letter(
        &mut self,
        (bucket, letter): (Bucket, u64),
        hop: &RobotsHop,
        answer: &RobotsAnswer,
        outcome: &Outcome,
        why: &str,
    ) -> Result<()> {
        let answered = Answered::new(answer, outcome, why);
        let body = serde_json::to_string(&answered).map_err(|error| Error::Internal(error.to_string()))?;
        let to = self.frontier.splits().of_url(hop.page());
        let answer = Letter::to_ask(to, LetterKind::RobotsAnswer, hop.page().clone());
        self.frontier.send(Letter { referrer: Some(hop.asked().to_shared()), body: Some(body.into()), ..answer });
        self.frontier.is_read(bucket, letter)
    }

    fn referrer(&self, mail: &Mail) -> Result<CrawlUrl> {
        let referrer = mail.letter.referrer.as_deref().ok_or_else(|| makes_no_sense(mail))?;
        self.worker.rules().parse(referrer).map_err(Error::Damaged)
    }
}

impl Answered {
    fn new(answer: &RobotsAnswer, outcome: &Outcome, why: &str) -> Self {
        let rules = match answer {
            RobotsAnswer::Rules(robots) => robots.source().cloned(),
            RobotsAnswer::Unreachable | RobotsAnswer::NoConnection(_) => None,
        };
        let retry_after_ms = outcome.retry_after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        Self { rules, status: outcome.status, failure: outcome.failure.clone(), retry_after_ms, why: why.to_owned() }
    }

    /// The same as if it had been asked for here. That what it redirects to cannot be connected to says nothing about the origin.
    fn of(self, agent: &str) -> (RobotsAnswer, Outcome, String) {
        let Self { rules, status, failure, retry_after_ms, why } = self;
        let answer = match rules {
            Some(text) => RobotsAnswer::Rules(Robots::from_source(text, agent).into()),
            None => RobotsAnswer::Unreachable,
        };
        let now = jiff::Timestamp::now();
        let mut outcome = match failure {
            Some(failure) => Outcome::failed(failure, now, Duration::ZERO),
            None if status.is_some_and(|status| status < 400) => Outcome::new(OutcomeKind::Ok, now, Duration::ZERO),
            None => Outcome::new(OutcomeKind::HttpError, now, Duration::ZERO),
        };
        outcome.status = status;
        outcome.retry_after = retry_after_ms.map(Duration::from_millis);
        (answer, outcome, why)
    }
}

fn body<T: serde::de::DeserializeOwned>(mail: &Mail) -> Result<T> {
    let body = mail.letter.body.as_deref().ok_or_else(|| makes_no_sense(mail))?;
    serde_json::from_str(body).map_err(|_| makes_no_sense(mail))
}

fn makes_no_sense(mail: &Mail) -> Error {
    let Mail { id, letter } = mail;
    Error::Damaged(format!("letter {id} to bucket {} makes no sense: {:?}", letter.to, letter.kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::FailureKind;

    #[test]
    fn what_came_of_a_robots_txt_is_the_same_for_who_asked_by_letter() {
        let rules = RobotsAnswer::Rules(Robots::parse(b"User-agent: *\nDisallow: /a\n", "crawler").into());
        let mut busy = Outcome::new(OutcomeKind::HttpError, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
        (busy.status, busy.retry_after) = (Some(503), Some(Duration::from_secs(9)));
        let refused = Failure::new(FailureKind::Connect, "refused");
        let lost = Outcome::failed(refused.clone(), jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
        for (answer, outcome) in [
            (rules, Outcome { status: Some(200), ..Outcome::new(OutcomeKind::Ok, busy.fetched_at, Duration::ZERO) }),
            (RobotsAnswer::Unreachable, busy),
            (RobotsAnswer::NoConnection(refused), lost),
        ] {
            let text = serde_json::to_string(&Answered::new(&answer, &outcome, "it is so")).unwrap();
            let (told, of, why) = serde_json::from_str::<Answered>(&text).unwrap().of("crawler");
            assert_eq!(
                (of.kind, of.status, of.retry_after, of.failure),
                (outcome.kind, outcome.status, outcome.retry_after, outcome.failure)
            );
            assert_eq!(why, "it is so");
            match (&answer, told) {
                (RobotsAnswer::Rules(_), RobotsAnswer::Rules(told)) => assert!(!told.verdict("/a").allowed),
                (RobotsAnswer::Rules(_), told) => panic!("{told:?}"),
                (_, told) => assert!(matches!(told, RobotsAnswer::Unreachable), "{text}"),
            }
        }
    }
}
