//! Path parameters: which parameters of path segments say nothing about which page it is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// The name of a parameter of a path segment (`/a;jsessionid=1`); ASCII case does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathParam(Box<str>);

impl PathParam {
    pub(super) fn matches(&self, name: &str) -> bool {
        self.0.eq_ignore_ascii_case(name)
    }
}

impl FromStr for PathParam {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        if text.is_empty() || text.contains(['*', ';', '/', '=', '?', '#']) {
            return Err(Problem::new(format!("`{text}` is not the name of a parameter of a path"))
                .allowed("a whole name, like \"jsessionid\""));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for PathParam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PathParam {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<PathParam> for String {
    fn from(param: PathParam) -> Self {
        param.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_name_is_meant() {
        let param: PathParam = "jsessionid".parse().unwrap();
        assert!(param.matches("jsessionid") && param.matches("JSessionId"));
        assert!(!param.matches("jsessionid2") && !param.matches(""));
    }

    #[test]
    fn what_no_parameter_of_a_path_is_called_is_refused() {
        for text in ["", "j*", "a=b", ";a", "a/b", "a?", "#"] {
            assert!(text.parse::<PathParam>().is_err(), "{text}");
        }
    }
}
