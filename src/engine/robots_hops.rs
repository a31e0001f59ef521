//! The way to a robots.txt: each redirect on it is a request of its own, under the limits of the host that it goes to.

use std::sync::Arc;
use std::time::Instant;

use super::dispatcher::{Answer, Dispatcher, Job, now};
use super::seeds::why;
use super::worker::RobotsReply;
use crate::error::{Error, Result};
use crate::outcome::Outcome;
use crate::politeness::robots::LIMIT;
use crate::politeness::{Admit, RobotsAnswer};
use crate::url::CrawlUrl;

/// One request on the way to the robots.txt of a page's origin.
#[derive(Debug, Clone)]
pub(super) struct RobotsHop {
    /// A page or sitemap of the origin.
    page: CrawlUrl,
    /// What is asked for: robots.txt of the origin, or what that redirects to.
    pub(super) asked: CrawlUrl,
    redirects: u32,
    pub(super) not_before: Option<Instant>,
}

impl Dispatcher {
    /// Asks for robots.txt of the origin of a page.
    pub(super) fn ask_robots_of(&mut self, page: CrawlUrl) -> Result<()> {
        let asked = self.worker.robots_of(&page).map_err(Error::Internal)?;
        self.ask_robots(RobotsHop { page, asked, redirects: 0, not_before: None });
        Ok(())
    }

    fn ask_robots(&mut self, hop: RobotsHop) {
        let (worker, url) = (Arc::clone(&self.worker), hop.asked.clone());
        let task = self.tasks.spawn(async move {
            let (reply, outcome) = worker.ask_robots(url).await;
            Answer::Robots(reply, outcome)
        });
        self.jobs.insert(task.id(), Job::Robots(hop));
    }

    /// Starts the requests on the way to a robots.txt that may start now.
    pub(super) fn follow_robots(&mut self) {
        for mut hop in std::mem::take(&mut self.robots_hops) {
            let admit = if self.has_room() { self.politeness.admit_to_host(&hop.asked, now()) } else { Admit::Busy };
            match admit {
                Admit::Now => self.ask_robots(hop),
                Admit::NotBefore(at) | Admit::Unmet(at) => {
                    hop.not_before = Some(at);
                    self.robots_hops.push(hop);
                }
                Admit::NoConnection(failure) => {
                    let outcome = Outcome::failed(failure, jiff::Timestamp::now(), std::time::Duration::ZERO);
                    self.robots_known(&hop, RobotsAnswer::Unreachable, &outcome, &why(&outcome));
                }
                _ => {
                    hop.not_before = None;
                    self.robots_hops.push(hop);
                }
            }
        }
    }

    /// Takes what came of one request; with the last one, the host is free.
    pub(super) fn take_robots(&mut self, hop: RobotsHop, reply: RobotsReply, outcome: &Outcome) {
        let now = now();
        self.finished(&hop.asked, outcome, now);
        let mut why = why(outcome);
        let answer = match reply {
            // That what it redirects to cannot be connected to says nothing about the origin itself.
            RobotsReply::Answer(RobotsAnswer::NoConnection(_)) if hop.redirects > 0 => RobotsAnswer::Unreachable,
            RobotsReply::Answer(answer) => answer,
            RobotsReply::Redirect(to) if hop.redirects < ROBOTS_REDIRECTS => {
                let redirects = hop.redirects + 1;
                self.robots_hops.push(RobotsHop { asked: to, redirects, not_before: None, ..hop });
                return;
            }
            RobotsReply::Redirect(_) => {
                why = format!("more than {ROBOTS_REDIRECTS} redirects");
                RobotsAnswer::Unreachable
            }
        };
        self.robots_known(&hop, answer, outcome, &why);
    }

    /// Takes what came of asking for a robots.txt, which frees the host of the page.
    fn robots_known(&mut self, hop: &RobotsHop, answer: RobotsAnswer, outcome: &Outcome, why: &str) {
        let unreachable = !matches!(answer, RobotsAnswer::Rules(_));
        if let RobotsAnswer::Rules(robots) = &answer {
            self.take_named_sitemaps(&hop.page, &hop.asked, robots);
        }
        let is_cut = matches!(&answer, RobotsAnswer::Rules(robots) if robots.is_cut());
        let again = self.politeness.robots_known(&hop.page, answer, outcome, now());
        if let Some(host) = self.frontier.host_of(&hop.page) {
            self.frontier.release(host);
        }
        self.sitemaps.release(hop.page.host());
        let origin = hop.page.origin();
        if is_cut {
            tracing::warn!("{origin}/robots.txt is too long: only its first {} KiB are read", LIMIT >> 10);
        }
        if again {
            tracing::debug!("{origin}/robots.txt cannot be read ({why}): it will be asked for again");
        } else if unreachable && self.politeness.has_rules(&hop.page) {
            tracing::warn!("{origin}/robots.txt cannot be read ({why}): the rules that were read before still hold");
        } else if unreachable {
            tracing::warn!("{origin}/robots.txt cannot be read ({why}): nothing there is requested");
        }
    }
}

/// RFC 9309, section 2.3.1.2, asks for at least five.
pub(super) const ROBOTS_REDIRECTS: u32 = 5;
