//! What strings in scripts look like URLs of: a guess, and made only where it is asked for.
//!
//! Only literals are looked at, never what a script would put together of them: strings in quotes, and template literals
//! without anything to be filled in (ECMAScript, section 12.9). A regular expression with a quote in it is taken for the
//! start of a string, which ends with its line.

/// The literals of a script that look like a URL that is absolute, or that starts with a slash.
pub(super) fn urls(script: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let bytes = script.as_bytes().get(at..)?;
            let start = at + bytes.iter().position(|byte| matches!(byte, b'"' | b'\'' | b'`' | b'/'))?;
            let rest = script.as_bytes().get(start..)?;
            at = start
                + match rest {
                    [b'/', b'/', ..] => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
                    [b'/', b'*', ..] => memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2),
                    [b'/', ..] => 1,
                    [quote, after @ ..] => {
                        let (length, is_closed) = literal(after, *quote);
                        at = start + 1 + length + usize::from(is_closed);
                        let text = script.get(start + 1..start + 1 + length).filter(|_| is_closed);
                        if let Some(url) = text.filter(|text| looks_like_url(text)) {
                            return Some(url);
                        }
                        continue;
                    }
                    [] => return None,
                };
        }
    })
}

/// How long a literal is, and whether it ends in its quote.
fn literal(text: &[u8], quote: u8) -> (usize, bool) {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            byte if *byte == quote => return (at, true),
            b'\\' => at += 2,
            b'\n' | b'\r' if quote != b'`' => return (at, false),
            _ => at += 1,
        }
    }
    (text.len(), false)
}

fn looks_like_url(text: &str) -> bool {
    if text.len() > LONGEST || !text.bytes().all(may_stand_in_url) {
        return false;
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['),
        // A path: `/`, `//` and `/*` are of other things.
        "" => {
            rest.strip_prefix('/').is_some_and(|path| path.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
        }
        _ => false,
    }
}

/// White space, quotes, and what only patterns and templates are made of.
fn may_stand_in_url(byte: u8) -> bool {
    byte > b' '
        && byte != 0x7F
        && !matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\' | b'^' | b'{' | b'}' | b'|' | b'$' | b'*')
}

/// How long a URL may be, in bytes.
const LONGEST: usize = 2048;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn literals_that_look_like_urls_are_taken() {
        let check =
            |script: &str, expected: &[&str]| assert_eq!(urls(script).collect::<Vec<_>>(), expected, "{script}");
        check("fetch('/api/v1?x=1');a=\"https://e.com/b\"", &["/api/v1?x=1", "https://e.com/b"]);
        check("`/a` + `/a/${id}` + '/b/'", &["/a", "/b/"]);
        check("// '/no'\n/* '/no' */ '/yes'", &["/yes"]);
        check("a / b; '/c'", &["/c"]);
        check("'it\\'s /no'; '/yes'", &["/yes"]);
        check("'/a\\u0062'", &[]);
        check("'/', '//', '/*', '/ a', 'a/b', './a', 'http://', 'ftp://e.com/', '/^a$/', '</p>'", &[]);
        check("'unclosed /no\n'/yes'", &["/yes"]);
        check("'/no", &[]);
        check("'/no\\", &[]);
        check("x = '", &[]);
        check("/", &[]);
    }

    proptest! {
        #[test]
        fn whatever_it_is_reading_ends(script in "['\"`/\\\\*\\na é]{0,60}") {
            prop_assert!(urls(&script).count() <= script.len());
        }
    }
}
