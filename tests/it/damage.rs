//! A crawl directory that is not as the crawl has left it: told apart, told to the user, and never overwritten.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use crawler::internals::store::APPLICATION_ID;
use rusqlite::Connection;

use crate::support::{Crawl, Crawled, Server, Site};

/// What is done to a file.
type Change = fn(&Path);
/// What is done to what a crawl has left.
type Loss = fn(&Crawled);

fn small_site() -> Server {
    Server::start(Site::linked(&[("/", &["/a", "/b"]), ("/a", &["/c"]), ("/b", &[]), ("/c", &[])]).routes())
}

/// A crawl that has two of its four pages.
fn half(server: &Server) -> Crawled {
    let half = Crawl::of(server.url("/")).arg("--max-pages", "2").run();
    assert_eq!(half.assert_code(0).records.len(), 2);
    half
}

fn change(store: &Path, sql: &str) {
    Connection::open(store).unwrap().execute_batch(sql).unwrap();
}

/// The content of a crawl directory, but for the lock.
fn content(crawled: &Crawled) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(crawled.path("crawl")).unwrap().map(|file| file.unwrap().path());
    let mut content: Vec<_> = files
        .filter(|file| !file.ends_with("lock"))
        .map(|file| (file.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&file).unwrap()))
        .collect();
    content.sort();
    content
}

/// What the next run says to a directory in which this was done.
fn refusal(server: &Server, left: &Crawled, code: i32) -> String {
    let (before, asked) = (content(left), server.log(|log| log.arrivals.len()));
    let run = Crawl::of(server.url("/")).talkative().on(left).run();
    assert_eq!((run.code, run.stdout.as_str()), (Some(code), ""), "{}", run.stderr);
    let names = |content: &[(String, Vec<u8>)]| content.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let after = content(left);
    assert!(after == before, "changed: {:?}, before: {:?}; {}", names(&after), names(&before), run.stderr);
    assert_eq!(server.log(|log| log.arrivals.len()), asked, "{}", run.stderr);
    run.stderr.replace(&server.host(), "HOST")
}

#[test]
fn a_file_that_is_no_store_of_this_program_is_never_touched() {
    let foreign: [(&str, Change); 4] = [
        ("another program's SQLite file", |store| {
            change(store, "CREATE TABLE precious (x); INSERT INTO precious VALUES (1);");
        }),
        ("text", |store| fs::write(store, "precious").unwrap()),
        ("a store that was cut in its head", |store| {
            let head = fs::read(store).unwrap()[..40].to_vec();
            fs::write(store, head).unwrap();
        }),
        ("a store in another mode of SQLite", |store| change(store, "PRAGMA application_id = 1;")),
    ];
    let server = small_site();
    let mut messages = String::new();
    for (what, make) in foreign {
        for alone in [true, false] {
            let left = half(&server);
            let store = left.path("crawl/store.sqlite");
            if alone {
                for file in ["pages.jsonl", "summary.json"] {
                    fs::remove_file(left.path("crawl").join(file)).unwrap();
                }
            }
            if what.starts_with("another") || what == "text" {
                fs::remove_file(&store).unwrap();
            }
            make(&store);
            let message = refusal(&server, &left, 2);
            let before = content(&left);
            let fresh = Crawl::of(server.url("/")).flag("--fresh").on(&left).run();
            assert_eq!((fresh.code, content(&left) == before), (Some(2), true), "{what}: {}", fresh.stderr);
            assert_eq!(fresh.stderr.replace(&server.host(), "HOST"), message, "{what}");
            if alone {
                messages.extend(["# ", what, "\n", &message, "\n"]);
            }
        }
    }
    insta::assert_snapshot!("foreign_store", messages);
}

