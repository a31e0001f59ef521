//! Keys: every key that `crawl.toml` knows, read from the JSON Schema of [`Config`], so that names, texts and bounds
//! are written once, on the types.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::Config;

/// One key, or one table of keys.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// The key's name in its table.
    pub(super) name: String,
    /// What its doc comment says, on one line for each paragraph.
    pub(super) doc: String,
    /// What it may hold.
    pub(super) kind: Kind,
}

/// What a key may hold.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Table(Vec<Key>),
    /// Names that the user chooses, each with a value of the same kind.
    Map(Box<Kind>),
    List(Box<Kind>),
    Bool,
    Integer {
        min: i64,
        max: Option<i64>,
    },
    Text,
    /// One of these words.
    OneOf(Vec<String>),
    Duration,
    Size,
    Limit,
    TimeLimit,
    Rate,
    /// Something that only the type itself can check.
    Other,
}

/// The tree of all keys, in the order of the types' fields.
pub(super) fn root() -> &'static [Key] {
    static ROOT: LazyLock<Vec<Key>> = LazyLock::new(|| {
        let schema = schemars::schema_for!(Config).to_value();
        let defs = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
        match kind(&schema, &defs) {
            Kind::Table(keys) => keys,
            _ => Vec::new(),
        }
    });
    &ROOT
}

/// Every key that holds a value, by its dotted path, in order.
pub(super) fn leaves() -> Vec<(String, &'static Key)> {
    fn walk(prefix: &str, keys: &'static [Key], into: &mut Vec<(String, &'static Key)>) {
        for key in keys {
            let path = join(prefix, &key.name);
            match &key.kind {
                Kind::Table(keys) => walk(&path, keys, into),
                _ => into.push((path, key)),
            }
        }
    }
    let mut all = Vec::new();
    walk("", root(), &mut all);
    all
}

/// A key that was looked up.
#[derive(Debug)]
pub(super) struct Found<'p> {
    pub(super) key: &'static Key,
    /// The dotted path of the key itself.
    pub(super) path: &'p str,
    /// What follows the path of a [`Kind::Map`]: the name of one of its entries.
    pub(super) entry: Option<&'p str>,
}

/// The key at a dotted path, or the entry of one.
pub(super) fn find(path: &str) -> Option<Found<'_>> {
    let mut keys = root();
    let mut rest = path;
    loop {
        let (name, after) = rest.split_once('.').map_or((rest, None), |(name, after)| (name, Some(after)));
        let key = keys.iter().find(|key| key.name == name)?;
        match (&key.kind, after) {
            (_, None) => return Some(Found { key, path, entry: None }),
            (Kind::Table(inner), Some(after)) => (keys, rest) = (inner, after),
            (Kind::Map(_), Some(entry)) => {
                let path = path.get(..path.len() - entry.len() - 1)?;
                let bare = entry.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                return Some(Found { key, path, entry: Some(bare.unwrap_or(entry)) });
            }
            _ => return None,
        }
    }
}

/// The known key that an unknown one was probably meant to be: the same name in another table, or a small slip.
pub(super) fn nearest(path: &str) -> Option<String> {
    let (table, name) = path.rsplit_once('.').unwrap_or(("", path));
    let name = name.replace('-', "_").to_ascii_lowercase();
    let cost = |known: &str| {
        let (known_table, known_name) = known.rsplit_once('.').unwrap_or(("", known));
        let slips = strsim::damerau_levenshtein(&name, known_name);
        let table_slips = if known_table == table { 0 } else { 1 + strsim::damerau_levenshtein(table, known_table) };
        (slips <= (name.chars().count() / 3).max(1)).then_some((slips * 4 + table_slips.min(3), table_slips))
    };
    let tables = root().iter().filter(|key| matches!(key.kind, Kind::Table(_))).map(|key| key.name.clone());
    let paths = leaves().into_iter().map(|(path, _)| path).chain(tables);
    paths.filter_map(|known| Some((cost(&known)?, known))).min().map(|(_, known)| known)
}

/// Joins a table's path and a name.
pub(super) fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

