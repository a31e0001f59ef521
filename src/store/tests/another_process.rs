//! Another process: what it goes on with, by the rules of its own run.

use std::time::{Duration, Instant};

use super::{SAME, depth, each_pair, found, lease, links, settle, skipped, unlimited, url};
use crate::accounts::Accounts;
use crate::frontier::{Found, Place, RestoreRules};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::sink::Checkpoint;
use crate::store::Note;
use crate::store::pair::{Kind, Pair, Texts};
use crate::url::{CrawlUrl, LinkKind};

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

#[cfg(any(feature = "sqlite", feature = "postgres"))]
#[test]
fn what_is_not_committed_was_never_there() {
    let kinds = [
        #[cfg(feature = "sqlite")]
        Kind::Sqlite,
        #[cfg(feature = "postgres")]
        Kind::Postgres,
    ];
    for kind in kinds.into_iter().filter(|kind| kind.is_there()) {
        let now = Instant::now();
        let mut pair = Pair::new((kind, Texts::AtHand, 1), unlimited());
        pair.add_seed(url("a/")).unwrap();
        let mut pair = pair.restarted(unlimited(), SAME);
        let seed = lease(&mut pair, now, "a/");
        settle(&mut pair, &seed, &["a/1"]);
        pair.store().keep(Note::Output("pages.jsonl".to_owned(), Checkpoint::length(7))).unwrap();
        let mut pair = pair.killed(unlimited(), SAME);
        assert_eq!((pair.accounts().pending, pair.accounts().discovered()), (1, 1));
        assert_eq!(pair.store().recall().unwrap().outputs, []);
    }
}
