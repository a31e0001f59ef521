//! Admission: what becomes of a job that was taken from its queue.

use std::time::Instant;

use super::Dispatcher;
use super::job::{Job, Refused, unasked};
use super::robots_hops::RobotsHop;
use super::waiting_hosts::Wait;
use crate::engine::clock::now;
use crate::error::{Error, Result};
use crate::outcome::SkipReason;
use crate::politeness::{Admit, RobotsAnswer};
use crate::url::CrawlUrl;

impl Dispatcher {
    /// Starts a job, puts it off, or ends it.
    pub(super) async fn admit(&mut self, job: Job, now: Instant) -> Result<()> {
        if self.is_for_others(&job) {
            return self.send_on(job, now);
        }
        let admit = match &job {
            Job::Page(lease) if self.judge.is_trap(&lease.url) => {
                return self.frontier.skip(lease.id, SkipReason::Trap);
            }
            Job::Page(lease) if self.is_refused(&lease.url, now) => {
                self.pages.refused(&lease.url);
                return self.frontier.skip(lease.id, SkipReason::Usage);
            }
            Job::Page(lease) if self.carry(lease)? => return Ok(()),
            Job::Addresses(_) => Admit::Now,
            Job::Robots(hop) | Job::TdmFile(hop) => self.politeness.admit_to_host(hop.asked(), now),
            job => self.politeness.admit(job.url(), now),
        };
        if let Admit::NotBefore(at) | Admit::Unmet(at) = admit {
            self.note_hold(job.url(), at, now);
            self.stats.waits(at.saturating_duration_since(now));
        }
        match admit {
            Admit::Now => {
                let extent = self.checks.extent(&job, &self.judge);
                self.tasks.start_for(job, extent);
                Ok(())
            }
            Admit::NotBefore(at) => self.queues().put_off(job, Wait::Until(at), now),
            Admit::Unmet(at) => self.queues().put_off(job, Wait::Unmet(at), now),
            Admit::Busy => self.queues().put_off(job, Wait::Request, now),
            Admit::InLine => self.queues().put_off(job, Wait::Turn, now),
            Admit::Crowded(room) => self.queues().put_off(job, Wait::Crowded(room), now),
            Admit::AskAddress => {
                let url = job.url().clone();
                self.queues().put_off(job, Wait::Request, now)?;
                self.tasks.start(Job::Addresses(url));
                Ok(())
            }
            Admit::AskRobots => {
                let page = job.url().clone();
                self.queues().put_off(job, Wait::Request, now)?;
                let asked = self.worker.rules().robots_of(&page).map_err(Error::Internal)?;
                // It is admitted with the answer.
                self.tasks.start(Job::Robots(RobotsHop::new(page, asked)));
                Ok(())
            }
            Admit::AskTdmFile => self.ask_tdm_file(job, now),
            Admit::AskWitness(witness) => {
                self.queues().put_off(job, Wait::Request, now)?;
                self.tasks.start(Job::Witness(witness));
                Ok(())
            }
            Admit::Disallowed => self.refuse(job, Refused::ByRobots).await,
            Admit::GivenUp(failure) => self.refuse(job, Refused::GivenUp(failure)).await,
        }
    }

    /// Whether a page is not to be asked for, for what its site is known to say of its use.
    fn is_refused(&self, url: &CrawlUrl, now: Instant) -> bool {
        self.policy.skips() && self.policy.refuses(self.politeness.fresh_usage(url, now))
    }

