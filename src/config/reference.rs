//! Reference: every key written down, from the types' own doc comments: for `crawler init` and for `docs/config.md`.

use std::fmt::Write as _;

use toml::{Table, Value};

use super::Config;
pub use super::flag::{FLAGS, Flag};
use super::keys::{self, Key, Kind};

/// A `crawl.toml` with every key, its text and its default, commented out: what `crawler init` writes.
pub fn template() -> String {
    document(Style::Commented)
}

/// A `crawl.toml` that sets every key to its default.
pub fn defaults() -> String {
    document(Style::Set)
}

/// The JSON Schema of `crawl.toml`.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Config).to_value()
}

/// The page about every key, in Markdown.
pub fn markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    let values = default_values();
    section(&mut text, "", keys::root(), &values);
    text.push_str(FIELDS);
    for key in keys::of_field() {
        let default = match key.kind {
            Kind::Bool => "`false`",
            Kind::OneOf(_) if key.name == "from" => "`\"self\"`",
            _ => "not set",
        };
        entry(&mut text, key, default, None);
    }
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Commented,
    Set,
}

fn document(style: Style) -> String {
    let mut text = match style {
        Style::Commented => TEMPLATE_HEAD.to_owned(),
        Style::Set => DEFAULTS_HEAD.to_owned(),
    };
    table(&mut text, style, "", keys::root(), &default_values());
    text
}

fn table(text: &mut String, style: Style, prefix: &str, keys: &[Key], values: &Table) {
    let (tables, plain): (Vec<_>, Vec<_>) = keys.iter().partition(|key| is_table(key));
    for key in plain {
        let Some(value) = values.get(&key.name) else { continue };
        let path = keys::join(prefix, &key.name);
        described(text, key);
        let value = match style {
            Style::Commented => example(&path, value),
            Style::Set => literal(value),
        };
        assigned(text, style, &key.name, &value);
    }
    for key in tables {
        let path = keys::join(prefix, &key.name);
        if let Kind::Hosts(keys) = &key.kind {
            hosts(text, &path, key, keys);
        }
        if let Kind::Tables(keys) = &key.kind {
            tables_in_list(text, &path, key, keys);
        }
        let (Kind::Table(keys), Some(Value::Table(values))) = (&key.kind, values.get(&key.name)) else { continue };
        text.push('\n');
        comment(text, key.doc.strip_prefix(&format!("`[{path}]`: ")).unwrap_or(&key.doc));
        let _ = writeln!(text, "[{path}]");
        table(text, style, &path, keys, values);
    }
}

/// The table of a host, as a comment in each style: there is none by default.
fn hosts(text: &mut String, path: &str, key: &Key, keys: &[Key]) {
    let head = host_table(path);
    text.push('\n');
    comment(text, key.doc.strip_prefix(&format!("`{head}`: ")).unwrap_or(&key.doc));
    let _ = writeln!(text, "#{head}");
    for key in keys {
        described(text, key);
        let stage = keys::of_stage(&keys::join(&keys::join(path, HOST), &key.name));
        let value = default_of(&stage).map_or_else(String::new, |value| example(&stage, &value));
        assigned(text, Style::Commented, &key.name, &value);
    }
}

/// A table that may be there many times, as a comment in each style: there is none by default.
fn tables_in_list(text: &mut String, path: &str, key: &Key, keys: &[Key]) {
    text.push('\n');
    comment(text, key.doc.strip_prefix(&format!("`[[{path}]]`: ")).unwrap_or(&key.doc));
    let _ = writeln!(text, "#[[{path}]]");
    for key in keys {
        let path = keys::join(path, &key.name);
        described(text, key);
        if let Kind::Fields = key.kind {
            let _ = writeln!(text, "#[{path}]");
            let fields = FIELDS_SHOWN.iter().filter(|(table, _)| *table == path).flat_map(|(_, fields)| *fields);
            fields.for_each(|(name, field)| assigned(text, Style::Commented, name, field));
        } else {
            assigned(text, Style::Commented, &key.name, &example(&path, &Value::from("")));
        }
    }
}

/// What a key is for and what it takes.
fn described(text: &mut String, key: &Key) {
    text.push('\n');
    comment(text, &key.doc);
    // Enums are described word by word in their doc comment; all other kinds say what they take.
    if !matches!(key.kind, Kind::Text | Kind::Bool | Kind::List(_) | Kind::Map(_)) {
        comment(text, &format!("Allowed: {}.", key.kind.allowed()));
    }
}

fn assigned(text: &mut String, style: Style, name: &str, value: &str) {
    let lead = if style == Style::Commented { "#" } else { "" };
    for line in format!("{name} = {value}").lines() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{lead}{line}");
    }
}

/// What a commented key shows.
fn example(path: &str, default: &Value) -> String {
    let example = EXAMPLES.iter().find(|(key, _)| *key == path);
    example.map_or_else(|| literal(default), |(_, example)| (*example).to_owned())
}

