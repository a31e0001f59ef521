//! The lines of blocks: each with its margin, and what stands between two.

use crate::content::margin::Margin;

/// Blocks that are written.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
    margin: Margin,
    gap: Gap,
}

/// What stands between two blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Gap {
    /// Nothing: there is no block so far.
    #[default]
    None,
    Line,
    /// An empty line.
    Empty,
}

impl Lines {
    /// Writes a block, which may have several lines.
    pub(super) fn block(&mut self, block: &str) {
        if self.gap != Gap::None {
            self.text.push('\n');
        }
        if self.gap == Gap::Empty {
            self.margin.empty_line(&mut self.text);
            self.text.push('\n');
        }
        for (nth, line) in block.split('\n').enumerate() {
            if nth > 0 {
                self.text.push('\n');
            }
            if line.is_empty() && nth > 0 {
                self.margin.empty_line(&mut self.text);
            } else {
                self.margin.begin_line(&mut self.text);
                self.text.push_str(line);
            }
        }
        self.gap = Gap::Empty;
    }

    /// The next block follows the last one without an empty line.
    pub(super) fn tighten(&mut self) {
        if self.gap == Gap::Empty {
            self.gap = Gap::Line;
        }
    }

    pub(super) fn margin(&mut self) -> &mut Margin {
        &mut self.margin
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// All of it, up to so many bytes, and whether something is cut off.
    pub(super) fn finish(mut self, most: usize) -> (String, bool) {
        let cut = self.text.len() > most;
        if cut {
            let kept = self.text.get(..self.text.floor_char_boundary(most)).unwrap_or_default();
            let end = kept.rfind('\n').or_else(|| kept.rfind(' ')).unwrap_or(0);
            self.text.truncate(end);
        }
        (self.text, cut)
    }
}
