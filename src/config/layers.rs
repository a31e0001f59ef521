//! Layers: default, then file, then flags in the order of the command line; and which of them each setting is from.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::DeTable;
use toml::{Table, Value};

use super::check::{self, Fault};
use super::keys::{self, Found, Key, Kind};
use super::place::{self, position};
use super::rule_flags::{self, FieldFlag};
use super::span::{Part, Step, locate, part_of};
use super::{Config, secret, seeds, written};
use crate::error::{Error, Result};
use crate::problem::Problem;

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingOrigin {
    /// Nobody set it.
    Default,
    /// A line of a file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// The command line: the flag, without its value.
    Flag(String),
}

/// The settings in force and where each comes from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// For each dotted key where its value comes from; the entries of `headers` one by one.
    pub origins: BTreeMap<String, SettingOrigin>,
}

/// Settings while they are put together. Each layer is checked on its own, so that a message names its place.
///
/// ```
/// let mut layers = crawler::config::Layers::default();
/// layers.text("crawl.toml", "depth = 3\npoliteness.rate = 2")?;
/// layers.flag("--rate", "politeness.rate", "10")?;
/// let loaded = layers.finish()?;
/// assert_eq!(loaded.origins["politeness.rate"].to_string(), "--rate");
/// assert_eq!(loaded.origins["depth"].to_string(), "crawl.toml:1");
/// # Ok::<(), crawler::error::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Layers {
    /// What differs from the defaults.
    values: Table,
    origins: BTreeMap<String, SettingOrigin>,
}

