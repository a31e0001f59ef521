//! The way to the sitemaps: each is a request under the limits of its host, and what it lists is for the frontier.

use std::sync::Arc;
use std::time::Duration;

use super::dispatcher::{Answer, Dispatcher, Job, now};
use super::seeds::why;
use super::worker::SitemapReply;
use crate::error::Result;
use crate::outcome::Outcome;
use crate::parse::sitemap::{Format, Sitemap};
use crate::politeness::Admit;
use crate::politeness::robots::Robots;
use crate::sitemaps::{Ask, Taken};
use crate::url::{CrawlUrl, HostKey, Link, LinkKind, Target};

impl Dispatcher {
    /// Takes a sitemap that the user names.
    pub(super) fn name_sitemap(&mut self, url: CrawlUrl) {
        let site = url.host_key();
        self.name(url, &site);
    }

    /// Takes the sitemaps that every robots.txt names that an earlier process has read: this one may not ask for it, and
    /// settings may have changed. Those that were taken before are known.
    pub(super) fn take_known_sitemaps(&mut self) {
        if !self.sitemaps.options().reads_robots() {
            return;
        }
        for (scheme, host, robots) in self.politeness.known_robots() {
            let Some(home) = self.worker.home(scheme, &host) else { continue };
            let Ok(file) = self.worker.robots_of(&home) else { continue };
            self.take_named_sitemaps(&home, &file, &robots);
        }
    }

    /// Takes the sitemaps that the robots.txt at `file` names, if its host is one of those that the crawl is about. They
    /// may be on other hosts: naming them there is how a host vouches for them (sitemaps.org, "Sitemaps & Cross
    /// Submits").
    pub(super) fn take_named_sitemaps(&mut self, page: &CrawlUrl, file: &CrawlUrl, robots: &Robots) {
        if robots.sitemaps().is_empty() || !self.sitemaps.options().reads_robots() || !self.is_in_scope(page) {
            return;
        }
        let site = page.host_key();
        for reference in robots.sitemaps() {
            if let Some(url) = self.worker.resolve(file, reference) {
                self.name(url, &site);
            } else {
                tracing::warn!("{file} names a sitemap that is no URL: {reference}");
            }
        }
    }

    /// Asks for the sitemaps whose turn it is.
    pub(super) fn follow_sitemaps(&mut self) -> Result<()> {
        while self.has_room() {
            let now = now();
            let Some(ask) = self.sitemaps.next(now) else { break };
            match self.politeness.admit(&ask.url, now) {
                Admit::Now => self.ask_sitemap(ask),
                Admit::NotBefore(at) => self.sitemaps.put_off(ask, Some(at)),
                Admit::Unmet(at) => {
                    self.unmet.put(at, ask.url.clone());
                    self.sitemaps.put_off(ask, None);
                }
                Admit::Busy => self.sitemaps.put_off(ask, None),
                // No place in the crowd: that is for URLs that the frontier has leased.
                Admit::Crowded => self.sitemaps.put_off(ask, Some(now + CROWDED)),
                Admit::AskRobots => {
                    let url = ask.url.clone();
                    self.sitemaps.put_off(ask, None);
                    self.ask_robots_of(url)?;
                }
                Admit::Disallowed => self.leave_out(&ask, "robots.txt disallows it, or could not be read"),
                Admit::NoConnection(failure) => self.leave_out(&ask, &failure.to_string()),
            }
        }
        Ok(())
    }

    fn ask_sitemap(&mut self, ask: Ask) {
        let (worker, url) = (Arc::clone(&self.worker), ask.url.clone());
        let task = self.tasks.spawn(async move {
            let (reply, outcome) = worker.ask_sitemap(url).await;
            Answer::Sitemap(reply, outcome)
        });
        self.jobs.insert(task.id(), Job::Sitemap(ask));
    }

