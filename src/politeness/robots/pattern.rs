//! Patterns and paths in one form, and whether one matches the other (RFC 9309, sections 2.2.2 and 2.2.3).

use std::borrow::Cow;

/// A path and query as patterns are compared with.
///
/// Each URL is written in one way: escapes of unreserved characters decoded, all others with upper-case digits, and
/// everything that cannot stand in a URL escaped. Reserved characters stay as they are, so `%2F` is not `/`, except
/// three: `*` and `$` are escaped to be no wildcards, and `'` because a URL parser escapes it in queries, not in paths.
pub(in crate::politeness) fn canonical_path(path: &str) -> Cow<'_, str> {
    if path.bytes().all(is_plain) {
        return Cow::Borrowed(path);
    }
    let mut canonical = String::with_capacity(path.len() + 16);
    push_canonical(path.as_bytes(), &mut canonical);
    Cow::Owned(canonical)
}

/// A pattern in the same form. What is left of `*` and of a final `$` are wildcards.
pub(in crate::politeness) fn canonical_pattern(written: &[u8]) -> String {
    let (pieces, end) = match written.strip_suffix(b"$") {
        Some(pieces) => (pieces, "$"),
        None => (written, ""),
    };
    let mut canonical = String::with_capacity(written.len());
    for (index, piece) in pieces.split(|byte| *byte == b'*').enumerate() {
        if index > 0 {
            canonical.push('*');
        }
        push_canonical(piece, &mut canonical);
    }
    canonical.push_str(end);
    canonical
}

/// Whether a canonical pattern matches a canonical path, from its start.
///
/// Each piece after a `*` is taken where it first occurs. That leaves the most for the pieces after it, so no choice
/// is ever taken back, and the path is walked through once whatever the pattern is. What a final `$` ties to the end of
/// the path is looked at before that: most patterns that have one fail there.
pub(in crate::politeness) fn matches(pattern: &str, path: &str) -> bool {
    let anchored = pattern.strip_suffix('$');
    let literal = anchored.unwrap_or(pattern);
    steps::count(literal.len());
    let Some((head, wild)) = literal.split_once('*') else {
        return if anchored.is_some() { path == literal } else { path.starts_with(literal) };
    };
    let Some(rest) = path.strip_prefix(head) else {
        return false;
    };
    let (wild, tail) = match (anchored, wild.rsplit_once('*')) {
        (None, _) => (Some(wild), ""),
        (Some(_), Some((wild, tail))) => (Some(wild), tail),
        (Some(_), None) => (None, wild),
    };
    let Some(rest) = rest.strip_suffix(tail) else {
        return false;
    };
    let mut rest = rest.as_bytes();
    for piece in wild.into_iter().flat_map(|wild| wild.split('*')) {
        let found = memchr::memmem::find(rest, piece.as_bytes());
        let Some(left) = found.and_then(|at| rest.get(at + piece.len()..)) else {
            steps::count(rest.len());
            return false;
        };
        steps::count(rest.len() - left.len());
        rest = left;
    }
    true
}

fn push_canonical(bytes: &[u8], to: &mut String) {
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let Some(escaped) = after.first_chunk().and_then(|hex| escaped_byte(*hex)) else {
                // No escape, so a percent sign; not `%25`, for `/a%` is a prefix of `/a%20` as well.
                to.push('%');
                continue;
            };
            rest = after.get(2..).unwrap_or_default();
            if is_unreserved(escaped) { to.push(char::from(escaped)) } else { push_escape(escaped, to) }
        } else if is_plain(byte) {
            to.push(char::from(byte));
        } else {
            push_escape(byte, to);
        }
    }
}

fn push_escape(byte: u8, to: &mut String) {
    to.push_str(percent_encoding::percent_encode_byte(byte));
}

