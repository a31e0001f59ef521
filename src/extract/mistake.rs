//! What is wrong with a selector that is not one: where, and what to write instead.

use super::css::parses;
use super::steps::{self, Part};
use super::wrong::Wrong;

/// What is wrong with a selector that cannot be parsed.
pub(super) fn explain(text: &str, parts: &[Part]) -> Wrong {
    if text.trim_start().starts_with(['/', '.']) && text.contains('/') && !text.contains(['[', '"'])
        || text.contains("[@")
    {
        return xpath(text);
    }
    for step in parts.iter().flat_map(|part| &part.steps) {
        let whole = text.get(step.range.clone()).unwrap_or_default();
        if parses(whole) {
            continue;
        }
        let simples = steps::simples(text, step.range.clone());
        // The first that is wrong by itself, or else the first that is wrong behind the others.
        let alone = simples.iter().find(|range| !parses(text.get((*range).clone()).unwrap_or_default()));
        let behind = || simples.iter().find(|range| !parses(text.get(step.range.start..range.end).unwrap_or_default()));
        let range = alone.or_else(behind).cloned().unwrap_or_else(|| step.range.clone());
        return simple(text.get(range.clone()).unwrap_or_default()).at(range);
    }
    Wrong::new(format!("`{text}` is not a CSS selector"))
}

fn xpath(text: &str) -> Wrong {
    Wrong::new(format!("`{text}` is XPath"))
        .allowed("a CSS selector")
        .help("write `div > a` for //div/a, `a[href]` for //a[@href], `li:nth-child(2)` for //li[2], and attr = \"href\" for /@href")
}

/// What is wrong with one simple selector.
fn simple(text: &str) -> Wrong {
    let not = || Wrong::new(format!("`{text}` is not part of a CSS selector"));
    if let Some(name) = text.strip_prefix("::") {
        return pseudo_element(text, name);
    }
    if let Some(name) = text.strip_prefix(':') {
        return pseudo_class(text, name);
    }
    if let Some(inside) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return attribute(text, inside);
    }
    match text.split_at(text.chars().next().map_or(0, char::len_utf8)) {
        ("." | "#", "") => Wrong::new(format!("nothing follows `{text}`")).allowed(".class, #id"),
        (sign @ ("." | "#"), name) if name.starts_with(|c: char| c.is_ascii_digit()) => {
            let of = if sign == "." { "class~" } else { "id" };
            Wrong::new(format!("`{text}` starts with a digit, which CSS does not take there"))
                .help(format!("write [{of}=\"{name}\"]"))
        }
        _ => match text.split_once('@') {
            Some((before, name)) if !before.is_empty() && !name.is_empty() => {
                Wrong::new(format!("`{text}` is not CSS"))
                    .help(format!("write {{ css = \"{before}\", attr = \"{name}\" }}"))
            }
            _ if text.contains(['$', '{', '}', '!', '%', '=', '<', '&', ';', '?']) => {
                let sign = text.chars().find(|c| "${}!%=<&;?".contains(*c)).unwrap_or_default();
                not().allowed(format!("`\\{sign}` for the character itself"))
            }
            _ if text.starts_with(|c: char| c.is_ascii_digit()) => {
                Wrong::new(format!("`{text}` starts with a digit, and no element does"))
            }
            _ => not(),
        },
    }
}

fn pseudo_element(text: &str, name: &str) -> Wrong {
    let wrong = Wrong::new(format!("`{text}` is no element of a page"));
    match name.split_once('(') {
        Some(("attr", attribute)) => {
            wrong.help(format!("leave it out, and write attr = \"{}\"", attribute.trim_end_matches(')')))
        }
        _ if name == "text" => wrong.help("leave it out: the text is taken without it"),
        _ => wrong,
    }
}

