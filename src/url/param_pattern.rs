//! Parameter patterns: which query parameters say nothing about which page it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// The name of a query parameter, or with a final `*` the start of a name; ASCII case does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ParamPattern {
    /// As it was written.
    text: Box<str>,
    /// How much of it is compared.
    length: usize,
}

impl ParamPattern {
    pub(super) fn matches(&self, name: &str) -> bool {
        let (name, pattern) = (name.as_bytes(), self.text.as_bytes().get(..self.length).unwrap_or_default());
        let (is_prefix, same_length) = (self.length < self.text.len(), name.len() == pattern.len());
        (same_length || is_prefix) && name.get(..pattern.len()).is_some_and(|n| n.eq_ignore_ascii_case(pattern))
    }
}

impl FromStr for ParamPattern {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let name = text.strip_suffix('*').unwrap_or(text);
        if text.is_empty() || name.contains(['*', '&', '=', '?', '#']) {
            return Err(Problem::new(format!("`{text}` is not the name of a query parameter"))
                .allowed("a name, or the start of names with a final `*`, like \"utm_*\""));
        }
        Ok(Self { text: text.into(), length: name.len() })
    }
}

impl fmt::Display for ParamPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for ParamPattern {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<ParamPattern> for String {
    fn from(pattern: ParamPattern) -> Self {
        pattern.text.into()
    }
}

/// The name of a parameter.
pub(super) fn name_of(param: &str) -> &str {
    param.split_once('=').map_or(param, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_final_star_names_all_that_start_so() {
        let check = |pattern: &str, matching: &[&str], others: &[&str]| {
            let pattern: ParamPattern = pattern.parse().unwrap();
            assert!(matching.iter().all(|name| pattern.matches(name)), "{pattern}");
            assert!(!others.iter().any(|name| pattern.matches(name)), "{pattern}");
        };
        check("gclid", &["gclid", "GClid"], &["gclid2", "gcli", ""]);
        check("utm_*", &["utm_source", "UTM_", "utm_*"], &["utm", "xutm_a"]);
        check("*", &["", "a"], &[]);
    }

    #[test]
    fn what_no_parameter_is_called_is_refused() {
        for text in ["", "a*b", "a=b", "?a", "a&b", "#"] {
            assert!(text.parse::<ParamPattern>().is_err(), "{text}");
        }
    }
}
