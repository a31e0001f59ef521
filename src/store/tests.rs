//! The contract of frontier and store: one suite for every store, with every text at hand and with none.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::pair::{ALL, Kind, Pair, Texts};
use super::*;
use crate::accounts::Accounts;
use crate::fetch::{Network, SavedCookies, SavedSeedName};
use crate::frontier::{Found, Hold, Lease, Limits, Place, RestoreRules};
use crate::mention::Mention;
use crate::observe::{FailedSeed, State};
use crate::outcome::{FailureKind, OutcomeKind, SkipReason};
use crate::politeness::SavedHost;
use crate::sink::Checkpoint;
use crate::sitemaps::SavedSitemap;
use crate::trap::{Trap, TrapKind};
use crate::unread::{BadReferences, Reading, Unread};
use crate::url::{CrawlUrl, HostKey, LinkKind, Target, UrlRules};

/// Runs one check against each store.
fn each(limits: Limits, check: impl Fn(&mut Pair)) {
    each_pair(limits, |mut pair| check(&mut pair));
}

/// The same, for checks in which one process goes on after another.
fn each_pair(limits: Limits, check: impl Fn(Pair)) {
    for &kind in ALL {
        check(Pair::new(kind, limits));
    }
}

fn unlimited() -> Limits {
    Limits { depth: None, redirects: 20, ahead: u64::MAX }
}

fn depth(depth: u32) -> Limits {
    Limits { depth: Some(depth), redirects: 20, ahead: u64::MAX }
}

fn url(text: &str) -> CrawlUrl {
    UrlRules::new(4096).ignoring(["utm_*".parse().unwrap()]).parse(&format!("http://{text}")).unwrap()
}

fn found(text: &str, kind: LinkKind) -> Found {
    Found { target: Target::Url(url(text)), kind, mention: Some(Mention::Anchor), link_text: None, skip: None }
}

fn links(texts: &[&str]) -> Vec<Found> {
    texts.iter().map(|text| found(text, LinkKind::Follow)).collect()
}

fn lease(frontier: &mut Pair, now: Instant, expected: &str) -> Lease {
    let lease = frontier.lease(now).unwrap().unwrap_or_else(|| panic!("nothing is due, but {expected} should be"));
    assert_eq!(lease.url.as_str(), url(expected).as_str());
    lease
}

fn settle(frontier: &mut Pair, lease: &Lease, to: &[&str]) -> Place {
    frontier.settle(lease.id, OutcomeKind::Ok, links(to)).unwrap()
}

#[test]
fn a_url_is_leased_once_however_often_it_is_found() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        frontier.add_seed(url("a/?utm_source=x")).unwrap();
        let seed = lease(frontier, now, "a/");
        settle(frontier, &seed, &["a/1", "a/1#x", "a/", "a/1?utm_medium=y"]);
        let one = lease(frontier, now, "a/1");
        settle(frontier, &one, &["a/", "a/1"]);
        assert!(frontier.lease(now).unwrap().is_none());
        assert_eq!(frontier.accounts().settled.ok, 2);
        assert_eq!(frontier.accounts().discovered(), 2);
    });
}

#[test]
fn rules_are_asked_of_what_is_new_or_skipped_and_of_nothing_else() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        let to = |texts: &[&str]| texts.iter().map(|text| url(text).to_string()).collect::<Vec<_>>();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, now, "a/");
        let asked = frontier.settle_by_rules(seed.id, links(&["a/", "a/1", "a/2", "b/"]), &[url("b/")]);
        assert_eq!(asked, to(&["a/1", "a/2", "b/"]));
        let one = lease(frontier, now, "a/1");
        let asked =
            frontier.settle_by_rules(one.id, links(&["a/", "a/1", "a/2", "b/", "a/3"]), &[url("b/"), url("a/2")]);
        assert_eq!(asked, to(&["b/", "a/3"]), "one is done, one in flight, one waiting");
        assert_eq!(frontier.accounts().skipped.total(), 1);
        let two = lease(frontier, now, "a/2");
        assert_eq!(frontier.settle_by_rules(two.id, links(&["b/"]), &[]), to(&["b/"]));
        assert_eq!((frontier.accounts().skipped.total(), frontier.accounts().pending), (0, 2), "it is in scope now");
        let [skipped, last] = [(); 2].map(|()| frontier.lease(now).unwrap().unwrap());
        frontier.skip(skipped.id, SkipReason::Robots).unwrap();
        let back = Found { target: Target::Url(skipped.url), ..found("a/", LinkKind::Follow) };
        assert_eq!(frontier.settle_by_rules(last.id, vec![back], &[]), to(&[]), "no rule reopens it");
    });
}

