//! SQLite: the rows as a table with types, and an index over their words where they have text.

use std::fmt::Write as _;

use rusqlite::{Connection, Statement};

use super::column::{Cell, Column, ColumnType};
use super::rows::Rows;
use super::target::Target;
use crate::error::{Error, Result};

/// What a table is called, and what is indexed in it.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: String,
    /// The column by which there is each row once.
    pub(super) key: Option<&'static str>,
    /// The columns that people read.
    pub(super) texts: &'static [&'static str],
}

/// Writes the rows into a table of a new database.
pub(super) fn write(rows: &mut Rows, table: &Table, target: &Target) -> Result<()> {
    let failed = |error: rusqlite::Error| failed(target, &error);
    let database = Connection::open(target.beside()).map_err(failed)?;
    database.execute_batch(SETTINGS).map_err(failed)?;
    database.execute_batch(&create(table, &rows.columns)).map_err(failed)?;
    let mut texts = Texts::of(table, &rows.columns);
    database.execute_batch("BEGIN").map_err(failed)?;
    {
        let places = vec!["?"; rows.columns.len()].join(", ");
        let insert = format!("INSERT INTO {} VALUES ({places})", quoted(&table.name));
        let mut insert = database.prepare(&insert).map_err(failed)?;
        while rows.next()?.is_some() {
            for (at, cell) in rows.cells().enumerate() {
                let cell = cell?;
                texts.see(at, &cell);
                bind(&mut insert, at + 1, &cell).map_err(failed)?;
            }
            insert.raw_execute().map_err(failed)?;
        }
    }
    database.execute_batch("COMMIT").map_err(failed)?;
    let key = table.key.filter(|key| rows.columns.iter().any(|column| column.name() == *key));
    if let Some(key) = key {
        let (index, table) = (quoted(&format!("{}_{key}", table.name)), quoted(&table.name));
        let index = format!("CREATE UNIQUE INDEX {index} ON {table} ({})", quoted(key));
        database.execute_batch(&index).map_err(failed)?;
    }
    if let Some(search) = texts.index(table, &rows.columns) {
        database.execute_batch(&search).map_err(failed)?;
    }
    database.close().map_err(|(_, error)| failed(error))
}

/// The table of these columns. `STRICT`: what is in a column has its type.
fn create(table: &Table, columns: &[Column]) -> String {
    let mut sql = format!("CREATE TABLE {} (", quoted(&table.name));
    for (at, column) in columns.iter().enumerate() {
        let separator = if at == 0 { "" } else { ", " };
        let kind = match column.kind {
            ColumnType::Text | ColumnType::Time | ColumnType::List(_) | ColumnType::Json => "TEXT",
            ColumnType::Integer | ColumnType::Bool => "INTEGER",
            ColumnType::Number => "REAL",
        };
        let null = if column.is_required { " NOT NULL" } else { "" };
        let _ = write!(sql, "{separator}{} {kind}{null}", quoted(&column.name()));
    }
    sql + ") STRICT"
}

fn bind(statement: &mut Statement<'_>, at: usize, cell: &Cell<'_>) -> rusqlite::Result<()> {
    let text = |text: &str, statement: &mut Statement<'_>| statement.raw_bind_parameter(at, text);
    match cell {
        Cell::Null => statement.raw_bind_parameter(at, rusqlite::types::Null),
        Cell::Text(value) | Cell::Time(_, value) => text(value, statement),
        Cell::Integer(number) => statement.raw_bind_parameter(at, number),
        Cell::Number(number) => statement.raw_bind_parameter(at, number),
        Cell::Bool(truth) => statement.raw_bind_parameter(at, truth),
        Cell::List(values) => text(&serde_json::to_string(values).unwrap_or_default(), statement),
        Cell::Json(value) => text(&value.to_string(), statement),
    }
}

/// What is known of the columns that people read.
#[derive(Debug)]
struct Texts {
    /// Which columns they are, and whether any row has a value there.
    columns: Vec<(usize, bool)>,
    letters: u64,
    /// Those of scripts that write no spaces between words.
    unspaced: u64,
}

impl Texts {
    fn of(table: &Table, columns: &[Column]) -> Self {
        let is_text = |column: &Column| table.texts.contains(&column.name().as_str());
        let columns = columns.iter().enumerate().filter(|(_, column)| is_text(column)).map(|(at, _)| (at, false));
        Self { columns: columns.collect(), letters: 0, unspaced: 0 }
    }

    fn see(&mut self, at: usize, cell: &Cell<'_>) {
        let Some((_, is_there)) = self.columns.iter_mut().find(|(column, _)| *column == at) else { return };
        if let Cell::Text(text) = cell {
            *is_there = true;
            // The start of a text says what it is written in.
            for letter in text.chars().take(SEEN).filter(|c| c.is_alphabetic()) {
                self.letters += 1;
                self.unspaced += u64::from(is_unspaced(letter));
            }
        }
    }

