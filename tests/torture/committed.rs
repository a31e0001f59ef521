//! What a process that was killed has made durable: read without the help of the program, from a copy.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rusqlite::{Connection, Row};
use serde_json::Value;

use crate::support::records;

/// The part of a crawl that must not be lost, and must not come again.
#[derive(Debug, Default)]
pub(crate) struct Committed {
    /// The URLs that are settled.
    pub(crate) settled: BTreeSet<String>,
    /// How many records say a depth that a shorter path has made wrong: they are amended at the end of a run.
    pub(crate) moved: usize,
}

/// A row of the table `url`.
#[derive(Debug)]
struct Url {
    id: i64,
    text: String,
    state: i64,
    depth: i64,
    record: Option<i64>,
    status: Option<i64>,
    attempts: i64,
    has_host: bool,
    moved: bool,
}

impl Committed {
    /// Reads what is durable in a crawl directory, and asserts that store and output are one: each line whole, each URL
    /// once, a record for each URL that is settled and for no other, every URL in one state.
    #[track_caller]
    pub(crate) fn read(dir: &Path) -> Self {
        let copy = tempfile::tempdir().unwrap();
        // The log belongs to the store: nobody else may be the one who takes it in, or the next process would not have to.
        for name in ["store.sqlite", "store.sqlite-wal", "store.sqlite-journal"] {
            if dir.join(name).exists() {
                fs::copy(dir.join(name), copy.path().join(name)).unwrap();
            }
        }
        let store = Connection::open(copy.path().join("store.sqlite")).unwrap();
        let tables: i64 = one(&store, "SELECT count(*) FROM sqlite_schema");
        if tables == 0 {
            return Self::default();
        }
        assert_eq!(one::<String>(&store, "PRAGMA integrity_check"), "ok");
        let urls = urls(&store);
        assert_accounts_add_up(&store, &urls);
        let settled: BTreeMap<i64, &Url> = urls.iter().filter_map(|url| Some((url.record?, url))).collect();
        for lines in outputs(&store, dir) {
            assert_is_one(&lines, &settled);
        }
        Self {
            settled: settled.values().map(|url| url.text.clone()).collect(),
            moved: settled.values().filter(|url| url.moved).count(),
        }
    }
}

fn urls(store: &Connection) -> Vec<Url> {
    let sql = "SELECT id, url, state, depth, record, status, attempts, host, moved FROM url ORDER BY id";
    let url = |row: &Row<'_>| {
        Ok(Url {
            id: row.get(0)?,
            text: row.get(1)?,
            state: row.get(2)?,
            depth: row.get(3)?,
            record: row.get(4)?,
            status: row.get(5)?,
            attempts: row.get(6)?,
            has_host: row.get::<_, Option<i64>>(7)?.is_some(),
            moved: row.get::<_, Option<bool>>(8)?.unwrap_or_default(),
        })
    };
    let mut statement = store.prepare(sql).unwrap();
    statement.query_map([], url).unwrap().map(Result::unwrap).collect()
}

/// Every URL is in one state, and has what that state needs.
fn assert_accounts_add_up(store: &Connection, urls: &[Url]) {
    for (at, url) in (0_i64..).zip(urls) {
        assert_eq!(url.id, at, "URLs are numbered without a gap: {url:?}");
        let is_settled = (1..16).contains(&url.state);
        assert_eq!(url.record.is_some(), is_settled, "a record for each settled URL and for no other: {url:?}");
        assert!(!is_settled || url.attempts > 0, "{url:?}");
        assert!(url.state != 0 || url.has_host, "what is pending waits at a host: {url:?}");
    }
    let distinct: i64 = one(store, "SELECT count(DISTINCT key) FROM url");
    assert_eq!(usize::try_from(distinct), Ok(urls.len()), "each URL is known once");
    let unknown: i64 = one(store, "SELECT count(*) FROM url WHERE state NOT IN (SELECT code FROM state)");
    assert_eq!(unknown, 0);
    let records: i64 = one(store, "SELECT coalesce((SELECT records FROM session ORDER BY id DESC LIMIT 1), 0)");
    assert_eq!(usize::try_from(records), Ok(urls.iter().filter(|url| url.record.is_some()).count()));
}

/// The committed part of the output, as lines: both forms of it while the amended one is about to take its place.
fn outputs(store: &Connection, dir: &Path) -> Vec<Vec<Value>> {
    let mut statement = store.prepare("SELECT name, length, amended FROM output").unwrap();
    let output = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(2)?));
    let mut found = Vec::new();
    for (name, length, amended) in statement.query_map([], output).unwrap().map(Result::unwrap) {
        if name.starts_with("archive/") {
            let length = usize::try_from(length).unwrap();
            let bytes = fs::read(dir.join(&name)).unwrap_or_default();
            assert!(bytes.len() >= length, "{name} has {} bytes, but {length} are committed", bytes.len());
            // Each member whole, one record in each.
            records(&bytes[..length]);
            continue;
        }
        let (path, beside) = (dir.join(&name), dir.join(name + ".tmp"));
        match amended {
            Some(amended) if beside.exists() => found.extend([lines(&beside, amended), lines(&path, length)]),
            Some(amended) => found.push(lines(&path, amended)),
            None if length > 0 => found.push(lines(&path, length)),
            // It may not be there yet.
            None => {}
        }
    }
    found
}

fn lines(path: &Path, length: i64) -> Vec<Value> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let length = usize::try_from(length).unwrap();
    assert!(bytes.len() >= length, "{} has {} bytes, but {length} are committed", path.display(), bytes.len());
    let text = std::str::from_utf8(&bytes[..length]).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{} is committed to the middle of a line", path.display());
    let whole = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("half a line: {line}: {error}"));
    text.lines().map(whole).collect()
}

/// The lines are the records of exactly these URLs, in their order.
fn assert_is_one(lines: &[Value], settled: &BTreeMap<i64, &Url>) {
    assert_eq!(lines.len(), settled.len(), "as many lines as settled URLs");
    for (number, (line, (record, url))) in (1_i64..).zip(lines.iter().zip(settled)) {
        assert_eq!(*record, number);
        assert_eq!(line["url"], url.text.as_str());
        assert_eq!(line["outcome"], OUTCOMES[usize::try_from(url.state).unwrap()]);
        assert_eq!(line["status"].as_i64(), url.status);
        assert_eq!(line["attempts"], url.attempts, "{line}");
        let depth = line["depth"].as_i64().unwrap();
        assert!(depth == url.depth || (url.moved && depth > url.depth), "{line} is at {}", url.depth);
    }
}

fn one<T: rusqlite::types::FromSql>(store: &Connection, sql: &str) -> T {
    store.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// By the number that they have in the store.
const OUTCOMES: [&str; 6] = ["", "ok", "redirect", "http_error", "failed", "payment_required"];
