//! From rules: the columns of what rules take out of pages.

use serde_json::Value;

use super::column::{Column, ColumnType};
use crate::extract::{Field, FieldTable, Fields, Kind};

/// The columns of the fields of some tables, under a path. A field that is of different types in two tables is JSON.
pub(super) fn columns<'a>(tables: impl Iterator<Item = &'a Fields>, above: &[&str]) -> Vec<Column> {
    let above: Vec<_> = above.iter().map(|name| (*name).to_owned()).collect();
    let mut columns = Vec::new();
    for fields in tables {
        take(fields, &above, &mut columns);
    }
    columns
}

fn take(fields: &Fields, above: &[String], columns: &mut Vec<Column>) {
    for (name, Field(field)) in fields.iter() {
        let path = [above, &[name.to_owned()]].concat();
        if field.each.is_none() && !field.fields.is_empty() && !field.all {
            take(&field.fields, &path, columns);
        } else {
            put(path, kind(field), columns);
        }
    }
}

/// Adds a column, or widens those that it does not agree with.
fn put(path: Vec<String>, kind: ColumnType, columns: &mut Vec<Column>) {
    let overlaps = |column: &Column| column.path.starts_with(&path) || path.starts_with(&column.path);
    let Some(at) = columns.iter().position(overlaps) else {
        return columns.push(Column { path, kind, is_required: false, allowed: Vec::new() });
    };
    let Some(found) = columns.get_mut(at) else { return };
    if found.path == path && found.kind == kind {
        return;
    }
    found.kind = ColumnType::Json;
    found.path.truncate(path.len());
    let mut nth = 0;
    columns.retain(|column| {
        nth += 1;
        nth == at + 1 || !overlaps(column)
    });
}

fn kind(field: &FieldTable) -> ColumnType {
    if field.each.is_some() || !field.fields.is_empty() {
        return ColumnType::Json;
    }
    let is_json = [&field.json, &field.json_ld, &field.microdata, &field.script].iter().any(|place| place.is_some());
    let one = match field.kind {
        _ if field.join.is_some() => ColumnType::Text,
        Some(Kind::Integer) => ColumnType::Integer,
        Some(Kind::Number) => ColumnType::Number,
        Some(Kind::Bool) => ColumnType::Bool,
        None if is_json && field.regex.is_none() => ColumnType::Json,
        // A date has a time only where the page has one.
        Some(Kind::String | Kind::Date | Kind::Url) | None => ColumnType::Text,
    };
    let kind = match one {
        ColumnType::Json => ColumnType::Json,
        one if field.all && field.join.is_none() => ColumnType::List(Box::new(one)),
        one => one,
    };
    let fits = |value: &Value| kind.cell(value).is_some();
    if field.default.as_ref().is_none_or(fits) { kind } else { ColumnType::Json }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Extract;

    fn shown(tables: &[&str]) -> String {
        let tables: Vec<Extract> = tables.iter().map(|table| toml::from_str(table).unwrap()).collect();
        let columns = columns(tables.iter().map(|table| &table.fields), &["fields"]);
        let shown: Vec<_> = columns.iter().map(|column| format!("{}: {:?}", column.name(), column.kind)).collect();
        shown.join("\n")
    }

    #[test]
    fn each_rule_has_the_column_of_its_type() {
        let table = r#"[fields]
            name = "h1"
            id = "$.id"
            number = { json = "$.id", regex = '\d+' }
            price = { css = ".price", type = "number" }
            stock = { css = ".stock", type = "integer", default = 0 }
            odd = { css = ".odd", default = 0 }
            sold = { css = ".sold", type = "bool" }
            when = { css = "time", type = "date" }
            tags = { css = ".tag", all = true }
            sizes = { css = ".size", all = true, type = "integer" }
            path = { css = ".crumb", join = " > " }
            offers = { each = ".offer", fields = { price = ".p" } }
            seller = { css = ".seller", fields = { name = ".n", rating = { css = ".r", type = "number" } } }
        "#;
        insta::assert_snapshot!(shown(&[table]), @r"
        fields.name: Text
        fields.id: Json
        fields.number: Text
        fields.price: Number
        fields.stock: Integer
        fields.odd: Json
        fields.sold: Bool
        fields.when: Text
        fields.tags: List(Text)
        fields.sizes: List(Integer)
        fields.path: Text
        fields.offers: Json
        fields.seller.name: Text
        fields.seller.rating: Number
        ");
    }

    #[test]
    fn what_tables_do_not_agree_about_is_json() {
        let one = "[fields]\na = 'h1'\nb = 'h2'\nc = { css = 'div', fields = { x = 'i', y = 'b' } }";
        let other = "[fields]\na = 'h1'\nb = { css = 'h2', type = 'number' }\nc = 'p'\nd = 'p'";
        insta::assert_snapshot!(shown(&[one, other]), @r"
        fields.a: Text
        fields.b: Json
        fields.c: Json
        fields.d: Text
        ");
        assert_eq!(shown(&["[fields]\nc = 'p'", one]).lines().filter(|line| line.contains("fields.c")).count(), 1);
    }
}
