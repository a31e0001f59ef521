//! Raw: every row of a file as it is, for who copies the crawl to another place.

use rusqlite::Row as SqlRow;

use super::Database;
use super::open::LATE_COLUMNS;
use super::read::{SESSION, session};
use crate::error::Result;
use crate::frontier::Edge;
use crate::store::{Session, edges};

/// A URL as its row has it.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct RawUrl<'a> {
    pub(in crate::store) id: u32,
    pub(in crate::store) key: &'a [u8],
    pub(in crate::store) url: &'a str,
    pub(in crate::store) state: i64,
    pub(in crate::store) depth: i32,
    pub(in crate::store) hops: i16,
    pub(in crate::store) referrer: Option<u32>,
    /// The text of that.
    pub(in crate::store) referrer_url: Option<&'a str>,
    pub(in crate::store) host: Option<u32>,
    pub(in crate::store) attempts: i64,
    pub(in crate::store) due: Option<i64>,
    pub(in crate::store) record: Option<i64>,
    pub(in crate::store) status: Option<i16>,
    pub(in crate::store) error: Option<&'a str>,
    pub(in crate::store) bytes: Option<i64>,
    pub(in crate::store) moved: bool,
    pub(in crate::store) untold: Option<bool>,
    pub(in crate::store) mention: Option<i16>,
    pub(in crate::store) link_text: Option<&'a str>,
}

impl Database {
    /// Gives every URL to somebody, in the order of discovery.
    pub(in crate::store) fn raw_urls(&self, mut each: impl FnMut(RawUrl<'_>) -> Result<()>) -> Result<()> {
        let mut columns = COLUMNS.to_owned();
        for (name, _) in LATE_COLUMNS {
            columns.push_str(if self.has_column("url", name)? { ", u." } else { ", NULL AS " });
            columns.push_str(name);
        }
        let sql = format!("SELECT {columns} FROM url AS u LEFT JOIN url AS r ON r.id = u.referrer ORDER BY u.id");
        self.each(&sql, |row| Ok(each(raw(row)?)))
    }

    /// Gives every host with its number to somebody.
    pub(in crate::store) fn raw_hosts(&self, mut each: impl FnMut(u32, &str) -> Result<()>) -> Result<()> {
        self.each("SELECT id, name FROM host ORDER BY id", |row| Ok(each(row.get(0)?, row.get_ref(1)?.as_str()?)))
    }

    /// Gives what each page leads to to somebody.
    pub(in crate::store) fn raw_edges(&self, mut each: impl FnMut(u32, Vec<Edge>) -> Result<()>) -> Result<()> {
        self.each("SELECT id, links FROM edges ORDER BY id", |row| {
            let (id, links) = (row.get(0)?, edges::decode(row.get_ref(1)?.as_blob()?));
            Ok(links.and_then(|links| each(id, links)))
        })
    }

    /// Gives two columns of texts to somebody.
    pub(in crate::store) fn raw_pairs(&self, sql: &str, mut each: impl FnMut(&str, &str) -> Result<()>) -> Result<()> {
        self.each(sql, |row| Ok(each(row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_str()?)))
    }

    /// The runs, each with the name of its state.
    pub(in crate::store) fn raw_sessions(&self) -> Result<Vec<(Session, String)>> {
        let mut all = Vec::new();
        self.each(&format!("SELECT {SESSION} FROM session ORDER BY id"), |row| {
            all.push((session(row)?, row.get(6)?));
            Ok(Ok(()))
        })?;
        Ok(all)
    }
}

fn raw<'a>(row: &'a SqlRow<'_>) -> rusqlite::Result<RawUrl<'a>> {
    Ok(RawUrl {
        id: row.get(0)?,
        key: row.get_ref(1)?.as_blob()?,
        url: row.get_ref(2)?.as_str()?,
        state: row.get(3)?,
        depth: row.get(4)?,
        hops: row.get(5)?,
        referrer: row.get(6)?,
        referrer_url: row.get_ref(7)?.as_str_or_null()?,
        host: row.get(8)?,
        attempts: row.get(9)?,
        due: row.get(10)?,
        record: row.get(11)?,
        status: row.get::<_, Option<u16>>(12)?.map(u16::cast_signed),
        error: row.get_ref(13)?.as_str_or_null()?,
        bytes: row.get(14)?,
        moved: row.get::<_, Option<i64>>(15)?.is_some(),
        untold: row.get(16)?,
        mention: row.get(17)?,
        link_text: row.get_ref(18)?.as_str_or_null()?,
    })
}

const COLUMNS: &str = "u.id, u.key, u.url, u.state, u.depth, u.hops, u.referrer, r.url, u.host, u.attempts, u.due, u.record, u.status, \
    u.error, u.bytes, u.moved, u.untold";
