//! The name of an attribute that a site has made up for its own scripts (HTML Standard, section 3.2.6.6).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// The name of a `data-` attribute, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DataAttribute(Box<str>);

impl DataAttribute {
    /// The name, in lower case.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl FromStr for DataAttribute {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let name = text.to_ascii_lowercase();
        let is_name = |name: &str| {
            !name.is_empty()
                && !name.contains(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>' | '=' | '"' | '\''))
        };
        if name.strip_prefix("data-").is_none_or(|own| !is_name(own)) {
            let problem = Problem::new(format!("`{text}` is not the name of a data attribute"));
            let help = is_name(&name).then(|| format!("did you mean \"data-{name}\"?"));
            return Err(problem.allowed("a whole name, like \"data-src\"").help(help));
        }
        Ok(Self(name.into()))
    }
}

impl fmt::Display for DataAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for DataAttribute {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<DataAttribute> for String {
    fn from(attribute: DataAttribute) -> Self {
        attribute.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_data_attributes_are_taken() {
        assert_eq!("Data-SRC".parse::<DataAttribute>().unwrap().name(), "data-src");
        for (wrong, help) in [
            ("src", Some("did you mean \"data-src\"?")),
            ("data-", Some("did you mean \"data-data-\"?")),
            ("data-a b", None),
            ("", None),
        ] {
            assert_eq!(wrong.parse::<DataAttribute>().unwrap_err().help.as_deref(), help, "{wrong}");
        }
    }
}
