//! Values: those of one column and one group of rows, with the levels that say which are there.

use std::mem;

use bytes::Bytes;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::Result;
use parquet::file::writer::SerializedColumnWriter;
use serde_json::Value;

use super::shape::Leaf;
use crate::export::column::{Cell, ColumnType};

/// The values of one column, until they are written.
#[derive(Debug)]
pub(super) struct Values {
    leaf: Leaf,
    /// One for each row, and in lists one for each entry.
    levels: Vec<i16>,
    /// 0 where a row begins; only of lists.
    repeats: Vec<i16>,
    held: Held,
}

#[derive(Debug)]
enum Held {
    /// The texts one behind the other, and where each ends.
    Texts(Vec<u8>, Vec<usize>),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Bools(Vec<bool>),
}

impl Values {
    pub(super) fn new(leaf: &Leaf) -> Self {
        let held = match leaf.kind {
            ColumnType::Integer | ColumnType::Time => Held::Integers(Vec::new()),
            ColumnType::Number => Held::Numbers(Vec::new()),
            ColumnType::Bool => Held::Bools(Vec::new()),
            _ => Held::Texts(Vec::new(), Vec::new()),
        };
        Self { leaf: leaf.clone(), levels: Vec::new(), repeats: Vec::new(), held }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Adds the value of a row, in which so many of the groups around the column are there; about how many bytes that takes.
    pub(super) fn push(&mut self, cell: &Cell<'_>, present: i16) -> usize {
        let Cell::List(entries) = cell else {
            let level = if *cell == Cell::Null { present } else { self.leaf.deepest() };
            return self.push_one(cell, level, 0);
        };
        if entries.is_empty() {
            return self.push_one(&Cell::Null, self.leaf.list_level(), 0);
        }
        let mut bytes = 0;
        for (nth, entry) in entries.iter().enumerate() {
            let is_null = *entry == Value::Null;
            let level = self.leaf.deepest() - i16::from(is_null);
            let kind = self.leaf.kind.clone();
            bytes += self.push_one(&kind.cell(entry).unwrap_or(Cell::Null), level, i16::from(nth > 0));
        }
        bytes
    }

    fn push_one(&mut self, cell: &Cell<'_>, level: i16, repeat: i16) -> usize {
        self.levels.push(level);
        if self.leaf.is_list {
            self.repeats.push(repeat);
        }
        match (&mut self.held, cell) {
            (Held::Integers(integers), Cell::Integer(integer) | Cell::Time(integer, _)) => integers.push(*integer),
            (Held::Numbers(numbers), Cell::Number(number)) => numbers.push(*number),
            (Held::Bools(truths), Cell::Bool(truth)) => truths.push(*truth),
            (Held::Texts(texts, ends), Cell::Text(text)) => {
                texts.extend_from_slice(text.as_bytes());
                ends.push(texts.len());
                return text.len() + OVERHEAD;
            }
            (Held::Texts(texts, ends), Cell::Json(value)) => {
                let json = value.to_string();
                texts.extend_from_slice(json.as_bytes());
                ends.push(texts.len());
                return json.len() + OVERHEAD;
            }
            _ => {}
        }
        OVERHEAD
    }

    /// Writes all of them, and forgets them.
    pub(super) fn write(&mut self, to: &mut SerializedColumnWriter<'_>) -> Result<()> {
        let (levels, repeats) = (mem::take(&mut self.levels), mem::take(&mut self.repeats));
        let def = (self.leaf.deepest() > 0).then_some(levels.as_slice());
        let rep = self.leaf.is_list.then_some(repeats.as_slice());
        match &mut self.held {
            Held::Integers(integers) => to.typed::<Int64Type>().write_batch(&mem::take(integers), def, rep).map(drop),
            Held::Numbers(numbers) => to.typed::<DoubleType>().write_batch(&mem::take(numbers), def, rep).map(drop),
            Held::Bools(truths) => to.typed::<BoolType>().write_batch(&mem::take(truths), def, rep).map(drop),
            Held::Texts(texts, ends) => {
                let (texts, ends) = (Bytes::from(mem::take(texts)), mem::take(ends));
                let (deepest, mut first, mut value) = (self.leaf.deepest(), 0, 0);
                // In parts: each text needs more bytes while it is handed over than while it is kept.
                while first < levels.len() {
                    let last = part_end(&repeats, first, levels.len());
                    let part = levels.get(first..last).unwrap_or_default();
                    let count = part.iter().filter(|level| **level == deepest).count();
                    let batch = batch(&texts, &ends, value..value + count);
                    let rep = rep.and_then(|rep| rep.get(first..last));
                    to.typed::<ByteArrayType>().write_batch(&batch, def.map(|_| part), rep)?;
                    (first, value) = (last, value + count);
                }
                Ok(())
            }
        }
    }
}

/// Where a part ends that begins here: with a row.
fn part_end(repeats: &[i16], first: usize, length: usize) -> usize {
    let mut last = (first + PART).min(length);
    while last < length && repeats.get(last).is_some_and(|repeat| *repeat > 0) {
        last += 1;
    }
    last
}

fn batch(texts: &Bytes, ends: &[usize], values: std::ops::Range<usize>) -> Vec<ByteArray> {
    let mut start = values.start.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or_default();
    let one = |end: &usize| {
        let text = texts.slice(start..*end);
        start = *end;
        ByteArray::from(text)
    };
    ends.get(values).unwrap_or_default().iter().map(one).collect()
}

/// About how many bytes a value takes beside its text.
const OVERHEAD: usize = 12;
const PART: usize = 8192;
