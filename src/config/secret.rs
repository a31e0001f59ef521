//! Secrets: what is never shown of the settings.

/// What is shown instead of a secret.
pub const REDACTED: &str = "<redacted>";

/// Whether the values of this header are secrets: credentials, cookies, keys and tokens.
pub fn is_secret_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// A URL with its password replaced, also one that lacks its scheme; any other text as it is, and so a password that only
/// says which variable has it.
pub fn redact_url(text: &str) -> String {
    let start = text.find("://").map_or(0, |colon| colon + "://".len());
    let (scheme, rest) = text.split_at(start);
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    match authority.rsplit_once('@').and_then(|(user_info, host)| Some((user_info.split_once(':')?.0, host))) {
        Some((user, host)) if !is_variable(authority, user, host) => {
            format!("{scheme}{user}:{REDACTED}@{host}{path}")
        }
        _ => text.to_owned(),
    }
}

/// Whether what stands between user and host is `${NAME}`.
fn is_variable(authority: &str, user: &str, host: &str) -> bool {
    let password = authority.get(user.len() + 1..authority.len() - host.len() - 1).unwrap_or_default();
    let name = password.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// A line that may hold a secret with nothing of its value but the variable that is marked in it, and the column, from 1, at
/// which that stands now: `${TOKEN}` says where a secret is and not what it is.
pub(super) fn without_value(line: &str, marked: &str) -> Option<(String, usize)> {
    let name = marked.strip_prefix("${")?;
    let name = name.strip_suffix('}').unwrap_or(name);
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let (key, _) = line.split_once('=').filter(|_| is_name)?;
    let before = format!("{key}= {REDACTED} ");
    let column = before.chars().count() + 1;
    Some((format!("{before}{marked} {REDACTED}"), column))
}

/// The line without what may be a secret, when it holds one: up to its first `=`, or with its URL passwords replaced.
pub(super) fn without_secret(line: &str) -> Option<String> {
    if is_secret_header(line) {
        let key = line.split_once('=').map_or("", |(key, _)| key);
        return Some(format!("{key}= {REDACTED}"));
    }
    let shown = line.split_inclusive(['"', '\'']).map(redact_url).collect::<String>();
    (shown != line).then_some(shown)
}

const SECRET_WORDS: [&str; 10] =
    ["authorization", "cookie", "token", "secret", "password", "passwd", "api-key", "apikey", "credential", "session"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_carry_credentials_are_secret() {
        for name in ["Authorization", "cookie", "Proxy-Authorization", "X-Api-Key", "X-Auth-Token", "X-Session-Id"] {
            assert!(is_secret_header(name), "{name}");
        }
        for name in ["Accept", "Accept-Language", "From", "Referer"] {
            assert!(!is_secret_header(name), "{name}");
        }
    }

    #[test]
    fn only_the_password_of_a_url_is_replaced() {
        for (url, shown) in [
            ("http://user:pw@example.com/a@b", "http://user:<redacted>@example.com/a@b"),
            ("http://user:p:w@example.com", "http://user:<redacted>@example.com"),
            ("http://user@example.com/", "http://user@example.com/"),
            ("http://example.com/?u=a:b@c", "http://example.com/?u=a:b@c"),
            ("docs", "docs"),
            ("http://user:${PASSWORD}@example.com", "http://user:${PASSWORD}@example.com"),
            ("http://user:${PASSWORD}x@example.com", "http://user:<redacted>@example.com"),
            ("user:pw@example.com/a:b@c", "user:<redacted>@example.com/a:b@c"),
        ] {
            assert_eq!(redact_url(url), shown);
        }
        assert_eq!(
            without_secret("seeds = [\"http://a/\", \"http://u:pw@b/\"]").as_deref(),
            Some("seeds = [\"http://a/\", \"http://u:<redacted>@b/\"]")
        );
        assert_eq!(without_secret("rate = 5"), None);
    }
}
