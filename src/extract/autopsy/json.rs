//! Autopsy of a JSONPath.

use serde_json::Value;

use super::Autopsy;
use super::matches::Matches;
use super::near;
use crate::extract::element::Work;
use crate::extract::path::{Path, size};
use crate::extract::wrong::Wrong;

/// Why a path selects nothing in a value.
///
/// # Errors
/// When it is no JSONPath.
pub fn of_path(value: &Value, path: &str) -> Result<Autopsy, Wrong> {
    Path::parse(path)?;
    let mut autopsy = Autopsy::default();
    let ends = segments(path);
    let mut lost = None;
    for end in &ends {
        let text = path.get(..*end).unwrap_or_default().to_owned();
        let matches = select(value, &text).len();
        if matches == 0 && lost.is_none() {
            lost = Some(autopsy.steps.len());
        }
        autopsy.steps.push(Matches { text, matches, example: None });
    }
    if let Some(lost) = lost {
        let before = lost.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(1);
        let segment = ends.get(lost).and_then(|end| path.get(before..*end)).unwrap_or_default();
        let (before, after) =
            (path.get(..before).unwrap_or("$"), ends.get(lost).and_then(|end| path.get(*end..)).unwrap_or_default());
        autopsy.nearest = nearest(value, before, segment, after);
        autopsy.notes.extend(note(value, before, segment));
    }
    Ok(autopsy)
}

/// What may be meant instead of a segment that selects nothing: another key at this place, the same key at another, or the
/// entries of the list that is there.
fn nearest(value: &Value, before: &str, segment: &str, after: &str) -> Vec<Matches> {
    let name = name_of(segment);
    let mut tried: Vec<(String, f64)> = Vec::new();
    for found in select(value, before) {
        match found {
            Value::Object(members) => {
                tried.extend(
                    members
                        .keys()
                        .take(NAMES)
                        .map(|key| (format!("{before}{}", written(key)), near::distance(&name, key))),
                );
            }
            Value::Array(_) => tried.push((format!("{before}[*]{segment}"), 0.5)),
            _ => {}
        }
    }
    if !name.is_empty() {
        tried.push((format!("{before}..{}", written(&name).trim_start_matches('.')), 0.9));
        tried.push((format!("$..{}", written(&name).trim_start_matches('.')), 1.1));
    }
    tried.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    tried.dedup_by(|a, b| a.0 == b.0);
    let mut nearest = Vec::new();
    for (start, _) in tried.into_iter().filter(|(_, cost)| *cost < near::FAR) {
        for text in [format!("{start}{after}"), start] {
            let found = select(value, &text);
            if let Some(first) = found.first() {
                let example: String = first.to_string().chars().take(EXAMPLE).collect();
                nearest.push(Matches { text, matches: found.len(), example: Some(example) });
                break;
            }
        }
    }
    nearest.dedup_by(|a, b| a.text == b.text);
    nearest.truncate(SHOWN);
    nearest
}

/// What is at the place where a path is lost.
fn note(value: &Value, before: &str, segment: &str) -> Option<String> {
    Some(match select(value, before).first()? {
        Value::Object(members) => {
            let keys: Vec<_> = members.keys().map(String::as_str).take(12).collect();
            let more = if members.len() > keys.len() { ", …" } else { "" };
            format!("`{before}` is an object with the keys {}{more}", keys.join(", "))
        }
        Value::Array(entries) => format!("`{before}` is a list of {} entries", entries.len()),
        other => format!("`{before}` is {}, and nothing is below it for `{segment}`", shown(other)),
    })
}

fn shown(value: &Value) -> String {
    value.to_string().chars().take(EXAMPLE).collect()
}

fn select<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    let work = Work::for_size(size(value).0);
    Path::parse(path).ok().and_then(|path| path.select(value, &work)).unwrap_or_default()
}

/// Where each segment of a path ends.
fn segments(path: &str) -> Vec<usize> {
    let (mut ends, mut depth, mut quote, mut last) = (Vec::new(), 0_usize, None, '$');
    for (at, c) in path.char_indices().skip(1) {
        match (quote, c) {
            (Some(open), c) if c == open && last != '\\' => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '.') if depth == 0 && last != '.' && at > 1 => ends.push(at),
            _ => {}
        }
        if quote.is_none() {
            match c {
                '[' | '(' => depth += 1,
                ']' | ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        last = if last == '\\' { ' ' } else { c };
    }
    if path.len() > 1 {
        ends.push(path.len());
    }
    ends
}

/// The key that a segment names; empty when it names none.
fn name_of(segment: &str) -> String {
    let bare = segment.trim_start_matches('.').trim_start_matches('[').trim_end_matches(']');
    let bare = bare.trim_matches(['\'', '"']);
    let is_name = !bare.is_empty() && !bare.contains(['?', '*', ':', '@']) && bare.parse::<i64>().is_err();
    if is_name { bare.to_owned() } else { String::new() }
}

/// A key as it stands in a path.
fn written(key: &str) -> String {
    let is_plain = !key.is_empty()
        && key.chars().enumerate().all(|(at, c)| c == '_' || c.is_ascii_alphabetic() || at > 0 && c.is_ascii_digit());
    if is_plain { format!(".{key}") } else { format!("['{}']", key.replace('\\', "\\\\").replace('\'', "\\'")) }
}

const NAMES: usize = 200;
const SHOWN: usize = 5;
const EXAMPLE: usize = 60;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(value: &Value, path: &str) -> String {
        let autopsy = of_path(value, path).unwrap();
        let steps =
            autopsy.steps.iter().map(|step| format!("{} {}", step.text, step.matches)).collect::<Vec<_>>().join(", ");
        let nearest =
            autopsy.nearest.iter().map(|near| format!("{} {}", near.text, near.matches)).collect::<Vec<_>>().join(", ");
        format!("{steps} | {nearest} | {}", autopsy.notes.join("; "))
    }

    #[test]
    fn the_segment_that_is_lost_is_named_with_what_is_there() {
        let value = json!({"data": {"items": [{"offer": {"Price": 1}}, {"offer": {"Price": 2}}], "a b": 1}});
        insta::assert_snapshot!(
            ["$.data.items.offer.Price", "$.data.itmes[*].offer", "$.data.items[*].offer.price", "$.items", "$.data['a b'].c", "$.nothing.at.all"]
                .map(|path| told(&value, path))
                .join("\n"),
            @r"
            $.data 1, $.data.items 1, $.data.items.offer 0, $.data.items.offer.Price 0 | $.data.items[*].offer.Price 2, $.data.items..offer.Price 2, $..offer.Price 2 | `$.data.items` is a list of 2 entries
            $.data 1, $.data.itmes 0, $.data.itmes[*] 0, $.data.itmes[*].offer 0 | $.data.items[*].offer 2 | `$.data` is an object with the keys items, a b
            $.data 1, $.data.items 1, $.data.items[*] 2, $.data.items[*].offer 2, $.data.items[*].offer.price 0 | $.data.items[*].offer.Price 2 | `$.data.items[*].offer` is an object with the keys Price
            $.items 0 | $..items 1 | `$` is an object with the keys data
            $.data 1, $.data['a b'] 1, $.data['a b'].c 0 |  | `$.data['a b']` is 1, and nothing is below it for `.c`
            $.nothing 0, $.nothing.at 0, $.nothing.at.all 0 |  | `$` is an object with the keys data
            "
        );
    }
}
