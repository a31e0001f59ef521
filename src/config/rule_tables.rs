//! Rule tables: `[[extract]]`, `[[items]]` and `[[follow]]`, which only the rules that come of them can check.

use toml::{Table, Value};

use crate::extract::{self, Fault, Faults, Rules};

/// What is wrong with the rules of a document whose tables have the right keys and types.
pub(super) fn faults(document: &Table) -> Vec<Fault> {
    let Some(options) = options(document) else { return Vec::new() };
    match Rules::new(&options) {
        Ok(_) => Vec::new(),
        Err(Faults(faults)) => faults,
    }
}

/// The rules as they are written. What the types refuse they tell by themselves.
fn options(document: &Table) -> Option<extract::Options> {
    let table = |name: &str| document.get(name).cloned().unwrap_or_else(|| Value::Array(Vec::new()));
    let [extract, items, follow] = NAMES.map(table);
    Some(extract::Options {
        extract: extract.try_into().ok()?,
        items: items.try_into().ok()?,
        follow: follow.try_into().ok()?,
    })
}

/// The names of the tables.
pub(super) const NAMES: [&str; 3] = ["extract", "items", "follow"];
