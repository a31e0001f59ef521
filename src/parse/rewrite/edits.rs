//! Edits of a text: all but them stays as it is, byte for byte.

use std::ops::Range;

/// What is to stand in places of a text, in their order.
#[derive(Debug, Default)]
pub(super) struct Edits {
    edits: Vec<(Range<usize>, String)>,
}

impl Edits {
    /// Puts something else into a place, which is behind all before.
    pub(super) fn put(&mut self, at: Range<usize>, text: String) {
        self.edits.push((at, text));
    }

    /// The text with them; `None` when there are none.
    pub(super) fn apply(self, text: &str) -> Option<String> {
        if self.edits.is_empty() {
            return None;
        }
        let (mut new, mut done) = (String::with_capacity(text.len() + text.len() / 4), 0);
        for (at, put) in self.edits {
            // What lies in another one was done with it.
            let Some(between) = text.get(done..at.start) else { continue };
            new.push_str(between);
            new.push_str(&put);
            done = at.end;
        }
        new.push_str(text.get(done..).unwrap_or_default());
        Some(new)
    }
}
