//! Compiling rules: each checked, numbered and named, and all that is wrong collected.

use regex::Regex;
use serde_json::Value;

use super::fault::Finder;
use super::options::{Field, FieldTable, Fields, Kind, Source, SourceTable, Start};
use super::path::Path;
use super::rule::{Ground, Many, Place, Rule, Set, Take};
use super::selector::{Scope, Selector};
use super::value;
use super::wrong::Wrong;

/// Compiles rules: numbers them and collects what is wrong.
#[derive(Debug, Default)]
pub(super) struct Compiler {
    pub(super) finder: Finder,
    /// The name of each rule, by its number.
    pub(super) names: Vec<String>,
}

impl Compiler {
    /// The number of a new rule.
    pub(super) fn number(&mut self, name: String) -> usize {
        self.names.push(name);
        self.names.len() - 1
    }

    /// Compiles the fields in the key `fields`. `above` is the name of what they belong to, with a point.
    pub(super) fn set(&mut self, fields: &Fields, ground: Ground, above: &str) -> Set {
        let mut set = Set { rules: Vec::new(), starts: Vec::new() };
        let mut seen: Vec<&str> = Vec::new();
        self.step("fields", |compiler| {
            if fields.is_empty() {
                compiler.finder.value(Wrong::new("there are no fields").allowed("at least one, like title = \"h1\""));
            }
            for (name, field) in fields.iter() {
                compiler.step(name, |compiler| {
                    compiler.name(name, &seen);
                    if let Some((rule, selector)) = compiler.rule(name, field, ground, above) {
                        if let Some((start, selector)) = selector {
                            set.add(start, selector);
                        }
                        set.rules.push(rule);
                    }
                });
                seen.push(name);
            }
        });
        set
    }

    /// Compiles where items or entries are, in the key `each`.
    pub(super) fn each(&mut self, each: &Source, ground: Ground) -> Option<(Place, Option<Selector>)> {
        let SourceTable { css, json, json_ld, microdata, script } = each.0.clone();
        let field = FieldTable { css, json, json_ld, microdata, script, ..FieldTable::default() };
        self.step("each", |compiler| {
            let found = compiler.place(&field, ground)?;
            if matches!(found.0, Place::Group | Place::Here(..)) {
                compiler.finder.value(Wrong::new("`each` is empty").allowed(SOURCES));
                return None;
            }
            Some(found)
        })
    }

    fn name(&mut self, name: &str, seen: &[&str]) {
        if name.trim().is_empty() {
            self.finder.key(Wrong::new("a field without a name"));
        }
        if let Some(other) = seen.iter().find(|other| **other != name && other.to_lowercase() == name.to_lowercase()) {
            self.finder.key(Wrong::new(format!("`{name}` and `{other}` differ only in case")));
        }
    }

    fn rule(
        &mut self,
        name: &str,
        field: &Field,
        ground: Ground,
        above: &str,
    ) -> Option<(Rule, Option<(Start, Selector)>)> {
        let before = self.finder.faults.len();
        let field = &field.0;
        let id = self.number(format!("{above}{name}"));
        let (place, selector) = match &field.each {
            Some(each) => {
                self.one_of(field, &["css", "json", "json_ld", "microdata", "opengraph", "script"], "each");
                self.each(each, ground)?
            }
            None => self.place(field, ground)?,
        };
        self.start(field, ground);
        let inner = (!field.fields.is_empty() || field.each.is_some())
            .then(|| self.set(&field.fields, place.ground(ground), &format!("{above}{name}.")));
        if inner.is_some() {
            self.one_of(field, &["attr", "html", "own_text", "text", "join", "regex", "type", "default"], "fields");
        } else if matches!(place, Place::Group) {
            self.finder.value(Wrong::new("the field does not say where its value is").allowed(SOURCES));
        }
        let many = self.many(field);
        let rule = Rule {
            id,
            name: name.to_owned(),
            take: self.take(field, &place),
            place,
            regex: self.regex(field),
            kind: field.kind,
            required: field.required,
            default: self.default(field, &many),
            many,
            inner,
        };
        (self.finder.faults.len() == before).then_some((rule, selector.map(|selector| (field.from, selector))))
    }