#[test]
fn a_store_that_cannot_be_read_is_told_apart_and_left_as_it_is() {
    let damaged: [(&str, i32, Change); 9] = [
        ("of a newer version", 2, |store| change(store, "PRAGMA user_version = 99;")),
        ("cut in the middle", 1, |store| {
            let length = fs::metadata(store).unwrap().len();
            File::options().write(true).open(store).unwrap().set_len(length / 2).unwrap();
        }),
        ("with pages of something else", 1, |store| {
            let mut bytes = fs::read(store).unwrap();
            bytes[8192..5 * 8192].fill(0xa5);
            fs::write(store, bytes).unwrap();
        }),
        ("with an unknown state", 1, |store| change(store, "UPDATE url SET state = 14 WHERE id = 1;")),
        ("with a flipped bit in a URL", 1, |store| {
            change(store, "UPDATE url SET url = 'ittp' || substr(url, 5) WHERE id = 1;");
        }),
        ("with a flipped bit in a setting", 1, |store| {
            change(store, "UPDATE setting SET value = replace(value, 'depth', 'eepth') WHERE name = 'settings';");
        }),
        ("with a text that is no URL, of an earlier build", 1, |store| {
            change(store, "UPDATE url SET url = 'http:/', checksum = NULL WHERE id = 1;");
        }),
        ("without a URL", 1, |store| change(store, "DELETE FROM url WHERE id = 1;")),
        ("without a table", 1, |store| change(store, "DROP VIEW page; DROP TABLE seed;")),
    ];
    let server = small_site();
    let mut messages = String::new();
    for (what, code, damage) in damaged {
        let left = half(&server);
        damage(&left.path("crawl/store.sqlite"));
        messages.extend(["# a store ", what, "\n", &refusal(&server, &left, code), "\n"]);
        let fresh = Crawl::of(server.url("/")).flag("--fresh").on(&left).run();
        assert_eq!(fresh.assert_code(0).records.len(), 4, "{what}");
    }
    insta::assert_snapshot!("damaged_store", messages);
}

#[test]
fn a_store_that_was_never_finished_is_made_again() {
    let server = small_site();
    // Nothing is written yet, or all of it was taken back.
    let unfinished: [Change; 2] = [
        |store| fs::write(store, "").unwrap(),
        |store| {
            change(store, &format!("PRAGMA application_id = {APPLICATION_ID};"));
        },
    ];
    for leave in unfinished {
        let bare = Crawl::of(server.url("/"));
        fs::create_dir(bare.path("crawl")).unwrap();
        leave(&bare.path("crawl/store.sqlite"));
        assert_eq!(bare.run().assert_code(0).records.len(), 4);
    }
}

#[test]
fn an_output_that_cannot_be_gone_on_with_is_told_and_left_as_it_is() {
    let damaged: [(&str, i32, Loss); 2] = [
        ("store.sqlite is not there", 2, |left| fs::remove_file(left.path("crawl/store.sqlite")).unwrap()),
        ("a corrected file that is not whole", 1, |left| {
            change(&left.path("crawl/store.sqlite"), "UPDATE output SET amended = 99999, checksum = NULL");
            fs::write(left.path("crawl/pages.jsonl.tmp"), "half").unwrap();
        }),
    ];
    let server = small_site();
    let mut messages = String::new();
    for (what, code, damage) in damaged {
        let left = half(&server);
        damage(&left);
        messages.extend(["# ", what, "\n", &refusal(&server, &left, code), "\n"]);
        let fresh = Crawl::of(server.url("/")).flag("--fresh").on(&left).run();
        assert_eq!(fresh.assert_code(0).records.len(), 4, "{what}");
    }
    insta::assert_snapshot!("damaged_output", messages);
}

#[test]
fn an_output_that_cannot_be_written_to_is_told_before_all_urls_are_read() {
    let server = small_site();
    let left = half(&server);
    // Whoever reads it says so.
    change(&left.path("crawl/store.sqlite"), "UPDATE url SET depth = 7 WHERE state = 0");
    let output = left.path("crawl/pages.jsonl");
    let records = fs::read(&output).unwrap();
    let told = |code| {
        let run = Crawl::of(server.url("/")).talkative().on(&left).run();
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        run.stderr
    };
    fs::remove_file(&output).unwrap();
    fs::create_dir(&output).unwrap();
    let stderr = told(1);
    assert!(stderr.contains("open") && stderr.contains("pages.jsonl") && !stderr.contains("damaged"), "{stderr}");
    fs::remove_dir(&output).unwrap();
    fs::write(&output, records).unwrap();
    let stderr = told(1);
    assert!(stderr.contains("damaged"), "{stderr}");
}

#[test]
fn what_lies_behind_the_committed_records_is_cut_off() {
    let server = small_site();
    for behind in ["{\"url\":\"http://half.exa", "{\"url\":\"http://whole.example/\"}\n"] {
        let left = half(&server);
        let mut pages = File::options().append(true).open(left.path("crawl/pages.jsonl")).unwrap();
        pages.write_all(behind.as_bytes()).unwrap();
        let crawled = Crawl::of(server.url("/")).on(&left).run();
        assert_eq!(crawled.assert_code(0).records.len(), 4);
        assert!(crawled.urls().iter().all(|url| url.starts_with(&server.url(""))), "{:?}", crawled.urls());
    }
}