impl Layers {
    /// Puts a file over what is there. [`Error::Usage`] names the place of the first thing that is wrong with it.
    pub fn file(&mut self, path: &Path) -> Result<()> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| unreadable(&name, path, &error))?;
        self.text(&name, &utf8(&name, bytes)?)
    }

    /// Puts the text of a `crawl.toml` over what is there; `name` is what messages call it.
    pub fn text(&mut self, name: &str, text: &str) -> Result<()> {
        let at = |span: Range<usize>, problem: &Problem| Error::Usage(problem.in_text(name, text, &span));
        let syntax = |error: toml::de::Error| {
            at(error.span().unwrap_or(text.len()..text.len()), &Problem::new(error.message().trim()))
        };
        let (spanned, errors) = DeTable::parse_recoverable(text);
        // The parser goes on after an error; the first in the text is the one that the others follow from.
        let start = |error: &toml::de::Error| error.span().map_or(text.len(), |span| span.start);
        if let Some(error) = errors.into_iter().min_by_key(start) {
            return Err(syntax(error));
        }
        let table: Table = toml::from_str(text).map_err(|error| match error.span() {
            // What parses and is no value is a number that TOML's 64 bits cannot hold.
            Some(span) => {
                let number = text.get(span.clone()).unwrap_or_default();
                at(span, &Problem::new(format!("`{number}` is too great")).allowed("whole numbers of 64 bits"))
            }
            None => syntax(error),
        })?;
        let faults = check::document(&table);
        let placed = faults.iter().map(|fault| {
            let span = locate(spanned.get_ref(), &fault.path, fault.part);
            (fault.within.as_ref().map_or(span.clone(), |within| part_of(text, &span, within)), &fault.problem)
        });
        if let Some((span, problem)) = placed.min_by_key(|(span, _)| span.start) {
            return Err(at(span, problem));
        }
        // The types have the last word, should they know more than their schema says. They are read from the table, as in
        // `finish`: each way to read them is compiled for all of them.
        let _: Config = Value::Table(table.clone()).try_into().map_err(syntax)?;

        let origin = |steps: &[Step]| {
            let line = position(text, locate(spanned.get_ref(), steps, Part::Key).start).0;
            SettingOrigin::File { path: PathBuf::from(name), line }
        };
        self.lay_table("", keys::root(), &table, &mut Vec::new(), &origin);
        Ok(())
    }

    /// Sets a key by a flag of its own, with the value as it is on the command line. A flag of a list starts a new
    /// list and adds to it when it repeats; a flag of `fetch.headers` takes `Name: value` and adds to what is there. That of
    /// `items` takes `name=selector`, that of `extract` a field of a record, or of an item that is there.
    pub fn flag(&mut self, flag: &str, path: &str, raw: &str) -> Result<()> {
        let unknown = || Error::Usage(check::unknown_key(path).in_flag(flag));
        let key = keys::find(path).ok_or_else(unknown)?.key;
        match &key.kind {
            Kind::Map(_) => {
                let (name, value) = raw.split_once(':').ok_or_else(|| {
                    let problem = Problem::new("there is no `:`").allowed("'Name: value', like 'Accept-Language: en'");
                    Error::Usage(problem.in_flag(flag))
                })?;
                let entries = Table::from_iter([(name.trim().to_owned(), Value::String(value.trim().to_owned()))]);
                self.checked(&place::flag_with(flag, name.trim()), path, key, &Value::Table(entries), flag)
            }
            Kind::List(inner) => {
                let label = place::flag_with(flag, &secret::redacted_at(path, raw));
                let item = bare(inner, raw);
                refuse(&label, path, key, &Value::Array(vec![item.clone()]))?;
                self.push(flag, path, item);
                Ok(())
            }
            Kind::Tables(_) => {
                let usage = |problem: Problem| Error::Usage(problem.in_flag(&place::flag_with(flag, raw)));
                if path == "items" {
                    let item = rule_flags::item(raw).map_err(usage)?;
                    self.push(flag, path, Value::Table(item));
                    return Ok(());
                }
                self.field(flag, path, rule_flags::field(raw).map_err(usage)?).map_err(usage)
            }
            kind => {
                let label = place::flag_with(flag, &secret::redacted_at(path, raw));
                self.checked(&label, path, key, &bare(kind, raw), flag)
            }
        }
    }

    /// Adds the seeds of a file, or of stdin for `-`, to those that flags gave.
    pub fn seeds_file(&mut self, name: &str) -> Result<()> {
        for seed in seeds::read_file(name)? {
            self.push("--seeds-file", "seeds", Value::String(seed));
        }
        Ok(())
    }

    /// Sets any key: `table.key=value`. The value is TOML; text needs no quotes, and a list of one no brackets.
    pub fn set(&mut self, assignment: &str) -> Result<()> {
        let flag = "--set";
        let (path, raw) = assignment.split_once('=').map(|(path, raw)| (path.trim(), raw.trim())).ok_or_else(|| {
            let problem = Problem::new("there is no `=`").allowed("table.key=value, like politeness.rate=2");
            Error::Usage(problem.in_flag(&place::flag_with(flag, assignment)))
        })?;
        let shown =
            if secret::is_secret_header(path) || secret::is_secret_header(raw) { secret::REDACTED } else { raw };
        let label = place::flag_with(flag, &format!("{path}={}", secret::redacted_at(path, shown)));
        let usage = |problem: &Problem| Error::Usage(problem.in_flag(&label));
        let Found { key, path, entry } = keys::find(path).ok_or_else(|| usage(&check::unknown_key(path)))?;
        let path = path.as_str();
        check::host_of(path).map_err(|problem| usage(&problem))?;
        let value = match (&key.kind, entry) {
            (Kind::Table(_), _) => {
                let help = format!("set one of its keys: {path}.key=value");
                return Err(usage(&Problem::new(format!("`{path}` is a table")).help(Some(help))));
            }
            (Kind::Map(inner), Some(entry)) => {
                Value::Table(Table::from_iter([(entry, written(inner, raw).map_err(|p| usage(&p))?)]))
            }
            (kind, _) => written(kind, raw).map_err(|problem| usage(&problem))?,
        };
        self.checked(&label, path, key, &value, flag)
    }

    /// What was laid so far as a `crawl.toml`, without what has its default. Secrets are in it.
    pub fn to_toml(&self) -> String {
        written::document(&self.values)
    }

    /// The settings in force.
    pub fn finish(self) -> Result<Loaded> {
        let config: Config = Value::Table(self.values)
            .try_into()
            .map_err(|error: toml::de::Error| Error::Usage(error.message().trim().to_owned()))?;
        let is_of_flag = |origin: &SettingOrigin| matches!(origin, SettingOrigin::Flag(_));
        if ["extract", "items", "follow"].iter().any(|table| self.origins.get(*table).is_some_and(is_of_flag)) {
            // Those of a file were checked as it was read; what flags add up to is known only now.
            if let Some(fault) = config.compiled_rules().err().and_then(|faults| faults.0.into_iter().next()) {
                let label = rule_flags::label(&fault, &config.items);
                return Err(Error::Usage(Problem::from(fault.wrong).in_flag(&label)));
            }
        }
        let defaults = keys::leaves().into_iter().map(|(path, _)| (path, SettingOrigin::Default));
        let mut origins: BTreeMap<_, _> = defaults.collect();
        origins.extend(self.origins);
        Ok(Loaded { config, origins })
    }

    fn checked(&mut self, label: &str, path: &str, key: &Key, value: &Value, flag: &str) -> Result<()> {
        refuse(label, path, key, value)?;
        self.lay(path, &key.kind, value, &mut Vec::new(), &|_| SettingOrigin::Flag(flag.to_owned()));
        Ok(())
    }

    /// Lays a value that was checked over what is there. `steps` lead to it in its document.
    fn lay(&mut self, path: &str, kind: &Kind, value: &Value, steps: &mut Vec<Step>, origin: &OriginOf<'_>) {
        match (kind, value) {
            (Kind::Table(keys), Value::Table(table)) => self.lay_table(path, keys, table, steps, origin),
            (Kind::Hosts(keys), Value::Table(tables)) => {
                for (host, table) in tables.iter().filter_map(|(host, table)| Some((host, table.as_table()?))) {
                    steps.push(Step::Name(host.clone()));
                    self.lay_table(&keys::join(path, &keys::host_name(host)), keys, table, steps, origin);
                    steps.pop();
                }
            }
            (Kind::Map(_), Value::Table(entries)) => {
                for (entry, value) in entries {
                    steps.push(Step::Name(entry.clone()));
                    self.put_entry(path, entry, value.clone(), origin(steps));
                    steps.pop();
                }
            }
            (_, value) => self.put(path, value.clone(), origin(steps)),
        }
    }

    fn lay_table(&mut self, path: &str, keys: &[Key], table: &Table, steps: &mut Vec<Step>, origin: &OriginOf<'_>) {
        for (key, value) in keys.iter().filter_map(|key| Some((key, table.get(&key.name)?))) {
            steps.push(Step::Name(key.name.clone()));
            self.lay(&keys::join(path, &key.name), &key.kind, value, steps, origin);
            steps.pop();
        }
    }

    /// Adds to a list that flags began, or begins it. `--seed` and `--seeds-file` share one.
    fn push(&mut self, flag: &str, path: &str, item: Value) {
        let adds = match self.origins.get(path) {
            Some(SettingOrigin::Flag(flags)) => flags != "--set",
            _ => false,
        };
        let (table, name) = table_and_name(path);
        match table_at(&mut self.values, &table).get_mut(name) {
            Some(Value::Array(items)) if adds => items.push(item),
            _ => self.put(path, Value::Array(vec![item]), SettingOrigin::Flag(flag.to_owned())),
        }
        if let Some(SettingOrigin::Flag(flags)) = self.origins.get_mut(path)
            && !flags.split(", ").any(|known| known == flag)
        {
            flags.push_str(", ");
            flags.push_str(flag);
        }
    }

    /// Adds a field: to the items that its name begins with, or to the records.
    fn field(&mut self, flag: &str, path: &str, field: FieldFlag) -> Result<(), Problem> {
        let FieldFlag { item, name, field } = field;
        if let Some(fault) = check::field(&keys::join(path, &name), &field).into_iter().next() {
            return Err(fault.problem);
        }
        if let Some(item) = item {
            let items = self.values.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten();
            let mut tables = items.filter_map(Value::as_table_mut);
            let table = tables.find(|table| table.get("name").and_then(Value::as_str) == Some(item.as_str()));
            let no_item = || {
                Problem::new(format!("there are no items `{item}`"))
                    .help(Some(format!("say where they are: --item '{item}=SELECTOR'")))
            };
            let table = table.ok_or_else(no_item)?;
            rule_flags::insert(table, name, field);
            self.origins.insert("items".to_owned(), SettingOrigin::Flag(flag.to_owned()));
            return Ok(());
        }
        let is_begun = matches!(self.origins.get(path), Some(SettingOrigin::Flag(_)));
        let begun = self.values.get_mut(path).filter(|_| is_begun).and_then(Value::as_array_mut);
        if let Some(table) = begun.and_then(|tables| tables.first_mut()).and_then(Value::as_table_mut) {
            rule_flags::insert(table, name, field);
            return Ok(());
        }
        let mut table = Table::new();
        rule_flags::insert(&mut table, name, field);
        self.put(path, Value::Array(vec![Value::Table(table)]), SettingOrigin::Flag(flag.to_owned()));
        Ok(())
    }

    fn put(&mut self, path: &str, value: Value, origin: SettingOrigin) {
        let (table, name) = table_and_name(path);
        table_at(&mut self.values, &table).insert(name.to_owned(), value);
        self.origins.insert(path.to_owned(), origin);
    }

    /// Sets one entry of a map; header names are the same whatever their case.
    fn put_entry(&mut self, path: &str, entry: &str, value: Value, origin: SettingOrigin) {
        let full = keys::join(path, entry);
        let entries = table_at(&mut self.values, &keys::steps(path));
        entries.retain(|name, _| !name.eq_ignore_ascii_case(entry));
        entries.insert(entry.to_owned(), value);
        self.origins.retain(|known, _| !known.eq_ignore_ascii_case(&full));
        self.origins.insert(full, origin);
    }
}

