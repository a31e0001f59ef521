//! Check: whether a setting's name is known and its value is allowed, before any layer takes it over.

use std::ops::Range;

use toml::{Table, Value};

use super::keys::{self, Beyond, Key, Kind, Stray};
use super::secret::{redacted, redacted_at};
use super::span::{Part, Step};
use super::{rule_tables, rules};
use crate::extract;
use crate::fetch::{self, HeaderLines};
use crate::problem::Problem;
use crate::units;

/// One wrong setting and where in its document it is.
#[derive(Debug)]
pub(super) struct Fault {
    /// The way from the top of the document.
    pub(super) path: Vec<Step>,
    /// Which half of the setting is wrong.
    pub(super) part: Part,
    /// The bytes of its text that are wrong; `None` for all of it.
    pub(super) within: Option<Range<usize>>,
    pub(super) problem: Problem,
}

/// Everything that is wrong in a whole `crawl.toml`.
pub(super) fn document(table: &Table) -> Vec<Fault> {
    let mut check = Check::default();
    check.table("", keys::root(), table);
    check.rules(table);
    check.faults
}

/// Everything that is wrong with the value of one key.
pub(super) fn setting(path: &str, key: &Key, value: &Value) -> Vec<Fault> {
    let mut check = Check::default();
    check.value(path, &key.kind, value);
    check.rules(&Table::from_iter([(path.to_owned(), value.clone())]));
    check.faults
}

/// Everything that is wrong with the shape of a field.
pub(super) fn field(path: &str, field: &Value) -> Vec<Fault> {
    let mut check = Check::default();
    check.value(path, &Kind::Field, field);
    check.faults
}

/// What to say of a key that does not exist.
pub(super) fn unknown_key(path: &str) -> Problem {
    let Stray { table, name, beyond } = keys::stray(path);
    let place = if table.is_empty() { String::new() } else { format!(" in [{table}]") };
    let found = format!("unknown key `{name}`{place}");
    let names = |keys: &[Key]| keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>().join(", ");
    match beyond {
        Beyond::Table(keys) => {
            let place = if table.is_empty() { "at the top".to_owned() } else { format!("in [{table}]") };
            let help = keys::nearest(&keys::join(&table, &name)).or_else(|| keys::nearest(path));
            let help = help.map(|(near_table, near)| match near_table.as_str() {
                near_table if near_table == table => format!("did you mean `{near}`?"),
                "" => format!("did you mean `{near}` at the top, before the first table?"),
                near_table => format!("did you mean `{near}` in [{near_table}]?"),
            });
            Problem::new(found).allowed(format!("{place}: {}", names(keys))).help(help)
        }
        Beyond::Host(keys) => {
            let help = keys.iter().find(|key| key.name == name).map(|key| {
                let of_one = keys::joined(&[&table, "example.com", &key.name]);
                let of_all = keys::of_stage(&of_one);
                format!("write {of_one} for one host, {of_all} for all")
            });
            let allowed = format!("in [{table}]: the name of a host, and in its table: {}", names(keys));
            Problem::new(found).allowed(allowed).help(help)
        }
        Beyond::Value(kind) => {
            let found = format!("unknown key `{name}`: `{table}` is no table");
            Problem::new(found).allowed(format!("for `{table}`: {}", kind.allowed()))
        }
    }
}

/// Whether a key that was found is that of a host, or of none.
pub(super) fn host_of(path: &str) -> Result<(), Problem> {
    match keys::steps(path)[..] {
        [table, host, _] if matches!(keys::find(table).map(|found| &found.key.kind), Some(Kind::Hosts(_))) => {
            rules::host_pattern(host)
        }
        _ => Ok(()),
    }
}

#[derive(Default)]
struct Check {
    path: Vec<Step>,
    faults: Vec<Fault>,
}

impl Check {
    fn table(&mut self, prefix: &str, keys: &[Key], table: &Table) {
        for (name, value) in table {
            self.path.push(Step::Name(name.clone()));
            let path = keys::join(prefix, name);
            match keys.iter().find(|key| key.name == *name) {
                Some(key) => self.value(&path, &key.kind, value),
                None if self.is_in_rules() => self.fault(Part::Key, unknown_key_of_rule(name, keys)),
                None => self.fault(Part::Key, unknown_key(&path)),
            }
            self.path.pop();
        }
    }

