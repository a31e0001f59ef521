//! Reader call: what is written in another program to read `pages.jsonl` with all columns and their types.
//!
//! Programs that look at the first lines only, to find out what there is, take a field that comes later for none, or its
//! values for something else.

use std::fmt::Write as _;

use super::column::{Column, ColumnType};
use super::from_schema;
use crate::sink::Record;

/// A program that reads records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Duckdb,
    Polars,
    Pandas,
    Postgres,
}

/// A field of a record, with those of the object that it is.
enum Field<'a> {
    Value(&'a Column),
    Object(Vec<(&'a str, Field<'a>)>),
}

impl Tool {
    /// The call that reads the records of a crawl, as it is written for this program.
    pub(crate) fn reader_call(self) -> String {
        self.call_for(&from_schema::columns(&schemars::schema_for!(Record).to_value()))
    }

    fn call_for(self, columns: &[Column]) -> String {
        let fields = fields(&columns.iter().collect::<Vec<_>>(), 0);
        match self {
            Self::Duckdb => duckdb(&fields),
            Self::Polars => polars(&fields),
            Self::Pandas => pandas(&fields),
            Self::Postgres => postgres(&fields),
        }
    }
}

fn fields<'a>(columns: &[&'a Column], depth: usize) -> Vec<(&'a str, Field<'a>)> {
    let mut fields: Vec<(&str, Field<'_>)> = Vec::new();
    for column in columns {
        let Some(name) = column.path.get(depth).filter(|name| fields.iter().all(|(known, _)| known != name)) else {
            continue;
        };
        let field = if column.path.len() == depth + 1 {
            Field::Value(column)
        } else {
            let same = |column: &&&Column| column.path.get(depth) == Some(name);
            Field::Object(self::fields(&columns.iter().filter(same).copied().collect::<Vec<_>>(), depth + 1))
        };
        fields.push((name, field));
    }
    fields
}

fn duckdb(all: &[(&str, Field<'_>)]) -> String {
    fn kind(field: &Field<'_>) -> String {
        match field {
            Field::Object(fields) => {
                let fields: Vec<_> =
                    fields.iter().map(|(name, field)| format!("{} {}", sql(name), kind(field))).collect();
                format!("STRUCT({})", fields.join(", "))
            }
            Field::Value(column) => of(&column.kind),
        }
    }
    fn of(kind: &ColumnType) -> String {
        match kind {
            ColumnType::Text => "VARCHAR".to_owned(),
            ColumnType::Time => "TIMESTAMPTZ".to_owned(),
            ColumnType::Integer => "BIGINT".to_owned(),
            ColumnType::Number => "DOUBLE".to_owned(),
            ColumnType::Bool => "BOOLEAN".to_owned(),
            ColumnType::List(entry) => format!("{}[]", of(entry)),
            ColumnType::Json => "JSON".to_owned(),
        }
    }
    let mut text =
        format!("CREATE VIEW pages AS FROM read_json('{PAGES}', format = 'newline_delimited', columns = {{\n");
    for (name, field) in all {
        let _ = writeln!(text, "    {}: '{}',", sql(name), kind(field));
    }
    text.truncate(text.len() - 2);
    text + "\n});\n"
}

fn polars(all: &[(&str, Field<'_>)]) -> String {
    fn kind(field: &Field<'_>) -> String {
        match field {
            Field::Object(fields) => {
                let fields: Vec<_> = fields.iter().map(|(name, field)| format!("{name:?}: {}", kind(field))).collect();
                format!("pl.Struct({{{}}})", fields.join(", "))
            }
            Field::Value(column) => of(&column.kind),
        }
    }
    fn of(kind: &ColumnType) -> String {
        match kind {
            // An object becomes its JSON.
            ColumnType::Text | ColumnType::Json => "pl.String".to_owned(),
            ColumnType::Time => "pl.Datetime(\"ms\", \"UTC\")".to_owned(),
            ColumnType::Integer => "pl.Int64".to_owned(),
            ColumnType::Number => "pl.Float64".to_owned(),
            ColumnType::Bool => "pl.Boolean".to_owned(),
            ColumnType::List(entry) => format!("pl.List({})", of(entry)),
        }
    }
    let mut text = format!("import polars as pl\n\npages = pl.scan_ndjson(\"{PAGES}\", schema={{\n");
    for (name, field) in all {
        let _ = writeln!(text, "    {name:?}: {},", kind(field));
    }
    text + "}).collect()\n"
}

fn pandas(all: &[(&str, Field<'_>)]) -> String {
    let mut text = "import pandas as pd\n\ntypes = {\n".to_owned();
    for (name, field) in all {
        let kind = match field {
            Field::Value(Column { kind: ColumnType::Text | ColumnType::Time, .. }) => "string",
            Field::Value(Column { kind: ColumnType::Integer, .. }) => "Int64",
            Field::Value(Column { kind: ColumnType::Number, .. }) => "Float64",
            Field::Value(Column { kind: ColumnType::Bool, .. }) => "boolean",
            _ => "object",
        };
        let _ = writeln!(text, "    {name:?}: {kind:?},");
    }
    let _ = writeln!(text, "}}\npages = pd.read_json(\"{PAGES}\", lines=True, dtype=types)");
    text.push_str("pages = pages.reindex(columns=list(types)).astype(types)\n");
    for (name, _) in all.iter().filter(|(_, field)| is_time(field)) {
        let _ = writeln!(text, "pages[{name:?}] = pd.to_datetime(pages[{name:?}], format=\"ISO8601\", utc=True)");
    }
    text
}

fn postgres(all: &[(&str, Field<'_>)]) -> String {
    fn of(kind: &ColumnType) -> String {
        match kind {
            ColumnType::Text => "text".to_owned(),
            ColumnType::Time => "timestamptz".to_owned(),
            ColumnType::Integer => "bigint".to_owned(),
            ColumnType::Number => "double precision".to_owned(),
            ColumnType::Bool => "boolean".to_owned(),
            ColumnType::List(entry) => format!("{}[]", of(entry)),
            ColumnType::Json => "jsonb".to_owned(),
        }
    }
    let mut text = "CREATE TABLE pages (\n".to_owned();
    for (name, field) in all {
        let (kind, null) = match field {
            Field::Value(column) if *name == "url" => (of(&column.kind), " PRIMARY KEY"),
            Field::Value(column) => (of(&column.kind), if column.is_required { " NOT NULL" } else { "" }),
            Field::Object(_) => ("jsonb".to_owned(), ""),
        };
        let _ = writeln!(text, "    {} {kind}{null},", sql(name));
    }
    text.truncate(text.len() - 2);
    text.push_str("\n);\n\nCREATE TEMPORARY TABLE line (record jsonb);\n");
    // CSV with quotes and delimiters that JSON escapes: then each line is one value, as it stands.
    let _ = writeln!(text, "\\copy line FROM '{PAGES}' WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')");
    text + "INSERT INTO pages SELECT page.* FROM line, jsonb_populate_record(NULL::pages, record) AS page;\n"
}

fn is_time(field: &Field<'_>) -> bool {
    matches!(field, Field::Value(Column { kind: ColumnType::Time, .. }))
}

/// A name in SQL, in quotes where it needs them.
fn sql(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

const PAGES: &str = "crawl/pages.jsonl";

#[cfg(test)]
mod tests {
    use super::*;

    const TOOLS: [Tool; 4] = [Tool::Duckdb, Tool::Polars, Tool::Pandas, Tool::Postgres];

    #[test]
    fn each_type_is_called_as_the_program_calls_it() {
        let list = ColumnType::List(Box::new(ColumnType::Text));
        let columns = [
            Column::new(&["url"], ColumnType::Text).required(),
            Column::new(&["depth"], ColumnType::Integer).required(),
            Column::new(&["error", "kind"], ColumnType::Text),
            Column::new(&["at"], ColumnType::Time),
            Column::new(&["error", "in it", "codes"], ColumnType::List(Box::new(ColumnType::Integer))),
            Column::new(&["share"], ColumnType::Number),
            Column::new(&["cut"], ColumnType::Bool),
            Column::new(&["links"], list),
            Column::new(&["fields"], ColumnType::Json),
        ];
        let calls = TOOLS.map(|tool| tool.call_for(&columns));
        insta::assert_snapshot!("reader_calls", calls.join("\n"));
    }

    #[test]
    fn each_call_has_all_fields_of_a_record() {
        let schema = schemars::schema_for!(Record).to_value();
        for tool in TOOLS {
            let call = tool.reader_call();
            let is_there =
                |name: &String| call.lines().any(|line| line.trim_start().trim_matches('"').starts_with(name));
            let missing: Vec<_> =
                schema["properties"].as_object().unwrap().keys().filter(|name| !is_there(name)).collect();
            assert!(missing.is_empty(), "{tool:?}: {missing:?}");
        }
    }
}