#[test]
fn a_url_that_redirects_to_another_spelling_of_itself_is_leased_so() {
    each(Limits { depth: None, redirects: 2, ahead: u64::MAX }, |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/?utm_x=1")).unwrap();
        for spelling in ["a/", "a/?"] {
            let seed = lease(frontier, now, "a/?utm_x=1");
            assert!(frontier.respell(seed.id, url(spelling)).unwrap());
            assert_eq!((frontier.accounts().pending, frontier.accounts().in_flight), (1, 0));
            frontier.hold(seed.host, Hold::Released);
            assert!(frontier.lease(now).unwrap().is_none(), "it waits for its host as any other");
            frontier.release(seed.host);
            let again = lease(frontier, now, "a/?utm_x=1");
            assert_eq!((again.asked().as_str(), again.attempt), (url(spelling).as_str(), 1));
            frontier.give_back(again.id).unwrap();
        }
        let seed = lease(frontier, now, "a/?utm_x=1");
        assert!(!frontier.respell(seed.id, url("a/")).unwrap(), "no more than two redirects in a row");
        frontier.settle(seed.id, OutcomeKind::Redirect, vec![found("a/", LinkKind::Redirect)]).unwrap();
        assert!(frontier.lease(now).unwrap().is_none());
        assert_eq!(frontier.accounts().discovered(), 1);
    });
}

#[test]
fn a_site_is_no_further_ahead_of_its_answers_than_it_may_be() {
    // Sixteen of them are what an answer gives room for.
    let texts: Vec<String> = (0..200).map(|n| format!("a/{n:03}?{}", "x".repeat(4096 - 56 - 13))).collect();
    let of = |range: std::ops::Range<usize>| texts[range].iter().map(String::as_str).collect::<Vec<_>>();
    let limits = Limits { ahead: 4096 * 10, ..unlimited() };
    each_pair(limits, |mut frontier| {
        let now = Instant::now();
        let discovered = |frontier: &Pair| frontier.accounts().discovered();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(&mut frontier, now, "a/");
        settle(&mut frontier, &seed, &of(0..50));
        assert_eq!(discovered(&frontier), 1 + 26, "all that it may be ahead, and what one answer gives");
        for text in &texts[0..2] {
            let page = lease(&mut frontier, now, text);
            settle(&mut frontier, &page, &[]);
        }
        let page = lease(&mut frontier, now, &texts[2]);
        settle(&mut frontier, &page, &of(0..100));
        assert_eq!(discovered(&frontier), 1 + 26 + 48, "what others have left, and what is known takes nothing");
        let page = lease(&mut frontier, now, &texts[3]);
        frontier.settle(page.id, OutcomeKind::Failed, links(&of(100..150))).unwrap();
        assert_eq!(discovered(&frontier), 1 + 26 + 48, "a request that has failed gives no room");
        let mut frontier = frontier.restarted(limits, SAME);
        let page = lease(&mut frontier, now, &texts[4]);
        settle(&mut frontier, &page, &of(100..150));
        assert_eq!(discovered(&frontier), 1 + 26 + 48 + 16, "the next process counts on");
        frontier.add_listed(links(&of(150..200))).unwrap();
        assert_eq!(discovered(&frontier), 1 + 26 + 48 + 16 + 50, "what a sitemap lists is bounded by the sitemap");
    });
}

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
fn the_least_depth_of_a_host_comes_first() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/1")).unwrap();
        frontier.add_seed(url("a/2")).unwrap();
        let one = lease(frontier, now, "a/1");
        settle(frontier, &one, &["a/deeper"]);
        lease(frontier, now, "a/2");
        lease(frontier, now, "a/deeper");
    });
}

