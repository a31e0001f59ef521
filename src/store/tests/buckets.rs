//! Buckets that change hands: two nodes over one store, in which each step is kept with the next commit of its node, or lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;

use super::random::{Links, fewer_cases_in_debug, page_of_links, shortest_ways};
#[cfg(feature = "postgres")]
use super::two_nodes::Database;
use super::two_nodes::{SPLIT, Shared};
use super::{SAME, depth, found, url};
use crate::accounts::Accounts;
use crate::frontier::{Bucket, Change, Changes, Frontier, Lease, Limits, Place};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::store::Memory;
#[cfg(feature = "postgres")]
use crate::store::pair::test_server;
use crate::store::pair::{Kind, Pair, Texts};
use crate::url::{CrawlUrl, LinkKind};
use crate::wall_clock::WallClock;

/// A site of pages on five hosts, of which some are out of scope.
#[derive(Debug, Clone)]
struct Web {
    links: Vec<Links>,
    outside: Vec<bool>,
    limits: Limits,
}

impl Web {
    fn name(n: usize) -> String {
        format!("host-{}/{n}", n % 5)
    }

    fn number(url: &str) -> usize {
        url.rsplit('/').next().unwrap().parse().unwrap()
    }

    fn refuses(&self, url: &CrawlUrl, _: LinkKind) -> Option<SkipReason> {
        self.outside[Self::number(url.as_str())].then_some(SkipReason::Scope)
    }

    fn links(&self, n: usize) -> Vec<crate::frontier::Found> {
        self.links[n].iter().map(|(to, kind)| found(&Self::name(*to), *kind)).collect()
    }

    /// What comes of it in one bucket.
    fn alone(&self) -> Accounts {
        let outside = (0..self.links.len()).filter(|n| self.outside[*n]).map(|n| url(&Self::name(n)));
        let outside: Vec<_> = outside.collect();
        let mut pair = Pair::new((Kind::Memory, Texts::AtHand, 1), self.limits);
        pair.add_seed(url(&Self::name(0))).unwrap();
        while let Some(lease) = pair.lease(Instant::now()).unwrap() {
            pair.settle_by_rules(lease.id, self.links(Self::number(lease.url.as_str())), &outside);
        }
        pair.accounts()
    }
}

/// What has changed, with the record of a page that was settled.
type Step = (Changes, Option<(Arc<str>, Place)>);

/// One process.
struct Node {
    frontier: Frontier,
    here: BTreeSet<Bucket>,
    open: Vec<Lease>,
    /// What is done and not committed.
    steps: Vec<Step>,
    /// Letters that it has.
    letters: BTreeSet<u64>,
    texts: Texts,
}

impl Node {
    fn new(limits: Limits, texts: Texts) -> Self {
        let frontier = texts.of(Frontier::split(limits, SPLIT));
        let (here, letters) = (BTreeSet::new(), BTreeSet::new());
        Self { frontier, here, open: Vec::new(), steps: Vec::new(), letters, texts }
    }

    fn step(&mut self, record: Option<(Arc<str>, Place)>) {
        let changes = self.frontier.take_changes();
        assert!(
            changes.iter().all(|(bucket, changes)| {
                self.here.contains(bucket) || changes.iter().all(|change| matches!(change, Change::Sent(_)))
            }),
            "rows of a bucket are written by its owner only"
        );
        self.steps.push((changes, record));
    }

    /// Whether there is nothing that it could go on with.
    fn is_idle(&self) -> bool {
        let nothing_changed = self.steps.iter().all(|(changes, _)| changes.is_empty());
        nothing_changed && self.open.is_empty() && self.frontier.accounts().pending == 0 && !self.frontier.is_waiting()
    }
}

struct Cluster<'a> {
    web: &'a Web,
    store: Box<dyn Shared>,
    nodes: [Node; 2],
    /// What is committed.
    records: BTreeMap<Arc<str>, Place>,
}

impl<'a> Cluster<'a> {
    fn new(web: &'a Web, store: Box<dyn Shared>) -> Self {
        let nodes = [Texts::AtHand, Texts::Forgotten].map(|texts| Node::new(web.limits, texts));
        Self { web, store, nodes, records: BTreeMap::new() }
    }

