//! What is skipped: closed, not to be followed, out of scope, too deep; and what takes it up again.

use std::time::Instant;

use super::{depth, each, each_in_one, found, lease, links, settle, unlimited, url};
use crate::frontier::{Found, Place};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::url::{LinkKind, Target};

#[test]
fn rules_are_asked_of_what_is_new_or_skipped_and_of_nothing_else() {
    // Another bucket is told of a way that is shorter, and asks then: when the scope has moved, all is reconsidered.
    each_in_one(unlimited(), |frontier| {
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
