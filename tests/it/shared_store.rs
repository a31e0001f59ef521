//! A crawl whose store is a database: it comes to what any crawl comes to, goes on after any end, and says what is wrong with
//! the database, and never its password.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::Signal;
use serde_json::Value;

use crate::cli::Run;
use crate::inspect::json;
use crate::support::postgres::{TestServer, get, over_tls};
use crate::support::{Authority, Crawl, Crawled, Reply, Running, Server, Site};

/// A crawl of a name of its own in a database.
fn kept_in(database: &TestServer, name: &str, seed: &str) -> Crawl {
    Crawl::of(seed).arg("--store", database.url()).arg("--name", name)
}

fn star() -> Server {
    let pages: Vec<String> = (0..15).map(|n| format!("/{n}")).collect();
    let site = Site::default().with("/", Reply::links("home", &pages));
    Server::start(pages.iter().fold(site, |site, page| site.with(page, Reply::html("page"))).routes())
}

/// Waits until the database has so many records of a crawl.
#[track_caller]
fn wait_until_recorded(database: &TestServer, name: &str, records: usize) {
    let sql = format!("SELECT count(record) FROM crawl_{name}.url");
    assert!(
        (0..3000).any(|_| database.psql(&sql).trim() == records.to_string()),
        "the store never had {records} records"
    );
}

/// A crawl of [`star`] of which six pages are committed, and five more in flight until the server opens them.
fn held_after_six(database: &TestServer, name: &str, server: &Server) -> Running {
    for page in 5..15 {
        server.hold(&format!("/{page}"));
    }
    let crawl = kept_in(database, name, &server.url("/")).talkative().concurrency(5).start();
    server.wait_for("five that are held", |log| log.in_flight == 5 && log.has_answered("/4"));
    wait_until_recorded(database, name, 6);
    crawl
}

/// The same, killed.
fn killed_with_six(database: &TestServer, name: &str, server: &Server) -> Crawled {
    let killed = held_after_six(database, name, server).kill();
    server.open_all();
    killed
}

/// A record without what differs from run to run.
fn comparable(record: &Value, origin: &str) -> String {
    let mut record = record.clone();
    for field in ["fetched_at", "elapsed_ms"] {
        record.as_object_mut().unwrap().remove(field);
    }
    record.to_string().replace(origin, "")
}

#[test]
fn a_crawl_in_a_database_comes_to_what_any_crawl_comes_to() {
    let Some(database) = get() else { return };
    let (one, other) = (star(), star());
    let name = database.new_name();
    let expected = Crawl::of(one.url("/")).run();
    let crawled = kept_in(database, &name, &other.url("/")).run();
    assert_eq!(crawled.assert_code(0).records.len(), 16);
    let records = |crawled: &Crawled, server: &Server| -> Vec<String> {
        crawled.records.iter().map(|record| comparable(record, &server.url(""))).collect()
    };
    assert_eq!(records(&crawled, &other), records(&expected, &one));
    assert!(!crawled.path("crawl/store.sqlite").exists());
    let said = |crawled: &Crawled, call: &[&str], server: &Server| {
        Run::new(&crawled.path(""), call).stdout.replace(&server.url(""), "")
    };
    for call in [&["verify"][..], &["export", "--to", "pages.csv"]] {
        assert_eq!(Run::new(&crawled.path(""), call).code, 0, "{call:?}");
        assert_eq!(said(&crawled, call, &other), said(&expected, call, &one), "{call:?}");
    }
    for (what, server, crawled) in [("a store of its own", &one, &expected), ("a database", &other, &crawled)] {
        let status = json(&crawled.path(""), &["status"]);
        assert_eq!((&status["records"], &status["state"]), (&16.into(), &"complete".into()), "{what}: {status:#}");
        let explained = Run::new(&crawled.path(""), &["explain", &server.url("/3")]);
        assert!(explained.stdout.contains("ok"), "{what}: {}{}", explained.stdout, explained.stderr);
    }
    let tables = "SELECT state FROM crawl_NAME.crawl UNION ALL SELECT state FROM crawl_NAME.node";
    assert_eq!(database.psql(&tables.replace("NAME", &name)), "complete\nended\n");
}

#[test]
fn what_was_killed_goes_on_by_the_same_command_and_by_its_directory() {
    let Some(database) = get() else { return };
    for by_directory in [false, true] {
        let (server, name) = (star(), database.new_name());
        let killed = killed_with_six(database, &name, &server);
        let crawled = if by_directory {
            Crawl::bare().on(&killed).run()
        } else {
            kept_in(database, &name, &server.url("/")).on(&killed).run()
        };
        assert_eq!(crawled.assert_code(0).records.len(), 16, "{}", crawled.stderr);
        let asked: Vec<_> = (0..5).map(|n| server.count(&format!("/{n}"))).collect();
        assert_eq!(asked, [1; 5], "what was committed is not asked for again");
        let verified = Run::new(&crawled.path(""), &["verify"]);
        assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
        let again = kept_in(database, &name, &server.url("/")).on(&crawled).run();
        assert_eq!(again.assert_code(0).records, crawled.records);
    }
}

