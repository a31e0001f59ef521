//! Depths: the shortest path to a page, whatever the order in which links, redirects, parts and lists lead to it.

use std::time::Instant;

use super::{depth, each, each_pair, found, lease, links, settle, unlimited, url};
use crate::frontier::{Found, Limits, Moved, Place, RestoreRules};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::store::pair::{Kind, Pair, Texts};
use crate::url::{CrawlUrl, LinkKind};

#[test]
fn what_a_sitemap_lists_is_at_depth_0_and_in_its_order() {
    each(depth(1), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, now, "a/");
        settle(frontier, &seed, &["a/1"]);
        let one = lease(frontier, now, "a/1");
        settle(frontier, &one, &["a/2"]);
        assert_eq!(frontier.accounts().skipped.of(SkipReason::Depth), &1);
        let outside = Found { skip: Some(SkipReason::Scope), ..found("b/", LinkKind::Follow) };
        let listed = links(&["a/3", "a/2", "a/1", "a/", "a/0"]);
        frontier.add_listed([listed, vec![outside]].concat()).unwrap();
        for expected in ["a/3", "a/2", "a/0"] {
            let page = lease(frontier, now, expected);
            assert_eq!(settle(frontier, &page, &[]), Place { depth: 0, referrer: None }, "{expected}");
        }
        let moved = frontier.take_moved().unwrap();
        let expected = Moved { url: url("a/1").to_shared(), place: Place { depth: 0, referrer: None } };
        assert_eq!(moved, [expected]);
        let mut skipped = frontier.accounts().skipped;
        assert_eq!((*skipped.of(SkipReason::Scope), *skipped.of(SkipReason::Depth)), (1, 0));
    });
}

#[test]
fn what_lies_too_deep_is_skipped_until_a_shorter_path_is_found() {
    each(depth(1), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        frontier.add_seed(url("b/")).unwrap();
        let a = lease(frontier, now, "a/");
        let b = lease(frontier, now, "b/");
        settle(frontier, &a, &["a/1"]);
        let one = lease(frontier, now, "a/1");
        assert_eq!(settle(frontier, &one, &["a/2"]).depth, 1);
        assert_eq!(frontier.accounts().skipped.iter().find(|(r, _)| *r == SkipReason::Depth).unwrap().1, 1);
        settle(frontier, &b, &["a/2"]);
        let two = lease(frontier, now, "a/2");
        let place = settle(frontier, &two, &[]);
        assert_eq!(place, Place { depth: 1, referrer: Some(url("b/").to_shared()) });
        assert_eq!(frontier.accounts().skipped.total(), 0);
    });
}

#[test]
fn a_shorter_path_to_a_settled_page_shortens_everything_behind_it() {
    each(depth(3), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, now, "a/");
        settle(frontier, &seed, &["a/slow", "a/1"]);
        let slow = lease(frontier, now, "a/slow");
        let one = lease(frontier, now, "a/1");
        settle(frontier, &one, &["a/2"]);
        let two = lease(frontier, now, "a/2");
        settle(frontier, &two, &["a/target"]);
        let target = lease(frontier, now, "a/target");
        assert_eq!(settle(frontier, &target, &["a/behind"]).depth, 3);
        assert!(frontier.lease(now).unwrap().is_none(), "a/behind is at depth 4");
        settle(frontier, &slow, &["a/target"]);
        let behind = lease(frontier, now, "a/behind");
        assert_eq!(settle(frontier, &behind, &[]).depth, 3);
        let moved = frontier.take_moved().unwrap();
        let place = Place { depth: 2, referrer: Some(url("a/slow").to_shared()) };
        assert_eq!(moved, [Moved { url: url("a/target").to_shared(), place }]);
        assert!(frontier.take_moved().unwrap().is_empty());
    });
}

#[test]
fn moved_pages_come_in_the_order_in_which_they_were_settled() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, now, "a/");
        settle(frontier, &seed, &["a/slow", "a/1"]);
        let slow = lease(frontier, now, "a/slow");
        let one = lease(frontier, now, "a/1");
        settle(frontier, &one, &["a/2"]);
        let two = lease(frontier, now, "a/2");
        settle(frontier, &two, &["a/x", "a/y", "a/z"]);
        let [x, y, z] = ["a/x", "a/y", "a/z"].map(|path| lease(frontier, now, path));
        for settled in [&z, &x, &y] {
            settle(frontier, settled, &[]);
        }
        settle(frontier, &slow, &["a/x", "a/y", "a/z"]);
        let moved: Vec<_> = frontier.take_moved().unwrap().into_iter().map(|moved| moved.url).collect();
        assert_eq!(moved, ["a/z", "a/x", "a/y"].map(|path| url(path).to_shared()));
    });
}

#[test]
fn more_moved_pages_than_are_told_at_a_time_come_once_each() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, now, "a/");
        settle(frontier, &seed, &["a/slow", "a/1"]);
        let slow = lease(frontier, now, "a/slow");
        let one = lease(frontier, now, "a/1");
        settle(frontier, &one, &["a/2"]);
        let two = lease(frontier, now, "a/2");
        let pages: Vec<String> = (0..2100).map(|n| format!("a/page/{n}")).collect();
        let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
        settle(frontier, &two, &pages);
        for page in &pages {
            let page = lease(frontier, now, page);
            settle(frontier, &page, &[]);
        }
        settle(frontier, &slow, &pages);
        let moved = frontier.take_moved().unwrap();
        assert!(moved.iter().map(|moved| &*moved.url).eq(pages.iter().map(|page| format!("http://{page}"))));
        assert!(moved.iter().all(|moved| moved.place.depth == 2));
    });
}

