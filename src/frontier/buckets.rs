//! The frontier: all buckets that are here, each a graph of its own, in turn.

use std::collections::BTreeSet;
use std::time::Instant;

use super::bucket::{Bucket, Split};
use super::change::{Change, Changes};
use super::found::{Found, Refuses, Settlement};
use super::graph::{Graph, Others};
use super::lease::{Hold, HostRef, Lease, LeaseId};
use super::letter::Letter;
use super::near::TEXTS;
use super::node::Limits;
use super::restore::{Restore, RestoreRules};
use super::sites::Sites;
use super::sums::{Part, Sums};
use super::turns::Turns;
use crate::accounts::Accounts;
use crate::error::{Error, Result};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::url::CrawlUrl;

/// What knows every URL and hands out those that are due: all of a crawl but what only a store has to know.
///
/// Texts and edges are with whoever keeps the [changes](super::Change); those that are needed are [wanted](Want) from there.
/// Memory holds of each known URL its key and what decides about it (23 bytes), less than one more for each that waits, and
/// the texts of those whose turn is near.
///
/// The hosts are split into [buckets](Bucket), of which each is a [`Graph`] of its own: one that holds everything, or many,
/// of which some are here. What is here takes turns. How one learns what
/// others have found of it is in `post`, how buckets come and go in `moves`, and what is asked of a store in `wants`.
///
/// # Contract
/// - A URL is one [key](CrawlUrl::key): what differs only in the canonical form is found once.
/// - Every known URL is in exactly one state; [`accounts`](Self::accounts) add up at any time, over all buckets here.
/// - Depth is the least number of links from a seed *over all pages settled so far*, whatever the order in which they
///   were settled: when a shorter path to a settled page is found, the depth of everything that it links to sinks too,
///   and what thereby comes within the greatest depth becomes pending.
/// - [`lease`](Self::lease) takes the buckets in turn, and of each the hosts, and gives the least depth of a host first. A
///   host of which nothing is leased any more goes on before the next one begins, for some leases and a few seconds.
/// - Every lease ends in exactly one [`settle`](Self::settle), [`retry`](Self::retry), [`skip`](Self::skip),
///   [`give_back`](Self::give_back) or [`respell`](Self::respell).
/// - No operation waits; time is passed in. What is not at hand is [wanted](Self::take_wants), and the rest goes on
///   until it is [supplied](Self::supply).
/// - `Err` means that the crawl cannot go on.
#[derive(Debug)]
pub struct Frontier {
    limits: Limits,
    pub(super) split: Split,
    /// By the number of the bucket; `None` is not here.
    pub(super) graphs: Vec<Option<Box<Graph>>>,
    pub(super) turns: Turns,
    pub(super) sites: Sites,
    /// What they come to together.
    pub(super) sums: Sums,
    /// Those that may have changes to be taken, in the order in which they got them.
    pub(super) touched: Vec<Bucket>,
    /// Those that wait for answers, or have something to ask.
    pub(super) waiting: BTreeSet<Bucket>,
    /// Those of them that have something to ask.
    pub(super) asking: BTreeSet<Bucket>,
    /// Whose wants were taken last.
    pub(super) asked: Bucket,
    /// Answers that are still to come.
    pub(super) awaited: usize,
    /// How many texts all of them together keep before anybody asks for them.
    pub(super) room: usize,
    /// How many texts each keeps so, and how many it asks for ahead.
    pub(super) of_each: (usize, usize),
    /// What nobody here wrote to buckets that are not here.
    pub(super) unsent: Vec<Letter>,
}

impl Frontier {
    /// Without any URL, in one bucket.
    pub fn new(limits: Limits) -> Self {
        Self::of(Graph::new(Bucket::FIRST, limits))
    }

    /// In one bucket, as that was left.
    pub fn of(graph: Graph) -> Self {
        let mut frontier = Self::split(graph.limits, Split::ONE);
        frontier.take(graph);
        frontier
    }

    /// Split into buckets, of which none is here.
    pub fn split(limits: Limits, split: Split) -> Self {
        Self {
            limits,
            split,
            graphs: Vec::new(),
            turns: Turns::default(),
            sites: Sites::default(),
            sums: Sums::default(),
            touched: Vec::new(),
            waiting: BTreeSet::new(),
            asking: BTreeSet::new(),
            asked: Bucket::FIRST,
            awaited: 0,
            room: TEXTS,
            of_each: (TEXTS, TEXTS),
            unsent: Vec::new(),
        }
    }

