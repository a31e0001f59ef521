//! CDXJ: the lines of an index of archives.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;

use super::{Digest, Kind, Place, Placed, date_text, parse_date, surt, timestamp14};

/// One capture, as a line of an index has it: what it is of, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CdxLine {
    /// The URL.
    pub(crate) url: String,
    /// When it was captured.
    pub(crate) date: Timestamp,
    /// The type of its body; `warc/revisit` when an earlier capture has that.
    pub(crate) mime: Option<String>,
    /// The status of an HTTP response.
    pub(crate) status: Option<u16>,
    /// The digest of its payload.
    pub(crate) digest: Option<String>,
    /// The file that it lies in.
    pub(crate) filename: String,
    /// Where it starts there.
    pub(crate) offset: u64,
    /// How long it is there; `None` when the index does not say so.
    pub(crate) length: Option<u64>,
}

/// What an index says of a record; `None` for what is no capture: requests, what is known of others, what cannot be read
/// alone.
pub(crate) fn capture(placed: &Placed, filename: &str) -> Option<CdxLine> {
    let Placed { record, place } = placed;
    let Place::Alone { offset, length } = *place else { return None };
    let kind = record.kind();
    let is_capture = match kind {
        Kind::Response | Kind::Revisit => true,
        Kind::Resource | Kind::Metadata => record.content_type().as_deref() != Some("application/warc-fields"),
        _ => false,
    };
    if !is_capture {
        return None;
    }
    let message = record.message();
    let content_type = match kind {
        Kind::Revisit => Some("warc/revisit".to_owned()),
        Kind::Response => {
            let value = message.as_ref().and_then(|message| message.header("Content-Type"));
            value.map(|value| String::from_utf8_lossy(value).into_owned())
        }
        _ => record.fields.get("Content-Type").map(str::to_owned),
    };
    let mime = content_type.map(|value| value.split([';', ' ', '\t']).next().unwrap_or_default().to_owned());
    let digest = record.payload_digest().or_else(|| {
        // Not of the start of one.
        let payload = message.as_ref().map_or(record.block.as_slice(), |message| message.body);
        record.is_whole().then(|| Digest::sha1(payload))
    });
    Some(CdxLine {
        url: record.target_uri()?.to_owned(),
        date: record.date()?,
        mime: mime.filter(|mime| !mime.is_empty()),
        status: message.as_ref().and_then(super::Message::status),
        digest: digest.map(|digest| digest.to_string()),
        filename: filename.to_owned(),
        offset,
        length: Some(length),
    })
}

impl CdxLine {
    /// The line, without its end: key, date, and the rest as JSON. Lines are sorted byte by byte.
    pub(crate) fn to_line(&self) -> String {
        let mut line = format!("{} {} {{\"url\": {}", surt(&self.url), timestamp14(self.date), quoted(&self.url));
        let mut put = |name: &str, value: &str| {
            let _ = write!(line, ", \"{name}\": {}", quoted(value));
        };
        if let Some(mime) = &self.mime {
            put("mime", mime);
        }
        if let Some(status) = self.status {
            put("status", &status.to_string());
        }
        if let Some(digest) = &self.digest {
            put("digest", digest);
        }
        if let Some(length) = self.length {
            put("length", &length.to_string());
        }
        put("offset", &self.offset.to_string());
        put("filename", &self.filename);
        line.push('}');
        line
    }

    /// Reads a line of an index, of any program. `None` for what is no capture: lines that say something of the index
    /// (`!meta`, ` CDX`), and what lacks URL, place or date.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (before, json) = line.split_at(line.find('{')?);
        if before.starts_with(['!', ' ']) {
            return None;
        }
        let date = parse_date(before.split_whitespace().nth(1)?)?;
        let Value::Object(fields) = serde_json::from_str(json).ok()? else { return None };
        let text = |name: &str| match fields.get(name)? {
            Value::String(text) if text != "-" => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        Some(Self {
            url: text("url")?,
            date,
            mime: text("mime"),
            status: text("status").and_then(|status| status.parse().ok()),
            digest: text("digest"),
            filename: text("filename")?,
            offset: text("offset")?.parse().ok()?,
            length: text("length").and_then(|length| length.parse().ok()),
        })
    }
}

impl std::fmt::Display for CdxLine {
    /// For people: what, when, where.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} ({} at byte {})", self.url, date_text(self.date), self.filename, self.offset)
    }
}

/// A JSON string of ASCII alone, as the other tools write it.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            ' '..='~' => quoted.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(quoted, "\\u{unit:04x}");
                }
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warc::{Bounds, Records};

    fn line() -> CdxLine {
        CdxLine {
            url: "http://www.e.com/ä\"\\😀".to_owned(),
            date: "2026-11-30T19:00:01Z".parse().unwrap(),
            mime: Some("text/html".to_owned()),
            status: Some(200),
            digest: Some("sha1:A".to_owned()),
            filename: "a.warc.gz".to_owned(),
            offset: 7,
            length: Some(9),
        }
    }

    #[test]
    fn a_line_is_written_as_other_tools_write_it_and_read_again() {
        let text = line().to_line();
        insta::assert_snapshot!(text, @r#"com,e)/%c3%a4"\%f0%9f%98%80 20261130190001 {"url": "http://www.e.com/\u00e4\"\\\ud83d\ude00", "mime": "text/html", "status": "200", "digest": "sha1:A", "length": "9", "offset": "7", "filename": "a.warc.gz"}"#);
        assert_eq!(CdxLine::parse(&text), Some(line()));
    }

    #[test]
    fn what_is_no_capture_is_passed_over() {
        for text in [
            "",
            "!meta 0 {\"format\": \"cdxj-gzip-1.0\"}",
            " CDX N b a",
            "com,e)/ 2026 {",
            "com,e)/ x {\"url\":\"a\"}",
            "{}",
        ] {
            assert_eq!(CdxLine::parse(text), None, "{text}");
        }
        let request = b"WARC/1.1\r\nWARC-Type: request\r\nContent-Length: 0\r\n\r\n";
        let placed = Records::new(&request[..], Bounds::default()).next().unwrap().unwrap();
        assert_eq!(capture(&placed, "a"), None);
    }
}
