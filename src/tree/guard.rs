//! What stands between the tokenizer and the tree builder: html5ever's tree builder takes time that grows with the
//! square of the nesting, and a few kilobytes of badly nested formatting can make it build millions of elements.
//!
//! The guard leaves out start tags that would cost too much, together with their end tags. It never leaves out tags
//! that bear links, nor those whose content is not markup: left without `<script>`, its text would become a page.

use std::cell::{Cell, RefCell};

use html5ever::interface::{Tracer, TreeSink};
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use html5ever::{LocalName, local_name};
use scraper::Html;

use super::growing::{GrowingTree, NodeId, is_formatting};

/// How much of a page becomes a tree.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// How deep elements may nest.
    pub nesting: usize,
    /// How many attributes one tag may have.
    pub attributes: usize,
    /// How many nodes there may be; what is more is text and links only.
    pub nodes: usize,
}

/// Those of the parser, and as many nodes as a page of 8 MiB may have.
impl Default for Bounds {
    fn default() -> Self {
        Self { nesting: 512, attributes: 512, nodes: 1_000_000 }
    }
}

/// Passes tokens on to the tree builder as long as the tree stays within bounds.
pub(super) struct Guard {
    builder: TreeBuilder<NodeId, GrowingTree>,
    bounds: Bounds,
    emitted: Cell<bool>,
    state: RefCell<StackState>,
}

/// What the guard knows of the tree builder's stack of open elements and its list of active formatting elements.
#[derive(Debug, Default)]
struct StackState {
    open: Measure,
    formatting: Measure,
    /// Formatting elements that were asked for, each with its attributes.
    asked: usize,
    /// The attributes of all `<html>` and `<body>` tags: they add up on one element.
    merged: usize,
    /// The open start tags that were left out.
    left_out: Vec<LocalName>,
}

/// The greatest size of a list that only grows when nodes are made: by two entries for each, at most.
#[derive(Debug, Default)]
struct Measure {
    size: usize,
    nodes: usize,
    /// A tag has passed since, so that the list may be shorter now.
    stale: bool,
}

/// What leaving a start tag out would mean.
enum Role {
    /// It only adds attributes to an element that exists.
    Root,
    /// It bears a link or names the page.
    Link,
    /// What follows is not markup.
    RawText,
    /// It has no content.
    Void,
    /// It may be opened again, any number of times.
    Formatting,
    Other,
}

impl Guard {
    pub(super) fn new(bounds: Bounds) -> Self {
        // Without scripting, what is inside of `<noscript>` is markup.
        let options = TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() };
        Self {
            builder: TreeBuilder::new(GrowingTree::new(), options),
            bounds,
            emitted: Cell::new(false),
            state: RefCell::default(),
        }
    }

    /// Whether the tokenizer has made a token since the last call: if not, it is inside of a tag or a comment.
    pub(super) fn take_emitted(&self) -> bool {
        self.emitted.take()
    }

    /// The tree as it stands.
    pub(super) fn finish(self) -> Html {
        self.builder.sink.finish()
    }

    fn admit_start(&self, mut tag: Tag) -> Option<Tag> {
        let mut state = self.state.borrow_mut();
        let spent = self.is_spent(&state);
        let deep = self.is_deep(&mut state);
        let admitted = match Role::of(&tag.name) {
            Role::Root => {
                state.merged += tag.attrs.len();
                state.merged <= self.bounds.attributes
            }
            Role::RawText => true,
            Role::Link => !(spent && tag.attrs.is_empty()),
            Role::Void => !spent,
            Role::Formatting => !spent && !deep && !self.is_over_formatted(&mut state),
            Role::Other => !spent && !deep,
        };
        if !admitted {
            state.left_out.push(tag.name);
            return None;
        }
        if deep {
            // HTML does not heed this flag; in SVG and MathML, where `<a>` and `<link>` nest, it closes the element.
            tag.self_closing = true;
        }
        if is_formatting(&tag.name) {
            state.asked += 1 + tag.attrs.len();
        }
        state.changed();
        Some(tag)
    }

    fn admit_end(&self, tag: Tag) -> Option<Tag> {
        let mut state = self.state.borrow_mut();
        let nearest = state.left_out.iter().rev().take(LOOK_BACK).position(|name| *name == tag.name);
        if let Some(above) = nearest {
            let length = state.left_out.len() - above - 1;
            state.left_out.truncate(length);
            return None;
        }
        // Without a start tag, these two make an element.
        if matches!(tag.name, local_name!("p") | local_name!("br")) && self.is_spent(&state) {
            return None;
        }
        state.changed();
        Some(tag)
    }

    /// The tree has as many nodes as one page may have. Elements that the tree builder opens again and again count
    /// with their attributes.
    fn is_spent(&self, state: &StackState) -> bool {
        let tree = &self.builder.sink;
        tree.nodes() + tree.formatting().saturating_sub(state.asked) > self.bounds.nodes
    }

    fn is_deep(&self, state: &mut StackState) -> bool {
        state.open.reaches(self.bounds.nesting, self.builder.sink.nodes(), || self.count(|_| true))
    }

    fn is_over_formatted(&self, state: &mut StackState) -> bool {
        let tree = &self.builder.sink;
        state.formatting.reaches(MAX_FORMATTING, tree.nodes(), || self.count(|node| tree.is_formatting(node)))
    }

    /// How many entries the stack of open elements and the list of active formatting elements have together.
    fn count(&self, wanted: impl Fn(NodeId) -> bool) -> usize {
        struct Count<F>(F, Cell<usize>);
        impl<F: Fn(NodeId) -> bool> Tracer for Count<F> {
            type Handle = NodeId;

            fn trace_handle(&self, node: &NodeId) {
                self.1.set(self.1.get() + usize::from(self.0(*node)));
            }
        }
        let count = Count(wanted, Cell::new(0));
        self.builder.trace_handles(&count);
        count.1.get()
    }
}

