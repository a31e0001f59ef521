//! One crawl of several processes over one database, of which any is killed, stopped beyond its lease, ended or added at any time,
//! and so is the database: every page once, at its depth, and every host asked as politely as by one.

mod node;
mod web;

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use fastrand::Rng;
use rustix::process::Signal;

use crate::support::Server;
use crate::support::postgres::TestServer;
use node::Node;
use web::{Page, Seen, Web};

/// How much is tortured: the web, and how often each [`Event`] comes at least.
struct Size {
    web: Web,
    times: usize,
}

impl Size {
    fn asked_for() -> Self {
        let web = |pages| Web { hosts: 8, pages, pace: Duration::from_millis(5) };
        match std::env::var("TORTURE").as_deref() {
            Ok("full") => Self { web: web(1500), times: 100 },
            _ => Self { web: web(100), times: 1 },
        }
    }
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A node is killed.
    Kill,
    /// A node stands still for longer than its lease.
    Stop,
    /// A node is asked to end.
    End,
    /// A directory joins that was not there before, or comes back.
    Join,
    /// The database dies, and is started again.
    Crash,
}

impl Event {
    const ALL: [Self; 5] = [Self::Kill, Self::Stop, Self::End, Self::Join, Self::Crash];
}

#[test]
fn nodes_that_come_and_go_come_to_what_one_would() {
    let Some(database) = TestServer::of_its_own() else { return };
    let size = Size::asked_for();
    let seed = std::env::var("TORTURE_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("TORTURE_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    let mut met: BTreeMap<Event, usize> = BTreeMap::new();
    while Event::ALL.iter().any(|event| met.get(event).copied().unwrap_or_default() < size.times) {
        let mut cluster = Cluster::new(size.web, &database);
        while !cluster.is_over() {
            // Those that have come least often.
            let least = Event::ALL.iter().map(|event| met.get(event).copied().unwrap_or_default()).min().unwrap();
            let mut rare = Event::ALL.to_vec();
            rare.retain(|event| met.get(event).copied().unwrap_or_default() <= least + 1);
            let event = random.choice(rare).unwrap();
            if cluster.meet(event, &mut random) {
                *met.entry(event).or_default() += 1;
            }
            cluster.pass(Duration::from_millis(random.u64(300..2500)));
        }
        cluster.finish();
        cluster.assert_all_is_well();
    }
    println!("{met:?}: equal");
}

/// A crawl with its web, database and nodes.
struct Cluster<'a> {
    web: Web,
    server: Server,
    seen: Arc<Mutex<Vec<Seen>>>,
    database: &'a TestServer,
    name: String,
    nodes: Vec<Node>,
    /// When something was killed, or stood still: what was answered a moment before may be known to nobody.
    troubles: Vec<Instant>,
}

impl<'a> Cluster<'a> {
    fn new(web: Web, database: &'a TestServer) -> Self {
        let addresses = Arc::new(OnceLock::<Vec<SocketAddr>>::new());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let known = Mutex::new(HashSet::new());
        let server = Server::start_many(web.hosts, {
            let (addresses, seen) = (Arc::clone(&addresses), Arc::clone(&seen));
            move |arrival| {
                let (reply, saw) = web.answer(addresses.wait(), arrival, &known);
                seen.lock().unwrap().push(saw);
                reply
            }
        });
        addresses.set(server.addresses().to_vec()).unwrap();
        let name = database.new_name();
        let mut cluster = Self { web, server, seen, database, name, nodes: Vec::new(), troubles: Vec::new() };
        // One makes the crawl; how long a lease is holds for all that join later.
        cluster.nodes.push(Node::new());
        cluster.start(0);
        cluster.wait_for("a crawl", Self::is_there);
        cluster.sql(&format!("UPDATE crawl SET ttl = '{} milliseconds'", TTL.as_millis()));
        cluster.nodes[0].signal(Signal::KILL);
        cluster.nodes[0].wait();
        cluster.nodes.extend([Node::new(), Node::new()]);
        (0..3).for_each(|node| cluster.start(node));
        cluster
    }

    fn is_there(&self) -> bool {
        let name = &self.name;
        self.database.psql(&format!("SELECT to_regclass('crawl_{name}.crawl') IS NOT NULL")).trim() == "t"
            && self.sql("SELECT coalesce(max(turn), 0) > 0 FROM node") == "t"
    }

    fn sql(&self, sql: &str) -> String {
        self.database.psql(&format!("SET search_path = crawl_{}; {sql}", self.name)).trim().to_owned()
    }

    /// Whether the crawl is over for all.
    fn is_over(&self) -> bool {
        self.sql("SELECT state FROM crawl") != "running"
    }

    fn start(&mut self, node: usize) {
        let seed = format!("http://{}/0", self.server.addresses()[0]);
        let (database, name) = (self.database.url(), self.name.clone());
        self.nodes[node].start(&[
            "--seed",
            &seed,
            "--store",
            &database,
            "--name",
            &name,
            "--dir",
            "crawl",
            "--rate",
            RATE,
            "--per-host-concurrency",
            "1",
            "--retries",
            "3",
            "--set",
            "scope.kind=any",
        ]);
    }

