//! CSV (RFC 4180): objects as rows under fixed columns, made safe for those who open them in a spreadsheet.
//!
//! A cell that starts with `=`, `+`, `-`, `@`, a tab or a carriage return would be a formula to a spreadsheet, and it comes
//! from a page that anybody may have written. Such a cell gets a `'` in front, by which spreadsheets know text, and so does
//! one that has `'` in front of that already: who takes one off again has what was there. Numbers stay as they are: `-5` is
//! no formula.

use serde_json::{Map, Value};

/// Appends the first line: the names of the columns.
pub fn header(columns: &[String], into: &mut Vec<u8>) {
    row(columns.iter().map(|column| Cell::Text(column)), into);
}

/// Appends an object as a line: the values under `columns`, in their order. What is nested is JSON, a list of texts or
/// numbers its entries with `; ` between them, and what is not there empty.
pub fn object(columns: &[String], object: &Map<String, Value>, into: &mut Vec<u8>) {
    row(columns.iter().map(|column| object.get(column).map_or(Cell::Empty, Cell::of)), into);
}

/// Appends a line of these cells.
pub(crate) fn cells<'a>(cells: impl IntoIterator<Item = Cell<'a>>, into: &mut Vec<u8>) {
    row(cells.into_iter(), into);
}

/// What is in one cell.
#[derive(Debug)]
pub(crate) enum Cell<'a> {
    Empty,
    Text(&'a str),
    Made(String),
    /// A number or a truth value: never a formula.
    Number(String),
}

impl<'a> Cell<'a> {
    /// A value: what is nested as JSON, a list of texts or numbers as its entries with `; ` between them.
    pub(crate) fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Empty,
            Value::Bool(truth) => Self::Number(truth.to_string()),
            Value::Number(number) => Self::Number(number.to_string()),
            Value::String(text) => Self::Text(text),
            Value::Array(values) if values.iter().all(|value| !value.is_array() && !value.is_object()) => {
                Self::list(values)
            }
            Value::Array(_) | Value::Object(_) => Self::Made(value.to_string()),
        }
    }

    /// The entries of a list with `; ` between them.
    pub(crate) fn list(values: &[Value]) -> Self {
        let texts = values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        Self::Made(texts.collect::<Vec<_>>().join("; "))
    }
}

fn row<'a>(cells: impl Iterator<Item = Cell<'a>>, into: &mut Vec<u8>) {
    let start = into.len();
    let mut columns = 0;
    for cell in cells {
        if columns > 0 {
            into.push(b',');
        }
        columns += 1;
        match cell {
            Cell::Empty => {}
            Cell::Number(number) => into.extend_from_slice(number.as_bytes()),
            Cell::Text(text) => quoted(text, into),
            Cell::Made(text) => quoted(&text, into),
        }
    }
    // A line without anything would be no line to most readers.
    if columns == 1 && into.len() == start {
        into.extend_from_slice(b"\"\"");
    }
    into.extend_from_slice(b"\r\n");
}

/// A text, in quotes where it needs them (RFC 4180, section 2, rules 6 and 7).
fn quoted(text: &str, into: &mut Vec<u8>) {
    let guard = if is_guarded(text) { "'" } else { "" };
    if !text.contains([',', '"', '\r', '\n']) && !text.starts_with(' ') && !text.ends_with(' ') {
        into.extend_from_slice(guard.as_bytes());
        into.extend_from_slice(text.as_bytes());
        return;
    }
    into.push(b'"');
    into.extend_from_slice(guard.as_bytes());
    into.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    into.push(b'"');
}

