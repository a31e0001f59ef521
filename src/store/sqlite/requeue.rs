//! Records that an output has lost: what the store says of each, and asking for their pages again.

use std::ops::ControlFlow;
use std::sync::LazyLock;

use rusqlite::{Row, params};

use super::checksum::{SESSION, URL};
use super::read::expect_sound_url;
use super::{Database, Sqlite, of_code};
use crate::error::Result;
use crate::frontier::NodeState;
use crate::outcome::{FailureKind, OutcomeKind};
use crate::store::KeptRecord;

impl Database {
    /// The record with a number, from 1. There is no index: it is looked for from the first URL on.
    pub(crate) fn record(&self, number: u64) -> Result<Option<KeptRecord>> {
        let mut found = None;
        self.each_record("record = ?1 LIMIT 1", number, |record| {
            found = Some(record);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(found)
    }

    /// Gives all records to somebody, in the order of the output, until that one has seen enough. Sorts them first. Who asks
    /// may be about to change what lies behind, so all of them have to be sound.
    pub(crate) fn records(&self, each: impl FnMut(KeptRecord) -> Result<ControlFlow<()>>) -> Result<()> {
        self.each(&URL.select(), expect_sound_url)?;
        self.each_record("record >= ?1 ORDER BY record", 1, each)
    }

    fn each_record(
        &self,
        which: &str,
        from: u64,
        mut each: impl FnMut(KeptRecord) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let failed = |error| self.failed("read", &error);
        let mut statement = self.connection.prepare(&format!("{} WHERE {which}", URL.select())).map_err(failed)?;
        let mut rows = statement.query(params![from.cast_signed()]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            expect_sound_url(row).map_err(failed)?.map_err(|error| self.named(error))?;
            let id: i64 = row.get(0).map_err(failed)?;
            let settled = match of_code(row.get(3).map_err(failed)?) {
                Some((NodeState::Settled, Some(outcome))) => outcome,
                Some(_) => return Err(self.damaged(&format!("URL {id} has a record and is not settled"))),
                None => return Err(self.damaged(&format!("URL {id} has no known state"))),
            };
            if each(kept(row, settled).map_err(failed)?)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl Sqlite {
    /// Makes pending again whatever has a record with a greater number than this.
    pub(super) fn forget_records(&mut self, after: u64) -> Result<()> {
        self.begin()?;
        let after = after.cast_signed();
        for sql in [FORGET_EDGES, &*ASK_AGAIN, &*COUNT_AGAIN] {
            self.execute(sql, params![after])?;
        }
        self.records = self.records.min(after);
        Ok(())
    }
}

impl Sqlite {
    /// Makes pending again whatever has one of these records, and numbers the others anew.
    pub(super) fn forget_some(&mut self, forgotten: &[u64]) -> Result<()> {
        let Some(first) = forgotten.first() else { return Ok(()) };
        let (mut behind, mut all) = (Vec::new(), 0);
        self.database.each("SELECT id, record FROM url WHERE record IS NOT NULL", |row| {
            let (id, record) = (row.get::<_, i64>(0)?, row.get::<_, i64>(1)?.cast_unsigned());
            all += 1;
            if record >= *first {
                behind.push((record, id));
            }
            Ok(Ok(()))
        })?;
        behind.sort_unstable();
        self.begin()?;
        let mut gone = forgotten.iter().copied().peekable();
        let mut count = 0;
        for (record, id) in behind {
            if gone.next_if_eq(&record).is_some() {
                count += 1;
                self.execute(FORGET_EDGES_OF, params![id])?;
                self.execute(&ASK_AGAIN_FOR, params![id])?;
            } else {
                self.execute(&NUMBER, params![id, (record - count).cast_signed()])?;
            }
        }
        let left = (all - count).cast_signed();
        self.execute(&COUNT_AGAIN, params![left])?;
        self.records = self.records.min(left);
        Ok(())
    }
}

fn kept(row: &Row<'_>, outcome: OutcomeKind) -> rusqlite::Result<KeptRecord> {
    Ok(KeptRecord {
        outcome,
        url: row.get(2)?,
        status: row.get(11)?,
        error: row.get_ref(12)?.as_str_or_null()?.and_then(FailureKind::of_name),
        attempts: row.get(8)?,
        bytes: row.get::<_, Option<i64>>(13)?.map(i64::cast_unsigned),
    })
}

const FORGET_EDGES: &str = "DELETE FROM edges WHERE id IN (SELECT id FROM url WHERE record > ?1)";
static ASK_AGAIN: LazyLock<String> = LazyLock::new(|| {
    let forgotten = ["due", "record", "status", "error", "bytes", "moved", "untold"].map(|column| (column, "NULL"));
    URL.update(&[&[("state", "0"), ("attempts", "0")][..], &forgotten].concat(), "record > ?1")
});
const FORGET_EDGES_OF: &str = "DELETE FROM edges WHERE id = ?1";
static ASK_AGAIN_FOR: LazyLock<String> = LazyLock::new(|| {
    let forgotten = ["due", "record", "status", "error", "bytes", "moved", "untold"].map(|column| (column, "NULL"));
    URL.update(&[&[("state", "0"), ("attempts", "0")][..], &forgotten].concat(), "id = ?1")
});
static NUMBER: LazyLock<String> = LazyLock::new(|| URL.update(&[("record", "?2")], "id = ?1"));
static COUNT_AGAIN: LazyLock<String> = LazyLock::new(|| {
    let least = [("records", "min(records, ?1)"), ("records_before", "min(records_before, ?1)")];
    SESSION.update(&least, "records > ?1")
});

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::frontier::{Bucket, Change, Edge, HostId, Path, StoredUrl};
    use crate::store::{Facts, Note, Store as _};
    use crate::url::{HostKey, UrlRules};
    use crate::wall_clock::WallClock;

    /// A store with four URLs, of which the first three have records in this order of discovery: 2, 1, 3.
    fn store(dir: &std::path::Path) -> Sqlite {
        let clock = WallClock::new(Instant::now(), jiff::Timestamp::now());
        let mut store = Sqlite::open(dir, clock).unwrap();
        store.keep(Note::RunBegins { pid: 1, at: clock.instant() }).unwrap();
        let rules = UrlRules::new(99);
        let mut changes = vec![Change::Host { id: HostId::at(0), name: HostKey::stored("e.com") }];
        changes.extend((0..4).map(|id| {
            let url = rules.parse(&format!("http://e.com/{id}")).unwrap();
            let path = Path { depth: 0, hops: 0, referrer: None };
            Change::Found(StoredUrl::bare(id, &url, path, NodeState::Pending, Some(HostId::at(0))))
        }));
        store.apply(Bucket::FIRST, changes, None).unwrap();
        let facts = Facts { attempts: 2, status: Some(404), error: None, bytes: Some(7) };
        for id in [1, 0, 2] {
            let edges = vec![Edge { to: 3, redirect: false }];
            let settled = Change::Settled { id, kind: OutcomeKind::HttpError, edges };
            store.apply(Bucket::FIRST, vec![settled], Some(facts)).unwrap();
        }
        store.commit(clock.instant()).unwrap();
        store
    }

    fn urls(store: &Sqlite) -> Vec<String> {
        let mut urls = Vec::new();
        store
            .records(&mut |record| {
                urls.push(record.url);
                Ok(ControlFlow::Continue(()))
            })
            .unwrap();
        urls
    }

    #[test]
    fn records_come_in_the_order_of_the_output_until_one_has_seen_enough() {
        let dir = tempfile::tempdir().unwrap();
        let store = store(dir.path());
        assert_eq!(urls(&store), ["http://e.com/1", "http://e.com/0", "http://e.com/2"]);
        let mut seen = 0;
        store
            .records(&mut |_| {
                seen += 1;
                Ok(if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })
            .unwrap();
        assert_eq!(seen, 2);
        let second = store.record(2).unwrap().unwrap();
        let expected = KeptRecord {
            url: "http://e.com/0".to_owned(),
            outcome: OutcomeKind::HttpError,
            status: Some(404),
            error: None,
            attempts: 2,
            bytes: Some(7),
        };
        assert_eq!((second, store.record(4).unwrap()), (expected, None));
    }

    #[test]
    fn what_is_forgotten_is_pending_and_the_others_are_numbered_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(dir.path());
        store.forget(&[]).unwrap();
        assert_eq!(urls(&store).len(), 3);
        store.forget(&[1]).unwrap();
        store.commit(Instant::now()).unwrap();
        assert_eq!(urls(&store), ["http://e.com/0", "http://e.com/2"]);
        assert_eq!(store.record(1).unwrap().unwrap().url, "http://e.com/0");
        assert_eq!(store.database.last_session().unwrap().unwrap().records, 2);
        store.forget(&[1, 2]).unwrap();
        store.commit(Instant::now()).unwrap();
        assert!(urls(&store).is_empty());
        let pending = "SELECT count(*) FROM url WHERE state = 0 AND attempts = 0 AND record IS NULL AND status IS NULL";
        let count = |sql: &str| store.database.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!((count(pending), count("SELECT count(*) FROM edges")), (4, 0));
    }

    #[test]
    fn what_is_asked_for_again_is_as_if_it_had_never_been() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = store(dir.path());
        store.ask_again(1).unwrap();
        store.commit(Instant::now()).unwrap();
        assert_eq!(urls(&store), ["http://e.com/1"]);
        assert_eq!(store.database.last_session().unwrap().unwrap().records, 1);
        let left = "SELECT count(*) FROM url WHERE state = 0 AND attempts = 0 AND status IS NULL AND bytes IS NULL";
        let count = |sql: &str| store.database.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!((count(left), count("SELECT count(*) FROM edges")), (3, 1));
    }
}
