//! Parquet: the rows as columns with types, in groups that are read and held in memory one at a time.

mod shape;
mod values;

use std::sync::Arc;

use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use self::shape::Leaf;
use self::values::Values;
use super::rows::Rows;
use super::target::Target;
use crate::error::{Error, Result};

/// Writes the rows. Columns with a common start (`error.kind`, `error.message`) are fields of one group.
pub(super) fn write(rows: &mut Rows, name: &str, target: &Target) -> Result<()> {
    let failed = |error: ParquetError| failed(target, error);
    let (schema, leaves) = shape::of(name, &rows.columns).map_err(failed)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(concat!("crawler version ", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    let mut file = SerializedFileWriter::new(target.file(), Arc::new(schema), Arc::new(properties)).map_err(failed)?;
    let mut columns: Vec<_> = leaves.iter().map(Values::new).collect();
    loop {
        let is_last = !fill(rows, &leaves, &mut columns)?;
        if columns.iter().any(|column| !column.is_empty()) {
            let mut group = file.next_row_group().map_err(failed)?;
            for column in &mut columns {
                let Some(mut writer) = group.next_column().map_err(failed)? else { break };
                column.write(&mut writer).map_err(failed)?;
                writer.close().map_err(failed)?;
            }
            group.close().map_err(failed)?;
        }
        if is_last {
            break;
        }
    }
    file.close().map(drop).map_err(failed)
}

/// Takes rows for one group; whether there may be more.
fn fill(rows: &mut Rows, leaves: &[Leaf], columns: &mut [Values]) -> Result<bool> {
    let (mut count, mut bytes) = (0, 0);
    while count < GROUP_ROWS && bytes < GROUP_BYTES {
        let Some(row) = rows.next()? else { return Ok(false) };
        let present: Vec<_> = leaves.iter().map(|leaf| leaf.present(row)).collect();
        let mut cells = rows.cells().map(Some).collect::<Vec<_>>();
        for ((leaf, present), column) in leaves.iter().zip(present).zip(columns.iter_mut()) {
            if let Some(cell) = cells.get_mut(leaf.column).and_then(Option::take) {
                bytes += column.push(&cell?, present);
            }
        }
        count += 1;
    }
    Ok(true)
}

fn failed(target: &Target, error: ParquetError) -> Error {
    let source = match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(io) => *io,
            Err(other) => std::io::Error::other(other),
        },
        other => std::io::Error::other(other),
    };
    Error::io("write", target.shown(), source)
}

/// How many rows a group has at most.
const GROUP_ROWS: usize = 50_000;
/// How many bytes of values a group has about at most: all of them are in memory.
const GROUP_BYTES: usize = 32 << 20;

#[cfg(test)]
mod tests {
    use parquet::file::metadata::RowGroupMetaData;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};

    use super::super::column::{Column, ColumnType};
    use super::super::rows::Shape;
    use super::super::rows::tests::Text;
    use super::*;

    fn written(text: &str, columns: Vec<Column>) -> SerializedFileReader<std::fs::File> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pages.parquet");
        let target = Target::begin(&path, false).unwrap();
        write(&mut Rows::new(Box::new(Text::new(text)), Shape::Line, columns, None), "pages", &target).unwrap();
        target.finish().unwrap();
        SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap()
    }

    fn columns() -> Vec<Column> {
        vec![
            Column::new(&["url"], ColumnType::Text).required(),
            Column::new(&["error", "kind"], ColumnType::Text),
            Column::new(&["at"], ColumnType::Time),
            Column::new(&["links"], ColumnType::List(Box::new(ColumnType::Text))),
            Column::new(&["error", "code"], ColumnType::Integer),
            Column::new(&["n"], ColumnType::Number),
            Column::new(&["numbers"], ColumnType::List(Box::new(ColumnType::Number))),
            Column::new(&["seen"], ColumnType::Bool),
            Column::new(&["raw"], ColumnType::Json),
        ]
    }

    #[test]
    fn rows_are_read_back_with_their_types_and_what_is_not_there() {
        let text = "{\"url\":\"a\",\"error\":{\"kind\":\"dns\"},\"links\":[\"x\",\"y\"],\"n\":1,\"seen\":true,\"raw\":[1]}\n\
                    {\"url\":\"b\",\"links\":[],\"at\":\"1970-01-01T00:00:01.5Z\",\"numbers\":[1,null,2.5]}\n\
                    {\"url\":\"c\",\"error\":{\"code\":7},\"links\":[\"z\"]}\n";
        let read = written(text, columns());
        let rows: Vec<_> = read.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        insta::assert_snapshot!(rows.join("\n"));
        let mut schema = Vec::new();
        parquet::schema::printer::print_schema(&mut schema, read.metadata().file_metadata().schema());
        insta::assert_snapshot!(String::from_utf8(schema).unwrap());
    }

    #[test]
    fn rows_are_in_groups_that_fit_in_memory() {
        let line = "{\"url\":\"u\",\"links\":[\"a\",\"b\"]}
";
        let groups = |text: &str| {
            let read = written(text, columns());
            read.metadata().row_groups().iter().map(RowGroupMetaData::num_rows).collect::<Vec<_>>()
        };
        assert_eq!(groups(&line.repeat(GROUP_ROWS + 10)), [50_000, 10]);
        let large = "x".repeat(GROUP_BYTES / 2 + 1);
        assert_eq!(groups(&format!("{{\"url\":\"{large}\"}}\n").repeat(5)), [2, 2, 1]);
        assert_eq!(groups(""), [0; 0]);
    }
}
