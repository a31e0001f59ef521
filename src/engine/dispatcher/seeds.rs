//! The seeds on their way: what they redirect to, and why no page came of them.

use std::collections::HashSet;

use crate::engine::judge::Judge;
use crate::observe::{FailedSeed, State};
use crate::outcome::{Outcome, OutcomeKind};
use crate::url::{CrawlUrl, Link, LinkKind, Target, UrlKey};

/// What is known of the seeds and of what they redirect to.
///
/// - A seed that redirects stands for its target: what comes of that is what came of the seed.
/// - A reason is noted only for what is a seed, or what one redirects to.
#[derive(Debug, Default)]
pub(in crate::engine) struct Seeds {
    /// The seeds, and what they redirect to.
    keys: HashSet<UrlKey>,
    failed: Vec<FailedSeed>,
    /// The first seed, or sitemap that stands for one, to name when nothing else explains why there is no page.
    first: Option<String>,
}

/// Where a seed leads to.
#[derive(Debug)]
pub(super) struct Lead {
    pub(super) target: CrawlUrl,
    /// Whether that has joined the scope just now.
    pub(super) moves_scope: bool,
}

impl Seeds {
    /// `places` are the seeds, or the sitemaps that stand for them.
    pub(in crate::engine) fn new(seeds: &[CrawlUrl], places: &[CrawlUrl]) -> Self {
        let first = places.first().map(ToString::to_string);
        Self { keys: seeds.iter().map(CrawlUrl::key).collect(), failed: Vec::new(), first }
    }

    /// Takes how the request for a URL has ended. A seed that leads to another host takes the scope along, unless that
    /// host is not to be connected to.
    pub(super) fn follow(
        &mut self,
        url: &CrawlUrl,
        outcome: &Outcome,
        links: &[Link],
        judge: &mut Judge,
    ) -> Option<Lead> {
        if !self.contain(url) {
            return None;
        }
        let redirect = links.first().filter(|_| outcome.kind == OutcomeKind::Redirect);
        let Some(Link { target: Target::Url(target), kind: LinkKind::Redirect, .. }) = redirect else {
            if outcome.kind != OutcomeKind::Ok {
                self.failed(url, &outcome.reason());
            }
            return None;
        };
        if judge.refuses_address(target).is_some() {
            self.failed(url, &format!("redirects to {target}, an address that is not allowed"));
            return None;
        }
        let moved = judge.follow_seed(url, target);
        if let Some(moved) = &moved {
            tracing::info!("{moved}");
        }
        self.leads_to(url, target, judge.is_in_scope(target));
        Some(Lead { target: target.clone(), moves_scope: moved.is_some() })
    }

    /// A seed redirects to a URL, which is in scope or not.
    pub(in crate::engine) fn leads_to(&mut self, url: &CrawlUrl, target: &CrawlUrl, in_scope: bool) {
        if url.key() == target.key() {
            let often = if url.as_str() == target.as_str() { "" } else { ", in one spelling after the other" };
            self.failed(url, &format!("redirects to itself{often}"));
        } else if !self.keys.insert(target.key()) {
            self.failed(url, &format!("redirects to {target}, which was asked for already"));
        } else if !in_scope {
            self.failed(url, &format!("redirects to {target}, which is out of scope"));
        }
    }

    /// Notes why no page comes of a URL, if it is a seed.
    pub(super) fn failed(&mut self, url: &CrawlUrl, reason: &str) {
        if self.contain(url) {
            // What came of it when it was asked for before does not count any more.
            self.failed.retain(|failed| failed.url != url.as_str());
            self.failed.push(FailedSeed { url: url.to_string(), reason: reason.to_owned() });
        }
    }

    /// Takes over why no page came of seeds in earlier runs.
    pub(in crate::engine) fn have_failed(&mut self, failed: Vec<FailedSeed>) {
        self.failed = failed;
    }

    /// Why no page came of seeds so far.
    pub(super) fn failed_so_far(&self) -> &[FailedSeed] {
        &self.failed
    }

    /// Why no page came of any seed. Only for a crawl in which no page came of anything: all that is found is found
    /// on a page.
    pub(in crate::engine) fn into_failed(mut self, state: State) -> Vec<FailedSeed> {
        if self.failed.is_empty() {
            let reason = match state {
                State::Limit => "a limit has ended the crawl before",
                _ if self.keys.is_empty() => "lists no page that came",
                _ => "redirects too often in a row",
            };
            self.failed.extend(self.first.map(|url| FailedSeed { url, reason: reason.to_owned() }));
        }
        self.failed
    }

    fn contain(&self, url: &CrawlUrl) -> bool {
        self.keys.contains(&url.key())
    }
}
