//! Exports of the real binary: each format, what is refused, and a crawl that goes on meanwhile.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use serde_json::Value;

use crate::cli::Run;
use crate::shop::rules;
use crate::support::{Crawl, Crawled, Server, Site, folder};

fn garden() -> Crawled {
    Crawl::of(folder("three-levels").to_string_lossy()).run()
}

fn export(crawled: &Crawled, args: &[&str]) -> Run {
    Run::new(&crawled.path(""), &[&["export"], args].concat())
}

#[track_caller]
fn exported(crawled: &Crawled, args: &[&str]) -> String {
    let run = export(crawled, args);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    run.stderr
}

fn read(crawled: &Crawled, name: &str) -> String {
    fs::read_to_string(crawled.path(name)).unwrap()
}

#[test]
fn an_export_without_a_selection_is_what_the_crawl_has_written() {
    let crawled = garden();
    let said = exported(&crawled, &["--to", "out.jsonl"]);
    assert!(said.starts_with("wrote out.jsonl: 13 rows, "), "{said}");
    assert_eq!(read(&crawled, "out.jsonl"), read(&crawled, "crawl/pages.jsonl"));
    exported(&crawled, &["crawl", "--to", "a/b/out.jsonl.gz"]);
    let packed = fs::read(crawled.path("a/b/out.jsonl.gz")).unwrap();
    assert!(packed.starts_with(&[0x1f, 0x8b]) && packed.len() < read(&crawled, "crawl/pages.jsonl").len());
}

#[test]
fn columns_and_rows_are_selected_in_each_format() {
    let crawled = garden();
    let selection =
        ["--columns", "depth,url,error.kind", "--where", "depth = 1 and outcome = 'ok' and title is not null"];
    exported(&crawled, &[&["--to", "out.csv"], &selection[..]].concat());
    let csv = read(&crawled, "out.csv");
    assert_eq!(csv.lines().next(), Some("\"depth\",\"url\",\"error.kind\""));
    assert!(
        csv.lines().count() > 2 && csv.lines().skip(1).all(|line| line.starts_with("1,http://localhost/")),
        "{csv}"
    );

    exported(&crawled, &[&["--to", "out.jsonl"], &selection[..]].concat());
    let lines: Vec<Value> =
        read(&crawled, "out.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), csv.lines().count() - 1);
    assert!(lines.iter().all(|line| line.as_object().unwrap().keys().eq(["depth", "url"])), "{lines:?}");

    exported(&crawled, &[&["--to", "out.sqlite"], &selection[..]].concat());
    let database = Connection::open(crawled.path("out.sqlite")).unwrap();
    let sql = "SELECT count(*) FROM pages WHERE depth = 1";
    let count = database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count, i64::try_from(lines.len()).unwrap());
}

#[test]
fn a_database_is_searched_by_words_of_what_people_read() {
    let garden =
        |flag: &str| Crawl::of(folder("three-levels").to_string_lossy()).arg("--rate", "none").flag(flag).run();
    // One stands in descriptions, the other only on the page.
    for (crawled, word) in
        [(garden("--sitemaps"), "since"), (garden("--text"), "kettle"), (garden("--markdown"), "kettle")]
    {
        exported(&crawled, &["--to", "out.db"]);
        let database = Connection::open(crawled.path("out.db")).unwrap();
        let found = "SELECT url FROM pages WHERE url LIKE '%about%' AND \
                     rowid IN (SELECT rowid FROM pages_fts WHERE pages_fts MATCH ?1)";
        let url: String = database.query_row(found, [word], |row| row.get(0)).unwrap();
        assert_eq!(url, "http://localhost/about.html");
    }
}

#[test]
fn links_are_rows_of_their_own() {
    let crawled = garden();
    exported(&crawled, &["--to", "links.csv", "--what", "links"]);
    let listed: usize = crawled.records.iter().map(|record| record["links"].as_array().map_or(0, Vec::len)).sum();
    let redirects = crawled.records.iter().filter(|record| record["location"].is_string()).count();
    let csv = read(&crawled, "links.csv");
    assert_eq!(csv.lines().count(), 1 + listed + redirects);
    assert!(csv.starts_with("\"source\",\"target\",\"kind\",\"position\"\r\n"), "{csv}");
}

#[test]
fn items_have_the_columns_and_types_of_their_rules() {
    let crawled = Crawl::of(folder("shop").to_string_lossy()).toml(&rules()).run();
    exported(&crawled, &["--to", "out.sqlite", "--what", "items:products"]);
    let database = Connection::open(crawled.path("out.sqlite")).unwrap();
    let sql: String = database.query_row("SELECT sql FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert!(sql.starts_with("CREATE TABLE \"products\" (\"page_url\" TEXT NOT NULL, "), "{sql}");
    let count = database.query_row("SELECT count(*) FROM products", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count, i64::try_from(read(&crawled, "crawl/items/products.jsonl").lines().count()).unwrap());
    let refused = export(&crawled, &["--to", "no.csv", "--what", "items:product"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("no items that are called `product`; allowed: products"), "{}", refused.stderr);
}

#[test]
fn items_in_a_table_are_exported_as_those_in_lines() {
    let crawl = |rules: &str| Crawl::of(folder("shop").to_string_lossy()).toml(rules).run();
    let (lines, table) = (crawl(&rules()), crawl(&rules().replace("\"jsonl\"", "\"csv\"")));
    let read_back = |crawled: &Crawled| {
        let columns = ["--columns", "page_url,title,price,link", "--where", "price > 100"];
        exported(crawled, &[&["--to", "out.jsonl", "--what", "items:products"], &columns[..]].concat());
        let mut lines: Vec<_> = read(crawled, "out.jsonl").lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let expected = read_back(&lines);
    assert!(expected.len() > 100 && !expected.iter().any(|line| line.contains("\"price\":\"")), "{}", expected[0]);
    assert!(read_back(&table) == expected);
    exported(&table, &["--to", "out.sqlite", "--what", "items:products"]);
    let database = Connection::open(table.path("out.sqlite")).unwrap();
    let sql = "SELECT count(*) FROM products WHERE typeof(price) = 'real' AND price > 100";
    let count = database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count, i64::try_from(expected.len()).unwrap());
}

