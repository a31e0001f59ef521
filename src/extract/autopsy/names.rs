//! The names of classes, ids, tags and attributes that stand near a place, and which of them may be meant.

use std::collections::BTreeMap;

use html5ever::local_name;
use scraper::ElementRef;

use super::matches::{Wanted, Written, join, select};
use super::near::{self, FAR};
use crate::tree::{Document, below};

/// The names that the page has near a place: those below what was matched so far.
pub(super) struct Names {
    classes: Vec<String>,
    ids: Vec<String>,
    tags: Vec<String>,
    attributes: Vec<(String, String)>,
}

impl Names {
    /// Those below what steps select; of the whole page when there are none.
    pub(super) fn near(document: &Document, before: &[Written]) -> Self {
        let (mut classes, mut ids, mut tags, mut attributes) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut take = |element: ElementRef<'_>| {
            for (name, value) in &element.value().attrs {
                if name.local == local_name!("class") {
                    for class in value.split_ascii_whitespace() {
                        *classes.entry(class.to_owned()).or_insert(0_usize) += 1;
                    }
                } else if name.local == local_name!("id") {
                    *ids.entry(value.to_string()).or_insert(0) += 1;
                } else if value.len() < 40 {
                    *attributes.entry((name.local.to_string(), value.to_string())).or_insert(0) += 1;
                }
            }
            *tags.entry(element.value().name.local.to_string()).or_insert(0) += 1;
        };
        let scopes =
            if before.is_empty() { Vec::new() } else { select(document, &[join(before)]).pop().unwrap_or_default() };
        if scopes.is_empty() {
            document.elements().for_each(&mut take);
        }
        for scope in scopes.iter().take(SAMPLE) {
            std::iter::once(*scope).chain(below(**scope)).for_each(&mut take);
            scope
                .next_siblings()
                .find_map(ElementRef::wrap)
                .into_iter()
                .flat_map(|next| std::iter::once(next).chain(below(*next)))
                .for_each(&mut take);
        }
        Self { classes: most(classes), ids: most(ids), tags: most(tags), attributes: most(attributes) }
    }

    /// What may be meant by a simple selector, with how far it is from that.
    pub(super) fn instead_of(&self, simple: &str, wanted: Wanted<'_>) -> Vec<(String, f64)> {
        let escaped = |name: &str| {
            let mut text = String::new();
            cssparser::serialize_identifier(name, &mut text).map(|()| text).unwrap_or_default()
        };
        let bare = simple.trim_start_matches(['.', '#', '[']).trim_end_matches(']');
        let mut found: Vec<(String, f64)> = Vec::new();
        let (is_class, is_id, is_attribute) =
            (simple.starts_with('.'), simple.starts_with('#'), simple.starts_with('['));
        if is_attribute {
            let mut found = self.attribute_instead_of(bare);
            let value = bare.split_once('=').map_or("", |(_, value)| value.trim().trim_matches(['"', '\'']));
            if !value.is_empty() {
                found.extend(
                    self.classes
                        .iter()
                        .map(|class| (format!(".{}", escaped(class)), near::distance(value, class) + 0.4)),
                );
                found.retain(|(_, cost)| *cost < FAR);
            }
            return found;
        }
        if simple.starts_with(':') || simple == "*" {
            return found;
        }
        // The name of the field says as much of what is wanted as that of the class.
        let distance = |name: &str| {
            let by_field = if wanted.name.is_empty() { FAR } else { near::distance(wanted.name, name) + 0.3 };
            near::distance(bare, name).min(by_field)
        };
        let other_kind = |same: bool| if same { 0.0 } else { 0.5 };
        found.extend(
            self.classes.iter().map(|class| (format!(".{}", escaped(class)), distance(class) + other_kind(is_class))),
        );
        found.extend(self.ids.iter().map(|id| (format!("#{}", escaped(id)), distance(id) + other_kind(is_id) + 0.1)));
        let is_tag = !is_class && !is_id;
        found.extend(self.tags.iter().filter_map(|tag| {
            let near = match is_tag {
                _ if tag == bare => Some(0.2),
                true if same_tags(bare, tag) => Some(0.8),
                _ if is_tag_for(bare, tag) || is_tag_for(wanted.name, tag) => Some(1.4),
                _ => None,
            };
            Some((tag.clone(), near? + other_kind(is_tag)))
        }));
        let named = self.attributes.iter().filter(|(name, value)| {
            matches!(name.as_str(), "itemprop" | "name" | "role" | "rel") && near::distance(bare, value) < 1.0
        });
        found.extend(named.map(|(name, value)| (format!("[{name}=\"{value}\"]"), near::distance(bare, value) + 0.7)));
        found.retain(|(new, _)| new != simple);
        found
    }

    fn attribute_instead_of(&self, inside: &str) -> Vec<(String, f64)> {
        let (name, value) = inside.split_once('=').unwrap_or((inside, ""));
        let name = name.trim_end_matches(['^', '$', '*', '~', '|']).trim();
        let value = value.trim().trim_matches(['"', '\'']);
        let mut found = vec![(format!("[{name}]"), 1.0)];
        if !value.is_empty() {
            found.extend(
                [("~", 0.4), ("^", 0.5), ("$", 0.5), ("*", 0.6)]
                    .map(|(sign, cost)| (format!("[{name}{sign}=\"{value}\"]"), cost)),
            );
            found.push((format!("[{name}=\"{value}\" i]"), 0.3));
        }
        for (other, has) in &self.attributes {
            if other == name && !value.is_empty() {
                found.push((format!("[{other}=\"{has}\"]"), near::distance(value, has)));
            } else if has == value && !value.is_empty() {
                found.push((format!("[{other}=\"{has}\"]"), 0.7));
            } else if value.is_empty() {
                found.push((format!("[{other}]"), near::distance(name, other)));
            }
        }
        found
    }
}

/// The names that are there most often, within bounds.
fn most<T: Ord + Clone>(counted: BTreeMap<T, usize>) -> Vec<T> {
    let mut counted: Vec<_> = counted.into_iter().collect();
    counted.sort_by(|(a, times), (b, others)| others.cmp(times).then_with(|| a.cmp(b)));
    counted.into_iter().map(|(name, _)| name).take(NAMES).collect()
}

/// Whether things of this name stand in such an element on most pages.
fn is_tag_for(name: &str, tag: &str) -> bool {
    let word = match tag {
        "h1" | "h2" | "h3" | "h4" => "title",
        "img" | "picture" => "image",
        "a" => "link",
        "time" => "date",
        _ => return false,
    };
    near::words(name).iter().any(|name| near::mean_the_same(name, word))
}

fn same_tags(one: &str, other: &str) -> bool {
    let groups: [&[&str]; 8] = [
        &["h1", "h2", "h3", "h4", "h5", "h6"],
        &["ul", "ol", "dl", "table"],
        &["div", "section", "article", "main", "aside", "li"],
        &["td", "th", "dd", "dt"],
        &["b", "strong", "em", "i", "span"],
        &["img", "picture", "source"],
        &["a", "button"],
        &["p", "span", "div"],
    ];
    groups.iter().any(|group| group.contains(&one) && group.contains(&other))
}

/// How many names of a kind are taken.
const NAMES: usize = 60;
/// Of how many elements.
const SAMPLE: usize = 50;
