//! Several crawls over one store: what comes of them together, whoever comes, goes or is lost.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZeroU16;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::Crawl;
use crate::config::Config;
use crate::engine::Stopper;
use crate::error::{Error, Result};
use crate::fetch::{Fetch, Fetching};
use crate::frontier::Split;
use crate::observe::{State, Summary};
use crate::request::{Purpose, Request};
use crate::response::{Body, Response};
use crate::sink::{Checkpoint, Settled, Sink};
use crate::store::World;
use crate::units::Rate;

/// A web of [`HOSTS`] hosts with [`PAGES`] pages each, in which some lead to others by a redirect.
#[derive(Debug, Clone)]
struct Web {
    /// Who asked, which host, and when.
    asked: Arc<Mutex<Vec<(usize, String, Instant)>>>,
    /// How many may be asked for; the others wait until there may be more.
    open: Arc<tokio::sync::Semaphore>,
}

/// The same, as one of the crawls sees it.
#[derive(Debug, Clone)]
struct Seen(usize, Web);

impl Web {
    fn new() -> Self {
        Self { asked: Arc::default(), open: Arc::new(tokio::sync::Semaphore::new(0)) }
    }

    fn name(host: usize, page: usize) -> String {
        format!("http://h{host}.e.com/{page}")
    }

    /// Where a page leads to.
    fn links(host: usize, page: usize) -> Vec<String> {
        let next = |n: usize| Self::name((host * 7 + page * 3 + n * 5) % HOSTS, (page * 2 + n) % PAGES);
        (0..3).map(next).collect()
    }

    fn parse(url: &str) -> (usize, usize) {
        let (host, page) = url.trim_start_matches("http://h").split_once(".e.com/").unwrap();
        (host.parse().unwrap(), page.parse().unwrap())
    }

    fn is_redirect(host: usize, page: usize) -> bool {
        (host + page) % 11 == 10
    }

    /// The depth of each page, by a search breadth first.
    fn depths() -> BTreeMap<String, u32> {
        let (mut depths, mut next) = (BTreeMap::new(), VecDeque::from([(Self::name(0, 0), 0)]));
        while let Some((url, depth)) = next.pop_front() {
            if depths.contains_key(&url) {
                continue;
            }
            depths.insert(url.clone(), depth);
            let (host, page) = Self::parse(&url);
            let mut links = Self::links(host, page);
            if Self::is_redirect(host, page) {
                // As far away as what redirects to it.
                next.push_front((links.swap_remove(0), depth));
            } else {
                next.extend(links.into_iter().map(|link| (link, depth + 1)));
            }
        }
        depths
    }

    fn open(&self) {
        self.open.add_permits(1_000_000);
    }

    fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    async fn wait_for(&self, count: usize) {
        while self.count() < count {
            tokio::task::yield_now().await;
        }
    }
}

impl Fetch for Seen {
    fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
        Box::pin(async move {
            let Self(node, web) = self;
            if request.purpose != Purpose::Page {
                return Ok(Response::new(StatusCode::NOT_FOUND, HeaderMap::new(), Body::Unwanted));
            }
            web.open.acquire().await.unwrap().forget();
            web.asked.lock().unwrap().push((*node, request.url.as_str().to_owned(), Instant::now()));
            let (host, page) = Web::parse(request.url.as_str());
            let links = Web::links(host, page);
            if Web::is_redirect(host, page) {
                let to = HeaderMap::from_iter([(LOCATION, HeaderValue::from_str(&links[0]).unwrap())]);
                return Ok(Response::new(StatusCode::FOUND, to, Body::Unwanted));
            }
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/html"))]);
            let links: Vec<_> = links.iter().map(|link| format!("<a href={link}>x</a>")).collect();
            Ok(Response::new(StatusCode::OK, headers, Body::Read(Bytes::from(links.concat()))))
        })
    }
}

/// The pages that were recorded.
#[derive(Debug, Clone, Default)]
struct Recorded(Arc<Mutex<Vec<String>>>);

