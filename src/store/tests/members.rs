//! Members: nodes of one crawl in a database, that come, go, and are not heard of any more. Time is what a test writes into the
//! database.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use super::nodes::{Crawl, HOSTS, Node, finish};
use super::url;
use crate::error::Error;
use crate::frontier::{Letter, LetterKind};
use crate::observe::State;
use crate::outcome::OutcomeKind;
use crate::store::{MemberChange, Note, RunSettings, Store};
use crate::url::CrawlUrl;

#[test]
fn one_node_has_all_buckets_and_gives_some_to_one_that_comes() {
    let Some(crawl) = Crawl::new() else { return };
    let mut one = crawl.node();
    assert_eq!(one.buckets().len(), 7);
    one.frontier.add_seed(url("h0/")).unwrap();
    one.turn().unwrap();
    let mut other = crawl.node();
    assert_eq!(other.buckets().len(), 0);
    for _ in 0..3 {
        one.turn().unwrap();
    }
    assert_eq!((one.buckets().len(), one.members()), (7, vec![MemberChange::Joined]), "not within two leases");
    crawl.calm();
    for _ in 0..5 {
        one.turn().unwrap();
        other.turn().unwrap();
    }
    let (mine, yours) = (one.buckets(), other.buckets());
    assert_eq!((mine.len(), yours.len(), mine.intersection(&yours).count()), (4, 3, 0));
    assert_eq!(crawl.sql("SELECT count(*) FROM bucket WHERE owner IS NULL"), "0");
    finish(&mut [&mut one, &mut other]);
    let asked: BTreeSet<_> = one.asked.iter().chain(&other.asked).map(CrawlUrl::to_shared).collect();
    assert_eq!((asked.len(), one.asked.len() + other.asked.len()), (8, 8), "each once");
    assert!(!other.asked.is_empty() && !one.asked.is_empty());
    assert_eq!(crawl.sql("SELECT state, (SELECT count(*) FROM mail) FROM crawl"), "complete|0");
    other.store.keep(Note::RunEnds { state: State::Complete, failed_seeds: Vec::new() }).unwrap();
    other.turn().unwrap();
    one.turn().unwrap();
    assert_eq!(one.members(), [MemberChange::Joined, MemberChange::Ended]);
    one.turn().unwrap();
    assert_eq!(one.buckets().len(), 7, "what is free is taken");
    let counted = crawl.sql("SELECT sum(settled[1]), sum(pending) FROM bucket WHERE settled <> '{}'");
    assert!(!counted.is_empty());
}

#[test]
fn who_is_not_heard_of_is_lost_and_what_it_had_goes_on_with_others() {
    let Some(crawl) = Crawl::new() else { return };
    let mut lost = crawl.node();
    for host in HOSTS {
        lost.frontier.add_seed(url(host)).unwrap();
    }
    lost.turn().unwrap();
    let first = lost.lease().unwrap();
    lost.frontier.settle(first.id, OutcomeKind::Ok, Vec::new(), &|_, _| None).unwrap();
    lost.turn().unwrap();
    let mut other = crawl.node();
    let id = lost.store.id().to_owned();
    let is_late = format!("UPDATE node SET until = clock_timestamp() - interval '1 second' WHERE id = '{id}'");
    crawl.sql(&is_late);
    other.turn().unwrap();
    assert_eq!(
        crawl.sql(&format!("SELECT state FROM node WHERE id = '{id}'")),
        "alive",
        "nobody knows for a whole lease"
    );
    crawl.calm();
    other.turn().unwrap();
    for _ in 0..3 {
        other.turn().unwrap();
    }
    assert_eq!((other.members(), other.buckets().len()), (vec![MemberChange::Lost], 7));
    let late = lost.lease().unwrap();
    lost.frontier.settle(late.id, OutcomeKind::Ok, Vec::new(), &|_, _| None).unwrap();
    assert!(matches!(lost.turn(), Err(Error::Fenced(_))));
    finish(&mut [&mut other]);
    let asked: BTreeSet<_> = other.asked.iter().map(CrawlUrl::to_shared).collect();
    assert!(!asked.contains(first.url.as_str()) && asked.contains(late.url.as_str()));
    assert_eq!(asked.len(), 7);
    let back = crawl.node_in(lost.dir);
    assert_eq!((back.buckets().len(), back.frontier.accounts().pending), (0, 0));
}

