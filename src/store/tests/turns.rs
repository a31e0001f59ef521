//! Whose turn it is: leases, hosts and their holds, retries, and how far a site may be ahead of its answers.

use std::time::{Duration, Instant};

use super::{SAME, depth, each, each_pair, found, lease, links, settle, unlimited, url};
use crate::frontier::{Found, Hold, Limits};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::store::pair::{Kind, Pair, Texts};
use crate::url::LinkKind;

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

/// Runs a check with all texts at hand: a host that waits for one lets others pass.
fn with_texts(check: impl Fn(&mut Pair)) {
    check(&mut Pair::new((Kind::Memory, Texts::AtHand, 1), unlimited()));
}

#[test]
fn a_host_goes_on_before_another_one_begins() {
    with_texts(|frontier| {
        let now = Instant::now();
        for seed in ["a/", "b/1", "b/2", "c/1"] {
            frontier.add_seed(url(seed)).unwrap();
        }
        let seed = lease(frontier, now, "a/");
        settle(frontier, &seed, &["a/1", "a/2", "a/3"]);
        assert!(frontier.has_ahead());
        let one = lease(frontier, now, "a/1");
        lease(frontier, now, "b/1");
        assert!(!frontier.has_ahead(), "each has its request in flight");
        settle(frontier, &one, &[]);
        frontier.hold(one.host, Hold::Until(now + Duration::from_secs(1)));
        lease(frontier, now, "c/1");
        let two = lease(frontier, now + Duration::from_secs(1), "a/2");
        settle(frontier, &two, &[]);
        lease(frontier, now + Duration::from_secs(1), "a/3");
    });
}

#[test]
fn a_host_that_takes_its_time_goes_on_after_the_others() {
    with_texts(|frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        frontier.add_seed(url("b/")).unwrap();
        let seed = lease(frontier, now, "a/");
        settle(frontier, &seed, &["a/1"]);
        let later = now + Duration::from_secs(6);
        lease(frontier, later, "b/");
        lease(frontier, later, "a/1");
    });
}

#[test]
fn no_host_keeps_another_waiting_for_long() {
    with_texts(|frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, now, "a/");
        let pages: Vec<String> = (0..100).map(|n| format!("a/{n}")).collect();
        settle(frontier, &seed, &pages.iter().map(String::as_str).collect::<Vec<_>>());
        frontier.add_seed(url("b/")).unwrap();
        let mut before = 0;
        loop {
            let next = frontier.lease(now).unwrap().unwrap();
            settle(frontier, &next, &[]);
            if next.url.host() == "b" {
                break;
            }
            before += 1;
        }
        assert_eq!(before, 31, "with the first one");
    });
}

#[test]
fn a_host_of_which_nothing_is_leased_or_waits_is_done_with() {
    each(unlimited(), |frontier| {
        let now = Instant::now();
        frontier.add_seed(url("a/")).unwrap();
        let seed = lease(frontier, now, "a/");
        assert!(!frontier.is_done_with(seed.host));
        settle(frontier, &seed, &["a/1"]);
        assert!(!frontier.is_done_with(seed.host));
        let one = lease(frontier, now, "a/1");
        frontier.retry(one.id, now + Duration::from_secs(1)).unwrap();
        assert!(!frontier.is_done_with(seed.host));
        let one = lease(frontier, now + Duration::from_secs(1), "a/1");
        settle(frontier, &one, &[]);
        assert!(frontier.is_done_with(seed.host));
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

#[test]
fn a_host_with_more_urls_than_texts_at_hand_gives_each_once_in_order() {
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
