//! Secrets: what is never shown of the settings.

use toml::Value;

use crate::store_place::StoreUrl;

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
    let authority_end = match rest.find(['/', '?', '#']).unwrap_or(rest.len()) {
        // A password that should have been percent-encoded ends in the midst: what stands behind the colon is no port.
        end if start > 0 && rest.get(..end).is_some_and(is_cut_off) => {
            rest.rfind('@').map_or(end, |at| end_of_host(rest, at))
        }
        end => end,
    };
    let (authority, path) = rest.split_at(authority_end);
    match authority.rsplit_once('@').and_then(|(user_info, host)| Some((user_info.split_once(':')?.0, host))) {
        Some((user, host)) if !is_variable(authority, user, host) => {
            format!("{scheme}{user}:{REDACTED}@{host}{path}")
        }
        _ => text.to_owned(),
    }
}

/// Whether what looks like host and port is a user and the start of a password.
fn is_cut_off(authority: &str) -> bool {
    let behind = authority.split_once(':').filter(|_| !authority.contains('@') && !authority.starts_with('['));
    behind.is_some_and(|(_, port)| port.contains(|c: char| !c.is_ascii_digit()))
}

fn end_of_host(rest: &str, at: usize) -> usize {
    rest.get(at..).and_then(|host| host.find(['/', '?', '#'])).map_or(rest.len(), |length| at + length)
}

/// A proxy without its user and its password, of which each may be a key; what only says which variable has it stays.
///
/// All before the last `@` is theirs, also behind a `/`, a `?` or a `#` that should have been percent-encoded: there is no
/// proxy with a path.
pub(super) fn redact_proxy(text: &str) -> String {
    let start = text.find("://").map_or(0, |colon| colon + "://".len());
    let (scheme, rest) = text.split_at(start);
    let Some((user_info, place)) = rest.rsplit_once('@') else { return text.to_owned() };
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let shown = match (is_name_of_variable(user), is_name_of_variable(password)) {
        (true, true) => user_info.to_owned(),
        (true, false) if password.is_empty() => user_info.to_owned(),
        (true, false) => format!("{user}:{REDACTED}"),
        (false, true) => format!("{REDACTED}:{password}"),
        (false, false) => REDACTED.to_owned(),
    };
    format!("{scheme}{shown}@{place}")
}

/// A text of the setting at this path, without what is secret in it.
pub(crate) fn redacted_at(path: &str, text: &str) -> String {
    match path {
        "store" => redact_store(text).to_owned(),
        path if is_of_proxy(path) => redact_proxy(text),
        _ => redact_url(text),
    }
}

/// The URL of a store; nothing of one that is refused and may have a password in it, wherever that stands.
fn redact_store(text: &str) -> &str {
    let may_have = text.contains('@') || text.contains("password");
    if may_have && text.parse::<StoreUrl>().is_err() { REDACTED } else { text }
}

/// A value of the setting at this path, without what is secret in it.
pub(super) fn redacted(path: &str, value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(redacted_at(path, text)),
        Value::Array(items) => Value::Array(items.iter().map(|item| redacted(path, item)).collect()),
        other => other.clone(),
    }
}

/// Whether a setting is that of proxies, or may be meant for it.
fn is_of_proxy(path: &str) -> bool {
    path.to_ascii_lowercase().contains("prox")
}

/// Whether what stands between user and host is `${NAME}`.
fn is_variable(authority: &str, user: &str, host: &str) -> bool {
    is_name_of_variable(authority.get(user.len() + 1..authority.len() - host.len() - 1).unwrap_or_default())
}