    /// Takes what came of one request.
    pub(super) fn take_sitemap(&mut self, ask: Ask, reply: SitemapReply, outcome: &Outcome) -> Result<()> {
        let now = now();
        self.finished(&ask.url, outcome, now);
        if let Some(at) = self.politeness.retry_at(&ask.url, ask.attempt, outcome, now) {
            tracing::debug!(url = %ask.url, attempt = ask.attempt, "will be tried again: {}", why(outcome));
            self.tally.retries += 1;
            self.sitemaps.retry(ask, Some(at));
            return Ok(());
        }
        match reply {
            SitemapReply::Read(sitemap) => self.take_entries(&ask, sitemap)?,
            SitemapReply::Redirect(to) if self.may_be_asked(&to) => {
                let taken = self.sitemaps.redirect(&ask, to);
                report(&ask, taken);
            }
            SitemapReply::Redirect(_) => {}
            SitemapReply::Nothing => {
                self.leave_out(&ask, &why(outcome));
                return Ok(());
            }
        }
        self.sitemaps.done(&ask);
        Ok(())
    }

    fn take_entries(&mut self, ask: &Ask, sitemap: Sitemap) -> Result<()> {
        let count = sitemap.entries.len();
        for fault in &sitemap.faults {
            tracing::warn!("the sitemap {}: {fault}", ask.url);
        }
        let targets = sitemap.entries.into_iter().map(|entry| entry.target);
        if sitemap.format == Some(Format::Index) {
            tracing::debug!(url = %ask.url, "an index of {count} sitemaps");
            targets.for_each(|target| self.nest(ask, target));
            return Ok(());
        }
        tracing::debug!(url = %ask.url, "a sitemap of {count} pages");
        let found = targets.map(|target| self.judge(Link { target, kind: LinkKind::Follow })).collect();
        self.frontier.add_listed(found)
    }

    /// Takes a sitemap that an index lists: on its own host or one that the crawl is about. Anything else nobody has
    /// vouched for, and an index could have the whole world asked.
    fn nest(&mut self, index: &Ask, target: Target) {
        let Target::Url(url) = target else { return };
        let vouched = url.host() == index.url.host() || url.host_key() == index.site || self.is_in_scope(&url);
        if !vouched {
            tracing::warn!("the sitemap {}: {url} is on a host that is out of scope", index.url);
        } else if self.may_be_asked(&url) {
            let taken = self.sitemaps.nest(index, url);
            report(index, taken);
        }
    }

    fn name(&mut self, url: CrawlUrl, site: &HostKey) {
        if self.may_be_asked(&url) && self.sitemaps.name(url, site.clone()) == Taken::TooMany {
            tracing::warn!("{site} names more than max_files sitemaps: the rest is left out");
        }
    }

    fn leave_out(&mut self, ask: &Ask, reason: &str) {
        tracing::warn!("the sitemap {} is not read: {reason}", ask.url);
        self.sitemaps.done(ask);
    }

    fn may_be_asked(&self, url: &CrawlUrl) -> bool {
        let refusal = self.fetch.refuses(url);
        if let Some(refusal) = &refusal {
            tracing::warn!("the sitemap {url} is not read: {refusal}");
        }
        refusal.is_none()
    }

    /// Whether the crawl is about the host of a URL: something of it was found to be in scope, or would be.
    fn is_in_scope(&self, url: &CrawlUrl) -> bool {
        let home = || self.worker.resolve(url, "/").is_some_and(|home| self.scope.admits(&home));
        self.frontier.host_of(url).is_some() || home()
    }
}

/// Says what is left out of what a sitemap leads to.
fn report(from: &Ask, taken: Taken) {
    match taken {
        Taken::Queued | Taken::Known | Taken::MoreYet => {}
        Taken::TooDeep => tracing::warn!("the sitemap {}: it nests deeper than max_nesting", from.url),
        Taken::TooMany => {
            tracing::warn!("the sitemap {}: {} leads to more than max_files sitemaps", from.url, from.site);
        }
        Taken::Circle => tracing::warn!("the sitemap {} is not read: it redirects in a circle", from.url),
        Taken::TooFar => tracing::warn!("the sitemap {}: redirects too often in a row", from.url),
    }
}

/// After which time a sitemap is looked at again whose host has to wait for room.
const CROWDED: Duration = Duration::from_millis(100);