#[test]
fn hosts_take_turns() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        for seed in ["a/1", "a/2", "b/1", "b/2"] {
            frontier.add_seed(url(seed)).unwrap();
        }
        for expected in ["a/1", "b/1", "a/2", "b/2"] {
            lease(frontier, now, expected);
        }
    });
}

#[test]
fn a_host_on_hold_waits_and_the_others_do_not() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        for seed in ["a/1", "a/2", "b/1"] {
            frontier.add_seed(url(seed)).unwrap();
        }
        let a = lease(frontier, now, "a/1");
        let later = now + Duration::from_secs(5);
        frontier.hold(a.host, Hold::Until(later));
        lease(frontier, now, "b/1");
        assert!(frontier.lease(now).unwrap().is_none());
        assert_eq!(frontier.next_due(), Some(later));
        lease(frontier, later, "a/2");
    });
}

#[test]
fn a_hold_without_an_end_ends_with_its_release() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/1")).unwrap();
        frontier.add_seed(url("a/2")).unwrap();
        let a = lease(frontier, now, "a/1");
        frontier.hold(a.host, Hold::Released);
        assert!(frontier.lease(now + Duration::from_hours(1)).unwrap().is_none());
        assert_eq!(frontier.next_due(), None);
        frontier.release(a.host);
        lease(frontier, now, "a/2");
    });
}

#[test]
fn a_host_that_is_released_first_is_next_and_once() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        for seed in ["a/1", "a/2", "b/1", "b/2", "c/1"] {
            frontier.add_seed(url(seed)).unwrap();
        }
        let a = lease(frontier, now, "a/1");
        frontier.give_back(a.id).unwrap();
        frontier.hold(a.host, Hold::Released);
        lease(frontier, now, "b/1");
        frontier.release_first(a.host);
        for expected in ["a/1", "c/1"] {
            lease(frontier, now, expected);
        }
        let mut rest: Vec<_> = (0..2).map(|_| frontier.lease(now).unwrap().unwrap().url.to_string()).collect();
        rest.sort();
        assert_eq!(rest, [url("a/2").to_string(), url("b/2").to_string()]);
        assert!(frontier.lease(now).unwrap().is_none());
    });
}

#[test]
fn a_later_hold_replaces_an_earlier_one() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        let at = |secs| now + Duration::from_secs(secs);
        frontier.add_seed(url("a/1")).unwrap();
        frontier.add_seed(url("a/2")).unwrap();
        let a = lease(frontier, now, "a/1");
        frontier.hold(a.host, Hold::Until(at(1)));
        frontier.hold(a.host, Hold::Until(at(9)));
        assert!(frontier.lease(at(2)).unwrap().is_none());
        assert_eq!(frontier.next_due(), Some(at(9)));
        lease(frontier, at(9), "a/2");
    });
}

#[test]
fn a_retry_is_due_at_its_instant_and_holds_up_nothing() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        let at = |secs| now + Duration::from_secs(secs);
        frontier.add_seed(url("a/1")).unwrap();
        frontier.add_seed(url("a/2")).unwrap();
        let one = lease(frontier, now, "a/1");
        frontier.retry(one.id, at(7)).unwrap();
        let two = lease(frontier, now, "a/2");
        frontier.retry(two.id, at(3)).unwrap();
        assert_eq!(frontier.next_due(), Some(at(3)));
        assert_eq!(lease(frontier, at(3), "a/2").attempt, 2);
        assert!(frontier.lease(at(3)).unwrap().is_none());
        assert_eq!(lease(frontier, at(7), "a/1").attempt, 2);
    });
}

#[test]
fn what_is_given_back_comes_next_and_was_no_attempt() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/1")).unwrap();
        frontier.add_seed(url("a/2")).unwrap();
        let one = lease(frontier, now, "a/1");
        frontier.give_back(one.id).unwrap();
        assert_eq!(lease(frontier, now, "a/1").attempt, 1);
        lease(frontier, now, "a/2");
    });
}

