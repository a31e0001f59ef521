//! A media type: what a `Content-Type` says, read in one way by all who ask (MIME Sniffing Standard, section 4.4).

use std::borrow::Cow;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// The type of a body, and the label of its charset.
///
/// Fetching, parsing and the record all read it from here, so that a body that is fetched is also parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    /// `type/subtype`, lower case.
    essence: Cow<'static, str>,
    /// The value of the parameter `charset`, as it was written.
    charset: Option<Cow<'static, str>>,
}

/// What a body is, by its media type or, without one, by how it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyKind {
    /// HTML or XHTML.
    Html,
    /// XML of another type, which may still turn out to hold XHTML.
    Xml,
    /// Anything else.
    Other,
}

impl MediaType {
    /// Parses one value; `None` when it is no media type (MIME Sniffing, section 4.4, "parse a MIME type").
    pub fn parse(value: &str) -> Option<Self> {
        let (essence, parameters) = split_essence(value)?;
        let charset = charset_in(parameters).map(|charset| Cow::Owned(charset.into_owned()));
        Some(Self { essence: Cow::Owned(essence.to_ascii_lowercase()), charset })
    }

    /// What the `Content-Type` lines of a response come to (Fetch Standard, "extract a MIME type"): of several values,
    /// in one line or more, the last that is a media type counts. `None` when there is none, or only `*/*`.
    pub fn extract(headers: &HeaderMap) -> Option<Self> {
        let only = headers.get(CONTENT_TYPE)?;
        if let Some(known) = Self::common(only.as_bytes())
            && headers.get_all(CONTENT_TYPE).iter().nth(1).is_none()
        {
            return Some(known);
        }
        let mut lines = headers.get_all(CONTENT_TYPE).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        let first = lines.next()?;
        let joined = lines.fold(first, |joined, line| Cow::Owned(format!("{joined}, {line}")));
        let mut last: Option<Self> = None;
        // The charset that counts for further values of the same essence.
        let mut charset = None;
        for value in Values(Some(&joined)) {
            let Some(mut found) = Self::parse(value).filter(|found| found.essence != ANY) else { continue };
            if last.as_ref().is_none_or(|last| last.essence != found.essence) {
                charset.clone_from(&found.charset);
            } else if found.charset.is_none() {
                found.charset.clone_from(&charset);
            }
            last = Some(found);
        }
        last
    }

    /// What nearly all pages say, without taking it apart.
    fn common(value: &[u8]) -> Option<Self> {
        let (_, charset) = COMMON.iter().find(|(known, _)| known.as_bytes() == value)?;
        Some(Self { essence: Cow::Borrowed("text/html"), charset: charset.map(Cow::Borrowed) })
    }

    /// `text/html`: type and subtype, lower case, without parameters.
    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// The label that the parameter `charset` gives, whether there is such an encoding or not.
    pub fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    /// Whether it is one of XML (MIME Sniffing, section 4.6), that of XHTML among them.
    pub fn is_xml(&self) -> bool {
        self.essence.ends_with("+xml") || matches!(&*self.essence, "text/xml" | "application/xml")
    }

    /// Whether it says that the type is not known, which is as good as none (MIME Sniffing, section 7).
    pub fn is_unknown(&self) -> bool {
        matches!(&*self.essence, "unknown/unknown" | "application/unknown" | ANY)
    }
}

impl BodyKind {
    /// What a body of this type is. Without a type, or with one that says nothing, its start decides (MIME Sniffing,
    /// section 7.1).
    pub(crate) fn of(media_type: Option<&MediaType>, body: &[u8]) -> Self {
        match media_type.filter(|known| !known.is_unknown()) {
            Some(known) => Self::of_essence(&known.essence),
            None if starts_as_html(body) => Self::Html,
            None => Self::Other,
        }
    }

    /// An XML media type is defined in MIME Sniffing, section 4.6.
    fn of_essence(essence: &str) -> Self {
        match essence {
            "text/html" | "application/xhtml+xml" => Self::Html,
            "text/xml" | "application/xml" => Self::Xml,
            other if other.ends_with("+xml") => Self::Xml,
            _ => Self::Other,
        }
    }
}

/// Whether a value, as of an attribute `type`, is the media type of HTML or XHTML, with any parameters.
pub(crate) fn is_html(value: &str) -> bool {
    split_essence(value).is_some_and(|(essence, _)| {
        essence.eq_ignore_ascii_case("text/html") || essence.eq_ignore_ascii_case("application/xhtml+xml")
    })
}

/// The essence of a value, as it is written there, and its parameters.
fn split_essence(value: &str) -> Option<(&str, &str)> {
    let (essence, parameters) = value.split_once(';').unwrap_or((value, ""));
    let essence = essence.trim_matches(is_space);
    let (group, subtype) = essence.split_once('/')?;
    (is_token(group) && is_token(subtype)).then_some((essence, parameters))
}