    fn place(&mut self, field: &FieldTable, ground: Ground) -> Option<(Place, Option<Selector>)> {
        let keys = [
            ("css", &field.css),
            ("json_ld", &field.json_ld),
            ("microdata", &field.microdata),
            ("opengraph", &field.opengraph),
            ("script", &field.script),
        ];
        let mut given = keys.iter().filter_map(|(key, text)| Some((*key, text.as_deref()?)));
        let (first, second) = (given.next(), given.next());
        if let (Some((first, _)), Some((second, _))) = (first, second) {
            self.finder.value_of(second, Wrong::new(format!("`{second}` beside `{first}`: a value is at one place")));
            return None;
        }
        let json = match &field.json {
            Some(json) => Some(self.finder.read("json", Path::parse(json))?),
            None => None,
        };
        if let (Some((key @ ("json_ld" | "microdata" | "opengraph"), _)), true) = (first, json.is_some()) {
            self.finder.value_of("json", Wrong::new(format!("`json` beside `{key}`: a value is at one place")));
            return None;
        }
        Some(match first {
            Some(("css", _)) if ground == Ground::Json => {
                let wrong = Wrong::new("an item of JSON has no elements to select").allowed("json = \"$.name\"");
                self.finder.value_of("css", wrong);
                return None;
            }
            Some(("css", css)) => {
                let scope = if ground == Ground::Page { Scope::Page } else { Scope::Item };
                (Place::Css(json), Some(self.finder.read("css", Selector::parse(css, scope))?))
            }
            Some(("json_ld", path)) => (Place::JsonLd(self.finder.read("json_ld", Path::parse(path))?), None),
            Some(("microdata", path)) => (Place::Microdata(self.finder.read("microdata", Path::parse(path))?), None),
            Some(("opengraph", property)) => (Place::OpenGraph(self.property(property)?), None),
            Some((_, "")) => {
                self.finder
                    .value_of("script", Wrong::new("`script` is empty").allowed("the id of a script, or a variable"));
                return None;
            }
            Some((_, script)) => (Place::Script(script.to_owned(), json.unwrap_or_else(Path::root)), None),
            None => (Self::nowhere(field, ground, json), None),
        })
    }

    /// The place of a field that names none, or only a path.
    fn nowhere(field: &FieldTable, ground: Ground, json: Option<Path>) -> Place {
        let asks = field.text
            || field.own_text
            || field.html
            || field.attr.is_some()
            || field.from != Start::Item
            || field.regex.is_some();
        match (ground, json) {
            (Ground::Element, Some(json)) => Place::Here(field.from, Some(json)),
            (Ground::Element, None) if asks => Place::Here(field.from, None),
            (_, Some(json)) => Place::Json(json),
            (_, None) => Place::Group,
        }
    }

    fn property(&mut self, property: &str) -> Option<String> {
        let property = property.trim().to_ascii_lowercase();
        if property.is_empty() {
            self.finder
                .value_of("opengraph", Wrong::new("`opengraph` is empty").allowed("a property, like \"og:image\""));
            return None;
        }
        Some(if property.contains(':') { property } else { format!("og:{property}") })
    }

    fn start(&mut self, field: &FieldTable, ground: Ground) {
        if field.from != Start::Item && ground != Ground::Element {
            let wrong = Wrong::new("`from` starts from an item, and here is none")
                .help("use it below [[items]], or a selector with `+` or `:has()`");
            self.finder.value_of("from", wrong);
        }
    }

    fn take(&mut self, field: &FieldTable, place: &Place) -> Take {
        let asked =
            [("text", field.text), ("own_text", field.own_text), ("html", field.html), ("attr", field.attr.is_some())];
        let mut asked = asked.iter().filter(|(_, asked)| *asked).map(|(key, _)| *key);
        let (first, second) = (asked.next(), asked.next());
        if let (Some(first), Some(second)) = (first, second) {
            self.finder.value_of(second, Wrong::new(format!("`{second}` beside `{first}`: one of them is taken")));
        }
        if let (Some(key), false) = (first, matches!(place, Place::Css(_) | Place::Here(..) | Place::Group)) {
            self.finder.value_of(key, Wrong::new(format!("`{key}` is of elements, and the field selects none")));
        }
        match (&field.attr, first) {
            (Some(name), _) if name.trim().is_empty() => {
                self.finder
                    .value_of("attr", Wrong::new("`attr` is empty").allowed("the name of an attribute, like \"href\""));
                Take::Text
            }
            // Attributes of HTML are lower-case, however they are written.
            (Some(name), _) => Take::Attr(name.trim().to_ascii_lowercase().into()),
            (None, Some("own_text")) => Take::OwnText,
            (None, Some("html")) => Take::Html,
            _ => Take::Text,
        }
    }

