//! CSV: the rows under the names of their columns, safe for spreadsheets.

use std::io::{BufWriter, Write as _};

use super::column::{Cell, Column};
use super::rows::Rows;
use super::target::Target;
use crate::error::{Error, Result};
use crate::sink::csv;

/// Writes the rows (RFC 4180).
pub(super) fn write(rows: &mut Rows, target: &Target) -> Result<()> {
    let io = |error| Error::io("write", target.shown(), error);
    let mut to = BufWriter::with_capacity(BUFFER, target.file());
    let mut line = Vec::new();
    line.extend_from_slice(header(&rows.columns).as_bytes());
    to.write_all(&line).map_err(io)?;
    while rows.next()?.is_some() {
        line.clear();
        let cells = rows.cells().map(|cell| Ok(written(&cell?))).collect::<Result<Vec<_>>>()?;
        csv::cells(cells, &mut line);
        to.write_all(&line).map_err(io)?;
    }
    to.flush().map_err(io)
}

/// The names, all in quotes: `DuckDB` 2.0.1 finds out from the first 20,480 rows what a quote is, and a file may have none in
/// them. See `findings/duckdb-csv-misses-late-quotes.sh`.
fn header(columns: &[Column]) -> String {
    let names: Vec<_> = columns.iter().map(|column| format!("\"{}\"", column.name().replace('"', "\"\""))).collect();
    names.join(",") + "\r\n"
}

fn written<'a>(cell: &Cell<'a>) -> csv::Cell<'a> {
    match *cell {
        Cell::Null => csv::Cell::Empty,
        Cell::Text(text) | Cell::Time(_, text) => csv::Cell::Text(text),
        Cell::Integer(number) => csv::Cell::Number(number.to_string()),
        Cell::Number(number) => csv::Cell::Number(number.to_string()),
        Cell::Bool(truth) => csv::Cell::Number(truth.to_string()),
        Cell::List(values) => csv::Cell::list(values),
        Cell::Json(value) => csv::Cell::of(value),
    }
}

const BUFFER: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use super::super::column::ColumnType;
    use super::super::rows::Shape;
    use super::super::rows::tests::Text;
    use super::*;

    #[test]
    fn rows_stand_under_their_columns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let target = Target::begin(&path, false).unwrap();
        let columns = vec![
            Column::new(&["error", "kind"], ColumnType::Text),
            Column::new(&["n"], ColumnType::Number),
            Column::new(&["links"], ColumnType::List(Box::new(ColumnType::Text))),
            Column::new(&["raw"], ColumnType::Json),
        ];
        let text = "{\"error\":{\"kind\":\"=dns\"},\"n\":1,\"links\":[\"a\",\"b,c\"],\"raw\":{\"x\":1}}\n{\"n\":0.5}\n";
        write(&mut Rows::new(Box::new(Text::new(text)), Shape::Line, columns, None), &target).unwrap();
        target.finish().unwrap();
        let csv = "\"error.kind\",\"n\",\"links\",\"raw\"\r\n'=dns,1,\"a; b,c\",\"{\"\"x\"\":1}\"\r\n,0.5,,\r\n";
        assert_eq!(std::fs::read_to_string(path).unwrap(), csv);
    }
}
