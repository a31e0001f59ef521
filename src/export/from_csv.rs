//! From CSV: items that a crawl has written as a table, back as objects.
//!
//! A table says no types, so the rules do. What was nested or a list is one text there, and stays one: where its entries end
//! nobody can tell any more.

use serde_json::{Map, Number, Value};

use super::column::{Column, ColumnType};
use crate::committed::LineSource;
use crate::error::{Error, Result};
use crate::sink::csv;

/// The columns of a table, by those that its rows would have as objects.
pub(super) fn columns(of_objects: Vec<Column>) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::with_capacity(of_objects.len());
    for mut column in of_objects {
        if column.path.len() > 1 || matches!(column.kind, ColumnType::List(_) | ColumnType::Json | ColumnType::Time) {
            column.kind = ColumnType::Text;
        }
        column.path.truncate(1);
        if columns.last().is_none_or(|last| last.path != column.path) {
            columns.push(column);
        }
    }
    columns
}

/// The rows of a table as lines of JSON.
pub(super) struct Objects {
    rows: Box<dyn LineSource>,
    columns: Vec<Column>,
    /// What the first row says; `None` before it is read.
    names: Option<Vec<String>>,
    row: Vec<u8>,
    line: Vec<u8>,
}

impl Objects {
    /// Of a table that has these columns.
    pub(super) fn of(rows: Box<dyn LineSource>, columns: &[Column]) -> Self {
        Self { rows, columns: columns.to_vec(), names: None, row: Vec::new(), line: Vec::new() }
    }

    /// The texts of the next row.
    fn texts(&mut self) -> Result<Option<Vec<String>>> {
        self.row.clear();
        while let Some(line) = self.rows.next_line()? {
            self.row.extend_from_slice(line);
            if csv::is_whole(&self.row) {
                break;
            }
            if self.row.len() > LONGEST {
                return Err(self.damaged("a cell does not end"));
            }
        }
        if self.row.is_empty() {
            return Ok(None);
        }
        match std::str::from_utf8(&self.row) {
            Ok(row) => Ok(Some(csv::texts(row))),
            Err(_) => Err(self.damaged("a row is no UTF-8")),
        }
    }

    fn damaged(&self, what: &str) -> Error {
        Error::Damaged(format!("{}: {what}\n = help: `crawler verify` says what else is wrong", self.rows.shown()))
    }
}

impl LineSource for Objects {
    fn next_line(&mut self) -> Result<Option<&[u8]>> {
        if self.names.is_none() {
            self.names = Some(self.texts()?.unwrap_or_default());
        }
        let Some(texts) = self.texts()? else { return Ok(None) };
        let names = self.names.iter().flatten();
        let there = names.zip(texts).filter(|(_, text)| !text.is_empty());
        let object: Map<_, _> = there.map(|(name, text)| (name.clone(), value(name, text, &self.columns))).collect();
        self.line.clear();
        serde_json::to_writer(&mut self.line, &object)
            .map_err(|error| Error::Internal(format!("a row is no JSON: {error}")))?;
        Ok(Some(&self.line))
    }

    fn shown(&self) -> String {
        format!("the rows of {}", self.rows.shown())
    }
}

/// A text as a value of its column; as it is when it is none.
fn value(name: &str, text: String, columns: &[Column]) -> Value {
    let column = columns.iter().find(|column| column.path == [name]);
    let typed = match column.map(|column| &column.kind) {
        Some(ColumnType::Integer | ColumnType::Number) => serde_json::from_str::<Number>(&text).ok().map(Value::Number),
        Some(ColumnType::Bool) => text.parse().ok().map(Value::Bool),
        _ => None,
    };
    typed.unwrap_or(Value::String(text))
}

/// No row of a crawl is longer.
const LONGEST: usize = 1 << 30;

#[cfg(test)]
mod tests {
    use super::super::rows::tests::Text;
    use super::*;

    fn objects(text: &str) -> Result<Vec<String>> {
        let kinds = [("page_url", ColumnType::Text), ("n", ColumnType::Number), ("is", ColumnType::Bool)];
        let columns = kinds.map(|(name, kind)| Column::new(&[name], kind));
        let mut objects = Objects::of(Box::new(Text::new(text)), &columns);
        let mut lines = Vec::new();
        while let Some(line) = objects.next_line()? {
            lines.push(String::from_utf8(line.to_vec()).unwrap());
        }
        Ok(lines)
    }

    #[test]
    fn a_row_is_an_object_with_the_types_of_the_rules() {
        let text = "page_url,n,is,other\r\nu,1.50,true,1\r\nv,,,\r\nw,x,yes,\"a\r\n\"\"b\"\"\"\r\n";
        insta::assert_snapshot!(objects(text).unwrap().join("\n"), @r#"
        {"page_url":"u","n":1.5,"is":true,"other":"1"}
        {"page_url":"v"}
        {"page_url":"w","n":"x","is":"yes","other":"a\r\n\"b\""}
        "#);
        assert!(objects("").unwrap().is_empty() && objects("page_url,n\r\n").unwrap().is_empty());
    }

    #[test]
    fn what_was_nested_is_one_column_of_text() {
        let list = || ColumnType::List(Box::new(ColumnType::Integer));
        let nested = vec![
            Column::new(&["page_url"], ColumnType::Text).required(),
            Column::new(&["sizes"], list()),
            Column::new(&["seller", "name"], ColumnType::Text),
            Column::new(&["seller", "rating"], ColumnType::Number),
            Column::new(&["price"], ColumnType::Number),
        ];
        let columns = columns(nested);
        let shown: Vec<_> = columns.iter().map(|column| format!("{} {:?}", column.name(), column.kind)).collect();
        assert_eq!(shown, ["page_url Text", "sizes Text", "seller Text", "price Number"]);
        assert!(columns[0].is_required);
    }
}
