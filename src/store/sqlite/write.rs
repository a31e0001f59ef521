//! Writing: the changes of the frontier, as they come.

use std::sync::LazyLock;

use rusqlite::{CachedStatement, params};

use super::checksum::{EDGES, HOST, URL};
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
        // URLs that are found mostly come together, and a statement is asked for once for all of them.
        for run in changes.chunk_by(|one, next| matches!((one, next), (Change::Found(_), Change::Found(_)))) {
            match run {
                [Change::Found(_), ..] => self.found(run)?,
                others => others.iter().try_for_each(|change| self.write_one(change, settled))?,
            }
        }
        Ok(())
    }

    fn write_one(&mut self, change: &Change, settled: Option<&Facts>) -> Result<()> {
        match change {
            Change::Host { id, name } => self.host(*id, name)?,
            Change::Found(_) => self.found(std::slice::from_ref(change))?,
            Change::Placed { id, depth, hops, state, host } => {
                self.execute(&PLACED, params![id, depth, hops])?;
                match state {
                    NodeState::Settled => self.execute(&UNTOLD, params![id, true])?,
                    state => self.execute(&STANDS, params![id, code(*state, None), host.map(HostId::number)])?,
                }
            }
            Change::Told { id } => self.execute(&UNTOLD, params![id, None::<bool>])?,
            Change::Moved { id, referrer, mention, link_text, .. } => {
                self.execute(&MOVED, params![id, referrer, mention.map(Mention::code), link_text.as_deref()])?;
            }
            Change::Settled { id, kind, edges } => {
                let facts = settled.ok_or_else(|| Error::Internal(format!("URL {id} is settled without a record")))?;
                self.settled(*id, *kind, facts)?;
                if !edges.is_empty() {
                    self.execute(&LINKS, params![id, edges::encode(edges)])?;
                }
            }
            Change::Retry { id, attempts, due } => {
                self.execute(&RETRY, params![id, attempts, self.clock.to_millis(*due)])?;
            }
            Change::Sent(_) | Change::Read { .. } => {
                return Err(Error::Internal("a store in one file has no letters".to_owned()));
            }
            Change::Skipped { id, reason } => {
                self.execute(&SKIPPED, params![id, code(NodeState::Skipped(*reason), None)])?;
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
        self.execute(&HOSTS, params![id.number(), name.as_str()])
    }

    fn found(&self, changes: &[Change]) -> Result<()> {
        let failed = |error| self.database.failed("write", &error);
        let mut statement = self.database.connection.prepare_cached(&FOUND).map_err(failed)?;
        for change in changes {
            if let Change::Found(url) = change {
                insert(&mut statement, url).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn settled(&mut self, id: u32, kind: OutcomeKind, facts: &Facts) -> Result<()> {
        self.records += 1;
        let Facts { attempts, status, error, bytes } = facts;
        let state = code(NodeState::Settled, Some(kind));
        let bytes = bytes.map(u64::cast_signed);
        self.execute(&SETTLED, params![id, state, attempts, self.records, status, error.map(FailureKind::name), bytes])
    }

    pub(super) fn execute(&self, sql: &str, values: impl rusqlite::Params) -> Result<()> {
        let statement = self.database.connection.prepare_cached(sql);
        let run = |mut statement: CachedStatement<'_>| statement.execute(values);
        statement.and_then(run).map(drop).map_err(|error| self.database.failed("write", &error))
    }
}

fn insert(statement: &mut CachedStatement<'_>, url: &StoredUrl) -> rusqlite::Result<()> {
    let StoredUrl { id, text, key, path, mention, link_text, state, host, .. } = url;
    let (state, key) = (code(*state, None), key.as_bytes().as_slice());
    let inserted = statement.execute(params![
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
    ]);
    inserted.map(drop)
}

static HOSTS: LazyLock<String> = LazyLock::new(|| HOST.insert("INSERT", &["?1", "?2"]));
static FOUND: LazyLock<String> = LazyLock::new(|| {
    let later = ["NULL"; 7];
    let values = [&["?1", "?2", "?3", "?4", "?5", "?6", "?7", "?8", "0"][..], &later, &["?9", "?10"]].concat();
    URL.insert("INSERT", &values)
});
static PLACED: LazyLock<String> = LazyLock::new(|| update(&[("depth", "?2"), ("hops", "?3")]));
static STANDS: LazyLock<String> = LazyLock::new(|| update(&[("state", "?2"), ("host", "?3")]));
static UNTOLD: LazyLock<String> = LazyLock::new(|| update(&[("untold", "?2")]));
static MOVED: LazyLock<String> =
    LazyLock::new(|| update(&[("referrer", "?2"), ("mention", "?3"), ("link_text", "?4"), ("moved", "1")]));
static LINKS: LazyLock<String> = LazyLock::new(|| EDGES.insert("INSERT OR REPLACE", &["?1", "?2"]));
static RETRY: LazyLock<String> = LazyLock::new(|| update(&[("attempts", "?2"), ("due", "?3")]));
static SKIPPED: LazyLock<String> = LazyLock::new(|| update(&[("state", "?2")]));
static SETTLED: LazyLock<String> = LazyLock::new(|| {
    let said =
        [("state", "?2"), ("attempts", "?3"), ("record", "?4"), ("status", "?5"), ("error", "?6"), ("bytes", "?7")];
    update(&[&said[..], &[("due", "NULL"), ("moved", "NULL")]].concat())
});

fn update(set: &[(&str, &str)]) -> String {
    URL.update(set, "id = ?1")
}