impl Kind {
    /// What a user may write here, for a message and for the reference.
    pub(super) fn allowed(&self) -> String {
        match self {
            Self::Table(_) => "a table".to_owned(),
            Self::Map(inner) => format!("a table of names, each with {}", inner.allowed()),
            Self::List(inner) if matches!(**inner, Self::Text) => "a list of texts in quotes".to_owned(),
            Self::List(inner) => format!("a list, each item {}", inner.allowed()),
            Self::Bool => "true or false".to_owned(),
            Self::Integer { min, max: Some(max) } => format!("a whole number from {min} to {max}"),
            Self::Integer { min, max: None } => format!("a whole number of at least {min}"),
            Self::Text => "text in quotes".to_owned(),
            Self::OneOf(words) => format!("one of {}", quoted(words)),
            Self::Duration => "a duration with a unit, like \"30s\"".to_owned(),
            Self::Size => "a size with a unit, like \"8MiB\"".to_owned(),
            Self::Limit => "a whole number, or \"none\"".to_owned(),
            Self::TimeLimit => "a duration with a unit, like \"30s\", or \"none\"".to_owned(),
            Self::Rate => "requests per second, like 5 or 0.5, or \"none\"".to_owned(),
            Self::Other => "see the reference".to_owned(),
        }
    }
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

fn kind(schema: &Value, defs: &Map<String, Value>) -> Kind {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
        return match name {
            "Duration" => Kind::Duration,
            "Size" => Kind::Size,
            "Limit" => Kind::Limit,
            "TimeLimit" => Kind::TimeLimit,
            "Rate" => Kind::Rate,
            _ => defs.get(name).map_or(Kind::Other, |schema| kind(schema, defs)),
        };
    }
    if let Some(words) = words(schema) {
        return Kind::OneOf(words);
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("boolean") => Kind::Bool,
        Some("integer") => Kind::Integer {
            min: schema.get("minimum").and_then(Value::as_i64).unwrap_or(i64::MIN),
            max: schema.get("maximum").and_then(Value::as_i64),
        },
        Some("string") => Kind::Text,
        Some("array") => Kind::List(Box::new(schema.get("items").map_or(Kind::Other, |items| kind(items, defs)))),
        Some("object") => match (schema.get("properties"), schema.get("additionalProperties")) {
            (Some(Value::Object(properties)), _) => Kind::Table(keys(properties, defs)),
            (None, Some(values @ Value::Object(_))) => Kind::Map(Box::new(kind(values, defs))),
            _ => Kind::Other,
        },
        _ => Kind::Other,
    }
}

fn keys(properties: &Map<String, Value>, defs: &Map<String, Value>) -> Vec<Key> {
    let key = |(name, schema): (&String, &Value)| {
        let kind = kind(schema, defs);
        // A table's own text says more than the field that holds it.
        let definition = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
        let described = match (&kind, definition.and_then(|name| defs.get(name))) {
            (Kind::Table(_), Some(definition)) => definition,
            _ => schema,
        };
        let doc = described.get("description").and_then(Value::as_str).unwrap_or_default();
        Key { name: name.clone(), doc: unwrapped(doc), kind }
    };
    properties.iter().map(key).collect()
}

/// The words of an enum without fields: `enum`, or `oneOf` when its variants have doc comments of their own.
fn words(schema: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values.iter().map(text).collect();
    }
    let variants = schema.get("oneOf")?.as_array()?;
    let mut words = Vec::new();
    for variant in variants {
        match (variant.get("const"), variant.get("enum").and_then(Value::as_array)) {
            (Some(word), _) => words.push(text(word)?),
            (None, Some(some)) => words.extend(some.iter().map(text).collect::<Option<Vec<_>>>()?),
            _ => return None,
        }
    }
    Some(words)
}

/// Takes the line breaks of a doc comment out; an empty line still ends a paragraph.
fn unwrapped(doc: &str) -> String {
    doc.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_text_and_a_kind_that_can_be_checked() {
        let leaves = leaves();
        assert!(leaves.len() > 30, "{}", leaves.len());
        for (path, key) in leaves {
            assert!(!key.doc.is_empty(), "{path} has no doc comment");
            assert!(!matches!(key.kind, Kind::Other), "{path}: extend `kind`");
        }
    }

    #[test]
    fn the_keys_are_in_the_order_of_the_fields() {
        let names: Vec<_> = root().iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names[..4], ["seeds", "depth", "max_pages", "max_time"]);
    }

    #[test]
    fn an_entry_of_a_map_is_found_with_its_name() {
        let entry = |path| find(path).map(|found| (found.path, found.entry));
        assert_eq!(entry("fetch.headers.X-Key"), Some(("fetch.headers", Some("X-Key"))));
        assert_eq!(entry("fetch.headers.\"a.b\""), Some(("fetch.headers", Some("a.b"))));
        assert_eq!(entry("politeness.rate"), Some(("politeness.rate", None)));
        assert_eq!(entry("politeness.rate.x"), None);
    }

    #[test]
    fn the_nearest_key_is_a_slip_in_this_table_or_the_name_in_another() {
        for (wrong, right) in [
            ("politeness.rat", Some("politeness.rate")),
            ("politeness.per-host-concurrency", Some("politeness.per_host_concurrency")),
            ("rate", Some("politeness.rate")),
            ("fetch.retries", Some("politeness.retries")),
            ("max-pages", Some("max_pages")),
            ("maxpages", Some("max_pages")),
            ("politness.rate", Some("politeness.rate")),
            ("polite", None),
            ("politness", Some("politeness")),
            ("quux", None),
        ] {
            assert_eq!(nearest(wrong).as_deref(), right, "{wrong}");
        }
    }
}
