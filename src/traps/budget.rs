//! A budget of single URLs: a pattern, and how many pages make what it matches large.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::units::Limit;
use crate::url::Patterns;

/// How many pages make a space of URLs large, for those that a pattern matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Budget {
    urls: Patterns,
    pages: Limit,
}

impl Budget {
    /// The number of pages for a URL; `None` when this is not about it.
    pub(super) fn of(&self, url: &str) -> Option<Limit> {
        self.urls.is_match(url).then_some(self.pages)
    }
}

impl FromStr for Budget {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let form = || Problem::new(format!("`{text}` is no budget")).allowed(FORM);
        let (urls, pages) = text.rsplit_once('=').ok_or_else(form)?;
        let pages = match pages.trim() {
            "none" => Limit(None),
            number => Limit(Some(number.parse().map_err(|_| form())?)),
        };
        Ok(Self { urls: Patterns::parse([urls.trim()])?, pages })
    }
}

impl TryFrom<String> for Budget {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<Budget> for String {
    fn from(budget: Budget) -> Self {
        budget.to_string()
    }
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urls = self.urls.texts().first().map_or("", String::as_str);
        match self.pages {
            Limit(None) => write!(f, "{urls} = none"),
            Limit(Some(pages)) => write!(f, "{urls} = {pages}"),
        }
    }
}

const FORM: &str = "a pattern, `=`, and a number of pages or none: \"https://example.com/calendar/* = none\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_pattern_and_a_number() {
        let budget: Budget = "http://e.com/?a=* = 20".parse().unwrap();
        assert_eq!(budget.of("http://e.com/?a=1"), Some(Limit(Some(20))));
        assert_eq!(budget.of("http://e.com/b"), None);
        assert_eq!(budget.to_string().parse::<Budget>().unwrap(), budget);
        let off: Budget = "re:/cal/=none".parse().unwrap();
        assert_eq!(off.of("http://e.com/cal/1"), Some(Limit(None)));
    }

    #[test]
    fn what_is_no_budget_says_what_one_is() {
        for text in ["http://e.com/*", "http://e.com/* = few", "http://e.com/* = -1"] {
            let problem = text.parse::<Budget>().unwrap_err();
            assert_eq!(problem.found, format!("`{text}` is no budget"));
        }
        assert!("/cal/* = 3".parse::<Budget>().unwrap_err().found.contains("matches no URL"));
    }
}