/// Whether a text has a `'` in front in a cell.
fn is_guarded(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

/// Whether these bytes, read from the start of a row, are whole: a line break in quotes is in a cell.
pub(crate) fn is_whole(row: &[u8]) -> bool {
    memchr::memchr_iter(b'"', row).count().is_multiple_of(2)
}

/// The texts of the cells of a whole row, with or without its end.
pub(crate) fn texts(row: &str) -> Vec<String> {
    let row = row.strip_suffix('\n').unwrap_or(row);
    let mut rest = row.strip_suffix('\r').unwrap_or(row);
    let mut texts = Vec::new();
    loop {
        let (text, behind) = text(rest);
        texts.push(match text.strip_prefix('\'') {
            Some(own) if is_guarded(own) => own.to_owned(),
            _ => text,
        });
        match behind.strip_prefix(',') {
            Some(next) => rest = next,
            None => return texts,
        }
    }
}

/// The text of the first cell, and what stands behind it.
fn text(row: &str) -> (String, &str) {
    let Some(mut rest) = row.strip_prefix('"') else {
        let (text, behind) = row.split_at(row.find(',').unwrap_or(row.len()));
        return (text.to_owned(), behind);
    };
    let mut text = String::new();
    loop {
        let (part, behind) = rest.split_at(rest.find('"').unwrap_or(rest.len()));
        text.push_str(part);
        let behind = behind.strip_prefix('"').unwrap_or(behind);
        match behind.strip_prefix('"') {
            Some(next) => {
                text.push('"');
                rest = next;
            }
            None => return (text, behind),
        }
    }
}

/// What a formula starts with, in one spreadsheet or another (OWASP, "CSV Injection").
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[expect(clippy::needless_pass_by_value, reason = "every caller makes it in place")]
    fn line(value: Value) -> String {
        let Value::Object(fields) = json!({ "x": value }) else { unreachable!() };
        let mut bytes = Vec::new();
        object(&columns(&["x"]), &fields, &mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn an_object_is_a_line_under_its_columns() {
        let Value::Object(fields) = json!({"b": 1.5, "a": "x", "d": null, "e": "not asked for"}) else {
            unreachable!()
        };
        let (columns, mut bytes) = (columns(&["a", "b", "c", "d"]), Vec::new());
        header(&columns, &mut bytes);
        object(&columns, &fields, &mut bytes);
        assert_eq!(String::from_utf8(bytes).unwrap(), "a,b,c,d\r\nx,1.5,,\r\n");
    }

    #[test]
    fn what_needs_quotes_has_them() {
        assert_eq!(line(json!("a,b")), "\"a,b\"\r\n");
        assert_eq!(line(json!("a \"b\"")), "\"a \"\"b\"\"\"\r\n");
        assert_eq!(line(json!("a\nb")), "\"a\nb\"\r\n");
        assert_eq!(line(json!(" a")), "\" a\"\r\n");
        assert_eq!(line(json!("")), "\"\"\r\n");
        assert_eq!(line(json!(null)), "\"\"\r\n");
        assert_eq!(line(json!("ü")), "ü\r\n");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for start in ["=", "+", "-", "@", "\t"] {
            assert_eq!(line(json!(format!("{start}1"))), format!("'{start}1\r\n"));
        }
        assert_eq!(line(json!("\r=1")), "\"'\r=1\"\r\n");
        assert_eq!(line(json!("=a,b")), "\"'=a,b\"\r\n");
        assert_eq!(line(json!(["=a", "b"])), "'=a; b\r\n");
        assert_eq!(line(json!(-5)), "-5\r\n");
        assert_eq!(line(json!("a=b")), "a=b\r\n");
        assert_eq!((line(json!("'=a")), line(json!("'a"))), ("''=a\r\n".to_owned(), "'a\r\n".to_owned()));
    }

    #[test]
    fn lists_and_objects_are_one_cell() {
        assert_eq!(line(json!(["a", 1, true])), "a; 1; true\r\n");
        assert_eq!(line(json!([{"a": 1}])), "\"[{\"\"a\"\":1}]\"\r\n");
        assert_eq!(line(json!([])), "\"\"\r\n");
        assert_eq!(line(json!(true)), "true\r\n");
    }

    /// The fields of a file, read as RFC 4180 says.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match (quoted, c) {
                (true, '"') if chars.peek() == Some(&'"') => cell.extend(chars.next()),
                (_, '"') => quoted = !quoted,
                (false, ',') => row.push(std::mem::take(&mut cell)),
                (false, '\r') if chars.peek() == Some(&'\n') => {
                    chars.next();
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
                (_, c) => cell.push(c),
            }
        }
        rows
    }

    #[test]
    fn a_row_ends_where_no_cell_is_open() {
        assert!(is_whole(b"a,b\r\n") && is_whole(b"\"a\nb\",\"\"\r\n") && is_whole(b""));
        assert!(!is_whole(b"a,\"b\n"));
        assert_eq!(texts("a,\"b\n\"\"c\",,'=d,'e\r\n"), ["a", "b\n\"c", "", "=d", "'e"]);
        assert_eq!(texts("\"a"), ["a"], "a row that is none");
    }

    proptest! {
        #[test]
        fn any_row_is_read_back_as_it_was(texts in prop::collection::vec("[ -~\t\r\n\"\"'',;=ü]{0,8}", 1..4)) {
            let names: Vec<String> = (0..texts.len()).map(|nth| format!("c{nth}")).collect();
            let fields = names.iter().cloned().zip(texts.iter().cloned().map(Value::from)).collect();
            let mut bytes = Vec::new();
            object(&names, &fields, &mut bytes);
            prop_assert!(is_whole(&bytes));
            prop_assert_eq!(super::texts(std::str::from_utf8(&bytes).unwrap()), texts);
        }

        #[test]
        fn any_text_is_read_back(texts in prop::collection::vec("[ -&(-~\t\r\n\",;=ü]{0,8}", 1..4)) {
            let names: Vec<String> = (0..texts.len()).map(|nth| format!("c{nth}")).collect();
            let fields = names.iter().cloned().zip(texts.iter().cloned().map(Value::from)).collect();
            let mut bytes = Vec::new();
            object(&names, &fields, &mut bytes);
            let rows = read(std::str::from_utf8(&bytes).unwrap());
            prop_assert_eq!(rows.len(), 1);
            for (cell, text) in rows[0].iter().zip(&texts) {
                let bare = cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA)).unwrap_or(cell);
                prop_assert_eq!(bare, text);
            }
        }
    }
}
