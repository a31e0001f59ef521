//! Stored rows: every URL of a crawl with what a check needs of it, and every link.

use super::overview::{integer, text};
use super::snapshot::{Snapshot, Value};
use crate::error::Result;
use crate::frontier::{Edge, NodeState};
pub(crate) use crate::store::code::ELSEWHERE;
use crate::store::code::of_code;
use crate::store::edges;
use crate::url::UrlKey;

/// A URL as its bucket has it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredRow<'a> {
    pub(crate) bucket: i64,
    pub(crate) id: i64,
    /// `None` when it is no key.
    pub(crate) key: Option<UrlKey>,
    pub(crate) url: &'a str,
    /// `None` when it is none.
    pub(crate) state: Option<NodeState>,
    pub(crate) depth: i64,
    pub(crate) referrer: Option<i64>,
    pub(crate) host: Option<i64>,
    pub(crate) file: Option<i64>,
    pub(crate) record: Option<i64>,
    pub(crate) untold: bool,
}

impl Snapshot {
    /// Gives all URLs to somebody, by their buckets and numbers.
    pub(crate) fn each_url(&mut self, each: &mut dyn FnMut(StoredRow<'_>) -> Result<()>) -> Result<()> {
        self.each(URLS, &mut |row| {
            let number = |at: usize| row.get(at).and_then(Value::integer);
            let key = match row.get(2) {
                Some(Value::Bytes(key)) => key.as_slice().try_into().ok().map(UrlKey::of_bytes),
                _ => None,
            };
            let url = text(row.get(3));
            let state = number(4).unwrap_or_default();
            let state =
                if state == ELSEWHERE { Some(NodeState::Elsewhere) } else { of_code(state).map(|(state, _)| state) };
            each(StoredRow {
                bucket: integer(row.first()),
                id: integer(row.get(1)),
                key,
                url: &url,
                state,
                depth: integer(row.get(5)),
                referrer: number(6),
                host: number(7),
                file: number(8),
                record: number(9),
                untold: number(10) == Some(1),
            })
        })
    }

    /// Gives what each page leads to to somebody, with the bucket and the number of the page; an error when that cannot be read.
    pub(crate) fn each_edges(&mut self, each: &mut dyn FnMut(i64, i64, Result<Vec<Edge>>) -> Result<()>) -> Result<()> {
        self.each("SELECT bucket, id, links FROM edges ORDER BY bucket, id", &mut |row| {
            let links = match row.get(2) {
                Some(Value::Bytes(links)) => edges::decode(links),
                _ => edges::decode(&[]),
            };
            each(integer(row.first()), integer(row.get(1)), links)
        })
    }
}

const URLS: &str =
    "SELECT bucket, id, key, url, state, depth, referrer, host, file, record, untold FROM url ORDER BY bucket, id";
