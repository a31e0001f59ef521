//! The tree of one page for all who read it: built when it is first asked for, and once.

use std::cell::OnceCell;

use super::{Bounds, Document};

/// The text of a page, and its tree.
#[derive(Debug)]
pub(crate) struct PageTree<'a> {
    text: &'a str,
    document: OnceCell<Document>,
}

impl<'a> PageTree<'a> {
    /// A page of which nobody has asked for the tree so far.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, document: OnceCell::new() }
    }

    /// The text that it is built of.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// The tree.
    pub(crate) fn document(&self) -> &Document {
        self.document.get_or_init(|| Document::parse(self.text, Bounds::default()))
    }
}
