//! Random sites, in random order, with kills in between, against a breadth-first search.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{depth, each, found, settle, url};
use crate::frontier::{Found, Lease, RestoreRules};
use crate::outcome::SkipReason;
use crate::store::pair::{ALL, Pair};
use crate::url::{CrawlUrl, LinkKind};

/// The least number of links from page 0, by breadth-first search.
fn shortest(graph: &[Vec<usize>]) -> Vec<Option<u32>> {
    let mut depth = vec![None; graph.len()];
    depth[0] = Some(0);
    let mut line = std::collections::VecDeque::from([0]);
    while let Some(page) = line.pop_front() {
        for &next in &graph[page] {
            if depth[next].is_none() {
                depth[next] = depth[page].map(|d| d + 1);
                line.push_back(next);
            }
        }
    }
    depth
}

/// A debug build is ten times as slow: with fewer cases, each is still a graph that no other run has seen.
pub(super) fn fewer_cases_in_debug() -> ProptestConfig {
    let config = ProptestConfig::default();
    let part = if cfg!(debug_assertions) { 8 } else { 1 };
    ProptestConfig { cases: config.cases.div_ceil(part), ..config }
}

proptest! {
    #![proptest_config(fewer_cases_in_debug())]

    #[test]
    fn depth_is_the_shortest_path_whatever_the_order(
        graph in proptest::collection::vec(proptest::collection::vec(0_usize..24, 0..5), 24),
        greatest in 1_u32..8,
        order in proptest::collection::vec(0_usize..64, 64),
    ) {
        let expected = shortest(&graph);
        each(depth(greatest), |frontier| {
            let now = Instant::now();
            let page = |n: usize| format!("a/{n}");
            frontier.add_seed(url(&page(0))).unwrap();
            let (mut open, mut places, mut turn) = (Vec::new(), std::collections::HashMap::new(), 0);
            loop {
                while let Some(lease) = frontier.lease(now).unwrap() {
                    open.push(lease);
                }
                if open.is_empty() {
                    break;
                }
                // Any of those in flight may be the next to answer.
                let lease = open.swap_remove(order[turn % order.len()] % open.len());
                turn += 1;
                let n: usize = lease.url.as_str().rsplit('/').next().unwrap().parse().unwrap();
                let to: Vec<String> = graph[n].iter().map(|n| page(*n)).collect();
                let to: Vec<&str> = to.iter().map(String::as_str).collect();
                let place = settle(frontier, &lease, &to);
                assert!(places.insert(lease.url.to_shared(), place.depth).is_none(), "requested twice");
                let accounts = frontier.accounts();
                assert_eq!(accounts.in_flight, open.len() as u64);
                assert_eq!(accounts.settled.total(), places.len() as u64);
            }
            for moved in frontier.take_moved().unwrap() {
                places.insert(moved.url, moved.place.depth);
            }
            for (n, depth) in expected.iter().enumerate() {
                let depth = depth.filter(|depth| *depth <= greatest);
                assert_eq!(places.get(url(&page(n)).as_str()).copied(), depth, "page {n}");
            }
            assert_eq!(frontier.accounts().pending, 0);
            let reached = |n: usize| {
                n == 0 || expected.iter().zip(&graph).any(|(d, to)| d.is_some_and(|d| d <= greatest) && to.contains(&n))
            };
            let discovered = (0..graph.len()).filter(|n| reached(*n)).count() as u64;
            assert_eq!(frontier.accounts().discovered(), discovered);
        });
    }
}

/// A page of a random site: what it leads to, and how.
pub(super) type Links = Vec<(usize, LinkKind)>;

/// The least depth of each page, by breadth-first search: a redirect is no step, and a nofollow link no way.
pub(super) fn shortest_ways(graph: &[Links]) -> Vec<Option<u32>> {
    let mut depth = vec![None; graph.len()];
    let mut line = std::collections::VecDeque::from([(0, 0)]);
    while let Some((page, at)) = line.pop_front() {
        if depth[page].is_some() {
            continue;
        }
        depth[page] = Some(at);
        for &(next, kind) in &graph[page] {
            match kind {
                LinkKind::Follow => line.push_back((next, at + 1)),
                LinkKind::Redirect | LinkKind::Part => line.push_front((next, at)),
                LinkKind::Nofollow => {}
            }
        }
    }
    depth
}

