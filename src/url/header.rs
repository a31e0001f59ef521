//! The text of a header value that names a URL.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A header value as text. Its bytes are opaque (RFC 9110, section 5.5): what is not UTF-8 stands for itself in the URL
/// that the value names, so it is percent-encoded. Replaced by U+FFFD it would name another one.
pub fn header_text(value: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(value) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(value.len() + 16);
    for chunk in value.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            write!(text, "%{byte:02X}").expect("a String takes all that is written to it");
        }
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_that_is_not_utf8_is_escaped() {
        for (value, text) in [
            (&b"/plain?a=b"[..], "/plain?a=b"),
            ("/caf\u{e9}".as_bytes(), "/caf\u{e9}"),
            (b"/caf\xe9", "/caf%E9"),
            (b"/q?name=jos\xe9&b", "/q?name=jos%E9&b"),
            // GBK, Shift_JIS, and a mixture.
            (b"/\xd6\xd0\xce\xc4", "/%D6%D0%CE%C4"),
            (b"/\x93\xfa\x96{", "/%93%FA%96{"),
            (b"/\xc3\xa9\xe9", "/\u{e9}%E9"),
            (b"/\xe4\xb8", "/%E4%B8"),
        ] {
            assert_eq!(header_text(value), text);
        }
    }
}
