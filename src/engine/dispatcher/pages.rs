//! Pages: what comes of a page that is settled, and how many of them are enough.

use std::sync::Arc;

use super::left_out::LeftOut;
use super::long_chains::LongChains;
use super::seeds::Seeds;
use crate::accounts::Accounts;
use crate::engine::judge::Judge;
use crate::engine::ledger::Step;
use crate::engine::tally::Tally;
use crate::error::Result;
use crate::frontier::{Change, Changes, Found, Frontier, Lease, NodeState, Place, Settlement};
use crate::media_type;
use crate::observe::FailedSeed;
use crate::outcome::{Outcome, OutcomeKind, SkipReason};
use crate::politeness::Politeness;
use crate::sink::{Options, Record, Settled};
use crate::sitemaps::Sitemaps;
use crate::trap::Trap;
use crate::traps::Visit;
use crate::url::{CrawlUrl, Link, LinkKind, Target};
use crate::walls::{Answer, Standing};

/// What is counted and kept of the pages of a crawl.
///
/// - Each settled page is counted once, and has one record.
/// - The limit is exact: what is in flight counts. What is settled *unasked*, because its host was given up before its
///   first attempt, does not.
#[derive(Debug)]
pub(super) struct Pages {
    seeds: Seeds,
    tally: Tally,
    left_out: LeftOut,
    chains: LongChains,
    output: Options,
    /// How many are asked for.
    most: Option<u64>,
}

impl Pages {
    /// Of no more than `most` pages, over no more than `redirects` in a row.
    pub(super) fn new(seeds: Seeds, tally: Tally, output: Options, most: Option<u64>, redirects: u32) -> Self {
        let (left_out, chains) = (LeftOut::default(), LongChains::new(redirects));
        Self { seeds, tally, left_out, chains, output, most }
    }

    /// Ends a lease with a record: what has to be kept of it, as one step.
    pub(super) fn settle(
        &mut self,
        lease: &Lease,
        mut outcome: Outcome,
        judge: &mut Judge,
        sitemaps: &Sitemaps,
        frontier: &mut Frontier,
    ) -> Result<Step> {
        let links = std::mem::take(&mut outcome.links);
        let lead = self.seeds.follow(&lease.url, &outcome, &links, judge);
        if lead.as_ref().is_some_and(|lead| lead.moves_scope) {
            frontier.reconsider(SkipReason::Scope);
        }
        let leads_to = links.iter().find_map(sends_on).cloned();
        let parts = Parts::of(lease, &outcome, judge);
        let found = links.into_iter().map(|link| {
            let kind = parts.link_kind(judge, &link, sitemaps.link_kind(link.kind));
            let Link { target, mention, link_text, .. } = link;
            Found { target, kind, mention: Some(mention), link_text, skip: None }
        });
        let refuses = |url: &CrawlUrl, kind| parts.refuses(judge, url, kind);
        let Settlement { place: Place { depth, referrer }, left_out } =
            frontier.settle(lease.id, outcome.kind, found.collect(), &refuses)?;
        let changes = frontier.take_changes();
        let traps = look_for_trap(&lease.url, &outcome, &changes, judge);
        if self.chains.ends(&lease.url, &changes) {
            self.tally.note_chain(&lease.url);
        }
        tracing::debug!(url = %lease.url, depth, "{}", outcome.reason());
        let standing = if traps.is_some() { Standing::Trap } else { standing(lease, &outcome, leads_to.as_ref()) };
        let answer = Answer { url: &lease.url, outcome: &outcome, leads_to: leads_to.as_ref(), standing };
        self.tally.note(answer, outcome.links_left_out + left_out);
        outcome.location = outcome.location.or_else(|| lease.spelling.as_deref().map(CrawlUrl::to_shared));
        let record = Record::new(&lease.url, depth, referrer, lease.attempt, &mut outcome, &self.output);
        self.left_out.tell(&record, outcome.links_left_out, left_out);
        let mut settled = Box::new(Settled::new(record));
        settled.exchange = outcome.exchange.take();
        settled.survey = outcome.survey.take().map(|mut survey| {
            survey.url = lease.url.to_shared();
            survey
        });
        if let Some(extracted) = outcome.extracted.take() {
            (settled.items, settled.findings) = (extracted.items, Some(extracted.findings));
        }
        Ok(Step {
            settled: Some(settled),
            changes,
            traps,
            unasked: self.tally.unasked_to_keep(),
            unread: self.tally.unread_to_keep(),
            seed_redirect: lead.map(|lead| (lease.url.clone(), lead.target)),
            ..Step::default()
        })
    }