/// A page with up to three links, some of which are not to be followed, or one that redirects.
pub(super) fn page_of_links(pages: usize) -> impl Strategy<Value = Links> {
    let kind = prop_oneof![4 => Just(LinkKind::Follow), 1 => Just(LinkKind::Nofollow)];
    prop_oneof![
        5 => proptest::collection::vec((0..pages, kind), 0..4),
        1 => (0..pages).prop_map(|to| vec![(to, LinkKind::Redirect)]),
    ]
}

/// What happens to a lease in a random crawl.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Settled,
    Retried,
    /// Settled, and then the process is killed; the next one has this scope.
    Killed {
        wide: bool,
    },
}

fn fate() -> impl Strategy<Value = (usize, Fate)> {
    let killed = proptest::bool::ANY.prop_map(|wide| Fate::Killed { wide });
    (0_usize..64, prop_oneof![6 => Just(Fate::Settled), 1 => Just(Fate::Retried), 2 => killed])
}

proptest! {
    // Each process of each case makes its changes durable: that takes its time.
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn killed_and_continued_equals_undisturbed(
        graph in proptest::collection::vec(page_of_links(16), 16),
        outside in proptest::collection::vec(proptest::bool::weighted(0.2), 16),
        greatest in 1_u32..6,
        fates in proptest::collection::vec(fate(), 48),
        kind in proptest::sample::select(ALL),
    ) {
        prop_assume!(kind.0.is_there());
        let expected = shortest_ways(&graph);
        let now = Instant::now();
        let page = |n: usize| format!("a/{n}");
        let number = |url: &CrawlUrl| url.as_str().rsplit('/').next().unwrap().parse::<usize>().unwrap();
        let narrow = |url: &CrawlUrl, _: bool| (number(url) > 0 && outside[number(url)]).then_some(SkipReason::Scope);
        let rules = |wide: bool| RestoreRules { judge: if wide { &|_, _| None } else { &narrow }, lifted: &[] };
        let mut frontier = Pair::new(kind, depth(greatest));
        frontier.add_seed(url(&page(0))).unwrap();
        let (mut open, mut places, mut turn, mut wide) = (Vec::new(), std::collections::HashMap::new(), 0, true);
        let mut attempts = [0; 16];
        loop {
            // A store keeps milliseconds, and rounds up.
            while let Some(lease) = frontier.lease(now + Duration::from_millis(1)).unwrap() {
                open.push(lease);
            }
            if open.is_empty() && wide {
                break;
            }
            if open.is_empty() {
                wide = true;
                frontier = frontier.restarted(depth(greatest), rules(wide));
                continue;
            }
            let (which, fate) = fates[turn % fates.len()];
            turn += 1;
            let lease: Lease = open.swap_remove(which % open.len());
            let n = number(&lease.url);
            prop_assert_eq!(lease.attempt, attempts[n] + 1);
            if matches!(fate, Fate::Retried) && attempts[n] < 3 {
                attempts[n] += 1;
                frontier.retry(lease.id, now).unwrap();
                continue;
            }
            let judged = |(n, kind): &(usize, LinkKind)| {
                let link = found(&page(*n), *kind);
                Found { skip: if wide { None } else { narrow(&url(&page(*n)), false) }, ..link }
            };
            let place = frontier.settle_unserved(lease.id, graph[n].iter().map(judged).collect());
            prop_assert!(places.insert(lease.url.to_shared(), place.depth).is_none(), "requested twice");
            if let Fate::Killed { wide: next } = fate {
                open.clear();
                wide = next;
                frontier = frontier.restarted(depth(greatest), rules(wide));
            } else {
                frontier.serve(&|_| false).unwrap();
            }
        }
        for moved in frontier.take_moved().unwrap() {
            places.insert(moved.url, moved.place.depth);
        }
        for (n, depth) in expected.iter().enumerate() {
            let depth = depth.filter(|depth| *depth <= greatest);
            prop_assert_eq!(places.get(url(&page(n)).as_str()).copied(), depth, "page {}", n);
        }
        prop_assert_eq!(frontier.accounts().pending, 0);
    }
}