    fn value(&mut self, path: &str, kind: &Kind, value: &Value) {
        match (kind, value) {
            (Kind::Table(keys), Value::Table(table)) => self.table(path, keys, table),
            (Kind::Hosts(keys), Value::Table(tables)) => self.hosts(path, keys, tables),
            (Kind::Map(_), Value::Table(entries)) => self.entries(path, entries),
            (Kind::Tables(keys), Value::Array(tables)) => self.tables(path, keys, tables),
            (Kind::Fields, Value::Table(fields)) => {
                for (name, field) in fields {
                    self.path.push(Step::Name(name.clone()));
                    self.value(&keys::join(path, name), &Kind::Field, field);
                    self.path.pop();
                }
            }
            (Kind::Field, Value::Table(table)) => self.table(path, keys::of_field(), table),
            (Kind::Source, Value::Table(table)) => self.table(path, keys::of_source(), table),
            (Kind::List(inner), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.push(Step::Item(index));
                    self.value(path, inner, item);
                    self.path.pop();
                }
            }
            _ => {
                let checked = typed(path, kind, value).and_then(|()| match scalar(value) {
                    Some(text) => rules::check(&keys::of_stage(path), &text),
                    None => Ok(()),
                });
                if let Err(problem) = checked {
                    self.fault(Part::Value, problem);
                }
            }
        }
    }

    /// Tables in a list.
    fn tables(&mut self, path: &str, keys: &[Key], tables: &[Value]) {
        for (nth, table) in tables.iter().enumerate() {
            self.path.push(Step::Item(nth));
            match table {
                Value::Table(table) => {
                    self.table(path, keys, table);
                    let lacks = |key: &&Key| key.is_required && !table.contains_key(&key.name);
                    for key in keys.iter().filter(lacks) {
                        let problem = Problem::new(format!("this [[{path}]] has no `{}`", key.name));
                        self.fault(Part::Value, problem.allowed(key.kind.allowed()));
                    }
                }
                other => {
                    let problem = Problem::new(format!("`{path}` holds {}", described(other))).allowed("tables");
                    self.fault(Part::Value, problem.help(Some(format!("write [[{path}]] and its keys below"))));
                }
            }
            self.path.pop();
        }
    }

    /// What only the rules themselves can tell, once their tables have nothing but what they may have.
    fn rules(&mut self, document: &Table) {
        if self.faults.iter().any(|fault| is_in_rules(&fault.path)) {
            return;
        }
        let step = |step: extract::Step| match step {
            extract::Step::Name(name) => Step::Name(name),
            extract::Step::Item(nth) => Step::Item(nth),
        };
        self.faults.extend(rule_tables::faults(document).into_iter().map(|fault| Fault {
            path: fault.path.into_iter().map(step).collect(),
            part: if fault.part == extract::Part::Key { Part::Key } else { Part::Value },
            within: fault.wrong.at.clone(),
            problem: fault.wrong.into(),
        }));
    }

    fn is_in_rules(&self) -> bool {
        is_in_rules(&self.path)
    }

    /// The tables of hosts: names are compared as hosts are.
    fn hosts(&mut self, path: &str, keys: &[Key], tables: &Table) {
        let mut seen: Vec<(String, &str)> = Vec::new();
        for (name, table) in tables {
            self.path.push(Step::Name(name.clone()));
            let host = keys::host_name(name);
            let path = keys::join(path, name);
            if let Some((_, other)) = seen.iter().find(|(other, _)| *other == host) {
                self.fault(Part::Key, Problem::new(format!("the host `{name}` is there twice, also as `{other}`")));
            } else if let Err(problem) = rules::host_pattern(name) {
                self.fault(Part::Key, problem);
            } else if let Some(whole) = name_without_quotes(name, keys, table) {
                let problem = Problem::new(format!("[{path}] holds another table"));
                self.fault(
                    Part::Key,
                    problem.help(Some(format!("a name with dots needs quotes: [hosts.\"{whole}\"]"))),
                );
            } else if let Value::Table(table) = table {
                self.table(&path, keys, table);
            } else {
                let problem = Problem::new(format!("`{path}` is {}", described(table))).allowed("a table");
                self.fault(Part::Value, problem.help(Some(format!("write [{path}] and its keys below"))));
            }
            seen.push((host, name));
            self.path.pop();
        }
    }

    /// The entries of a map, which are headers: names are compared without case.
    fn entries(&mut self, path: &str, entries: &Table) {
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in entries {
            self.path.push(Step::Name(name.clone()));
            if let Some(other) = seen.iter().find(|other| other.eq_ignore_ascii_case(name)) {
                self.fault(Part::Key, Problem::new(format!("the header `{name}` is there twice, also as `{other}`")));
            } else if let Err(problem) = fetch::parse_header_name(name) {
                self.fault(Part::Key, problem);
            } else if let Some(wrong) = value.as_str().and_then(fetch::wrong_variable) {
                let (path, part) = (self.path.clone(), Part::Value);
                self.faults.push(Fault { path, part, within: Some(wrong.at), problem: wrong.problem });
            } else if let Err(problem) = typed(&keys::join(path, name), &Kind::Text, value)
                .and_then(|()| HeaderLines::default().insert(name, value.as_str().unwrap_or_default()))
            {
                self.fault(Part::Value, problem);
            }
            seen.push(name);
            self.path.pop();
        }
    }

    fn fault(&mut self, part: Part, problem: Problem) {
        self.faults.push(Fault { path: self.path.clone(), part, within: None, problem });
    }
}