#[test]
fn what_failed_is_asked_for_again_and_a_crawl_is_started_over() {
    let Some(database) = get() else { return };
    let name = database.new_name();
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let server = Server::start(move |arrival| match arrival.path.as_str() {
        "/" => Reply::links("home", (0..9).map(|n| format!("/{n}"))),
        "/3" | "/5" if !over.load(Ordering::SeqCst) => Reply::new(503),
        "/robots.txt" => Reply::new(404),
        path => Reply::html(format!("<title>{path}</title>")),
    });
    let crawl = || kept_in(database, &name, &server.url("/"));
    let first = crawl().run();
    assert_eq!(first.assert_code(0).record(&server.url("/3"))["status"], 503);
    is_over.store(true, Ordering::SeqCst);
    let second = crawl().flag("--retry-failed").on(&first).run();
    assert_eq!(second.assert_code(0).record(&server.url("/3"))["status"], 200);
    let counts = |paths: [&str; 3]| paths.map(|path| server.count(path));
    assert_eq!((second.records.len(), counts(["/1", "/3", "/5"])), (10, [1, 2, 2]));
    let verified = Run::new(&second.path(""), &["verify"]);
    assert_eq!(verified.code, 0, "{}{}", verified.stdout, verified.stderr);
    let third = crawl().flag("--fresh").on(&second).run();
    assert_eq!((third.assert_code(0).records.len(), counts(["/1", "/3", "/5"])), (10, [2, 3, 3]));
    assert_eq!(database.psql(&format!("SELECT count(*) FROM crawl_{name}.session")), "1\n");
}

#[test]
fn a_server_that_goes_away_is_waited_for_and_nothing_is_lost() {
    let Some(database) = get() else { return };
    let (server, name) = (star(), database.new_name());
    let crawl = held_after_six(database, &name, &server);
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'crawler %'";
    assert_ne!(
        database.psql(&ended.replace("'crawler %'", &format!("'crawler ' || '{}' || ' %'", node(&crawl)))),
        "0\n"
    );
    server.open_all();
    let crawled = crawl.finish();
    assert_eq!(crawled.assert_code(0).records.len(), 16);
    for said in ["does not answer", "answers again"] {
        assert!(crawled.stderr.contains(said), "{}", crawled.stderr);
    }
    assert_eq!((0..15).map(|n| server.count(&format!("/{n}"))).max(), Some(1));
}

/// Who a crawl that runs is in the database.
fn node(running: &Running) -> String {
    let file = fs::read_to_string(running.path("crawl/node")).unwrap();
    file.lines().find_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"')).unwrap().to_owned()
}

#[test]
fn a_directory_is_one_processs() {
    let Some(database) = get() else { return };
    let (server, name) = (star(), database.new_name());
    let first = kept_in(database, &name, &server.url("/")).run();
    // A copy of the directory has the same node, and takes its place; whoever had it ends.
    for page in 0..15 {
        server.hold(&format!("/{page}"));
    }
    let running = kept_in(database, &name, &server.url("/")).flag("--fresh").on(&first).concurrency(3).start();
    server.wait_for("three that are held", |log| log.in_flight == 3);
    let copy = Crawl::bare();
    fs::create_dir(copy.path("crawl")).unwrap();
    fs::copy(running.path("crawl/node"), copy.path("crawl/node")).unwrap();
    let asked = server.log(|log| log.arrivals.len());
    let copied = copy.start();
    server.wait_for("those of the other", |log| log.arrivals.len() > asked);
    server.open_all();
    let fenced = running.finish();
    assert!(
        fenced.assert_code(1).stderr.contains("another process has taken the place of this one"),
        "{}",
        fenced.stderr
    );
    assert_eq!(copied.finish().assert_code(0).records.len(), 16);
}