/// The first parameter `charset`.
fn charset_in(mut rest: &str) -> Option<Cow<'_, str>> {
    while !rest.is_empty() {
        let start = rest.trim_start_matches(is_space);
        let end = start.find([';', '=']).unwrap_or(start.len());
        let (name, after) = start.split_at(end);
        let Some(after) = after.strip_prefix('=') else {
            rest = after.strip_prefix(';').unwrap_or_default();
            continue;
        };
        let (value, after) = if let Some(quoted) = after.strip_prefix('"') {
            unquote(quoted)
        } else {
            let (value, after) = after.split_at(after.find(';').unwrap_or(after.len()));
            (Cow::Borrowed(value.trim_end_matches(is_space)), after)
        };
        // What follows the closing quote is left out.
        rest = after.split_once(';').map_or("", |(_, rest)| rest);
        if name.eq_ignore_ascii_case("charset") && !value.is_empty() && !value.contains(is_control) {
            return Some(value);
        }
    }
    None
}

/// "Collect an HTTP quoted string" behind its opening quote: the value, and what follows the closing one, which may be
/// missing (Fetch Standard, section 2.2).
fn unquote(quoted: &str) -> (Cow<'_, str>, &str) {
    let end = quoted.find(['"', '\\']).unwrap_or(quoted.len());
    let (plain, rest) = quoted.split_at(end);
    if !rest.starts_with('\\') {
        return (Cow::Borrowed(plain), rest.strip_prefix('"').unwrap_or_default());
    }
    let mut value = plain.to_owned();
    let mut letters = rest.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => value.push(letters.next().unwrap_or('\\')),
            _ => value.push(letter),
        }
    }
    (Cow::Owned(value), letters.as_str())
}

/// The values of a header line, split at commas that are not quoted (Fetch Standard, "get, decode, and split").
struct Values<'a>(Option<&'a str>);

impl<'a> Iterator for Values<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0.take()?;
        let (mut quoted, mut escaped) = (false, false);
        let comma = rest.bytes().position(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b',' => return !quoted,
                _ => {}
            }
            false
        });
        let Some((value, after)) = comma.and_then(|comma| rest.split_at_checked(comma)) else { return Some(rest) };
        self.0 = after.get(1..);
        Some(value)
    }
}

/// The start of a body that nobody gave a type. Any tag is enough, not only those that browsers look for (MIME Sniffing,
/// section 7.1): who sends no type often sends a fragment. Behind an XML declaration it has to be XHTML: feeds have one
/// too.
fn starts_as_html(body: &[u8]) -> bool {
    let start = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii_start();
    match start {
        [b'<', b'?', ..] => is_xhtml(start),
        [b'<', b'!', ..] => true,
        [b'<', letter, ..] => letter.is_ascii_alphabetic(),
        _ => false,
    }
}

/// Whether the first tag or document type behind declarations and comments is that of HTML.
fn is_xhtml(mut rest: &[u8]) -> bool {
    loop {
        let end = match rest {
            [b'<', b'?', ..] => &b"?>"[..],
            [b'<', b'!', b'-', b'-', ..] => &b"-->"[..],
            _ => break,
        };
        let Some(at) = memchr::memmem::find(rest, end) else { return false };
        rest = rest.get(at + end.len()..).unwrap_or_default().trim_ascii_start();
    }
    [&b"<html"[..], b"<!doctype html"].iter().any(|tag| {
        let (start, after) = rest.split_at(tag.len().min(rest.len()));
        start.eq_ignore_ascii_case(tag) && after.first().is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'>')
    })
}

/// HTTP white space (Fetch Standard, section 2.2).
fn is_space(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' ')
}

/// No HTTP quoted-string token code point (MIME Sniffing, section 3).
fn is_control(letter: char) -> bool {
    letter.is_ascii_control() && letter != '\t'
}

/// HTTP token code points only, and at least one (RFC 9110, section 5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

const ANY: &str = "*/*";

