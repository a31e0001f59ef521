//! Dates as pages write them, to dates as RFC 3339 writes them.

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::rfc2822;
use jiff::fmt::temporal::Pieces;

/// The date that a text holds, with its time and offset when it has them: `2026-11-29`, `2026-11-29T17:09:49+01:00`.
///
/// Read are ISO 8601, RFC 2822, and dates for people: with a month by its English name (`29 November 2026`,
/// `Nov 29, 2026`), the year first (`2026/11/29`), points (`29.11.2026`, day first), and slashes where only one of both
/// can be the month. The error says why there is none.
pub(crate) fn read(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if let Some(date) = iso(text).or_else(|| of_mail(text)) {
        return Ok(date);
    }
    let tokens = tokens(text);
    let mut ambiguous = false;
    for at in 0..tokens.len() {
        let Some(window) = tokens.get(at..) else { break };
        let date = match (named(window), numeric(window)) {
            (Some(date), _) | (None, Numeric::Date(date)) => date,
            (None, Numeric::Ambiguous) => {
                ambiguous = true;
                continue;
            }
            (None, Numeric::None) => continue,
        };
        return Ok(match time(window.get(3..).unwrap_or_default()) {
            Some(time) => DateTime::from_parts(date, time).to_string(),
            None => date.to_string(),
        });
    }
    Err(if ambiguous { "which of its numbers is the month cannot be told" } else { "no date is in it" })
}

fn iso(text: &str) -> Option<String> {
    let pieces = Pieces::parse(text).ok()?;
    let Some(time) = pieces.time() else { return Some(pieces.date().to_string()) };
    let at = DateTime::from_parts(pieces.date(), time);
    let offset = match pieces.offset() {
        Some(jiff::fmt::temporal::PiecesOffset::Zulu) => "Z".to_owned(),
        Some(jiff::fmt::temporal::PiecesOffset::Numeric(offset)) => {
            let seconds = offset.offset().seconds();
            let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs() / 60);
            format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
        }
        _ => String::new(),
    };
    Some(format!("{at}{offset}"))
}

/// RFC 2822, as feeds and HTTP headers have it.
fn of_mail(text: &str) -> Option<String> {
    let zoned = rfc2822::DateTimeParser::new().parse_zoned(text).ok()?;
    let seconds = zoned.offset().seconds();
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs() / 60);
    Some(format!("{}{sign}{:02}:{:02}", zoned.datetime(), minutes / 60, minutes % 60))
}