#[test]
fn who_is_refused_as_it_begins_holds_nothing_of_the_crawl() {
    let Some(database) = get() else { return };
    let (server, name) = (star(), database.new_name());
    kept_in(database, &name, &server.url("/")).run().assert_code(0);
    let other = kept_in(database, &name, &server.url("/"));
    fs::create_dir(other.path("crawl")).unwrap();
    fs::write(other.path("crawl/pages.jsonl"), "{}\n").unwrap();
    let refused = other.run();
    assert!(
        refused.assert_code(2).stderr.contains("holds something that this crawl has not made"),
        "{}",
        refused.stderr
    );
    let held = format!(
        "SELECT count(*) FILTER (WHERE state = 'alive'), (SELECT count(owner) FROM crawl_{name}.bucket) FROM crawl_{name}.node"
    );
    assert_eq!(database.psql(&held), "0|0\n", "others need not wait for the end of its lease");
    // And other settings, which are refused while somebody crawls, are taken.
    kept_in(database, &name, &server.url("/")).arg("--depth", "1").run().assert_code(0);
}

#[test]
fn a_robots_txt_may_hold_what_a_database_does_not_take() {
    let Some(database) = get() else { return };
    let (name, site) = (database.new_name(), Site::default());
    let site = site.with("/robots.txt", Reply::text("User-agent: *\nDisallow: /a\u{0}b\nDisallow: /private\n"));
    let site = site.with("/", Reply::links("a\u{0}b", ["/1", "/private"])).with("/1", Reply::links("c", ["/2"]));
    let server = Server::start(site.with("/2", Reply::html("page")).routes());
    let crawl = || kept_in(database, &name, &server.url("/"));
    let first = crawl().arg("--max-pages", "2").run();
    assert_eq!(first.assert_code(0).records.len(), 2);
    assert!(database.psql(&format!("SELECT saved FROM crawl_{name}.manners")).contains("\\u0000"));
    let second = crawl().on(&first).run();
    assert_eq!((second.assert_code(0).records.len(), server.count("/robots.txt")), (3, 1), "its robots.txt is kept");
    assert_eq!(second.skipped("robots"), 1);
}

#[test]
fn no_password_is_taken_from_a_url_and_none_is_told() {
    let Some(database) = get() else { return };
    let (server, name, secret) = (star(), database.new_name(), "hunter2secret");
    let role = format!("user_{name}");
    database.psql(&format!(
        "CREATE ROLE locked; CREATE ROLE {role} LOGIN PASSWORD '{secret}' IN ROLE locked; \
         GRANT CREATE ON DATABASE postgres TO {role}"
    ));
    let url = database.url().replace("user=crawler", &format!("user={role}"));
    let crawl = |url: &str| Crawl::of(server.url("/")).arg("--store", url).arg("--name", &name).talkative();
    let told = |crawled: &Crawled| {
        let said = format!("{}{}", crawled.stderr, crawled.stdout);
        assert!(!said.contains(secret), "{said}");
        said
    };
    for with in
        [format!("{url}&password={secret}"), url.replace("postgres://", &format!("postgres://{role}:{secret}@"))]
    {
        let refused = crawl(&with).run();
        assert!(told(refused.assert_code(2)).contains("has a password, which others would see"), "{}", refused.stderr);
        let in_file =
            Crawl::of(server.url("/")).set("store", &format!("'{with}'")).set("name", &format!("'{name}'")).run();
        assert!(told(in_file.assert_code(2)).contains("has a password"), "{}", in_file.stderr);
    }
    let without = crawl(&url).env("PGPASSFILE", "/none").run();
    told(without.assert_code(1));
    let wrong = crawl(&url).env("PGPASSWORD", format!("{secret}x")).run();
    assert!(told(wrong.assert_code(1)).contains("password authentication failed"), "{}", wrong.stderr);
    let killed_name = "crawl/pages.jsonl";
    let crawled = crawl(&url).env("PGPASSWORD", secret).flag("-vv").run();
    told(crawled.assert_code(0));
    assert!(crawled.path(killed_name).exists());
    let file = crawled.path("secret");
    fs::write(&file, format!("{secret}\n")).unwrap();
    let going_on = crawl(&url).arg("--store-password-file", file.to_str().unwrap()).on(&crawled).run();
    told(going_on.assert_code(0));
    let kept = database.psql(&format!("SELECT s::text FROM crawl_{name}.settings AS s"));
    assert!(kept.contains(&role) && !kept.contains(secret), "{kept}");
    for entry in fs::read_dir(crawled.path("crawl")).unwrap() {
        let path = entry.unwrap().path();
        assert!(
            path.is_dir() || !String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(secret),
            "{}",
            path.display()
        );
    }
    assert!(!database.psql("SELECT string_agg(application_name || query, ' ') FROM pg_stat_activity").contains(secret));
}