/// Values that [`MediaType::extract`] knows as a whole, each with its charset.
const COMMON: [(&str, Option<&str>); 5] = [
    ("text/html", None),
    ("text/html; charset=utf-8", Some("utf-8")),
    ("text/html; charset=UTF-8", Some("UTF-8")),
    ("text/html;charset=utf-8", Some("utf-8")),
    ("text/html;charset=UTF-8", Some("UTF-8")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_as_a_whole_is_what_taking_it_apart_gives() {
        for (value, charset) in COMMON {
            let known = MediaType::common(value.as_bytes());
            assert_eq!((&known, known.as_ref().and_then(MediaType::charset)), (&MediaType::parse(value), charset));
        }
    }

    fn extract(lines: &[&str]) -> Option<MediaType> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CONTENT_TYPE, http::HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        MediaType::extract(&headers)
    }

    #[test]
    fn a_type_is_type_and_subtype_and_nothing_else() {
        let check = |value: &str, essence: Option<&str>| {
            assert_eq!(MediaType::parse(value).as_ref().map(MediaType::essence), essence, "{value:?}");
        };
        check("text/html", Some("text/html"));
        check(" \tText/HTML ; charset=utf-8", Some("text/html"));
        check("text/html;", Some("text/html"));
        check("text/html;;charset=utf-8", Some("text/html"));
        check("image/svg+xml", Some("image/svg+xml"));
        for none in ["", "html", "text/", "/html", "/", "text/html charset=utf-8", "text /html", "text/ html"] {
            check(none, None);
        }
        for none in
            ["; charset=utf-8", "text/html/x", "text/html, text/html", "text:html", "text/hтml", "\"text/html\""]
        {
            check(none, None);
        }
    }

    #[test]
    fn the_charset_is_read_as_the_standard_reads_parameters() {
        let check = |value: &str, charset: Option<&str>| {
            assert_eq!(MediaType::parse(value).unwrap().charset(), charset, "{value:?}");
        };
        check("text/html", None);
        check("text/html;charset=utf-8", Some("utf-8"));
        check("text/html; ChArSeT=UTF-8 ; x=y", Some("UTF-8"));
        check("text/html; charset=big5; charset=utf-8", Some("big5"));
        check("text/html; x=\"a; charset=utf-8\"; charset=big5", Some("big5"));
        check("text/html; charset=\"Shift_JIS\" ignored; x=y", Some("Shift_JIS"));
        check("text/html; charset=\"utf-8", Some("utf-8"));
        check("text/html; charset=\"\\u\\t\\f-8\"", Some("utf-8"));
        check("text/html; charset=\"a\\\"b\"", Some("a\"b"));
        check("text/html; charset=\"ab\\", Some("ab\\"));
        check("text/html; charset=\"\"; charset=big5", Some("big5"));
        check("text/html; charset=; charset=big5", Some("big5"));
        check("text/html; charset; charset=big5", Some("big5"));
        check("text/html; charset =utf-8", None);
        check("text/html; charset= utf-8", Some(" utf-8"));
        check("text/html; charset='utf-8'", Some("'utf-8'"));
        check("text/html; mycharset=utf-8", None);
        check("text/html; charset=\u{1}", None);
    }

    #[test]
    fn the_last_value_that_is_a_type_counts() {
        let check = |lines: &[&str], expected: Option<(&str, Option<&str>)>| {
            let found = extract(lines);
            assert_eq!(found.as_ref().map(|found| (found.essence(), found.charset())), expected, "{lines:?}");
        };
        check(&[], None);
        check(&[""], None);
        check(&["*/*"], None);
        check(&["html", "*/*;q=1"], None);
        check(&["text/html, text/html"], Some(("text/html", None)));
        check(&["text/plain", "text/html"], Some(("text/html", None)));
        check(&["text/html", "text/plain"], Some(("text/plain", None)));
        check(&["text/html", "html"], Some(("text/html", None)));
        check(&["text/html;charset=gbk, */*"], Some(("text/html", Some("gbk"))));
        // The examples of the Fetch Standard.
        check(&["text/html;charset=gbk", "text/html"], Some(("text/html", Some("gbk"))));
        check(&["text/plain;charset=gbk", "text/html"], Some(("text/html", None)));
        check(&["text/html;charset=gbk", "text/html;x=\",text/plain"], Some(("text/html", Some("gbk"))));
        check(&["text/html;charset=gbk,text/plain,text/html"], Some(("text/html", None)));
        check(&["text/html;x=\"\\\",a/b\";charset=gbk"], Some(("text/html", Some("gbk"))));
    }

    #[test]
    fn a_body_without_a_type_is_what_it_starts_with() {
        let check = |body: &str, kind: BodyKind| assert_eq!(BodyKind::of(None, body.as_bytes()), kind, "{body:?}");
        for html in ["<!doctype html>", "\u{FEFF} \n<HTML>", "<p>x", "<!-- a --><p>", "<main>"] {
            check(html, BodyKind::Html);
        }
        for xhtml in ["<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC>", "<?xml?><!-- <rss> --> <html xmlns='x'>"] {
            check(xhtml, BodyKind::Html);
        }
        for other in ["", "plain", "%PDF-1.7", "< p>", "<", "<?xml?><rss>", "<?xml <html>", "<?xml?><htmlx>"] {
            check(other, BodyKind::Other);
        }
    }

    #[test]
    fn a_body_with_a_type_is_of_that_type_whatever_it_holds() {
        let check = |value: &str, kind: BodyKind| {
            assert_eq!(BodyKind::of(MediaType::parse(value).as_ref(), b"<html>"), kind, "{value}");
        };
        check("Text/HTML; charset=x", BodyKind::Html);
        check("application/xhtml+xml", BodyKind::Html);
        check("application/xml", BodyKind::Xml);
        check("text/xml;charset=utf-8", BodyKind::Xml);
        check("application/rss+xml", BodyKind::Xml);
        check("application/octet-stream", BodyKind::Other);
        check("text/plain", BodyKind::Other);
        // These say that nobody knows.
        check("unknown/unknown", BodyKind::Html);
        check("application/unknown", BodyKind::Html);
        check("*/*", BodyKind::Html);
    }

    #[test]
    fn the_type_of_a_link_is_read_alike() {
        assert!(is_html("Text/HTML ; charset=utf-8") && is_html("application/xhtml+xml"));
        assert!(
            !is_html("") && !is_html("html") && !is_html("text/html, text/plain") && !is_html("application/rss+xml")
        );
    }
}
