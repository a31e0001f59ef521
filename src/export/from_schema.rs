//! From schema: the columns of what a JSON Schema describes.

use serde_json::{Map, Value};

use super::column::{Column, ColumnType};

/// The columns of an object: those of the objects in it one by one, each under its path. What has no fixed shape is one
/// column of JSON.
pub(crate) fn columns(schema: &Value) -> Vec<Column> {
    let mut columns = Vec::new();
    let reader = Reader { defs: schema.get("$defs").and_then(Value::as_object) };
    reader.object(schema, &[], true, &mut columns);
    columns
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    defs: Option<&'a Map<String, Value>>,
}

impl<'a> Reader<'a> {
    fn object(self, schema: &'a Value, above: &[String], is_required: bool, into: &mut Vec<Column>) {
        let required: Vec<_> = schema.get("required").and_then(Value::as_array).into_iter().flatten().collect();
        for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let (property, may_be_null) = self.resolved(property);
            let path = [above, std::slice::from_ref(name)].concat();
            let is_required =
                is_required && !may_be_null && required.iter().any(|required| required.as_str() == Some(name));
            if property.get("properties").is_some() && path.len() < DEEPEST {
                self.object(property, &path, is_required, into);
            } else {
                let (kind, allowed) = (self.kind(property), closed_set(property));
                into.push(Column { path, kind, is_required, allowed });
            }
        }
    }

    /// What a schema comes to without references and without `null`, and whether that is allowed.
    fn resolved(self, schema: &'a Value) -> (&'a Value, bool) {
        let (mut schema, mut may_be_null) = (schema, false);
        for _ in 0..DEEPEST {
            let others = ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema.get(*key)?.as_array());
            let is_null = |schema: &&Value| schema.get("type").and_then(Value::as_str) == Some("null");
            let one = others.and_then(|others| {
                may_be_null |= others.iter().any(|other| is_null(&other));
                let mut others = others.iter().filter(|other| !is_null(other));
                others.next().filter(|_| others.next().is_none())
            });
            let named = schema.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix("#/$defs/"));
            match one.or_else(|| self.defs?.get(named?)) {
                Some(next) => schema = next,
                None => break,
            }
        }
        may_be_null |= types(schema).contains(&"null");
        (schema, may_be_null)
    }

    fn kind(self, schema: &'a Value) -> ColumnType {
        if !closed_set(schema).is_empty() {
            return ColumnType::Text;
        }
        let types: Vec<_> = types(schema).into_iter().filter(|name| *name != "null").collect();
        match types.as_slice() {
            ["string"] if schema.get("format").and_then(Value::as_str) == Some("date-time") => ColumnType::Time,
            ["string"] => ColumnType::Text,
            ["integer"] => ColumnType::Integer,
            ["number"] => ColumnType::Number,
            ["boolean"] => ColumnType::Bool,
            ["array"] => {
                let entry = schema.get("items").map(|items| self.kind(self.resolved(items).0));
                match entry {
                    Some(kind @ (ColumnType::Text | ColumnType::Integer | ColumnType::Number | ColumnType::Bool)) => {
                        ColumnType::List(Box::new(kind))
                    }
                    Some(ColumnType::Time) => ColumnType::List(Box::new(ColumnType::Text)),
                    _ => ColumnType::Json,
                }
            }
            _ => ColumnType::Json,
        }
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The texts that a schema allows, when they are listed.
fn closed_set(schema: &Value) -> Vec<String> {
    let texts = |values: &Vec<Value>, text: fn(&Value) -> Option<&str>| {
        let texts: Option<Vec<_>> = values.iter().map(|value| text(value).map(str::to_owned)).collect();
        texts.unwrap_or_default()
    };
    if let Some(variants) = schema.get("oneOf").and_then(Value::as_array) {
        return texts(variants, |variant| variant.get("const")?.as_str());
    }
    let listed = schema.get("enum").and_then(Value::as_array);
    listed.map(|values| texts(values, Value::as_str)).unwrap_or_default()
}

/// How far objects in objects are taken apart. A type that holds itself would have no end.
const DEEPEST: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Sample {
        url: String,
        size: Option<u64>,
        ratio: f32,
        whether: Option<bool>,
        kind: Kind,
        maybe: Option<Kind>,
        inner: Option<Inner>,
        sure: Inner,
        tags: Vec<String>,
        numbers: Option<Vec<u16>>,
        objects: Vec<Inner>,
        any: Option<Map<String, Value>>,
        value: Value,
        tree: Option<Box<Tree>>,
    }

    #[derive(schemars::JsonSchema)]
    #[schemars(rename_all = "snake_case")]
    #[expect(dead_code, reason = "only its schema is looked at")]
    enum Kind {
        /// Good.
        Good,
        /// Bad.
        NotGood,
    }

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Inner {
        #[schemars(extend("format" = "date-time"))]
        at: String,
        message: Option<String>,
    }

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Tree {
        below: Option<Box<Tree>>,
    }

    #[test]
    fn each_type_has_its_column() {
        let columns = columns(&schemars::schema_for!(Sample).to_value());
        let shown = |column: &Column| {
            let (name, kind) = (column.name(), &column.kind);
            let required = if column.is_required { "" } else { "?" };
            format!("{name}{required}: {kind:?} {}", column.allowed.join("|")).trim().to_owned()
        };
        let shown: Vec<_> = columns.iter().map(shown).collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        url: Text
        size?: Integer
        ratio: Number
        whether?: Bool
        kind: Text good|not_good
        maybe?: Text good|not_good
        inner.at?: Time
        inner.message?: Text
        sure.at: Time
        sure.message?: Text
        tags: List(Text)
        numbers?: List(Integer)
        objects: Json
        any?: Json
        value: Json
        tree.below.below.below.below.below?: Json
        ");
    }
}