#[test]
fn who_was_stopped_while_it_held_its_row_is_lost_as_well() {
    let Some(crawl) = Crawl::new() else { return };
    let (mut one, other) = (crawl.node(), crawl.node());
    let id = other.store.id().to_owned();
    crawl.sql(&format!("UPDATE node SET until = clock_timestamp() - interval '1 second' WHERE id = '{id}'"));
    crawl.calm();
    let name = crawl.sql(&format!("SELECT 'crawler ' || id || ' ' || incarnation FROM node WHERE id = '{id}'"));
    let (schema, server) = (crawl.place.name.schema(), crawl.server);
    let stopped = thread::spawn(move || {
        // It is ended by the other.
        server.try_psql(&format!(
            "SET application_name = '{name}'; BEGIN; UPDATE {schema}.node SET pid = 2 WHERE id = '{id}'; SELECT pg_sleep(300)"
        ))
    });
    let holds = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(300)' AND query LIKE '%UPDATE%' AND pid <> pg_backend_pid()";
    while crawl.sql(holds) == "0" {}
    for _ in 0..200 {
        one.turn().unwrap();
        if one.members() == [MemberChange::Joined, MemberChange::Lost] || one.members() == [MemberChange::Lost] {
            break;
        }
    }
    assert!(one.members().contains(&MemberChange::Lost));
    assert!(stopped.join().unwrap().is_err(), "its session is ended");
}

#[test]
fn a_process_that_another_one_of_its_directory_has_followed_commits_nothing() {
    let Some(crawl) = Crawl::new() else { return };
    let mut first = crawl.node();
    first.frontier.add_seed(url("h0/")).unwrap();
    first.turn().unwrap();
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(first.dir.path().join("node"), copy.path().join("node")).unwrap();
    let second = crawl.node_in(copy);
    assert_eq!((second.buckets().len(), second.frontier.accounts().pending), (7, 1), "it has what the other had");
    first.frontier.add_seed(url("h1/")).unwrap();
    assert!(matches!(first.turn(), Err(Error::Fenced(_))));
    assert_eq!(crawl.sql("SELECT count(*) FROM url"), "1");
}

#[test]
fn a_letter_comes_again_until_its_effect_is_kept() {
    let Some(crawl) = Crawl::new() else { return };
    let one = crawl.node();
    let (other, dir) = (crawl.node(), one.dir);
    let mut other = other;
    other.frontier.add_seed(url("h0/")).unwrap();
    let told: Vec<_> = other.frontier.take_changes();
    let letter: Letter = told
        .iter()
        .flat_map(|(_, changes)| changes)
        .find_map(|change| match change {
            crate::frontier::Change::Sent(letter) => Some((**letter).clone()),
            _ => None,
        })
        .expect("its bucket is not here");
    assert_eq!(letter.kind, LetterKind::Seed);
    for (bucket, changes) in told {
        other.store.apply(bucket, changes, None).unwrap();
    }
    other.turn().unwrap();
    drop(one.store);
    let mut one = crawl.node_in(dir);
    one.turn().unwrap();
    assert_eq!(one.unread.len(), 1);
    one.turn().unwrap();
    assert_eq!(one.unread.len(), 1, "it comes once to a process");
    let mut one = crawl.node_in(one.dir);
    one.turn().unwrap();
    one.read();
    one.turn().unwrap();
    assert_eq!(crawl.sql("SELECT (SELECT count(*) FROM mail), (SELECT count(*) FROM url)"), "0|1");
    let one = crawl.node_in(one.dir);
    assert_eq!((one.frontier.accounts().pending, one.unread.len()), (1, 0));
}

