//! Keys: every key that `crawl.toml` knows, read from the JSON Schema of [`Config`], so that names, texts and bounds
//! are written once, on the types.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::Config;
pub(super) use super::dotted::{join, joined, quoted_name, steps};
use crate::extract::{FieldTable, SourceTable};
use crate::url::HostPattern;

/// One key, or one table of keys.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// The key's name in its table.
    pub(super) name: String,
    /// What its doc comment says, on one line for each paragraph.
    pub(super) doc: String,
    /// What it may hold.
    pub(super) kind: Kind,
    /// Whether its table is none without it.
    pub(super) is_required: bool,
}

/// What a key may hold.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Table(Vec<Key>),
    /// Tables that the user names after hosts, each with these keys.
    Hosts(Vec<Key>),
    /// Tables in a list, each with these keys.
    Tables(Vec<Key>),
    /// Names that the user chooses, each with a value of the same kind.
    Map(Box<Kind>),
    /// Names that the user chooses, each with a [`Kind::Field`].
    Fields,
    /// Where a value of a page is: in one line, or as a table of [`of_field`].
    Field,
    /// Where data of a page is: in one line, or as a table of [`of_source`].
    Source,
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
    static ROOT: LazyLock<Vec<Key>> = LazyLock::new(|| of_table(&schemars::schema_for!(Config)));
    &ROOT
}

/// The keys that a table of `[hosts]` may have.
pub(super) fn of_hosts() -> &'static [Key] {
    let hosts = root().iter().find_map(|key| match &key.kind {
        Kind::Hosts(keys) => Some(keys.as_slice()),
        _ => None,
    });
    hosts.unwrap_or_default()
}

/// The keys of the long form of a field.
pub(super) fn of_field() -> &'static [Key] {
    static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| of_table(&schemars::schema_for!(FieldTable)));
    &KEYS
}

/// The keys of the long form of a source.
pub(super) fn of_source() -> &'static [Key] {
    static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| of_table(&schemars::schema_for!(SourceTable)));
    &KEYS
}

/// The key of this name, with its table, or the one that is written so; `None` when there is none, or more than one.
pub(crate) fn named(name: &str) -> Option<String> {
    let keys = leaves();
    let mut named = keys.iter().map(|(path, _)| path).filter(|path| {
        let own = path.rsplit('.').next().unwrap_or(path);
        own == name || *path == name
    });
    named.next().filter(|_| named.next().is_none()).cloned()
}

