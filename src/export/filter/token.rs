//! Tokens: an expression, cut into its words.

use std::ops::Range;

use super::expression::Comparison;
use super::wrong::Wrong;

/// A word of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, or a word of the language.
    Word(String),
    /// A name in backquotes.
    Name(String),
    Text(String),
    /// As it is written.
    Number(String),
    Comparison(Comparison),
    Open,
    Close,
}

/// The tokens of an expression, each with its bytes.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, Wrong> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let blank = rest.len() - rest.trim_start().len();
        if blank > 0 {
            at += blank;
            continue;
        }
        let (token, length) = token(rest, at)?;
        tokens.push((token, at..at + length));
        at += length;
    }
    Ok(tokens)
}

fn token(rest: &str, at: usize) -> Result<(Token, usize), Wrong> {
    if let Some((sign, token)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Ok((token.clone(), sign.len()));
    }
    let first = rest.chars().next().unwrap_or_default();
    match first {
        '"' | '\'' | '`' => {
            let (text, length) = quoted(rest, first)
                .ok_or_else(|| Wrong::new(at..at + rest.len(), format!("the text has no {first} at its end")))?;
            Ok((if first == '`' { Token::Name(text) } else { Token::Text(text) }, length))
        }
        '0'..='9' | '-' | '+' => {
            let length = length_while(rest, |c| c.is_alphanumeric() || matches!(c, '.' | '-' | '+' | '_'));
            Ok((Token::Number(rest.get(..length).unwrap_or_default().to_owned()), length))
        }
        c if c.is_alphabetic() || c == '_' => {
            let length = length_while(rest, |c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
            Ok((Token::Word(rest.get(..length).unwrap_or_default().to_owned()), length))
        }
        c => Err(Wrong::new(at..at + c.len_utf8(), format!("`{c}` means nothing here"))
            .allowed("a column, a comparison, a value, `and`, `or`, `not`, `is null`, ( and )")),
    }
}

fn length_while(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

/// What is between quotes, and the length with them. The quote itself is written twice, as in SQL.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut inner = String::new();
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match chars.peek() {
            Some((_, next)) if c == quote && *next == quote => {
                inner.push(quote);
                chars.next();
            }
            _ if c == quote => return Some((inner, at + c.len_utf8())),
            _ => inner.push(c),
        }
    }
    None
}

/// Longer ones first.
const SIGNS: &[(&str, Token)] = &[
    ("==", Token::Comparison(Comparison::Equal)),
    ("!=", Token::Comparison(Comparison::Different)),
    ("<>", Token::Comparison(Comparison::Different)),
    ("<=", Token::Comparison(Comparison::AtMost)),
    (">=", Token::Comparison(Comparison::AtLeast)),
    ("=", Token::Comparison(Comparison::Equal)),
    ("<", Token::Comparison(Comparison::Less)),
    (">", Token::Comparison(Comparison::Greater)),
    ("(", Token::Open),
    (")", Token::Close),
];
