//! Reading: what the frontier asks for, and which records are out of date.

use std::sync::Arc;

use tokio_postgres::Row as SqlRow;

use super::link::Values;
use super::row::{count, key, number, number_of};
use super::trouble::Answer;
use super::{Postgres, edges};
use crate::error::Result;
use crate::frontier::{Edge, Moved, Place, Row, Rows, Want, WantedFor};

impl Postgres {
    /// The rows of a question, each as somebody takes it.
    pub(super) fn rows<T>(
        &mut self,
        sql: &'static str,
        values: Values<'_>,
        take: impl FnMut(&SqlRow) -> Answer<T>,
    ) -> Result<Vec<T>> {
        let rows = self.blocking.wait(self.remote.query(sql, values));
        let taken = rows.and_then(|rows| rows.iter().map(take).collect());
        taken.map_err(|trouble| self.named(self.remote.server.error("read", trouble)))
    }

    /// Answers what a frontier wants to know.
    pub(super) fn answer(&mut self, want: Want) -> Result<Rows> {
        let Want { bucket, purpose, ids } = want;
        let numbers = ids.iter().map(|id| number(*id)).collect::<Result<Vec<_>>>()?;
        let sql = if purpose == WantedFor::Edges { WITH_EDGES } else { TEXTS };
        let rows = self.rows(sql, &[&number_of(bucket)?, &numbers], asked)?;
        if rows.len() == ids.len() {
            return Ok(Rows { bucket, purpose, rows });
        }
        self.damaged(&format!("{} of {} URLs that were asked for are there", rows.len(), ids.len()))
    }

    /// The next records that are out of date, with their numbers.
    pub(super) fn read_moved(&mut self, after: i64) -> Result<Vec<(u64, Moved)>> {
        let file = self.remote.node.file;
        if after == 0 {
            self.out_of_date.clear();
        }
        let found = self.rows(OUT_OF_DATE, &[&file, &after], |row| {
            let place = Place { depth: count(row.try_get(2)?)?, referrer: shared(row.try_get(3)?) };
            let (record, nth): (i64, i64) = (row.try_get(0)?, row.try_get(4)?);
            Ok((record, nth, Moved { url: Arc::from(row.try_get::<_, &str>(1)?), place }))
        })?;
        self.out_of_date.extend(found.iter().map(|(record, nth, _)| (*record, *nth)));
        Ok(found.into_iter().map(|(record, _, moved)| (record.cast_unsigned(), moved)).collect())
    }
}

fn asked(row: &SqlRow) -> Answer<Row> {
    let links = if row.len() > LINKS { row.try_get::<_, Option<&[u8]>>(LINKS)? } else { None };
    let attempts: i16 = row.try_get(3)?;
    Ok(Row {
        id: count(row.try_get(0)?)?,
        text: row.try_get::<_, &str>(1)?.into(),
        key: key(row.try_get(2)?)?,
        attempts: count(attempts.into())?,
        referrer: shared(row.try_get(4)?),
        place: (count(row.try_get(5)?)?, count(row.try_get::<_, i16>(6)?.into())?),
        edges: links.map(edges::decode).transpose()?.unwrap_or_else(Vec::<Edge>::new),
    })
}

fn shared(text: Option<&str>) -> Option<Arc<str>> {
    text.map(Arc::from)
}

/// Where the links are among the columns, when they are.
const LINKS: usize = 7;
const TEXTS: &str = "SELECT u.id, u.url, u.key, u.attempts, coalesce(r.url, u.referrer_url), u.depth, u.hops \
    FROM unnest($2::int[]) WITH ORDINALITY AS n(i, o) JOIN url AS u ON u.bucket = $1 AND u.id = n.i \
    LEFT JOIN url AS r ON r.bucket = u.bucket AND r.id = u.referrer ORDER BY n.o";
const WITH_EDGES: &str = "SELECT u.id, u.url, u.key, u.attempts, coalesce(r.url, u.referrer_url), u.depth, u.hops, e.links \
    FROM unnest($2::int[]) WITH ORDINALITY AS n(i, o) JOIN url AS u ON u.bucket = $1 AND u.id = n.i \
    LEFT JOIN url AS r ON r.bucket = u.bucket AND r.id = u.referrer \
    LEFT JOIN edges AS e ON e.bucket = u.bucket AND e.id = u.id ORDER BY n.o";
/// As many as an output is corrected by without a pause.
const OUT_OF_DATE: &str = "SELECT m.record, u.url, u.depth, coalesce(r.url, u.referrer_url), m.nth FROM moved AS m \
    JOIN url AS u ON u.bucket = m.bucket AND u.id = m.id \
    LEFT JOIN url AS r ON r.bucket = u.bucket AND r.id = u.referrer \
    WHERE m.file = $1 AND m.record > $2 ORDER BY m.record LIMIT 1024";
