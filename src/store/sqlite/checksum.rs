//! Checksums of rows: a bit that has flipped in a row is told, with the row, instead of being believed.
//!
//! Whoever writes a row writes a checksum of its columns with it, by a function that SQLite calls in the same statement. So
//! no statement can forget a column. Rows of stores that had none are taken as they are, until they are written again.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row as SqlRow};

use super::database::{Database, broken};
use crate::error::Result;

/// A table whose rows have checksums, in the column behind these.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// What the checksum is of. A number that SQLite gives out itself is not known in time, and not among them.
    pub(super) columns: &'static [&'static str],
    /// Which of them tell a person which row it is.
    shown: &'static [usize],
}

/// What the checksum of a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Sound,
    Broken,
    /// It was written by a build that knew none.
    Unchecked,
}

impl Table {
    /// Inserts a row with these values, one for each column. `how`: `INSERT`, and what happens when it is there.
    pub(super) fn insert(&self, how: &str, values: &[&str]) -> String {
        let (columns, values) = (self.columns.join(", "), values.join(", "));
        format!("{how} INTO {} ({columns}, checksum) VALUES ({values}, checksum({values}))", self.name)
    }

    /// Gives columns of rows other values.
    pub(super) fn update(&self, set: &[(&str, &str)], rows: &str) -> String {
        let value = |column: &&'static str| {
            set.iter().find(|(name, _)| name == column).map_or((*column).to_owned(), |(_, value)| (*value).to_owned())
        };
        let values = self.columns.iter().map(value).collect::<Vec<_>>().join(", ");
        let set = set.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ");
        format!("UPDATE {} SET {set}, checksum = checksum({values}) WHERE {rows}", self.name)
    }

    /// What to ask for, so that a row can be [checked](Self::check).
    pub(super) fn select(&self) -> String {
        format!("SELECT {}, checksum FROM {}", self.columns.join(", "), self.name)
    }

    /// Compares a row with its checksum.
    pub(super) fn check(&self, row: &SqlRow<'_>) -> rusqlite::Result<Check> {
        compare(row.get(self.columns.len())?, (0..self.columns.len()).map(|at| row.get_ref(at)))
    }

    /// Says of a row that it is broken.
    pub(super) fn broken(&self, row: &SqlRow<'_>) -> String {
        self.broken_values(|at| row.get_ref(at).ok())
    }

    /// Says of a row with these values that it is broken.
    pub(super) fn broken_values<'v>(&self, value: impl Fn(usize) -> Option<ValueRef<'v>>) -> String {
        let shown = |at: &usize| match value(*at) {
            Some(ValueRef::Integer(number)) => number.to_string(),
            Some(ValueRef::Text(text)) => {
                let text = String::from_utf8_lossy(text);
                text.get(..text.floor_char_boundary(LONGEST)).unwrap_or_default().to_owned()
            }
            _ => "?".to_owned(),
        };
        let shown = self.shown.iter().map(shown).collect::<Vec<_>>().join(", ");
        format!("a row of the table {} is not as it was written ({shown})", self.name)
    }
}

impl Database {
    /// Gives what there is to be said of each broken row of a table to somebody.
    pub(super) fn check_rows(&self, table: &Table, mut told: impl FnMut(String) -> Result<()>) -> Result<()> {
        self.each(&table.select(), |row| {
            Ok(match table.check(row)? {
                Check::Broken => told(table.broken(row)),
                Check::Sound | Check::Unchecked => Ok(()),
            })
        })
    }

    /// Refuses a table with a broken row.
    pub(super) fn expect_sound(&self, table: &Table) -> Result<()> {
        self.check_rows(table, |what| Err(broken(&what)))
    }
}

/// Compares the values of a row with its checksum, which is the last of them.
pub(super) fn check_values(values: &[ValueRef<'_>]) -> rusqlite::Result<Check> {
    let Some((kept, values)) = values.split_last() else { return Ok(Check::Unchecked) };
    compare(kept.as_i64_or_null()?, values.iter().map(|value| Ok(*value)))
}

fn compare<'v>(
    kept: Option<i64>,
    values: impl Iterator<Item = rusqlite::Result<ValueRef<'v>>>,
) -> rusqlite::Result<Check> {
    let Some(kept) = kept else { return Ok(Check::Unchecked) };
    Ok(if kept == i64::from(checksum(values)?) { Check::Sound } else { Check::Broken })
}

/// Lets a connection write checksums.
pub(super) fn add_function(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("checksum", -1, flags, |values| {
        checksum((0..values.len()).map(|at| Ok(values.get_raw(at)))).map(i64::from)
    })
}

/// The checksum of values, each with its type and its length. What is null at the end does not count: so a column that is
/// added later changes nothing of what was written without it.
fn checksum<'v>(values: impl Iterator<Item = rusqlite::Result<ValueRef<'v>>>) -> rusqlite::Result<u32> {
    let (mut sum, mut end) = (Sum(START), START);
    for value in values {
        let value = value?;
        match value {
            ValueRef::Null => sum.word(0),
            ValueRef::Integer(number) => sum.typed(1, number.cast_unsigned()),
            ValueRef::Real(number) => sum.typed(2, number.to_bits()),
            ValueRef::Text(text) => sum.bytes(3, text),
            ValueRef::Blob(blob) => sum.bytes(4, blob),
        }
        if !matches!(value, ValueRef::Null) {
            end = sum.0;
        }
    }
    Ok(Sum(end).folded())
}