fn escaped_byte([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// RFC 3986, section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What the canonical form takes over as it is: unreserved, or reserved (RFC 3986, section 2.2) but for the three.
fn is_plain(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(byte, b':' | b'/' | b'?' | b'#' | b'[' | b']' | b'@')
        || matches!(byte, b'!' | b'&' | b'(' | b')' | b'+' | b',' | b';' | b'=')
}

#[cfg(not(test))]
mod steps {
    pub(super) fn count(_: usize) {}
}

/// The work of the matcher in bytes that it looked at, so that a test can bound it whatever the machine is.
#[cfg(test)]
pub(super) mod steps {
    use std::cell::Cell;

    thread_local!(static STEPS: Cell<usize> = const { Cell::new(0) });

    pub(super) fn count(bytes: usize) {
        STEPS.set(STEPS.get() + bytes);
    }

    /// What the work costs.
    pub(in super::super) fn of<T>(work: impl FnOnce() -> T) -> (T, usize) {
        let before = STEPS.get();
        (work(), STEPS.get() - before)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_has_one_canonical_form() {
        let check = |path: &str, canonical: &str| assert_eq!(canonical_path(path), canonical, "{path}");
        check("/a/b?c=d&e", "/a/b?c=d&e");
        check("/%7e%7E~", "/~~~");
        check("/%2f%2F/", "/%2F%2F/");
        check("/ツ", "/%E3%83%84");
        check("/%e3%83%84", "/%E3%83%84");
        check("/a*b$", "/a%2Ab%24");
        check("/a%2ab%24", "/a%2Ab%24");
        check("/?q='a'", "/?q=%27a%27");
        check("/%", "/%");
        check("/%a%a", "/%a%a");
        check("/%+1", "/%+1");
        check("/a b<>\"{}|\\^`", "/a%20b%3C%3E%22%7B%7D%7C%5C%5E%60");
    }

    #[test]
    fn only_stars_and_a_final_dollar_are_wildcards() {
        let check = |written: &str, canonical: &str| {
            assert_eq!(canonical_pattern(written.as_bytes()), canonical, "{written}");
        };
        check("/a*b$", "/a*b$");
        check("/a$b", "/a%24b");
        check("/a$$", "/a%24$");
        check("/a$*", "/a%24*");
        check("/%2A%24", "/%2A%24");
        check("/%*41", "/%*41");
        check("$", "$");
    }

    #[test]
    fn a_hostile_pattern_is_no_work() {
        // With backtracking this would take longer than the universe has.
        let pattern = format!("{}b$", "*a".repeat(1000));
        assert!(!matches(&pattern, &format!("/{}", "a".repeat(100_000))));
        assert!(matches(&pattern, &format!("/{}b", "a".repeat(100_000))));
    }

    /// By the definition of a wildcard, cell by cell.
    fn oracle(pattern: &str, path: &str) -> bool {
        let (literal, anchored) = pattern.strip_suffix('$').map_or((pattern, false), |literal| (literal, true));
        let path = path.as_bytes();
        // reached[i]: what has been read of the pattern matches the first i bytes of the path.
        let mut reached = vec![false; path.len() + 1];
        reached[0] = true;
        for byte in literal.bytes() {
            let mut next = vec![false; path.len() + 1];
            for at in 0..=path.len() {
                next[at] = match byte {
                    b'*' => reached[..=at].contains(&true),
                    _ => at > 0 && reached[at - 1] && path[at - 1] == byte,
                };
            }
            reached = next;
        }
        if anchored { reached[path.len()] } else { reached.contains(&true) }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn matching_is_what_the_definition_says(pattern in "[ab/*]{0,8}[$]?", path in "[ab/]{0,12}") {
            prop_assert_eq!(matches(&pattern, &path), oracle(&pattern, &path));
        }

        #[test]
        fn no_byte_of_the_path_is_walked_through_twice(
            pattern in "[ab/*]{0,60}[$]?",
            repeated in "[ab/]{1,3}",
            path in "[ab/]{0,12}",
        ) {
            let path = repeated.repeat(40) + &path;
            let (_, steps) = steps::of(|| matches(&pattern, &path));
            prop_assert!(steps <= pattern.len() + path.len(), "{} steps", steps);
        }

        #[test]
        fn a_canonical_path_stays_as_it_is(path in "([a-z/*$'<é~]|%[0-9a-fA-F]{2}){0,20}") {
            let once = canonical_path(&path).into_owned();
            prop_assert_eq!(canonical_path(&once).into_owned(), once);
        }

        #[test]
        fn escaping_what_needs_none_changes_nothing(path in "/[a-zA-Z0-9._~-]{0,12}", which in any::<u16>()) {
            let escaped: String = path
                .bytes()
                .enumerate()
                .map(|(at, byte)| match byte {
                    b'/' => "/".to_owned(),
                    _ if which >> at & 1 == 1 => format!("%{byte:02x}"),
                    _ => char::from(byte).to_string(),
                })
                .collect();
            prop_assert_eq!(canonical_path(&escaped).into_owned(), path.clone());
            prop_assert!(matches(&canonical_pattern(escaped.as_bytes()), &path));
        }
    }
}