    /// Notes that a lease is about to be settled because its host was given up. Unless an earlier attempt was made, it
    /// was never asked for.
    pub(super) fn given_up(&mut self, lease: &Lease) {
        if lease.attempt == 1 {
            self.tally.note_unasked();
        }
    }

    /// Notes that a page, or a sitemap, will be tried again.
    pub(super) fn retried(&mut self) {
        self.tally.note_retry();
    }

    /// Notes that a page was skipped for its robots.txt.
    pub(super) fn disallowed(&mut self, url: &CrawlUrl, why: &str) {
        tracing::debug!(%url, "skipped: {why}");
        self.seeds.failed(url, why);
    }

    /// Notes that a page was skipped for what its site says of use.
    pub(super) fn refused(&mut self, url: &CrawlUrl) {
        tracing::debug!(%url, "skipped: its site says no to what the crawl is for");
        self.seeds.failed(url, "its site says no to the purpose of the crawl (policy.purpose)");
    }

    /// Another node has found where a seed leads to.
    pub(super) fn seed_leads(&mut self, from: &CrawlUrl, to: &CrawlUrl, in_scope: bool) {
        self.seeds.leads_to(from, to, in_scope);
    }

    /// How many URLs are in which state: those that are settled here, where others settle some as well.
    pub(super) fn accounts(&self, frontier: &Frontier) -> Accounts {
        self.tally.accounts(frontier.accounts())
    }

    /// Whether as many are asked for as there may be.
    pub(super) fn are_enough(&self, frontier: &Frontier) -> bool {
        let Some(most) = self.most else { return false };
        let accounts = self.accounts(frontier);
        (accounts.settled.total() + accounts.in_flight).saturating_sub(self.tally.unasked()) >= most
    }

    /// How many records are of pages that may come when they are asked for again.
    pub(super) fn failed(&self) -> u64 {
        self.tally.failed()
    }

    /// The decoded bytes of all that were read.
    pub(super) fn bytes(&self) -> u64 {
        self.tally.bytes()
    }

    /// Why no page came of seeds so far.
    pub(super) fn failed_seeds(&self) -> Vec<FailedSeed> {
        self.seeds.failed_so_far().to_vec()
    }

    /// What is told of them at the end.
    pub(super) fn finish(self) -> (Tally, Seeds) {
        (self.tally, self.seeds)
    }
}

/// How what a response leads to is judged as parts of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parts {
    /// It is a page that is wanted: its parts are.
    Page,
    /// It is a part itself, of which parts and redirects are wanted: a style sheet has images.
    Part,
    /// It was asked for as a part and turned out to be a page, out of scope: nothing goes on from there.
    Stranger,
}

impl Parts {
    fn of(lease: &Lease, outcome: &Outcome, judge: &Judge) -> Self {
        let is_page = outcome.page.is_some() && outcome.content_type.as_deref().is_none_or(media_type::is_html);
        match lease.is_part {
            false => Self::Page,
            true if is_page && !judge.is_in_scope(&lease.url) => Self::Stranger,
            true => Self::Part,
        }
    }

    /// What a link of this kind is to the crawl.
    fn link_kind(self, judge: &Judge, link: &Link, kind: LinkKind) -> LinkKind {
        match (self, kind) {
            (Self::Page, LinkKind::Follow | LinkKind::Redirect) if judge.is_looked_for(link) => LinkKind::Part,
            // Nothing is followed from there: what a part leads to is judged by what it turns out to be.
            (Self::Stranger, LinkKind::Follow | LinkKind::Part) => LinkKind::Nofollow,
            (_, kind) => kind,
        }
    }