impl TokenSink for Guard {
    type Handle = NodeId;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<NodeId> {
        if !matches!(token, Token::ParseError(_)) {
            self.emitted.set(true);
        }
        let token = match token {
            Token::ParseError(_) => None,
            Token::CommentToken(_) if self.is_spent(&self.state.borrow()) => None,
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => self.admit_start(tag).map(Token::TagToken),
            Token::TagToken(tag) => self.admit_end(tag).map(Token::TagToken),
            token => Some(token),
        };
        token.map_or(TokenSinkResult::Continue, |token| self.builder.process_token(token, line))
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

impl StackState {
    fn changed(&mut self) {
        self.open.stale = true;
        self.formatting.stale = true;
    }
}

impl Measure {
    /// Whether the list has reached `limit` entries. Counts them only when that is possible.
    fn reaches(&mut self, limit: usize, nodes: usize, count: impl FnOnce() -> usize) -> bool {
        let most = self.size + 2 * (nodes - self.nodes);
        if most >= limit && self.stale {
            *self = Self { size: count(), nodes, stale: false };
        }
        self.size >= limit
    }
}

impl Role {
    fn of(name: &LocalName) -> Self {
        match *name {
            local_name!("html") | local_name!("body") => Self::Root,
            local_name!("a")
            | local_name!("area")
            | local_name!("link")
            | local_name!("base")
            | local_name!("meta")
            | local_name!("frame") => Self::Link,
            local_name!("script")
            | local_name!("style")
            | local_name!("textarea")
            | local_name!("title")
            | local_name!("xmp")
            | local_name!("iframe")
            | local_name!("noembed")
            | local_name!("noframes")
            | local_name!("plaintext") => Self::RawText,
            local_name!("br")
            | local_name!("col")
            | local_name!("embed")
            | local_name!("hr")
            | local_name!("img")
            | local_name!("input")
            | local_name!("param")
            | local_name!("source")
            | local_name!("track")
            | local_name!("wbr") => Self::Void,
            ref name if is_formatting(name) => Self::Formatting,
            _ => Self::Other,
        }
    }
}

/// How many formatting elements may be open or due to be opened again; one that is both counts twice. html5ever
/// compares each new one with all that are due.
const MAX_FORMATTING: usize = 64;
/// How far back the start tag is looked for that belongs to an end tag: a page may leave any number open.
const LOOK_BACK: usize = 64;
