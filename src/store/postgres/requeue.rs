//! Records that an output has lost: what the store says of each, and asking for their pages again.

use std::ops::ControlFlow;

use tokio_postgres::Row;

use super::Postgres;
use super::batch::{Id, Repair};
use super::row::count;
use super::trouble::Answer;
use crate::error::{Error, Result};
use crate::frontier::NodeState;
use crate::outcome::FailureKind;
use crate::store::KeptRecord;
use crate::store::code::of_code;

impl Postgres {
    /// Gives the records of this node that fit a condition to somebody, in their order, until that one has seen enough.
    pub(super) fn each_record(
        &self,
        which: &str,
        each: &mut dyn FnMut(KeptRecord) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let file = self.remote.node.file;
        let sql = format!(
            "SELECT id, url, state, attempts, status, error, bytes FROM url WHERE file = {file} AND {which} ORDER BY record"
        );
        self.each_row(&sql, &mut |rows| {
            for row in rows {
                if each(kept(row)?)?.is_break() {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// Makes pending again whatever has a record with a greater number than this.
    pub(super) fn forget_records(&mut self, after: i64) -> Result<()> {
        self.expect_own(&format!("record > {after}"))?;
        self.batch.repairs.push(Repair::AskAgain { after });
        self.records = self.records.min(after);
        Ok(())
    }

    /// Refuses to ask again for pages of buckets that other nodes have: their rows are written by them alone.
    fn expect_own(&self, which: &str) -> Result<()> {
        let own = self.holdings.all().map(|bucket| bucket.to_string()).collect::<Vec<_>>().join(",");
        let file = self.remote.node.file;
        let sql = format!(
            "SELECT count(*) FROM url WHERE file = {file} AND {which} AND NOT bucket = ANY('{{{own}}}'::smallint[])"
        );
        let mut others = 0_i64;
        self.each_row(&sql, &mut |rows| {
            others = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
            Ok(false)
        })?;
        if others == 0 {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "{others} of the pages that are to be asked for again are those of other machines now, which crawl {}; end these, and \
             start this one before them",
            self.remote.server.shown
        )))
    }

    /// Makes pending again whatever has one of these records, and numbers the others anew.
    pub(super) fn forget_some(&mut self, forgotten: &[u64]) -> Result<()> {
        let Some(first) = forgotten.first().map(|first| first.cast_signed()) else { return Ok(()) };
        self.expect_own(&format!("record = ANY('{{{}}}'::bigint[])", list(forgotten)))?;
        let (mut behind, mut all) = (Vec::new(), 0);
        let file = self.remote.node.file;
        let sql = format!("SELECT bucket, id, record FROM url WHERE file = {file} ORDER BY record");
        self.each_row(&sql, &mut |rows| {
            for row in rows {
                let (id, record): (Id, i64) = ((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?);
                all += 1;
                if record >= first {
                    behind.push((record, id));
                }
            }
            Ok(true)
        })?;
        let mut gone = forgotten.iter().map(|record| record.cast_signed()).peekable();
        let (mut forgotten, mut numbered) = (Vec::new(), Vec::new());
        for (record, id) in behind {
            if gone.next_if_eq(&record).is_some() {
                forgotten.push(id);
            } else {
                numbered.push((id, record - i64::try_from(forgotten.len()).unwrap_or_default()));
            }
        }
        let mut moved = Vec::new();
        self.each_row(&format!("SELECT bucket, id FROM moved WHERE file = {file}"), &mut |rows| {
            for row in rows {
                moved.push((row.try_get(0)?, row.try_get(1)?));
            }
            Ok(true)
        })?;
        let left = all - i64::try_from(forgotten.len()).unwrap_or_default();
        self.batch.repairs.push(Repair::Forget { urls: forgotten, left });
        self.batch.repairs.push(Repair::Number { urls: numbered, moved });
        self.records = self.records.min(left);
        Ok(())
    }
}

fn list(numbers: &[u64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn kept(row: &Row) -> Answer<KeptRecord> {
    let (id, code): (i32, i16) = (row.try_get(0)?, row.try_get(2)?);
    let outcome = match of_code(code.into()) {
        Some((NodeState::Settled, Some(outcome))) => outcome,
        Some(_) => return Err(Error::Damaged(format!("URL {id} has a record and is not settled")).into()),
        None => return Err(Error::Damaged(format!("URL {id} has no known state")).into()),
    };
    let attempts: i16 = row.try_get(3)?;
    Ok(KeptRecord {
        outcome,
        url: row.try_get(1)?,
        status: row.try_get::<_, Option<i16>>(4)?.map(i16::cast_unsigned),
        error: row.try_get::<_, Option<&str>>(5)?.and_then(FailureKind::of_name),
        attempts: count(attempts.into())?,
        bytes: row.try_get::<_, Option<i64>>(6)?.map(i64::cast_unsigned),
    })
}