    /// Why what a link of such a kind leads to is not to be requested; `None` when it is.
    fn refuses(self, judge: &Judge, url: &CrawlUrl, kind: LinkKind) -> Option<SkipReason> {
        match (self, kind) {
            (Self::Part, LinkKind::Redirect) => judge.refuses_part(url),
            _ => judge.refuses_link(url, kind),
        }
    }
}

/// Takes a page as a part of the spaces that it is of: all that are closed, when one is closed now.
fn look_for_trap(url: &CrawlUrl, outcome: &Outcome, changes: &Changes, judge: &mut Judge) -> Option<Vec<Trap>> {
    let is_page = outcome.kind == OutcomeKind::Ok && outcome.page.is_some();
    if !(is_page || outcome.kind == OutcomeKind::Redirect) || !judge.closes_traps() {
        return None;
    }
    let found = changes.iter().flat_map(|(_, changes)| changes).filter_map(|change| match change {
        Change::Found(found)
            if (found.path.referrer.is_some() || found.referrer_url.is_some())
                && !found.path.is_part()
                && found.state == NodeState::Pending =>
        {
            Some(CrawlUrl::stored(Arc::clone(&found.text), found.key))
        }
        _ => None,
    });
    let found: Vec<_> = found.collect();
    let traps = judge.visited(Visit { url, said: outcome.said, found: &found });
    for trap in traps {
        tracing::warn!("{}", closed(trap));
    }
    let any = !traps.is_empty();
    any.then(|| judge.closed().to_vec())
}

/// The one line that says what was closed, and how to open it.
fn closed(trap: &Trap) -> String {
    let (examples, glob) = (trap.examples.join(" and "), trap.glob());
    format!(
        "a trap is closed, its other URLs are skipped: {trap}; such as {examples}; to allow it: traps.budgets = [\"{glob} = none\"]"
    )
}

/// Lets a page be asked for as what its response redirects to, when that is the same page by its key or leads back to
/// it. Each of these requests is admitted as any other. Whether it is.
pub(super) fn respell(
    lease: &Lease,
    outcome: &Outcome,
    judge: &Judge,
    politeness: &mut Politeness,
    frontier: &mut Frontier,
) -> Result<bool> {
    let Some(spelling) = respelled(lease, outcome) else { return Ok(false) };
    if !judge.is_in_scope(spelling) || politeness.disallows(spelling) {
        return Ok(false);
    }
    let is_respelled = frontier.respell(lease.id, spelling.clone())?;
    if is_respelled {
        tracing::debug!(url = %lease.url, "is to be asked for as {spelling}");
    }
    Ok(is_respelled)
}

/// As what a page is to be asked for now, under the same lease.
fn respelled<'o>(lease: &Lease, outcome: &'o Outcome) -> Option<&'o CrawlUrl> {
    let bounced = || outcome.links.first().and_then(sends_on).filter(|to| lease.leads_back(to));
    outcome.respelled.as_deref().or_else(|| bounced().filter(|_| outcome.sets_cookie))
}

/// Whether a page that leads to itself, or back to what has led to it, did so with a cookie on its way: it was asked again
/// with that, as often as there may be redirects.
fn standing(lease: &Lease, outcome: &Outcome, leads_to: Option<&CrawlUrl>) -> Standing {
    let is_loop = leads_to.is_some_and(|to| to.key() == lease.url.key() || lease.leads_back(to));
    let had_cookie = || lease.spelling.as_deref().is_some_and(|asked| asked.key() != lease.url.key());
    if is_loop && (outcome.sets_cookie || had_cookie()) { Standing::CookieInVain } else { Standing::Plain }
}

/// Where a link leads to at once.
fn sends_on(link: &Link) -> Option<&CrawlUrl> {
    match link {
        Link { target: Target::Url(to), kind: LinkKind::Redirect, .. } => Some(to),
        _ => None,
    }
}
