//! Letters: what buckets tell each other, and when.

use std::num::NonZeroU16;
use std::time::Instant;

use super::{SAME, depth, found, unlimited, url};
use crate::frontier::{Bucket, Change, Changes, Found, Frontier, Lease, Letter, LetterKind, Limits, Place, Split};
use crate::outcome::{OutcomeKind, SkipReason};
use crate::store::{Facts, Memory, Store};
use crate::url::{CrawlUrl, LinkKind, Target};
use crate::wall_clock::WallClock;

const SPLIT: Split = Split::into(NonZeroU16::new(7).unwrap());

/// Hosts of two buckets.
const HERE: &str = "host-0";
const THERE: &str = "host-1";

fn bucket(host: &str) -> Bucket {
    SPLIT.of_url(&url(&format!("{host}/")))
}

fn page(host: &str, page: &str) -> CrawlUrl {
    url(&format!("{host}/{page}"))
}

fn link(host: &str, to: &str, kind: LinkKind) -> Found {
    found(&format!("{host}/{to}"), kind)
}

/// A frontier that has these buckets as a store keeps them.
fn frontier(store: &mut Memory, limits: Limits, buckets: &[Bucket]) -> Frontier {
    let mut frontier = Frontier::split(limits, SPLIT);
    for bucket in buckets {
        let mut restore = Frontier::restore(*bucket, limits, SAME);
        store.restore(*bucket, &mut restore).unwrap();
        frontier.take(restore.finish());
    }
    frontier
}

fn store() -> Memory {
    Memory::new(WallClock::new(Instant::now(), jiff::Timestamp::now()))
}

/// The next URL, once its text is here.
fn lease(store: &mut Memory, frontier: &mut Frontier) -> Option<Lease> {
    serve(store, frontier);
    let lease = frontier.lease(Instant::now()).unwrap();
    serve(store, frontier);
    lease.or_else(|| frontier.lease(Instant::now()).unwrap())
}

/// Settles the next URL with these links.
fn settle(frontier: &mut Frontier, expected: &CrawlUrl, links: Vec<Found>) -> Place {
    let lease = frontier.lease(Instant::now()).unwrap().expect("something is due");
    assert_eq!(lease.url, *expected);
    frontier.settle(lease.id, OutcomeKind::Ok, links, &|_, _| None).unwrap().place
}

fn keep(store: &mut Memory, changes: Changes) {
    for (bucket, changes) in changes {
        store.apply(bucket, changes, Some(Facts::default())).unwrap();
    }
}

/// Keeps what has changed, and answers what is wanted, until neither is left.
fn serve(store: &mut Memory, frontier: &mut Frontier) {
    loop {
        let changes = frontier.take_changes();
        let wants = frontier.take_wants();
        if changes.is_empty() && wants.is_empty() {
            return;
        }
        keep(store, changes);
        for want in wants {
            let rows = store.ask(want).unwrap().unwrap();
            frontier.supply(rows, &|_| false, &|_, _| None).unwrap();
        }
    }
}

/// What is sent by this step, as kind, depth and hops.
fn sent(changes: &Changes) -> Vec<(LetterKind, u32, u32)> {
    let changes = changes.iter().flat_map(|(_, changes)| changes);
    let letters = changes.filter_map(|change| match change {
        Change::Sent(letter) => Some((letter.kind, letter.depth, letter.hops)),
        _ => None,
    });
    letters.collect()
}

fn letters_to(store: &Memory, host: &str) -> Vec<Letter> {
    store.mail_to(bucket(host)).into_iter().map(|mail| mail.letter).collect()
}

