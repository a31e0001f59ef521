//! Cookie files: cookies that a person has got elsewhere, in the format that curl, wget and browser extensions write
//! (Netscape's `cookies.txt`): seven fields a line, between tabs.
//!
//! Each line is turned into what a site would have said to set the cookie, so that all rules for that hold here as well: none
//! is for a public suffix, or for another site than its own. No message repeats a value.

use std::path::Path;

use http::header::HeaderValue;
use url::Url;

use crate::error::{Error, Result};

/// What a line asks for: a `Set-Cookie` of a URL.
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) url: Url,
    pub(super) set: HeaderValue,
    /// Whether it is over.
    pub(super) is_expired: bool,
}

/// Reads a file of cookies.
///
/// # Errors
/// [`Error::Usage`] when it cannot be read, or is not in that format: with the line and what is wrong with it.
pub(super) fn read(path: &Path, now: i64) -> Result<Vec<Line>> {
    let shown = path.display();
    let text = std::fs::read(path).map_err(|error| Error::Usage(format!("the cookie file {shown}: {error}")))?;
    let text =
        String::from_utf8(text).map_err(|_| Error::Usage(format!("the cookie file {shown} is not UTF-8 text")))?;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start_matches('\u{feff}').trim_end_matches('\r');
        // A comment, but for the mark that curl puts before cookies that no script may see.
        let (line, is_http_only) = line.strip_prefix(HTTP_ONLY).map_or((line, false), |rest| (rest, true));
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let parsed = parse(line, is_http_only, now).map_err(|wrong| {
            let help = "each line has domain, TRUE or FALSE, path, TRUE or FALSE, expiry, name and value, between tabs, as \
                        `curl -c` writes it";
            Error::Usage(format!("the cookie file {shown}, line {number}: {wrong}\n = help: {help}"))
        })?;
        lines.push(Line { number, ..parsed });
    }
    Ok(lines)
}

fn parse(line: &str, is_http_only: bool, now: i64) -> Result<Line, String> {
    let fields: Vec<_> = line.split('\t').collect();
    let (domain, subdomains, path, secure, expires, name, value) = match fields.as_slice() {
        [domain, subdomains, path, secure, expires, name, value] => {
            (domain, subdomains, path, secure, expires, name, *value)
        }
        // Some writers leave out what is empty.
        [domain, subdomains, path, secure, expires, name] => (domain, subdomains, path, secure, expires, name, ""),
        others => return Err(format!("there are {} fields in place of 7", others.len())),
    };
    let is_secure = switch(secure, "fourth")?;
    let expires: i64 = expires.parse().map_err(|_| "the fifth field is no number of seconds since 1970".to_owned())?;
    let host = domain.trim_start_matches('.');
    let scheme = if is_secure { "https" } else { "http" };
    let path = if path.starts_with('/') { path } else { "/" };
    let url = Url::parse(&format!("{scheme}://{host}{path}")).map_err(|_| format!("`{host}` is no host"))?;
    let mut set = format!("{name}={value}; Path={path}");
    if switch(subdomains, "second")? {
        set.extend(["; Domain=", host]);
    }
    if expires > 0 {
        let time = jiff::Timestamp::from_second(expires).map_err(|_| "the fifth field is no time".to_owned())?;
        set.push_str(&time.strftime("; Expires=%a, %d %b %Y %H:%M:%S GMT").to_string());
    }
    set.push_str(if is_secure { "; Secure" } else { "" });
    set.push_str(if is_http_only { "; HttpOnly" } else { "" });
    if [*name, value, path].iter().any(|part| part.contains([';', '\0'])) || name.contains('=') {
        return Err("a name, value or path has a `;`, or a name a `=`".to_owned());
    }
    let set = HeaderValue::from_str(&set).or_else(|_| HeaderValue::from_bytes(set.as_bytes()));
    let set = set.map_err(|_| "there are control characters in it".to_owned())?;
    Ok(Line { number: 0, url, set, is_expired: expires > 0 && expires <= now })
}

fn switch(text: &str, which: &str) -> Result<bool, String> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Ok(true),
        _ if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(format!("the {which} field is neither TRUE nor FALSE")),
    }
}

const HTTP_ONLY: &str = "#HttpOnly_";

#[cfg(test)]
mod tests {
    use super::*;

    fn set(line: &str) -> String {
        let (line, is_http_only) = line.strip_prefix(HTTP_ONLY).map_or((line, false), |rest| (rest, true));
        match parse(line, is_http_only, 1_000) {
            Ok(line) => format!("{} {} {}", line.url, line.set.to_str().unwrap(), line.is_expired),
            Err(wrong) => wrong,
        }
    }

    #[test]
    fn a_line_is_what_a_site_would_have_said() {
        for (line, expected) in [
            ("example.com\tFALSE\t/\tFALSE\t0\ta\tb", "http://example.com/ a=b; Path=/ false"),
            (
                ".example.com\tTRUE\t/docs\tTRUE\t2000000000\ta\tb=c",
                "https://example.com/docs a=b=c; Path=/docs; Domain=example.com; Expires=Wed, 18 May 2033 03:33:20 GMT; Secure \
                 false",
            ),
            (
                "#HttpOnly_h.example\tFALSE\t/\tFALSE\t999\ta\t",
                "http://h.example/ a=; Path=/; Expires=Thu, 01 Jan 1970 00:16:39 GMT; HttpOnly true",
            ),
            ("h.example\tFALSE\t/\tFALSE\t0\ta", "http://h.example/ a=; Path=/ false"),
            ("h.example FALSE / FALSE 0 a secret", "there are 1 fields in place of 7"),
            ("h.example\tyes\t/\tFALSE\t0\ta\tsecret", "the second field is neither TRUE nor FALSE"),
            ("h.example\tTRUE\t/\tFALSE\tnever\ta\tsecret", "the fifth field is no number of seconds since 1970"),
            ("a b\tTRUE\t/\tFALSE\t0\ta\tsecret", "`a b` is no host"),
            ("h.example\tTRUE\t/\tFALSE\t0\ta\tsecret; Domain=com", "a name, value or path has a `;`, or a name a `=`"),
        ] {
            assert_eq!(set(line), expected, "{line}");
        }
    }
}