#[test]
fn a_redirect_leads_on_at_the_same_depth() {
    each(depth(0), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, now, "a/");
        let hop = vec![found("b/", LinkKind::Redirect)];
        frontier.settle(seed.id, OutcomeKind::Redirect, hop).unwrap();
        let target = lease(frontier, now, "b/");
        let place = settle(frontier, &target, &["b/1"]);
        assert_eq!(place, Place { depth: 0, referrer: Some(url("a/").to_shared()) });
        assert!(frontier.lease(now).unwrap().is_none());
    });
}

#[test]
fn an_endless_chain_of_redirects_ends() {
    each(Limits { depth: None, redirects: 3, ahead: u64::MAX }, |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/0")).unwrap();
        for hop in 0..=3 {
            let lease = lease(frontier, now, &format!("a/{hop}"));
            let next = vec![found(&format!("a/{}", hop + 1), LinkKind::Redirect)];
            frontier.settle(lease.id, OutcomeKind::Redirect, next).unwrap();
        }
        assert!(frontier.lease(now).unwrap().is_none());
        assert_eq!(frontier.accounts().skipped.iter().find(|(r, _)| *r == SkipReason::Trap).unwrap().1, 1);
    });
}

#[test]
fn what_redirects_led_too_far_is_taken_up_over_a_link() {
    each(Limits { depth: None, redirects: 0, ahead: u64::MAX }, |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        frontier.add_seed(url("b/")).unwrap();
        let seed = lease(frontier, now, "a/");
        frontier.settle(seed.id, OutcomeKind::Redirect, vec![found("a/x", LinkKind::Redirect)]).unwrap();
        let other = lease(frontier, now, "b/");
        assert!(frontier.lease(now).unwrap().is_none());
        settle(frontier, &other, &["a/x"]);
        let taken = lease(frontier, now, "a/x");
        let place = settle(frontier, &taken, &[]);
        assert_eq!(place, Place { depth: 1, referrer: Some(url("b/").to_shared()) });
    });
}

/// A page `a/1` with the part `b/p`, which a page links to as well: out of scope, but for who asks for it as a part.
#[test]
fn a_part_is_as_deep_as_its_page_and_stays_wanted_whatever_else_leads_to_it() {
    let refused = || Found { skip: Some(SkipReason::Scope), ..found("b/p", LinkKind::Follow) };
    let part = || found("b/p", LinkKind::Part);
    for part_first in [true, false] {
        each_pair(depth(1), |mut frontier| {
            let now = Instant::now();
            frontier.add_seed(url("a/")).unwrap();
            let seed = lease(&mut frontier, now, "a/");
            let (first, then) = if part_first { (part(), refused()) } else { (refused(), part()) };
            frontier.settle(seed.id, OutcomeKind::Ok, vec![first, found("a/1", LinkKind::Follow)]).unwrap();
            let only_parts =
                |url: &CrawlUrl, is_part: bool| (url.host() == "b" && !is_part).then_some(SkipReason::Scope);
            let mut frontier = frontier.restarted(depth(1), RestoreRules { judge: &only_parts, lifted: &[] });
            let mut leases: Vec<_> = std::iter::from_fn(|| frontier.lease(now).unwrap()).collect();
            let page = leases.iter().position(|lease| lease.url.as_str() == "http://a/1").unwrap();
            let page = leases.swap_remove(page);
            assert!(!page.is_part);
            frontier.settle(page.id, OutcomeKind::Ok, vec![then]).unwrap();
            let part = leases.pop().or_else(|| frontier.lease(now).unwrap()).unwrap();
            assert!(part.is_part && part.url.as_str() == "http://b/p" && part.redirected_from.is_none());
            // A part of it is a hop away, and no link deeper.
            let place = frontier.settle(part.id, OutcomeKind::Ok, vec![found("c/q", LinkKind::Part)]).unwrap();
            assert_eq!(place.depth, u32::from(!part_first));
            let inner = lease(&mut frontier, now, "c/q");
            assert!(inner.is_part);
            assert_eq!(frontier.accounts().skipped.total(), 0);
        });
    }
}

#[test]
fn parts_of_parts_end_as_redirects_do() {
    each_pair(Limits { redirects: 3, ..depth(0) }, |mut frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/0")).unwrap();
        let mut settled = 0;
        while let Some(lease) = frontier.lease(now).unwrap() {
            settled += 1;
            frontier.settle(lease.id, OutcomeKind::Ok, vec![found(&format!("a/{settled}"), LinkKind::Part)]).unwrap();
        }
        assert_eq!((settled, *frontier.accounts().skipped.of(SkipReason::Trap)), (5, 1));
    });
}

#[test]
fn an_answer_that_was_overtaken_by_a_shorter_path_does_not_count() {
    for kind in [
        Kind::Memory,
        #[cfg(feature = "sqlite")]
        Kind::Sqlite,
        #[cfg(feature = "postgres")]
        Kind::Postgres,
        Kind::Late,
    ]
    .into_iter()
    .filter(|kind| kind.is_there())
    {
        let mut frontier = Pair::new((kind, Texts::Forgotten, 1), unlimited());
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        frontier.add_seed(url("b/")).unwrap();
        let seed = lease(&mut frontier, now, "a/");
        settle(&mut frontier, &seed, &["a/1"]);
        let other = lease(&mut frontier, now, "b/");
        let one = lease(&mut frontier, now, "a/1");
        settle(&mut frontier, &one, &["c/"]);
        assert!(frontier.lease_now(now).is_none(), "its text is asked for");
        let late = frontier.answers();
        settle(&mut frontier, &other, &["c/"]);
        for rows in late {
            frontier.supply_late(rows);
        }
        let found = lease(&mut frontier, now, "c/");
        let place = settle(&mut frontier, &found, &[]);
        assert_eq!(place, Place { depth: 1, referrer: Some(url("b/").to_shared()) });
    }
}
