//! The user agent: how a crawler is named in its requests, and in robots.txt by the product token of that name
//! (RFC 9309, section 2.2.1).

use std::fmt;
use std::str::FromStr;

use http::HeaderValue;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// A `User-Agent` header that starts with a product token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserAgent {
    text: String,
    header: HeaderValue,
}

impl UserAgent {
    /// The whole header.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name that robots.txt groups are matched with: [`product_token`]. Never empty.
    pub fn token(&self) -> &str {
        product_token(&self.text)
    }

    /// The value of the header.
    pub(crate) fn header(&self) -> &HeaderValue {
        &self.header
    }
}

impl FromStr for UserAgent {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let header = HeaderValue::from_str(text).ok().filter(|_| text.is_ascii()).ok_or_else(|| {
            Problem::new("`fetch.user_agent` has a character that no header may have").allowed("printable ASCII text")
        })?;
        // What robots.txt groups are matched with has to be the whole of a word, not `my` of `my.bot`.
        let token = product_token(text);
        let after = text.split_once(token).and_then(|(_, after)| after.chars().next());
        if token.is_empty() || !after.is_none_or(|c| c == '/' || c == ';' || c == ')' || c.is_ascii_whitespace()) {
            return Err(Problem::new(format!("`{text}` does not start with a product token")).allowed(
                "a name of letters, digits, `-` and `_` first, like \"my-bot/1.0 (+https://example.com/bot)\"",
            ));
        }
        Ok(Self { text: text.to_owned(), header })
    }
}

impl Default for UserAgent {
    /// This crawler and its version.
    fn default() -> Self {
        let text = concat!("crawler/", env!("CARGO_PKG_VERSION"));
        Self { text: text.to_owned(), header: HeaderValue::from_static(text) }
    }
}

impl fmt::Display for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for UserAgent {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        text.parse()
    }
}

impl From<UserAgent> for String {
    fn from(agent: UserAgent) -> Self {
        agent.text
    }
}

/// The product token of a `User-Agent` header: the name at its start, `crawler` of `crawler/0.1 (+https://…)`.
///
/// A header that begins like a browser's and names the crawler after `compatible;` has that name:
/// `Mozilla/5.0 (compatible; FooBot/1.0)` is `FooBot`, because that is what operators write into their robots.txt.
///
/// Digits belong to the token, although the RFC's grammar has none: `MJ12bot` is not `MJ`. Empty when the header
/// begins with something else; then only the group for `*` applies.
pub(crate) fn product_token(user_agent: &str) -> &str {
    let user_agent = user_agent.trim_start();
    let first = str_token(user_agent);
    if first.eq_ignore_ascii_case("mozilla")
        && let Some((_, after)) = user_agent.split_once("compatible;")
    {
        let named = str_token(after.trim_start());
        if !named.is_empty() {
            return named;
        }
    }
    first
}

fn str_token(text: &str) -> &str {
    text.get(..bytes_token(text.as_bytes()).len()).expect("a token is ASCII")
}

/// The token at the start of a text; empty when it starts with something else.
pub(crate) fn bytes_token(text: &[u8]) -> &[u8] {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let end = text.iter().position(|byte| !is_token(byte)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_the_name_at_the_start() {
        assert_eq!(product_token("crawler/0.1"), "crawler");
        assert_eq!(product_token("  Foo-Bot_x 2.0 (+https://e.com)"), "Foo-Bot_x");
        assert_eq!(product_token("MJ12bot/v1.4.8"), "MJ12bot");
        assert_eq!(product_token("(nameless)"), "");
        assert_eq!(product_token(""), "");
    }

    #[test]
    fn a_crawler_that_looks_like_a_browser_is_named_after_compatible() {
        assert_eq!(product_token("Mozilla/5.0 (compatible; FooBot/1.0; +https://e.com/bot)"), "FooBot");
        assert_eq!(product_token("Mozilla/5.0 (X11; Linux) Chrome/1 Safari/537.36 (compatible; FooBot/2.1)"), "FooBot");
        assert_eq!(product_token("Mozilla/5.0 (X11; Linux) Gecko/1 Firefox/1"), "Mozilla");
        assert_eq!(product_token("Mozilla/5.0 (compatible; )"), "Mozilla");
        assert_eq!(product_token("BarBot/1 (compatible; FooBot/1.0)"), "BarBot");
    }

    #[test]
    fn a_user_agent_starts_with_a_product_token() {
        for text in ["crawler/0.1.0", "my-bot", "Mozilla/5.0 (compatible; Bot/1.0)", "bot2/1.0", "360spider"] {
            assert_eq!(text.parse::<UserAgent>().unwrap().to_string(), text);
        }
        for text in ["", "/1.0", "(bot)", "bot\n", "böt/1", "a(b", "my.bot/1.0"] {
            assert!(text.parse::<UserAgent>().is_err(), "{text}");
        }
        assert_eq!(UserAgent::default().as_str().parse(), Ok(UserAgent::default()));
    }
}
