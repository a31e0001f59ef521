//! A crawl on several machines, each with a directory of its own and all with one database: what comes of it together, whoever is killed,
//! leaves or joins.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::process::Signal;

use crate::support::postgres::{TestServer, get};
use crate::support::{Crawl, Crawled, Reply, Server};

/// A web of [`PAGES`] pages on [`HOSTS`] hosts, in which each leads to some of other hosts.
struct Web {
    server: Server,
    hosts: Vec<String>,
}

impl Web {
    fn start() -> Self {
        let hosts: Arc<OnceLock<Vec<String>>> = Arc::default();
        let of_routes = Arc::clone(&hosts);
        let server = Server::start_many(HOSTS, move |arrival| {
            let Ok(page) = arrival.path.trim_start_matches('/').parse::<usize>() else { return Reply::new(404) };
            let hosts = of_routes.get().unwrap();
            Reply::links(&format!("page {page}"), links(page).map(|to| url(hosts, to)))
        });
        let names = server.urls("");
        hosts.set(names.clone()).unwrap();
        Self { server, hosts: names }
    }

    fn url(&self, page: usize) -> String {
        url(&self.hosts, page)
    }

    /// The depth of each page.
    fn depths(&self) -> BTreeMap<String, u64> {
        let (mut depths, mut next) = (BTreeMap::new(), VecDeque::from([(0, 0)]));
        while let Some((page, depth)) = next.pop_front() {
            if depths.insert(self.url(page), depth).is_none() {
                let known: BTreeSet<_> = next.iter().map(|(page, _)| *page).collect();
                let new = links(page).filter(|to| !depths.contains_key(&self.url(*to)) && !known.contains(to));
                next.extend(new.map(|to| (to, depth + 1)).collect::<Vec<_>>());
            }
        }
        depths
    }

    /// A crawl of it in a database, in a directory of its own.
    fn crawl(&self, database: &TestServer, name: &str) -> Crawl {
        let crawl = Crawl::of(self.url(0)).arg("--store", database.url()).arg("--name", name);
        // What is held is to outlast two leases.
        let crawl = crawl.set("fetch.first_byte_timeout", "'5m'").set("fetch.timeout", "'5m'");
        crawl.any_host().set("store_lease", "'15s'").set("store_buckets", "64").talkative()
    }

    /// How often the page that was asked for most was.
    fn most_asked(&self) -> usize {
        (0..PAGES).map(|page| self.server.count(&format!("/{page}"))).max().unwrap()
    }

    /// Asserts that these have all of its pages together, each once, and as deep as they are.
    #[track_caller]
    fn assert_shared(&self, parts: &[&Crawled]) {
        let all: Vec<_> = parts.iter().flat_map(|part| part.depths()).collect();
        assert_eq!(
            all.iter().map(|(url, _)| url).collect::<BTreeSet<_>>().len(),
            all.len(),
            "a page was recorded twice"
        );
        let said = || parts.iter().map(|part| part.stderr.as_str()).collect::<Vec<_>>().join("\n---\n");
        assert_eq!(all.into_iter().collect::<BTreeMap<_, _>>(), self.depths(), "{}", said());
    }
}

fn url(hosts: &[String], page: usize) -> String {
    format!("{}/{page}", hosts[page % HOSTS])
}

fn links(page: usize) -> impl Iterator<Item = usize> {
    [page * 2 + 1, page * 2 + 2, page * 7 + 5, page / 2].into_iter().filter(|to| *to < PAGES)
}

/// Waits until the database says so.
#[track_caller]
fn wait_until(database: &TestServer, sql: &str, expected: &str) {
    let mut said = String::new();
    for _ in 0..6000 {
        said = database.psql(sql);
        if said.trim() == expected {
            return;
        }
    }
    panic!("{sql}: {said}");
}

/// How many nodes have buckets.
fn owners(name: &str) -> String {
    format!("SELECT count(DISTINCT owner) FROM crawl_{name}.bucket")
}

