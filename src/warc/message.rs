//! An HTTP message in a block: start line, header lines, body.

use std::borrow::Cow;

use super::fields::text;

/// An HTTP message, as it lies in a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// Request line or status line, without its end.
    pub(crate) start: &'a [u8],
    /// Names and values of the header lines, without blanks around them. A folded line is one line.
    pub(crate) lines: Vec<(String, Cow<'a, [u8]>)>,
    /// What follows the head: of a response that was chunked, with its chunks when the archive has kept them.
    pub(crate) body: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads a message. Lines may end with LF alone; a head without its end is a head all the same. `None` when not even a
    /// start line is there.
    pub(crate) fn parse(block: &'a [u8]) -> Option<Self> {
        let (start, mut rest) = line(block);
        if start.is_empty() {
            return None;
        }
        let mut lines: Vec<(String, Cow<'a, [u8]>)> = Vec::new();
        while !rest.is_empty() {
            let (next, behind) = line(rest);
            rest = behind;
            if next.is_empty() {
                break;
            }
            if lines.len() >= MOST_LINES {
                continue;
            }
            match (next.first(), memchr::memchr(b':', next)) {
                (Some(b' ' | b'\t'), _) => {
                    if let Some((_, value)) = lines.last_mut() {
                        let folded = [value.as_ref(), next.trim_ascii()].join(&b' ');
                        *value = Cow::Owned(folded);
                    }
                }
                (_, Some(colon)) => {
                    let (name, value) = next.split_at(colon);
                    let value = value.get(1..).unwrap_or_default().trim_ascii();
                    lines.push((text(name.trim_ascii()), Cow::Borrowed(value)));
                }
                (_, None) => {}
            }
        }
        Some(Self { start, lines, body: rest })
    }

    /// The status of a response.
    pub(crate) fn status(&self) -> Option<u16> {
        let after = self.start.strip_prefix(b"HTTP/")?;
        let status = after.split(|byte| *byte == b' ').nth(1)?;
        str::from_utf8(status).ok()?.parse().ok().filter(|status| (100..1000).contains(status))
    }

    /// The method of a request.
    pub(crate) fn method(&self) -> Option<&str> {
        let method = self.start.split(|byte| *byte == b' ').next()?;
        str::from_utf8(method).ok().filter(|method| !method.starts_with("HTTP/"))
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&[u8]> {
        self.lines.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }

    /// The body without its transfer coding. An archive may have taken the chunks apart and kept the line that says
    /// `chunked`: a body that has none is taken as it is.
    pub(crate) fn payload(&self) -> Cow<'a, [u8]> {
        let codings = self.header("Transfer-Encoding").map(<[u8]>::to_ascii_lowercase);
        if codings.is_some_and(|codings| codings.ends_with(b"chunked"))
            && let Some(joined) = joined(self.body)
        {
            return Cow::Owned(joined);
        }
        Cow::Borrowed(self.body)
    }
}

/// The first line, without its end, and what follows.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'\n', bytes) {
        Some(end) => {
            let (line, rest) = bytes.split_at(end);
            (line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..).unwrap_or_default())
        }
        None => (bytes.strip_suffix(b"\r").unwrap_or(bytes), &[]),
    }
}

/// Joins chunks (RFC 9112, section 7.1), as far as they go; `None` when these are none.
fn joined(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut joined = Vec::new();
    loop {
        let (size, rest) = line(body);
        let digits = size.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let size = str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'));
        let Some(size) = size.and_then(|digits| usize::from_str_radix(digits, 16).ok()) else {
            // Broken off between two chunks, unless it never was chunked.
            return (!joined.is_empty() && body.is_empty()).then_some(joined);
        };
        if size == 0 {
            return Some(joined);
        }
        let Some(chunk) = rest.get(..size) else {
            joined.extend_from_slice(rest);
            return Some(joined);
        };
        joined.extend_from_slice(chunk);
        body = rest.get(size..).unwrap_or_default();
        body = body.strip_prefix(b"\r\n").or_else(|| body.strip_prefix(b"\n")).unwrap_or(body);
    }
}

/// More lines than these are passed over.
const MOST_LINES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_taken_apart() {
        let message = Message::parse(b"HTTP/1.1 200 Fine\r\nA: 1\r\n b\r\nno colon\r\na:2\r\n\r\nbody\r\n").unwrap();
        assert_eq!((message.status(), message.method()), (Some(200), None));
        assert_eq!(message.header("a"), Some(&b"1 b"[..]));
        assert_eq!((message.lines.len(), message.body), (2, &b"body\r\n"[..]));
        let request = Message::parse(b"GET /a HTTP/1.1\nHost: e.com\n\n").unwrap();
        assert_eq!((request.method(), request.status()), (Some("GET"), None));
        assert_eq!(request.header("host"), Some(&b"e.com"[..]));
        assert!(Message::parse(b"").is_none() && Message::parse(b"\r\nx").is_none());
        assert_eq!(Message::parse(b"HTTP/1.1 99999 x").unwrap().status(), None);
    }

    #[test]
    fn chunks_are_joined_as_far_as_they_go() {
        let check = |body: &str, payload: &str| {
            let block = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n{body}");
            let message = Message::parse(block.as_bytes()).unwrap();
            assert_eq!(String::from_utf8_lossy(&message.payload()), payload, "{body:?}");
        };
        check("2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\nTrailer: x\r\n\r\n", "hello");
        check("2\nhe\n3\nllo\n0\n", "hello");
        check("5\r\nhel", "hel");
        check("2\r\nhe\r\n", "he");
        check("<p>not chunked", "<p>not chunked");
        check("2\r\nhe\r\nzz\r\n", "2\r\nhe\r\nzz\r\n");
        check("ffffffffffffffff\r\nhe", "he");
        check("", "");
    }
}
