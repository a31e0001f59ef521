//! Amending JSON lines: other depths and referrers, everything else byte for byte.

use std::collections::HashMap;
use std::io::{self, BufRead, Write};

use super::Amendment;

/// Copies lines, with the depth and the referrer of those that an amendment names replaced.
///
/// Works on the text, not on parsed records: a line then keeps even what this version does not know, and a file of
/// millions of lines is copied at the speed of the disk. It relies on the order of the fields in a
/// [`Record`](super::Record): `url` is first, and nothing but names and numbers is between it and `depth`.
pub(super) fn copy(mut from: impl BufRead, mut to: impl Write, amendments: &[Amendment]) -> io::Result<()> {
    let amendments: HashMap<Vec<u8>, &Amendment> = amendments
        .iter()
        .map(|amendment| Ok((serde_json::to_vec(&amendment.url)?, amendment)))
        .collect::<io::Result<_>>()?;
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        match url(&line).and_then(|url| amendments.get(url)) {
            Some(amendment) => write_amended(&line, amendment, &mut to)?,
            None => to.write_all(&line)?,
        }
        line.clear();
    }
    Ok(())
}

fn write_amended(line: &[u8], amendment: &Amendment, to: &mut impl Write) -> io::Result<()> {
    let (before, after) = around(line).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidData, format!("the line of {} is not a record", amendment.url))
    })?;
    to.write_all(before)?;
    write!(to, "{}", amendment.depth)?;
    if let Some(referrer) = &amendment.referrer {
        to.write_all(REFERRER)?;
        serde_json::to_writer(&mut *to, referrer)?;
    }
    to.write_all(after)
}

/// The URL of a line as JSON has it, in its quotes.
fn url(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(URL)?;
    rest.get(..string_length(rest)?)
}

/// What stands before the number of the depth, and what after the referrer that may follow it.
fn around(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = URL.len() + url(line)?.len();
    let start = start + memchr::memmem::find(line.get(start..)?, DEPTH)? + DEPTH.len();
    let (before, rest) = line.split_at_checked(start)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let after = rest.get(digits..)?;
    match after.strip_prefix(REFERRER) {
        Some(referrer) => Some((before, referrer.get(string_length(referrer)?..)?)),
        None => Some((before, after)),
    }
}

/// How long the JSON string is that the text starts with, its quotes included.
fn string_length(text: &[u8]) -> Option<usize> {
    let mut end = text.starts_with(b"\"").then_some(1)?;
    loop {
        end += memchr::memchr2(b'"', b'\\', text.get(end..)?)?;
        match text.get(end)? {
            b'"' => return Some(end + 1),
            // What follows a backslash ends no string.
            _ => end += 2,
        }
    }
}

const URL: &[u8] = b"{\"url\":";
const DEPTH: &[u8] = b",\"depth\":";
const REFERRER: &[u8] = b",\"referrer\":";

#[cfg(test)]
mod tests {
    use super::super::record::tests::page;
    use super::*;

    fn line(url: &str, depth: u32, referrer: Option<&str>) -> String {
        serde_json::to_string(&page(url, depth, referrer)).unwrap() + "\n"
    }

    fn amendment(url: &str, depth: u32, referrer: Option<&str>) -> Amendment {
        Amendment { url: url.into(), depth, referrer: referrer.map(Into::into) }
    }

    fn copied(from: &str, amendments: &[Amendment]) -> io::Result<String> {
        let mut to = Vec::new();
        copy(from.as_bytes(), &mut to, amendments)?;
        Ok(String::from_utf8(to).unwrap())
    }

    #[test]
    fn only_depth_and_referrer_of_the_named_lines_change() {
        let from = line("http://e.com/a", 10, Some("http://e.com/x\\\"y"))
            + &line("http://e.com/?q\\", 3, Some("http://e.com/"))
            + &line("http://e.com/b", 3, None);
        let to = line("http://e.com/a", 2, Some("http://e.com/?\\"))
            + &line("http://e.com/?q\\", 0, None)
            + &line("http://e.com/b", 3, None);
        let amendments = [
            amendment("http://e.com/a", 2, Some("http://e.com/?\\")),
            amendment("http://e.com/?q\\", 0, None),
            amendment("http://e.com/other", 1, None),
        ];
        assert_eq!(copied(&from, &amendments).unwrap(), to);
    }

    #[test]
    fn a_seed_can_get_a_referrer() {
        let amendments = [amendment("http://e.com/a", 1, Some("http://e.com/"))];
        let to = line("http://e.com/a", 1, Some("http://e.com/"));
        assert_eq!(copied(&line("http://e.com/a", 4, None), &amendments).unwrap(), to);
    }

    #[test]
    fn what_is_no_record_is_copied() {
        let from = "\n{}\nnot json\n{\"url\":\"http://e.com/b\n\u{1b}\"";
        assert_eq!(copied(from, &[amendment("http://e.com/a", 1, None)]).unwrap(), from);
    }

    #[test]
    fn fields_of_another_version_stay() {
        let from = "{\"url\":\"http://e.com/a\",\"outcome\":\"ok\",\"depth\":5,\"new\":{\"depth\":5}}\n";
        let to = "{\"url\":\"http://e.com/a\",\"outcome\":\"ok\",\"depth\":1,\"new\":{\"depth\":5}}\n";
        assert_eq!(copied(from, &[amendment("http://e.com/a", 1, None)]).unwrap(), to);
    }

    #[test]
    fn a_damaged_line_that_is_named_is_an_error() {
        let error = copied("{\"url\":\"http://e.com/a\"}\n", &[amendment("http://e.com/a", 1, None)]).unwrap_err();
        assert_eq!(error.to_string(), "the line of http://e.com/a is not a record");
    }
}
