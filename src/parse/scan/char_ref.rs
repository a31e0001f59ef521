//! Character references and what else a tokenizer changes in a text (HTML Standard, sections 13.2.3.5 and 13.2.5.72
//! to 13.2.5.80).

use std::borrow::Cow;

use memchr::memchr3;
use web_atoms::NAMED_ENTITIES;

use crate::near::has_one_of;

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// In an attribute, `&copy=` and `&copyright` are no references: they are there in queries of URLs.
    Attribute,
    Text,
}

/// A text as the page means it: with its references resolved, lines that end in line feeds, and U+FFFD for NUL.
pub(super) fn decode(raw: &str, within: Within) -> Cow<'_, str> {
    if !has_one_of([b'&', b'\r', 0], raw.as_bytes()) {
        return Cow::Borrowed(raw);
    }
    let (mut decoded, mut rest) = (String::with_capacity(raw.len()), raw);
    while let Some((plain, found)) = memchr3(b'&', b'\r', 0, rest.as_bytes()).and_then(|at| rest.split_at_checked(at)) {
        decoded.push_str(plain);
        let (first, after) = found.split_at_checked(1).unwrap_or_default();
        rest = after;
        match first {
            "\r" => {
                decoded.push('\n');
                rest = after.strip_prefix('\n').unwrap_or(after);
            }
            "\0" => decoded.push(char::REPLACEMENT_CHARACTER),
            _ => match reference(after, within) {
                Some((first, second, length)) => {
                    decoded.push(first);
                    decoded.extend(second);
                    rest = after.get(length..).unwrap_or_default();
                }
                None => decoded.push('&'),
            },
        }
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// What a reference of XHTML stands for, by its name or number between `&` and `;`: those of HTML, which the DTDs of XHTML
/// declare. A number is what it is (XML 1.0, section 4.1).
pub(super) fn xhtml_reference(name: &str) -> Option<(char, Option<char>)> {
    let number = |digits: &str, radix| {
        // `from_str_radix` alone would take a sign.
        let is_number = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = is_number.then(|| u32::from_str_radix(digits, radix).ok()).flatten();
        number.and_then(char::from_u32).map(|character| (character, None))
    };
    match (name.strip_prefix("#x"), name.strip_prefix('#')) {
        (Some(digits), _) => number(digits, 16),
        (None, Some(digits)) => number(digits, 10),
        (None, None) => meaning(&[name, ";"].concat(), name.len() + 1).map(|(first, second, _)| (first, second)),
    }
}

/// What a reference stands for: one character or two, and the length of the reference.
type Meaning = (char, Option<char>, usize);

/// Reads a reference from behind its `&`.
fn reference(after: &str, within: Within) -> Option<Meaning> {
    match after.as_bytes() {
        [b'#', b'x' | b'X', ..] => numeric(after, 2, 16),
        [b'#', ..] => numeric(after, 1, 10),
        _ => named(after, within),
    }
}

fn numeric(after: &str, start: usize, radix: u32) -> Option<Meaning> {
    let digits = after.get(start..)?;
    let mut length = 0;
    let mut number = 0_u32;
    for digit in digits.chars().map_while(|c| c.to_digit(radix)) {
        number = number.saturating_mul(radix).saturating_add(digit);
        length += 1;
    }
    let semicolon = digits.as_bytes().get(length) == Some(&b';');
    (length > 0).then(|| (character(number), None, start + length + usize::from(semicolon)))
}

/// The numeric character reference end state: numbers of control characters are those of windows-1252.
fn character(number: u32) -> char {
    let index = number.checked_sub(0x80).and_then(|index| usize::try_from(index).ok());
    let replaced = index.and_then(|index| WINDOWS_1252.get(index)).copied();
    let character = replaced.or_else(|| char::from_u32(number)).filter(|character| *character != '\0');
    character.unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The longest name that the text starts with.
fn named(after: &str, within: Within) -> Option<Meaning> {
    let bytes = after.as_bytes();
    let run = bytes.iter().take(LONGEST_NAME).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    if bytes.get(run) == Some(&b';')
        && let Some(found) = meaning(after, run + 1)
    {
        return Some(found);
    }
    // Of the names without a semicolon none is long.
    let found = (1..=run.min(LONGEST_LEGACY_NAME)).rev().find_map(|length| meaning(after, length))?;
    let next = bytes.get(found.2);
    let part_of_url =
        within == Within::Attribute && next.is_some_and(|next| *next == b'=' || next.is_ascii_alphanumeric());
    (!part_of_url).then_some(found)
}

/// What the name of this length stands for.
fn meaning(after: &str, length: usize) -> Option<Meaning> {
    let (first, second) = *NAMED_ENTITIES.get(after.get(..length)?)?;
    // Zero stands for the beginning of a name.
    let character = |number: u32| char::from_u32(number).filter(|character| *character != '\0');
    character(first).map(|first| (first, character(second), length))
}

/// The length of `CounterClockwiseContourIntegral`.
const LONGEST_NAME: usize = 31;
/// The length of `yacute`.
const LONGEST_LEGACY_NAME: usize = 6;
/// What the numbers from 0x80 on mean; those that mean nothing are themselves.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, text: &str, attribute: &str) {
        assert_eq!(decode(raw, Within::Text), text, "{raw}");
        assert_eq!(decode(raw, Within::Attribute), attribute, "{raw}");
    }

    #[test]
    fn references_are_resolved_by_the_longest_name() {
        check("a&amp;b", "a&b", "a&b");
        check("&ampamp;", "&amp;", "&ampamp;");
        check("&amp", "&", "&");
        check("&notin;&notit;&notin", "∉¬it;¬in", "∉&notit;&notin");
        check("&NotEqualTilde;", "≂̸", "≂̸");
        check("&CounterClockwiseContourIntegral;", "∳", "∳");
        check(
            "&CounterClockwiseContourIntegrals;",
            "&CounterClockwiseContourIntegrals;",
            "&CounterClockwiseContourIntegrals;",
        );
        check("&nosuch;&;&&", "&nosuch;&;&&", "&nosuch;&;&&");
        check("&COPY;&copy;&Copy;", "©©&Copy;", "©©&Copy;");
    }

    #[test]
    fn a_query_in_an_attribute_keeps_its_parameters() {
        check("?a=1&copy=2", "?a=1©=2", "?a=1&copy=2");
        check("?a&lt1", "?a<1", "?a&lt1");
        check("?a&lt-1", "?a<-1", "?a<-1");
        check("?a&lt;=1", "?a<=1", "?a<=1");
    }

    #[test]
    fn numbers_are_resolved_with_those_of_windows_1252() {
        check("&#65;&#x41;&#X41&#0065 ", "AAAA ", "AAAA ");
        check("&#128;&#x9f;&#129;", "€Ÿ\u{81}", "€Ÿ\u{81}");
        check(
            "&#0;&#xD800;&#x110000;&#99999999999;",
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}",
            "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}",
        );
        check("&#;&#x;&#xg&#", "&#;&#x;&#xg&#", "&#;&#x;&#xg&#");
        check("&#13;", "\r", "\r");
    }

    #[test]
    fn lines_and_nuls_are_normalised() {
        check("a\r\nb\rc\r\r\nd\0", "a\nb\nc\n\nd\u{FFFD}", "a\nb\nc\n\nd\u{FFFD}");
    }

    #[test]
    fn the_lengths_of_names_are_those_of_the_table() {
        let names = || NAMED_ENTITIES.entries().filter(|(_, (first, _))| *first != 0).map(|(name, _)| *name);
        let longest = names().filter_map(|name| name.strip_suffix(';')).map(str::len).max();
        let legacy = names().filter(|name| !name.ends_with(';')).map(str::len).max();
        assert_eq!((longest, legacy), (Some(LONGEST_NAME), Some(LONGEST_LEGACY_NAME)));
        assert_eq!(names().count(), 2231);
    }
}
