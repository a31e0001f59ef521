//! Which character encoding a page is in: byte order mark, `Content-Type`, `<meta>`, then detection.
//!
//! The order and the prescan are those of the HTML Standard, section 13.2.3.2 "Determining the character encoding".
//! Labels are resolved as in the Encoding Standard. Unlike there, a label that stands for the *replacement* encoding
//! counts as unknown: a crawler would lose the whole page, a browser only protects itself from running its scripts.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use memchr::memmem;

/// How a body is to be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Charset {
    pub(super) encoding: &'static Encoding,
    pub(super) from: CharsetFrom,
    /// The length of the byte order mark.
    bom: usize,
}

/// What says which encoding a page is in, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CharsetFrom {
    /// A byte order mark.
    Bom,
    /// The `charset` parameter of `Content-Type`.
    ContentType,
    /// A `<meta>` or an XML declaration in the first 1024 bytes.
    Start,
    /// Nothing, and XML is UTF-8 then.
    Xml,
    /// A `<meta>` further down, which overrules a guess.
    LateMeta,
    /// Nothing: guessed from the text and the top-level domain.
    Guess,
}

impl Charset {
    pub(super) const UTF_8: Self = Self { encoding: UTF_8, from: CharsetFrom::Guess, bom: 0 };

    /// Decides by the body, the `charset` that the response names and the name of the host.
    pub(super) fn of(body: &[u8], label: Option<&str>, host: &str) -> Self {
        if let Some((encoding, bom)) = Encoding::for_bom(body) {
            return Self { encoding, from: CharsetFrom::Bom, bom };
        }
        let (encoding, from) = if let Some(encoding) = label.and_then(of_label) {
            (encoding, CharsetFrom::ContentType)
        } else if let Some(encoding) = prescan(body.get(..PRESCAN).unwrap_or(body)) {
            (encoding, CharsetFrom::Start)
        } else {
            (detect(body, host), CharsetFrom::Guess)
        };
        Self { encoding, from, bom: 0 }
    }

    /// The same for XML: in it only its declaration counts, and UTF-8 is what it is in without one (XML 1.0, section
    /// 4.3.3). What is not, is read as HTML would be.
    pub(super) fn of_xml(body: &[u8], label: Option<&str>, host: &str) -> Self {
        let head = body.get(..PRESCAN).unwrap_or(body);
        let named = Encoding::for_bom(body).is_some() || label.and_then(of_label).is_some();
        if named || utf_16_without_mark(head).is_some() {
            return Self::of(body, label, host);
        }
        if let Some(encoding) = xml_encoding(head) {
            return Self { encoding, from: CharsetFrom::Start, bom: 0 };
        }
        if std::str::from_utf8(body).is_ok() {
            return Self { encoding: UTF_8, from: CharsetFrom::Xml, bom: 0 };
        }
        Self::of(body, label, host)
    }

    /// What a `<meta>` past the prescanned bytes declares, when that changes anything.
    pub(super) fn corrected(self, label: &str) -> Option<Self> {
        let encoding = from_meta(label.as_bytes())?;
        (self.from == CharsetFrom::Guess && encoding != self.encoding).then_some(Self {
            encoding,
            from: CharsetFrom::LateMeta,
            bom: 0,
        })
    }

    /// Decodes a body; what cannot be decoded becomes U+FFFD.
    pub(super) fn decode(self, body: &[u8]) -> Cow<'_, str> {
        self.encoding.decode_without_bom_handling(body.get(self.bom..).unwrap_or_default()).0
    }
}

/// The encoding that a label of a response names.
fn of_label(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(label.as_bytes())
}

/// "Prescan a byte stream to determine its encoding", then "get an XML encoding". What the bytes end in the middle of
/// does not count.
fn prescan(head: &[u8]) -> Option<&'static Encoding> {
    let in_markup = || Prescan { rest: head }.run().ok().or_else(|| xml_encoding(head));
    utf_16_without_mark(head).or_else(in_markup)
}

/// UTF-16, when the text starts with an XML declaration in it.
fn utf_16_without_mark(head: &[u8]) -> Option<&'static Encoding> {
    match head {
        [0x3C, 0x00, 0x3F, 0x00, 0x78, 0x00, ..] => Some(UTF_16LE),
        [0x00, 0x3C, 0x00, 0x3F, 0x00, 0x78, ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// The bytes ran out: the prescan has found nothing.
struct RanOut;

/// One attribute of a tag: its lower-case name and its value.
type Attribute<'a> = (Vec<u8>, &'a [u8]);

/// The bytes that the prescan has still before it.
struct Prescan<'a> {
    rest: &'a [u8],
}