#[test]
fn what_lies_too_deep_is_skipped_until_a_shorter_path_is_found() {
    each(depth(1), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        frontier.add_seed(url("b/")).unwrap();
        let a = lease(frontier, now, "a/");
        settle(frontier, &a, &["a/1"]);
        let b = lease(frontier, now, "b/");
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
fn what_is_of_a_closed_space_stays_skipped_whoever_leads_to_it() {
    each(depth(1), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let closed = |text: &str| Found { skip: Some(SkipReason::Trap), ..found(text, LinkKind::Follow) };
        let seed = lease(frontier, now, "a/");
        frontier.settle(seed.id, OutcomeKind::Ok, [links(&["a/1", "a/2"]), vec![closed("a/x")]].concat()).unwrap();
        let one = lease(frontier, now, "a/1");
        settle(frontier, &one, &["a/deep"]);
        let two = lease(frontier, now, "a/2");
        frontier.settle(two.id, OutcomeKind::Ok, vec![closed("a/x"), closed("a/deep")]).unwrap();
        frontier.add_listed(vec![closed("a/deep"), closed("a/x")]).unwrap();
        assert!(frontier.lease(now).unwrap().is_none());
        frontier.add_listed(links(&["a/x"])).unwrap();
        lease(frontier, now, "a/x");
    });
}

#[test]
fn nofollow_holds_until_another_link_may_be_followed() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/1")).unwrap();
        frontier.add_seed(url("a/2")).unwrap();
        let one = lease(frontier, now, "a/1");
        let nofollow = vec![found("a/x", LinkKind::Nofollow)];
        frontier.settle(one.id, OutcomeKind::Ok, nofollow).unwrap();
        let two = lease(frontier, now, "a/2");
        assert!(frontier.lease(now).unwrap().is_none());
        settle(frontier, &two, &["a/x"]);
        lease(frontier, now, "a/x");
    });
}

#[test]
fn a_nofollow_link_is_no_path_when_its_target_comes_into_scope() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, now, "a/");
        let out = |kind| Found { skip: Some(SkipReason::Scope), ..found("b/", kind) };
        frontier
            .settle(seed.id, OutcomeKind::Ok, vec![out(LinkKind::Nofollow), found("a/1", LinkKind::Follow)])
            .unwrap();
        let one = lease(frontier, now, "a/1");
        frontier.reconsider(SkipReason::Scope, &|_| true).unwrap();
        assert!(frontier.lease(now).unwrap().is_none());
        assert_eq!(*frontier.accounts().skipped.of(SkipReason::Nofollow), 1);
        settle(frontier, &one, &["b/"]);
        let taken = lease(frontier, now, "b/");
        let place = settle(frontier, &taken, &[]);
        assert_eq!(place, Place { depth: 2, referrer: Some(url("a/1").to_shared()) }, "not that of the nofollow link");
    });
}

#[test]
fn a_path_that_is_too_long_after_a_nofollow_link_counts_once_it_is_shorter() {
    each(depth(2), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, now, "a/");
        let nofollow = found("a/x", LinkKind::Nofollow);
        let follow = ["a/slow", "a/1"].map(|to| found(to, LinkKind::Follow));
        frontier.settle(seed.id, OutcomeKind::Ok, [vec![nofollow], follow.to_vec()].concat()).unwrap();
        let slow = lease(frontier, now, "a/slow");
        let one = lease(frontier, now, "a/1");
        settle(frontier, &one, &["a/2"]);
        let two = lease(frontier, now, "a/2");
        settle(frontier, &two, &["a/x"]);
        assert_eq!(*frontier.accounts().skipped.of(SkipReason::Depth), 1);
        frontier.settle(slow.id, OutcomeKind::Redirect, vec![found("a/2", LinkKind::Redirect)]).unwrap();
        let taken = lease(frontier, now, "a/x");
        assert_eq!(settle(frontier, &taken, &[]).depth, 2);
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

#[test]
fn what_was_out_of_scope_can_be_taken_up_again() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, now, "a/");
        let out = ["b/", "c/"].map(|text| Found { skip: Some(SkipReason::Scope), ..found(text, LinkKind::Follow) });
        frontier.settle(seed.id, OutcomeKind::Ok, out.to_vec()).unwrap();
        assert!(frontier.lease(now).unwrap().is_none());
        frontier.reconsider(SkipReason::Scope, &|url| url.host() == "b").unwrap();
        lease(frontier, now, "b/");
        assert!(frontier.lease(now).unwrap().is_none());
        assert_eq!(frontier.accounts().skipped.total(), 1);
    });
}

