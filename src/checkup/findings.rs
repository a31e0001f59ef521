//! Findings: all that is wrong, sorted, however much that is: beside the memory, in a database that SQLite deletes itself.

use rusqlite::{CachedStatement, Connection, Row as SqlRow, params};

use super::{Detail, Finding, Place, Rule};
use crate::error::{Error, Result};

/// What is wrong, in the order of the rules, then by URL, page and place.
///
/// It takes some 32 MiB of memory, and on disk, where the system keeps temporary files, as much as the texts are long.
pub(crate) struct Findings {
    rules: Vec<&'static Rule>,
    database: Connection,
}

impl Findings {
    /// None so far, of these rules.
    pub(crate) fn new(rules: Vec<&'static Rule>) -> Result<Self> {
        // Without a name it is on disk, and gone when it is closed (sqlite.org/inmemorydb.html).
        let database = Connection::open("").map_err(failed)?;
        database.execute_batch(SCHEMA).map_err(failed)?;
        Ok(Self { rules, database })
    }

    /// Takes one more place.
    pub(crate) fn add(&self, rule: &'static Rule, url: &str, detail: &Detail, place: &Place) -> Result<()> {
        let nth = self.rules.iter().position(|known| known.id == rule.id).unwrap_or(self.rules.len());
        let detail = serde_json::to_string(detail).map_err(|error| Error::Internal(error.to_string()))?;
        let nth = i64::try_from(nth).unwrap_or(i64::MAX);
        let Place { page, line, column, found_by, text, written } = place;
        let mut insert = self.prepared(INSERT)?;
        insert.execute(params![nth, url, page, line, column, found_by, text, written, detail]).map_err(failed)?;
        Ok(())
    }

    /// How many URLs are wrong by each rule, and at how many places, in the order of the rules.
    pub(crate) fn counts(&self) -> Result<Vec<(&'static Rule, u64, u64)>> {
        let mut counts: Vec<_> = self.rules.iter().map(|rule| (*rule, 0, 0)).collect();
        let mut query = self.prepared(COUNTS)?;
        let rows = query.query_map([], |row| Ok((index(row)?, count(row, 1)?, count(row, 2)?)));
        for row in rows.map_err(failed)? {
            let (nth, urls, places) = row.map_err(failed)?;
            if let Some(known) = counts.get_mut(nth) {
                (known.1, known.2) = (urls, places);
            }
        }
        Ok(counts)
    }

    /// Gives each finding to somebody, and behind it each of its places.
    pub(crate) fn each(
        &self,
        mut visit: impl FnMut(&Finding, &mut dyn Iterator<Item = Result<Place>>) -> Result<()>,
    ) -> Result<()> {
        self.database.execute_batch(INDEX).map_err(failed)?;
        let (mut groups, mut places) = (self.prepared(GROUPS)?, self.prepared(PLACES)?);
        let mut rows = groups.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let (nth, url) = (index(row).map_err(failed)?, row.get::<_, String>(1).map_err(failed)?);
            let Some(rule) = self.rules.get(nth).copied() else { continue };
            let detail: String = row.get(4).map_err(failed)?;
            let detail = serde_json::from_str(&detail).map_err(|error| Error::Internal(error.to_string()))?;
            let (all, pages) = (count(row, 2).map_err(failed)?, count(row, 3).map_err(failed)?);
            let of = places.query_map(params![i64::try_from(nth).unwrap_or(i64::MAX), url], place).map_err(failed)?;
            let finding = Finding { rule, url: url.clone(), detail, places: all, pages };
            visit(&finding, &mut of.map(|place| place.map_err(failed)))?;
        }
        Ok(())
    }

    fn prepared(&self, sql: &str) -> Result<CachedStatement<'_>> {
        self.database.prepare_cached(sql).map_err(failed)
    }
}

fn count(row: &SqlRow<'_>, at: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(at).map(|number| number.max(0).cast_unsigned())
}

fn index(row: &SqlRow<'_>) -> rusqlite::Result<usize> {
    row.get::<_, i64>(0).map(|nth| usize::try_from(nth).unwrap_or(usize::MAX))
}

fn place(row: &SqlRow<'_>) -> rusqlite::Result<Place> {
    Ok(Place {
        page: row.get(0)?,
        line: row.get(1)?,
        column: row.get(2)?,
        found_by: row.get(3)?,
        text: row.get(4)?,
        written: row.get(5)?,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it maps errors")]
fn failed(error: rusqlite::Error) -> Error {
    Error::Internal(format!("what is wrong cannot be kept for sorting: {error}"))
}

const SCHEMA: &str = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768;
    CREATE TABLE place (rule INTEGER, url TEXT, page TEXT, line INTEGER, col INTEGER, found_by TEXT, text TEXT,
        written TEXT, detail TEXT);
    BEGIN;";
const INDEX: &str = "CREATE INDEX IF NOT EXISTS sorted ON place (rule, url, page, line, col);";
const INSERT: &str = "INSERT INTO place VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const COUNTS: &str = "SELECT rule, count(DISTINCT url), count(*) FROM place GROUP BY rule";
const GROUPS: &str =
    "SELECT rule, url, count(*), count(DISTINCT page), detail FROM place GROUP BY rule, url ORDER BY rule, url";
const PLACES: &str = "SELECT page, line, col, found_by, text, written FROM place INDEXED BY sorted
    WHERE rule = ?1 AND url = ?2 ORDER BY page, line, col, rowid";

impl std::fmt::Debug for Findings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Findings").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Severity;
    use super::*;

    static RULES: [Rule; 2] = [
        Rule { id: "a", severity: Severity::Error, title: "", reason: "" },
        Rule { id: "b", severity: Severity::Note, title: "", reason: "" },
    ];

    #[test]
    fn findings_come_by_rule_and_url_with_their_places_in_order() {
        let findings = Findings::new(RULES.iter().collect()).unwrap();
        let [a, b] = &RULES;
        let at = |page: &str, line| Place { page: page.to_owned(), line, ..Place::default() };
        let detail = Detail { why: "x".to_owned(), ..Detail::default() };
        for (rule, url, place) in [
            (b, "u", at("q", None)),
            (a, "v", at("q", Some(10))),
            (a, "v", at("p", Some(9))),
            (a, "v", at("q", Some(9))),
            (a, "u", at("q", None)),
        ] {
            findings.add(rule, url, &detail, &place).unwrap();
        }
        assert_eq!(findings.counts().unwrap(), [(a, 2, 4), (b, 1, 1)]);
        let mut seen = Vec::new();
        findings
            .each(|finding, places| {
                let places: Vec<_> =
                    places.map(|place| place.map(|place| (place.page, place.line))).collect::<Result<_>>()?;
                seen.push((finding.rule.id, finding.url.clone(), finding.places, finding.pages, places));
                Ok(())
            })
            .unwrap();
        let q = |line| ("q".to_owned(), line);
        assert_eq!(
            seen,
            [
                ("a", "u".to_owned(), 1, 1, vec![q(None)]),
                ("a", "v".to_owned(), 3, 2, vec![("p".to_owned(), Some(9)), q(Some(9)), q(Some(10))]),
                ("b", "u".to_owned(), 1, 1, vec![q(None)]),
            ]
        );
    }
}
