//! `crawler status` and `explain`: what is said of a crawl that runs, was killed, or has ended; and of no crawl at all.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

use rusqlite::Connection;
use serde_json::Value;

use crate::cli::Run;
use crate::support::{Crawl, Crawled, FAIL_SAFE, Reply, Running, Server, Site, folder};

/// Something that is done to what a crawl has left.
pub(crate) type Change<'a> = &'a dyn Fn(&Path);

/// A whole crawl of a site on disk, its lines in the same order each time.
pub(crate) fn on_disk() -> Crawled {
    Crawl::of(folder("three-levels").to_string_lossy()).concurrency(1).run()
}

pub(crate) fn store(dir: &Path) -> Connection {
    Connection::open(dir.join("crawl/store.sqlite")).unwrap()
}

/// What a helper prints as JSON about the crawl in a folder.
pub(crate) fn json(dir: &Path, args: &[&str]) -> Value {
    let run = Run::new(dir, &[args, &["--json"]].concat());
    assert_eq!(run.stderr, "", "{args:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

/// Asks again until the answer is the one that will come: what a crawl has done is seen with its next commit.
#[track_caller]
pub(crate) fn wait_for(dir: &Path, args: &[&str], condition: impl Fn(&Value) -> bool) -> Value {
    let asked = Instant::now();
    loop {
        let last = json(dir, args);
        if condition(&last) {
            return last;
        }
        assert!(asked.elapsed() < FAIL_SAFE, "this never came: {last:#}");
    }
}

/// The names and contents of all files in the crawl directory.
pub(crate) fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(dir.join("crawl")).unwrap().map(Result::unwrap);
    let mut files: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn a_store_that_is_not_one_is_told_as_a_crawl_tells_it() {
    let foreign = |dir: &Path| fs::write(dir.join("crawl/store.sqlite"), "notes").unwrap();
    let newer = |dir: &Path| store(dir).execute_batch("PRAGMA user_version = 3").unwrap();
    let damaged = |dir: &Path| {
        let file = dir.join("crawl/store.sqlite");
        let mut bytes = fs::read(&file).unwrap();
        bytes[8192..].fill(7);
        fs::write(file, bytes).unwrap();
    };
    let missing = |dir: &Path| fs::remove_file(dir.join("crawl/store.sqlite")).unwrap();
    let unbegun = |dir: &Path| store(dir).execute_batch("DELETE FROM session").unwrap();
    let crawled = on_disk();
    unbegun(&crawled.path(""));
    let run = Run::new(&crawled.path(""), &["status"]);
    assert_eq!((run.code, run.stderr.as_str()), (2, "error: the crawl in crawl has not begun yet\n"));
    let cases: [(Change<'_>, i32, &str); 5] = [
        (&foreign, 2, "error: crawl/store.sqlite is not a store of crawler"),
        (&newer, 2, "error: crawl/store.sqlite was made by a newer crawler (version 3 of the store; this one knows 2)"),
        (&damaged, 1, "error: the store crawl/store.sqlite is damaged: "),
        (&missing, 2, "error: crawl holds no store of a crawl; a crawl with --no-store leaves none"),
        (&|dir| fs::remove_dir_all(dir.join("crawl")).unwrap(), 2, "error: there is no crawl directory crawl"),
    ];
    for (change, code, message) in cases {
        let crawled = on_disk();
        change(&crawled.path(""));
        for helper in HELPERS {
            let run = Run::new(&crawled.path(""), helper);
            assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{helper:?}: {}", run.stderr);
            assert!(run.stderr.starts_with(message), "{helper:?}: {}", run.stderr);
        }
    }
}

/// A crawl with its first page settled and five more, four requests that are held, and eleven that wait.
pub(crate) fn held() -> (Server, Running) {
    let pages: Vec<String> = (0..20).map(|n| format!("/{n:02}")).collect();
    let site = Site::default().with("/", Reply::links("home", &pages));
    let server = Server::start(pages.iter().fold(site, |site, page| site.with(page, Reply::html("page"))).routes());
    pages.iter().skip(5).for_each(|page| server.hold(page));
    let crawl = Crawl::of(server.url("/")).concurrency(4).start();
    server.wait_for("four that are held", |log| log.in_flight == 4);
    (server, crawl)
}

/// What `crawler explain` says of each URL, with the host of the server hidden.
fn explained(dir: &Path, urls: &[String], host: &str) -> String {
    let mut told = String::new();
    for url in urls {
        let run = Run::new(dir, &["explain", url]);
        write!(told, "{}{}", run.stdout, run.stderr).unwrap();
        writeln!(told, "  = {}", run.code).unwrap();
    }
    told.replace(host, "HOST")
}

#[test]
fn each_state_is_explained_by_its_rule() {
    let crawl = Crawl::of(folder("three-levels").to_string_lossy()).concurrency(1).arg("--depth", "2");
    let crawled = crawl.arg("--max-pages", "6").arg("--exclude", "*.pdf").run();
    let pages = [
        "",
        "teas/white.html",
        "lost-page.html",
        "private/accounts.html",
        "teas/black.html",
        "brewing/chart.pdf",
        "advertisement.html",
        "teas/green/sencha.html",
    ];
    let mut urls: Vec<_> = pages.map(|page| format!("http://localhost/{page}")).to_vec();
    urls.extend(["https://example.org/glasshouse", "mailto:gardener@example.org", "localhost/"].map(str::to_owned));
    insta::assert_snapshot!("explained", explained(&crawled.path(""), &urls, "HOST"));
}

#[test]
fn urls_that_are_a_danger_are_explained() {
    let long = format!("/{}", "long".repeat(1200));
    let links = ["http://10.0.0.1/", &long, "/hop0", "/\u{202e}moc.live"];
    let hop = |n: u32| (format!("/hop{n}"), Reply::redirect(302, &format!("/hop{}", n + 1)));
    let site = (0..4).map(hop).fold(Site::default(), |site, (path, reply)| site.with(&path, reply));
    let server = Server::start(site.with("/", Reply::links("home", links)).routes());
    let crawl = Crawl::of(server.url("/")).concurrency(1).set("scope.kind", "'any'");
    let crawled = crawl.set("frontier.max_redirects", "2").run();
    let urls = ["http://10.0.0.1/".to_owned(), server.url("/hop3"), server.url("/\u{202e}moc.live")];
    insta::assert_snapshot!("explained_dangers", explained(&crawled.path(""), &urls, &server.host()));
    let told = json(&crawled.path(""), &["explain", &server.url(&long)]);
    assert_eq!(told["reason"], "too_long", "{told:#}");
}

#[test]
fn the_same_page_is_the_same_however_it_is_written() {
    let server = Server::start(Site::linked(&[("/", &["/a%2Db?x=1"])]).routes());
    let crawled = Crawl::of(server.url("/")).run();
    for url in ["/a%2Db?x=1", "/a-b?x=1&utm_source=mail", "/a%2db?x=1#part"] {
        let told = json(&crawled.path(""), &["explain", &server.url(url)]);
        assert_eq!(told["url"], server.url("/a%2Db?x=1"), "{url}");
    }
    let run = Run::new(&crawled.path(""), &["explain", "--json", "http://user:hunter2@e.com/"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("unknown") && !run.stdout.contains("hunter2"), "{}", run.stdout);
}

#[test]
fn a_robots_txt_that_could_not_be_read_is_the_reason() {
    let site = Site::linked(&[("/", &[])]).with("/robots.txt", Reply::new(503));
    let server = Server::start(site.routes());
    let crawled = Crawl::of(server.url("/")).run();
    let told = json(&crawled.path(""), &["explain", &server.url("/")]);
    let why = told["why"][0].as_str().unwrap();
    assert_eq!(told["reason"], "robots");
    assert!(why.contains("could not be read, so nothing is allowed there until 20"), "{why}");
}

#[test]
fn a_long_way_is_told_in_part() {
    let server = Server::start(Site::endless());
    let crawled = Crawl::of(server.url("/")).arg("--max-pages", "30").run();
    let told = json(&crawled.path(""), &["explain", &server.url("/25")]);
    let way = told["found_on"].as_array().unwrap();
    assert_eq!((way.len(), &way[0]["url"], &way[19]["depth"]), (20, &server.url("/24").into(), &5.into()));
    assert_eq!((&told["origin"], &told["depth"]), (&"further".into(), &25.into()));
    let told = json(&crawled.path(""), &["explain", &server.url("/30")]);
    assert_eq!((&told["state"], &told["reason"]), (&"skipped".into(), &"limit".into()));
}

#[test]
fn what_waits_is_explained_while_the_crawl_runs_and_after_its_end() {
    let (server, crawl) = held();
    let dir = crawl.path("");
    let pid = crawl.pid();
    let status = wait_for(&dir, &["status"], |status| status["records"] == 6);
    assert_eq!((&status["state"], &status["pid"]), (&"running".into(), &pid.into()));
    assert_eq!((&status["pending"], &status["discovered"]), (&15.into(), &21.into()));
    assert_eq!((&status["hosts"][0]["host"], &status["hosts"][0]["pending"]), (&server.host().into(), &15.into()));
    assert_eq!((&status["run"]["records"], &status["runs"]), (&6.into(), &1.into()));
    let why = |url: &str| json(&dir, &["explain", &server.url(url)])["why"][0].as_str().unwrap_or_default().to_owned();
    assert_eq!(why("/19"), "it waits for its turn, or is being requested");
    assert_eq!(why("/00"), "its body was parsed, and has no title and no links");

    let killed = crawl.kill();
    let status = json(&dir, &["status"]);
    assert_eq!(
        (&status["state"], &status["pid"], &status["pending"]),
        (&"interrupted".into(), &Value::Null, &15.into())
    );
    assert!(why("/19").starts_with("the crawl was killed, or could not go on"), "{}", why("/19"));

    server.open_all();
    let crawled = Crawl::of(server.url("/")).on(&killed).run();
    assert_eq!(crawled.assert_code(0).records.len(), 21);
    let status = json(&dir, &["status"]);
    assert_eq!(
        (&status["state"], &status["runs"], &status["run"]["records"]),
        (&"complete".into(), &2.into(), &15.into())
    );
    let text = Run::new(&dir, &["status"]).stdout;
    assert!(text.starts_with("complete: 21 records in "), "{text}");
    assert!(text.contains("  last run    15 records in "), "{text}");
}

#[test]
fn a_host_that_is_left_alone_is_told_with_its_retries() {
    let busy = Reply::new(503).header("Retry-After", "3000");
    let server = Server::start(Site::linked(&[("/", &["/busy", "/next"])]).with("/busy", busy).routes());
    let crawl = Crawl::of(server.url("/")).concurrency(1).set("politeness.retries", "5").start();
    let dir = crawl.path("");
    server.wait_for("the busy answer", |log| log.has_answered("/busy"));
    let status = wait_for(&dir, &["status"], |status| status["retries_waiting"] == 1);
    assert_eq!(status["next_retries"][0]["url"], server.url("/busy"));
    let host = &status["hosts"][0];
    assert_eq!((&host["delay_reason"], host["held_until"].is_string()), (&"retry_after".into(), true), "{host:#}");
    let left = host["delay_ms"].as_u64().unwrap();
    assert!((2_000_000..=3_000_000).contains(&left), "{left}");
    let next = json(&dir, &["explain", &server.url("/next")]);
    assert!(next["why"][1].as_str().unwrap().contains("it asked for that (Retry-After)"), "{next:#}");
    let busy = json(&dir, &["explain", &server.url("/busy")]);
    assert_eq!((&busy["attempts"], busy["due"].is_string()), (&1.into(), true), "{busy:#}");
    assert!(busy["why"][1].as_str().unwrap().starts_with("attempt 1 has failed; the next one is due in "), "{busy:#}");
    let text = Run::new(&dir, &["status"]).stdout;
    assert!(text.contains("(retry_after)") && text.contains("1 URL waits for another attempt"), "{text}");
}

#[test]
fn the_status_of_an_ended_crawl_is_its_summary() {
    let server = Server::start(Site::endless());
    let crawl = || Crawl::of(server.url("/"));
    let ended = [
        on_disk(),
        crawl().arg("--max-pages", "5").run(),
        crawl().arg("--max-time", "500ms").run(),
        crawl().arg("--depth", "3").run(),
    ];
    for crawled in ended {
        let status = json(&crawled.path(""), &["status"]);
        for field in
            ["state", "discovered", "pending", "settled", "skipped", "records", "errors", "retries", "bytes", "unread"]
        {
            assert_eq!(status[field], crawled.summary[field], "{field}");
        }
        assert_eq!(
            (&status["statuses"], &status["started_at"]),
            (&crawled.summary["statuses"], &crawled.summary["started_at"])
        );
        assert_eq!(status["hosts"][0]["requests"], crawled.summary["requests"], "{status:#}");
    }
}

#[test]
fn a_status_is_a_table() {
    let crawled = on_disk();
    let run = Run::new(&crawled.path(""), &["status"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let filters = vec![(r"in [\w. ]+, [\d.]+/s", "in TIME, RATE/s"), (r"20\d\d-[-\d]+T[\d:.]+Z", "WHEN")];
    insta::with_settings!({filters => filters}, {
        insta::assert_snapshot!("status", run.stdout);
    });
}

#[test]
fn only_so_many_hosts_are_shown_as_asked_for() {
    let others: Vec<_> = (2..6).map(|n| Server::start_on(n, Site::linked(&[("/", &[])]).routes())).collect();
    let links: Vec<_> = others.iter().map(|server| server.url("/")).collect();
    let server = Server::start(Site::default().with("/", Reply::links("home", &links)).routes());
    let crawled = Crawl::of(server.url("/")).any_host().run();
    let status = json(&crawled.path(""), &["status", "--hosts", "2"]);
    assert_eq!((status["hosts"].as_array().unwrap().len(), &status["host_count"]), (2, &5.into()));
    let text = Run::new(&crawled.path(""), &["status", "--hosts", "2"]).stdout;
    assert!(text.contains("and 3 more; 0 hosts have something pending"), "{text}");
}

/// Each helper that reads the store.
pub(crate) const HELPERS: [&[&str]; 3] = [&["verify"], &["status"], &["explain", "http://localhost/"]];