    /// Lets something happen; whether it did.
    fn meet(&mut self, event: Event, random: &mut Rng) -> bool {
        let runs = |node: &Node| node.process.is_some() && node.goes_on.is_none();
        let running: Vec<usize> = (0..self.nodes.len()).filter(|node| runs(&self.nodes[*node])).collect();
        let still: Vec<usize> = (0..self.nodes.len()).filter(|node| self.nodes[*node].process.is_none()).collect();
        match event {
            Event::Kill | Event::Stop | Event::End => {
                let Some(node) = random.choice(running) else { return false };
                let node = &mut self.nodes[node];
                match event {
                    Event::Kill => node.signal(Signal::KILL),
                    Event::Stop => {
                        node.signal(Signal::STOP);
                        node.goes_on = Some(Instant::now() + TTL.mul_f64(0.8 + 1.7 * random.f64()));
                    }
                    _ => node.signal(Signal::TERM),
                }
            }
            Event::Join if self.nodes.len() < MOST && (still.is_empty() || random.bool()) => {
                self.nodes.push(Node::new());
                self.start(self.nodes.len() - 1);
            }
            Event::Join => {
                let Some(node) = random.choice(still) else { return false };
                self.start(node);
            }
            Event::Crash => self.database.crash(Duration::from_millis(random.u64(0..800))),
        }
        self.troubles.push(Instant::now());
        true
    }

    /// Lets time pass for the nodes: those that stood still long enough go on, and one of those that are gone comes back when
    /// none runs.
    fn pass(&mut self, time: Duration) {
        std::thread::park_timeout(time);
        for node in &mut self.nodes {
            node.look();
            if node.goes_on.is_some_and(|at| at <= Instant::now()) {
                node.goes_on = None;
                node.signal(Signal::CONT);
                self.troubles.push(Instant::now());
            }
        }
        if self.nodes.iter().all(|node| node.process.is_none()) {
            self.start(0);
        }
    }

    /// Brings all directories back, and waits for their ends.
    fn finish(&mut self) {
        for node in 0..self.nodes.len() {
            self.nodes[node].look();
            if self.nodes[node].goes_on.take().is_some() {
                self.nodes[node].signal(Signal::CONT);
            }
            if self.nodes[node].process.is_none() {
                self.start(node);
            }
        }
        for node in &mut self.nodes {
            node.wait();
        }
        // Who was asked to end a moment before has not corrected its records: it comes back once.
        for node in 0..self.nodes.len() {
            if !self.nodes[node].is_done {
                self.start(node);
                self.nodes[node].wait();
            }
            let Node { is_done, said, .. } = &self.nodes[node];
            assert!(is_done, "node {node}: {said}");
        }
    }

    fn wait_for(&mut self, what: &str, is: impl Fn(&Self) -> bool) {
        for _ in 0..2000 {
            if is(self) {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        panic!("it never came to {what}: {}", self.nodes[0].said());
    }

    fn assert_all_is_well(&self) {
        assert_eq!(self.sql("SELECT state FROM crawl"), "complete");
        assert_eq!(self.sql("SELECT (SELECT count(*) FROM mail), (SELECT count(*) FROM bucket WHERE open)"), "0|0");
        assert_eq!(self.sql("SELECT count(*) FROM moved"), "0", "all nodes have corrected their records");
        let mut depths: BTreeMap<Page, u32> = BTreeMap::new();
        for record in self.nodes.iter().flat_map(Node::records) {
            let url = record["url"].as_str().unwrap();
            let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
            let host = self.server.addresses().iter().position(|address| address.to_string() == host).unwrap();
            let depth = u32::try_from(record["depth"].as_u64().unwrap()).unwrap();
            let twice = depths.insert((host, format!("/{path}")), depth);
            assert_eq!(twice, None, "{url} has two records");
        }
        let expected = self.web.depths();
        let lacking: Vec<_> = expected.keys().filter(|page| !depths.contains_key(page)).collect();
        assert!(lacking.is_empty(), "pages without a record: {lacking:?}");
        for (page, depth) in &depths {
            assert_eq!(Some(depth), expected.get(page), "the depth of {page:?}");
        }
        for node in &self.nodes {
            let verified = node.command(&["verify", "--all", "crawl"]).output().unwrap();
            assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
        }
        self.assert_polite();
    }

    /// By the log of the hosts: no two nodes at one of them at once, and none while it wants to be left alone.
    fn assert_polite(&self) {
        let seen = self.seen.lock().unwrap();
        for host in 0..self.web.hosts {
            let mut last: Option<Instant> = None;
            let mut rest: Option<(Instant, Instant)> = None;
            for Seen { at, rests_until, .. } in seen.iter().filter(|seen| seen.host == host) {
                if let Some(before) = last {
                    let gap = at.saturating_duration_since(before);
                    assert!(gap >= LEAST_GAP, "host {host} was asked again after {gap:?}");
                }
                if let Some((from, until)) = rest
                    && *at < until
                {
                    // Nobody knows of an answer that was not committed.
                    let is_unknown = self.troubles.iter().any(|at| *at + COMMITTED > from && *at < from + COMMITTED);
                    assert!(is_unknown, "host {host} was asked {:?} before it wanted to be", until - *at);
                }
                last = Some(*at);
                rest = rests_until.map(|until| (*at, until)).or(rest);
            }
        }
    }
}

/// So short that many leases lapse in a test.
const TTL: Duration = Duration::from_secs(2);
/// Requests a second to each host.
const RATE: &str = "20";
/// What is less cannot come of a late look at the clock alone, but of two nodes at one host.
const LEAST_GAP: Duration = Duration::from_millis(20);
/// After that an answer is known to the database.
const COMMITTED: Duration = Duration::from_millis(700);
/// How many directories there are at most.
const MOST: usize = 5;