impl Recorded {
    fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Sink for Recorded {
    fn write(&mut self, settled: &Settled) -> Result<()> {
        self.0.lock().unwrap().push(settled.record.url.to_string());
        Ok(())
    }

    fn flush(&mut self) -> Result<Option<Checkpoint>> {
        Ok(None)
    }
}

/// A crawl that has joined.
struct Member {
    records: Recorded,
    stopper: Stopper,
    crawl: tokio::task::JoinSet<Result<Summary>>,
}

impl Member {
    fn join(node: usize, world: &World, web: &Web) -> Self {
        let mut config = Config::default();
        config.politeness.rate = Rate::UNLIMITED;
        config.scope.kind = crate::scope::Kind::Any;
        config.concurrency = 4;
        let records = Recorded::default();
        let crawl = Crawl::builder().config(config).seed(Web::name(0, 0)).fetch(Seen(node, web.clone()));
        let crawl = crawl.sink(records.clone()).store(world.join()).build().unwrap();
        let stopper = crawl.stopper();
        let mut set = tokio::task::JoinSet::new();
        set.spawn(crawl.run());
        Self { records, stopper, crawl: set }
    }

    async fn end(&mut self) -> Result<Summary> {
        self.crawl.join_next().await.unwrap().unwrap()
    }
}

fn world() -> World {
    World::new(Split::into(NonZeroU16::new(16).unwrap()), Duration::from_mins(10))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_crawls_share_a_web_and_each_page_is_asked_for_once() {
    let (world, web) = (world(), Web::new());
    web.open();
    let (mut one, mut other) = (Member::join(0, &world, &web), Member::join(1, &world, &web));
    let ends = [one.end().await.unwrap(), other.end().await.unwrap()];
    let mut records = one.records.all();
    records.extend(other.records.all());
    let expected = Web::depths();
    assert_eq!(records.len(), expected.len(), "{:?}", ends.each_ref().map(|end| end.settled.total()));
    assert_eq!(records.iter().collect::<BTreeSet<_>>(), expected.keys().collect());
    assert_eq!(world.depths(), expected);
    assert_eq!((web.count(), world.letters().len()), (expected.len(), 0));
    for (end, member) in ends.iter().zip([&one, &other]) {
        assert_eq!((end.state, end.pending), (State::Complete, 0));
        assert_eq!(end.settled.total(), member.records.all().len() as u64);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_later_gets_a_share_and_who_leaves_gives_all() {
    let (world, web) = (world(), Web::new());
    web.open.add_permits(40);
    let mut one = Member::join(0, &world, &web);
    web.wait_for(40).await;
    let mut other = Member::join(1, &world, &web);
    // What is in flight of the buckets that are to go comes to its end.
    while world.share_of(1) < 8 {
        let commits = world.commits();
        web.open.add_permits(1);
        while world.share_of(1) < 8 && world.commits() < commits + 20 {
            tokio::task::yield_now().await;
        }
    }
    one.stopper.drain();
    web.open();
    let (left, end) = (one.end().await.unwrap(), other.end().await.unwrap());
    assert_eq!((left.state, end.state), (State::Stopped, State::Complete));
    let mut records = one.records.all();
    records.extend(other.records.all());
    let expected = Web::depths();
    assert_eq!(records.len(), expected.len());
    assert_eq!((world.depths(), world.letters()), (expected, vec![]));
    assert_eq!(web.count(), records.len());
    assert!(!other.records.all().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_lost_hears_of_it_and_the_others_go_on_with_what_it_has_committed() {
    let (world, web) = (world(), Web::new());
    web.open.add_permits(60);
    let (mut one, mut other) = (Member::join(0, &world, &web), Member::join(1, &world, &web));
    web.wait_for(60).await;
    world.lose(0);
    web.open();
    let lost = one.end().await;
    assert!(matches!(lost, Err(Error::Fenced(_))), "{lost:?}");
    let end = other.end().await.unwrap();
    assert_eq!((end.state, world.share_of(1)), (State::Complete, 0));
    assert_eq!((world.depths(), world.letters()), (Web::depths(), vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_host_is_asked_by_two_at_once() {
    let (world, web) = (world(), Web::new());
    web.open();
    let mut members: Vec<_> = (0..3).map(|node| Member::join(node, &world, &web)).collect();
    for member in &mut members {
        assert_eq!(member.end().await.unwrap().state, State::Complete);
    }
    // Each host changes hands as often as its bucket does: in between it is one node's.
    let mut turns: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (node, url, _) in web.asked.lock().unwrap().iter() {
        let turns = turns.entry(url.split('/').nth(2).unwrap().to_owned()).or_default();
        if turns.last() != Some(node) {
            turns.push(*node);
        }
    }
    for (host, turns) in turns {
        let distinct: BTreeSet<_> = turns.iter().collect();
        assert_eq!(distinct.len(), turns.len(), "{host} went back and forth: {turns:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_while_no_commit_is_good_and_all_once_one_is() {
    let (world, web) = (world(), Web::new());
    world.set_ttl(Duration::ZERO);
    web.open();
    let mut one = Member::join(0, &world, &web);
    // Its buckets are here, and the letter with the seed is read.
    while world.commits() < 9 || !world.letters().is_empty() {
        tokio::task::yield_now().await;
    }
    let commits = world.commits();
    while world.commits() < commits + 9 {
        tokio::task::yield_now().await;
    }
    assert_eq!(web.count(), 0);
    world.set_ttl(Duration::from_mins(10));
    assert_eq!(one.end().await.unwrap().state, State::Complete);
    assert_eq!(world.depths(), Web::depths());
}

/// Answers by a table: a status, a type or where to, and a body.
#[derive(Debug, Clone)]
struct Table(Arc<BTreeMap<&'static str, (u16, &'static str, &'static str)>>, Arc<Mutex<Vec<String>>>);

impl Table {
    fn of(answers: &[(&'static str, u16, &'static str, &'static str)]) -> Self {
        let answers = answers.iter().map(|(url, status, head, body)| (*url, (*status, *head, *body)));
        Self(Arc::new(answers.collect()), Arc::default())
    }

    /// What was asked for, in order.
    fn asked(&self) -> Vec<String> {
        let mut asked = self.1.lock().unwrap().clone();
        asked.sort();
        asked
    }
}

impl Fetch for Table {
    fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
        let url = request.url.as_str();
        self.1.lock().unwrap().push(url.to_owned());
        let (status, head, body) = self.0.get(url).copied().unwrap_or((404, "text/plain", ""));
        let name = if status == 302 { LOCATION } else { CONTENT_TYPE };
        let headers = HeaderMap::from_iter([(name, HeaderValue::from_static(head))]);
        let body = Body::Read(Bytes::from_static(body.as_bytes()));
        Box::pin(std::future::ready(Ok(Response::new(StatusCode::from_u16(status).unwrap(), headers, body))))
    }
}

/// What a crawl of a table comes to, by one process and by three: the URLs of the records, and what was asked for.
async fn by_one_and_by_three(
    answers: &[(&'static str, u16, &'static str, &'static str)],
    config: &Config,
) -> [(BTreeSet<String>, Vec<String>); 2] {
    let builder = |table: &Table, records: &Recorded| {
        Crawl::builder().config(config.clone()).fetch(table.clone()).sink(records.clone())
    };
    let (table, records) = (Table::of(answers), Recorded::default());
    builder(&table, &records).build().unwrap().run().await.unwrap();
    let alone = (records.all().into_iter().collect(), table.asked());
    let world = World::new(Split::into(NonZeroU16::new(64).unwrap()), Duration::from_mins(10));
    let (table, records) = (Table::of(answers), Recorded::default());
    let mut crawls = tokio::task::JoinSet::new();
    for _ in 0..3 {
        crawls.spawn(builder(&table, &records).store(world.join()).build().unwrap().run());
    }
    while let Some(end) = crawls.join_next().await {
        assert_eq!(end.unwrap().unwrap().state, State::Complete);
    }
    assert_eq!(world.letters(), [""; 0]);
    [alone, (records.all().into_iter().collect(), table.asked())]
}

fn any_host() -> Config {
    let mut config = Config::default();
    config.politeness.rate = Rate::UNLIMITED;
    config.scope.kind = crate::scope::Kind::Any;
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn robots_txt_and_sitemaps_of_hosts_that_others_have_are_asked_for_by_them() {
    let mut config = any_host();
    config.seeds = ["http://a.com/", "http://b.com/"].map(str::to_owned).to_vec();
    config.sitemaps.from_robots = true;
    let answers = [
        ("http://a.com/robots.txt", 302, "http://rules.org/for-a.txt", ""),
        ("http://rules.org/for-a.txt", 302, "http://last.net/a.txt", ""),
        (
            "http://last.net/a.txt",
            200,
            "text/plain",
            "User-agent: *\nDisallow: /no\nSitemap: http://maps.info/index.xml\nSitemap: http://maps.info/gone.xml\n",
        ),
        ("http://b.com/robots.txt", 302, "http://rules.org/busy.txt", ""),
        ("http://rules.org/busy.txt", 503, "text/plain", ""),
        ("http://a.com/", 200, "text/html", "<a href=/no>x</a><a href=/yes>x</a><a href=http://c.com/>c</a>"),
        ("http://a.com/yes", 200, "text/html", "yes"),
        ("http://c.com/", 200, "text/html", "c"),
        (
            "http://maps.info/index.xml",
            200,
            "text/xml",
            "<sitemapindex><sitemap><loc>http://more.de/list.xml</loc></sitemap>\
             <sitemap><loc>http://maps.info/moved.xml</loc></sitemap></sitemapindex>",
        ),
        ("http://maps.info/moved.xml", 302, "http://else.fr/moved.xml", ""),
        ("http://else.fr/moved.xml", 200, "text/plain", "http://d.com/\n"),
        (
            "http://more.de/list.xml",
            200,
            "text/xml",
            "<urlset><url><loc>http://a.com/listed</loc></url><url><loc>http://z.io/</loc></url></urlset>",
        ),
        ("http://a.com/listed", 200, "text/html", "listed"),
        ("http://z.io/", 200, "text/html", "z"),
        ("http://d.com/", 200, "text/html", "d"),
    ];
    config.politeness.retries = 0;
    let [alone, together] = by_one_and_by_three(&answers, &config).await;
    assert_eq!(together, alone);
    assert!(
        alone.0.contains("http://d.com/") && alone.0.contains("http://z.io/") && !alone.0.contains("http://a.com/no")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_seed_leads_to_is_in_scope_for_all() {
    let mut config = any_host();
    config.scope.kind = crate::scope::Kind::Host;
    config.seeds =
        ["http://old.com/", "http://s1.net/", "http://s2.net/", "http://s3.net/"].map(str::to_owned).to_vec();
    let to_new = "<a href=http://new.com/z>z</a><a href=http://other.com/>other</a>";
    let answers = [
        ("http://old.com/", 302, "http://new.com/", ""),
        ("http://new.com/", 200, "text/html", "<a href=/y>y</a>"),
        ("http://new.com/y", 200, "text/html", "y"),
        ("http://new.com/z", 200, "text/html", "z"),
        ("http://s1.net/", 200, "text/html", to_new),
        ("http://s2.net/", 200, "text/html", to_new),
        ("http://s3.net/", 200, "text/html", to_new),
    ];
    let [alone, together] = by_one_and_by_three(&answers, &config).await;
    assert_eq!(together, alone);
    assert!(alone.0.contains("http://new.com/z") && alone.0.len() == 7, "{alone:?}");
}

const HOSTS: usize = 40;
const PAGES: usize = 24;