    /// Why a URL is refused by its robots.txt.
    pub(super) fn why_by_robots(&mut self, url: &CrawlUrl) -> &'static str {
        if self.politeness.lacks_robots(url) {
            "its robots.txt could not be read, and until then nothing is allowed there"
        } else {
            "robots.txt disallows it"
        }
    }

    /// Ends a job that is never admitted: robots.txt disallows it, or its host was given up.
    async fn refuse(&mut self, job: Job, refused: Refused) -> Result<()> {
        match (job, refused) {
            (Job::Page(lease), Refused::ByRobots) => {
                let why = self.why_by_robots(&lease.url);
                self.pages.disallowed(&lease.url, why);
                self.frontier.skip(lease.id, SkipReason::Robots)?;
                self.leave(&lease);
                return Ok(());
            }
            (Job::Page(mut lease), Refused::GivenUp(failure)) => {
                self.pages.given_up(&lease);
                // This attempt is not made.
                lease.attempt -= 1;
                return self.settle(&lease, unasked(failure), None).await;
            }
            (Job::Sitemap(ask), Refused::ByRobots) => {
                let why = self.why_by_robots(&ask.url);
                let is_unread = self.politeness.lacks_robots(&ask.url);
                self.sitemaps.leave_out(&ask, why, is_unread);
            }
            (Job::Sitemap(ask), refused) => self.sitemaps.leave_out(&ask, &refused.to_string(), true),
            (Job::Robots(hop), Refused::GivenUp(failure)) => {
                let outcome = unasked(failure);
                self.robots_known(&hop, RobotsAnswer::Unreachable, &outcome, &outcome.reason(), now())?;
            }
            (Job::TdmFile(hop), _) => self.tdm_known(hop.page(), None),
            // What called it calls one again.
            (Job::Addresses(_) | Job::Witness(_), _) => {}
            (Job::Robots(_), Refused::ByRobots) => {
                return Err(Error::Internal("a robots.txt was judged by another one".to_owned()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use bytes::Bytes;
    use http::header::CONTENT_TYPE;
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;
    use crate::Crawl;
    use crate::config::{Config, GroupBy};
    use crate::fetch::{Fetch, Fetching, LookingUp};
    use crate::observe::State;
    use crate::request::{Purpose, Request};
    use crate::response::{Body, Response};

    /// One machine with a site under each of [`HOSTS`] names and ports: a page that links to all others.
    #[derive(Debug, Clone, Default)]
    struct Farm(Arc<Mutex<Vec<(Instant, String)>>>);

    impl Fetch for Farm {
        fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
            Box::pin(async move {
                self.0.lock().unwrap().push((now(), request.url.host().to_owned()));
                tokio::time::sleep_until(tokio::time::Instant::now() + Duration::from_millis(30)).await;
                let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/html"))]);
                let links: Vec<_> = (0..HOSTS).map(|n| format!("<a href=http://{}/>x</a>", host(n))).collect();
                Ok(match request.purpose {
                    Purpose::Robots | Purpose::Sitemap => Response::new(StatusCode::NOT_FOUND, headers, Body::Unwanted),
                    Purpose::Page => Response::new(StatusCode::OK, headers, Body::Read(Bytes::from(links.concat()))),
                })
            })
        }

        fn addresses<'a>(&'a self, _: &'a CrawlUrl) -> LookingUp<'a> {
            Box::pin(std::future::ready(vec![IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8))]))
        }
    }

    /// Names of one domain, each with a port.
    fn host(n: usize) -> String {
        format!("h{}.e.com:{}", n / 2, 8000 + n)
    }

    /// The requests of a crawl of the farm: the most in any second, and of how many hosts.
    async fn crawl(group: GroupBy) -> (usize, usize) {
        let farm = Farm::default();
        let mut config = Config::default();
        config.scope.kind = crate::scope::Kind::Any;
        config.politeness.group = group;
        let crawl = Crawl::builder().config(config).seed(format!("http://{}/", host(0))).fetch(farm.clone());
        let summary = crawl.build().unwrap().run().await.unwrap();
        assert_eq!((summary.state, summary.settled.ok), (State::Complete, HOSTS as u64));
        let sent = farm.0.lock().unwrap();
        assert_eq!(sent.len(), 2 * HOSTS, "robots.txt and the page of each");
        let second = Duration::from_secs(1);
        let within = |from: &Instant| sent.iter().filter(|(at, _)| at >= from && *at - *from < second).count();
        let hosts: BTreeSet<_> = sent.iter().map(|(_, host)| host).collect();
        (sent.iter().map(|(at, _)| within(at)).max().unwrap(), hosts.len())
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_of_one_group_are_asked_as_often_as_one_host_may_be() {
        for group in [GroupBy::Domain, GroupBy::Address] {
            assert_eq!(crawl(group).await, (5, HOSTS), "{group:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_ports_of_a_name_are_one_host_and_names_are_not() {
        let (most, hosts) = crawl(GroupBy::Host).await;
        assert_eq!(hosts, HOSTS);
        // Each name starts with its first request; no name gets more than its own rate.
        assert!(most > 5 && most <= 5 * HOSTS / 2, "{most}");
    }

    const HOSTS: usize = 120;
}
