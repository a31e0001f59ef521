//! Parse: from the text of an expression to a filter, or to what is wrong with it and where.

use std::iter::Peekable;
use std::ops::Range;
use std::vec::IntoIter;

use jiff::Timestamp;

use super::expression::{Comparison, Filter, Literal};
use super::token::{Token, tokens};
use super::wrong::Wrong;
use crate::export::column::{Column, ColumnType};
use crate::export::selection::named;

/// Reads an expression on these columns.
pub(crate) fn parse(text: &str, columns: &[Column]) -> Result<Filter, Wrong> {
    let tokens = tokens(text)?.into_iter().peekable();
    let mut parser = Parser { tokens, columns, end: text.len(), depth: 0 };
    let filter = parser.any()?;
    match parser.tokens.next() {
        None => Ok(filter),
        Some((Token::Close, at)) => Err(Wrong::new(at, "there is no ( to this )")),
        Some((_, at)) => Err(Wrong::new(at, "the expression has come to its end before this").allowed("`and` or `or`")),
    }
}

struct Parser<'a> {
    tokens: Peekable<IntoIter<(Token, Range<usize>)>>,
    columns: &'a [Column],
    /// The length of the text.
    end: usize,
    /// How many parentheses and negations are around.
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Filter, Wrong> {
        let mut parts = vec![self.all()?];
        while self.takes_word("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Filter::Any))
    }

    fn all(&mut self) -> Result<Filter, Wrong> {
        let mut parts = vec![self.negated()?];
        while self.takes_word("and") {
            parts.push(self.negated()?);
        }
        Ok(one_or(parts, Filter::All))
    }

    fn negated(&mut self) -> Result<Filter, Wrong> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let at = self.tokens.peek().map_or(self.end..self.end, |(_, at)| at.clone());
            return Err(Wrong::new(at, format!("more than {DEEPEST} parentheses and `not` in each other")));
        }
        let found = if self.takes_word("not") {
            self.negated().map(|part| Filter::Not(Box::new(part)))
        } else if let Some((_, open)) = self.tokens.next_if(|(token, _)| *token == Token::Open) {
            self.any().and_then(|inner| match self.tokens.next() {
                Some((Token::Close, _)) => Ok(inner),
                Some((_, at)) => Err(Wrong::new(at, "this is neither `and`, `or` nor a )")),
                None => Err(Wrong::new(open, "there is no ) to this (")),
            })
        } else {
            self.test()
        };
        self.depth -= 1;
        found
    }

    /// One comparison.
    fn test(&mut self) -> Result<Filter, Wrong> {
        let (column, at) = self.column()?;
        if self.takes_word("is") {
            let is_not = self.takes_word("not");
            if !self.takes_word("null") {
                return Err(self.unexpected("`null`"));
            }
            let is_null = Filter::IsNull(column);
            return Ok(if is_not { Filter::Not(Box::new(is_null)) } else { is_null });
        }
        let compares = |(token, _): &(Token, _)| matches!(token, Token::Comparison(_));
        match self.tokens.next_if(compares) {
            Some((Token::Comparison(comparison), _)) => self.compared(column, comparison),
            _ if column.kind == ColumnType::Bool => Ok(Filter::IsTrue(column)),
            _ if self.is_at_the_end_of_a_test() => {
                let (name, kind) = (column.name(), column.kind.described());
                Err(Wrong::new(at, format!("`{name}` is {kind}, and is compared with nothing")).allowed(TESTS))
            }
            _ => Err(self.unexpected(TESTS)),
        }
    }

    fn column(&mut self) -> Result<(Column, Range<usize>), Wrong> {
        let (name, at) = match self.tokens.next() {
            Some((Token::Word(word), at)) if WORDS.iter().any(|name| word.eq_ignore_ascii_case(name)) => {
                return Err(Wrong::new(at, format!("`{word}` is no column")).allowed("a column"));
            }
            Some((Token::Word(name) | Token::Name(name), at)) => (name, at),
            Some((_, at)) => {
                return Err(Wrong::new(at, "a comparison begins with a column").allowed("COLUMN = VALUE"));
            }
            None => return Err(Wrong::new(self.end..self.end, "a column is missing at the end")),
        };
        match self.columns.iter().find(|column| column.name() == name) {
            Some(column) => Ok((column.clone(), at)),
            None => Err(Wrong { at, problem: named(&name, self.columns) }),
        }
    }

    fn compared(&mut self, column: Column, comparison: Comparison) -> Result<Filter, Wrong> {
        let (token, at) = self.tokens.next().ok_or_else(|| {
            Wrong::new(self.end..self.end, "a value is missing at the end")
                .allowed("a text in quotes, a number, true, false")
        })?;
        let name = column.name();
        let literal = match token {
            Token::Text(text) if column.kind == ColumnType::Time => Literal::Time(time(&text).ok_or_else(|| {
                let allowed = "\"2026-11-21\", \"2026-11-21T11:01:17Z\"";
                Wrong::new(at.clone(), format!("`{text}` is no time")).allowed(allowed)
            })?),
            Token::Text(text) => Literal::Text(text),
            Token::Number(text) => {
                number(&text).ok_or_else(|| Wrong::new(at.clone(), format!("`{text}` is no number")))?
            }
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Literal::Bool(true),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Literal::Bool(false),
            Token::Word(word) if word.eq_ignore_ascii_case("null") => {
                let wrong = Wrong::new(at, "nothing is equal to null");
                return Err(wrong.allowed(&format!("`{name} is null`, `{name} is not null`")));
            }
            Token::Word(word) => {
                let wrong = Wrong::new(at, format!("`{word}` is no value"));
                return Err(wrong.allowed(&format!("a text in quotes (\"{word}\"), a number, true, false")));
            }
            _ => return Err(Wrong::new(at, "this is no value").allowed("a text in quotes, a number, true, false")),
        };
        if !literal.fits(&column.kind) {
            let kind = column.kind.described();
            let allowed = if matches!(column.kind, ColumnType::List(_)) { "`is null`, `is not null`" } else { kind };
            return Err(
                Wrong::new(at, format!("`{name}` is {kind}, and is compared with something else")).allowed(allowed)
            );
        }
        if let Literal::Text(text) = &literal
            && !column.allowed.is_empty()
            && !column.allowed.contains(text)
        {
            return Err(Wrong::new(at, format!("`{name}` is never {text:?}")).allowed(&column.allowed.join(", ")));
        }
        Ok(Filter::Compare(column, comparison, literal))
    }

    fn is_at_the_end_of_a_test(&mut self) -> bool {
        match self.tokens.peek() {
            None | Some((Token::Close, _)) => true,
            Some((Token::Word(word), _)) => ["and", "or"].iter().any(|name| word.eq_ignore_ascii_case(name)),
            Some(_) => false,
        }
    }

    fn unexpected(&mut self, allowed: &str) -> Wrong {
        match self.tokens.next() {
            Some((_, at)) => Wrong::new(at, "this does not belong here").allowed(allowed),
            None => Wrong::new(self.end..self.end, "something is missing at the end").allowed(allowed),
        }
    }

    fn takes_word(&mut self, name: &str) -> bool {
        let is = |(token, _): &(Token, _)| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(name));
        self.tokens.next_if(is).is_some()
    }
}

