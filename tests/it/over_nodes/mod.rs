//! What a person does over all nodes of a crawl in a database. That of several nodes is made here of crawls of one node each, whose
//! rows become those of another bucket.

mod copy;
mod look;
mod merge;
mod requeue;

use std::fs;
use std::path::Path;

use crate::cli::Run;
use crate::support::postgres::TestServer;
use crate::support::{Crawl, Crawled, Reply, Server, Site};

/// A site of so many pages beside its first.
fn star(pages: usize) -> Server {
    let pages: Vec<String> = (0..pages).map(|n| format!("/{n}")).collect();
    let site = Site::default().with("/", Reply::links("home", &pages));
    Server::start(pages.iter().fold(site, |site, page| site.with(page, Reply::html("<title>page</title>"))).routes())
}

/// Two crawls of a database as one of two nodes: what the second has found is bucket 1. Its directory becomes `other` beside that of
/// the first, `crawl`.
struct Two {
    name: String,
    /// Where both directories are.
    place: Crawled,
    ids: [String; 2],
}

impl Two {
    fn new(database: &TestServer, pages: [usize; 2]) -> Self {
        let servers = pages.map(star);
        Self::of(database, [0, 1].map(|n| Crawl::of(servers[n].url("/"))))
    }

    /// Those of these sites, crawled so.
    fn of(database: &TestServer, crawls: [Crawl; 2]) -> Self {
        let names = [(); 2].map(|()| database.new_name());
        let mut of_names = names.iter();
        let [place, second] = crawls.map(|crawl| {
            let crawled = crawl.arg("--store", database.url()).arg("--name", of_names.next().unwrap()).run();
            crawled.assert_code(0);
            crawled
        });
        let [one, other] = &names;
        database.psql(&JOINED.replace("ONE", &format!("crawl_{one}")).replace("OTHER", &format!("crawl_{other}")));
        let ids = [node(&place.path("crawl")), node(&second.path("crawl"))];
        copy(&second.path("crawl"), &place.path("other"));
        let file = place.path("other/node");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace(&format!("name = \"{other}\""), &format!("name = \"{one}\""))).unwrap();
        Self { name: one.clone(), place, ids }
    }

    /// Those of two sites on disk, each at home in its bucket.
    fn at_home(database: &TestServer) -> Self {
        Self::of(
            database,
            [0, 1].map(|bucket| {
                let crawl = Crawl::bare();
                fs::create_dir(crawl.path("site")).unwrap();
                for (page, links) in SITE {
                    let links: Vec<_> = links.iter().map(|to| format!("<a href={to}>to</a>")).collect();
                    fs::write(crawl.path("site").join(page), links.concat()).unwrap();
                }
                crawl.set("politeness.rate", "'none'").arg("--seed", "site").arg("--origin", origin(bucket))
            }),
        )
    }

    fn run(&self, call: &[&str]) -> Run {
        Run::new(&self.place.path(""), call)
    }

    fn sql(&self, database: &TestServer, sql: &str) -> String {
        database.psql(&format!("SET search_path = crawl_{}; {sql}", self.name))
    }
}

/// Who a directory is.
fn node(dir: &Path) -> String {
    let file = fs::read_to_string(dir.join("node")).unwrap();
    file.lines().find_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"')).unwrap().to_owned()
}

/// Of a host that is in this one of two buckets.
fn origin(bucket: u32) -> String {
    let of = |name: &str| u32::from_be_bytes(*blake3::hash(name.as_bytes()).as_bytes().first_chunk().unwrap()) % 2;
    let name = (0..99).map(|n| format!("n{n}.example")).find(|name| of(name) == bucket).unwrap();
    format!("http://{name}/")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, to).unwrap();
        }
    }
}

/// Pages with what they lead to.
const SITE: [(&str, &[&str]); 4] = [
    ("index.html", &["about.html", "a.html"]),
    ("about.html", &[]),
    ("a.html", &["deep.html", "/"]),
    ("deep.html", &["about.html"]),
];
const JOINED: &str = "
INSERT INTO ONE.node OVERRIDING SYSTEM VALUE SELECT id, 2, incarnation, turn, state, until, since, reserved, used, seen_epoch,
  machine, pid, version, started_at FROM OTHER.node;
INSERT INTO ONE.bucket SELECT 1, owner, open, settings, pending, settled, skipped, urls FROM OTHER.bucket;
UPDATE ONE.crawl SET buckets = 2;
INSERT INTO ONE.host SELECT 1, id, name FROM OTHER.host;
INSERT INTO ONE.manners SELECT 1, host, saved FROM OTHER.manners;
INSERT INTO ONE.url SELECT 1, id, key, url, state, depth, hops, referrer, referrer_url, host, attempts, due, 2, record, status,
  error, bytes, untold, mention, link_text FROM OTHER.url;
UPDATE ONE.url SET file = NULL WHERE record IS NULL;
INSERT INTO ONE.edges SELECT 1, id, links FROM OTHER.edges;
INSERT INTO ONE.output SELECT node, name, length, amended, crc FROM OTHER.output;
INSERT INTO ONE.seed SELECT key, url FROM OTHER.seed ON CONFLICT DO NOTHING;
INSERT INTO ONE.session (node, incarnation, version, pid, started_at, committed_at, records_before, records, state)
  SELECT node, incarnation, version, pid, started_at, committed_at, records_before, records, state FROM OTHER.session;
DROP SCHEMA OTHER CASCADE;";
