//! Copied: a crawl of a database as a file of SQLite that nobody else sees and nothing is left of, so that whoever looks at a
//! crawl looks at every one in the same way.

use std::path::PathBuf;

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, params_from_iter};

use super::database::{Database, failed};
use super::open::SCHEMA;
use crate::error::Result;
use crate::store::NodeFile;
use crate::store::code::states;
use crate::store::postgres::{Snapshot, Value};

impl Database {
    /// That of the crawl of which a directory is a node; `None` when it has not begun.
    pub(super) fn copied(node: &NodeFile) -> Result<Option<Self>> {
        let Some(mut snapshot) = Snapshot::open(node)? else { return Ok(None) };
        let path = PathBuf::from(snapshot.shown());
        let failed = |error: rusqlite::Error| failed(&path, "copy", &error);
        // Without a name it is on disk, and gone when it is closed (sqlite.org/inmemorydb.html).
        let connection = Connection::open("").map_err(failed)?;
        connection.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN").map_err(failed)?;
        connection.execute_batch(SCHEMA).map_err(failed)?;
        for (code, name) in states() {
            connection.execute("INSERT INTO state (code, name) VALUES (?1, ?2)", (code, name)).map_err(failed)?;
        }
        for (table, columns, sql) in TABLES {
            let marks = vec!["?"; columns.split(',').count()].join(", ");
            let insert = format!("INSERT INTO {table} ({columns}) VALUES ({marks})");
            let mut insert = connection.prepare(&insert).map_err(failed)?;
            snapshot.each(sql, &mut |values| {
                insert.execute(params_from_iter(values.into_iter().map(sql_value))).map(drop).map_err(failed)
            })?;
        }
        connection.execute_batch("COMMIT").map_err(failed)?;
        Ok(Some(Self { connection, path }))
    }
}

fn sql_value(value: Value) -> SqlValue {
    match value {
        Value::None => SqlValue::Null,
        Value::Integer(number) => SqlValue::Integer(number),
        Value::Text(text) => SqlValue::Text(text),
        Value::Bytes(bytes) => SqlValue::Blob(bytes),
    }
}

/// Each table with its columns, and what they are in the database.
const TABLES: [(&str, &str, &str); 10] = [
    ("host", "id, name", "SELECT id, name FROM host WHERE bucket = 0 ORDER BY id"),
    (
        "url",
        "id, key, url, state, depth, hops, referrer, host, attempts, due, record, status, error, bytes, moved, untold, mention, \
         link_text",
        "SELECT u.id, u.key, u.url, u.state, u.depth, u.hops, u.referrer, u.host, u.attempts, \
         ceil(extract(epoch FROM u.due) * 1000)::bigint, u.record, u.status, u.error, u.bytes, \
         CASE WHEN m.id IS NOT NULL THEN 1 END, u.untold, u.mention, u.link_text FROM url AS u \
         LEFT JOIN moved AS m ON m.file = u.file AND m.record = u.record WHERE u.bucket = 0 ORDER BY u.id",
    ),
    ("edges", "id, links", "SELECT id, links FROM edges WHERE bucket = 0 ORDER BY id"),
    ("manners", "host, saved", "SELECT host, saved FROM manners ORDER BY host"),
    ("sitemap", "id, url, saved", "SELECT id, url, saved FROM sitemap WHERE bucket = 0 ORDER BY id"),
    ("seed", "url", "SELECT url FROM seed"),
    ("seed_redirect", "id, url, target", "SELECT epoch, url, target FROM seed_redirect ORDER BY epoch"),
    ("output", "name, length, amended, crc", "SELECT name, length, amended, crc FROM output WHERE node = {node}"),
    (
        "session",
        "id, version, pid, started_at, committed_at, records_before, records, state",
        "SELECT id, version, pid, (extract(epoch FROM started_at) * 1000)::bigint, \
         (extract(epoch FROM committed_at) * 1000)::bigint, records_before, records, state FROM session WHERE node = {node}",
    ),
    (
        "setting",
        "name, value",
        "SELECT name, value FROM note WHERE node IN ('', {node}) AND name NOT LIKE 'cookies of %' UNION ALL SELECT 'traps', '[' || string_agg(substr(value, 2, length(value) - 2), ',' ORDER BY bucket) || ']' FROM bucket_note \
         WHERE name = 'traps' HAVING count(*) > 0 UNION ALL SELECT v.name, v.value FROM \
         (SELECT * FROM settings ORDER BY version DESC LIMIT 1) AS s, LATERAL (VALUES ('url_rules', s.url_rules), \
         ('robots', s.robots), ('folder', s.folder), ('archives', s.archives), ('settings', s.toml)) AS v(name, value)",
    ),
];