#[test]
fn what_comes_into_scope_has_the_shortest_depth_that_was_found_before() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, now, "a/");
        settle(frontier, &seed, &["a/slow", "a/1"]);
        let slow = lease(frontier, now, "a/slow");
        let one = lease(frontier, now, "a/1");
        settle(frontier, &one, &["a/2"]);
        let two = lease(frontier, now, "a/2");
        let out = Found { skip: Some(SkipReason::Scope), ..found("b/", LinkKind::Follow) };
        frontier.settle(two.id, OutcomeKind::Ok, vec![out]).unwrap();
        settle(frontier, &slow, &[]);
        frontier.add_seed(url("a/2")).unwrap();
        assert!(frontier.lease(now).unwrap().is_none(), "a shorter path brings nothing into scope");
        frontier.reconsider(SkipReason::Scope, &|_| true).unwrap();
        let out = lease(frontier, now, "b/");
        assert_eq!(settle(frontier, &out, &[]).depth, 1);
    });
}

#[test]
fn what_is_skipped_at_the_end_stays_in_the_accounts() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        for seed in ["a/1", "a/2", "b/1"] {
            frontier.add_seed(url(seed)).unwrap();
        }
        let one = lease(frontier, now, "a/1");
        frontier.skip_pending(SkipReason::Limit).unwrap();
        assert!(frontier.lease(now).unwrap().is_none());
        frontier.skip(one.id, SkipReason::Robots).unwrap();
        let accounts = frontier.accounts();
        assert_eq!((accounts.pending, accounts.skipped.total(), accounts.discovered()), (0, 3, 3));
    });
}

#[test]
fn discovery_is_closed_when_only_the_greatest_depth_is_open() {
    each(depth(1), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        assert!(!frontier.discovery_closed());
        let seed = lease(frontier, now, "a/");
        assert!(!frontier.discovery_closed());
        settle(frontier, &seed, &["a/1"]);
        assert!(frontier.discovery_closed());
    });
}

#[test]
fn a_host_counts_once_something_of_it_is_wanted() {
    each(unlimited(), |frontier| {
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, Instant::now(), "a/");
        let out = Found { skip: Some(SkipReason::Scope), ..found("b/", LinkKind::Follow) };
        frontier.settle(seed.id, OutcomeKind::Ok, vec![out, found("c/", LinkKind::Follow)]).unwrap();
        assert_eq!(frontier.host_count(), 2);
    });
}

#[test]
fn a_lease_cannot_end_twice() {
    each(unlimited(), |frontier| {
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, Instant::now(), "a/");
        settle(frontier, &seed, &[]);
        assert!(frontier.settle(seed.id, OutcomeKind::Ok, Vec::new()).is_err());
    });
}

/// The rules of the run before.
const SAME: RestoreRules<'static> = RestoreRules { judge: &|_, _| None, lifted: &[] };

fn skipped(frontier: &Pair, reason: SkipReason) -> u64 {
    *frontier.accounts().skipped.of(reason)
}

#[test]
fn another_process_goes_on_where_the_last_one_was_killed() {
    each_pair(unlimited(), |mut frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(&mut frontier, now, "a/");
        settle(&mut frontier, &seed, &["a/1", "b/2"]);
        lease(&mut frontier, now, "a/1");
        let before = frontier.accounts();
        let mut frontier = frontier.restarted(unlimited(), SAME);
        assert_eq!(frontier.accounts(), Accounts { pending: 2, in_flight: 0, ..before });
        let one = lease(&mut frontier, now, "a/1");
        assert_eq!(one.attempt, 1, "what was in flight was never given");
        let place = settle(&mut frontier, &one, &["a/", "b/2", "a/3"]);
        assert_eq!(place, Place { depth: 1, referrer: Some(url("a/").to_shared()) });
        lease(&mut frontier, now, "b/2");
        lease(&mut frontier, now, "a/3");
        assert!(frontier.lease(now).unwrap().is_none());
    });
}

