//! Written place: where a rule looks, as it is written, and the autopsy of each kind of place.

use serde_json::Value;

use super::autopsy::{self, Autopsy, Matches, Wanted};
use super::options::{FieldTable, SourceTable, Start};
use super::page::Page;
use super::path::Path;
use crate::tree::embedded;

/// What the rules of an item or an object are relative to.
#[derive(Debug, Clone)]
pub(super) enum Around {
    /// The whole page.
    Page,
    /// The elements that this selector matches.
    Elements(String),
    /// JSON: the first entry; `None` when there is none.
    Json(Option<Value>),
}

/// Where a rule looks.
#[derive(Debug, Clone)]
pub(super) struct WrittenPlace {
    source: SourceTable,
    opengraph: Option<String>,
    attr: Option<String>,
    start: Start,
}

impl WrittenPlace {
    /// That of a field.
    pub(super) fn of_field(field: &FieldTable) -> Self {
        let FieldTable { css, json, json_ld, microdata, script, .. } = field.clone();
        Self {
            source: SourceTable { css, json, json_ld, microdata, script },
            opengraph: field.opengraph.clone(),
            attr: field.attr.clone(),
            start: field.from,
        }
    }

    /// That of items or entries.
    pub(super) fn of_source(source: &SourceTable) -> Self {
        Self { source: source.clone(), opengraph: None, attr: None, start: Start::Item }
    }

    /// As a person would write it on one line.
    pub(super) fn written(&self) -> String {
        let SourceTable { css, json, json_ld, microdata, script } = &self.source;
        let keys = [("json_ld", json_ld), ("microdata", microdata), ("opengraph", &self.opengraph), ("script", script)];
        let mut parts: Vec<String> = css.iter().cloned().collect();
        parts.extend(keys.iter().filter_map(|(key, text)| Some(format!("{key} {}", text.as_deref()?))));
        parts.extend(json.clone());
        let mut written = parts.join(" ");
        if let Some(attr) = &self.attr {
            written = format!("{written}@{attr}");
        }
        let from = match self.start {
            Start::Item => return written,
            Start::Parent => "parent",
            Start::Next => "next",
            Start::Previous => "previous",
        };
        format!("{written} from {from}")
    }

    /// The selector of its elements on the whole page; `None` when it selects none.
    pub(super) fn selector(&self, around: &Around) -> Option<String> {
        let css = self.source.css.as_deref();
        match around {
            Around::Page => css.map(str::to_owned),
            Around::Json(_) => None,
            Around::Elements(each) => {
                let scope = start(each, self.start);
                Some(match css {
                    None => scope,
                    Some(css) if css.contains(":scope") => css.replace(":scope", &format!(":is({scope})")),
                    Some(css) if css.trim_start().starts_with(['>', '+', '~']) => {
                        // Each part of a list has its own way from the item.
                        css.split(',').map(|part| format!("{scope} {}", part.trim())).collect::<Vec<_>>().join(", ")
                    }
                    Some(css) if css.contains(',') => format!("{scope} :is({css})"),
                    Some(css) => format!("{scope} {css}"),
                })
            }
        }
    }

    /// Why there is nothing. What is known beside an autopsy is added to `why`.
    pub(super) fn autopsy(
        &self,
        around: &Around,
        page: &Page<'_>,
        wanted: Wanted<'_>,
        why: &mut Vec<String>,
    ) -> Option<Autopsy> {
        let SourceTable { css, json, json_ld, microdata, script } = &self.source;
        let json = json.as_deref();
        if let Some(css) = css {
            let each = match around {
                Around::Elements(each) => Some(start(each, self.start)),
                Around::Page | Around::Json(_) => None,
            };
            return autopsy::of_selector(page.document()?, each.as_deref(), css, wanted).ok();
        }
        if let Some(property) = &self.opengraph {
            why.extend(page.document().map(|document| properties(document, property)));
            return None;
        }
        if let Some(path) = json_ld {
            return of_blocks(page.json_ld(), path, "the page has no JSON-LD that can be read", why);
        }
        if let Some(path) = microdata {
            return of_blocks(page.microdata(), path, "the page has no microdata", why);
        }
        if let Some(name) = script {
            let Some(found) = page.document().and_then(|document| embedded::script(document, name)) else {
                why.push(format!("there is no script `{name}`, and none that sets such a variable"));
                return None;
            };
            return match found {
                Ok(value) => autopsy::of_path(&value, json?).ok(),
                Err(error) => {
                    why.push(error);
                    None
                }
            };
        }
        match around {
            Around::Json(value) => autopsy::of_path(value.as_ref()?, json?).ok(),
            Around::Page => autopsy::of_path(page.body()?, json?).ok(),
            Around::Elements(_) => None,
        }
    }