#[test]
fn what_does_not_go_with_a_database_is_refused_and_says_what_does() {
    let Some(database) = get() else { return };
    let (server, name) = (star(), database.new_name());
    let refused = |crawl: Crawl, said: &str| {
        let crawled = crawl.talkative().run();
        assert!(crawled.assert_code(2).stderr.contains(said), "{}", crawled.stderr);
    };
    let bare = || Crawl::of(server.url("/"));
    let store = || kept_in(database, &name, &server.url("/"));
    refused(bare().arg("--store", database.url()), "nobody has said what this one is called there");
    refused(bare().arg("--name", "a"), "no database is named");
    refused(bare().arg("--store", database.url()).arg("--name", "A b"), "is not a name of a crawl");
    refused(bare().arg("--store", "mysql://h/d").arg("--name", "a"), "is not the URL of a store");
    refused(bare().arg("--store", "postgres://u@192.0.2.1/d?sslmode=disable").arg("--name", "a"), "--store-insecure");
    refused(store().set("frontier.store", "false"), "leave one out");
    refused(store().flag("--update"), "--update");
    refused(store().by("watch").arg("--every", "1h"), "leave out --store");
    let own = bare().run();
    refused(store().on(&own), "holds a crawl with a store of its own");
    let kept = store().run();
    kept.assert_code(0);
    refused(bare().on(&kept), "is kept in postgres:///postgres (crawl");
    let other = database.new_name();
    refused(kept_in(database, &other, &server.url("/")).on(&kept), "and not of that in");
    database.psql("CREATE SCHEMA crawl_foreign");
    refused(kept_in(database, "foreign", &server.url("/")), "is not of crawler");
    for (version, said) in
        [(3, "was made by a newer crawler (version 3 of the store"), (1, "was made by an older crawler")]
    {
        database.psql(&format!("UPDATE crawl_{name}.crawl SET version = {version}"));
        refused(store().on(&kept), said);
    }
    refused(store().set("store_lease", "'14s'"), "15s or more");
    refused(store().set("store_buckets", "0"), "store_buckets");
    database.psql("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
    let latin = database.url().replace("///postgres?", "///latin?");
    refused(bare().arg("--store", latin).arg("--name", "a"), "UTF8");
    database.psql("CREATE DATABASE forgetful");
    database.psql("ALTER DATABASE forgetful SET synchronous_commit = off");
    let forgetful = database.url().replace("///postgres?", "///forgetful?");
    refused(bare().arg("--store", forgetful).arg("--name", "a"), "synchronous_commit is off");
    let nowhere = bare().arg("--store", "postgres://u@127.0.0.1:1/d").arg("--name", "a").run();
    assert!(nowhere.assert_code(1).stderr.contains("postgres://u@127.0.0.1:1/d (crawl a)"), "{}", nowhere.stderr);
}

#[test]
fn a_stop_leaves_what_the_next_run_goes_on_with() {
    let Some(database) = get() else { return };
    let (server, name) = (star(), database.new_name());
    let crawl = held_after_six(database, &name, &server);
    crawl.signal(Signal::TERM);
    crawl.wait_for_stderr("in flight");
    server.open_all();
    let stopped = crawl.finish();
    assert_eq!(stopped.assert_code(143).records.len(), 11);
    let buckets = database.psql(&format!("SELECT count(owner), count(*) FILTER (WHERE open) FROM crawl_{name}.bucket"));
    assert_eq!(buckets, "0|1\n", "all are given back, one with something pending");
    let crawled = kept_in(database, &name, &server.url("/")).on(&stopped).run();
    assert_eq!(crawled.assert_code(0).records.len(), 16);
}

#[test]
fn over_a_network_certificate_and_name_are_verified() {
    let authority = Authority::named("an authority");
    let server = star();
    let crawl = |host: &str, port: u16, options: &str| {
        let store = format!("postgres://crawler@{host}:{port}/postgres{options}");
        Crawl::of(server.url("/")).arg("--store", store).arg("--name", "a").trusting(&authority).talkative()
    };
    let Some((other, port)) = over_tls(authority.files_for(&["other.example"])) else { return };
    let wrong_name = crawl("127.0.0.1", port, "?sslmode=require").run();
    assert!(wrong_name.assert_code(1).stderr.contains("not valid for name"), "{}", wrong_name.stderr);
    drop(other);
    let Some((_right, port)) = over_tls(authority.files_for(&["127.0.0.1", "localhost"])) else { return };
    let stranger = crawl("127.0.0.1", port, "?sslmode=require").trusting(&Authority::named("another")).run();
    assert!(stranger.assert_code(1).stderr.contains("certificate"), "{}", stranger.stderr);
    for mode in ["require", "verify-full"] {
        let crawled = crawl("localhost", port, &format!("?sslmode={mode}")).flag("--fresh").run();
        assert_eq!(crawled.assert_code(0).records.len(), 16);
    }
    let plain = crawl("localhost", port, "").flag("--fresh").run();
    plain.assert_code(0);
}