/// A checksum while it grows. Each step takes one word in and has an inverse, as long as the word is known: so two rows of
/// which one word differs never have the same, before it is folded to half its bits.
struct Sum(u64);

impl Sum {
    fn word(&mut self, word: u64) {
        let mixed = (self.0 ^ word).wrapping_mul(ODD);
        self.0 = mixed ^ mixed >> 32;
    }

    fn typed(&mut self, kind: u64, word: u64) {
        self.word(kind);
        self.word(word);
    }

    fn bytes(&mut self, kind: u64, bytes: &[u8]) {
        self.typed(kind, bytes.len() as u64);
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.word(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.word(u64::from_le_bytes(last));
    }

    fn folded(self) -> u32 {
        let mixed = self.0.wrapping_mul(ODD);
        u32::try_from((mixed ^ mixed >> 32) & u64::from(u32::MAX)).unwrap_or_default()
    }
}

/// The tables that are read whole before anything is believed.
pub(super) const TABLES: [&Table; 8] = [&SESSION, &SETTING, &SEED, &SEED_REDIRECT, &OUTPUT, &SITEMAP, &MANNERS, &HOST];
/// Those with a row for each URL.
pub(super) const LARGE_TABLES: [&Table; 2] = [&URL, &EDGES];
pub(super) const SESSION: Table = Table {
    name: "session",
    columns: &["version", "pid", "started_at", "committed_at", "records_before", "records", "state"],
    shown: &[0],
};
pub(super) const SETTING: Table = Table { name: "setting", columns: &["name", "value"], shown: &[0] };
pub(super) const SEED: Table = Table { name: "seed", columns: &["url"], shown: &[0] };
pub(super) const SEED_REDIRECT: Table = Table { name: "seed_redirect", columns: &["url", "target"], shown: &[0, 1] };
pub(super) const OUTPUT: Table = Table { name: "output", columns: &["name", "length", "amended", "crc"], shown: &[0] };
pub(super) const SITEMAP: Table = Table { name: "sitemap", columns: &["url", "saved"], shown: &[0] };
pub(super) const MANNERS: Table = Table { name: "manners", columns: &["host", "saved"], shown: &[0] };
pub(super) const HOST: Table = Table { name: "host", columns: &["id", "name"], shown: &[0, 1] };
pub(super) const EDGES: Table = Table { name: "edges", columns: &["id", "links"], shown: &[0] };
pub(super) const URL: Table = Table {
    name: "url",
    columns: &[
        "id",
        "key",
        "url",
        "state",
        "depth",
        "hops",
        "referrer",
        "host",
        "attempts",
        "due",
        "record",
        "status",
        "error",
        "bytes",
        "moved",
        "untold",
        "mention",
        "link_text",
    ],
    shown: &[0, 2],
};

/// What a checksum starts with, and what it is multiplied with: odd, its bits in no order (2^64 divided by the golden ratio).
const START: u64 = 0x243f_6a88_85a3_08d3;
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
/// How much of a text is shown, in bytes.
const LONGEST: usize = 200;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rusqlite::types::Value;

    use super::*;

    fn of(values: &[Value]) -> u32 {
        checksum(values.iter().map(|value| Ok(value.into()))).unwrap()
    }

    #[test]
    fn a_statement_writes_the_checksum_of_what_is_there_after_it() {
        let connection = Connection::open_in_memory().unwrap();
        add_function(&connection).unwrap();
        connection.execute_batch("CREATE TABLE output (name, length, amended, crc, checksum)").unwrap();
        connection.execute(&OUTPUT.insert("INSERT", &["?1", "?2", "NULL", "?3"]), ("a", 7, 5)).unwrap();
        let kept = || connection.query_row("SELECT checksum FROM output", [], |row| row.get::<_, u32>(0)).unwrap();
        assert_eq!(kept(), of(&["a".to_owned().into(), 7.into(), Value::Null, 5.into()]));
        connection
            .execute(&OUTPUT.update(&[("length", "length + ?1"), ("amended", "?2")], "name = 'a'"), (1, 9))
            .unwrap();
        assert_eq!(kept(), of(&["a".to_owned().into(), 8.into(), 9.into(), 5.into()]));
        let check = || connection.query_row(&OUTPUT.select(), [], |row| OUTPUT.check(row)).unwrap();
        assert_eq!(check(), Check::Sound);
        connection.execute_batch("UPDATE output SET amended = 8").unwrap();
        assert_eq!(check(), Check::Broken);
        connection.execute_batch("UPDATE output SET checksum = NULL").unwrap();
        assert_eq!(check(), Check::Unchecked);
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Integer),
            "[ab]{0,3}".prop_map(Value::Text),
            proptest::collection::vec(97..99u8, 0..3).prop_map(Value::Blob),
        ]
    }

    proptest! {
        #[test]
        fn rows_that_differ_have_other_checksums(one in proptest::collection::vec(value(), 3), other in proptest::collection::vec(value(), 3)) {
            prop_assert_eq!(one == other, of(&one) == of(&other));
        }
    }
}
