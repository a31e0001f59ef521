//! From the text of a page to its tree, in time that grows with the length of the text and nothing else.
//!
//! The links of a page come from a scan (`parse`), without a tree. A tree is built of the pages that rules of extraction
//! are for, or whose text is asked for; tests and the fuzz target compare the scan with it.
//!
//! The tree is scraper's, built by html5ever. A [`Guard`] bounds what the tree builder does; here the attributes of a
//! tag are bounded, because the tokenizer compares each new one with all before it.

pub(crate) mod embedded;
mod growing;
mod guard;
mod page_tree;
mod references;
mod tag_scan;

use std::ops::Deref;

use html5ever::TokenizerResult;
use html5ever::buffer_queue::BufferQueue;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Tokenizer, TokenizerOpts};
use memchr::memchr_iter;
use scraper::{ElementRef, Html, Node};

use guard::Guard;
use tag_scan::{Stop, TagScan};

pub(crate) use growing::NodeId;
pub(crate) use guard::Bounds;
pub(crate) use page_tree::PageTree;
pub(crate) use references::References;

/// A node of the tree.
pub(crate) type NodeRef<'a> = <ElementRef<'a> as Deref>::Target;

/// A parsed page.
#[derive(Debug)]
pub struct Document {
    pub(crate) html: Html,
    charset_labels: Vec<String>,
}

impl Document {
    /// Parses a page.
    pub fn parse(text: &str, bounds: Bounds) -> Self {
        let text = text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default();
        let mut feeder = Feeder {
            tokenizer: Tokenizer::new(Guard::new(bounds), TokenizerOpts::default()),
            queue: BufferQueue::default(),
            tendril: StrTendril::from_slice(text),
            fed: 0,
            max_attributes: bounds.attributes,
            charset_labels: Vec::new(),
        };
        feeder.feed_all(text.as_bytes());
        feeder.tokenizer.end();
        Self { html: feeder.tokenizer.sink.finish(), charset_labels: feeder.charset_labels }
    }

    /// The labels that `<meta>` elements give for the charset, in their order.
    pub fn charset_labels(&self) -> &[String] {
        &self.charset_labels
    }

    /// The elements in document order, without what is inside of `<template>`: that is not in the page until a script
    /// puts it there.
    pub(crate) fn elements(&self) -> impl Iterator<Item = ElementRef<'_>> {
        below(self.html.tree.root())
    }
}

/// The elements below a node in document order, without what is inside of `<template>`.
pub(crate) fn below(root: NodeRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    std::iter::successors(root.first_child(), move |node| {
        let child = node.first_child().filter(|_| !matches!(node.value(), Node::Fragment));
        child.or_else(|| after(*node, root))
    })
    .filter_map(ElementRef::wrap)
}

/// The node after this one and all that is in it, still inside of `root`.
fn after<'a>(node: NodeRef<'a>, root: NodeRef<'a>) -> Option<NodeRef<'a>> {
    let mut inside = std::iter::once(node).chain(node.ancestors()).take_while(|node| *node != root);
    inside.find_map(|node| node.next_sibling())
}

/// Feeds a text to the tokenizer, and leaves out what is too much of a tag.
///
/// Whether a `<` starts a tag only the tokenizer knows: it may be in a script, a comment, an attribute. It does not
/// tell, but it makes a token for everything except what it is still inside of. So where a tag seems to go past the
/// next `<`, or has too many attributes, the text is fed up to there to see whether there really is a tag.
struct Feeder {
    tokenizer: Tokenizer<Guard>,
    queue: BufferQueue,
    /// The text, in the form that pieces of it can be fed in without a copy.
    tendril: StrTendril,
    /// How much of it the tokenizer has, or never gets.
    fed: usize,
    max_attributes: usize,
    charset_labels: Vec<String>,
}

/// What the tokenizer is inside of where a piece of markup begins.
#[derive(Clone, Copy)]
enum Inside {
    /// Text, or a script: what it reads becomes tokens at once.
    Text,
    Tag(TagScan),
    /// A comment, a doctype.
    Other,
}

