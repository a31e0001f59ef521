//! Variables: `${NAME}` in the value of a header, which the environment has. So no secret is in a file or in a list of
//! processes.

use std::env::VarError;
use std::ops::Range;

use crate::problem::Problem;

/// A value with its variables replaced.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filled {
    pub(super) value: String,
    /// Whether it has a variable. What is worth keeping out of a file is a secret.
    pub(super) is_secret: bool,
}

/// Why a variable cannot be replaced, and where in the text it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WrongVariable {
    pub(crate) at: Range<usize>,
    pub(crate) problem: Problem,
    /// Whether it is well written, and the environment has no value for it.
    pub(super) is_missing: bool,
}

/// Replaces each `${NAME}`; `$${` is `${` itself, and any other `$` is as it stands. What is put in is not read again.
///
/// A variable that is empty is refused like one that is not set: an automatic run that lacks a secret often has it so.
pub(super) fn fill(text: &str, variable: impl Fn(&str) -> Result<String, VarError>) -> Result<Filled, WrongVariable> {
    let mut filled = Filled { value: String::with_capacity(text.len()), is_secret: false };
    let mut rest = text;
    while let Some(start) = rest.find(OPEN) {
        let (before, from) = rest.split_at(start);
        if let Some(before) = before.strip_suffix('$') {
            filled.value.push_str(before);
            filled.value.push_str(OPEN);
            rest = from.get(OPEN.len()..).unwrap_or_default();
            continue;
        }
        let at = text.len() - from.len();
        let wrong =
            |length: usize, problem: Problem, is_missing| WrongVariable { at: at..at + length, problem, is_missing };
        let Some(name) = from.find('}').and_then(|end| from.get(OPEN.len()..end)).filter(|name| is_name(name)) else {
            let problem = Problem::new("`${` does not begin the name of a variable")
                .allowed("${NAME}, of letters, digits and _")
                .help(Some("write $${ for the text ${".to_owned()));
            return Err(wrong(OPEN.len(), problem, false));
        };
        let length = OPEN.len() + name.len() + 1;
        let value = value(name, &variable).map_err(|problem| wrong(length, problem, true))?;
        filled.value.push_str(before);
        filled.value.push_str(&value);
        filled.is_secret = true;
        rest = from.get(length..).unwrap_or_default();
    }
    filled.value.push_str(rest);
    Ok(filled)
}

/// What the environment has for a name. No problem repeats it.
fn value(name: &str, variable: impl Fn(&str) -> Result<String, VarError>) -> Result<String, Problem> {
    let problem = |what: &str| Problem::new(format!("the environment variable `{name}` {what}"));
    match variable(name) {
        Ok(value) if value.is_empty() => Err(problem("is empty")),
        Ok(value) if value.contains(|c: char| c.is_control() && c != '\t') => {
            Err(problem("has a line break or a control character"))
        }
        Ok(value) => Ok(value),
        Err(VarError::NotPresent) => Err(problem("is not set")),
        Err(VarError::NotUnicode(_)) => Err(problem("is not UTF-8")),
    }
}

/// A name as POSIX has it (Base Definitions, section 8.1), in either case.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

const OPEN: &str = "${";

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Result<String, VarError> {
        match name {
            "TOKEN" => Ok("s3cret".to_owned()),
            "_2" => Ok("${TOKEN}".to_owned()),
            "EMPTY" => Ok(String::new()),
            "BROKEN" => Ok("s3cret\r\nHost: b".to_owned()),
            _ => Err(VarError::NotPresent),
        }
    }

    #[test]
    fn each_variable_is_replaced_once_and_every_other_dollar_stays() {
        for (text, value, is_secret) in [
            ("Bearer ${TOKEN}", "Bearer s3cret", true),
            ("${TOKEN}:${TOKEN}", "s3cret:s3cret", true),
            ("ü${_2}", "ü${TOKEN}", true),
            ("$${TOKEN}", "${TOKEN}", false),
            ("$$${TOKEN}", "$${TOKEN}", false),
            ("$${a}${TOKEN}", "${a}s3cret", true),
            ("$TOKEN $ 5$", "$TOKEN $ 5$", false),
            ("", "", false),
        ] {
            assert_eq!(fill(text, environment), Ok(Filled { value: value.to_owned(), is_secret }), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_replaced_is_named_without_a_value() {
        let refused = |text: &str| {
            let WrongVariable { at, problem, .. } = fill(text, environment).unwrap_err();
            (text.get(at).unwrap_or_default().to_owned(), problem.to_string())
        };
        let told = |place: &str, problem: &str| (place.to_owned(), problem.to_owned());
        assert_eq!(refused("a ${NOT_SET} b"), told("${NOT_SET}", "the environment variable `NOT_SET` is not set"));
        assert_eq!(refused("${EMPTY}"), told("${EMPTY}", "the environment variable `EMPTY` is empty"));
        let (place, problem) = refused("Bearer ${BROKEN}");
        assert_eq!((&*place, problem.contains("s3cret")), ("${BROKEN}", false), "{problem}");
        for text in ["${", "a ${}", "${1}", "${A-B}", "${A ${TOKEN}", "${TOKEN"] {
            assert_eq!(refused(text).0, "${", "{text}");
        }
    }
}
