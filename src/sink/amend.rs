//! Amending JSON lines: other depths and referrers, everything else byte for byte.

use std::io::{self, BufRead, Write};
use std::path::Path;

use super::{Amendment, Edit};
use crate::error::{Error, Result};

/// Copies the lines of the file at `path`, with the depth and the referrer of those that an amendment names replaced.
/// The amendments come in the order of the lines: one is held at a time, however many there are.
///
/// Works on the text, not on parsed records: a line then keeps even what this version does not know, and a file of
/// millions of lines is copied at the speed of the disk. It relies on the order of the fields in a
/// [`Record`](super::Record): `url` is first, and nothing but names and numbers is between it and `depth`.
///
/// # Errors
/// [`Error::Damaged`] when an amendment is left over: its line is not there, or before that of an earlier one.
pub(super) fn copy(
    path: &Path,
    mut from: impl BufRead,
    mut to: impl Write,
    amendments: impl Iterator<Item = Result<Amendment>>,
) -> Result<()> {
    let io = |error: io::Error| Error::io("amend", path, error);
    let mut amendments = amendments.map(|amendment| amendment.and_then(|amendment| Awaited::new(amendment, path)));
    let mut awaited = amendments.next().transpose()?;
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).map_err(io)? > 0 {
        match awaited.take_if(|awaited| url(&line) == Some(&awaited.url)) {
            Some(Awaited { amendment, .. }) => {
                let Some((before, after)) = around(&line) else { return Err(no_record(path, &amendment)) };
                write_amended(before, &amendment, after, &mut to).map_err(io)?;
                awaited = amendments.next().transpose()?;
            }
            None => to.write_all(&line).map_err(io)?,
        }
        line.clear();
    }
    match awaited {
        Some(Awaited { amendment, .. }) => Err(no_record(path, &amendment)),
        None => Ok(()),
    }
}

/// Copies the lines of the file at `path`, but for those that an edit drops, and with those corrected that one amends. Each
/// edit names the number of its line, counted from 1; they come in their order.
///
/// # Errors
/// [`Error::Damaged`] when an edit is left over, or the line of an amendment is not its record.
pub(super) fn edit(
    path: &Path,
    mut from: impl BufRead,
    mut to: impl Write,
    edits: &mut dyn Iterator<Item = Result<(u64, Edit)>>,
) -> Result<()> {
    let io = |error: io::Error| Error::io("rewrite", path, error);
    let mut awaited = edits.next().transpose()?;
    let (mut line, mut number) = (Vec::new(), 0);
    while from.read_until(b'\n', &mut line).map_err(io)? > 0 {
        number += 1;
        match awaited.take_if(|(nth, _)| *nth == number) {
            None => to.write_all(&line).map_err(io)?,
            Some((_, edit)) => {
                if let Edit::Amend(amendment) = edit {
                    let Awaited { url: named, amendment } = Awaited::new(amendment, path)?;
                    let parts = around(&line).filter(|_| url(&line) == Some(&named));
                    let (before, after) = parts.ok_or_else(|| no_record(path, &amendment))?;
                    write_amended(before, &amendment, after, &mut to).map_err(io)?;
                }
                awaited = edits.next().transpose()?;
            }
        }
        line.clear();
    }
    match awaited {
        Some((nth, _)) => Err(Error::Damaged(format!("{} has no line {nth}, and should have", path.display()))),
        None => Ok(()),
    }
}

/// The amendment that comes next, with its URL as JSON has it.
struct Awaited {
    url: Vec<u8>,
    amendment: Amendment,
}

impl Awaited {
    fn new(amendment: Amendment, path: &Path) -> Result<Self> {
        let url = serde_json::to_vec(&amendment.url).map_err(|error| Error::io("amend", path, error.into()))?;
        Ok(Self { url, amendment })
    }
}

fn no_record(path: &Path, amendment: &Amendment) -> Error {
    Error::Damaged(format!("{} has no whole record of {} where it should be", path.display(), amendment.url))
}