impl Feeder {
    fn feed_all(&mut self, text: &[u8]) {
        let mut inside = Inside::Text;
        let mut at = next_markup(text, 0);
        while at < text.len() {
            let end = next_markup(text, at + 1);
            inside = self.feed_piece(text, inside, at, end);
            at = if self.fed > end { next_markup(text, self.fed) } else { end };
        }
        self.feed_to(text.len());
    }

    /// Feeds the text from one `<` to the next, or leaves it to be fed with what follows.
    fn feed_piece(&mut self, text: &[u8], inside: Inside, at: usize, end: usize) -> Inside {
        let piece = text.get(at..end).unwrap_or_default();
        let (mut scan, skip) = match inside {
            Inside::Tag(scan) => (scan, 0),
            Inside::Text if let Some(skip) = tag_name(piece) => (TagScan::new(), skip),
            Inside::Text | Inside::Other => {
                return if self.is_silent(inside, at, end) { Inside::Other } else { Inside::Text };
            }
        };
        match scan.read(piece.get(skip..).unwrap_or_default(), self.max_attributes) {
            Stop::Inside if self.is_silent(inside, at, end) => Inside::Tag(scan),
            Stop::Excess(excess) if self.is_silent(inside, at, at + skip + excess) => {
                self.fed = match scan.read(text.get(self.fed..).unwrap_or_default(), usize::MAX) {
                    Stop::End(length) => self.fed + length,
                    Stop::Inside | Stop::Excess(_) => text.len(),
                };
                Inside::Text
            }
            // A whole tag, or no tag at all.
            Stop::Inside | Stop::Excess(_) | Stop::End(_) => Inside::Text,
        }
    }

    /// Feeds up to `end` and tells whether the tokenizer is still inside of the tag or comment there that it is
    /// `inside` of, or else of the one that seems to begin at `at`.
    fn is_silent(&mut self, inside: Inside, at: usize, end: usize) -> bool {
        if matches!(inside, Inside::Text) {
            // What was pending before becomes tokens with the `<`.
            self.feed_to(at + 1);
        }
        self.tokenizer.sink.take_emitted();
        self.feed_to(end);
        !self.tokenizer.sink.take_emitted()
    }

    fn feed_to(&mut self, end: usize) {
        let Some(length) = end.checked_sub(self.fed).filter(|length| *length > 0) else { return };
        let [start, length] = [self.fed, length].map(|n| u32::try_from(n).expect("the text is at most MAX_TEXT long"));
        self.queue.push_back(self.tendril.subtendril(start, length));
        self.fed = end;
        loop {
            match self.tokenizer.feed(&self.queue) {
                TokenizerResult::Done => break,
                TokenizerResult::Script(_) => {}
                TokenizerResult::EncodingIndicator(label) => {
                    if self.charset_labels.len() < MAX_LABELS {
                        self.charset_labels.push(label.to_string());
                    }
                }
            }
        }
    }
}

/// The next `<` that may begin something that is not text, or the end. `</>` is nothing at all.
fn next_markup(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    memchr_iter(b'<', rest)
        .find(|at| match rest.get(at + 1..) {
            Some([b'/', after, ..]) => *after != b'>',
            Some([first, ..]) => first.is_ascii_alphabetic() || matches!(first, b'!' | b'?' | b'/'),
            _ => false,
        })
        .map_or(text.len(), |at| from + at)
}

/// Where the name begins, of a start tag or an end tag.
fn tag_name(piece: &[u8]) -> Option<usize> {
    match piece {
        [_, b'/', first, ..] if first.is_ascii_alphabetic() => Some(2),
        [_, first, ..] if first.is_ascii_alphabetic() => Some(1),
        _ => None,
    }
}

/// html5ever's strings hold less than 4 GiB.
const MAX_TEXT: usize = 1 << 30;
const MAX_LABELS: usize = 16;