#[test]
fn what_a_page_leads_to_elsewhere_is_one_letter_in_its_step_and_one_more_when_it_is_shorter() {
    let mut store = store();
    let mut here = frontier(&mut store, unlimited(), &[bucket(HERE)]);
    here.add_seed(page(HERE, "")).unwrap();
    let to = |names: &[&str]| names.iter().map(|name| link(HERE, name, LinkKind::Follow)).collect::<Vec<_>>();
    settle(&mut here, &page(HERE, ""), to(&["slow", "1", "2"]));
    let slow = here.lease(Instant::now()).unwrap().unwrap();
    settle(&mut here, &page(HERE, "1"), to(&["deep"]));
    settle(&mut here, &page(HERE, "2"), Vec::new());
    here.take_changes();
    settle(
        &mut here,
        &page(HERE, "deep"),
        vec![link(THERE, "x", LinkKind::Follow), link(THERE, "x", LinkKind::Follow)],
    );
    let changes = here.take_changes();
    assert_eq!(sent(&changes), [(LetterKind::Link, 3, 0)]);
    let settled =
        |(_, changes): &(_, Vec<Change>)| changes.iter().any(|change| matches!(change, Change::Settled { .. }));
    assert!(changes.iter().any(settled), "in one step with the page");
    here.settle(slow.id, OutcomeKind::Ok, vec![link(THERE, "x", LinkKind::Follow)], &|_, _| None).unwrap();
    assert_eq!(sent(&here.take_changes()), [(LetterKind::Link, 2, 0)]);
    assert_eq!(here.accounts().discovered(), 5, "what is elsewhere counts there");
}

#[test]
fn a_letter_has_the_effect_of_a_link_and_is_gone_with_it() {
    let mut store = store();
    let mut here = frontier(&mut store, unlimited(), &[bucket(HERE)]);
    here.add_seed(page(HERE, "")).unwrap();
    settle(&mut here, &page(HERE, ""), vec![link(THERE, "x", LinkKind::Follow)]);
    keep(&mut store, here.take_changes());
    for killed in [true, false] {
        let mut there = frontier(&mut store, unlimited(), &[bucket(THERE)]);
        let mail = store.commit(Instant::now()).unwrap().mail;
        assert_eq!(mail.len(), 1, "who restores a bucket gets its letters");
        assert!(store.commit(Instant::now()).unwrap().mail.is_empty(), "once");
        assert!(there.read(mail[0].clone(), &|_, _| None).unwrap());
        let changes = there.take_changes();
        let [(_, of_there)] = &changes[..] else { panic!("one bucket has changed: {changes:?}") };
        let is_found = |change: &Change| matches!(change, Change::Found(url) if url.referrer_url.is_some());
        assert!(of_there.iter().any(is_found) && of_there.iter().any(|change| matches!(change, Change::Read { .. })));
        if killed {
            assert_eq!(letters_to(&store, THERE).len(), 1, "it is not gone before its effect is kept");
            continue;
        }
        keep(&mut store, changes);
        assert!(letters_to(&store, THERE).is_empty());
        let expected = Place { depth: 1, referrer: Some(page(HERE, "").to_shared()) };
        let mut again = frontier(&mut store, unlimited(), &[bucket(THERE)]);
        for frontier in [&mut there, &mut again] {
            let lease = lease(&mut store, frontier).unwrap();
            let place = frontier.settle(lease.id, OutcomeKind::Ok, Vec::new(), &|_, _| None).unwrap().place;
            assert_eq!(place, expected);
        }
    }
}

#[test]
fn a_letter_to_a_bucket_that_is_not_here_is_left_to_others() {
    let mut store = store();
    let mut here = frontier(&mut store, unlimited(), &[bucket(HERE)]);
    here.add_seed(page(THERE, "")).unwrap();
    here.add_listed(vec![link(THERE, "x", LinkKind::Follow), link(HERE, "y", LinkKind::Follow)]).unwrap();
    let changes = here.take_changes();
    assert_eq!(sent(&changes), [(LetterKind::Seed, 0, 0), (LetterKind::Listed, 0, 0)]);
    keep(&mut store, changes);
    for mail in store.mail_to(bucket(THERE)) {
        assert!(!here.read(mail, &|_, _| None).unwrap());
    }
    assert!(here.take_changes().is_empty());
    let mut there = frontier(&mut store, unlimited(), &[bucket(THERE)]);
    for mail in store.commit(Instant::now()).unwrap().mail {
        there.read(mail, &|url, _| url.as_str().ends_with('x').then_some(SkipReason::Scope)).unwrap();
    }
    assert_eq!((there.accounts().pending, there.accounts().skipped.total()), (1, 1), "the receiver judges");
    assert_eq!(here.accounts().discovered() + there.accounts().discovered(), 3);
}