impl fmt::Display for SettingOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// Where the setting at the end of a way through a document comes from.
type OriginOf<'a> = dyn Fn(&[Step]) -> SettingOrigin + 'a;

/// The message for a file of settings that cannot be read.
pub(super) fn unreadable(name: &str, path: &Path, error: &std::io::Error) -> Error {
    if path.is_dir() {
        return Error::Usage(format!("{name}: cannot be read: it is a folder, not a file"));
    }
    match error.kind() {
        std::io::ErrorKind::NotFound => Error::Usage(format!("{name}: there is no such file")),
        _ => Error::Usage(format!("{name}: cannot be read: {error}")),
    }
}

/// The text of a file of settings, or the place of the first byte that is not UTF-8.
pub(super) fn utf8(name: &str, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        let byte = error.as_bytes().get(valid).copied().unwrap_or_default();
        let problem = Problem::new(format!("the byte 0x{byte:02x} is not UTF-8")).allowed("UTF-8 text");
        Error::Usage(problem.in_text(name, &text, &(valid..valid + char::REPLACEMENT_CHARACTER.len_utf8())))
    })
}

fn refuse(label: &str, path: &str, key: &Key, value: &Value) -> Result<()> {
    match check::setting(path, key, value).into_iter().next() {
        Some(Fault { problem, .. }) => Err(Error::Usage(problem.in_flag(label))),
        None => Ok(()),
    }
}