    fn seed(&mut self) {
        self.nodes[0].frontier.add_seed(url(&Web::name(0))).unwrap();
        self.commit(0);
    }

    fn lease(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        node.open.extend(node.frontier.lease(Instant::now()).unwrap());
    }

    fn settle(&mut self, node: usize, which: usize) {
        let (node, web) = (&mut self.nodes[node], self.web);
        if node.open.is_empty() {
            return;
        }
        let lease = node.open.swap_remove(which % node.open.len());
        let links = web.links(Web::number(lease.url.as_str()));
        let settlement = node.frontier.settle(lease.id, OutcomeKind::Ok, links, &|url, kind| web.refuses(url, kind));
        node.step(Some((lease.url.to_shared(), settlement.unwrap().place)));
    }

    /// All steps together, and then what the store has to say.
    fn commit(&mut self, which: usize) {
        let (node, web) = (&mut self.nodes[which], self.web);
        let refuses = |url: &CrawlUrl, kind: LinkKind| web.refuses(url, kind);
        node.step(None);
        let wants = node.frontier.take_wants();
        for (changes, record) in std::mem::take(&mut node.steps) {
            for (bucket, changes) in changes {
                self.store.apply(which, bucket, changes);
            }
            if let Some((url, place)) = record {
                assert!(self.records.insert(Arc::clone(&url), place).is_none(), "{url} has two records");
            }
        }
        let (answers, mail) = self.store.commit(which, &node.here, wants);
        for rows in answers {
            node.frontier.supply(rows, &|_| false, &refuses).unwrap();
        }
        for mail in mail {
            if node.letters.insert(mail.id) {
                assert!(node.frontier.read(mail, &refuses).unwrap());
            }
        }
    }

    fn kill(&mut self, node: usize) {
        self.store.kill(node);
        let node = &mut self.nodes[node];
        *node = Node::new(self.web.limits, node.texts);
    }

    fn give(&mut self, which: usize, bucket: Bucket) {
        self.commit(which);
        let node = &mut self.nodes[which];
        if node.frontier.give(bucket) {
            node.here.remove(&bucket);
            self.store.give(which, bucket);
        }
    }

    fn take(&mut self, node: usize, bucket: Bucket) {
        if self.nodes.iter().any(|node| node.here.contains(&bucket)) {
            return;
        }
        let web = self.web;
        let judge = |url: &CrawlUrl, _: bool| web.refuses(url, LinkKind::Follow);
        let rules = crate::frontier::RestoreRules { judge: &judge, lifted: &[] };
        let mut restore = Frontier::restore(bucket, web.limits, rules);
        self.store.take(node, bucket, &mut restore);
        let node = &mut self.nodes[node];
        node.frontier.take(restore.finish());
        node.here.insert(bucket);
    }

    /// Goes on without any trouble until there is nothing left to do.
    fn finish(&mut self) {
        (0..SPLIT.buckets()).for_each(|bucket| self.take(usize::from(bucket % 2), Bucket::at(bucket)));
        for turn in 0.. {
            assert!(turn < 1000, "it does not end: {:?}", self.nodes.each_ref().map(|node| node.frontier.accounts()));
            for node in 0..2 {
                self.lease(node);
                self.settle(node, turn);
                self.commit(node);
            }
            let mail = self.store.has_mail();
            (0..2).for_each(|node| self.nodes[node].step(None));
            if !mail && self.nodes.iter().all(Node::is_idle) {
                return;
            }
        }
    }

    fn places(&mut self) -> BTreeMap<usize, Place> {
        for moved in self.store.moved() {
            let place = self.records.get_mut(&moved.url).expect("only what has a record moves");
            assert!(moved.place.depth <= place.depth, "depth only sinks");
            *place = moved.place;
        }
        self.records.iter().map(|(url, place)| (Web::number(url), place.clone())).collect()
    }
}

/// What happens to one of the nodes.
#[derive(Debug, Clone, Copy)]
enum Event {
    Leases,
    Settles(usize),
    Commits,
    IsKilled,
    Gives(u16),
    Takes(u16),
}