#[test]
fn a_retry_waits_for_its_instant_in_another_process_too() {
    each_pair(unlimited(), |mut frontier| {
        let now = Instant::now();
        let later = now + Duration::from_mins(1);
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(&mut frontier, now, "a/");
        frontier.retry(seed.id, later).unwrap();
        let mut frontier = frontier.restarted(unlimited(), SAME);
        assert!(frontier.lease(now).unwrap().is_none());
        assert_eq!(lease(&mut frontier, later + Duration::from_millis(1), "a/").attempt, 2);
    });
}

#[test]
fn a_greater_depth_takes_up_what_was_too_deep_and_a_smaller_one_leaves_it() {
    each_pair(depth(0), |mut frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(&mut frontier, now, "a/");
        settle(&mut frontier, &seed, &["a/1", "a/2"]);
        assert_eq!(skipped(&frontier, SkipReason::Depth), 2);
        let mut frontier = frontier.restarted(depth(1), SAME);
        let one = lease(&mut frontier, now, "a/1");
        settle(&mut frontier, &one, &[]);
        let mut frontier = frontier.restarted(depth(0), SAME);
        assert!(frontier.lease(now).unwrap().is_none());
        assert_eq!((frontier.accounts().settled.ok, skipped(&frontier, SkipReason::Depth)), (2, 1));
    });
}