/// A value as a shell passes it: numbers and truth values by the key's kind, everything else is text.
fn bare(kind: &Kind, raw: &str) -> Value {
    match kind {
        Kind::Bool => raw.parse().map_or_else(|_| Value::from(raw), Value::Boolean),
        Kind::Integer { .. } => raw.parse().map_or_else(|_| Value::from(raw), Value::Integer),
        _ => Value::String(raw.to_owned()),
    }
}

/// A value after `--set key=`: TOML where it is written so, else as [`bare`] takes it.
fn written(kind: &Kind, raw: &str) -> Result<Value, Problem> {
    if !raw.starts_with(['"', '\'', '[', '{']) {
        return Ok(match kind {
            Kind::List(inner) => Value::Array(vec![bare(inner, raw)]),
            kind => bare(kind, raw),
        });
    }
    let wrong = |error: toml::de::Error| Problem::new(error.message().trim().to_owned()).allowed(kind.allowed());
    let mut document: Table = toml::from_str(&format!("value = {raw}")).map_err(wrong)?;
    let value = document.remove("value").filter(|_| document.is_empty());
    let value = value.ok_or_else(|| Problem::new("there is more than one value").allowed(kind.allowed()))?;
    Ok(match (kind, value) {
        (Kind::List(_), text @ Value::String(_)) => Value::Array(vec![text]),
        (_, value) => value,
    })
}