    /// Reads back what a store has kept of a bucket: first all hosts, then all URLs in the order of their numbers. What comes
    /// of it is for [`take`](Self::take).
    pub fn restore(bucket: Bucket, limits: Limits, rules: RestoreRules<'_>) -> Restore<'_> {
        Restore::new(bucket, limits, rules)
    }

    /// The same, but from here on it keeps no text before it is needed, as with very many URLs.
    #[cfg(test)]
    pub(crate) fn forgetful(self) -> Self {
        let mut frontier = Self { room: 0, ..self };
        frontier.share_room();
        frontier
    }

    /// The next URL that is due, of a host that is not on hold.
    pub fn lease(&mut self, now: Instant) -> Result<Option<Lease>> {
        while let Some(bucket) = self.turns.next(now) {
            let Some(graph) = self.graph_mut(bucket) else { continue };
            if let Some(lease) = graph.lease(now)? {
                self.note(bucket);
                return Ok(Some(lease));
            }
            let due = graph.next_due();
            self.turns.wait(bucket, due);
            self.note_waiting(bucket);
            self.count(bucket);
        }
        Ok(None)
    }

    /// Ends a lease with a record. `found` is what the response leads to, in document order; of what is new among it, no
    /// more is taken than its site may be [ahead](Limits::ahead). `refuses` gives the rules for the text of a URL, which are
    /// asked only where that decides something: when nobody knew it, or it was skipped, and not of each link to what is
    /// waiting or done. The answer is what the record has to say about where the page was found.
    pub fn settle(
        &mut self,
        lease: LeaseId,
        kind: OutcomeKind,
        found: Vec<Found>,
        refuses: Refuses<'_>,
    ) -> Result<Settlement> {
        let Self { graphs, sites, of_each, .. } = self;
        let bucket = lease.bucket;
        // Out of its place, so that it can look at the others.
        let graph = graphs.get_mut(bucket.index()).and_then(Option::take);
        let mut graph = graph.ok_or_else(|| not_here(bucket))?;
        (graph.room, graph.ahead) = *of_each;
        let settlement = graph.settle(lease.url, kind, found, refuses, sites, Others(graphs));
        if let Some(place) = graphs.get_mut(bucket.index()) {
            *place = Some(graph);
        }
        self.note(bucket);
        self.deliver(bucket, refuses)?;
        settlement
    }

    /// Ends a lease for now: the URL is due again at `at`.
    pub fn retry(&mut self, lease: LeaseId, at: Instant) -> Result<()> {
        self.on(lease.bucket, |graph| graph.retry(lease.url, at))
    }

    /// Ends a lease without a record.
    pub fn skip(&mut self, lease: LeaseId, reason: SkipReason) -> Result<()> {
        self.on(lease.bucket, |graph| graph.skip(lease.url, reason))
    }

    /// Ends a lease as if it had never been given; the URL is the next of its depth and this was no attempt.
    pub fn give_back(&mut self, lease: LeaseId) -> Result<()> {
        self.on(lease.bucket, |graph| graph.give_back(lease.url))
    }

    /// Ends a lease whose response redirects to another spelling of its URL, or to itself: the same page by its key, so
    /// there is no other node that it could lead to. It is the next of its depth, to be requested as `spelling`, and this
    /// was no attempt. `false`, and the lease goes on, when that would be one redirect in a row too many. What has to be
    /// spelled how is forgotten with the process: the next one is redirected again.
    pub fn respell(&mut self, lease: LeaseId, spelling: CrawlUrl) -> Result<bool> {
        self.on(lease.bucket, |graph| graph.respell(lease.url, spelling))
    }

    /// Leases nothing of a host until an instant, or until its hold is [released](Self::release).
    pub fn hold(&mut self, host: HostRef, until: Hold) {
        self.on_host(host, |graph| graph.hold(host.host, until));
    }

    /// Ends any hold of a host.
    pub fn release(&mut self, host: HostRef) {
        self.on_host(host, |graph| graph.release(host.host));
    }

    /// Ends any hold of a host, whose turn it is next.
    pub fn release_first(&mut self, host: HostRef) {
        self.on_host(host, |graph| graph.release_first(host.host));
        self.turns.call_first(host.bucket);
    }

    /// Whether a host goes on with what it has begun, or was called: those come before the others of their bucket.
    pub fn has_ahead(&self) -> bool {
        match self.only() {
            Some(graph) => graph.has_ahead(),
            None => self.sums.has_ahead(),
        }
    }

    /// Whether nothing of a host is leased or waits to be.
    pub fn is_done_with(&self, host: HostRef) -> bool {
        self.graph(host.bucket).is_some_and(|graph| graph.is_done_with(host.host))
    }

    /// When the next lease may be had, if that is known: `None` when nothing waits, or everything waits for a
    /// [`release`](Self::release) or the end of a lease.
    pub fn next_due(&mut self) -> Option<Instant> {
        let Self { graphs, turns, .. } = self;
        let of_bucket = |bucket: Bucket| graphs.get_mut(bucket.index())?.as_mut()?.next_due();
        turns.next_due(of_bucket)
    }

    /// The host of a URL, if anything of it is or was pending, and its bucket is here.
    pub fn host_of(&self, url: &CrawlUrl) -> Option<HostRef> {
        let bucket = self.split.of_url(url);
        Some(HostRef { bucket, host: self.graph(bucket)?.host_of(url)? })
    }

    /// How many hosts are known by at least one URL that is or was pending.
    pub fn host_count(&self) -> usize {
        self.only().map_or(self.sums.hosts(), Graph::host_count)
    }

    /// How far it goes.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// How many URLs are in which state.
    pub fn accounts(&self) -> Accounts {
        self.only().map_or(self.sums.accounts(), |graph| graph.accounts)
    }

    /// Skips everything that is pending. For a store it stays pending: a crawl that goes on with a higher limit takes it
    /// up.
    pub fn skip_pending(&mut self, reason: SkipReason) -> Result<()> {
        for bucket in self.here() {
            self.on(bucket, |graph| graph.skip_pending(reason))?;
        }
        Ok(())
    }

    /// Whether nothing new can be found: all buckets are here, and everything that is open lies at the greatest depth.
    pub fn discovery_closed(&self) -> bool {
        match self.only() {
            Some(graph) => graph.discovery_closed(),
            None => self.is_whole() && !self.sums.is_open(),
        }
    }

    /// Takes up again what was skipped for a reason and is now wanted, as it is [supplied](Self::supply).
    pub fn reconsider(&mut self, reason: SkipReason) {
        for bucket in self.here() {
            self.reconsider_in(bucket, reason);
        }
    }

    /// What has changed since this was last asked, for a store to keep.
    pub fn take_changes(&mut self) -> Changes {
        let Self { touched, graphs, unsent, .. } = self;
        let unsent = unsent.drain(..).map(|letter| (letter.to, vec![Change::Sent(Box::new(letter))]));
        let changes = touched.drain(..).filter_map(|bucket| {
            let graph = graphs.get_mut(bucket.index())?.as_mut()?;
            graph.is_touched = false;
            (!graph.changes.is_empty()).then(|| (bucket, std::mem::take(&mut graph.changes)))
        });
        changes.chain(unsent).collect()
    }

    /// Does something with a bucket, in which that may change anything.
    pub(super) fn on<T>(&mut self, bucket: Bucket, act: impl FnOnce(&mut Graph) -> Result<T>) -> Result<T> {
        let done = act(self.graph_mut(bucket).ok_or_else(|| not_here(bucket))?);
        self.note(bucket);
        done
    }

    fn on_host(&mut self, host: HostRef, act: impl FnOnce(&mut Graph)) {
        if let Some(graph) = self.graph_mut(host.bucket) {
            act(graph);
            self.turns.call(host.bucket);
            self.count(host.bucket);
        }
    }

    /// Notes that something has happened in a bucket.
    pub(super) fn note(&mut self, bucket: Bucket) {
        self.turns.call(bucket);
        self.note_waiting(bucket);
        self.count(bucket);
        if let Some(graph) = self.graphs.get_mut(bucket.index()).and_then(Option::as_mut)
            && !std::mem::replace(&mut graph.is_touched, true)
        {
            self.touched.push(bucket);
        }
    }

    /// Counts anew what a bucket has in the sums. Where it is the only one there are none.
    pub(super) fn count(&mut self, bucket: Bucket) {
        if self.split != Split::ONE {
            let part = self.graph(bucket).map(Part::of);
            self.sums.count(bucket, part);
        }
    }

    pub(super) fn graph(&self, bucket: Bucket) -> Option<&Graph> {
        self.graphs.get(bucket.index())?.as_deref()
    }

    /// A bucket that is here, with the room for texts that each has now.
    pub(super) fn graph_mut(&mut self, bucket: Bucket) -> Option<&mut Graph> {
        let graph = self.graphs.get_mut(bucket.index())?.as_mut()?;
        (graph.room, graph.ahead) = self.of_each;
        Some(graph)
    }

    /// What holds everything, if that is not split.
    fn only(&self) -> Option<&Graph> {
        if self.split == Split::ONE { self.graph(Bucket::FIRST) } else { None }
    }

    /// Those that are here.
    pub(super) fn here(&self) -> Vec<Bucket> {
        self.graphs.iter().flatten().map(|graph| graph.bucket).collect()
    }
}

fn not_here(bucket: Bucket) -> Error {
    Error::Internal(format!("bucket {bucket} is not here"))
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;
    use std::time::Duration;

    use std::ops::Add;

    use super::*;
    use crate::url::{LinkKind, Target, UrlRules};

    fn url(host: usize, page: usize) -> CrawlUrl {
        UrlRules::new(4096).parse(&format!("http://host-{host}/{page}")).unwrap()
    }

    /// All of seven buckets, with two URLs of each of twenty hosts.
    fn seven() -> Frontier {
        let split = Split::into(NonZeroU16::new(7).unwrap());
        let mut frontier = Frontier::split(LIMITS, split);
        (0..7).for_each(|bucket| frontier.take(Graph::new(Bucket::at(bucket), LIMITS)));
        for host in 0..20 {
            (0..2).for_each(|page| frontier.add_seed(url(host, page)).unwrap());
        }
        frontier
    }

    /// What all of them come to, one looked at after the other.
    fn walked(frontier: &Frontier) -> (Accounts, usize, bool, bool) {
        let graphs = || frontier.graphs.iter().flatten();
        let accounts = graphs().map(|graph| graph.accounts).reduce(Add::add).unwrap_or_default();
        let is_closed = graphs().count() == 7 && graphs().all(|graph| graph.discovery_closed());
        (accounts, graphs().map(|graph| graph.host_count()).sum(), graphs().any(|graph| graph.has_ahead()), is_closed)
    }

    fn summed(frontier: &Frontier) -> (Accounts, usize, bool, bool) {
        (frontier.accounts(), frontier.host_count(), frontier.has_ahead(), frontier.discovery_closed())
    }

    #[test]
    fn sums_are_what_a_walk_over_all_buckets_comes_to() {
        let (mut frontier, mut now, mut random) = (seven(), Instant::now(), fastrand::Rng::with_seed(7));
        frontier.limits.depth = Some(2);
        (0..7).for_each(|n| frontier.take(Graph::new(Bucket::at(n), frontier.limits)));
        (0..20).for_each(|host| frontier.add_seed(url(host, 0)).unwrap());
        let (mut open, mut ends) = (Vec::<Lease>::new(), 0);
        for _ in 0..3000 {
            now += Duration::from_millis(random.u64(0..40));
            let bucket = Bucket::at(random.u16(0..7));
            match random.u8(0..20) {
                0..8 => open.extend(frontier.lease(now).unwrap()),
                8..17 if open.is_empty() => {}
                8..14 => {
                    let lease = open.swap_remove(random.usize(0..open.len()));
                    let found = (0..random.usize(0..4)).map(|_| Found {
                        target: Target::Url(url(random.usize(0..30), random.usize(0..99))),
                        kind: LinkKind::Follow,
                        mention: None,
                        link_text: None,
                        skip: None,
                    });
                    frontier.settle(lease.id, OutcomeKind::Ok, found.collect(), &|_, _| None).unwrap();
                    ends += 1;
                }
                14 => frontier.retry(open.pop().unwrap().id, now + Duration::from_millis(9)).unwrap(),
                15 => frontier.skip(open.pop().unwrap().id, SkipReason::Robots).unwrap(),
                16 => frontier.give_back(open.pop().unwrap().id).unwrap(),
                17 => {
                    if let Some(host) = frontier.host_of(&url(random.usize(0..20), 0)) {
                        frontier.release_first(host);
                    }
                }
                18 => {
                    frontier.take_changes();
                    frontier.give(bucket);
                }
                _ if frontier.graph(bucket).is_none() => frontier.take(Graph::new(bucket, frontier.limits)),
                _ => {}
            }
            assert_eq!(summed(&frontier), walked(&frontier));
        }
        assert!(ends > 20, "{ends}");
    }

    #[test]
    fn nothing_is_leased_of_a_bucket_that_is_draining_and_what_is_found_of_it_is_taken() {
        let (mut frontier, now) = (seven(), Instant::now());
        let lease = frontier.lease(now).unwrap().unwrap();
        let bucket = lease.id.bucket;
        frontier.drain(bucket);
        assert!(!frontier.keeps(bucket) && !frontier.is_free(bucket));
        let others: Vec<_> = std::iter::from_fn(|| frontier.lease(now).unwrap()).collect();
        assert!(others.iter().all(|lease| lease.id.bucket != bucket));
        let host = frontier.host_of(&lease.url).unwrap();
        frontier.release_first(host);
        assert!(frontier.lease(now).unwrap().is_none() && frontier.next_due().is_none());
        let pending = frontier.accounts().pending;
        frontier.settle(lease.id, OutcomeKind::Ok, vec![], &|_, _| None).unwrap();
        let name = lease.url.as_str().rsplit_once('/').unwrap().0.to_owned();
        frontier.add_seed(UrlRules::new(100).parse(&format!("{name}/more")).unwrap()).unwrap();
        assert_eq!(frontier.accounts().pending, pending + 1);
        assert!(frontier.is_free(bucket) && !frontier.give(bucket), "its changes are to be taken first");
        frontier.take_changes();
        assert!(frontier.give(bucket) && frontier.home_of(&lease.url).is_none());
    }

    const LIMITS: Limits = Limits { depth: None, redirects: 20, ahead: u64::MAX };

    #[test]
    fn buckets_take_turns_and_are_one_frontier() {
        let (mut frontier, now) = (seven(), Instant::now());
        let leases: Vec<_> = std::iter::from_fn(|| frontier.lease(now).unwrap()).collect();
        let buckets: Vec<_> = leases.iter().map(|lease| lease.id.bucket).collect();
        let all: BTreeSet<_> = buckets.iter().collect();
        let first: BTreeSet<_> = buckets.iter().take(all.len()).collect();
        assert!(all.len() > 3 && first == all, "none has two turns before the others have one");
        let urls: BTreeSet<_> = leases.iter().map(|lease| lease.url.as_str()).collect();
        assert_eq!((urls.len(), frontier.host_count()), (40, 20));
        assert_eq!((frontier.accounts().in_flight, frontier.accounts().discovered()), (40, 40));
        assert_eq!(frontier.next_due(), None);

        let at = |secs| now + Duration::from_secs(secs);
        for (after, lease) in (1..).zip(&leases) {
            frontier.retry(lease.id, at(after)).unwrap();
        }
        assert!(frontier.lease(now).unwrap().is_none());
        assert_eq!(frontier.next_due(), Some(at(1)));
        let first = frontier.lease(at(1)).unwrap().unwrap();
        assert_eq!((first.url, first.attempt), (leases[0].url.clone(), 2));
        assert!(frontier.lease(at(1)).unwrap().is_none());
        assert_eq!(frontier.next_due(), Some(at(2)));
    }

    #[test]
    fn what_is_looked_for_in_vain_is_not_waited_for() {
        let mut frontier = seven();
        frontier.reconsider(SkipReason::Scope);
        assert!(frontier.is_waiting() && frontier.take_wants().is_empty());
        assert!(!frontier.is_waiting(), "or the crawl would never end");
    }

    #[test]
    fn a_host_that_is_called_is_before_those_of_other_buckets() {
        let (mut frontier, now) = (seven(), Instant::now());
        for host in [3, 17, 8] {
            let host = frontier.host_of(&url(host, 0)).unwrap();
            frontier.hold(host, Hold::Released);
            frontier.release_first(host);
            assert_eq!(frontier.lease(now).unwrap().unwrap().host, host);
        }
    }

    #[test]
    fn a_bucket_is_given_away_once_nothing_of_it_is_under_way() {
        let (mut frontier, now) = (seven(), Instant::now());
        let lease = frontier.lease(now).unwrap().unwrap();
        let bucket = lease.id.bucket;
        frontier.take_changes();
        assert!(!frontier.give(bucket), "something of it is leased");
        frontier.give_back(lease.id).unwrap();
        assert!(frontier.give(bucket));
        assert!(!frontier.give(bucket), "it is not here");
        assert_eq!(frontier.host_of(&lease.url), None);
        let rest = frontier.accounts().discovered();
        assert!(rest < 40);
        let leases = std::iter::from_fn(|| frontier.lease(now).unwrap());
        assert_eq!(leases.filter(|lease| lease.id.bucket != bucket).count() as u64, rest);
        frontier.take(Graph::new(bucket, LIMITS));
        frontier.add_seed(lease.url.clone()).unwrap();
        assert_eq!(frontier.lease(now).unwrap().unwrap().url, lease.url);
    }
}
