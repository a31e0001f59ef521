//! The margin of lines: the mark of each entry that is open, in front of its first line, and what stands there below.

/// The entries and quotes that are open.
#[derive(Debug, Default)]
pub(super) struct Margin {
    open: Vec<Entry>,
    /// How many are open that lie too deep to have a mark.
    deeper: usize,
}

#[derive(Debug)]
struct Entry {
    mark: String,
    /// What stands in front of its other lines.
    below: String,
    is_written: bool,
}

impl Margin {
    /// An entry whose other lines are set in.
    pub(super) fn open_entry(&mut self, mark: String) {
        let below = " ".repeat(mark.len());
        self.open(mark, below);
    }

    /// Something that has the same in front of each line.
    pub(super) fn open_quote(&mut self, mark: &str) {
        self.open(mark.to_owned(), mark.to_owned());
    }

    fn open(&mut self, mark: String, below: String) {
        if self.open.len() >= MAX_MARKS {
            self.deeper += 1;
        } else {
            self.open.push(Entry { mark, below, is_written: false });
        }
    }

    pub(super) fn close(&mut self) {
        match self.deeper.checked_sub(1) {
            Some(deeper) => self.deeper = deeper,
            None => drop(self.open.pop()),
        }
    }

    /// Whether nothing stands in the innermost entry so far.
    pub(super) fn is_pending(&self) -> bool {
        self.open.last().is_some_and(|entry| !entry.is_written)
    }

    /// Whether the innermost is an entry.
    pub(super) fn is_in_entry(&self) -> bool {
        self.open.last().is_some_and(|entry| entry.below.trim().is_empty())
    }

    /// Writes what stands at the beginning of a line.
    pub(super) fn begin_line(&mut self, text: &mut String) {
        for entry in &mut self.open {
            text.push_str(if entry.is_written { &entry.below } else { &entry.mark });
            entry.is_written = true;
        }
    }

    /// Writes what stands in a line that is empty: there, entries that have not begun do not begin.
    pub(super) fn empty_line(&self, text: &mut String) {
        let start = text.len();
        self.open.iter().take_while(|entry| entry.is_written).for_each(|entry| text.push_str(&entry.below));
        text.truncate(start + text.get(start..).unwrap_or_default().trim_end().len());
    }
}

/// How deep entries are marked and set in.
const MAX_MARKS: usize = 32;
