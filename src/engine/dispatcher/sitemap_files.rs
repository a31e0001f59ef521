//! The way to the sitemaps: which are asked for, and what comes of what they list.

use std::sync::Arc;

use crate::engine::judge::Judge;
use crate::engine::worker::{SitemapReply, Worker};
use crate::error::Result;
use crate::frontier::Frontier;
use crate::mention::Mention;
use crate::outcome::{Outcome, OutcomeKind, says_nothing};
use crate::parse::sitemap::{Format, Sitemap};
use crate::politeness::robots::Robots;
use crate::sitemaps::{Ask, SavedSitemap, Sitemaps, Taken};
use crate::url::{CrawlUrl, HostKey, Link, LinkKind, Scheme, Target};

/// The sitemaps of a crawl.
///
/// - Each is taken once, and read once in all runs together.
/// - Whoever names one has been vouched for: the user, a host that the crawl is about, or an index on its own host.
/// - What they list is for the frontier, by the same verdict as a link.
#[derive(Debug)]
pub(super) struct SitemapFiles {
    sitemaps: Sitemaps,
    worker: Arc<Worker>,
}

impl SitemapFiles {
    pub(super) fn new(sitemaps: Sitemaps, worker: Arc<Worker>) -> Self {
        Self { sitemaps, worker }
    }

    /// Those that wait for their turn.
    pub(super) fn queue(&mut self) -> &mut Sitemaps {
        &mut self.sitemaps
    }

    /// Whether none waits or is on its way.
    pub(super) fn is_idle(&self) -> bool {
        self.sitemaps.is_idle()
    }

    /// Tells, at the end of a crawl of which nothing is left, that there was none to take where some were asked for.
    pub(super) fn tell_none(&self, is_left: bool) {
        if !is_left && self.sitemaps.options().reads_robots() && self.sitemaps.is_unused() {
            tracing::warn!(
                "no sitemap was found: no robots.txt that was read names one; --sitemap URL takes one all the same"
            );
        }
    }

    /// Takes one that `site`, or the user for it, names.
    pub(super) fn name(&mut self, url: CrawlUrl, site: &HostKey, judge: &Judge) {
        if may_be_asked(&url, judge) && self.sitemaps.name(url, site.clone()) == Taken::TooMany {
            tracing::warn!("{site} names more than max_files sitemaps: the rest is left out");
        }
    }

    /// Takes the feeds out of the links of a page, which are no pages: as far as they are in scope they are read as sitemaps
    /// are. What has changed by that is to be kept in one step with the page, which is not read again.
    pub(super) fn take_feeds(&mut self, page: &CrawlUrl, links: &mut Vec<Link>, judge: &Judge) {
        let is_feed = |link: &mut Link| link.mention == Mention::Feed && link.kind == LinkKind::Follow;
        let feeds: Vec<_> = links.extract_if(.., is_feed).collect();
        let site = page.host_key();
        for feed in feeds {
            match feed.target {
                Target::Url(url) if judge.refuses(&url).is_none() => self.name(url, &site, judge),
                Target::Url(_) | Target::Other { .. } => {}
            }
        }
    }

    /// Takes one that another node has been told of.
    pub(super) fn arrive(&mut self, url: CrawlUrl, saved: SavedSitemap, judge: &Judge) {
        if may_be_asked(&url, judge) {
            let site = saved.site.clone();
            if self.sitemaps.arrive(url, saved) == Taken::TooMany {
                tracing::warn!("{site} leads to more than max_files sitemaps: the rest is left out");
            }
        }
    }

    /// Takes the sitemaps that every robots.txt names that an earlier process has read: this one may not ask for it, and
    /// settings may have changed. Those that were taken before are known.
    pub(super) fn take_known(
        &mut self,
        known: Vec<(Scheme, HostKey, Arc<Robots>)>,
        judge: &Judge,
        frontier: &Frontier,
    ) {
        if !self.sitemaps.options().reads_robots() {
            return;
        }
        for (scheme, host, robots) in known {
            let Some(home) = self.worker.rules().home(scheme, &host) else { continue };
            let Ok(file) = self.worker.rules().robots_of(&home) else { continue };
            self.take_named(&home, &file, &robots, judge, frontier);
        }
    }

