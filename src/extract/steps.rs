//! The parts of a CSS selector as it is written: between commas, between combinators, and within one step.
//!
//! The selectors crate says neither where a selector is wrong nor what its steps are; both need the text.

use std::ops::Range;

use super::wrong::Wrong;

/// One of the selectors between commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) steps: Vec<Step>,
}

/// One step of a selector: how it is reached, and what it asks of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// `None` for the first step of a selector that does not start with one.
    pub(super) combinator: Option<Combinator>,
    pub(super) range: Range<usize>,
}

/// How two steps are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Combinator {
    /// A space.
    Descendant,
    /// `>`
    Child,
    /// `+`
    Next,
    /// `~`
    Following,
}

impl Part {
    /// How the part starts, when that is not with a step.
    pub(super) fn leading(&self) -> Option<Combinator> {
        self.steps.first().and_then(|step| step.combinator)
    }

    /// The bytes of the text from the first step to the last.
    pub(super) fn range(&self) -> Range<usize> {
        let start = self.steps.first().map_or(0, |step| step.range.start);
        start..self.steps.last().map_or(start, |step| step.range.end)
    }
}

impl Combinator {
    /// As it stands between two steps.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Descendant => " ",
            Self::Child => " > ",
            Self::Next => " + ",
            Self::Following => " ~ ",
        }
    }

    fn of(c: char) -> Option<Self> {
        match c {
            '>' => Some(Self::Child),
            '+' => Some(Self::Next),
            '~' => Some(Self::Following),
            _ => None,
        }
    }
}

/// Takes a selector list apart.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, Wrong> {
    let mut splitter = Splitter { text, at: 0, parts: Vec::new(), steps: Vec::new(), joined: None, comma: None };
    splitter.split()?;
    Ok(splitter.parts)
}

/// The simple selectors of one step: `li.a[href]:not(.b)` has four.
pub(super) fn simples(text: &str, step: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut start, mut at) = (step.start, step.start);
    while let Some(c) = text.get(at..step.end).and_then(|rest| rest.chars().next()) {
        let begins = matches!(c, '.' | '#' | '[' | ':') && text.get(start..at).is_none_or(|before| before != ":");
        if begins && at > start {
            found.push(start..at);
            start = at;
        }
        at = match after_block(text, at) {
            Some(after) => after.min(step.end),
            None => at + c.len_utf8(),
        };
    }
    if start < step.end {
        found.push(start..step.end);
    }
    found
}

struct Splitter<'a> {
    text: &'a str,
    at: usize,
    parts: Vec<Part>,
    steps: Vec<Step>,
    /// The combinator before the next step, and where it stands.
    joined: Option<(Combinator, usize)>,
    /// Where the last comma is.
    comma: Option<usize>,
}

impl Splitter<'_> {
    fn split(&mut self) -> Result<(), Wrong> {
        loop {
            let Some(c) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) else { return self.end_part() };
            if let Some(combinator) = Combinator::of(c) {
                if let Some((_, first)) = self.joined.filter(|(joined, _)| *joined != Combinator::Descendant) {
                    let found = format!(
                        "two combinators follow each other: `{}`",
                        self.text.get(first..=self.at).unwrap_or_default()
                    );
                    return Err(Wrong::new(found)
                        .at(first..self.at + 1)
                        .help("write `*` between them for any element"));
                }
                self.joined = Some((combinator, self.at));
                self.at += 1;
            } else if c == ',' {
                self.end_part()?;
                self.comma = Some(self.at);
                self.at += 1;
            } else if c.is_ascii_whitespace() {
                if !self.steps.is_empty() && self.joined.is_none() {
                    self.joined = Some((Combinator::Descendant, self.at));
                }
                self.at += 1;
            } else if self.text.get(self.at..).is_some_and(|rest| rest.starts_with("/*")) {
                let length = self.text.get(self.at..).and_then(|rest| rest.find("*/"));
                self.at = length.map_or(self.text.len(), |length| self.at + length + 2);
            } else {
                self.step()?;
            }
        }
    }

    fn step(&mut self) -> Result<(), Wrong> {
        let start = self.at;
        while let Some(c) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) {
            match c {
                ',' => break,
                _ if c.is_ascii_whitespace() || Combinator::of(c).is_some() => break,
                '"' | '\'' => {
                    return Err(Wrong::new(format!(
                        "a quote stands outside of brackets: `{}`",
                        self.text.get(self.at..).unwrap_or_default()
                    ))
                    .at(self.at..self.text.len())
                    .allowed("quotes only around the value of an attribute: [href=\"/a\"]"));
                }
                '[' | '(' => {
                    self.at = after_block(self.text, self.at).ok_or_else(|| unclosed(self.text, self.at))?;
                }
                ']' | ')' => {
                    return Err(Wrong::new(format!("`{c}` closes nothing")).at(self.at..self.at + 1));
                }
                _ => self.at = after_block(self.text, self.at).unwrap_or(self.at + c.len_utf8()),
            }
        }
        let combinator = self.joined.take().map(|(combinator, _)| combinator);
        self.steps.push(Step { combinator, range: start..self.at });
        Ok(())
    }

    fn end_part(&mut self) -> Result<(), Wrong> {
        if let Some((_, place)) = self.joined.take().filter(|(combinator, _)| *combinator != Combinator::Descendant) {
            let sign = self.text.get(place..=place).unwrap_or_default();
            let help = format!("write `{sign} *` for any element");
            return Err(Wrong::new(format!("nothing follows `{sign}`")).at(place..place + 1).help(help));
        }
        if self.steps.is_empty() {
            let place = self.comma.unwrap_or(0);
            let is_last = self.comma.is_some();
            let found = if is_last || self.at < self.text.len() {
                "a selector is missing beside a comma"
            } else {
                "the selector is empty"
            };
            let at = if is_last { place } else { self.at.min(self.text.len().saturating_sub(1)) };
            return Err(Wrong::new(found).at(at..(at + 1).min(self.text.len())));
        }
        self.parts.push(Part { steps: std::mem::take(&mut self.steps) });
        Ok(())
    }
}