#[test]
fn what_is_not_settled_is_judged_by_the_rules_of_this_run() {
    each_pair(unlimited(), |mut frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(&mut frontier, now, "a/");
        let out = Found { skip: Some(SkipReason::Scope), ..found("b/", LinkKind::Follow) };
        let found = vec![out, found("a/1", LinkKind::Follow), found("a/2", LinkKind::Nofollow)];
        frontier.settle(seed.id, OutcomeKind::Ok, found).unwrap();
        let judge = |url: &CrawlUrl, _: bool| (url.host() == "a").then_some(SkipReason::Scope);
        let mut frontier = frontier.restarted(unlimited(), RestoreRules { judge: &judge, lifted: &[] });
        lease(&mut frontier, now, "b/");
        assert!(frontier.lease(now).unwrap().is_none());
        let mut frontier =
            frontier.restarted(unlimited(), RestoreRules { judge: &|_, _| None, lifted: &[SkipReason::Nofollow] });
        for expected in ["b/", "a/1", "a/2"] {
            lease(&mut frontier, now, expected);
        }
        assert_eq!(frontier.accounts().skipped.total(), 0);
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
fn what_a_sitemap_lists_is_pending_for_the_next_process_unless_its_scope_is_narrower() {
    each_pair(depth(1), |mut frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(&mut frontier, now, "a/");
        settle(&mut frontier, &seed, &["a/1"]);
        frontier.add_listed(links(&["a/1", "b/2"])).unwrap();
        let judge = |url: &CrawlUrl, _: bool| (url.host() == "b").then_some(SkipReason::Scope);
        let mut frontier = frontier.restarted(depth(0), RestoreRules { judge: &judge, lifted: &[] });
        let one = lease(&mut frontier, now, "a/1");
        assert_eq!(settle(&mut frontier, &one, &[]), Place { depth: 0, referrer: None });
        assert!(frontier.lease(now).unwrap().is_none());
        assert_eq!(skipped(&frontier, SkipReason::Scope), 1);
    });
}

#[test]
fn what_a_limit_left_over_is_pending_for_the_next_process() {
    each_pair(unlimited(), |mut frontier| {
        frontier.add_seed(url("a/")).unwrap();
        frontier.skip_pending(SkipReason::Limit).unwrap();
        assert_eq!(skipped(&frontier, SkipReason::Limit), 1);
        let mut frontier = frontier.restarted(unlimited(), SAME);
        lease(&mut frontier, Instant::now(), "a/");
    });
}

#[test]
fn an_answer_that_was_overtaken_by_a_shorter_path_does_not_count() {
    for kind in [
        Kind::Memory,
        #[cfg(feature = "sqlite")]
        Kind::Sqlite,
        Kind::Late,
    ] {
        let mut frontier = Pair::new((kind, Texts::Forgotten), unlimited());
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

#[test]
fn a_host_with_more_urls_than_texts_at_hand_gives_each_once_in_order() {
    for kind in [
        Kind::Memory,
        #[cfg(feature = "sqlite")]
        Kind::Sqlite,
        Kind::Late,
    ] {
        let mut frontier = Pair::new((kind, Texts::Forgotten), unlimited());
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(&mut frontier, now, "a/");
        let pages: Vec<String> = (0..3000).map(|n| format!("a/{n}")).collect();
        let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
        settle(&mut frontier, &seed, &pages);
        for page in pages {
            let page = lease(&mut frontier, now, page);
            settle(&mut frontier, &page, &[]);
        }
        assert_eq!(frontier.accounts().settled.ok, 3001);
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn what_is_not_committed_was_never_there() {
    let now = Instant::now();
    let mut pair = Pair::new((Kind::Sqlite, Texts::AtHand), unlimited());
    pair.add_seed(url("a/")).unwrap();
    let mut pair = pair.restarted(unlimited(), SAME);
    let seed = lease(&mut pair, now, "a/");
    settle(&mut pair, &seed, &["a/1"]);
    pair.store().keep(Note::Output("pages.jsonl".to_owned(), Checkpoint::length(7))).unwrap();
    let mut pair = pair.killed(unlimited(), SAME);
    assert_eq!((pair.accounts().pending, pair.accounts().discovered()), (1, 1));
    assert_eq!(pair.store().recall().unwrap().outputs, []);
}

#[test]
fn records_are_counted_for_the_next_process() {
    each_pair(unlimited(), |mut pair| {
        let now = Instant::now();
        for seed in ["a/1", "a/2", "a/3"] {
            pair.add_seed(url(seed)).unwrap();
        }
        let facts = [
            Facts { attempts: 1, status: Some(200), error: None, bytes: Some(70) },
            Facts { attempts: 2, status: None, error: Some(FailureKind::Timeout), bytes: None },
        ];
        let [one, two, three] = ["a/1", "a/2", "a/3"].map(|expected| lease(&mut pair, now, expected));
        pair.settle_with(one.id, facts[0]);
        pair.retry(two.id, now).unwrap();
        let two = lease(&mut pair, now, "a/2");
        pair.settle_with(two.id, facts[1]);
        pair.retry(three.id, now).unwrap();
        let pair = pair.restarted(unlimited(), SAME);
        let expected = Counts {
            statuses: BTreeMap::from([(200, 1)]),
            errors: BTreeMap::from([(FailureKind::Timeout, 1)]),
            retries: 2,
            bytes: 70,
            failed: 1,
        };
        assert_eq!(pair.counts, expected);
    });
}

#[test]
fn notes_are_given_back_to_the_next_process() {
    each_pair(unlimited(), |mut pair| {
        let settings = RunSettings { toml: "depth = 1\n".to_owned(), ..RunSettings::default() };
        let host = |requests| (HostKey::stored("a"), SavedHost { requests, ..SavedHost::default() });
        let cookies = |site: &str, cookies: &str| SavedCookies { site: site.to_owned(), cookies: cookies.to_owned() };
        let seed = |name: &str, network| SavedSeedName { name: name.to_owned(), network };
        let sitemap = |done| SavedSitemap { site: "a".to_owned(), nesting: 0, redirects: 0, done, unread: false };
        let failed = FailedSeed { url: "http://a/".to_owned(), reason: "status 500".to_owned() };
        let mut unread = Unread::default();
        unread.note(&url("a/x.pdf"), Reading::LeftOut, Some("application/pdf"), &BadReferences::default());
        let checkpoint = Checkpoint::Length { committed: 20, amended: Some(21), crc: Some(0xffff_ffff) };
        let notes = [
            Note::Seed(url("a/")),
            Note::Seed(url("a/")),
            Note::SeedRedirect { from: url("a/"), to: url("c/") },
            Note::SeedRedirect { from: url("c/"), to: url("b/") },
            Note::Settings(RunSettings::default()),
            Note::Settings(settings.clone()),
            Note::Host(host(1).0, Box::new(host(1).1)),
            Note::Host(host(2).0, Box::new(host(2).1)),
            Note::Cookies(cookies("a", "[1]")),
            Note::Cookies(cookies("b", "[2]")),
            Note::Cookies(cookies("a", "[]")),
            Note::SeedName(seed("a", Network::Public)),
            Note::SeedName(seed("b", Network::Public)),
            Note::SeedName(seed("b", Network::Inner)),
            Note::Sitemap(url("a/z.xml"), sitemap(false)),
            Note::Sitemap(url("a/a.xml"), sitemap(false)),
            Note::Sitemap(url("a/z.xml"), sitemap(true)),
            Note::Unasked(1),
            Note::Unasked(2),
            Note::AskedAgain(3),
            Note::Unread(Box::default()),
            Note::Unread(Box::new(unread.clone())),
            Note::Output("pages.jsonl".to_owned(), Checkpoint::length(10)),
            Note::Output("pages.jsonl".to_owned(), checkpoint.clone()),
            Note::RunEnds { state: State::Limit, failed_seeds: vec![failed.clone()] },
        ];
        for note in notes {
            pair.store().keep(note).unwrap();
        }
        let mut pair = pair.restarted(unlimited(), SAME);
        let found = pair.store().recall().unwrap();
        assert_eq!(found.seeds, ["http://a/"]);
        let redirects = [("http://a/", "http://c/"), ("http://c/", "http://b/")];
        assert_eq!(found.seed_redirects, redirects.map(|(from, to)| (from.to_owned(), to.to_owned())));
        assert_eq!(found.settings, Some(settings));
        assert_eq!(found.hosts, [host(2)]);
        assert_eq!(found.cookies, [cookies("a", "[]"), cookies("b", "[2]")]);
        assert_eq!(found.seed_names, [seed("a", Network::Public), seed("b", Network::Inner)]);
        let sitemaps = [("http://a/z.xml", true), ("http://a/a.xml", false)];
        assert_eq!(found.sitemaps, sitemaps.map(|(url, done)| (url.to_owned(), sitemap(done))));
        assert_eq!((found.unasked, found.asked_again), (2, 3));
        assert_eq!(found.unread, unread);
        assert_eq!(found.outputs, [("pages.jsonl".to_owned(), checkpoint)]);
        assert_eq!(found.failed_seeds.iter().map(|seed| &*seed.url).collect::<Vec<_>>(), [&*failed.url]);
        let last = found.last.unwrap();
        assert_eq!((last.pid, last.ended, last.records), (1, Some(State::Limit), 0));
        assert_eq!(found.started_at, Some(last.started_at));
    });
}

#[test]
fn the_traps_that_were_closed_last_are_given_back() {
    each_pair(unlimited(), |mut pair| {
        let trap = Trap {
            kind: TrapKind::Host,
            template: "http://a/**".to_owned(),
            pages: 1000,
            compared: 50,
            new: 2,
            examples: vec!["http://a/1".to_owned()],
            with: vec!["http://a/c".to_owned()],
            except: vec!["http://a/b/*".to_owned()],
        };
        for traps in [Vec::new(), vec![trap.clone()]] {
            pair.store().keep(Note::Traps(traps)).unwrap();
        }
        let mut pair = pair.restarted(unlimited(), SAME);
        assert_eq!(pair.store().recall().unwrap().traps, [trap]);
    });
}

#[test]
fn a_run_begins_where_the_last_one_has_ended() {
    each_pair(unlimited(), |mut pair| {
        let now = Instant::now();
        pair.add_seed(url("a/")).unwrap();
        let seed = lease(&mut pair, now, "a/");
        settle(&mut pair, &seed, &[]);
        let mut pair = pair.restarted(unlimited(), SAME);
        pair.store().keep(Note::RunBegins { pid: 2, at: now }).unwrap();
        pair.store().commit(now + Duration::from_secs(3)).unwrap();
        let mut pair = pair.restarted(unlimited(), SAME);
        let found = pair.store().recall().unwrap();
        let last = found.last.unwrap();
        assert_eq!((last.pid, last.ended, last.records_before, last.records), (2, None, 1, 1));
        assert_eq!(found.elapsed, Duration::from_millis((last.committed_at - last.started_at).unsigned_abs()));
    });
}

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
fn fewer_cases_in_debug() -> ProptestConfig {
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
type Links = Vec<(usize, LinkKind)>;

/// The least depth of each page, by breadth-first search: a redirect is no step, and a nofollow link no way.
fn shortest_ways(graph: &[Links]) -> Vec<Option<u32>> {
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
fn page_of_links(pages: usize) -> impl Strategy<Value = Links> {
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
