//! `crawler store copy`: a crawl goes from its directory into a database and back, at any point of it, and comes to the same.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use rusqlite::Connection;
use rusqlite::types::Value;

use super::{Two, star};
use crate::cli::Run;
use crate::support::postgres::{TestServer, get};
use crate::support::{Crawl, Crawled, Reply, Server};

/// Pages on five hosts, which lead from one to another; some to what is no page.
struct Web {
    servers: Vec<Server>,
}

impl Web {
    fn new() -> Self {
        let origins = Arc::new(OnceLock::<Vec<String>>::new());
        let servers: Vec<_> = (1..=HOSTS)
            .map(|last| {
                let origins = Arc::clone(&origins);
                Server::start_on(last, move |arrival| {
                    let Ok(n) = arrival.path.trim_start_matches("/p").parse::<usize>() else { return Reply::new(404) };
                    let origins = origins.get().unwrap();
                    let url = |n: usize| format!("{}p{n}", origins[n % origins.len()]);
                    let to = [n + 1, n * 3 + 1, n * 7 + 2].map(|n| n % PAGES);
                    let others = [format!("mailto:{n}@e.example"), format!("https://n{}.example/", n % 3)];
                    match n % 6 {
                        _ if n >= PAGES => Reply::html("nobody knows it yet"),
                        5 => Reply::redirect(302, &url(to[1])),
                        _ => Reply::links("page", to.map(url).into_iter().chain(others)),
                    }
                })
            })
            .collect();
        origins.set(servers.iter().map(|server| server.url("/")).collect()).unwrap();
        Self { servers }
    }

    /// A crawl of it.
    fn crawl(&self) -> Crawl {
        let hosts: Vec<_> = (1..=HOSTS).map(|last| format!("'127.0.0.{last}'")).collect();
        let crawl = Crawl::of(self.servers[0].url("/p0")).any_host().set("fetch.allow_hosts", "['127.0.0.0/8']");
        let include: Vec<_> = hosts.iter().map(|host| format!("'http://{}*'", host.trim_matches('\''))).collect();
        crawl.set("scope.include", &format!("[{}]", include.join(", "))).concurrency(1)
    }

    /// What a crawl came to, without the ports.
    fn places(&self, crawled: &Crawled) -> BTreeMap<String, (u64, String)> {
        let shown = |url: &str| {
            let number = self.servers.iter().position(|server| url.starts_with(&server.url("/")));
            url.rsplit('/').next().map(|page| format!("{number:?}/{page}")).unwrap()
        };
        let of = |record: &serde_json::Value| {
            let url = shown(record["url"].as_str().unwrap());
            (url, (record["depth"].as_u64().unwrap(), record["outcome"].as_str().unwrap().to_owned()))
        };
        let places: BTreeMap<_, _> = crawled.records.iter().map(of).collect();
        assert_eq!(places.len(), crawled.records.len(), "each once");
        places
    }
}

const HOSTS: u8 = 5;
const PAGES: usize = 40;

fn into_database(database: &TestServer, dir: &Path, name: &str) -> Run {
    Run::new(dir, &["store", "copy", "crawl", &database.url(), "--name", name])
}

fn out_of_database(database: &TestServer, dir: &Path, name: &str) -> Run {
    Run::new(dir, &["store", "copy", &database.url(), "crawl", "--name", name])
}

#[track_caller]
fn assert_well(run: &Run) {
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
}

/// A crawl that has been made in a database and not begun, of so many buckets.
fn empty(database: &TestServer, name: &str, buckets: u32) {
    let server = star(0);
    Crawl::of(server.url("/")).arg("--store", database.url()).arg("--name", name).run().assert_code(0);
    database.psql(&format!(
        "SET search_path = crawl_{name}; TRUNCATE node, bucket, host, manners, url, edges, mail, output, moved, sitemap, seed, \
         seed_redirect, settings, session, note; UPDATE crawl SET buckets = {buckets}, state = 'running', epoch = 0; \
         INSERT INTO bucket (id) SELECT generate_series(0, {buckets} - 1)"
    ));
}

/// All rows of the store in a directory.
fn rows(dir: &Path) -> BTreeMap<&'static str, Vec<Vec<Value>>> {
    let store = Connection::open(dir.join("crawl/store.sqlite")).unwrap();
    let tables = [
        "host",
        "url",
        "edges",
        "manners",
        "sitemap",
        "seed",
        "seed_redirect",
        "output",
        "session",
        "setting",
        "state",
    ];
    // What has no record has none that is out of date, whatever its row says.
    store.execute_batch("UPDATE url SET moved = NULL, checksum = NULL WHERE record IS NULL").unwrap();
    let of = |table: &'static str| {
        let mut asked = store.prepare(&format!("SELECT * FROM {table} ORDER BY 1")).unwrap();
        let columns = asked.column_count();
        let rows =
            asked.query_map([], |row| (0..columns).map(|at| row.get(at)).collect::<Result<Vec<_>, _>>()).unwrap();
        (table, rows.map(Result::unwrap).collect())
    };
    tables.into_iter().map(of).collect()
}