fn pseudo_class(text: &str, name: &str) -> Wrong {
    let bare = name.split('(').next().unwrap_or_default();
    let argument = name.strip_prefix(bare).unwrap_or_default().trim_start_matches('(').trim_end_matches(')');
    let lower = bare.to_ascii_lowercase();
    match lower.as_str() {
        "" => Wrong::new("nothing follows `:`").allowed(KNOWN),
        "contains" | "-soup-contains" | "has-text" | "icontains" | "matches" => {
            Wrong::new(format!("`:{bare}` is not CSS: no selector asks for text"))
                .help(format!("write regex = '{}' beside css", argument.trim_matches(['"', '\''])))
        }
        "first" | "eq" | "last" | "nth" | "gt" | "lt" | "even" | "odd" => {
            Wrong::new(format!("`:{bare}` is of jQuery, not of CSS")).help(match lower.as_str() {
                "first" => "leave it out: the first that matches is taken".to_owned(),
                "last" => "write :last-child or :last-of-type".to_owned(),
                "eq" | "nth" => {
                    let nth =
                        argument.parse().map_or_else(|_| "n".to_owned(), |n: u32| n.saturating_add(1).to_string());
                    format!("write :nth-child({nth}) or :nth-of-type({nth})")
                }
                _ => "write :nth-child(n+2), :nth-child(even) or the like".to_owned(),
            })
        }
        "checked" | "disabled" | "required" | "selected" | "open" | "hidden" | "readonly" => {
            Wrong::new(format!("`{text}` is told by a browser only")).help(format!("write [{lower}]"))
        }
        "link" | "any-link" => Wrong::new(format!("`{text}` is told by a browser only")).help("write [href]"),
        "hover" | "active" | "focus" | "visited" | "visible" | "target" | "focus-within" | "enabled" => {
            Wrong::new(format!("`{text}` is told by a browser only"))
        }
        "before" | "after" | "first-line" | "first-letter" => Wrong::new(format!("`{text}` is no element of a page")),
        "has" | "is" | "where" | "not" if !argument.is_empty() => inner(text, bare, argument),
        _ if KNOWN_NAMES.contains(&lower.as_str()) => {
            let found = if argument.is_empty() {
                format!("`{text}` says nothing in brackets")
            } else {
                format!("`{argument}` is nothing for `:{bare}`")
            };
            let nth = "a number, `odd`, `even`, or the like of `2n+1`";
            if lower.starts_with("nth") { Wrong::new(found).allowed(nth) } else { Wrong::new(found) }
        }
        _ => {
            let near = KNOWN_NAMES.iter().min_by_key(|known| strsim::damerau_levenshtein(known, &lower));
            let near = near.filter(|known| strsim::damerau_levenshtein(known, &lower) <= 2 + lower.len() / 6);
            let wrong = Wrong::new(format!("there is no `:{bare}` in CSS")).allowed(KNOWN);
            match near {
                Some(near) => wrong.help(format!("did you mean `:{near}`?")),
                None => wrong,
            }
        }
    }
}

/// What is wrong inside of `:is()` and the like.
fn inner(text: &str, name: &str, argument: &str) -> Wrong {
    match steps::parts(argument) {
        Err(wrong) => Wrong { at: None, ..wrong },
        Ok(parts) => {
            let wrong = explain(argument, &parts);
            let is_named = wrong.found.contains(argument);
            if is_named {
                Wrong::new(format!("`{text}`: nothing in `:{name}()` is understood"))
            } else {
                Wrong { at: None, ..wrong }
            }
        }
    }
}

fn attribute(text: &str, inside: &str) -> Wrong {
    if inside.trim().is_empty() {
        return Wrong::new(format!("`{text}` names no attribute")).allowed("[href], [href=\"/a\"], [href^=\"/\"]");
    }
    match inside.split_once('=') {
        Some((name, value)) if value.trim().is_empty() => Wrong::new(format!("`{text}` has no value")).help(format!(
            "write [{}=\"\"] or [{}]",
            name.trim(),
            name.trim_end_matches(['^', '$', '*', '~', '|'])
        )),
        Some((name, value)) if !value.trim_start().starts_with(['"', '\'']) => {
            Wrong::new(format!("the value in `{text}` needs quotes"))
                .help(format!("write [{name}=\"{}\"]", value.trim()))
        }
        _ => Wrong::new(format!("`{text}` asks nothing of an attribute"))
            .allowed("[href], [href=\"/a\"], and ^=, $=, *=, ~=, |= for a part of it"),
    }
}

const KNOWN: &str = ":not(), :is(), :where(), :has(), :nth-child(), :nth-of-type(), :first-child, :last-child, :only-child, :empty, \
                     :root, :scope and those like them";
const KNOWN_NAMES: &[&str] = &[
    "not",
    "is",
    "where",
    "has",
    "nth-child",
    "nth-of-type",
    "nth-last-child",
    "nth-last-of-type",
    "first-child",
    "last-child",
    "only-child",
    "first-of-type",
    "last-of-type",
    "only-of-type",
    "empty",
    "root",
    "scope",
];
