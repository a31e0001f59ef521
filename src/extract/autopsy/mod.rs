//! Autopsy of a rule that finds nothing on a page: at which step it is lost, and what would match instead.

mod json;
mod matches;
mod names;
mod near;
mod repair;

pub use json::of_path;
pub use matches::{Matches, Wanted};

use html5ever::{local_name, ns};
use scraper::Node;

use super::steps::{self, Combinator};
use super::wrong::Wrong;
use crate::tree::{Document, embedded};
pub(super) use matches::select;
use matches::{Written, count, join, written};

/// What became of a rule on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Autopsy {
    /// The matches after each step.
    pub steps: Vec<Matches>,
    /// What would match instead, the best first.
    pub nearest: Vec<Matches>,
    /// What is worth knowing beside that, a clause each.
    pub notes: Vec<String>,
}

/// Why a selector finds nothing on a page. `each` is where the items are that it is relative to.
///
/// # Errors
/// When one of both is no selector.
pub fn of_selector(document: &Document, each: Option<&str>, css: &str, wanted: Wanted<'_>) -> Result<Autopsy, Wrong> {
    let bound = match each {
        None => written(css)?,
        Some(each) => {
            let items = written(each)?;
            // One item is as good as another: the first way to write them stands for all.
            let items = items.into_iter().next().unwrap_or_default();
            written(css)?
                .into_iter()
                .map(|mut part| {
                    // The item itself is where the way begins; elsewhere in it, it can be any element.
                    if part.first().is_some_and(|(_, step)| step == ":scope") {
                        part.remove(0);
                    }
                    for (_, step) in &mut part {
                        *step = step.replace(":scope", "*");
                    }
                    if let Some(first) = part.first_mut() {
                        first.0 = first.0.or(Some(Combinator::Descendant));
                    }
                    items.iter().cloned().chain(part).collect()
                })
                .collect()
        }
    };
    let fixed = match each {
        Some(each) if count(document, each) > 0 => written(each)?.first().map_or(0, Vec::len),
        _ => 0,
    };
    let mut autopsy = Autopsy::default();
    for part in &bound {
        for end in 1..=part.len() {
            let text = join(part.get(..end).unwrap_or_default());
            let matches = count(document, &text);
            autopsy.steps.push(Matches { text, matches, example: None });
        }
        autopsy.notes.extend(notes(document, part));
    }
    if let Some(part) = bound.iter().find(|part| count(document, &join(part)) == 0) {
        autopsy.nearest = repair::nearest(document, part, fixed, wanted);
        for near in &mut autopsy.nearest {
            if let Some(rest) = each
                .filter(|_| fixed > 0)
                .and_then(|_| part.get(..fixed))
                .and_then(|items| near.text.strip_prefix(&join(items)))
            {
                near.text = rest.trim_start().to_owned();
            }
        }
    }
    autopsy.notes.dedup();
    Ok(autopsy)
}

/// What of the page explains that a step matches nothing.
fn notes(document: &Document, steps: &[Written]) -> Vec<String> {
    let mut notes = Vec::new();
    let is_rowed = |pair: &[Written]| matches!(pair, [(_, table), (Some(Combinator::Child), row)] if table.starts_with("table") && row.starts_with("tr"));
    if steps.windows(2).any(is_rowed) {
        notes.push("every <tr> of a <table> is in a <tbody>, which the parser adds where it is not written".to_owned());
    }
    for (_, step) in steps {
        for range in steps::simples(step, 0..step.len()) {
            let simple = step.get(range).unwrap_or_default();
            let Some(name) = simple.strip_prefix(['.', '#']).filter(|_| count(document, simple) == 0) else { continue };
            let (in_template, in_script, in_comment) = unseen(document, name);
            if in_template {
                notes
                    .push(format!("`{simple}` is in a <template>: it is not in the page until a script puts it there"));
            } else if in_comment {
                notes.push(format!("`{name}` stands in a comment, which is not part of the page"));
            } else if in_script {
                notes.push(format!("`{name}` stands in a script: what it is for may be built in the browser, from data that `script` or `json_ld` can take"));
            }
        }
    }
    notes
}

/// Whether a class or id is in a template, named by a script, or in a comment.
fn unseen(document: &Document, name: &str) -> (bool, bool, bool) {
    let mut found = (false, false, false);
    for node in document.html.tree.nodes() {
        match node.value() {
            Node::Element(element) if node.ancestors().any(|above| matches!(above.value(), Node::Fragment)) => {
                let of = |key| {
                    element
                        .attrs
                        .iter()
                        .find(|(name, _)| name.local == key && name.ns == ns!())
                        .map_or("", |(_, value)| &**value)
                };
                found.0 |= of(local_name!("class")).split_ascii_whitespace().any(|class| class == name)
                    || of(local_name!("id")) == name;
            }
            Node::Comment(comment) => found.2 |= is_word_in(name, comment),
            Node::Text(text) if text.len() > name.len() => {
                let is_script = node.parent().and_then(scraper::ElementRef::wrap).is_some_and(|parent| {
                    parent.value().name.local == local_name!("script")
                        && embedded::attribute(parent, &local_name!("src")).is_none()
                });
                found.1 |= is_script && is_word_in(name, text);
            }
            _ => {}
        }
    }
    found
}

fn is_word_in(word: &str, text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + word.len()..).unwrap_or_default());
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

#[cfg(test)]
mod tests;