#[test]
fn duplicates_are_exported_in_each_format_as_they_are_printed() {
    let server = Server::start(crate::duplicates::site().routes());
    let crawled = Crawl::of(server.url("/")).flag("--text").run();
    let printed = Run::new(&crawled.path(""), &["duplicates"]).stdout;
    assert_eq!(printed.lines().count(), 3);
    let duplicates = |to: &str| exported(&crawled, &["--to", to, "--what", "duplicates"]);
    let said = duplicates("out.jsonl");
    assert!(said.starts_with("wrote out.jsonl: 3 rows, "), "{said}");
    assert_eq!(read(&crawled, "out.jsonl"), printed);
    duplicates("out.csv");
    let csv = read(&crawled, "out.csv");
    assert!(csv.starts_with("\"url\",\"depth\",\"original\",\"equal\",\"distance\"\r\n"), "{csv}");
    assert_eq!(csv.lines().count(), 4);
    duplicates("out.db");
    let database = Connection::open(crawled.path("out.db")).unwrap();
    let sql: String = database.query_row("SELECT sql FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    let columns = "\"url\" TEXT NOT NULL, \"depth\" INTEGER NOT NULL, \"original\" TEXT NOT NULL, \"equal\" INTEGER NOT NULL, \
                   \"distance\" INTEGER NOT NULL";
    assert_eq!(sql, format!("CREATE TABLE \"duplicates\" ({columns}) STRICT"));
    #[cfg(feature = "parquet")]
    duplicates("out.parquet");
    exported(&crawled, &["--to", "equal.jsonl", "--what", "duplicates", "--where", "equal = true"]);
    assert_eq!(read(&crawled, "equal.jsonl").lines().count(), 2);
    let plain = Crawl::of(server.url("/")).run();
    let refused = export(&plain, &["--to", "out.csv", "--what", "duplicates"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("no record in crawl has a text to compare"), "{}", refused.stderr);
    assert!(!plain.path("out.csv").exists());
}

#[test]
fn what_is_wrong_is_refused_and_nothing_is_left() {
    let crawled = garden();
    fs::write(crawled.path("there.csv"), "mine").unwrap();
    let before = files(&crawled.path(""));
    let calls: &[&[&str]] = &[
        &[],
        &["--to", "there.csv"],
        &["--to", "out.xlsx"],
        &["--to", "out.json"],
        &["--to", "crawl/pages.jsonl", "--force"],
        &["--to", "crawl/store.sqlite", "--force"],
        &["--to", "out.csv", "--what", "page"],
        &["--to", "out.csv", "--what", "items:none"],
        &["--to", "out.csv", "--columns", "url,ttle"],
        &["--to", "out.csv", "--where", "outcome = okay"],
        &["--to", "out.csv", "--where", "outcome = 'okay'"],
        &["nowhere", "--to", "out.csv"],
    ];
    let mut messages = String::new();
    for args in calls {
        let run = export(&crawled, args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}: {}", run.stderr);
        messages.extend(["$ crawler export ", args.join(" ").as_str(), "\n", run.stderr.as_str(), "\n"]);
    }
    assert_eq!(files(&crawled.path("")), before);
    insta::assert_snapshot!("export_refused", messages);
    exported(&crawled, &["--to", "there.csv", "--force"]);
    assert!(read(&crawled, "there.csv").starts_with("\"url\","));
}

#[test]
fn a_running_crawl_is_exported_as_far_as_it_has_committed() {
    let server = Server::start(Site::endless());
    let running = Crawl::of(server.url("/")).start();
    let path = running.path("");
    let rows = |to: &str| {
        let run = Run::new(&path, &["export", "--to", to, "--columns", "url"]);
        if run.code == 0 { fs::read_to_string(path.join(to)).unwrap().lines().count() } else { 0 }
    };
    let mut seen = Vec::new();
    for nth in 0.. {
        let count = rows(&format!("{nth}.jsonl"));
        if count > 0 && seen.last().is_none_or(|last| count > *last) {
            seen.push(count);
        }
        if seen.len() == 2 {
            break;
        }
    }
    let killed = running.kill();
    let left = rows("killed.jsonl");
    assert!(left >= seen[1], "{left} {seen:?}");
    assert!(read(&killed, "crawl/pages.jsonl").lines().count() >= left);
}

#[test]
fn a_crawl_without_a_store_is_exported_by_its_whole_lines() {
    let crawled = Crawl::of(folder("three-levels").to_string_lossy()).flag("--no-store").run();
    let whole = read(&crawled, "crawl/pages.jsonl");
    fs::write(crawled.path("crawl/pages.jsonl"), format!("{whole}{{\"url\":")).unwrap();
    exported(&crawled, &["--to", "out.jsonl"]);
    assert_eq!(read(&crawled, "out.jsonl"), whole);
}

#[test]
fn records_that_went_to_stdout_are_gone() {
    let server = Server::start(Site::linked(&[("/", &[])]).routes());
    let crawled = Crawl::of(server.url("/")).arg("--output", "-").run();
    let refused = export(&crawled, &["--to", "out.csv"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("went to stdout: nobody can read them again"), "{}", refused.stderr);
}

/// The names of all files in a folder and below.
fn files(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(files(&path));
        } else {
            names.push(path.display().to_string());
        }
    }
    names.sort();
    names
}