impl<'a> Prescan<'a> {
    fn run(&mut self) -> Result<&'static Encoding, RanOut> {
        loop {
            self.skip_to(|byte| byte == b'<')?;
            match self.rest {
                [b'<', b'!', b'-', b'-', ..] => {
                    // The hyphens that open a comment may also close it: `<!-->`.
                    self.advance(2);
                    self.advance(memmem::find(self.rest, b"-->").ok_or(RanOut)? + 2);
                }
                [b'<', m, e, t, a, after, ..]
                    if [*m, *e, *t, *a].eq_ignore_ascii_case(b"meta") && (is_space(*after) || *after == b'/') =>
                {
                    self.advance(5);
                    if let Some(encoding) = self.meta()? {
                        return Ok(encoding);
                    }
                }
                [b'<', b'/', first, ..] | [b'<', first, ..] if first.is_ascii_alphabetic() => {
                    self.skip_to(|byte| is_space(byte) || byte == b'>')?;
                    while self.attribute()?.is_some() {}
                }
                [b'<', b'!' | b'/' | b'?', ..] => self.skip_to(|byte| byte == b'>')?,
                _ => {}
            }
            self.advance(1);
        }
    }

    /// The encoding that the attributes of one `<meta>` declare.
    fn meta(&mut self) -> Result<Option<&'static Encoding>, RanOut> {
        let mut seen: Vec<Vec<u8>> = Vec::new();
        let (mut pragma, mut by_charset, mut by_content) = (false, None, None);
        while let Some((name, value)) = self.attribute()? {
            if seen.contains(&name) {
                continue;
            }
            match name.as_slice() {
                b"http-equiv" => pragma = value.eq_ignore_ascii_case(b"content-type"),
                b"content" => by_content = charset_in_content(value),
                b"charset" => by_charset = Some(value),
                _ => {}
            }
            seen.push(name);
        }
        Ok(match by_charset {
            Some(label) => from_meta(label),
            None => by_content.filter(|_| pragma).and_then(from_meta),
        })
    }

    /// "Get an attribute"; `None` at the end of the tag.
    fn attribute(&mut self) -> Result<Option<Attribute<'a>>, RanOut> {
        self.skip_to(|byte| !is_space(byte) && byte != b'/')?;
        if self.first()? == b'>' {
            return Ok(None);
        }
        // A `=` in front is a part of the name.
        let mut start = true;
        let name =
            self.take_to(|byte| !std::mem::take(&mut start) && (is_space(byte) || matches!(byte, b'/' | b'>' | b'=')))?;
        let name = name.to_ascii_lowercase();
        self.skip_to(|byte| !is_space(byte))?;
        if self.first()? != b'=' {
            return Ok(Some((name, b"")));
        }
        self.advance(1);
        self.skip_to(|byte| !is_space(byte))?;
        let value = match self.first()? {
            quote @ (b'"' | b'\'') => {
                self.advance(1);
                let value = self.take_to(|byte| byte == quote)?;
                self.advance(1);
                value
            }
            _ => self.take_to(|byte| is_space(byte) || byte == b'>')?,
        };
        Ok(Some((name, value)))
    }

    fn first(&self) -> Result<u8, RanOut> {
        self.rest.first().copied().ok_or(RanOut)
    }

    fn advance(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    fn skip_to(&mut self, wanted: impl FnMut(u8) -> bool) -> Result<(), RanOut> {
        self.take_to(wanted).map(drop)
    }

    fn take_to(&mut self, mut wanted: impl FnMut(u8) -> bool) -> Result<&'a [u8], RanOut> {
        let (taken, rest) = self.rest.split_at(self.rest.iter().position(|byte| wanted(*byte)).ok_or(RanOut)?);
        self.rest = rest;
        Ok(taken)
    }
}

/// "Extracting a character encoding from a meta element", up to the label.
pub(super) fn charset_in_content(content: &[u8]) -> Option<&[u8]> {
    let mut rest = content;
    loop {
        let at = rest.windows(CHARSET.len()).position(|word| word.eq_ignore_ascii_case(CHARSET))?;
        rest = rest.get(at + CHARSET.len()..)?;
        let Some(value) = rest.trim_ascii_start().strip_prefix(b"=") else { continue };
        let value = value.trim_ascii_start();
        return match value.first()? {
            quote @ (b'"' | b'\'') => {
                let value = value.get(1..)?;
                value.get(..value.iter().position(|byte| byte == quote)?)
            }
            _ => value.split(|byte| is_space(*byte) || *byte == b';').next(),
        };
    }
}

/// The encoding that a `<meta>` means: a page that is read as ASCII cannot be in UTF-16.
fn from_meta(label: &[u8]) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label_no_replacement(label)?;
    Some(match encoding.name() {
        "UTF-16LE" | "UTF-16BE" => UTF_8,
        "x-user-defined" => WINDOWS_1252,
        _ => encoding,
    })
}

