//! Numbers and untrusted text, made fit for a terminal.

#[cfg(feature = "cli")]
use std::borrow::Cow;
use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

/// A number with thousands separators.
pub fn count(n: u64) -> impl fmt::Display {
    let digits = n.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A number with thousands separators, and what it counts.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// A number of bytes with a binary unit.
pub fn bytes(n: u64) -> impl fmt::Display {
    format!("{:.2}", bytesize::ByteSize::b(n).display().iec())
}

/// A duration, short: `21ms`, `4.2s`, `1m 23s`, `2h 5m`.
pub fn elapsed(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{}ms", time.as_millis()),
        1..10 => format!("{seconds}.{}s", time.subsec_millis() / 100),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Text with every control character replaced, so that no page, header or URL can move the cursor, change colours or
/// forge lines.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_format(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Like [`printable`], but keeps line feeds and copies only when it has to.
#[cfg(feature = "cli")]
pub(super) fn printable_lines(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| c != '\n' && (c.is_control() || is_format(c))) {
        text.split('\n').map(printable).collect::<Vec<_>>().join("\n").into()
    } else {
        text.into()
    }
}

/// Text in a page or in XML 1.0, as itself and nothing else: also where a value stands in quotes. What [`printable`] replaces
/// is replaced here too, and white space is a space.
pub(crate) fn in_markup(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            // The last two may not stand in XML at all.
            c if c.is_control() || is_format(c) || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {
                escaped.push(char::REPLACEMENT_CHARACTER);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// JSON with the characters that [`printable`] replaces as escapes, so that it says the same and turns no text that a person
/// sees.
pub(crate) fn in_json(json: String) -> String {
    let is_plain = |c: char| c == '\n' || !(c.is_control() || is_format(c));
    if json.chars().all(is_plain) {
        return json;
    }
    // Beyond ASCII there are texts alone, and all of these have four digits.
    let mut escaped = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        if is_plain(c) {
            escaped.push(c);
        } else {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        }
    }
    escaped
}

/// Characters that end a line where none is seen, or reorder the text around them: a known way to disguise what a line says (CVE-2021-42574).
fn is_format(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let check = |millis, expected: &str| assert_eq!(elapsed(Duration::from_millis(millis)), expected);
        check(21, "21ms");
        check(4_250, "4.2s");
        check(59_900, "59s");
        check(83_250, "1m 23s");
        check(7_500_000, "2h 5m");
    }

    #[test]
    fn numbers_have_separators_and_bytes_a_unit() {
        let numbers = [0, 12, 999, 1_000, 12_345, 1_234_567].map(|n| count(n).to_string());
        assert_eq!(numbers, ["0", "12", "999", "1,000", "12,345", "1,234,567"]);
        let sizes = [0, 1, 1023, 1024, 4_813, 3 << 20].map(|n| bytes(n).to_string());
        assert_eq!(sizes, ["0 B", "1 B", "1023 B", "1.00 KiB", "4.70 KiB", "3.00 MiB"]);
    }

    #[test]
    fn no_control_character_gets_through() {
        assert_eq!(printable("a\x1b[2Jb\u{202E}c\r\n"), "a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}\u{FFFD}");
    }

    #[test]
    fn no_text_gets_out_of_its_place_in_markup() {
        let text = "</a><script>\"'&\u{1b}\u{202E}\u{FFFF}\u{85}a\nb";
        let escaped = "&lt;/a&gt;&lt;script&gt;&quot;&#39;&amp;\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}a b";
        assert_eq!(in_markup(text), escaped);
    }

    #[test]
    fn json_says_the_same_and_turns_nothing() {
        let value = serde_json::json!({ "a": "x\u{202E}y\u{9b}\u{7f}z\u{1b}", "ü": ["\u{2066}"] });
        let json = in_json(serde_json::to_string_pretty(&value).unwrap());
        assert!(json.contains(r"x\u202ey\u009b\u007fz\u001b") && !json.contains('\u{2066}'), "{json}");
        assert!(json.contains("ü") && json.contains('\n'), "{json}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), value);
    }

    #[cfg(feature = "cli")]
    #[test]
    fn lines_are_kept_and_copied_only_when_they_have_to_be() {
        assert_eq!(printable_lines("a\x07\nb"), "a\u{FFFD}\nb");
        assert!(matches!(printable_lines("plain\ntext"), Cow::Borrowed(_)));
    }
}