#[test]
fn what_sinks_is_told_on_to_other_buckets_also_after_a_kill() {
    for (killed, are_both_here) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut store = store();
        let buckets = [bucket(HERE), bucket(THERE)];
        let buckets = if are_both_here { &buckets[..] } else { &buckets[..1] };
        let mut here = frontier(&mut store, unlimited(), buckets);
        here.add_seed(page(HERE, "")).unwrap();
        let to = |name: &str| link(HERE, name, LinkKind::Follow);
        settle(&mut here, &page(HERE, ""), vec![to("slow"), to("1")]);
        let slow = here.lease(Instant::now()).unwrap().unwrap();
        settle(&mut here, &page(HERE, "1"), vec![to("2")]);
        settle(&mut here, &page(HERE, "2"), vec![to("3")]);
        settle(&mut here, &page(HERE, "3"), vec![link(THERE, "x", LinkKind::Follow)]);
        here.settle(slow.id, OutcomeKind::Ok, vec![to("3")], &|_, _| None).unwrap();
        let mut last = here;
        // The page has sunk, then its edges are read, then the text of what is elsewhere: a kill may be before each.
        for _ in 0..4 {
            keep(&mut store, last.take_changes());
            if killed {
                last = frontier(&mut store, unlimited(), buckets);
            }
            for want in last.take_wants() {
                let rows = store.ask(want).unwrap().unwrap();
                last.supply(rows, &|_| false, &|_, _| None).unwrap();
            }
        }
        assert!(!last.is_waiting() && last.take_changes().is_empty());
        let mut there = if are_both_here { last } else { frontier(&mut store, unlimited(), &[bucket(THERE)]) };
        let mut mail = store.commit(Instant::now()).unwrap().mail;
        assert_eq!(mail.len(), if are_both_here { 0 } else { 2 });
        mail.reverse();
        for mail in mail {
            assert!(there.read(mail, &|_, _| None).unwrap());
        }
        let leases = std::iter::from_fn(|| lease(&mut store, &mut there));
        let lease = leases.take(3).find(|lease| lease.url == page(THERE, "x")).expect("it is wanted");
        let place = there.settle(lease.id, OutcomeKind::Ok, Vec::new(), &|_, _| None).unwrap().place;
        let referrer = Some(page(HERE, "3").to_shared());
        assert_eq!(place, Place { depth: 3, referrer }, "killed: {killed}, both here: {are_both_here}");
    }
}

#[test]
fn a_way_that_may_be_followed_is_told_after_one_that_may_not_however_deep_it_is() {
    let mut store = store();
    let mut here = frontier(&mut store, unlimited(), &[bucket(HERE)]);
    here.add_seed(page(HERE, "")).unwrap();
    settle(&mut here, &page(HERE, ""), vec![link(THERE, "x", LinkKind::Nofollow), link(HERE, "1", LinkKind::Follow)]);
    settle(&mut here, &page(HERE, "1"), vec![link(THERE, "x", LinkKind::Follow), link(THERE, "x", LinkKind::Nofollow)]);
    let changes = here.take_changes();
    assert_eq!(sent(&changes), [(LetterKind::Nofollow, 1, 1023), (LetterKind::Link, 2, 0)]);
    keep(&mut store, changes);
    let mut there = frontier(&mut store, unlimited(), &[bucket(THERE)]);
    let mail = store.commit(Instant::now()).unwrap().mail;
    there.read(mail[0].clone(), &|_, _| None).unwrap();
    assert_eq!(*there.accounts().skipped.of(SkipReason::Nofollow), 1);
    there.read(mail[1].clone(), &|_, _| None).unwrap();
    let lease = lease(&mut store, &mut there).expect("there is a way now");
    assert_eq!(there.settle(lease.id, OutcomeKind::Ok, Vec::new(), &|_, _| None).unwrap().place.depth, 2);
}

