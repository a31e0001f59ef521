//! Copied: a crawl of a database as a file of SQLite: one that nobody else sees and nothing is left of, so that whoever looks at a
//! crawl looks at every one in the same way.

use std::path::{Path, PathBuf};

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, params_from_iter};

use super::checksum::{EDGES, HOST, MANNERS, OUTPUT, SEED, SEED_REDIRECT, SESSION, SETTING, SITEMAP, Table, URL};
use super::database::{Database, failed};
use super::open::SCHEMA;
use crate::error::Result;
use crate::store::code::states;
use crate::store::postgres::{Joined, Of, Snapshot, Value};
use crate::store::{NodeFile, Overview};

impl Database {
    /// That of the crawl of which a directory is a node, with who else crawls it; `None` when it has not begun. A URL has the
    /// record that it has in an output of this node, and beside that what no file of a crawl has: its bucket, its number there, and
    /// where its record is.
    pub(super) fn copied(node: &NodeFile, part: Part) -> Result<Option<(Self, Option<Overview>)>> {
        let Some(mut snapshot) = Snapshot::open(node)? else { return Ok(None) };
        let overview = if part == Part::All { Some(snapshot.overview()?) } else { None };
        let path = PathBuf::from(snapshot.shown());
        let failed = |error: rusqlite::Error| failed(&path, "copy", &error);
        // Without a name it is on disk, and gone when it is closed (sqlite.org/inmemorydb.html).
        let connection = Connection::open("").map_err(failed)?;
        connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN").map_err(failed)?;
        connection.execute_batch(SCHEMA).map_err(failed)?;
        connection.execute_batch(BESIDE).map_err(failed)?;
        if part == Part::Notes {
            fill(&connection, &path, &mut Joined::unjoined(&mut snapshot), &To::LookAtNotes)?;
            connection.execute_batch("COMMIT").map_err(failed)?;
            return Ok(Some((Self { connection, path }, overview)));
        }
        fill(&connection, &path, &mut Joined::new(&mut snapshot)?, &To::Look)?;
        let insert = "INSERT INTO letter (key, bucket, url, depth) VALUES (?, ?, ?, ?)";
        let mut insert = connection.prepare(insert).map_err(failed)?;
        snapshot.each("SELECT key, bucket, url, depth FROM mail", &mut |values| {
            insert.execute(params_from_iter(values.into_iter().map(sql_value))).map(drop).map_err(failed)
        })?;
        drop(insert);
        connection.execute_batch("COMMIT").map_err(failed)?;
        Ok(Some((Self { connection, path }, overview)))
    }
}

/// What is copied of a crawl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    All,
    /// What is not of single URLs and hosts: the settings, the outputs, the runs.
    Notes,
}

/// What becomes of a copy.
pub(super) enum To<'a> {
    /// Somebody looks at it.
    Look,
    /// The same, at what is not of single URLs and hosts.
    LookAtNotes,
    /// A crawl goes on with it: rows have checksums, and the settings say where that is.
    GoOn { settings: &'a dyn Fn(&str) -> String },
}

/// Writes all rows.
pub(super) fn fill(connection: &Connection, path: &Path, joined: &mut Joined<'_>, to: &To<'_>) -> Result<()> {
    let failed = |error: rusqlite::Error| failed(path, "copy", &error);
    for (code, name) in states() {
        connection.execute("INSERT INTO state (code, name) VALUES (?1, ?2)", (code, name)).map_err(failed)?;
    }
    let large = [HOST.name, URL.name, EDGES.name, MANNERS.name, SITEMAP.name];
    for (table, of, sql) in TABLES {
        if matches!(to, To::LookAtNotes) && large.contains(&table.name) {
            continue;
        }
        let beside = if table.name == URL.name { BESIDE_OF_URLS.as_slice() } else { &[] };
        let mut insert = connection.prepare(&insert(table, beside, to)).map_err(failed)?;
        joined.each(*of, sql, &mut |values| {
            let mut values = in_order(table, values);
            if let To::GoOn { settings } = to {
                values.truncate(table.columns.len());
                if let (true, [Value::Text(name), Value::Text(value)]) = (table.name == SETTING.name, &mut values[..])
                    && name == "settings"
                {
                    *value = settings(value);
                }
            }
            insert.execute(params_from_iter(values.into_iter().map(sql_value))).map(drop).map_err(failed)
        })?;
    }
    Ok(())
}

