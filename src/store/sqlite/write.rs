//! Writing: the changes of the frontier, as they come.

use rusqlite::{CachedStatement, params};

use super::{Sqlite, code, edges};
use crate::error::{Error, Result};
use crate::frontier::{Change, HostId, NodeState, StoredUrl};
use crate::mention::Mention;
use crate::outcome::{FailureKind, OutcomeKind};
use crate::store::Facts;
use crate::url::HostKey;

impl Sqlite {
    /// Writes the changes of one operation. `settled` says what its record says, when there is one.
    pub(super) fn write(&mut self, changes: &[Change], settled: Option<&Facts>) -> Result<()> {
        for change in changes {
            match change {
                Change::Host { id, name } => self.host(*id, name)?,
                Change::Found(url) => self.found(url)?,
                Change::Placed { id, depth, hops, state, host } => {
                    self.execute(PLACED, params![id, depth, hops])?;
                    match state {
                        NodeState::Settled => self.execute(UNTOLD, params![id, true])?,
                        state => self.execute(STANDS, params![id, code(*state, None), host.map(HostId::number)])?,
                    }
                }
                Change::Told { id } => self.execute(UNTOLD, params![id, None::<bool>])?,
                Change::Moved { id, referrer, mention, link_text } => {
                    self.execute(MOVED, params![id, referrer, mention.map(Mention::code), link_text.as_deref()])?;
                }
                Change::Settled { id, kind, edges } => {
                    let facts =
                        settled.ok_or_else(|| Error::Internal(format!("URL {id} is settled without a record")))?;
                    self.settled(*id, *kind, facts)?;
                    if !edges.is_empty() {
                        self.execute(EDGES, params![id, edges::encode(edges)])?;
                    }
                }
                Change::Retry { id, attempts, due } => {
                    self.execute(RETRY, params![id, attempts, self.clock.to_millis(*due)])?;
                }
                Change::Skipped { id, reason } => {
                    self.execute(SKIPPED, params![id, code(NodeState::Skipped(*reason), None)])?;
                }
            }
        }
        Ok(())
    }

    /// Begins the transaction that the next commit ends, unless it has begun.
    pub(super) fn begin(&mut self) -> Result<()> {
        if !self.open {
            self.database.run("write", "BEGIN IMMEDIATE")?;
            self.open = true;
        }
        Ok(())
    }

    fn host(&mut self, id: HostId, name: &HostKey) -> Result<()> {
        self.execute("INSERT INTO host (id, name) VALUES (?1, ?2)", params![id.number(), name.as_str()])
    }

    fn found(&mut self, url: &StoredUrl) -> Result<()> {
        let StoredUrl { id, text, key, path, mention, link_text, state, host } = url;
        let (state, key) = (code(*state, None), key.as_bytes().as_slice());
        self.execute(
            FOUND,
            params![
                id,
                key,
                &**text,
                state,
                path.depth,
                path.hops,
                path.referrer,
                host.map(HostId::number),
                mention.map(Mention::code),
                link_text.as_deref()
            ],
        )
    }

    fn settled(&mut self, id: u32, kind: OutcomeKind, facts: &Facts) -> Result<()> {
        self.records += 1;
        let Facts { attempts, status, error, bytes } = facts;
        let state = code(NodeState::Settled, Some(kind));
        let bytes = bytes.map(u64::cast_signed);
        self.execute(SETTLED, params![id, state, attempts, self.records, status, error.map(FailureKind::name), bytes])
    }

    pub(super) fn execute(&self, sql: &str, values: impl rusqlite::Params) -> Result<()> {
        let statement = self.database.connection.prepare_cached(sql);
        let run = |mut statement: CachedStatement<'_>| statement.execute(values);
        statement.and_then(run).map(drop).map_err(|error| self.database.failed("write", &error))
    }
}

const FOUND: &str = "INSERT INTO url (id, key, url, state, depth, hops, referrer, host, mention, link_text) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const PLACED: &str = "UPDATE url SET depth = ?2, hops = ?3 WHERE id = ?1";
const STANDS: &str = "UPDATE url SET state = ?2, host = ?3 WHERE id = ?1";
const UNTOLD: &str = "UPDATE url SET untold = ?2 WHERE id = ?1";
const MOVED: &str = "UPDATE url SET referrer = ?2, mention = ?3, link_text = ?4, moved = 1 WHERE id = ?1";
const EDGES: &str = "INSERT OR REPLACE INTO edges (id, links) VALUES (?1, ?2)";
const RETRY: &str = "UPDATE url SET attempts = ?2, due = ?3 WHERE id = ?1";
const SKIPPED: &str = "UPDATE url SET state = ?2 WHERE id = ?1";
const SETTLED: &str = "UPDATE url SET state = ?2, attempts = ?3, record = ?4, status = ?5, error = ?6, bytes = ?7, \
                       due = NULL, moved = NULL WHERE id = ?1";
