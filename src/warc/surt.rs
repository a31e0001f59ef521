//! SURT: the key by which indexes of archives sort URLs, as the `surt` of the Internet Archive makes it.

use std::sync::LazyLock;

use percent_encoding::percent_decode;
use regex::bytes::Regex;

/// The key of a URL: its host from the end to the start, without `www`, default port and user, then path and query in lower
/// case, the latter in order. What is no URL with a host stays as it is, in lower case.
///
/// Two URLs may have one key: it finds captures, and the URL itself tells which one is meant.
pub(crate) fn surt(url: &str) -> String {
    let url: String = url.trim().chars().filter(|c| !matches!(c, '\n' | '\r' | '\t')).collect();
    let url = url.split('#').next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once(':') else { return url.to_ascii_lowercase() };
    let scheme = scheme.to_ascii_lowercase();
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let Some(rest) = rest.strip_prefix("//") else {
        return format!("{scheme}:{}", lower(&escaped(&unescaped(rest.as_bytes()))));
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let mut key = authority_key(&scheme, authority);
    key.push(')');
    key.push_str(&path_key(path.as_bytes()));
    let query = query.map(|query| query_key(query.as_bytes())).unwrap_or_default();
    if !query.is_empty() {
        key.push('?');
        key.push_str(&query);
    }
    key
}

fn authority_key(scheme: &str, authority: &str) -> String {
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port).filter(|port| !port.is_empty())),
        _ => (address, None),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = lower(&escaped(&unescaped(host.as_bytes()))).replace("..", ".");
    let host = without_www(host.trim_matches('.'));
    let mut key = host.rsplit('.').collect::<Vec<_>>().join(",");
    let usual = match scheme {
        "http" => "80",
        "https" => "443",
        _ => "",
    };
    if let Some(port) = port.filter(|port| *port != usual) {
        key.push(':');
        key.push_str(port);
    }
    key
}

fn without_www(host: &str) -> &str {
    let behind = host.strip_prefix("www").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    behind.and_then(|rest| rest.strip_prefix('.')).unwrap_or(host)
}

fn path_key(path: &[u8]) -> String {
    let mut path = lower(&escaped(&normal(&unescaped(path)))).into_bytes();
    for session in SESSIONS_OF_PATHS.iter() {
        if let Some(found) = session.captures(&path) {
            path = [&found[1], &found[2]].concat();
        }
    }
    if path.len() > 1 && path.ends_with(b"/") {
        path.pop();
    }
    String::from_utf8_lossy(&path).into_owned()
}

/// A path without `.`, `..` and empty segments.
fn normal(path: &[u8]) -> Vec<u8> {
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in path.split(|byte| *byte == b'/').skip(1) {
        match segment {
            b"." => {}
            b".." if !kept.is_empty() => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    let last = kept.pop().unwrap_or_default();
    let mut normal = vec![b'/'];
    for segment in kept.into_iter().filter(|segment| !segment.is_empty()) {
        normal.extend_from_slice(segment);
        normal.push(b'/');
    }
    normal.extend_from_slice(last);
    normal
}

fn query_key(query: &[u8]) -> String {
    let mut query = escaped(&unescaped(query)).into_bytes();
    for session in SESSIONS_OF_QUERIES.iter() {
        if let Some(found) = session.captures(&query) {
            query = [found.get(1), found.get(2)]
                .into_iter()
                .flatten()
                .map(|part| part.as_bytes())
                .collect::<Vec<_>>()
                .concat();
        }
    }
    let query = lower(&String::from_utf8_lossy(&query));
    let mut pairs: Vec<_> = query
        .split('&')
        .map(|pair| pair.split_once('=').map_or((pair, None), |(name, value)| (name, Some(value))))
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<_> = pairs
        .into_iter()
        .map(|(name, value)| value.map_or_else(|| name.to_owned(), |value| format!("{name}={value}")))
        .collect();
    pairs.join("&")
}

/// Undoes percent-encoding until there is none. Each pass makes it shorter, so there are few.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    loop {
        let decoded: Vec<u8> = percent_decode(&text).collect();
        if decoded.len() == text.len() {
            return text;
        }
        text = decoded;
    }
}

/// Percent-encodes what is no ASCII that can be seen, and `#` and `%`.
fn escaped(text: &[u8]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text {
        if byte.is_ascii_graphic() && !matches!(byte, b'#' | b'%') {
            escaped.push(char::from(*byte));
        } else {
            escaped.push('%');
            for half in [byte >> 4, byte & 15] {
                escaped.push(char::from_digit(u32::from(half), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    escaped
}

fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// Sessions that ASP.NET writes into paths.
static SESSIONS_OF_PATHS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    [r"(?i-u)^(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)$", r"(?i-u)^(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)$"]
        .map(compiled)
});

/// Sessions in queries.
static SESSIONS_OF_QUERIES: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    [
        r"(?i-u)^(.*)(?:jsessionid=[0-9a-z]{32})(?:&(.*))?$",
        r"(?i-u)^(.*)(?:phpsessid=[0-9a-z]{32})(?:&(.*))?$",
        r"(?i-u)^(.*)(?:sid=[0-9a-z]{32})(?:&(.*))?$",
        r"(?i-u)^(.*)(?:aspsessionid[a-z]{8}=[a-z]{24})(?:&(.*))?$",
        r"(?i-u)^(.*)(?:cfid=[^&]+&cftoken=[^&]+)(?:&(.*))?$",
    ]
    .map(compiled)
});

fn compiled(expression: &str) -> Regex {
    Regex::new(expression).expect("it is written above")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_internet_archive() {
        let check = |url: &str, key: &str| assert_eq!(surt(url), key, "{url}");
        // As the package `surt` 0.3.1 of PyPI answers.
        check("http://www.Example.com/", "com,example)/");
        check("http://www23.example.com", "com,example)/");
        check("https://example.com:443/a/../b/./c//d/", "com,example)/b/c/d");
        check("http://example.com:8080/a?b=1&A=2&a", "com,example:8080)/a?a&a=2&b=1");
        check("http://u:p@example.com/%7Ea/%2541?", "com,example)/~a/a");
        check("http://127.0.0.1:81/", "1,0,0,127:81)/");
        check("http://e.com/a b%20c#d", "com,e)/a%20b%20c");
        check("http://e.com/ä", "com,e)/%c3%a4");
        check("http://e.com/?jsessionid=0123456789abcdef0123456789ABCDEF&b=1", "com,e)/?b=1");
        check("http://e.com/(S(bcdfghjklmnpqrstvwxz1234))/A.aspx?x", "com,e)/a.aspx?x");
        check("http://[::1]:81/a", "::1:81)/a");
        check("dns:www.Example.com", "dns:www.example.com");
        check("nothing", "nothing");
    }
}
