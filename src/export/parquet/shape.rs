//! Shape: the schema of a file, and how deep each of its columns lies in it.

use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::Result;
use parquet::schema::types::{Type, TypePtr};
use serde_json::{Map, Value};

use crate::export::column::{Column, ColumnType};

/// A column as the file has it. Whatever may be absent above it is one level.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    /// Which column it is.
    pub(super) column: usize,
    /// The names of the groups that it is in.
    above: Vec<String>,
    /// Of the values themselves, when the column holds lists those of the entries.
    pub(super) kind: ColumnType,
    pub(super) is_list: bool,
    is_required: bool,
}

impl Leaf {
    /// How many of the groups that it is in are there in a row.
    pub(super) fn present(&self, row: &Map<String, Value>) -> i16 {
        let (mut object, mut present) = (Some(row), 0);
        for name in &self.above {
            object = object.and_then(|object| object.get(name)?.as_object());
            present += i16::from(object.is_some());
        }
        present
    }

    /// The level of a value that is there. Lists: a list is one level, an entry one, a value in it one.
    pub(super) fn deepest(&self) -> i16 {
        let above = i16::try_from(self.above.len()).unwrap_or(i16::MAX - 3);
        above + if self.is_list { 3 } else { i16::from(!self.is_required) }
    }

    /// The level of a list that is there; of an empty one that is all.
    pub(super) fn list_level(&self) -> i16 {
        self.deepest() - 2
    }
}

/// The schema of these columns, and its leaves in their order: columns with a common start stand together.
pub(super) fn of(name: &str, columns: &[Column]) -> Result<(Type, Vec<Leaf>)> {
    let mut leaves = Vec::new();
    let all: Vec<_> = columns.iter().enumerate().collect();
    let fields = fields(&all, 0, &mut leaves)?;
    Ok((Type::group_type_builder(name).with_fields(fields).build()?, leaves))
}

fn fields(columns: &[(usize, &Column)], depth: usize, leaves: &mut Vec<Leaf>) -> Result<Vec<TypePtr>> {
    let mut fields = Vec::new();
    let mut done: Vec<&String> = Vec::new();
    for (at, column) in columns {
        let Some(name) = column.path.get(depth).filter(|name| !done.contains(name)) else { continue };
        if column.path.len() == depth + 1 {
            fields.push(Arc::new(leaf(*at, column, name, leaves)?));
            continue;
        }
        done.push(name);
        let same = |(_, column): &&(usize, &Column)| column.path.get(depth) == Some(name);
        let inside: Vec<_> = columns.iter().filter(same).copied().collect();
        let group = Type::group_type_builder(name).with_repetition(Repetition::OPTIONAL);
        fields.push(Arc::new(group.with_fields(self::fields(&inside, depth + 1, leaves)?).build()?));
    }
    Ok(fields)
}

fn leaf(at: usize, column: &Column, name: &str, leaves: &mut Vec<Leaf>) -> Result<Type> {
    let (kind, is_list) = match &column.kind {
        ColumnType::List(entry) => (entry.as_ref().clone(), true),
        kind => (kind.clone(), false),
    };
    let above: Vec<_> = column.path.split_last().map(|(_, above)| above.to_vec()).unwrap_or_default();
    // In a group that may be absent, nobody has to rely on it.
    let is_required = column.is_required && above.is_empty() && !is_list;
    let leaf = Leaf { column: at, above, kind, is_list, is_required };
    let (physical, logical) = match leaf.kind {
        ColumnType::Integer => (Physical::INT64, None),
        ColumnType::Number => (Physical::DOUBLE, None),
        ColumnType::Bool => (Physical::BOOLEAN, None),
        ColumnType::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
        // Not as JSON: readers differ in what they make of that, and all of them know text.
        _ => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let primitive = |name: &str, repetition| {
        Type::primitive_type_builder(name, physical)
            .with_repetition(repetition)
            .with_logical_type(logical.clone())
            .build()
    };
    let made = if is_list {
        let element = Arc::new(primitive("element", Repetition::OPTIONAL)?);
        let entries = Type::group_type_builder("list").with_repetition(Repetition::REPEATED);
        let entries = Arc::new(entries.with_fields(vec![element]).build()?);
        let list = Type::group_type_builder(name).with_repetition(Repetition::OPTIONAL);
        list.with_logical_type(Some(LogicalType::List)).with_fields(vec![entries]).build()?
    } else {
        primitive(name, if is_required { Repetition::REQUIRED } else { Repetition::OPTIONAL })?
    };
    leaves.push(leaf);
    Ok(made)
}
