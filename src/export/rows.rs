//! Rows: what an export has, one after the other, out of the lines of a crawl.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use super::column::{Cell, Column};
use super::filter::Filter;
use crate::committed::LineSource;
use crate::error::{Error, Result};

/// The object of a row.
pub(super) type Row = Map<String, Value>;

/// What becomes of the object of a line.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// It is a row.
    Line,
    /// It holds several rows, or none.
    Many(fn(Row) -> Vec<Row>),
}

/// The rows of an export.
pub(super) struct Rows {
    lines: Box<dyn LineSource>,
    shape: Shape,
    filter: Option<Filter>,
    pub(super) columns: Vec<Column>,
    /// The line that was read last, without its end, and its number.
    line: Vec<u8>,
    number: u64,
    waiting: VecDeque<Row>,
    row: Row,
    /// How many rows there were so far.
    pub(super) given: u64,
}

impl Rows {
    pub(super) fn new(lines: Box<dyn LineSource>, shape: Shape, columns: Vec<Column>, filter: Option<Filter>) -> Self {
        let (line, waiting, row) = (Vec::new(), VecDeque::new(), Row::new());
        Self { lines, shape, filter, columns, line, number: 0, waiting, row, given: 0 }
    }

    /// The next row. It may have more than its columns.
    pub(super) fn next(&mut self) -> Result<Option<&Row>> {
        loop {
            while let Some(row) = self.waiting.pop_front() {
                if self.filter.as_ref().is_none_or(|filter| filter.takes(&row)) {
                    self.row = row;
                    self.given += 1;
                    return Ok(Some(&self.row));
                }
            }
            if !self.read_line()? {
                return Ok(None);
            }
            let object = serde_json::from_slice(&self.line).map_err(|error| self.damaged(&error.to_string()))?;
            match self.shape {
                Shape::Line => self.waiting.push_back(object),
                Shape::Many(rows) => self.waiting.extend(rows(object)),
            }
        }
    }

    /// The next row as it stands in its file, without the end of the line; `None` also when the rows stand in none so.
    pub(super) fn next_line(&mut self) -> Result<Option<&[u8]>> {
        let is_left = match (self.shape, &self.filter) {
            (Shape::Line, None) => {
                let is_read = self.read_line()?;
                self.given += u64::from(is_read);
                is_read
            }
            _ => self.next()?.is_some(),
        };
        if is_left && matches!(self.shape, Shape::Many(_)) {
            self.line.clear();
            let written = serde_json::to_writer(&mut self.line, &self.row);
            written.map_err(|error| Error::Internal(format!("a row is no JSON: {error}")))?;
        }
        Ok(is_left.then_some(&self.line))
    }

    /// The values of the columns in the row that was given last.
    pub(super) fn cells(&self) -> impl Iterator<Item = Result<Cell<'_>>> {
        self.columns.iter().map(|column| column.cell(&self.row).map_err(|misfit| self.damaged(&misfit.what)))
    }

    fn read_line(&mut self) -> Result<bool> {
        self.line.clear();
        let Some(line) = self.lines.next_line()? else { return Ok(false) };
        self.line.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
        self.number += 1;
        Ok(true)
    }

    fn damaged(&self, what: &str) -> Error {
        let what = what.split(" at line ").next().unwrap_or_default();
        Error::Damaged(format!(
            "line {} of {}: {what}\n = help: --columns can leave it out, and a file of .jsonl takes any value",
            self.number,
            self.lines.shown()
        ))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::column::ColumnType;
    use super::*;

    /// Lines of a text.
    pub(in crate::export) struct Text(Vec<String>, usize);

    impl Text {
        pub(in crate::export) fn new(text: &str) -> Self {
            Self(text.split_inclusive('\n').map(str::to_owned).collect(), 0)
        }
    }

    impl LineSource for Text {
        fn next_line(&mut self) -> Result<Option<&[u8]>> {
            self.1 += 1;
            Ok(self.0.get(self.1 - 1).map(String::as_bytes))
        }

        fn shown(&self) -> String {
            "pages.jsonl".to_owned()
        }
    }

    fn columns() -> Vec<Column> {
        vec![Column::new(&["a"], ColumnType::Integer), Column::new(&["b"], ColumnType::Text)]
    }

    fn rows(text: &str, filter: Option<&str>, shape: Shape) -> Rows {
        let filter = filter.map(|text| super::super::filter::parse(text, &columns()).unwrap());
        Rows::new(Box::new(Text::new(text)), shape, columns(), filter)
    }

    #[test]
    fn rows_are_the_lines_that_the_filter_takes() {
        let text = "{\"a\":1,\"b\":\"x\"}\n{\"a\": 2}\n{\"c\":0,\"a\":3}\n";
        let mut taken = rows(text, Some("a > 1"), Shape::Line);
        assert_eq!(taken.next().unwrap().unwrap().len(), 1);
        assert_eq!(taken.next_line().unwrap().unwrap(), b"{\"c\":0,\"a\":3}");
        assert!(taken.next().unwrap().is_none());
        assert_eq!(taken.given, 2);
        let mut all = rows(text, None, Shape::Line);
        while let Some(line) = all.next_line().unwrap() {
            assert!(line.ends_with(b"}"));
        }
        assert_eq!(all.given, 3);
    }

    #[test]
    fn a_line_may_hold_many_rows_or_none() {
        let many = Shape::Many(|object| {
            let each = |n| Row::from_iter([("a".to_owned(), Value::from(n))]);
            (0..object["a"].as_i64().unwrap_or_default()).map(each).collect()
        });
        let mut rows = rows("{\"a\":2}\n{\"a\":0}\n{\"a\":1}\n", None, many);
        let mut lines = Vec::new();
        while let Some(line) = rows.next_line().unwrap() {
            lines.push(String::from_utf8(line.to_vec()).unwrap());
        }
        assert_eq!(lines, ["{\"a\":0}", "{\"a\":1}", "{\"a\":0}"]);
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_line() {
        let mut rows = rows("{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":", None, Shape::Line);
        rows.next().unwrap();
        assert!(rows.cells().all(|cell| cell.is_ok()));
        rows.next().unwrap();
        let wrong = rows.cells().find_map(Result::err).unwrap().to_string();
        assert!(wrong.starts_with("line 2 of pages.jsonl: `a` should be a whole number, and is \"x\"\n"), "{wrong}");
        let wrong = rows.next().unwrap_err().to_string();
        assert!(wrong.starts_with("line 3 of pages.jsonl: EOF while parsing a value\n"), "{wrong}");
    }
}