/// Where the block, the string or the escape ends that begins at `at`; `None` when none does, or when it does not end.
fn after_block(text: &str, at: usize) -> Option<usize> {
    let rest = text.get(at..)?;
    let mut closers = Vec::new();
    let mut chars = rest.char_indices();
    while let Some((offset, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '"' | '\'' if !closers.is_empty() => loop {
                match chars.next() {
                    Some((_, '\\')) => {
                        chars.next();
                    }
                    Some((_, end)) if end == c => break,
                    Some(_) => {}
                    None => return None,
                }
            },
            '[' => closers.push(']'),
            '(' => closers.push(')'),
            _ if closers.last() == Some(&c) => {
                closers.pop();
            }
            _ if offset == 0 => return None,
            _ => {}
        }
        if closers.is_empty() {
            return Some(at + chars.offset());
        }
    }
    None
}

fn unclosed(text: &str, at: usize) -> Wrong {
    let open = text.get(at..=at).unwrap_or_default();
    let rest = text.get(at..).unwrap_or_default();
    let quote = ['"', '\''].into_iter().find(|quote| rest.matches(*quote).count() % 2 == 1);
    match quote {
        Some(quote) => {
            let place = at + rest.rfind(quote).unwrap_or(0);
            Wrong::new(format!("the quote `{quote}` is not closed")).at(place..text.len())
        }
        None => Wrong::new(format!("`{open}` is not closed")).at(at..text.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&[(&str, &str)]]) {
        let parts = parts(text).unwrap();
        let told: Vec<Vec<(&str, &str)>> = parts
            .iter()
            .map(|part| {
                let told = |step: &Step| (step.combinator.map_or("", Combinator::sign), &text[step.range.clone()]);
                part.steps.iter().map(told).collect()
            })
            .collect();
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn a_selector_is_taken_apart_at_commas_and_combinators() {
        check("a", &[&[("", "a")]]);
        check("a.b , c>d", &[&[("", "a.b")], &[("", "c"), (" > ", "d")]]);
        check("+ .row .price", &[&[(" + ", ".row"), (" ", ".price")]]);
        check(" a  ~b /* , */ c ", &[&[("", "a"), (" ~ ", "b"), (" ", "c")]]);
        check("a[title=\"x, y > z\"] :is(b, c > d)", &[&[("", "a[title=\"x, y > z\"]"), (" ", ":is(b, c > d)")]]);
        check(".a\\,b .c\\ d", &[&[("", ".a\\,b"), (" ", ".c\\ d")]]);
        check("[a=']'] b", &[&[("", "[a=']']"), (" ", "b")]]);
    }

    #[test]
    fn a_step_is_taken_apart_into_simple_selectors() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<_> = simples(text, 0..text.len()).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, expected);
        };
        check("li.a#b[href='x.y']:not(.c:d)", &["li", ".a", "#b", "[href='x.y']", ":not(.c:d)"]);
        check("a::before", &["a", "::before"]);
        check(".a\\.b", &[".a\\.b"]);
        check("*", &["*"]);
    }

    #[test]
    fn what_is_not_whole_says_where() {
        let check = |text: &str, at: Range<usize>, found: &str| {
            let wrong = parts(text).unwrap_err();
            assert_eq!((wrong.at, wrong.found.as_str()), (Some(at), found), "{text}");
        };
        check("a >", 2..3, "nothing follows `>`");
        check("a > + b", 2..5, "two combinators follow each other: `> +`");
        check("a,,b", 1..2, "a selector is missing beside a comma");
        check(",a", 0..1, "a selector is missing beside a comma");
        check("a,", 1..2, "a selector is missing beside a comma");
        check("", 0..0, "the selector is empty");
        check("a[href", 1..6, "`[` is not closed");
        check("a[href='x]", 7..10, "the quote `'` is not closed");
        check("a:not(b", 5..7, "`(` is not closed");
        check("a]", 1..2, "`]` closes nothing");
        check("a 'b'", 2..5, "a quote stands outside of brackets: `'b'`");
    }
}