    /// The first entry that a path selects.
    fn entry(&self, around: &Around, page: &Page<'_>) -> Option<Value> {
        let SourceTable { json, json_ld, microdata, script, .. } = &self.source;
        let first = |path: &Option<String>, values: &[Value]| {
            let path = Path::parse(path.as_deref().unwrap_or("$")).ok()?;
            page.select(&path, values).into_iter().next().cloned()
        };
        if json_ld.is_some() {
            return first(json_ld, page.json_ld());
        }
        if microdata.is_some() {
            return first(microdata, page.microdata());
        }
        if let Some(name) = script {
            return first(json, page.script(name).as_slice());
        }
        match around {
            Around::Json(value) => first(json, value.as_slice()),
            _ => first(json, page.body().map(std::slice::from_ref).unwrap_or_default()),
        }
    }
}

impl Around {
    /// What stands around the rules of the items or the object at a place.
    pub(super) fn inside(&self, place: &WrittenPlace, page: &Page<'_>) -> Self {
        let SourceTable { css, json, json_ld, microdata, script } = &place.source;
        if css.is_some() {
            return place.selector(self).map_or(Self::Page, Self::Elements);
        }
        if [json, json_ld, microdata, script].iter().any(|key| key.is_some()) {
            return Self::Json(place.entry(self, page));
        }
        self.clone()
    }
}

/// The selector of what a search starts from.
fn start(each: &str, from: Start) -> String {
    let one = || if each.contains(',') { format!(":is({each})") } else { each.to_owned() };
    match from {
        Start::Item => one(),
        Start::Parent => format!(":has(> {})", one()),
        Start::Next => format!("{} + *", one()),
        Start::Previous => format!(":has(+ {})", one()),
    }
}

/// Of several blocks the one that knows something near is told of, else the first.
fn of_blocks(blocks: &[Value], path: &str, none: &str, why: &mut Vec<String>) -> Option<Autopsy> {
    let mut told: Vec<Autopsy> = blocks.iter().filter_map(|block| autopsy::of_path(block, path).ok()).collect();
    if told.is_empty() {
        why.push(none.to_owned());
        return None;
    }
    let reach = |autopsy: &Autopsy| autopsy.steps.iter().filter(|step: &&Matches| step.matches > 0).count();
    let nearest = told
        .iter()
        .enumerate()
        .max_by_key(|(nth, autopsy)| (reach(autopsy), !autopsy.nearest.is_empty(), std::cmp::Reverse(*nth)));
    let nth = nearest.map_or(0, |(nth, _)| nth);
    Some(told.swap_remove(nth))
}

fn properties(document: &crate::tree::Document, asked: &str) -> String {
    let asked = if asked.contains(':') { asked.to_owned() } else { format!("og:{asked}") };
    let mut there = Vec::new();
    for property in embedded::properties(document) {
        if !there.contains(&property) && there.len() < SHOWN {
            there.push(property);
        }
    }
    if there.is_empty() {
        format!("no <meta> has the property `{asked}`, and none has any of OpenGraph")
    } else {
        format!("no <meta> has the property `{asked}`: there are {}", there.join(", "))
    }
}

const SHOWN: usize = 12;
