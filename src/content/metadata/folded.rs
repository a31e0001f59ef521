//! Values of metadata: short texts in one line.

/// A text with its white space folded, cut where it is too long; `None` when it is empty.
pub(super) fn folded(text: &str) -> Option<String> {
    let mut folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    folded.truncate(folded.floor_char_boundary(LONGEST));
    (!folded.is_empty()).then_some(folded)
}

/// How long a value may be, in bytes.
pub(super) const LONGEST: usize = 1000;
