//! Show: the settings in force as TOML, each with where it comes from.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use toml::{Table, Value};

use super::keys::{self, Key, Kind};
use super::layers::{Loaded, SettingOrigin};
use super::{Config, secret};
use crate::error::{Error, Result};

impl Config {
    /// All settings as a `crawl.toml`, without secrets.
    pub fn shown(&self) -> Result<String> {
        Loaded { config: self.clone(), origins: BTreeMap::default() }.show()
    }
}

impl Loaded {
    /// The settings in force as a `crawl.toml`, one a line, each with its origin in a comment. Secrets are redacted.
    pub fn show(&self) -> Result<String> {
        let values = Table::try_from(&self.config).map_err(|error| Error::Internal(error.to_string()))?;
        let mut rows = Vec::new();
        self.rows("", keys::root(), &values, &mut rows);
        let width = rows.iter().map(|row| row.setting.chars().count()).filter(|width| *width <= WIDEST).max();
        let mut text = String::new();
        for row in rows {
            // Writing to a String cannot fail.
            let _ = match row.origin {
                Some(origin) => writeln!(text, "{:width$}  # {origin}", row.setting, width = width.unwrap_or(0)),
                None => writeln!(text, "\n{}", row.setting),
            };
        }
        Ok(text)
    }

    fn rows(&self, prefix: &str, keys: &[Key], values: &Table, rows: &mut Vec<Row>) {
        let (tables, plain): (Vec<_>, Vec<_>) = keys.iter().partition(|key| is_table(key, values));
        for key in plain {
            let path = keys::join(prefix, &key.name);
            if let Some(value) = values.get(&key.name) {
                rows.push(self.row(&path, &key.name, &secret::redacted(&path, value)));
            }
        }
        for key in tables {
            let path = keys::join(prefix, &key.name);
            let Some(Value::Table(values)) = values.get(&key.name) else { continue };
            if let Kind::Hosts(keys) = &key.kind {
                self.hosts(&path, keys, values, rows);
                continue;
            }
            rows.push(Row { setting: format!("[{path}]"), origin: None });
            match &key.kind {
                Kind::Table(keys) => self.rows(&path, keys, values, rows),
                _ => rows.extend(values.iter().map(|(name, value)| {
                    let shown = if secret::is_secret_header(name) { &Value::from(secret::REDACTED) } else { value };
                    self.row(&keys::join(&path, name), &keys::quoted_name(name), shown)
                })),
            }
        }
    }

    fn hosts(&self, prefix: &str, keys: &[Key], hosts: &Table, rows: &mut Vec<Row>) {
        for (host, values) in hosts.iter().filter_map(|(host, values)| Some((host, values.as_table()?))) {
            let path = keys::join(prefix, host);
            rows.push(Row { setting: format!("[{path}]"), origin: None });
            self.rows(&path, keys, values, rows);
        }
    }

    fn row(&self, path: &str, name: &str, value: &Value) -> Row {
        let origin = self.origins.get(path).cloned().unwrap_or(SettingOrigin::Default);
        Row { setting: format!("{name} = {value}"), origin: Some(origin) }
    }
}

/// A line: a setting with its origin, or the head of a table.
struct Row {
    setting: String,
    origin: Option<SettingOrigin>,
}

/// An empty map is written as a value, so that it is shown at all.
fn is_table(key: &Key, values: &Table) -> bool {
    match key.kind {
        Kind::Table(_) | Kind::Hosts(_) => true,
        Kind::Map(_) => values.get(&key.name).and_then(Value::as_table).is_some_and(|entries| !entries.is_empty()),
        _ => false,
    }
}

/// Origins are aligned, except behind settings that are wider than this.
const WIDEST: usize = 48;
