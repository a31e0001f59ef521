//! `crawler verify`: what is said of a whole crawl, of one that runs or was killed, and of each damage.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cli::Run;
use crate::inspect::{Change, HELPERS, files, held, json, on_disk, store, wait_for};
use crate::support::{Crawl, Reply, Server, Site, WarcRecord, archived, folder};

#[test]
fn a_whole_crawl_is_verified_and_nothing_of_it_is_changed() {
    let crawled = on_disk();
    let before = files(&crawled.path(""));
    let run = Run::new(&crawled.path(""), &["verify"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!(run.stdout, "ok: 17 URLs, 13 records in crawl/pages.jsonl, 62 links, 1 host\n");
    let found = json(&crawled.path(""), &["verify", "crawl"]);
    assert_eq!((&found["ok"], &found["outputs"][0]["lines"]), (&true.into(), &13.into()));
    for helper in HELPERS {
        assert_eq!(Run::new(&crawled.path(""), helper).code, 0, "{helper:?}");
    }
    assert!(files(&crawled.path("")) == before, "a store that nobody writes to is only read");
}

#[test]
fn an_archive_has_what_was_asked_for_last_of_a_url_that_redirects_to_another_spelling_of_itself() {
    let server = Server::start(
        Site::default()
            .with("/", Reply::links("home", ["/page?utm_source=x", "/%7Eu", "/loop?utm_source=x"]))
            .with("/page?utm_source=x", Reply::redirect(301, "/page"))
            .with("/page", Reply::html("<title>page</title>"))
            .with("/%7Eu", Reply::redirect(301, "/~u"))
            .with("/~u", Reply::html("<title>u</title>"))
            .with("/loop?utm_source=x", Reply::redirect(301, "/loop"))
            .with("/loop", Reply::redirect(301, "/loop"))
            .routes(),
    );
    let crawled = Crawl::of(server.url("/")).flag("--warc").run();
    crawled.assert_code(0);
    let records = archived(&crawled.path("crawl"));
    let of = |kind: &str, path: &str| {
        let is_it = |record: &&WarcRecord| record.kind() == kind && record.url() == server.url(path);
        records.iter().find(is_it).unwrap_or_else(|| panic!("no {kind} of {path}"))
    };
    for (first, last) in [("/page?utm_source=x", "/page"), ("/%7Eu", "/~u"), ("/loop?utm_source=x", "/loop")] {
        assert!(of("response", first).text().starts_with("HTTP/1.1 301"), "{first}");
        let last = records.iter().find(|record| record.url() == server.url(last) && record.kind() != "request");
        let (said, answer) = (of("metadata", first), last.unwrap());
        assert_eq!(said.field("WARC-Concurrent-To"), answer.field("WARC-Record-ID"), "{first}");
    }
    let run = Run::new(&crawled.path(""), &["verify"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
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
        ("a bit of the output has flipped", &lines(|lines| lines[1] = lines[1].replace("Teas", "Tdas"))),
        ("there is no output", &|dir| fs::remove_file(dir.join("crawl/pages.jsonl")).unwrap()),
        ("a settled URL is pending", &sql("UPDATE url SET state = 0 WHERE id = 3")),
        ("a settled URL has no record", &sql("UPDATE url SET record = NULL WHERE id = 3")),
        ("a record is there twice", &sql("UPDATE url SET record = 1 WHERE id = 3")),
        ("a state is none", &sql("UPDATE url SET state = 9 WHERE id = 16")),
        ("a bit of a URL has flipped", &sql("UPDATE url SET url = 'ittp' || substr(url, 5) WHERE id = 3")),
        ("a bit of a setting has flipped", &sql("UPDATE setting SET value = 'x' WHERE name = 'robots'")),
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
fn each_flipped_bit_of_the_output_is_told() {
    let crawled = on_disk();
    let file = crawled.path("crawl/pages.jsonl");
    let sound = fs::read(&file).unwrap();
    for bit in (0..sound.len() * 8).step_by(sound.len() * 8 / 40) {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&file, flipped).unwrap();
        let run = Run::new(&crawled.path(""), &["verify"]);
        assert_eq!((run.code, run.stderr.as_str()), (1, ""), "bit {bit}: {}", run.stdout);
    }
    fs::write(&file, sound).unwrap();
    assert_eq!(Run::new(&crawled.path(""), &["verify"]).code, 0);
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
    let sql = format!("UPDATE output SET length = {}, amended = {}, checksum = NULL", old.len(), new.len());
    store(&dir).execute_batch(&format!("{sql}; UPDATE url SET moved = 1, checksum = NULL WHERE record = 1")).unwrap();
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
