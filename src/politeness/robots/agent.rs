//! Product tokens: how a crawler is named in its `User-Agent` header and in robots.txt (RFC 9309, section 2.2.1).

/// The product token of a `User-Agent` header: the name at its start, `crawler` of `crawler/0.1 (+https://…)`.
///
/// A header that begins like a browser's and names the crawler after `compatible;` has that name:
/// `Mozilla/5.0 (compatible; FooBot/1.0)` is `FooBot`, because that is what operators write into their robots.txt.
///
/// Digits belong to the token, although the RFC's grammar has none: `MJ12bot` is not `MJ`. Empty when the header
/// begins with something else; then only the group for `*` applies.
pub fn product_token(user_agent: &str) -> &str {
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

/// Whether the value of a `User-agent` line means every agent: `*`, whatever follows it after a space.
pub(super) fn is_any(value: &[u8]) -> bool {
    value.strip_prefix(b"*").is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

/// Whether the value of a `User-agent` line names the agent with this token. What follows the token, like the version
/// in `FooBot/1.2`, does not count; ASCII case does not matter.
pub(super) fn names(value: &[u8], token: &str) -> bool {
    !token.is_empty() && bytes_token(value).eq_ignore_ascii_case(token.as_bytes())
}

fn str_token(text: &str) -> &str {
    text.get(..bytes_token(text.as_bytes()).len()).expect("a token is ASCII")
}

fn bytes_token(text: &[u8]) -> &[u8] {
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
    fn an_empty_token_is_named_by_no_line() {
        assert!(!names(b"", ""));
        assert!(!names(b"/1.0", ""));
    }
}