/// "Get an XML encoding": `<?xml … encoding="…"`.
fn xml_encoding(head: &[u8]) -> Option<&'static Encoding> {
    let declaration = head.strip_prefix(b"<?xml")?;
    let declaration = declaration.get(..declaration.iter().position(|byte| *byte == b'>')?)?;
    let after = declaration.get(memmem::find(declaration, b"encoding")? + b"encoding".len()..)?;
    let after = after.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, label) = after.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
    from_meta(label.get(..label.iter().position(|byte| byte == quote)?)?)
}

/// Guesses by the text and the top-level domain. Unlike in a browser, UTF-8 is a possible guess.
fn detect(body: &[u8], host: &str) -> &'static Encoding {
    const ESCAPE: u8 = 0x1B;
    let start = body.iter().position(|byte| !byte.is_ascii() || *byte == ESCAPE).unwrap_or(body.len());
    let text = body.get(start.saturating_sub(2)..).unwrap_or_default();
    if start < body.len() && !text.contains(&ESCAPE) && is_mostly_utf8(text) {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    // The detector runs 27 decoders at once, so that a sample has to do.
    detector.feed(text.get(..SAMPLE).unwrap_or(text), text.len() <= SAMPLE);
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let top = name.rsplit('.').next().unwrap_or_default().as_bytes();
    let is_domain = top.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    detector.guess(is_domain.then_some(top), Utf8Detection::Allow)
}

/// Whether a text is UTF-8, but for a few bytes that are not: a name that was cut, a line of another file. By chance, in
/// another encoding, few bytes happen to continue a character of UTF-8, and more of them are errors.
fn is_mostly_utf8(text: &[u8]) -> bool {
    if std::str::from_utf8(text).is_ok() {
        return true;
    }
    let (mut continued, mut errors) = (0_usize, 0_usize);
    for chunk in text.get(..SAMPLE).unwrap_or(text).utf8_chunks() {
        continued += chunk.valid().bytes().filter(|byte| matches!(byte, 0x80..=0xBF)).count();
        errors += usize::from(!chunk.invalid().is_empty());
    }
    continued > 2 * errors
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0C | b'\r' | b' ')
}

