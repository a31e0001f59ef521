//! Site files: what is asked for of an origin before its pages, and what comes of it.

use std::sync::Arc;
use std::time::Instant;

use super::Dispatcher;
use super::job::Job;
use super::robots_hops::{NextHop, RobotsHop};
use super::waiting_hosts::Wait;
use crate::engine::worker::{RobotsReply, TdmReply};
use crate::error::Result;
use crate::outcome::Outcome;
use crate::politeness::{Next, RobotsAnswer, TDM_PATH, TdmFile};
use crate::url::CrawlUrl;

impl Dispatcher {
    /// Takes what came of one request on the way to a robots.txt.
    pub(super) fn take_robots(
        &mut self,
        hop: RobotsHop,
        reply: RobotsReply,
        outcome: &Outcome,
        now: Instant,
    ) -> Result<()> {
        let next = self.politeness.finished(hop.asked(), outcome, now);
        self.release(hop.asked(), next, now);
        match hop.follow(reply, outcome) {
            NextHop::On(hop) => {
                self.robots.push(hop);
                Ok(())
            }
            NextHop::End(hop, answer, why) => self.robots_known(&hop, answer, outcome, &why, now),
        }
    }

    /// Takes what came of asking for a robots.txt, which frees the host of the page.
    pub(super) fn robots_known(
        &mut self,
        hop: &RobotsHop,
        answer: RobotsAnswer,
        outcome: &Outcome,
        why: &str,
        now: Instant,
    ) -> Result<()> {
        if let Some(letter) = hop.letter() {
            return self.answer_letter(letter, hop, &answer, outcome, why);
        }
        if let RobotsAnswer::Rules(robots) = &answer {
            self.sitemaps.take_named(hop.page(), hop.asked(), robots, &self.judge, &self.frontier);
        }
        let known = hop.known(answer, outcome, &mut self.politeness, now);
        self.queues().release(hop.page(), Next::Any);
        known.tell(hop.page().origin(), why);
        Ok(())
    }

    /// Asks for `tdmrep.json` of the origin of a job, which waits for it. Its host was admitted for that.
    pub(super) fn ask_tdm_file(&mut self, job: Job, now: Instant) -> Result<()> {
        let page = job.url().clone();
        self.queues().put_off(job, Wait::Request, now)?;
        if let Ok(asked) = self.worker.rules().well_known(&page, TDM_PATH) {
            self.tasks.start(Job::TdmFile(RobotsHop::to_tdm_file(page, asked)));
        } else {
            // It would be longer than a URL may be.
            let next = self.politeness.withdrawn(&page, now);
            self.politeness.tdm_known(&page, None);
            self.release(&page, next, now);
        }
        Ok(())
    }

    /// Takes what came of asking for a `tdmrep.json`. It is asked for once: that there is no answer says that there is none.
    pub(super) fn take_tdm_file(&mut self, hop: RobotsHop, reply: TdmReply, outcome: &Outcome, now: Instant) {
        let next = self.politeness.finished(hop.asked(), outcome, now);
        self.release(hop.asked(), next, now);
        let (hop, file) = match reply {
            TdmReply::File(file) => (hop, file),
            TdmReply::Redirect(to) if self.politeness.disallows(&to) => (hop, None),
            TdmReply::Redirect(to) => match hop.within_origin(to) {
                Ok(hop) => return self.robots.push(hop),
                Err(hop) => (hop, None),
            },
        };
        self.tdm_known(hop.page(), file);
    }

    /// A `tdmrep.json` is known, which frees the host of the page.
    pub(super) fn tdm_known(&mut self, page: &CrawlUrl, file: Option<Arc<TdmFile>>) {
        self.politeness.tdm_known(page, file);
        self.queues().release(page, Next::Any);
    }
}
