//! The frontier: what one page costs it, in memory and on disk together with the store, for few known URLs and for many.

use std::fmt;
use std::time::Instant;

use crawler::internals::WallClock;
use crawler::internals::frontier::{Found, Frontier, Lease, Limits};
use crawler::internals::store::{Facts, Memory, Note, Sqlite, Store};
use crawler::outcome::OutcomeKind;
use crawler::url::{LinkKind, Target, UrlRules};
use divan::Bencher;
use divan::counter::ItemsCount;
use tempfile::TempDir;

fn main() {
    divan::main();
}

/// Leases and settles one page that has 40 links, on a host of which so many URLs are known.
#[divan::bench(types = [InMemory, OnDisk], args = PAGES, sample_count = 50, sample_size = 40)]
fn page_with_links<K: Kept>(bencher: Bencher<'_, '_>, page: Page) {
    let mut kept = Pair::with::<K>(Shape { hosts: 1, each: page.known });
    let site = Site::new();
    let (mut random, mut found_so_far) = (fastrand::Rng::with_seed(1), page.known);
    let links = || -> Vec<Found> {
        let known = (0..page.known_links).map(|_| random.u32(..page.known));
        let new = found_so_far..found_so_far + (LINKS - page.known_links);
        found_so_far = new.end;
        known.chain(new).map(|n| site.found(0, n)).collect()
    };
    bencher.counter(ItemsCount::new(1_u8)).with_inputs(links).bench_local_values(|found| kept.page(found));
}

/// Leases and settles all pages, which have no links, in ten parts: the slowest shows what comes at once, as the texts
/// of each host do. Compare pages a second, not times.
#[divan::bench(types = [InMemory, OnDisk], args = SHAPES, sample_count = PARTS, sample_size = 1)]
fn all_pages<K: Kept>(bencher: Bencher<'_, '_>, shape: Shape) {
    let mut kept = Pair::with::<K>(shape);
    let pages = shape.hosts * shape.each / PARTS;
    bencher.counter(ItemsCount::new(pages)).bench_local(|| (0..pages).for_each(|_| kept.page(Vec::new())));
}

/// Which store keeps what the frontier tells.
trait Kept {
    fn store(clock: WallClock) -> (Box<dyn Store>, Option<TempDir>);
}

struct InMemory;
struct OnDisk;

impl Kept for InMemory {
    fn store(clock: WallClock) -> (Box<dyn Store>, Option<TempDir>) {
        (Box::new(Memory::new(clock)), None)
    }
}

impl Kept for OnDisk {
    fn store(clock: WallClock) -> (Box<dyn Store>, Option<TempDir>) {
        let dir = tempfile::tempdir().expect("a directory");
        (Box::new(Sqlite::open(dir.path(), clock).expect("a store")), Some(dir))
    }
}

/// What the engine does with a thread in between is done one after the other here, so that the store is in the figures.
struct Pair {
    frontier: Frontier,
    store: Box<dyn Store>,
    clock: WallClock,
    steps: u32,
    _dir: Option<TempDir>,
}

impl Pair {
    /// One that knows so many URLs, all pending.
    fn with<K: Kept>(shape: Shape) -> Self {
        let clock = WallClock::new(Instant::now(), jiff::Timestamp::now());
        let (mut store, dir) = K::store(clock);
        store.keep(Note::RunBegins { pid: std::process::id(), at: clock.instant() }).expect("a run");
        let mut pair = Self { frontier: Frontier::new(LIMITS), store, clock, steps: 0, _dir: dir };
        let site = Site::new();
        let all: Vec<(u32, u32)> = (0..shape.each).flat_map(|n| (0..shape.hosts).map(move |host| (host, n))).collect();
        for part in all.chunks(10_000) {
            let found = part.iter().map(|(host, n)| site.found(*host, *n)).collect();
            pair.frontier.add_listed(found).expect("the frontier takes them");
            pair.serve(None);
        }
        pair
    }

    /// All that happens to one page.
    fn page(&mut self, found: Vec<Found>) {
        let lease = self.lease();
        self.frontier.settle(lease.id, OutcomeKind::Ok, found, &|_, _| None).expect("the lease is open");
        self.serve(Some(Facts { attempts: 1, status: Some(200), error: None, bytes: Some(16_000) }));
    }

    fn lease(&mut self) -> Lease {
        loop {
            let lease = self.frontier.lease(Instant::now()).expect("the frontier goes on");
            if let Some(lease) = lease {
                return lease;
            }
            assert!(self.frontier.is_waiting(), "there are more pages than are taken");
            self.serve(None);
        }
    }

    /// Keeps what has changed, and answers what is wanted.
    fn serve(&mut self, facts: Option<Facts>) {
        for (bucket, changes) in self.frontier.take_changes() {
            self.store.apply(bucket, changes, facts).expect("the store keeps them");
        }
        for want in self.frontier.take_wants() {
            let rows = self.store.ask(want).expect("the store has them").expect("at once");
            self.frontier.supply(rows, &|_| false, &|_, _| None).expect("they were asked for");
        }
        self.steps += 1;
        if self.steps.is_multiple_of(COMMIT_AFTER) {
            self.store.commit(self.clock.instant()).expect("the store commits");
        }
    }
}

/// How many URLs are known, and of how many of the links.
#[derive(Clone, Copy)]
struct Page {
    known: u32,
    known_links: u32,
}

/// So many hosts with so many URLs each.
#[derive(Clone, Copy)]
struct Shape {
    hosts: u32,
    each: u32,
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} known, {} links new", self.known, LINKS - self.known_links)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {}", self.hosts, self.each)
    }
}

/// Makes URLs as a parser would hand them over.
struct Site(UrlRules);

impl Site {
    fn new() -> Self {
        Self(UrlRules::new(4096).ignoring(["utm_*".parse().expect("the name of a parameter")]))
    }

    fn found(&self, host: u32, n: u32) -> Found {
        let text = format!("http://host-{host}.example/docs/{}/page-{n}.html", n % 100);
        let url = self.0.parse(&text).expect("a URL");
        Found { target: Target::Url(url), kind: LinkKind::Follow, mention: None, link_text: None, skip: None }
    }
}

const LIMITS: Limits = Limits { depth: None, redirects: 20, ahead: u64::MAX };
const LINKS: u32 = 40;
const PAGES: [Page; 4] = [
    Page { known: 10_000, known_links: 38 },
    Page { known: 1_000_000, known_links: 38 },
    Page { known: 10_000, known_links: 2 },
    Page { known: 1_000_000, known_links: 2 },
];

const SHAPES: [Shape; 4] = [
    Shape { hosts: 1, each: 10_000 },
    Shape { hosts: 1, each: 1_000_000 },
    Shape { hosts: 1_000, each: 10 },
    Shape { hosts: 100_000, each: 10 },
];
const PARTS: u32 = 10;
/// As often as a crawl of some thousand pages a second commits, which it does four times a second.
const COMMIT_AFTER: u32 = 1_000;
