//! Nodes of a crawl in a database: what an engine does, step by step as a test says.

use std::collections::BTreeSet;
use std::time::Instant;

use super::{SAME, links, unlimited};
use crate::error::Result;
use crate::frontier::{Bucket, Frontier, Lease, Mail};
use crate::observe::State;
use crate::outcome::OutcomeKind;
use crate::store::pair::test_server::{self, TestServer};
use crate::store::postgres::Postgres;
use crate::store::{Committed, Facts, MemberChange, News, Note, Store};
use crate::store_place::StorePlace;
use crate::url::CrawlUrl;

/// A crawl of seven buckets, and directories of its nodes.
pub(super) struct Crawl {
    pub(super) place: StorePlace,
    pub(super) server: &'static TestServer,
}

impl Crawl {
    pub(super) fn new() -> Option<Self> {
        let server = test_server::get()?;
        Some(Self { place: server.new_place(7), server })
    }

    /// What `psql` says.
    pub(super) fn sql(&self, sql: &str) -> String {
        let schema = self.place.name.schema();
        self.server.psql(&format!("SET search_path = {schema}; {sql}")).trim().to_owned()
    }

    /// Nobody has come or gone for an hour, and all live.
    pub(super) fn calm(&self) {
        self.sql("UPDATE node SET since = since - interval '1 hour'");
    }

    /// A process of a new directory.
    pub(super) fn node(&self) -> Node {
        self.node_in(tempfile::tempdir().unwrap())
    }

    pub(super) fn node_in(&self, dir: tempfile::TempDir) -> Node {
        let store = Postgres::open(&self.place, dir.path()).unwrap();
        let share = store.share();
        let frontier = Frontier::split(unlimited(), share.split);
        let mut node = Node { frontier, store, dir, unread: Vec::new(), asked: Vec::new(), news: Vec::new() };
        node.store.recall().unwrap();
        for bucket in share.own {
            let mut restore = Frontier::restore(bucket, unlimited(), SAME);
            node.store.restore(bucket, &mut restore).unwrap();
            node.frontier.take(restore.finish());
        }
        let at = node.store.clock().instant();
        node.store.keep(Note::RunBegins { pid: 1, at }).unwrap();
        node.turn().unwrap();
        node
    }
}

impl Drop for Crawl {
    fn drop(&mut self) {
        self.sql(&format!("DROP SCHEMA {} CASCADE", self.place.name.schema()));
    }
}

/// One process: what an engine does with store and frontier.
pub(super) struct Node {
    pub(super) frontier: Frontier,
    pub(super) store: Postgres,
    pub(super) dir: tempfile::TempDir,
    /// Letters that it has and has not read.
    pub(super) unread: Vec<Mail>,
    /// What it has asked for.
    pub(super) asked: Vec<CrawlUrl>,
    /// What it has heard.
    pub(super) news: Vec<News>,
}

impl Node {
    /// Commits what has changed, and takes what that says.
    pub(super) fn turn(&mut self) -> Result<Committed> {
        for (bucket, changes) in self.frontier.take_changes() {
            self.store.apply(bucket, changes, Some(Facts::default()))?;
        }
        for want in self.frontier.take_wants() {
            self.store.ask(want)?;
        }
        let mut committed = self.store.commit(Instant::now())?;
        for rows in committed.answers.drain(..) {
            self.frontier.supply(rows, &|_| false, &|_, _| None)?;
        }
        for news in &committed.news {
            match news {
                News::Took(buckets) => buckets.iter().for_each(|bucket| self.load(*bucket)),
                News::Surplus(buckets) => {
                    for bucket in buckets {
                        assert!(self.frontier.give(*bucket), "nothing of it is under way");
                        self.store.give(*bucket)?;
                    }
                }
                _ => {}
            }
        }
        self.news.extend(committed.news.iter().cloned());
        self.unread.append(&mut committed.mail.clone());
        Ok(committed)
    }

    pub(super) fn load(&mut self, bucket: Bucket) {
        let mut loader = self.store.loader().unwrap();
        loader.recall(bucket).unwrap();
        let mut restore = Frontier::restore(bucket, unlimited(), SAME);
        loader.restore(bucket, &mut restore).unwrap();
        self.frontier.take(restore.finish());
        self.store.loaded(bucket).unwrap();
    }

    pub(super) fn read(&mut self) {
        for mail in self.unread.drain(..) {
            assert!(self.frontier.read(mail, &|_, _| None).unwrap());
        }
    }

    pub(super) fn lease(&mut self) -> Option<Lease> {
        let lease = self.frontier.lease(Instant::now()).unwrap()?;
        self.asked.push(lease.url.clone());
        Some(lease)
    }

    /// Asks for everything that is due; each page leads to these.
    pub(super) fn crawl(&mut self, to: &[&str]) {
        while let Some(lease) = self.lease() {
            self.frontier.settle(lease.id, OutcomeKind::Ok, links(to), &|_, _| None).unwrap();
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.frontier.accounts().pending == 0 && !self.frontier.is_waiting() && self.unread.is_empty()
    }

    pub(super) fn buckets(&self) -> BTreeSet<Bucket> {
        self.store.share().own.into_iter().collect()
    }

    pub(super) fn members(&self) -> Vec<MemberChange> {
        let change = |news: &News| match news {
            News::Member(member) => Some(member.change),
            _ => None,
        };
        self.news.iter().filter_map(change).collect()
    }

    pub(super) fn is_over(&self) -> bool {
        self.news.contains(&News::Over(State::Complete))
    }
}

/// Hosts of all buckets.
pub(super) const HOSTS: [&str; 8] = ["h0/", "h1/", "h2/", "h3/", "h4/", "h5/", "h6/", "h7/"];

/// Both go on until the crawl is over for both.
pub(super) fn finish(nodes: &mut [&mut Node]) {
    for turn in 0.. {
        assert!(turn < 100, "it does not end");
        for node in &mut *nodes {
            node.read();
            node.crawl(&HOSTS);
            node.turn().unwrap();
            let is_idle = node.is_idle();
            node.store.rest(is_idle);
        }
        if nodes.iter().all(|node| node.is_over()) {
            return;
        }
    }
}