    /// Takes the sitemaps that the robots.txt at `file` names, if its host is one of those that the crawl is about. They
    /// may be on other hosts: naming them there is how a host vouches for them (sitemaps.org, "Sitemaps & Cross
    /// Submits").
    pub(super) fn take_named(
        &mut self,
        page: &CrawlUrl,
        file: &CrawlUrl,
        robots: &Robots,
        judge: &Judge,
        frontier: &Frontier,
    ) {
        let names = !robots.sitemaps().is_empty() && self.sitemaps.options().reads_robots();
        if !names || !is_in_scope(page, &self.worker, judge, frontier) {
            return;
        }
        let site = page.host_key();
        for reference in robots.sitemaps() {
            if let Some(url) = self.worker.rules().requestable(file, reference) {
                self.name(url, &site, judge);
            } else {
                tracing::warn!("{file} names a sitemap that is no URL: {reference}");
            }
        }
    }

    /// Takes what came of one request, which is not made again.
    pub(super) fn take(
        &mut self,
        ask: &Ask,
        reply: SitemapReply,
        outcome: &Outcome,
        judge: &Judge,
        frontier: &mut Frontier,
    ) -> Result<()> {
        match reply {
            SitemapReply::Read(sitemap) => self.read(ask, sitemap, judge, frontier)?,
            SitemapReply::Redirect(to) if may_be_asked(&to, judge) => report(ask, self.sitemaps.redirect(ask, to)),
            SitemapReply::Redirect(_) => {}
            SitemapReply::Nothing => {
                let is_none = outcome.kind == OutcomeKind::HttpError && !outcome.status.is_some_and(says_nothing);
                self.leave_out(ask, &outcome.reason(), !is_none);
                return Ok(());
            }
        }
        self.sitemaps.done(ask);
        Ok(())
    }

    /// Leaves one out that is not to be asked for, or that cannot be read. `is_unread`: whether there may be one.
    pub(super) fn leave_out(&mut self, ask: &Ask, reason: &str, is_unread: bool) {
        tracing::warn!("the sitemap {} is not read: {reason}", ask.url);
        if is_unread {
            self.sitemaps.give_up(ask);
        } else {
            self.sitemaps.done(ask);
        }
    }

    fn read(&mut self, ask: &Ask, sitemap: Sitemap, judge: &Judge, frontier: &mut Frontier) -> Result<()> {
        let count = sitemap.entries.len();
        if let Some(again) = self.worker.again() {
            for entry in &sitemap.entries {
                if let (Target::Url(url), Some(lastmod)) = (&entry.target, entry.lastmod) {
                    again.listed(url, lastmod);
                }
            }
        }
        for fault in &sitemap.faults {
            tracing::warn!("the sitemap {}: {fault}", ask.url);
        }
        let targets = sitemap.entries.into_iter().map(|entry| entry.target);
        if sitemap.format != Some(Format::Index) {
            tracing::debug!(url = %ask.url, "a sitemap of {count} pages");
            let alternates = if self.sitemaps.options().alternates { sitemap.alternates } else { Vec::new() };
            let targets = targets.chain(alternates);
            let listed = |target| {
                judge.link(Link { target, kind: LinkKind::Follow, mention: Mention::Sitemap, link_text: None })
            };
            let found = targets.map(listed).collect();
            return frontier.add_listed(found);
        }
        tracing::debug!(url = %ask.url, "an index of {count} sitemaps");
        for target in targets {
            let Target::Url(url) = target else { continue };
            // On its own host or one that the crawl is about. Anything else nobody has vouched for, and an index could
            // have the whole world asked.
            let is_own = url.host() == ask.url.host() || url.host_key() == ask.site;
            if !is_own && !is_in_scope(&url, &self.worker, judge, frontier) {
                tracing::warn!("the sitemap {}: {url} is on a host that is out of scope", ask.url);
            } else if may_be_asked(&url, judge) {
                report(ask, self.sitemaps.nest(ask, url));
            }
        }
        Ok(())
    }
}

/// Whether the crawl is about the host of a URL: something of it was found to be in scope, or would be.
fn is_in_scope(url: &CrawlUrl, worker: &Worker, judge: &Judge, frontier: &Frontier) -> bool {
    let home = || worker.rules().requestable(url, "/").is_some_and(|home| judge.is_in_scope(&home));
    frontier.host_of(url).is_some() || home()
}

fn may_be_asked(url: &CrawlUrl, judge: &Judge) -> bool {
    let refusal = judge.refuses_address(url);
    if let Some(refusal) = &refusal {
        tracing::warn!("the sitemap {url} is not read: {refusal}");
    }
    refusal.is_none()
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