#[test]
fn a_crawl_goes_on_in_a_database_and_back_and_comes_to_what_it_would_have() {
    let Some(database) = get() else { return };
    let (web, name) = (Web::new(), database.new_name());
    let undisturbed = web.crawl().run();
    let expected = web.places(undisturbed.assert_code(0));
    assert_eq!(expected.len(), PAGES);

    let begun = web.crawl().arg("--max-pages", "9").run();
    assert_eq!(begun.assert_code(0).records.len(), 9);
    let before = rows(&begun.path(""));
    let run = into_database(database, &begun.path(""), &name);
    assert_well(&run);
    assert!(run.stderr.contains("9 records to postgres://") && run.stderr.contains("as it was"), "{}", run.stderr);
    assert!(rows(&begun.path("")) == before, "the source is left as it is");
    assert_well(&Run::new(&begun.path(""), &["verify", "--all"]));
    assert_well(&Run::new(&begun.path(""), &["verify"]));
    let further = Crawl::bare().arg("--dir", "crawl").arg("--max-pages", "21").on(&begun).run();
    assert_eq!(further.assert_code(0).records.len(), 21, "{}", further.stderr);
    assert_eq!(database.psql(&format!("SELECT count(record) FROM crawl_{name}.url")), "21\n");

    assert_well(&out_of_database(database, &further.path(""), &name));
    assert!(!further.path("crawl/node").exists());
    assert_well(&Run::new(&further.path(""), &["verify"]));
    let ended = Crawl::bare().arg("--dir", "crawl").arg("--max-pages", "1000").on(&further).run();
    assert_eq!(web.places(ended.assert_code(0)), expected);
    assert_well(&Run::new(&ended.path(""), &["verify"]));
    assert_eq!(database.psql(&format!("SELECT count(record) FROM crawl_{name}.url")), "21\n", "it counts no more");
    let counts: Vec<_> = (0..PAGES).map(|n| web.servers[n % web.servers.len()].count(&format!("/p{n}"))).collect();
    assert_eq!(counts, [2; PAGES], "once by each of the two crawls");
}

/// Takes the settings of the last run out of these: where they come from is a comment in them, and not kept.
fn settings(rows: &mut BTreeMap<&'static str, Vec<Vec<Value>>>) -> toml::Table {
    let kept = rows.get_mut("setting").unwrap();
    let at = kept.iter().position(|row| row[0] == Value::Text("settings".to_owned())).unwrap();
    let Value::Text(text) = &kept.remove(at)[1] else { panic!("they are text") };
    text.parse().unwrap()
}

#[test]
fn what_was_copied_there_and_back_is_the_same_to_the_row() {
    let Some(database) = get() else { return };
    for pages in ["1", "12", "1000"] {
        let (web, name) = (Web::new(), database.new_name());
        let crawl = web.crawl().arg("--max-pages", pages).flag("--sitemaps");
        let crawled = crawl.run();
        crawled.assert_code(0);
        let mut before = rows(&crawled.path(""));
        assert_well(&into_database(database, &crawled.path(""), &name));
        assert_well(&out_of_database(database, &crawled.path(""), &name));
        let mut after = rows(&crawled.path(""));
        assert_eq!(settings(&mut after), settings(&mut before));
        for (table, rows) in &before {
            assert_eq!(after[table].len(), rows.len(), "{pages} pages, {table}");
            for (row, now) in rows.iter().zip(&after[table]) {
                assert_eq!(now, row, "{pages} pages, {table}");
            }
        }
    }
}

