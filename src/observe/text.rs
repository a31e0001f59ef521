//! Numbers and untrusted text, made fit for a terminal.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// A number with thousands separators.
pub fn count(n: u64) -> impl fmt::Display {
    indicatif::HumanCount(n)
}

/// A number with thousands separators, and what it counts.
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// A number of bytes with a binary unit.
pub fn bytes(n: u64) -> impl fmt::Display {
    indicatif::BinaryBytes(n)
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
pub(super) fn printable_lines(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| c != '\n' && (c.is_control() || is_format(c))) {
        text.split('\n').map(printable).collect::<Vec<_>>().join("\n").into()
    } else {
        text.into()
    }
}

/// Characters that reorder the text around them: a known way to disguise what a line says (CVE-2021-42574).
fn is_format(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
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
    fn no_control_character_gets_through() {
        assert_eq!(printable("a\x1b[2Jb\u{202E}c\r\n"), "a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}\u{FFFD}");
        assert_eq!(printable_lines("a\x07\nb"), "a\u{FFFD}\nb");
        assert!(matches!(printable_lines("plain\ntext"), Cow::Borrowed(_)));
    }
}
