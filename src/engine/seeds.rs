//! The seeds on their way: what they redirect to, and why no page came of them.

use std::collections::HashSet;

use super::dispatcher::Dispatcher;
use super::ledger::Step;
use crate::error::Result;
use crate::observe::FailedSeed;
use crate::outcome::{Outcome, OutcomeKind, SkipReason};
use crate::url::{CrawlUrl, Link, LinkKind, Target, UrlKey};

/// What is known of the seeds and of what they redirect to.
#[derive(Debug, Default)]
pub(super) struct Seeds {
    /// The seeds, and what they redirect to.
    keys: HashSet<UrlKey>,
    failed: Vec<FailedSeed>,
    /// The first seed, to name when nothing else explains why there is no page.
    first: Option<String>,
}

impl Seeds {
    pub(super) fn new<'a>(seeds: impl IntoIterator<Item = &'a CrawlUrl>) -> Self {
        let mut seeds = seeds.into_iter().peekable();
        let first = seeds.peek().map(ToString::to_string);
        Self { keys: seeds.map(CrawlUrl::key).collect(), failed: Vec::new(), first }
    }

    /// Whether a URL is a seed, or what one leads to.
    pub(super) fn contain(&self, url: &CrawlUrl) -> bool {
        self.keys.contains(&url.key())
    }

    /// Notes how a request ended that led nowhere else.
    pub(super) fn ended(&mut self, url: &CrawlUrl, outcome: &Outcome) {
        if outcome.kind != OutcomeKind::Ok {
            self.failed(url, &why(outcome));
        }
    }

    /// A seed redirects to a URL, which is in scope or not.
    pub(super) fn leads_to(&mut self, url: &CrawlUrl, target: &CrawlUrl, in_scope: bool) {
        if !self.keys.insert(target.key()) {
            self.failed(url, &format!("redirects to {target}, which was asked for already"));
        } else if !in_scope {
            self.failed(url, &format!("redirects to {target}, which is out of scope"));
        }
    }

    /// Notes why no page comes of a URL, if it is a seed.
    pub(super) fn failed(&mut self, url: &CrawlUrl, reason: &str) {
        if self.contain(url) {
            self.failed.push(FailedSeed { url: url.to_string(), reason: reason.to_owned() });
        }
    }

    /// Takes over why no page came of seeds in earlier runs.
    pub(super) fn have_failed(&mut self, failed: Vec<FailedSeed>) {
        self.failed = failed;
    }

    /// Why no page came of seeds so far.
    pub(super) fn failed_so_far(&self) -> &[FailedSeed] {
        &self.failed
    }

    /// Why no page came of any seed. Only for a crawl in which no page came of anything: all that is found is found
    /// on a page.
    pub(super) fn into_failed(mut self) -> Vec<FailedSeed> {
        if self.failed.is_empty() {
            let reason = "redirects too often in a row".to_owned();
            self.failed.extend(self.first.map(|url| FailedSeed { url, reason }));
        }
        self.failed
    }
}

impl Dispatcher {
    /// A seed that leads to another host takes the scope along, unless that host is not to be connected to.
    pub(super) async fn follow_seed(&mut self, url: &CrawlUrl, outcome: &Outcome, links: &[Link]) -> Result<()> {
        if !self.seeds.contain(url) {
            return Ok(());
        }
        let Some(Link { target: Target::Url(target), kind: LinkKind::Redirect }) = links.first() else {
            self.seeds.ended(url, outcome);
            return Ok(());
        };
        if self.fetch.refuses(target).is_some() {
            self.seeds.failed(url, &format!("redirects to {target}, an address that is not allowed"));
            return Ok(());
        }
        if let Some(moved) = self.scope.follow_seed_redirect(url, target) {
            tracing::info!("{moved}");
            let scope = &self.scope;
            self.frontier.reconsider(SkipReason::Scope, &|url| scope.admits(url))?;
        }
        self.seeds.leads_to(url, target, self.scope.admits(target));
        let seed_redirect = Some((url.clone(), target.clone()));
        self.writer.step(Step { seed_redirect, ..Step::default() }).await
    }
}

/// How a request ended, in few words.
pub(super) fn why(outcome: &Outcome) -> String {
    match (&outcome.failure, outcome.status, &outcome.location) {
        (Some(failure), _, _) => failure.to_string(),
        (None, Some(status), Some(to)) => format!("status {status}, to {to}"),
        (None, Some(status), None) => format!("status {status}"),
        (None, None, _) => "no response".to_owned(),
    }
}
