//! The marks of lists: what stands in front of each entry, and of the lines below its first one.

use scraper::ElementRef;

use super::kind::Numbered;

/// The lists that are open, and the entries of them.
#[derive(Debug, Default)]
pub(super) struct Markers {
    lists: Vec<List>,
    items: Vec<Item>,
    /// How many entries are open that lie too deep to be marked.
    deeper: usize,
}

#[derive(Debug)]
struct List {
    /// The number of the next entry.
    next: Option<i64>,
    is_first: bool,
}

#[derive(Debug)]
struct Item {
    mark: String,
    is_written: bool,
}

impl Markers {
    pub(super) fn open_list(&mut self, list: ElementRef<'_>, numbered: Numbered) {
        let start = list.value().attr("start").and_then(|start| start.trim().parse().ok()).unwrap_or(1);
        self.lists.push(List { next: (numbered == Numbered::Yes).then_some(start), is_first: true });
    }

    pub(super) fn close_list(&mut self) {
        self.lists.pop();
    }

    /// Whether no entry of the list has begun.
    pub(super) fn is_first(&self) -> bool {
        self.lists.last().is_none_or(|list| list.is_first)
    }

    pub(super) fn open_item(&mut self, item: ElementRef<'_>) {
        let mut mark = "- ".to_owned();
        if let Some(list) = self.lists.last_mut() {
            list.is_first = false;
            if let Some(next) = &mut list.next {
                let own = item.value().attr("value").and_then(|value| value.trim().parse().ok());
                let number = own.unwrap_or(*next);
                *next = number.saturating_add(1);
                mark = format!("{number}. ");
            }
        }
        self.open(mark);
    }

    /// A description is set in below its term.
    pub(super) fn open_description(&mut self) {
        self.open("  ".to_owned());
    }

    fn open(&mut self, mark: String) {
        if self.items.len() >= MAX_MARKS {
            self.deeper += 1;
        } else {
            self.items.push(Item { mark, is_written: false });
        }
    }

    pub(super) fn close_item(&mut self) {
        match self.deeper.checked_sub(1) {
            Some(deeper) => self.deeper = deeper,
            None => drop(self.items.pop()),
        }
    }

    /// Whether the mark of the entry has not been written so far: nothing stands in it.
    pub(super) fn is_pending(&self) -> bool {
        self.items.last().is_some_and(|item| !item.is_written)
    }

    /// Writes what stands at the beginning of a line.
    pub(super) fn begin_line(&mut self, text: &mut String) {
        for item in &mut self.items {
            if item.is_written {
                text.extend(std::iter::repeat_n(' ', item.mark.len()));
            } else {
                text.push_str(&item.mark);
                item.is_written = true;
            }
        }
    }
}

/// How deep entries are marked and set in.
const MAX_MARKS: usize = 32;
