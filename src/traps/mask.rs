//! Masks: a part of a URL without what counts or names single pages in it: numbers, hexadecimal, UUIDs, random ids.

/// Writes a text with its masks. Whether there is any.
pub(super) fn mask(text: &str, out: &mut String) -> bool {
    // Of most there is nothing to mask.
    if text.len() < HASH && !text.bytes().any(|byte| byte.is_ascii_digit()) {
        out.push_str(text);
        return false;
    }
    let (mut rest, mut masked) = (text, false);
    while !rest.is_empty() {
        let end = rest.bytes().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len());
        if let Some(behind) = behind_uuid(rest) {
            out.push_str("{uuid}");
            (rest, masked) = (behind, true);
            continue;
        }
        let (token, behind) = rest.split_at(end);
        masked |= mask_token(token, out);
        let plain = behind.bytes().position(|byte| byte.is_ascii_alphanumeric()).unwrap_or(behind.len());
        let (between, behind) = behind.split_at(plain);
        out.push_str(between);
        rest = behind;
    }
    masked
}

/// Letters and digits without anything between them.
fn mask_token(token: &str, out: &mut String) -> bool {
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    let is_hex = token.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits == 0 && !(is_hex && token.len() >= HASH) {
        out.push_str(token);
        return false;
    }
    if digits == token.len() {
        out.push_str("{n}");
    } else if is_hex && token.len() >= SHORT_HASH {
        out.push_str("{hex}");
    } else if token.len() >= HASH {
        out.push_str("{id}");
    } else {
        let mut was_digit = false;
        for letter in token.chars() {
            match (letter.is_ascii_digit(), was_digit) {
                (true, false) => out.push_str("{n}"),
                (true, true) => {}
                (false, _) => out.push(letter),
            }
            was_digit = letter.is_ascii_digit();
        }
    }
    true
}

/// What follows a UUID (RFC 9562, section 4), if there is one here.
fn behind_uuid(text: &str) -> Option<&str> {
    let (uuid, behind) = text.split_at_checked(36)?;
    let is_uuid = uuid.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    is_uuid.then_some(behind)
}

/// The shortest hexadecimal with a digit in it that is a name and no word: an abbreviated commit has as many.
const SHORT_HASH: usize = 7;
/// From this length on letters with digits among them are random, and so is hexadecimal without one.
const HASH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_single_pages_is_masked_and_words_are_not() {
        let check = |text: &str, expected: &str| {
            let mut masked = String::new();
            let any = mask(text, &mut masked);
            assert_eq!((masked.as_str(), any), (expected, text != expected), "{text}");
        };
        check("sql-select.html", "sql-select.html");
        check("page12b3", "page{n}b{n}");
        check("2026-11-29", "{n}-{n}-{n}");
        check("3fa85f64-5717-4562-b3fc-2c963f66afa6.x", "{uuid}.x");
        check("a1b2c3d", "{hex}");
        check("facade", "facade");
        check("deadbeefdeadbeef", "{hex}");
        check("k3jh5k2j3h5kj2h3", "{id}");
        check("caf%C3%A9", "caf%C{n}%A{n}");
        check("", "");
        check("\u{e9}1", "\u{e9}{n}");
    }
}