    fn many(&mut self, field: &FieldTable) -> Many {
        match &field.join {
            Some(_) if !matches!(field.kind, None | Some(Kind::String)) => {
                self.finder.value_of(
                    "join",
                    Wrong::new("what is joined is text").help("leave out `type`, or take a list with all = true"),
                );
                Many::First
            }
            Some(join) => Many::Join(join.clone()),
            None if field.all || field.each.is_some() => Many::All,
            None => Many::First,
        }
    }

    fn regex(&mut self, field: &FieldTable) -> Option<Regex> {
        let text = field.regex.as_deref()?;
        let regex = Regex::new(text).map_err(|error| regex_mistake(text, &error)).and_then(|regex| {
            match regex.captures_len() {
                ..=2 => Ok(regex),
                groups => Err(Wrong::new(format!("the expression has {} groups", groups - 1))
                    .allowed("one at most: what it finds is the value")
                    .help("write (?:…) for a group that only holds together")),
            }
        });
        self.finder.read("regex", regex)
    }

    fn default(&mut self, field: &FieldTable, many: &Many) -> Option<Value> {
        let default = field.default.as_ref()?;
        if field.required {
            self.finder.value_of(
                "default",
                Wrong::new("a required field with a default would never be missing").help("leave out one of them"),
            );
        }
        let fits = |value: &Value| match field.kind {
            None => true,
            Some(kind) => {
                matches!(value::of_json(value, kind, |url| Some(url.to_owned())), Some(Ok(same)) if same == *value)
            }
        };
        let fits = match (many, default) {
            (Many::All, Value::Array(values)) => values.iter().all(fits),
            (Many::All, _) => false,
            (Many::First, value) => fits(value),
            (Many::Join(_), value) => value.is_string(),
        };
        if !fits {
            let allowed = match (many, field.kind) {
                (Many::All, _) => "a list, as the field gives it".to_owned(),
                (_, kind) => format!("a value of the type {}", kind_name(kind.unwrap_or(Kind::String))),
            };
            self.finder.value_of("default", Wrong::new("the default is not what the field gives").allowed(allowed));
        }
        Some(default.clone())
    }

    /// None of `keys` may stand beside `holder`.
    fn one_of(&mut self, field: &FieldTable, keys: &[&str], holder: &str) {
        let written = serde_json::to_value(field).unwrap_or_default();
        for key in keys.iter().filter(|key| written.get(**key).is_some()) {
            self.finder.value_of(key, Wrong::new(format!("`{key}` has no meaning beside `{holder}`")));
        }
    }

    /// Goes into a key for as long as `inside` runs.
    pub(super) fn step<T>(&mut self, name: &str, inside: impl FnOnce(&mut Self) -> T) -> T {
        self.finder.enter(name);
        let result = inside(self);
        self.finder.leave();
        result
    }
}

/// What is wrong with a regular expression: the crate's own text is a drawing of several lines.
fn regex_mistake(text: &str, error: &regex::Error) -> Wrong {
    let regex::Error::Syntax(drawing) = error else {
        return Wrong::new(format!("the expression is too much: {error}"));
    };
    let mut lines = drawing.lines();
    let reason = lines.next_back().unwrap_or_default().trim_start_matches("error: ");
    let caret = lines.next_back().filter(|line| line.trim_matches([' ', '^']).is_empty());
    let at = caret.and_then(|line| Some((line.find('^')?.checked_sub(DRAWING_INDENT)?, line.matches('^').count())));
    let wrong = Wrong::new(format!("`{text}` is not a regular expression: {reason}"));
    let byte = |character: usize| text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte);
    match at.filter(|_| !text.contains('\n')) {
        Some((start, length)) => wrong.at(byte(start)..byte(start + length)),
        None => wrong,
    }
}

fn kind_name(kind: Kind) -> String {
    serde_json::to_string(&kind).unwrap_or_default()
}

const DRAWING_INDENT: usize = 4;
const SOURCES: &str = "css, json, json_ld, microdata, opengraph or script";