/// The way to the table of a key, and the key's name in it.
fn table_and_name(path: &str) -> (Vec<&str>, &str) {
    let mut table = keys::steps(path);
    let name = table.pop().unwrap_or_default();
    (table, name)
}

/// The table at the end of a way, made when it is not there.
fn table_at<'t>(table: &'t mut Table, way: &[&str]) -> &'t mut Table {
    let mut inner = table;
    for name in way {
        let entry = inner.entry(*name).or_insert_with(|| Value::Table(Table::new()));
        if !entry.is_table() {
            *entry = Value::Table(Table::new());
        }
        inner = entry.as_table_mut().expect("made a table just above");
    }
    inner
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(value: &Value) -> String {
        match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    #[test]
    fn setting_a_key_to_its_default_changes_nothing() {
        let defaults = Table::try_from(Config::default()).unwrap();
        for (path, _) in keys::leaves() {
            let mut way = path.split('.');
            let top = way.next().and_then(|name| defaults.get(name));
            let value = way.fold(top, |value, name| value?.get(name)).unwrap_or_else(|| panic!("{path}"));
            for text in [value.to_string(), shown(value)] {
                let mut layers = Layers::default();
                layers.set(&format!("{path}={text}")).unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(layers.finish().unwrap().config, Config::default(), "{path}={text}");
            }
        }
    }

    #[test]
    fn a_name_in_quotes_is_one_entry() {
        let mut layers = Layers::default();
        layers.set("fetch.headers.\"X.Y\"=1.5").unwrap();
        let headers = layers.finish().unwrap().config.fetch.headers;
        assert_eq!(headers.iter().collect::<Vec<_>>(), [("X.Y", "1.5")]);
    }

    #[test]
    fn a_limit_is_a_number_or_none_in_each_layer() {
        for (text, pages) in
            [("max_pages = 3", Some(3)), ("max_pages = \"3\"", Some(3)), ("max_pages = \"none\"", None)]
        {
            assert_eq!(Config::from_toml(text, "c").unwrap().max_pages.0, pages);
        }
        for (text, pages) in [("3", Some(3)), ("none", None)] {
            let mut layers = Layers::default();
            layers.flag("--max-pages", "max_pages", text).unwrap();
            assert_eq!(layers.finish().unwrap().config.max_pages.0, pages);
        }
    }

    proptest! {
        #[test]
        fn settings_are_read_as_they_were_written(table in any_settings()) {
            let config = Config::from_toml(&table.to_string(), "random").unwrap();
            let written = toml::to_string(&config).unwrap();
            prop_assert_eq!(&Config::from_toml(&written, "written").unwrap(), &config);
        }

        #[test]
        fn any_text_is_read_or_refused_with_its_place(text in "[a-z_\\[\\]=\"'0-9. \n\t\r\u{feff}é{},]{0,60}") {
            if let Err(error) = Config::from_toml(&text, "any") {
                prop_assert!(error.to_string().starts_with("any:"), "{}", error);
            }
        }
    }

    /// Any subset of the keys, each with any value that is allowed there.
    fn any_settings() -> impl Strategy<Value = Table> {
        let of_hosts = ["e.com", "*.e.com", "127.0.0.1:81"].into_iter().flat_map(|host| {
            keys::of_hosts().iter().map(move |key| (keys::join(&keys::join("hosts", host), &key.name), key))
        });
        let keys = keys::leaves().into_iter().chain(of_hosts).map(|(path, key)| {
            prop::option::of(any_value(&path, &key.kind)).prop_map(move |value| (path.clone(), value))
        });
        keys.collect::<Vec<_>>().prop_map(|settings| {
            let mut table = Table::new();
            for (path, value) in settings {
                let (inner, name) = table_and_name(&path);
                if let Some(value) = value {
                    table_at(&mut table, &inner).insert(name.to_owned(), value);
                }
            }
            table
        })
    }

    fn any_value(path: &str, kind: &Kind) -> BoxedStrategy<Value> {
        let text = |texts: &'static [&'static str]| prop::sample::select(texts).prop_map(Value::from).boxed();
        let or_none = |value: BoxedStrategy<Value>| prop_oneof![Just(Value::from("none")), value].boxed();
        let duration = || (1_u64..10_000_000_000).prop_map(|millis| format!("{millis}ms").into()).boxed();
        match kind {
            Kind::Bool => any::<bool>().prop_map(Value::from).boxed(),
            Kind::Integer { min, max } => (*min..=max.unwrap_or(i64::MAX)).prop_map(Value::from).boxed(),
            Kind::OneOf(words) => prop::sample::select(words.clone()).prop_map(Value::from).boxed(),
            Kind::Duration if path.ends_with("max_age") => text(&["24h", "1s", "3h 2m"]),
            Kind::Duration => duration(),
            Kind::TimeLimit => or_none(duration()),
            Kind::Size => (1_u64..1 << 50).prop_map(|bytes| format!("{bytes}B").into()).boxed(),
            Kind::Limit => or_none((1..=i64::MAX).prop_map(Value::from).boxed()),
            Kind::Rate => or_none((0.001..1e6).prop_map(Value::from).boxed()),
            Kind::List(inner) => prop::collection::vec(any_value(path, inner), 0..4).prop_map(Value::from).boxed(),
            Kind::Map(_) => prop::collection::btree_map("X-[A-Z]{1,5}", "[ -~]{0,20}", 0..3)
                .prop_map(|map| {
                    let plain = |text: String| Value::from(text.replace("${", "$${"));
                    Value::Table(map.into_iter().map(|(name, text)| (name, plain(text))).collect())
                })
                .boxed(),
            _ => match keys::of_stage(path).as_str() {
                "seeds" => text(&["https://example.com/", "http://user:pw@[::1]:8080/ü?q#f", "src"]),
                "sitemaps.urls" => text(&["https://example.com/sitemap.xml"]),
                "scope.include" | "scope.exclude" => text(&["*.pdf", "re:/\\d+'\"", "{a,b}/?"]),
                "frontier.ignore_params" => text(&["gclid", "utm_*"]),
                "frontier.ignore_path_params" => text(&["jsessionid", "sid"]),
                "parse.data_attributes" => text(&["data-src", "data-x-y"]),
                "fetch.user_agent" => text(&["bot", "my-bot/1.0 (\"+http://a/\")"]),
                "fetch.content_types" | "archive.content_types" => text(&["text/html", "text/*", "*/*"]),
                "fetch.allow_hosts" => text(&["localhost", "10.0.0.0/8", "::1"]),
                "traps.budgets" => text(&["http://e.com/?month=* = 20", "re:/cal/\\d+ = none"]),
                "archive.prefix" | "archive.host" => text(&["crawl", "a-b_1.2"]),
                "fetch.proxy" => text(&["10.0.0.1:3128", "https://user:${CARGO_PKG_NAME}@e.com", "socks5://[::1]"]),
                "fetch.origin" => text(&["http://localhost/", "https://example.com/docs/"]),
                "store" => text(&["", "postgres://user@e.com/crawls?sslmode=require"]),
                "name" => text(&["", "news_2"]),
                "fetch.replay_at" => text(&["latest", "2026-11-30T19:00:01Z"]),
                _ => ".{1,20}".prop_map(Value::from).boxed(),
            },
        }
    }
}
