//! The lists that are open, and the mark of the next entry of each.

use scraper::ElementRef;

use super::kind::Numbered;

/// The lists that are open.
#[derive(Debug, Default)]
pub(super) struct Lists(Vec<List>);

#[derive(Debug)]
struct List {
    /// The number of the next entry.
    next: Option<i64>,
    /// What stands behind a number, or alone.
    sign: char,
    is_first: bool,
}

impl Lists {
    /// A list begins; `sign` stands behind its numbers, or in front of its entries.
    pub(super) fn open(&mut self, list: ElementRef<'_>, numbered: Numbered, sign: char) {
        let start =
            list.value().attr("start").and_then(|start| start.trim().parse().ok()).unwrap_or(1).clamp(0, MAX_NUMBER);
        self.0.push(List { next: (numbered == Numbered::Yes).then_some(start), sign, is_first: true });
    }

    /// A list ends; its sign.
    pub(super) fn close(&mut self) -> Option<char> {
        self.0.pop().map(|list| list.sign)
    }

    /// Whether the list that begins may do so in the middle of a paragraph.
    pub(super) fn may_interrupt(&self) -> bool {
        self.0.last().is_some_and(|list| list.next.is_none_or(|next| next == 1))
    }

    /// Whether no entry of the list has begun.
    pub(super) fn is_first(&self) -> bool {
        self.0.last().is_none_or(|list| list.is_first)
    }

    /// The mark of the entry that begins.
    pub(super) fn mark(&mut self, item: ElementRef<'_>) -> String {
        let Some(list) = self.0.last_mut() else { return "- ".to_owned() };
        list.is_first = false;
        let Some(next) = &mut list.next else { return format!("{} ", list.sign) };
        let own = item.value().attr("value").and_then(|value| value.trim().parse().ok());
        let number = own.unwrap_or(*next).clamp(0, MAX_NUMBER);
        *next = number + 1;
        format!("{number}{} ", list.sign)
    }
}

/// The greatest number that Markdown takes for one.
const MAX_NUMBER: i64 = 999_999_999;
