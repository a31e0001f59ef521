//! Expression: what has to hold for a row, and whether it does.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::export::column::{Cell, Column, ColumnType};

/// An expression, checked against the columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    IsNull(Column),
    /// A column of truth values, by itself.
    IsTrue(Column),
    Compare(Column, Comparison, Literal),
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Different,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// What a value is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    Integer(i64),
    Number(f64),
    Bool(bool),
    /// Milliseconds since 1970.
    Time(i64),
}

impl Filter {
    /// Whether a row is taken.
    pub(crate) fn takes(&self, row: &Map<String, Value>) -> bool {
        self.holds(row) == Some(true)
    }

    /// `None` when that cannot be said.
    fn holds(&self, row: &Map<String, Value>) -> Option<bool> {
        match self {
            Self::All(parts) => all(parts.iter().map(|part| part.holds(row))),
            Self::Any(parts) => all(parts.iter().map(|part| part.holds(row).map(|holds| !holds))).map(|none| !none),
            Self::Not(part) => part.holds(row).map(|holds| !holds),
            Self::IsNull(column) => Some(column.of(row).is_none_or(Value::is_null)),
            Self::IsTrue(column) => column.of(row)?.as_bool(),
            Self::Compare(column, comparison, literal) => {
                let cell = column.kind.cell(column.of(row)?)?;
                literal.compared_with(&cell).map(|order| comparison.holds(order))
            }
        }
    }
}

/// Whether all hold: not if one does not, and not known when that of one is not.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut is_known = true;
    for part in parts {
        match part {
            Some(true) => {}
            Some(false) => return Some(false),
            None => is_known = false,
        }
    }
    is_known.then_some(true)
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Different => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

impl Literal {
    /// Whether values of a column can be compared with it.
    pub(super) fn fits(&self, kind: &ColumnType) -> bool {
        matches!(
            (self, kind),
            (_, ColumnType::Json)
                | (Self::Text(_), ColumnType::Text)
                | (Self::Integer(_) | Self::Number(_), ColumnType::Integer | ColumnType::Number)
                | (Self::Bool(_), ColumnType::Bool)
                | (Self::Time(_), ColumnType::Time)
        )
    }

    /// Where a value stands beside it; `None` when the two cannot be compared.
    fn compared_with(&self, cell: &Cell<'_>) -> Option<Ordering> {
        match (cell, self) {
            (Cell::Text(text), Self::Text(literal)) => Some((*text).cmp(literal)),
            (Cell::Integer(number), Self::Integer(literal)) => Some(number.cmp(literal)),
            #[expect(clippy::cast_precision_loss, reason = "a number with a fraction is near no greater one")]
            (Cell::Integer(number), Self::Number(literal)) => (*number as f64).partial_cmp(literal),
            (Cell::Number(number), Self::Number(literal)) => number.partial_cmp(literal),
            #[expect(clippy::cast_precision_loss, reason = "the column holds no others")]
            (Cell::Number(number), Self::Integer(literal)) => number.partial_cmp(&(*literal as f64)),
            (Cell::Bool(truth), Self::Bool(literal)) => Some(truth.cmp(literal)),
            (Cell::Time(millis, _), Self::Time(literal)) => Some(millis.cmp(literal)),
            (Cell::Json(value), _) => [ColumnType::Text, ColumnType::Integer, ColumnType::Number, ColumnType::Bool]
                .iter()
                .find_map(|kind| self.compared_with(&kind.cell(value)?)),
            _ => None,
        }
    }
}