fn event() -> impl Strategy<Value = (usize, Event)> {
    let event = prop_oneof![
        8 => Just(Event::Leases),
        8 => (0_usize..8).prop_map(Event::Settles),
        4 => Just(Event::Commits),
        1 => Just(Event::IsKilled),
        4 => (0..SPLIT.buckets()).prop_map(Event::Gives),
        8 => (0..SPLIT.buckets()).prop_map(Event::Takes),
    ];
    (0_usize..2, event)
}

/// What happens, and to what web.
#[derive(Debug, Clone)]
struct Story {
    web: Web,
    events: Vec<(usize, Event)>,
}

prop_compose! {
    fn story()(
        links in proptest::collection::vec(page_of_links(20), 20),
        mut outside in proptest::collection::vec(proptest::bool::weighted(0.15), 20),
        greatest in 1_u32..6,
        events in proptest::collection::vec(event(), 0..160),
    ) -> Story {
        outside[0] = false;
        Story { web: Web { links, outside, limits: depth(greatest) }, events }
    }
}

fn comes_to_what_one_bucket_comes_to(
    Story { web, events }: &Story,
    store: Box<dyn Shared>,
) -> Result<(), TestCaseError> {
    let mut cluster = Cluster::new(web, store);
    cluster.seed();
    for (node, event) in events {
        match event {
            Event::Leases => cluster.lease(*node),
            Event::Settles(which) => cluster.settle(*node, *which),
            Event::Commits => cluster.commit(*node),
            Event::IsKilled => cluster.kill(*node),
            Event::Gives(bucket) => cluster.give(*node, Bucket::at(*bucket)),
            Event::Takes(bucket) => cluster.take(*node, Bucket::at(*bucket)),
        }
    }
    cluster.finish();

    let [one, other] = cluster.nodes.each_ref().map(|node| node.frontier.accounts());
    let expected = web.alone();
    prop_assert_eq!(one + other, expected, "accounts add up over all nodes");
    let mut all = Frontier::split(web.limits, SPLIT);
    for bucket in (0..SPLIT.buckets()).map(Bucket::at) {
        let mut restore = Frontier::restore(bucket, web.limits, SAME);
        cluster.store.look(bucket, &mut restore);
        all.take(restore.finish());
    }
    prop_assert_eq!(all.accounts().settled, expected.settled);
    prop_assert_eq!(all.accounts().discovered(), expected.discovered());

    let page = |(n, links): (usize, &Links)| if web.outside[n] { Vec::new() } else { links.clone() };
    let kept: Vec<Links> = (0..).zip(&web.links).map(page).collect();
    let depths = shortest_ways(&kept);
    let places = cluster.places();
    let greatest = web.limits.depth.unwrap();
    for (n, depth) in depths.iter().enumerate() {
        let depth = depth.filter(|depth| *depth <= greatest && !web.outside[n]);
        prop_assert_eq!(places.get(&n).map(|place| place.depth), depth, "page {}", n);
        let Some(referrer) = places.get(&n).and_then(|place| place.referrer.as_deref()) else { continue };
        let page = Web::number(referrer);
        let way = |(to, kind): &(usize, LinkKind)| {
            let further = u32::from(*kind == LinkKind::Follow);
            *to == n && *kind != LinkKind::Nofollow && Some(places[&page].depth + further) == depth
        };
        prop_assert!(web.links[page].iter().any(way), "page {} is said to be found on {}", n, referrer);
    }
    Ok(())
}

proptest! {
    #![proptest_config(fewer_cases_in_debug())]

    #[test]
    fn buckets_that_change_hands_come_to_what_one_bucket_comes_to(story in story()) {
        let store = Memory::new(WallClock::new(Instant::now(), jiff::Timestamp::now()));
        comes_to_what_one_bucket_comes_to(&story, Box::new(store))?;
    }
}

#[cfg(feature = "postgres")]
proptest! {
    // Each commit is a round trip for each of its statements.
    #![proptest_config(ProptestConfig { cases: fewer_cases_in_debug().cases.div_ceil(8), ..fewer_cases_in_debug() })]

    #[test]
    fn buckets_that_change_hands_in_a_database_come_to_what_one_bucket_comes_to(story in story()) {
        if let Some(server) = test_server::get() {
            comes_to_what_one_bucket_comes_to(&story, Box::new(Database::new(server)))?;
        }
    }
}