fn section(text: &mut String, prefix: &str, keys: &[Key], values: &Table) {
    let (tables, plain): (Vec<_>, Vec<_>) = keys.iter().partition(|key| is_table(key));
    for key in plain {
        let path = keys::join(prefix, &key.name);
        let default = values.get(&key.name).map_or_else(|| "not set".to_owned(), |value| format!("`{value}`"));
        let flags: Vec<_> = FLAGS.iter().filter(|flag| flag.key == path).map(|f| format!("`--{}`", f.name)).collect();
        let flags = if flags.is_empty() { format!("`--set {path}=…`") } else { flags.join(", ") };
        entry(text, key, &default, Some(&flags));
    }
    for key in tables {
        if let Kind::Hosts(keys) = &key.kind {
            let (path, head) = (keys::join(&key.name, HOST), host_table(&key.name));
            let doc = key.doc.strip_prefix(&format!("`{head}`: ")).unwrap_or(&key.doc);
            let _ = writeln!(text, "\n## `{head}`\n\n{}", capitalised(doc));
            for key in keys {
                let path = keys::join(&path, &key.name);
                let default = format!("that of `{}`", keys::of_stage(&path));
                entry(text, key, &default, Some(&format!("`--set '{path}=…'`")));
            }
        }
        if let Kind::Tables(keys) = &key.kind {
            section_of_list(text, key, keys);
        }
        let (Kind::Table(keys), Some(Value::Table(values))) = (&key.kind, values.get(&key.name)) else { continue };
        let path = keys::join(prefix, &key.name);
        let doc = key.doc.strip_prefix(&format!("`[{path}]`: ")).unwrap_or(&key.doc);
        let _ = writeln!(text, "\n## `[{path}]`\n\n{}", capitalised(doc));
        section(text, &path, keys, values);
    }
}

/// The keys of a table that may be there many times.
fn section_of_list(text: &mut String, key: &Key, keys: &[Key]) {
    let path = &key.name;
    let doc = key.doc.strip_prefix(&format!("`[[{path}]]`: ")).unwrap_or(&key.doc);
    let _ = writeln!(text, "\n## `[[{path}]]`\n\n{}", capitalised(doc));
    if let Some(flag) = FLAGS.iter().find(|flag| flag.key == path) {
        let _ = writeln!(text, "\nOn the command line: `--{}`.", flag.name);
    }
    for key in keys {
        entry(text, key, if key.is_required { "none: it has to be set" } else { "not set" }, None);
    }
}

fn entry(text: &mut String, key: &Key, default: &str, flags: Option<&str>) {
    let _ = writeln!(text, "\n### `{}`\n\n{}\n", key.name, key.doc.replace('\n', "\n\n"));
    let _ = writeln!(text, "- allowed: {}", key.kind.allowed());
    let _ = writeln!(text, "- default: {default}");
    if let Some(flags) = flags {
        let _ = writeln!(text, "- flag: {flags}");
    }
}

fn is_table(key: &Key) -> bool {
    matches!(key.kind, Kind::Table(_) | Kind::Hosts(_) | Kind::Tables(_))
}

/// The head of the table of the host that stands for all.
fn host_table(path: &str) -> String {
    format!("[{}]", keys::join(path, HOST))
}

fn default_of(path: &str) -> Option<Value> {
    let values = Value::Table(default_values());
    keys::steps(path).into_iter().try_fold(&values, |value, name| value.get(name)).cloned()
}

fn default_values() -> Table {
    Table::try_from(Config::default()).expect("every default is valid TOML, which a test of this file holds")
}

/// A value on one line when it fits, else one item a line.
fn literal(value: &Value) -> String {
    let line = value.to_string();
    match value {
        Value::Array(items) if line.len() > WIDTH => {
            let items: Vec<_> = items.iter().map(|item| format!("    {item},")).collect();
            format!("[\n{}\n]", items.join("\n"))
        }
        _ => line,
    }
}

fn comment(text: &mut String, doc: &str) {
    for paragraph in capitalised(doc).split('\n') {
        let mut line = "#".to_owned();
        for word in paragraph.split_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                let _ = writeln!(text, "{line}");
                "#".clone_into(&mut line);
            }
            line.push(' ');
            line.push_str(word);
        }
        let _ = writeln!(text, "{line}");
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

const WIDTH: usize = 96;
/// The host whose table is shown.
const HOST: &str = "example.com";

/// What `crawler init` shows where the default is empty and so shows nothing.
const EXAMPLES: [(&str, &str); 16] = [
    ("fail_on", "[\"rule-drift\", \"missing-required\"]"),
    ("seeds", "[\"https://example.com/\"]"),
    ("scope.include", "[\"https://example.com/docs/*\"]"),
    ("scope.exclude", "[\"*/print/*\", 're:[?&]page=\\d{4,}']"),
    ("frontier.ignore_path_params", "[\"jsessionid\"]"),
    ("fetch.headers", "{ Accept-Language = \"en\" }"),
    ("parse.data_attributes", "[\"data-src\"]"),
    ("sitemaps.urls", "[\"https://example.com/sitemap.xml\"]"),
    ("fetch.allow_hosts", "[\"localhost\", \"127.0.0.0/8\"]"),
    ("fetch.proxy", "[\"http://10.0.0.1:3128\"]"),
    ("extract.match", "[\"*/product/*\"]"),
    ("items.name", "\"products\""),
    ("items.match", "[\"*/list*\"]"),
    ("items.each", "\"li.product\""),
    ("follow.match", "[\"*/list*\"]"),
    ("follow.css", "\"a.next, li.product a\""),
];

