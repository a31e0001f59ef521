//! Rule tables: `[[extract]]`, `[[items]]` and `[[follow]]`, which only the rules that come of them can check.

use toml::{Table, Value};

use super::keys::Key;
use crate::extract::{self, Fault, Faults, Rules};
use crate::problem::Problem;

/// What is wrong with the rules of a document whose tables have the right keys and types.
pub(super) fn faults(document: &Table) -> Vec<Fault> {
    let Some(options) = options(document) else { return Vec::new() };
    match Rules::new(&options) {
        Ok(_) => Vec::new(),
        Err(Faults(faults)) => faults,
    }
}

/// What to say of a key that no rule has.
pub(super) fn unknown_key(name: &str, keys: &[Key]) -> Problem {
    let distance = |known: &str| strsim::damerau_levenshtein(&name.to_lowercase().replace('-', "_"), known);
    let near = keys.iter().map(|key| key.name.as_str()).min_by_key(|known| distance(known));
    let near = near.filter(|known| distance(known) <= (name.chars().count() / 3).max(1));
    let known: Vec<_> = keys.iter().map(|key| key.name.as_str()).collect();
    Problem::new(format!("unknown key `{name}`"))
        .allowed(known.join(", "))
        .help(near.map(|known| format!("did you mean `{known}`?")))
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
