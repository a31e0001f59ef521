//! The walk over a part of a page: each element that a reader sees, and each text, in document order.

use scraper::{ElementRef, Node};

use super::kind::Kind;
use super::part::Part;
use super::unseen::is_unseen;
use crate::tree::NodeRef;

/// Who is told of what a part of a page consists of.
pub(super) trait Visitor<'a> {
    /// An element begins. What is in it comes next, and then its end, when the answer is [`Inside::Read`].
    fn enter(&mut self, element: ElementRef<'a>, kind: Kind) -> Inside;
    /// An element ends.
    fn leave(&mut self, element: ElementRef<'a>, kind: Kind);
    /// A text, as it stands in the page, and its node.
    fn text(&mut self, node: NodeRef<'a>, text: &'a str);
    /// Whether there is no room for more: then nothing more comes.
    fn is_full(&self) -> bool;
}

/// Whether what is in an element is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    Read,
    Skip,
}

/// Goes through a part of a page and all in it that a reader sees.
pub(super) fn walk<'a>(part: &Part<'a>, visitor: &mut impl Visitor<'a>) {
    let root = part.root;
    let mut open: Vec<(ElementRef<'a>, Kind)> = Vec::new();
    let mut next = Some(*root);
    while let Some(node) = next.filter(|_| !visitor.is_full()) {
        let below = match node.value() {
            _ if !part.has(node) => None,
            Node::Text(text) => {
                visitor.text(node, text);
                None
            }
            Node::Element(_) => enter(node, visitor, &mut open),
            // A declared shadow root: other templates are not entered.
            Node::Fragment => node.first_child(),
            _ => None,
        };
        next = below.or_else(|| after(node, root, visitor, &mut open));
    }
}

fn enter<'a>(
    node: NodeRef<'a>,
    visitor: &mut impl Visitor<'a>,
    open: &mut Vec<(ElementRef<'a>, Kind)>,
) -> Option<NodeRef<'a>> {
    let element = ElementRef::wrap(node).filter(|element| !is_unseen(*element))?;
    let kind = Kind::of(element);
    if visitor.enter(element, kind) == Inside::Skip {
        return None;
    }
    let first = node.first_child();
    if first.is_some() {
        open.push((element, kind));
    } else {
        visitor.leave(element, kind);
    }
    first
}

/// The node after this one and all that is in it; tells the end of all elements that end in between.
fn after<'a>(
    node: NodeRef<'a>,
    root: ElementRef<'a>,
    visitor: &mut impl Visitor<'a>,
    open: &mut Vec<(ElementRef<'a>, Kind)>,
) -> Option<NodeRef<'a>> {
    let mut at = node;
    while at != *root {
        if let Some(sibling) = at.next_sibling() {
            return Some(sibling);
        }
        at = at.parent()?;
        if let Some((element, kind)) = open.pop_if(|(element, _)| **element == at) {
            visitor.leave(element, kind);
        }
    }
    None
}