/// The fields that it shows.
const FIELDS_SHOWN: [(&str, &[(&str, &str)]); 2] = [
    (
        "extract.fields",
        &[
            ("name", "\"h1\""),
            ("price", "{ css = \".price\", type = \"number\", required = true }"),
            ("image", "{ css = \"img.main\", attr = \"src\", type = \"url\" }"),
            ("offer", "{ json_ld = \"$..offers.price\", type = \"number\" }"),
        ],
    ),
    ("items.fields", &[("title", "\"h2\""), ("link", "{ css = \"a\", attr = \"href\", type = \"url\" }")]),
];

const TEMPLATE_HEAD: &str = "\
# Settings of a crawl. A line that starts with `#` and a key shows the key's default, or an
# example where the default is empty: take the `#` away to set it. Flags win over this file.
# `crawler config` prints the settings in force and where each comes from.
";

const DEFAULTS_HEAD: &str = "\
# Every setting of a crawl with its default. Flags win over this file. `crawler init` writes a
# file like this with every key commented out.
";

const INTRODUCTION: &str = "\
# Settings

<!-- Generated from the doc comments of the options; `cargo test` compares it and says how to write it anew. -->

A crawl takes its settings from `./crawl.toml` when it is there, or from the file that `--config` names, and from the
command line. Flags win over the file, the file wins over the defaults, and of two flags for one key the later wins. Every
key has a flag or is set by `--set table.key=value`. Flags of a list (`--seed`, `--sitemap`, `--include`, `--exclude`, `--proxy`, `--field`, `--item`, `--fail-on`) replace
the file's list and add to it when they repeat; `--header` adds to the file's headers. `-v` and `-vv` set
`observe.log_level` to `debug` and `trace`; `-q` sets it to `warn` and `observe.progress` to `never`, unless `--progress` or
`--set` say otherwise.

A host can have settings of its own: `[hosts.\"example.com\"]`, at the end of this page. They win over those for all hosts,
also over flags: `--rate 5` is for the hosts whose tables name no rate. On the command line the name of a host may stand
without its quotes, which a shell takes off: `--set hosts.example.com.rate=1`.

Durations and sizes carry a unit: `\"30s\"`, `\"1m 30s\"`, `\"250ms\"`; `\"8MiB\"`, `\"500kB\"`. A key that does not exist, a
wrong type and a value out of bounds end the call with exit code 2 and a message that names the line and the column.
Relative paths are relative to the current directory, not to the file.

A file that holds a secret, as a header like `Authorization` or a URL with a password is, belongs to its owner alone
(`chmod 600`): a crawl warns when others can read or write it. `${NAME}` in a header or a proxy takes the secret from the
environment.

`crawler init` writes a commented `crawl.toml`, `crawler config` prints the settings in force and where each comes from,
and `crawler schema config` prints the JSON Schema for editors.

## At the top
";

const FIELDS: &str = "
## A field

A field of `[extract.fields]` or `[items.fields]` is a CSS selector in quotes, or a JSONPath that starts with `$`, or a table
with these keys: `price = { css = \".price\", type = \"number\" }`. What each of them takes out of a page is told in
[extract.md](extract.md).
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_load_as_the_default_and_name_every_key() {
        let text = defaults();
        assert_eq!(Config::from_toml(&text, "defaults").unwrap(), Config::default());
        let table: Table = text.parse().unwrap();
        for (path, _) in keys::leaves() {
            let found = path.split('.').try_fold(&Value::Table(table.clone()), |value, name| value.get(name)).is_some();
            assert!(found, "{path}");
        }
    }

    #[test]
    fn the_template_changes_nothing_and_every_line_of_it_can_be_taken_in() {
        let text = template();
        assert_eq!(Config::from_toml(&text, "template").unwrap(), Config::default());
        let set: String = text
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if !rest.starts_with(' ') || rest.starts_with("    ") => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let config = Config::from_toml(&set, "template").unwrap();
        assert_eq!(config.seeds, ["https://example.com/"]);
        let config = Config { seeds: Vec::new(), ..config };
        let expected = Config::default();
        assert_eq!(config.frontier.ignore_path_params, ["jsessionid".parse().unwrap()], "an example");
        assert_eq!(config.frontier.ignore_params, expected.frontier.ignore_params);
        assert_eq!(config.politeness, expected.politeness);
        let host = &config.hosts[&HOST.parse().unwrap()];
        assert_eq!((host.politeness.rate, host.fetch.headers.iter().count()), (Some(expected.politeness.rate), 1));
    }

    #[test]
    fn every_flag_names_a_key() {
        for flag in FLAGS {
            assert!(keys::find(flag.key).is_some_and(|found| found.entry.is_none()), "--{} {}", flag.name, flag.key);
        }
    }
}