#[test]
fn a_crawl_is_not_over_while_a_seed_is_being_added() {
    for seed_first in [true, false] {
        let Some(crawl) = Crawl::new() else { return };
        let mut node = crawl.node();
        node.turn().unwrap();
        let schema = crawl.place.name.schema();
        let server = crawl.server;
        // Whoever adds a seed holds the row of the crawl, and takes its time.
        let (begin, end) = if seed_first { ("", "SELECT pg_sleep(0.3);") } else { ("SELECT pg_sleep(0.3);", "") };
        let adds = format!(
            "BEGIN; SELECT FROM {schema}.crawl FOR UPDATE; {begin} INSERT INTO {schema}.mail (bucket, kind, key, url, depth, hops) \
             VALUES (3, 0, decode('00112233445566778899aabbccddeeff', 'hex'), 'http://h9/', 0, 0); {end} \
             UPDATE {schema}.crawl SET state = 'running', epoch = epoch + 1; COMMIT"
        );
        let adding = thread::spawn(move || server.psql(&adds));
        while crawl.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.3)%' AND state = 'active' AND pid <> pg_backend_pid()") == "0" {}
        node.store.rest(true);
        node.turn().unwrap();
        adding.join().unwrap();
        assert_eq!(crawl.sql("SELECT state FROM crawl"), "running");
        assert!(!node.is_over());
        finish(&mut [&mut node]);
        assert_eq!(node.asked.len(), 9);
    }
}

#[test]
fn nodes_that_write_to_each_other_do_not_get_in_each_others_way() {
    let Some(crawl) = Crawl::new() else { return };
    let deadlocks = || crawl.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    let before = deadlocks();
    let (mut one, mut other) = (crawl.node(), crawl.node());
    crawl.calm();
    for _ in 0..5 {
        one.turn().unwrap();
        other.turn().unwrap();
    }
    let work = |node: &mut Node, of: usize| {
        for page in 0..30 {
            (0..8).for_each(|host| node.frontier.add_seed(url(&format!("h{host}/{of}-{page}"))).unwrap());
            node.read();
            node.crawl(&HOSTS);
            node.turn().unwrap();
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| work(&mut one, 0));
        scope.spawn(|| work(&mut other, 1));
    });
    finish(&mut [&mut one, &mut other]);
    assert_eq!(one.asked.len() + other.asked.len(), 8 + 2 * 30 * 8);
    assert_eq!(deadlocks(), before);
}

#[test]
fn a_database_that_is_older_than_its_node_is_waited_out() {
    let Some(crawl) = Crawl::new() else { return };
    let mut node = crawl.node();
    node.store.keep(Note::RunEnds { state: State::Stopped, failed_seeds: Vec::new() }).unwrap();
    node.turn().unwrap();
    crawl.sql("UPDATE crawl SET ttl = '300 ms'");
    let began = Instant::now();
    let mut node = crawl.node_in(node.dir);
    assert!(began.elapsed() < Duration::from_secs(5));
    node.store.keep(Note::RunEnds { state: State::Stopped, failed_seeds: Vec::new() }).unwrap();
    node.turn().unwrap();
    crawl.sql("UPDATE node SET turn = turn - 1");
    let began = Instant::now();
    crawl.node_in(node.dir);
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[test]
fn all_that_crawl_together_have_the_same_settings() {
    let Some(crawl) = Crawl::new() else { return };
    let settings = |toml: &str| Note::Settings(RunSettings { toml: toml.to_owned(), ..RunSettings::default() });
    let keep = |node: &mut Node, toml: &str| {
        node.store.keep(settings(toml)).unwrap();
        node.turn().map(drop)
    };
    let versions = || crawl.sql("SELECT count(*), max(toml) FROM settings");
    let mut one = crawl.node();
    keep(&mut one, "depth = 1\ndir = 'a'").unwrap();
    keep(&mut one, "depth = 2\ndir = 'a'").unwrap();
    keep(&mut one, "depth = 2\ndir = 'b'").unwrap();
    assert_eq!(versions(), "2|depth = 2\ndir = 'b'");
    let mut other = crawl.node();
    keep(&mut other, "depth = 2\ndir = 'c'").unwrap();
    assert!(matches!(keep(&mut other, "depth = 3\ndir = 'c'"), Err(Error::Usage(_))));
    assert_eq!(versions(), "2|depth = 2\ndir = 'b'");
}

#[test]
fn a_lease_counts_from_before_its_commit() {
    let Some(crawl) = Crawl::new() else { return };
    let mut node = crawl.node();
    // That it has heard of its own beginning is told as well.
    node.turn().unwrap();
    node.turn().unwrap();
    node.frontier.add_seed(url("h0/")).unwrap();
    let before = Instant::now();
    let until = node.turn().unwrap().valid_until.unwrap();
    let lease = Duration::from_mins(1);
    assert!(before + lease <= until && until <= Instant::now() + lease);
    let without_news = node.turn().unwrap().valid_until.unwrap();
    assert_eq!(without_news, until, "nothing was committed");
}