#[test]
fn who_joins_later_gets_a_share_and_each_page_is_asked_for_once() {
    let Some(database) = get() else { return };
    let (web, name) = (Web::start(), database.new_name());
    web.server.hold("/0");
    let one = web.crawl(database, &name).start();
    web.server.wait_for("the first page", |log| log.in_flight == 1);
    let other = web.crawl(database, &name).start();
    one.wait_for_stderr("takes part in the crawl");
    wait_until(database, &owners(&name), "2");
    web.server.open_all();
    let (one, other) = (one.finish_within(LONG), other.finish_within(LONG));
    web.assert_shared(&[&one, &other]);
    assert!(!one.records.is_empty() && !other.records.is_empty());
    for part in [&one, &other] {
        assert_eq!((part.assert_code(0).summary["state"].as_str(), part.count("pending")), (Some("complete"), 0));
    }
    assert_eq!(web.most_asked(), 1);
}

#[test]
fn who_is_killed_is_replaced_and_brings_its_records_in_order_later() {
    let Some(database) = get() else { return };
    let (web, name) = (Web::start(), database.new_name());
    for page in 40..PAGES {
        web.server.hold(&format!("/{page}"));
    }
    let one = web.crawl(database, &name).start();
    web.server.wait_for("some pages", |log| log.has_answered("/3"));
    let other = web.crawl(database, &name).start();
    one.wait_for_stderr("takes part in the crawl");
    let killed = one.kill();
    web.server.open_all();
    other.wait_for_stderr("was not heard of for too long");
    let other = other.finish_within(LONG);
    assert_eq!(other.assert_code(0).summary["state"], "complete");
    let back = web.crawl(database, &name).on(&killed).run();
    assert_eq!(back.assert_code(0).summary["state"], "complete");
    web.assert_shared(&[&back, &other]);
}

#[test]
fn who_is_stopped_gives_all_it_has_to_the_others() {
    let Some(database) = get() else { return };
    let (web, name) = (Web::start(), database.new_name());
    for page in 30..PAGES {
        web.server.hold(&format!("/{page}"));
    }
    let one = web.crawl(database, &name).start();
    web.server.wait_for("some pages", |log| log.has_answered("/14"));
    let other = web.crawl(database, &name).start();
    one.wait_for_stderr("takes part in the crawl");
    one.signal(Signal::TERM);
    web.server.open_all();
    let (one, other) = (one.finish_within(LONG), other.finish_within(LONG));
    assert_eq!(
        (one.assert_code(143).summary["state"].as_str(), other.assert_code(0).summary["state"].as_str()),
        (Some("stopped"), Some("complete"))
    );
    // More has moved since, which it hears when it comes once more.
    let back = web.crawl(database, &name).on(&one).run();
    assert_eq!(back.assert_code(0).records.len(), one.records.len());
    web.assert_shared(&[&back, &other]);
    assert_eq!(web.most_asked(), 1);
    assert!(!other.records.is_empty());
    let waiting = format!("SELECT count(*) FROM crawl_{name}.mail");
    assert_eq!(database.psql(&waiting), "0\n");
}

#[test]
fn a_limit_on_pages_is_refused_while_others_crawl() {
    let Some(database) = get() else { return };
    let (web, name) = (Web::start(), database.new_name());
    web.server.hold("/0");
    let one = web.crawl(database, &name).start();
    web.server.wait_for("the first page", |log| log.in_flight == 1);
    let limited = web.crawl(database, &name).arg("--max-pages", "5").run();
    let said = "max_pages is set, and so far such a limit is only kept by one node alone: 1 other node crawls";
    assert!(limited.assert_code(2).stderr.contains(said), "{}", limited.stderr);
    web.server.open_all();
    web.assert_shared(&[&one.finish_within(LONG)]);
}

const HOSTS: usize = 12;
const PAGES: usize = 150;
/// A lease is 15 seconds, and hosts are given away two of them after somebody has come.
const LONG: Duration = Duration::from_secs(150);