#[test]
fn a_part_is_told_apart_from_a_page() {
    let refuses = |_: &CrawlUrl, kind| (kind != LinkKind::Part).then_some(SkipReason::Scope);
    let mut store = store();
    let mut here = frontier(&mut store, unlimited(), &[bucket(HERE)]);
    here.add_seed(page(HERE, "")).unwrap();
    settle(&mut here, &page(HERE, ""), vec![link(THERE, "x", LinkKind::Follow), link(HERE, "1", LinkKind::Follow)]);
    settle(&mut here, &page(HERE, "1"), vec![link(HERE, "2", LinkKind::Follow)]);
    settle(&mut here, &page(HERE, "2"), vec![link(THERE, "x", LinkKind::Part)]);
    keep(&mut store, here.take_changes());
    let mut there = frontier(&mut store, unlimited(), &[bucket(THERE)]);
    for mail in store.commit(Instant::now()).unwrap().mail {
        there.read(mail, &refuses).unwrap();
    }
    let lease = lease(&mut store, &mut there).expect("where no page may be, a part may");
    assert!(lease.is_part);
    assert_eq!(there.accounts().discovered(), 1, "it is one URL where it is at home");
}

#[test]
fn what_can_never_be_requested_goes_to_its_home_too() {
    let mut store = store();
    let key = url("a/").key();
    let target = Target::Other { text: "mailto:a@b.c".into(), key, reason: SkipReason::Scheme };
    let home = SPLIT.of(&target);
    let from = (0..20).map(|n| format!("host-{n}")).find(|host| bucket(host) != home).unwrap();
    let mut here = frontier(&mut store, depth(1), &[bucket(&from)]);
    here.add_seed(page(&from, "")).unwrap();
    let other = Found { target, kind: LinkKind::Follow, mention: None, link_text: None, skip: None };
    settle(&mut here, &page(&from, ""), vec![other]);
    keep(&mut store, here.take_changes());
    let mut there = frontier(&mut store, depth(1), &[home]);
    for mail in store.commit(Instant::now()).unwrap().mail {
        there.read(mail, &|_, _| None).unwrap();
    }
    assert_eq!((*there.accounts().skipped.of(SkipReason::Scheme), here.accounts().discovered()), (1, 1));
}

#[test]
fn a_site_in_many_buckets_is_no_further_ahead_than_in_one() {
    let texts: Vec<String> =
        (0..60).map(|n| format!("h{}.site.example/{n:03}?{}", n % 6, "x".repeat(4096 - 56 - 29))).collect();
    let links = |range: std::ops::Range<usize>| {
        texts[range].iter().map(|text| found(text, LinkKind::Follow)).collect::<Vec<_>>()
    };
    let limits = Limits { ahead: 4096 * 10, ..unlimited() };
    let now = Instant::now();
    let known = |split: Split| {
        let mut store = store();
        let read_back = |store: &mut Memory| {
            let mut frontier = Frontier::split(limits, split);
            for bucket in (0..split.buckets()).map(Bucket::at) {
                let mut restore = Frontier::restore(bucket, limits, SAME);
                store.restore(bucket, &mut restore).unwrap();
                frontier.take(restore.finish());
            }
            frontier
        };
        let mut frontier = read_back(&mut store);
        frontier.add_seed(url("h0.site.example/")).unwrap();
        frontier.add_seed(url("h1.site.example/")).unwrap();
        let mut leases = [frontier.lease(now).unwrap().unwrap(), frontier.lease(now).unwrap().unwrap()];
        leases.sort_by_key(|lease| lease.url.to_shared());
        let [one, other] = leases;
        frontier.settle(one.id, OutcomeKind::Ok, links(0..20), &|_, _| None).unwrap();
        let after_one = frontier.accounts().discovered();
        keep(&mut store, frontier.take_changes());
        frontier.give_back(other.id).unwrap();
        let mut frontier = read_back(&mut store);
        let other = loop {
            let lease = frontier.lease(now).unwrap();
            serve(&mut store, &mut frontier);
            if let Some(lease) = lease.filter(|lease| lease.url == url("h1.site.example/")) {
                break lease;
            }
        };
        frontier.settle(other.id, OutcomeKind::Ok, links(0..60), &|_, _| None).unwrap();
        (after_one, frontier.accounts().discovered())
    };
    let expected = known(Split::ONE);
    assert_eq!(expected, (2 + 20, 2 + 42));
    assert_eq!(known(SPLIT), expected);
}
