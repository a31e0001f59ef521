//! Content: from the tree of a page to what a person reads of it.
//!
//! One [walk](walk::walk) over the tree, without a recursion, tells its elements and texts to whoever writes something of
//! them. Whatever the page is, something comes of it, in time and memory that grow with the page and nothing else.

mod article;
mod fingerprint;
mod grids;
mod kind;
mod language;
mod lists;
mod main_part;
mod margin;
mod markdown;
mod metadata;
mod options;
mod outline;
mod part;
mod text;
mod unseen;
mod walk;
mod white_space;

pub use options::{Main, Options};

use encoding_rs::Encoding;

use crate::readable::Readable;
use crate::tree::{PageTree, References};
use crate::url::{CrawlUrl, UrlRules};
use grids::Grids;

/// Gives the texts of pages. One serves the whole crawl, and cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    options: Options,
    url_rules: UrlRules,
}

impl Reader {
    /// `None` when nothing is asked for: then no tree is built for it.
    pub(crate) fn new(options: Options, url_rules: UrlRules) -> Option<Self> {
        (options.text || options.markdown).then_some(Self { options, url_rules })
    }

    /// What a person reads of the page at `url`, whose references have their queries in `encoding`. `None` when it has no
    /// body.
    pub(crate) fn read(
        &self,
        url: &CrawlUrl,
        tree: &PageTree<'_>,
        encoding: &'static Encoding,
    ) -> Option<Box<Readable>> {
        let document = tree.document();
        let (main, part) = main_part::of(document, self.options.main)?;
        let most = usize::try_from(self.options.max_size).unwrap_or(usize::MAX);
        let mut readable = Readable::new(main);
        let grids = Grids::of(&part);
        let references = References::new(url, &self.url_rules, encoding);
        let absolute = |reference: &str| references.absolute(reference, Some(document));
        // What is known of a page comes of its text, whichever form of it is asked for.
        let (text, is_cut) = text::of(&part, &grids, most);
        readable.language = language::of(document.html.root_element().value().attr("lang"), &text);
        readable.text_hash = fingerprint::hash_of(&text);
        readable.simhash = fingerprint::simhash(&text);
        if self.options.text {
            readable.text = Some(text);
            readable.cut |= is_cut;
        }
        if self.options.markdown {
            let (markdown, is_cut) = markdown::of(&part, &grids, &absolute, most);
            readable.markdown = Some(markdown);
            readable.cut |= is_cut;
        }
        metadata::of(document, absolute).put_into(&mut readable);
        Some(Box::new(readable))
    }
}

#[cfg(test)]
mod tests;