/// Every key that holds a value, by its dotted path, in order. Those of `[hosts]` and of tables in lists are not among
/// them: there are as many as the user writes.
pub(super) fn leaves() -> Vec<(String, &'static Key)> {
    fn walk(prefix: &str, keys: &'static [Key], into: &mut Vec<(String, &'static Key)>) {
        for key in keys {
            let path = join(prefix, &key.name);
            match &key.kind {
                Kind::Table(keys) => walk(&path, keys, into),
                Kind::Hosts(_) | Kind::Tables(_) => {}
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
pub(super) struct Found {
    pub(super) key: &'static Key,
    /// The dotted path of the key itself.
    pub(super) path: String,
    /// What follows the path of a [`Kind::Map`]: the name of one of its entries.
    pub(super) entry: Option<String>,
}

/// The key at a dotted path, or the entry of one. The name of a host may stand without its quotes, which a shell takes
/// off: `hosts.e.com.rate`.
pub(super) fn find(path: &str) -> Option<Found> {
    fn walk(keys: &'static [Key], prefix: &str, steps: &[&str]) -> Option<Found> {
        let (name, rest) = steps.split_first()?;
        let key = keys.iter().find(|key| key.name == *name)?;
        let path = join(prefix, &key.name);
        match (&key.kind, rest) {
            (_, []) => Some(Found { key, path, entry: None }),
            (Kind::Table(inner), rest) => walk(inner, &path, rest),
            (Kind::Hosts(inner), rest) => (1..rest.len()).find_map(|end| {
                let (host, rest) = rest.split_at(end);
                walk(inner, &join(&path, &host_name(&host.join("."))), rest)
            }),
            (Kind::Map(_), rest) => Some(Found { key, path, entry: Some(rest.join(".")) }),
            _ => None,
        }
    }
    walk(root(), "", &steps(path))
}

/// Where a path leaves the tree of keys.
#[derive(Debug)]
pub(super) struct Stray {
    /// The path of what is there.
    pub(super) table: String,
    /// The name that leads on to nothing.
    pub(super) name: String,
    pub(super) beyond: Beyond,
}

/// What a [`Stray`] has instead.
#[derive(Debug)]
pub(super) enum Beyond {
    /// A table, with these keys.
    Table(&'static [Key]),
    /// The name of a host, whose table has these keys.
    Host(&'static [Key]),
    /// A value, below which nothing is.
    Value(&'static Kind),
}

/// Where a path that [`find`] does not find leaves the tree.
pub(super) fn stray(path: &str) -> Stray {
    let steps = steps(path);
    let at = |end: usize, beyond| {
        let (table, rest) = steps.split_at(end.min(steps.len()));
        Stray { table: joined(table), name: rest.first().copied().unwrap_or_default().to_owned(), beyond }
    };
    let mut keys = root();
    for (end, name) in steps.iter().enumerate() {
        match keys.iter().find(|key| key.name == *name).map(|key| &key.kind) {
            None => return at(end, Beyond::Table(keys)),
            Some(Kind::Table(inner)) => keys = inner,
            Some(Kind::Hosts(inner)) if steps.len() <= end + 2 => return at(end + 1, Beyond::Host(inner)),
            // The names of hosts have dots: only the last name is no part of one.
            Some(Kind::Hosts(inner)) => return at(steps.len() - 1, Beyond::Table(inner)),
            Some(kind) => return at(end + 1, Beyond::Value(kind)),
        }
    }
    at(steps.len(), Beyond::Table(keys))
}

/// The key of a stage that a key of a host's table stands for: `scope.include` for `hosts."e.com".include`. Any other path
/// as it is.
pub(super) fn of_stage(path: &str) -> String {
    let name = match steps(path)[..] {
        [first, _, name] if root().iter().any(|key| key.name == first && matches!(key.kind, Kind::Hosts(_))) => name,
        _ => return path.to_owned(),
    };
    let stage = leaves().into_iter().map(|(path, _)| path).find(|path| path.ends_with(&format!(".{name}")));
    stage.unwrap_or_else(|| path.to_owned())
}

/// A host as its table is called, whatever the user wrote: the same host has one table.
pub(super) fn host_name(written: &str) -> String {
    written.parse().map_or_else(|_| written.to_owned(), |host: HostPattern| host.to_string())
}

/// The known key that an unknown one was probably meant to be: the same name in another table, or a small slip. The path
/// of its table, and its name.
pub(super) fn nearest(path: &str) -> Option<(String, String)> {
    let all = steps(path);
    let (name, table) = all.split_last()?;
    let tables_of_hosts = |key: &Key| table.first() == Some(&key.name.as_str()) && matches!(key.kind, Kind::Hosts(_));
    let is_host = table.len() > 1 && root().iter().any(tables_of_hosts);
    let table = joined(table);
    let name = name.replace('-', "_").to_ascii_lowercase();
    let cost = |(known_table, known_name): &(String, String)| {
        let slips = strsim::damerau_levenshtein(&name, known_name);
        let other = if *known_table == table { 0 } else { 1 + strsim::damerau_levenshtein(&table, known_table) };
        (slips <= (name.chars().count() / 3).max(1)).then_some((slips * 4 + other.min(3), other))
    };
    let is_table = |key: &&Key| matches!(key.kind, Kind::Table(_) | Kind::Hosts(_) | Kind::Tables(_));
    let tables = root().iter().filter(is_table).map(|key| (String::new(), key.name.clone()));
    let plain = leaves().into_iter().map(|(path, key)| {
        let table = path.strip_suffix(&key.name).unwrap_or_default().trim_end_matches('.');
        (table.to_owned(), key.name.clone())
    });
    let siblings = of_hosts().iter().filter(|_| is_host).map(|key| (table.clone(), key.name.clone()));
    let all = plain.chain(tables).chain(siblings);
    all.filter_map(|known| Some((cost(&known)?, known))).min().map(|(_, known)| known)
}

impl Kind {
    /// What a user may write here, for a message and for the reference.
    pub(super) fn allowed(&self) -> String {
        match self {
            Self::Table(_) => "a table".to_owned(),
            Self::Hosts(_) => "tables named after hosts".to_owned(),
            Self::Tables(_) => "tables in a list".to_owned(),
            Self::Fields => "a table of names, each with a CSS selector in quotes, or more in a table".to_owned(),
            Self::Field => "a CSS selector or a JSONPath in quotes, or a table like { css = \".price\" }".to_owned(),
            Self::Source => "a CSS selector or a JSONPath in quotes, or a table like { css = \"li\" }".to_owned(),
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

/// The keys of a type.
fn of_table(schema: &schemars::Schema) -> Vec<Key> {
    let schema = schema.as_value();
    let defs = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
    match kind(schema, &defs) {
        Kind::Table(keys) => keys,
        _ => Vec::new(),
    }
}

fn kind(schema: &Value, defs: &Map<String, Value>) -> Kind {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()) {
        return match name {
            "Duration" => Kind::Duration,
            "Size" => Kind::Size,
            "Limit" => Kind::Limit,
            "TimeLimit" => Kind::TimeLimit,
            "Rate" => Kind::Rate,
            // They hold each other, so that their keys are no tree.
            "Fields" => Kind::Fields,
            "Field" => Kind::Field,
            "Source" => Kind::Source,
            _ => defs.get(name).map_or(Kind::Other, |schema| kind(schema, defs)),
        };
    }
    if let Some(words) = words(schema) {
        return Kind::OneOf(words);
    }
    if let Some(set) = schema.get("anyOf").and_then(Value::as_array).and_then(|kinds| kinds.first()) {
        // What may also be left out.
        return kind(set, defs);
    }
    let name = schema.get("type").map(|name| name.as_array().and_then(|names| names.first()).unwrap_or(name));
    match name.and_then(Value::as_str) {
        Some("boolean") => Kind::Bool,
        Some("integer") => Kind::Integer {
            min: schema.get("minimum").and_then(Value::as_i64).unwrap_or(i64::MIN),
            max: schema.get("maximum").and_then(Value::as_i64),
        },
        Some("string") => Kind::Text,
        Some("array") => match schema.get("items").map_or(Kind::Other, |items| kind(items, defs)) {
            Kind::Table(keys) => Kind::Tables(keys),
            items => Kind::List(Box::new(items)),
        },
        Some("object") => match (schema.get("properties"), schema.get("additionalProperties")) {
            (Some(Value::Object(properties)), _) => Kind::Table(keys(properties, schema.get("required"), defs)),
            (None, Some(values @ Value::Object(_))) => match kind(values, defs) {
                Kind::Table(keys) => Kind::Hosts(keys),
                kind => Kind::Map(Box::new(kind)),
            },
            _ => Kind::Other,
        },
        _ => Kind::Other,
    }
}

fn keys(properties: &Map<String, Value>, required: Option<&Value>, defs: &Map<String, Value>) -> Vec<Key> {
    let required = required.and_then(Value::as_array);
    let key = |(name, schema): (&String, &Value)| {
        let kind = kind(schema, defs);
        // A table's own text says more than the field that holds it.
        let of = match kind {
            Kind::Hosts(_) => schema.get("additionalProperties"),
            Kind::Tables(_) => schema.get("items"),
            _ => Some(schema),
        };
        let definition = of.and_then(|of| of.get("$ref")?.as_str()?.rsplit('/').next());
        let described = match (&kind, definition.and_then(|name| defs.get(name))) {
            (Kind::Table(_) | Kind::Hosts(_) | Kind::Tables(_), Some(definition)) => definition,
            _ => schema,
        };
        let doc = described.get("description").and_then(Value::as_str).unwrap_or_default();
        let is_required = required.is_some_and(|names| names.iter().any(|known| known == name));
        Key { name: name.clone(), doc: unwrapped(doc), kind, is_required }
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
        let of_hosts = of_hosts().iter().map(|key| (join("hosts", &key.name), key));
        assert!(of_hosts.len() > 5);
        for (path, key) in leaves.into_iter().chain(of_hosts) {
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
        check_found("fetch.headers.X-Key", Some(("fetch.headers", Some("X-Key"))));
        check_found("fetch.headers.\"a.b\"", Some(("fetch.headers", Some("a.b"))));
        check_found("politeness.rate", Some(("politeness.rate", None)));
        check_found("politeness.rate.x", None);
    }

    #[track_caller]
    fn check_found(path: &str, expected: Option<(&str, Option<&str>)>) {
        let found = find(path);
        assert_eq!(found.as_ref().map(|found| (found.path.as_str(), found.entry.as_deref())), expected, "{path}");
    }

    #[test]
    fn a_key_of_a_host_is_found_with_and_without_quotes() {
        check_found("hosts.\"e.com\".rate", Some(("hosts.\"e.com\".rate", None)));
        check_found("hosts.'E.com'.rate", Some(("hosts.\"e.com\".rate", None)));
        check_found("hosts.e.com.rate", Some(("hosts.\"e.com\".rate", None)));
        check_found("hosts.rate.e.com.rate", Some(("hosts.\"rate.e.com\".rate", None)));
        check_found("hosts.localhost.rate", Some(("hosts.localhost.rate", None)));
        check_found("hosts.127.0.0.1:81.rate", Some(("hosts.\"127.0.0.1:81\".rate", None)));
        check_found("hosts.*.e.com.headers.X-A", Some(("hosts.\"*.e.com\".headers", Some("X-A"))));
        check_found("hosts.e.com", None);
        check_found("hosts.e.com.retries", None);
        check_found("hosts", Some(("hosts", None)));
    }

    #[test]
    fn each_key_of_a_host_stands_for_one_of_a_stage() {
        for key in of_hosts() {
            let stage = of_stage(&join("hosts.\"e.com\"", &key.name));
            let known = find(&stage).unwrap_or_else(|| panic!("{stage}")).key;
            assert_eq!(format!("{:?}", known.kind), format!("{:?}", key.kind), "{stage}");
        }
        assert_eq!(of_stage("hosts.\"e.com\".include"), "scope.include");
        assert_eq!(of_stage("politeness.rate"), "politeness.rate");
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
            ("polite", Some("policy")),
            ("politness", Some("politeness")),
            ("quux", None),
            ("hots", Some("hosts")),
            ("hots.\"e.com\".burst", Some("politeness.burst")),
            ("hosts.\"e.com\".rat", Some("hosts.\"e.com\".rate")),
            ("hosts.\"e.com\".retry", None),
            ("hosts.\"e.com\".retires", Some("politeness.retries")),
        ] {
            assert_eq!(
                nearest(wrong)
                    .map(|(table, name)| format!("{table}.{name}").trim_start_matches('.').to_owned())
                    .as_deref(),
                right,
                "{wrong}"
            );
        }
    }
}
