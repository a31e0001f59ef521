//! `crawler verify`, `explain` and `status`: what is said of a crawl that runs, was killed, has ended, or was damaged.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use serde_json::Value;

use crate::cli::Run;
use crate::support::{Crawl, Crawled, Reply, Server, Site, folder};

/// Something that is done to what a crawl has left.
type Change<'a> = &'a dyn Fn(&Path);

/// A whole crawl of a site on disk, its lines in the same order each time.
fn on_disk() -> Crawled {
    Crawl::of(folder("three-levels").to_string_lossy()).concurrency(1).run()
}

fn store(dir: &Path) -> Connection {
    Connection::open(dir.join("crawl/store.sqlite")).unwrap()
}

/// What a helper prints as JSON about the crawl in a folder.
fn json(dir: &Path, args: &[&str]) -> Value {
    let run = Run::new(dir, &[args, &["--json"]].concat());
    assert_eq!(run.stderr, "", "{args:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

/// Asks again until the answer is the one that will come: what a crawl has done is seen with its next commit.
#[track_caller]
fn wait_for(dir: &Path, args: &[&str], condition: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..500 {
        last = json(dir, args);
        if condition(&last) {
            return last;
        }
    }
    panic!("this never came: {last:#}");
}

/// The names and contents of all files in the crawl directory.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(dir.join("crawl")).unwrap().map(Result::unwrap);
    let mut files: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect();
    files.sort();
    files
}

#[test]
fn a_whole_crawl_is_verified_and_nothing_of_it_is_changed() {
    let crawled = on_disk();
    let before = files(&crawled.path(""));
    let run = Run::new(&crawled.path(""), &["verify"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(run.stdout, "ok: 17 URLs, 13 records in crawl/pages.jsonl, 62 links, 1 host\n");
    let found = json(&crawled.path(""), &["verify", "crawl"]);
    assert_eq!((&found["ok"], &found["outputs"][0]["lines"]), (&true.into(), &13.into()));
    assert!(files(&crawled.path("")) == before, "a store that nobody writes to is only read");
}

/// Changes the lines of the output.
fn lines(change: impl Fn(&mut Vec<String>)) -> impl Fn(&Path) {
    move |dir| {
        let file = dir.join("crawl/pages.jsonl");
        let text = fs::read_to_string(&file).unwrap();
        let mut lines: Vec<_> = text.split_inclusive('\n').map(str::to_owned).collect();
        change(&mut lines);
        fs::write(file, lines.concat()).unwrap();
    }
}

#[test]
fn each_damage_is_told_apart() {
    let sql = |sql: &'static str| move |dir: &Path| store(dir).execute_batch(sql).unwrap();
    let cases: &[(&str, Change<'_>)] = &[
        ("a line is gone", &lines(|lines| drop(lines.remove(2)))),
        ("the last line is gone", &lines(|lines| drop(lines.pop()))),
        ("a line is doubled", &lines(|lines| lines.insert(3, lines[2].clone()))),
        ("the last line is doubled", &lines(|lines| lines.push(lines[12].clone()))),
        ("two lines have changed places", &lines(|lines| lines.swap(4, 5))),
        ("half of a line is gone", &lines(|lines| lines[3].truncate(40))),
        ("a line is another's", &lines(|lines| lines[1] = lines[1].replace("localhost", "elsewhere\u{202e}"))),
        ("a status is another", &lines(|lines| lines[1] = lines[1].replace("\"status\":200", "\"status\":500"))),
        ("a depth is another", &lines(|lines| lines[1] = lines[1].replace("\"depth\":1", "\"depth\":2"))),
        ("there is no output", &|dir| fs::remove_file(dir.join("crawl/pages.jsonl")).unwrap()),
        ("a settled URL is pending", &sql("UPDATE url SET state = 0 WHERE id = 3")),
        ("a settled URL has no record", &sql("UPDATE url SET record = NULL WHERE id = 3")),
        ("a record is there twice", &sql("UPDATE url SET record = 1 WHERE id = 3")),
        ("a state is none", &sql("UPDATE url SET state = 9 WHERE id = 16")),
        ("a URL is known twice", &sql("UPDATE url SET key = (SELECT key FROM url WHERE id = 1) WHERE id = 2")),
        ("a URL is gone", &sql("DELETE FROM url WHERE id = 5")),
        ("a host is gone", &sql("DELETE FROM host")),
        ("a referrer is none", &sql("UPDATE url SET referrer = 99 WHERE id = 2")),
        ("a depth is too great", &sql("UPDATE url SET depth = 7 WHERE id = 2")),
        ("links are not readable", &sql("UPDATE edges SET links = x'80' WHERE id = 1")),
        ("a count is wrong", &sql("UPDATE session SET records = 12")),
    ];
    let mut told = String::new();
    for (name, damage) in cases {
        let crawled = on_disk();
        damage(&crawled.path(""));
        let run = Run::new(&crawled.path(""), &["verify"]);
        assert_eq!(run.code, 1, "{name}: {}{}", run.stdout, run.stderr);
        assert!(!run.stdout.contains('\u{202e}'), "{name}");
        writeln!(told, "# {name}\n{}{}", run.stdout, run.stderr).unwrap();
    }
    insta::with_settings!({filters => vec![(r"\d+ bytes", "N bytes")]}, {
        insta::assert_snapshot!("damages", told);
    });
}

#[test]
fn many_problems_are_counted_and_the_first_are_told() {
    let pages: Vec<String> = (0..30).map(|n| format!("/{n}")).collect();
    let site = Site::default().with("/", Reply::links("home", &pages));
    let server = Server::start(pages.iter().fold(site, |site, page| site.with(page, Reply::html("page"))).routes());
    let crawled = Crawl::of(server.url("/")).run();
    fs::remove_file(crawled.path("crawl/pages.jsonl")).unwrap();
    let run = Run::new(&crawled.path(""), &["verify"]);
    let lines: Vec<_> = run.stdout.lines().collect();
    assert_eq!((run.code, lines.len(), lines[20]), (1, 21, "and 12 more"));
    let found = json(&crawled.path(""), &["verify"]);
    assert_eq!((found["problems"].as_array().unwrap().len(), &found["problem_count"]), (20, &32.into()));
}

#[test]
fn a_store_that_is_not_one_is_told_as_a_crawl_tells_it() {
    let foreign = |dir: &Path| fs::write(dir.join("crawl/store.sqlite"), "notes").unwrap();
    let newer = |dir: &Path| store(dir).execute_batch("PRAGMA user_version = 2").unwrap();
    let damaged = |dir: &Path| {
        let file = dir.join("crawl/store.sqlite");
        let mut bytes = fs::read(&file).unwrap();
        bytes[8192..].fill(7);
        fs::write(file, bytes).unwrap();
    };
    let missing = |dir: &Path| fs::remove_file(dir.join("crawl/store.sqlite")).unwrap();
    let cases: [(Change<'_>, i32, &str); 5] = [
        (&foreign, 2, "error: crawl/store.sqlite is not a store of crawler"),
        (&newer, 2, "error: crawl/store.sqlite was made by a newer crawler (version 2 of the store; this one knows 1)"),
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

#[test]
fn records_that_went_to_stdout_cannot_be_checked_and_that_is_said() {
    let crawled = Crawl::of(folder("three-levels").to_string_lossy()).arg("--output", "-").run();
    let run = Run::new(&crawled.path(""), &["verify"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(
        run.stdout,
        "ok: 17 URLs, 13 records in stdout, 62 links, 1 host\n\
         stdout cannot be read again: its records were not checked\n"
    );
    // A file as well, when the shell has opened it.
    let dir = tempfile::tempdir().unwrap();
    let site = folder("three-levels");
    let args = ["-q", "--seed", site.to_str().unwrap(), "-o", "/dev/stdout"];
    let out = fs::File::create(dir.path().join("out")).unwrap();
    let crawl = Command::new(env!("CARGO_BIN_EXE_crawler")).current_dir(dir.path()).args(args).stdout(out).status();
    assert!(crawl.unwrap().success());
    let run = Run::new(dir.path(), &["verify"]);
    assert_eq!((run.code, run.stdout.contains("cannot be read again")), (0, true), "{}", run.stdout);
}

/// A crawl with its first page settled and five more, four requests that are held, and eleven that wait.
fn held() -> (Server, crate::support::Running) {
    let pages: Vec<String> = (0..20).map(|n| format!("/{n:02}")).collect();
    let site = Site::default().with("/", Reply::links("home", &pages));
    let server = Server::start(pages.iter().fold(site, |site, page| site.with(page, Reply::html("page"))).routes());
    pages.iter().skip(5).for_each(|page| server.hold(page));
    let crawl = Crawl::of(server.url("/")).concurrency(4).start();
    server.wait_for("four that are held", |log| log.in_flight == 4);
    (server, crawl)
}

#[test]
fn a_crawl_can_be_verified_while_it_runs_and_after_it_was_killed() {
    let (server, crawl) = held();
    let dir = crawl.path("");
    let found = wait_for(&dir, &["verify"], |found| found["records"] == 6);
    assert_eq!((&found["ok"], &found["urls"], &found["outputs"][0]["lines"]), (&true.into(), &21.into(), &6.into()));

    let killed = crawl.kill();
    assert_eq!(killed.code, None);
    // What had come since the last commit lies behind it.
    let behind = fs::read_to_string(dir.join("crawl/pages.jsonl")).unwrap() + "{\"url\":\"http";
    fs::write(dir.join("crawl/pages.jsonl"), behind).unwrap();
    assert_eq!(json(&dir, &["verify"])["ok"], true);
    drop((server, killed));
}

#[test]
fn corrected_records_may_be_about_to_take_their_place() {
    let crawled = on_disk();
    let dir = crawled.path("");
    let [file, beside] = ["crawl/pages.jsonl", "crawl/pages.jsonl.tmp"].map(|name| dir.join(name));
    let (old, new) =
        (fs::read_to_string(&file).unwrap().replacen("\"depth\":0", "\"depth\":10", 1), fs::read(&file).unwrap());
    let sql = format!("UPDATE output SET length = {}, amended = {}", old.len(), new.len());
    store(&dir).execute_batch(&format!("{sql}; UPDATE url SET moved = 1 WHERE record = 1")).unwrap();
    // Prepared, and not yet in its place.
    fs::write(&file, old).unwrap();
    fs::write(&beside, &new).unwrap();
    assert_eq!(json(&dir, &["verify"])["problems"], serde_json::json!([]));
    fs::write(&beside, &new[..100]).unwrap();
    assert_eq!(json(&dir, &["verify"])["ok"], false);
    // In its place, and the store does not know it yet.
    fs::write(&beside, &new).unwrap();
    fs::rename(&beside, &file).unwrap();
    assert_eq!(json(&dir, &["verify"])["problems"], serde_json::json!([]));
}

/// Each helper that reads the store.
const HELPERS: [&[&str]; 1] = [&["verify"]];