fn one_or(mut parts: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(one) if parts.is_empty() => one,
        last => {
            parts.extend(last);
            many(parts)
        }
    }
}

fn number(text: &str) -> Option<Literal> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let whole = text.parse().ok().map(Literal::Integer);
    whole.or_else(|| text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Literal::Number))
}

/// An instant, or the beginning of a day in UTC, in milliseconds since 1970.
fn time(text: &str) -> Option<i64> {
    let instant = text.parse::<Timestamp>().ok().or_else(|| format!("{text}T00:00:00Z").parse().ok());
    instant.map(Timestamp::as_millisecond)
}

const WORDS: [&str; 7] = ["and", "or", "not", "is", "null", "true", "false"];
const TESTS: &str = "=, !=, <, <=, >, >=, `is null`, `is not null`";
const DEEPEST: usize = 50;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn columns() -> Vec<Column> {
        let mut outcome = Column::new(&["outcome"], ColumnType::Text).required();
        outcome.allowed = ["ok", "redirect", "failed"].map(str::to_owned).to_vec();
        vec![
            outcome,
            Column::new(&["status"], ColumnType::Integer),
            Column::new(&["error", "kind"], ColumnType::Text),
            Column::new(&["fetched_at"], ColumnType::Time),
            Column::new(&["links"], ColumnType::List(Box::new(ColumnType::Text))),
            Column::new(&["fields", "price"], ColumnType::Number),
            Column::new(&["fields", "in stock"], ColumnType::Bool),
            Column::new(&["fields", "raw"], ColumnType::Json),
        ]
    }

    #[test]
    fn rows_are_taken_as_sql_would() {
        let Value::Object(row) = json!({
            "outcome": "ok", "status": 200, "fetched_at": "2026-11-21T11:01:17.269Z", "links": [],
            "fields": {"price": 12.5, "in stock": true, "raw": 7}
        }) else {
            unreachable!()
        };
        let check = |text: &str, expected: bool| {
            let filter = parse(text, &columns()).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
            assert_eq!(filter.takes(&row), expected, "{text}");
        };
        check("outcome = \"ok\"", true);
        check("outcome = 'ok' AND status >= 200 and status<300", true);
        check("outcome != 'ok' or status == 200", true);
        check("not outcome = 'ok'", false);
        check("not (outcome = 'failed' or status <> 200)", true);
        check("outcome = 'failed' and status = 200 or status > 199.5", true);
        check("error.kind is null", true);
        check("status IS NOT NULL", true);
        check("error.kind = 'dns'", false);
        check("error.kind != 'dns'", false);
        check("not error.kind = 'dns'", false);
        check("error.kind = 'dns' or outcome = 'ok'", true);
        check("fetched_at > '2026-11-21'", true);
        check("fetched_at < '2026-11-21T12:01:17.270+01:00'", true);
        check("fetched_at < '2026-11-21T12:01:17.269+01:00'", false);
        check("fields.price > 12 and fields.price <= 12.5", true);
        check("`fields.in stock` and links is not null", true);
        check("fields.raw = 7 and fields.raw < 7.5", true);
        check("fields.raw = 'seven' or fields.raw != 'seven'", false);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let texts = [
            "",
            "outcom = 'ok'",
            "kind = 'dns'",
            "outcome = ok",
            "outcome = 'okay'",
            "outcome",
            "outcome 'ok'",
            "outcome = 'ok",
            "outcome = ",
            "outcome = 'ok' status = 1",
            "(outcome = 'ok'",
            "outcome = 'ok')",
            "status = '200'",
            "status = 2OO",
            "status = null",
            "status is 200",
            "200 = status",
            "links = 'a'",
            "fetched_at > 'yesterday'",
            "and outcome = 'ok'",
            "outcome & status",
            "é = 1",
        ];
        let wrong = |text: &&str| parse(text, &columns()).map_or_else(|wrong| wrong.shown(text), |_| panic!("{text}"));
        insta::assert_snapshot!("wrong_expressions", texts.iter().map(wrong).collect::<Vec<_>>().join("\n"));
        let deep = format!("{}outcome = 'ok'{}", "(".repeat(99), ")".repeat(99));
        assert!(parse(&deep, &columns()).unwrap_err().problem.found.starts_with("more than 50"));
    }
}