/// Whether all of it is `${NAME}`.
fn is_name_of_variable(text: &str) -> bool {
    let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// A line that may hold a secret with nothing of its value but the variable that is marked in it, and the column, from 1, at
/// which that stands now: `${TOKEN}` says where a secret is and not what it is.
pub(super) fn without_value(line: &str, marked: &str) -> Option<(String, usize)> {
    let name = marked.strip_prefix("${")?;
    let name = name.strip_suffix('}').unwrap_or(name);
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let key = key_of(line).filter(|_| is_name)?;
    let before = format!("{key}= {REDACTED} ");
    let column = before.chars().count() + 1;
    Some((format!("{before}{marked} {REDACTED}"), column))
}

/// A line of a text, from 0, without what may be a secret, when it holds one: up to its first `=`, or with its URL passwords
/// replaced.
pub(super) fn without_secret(text: &str, number: usize, line: &str) -> Option<String> {
    if is_secret_header(line) || line.contains('@') && is_in_proxy(text, number) {
        return Some(key_of(line).map_or_else(|| REDACTED.to_owned(), |key| format!("{key}= {REDACTED}")));
    }
    let shown = line.split_inclusive(['"', '\'']).map(redact_url).collect::<String>();
    (shown != line).then_some(shown)
}

/// What stands before the first `=` of a line, which is in no value.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let bare = key.trim();
    let unquoted = ['"', '\''].iter().find_map(|quote| bare.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(bare);
    let is_key = |c: char| c.is_alphanumeric() || "_-. ".contains(c);
    unquoted.chars().all(is_key).then_some(key)
}

/// Whether a line, from 0, belongs to what is set of proxies, which may be a list over many lines, also one that is wrong.
fn is_in_proxy(text: &str, number: usize) -> bool {
    let lines: Vec<_> = text.lines().take(number + 1).collect();
    for line in lines.into_iter().rev() {
        let is_head = line.trim_start().starts_with('[') && !line.contains('@');
        match key_of(line) {
            // An inline table is one line.
            Some(_) => return is_of_proxy(line),
            None if is_head => return false,
            None => {}
        }
    }
    false
}

const SECRET_WORDS: [&str; 10] =
    ["authorization", "cookie", "token", "secret", "password", "passwd", "api-key", "apikey", "credential", "session"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_shown_of_a_store_with_a_password() {
        for text in ["postgres://u:pw@h/d", "postgres://u:p/w@h", "postgres://h/d?user=u&password=pw", "mysql://u:pw@h"]
        {
            assert_eq!(redacted_at("store", text), REDACTED, "{text}");
        }
        for text in ["postgres://u@h/d?sslmode=require", "mysql://h", ""] {
            assert_eq!(redacted_at("store", text), text);
        }
    }

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
            ("http://user:p/w@example.com/a", "http://user:<redacted>@example.com/a"),
            ("http://user:p#w@example.com", "http://user:<redacted>@example.com"),
            ("http://user:p?w@x@example.com/?a", "http://user:<redacted>@example.com/?a"),
            ("http://example.com:80/a@b", "http://example.com:80/a@b"),
            ("http://[::1]:80/a@b", "http://[::1]:80/a@b"),
            ("http://example.com/a:b/c@d", "http://example.com/a:b/c@d"),
        ] {
            assert_eq!(redact_url(url), shown);
        }
        assert_eq!(
            without_secret("", 0, "seeds = [\"http://a/\", \"http://u:pw@b/\"]").as_deref(),
            Some("seeds = [\"http://a/\", \"http://u:<redacted>@b/\"]")
        );
        assert_eq!(without_secret("", 0, "rate = 5"), None);
    }

    #[test]
    fn all_before_the_last_at_of_a_proxy_is_replaced() {
        for (proxy, shown) in [
            ("http://user:hunter2@e.com:1", "http://<redacted>@e.com:1"),
            ("http://user:hunt/er2@e.com:1", "http://<redacted>@e.com:1"),
            ("http://us#er:hun?t@er2@e.com:1/", "http://<redacted>@e.com:1/"),
            ("hunter2@e.com:1", "<redacted>@e.com:1"),
            ("http://hunter2:@e.com:1", "http://<redacted>@e.com:1"),
            ("socks5://user:${PW}@e.com", "socks5://<redacted>:${PW}@e.com"),
            ("socks5://${USER}:hunter2@e.com", "socks5://${USER}:<redacted>@e.com"),
            ("socks5://${USER}:${PW}@e.com", "socks5://${USER}:${PW}@e.com"),
            ("socks5://${KEY}@e.com", "socks5://${KEY}@e.com"),
            ("socks5://${KEY}x@e.com", "socks5://<redacted>@e.com"),
            ("http://e.com:1", "http://e.com:1"),
            ("${https_proxy}", "${https_proxy}"),
        ] {
            assert_eq!(redact_proxy(proxy), shown);
        }
    }

    #[test]
    fn lines_of_proxies_are_told_by_their_key_however_they_are_written() {
        let shown = |text: &str| {
            let (number, line) = text.lines().enumerate().find(|(_, line)| line.contains("hunt")).unwrap();
            without_secret(text, number, line).unwrap_or_else(|| line.to_owned())
        };
        for (text, expected) in [
            ("[fetch]\nproxy = [\"http://u:hunt/er@h:1\"]", "proxy = <redacted>"),
            ("fetch.proxies = 'http://hunter@h:1'", "fetch.proxies = <redacted>"),
            ("\"proxy\" = 'http://u:hunt\"=er@h:1'", "\"proxy\" = <redacted>"),
            ("proxy = [\n  'http://a:1',\n\n  # b\n  'http://u:a=hunt#er@h:1',\n]", "<redacted>"),
            ("proxy = [\n  ['http://u:hunt#er@h:1'],\n]", "<redacted>"),
            ("fetch = { timeout = '1s', proxy = ['http://u:hunt#er@h:1'] }", "fetch = <redacted>"),
            ("proxy = []\nuser_agent = 'hunter (+a@b.c)'", "user_agent = 'hunter (+a@b.c)'"),
            ("proxy = []\n[hosts]\nx\n'hunter@b'", "'hunter@b'"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }
}
