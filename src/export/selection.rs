//! Selection: which columns an export has, by their names.

use super::column::Column;
use crate::problem::Problem;

/// The columns with these names, in their order. The name of what holds several (`error`) stands for all of them.
pub(super) fn select(names: &[String], columns: &[Column]) -> Result<Vec<Column>, Problem> {
    let mut selected: Vec<Column> = Vec::new();
    for name in names {
        let path: Vec<_> = name.split('.').collect();
        let is_named = |column: &&Column| column.name() == *name || column.path.starts_with(&owned(&path));
        let found: Vec<_> = columns.iter().filter(is_named).cloned().collect();
        if found.is_empty() {
            return Err(named(name, columns));
        }
        if let Some(twice) = found.iter().find(|column| selected.contains(column)) {
            return Err(Problem::new(format!("the column `{}` is named twice", twice.name())));
        }
        selected.extend(found);
    }
    Ok(selected)
}

/// What to say of a name that no column has.
pub(super) fn named(name: &str, columns: &[Column]) -> Problem {
    let names: Vec<_> = columns.iter().map(Column::name).collect();
    let near = |known: &&String| {
        let last = known.rsplit('.').next().unwrap_or_default();
        strsim::damerau_levenshtein(name, known).min(strsim::damerau_levenshtein(name, last))
    };
    let nearest = names.iter().min_by_key(near).filter(|known| near(known) <= 2);
    let problem = Problem::new(format!("there is no column `{name}`"));
    match nearest {
        Some(known) => problem.help(Some(format!("did you mean `{known}`?"))),
        None => problem.allowed(names.join(", ")),
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|name| (*name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::column::ColumnType;
    use super::*;

    #[test]
    fn columns_are_taken_in_the_order_of_their_names() {
        let columns = [&["url"][..], &["error", "kind"], &["error", "message"], &["fields", "a.b"]]
            .map(|path| Column::new(path, ColumnType::Text));
        let select = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            match super::select(&names, &columns) {
                Ok(selected) => selected.iter().map(Column::name).collect::<Vec<_>>().join(" "),
                Err(problem) => problem.to_string(),
            }
        };
        assert_eq!(select(&["error", "url"]), "error.kind error.message url");
        assert_eq!(select(&["fields.a.b"]), "fields.a.b");
        assert_eq!(select(&["url", "ur"]), "there is no column `ur`; did you mean `url`?");
        assert_eq!(select(&["kind"]), "there is no column `kind`; did you mean `error.kind`?");
        assert_eq!(select(&["error", "error.kind"]), "the column `error.kind` is named twice");
        let none = select(&["nothing"]);
        assert_eq!(none, "there is no column `nothing`; allowed: url, error.kind, error.message, fields.a.b");
    }
}