/// What to say of a key that no rule has.
fn unknown_key_of_rule(name: &str, keys: &[Key]) -> Problem {
    let distance = |known: &str| strsim::damerau_levenshtein(&name.to_lowercase().replace('-', "_"), known);
    let near = keys.iter().map(|key| key.name.as_str()).min_by_key(|known| distance(known));
    let near = near.filter(|known| distance(known) <= (name.chars().count() / 3).max(1));
    let known: Vec<_> = keys.iter().map(|key| key.name.as_str()).collect();
    Problem::new(format!("unknown key `{name}`"))
        .allowed(known.join(", "))
        .help(near.map(|known| format!("did you mean `{known}`?")))
}

/// Whether a way leads into a table of rules.
fn is_in_rules(path: &[Step]) -> bool {
    matches!(path, [Step::Name(name), _, ..] if rule_tables::NAMES.contains(&name.as_str()))
}

/// The host that was meant when its name was taken for a way through tables: `[hosts.example.com]`.
fn name_without_quotes(name: &str, keys: &[Key], table: &Value) -> Option<String> {
    let inner = |table: &Value| {
        let (inner, value) = table.as_table()?.iter().next()?;
        let unknown = keys.iter().all(|key| key.name != *inner);
        (unknown && value.is_table()).then(|| (inner.clone(), value.clone()))
    };
    let mut whole = name.to_owned();
    let mut found = inner(table)?;
    loop {
        whole = format!("{whole}.{}", found.0);
        let Some(next) = inner(&found.1) else { return Some(whole) };
        found = next;
    }
}

/// Whether a value is of the kind, and within its bounds.
fn typed(path: &str, kind: &Kind, value: &Value) -> Result<(), Problem> {
    let mismatch =
        || Err(Problem::new(format!("`{path}` is {}", described(&redacted(path, value)))).allowed(kind.allowed()));
    let parsed = |result: Result<(), String>| result.map_err(|found| Problem::new(format!("`{path}`: {found}")));
    let text = scalar(value).filter(|_| !value.is_bool());
    match (kind, value, text) {
        (Kind::Bool, Value::Boolean(_), _)
        | (Kind::Text | Kind::Field | Kind::Source, Value::String(_), _)
        | (Kind::Other, ..) => Ok(()),
        (Kind::Integer { min, max }, Value::Integer(n), _) if n >= min && max.is_none_or(|max| *n <= max) => Ok(()),
        (Kind::OneOf(words), Value::String(word), _) if words.contains(word) => Ok(()),
        (Kind::OneOf(words), Value::String(word), _) => {
            let near = words.iter().min_by_key(|known| strsim::damerau_levenshtein(&word.to_lowercase(), known));
            let near = near.filter(|known| strsim::damerau_levenshtein(&word.to_lowercase(), known) <= 2);
            let help = near.map(|known| format!("did you mean \"{known}\"?"));
            mismatch().map_err(|problem: Problem| problem.help(help))
        }
        (Kind::Hosts(_), ..) => {
            let help = "write [hosts.\"example.com\"] and its keys below";
            mismatch().map_err(|problem| problem.help(Some(help.to_owned())))
        }
        (Kind::Tables(_), ..) => {
            mismatch().map_err(|problem| problem.help(Some(format!("write [[{path}]], with two brackets"))))
        }
        (Kind::Table(_), ..) => {
            mismatch().map_err(|problem| problem.help(Some(format!("write [{path}] and its keys below"))))
        }
        (Kind::List(_), Value::String(text), _) => {
            mismatch().map_err(|problem| problem.help(Some(format!("write [\"{}\"]", redacted_at(path, text)))))
        }
        (Kind::Duration, _, Some(text)) => parsed(units::parse_duration(&text).map(drop)),
        (Kind::Size, _, Some(text)) => parsed(units::parse_size(&text).map(drop)),
        (Kind::Limit, _, Some(text)) => parsed(text.parse::<units::Limit>().map(drop)),
        (Kind::TimeLimit, _, Some(text)) => parsed(text.parse::<units::TimeLimit>().map(drop)),
        (Kind::Rate, _, Some(text)) => parsed(text.parse::<units::Rate>().map(drop)),
        _ => mismatch(),
    }
}

/// A text, number or truth value as a user writes it.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn described(value: &Value) -> String {
    match value {
        Value::String(text) => format!("the text \"{text}\""),
        Value::Integer(number) => format!("the number {number}"),
        Value::Float(number) => format!("the number {number}"),
        Value::Boolean(truth) => format!("the truth value {truth}"),
        Value::Datetime(time) => format!("the date {time}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}
