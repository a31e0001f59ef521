//! A part of a page: where it begins, and which nodes in it are not of it.

use std::collections::{HashMap, HashSet};

use scraper::ElementRef;

use crate::tree::{NodeId, NodeRef};

/// A part of a page.
#[derive(Debug)]
pub(super) struct Part<'a> {
    /// The element that all of it is in.
    pub(super) root: ElementRef<'a>,
    choice: Choice,
}

#[derive(Debug)]
enum Choice {
    All,
    /// Without these elements.
    Without(HashSet<NodeId>),
    /// Only these nodes: what stands in an element that is one of them, and what lies on the way to one.
    Only(HashMap<NodeId, Kept>),
}

/// How a node is of an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is, with the texts in it.
    Itself,
    /// Something in it is.
    Around,
}

impl<'a> Part<'a> {
    /// An element with all in it.
    pub(super) fn all(root: ElementRef<'a>) -> Self {
        Self { root, choice: Choice::All }
    }

    /// An element without some of those in it.
    pub(super) fn without(root: ElementRef<'a>, elements: HashSet<NodeId>) -> Self {
        Self { root, choice: if elements.is_empty() { Choice::All } else { Choice::Without(elements) } }
    }

    /// An element with nothing but these nodes.
    pub(super) fn only(root: ElementRef<'a>, nodes: HashMap<NodeId, Kept>) -> Self {
        Self { root, choice: Choice::Only(nodes) }
    }

    /// The same without those elements that `other` is without.
    pub(super) fn also_without(mut self, other: &Self) -> Self {
        if let (Choice::Only(nodes), Choice::Without(elements)) = (&mut self.choice, &other.choice) {
            nodes.retain(|id, _| !elements.contains(id));
        }
        self
    }

    /// All that is in the innermost element which holds these nodes, but for what `other` is without.
    pub(super) fn filled(&self, other: &Self) -> Option<Self> {
        let Choice::Only(nodes) = &self.choice else { return None };
        let without = match &other.choice {
            Choice::Without(elements) => elements.clone(),
            Choice::All | Choice::Only(_) => HashSet::new(),
        };
        Some(Self::without(holder(self.root, nodes), without))
    }

    /// Whether a node is of it.
    pub(super) fn has(&self, node: NodeRef<'_>) -> bool {
        match &self.choice {
            Choice::All => true,
            Choice::Without(elements) => !elements.contains(&node.id()),
            Choice::Only(nodes) if node.value().is_element() => nodes.contains_key(&node.id()),
            Choice::Only(nodes) => {
                let is_kept = |node: NodeRef<'_>| nodes.get(&node.id()) == Some(&Kept::Itself);
                is_kept(node) || node.parent().is_some_and(is_kept)
            }
        }
    }
}

/// The innermost element that holds all of these.
pub(super) fn holder<'a>(body: ElementRef<'a>, nodes: &HashMap<NodeId, Kept>) -> ElementRef<'a> {
    let mut element = body;
    while nodes.get(&element.id()) == Some(&Kept::Around) {
        let mut inner = element.children().filter(|child| nodes.contains_key(&child.id()));
        match (inner.next().and_then(ElementRef::wrap), inner.next()) {
            (Some(only), None) => element = only,
            _ => break,
        }
    }
    element
}