fn write_amended(before: &[u8], amendment: &Amendment, after: &[u8], to: &mut impl Write) -> io::Result<()> {
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

    fn copied(from: &str, amendments: &[Amendment]) -> Result<String> {
        let mut to = Vec::new();
        copy(Path::new("x.jsonl"), from.as_bytes(), &mut to, amendments.iter().cloned().map(Ok))?;
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
        let amendments =
            [amendment("http://e.com/a", 2, Some("http://e.com/?\\")), amendment("http://e.com/?q\\", 0, None)];
        assert_eq!(copied(&from, &amendments).unwrap(), to);
    }

    #[test]
    fn lines_are_dropped_and_corrected_by_their_numbers() {
        let edited = |edits: &[(u64, Edit)]| {
            let from: String = ["a", "b", "c", "d"].map(|name| line(&format!("http://e.com/{name}"), 5, None)).concat();
            let mut to = Vec::new();
            let edited = edit(Path::new("x.jsonl"), from.as_bytes(), &mut to, &mut edits.iter().cloned().map(Ok));
            edited.map(|()| String::from_utf8(to).unwrap())
        };
        let amend = |name: &str| Edit::Amend(amendment(&format!("http://e.com/{name}"), 1, None));
        let expected = line("http://e.com/b", 1, None) + &line("http://e.com/d", 5, None);
        assert_eq!(edited(&[(1, Edit::Drop), (2, amend("b")), (3, Edit::Drop)]).unwrap(), expected);
        assert_eq!(edited(&[]).unwrap().lines().count(), 4);
        for wrong in [[(2, amend("a"))], [(5, Edit::Drop)]] {
            assert!(matches!(edited(&wrong), Err(Error::Damaged(_))), "{wrong:?}");
        }
    }

    #[test]
    fn a_seed_can_get_a_referrer() {
        let amendments = [amendment("http://e.com/a", 1, Some("http://e.com/"))];
        let to = line("http://e.com/a", 1, Some("http://e.com/"));
        assert_eq!(copied(&line("http://e.com/a", 4, None), &amendments).unwrap(), to);
    }

    #[test]
    fn what_is_no_record_is_copied() {
        let strange = "\n{}\nnot json\n{\"url\":\"http://e.com/b\n\u{1b}\"\n";
        let [from, to] = [3, 1].map(|depth| format!("{strange}{}{strange}", line("http://e.com/a", depth, None)));
        assert_eq!(copied(&from, &[amendment("http://e.com/a", 1, None)]).unwrap(), to);
    }

    #[test]
    fn fields_of_another_version_stay() {
        let from = "{\"url\":\"http://e.com/a\",\"outcome\":\"ok\",\"depth\":5,\"new\":{\"depth\":5}}\n";
        let to = "{\"url\":\"http://e.com/a\",\"outcome\":\"ok\",\"depth\":1,\"new\":{\"depth\":5}}\n";
        assert_eq!(copied(from, &[amendment("http://e.com/a", 1, None)]).unwrap(), to);
    }

    #[test]
    fn an_amendment_without_a_whole_line_is_an_error_that_names_it() {
        let refused = |from: &str, amendments: &[Amendment]| match copied(from, amendments) {
            Err(Error::Damaged(message)) => message,
            other => panic!("not refused: {other:?}"),
        };
        let [a, b] = ["http://e.com/a", "http://e.com/b"].map(|url| amendment(url, 1, None));
        let message = "x.jsonl has no whole record of http://e.com/a where it should be";
        assert_eq!(refused("{\"url\":\"http://e.com/a\"}\n", std::slice::from_ref(&a)), message);
        assert_eq!(refused(&line("http://e.com/b", 3, None), std::slice::from_ref(&a)), message);
        let lines = line("http://e.com/a", 3, None) + &line("http://e.com/b", 3, None);
        assert_eq!(refused(&lines, &[b, a]), message, "they have to come in the order of the lines");
    }

    #[test]
    fn an_amendment_that_cannot_be_had_ends_the_copy() {
        let lost = || Err(Error::Internal("lost".to_owned()));
        let lines = line("http://e.com/a", 3, None);
        let amendments = [Ok(amendment("http://e.com/a", 1, None)), lost()];
        let ended = copy(Path::new("x"), lines.as_bytes(), Vec::new(), amendments.into_iter());
        assert!(matches!(ended, Err(Error::Internal(_))));
    }
}
