//! What a process that was killed has made durable: read without the help of the program, from a copy, or by `psql`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde_json::Value;

use crate::support::records;

/// The part of a crawl that must not be lost, and must not come again.
#[derive(Debug, Default)]
pub(crate) struct Committed {
    /// The URLs that are settled.
    pub(crate) settled: BTreeSet<String>,
    /// The URLs that are to be tried again.
    pub(crate) tried: BTreeSet<String>,
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
        #[cfg(feature = "postgres")]
        if dir.join("node").exists() {
            return crate::in_database::Schema::of(dir).map_or_else(Self::default, |schema| Self::of(&schema, dir));
        }
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
        Self::of(&store, dir)
    }

    fn of(store: &dyn Asked, dir: &Path) -> Self {
        let urls = urls(store);
        assert_accounts_add_up(store, &urls);
        let settled: BTreeMap<i64, &Url> = urls.iter().filter_map(|url| Some((url.record?, url))).collect();
        for lines in outputs(store, dir) {
            assert_is_one(&lines, &settled);
        }
        Self {
            settled: settled.values().map(|url| url.text.clone()).collect(),
            tried: urls.iter().filter(|url| url.state == 0 && url.attempts > 0).map(|url| url.text.clone()).collect(),
            moved: settled.values().filter(|url| url.moved).count(),
        }
    }
}

/// A store that answers SQL: each row as texts, a number as its digits.
pub(crate) trait Asked {
    fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>>;

    /// Whether the record of a URL is out of date.
    fn moved(&self) -> &'static str;

    /// The URLs, each where it is at home, numbered over all of them.
    fn urls(&self) -> &'static str;
}

impl Asked for Connection {
    fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        let mut statement = self.prepare(sql).unwrap();
        let columns = statement.column_count();
        let text = |value: ValueRef<'_>| match value {
            ValueRef::Null => None,
            ValueRef::Integer(number) => Some(number.to_string()),
            value => Some(value.as_str().unwrap().to_owned()),
        };
        let row = |row: &Row<'_>| (0..columns).map(|at| Ok(text(row.get_ref(at)?))).collect();
        statement.query_map([], row).unwrap().map(Result::unwrap).collect()
    }

    fn moved(&self) -> &'static str {
        "moved"
    }

    fn urls(&self) -> &'static str {
        "url"
    }
}

fn urls(store: &dyn Asked) -> Vec<Url> {
    let (moved, table) = (store.moved(), store.urls());
    let sql = format!("SELECT id, url, state, depth, record, status, attempts, host, {moved} FROM {table} ORDER BY id");
    let url = |row: Vec<Option<String>>| {
        let number = |at: usize| row[at].as_ref().map(|number| number.parse::<i64>().unwrap());
        Url {
            id: number(0).unwrap(),
            text: row[1].clone().unwrap(),
            state: number(2).unwrap(),
            depth: number(3).unwrap(),
            record: number(4),
            status: number(5),
            attempts: number(6).unwrap(),
            has_host: row[7].is_some(),
            moved: row[8].is_some(),
        }
    };
    store.rows(&sql).into_iter().map(url).collect()
}

/// Every URL is in one state, and has what that state needs.
fn assert_accounts_add_up(store: &dyn Asked, urls: &[Url]) {
    for (at, url) in (0_i64..).zip(urls) {
        assert_eq!(url.id, at, "URLs are numbered without a gap: {url:?}");
        let is_settled = (1..16).contains(&url.state);
        assert_eq!(url.record.is_some(), is_settled, "a record for each settled URL and for no other: {url:?}");
        assert!(!is_settled || url.attempts > 0, "{url:?}");
        assert!(url.state != 0 || url.has_host, "what is pending waits at a host: {url:?}");
    }
    let distinct = number(store, &format!("SELECT count(DISTINCT key) FROM {}", store.urls()));
    assert_eq!(usize::try_from(distinct), Ok(urls.len()), "each URL is known once");
    let unknown = number(store, "SELECT count(*) FROM url WHERE state NOT IN (SELECT code FROM state)");
    assert_eq!(unknown, 0);
    let records = number(store, "SELECT coalesce((SELECT records FROM session ORDER BY id DESC LIMIT 1), 0)");
    assert_eq!(usize::try_from(records), Ok(urls.iter().filter(|url| url.record.is_some()).count()));
}

/// The committed part of the output, as lines: both forms of it while the amended one is about to take its place.
fn outputs(store: &dyn Asked, dir: &Path) -> Vec<Vec<Value>> {
    let mut found = Vec::new();
    for row in store.rows("SELECT name, length, amended FROM output") {
        let number = |at: usize| row[at].as_ref().map(|number| number.parse::<i64>().unwrap());
        let (name, length, amended) = (row[0].clone().unwrap(), number(1).unwrap(), number(2));
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

fn number(store: &dyn Asked, sql: &str) -> i64 {
    store.rows(sql)[0][0].as_ref().unwrap().parse().unwrap()
}

fn one<T: rusqlite::types::FromSql>(store: &Connection, sql: &str) -> T {
    store.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// By the number that they have in the store.
const OUTCOMES: [&str; 6] = ["", "ok", "redirect", "http_error", "failed", "payment_required"];
