//! Applying rules to a page: one tree serves them all.

use std::borrow::Cow;

use html5ever::ns;
use regex::Regex;
use scraper::ElementRef;
use serde_json::{Map, Value};

use super::page::{At, Input, Page};
use super::rule::{Many, Place, Rule, Set, Take};
use super::selector::{self, Selector};
use super::table::{Content, Table};
use super::{path, text, value};
use crate::extracted::{Extracted, Item, PAGE_URL, Tally};
use crate::tree::{PageTree, below, embedded};
use crate::url::UrlKey;

/// What is taken of one place, before it is looked at.
enum Raw<'p> {
    Text(Cow<'p, str>),
    Json(Cow<'p, Value>),
}

pub(super) fn apply(tables: &[&Table], names: &[String], input: &Input<'_>, tree: &PageTree<'_>) -> Extracted {
    let page = Page::new(input, tree, names.len());
    let mut extracted = Extracted::default();
    for table in tables {
        match &table.content {
            Content::Fields(set) => {
                let found = page.object(set, At::Page);
                let fields = extracted.fields.get_or_insert_default();
                for (name, value) in found {
                    // The first value holds, and a place of its own in any case.
                    let held = fields.entry(name).or_insert(Value::Null);
                    if held.is_null() {
                        *held = value;
                    }
                }
            }
            Content::Items { name, id, place, selector, set } => {
                extracted.items.extend(
                    page.items(*id, place, selector.as_ref(), set)
                        .into_iter()
                        .map(|value| Item { name: name.clone(), value }),
                );
            }
            Content::Follow { id, selector } => {
                extracted.follow.get_or_insert_default().extend(page.links(*id, selector));
            }
        }
    }
    if page.work.is_spent() {
        page.too_much();
    }
    extracted.findings = page.findings.into_inner();
    let missing = names.iter().zip(&extracted.findings.rules).filter(|(_, tally)| tally.missing > 0);
    extracted.missing = missing.map(|(name, _)| name.clone()).collect();
    extracted
}

impl Page<'_> {
    /// The items of the page.
    fn items(&self, id: usize, place: &Place, selector: Option<&Selector>, set: &Set) -> Vec<Map<String, Value>> {
        let elements = match (self.document(), selector) {
            (Some(document), Some(selector)) => {
                selector::select(document, std::slice::from_ref(selector), None, &self.work).pop().unwrap_or_default()
            }
            _ => Vec::new(),
        };
        let mut found = Vec::new();
        self.each(place, elements, At::Page, false, &mut |at| {
            if self.work.is_spent() {
                return;
            }
            let object = self.object(set, at);
            // What stands at the place of an item and has none of its fields is a separator or an advertisement.
            if object.values().any(|value| !is_nothing(value)) {
                let mut item = Map::with_capacity(object.len() + 1);
                item.insert(PAGE_URL.to_owned(), self.input.url.as_str().into());
                item.extend(object);
                found.push(item);
            }
        });
        let tally = self.tally(id, |tally| tally.tried += 1);
        debug_assert!(tally, "rules are numbered by their compiler");
        self.tally(id, |tally| {
            tally.values += found.len() as u64;
            tally.found += u64::from(!found.is_empty());
        });
        found
    }

    /// The keys of the links in what is selected.
    fn links(&self, id: usize, selector: &Selector) -> Vec<UrlKey> {
        let Some(document) = self.document() else { return Vec::new() };
        let selected =
            selector::select(document, std::slice::from_ref(selector), None, &self.work).pop().unwrap_or_default();
        let mut keys = Vec::new();
        for element in &selected {
            for link in std::iter::once(*element).chain(below(**element)) {
                if !self.work.spend(1) {
                    break;
                }
                if let Some(target) = reference_of(link).and_then(|reference| self.target(reference)) {
                    keys.push(target.key());
                }
            }
        }
        self.tally(id, |tally| {
            tally.tried += 1;
            tally.values += selected.len() as u64;
            tally.found += u64::from(!selected.is_empty());
        });
        keys
    }

    /// The fields of a page, an item or an object.
    fn object(&self, set: &Set, at: At<'_>) -> Map<String, Value> {
        let mut selected = vec![Vec::new(); set.rules.len()];
        for begin in &set.starts {
            let scope = match at {
                At::Page => None,
                At::Element(item) => match begin.start.of(item) {
                    Some(element) => Some(element),
                    None => continue,
                },
                At::Json(_) => continue,
            };
            let Some(document) = self.document() else { continue };
            // The elements of an item are those of this document.
            let found = selector::select(document, &begin.selectors, scope, &self.work);
            for (place, found) in begin.of.iter().zip(found) {
                if let Some(selected) = selected.get_mut(*place) {
                    *selected = found;
                }
            }
        }
        let mut object = Map::with_capacity(set.rules.len());
        for (rule, elements) in set.rules.iter().zip(selected) {
            let value = if matches!(at, At::Page) && rule.needs().is_some_and(|needs| !self.is(needs)) {
                Value::Null
            } else {
                self.field(rule, elements, at)
            };
            object.insert(rule.name.clone(), value);
        }
        object
    }

    /// The value of one field, its default, or `null`.
    fn field(&self, rule: &Rule, elements: Vec<ElementRef<'_>>, at: At<'_>) -> Value {
        let mut errors = 0;
        let first_only = rule.many == Many::First;
        let mut values = Vec::new();
        match &rule.inner {
            Some(set) => self.each(&rule.place, elements, at, first_only, &mut |at| {
                let object = self.object(set, at);
                if object.values().any(|value| !is_nothing(value)) {
                    values.push(Value::Object(object));
                }
            }),
            None => self.raw(rule, elements, at, &mut |raw| {
                match self.read(rule, raw) {
                    Some(Ok(value)) => values.push(value),
                    Some(Err(why)) => {
                        errors += 1;
                        self.trouble(format!("{}: {why}", rule.name));
                    }
                    None => return true,
                }
                !first_only
            }),
        }
        self.tally(rule.id, |tally| {
            tally.tried += 1;
            tally.values += values.len() as u64;
            tally.found += u64::from(!values.is_empty());
            tally.type_errors += errors;
            tally.missing += u64::from(rule.required && values.is_empty());
        });
        let default = || rule.default.clone();
        match &rule.many {
            Many::First => values.into_iter().next().or_else(default).unwrap_or_default(),
            Many::All if values.is_empty() => default().unwrap_or(Value::Array(values)),
            Many::All => Value::Array(values),
            Many::Join(_) if values.is_empty() => default().unwrap_or_default(),
            Many::Join(join) => values
                .iter()
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                .collect::<Vec<_>>()
                .join(join)
                .into(),
        }
    }

    /// Goes to each place where an item or an object is.
    fn each(
        &self,
        place: &Place,
        elements: Vec<ElementRef<'_>>,
        at: At<'_>,
        first_only: bool,
        visit: &mut dyn FnMut(At<'_>),
    ) {
        let most = if first_only { 1 } else { usize::MAX };
        let json = |values: Vec<&Value>, visit: &mut dyn FnMut(At<'_>)| {
            values.into_iter().take(most).for_each(|value| visit(At::Json(value)));
        };
        match (place, at) {
            (Place::Css(None), _) => elements.into_iter().take(most).for_each(|element| visit(At::Element(element))),
            (Place::Here(start, None), At::Element(item)) => {
                start.of(item).into_iter().for_each(|element| visit(At::Element(element)));
            }
            (Place::Group, at) => visit(at),
            (Place::Json(path), At::Json(value)) => json(self.select(path, [value]), visit),
            (Place::Json(path), _) => json(self.select(path, self.body()), visit),
            (Place::JsonLd(path), _) => json(self.select(path, self.json_ld()), visit),
            (Place::Microdata(path), _) => json(self.select(path, self.microdata()), visit),
            (Place::Script(name, path), _) => json(self.select(path, &self.script(name)), visit),
            // Elements that hold JSON, or a place that is for elements only: a rule of these has no fields of its own.
            _ => {}
        }
    }

    /// Hands over what stands at the place of a field, until `take` has enough.
    fn raw<'p>(
        &'p self,
        rule: &Rule,
        elements: Vec<ElementRef<'p>>,
        at: At<'p>,
        take: &mut dyn FnMut(Raw<'_>) -> bool,
    ) {
        let mut all = |values: Vec<&Value>| {
            let _ = values.into_iter().all(|value| take(Raw::Json(Cow::Borrowed(value))));
        };
        match (&rule.place, at) {
            (Place::Css(path), _) => self.of_elements(rule, path.as_ref(), elements, take),
            (Place::Here(start, path), At::Element(item)) => {
                self.of_elements(rule, path.as_ref(), start.of(item).into_iter().collect(), take);
            }
            (Place::Json(path), At::Json(value)) => all(self.select(path, [value])),
            (Place::Json(path), _) => all(self.select(path, self.body())),
            (Place::JsonLd(path), _) => all(self.select(path, self.json_ld())),
            (Place::Microdata(path), _) => all(self.select(path, self.microdata())),
            (Place::Script(name, path), _) => all(self.select(path, &self.script(name))),
            (Place::OpenGraph(property), _) => {
                let values =
                    self.document().map(|document| embedded::opengraph(document, property)).unwrap_or_default();
                let _ = values.into_iter().all(|value| take(Raw::Text(Cow::Borrowed(value))));
            }
            (Place::Here(..) | Place::Group, _) => {}
        }
    }

    fn of_elements(
        &self,
        rule: &Rule,
        path: Option<&path::Path>,
        elements: Vec<ElementRef<'_>>,
        take: &mut dyn FnMut(Raw<'_>) -> bool,
    ) {
        for element in elements {
            let Some(text) = self.taken(&rule.take, element) else { continue };
            let Some(path) = path else {
                if take(Raw::Text(text)) {
                    continue;
                }
                return;
            };
            let json: Value = match serde_json::from_str(&text) {
                Ok(json) => json,
                Err(error) => {
                    self.trouble(format!("{}: no JSON: {error}", rule.name));
                    continue;
                }
            };
            if !self.select(path, [&json]).into_iter().all(|value| take(Raw::Json(Cow::Borrowed(value)))) {
                return;
            }
        }
    }

    /// What is taken of an element; `None` when it has no such attribute, or when that would be too much.
    fn taken<'p>(&self, take: &Take, element: ElementRef<'p>) -> Option<Cow<'p, str>> {
        Some(match take {
            Take::Text => text::of(element, &self.work).into(),
            Take::OwnText => text::own(element, &self.work).into(),
            Take::Html => {
                // Nested elements are written again for each that holds them.
                let length = below(*element).count() * 8;
                let html = self.work.spend(length).then(|| element.inner_html())?;
                html.trim().to_owned().into()
            }
            Take::Attr(name) => {
                let mut attributes = element.value().attrs.iter();
                let (_, value) = attributes.find(|(key, _)| key.local.eq_ignore_ascii_case(name) && key.ns == ns!())?;
                Cow::Borrowed(&**value)
            }
        })
    }

    /// The value that stands at a place; `None` when that is nothing at all.
    fn read(&self, rule: &Rule, raw: Raw<'_>) -> Option<Result<Value, String>> {
        let resolve = |reference: &str| self.absolute(reference);
        let raw = match (raw, &rule.regex) {
            (Raw::Json(json), Some(_)) => {
                Raw::Text(json.as_str().map_or_else(|| json.to_string(), str::to_owned).into())
            }
            (raw, _) => raw,
        };
        match (raw, rule.kind) {
            (Raw::Json(json), Some(kind)) => value::of_json(&json, kind, resolve),
            (Raw::Json(json), None) => {
                if !self.work.spend(path::size(&json).0) {
                    return None;
                }
                (!json.is_null() && json.as_str() != Some("")).then(|| Ok(json.into_owned()))
            }
            (Raw::Text(text), kind) => {
                let text = match &rule.regex {
                    Some(regex) => found_by(regex, &text)?,
                    None => text.trim(),
                };
                match kind {
                    // An attribute without a value says yes by being there.
                    Some(super::Kind::Bool) if text.is_empty() && matches!(rule.take, Take::Attr(_)) => {
                        Some(Ok(true.into()))
                    }
                    _ if text.is_empty() => None,
                    Some(kind) => Some(value::of_text(text, kind, resolve)),
                    None => Some(Ok(text.into())),
                }
            }
        }
    }

    fn tally(&self, rule: usize, count: impl FnOnce(&mut Tally)) -> bool {
        self.findings.borrow_mut().rules.get_mut(rule).map(count).is_some()
    }
}

/// What a regular expression finds: its group, or all of the match.
fn found_by<'t>(regex: &Regex, text: &'t str) -> Option<&'t str> {
    let captures = regex.captures(text)?;
    let found = if regex.captures_len() > 1 { captures.get(1) } else { captures.get(0) };
    found.map(|found| found.as_str().trim())
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

/// Where an element leads to, if it does.
fn reference_of(element: ElementRef<'_>) -> Option<&str> {
    let name = match &*element.value().name.local {
        "a" | "area" | "link" => "href",
        "iframe" | "frame" => "src",
        _ => return None,
    };
    element.attr(name)
}
