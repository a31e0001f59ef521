//! News: what is heard of other nodes, and what is made of it.

use std::collections::BTreeSet;

use super::Dispatcher;
use super::handover::Keep;
use super::job::Job;
use super::robots_hops::RobotsHop;
use crate::engine::clock::now;
use crate::engine::ledger::Step;
use crate::engine::loading::Loaded;
use crate::engine::said::Told;
use crate::error::{Error, Result};
use crate::outcome::SkipReason;
use crate::store::{Member, MemberChange, News};
use crate::url::HostKey;

impl Dispatcher {
    /// Takes what others have to tell.
    pub(super) async fn hear(&mut self, told: Told) -> Result<()> {
        // Whoever tells something takes it that there is something to do.
        self.nodes.wake();
        for news in told.news {
            match news {
                News::Took(buckets) => self.nodes.take(buckets),
                News::Surplus(buckets) => {
                    for bucket in buckets {
                        if self.frontier.keeps(bucket) {
                            self.frontier.drain(bucket);
                            self.nodes.drain(bucket);
                        }
                    }
                }
                News::SeedRedirect { from, to } => self.seed_leads(&from, &to)?,
                News::Member(member) => tell(&member),
                News::Over(state) => self.ending.is_over(state, self.tasks.len()),
            }
        }
        let now = now();
        for mail in told.mail {
            self.read(mail, now)?;
        }
        // The effects of letters and their ends are one step.
        self.pass_on(Keep::Due).await?;
        self.nodes.order(&self.judge)
    }

    /// Another node has found where a seed leads to.
    fn seed_leads(&mut self, from: &str, to: &str) -> Result<()> {
        let parse = |text: &str| self.worker.rules().parse(text).map_err(Error::Damaged);
        let (from, to) = (parse(from)?, parse(to)?);
        let moved = self.judge.follow_seed(&from, &to);
        self.pages.seed_leads(&from, &to, self.judge.is_in_scope(&to));
        if let Some(moved) = moved {
            tracing::info!("{moved}");
            self.nodes.judge_anew();
            self.frontier.reconsider(SkipReason::Scope);
        }
        Ok(())
    }

    /// Takes a bucket that was loaded, with all that is known of its hosts.
    pub(super) async fn take_bucket(&mut self, loaded: Loaded) -> Result<()> {
        self.nodes.wake();
        let Loaded { graph, notes, bucket, verdicts } = loaded;
        let names: Vec<HostKey> = notes.hosts.iter().map(|(host, _)| host.clone()).collect();
        self.politeness.take_over(notes.hosts, self.worker.agent(), &self.handover.wall_clock());
        for saved in &notes.cookies {
            self.worker.network().restore_cookies(saved);
        }
        for (url, saved) in notes.sitemaps {
            // But for those whose URLs these settings do not take.
            if let Ok(url) = self.worker.rules().parse(&url) {
                self.sitemaps.queue().restore(url, saved);
            }
        }
        if self.judge.close(notes.traps) {
            self.nodes.judge_anew();
        }
        self.frontier.take(graph);
        if verdicts != self.nodes.verdicts() {
            // Of traps that were closed meanwhile the frontier hears with each lease.
            self.frontier.reconsider_in(bucket, SkipReason::Scope);
        }
        let known = self.politeness.known_robots_of(&names);
        self.sitemaps.take_known(known, &self.judge, &self.frontier);
        tracing::debug!(%bucket, hosts = names.len(), "a bucket is taken");
        let sitemaps = self.sitemap_changes()?;
        let changes = self.frontier.take_changes();
        self.handover.settled(Step { changes, sitemaps, loaded: vec![bucket], ..Step::default() }, None).await?;
        self.nodes.order(&self.judge)
    }

    /// Gives away what is draining and not under way any more.
    pub(super) async fn give(&mut self) -> Result<()> {
        let free: Vec<_> =
            self.nodes.draining().iter().copied().filter(|bucket| self.frontier.is_free(*bucket)).collect();
        if free.is_empty() {
            return Ok(());
        }
        let asked = self.tasks.jobs().map(Job::url).chain(self.knocks.under_way());
        let asks_for = self.tasks.jobs().filter_map(Job::page_of_hop);
        let split = self.frontier.splits();
        let busy: BTreeSet<_> = asked.chain(asks_for).map(|url| split.of_url(url)).collect();
        let given: Vec<_> = free.into_iter().filter(|bucket| !busy.contains(bucket)).collect();
        if given.is_empty() {
            return Ok(());
        }
        let is_gone = |host: &HostKey| given.contains(&split.of_name(host.name()));
        let host_states = self.politeness.hand_over(is_gone, &self.handover.wall_clock());
        // Those that were asked for by letters to what goes are its next owner's.
        let of_gone = |hop: &RobotsHop| hop.letter().is_some_and(|(bucket, _)| given.contains(&bucket));
        self.robots.forget(|hop| is_gone(&hop.page().host_key()) || of_gone(hop));
        let sitemaps = self.sitemap_changes()?;
        self.sitemaps.queue().forget(is_gone);
        self.waiting_hosts.forget(|url| is_gone(&url.host_key()));
        let cookies = self.worker.network().take_cookies();
        let changes = self.frontier.take_changes();
        for bucket in &given {
            self.nodes.give(*bucket);
            if !self.frontier.give(*bucket) {
                return Err(Error::Internal(format!(
                    "bucket {bucket} was given away while something of it was under way"
                )));
            }
        }
        tracing::debug!(buckets = given.len(), "given to others");
        self.handover.settled(Step { changes, host_states, cookies, sitemaps, given, ..Step::default() }, None).await
    }

    /// Says whether something is left to do here, when that was not said.
    pub(super) async fn tell_rest(&mut self) -> Result<()> {
        if !self.nodes.are_many() {
            return Ok(());
        }
        let accounts = self.frontier.accounts();
        let nothing_waits = accounts.pending == 0 && accounts.in_flight == 0 && !self.frontier.is_waiting();
        let is_idle = nothing_waits && self.tasks.is_empty() && self.sitemaps.is_idle() && self.robots.is_empty();
        let is_idle = is_idle && self.nodes.are_settled();
        if self.nodes.rest(is_idle) { self.handover.rest(is_idle).await } else { Ok(()) }
    }
}

/// Says what has become of another node.
fn tell(member: &Member) {
    let Member { node, machine, change } = member;
    match change {
        MemberChange::Joined => tracing::info!("{machine} (node {node}) takes part in the crawl"),
        MemberChange::Ended => tracing::info!("{machine} (node {node}) has left the crawl; its hosts go to the others"),
        MemberChange::Lost => tracing::warn!(
            "{machine} (node {node}) was not heard of for too long; its hosts go to the others. What it has recorded is in its crawl \
             directory: start it there once more, so that it can bring its records in order"
        ),
    }
}