    /// The index over them; `None` when no row has one.
    fn index(&self, table: &Table, columns: &[Column]) -> Option<String> {
        let there = self.columns.iter().filter(|(_, is_there)| *is_there);
        let names: Vec<_> = there.filter_map(|(at, _)| Some(quoted(&columns.get(*at)?.name()))).collect();
        if names.is_empty() {
            return None;
        }
        let tokenizer =
            if self.unspaced * UNSPACED_SHARE > self.letters { "trigram" } else { "unicode61 remove_diacritics 2" };
        let (index, content) = (quoted(&format!("{}_fts", table.name)), table.name.replace('\'', "''"));
        Some(format!(
            "CREATE VIRTUAL TABLE {index} USING fts5({}, content='{content}', tokenize='{tokenizer}'); \
             INSERT INTO {index}({index}) VALUES ('rebuild')",
            names.join(", ")
        ))
    }
}

/// Whether a letter is of a script that writes no spaces between words.
fn is_unspaced(letter: char) -> bool {
    matches!(letter,
        // Thai, Lao, Tibetan, Myanmar, Khmer.
        '\u{e00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        // Kana, ideographs.
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A name in SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn failed(target: &Target, error: &rusqlite::Error) -> Error {
    let kind = match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => std::io::ErrorKind::StorageFull,
        _ => std::io::ErrorKind::Other,
    };
    Error::io("write", target.shown(), std::io::Error::new(kind, error.to_string()))
}

/// Nobody sees the database before it is whole, so nothing has to be taken back.
const SETTINGS: &str = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; \
    PRAGMA cache_size = -32768; PRAGMA temp_store = FILE";
/// How many characters of each text are looked at.
const SEEN: usize = 500;
/// One letter of so many makes texts of such a script.
const UNSPACED_SHARE: u64 = 20;

#[cfg(test)]
mod tests {
    use super::super::rows::Shape;
    use super::super::rows::tests::Text;
    use super::*;

    fn columns() -> Vec<Column> {
        vec![
            Column::new(&["url"], ColumnType::Text).required(),
            Column::new(&["status"], ColumnType::Integer),
            Column::new(&["price"], ColumnType::Number),
            Column::new(&["seen"], ColumnType::Bool),
            Column::new(&["links"], ColumnType::List(Box::new(ColumnType::Text))),
            Column::new(&["title"], ColumnType::Text),
            Column::new(&["content", "text"], ColumnType::Text),
            Column::new(&["raw"], ColumnType::Json),
        ]
    }

    fn database(text: &str) -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.sqlite");
        let target = Target::begin(&path, false).unwrap();
        let table = Table { name: "pages".to_owned(), key: Some("url"), texts: &["title", "content.text"] };
        write(&mut Rows::new(Box::new(Text::new(text)), Shape::Line, columns(), None), &table, &target).unwrap();
        target.finish().unwrap();
        (folder, Connection::open(path).unwrap())
    }

    #[test]
    fn rows_have_the_types_of_their_columns() {
        let text = "{\"url\":\"a\",\"status\":200,\"price\":1,\"seen\":true,\"links\":[\"b\"],\"raw\":\"x\"}\n{\"url\":\"b\"}\n";
        let (_folder, database) = database(text);
        let types =
            "SELECT typeof(status)||' '||typeof(price)||' '||seen||' '||links||' '||raw FROM pages WHERE url = 'a'";
        let types: String = database.query_row(types, [], |row| row.get(0)).unwrap();
        assert_eq!(types, "integer real 1 [\"b\"] \"x\"");
        assert!(database.execute("INSERT INTO pages (url) VALUES ('a')", []).is_err(), "each is there once");
        let tables = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'pages_fts%'";
        assert_eq!(database.query_row(tables, [], |row| row.get::<_, u32>(0)).unwrap(), 0, "there is no text");
    }

    #[test]
    fn words_are_found_in_any_script() {
        let found = |text: &str, words: &str| {
            let (_folder, database) = database(text);
            let sql = "SELECT group_concat(url, ' ') FROM pages JOIN pages_fts ON pages.rowid = pages_fts.rowid \
                       WHERE pages_fts MATCH ?1";
            database.query_row(sql, [words], |row| row.get::<_, Option<String>>(0)).unwrap().unwrap_or_default()
        };
        let latin =
            "{\"url\":\"a\",\"title\":\"Crème brûlée\"}\n{\"url\":\"b\",\"content\":{\"text\":\"of burnt cream\"}}\n";
        assert_eq!(found(latin, "creme"), "a");
        assert_eq!(found(latin, "\"content.text\": cream"), "b");
        assert_eq!(found(latin, "title: cream"), "");
        let japanese =
            "{\"url\":\"a\",\"content\":{\"text\":\"東京都の観光案内\"}}\n{\"url\":\"b\",\"title\":\"Kyoto\"}\n";
        assert_eq!(found(japanese, "観光案"), "a");
    }
}
