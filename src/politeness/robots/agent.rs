//! Agents: which `User-agent` line of a robots.txt means a crawler (RFC 9309, section 2.2.1).

use crate::user_agent::bytes_token;

/// Whether the value of a `User-agent` line means every agent: `*`, whatever follows it after a space.
pub(super) fn is_any(value: &[u8]) -> bool {
    value.strip_prefix(b"*").is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace))
}

/// Whether the value of a `User-agent` line names the agent with this token. What follows the token, like the version
/// in `FooBot/1.2`, does not count; ASCII case does not matter.
pub(super) fn names(value: &[u8], token: &str) -> bool {
    !token.is_empty() && bytes_token(value).eq_ignore_ascii_case(token.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_token_is_named_by_no_line() {
        assert!(!names(b"", ""));
        assert!(!names(b"/1.0", ""));
    }
}
