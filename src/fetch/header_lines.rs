//! Header lines: those that the user adds to requests.

use std::collections::BTreeMap;
use std::fmt;

use http::header::{self, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use super::variables::{self, WrongVariable};
use crate::problem::Problem;

/// Headers for requests, each once. `${NAME}` in a value is what the environment had for that variable when it was read,
/// and `$${` is `${` itself. `Debug` does not show the values of those that carry credentials or have a variable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, String>", into = "BTreeMap<String, String>")]
pub struct HeaderLines(Vec<Line>);

#[derive(Clone, PartialEq, Eq)]
struct Line {
    /// The name as it was written.
    written: String,
    /// The value as it was written: it may be UTF-8, and what its variables stand for is not in it.
    text: String,
    name: HeaderName,
    value: HeaderValue,
}

impl HeaderLines {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a header, in place of the one with this name.
    ///
    /// # Errors
    /// Not a name or value that a request may have, or a variable in it that is not set.
    pub fn insert(&mut self, name: &str, value: &str) -> Result<(), Problem> {
        let line = Line::parse(name, value)?;
        self.0.retain(|known| known.name != line.name);
        self.0.push(line);
        Ok(())
    }

    /// The names and the values as they were written: with variables, without what they stand for.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|line| (line.written.as_str(), line.text.as_str()))
    }

    /// The names and the values as requests have them.
    pub(super) fn parsed(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|line| (&line.name, &line.value))
    }
}

impl Line {
    fn parse(name: &str, value: &str) -> Result<Self, Problem> {
        let parsed = parse_header_name(name)?;
        let text = value.to_owned();
        let value = parse_header_value(&parsed, name, value)?;
        Ok(Self { written: name.to_owned(), text, name: parsed, value })
    }
}

/// Reads the name of a header that the user may add.
pub fn parse_header_name(name: &str) -> Result<HeaderName, Problem> {
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
        Problem::new(format!("`{name}` is not a header name")).allowed("letters, digits and !#$%&'*+-.^_`|~, no spaces")
    })?;
    if parsed == header::USER_AGENT {
        return Err(Problem::new(format!("`{name}` has a key of its own"))
            .help(Some("set `user_agent` in [fetch], or --user-agent".to_owned())));
    }
    if OURS.contains(&parsed) {
        return Err(Problem::new(format!("`{name}` is set by the crawler for each request")));
    }
    Ok(parsed)
}

/// Reads the value of a header, whose name was `written` so. The problem does not repeat it: it may be a secret. Those that
/// carry credentials are marked as sensitive, and go only where they are meant to go.
fn parse_header_value(name: &HeaderName, written: &str, value: &str) -> Result<HeaderValue, Problem> {
    let filled = variables::fill(value, |name| std::env::var(name)).map_err(|wrong| wrong.problem)?;
    let mut value = HeaderValue::from_str(&filled.value).map_err(|_| {
        Problem::new(format!("the value of the header `{written}` has a line break or a control character"))
    })?;
    value.set_sensitive(filled.is_secret || SECRET.contains(name));
    Ok(value)
}

/// The first variable in the value of a header that the environment has no value for.
pub(crate) fn wrong_variable(value: &str) -> Option<WrongVariable> {
    variables::fill(value, |name| std::env::var(name)).err()
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.written, self.value)
    }
}

impl TryFrom<BTreeMap<String, String>> for HeaderLines {
    type Error = Problem;

    fn try_from(lines: BTreeMap<String, String>) -> Result<Self, Problem> {
        let mut headers = Self::default();
        for (name, value) in lines {
            headers.insert(&name, &value)?;
        }
        Ok(headers)
    }
}

impl From<HeaderLines> for BTreeMap<String, String> {
    fn from(lines: HeaderLines) -> Self {
        lines.0.into_iter().map(|line| (line.written, line.text)).collect()
    }
}

const SECRET: [HeaderName; 3] = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];
/// Headers that frame the message or say what the crawler can decode: setting them breaks requests.
const OURS: [HeaderName; 8] = [
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::HOST,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_break_requests_are_refused() {
        let refused = |name: &str, value: &str| HeaderLines::default().insert(name, value).unwrap_err().to_string();
        assert_eq!(
            refused("a b", "1"),
            "`a b` is not a header name; allowed: letters, digits and !#$%&'*+-.^_`|~, no spaces"
        );
        assert_eq!(
            refused("X-A", "s3cret\r\nHost: b"),
            "the value of the header `X-A` has a line break or a control character"
        );
        assert_eq!(
            refused("user-agent", "b"),
            "`user-agent` has a key of its own; set `user_agent` in [fetch], or --user-agent"
        );
        for name in ["Host", "content-length", "Accept-Encoding", "TE", ""] {
            assert!(!refused(name, "1").is_empty());
        }
    }

    #[test]
    fn a_header_is_there_once_whatever_its_case() {
        let mut lines = HeaderLines::default();
        lines.insert("X-A", "1").unwrap();
        lines.insert("Cookie", "s3cret").unwrap();
        lines.insert("x-a", "ü").unwrap();
        assert_eq!(lines.iter().collect::<Vec<_>>(), [("Cookie", "s3cret"), ("x-a", "ü")]);
        assert!(!format!("{lines:?}").contains("s3cret"), "{lines:?}");
    }

    #[test]
    fn what_a_variable_stands_for_is_sent_and_not_shown() {
        let path = std::env::var("PATH").unwrap();
        let mut lines = HeaderLines::default();
        lines.insert("X-Key", "key ${PATH}").unwrap();
        let sent: Vec<_> = lines.parsed().map(|(_, value)| (value.as_bytes().to_vec(), value.is_sensitive())).collect();
        assert_eq!(sent, [(format!("key {path}").into_bytes(), true)]);
        assert!(!format!("{lines:?}").contains(&path), "{lines:?}");
        assert_eq!(lines.iter().collect::<Vec<_>>(), [("X-Key", "key ${PATH}")]);
        assert_eq!(BTreeMap::from(lines)["X-Key"], "key ${PATH}");
    }
}
