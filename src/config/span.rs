//! Span: which bytes of a document are a setting, or a part of one.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One step into a document.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Name(String),
    Item(usize),
}

/// The half of a setting that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Key,
    Value,
}

/// The bytes of a setting's name or value in its document; as far down as the document goes.
pub(super) fn locate(document: &DeTable<'_>, path: &[Step], part: Part) -> Range<usize> {
    let mut found = 0..0;
    let mut value: Option<&Spanned<DeValue<'_>>> = None;
    for (index, step) in path.iter().enumerate() {
        let last = index + 1 == path.len();
        let table = match (index, value.map(Spanned::get_ref)) {
            (0, _) => Some(document),
            (_, Some(DeValue::Table(table))) => Some(table),
            _ => None,
        };
        match (step, table, value.map(Spanned::get_ref)) {
            (Step::Name(name), Some(table), _) => {
                let Some((key, inner)) = table.iter().find(|(key, _)| key.get_ref() == name) else { break };
                found = if last && part == Part::Key { key.span() } else { inner.span() };
                value = Some(inner);
            }
            (Step::Item(item), _, Some(DeValue::Array(items))) => {
                let Some(inner) = items.get(*item) else { break };
                found = inner.span();
                value = Some(inner);
            }
            _ => break,
        }
    }
    found
}

/// The bytes of a part of a text value, in the document that has it. Where something in it is escaped, all of it.
pub(super) fn part_of(document: &str, value: &Range<usize>, part: &Range<usize>) -> Range<usize> {
    let written = document.get(value.clone()).unwrap_or_default();
    let quotes = ["\"\"\"\n", "'''\n", "\"\"\"", "'''", "\"", "'"];
    let Some(quote) = quotes.into_iter().find(|quote| written.starts_with(quote)) else { return value.clone() };
    if quote.starts_with('"') && written.contains('\\') {
        return value.clone();
    }
    let start = value.start + quote.len();
    let found = start + part.start..start + part.end;
    if found.end < value.end && found.start < found.end { found } else { value.clone() }
}
