//! Escaping: what of a text means something else in Markdown (`CommonMark` 0.31, section 2.4), and only that.

use std::borrow::Cow;

/// Where a text is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Line,
    /// A cell of a table, where a bar ends it.
    Cell,
}

/// Appends a text, which stands in a link or not.
pub(super) fn push(to: &mut String, text: &str, place: Place, is_in_link: bool) {
    let mut rest = text;
    while let Some(at) = rest.find(is_special) {
        let (plain, tail) = rest.split_at(at);
        to.push_str(plain);
        let mut chars = tail.chars();
        let Some(special) = chars.next() else { return };
        rest = chars.as_str();
        if has_meaning(special, to.chars().next_back(), rest, place, is_in_link) {
            to.push('\\');
        }
        to.push(special);
    }
    to.push_str(rest);
}

fn is_special(c: char) -> bool {
    matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '&' | '~' | '|')
}

fn has_meaning(special: char, before: Option<char>, rest: &str, place: Place, is_in_link: bool) -> bool {
    let after = rest.chars().next();
    match special {
        '`' | '*' => true,
        '\\' => after.is_none_or(|c| c.is_ascii_punctuation() || c.is_whitespace()),
        // Between letters it is one of them.
        '_' => !(before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)),
        '[' => is_in_link,
        ']' => is_in_link || after.is_some_and(|c| matches!(c, '(' | '[' | ':')),
        '<' => after.is_none_or(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')),
        '&' => is_reference(rest),
        '~' => before == Some('~') || after.is_none_or(|c| !c.is_whitespace() && !c.is_ascii_digit()),
        '|' => place == Place::Cell,
        _ => false,
    }
}

/// Whether a character reference goes on with this.
fn is_reference(rest: &str) -> bool {
    // No name is longer, and to look for the end of all that is none would be to read the text again at each `&`.
    let name = rest.bytes().take(32).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
    name > 0 && rest.as_bytes().get(name) == Some(&b';')
}

/// A line of text that does not begin as something else does: a heading, a list, a quote, a line below a heading.
pub(super) fn line(line: &str) -> Cow<'_, str> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let (number, behind) = line.split_at(digits);
    let ends_mark = |rest: &str| rest.is_empty() || rest.starts_with(' ');
    if (1..=9).contains(&digits) && behind.starts_with(['.', ')']) && ends_mark(behind.get(1..).unwrap_or_default()) {
        return format!("{number}\\{behind}").into();
    }
    let begins = match line.as_bytes().first() {
        Some(b'>') => true,
        Some(b'#') => {
            let signs = line.bytes().take_while(|byte| *byte == b'#').count();
            signs <= 6 && ends_mark(line.get(signs..).unwrap_or_default())
        }
        Some(b'-' | b'+') if ends_mark(line.get(1..).unwrap_or_default()) => true,
        // The line below a heading, or below the head of a table.
        Some(b'-' | b'=' | b':' | b'|') => line.chars().all(|c| matches!(c, '-' | '=' | ':' | '|' | ' ')),
        // A box to be ticked, or a name for a link.
        Some(b'[') => {
            let behind = ["[ ]", "[x]", "[X]"].into_iter().find_map(|sign| line.strip_prefix(sign));
            behind.is_some_and(ends_mark)
        }
        _ => false,
    };
    if begins { format!("\\{line}").into() } else { line.into() }
}

/// The text of a heading, whose last signs would belong to its mark.
pub(super) fn heading(text: &str) -> Cow<'_, str> {
    let signs = text.bytes().rev().take_while(|byte| *byte == b'#').count();
    let (start, signs) = text.split_at(text.len() - signs);
    let is_mark = !signs.is_empty() && (start.is_empty() || start.ends_with(' '));
    if is_mark { format!("{start}\\{signs}").into() } else { text.into() }
}

/// Where a link leads, as it stands in one (`CommonMark`, section 6.3).
pub(super) fn destination(url: &str, place: Place) -> String {
    let is_plain = !url.is_empty() && !url.contains(|c: char| matches!(c, '(' | ')' | '<' | '>') || c.is_whitespace());
    let mut written = String::with_capacity(url.len() + 2);
    for (at, c) in url.char_indices() {
        match c {
            '<' => written.push_str("%3C"),
            '>' => written.push_str("%3E"),
            '|' if place == Place::Cell => written.push_str("%7C"),
            '\\' => written.push_str("\\\\"),
            '&' if is_reference(url.get(at + 1..).unwrap_or_default()) => written.push_str("\\&"),
            c if c.is_control() => {}
            c => written.push(c),
        }
    }
    if is_plain { written } else { format!("<{written}>") }
}

/// Code in a line: between as many backticks as are not in it (`CommonMark`, section 6.1).
pub(super) fn code(code: &str, place: Place) -> String {
    let fence = "`".repeat(longest_run(code) + 1);
    let is_all_space = code.chars().all(|c| c == ' ');
    let touches = code.starts_with('`') || code.ends_with('`');
    let loses = code.starts_with(' ') && code.ends_with(' ') && !is_all_space;
    let pad = if touches || loses { " " } else { "" };
    let code = if place == Place::Cell { Cow::from(code.replace('|', "\\|")) } else { code.into() };
    format!("{fence}{pad}{code}{pad}{fence}")
}

/// The longest run of backticks.
pub(super) fn longest_run(code: &str) -> usize {
    code.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}
