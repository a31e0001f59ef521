//! The contract of frontier and store: one suite for every store, with every text at hand and with none.

mod another_process;
mod buckets;
mod depths;
mod kept;
mod letters;
#[cfg(feature = "postgres")]
mod members;
#[cfg(feature = "postgres")]
mod nodes;
mod random;
mod skips;
mod turns;
mod two_nodes;

use std::time::Instant;

use crate::frontier::{Found, Lease, Limits, Place, RestoreRules};
use crate::mention::Mention;
use crate::outcome::{OutcomeKind, SkipReason};
use crate::store::pair::{ALL, Pair};
use crate::url::{CrawlUrl, LinkKind, Target, UrlRules};

/// Runs one check against each store.
fn each(limits: Limits, check: impl Fn(&mut Pair)) {
    each_pair(limits, |mut pair| check(&mut pair));
}

/// The same with one bucket, for what is another matter where there are more.
fn each_in_one(limits: Limits, check: impl Fn(&mut Pair)) {
    for &kind in ALL.iter().filter(|(kind, _, buckets)| kind.is_there() && *buckets == 1) {
        check(&mut Pair::new(kind, limits));
    }
}

/// The same, for checks in which one process goes on after another.
fn each_pair(limits: Limits, check: impl Fn(Pair)) {
    for &kind in ALL.iter().filter(|(kind, ..)| kind.is_there()) {
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

/// Leases what is expected to be next. Among buckets that depends on which of them something has happened in: there it is
/// enough that it is due.
fn lease(frontier: &mut Pair, now: Instant, expected: &str) -> Lease {
    let mut others = Vec::new();
    loop {
        let lease = frontier.lease(now).unwrap().unwrap_or_else(|| panic!("nothing is due, but {expected} should be"));
        if frontier.is_one_bucket() || lease.url.as_str() == url(expected).as_str() {
            assert_eq!(lease.url.as_str(), url(expected).as_str());
            others.into_iter().rev().for_each(|other| frontier.give_back(other).unwrap());
            return lease;
        }
        others.push(lease.id);
    }
}

fn settle(frontier: &mut Pair, lease: &Lease, to: &[&str]) -> Place {
    frontier.settle(lease.id, OutcomeKind::Ok, links(to)).unwrap()
}

/// The rules of the run before.
const SAME: RestoreRules<'static> = RestoreRules { judge: &|_, _| None, lifted: &[] };

fn skipped(frontier: &Pair, reason: SkipReason) -> u64 {
    *frontier.accounts().skipped.of(reason)
}