/// A number or a word of a date, with the mark that follows at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Number { value: u32, digits: usize, then: Option<char> },
    Word(&'a str),
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let same = |c: char| if is_digit { c.is_ascii_digit() } else { c.is_alphabetic() };
        if !is_digit && !first.is_alphabetic() {
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        let end = rest.find(|c| !same(c)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        if !is_digit {
            tokens.push(Token::Word(piece));
        } else if let Ok(value) = piece.parse() {
            tokens.push(Token::Number { value, digits: piece.len(), then: after.chars().next() });
        } else {
            tokens.push(Token::Word(piece));
        }
        rest = after;
        if tokens.len() == MAX_TOKENS {
            break;
        }
    }
    // `29th of November` is `29 November`.
    tokens.retain(|token| !matches!(token, Token::Word("st" | "nd" | "rd" | "th" | "of")));
    tokens
}

/// `29 November 2026`, `November 29, 2026`, `2026 November 29`.
fn named(tokens: &[Token<'_>]) -> Option<Date> {
    let number = |token: Token<'_>| match token {
        Token::Number { value, digits, .. } => Some((value, digits)),
        Token::Word(_) => None,
    };
    let [first, second, third, ..] = *tokens else { return None };
    let (month, [one, two]) = match (month(first), month(second)) {
        (Some(month), _) => (month, [number(second)?, number(third)?]),
        (None, Some(month)) => (month, [number(first)?, number(third)?]),
        _ => return None,
    };
    let ((day, _), (year, _)) = if one.1 == 4 { (two, one) } else { (one, two) };
    (one.1 == 4 || two.1 == 4).then(|| date(year, month, day)).flatten()
}

enum Numeric {
    Date(Date),
    Ambiguous,
    None,
}

/// `2026/11/29`, `29.11.2026`, `29/11/2026`, `11/29/2026`.
fn numeric(tokens: &[Token<'_>]) -> Numeric {
    let [
        Token::Number { value: a, digits, then: Some(mark) },
        Token::Number { value: b, then: Some(second), .. },
        Token::Number { value: c, digits: last, .. },
        ..,
    ] = *tokens
    else {
        return Numeric::None;
    };
    if mark != second || !matches!(mark, '.' | '/' | '-') {
        return Numeric::None;
    }
    let found = match (digits, last, mark) {
        (4, 1..=2, _) => date(a, b, c),
        (1..=2, 4, '.') => date(c, b, a),
        (1..=2, 4, _) if a == b || a > 12 => date(c, b, a),
        (1..=2, 4, _) if b > 12 => date(c, a, b),
        (1..=2, 4, _) => return Numeric::Ambiguous,
        _ => None,
    };
    found.map_or(Numeric::None, Numeric::Date)
}

/// `17:09`, `17:09:49`, `5:09 pm`.
fn time(tokens: &[Token<'_>]) -> Option<Time> {
    let mut tokens = tokens;
    while let Some((Token::Word("T" | "at" | "um" | "à"), rest)) = tokens.split_first() {
        tokens = rest;
    }
    let (Token::Number { value: hour, then: Some(':'), .. }, rest) = tokens.split_first()? else { return None };
    let (Token::Number { value: minute, then, .. }, mut rest) = rest.split_first()? else { return None };
    let mut second = 0;
    if let (Some(':'), Some((Token::Number { value, .. }, after))) = (then, rest.split_first()) {
        (second, rest) = (*value, after);
    }
    let half = match rest.first() {
        Some(Token::Word(word)) if word.eq_ignore_ascii_case("pm") && *hour < 12 => 12,
        Some(Token::Word(word)) if word.eq_ignore_ascii_case("am") && *hour == 12 => -12,
        _ => 0,
    };
    let part = |value: u32| i8::try_from(value).ok();
    Time::new(part(*hour)?.checked_add(half)?, part(*minute)?, part(second)?, 0).ok()
}

fn month(token: Token<'_>) -> Option<u32> {
    let Token::Word(word) = token else { return None };
    let word = word.to_ascii_lowercase();
    let place = MONTHS
        .iter()
        .position(|month| word.len() >= 3 && month.starts_with(&word) || word == "sept" && *month == "september")?;
    u32::try_from(place + 1).ok()
}

fn date(year: u32, month: u32, day: u32) -> Option<Date> {
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// How much of a text is looked through.
const MAX_TOKENS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_programs_are_kept() {
        let check = |text: &str, expected: &str| assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        check("2026-11-29", "2026-11-29");
        check("2026-11-29T17:09:49Z", "2026-11-29T17:09:49Z");
        check("2026-11-29T17:09+01:00", "2026-11-29T17:09:00+01:00");
        check("2026-11-29 17:09:49", "2026-11-29T17:09:49");
        check("Sun, 29 Nov 2026 17:09:49 +0100", "2026-11-29T17:09:49+01:00");
        check("Sun, 29 Nov 2026 17:09:49 GMT", "2026-11-29T17:09:49+00:00");
    }

    #[test]
    fn dates_for_people_are_read() {
        let check = |text: &str, expected: &str| assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        check("29 November 2026", "2026-11-29");
        check("Published on Sunday, Nov 29th, 2026 by us", "2026-11-29");
        check("29 Sept. 2026, 5:09 pm", "2026-09-29T17:09:00");
        check("29.11.2026", "2026-11-29");
        check("1.2.2026 12:30", "2026-02-01T12:30:00");
        check("2026/11/29", "2026-11-29");
        check("29/11/2026", "2026-11-29");
        check("11/29/2026", "2026-11-29");
        check("5/5/2026", "2026-05-05");
    }

    #[test]
    fn what_is_no_date_says_why() {
        assert_eq!(read("5/6/2026"), Err("which of its numbers is the month cannot be told"));
        for text in ["", "soon", "31.2.2026", "2026", "12:30", "may be 5 2", "1.2.3"] {
            assert_eq!(read(text), Err("no date is in it"), "{text}");
        }
    }
}
