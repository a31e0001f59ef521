//! Content: from the tree of a page to what a person reads of it.
//!
//! One [walk](walk::walk) over the tree, without a recursion, tells its elements and texts to whoever writes something of
//! them. Whatever the page is, something comes of it, in time and memory that grow with the page and nothing else.

mod grids;
mod kind;
mod marker;
mod options;
mod outline;
mod text;
mod unseen;
mod walk;
mod white_space;

pub use options::Options;

use crate::readable::{MainPart, Readable};
use crate::tree::PageTree;
use grids::Grids;

/// Gives the texts of pages. One serves the whole crawl, and cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    options: Options,
}

impl Reader {
    /// `None` when nothing is asked for: then no tree is built for it.
    pub(crate) fn new(options: Options) -> Option<Self> {
        options.text.then_some(Self { options })
    }

    /// What a person reads of a page. `None` when it has no body.
    pub(crate) fn read(&self, tree: &PageTree<'_>) -> Option<Box<Readable>> {
        let body = outline::body(tree.document())?;
        let most = usize::try_from(self.options.max_size).unwrap_or(usize::MAX);
        let mut readable = Readable::new(MainPart::Body);
        if self.options.text {
            let (text, cut) = text::of(body, &Grids::of(body), most);
            readable.text = Some(text);
            readable.cut |= cut;
        }
        Some(Box::new(readable))
    }
}