/// How many bytes are searched for a `<meta>` before parsing starts.
const PRESCAN: usize = 1024;
/// How many bytes, from the first that is not ASCII, the detector sees.
const SAMPLE: usize = 64 << 10;
const CHARSET: &[u8] = b"charset";

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &[u8], label: Option<&str>) -> &'static str {
        Charset::of(body, label, "example.com").encoding.name()
    }

    #[test]
    fn a_byte_order_mark_wins_over_the_header_and_the_header_over_meta() {
        let header = Some("koi8-r");
        assert_eq!(of(b"\xEF\xBB\xBF<meta charset=big5>", header), "UTF-8");
        assert_eq!(of(b"\xFE\xFF\0a", header), "UTF-16BE");
        assert_eq!(of(b"<meta charset=big5>", header), "KOI8-R");
        assert_eq!(of(b"<meta charset=big5>", None), "Big5");
    }

    #[test]
    fn a_label_that_stands_for_no_encoding_is_none() {
        let page = b"<meta charset=big5>";
        for label in ["none", "", "iso-2022-kr", "utf\u{FFFD}8"] {
            assert_eq!(of(page, Some(label)), "Big5", "{label}");
        }
        assert_eq!(of(page, Some(" Latin1 ")), "windows-1252");
    }

    #[test]
    fn the_prescan_reads_tags_as_browsers_do() {
        let check = |head: &str, expected: Option<&str>| {
            assert_eq!(prescan(head.as_bytes()).map(Encoding::name), expected, "{head}");
        };
        check("<META CharSet='windows-1251'>", Some("windows-1251"));
        check("<meta/charset=big5>", Some("Big5"));
        check("<meta http-equiv=Content-Type content='text/html; charset=\"big5\"'>", Some("Big5"));
        check("<meta content='text/html; charset=big5'>", None);
        check("<!-- <meta charset=big5> --><meta charset=euc-kr>", Some("EUC-KR"));
        check("<!--><meta charset=big5>", Some("Big5"));
        check("<p title='<meta charset=big5>'><meta charset=euc-kr>", Some("EUC-KR"));
        check("<? > <meta charset=big5>", Some("Big5"));
        check("<meta charset=no-such><meta charset=big5>", Some("Big5"));
        check("<meta charset=utf-16le>", Some("UTF-8"));
        check("<meta charset=x-user-defined>", Some("windows-1252"));
        check("<meta charset=big5 charset=euc-kr>", Some("Big5"));
        check("<meta charset=big5", None);
        check("<metal charset=big5>", None);
        check("<?xml version='1.0' encoding='koi8-r'?><html>", Some("KOI8-R"));
        check("<\0?\0x\0", Some("UTF-16LE"));
    }

    #[test]
    fn what_nothing_declares_is_detected() {
        assert_eq!(of("Grüße".as_bytes(), None), "UTF-8");
        let russian = encoding_rs::WINDOWS_1251.encode("Привет, как дела? Всё хорошо.").0.into_owned();
        assert_eq!(of(&russian, None), "windows-1251");
        assert_eq!(Charset::of(&russian, None, "example.com:8080").encoding.name(), "windows-1251");
        assert_eq!(Charset::of(b"\xFF", None, "[::1]").encoding.name(), "windows-1252");
    }

    #[test]
    fn in_xml_only_its_declaration_counts() {
        let check = |body: &[u8], content_type: Option<&str>, expected: &str| {
            let charset = Charset::of_xml(body, content_type, "example.com");
            assert_eq!(charset.encoding.name(), expected, "{} {content_type:?}", String::from_utf8_lossy(body));
        };
        let declared = b"<?xml version='1.0' encoding='koi8-r'?><meta charset='big5'/>";
        check(declared, None, "KOI8-R");
        check(declared, Some("euc-kr"), "EUC-KR");
        check(b"\xEF\xBB\xBF<?xml version='1.0' encoding='koi8-r'?>", None, "UTF-8");
        check(b"<meta charset='big5'/>", None, "UTF-8");
        check(b"<?xml version='1.0' encoding='utf-16'?>", None, "UTF-8");
        check(b"<\0?\0x\0m\0l\0", None, "UTF-16LE");
        check(b"<meta charset='koi8-r'/>\xC1", None, "KOI8-R");
    }

    #[test]
    fn a_few_bad_bytes_do_not_make_utf_8_something_else() {
        for text in ["Grüße, Größe, Äpfel und Öl", "日本語のページ", "Привет", "한국어", "😀😀", "ąęłż"]
        {
            for bad in [&b"\xFF"[..], b"\xE4", b"\xC3", b"\x80", b"\xF0\x9F\x98"] {
                for at in text.char_indices().map(|(at, _)| at).chain([text.len()]) {
                    let (before, after) = text.split_at(at);
                    let body = [b"<title>", before.as_bytes(), bad, after.as_bytes(), b"</title>"].concat();
                    assert_eq!(of(&body, None), "UTF-8", "{before} {bad:x?} {after}");
                }
            }
        }
        let long = [b"<p>", "für und wider ".repeat(20_000).as_bytes(), b"\xFC"].concat();
        assert_eq!(of(&long, None), "UTF-8");
    }

    #[test]
    fn other_encodings_are_not_taken_for_utf_8_with_bad_bytes() {
        let check = |encoding: &'static Encoding, text: &str| {
            let (body, _, has_unmappable) = encoding.encode(text);
            assert!(!has_unmappable && !is_mostly_utf8(&body), "{}: {text}", encoding.name());
        };
        check(encoding_rs::WINDOWS_1252, "Grüße, Größe, Äpfel und Öl; Ã¼ber Â© 2020");
        check(encoding_rs::WINDOWS_1251, "Привет, как дела? «Всё» хорошо – ё");
        check(encoding_rs::KOI8_R, "Привет, как дела? Всё хорошо");
        check(encoding_rs::EUC_KR, "한국어 페이지입니다. 안녕하세요, 세계의 모든 사람들");
        check(encoding_rs::EUC_JP, "日本語のページです。漢字とかなとカタカナ");
        check(encoding_rs::SHIFT_JIS, "日本語のページです。漢字とかなとカタカナ");
        check(encoding_rs::GBK, "中文网页,欢迎光临我们的网站。联系我们,关于我们,版权所有");
        check(encoding_rs::BIG5, "中文網頁,歡迎光臨我們的網站。聯絡我們,關於我們,版權所有");
        check(encoding_rs::WINDOWS_1253, "Ελληνική σελίδα, καλώς ήρθατε");
        check(encoding_rs::WINDOWS_1256, "صفحة عربية مرحبا بكم في موقعنا");
    }

    #[test]
    fn only_a_guess_is_corrected() {
        let guess = Charset::of(b"plain", None, "example.com");
        assert_eq!(guess.corrected("big5").map(|charset| charset.encoding.name()), Some("Big5"));
        assert_eq!(guess.corrected("no-such"), None);
        assert_eq!(Charset::of(b"plain", Some("koi8-r"), "example.com").corrected("big5"), None);
    }
}
