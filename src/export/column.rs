//! Columns: what the table of an export has, and of which type each is. They come from what rows can be, never from the
//! rows that are there.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// A column: a value of each row, by where it is in the object that the row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// The names that lead to it.
    pub(crate) path: Vec<String>,
    pub(crate) kind: ColumnType,
    /// Whether every row has a value.
    pub(crate) is_required: bool,
    /// The values of a closed set; empty for all others.
    pub(crate) allowed: Vec<String>,
}

/// What the values of a column are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ColumnType {
    Text,
    /// An instant, as RFC 3339 writes it.
    Time,
    /// A whole number of 64 bits with a sign.
    Integer,
    Number,
    Bool,
    /// A list of texts, numbers or truth values.
    List(Box<ColumnType>),
    /// Whatever JSON can be.
    Json,
}

/// The value of a column in a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    Null,
    Text(&'a str),
    /// Milliseconds since 1970, in UTC.
    Time(i64, &'a str),
    Integer(i64),
    Number(f64),
    Bool(bool),
    /// Each entry is null or fits the type of the list.
    List(&'a [Value]),
    Json(&'a Value),
}

/// A value that is not of the type of its column.
#[derive(Debug)]
pub(super) struct Misfit {
    /// What is wrong, as a clause.
    pub(super) what: String,
}

impl Column {
    /// A column that may have no value.
    pub(crate) fn new(path: &[&str], kind: ColumnType) -> Self {
        let path = path.iter().map(|name| (*name).to_owned()).collect();
        Self { path, kind, is_required: false, allowed: Vec::new() }
    }

    /// The same column, with a value in each row.
    pub(super) fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// The names that lead to it, with points between them.
    pub(crate) fn name(&self) -> String {
        self.path.join(".")
    }

    /// What is in its place in a row, be it `null`; `None` when nothing is.
    pub(super) fn of<'a>(&self, row: &'a Map<String, Value>) -> Option<&'a Value> {
        let (last, above) = self.path.split_last()?;
        let mut object = row;
        for name in above {
            object = object.get(name)?.as_object()?;
        }
        object.get(last)
    }

    /// Its value in a row.
    pub(super) fn cell<'a>(&self, row: &'a Map<String, Value>) -> Result<Cell<'a>, Misfit> {
        let cell = self.of(row).map_or(Some(Cell::Null), |value| self.kind.cell(value));
        match cell {
            Some(Cell::Null) if self.is_required => Err(Misfit { what: format!("`{}` is missing", self.name()) }),
            Some(cell) => Ok(cell),
            None => {
                let (name, kind) = (self.name(), self.kind.described());
                let value = self.of(row).map(shown).unwrap_or_default();
                Err(Misfit { what: format!("`{name}` should be {kind}, and is {value}") })
            }
        }
    }
}

impl ColumnType {
    /// A value as one of this type; `None` when it is none.
    pub(super) fn cell<'a>(&self, value: &'a Value) -> Option<Cell<'a>> {
        Some(match (self, value) {
            (_, Value::Null) => Cell::Null,
            (Self::Text, Value::String(text)) => Cell::Text(text),
            (Self::Time, Value::String(text)) => Cell::Time(text.parse::<Timestamp>().ok()?.as_millisecond(), text),
            (Self::Integer, Value::Number(number)) => Cell::Integer(number.as_i64()?),
            (Self::Number, Value::Number(number)) => Cell::Number(number.as_f64()?),
            (Self::Bool, Value::Bool(truth)) => Cell::Bool(*truth),
            (Self::List(kind), Value::Array(values)) if values.iter().all(|value| kind.cell(value).is_some()) => {
                Cell::List(values)
            }
            (Self::Json, value) => Cell::Json(value),
            _ => return None,
        })
    }

    /// What it is, for a person.
    pub(super) fn described(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Time => "a time",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::List(_) => "a list",
            Self::Json => "JSON",
        }
    }
}

/// A value in a message.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    let end = text.floor_char_boundary(SHOWN);
    if end == text.len() { text } else { format!("{}…", text.get(..end).unwrap_or_default()) }
}

/// How much of a value a message shows, in bytes.
const SHOWN: usize = 60;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_found_by_its_path_and_has_to_fit() {
        let Value::Object(row) =
            json!({"status": 200, "error": {"kind": "dns"}, "links": ["a"], "seen": "2025-01-02T03:04:05.6Z"})
        else {
            unreachable!()
        };
        let cell = |path: &[&str], kind: ColumnType| {
            let column = Column::new(path, kind);
            column.cell(&row).map_or_else(|misfit| misfit.what, |cell| format!("{cell:?}"))
        };
        assert_eq!(cell(&["status"], ColumnType::Integer), "Integer(200)");
        assert_eq!(cell(&["error", "kind"], ColumnType::Text), "Text(\"dns\")");
        assert_eq!(cell(&["error", "message"], ColumnType::Text), "Null");
        assert_eq!(cell(&["status", "kind"], ColumnType::Text), "Null", "there is nothing below a number");
        assert_eq!(cell(&["seen"], ColumnType::Time), "Time(1735787045600, \"2025-01-02T03:04:05.6Z\")");
        assert_eq!(cell(&["status"], ColumnType::Text), "`status` should be text, and is 200");
        let list = || ColumnType::List(Box::new(ColumnType::Integer));
        assert_eq!(cell(&["links"], list()), "`links` should be a list, and is [\"a\"]");
        let required = Column::new(&["title"], ColumnType::Text).required().cell(&row).unwrap_err();
        assert_eq!(required.what, "`title` is missing");
    }
}