fn insert(table: &Table, beside: &[&str], to: &To<'_>) -> String {
    let marks = |count: usize| (1..=count).map(|at| format!("?{at}")).collect::<Vec<_>>();
    if matches!(to, To::GoOn { .. }) {
        let marks = marks(table.columns.len());
        return table.insert("INSERT", &marks.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let columns: Vec<_> = table.columns.iter().chain(beside).copied().collect();
    format!("INSERT INTO {} ({}) VALUES ({})", table.name, columns.join(", "), marks(columns.len()).join(", "))
}

/// Those of a URL come with its numbers first.
fn in_order(table: &Table, mut values: Vec<Value>) -> Vec<Value> {
    if table.name == URL.name && values.len() > AFTER_HOST {
        // id, referrer, host, key, url, state, depth, hops, … are id, key, url, state, depth, hops, referrer, host, …
        if let Some(moved) = values.get_mut(1..AFTER_HOST) {
            moved.rotate_left(2);
        }
    }
    values
}

fn sql_value(value: Value) -> SqlValue {
    match value {
        Value::None => SqlValue::Null,
        Value::Integer(number) => SqlValue::Integer(number),
        Value::Text(text) => SqlValue::Text(text),
        Value::Bytes(bytes) => SqlValue::Blob(bytes),
    }
}

/// How many columns of a URL there are up to its host.
const AFTER_HOST: usize = 8;
/// What no file of a crawl has.
const BESIDE: &str = "ALTER TABLE url ADD COLUMN bucket INTEGER; ALTER TABLE url ADD COLUMN place INTEGER; \
    ALTER TABLE url ADD COLUMN file INTEGER; ALTER TABLE url ADD COLUMN line INTEGER; \
    CREATE TABLE letter (key BLOB NOT NULL, bucket INTEGER NOT NULL, url TEXT NOT NULL, depth INTEGER NOT NULL) STRICT";
/// The bucket of a URL, its number there, whose its record is and which.
pub(super) const BESIDE_OF_URLS: [&str; 4] = ["bucket", "place", "file", "line"];

/// Each table with its rows in the database. A referrer of another bucket is the page of that URL.
const TABLES: &[(&Table, Of, &str)] = &[
    (&HOST, Of::Hosts, "SELECT bucket, id, name FROM host ORDER BY bucket, id"),
    (
        &URL,
        Of::Urls,
        "SELECT u.bucket, u.id, CASE WHEN r.id IS NULL THEN u.bucket ELSE r.bucket END, coalesce(u.referrer, r.id), u.host, \
         u.key, u.url, u.state, u.depth, u.hops, u.attempts, ceil(extract(epoch FROM u.due) * 1000)::bigint, \
         CASE WHEN n.id IS NOT NULL THEN u.record END, u.status, u.error, u.bytes, \
         CASE WHEN n.id IS NOT NULL AND m.id IS NOT NULL THEN 1 END, u.untold, u.mention, u.link_text, \
         u.bucket, u.id, u.file, u.record FROM url AS u \
         LEFT JOIN moved AS m ON m.file = u.file AND m.record = u.record \
         LEFT JOIN node AS n ON n.file = u.file AND n.id = {node} \
         LEFT JOIN (SELECT bucket, id, url FROM url WHERE state BETWEEN 0 AND 5 \
         AND EXISTS (SELECT FROM url WHERE referrer_url IS NOT NULL)) AS r ON r.url = u.referrer_url \
         WHERE u.state <> 15 ORDER BY u.bucket, u.id",
    ),
    (&EDGES, Of::Edges, "SELECT bucket, id, links FROM edges ORDER BY bucket, id"),
    (&MANNERS, Of::Nothing, "SELECT DISTINCT ON (host) host, saved FROM manners ORDER BY host, bucket"),
    (&SITEMAP, Of::Nothing, "SELECT url, saved FROM sitemap ORDER BY bucket, id"),
    (&SEED, Of::Nothing, "SELECT url FROM seed"),
    (&SEED_REDIRECT, Of::Nothing, "SELECT url, target FROM seed_redirect ORDER BY epoch"),
    (&OUTPUT, Of::Nothing, "SELECT name, length, amended, crc FROM output WHERE node = {node}"),
    (
        &SESSION,
        Of::Nothing,
        "SELECT version, pid, (extract(epoch FROM started_at) * 1000)::bigint, \
         (extract(epoch FROM committed_at) * 1000)::bigint, records_before, records, state FROM session WHERE node = {node} \
         ORDER BY id",
    ),
    (
        &SETTING,
        Of::Nothing,
        "SELECT name, value FROM note WHERE node IN ('', {node}) AND name NOT LIKE 'cookies of %' \
         UNION ALL (SELECT DISTINCT ON (name) name, value FROM (SELECT name, value, 0 AS rank FROM bucket_note \
         UNION ALL SELECT name, value, 1 FROM note WHERE node IN ('', {node})) AS c WHERE name LIKE 'cookies of %' ORDER BY name, rank) \
         UNION ALL SELECT 'traps', '[' || string_agg(substr(value, 2, length(value) - 2), ',' ORDER BY bucket) || ']' \
         FROM bucket_note WHERE name = 'traps' AND value <> '[]' HAVING count(*) > 0 UNION ALL SELECT v.name, v.value FROM \
         (SELECT * FROM settings ORDER BY version DESC LIMIT 1) AS s, LATERAL (VALUES ('url_rules', s.url_rules), \
         ('robots', s.robots), ('folder', s.folder), ('archives', s.archives), ('settings', s.toml)) AS v(name, value)",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_a_url_are_in_the_order_of_its_table() {
        let given = ["id", "referrer", "host", "key", "url", "state", "depth", "hops", "attempts"];
        let values = given.map(|name| Value::Text(name.to_owned())).to_vec();
        let expected: Vec<_> = URL.columns.iter().take(9).map(|name| Value::Text((*name).to_owned())).collect();
        assert_eq!(in_order(&URL, values), expected);
    }
}
