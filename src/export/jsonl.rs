//! JSON lines: the rows as they stand in the crawl, or some of their values; as they are, or compressed.

use std::io::{self, BufWriter, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, FrameCompressor};
use serde_json::{Map, Value};

use super::column::Column;
use super::format::Packing;
use super::rows::Rows;
use super::target::Target;
use crate::error::{Error, Result};

/// Writes the rows. Without a selection each is what it was, byte by byte.
pub(super) fn write(rows: &mut Rows, selection: Option<&[Column]>, packing: Packing, target: &Target) -> Result<()> {
    let io = |error| Error::io("write", target.shown(), error);
    let file = BufWriter::with_capacity(BUFFER, target.file());
    match packing {
        Packing::None => copy(rows, selection, file, &io)?.flush().map_err(io),
        Packing::Gzip => {
            let to = copy(rows, selection, GzEncoder::new(file, Compression::default()), &io)?;
            to.finish().and_then(|mut file| file.flush()).map_err(io)
        }
        Packing::Zstd => {
            let mut from = Lines { rows, selection, line: Vec::new(), at: 0, failed: None };
            let mut to = Checked { to: file, failed: None };
            let mut frame = FrameCompressor::new(CompressionLevel::Fastest);
            frame.set_source(&mut from);
            frame.set_drain(&mut to);
            frame.compress();
            drop(frame);
            match (from.failed, to.failed) {
                (Some(error), _) => Err(error),
                (_, Some(error)) => Err(io(error)),
                _ => to.to.flush().map_err(io),
            }
        }
    }
}

fn copy<W: Write>(
    rows: &mut Rows,
    selection: Option<&[Column]>,
    mut to: W,
    io: &dyn Fn(io::Error) -> Error,
) -> Result<W> {
    let mut line = Vec::new();
    while next(rows, selection, &mut line)? {
        to.write_all(&line).map_err(io)?;
    }
    Ok(to)
}

/// Puts the next line with its end in `line`.
fn next(rows: &mut Rows, selection: Option<&[Column]>, line: &mut Vec<u8>) -> Result<bool> {
    line.clear();
    match selection {
        None => {
            let Some(next) = rows.next_line()? else { return Ok(false) };
            line.extend_from_slice(next);
        }
        Some(columns) => {
            let Some(row) = rows.next()? else { return Ok(false) };
            let written = serde_json::to_writer(&mut *line, &selected(row, columns));
            written.map_err(|error| Error::Internal(format!("a row is no JSON: {error}")))?;
        }
    }
    line.push(b'\n');
    Ok(true)
}

/// The values of some columns, where they are in the row. What is not there is left out.
fn selected(row: &Map<String, Value>, columns: &[Column]) -> Map<String, Value> {
    let mut selected = Map::new();
    for column in columns {
        if let Some(value) = column.of(row) {
            put(&mut selected, &column.path, value);
        }
    }
    selected
}

fn put(object: &mut Map<String, Value>, path: &[String], value: &Value) {
    match path {
        [] => {}
        [name] => drop(object.insert(name.clone(), value.clone())),
        [name, rest @ ..] => {
            let inner = object.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// The lines as a stream. The compressor pulls, and takes no error: it is kept.
struct Lines<'a> {
    rows: &'a mut Rows,
    selection: Option<&'a [Column]>,
    line: Vec<u8>,
    at: usize,
    failed: Option<Error>,
}

impl Read for Lines<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.at == self.line.len() {
            self.at = 0;
            match next(self.rows, self.selection, &mut self.line) {
                Ok(true) => {}
                Ok(false) => return Ok(0),
                Err(error) => {
                    self.line.clear();
                    self.failed = Some(error);
                    return Ok(0);
                }
            }
        }
        let mut left = self.line.get(self.at..).unwrap_or_default();
        let read = left.read(to)?;
        self.at += read;
        Ok(read)
    }
}

/// What the compressor writes to. It would panic at an error: that is kept, and the rest is nobody's.
struct Checked<W> {
    to: W,
    failed: Option<io::Error>,
}

impl<W: Write> Write for Checked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed.is_none()
            && let Err(error) = self.to.write_all(bytes)
        {
            self.failed = Some(error);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const BUFFER: usize = 256 << 10;

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::super::column::ColumnType;
    use super::super::rows::Shape;
    use super::super::rows::tests::Text;
    use super::*;

    const TEXT: &str = "{\"url\":\"u\",\"error\":{\"kind\":\"dns\",\"message\":\"m\"},\"a\": null}\n{\"url\":\"v\"}\n";

    fn written(text: &str, selection: Option<&[Column]>, packing: Packing) -> Result<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let target = Target::begin(&path, false)?;
        let columns = selection.map(<[_]>::to_vec).unwrap_or_default();
        write(&mut Rows::new(Box::new(Text::new(text)), Shape::Line, columns, None), selection, packing, &target)?;
        target.finish()?;
        Ok(std::fs::read(path).unwrap())
    }

    #[test]
    fn rows_are_written_as_they_were() {
        assert_eq!(written(TEXT, None, Packing::None).unwrap(), TEXT.as_bytes());
        let gzip = written(TEXT, None, Packing::Gzip).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(gzip.as_slice()).read_to_string(&mut text).unwrap();
        assert_eq!(text, TEXT);
        let long = TEXT.repeat(20_000);
        let zstd = written(&long, None, Packing::Zstd).unwrap();
        assert!(zstd.len() < long.len() / 10, "{}", zstd.len());
        let mut text = String::new();
        ruzstd::decoding::StreamingDecoder::new(zstd.as_slice()).unwrap().read_to_string(&mut text).unwrap();
        assert!(text == long);
    }

    #[test]
    fn selected_values_stay_where_they_are() {
        let columns = [&["error", "kind"][..], &["a"], &["url"]].map(|path| Column::new(path, ColumnType::Text));
        let text = String::from_utf8(written(TEXT, Some(&columns), Packing::None).unwrap()).unwrap();
        assert_eq!(text, "{\"error\":{\"kind\":\"dns\"},\"a\":null,\"url\":\"u\"}\n{\"url\":\"v\"}\n");
    }

    #[test]
    fn a_line_that_is_none_ends_each_packing() {
        let columns = [Column::new(&["url"], ColumnType::Text)];
        for packing in [Packing::None, Packing::Gzip, Packing::Zstd] {
            assert!(matches!(written("{\"url\"", Some(&columns), packing), Err(Error::Damaged(_))), "{packing:?}");
        }
    }
}
