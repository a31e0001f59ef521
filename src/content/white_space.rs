//! White space, and characters that nobody sees.

/// Whether a character stands between words. The one that only keeps two words on one line is none to a reader.
pub(super) fn is_white(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{a0}'
}

/// The pieces of a word that are seen: without soft hyphens and marks of no width.
pub(super) fn visible(word: &str) -> impl Iterator<Item = &str> {
    // Most words are ASCII: one piece, and nothing is looked for.
    let is_unseen: fn(char) -> bool =
        if word.is_ascii() { |_| false } else { |c| matches!(c, '\u{ad}' | '\u{200b}' | '\u{feff}') };
    word.split(is_unseen)
}