/// What the store in a directory knows of each URL, by texts in place of numbers; and what it leads to.
fn known(dir: &Path) -> BTreeMap<String, String> {
    let store = Connection::open(dir.join("crawl/store.sqlite")).unwrap();
    let sql = "SELECT u.url, s.name, u.depth, u.hops, r.url, h.name, u.attempts, u.record, u.status, u.error, u.bytes, CASE WHEN u.record IS NOT NULL THEN u.moved END, u.untold, \
               u.mention, u.link_text, hex(u.key) FROM url AS u LEFT JOIN state AS s ON s.code = u.state \
               LEFT JOIN url AS r ON r.id = u.referrer LEFT JOIN host AS h ON h.id = u.host";
    let mut asked = store.prepare(sql).unwrap();
    let rows = asked.query_map([], |row| {
        let values = (1..16).map(|at| row.get::<_, Value>(at)).collect::<Result<Vec<_>, _>>()?;
        Ok((row.get(0)?, format!("{values:?}")))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_crawl_is_spread_over_buckets_and_gathered_again() {
    let Some(database) = get() else { return };
    for pages in ["12", "1000"] {
        let (web, name) = (Web::new(), database.new_name());
        let crawled = web.crawl().arg("--max-pages", pages).run();
        let before = known(&crawled.assert_code(0).path(""));
        let links = |run: &Run| run.stdout.split(", ").find(|part| part.ends_with(" links")).map(str::to_owned);
        let alone = links(&Run::new(&crawled.path(""), &["verify"]));
        empty(database, &name, 7);
        assert_well(&into_database(database, &crawled.path(""), &name));
        let sql = |sql: &str| database.psql(&format!("SET search_path = crawl_{name}; {sql}"));
        let spread: usize = sql("SELECT count(DISTINCT bucket) FROM url").trim().parse().unwrap();
        let elsewhere: usize = sql("SELECT count(*) FROM url WHERE state = 15").trim().parse().unwrap();
        assert!(spread > 2 && elsewhere > 5, "{spread} buckets, {elsewhere} entries");
        assert_eq!(
            sql("SELECT count(*) FROM url WHERE referrer IS NULL AND referrer_url IS NULL AND depth > 0"),
            "0\n"
        );
        assert_well(&Run::new(&crawled.path(""), &["verify", "--all"]));
        let verified = Run::new(&crawled.path(""), &["verify"]);
        assert_well(&verified);
        assert_eq!(links(&verified), alone, "what leads to another bucket leads to the page there");
        assert_well(&out_of_database(database, &crawled.path(""), &name));
        let after = known(&crawled.path(""));
        assert_eq!(after.len(), before.len());
        for (url, known) in &before {
            assert_eq!(after.get(url), Some(known), "{url}");
        }
        let ended = Crawl::bare().arg("--dir", "crawl").arg("--max-pages", "1000").on(&crawled).run();
        assert_eq!(web.places(ended.assert_code(0)).len(), PAGES);
        assert_well(&Run::new(&ended.path(""), &["verify"]));
    }
}

#[test]
fn what_letters_tell_of_is_gathered_too() {
    let Some(database) = get() else { return };
    let (web, name) = (Web::new(), database.new_name());
    let undisturbed = web.crawl().run();
    let expected = web.places(undisturbed.assert_code(0));
    let crawled = web.crawl().arg("--max-pages", "12").run();
    empty(database, &name, 7);
    assert_well(&into_database(database, &crawled.path(""), &name));
    // As if homes had not been told: nobody there knows of this page, and what is settled lies deeper.
    let sql = |sql: &str| database.psql(&format!("SET search_path = crawl_{name}; {sql}"));
    let late = web.servers[100 % usize::from(HOSTS)].url("/p100");
    let key = blake3::hash(late.as_bytes()).to_hex().to_string();
    sql(&format!(
        "INSERT INTO mail (bucket, kind, key, url, depth, hops, referrer) SELECT 5, 1, decode('{}', 'hex'), '{late}', depth + 1, 0, url \
         FROM url WHERE record = 2",
        &key[..32]
    ));
    let deeper = sql(
        "WITH late AS (SELECT u.bucket, u.id, e.bucket AS of, e.id AS entry FROM url AS u JOIN url AS e ON e.key = u.key AND e.state = 15 \
         JOIN url AS r ON r.bucket = e.bucket AND r.id = e.referrer AND r.url = u.referrer_url WHERE u.state = 1), \
         deep AS (UPDATE url AS u SET depth = u.depth + 5 FROM late WHERE u.bucket = late.bucket AND u.id = late.id RETURNING 1), \
         told AS (UPDATE url AS u SET untold = true FROM late WHERE u.bucket = late.of AND u.id = late.entry RETURNING 1) \
         SELECT count(*) FROM deep",
    );
    assert!(deeper != "0\n", "{deeper}");
    assert_well(&out_of_database(database, &crawled.path(""), &name));
    let ended = Crawl::bare().arg("--dir", "crawl").arg("--max-pages", "1000").on(&crawled).run();
    let mut places = web.places(ended.assert_code(0));
    assert_eq!(ended.record(&late)["referrer"], crawled.records[1]["url"]);
    assert_eq!(places.remove("Some(0)/p100").unwrap().0, crawled.records[1]["depth"].as_u64().unwrap() + 1);
    assert_eq!(places, expected);
    assert_well(&Run::new(&ended.path(""), &["verify"]));
}

/// Somebody who keeps a table of a crawl to himself until this is dropped.
struct Locked<'a>(&'a TestServer, String);

impl<'a> Locked<'a> {
    fn new(database: &'a TestServer, name: &str, table: &str) -> Self {
        let sql = format!("BEGIN; LOCK TABLE crawl_{name}.{table}; SELECT pg_sleep(600)");
        database.spawn_psql(&sql);
        let held =
            format!("SELECT count(*) FROM pg_locks WHERE relation = 'crawl_{name}.{table}'::regclass AND granted");
        assert!((0..600).any(|_| database.psql(&held) != "0\n"), "it was never locked");
        Self(database, format!("crawl_{name}.{table}"))
    }

    /// Waits until somebody waits for it.
    fn wait(&self) {
        let waits = format!("SELECT count(*) FROM pg_locks WHERE relation = '{}'::regclass AND NOT granted", self.1);
        assert!((0..600).any(|_| self.0.psql(&waits) != "0\n"), "nobody wants it");
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        let ended = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = 'TABLE'::regclass AND granted \
                     AND mode = 'AccessExclusiveLock'";
        self.0.psql(&ended.replace("TABLE", &self.1));
    }
}

/// A call that is killed while it waits for a table.
fn killed_at(lock: Locked<'_>, dir: &Path, args: &[&str]) {
    let mut call = Command::new(env!("CARGO_BIN_EXE_crawler"));
    let mut call = call.args(args).current_dir(dir).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    lock.wait();
    call.kill().unwrap();
    call.wait().unwrap();
    drop(lock);
}

#[test]
fn a_copy_that_is_killed_is_none_and_can_be_made_again() {
    let Some(database) = get() else { return };
    let (server, name) = (star(5), database.new_name());
    let crawled = Crawl::of(server.url("/")).arg("--max-pages", "3").run();
    let (dir, url) = (crawled.assert_code(0).path(""), database.url());
    empty(database, &name, 3);
    let into = ["store", "copy", "crawl", &url, "--name", &name];
    killed_at(Locked::new(database, &name, "session"), &dir, &into);
    let nodes = format!("SELECT count(*) FROM crawl_{name}.node");
    assert!((0..600).any(|_| database.psql(&nodes) == "0\n"));
    assert!(!dir.join("crawl/node").exists());
    let status = Run::new(&dir, &["status"]);
    assert!(status.code == 0 && status.stdout.contains("3 records"), "{}{}", status.stdout, status.stderr);
    assert_well(&into_database(database, &dir, &name));

    let out = ["store", "copy", &url, "crawl", "--name", &name];
    fs::remove_file(dir.join("crawl/store.sqlite")).unwrap();
    killed_at(Locked::new(database, &name, "edges"), &dir, &out);
    assert!(dir.join("crawl/node").exists() && !dir.join("crawl/store.sqlite").exists());
    assert_well(&Run::new(&dir, &["verify"]));
    assert_well(&out_of_database(database, &dir, &name));
    assert!(!dir.join("crawl/store.sqlite.new").exists());
    assert_well(&Run::new(&dir, &["verify"]));
    let ended = Crawl::bare().arg("--dir", "crawl").arg("--max-pages", "100").on(&crawled).run();
    assert_eq!(ended.assert_code(0).records.len(), 6);
}

#[test]
fn what_cannot_be_copied_is_refused_and_nothing_changes() {
    let Some(database) = get() else { return };
    let (server, name) = (star(2), database.new_name());
    let crawled = Crawl::of(server.url("/")).run();
    let dir = crawled.assert_code(0).path("");
    let taken = Crawl::of(server.url("/")).arg("--store", database.url()).arg("--name", &name).run();
    let refused = |run: Run, said: &str| {
        assert_eq!(run.code, 2, "{said}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    };
    refused(into_database(database, &dir, &name), "there is a crawl postgres:");
    refused(into_database(database, &taken.path(""), "other"), "is kept in a database already");
    refused(out_of_database(database, &dir, &name), "it has no file `node`");
    refused(out_of_database(database, &taken.path(""), "never"), "there is no crawl");
    assert!(!dir.join("crawl/node").exists() && !dir.join("crawl/node.copy").exists());
    let two = Two::new(database, [2, 3]);
    let out = ["store", "copy", &database.url(), "crawl", "--name", &two.name];
    refused(two.run(&out), &format!("`crawler requeue --node {}`", two.ids[1]));
    two.sql(database, "UPDATE node SET state = 'alive', until = now() + interval '1 hour' WHERE file = 2");
    refused(two.run(&out), &format!("the node {}", two.ids[1]));
    assert!(two.place.path("crawl/node").exists());
}
