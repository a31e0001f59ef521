//! An element as the selectors crate asks about it: every step that matching takes is counted, so that no page makes a
//! selector slow.
//!
//! `dt ~ dd` on a list of a hundred thousand entries, or classes without end on an element that all others are below,
//! take time that grows with the square of the page. When the work of a page is spent, elements have no parents and no
//! siblings any more, and matching ends at once.

use std::cell::Cell;
use std::fmt;

use html5ever::{Namespace, ns};
use scraper::ElementRef;
use scraper::selector::{CssLocalName, CssString, NonTSPseudoClass, PseudoElement, Simple};
use selectors::attr::{AttrSelectorOperation, CaseSensitivity, NamespaceConstraint};
use selectors::bloom::BloomFilter;
use selectors::context::MatchingContext;
use selectors::matching::ElementSelectorFlags;
use selectors::{Element, OpaqueElement};

use crate::tree::NodeRef;

/// How much may still be done for one page.
#[derive(Debug)]
pub(super) struct Work(Cell<usize>);

impl Work {
    /// Work that grows with the size of a page: in nodes of a tree, or in bytes.
    pub(super) fn for_size(size: usize) -> Self {
        Self(Cell::new(size.saturating_mul(PER_NODE).saturating_add(AT_LEAST)))
    }

    /// Does so much; whether there was enough left.
    pub(super) fn spend(&self, cost: usize) -> bool {
        let left = self.0.get();
        self.0.set(left.saturating_sub(cost));
        left >= cost
    }

    /// Whether nothing is left.
    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}

/// An element, and the work that asking about it takes.
#[derive(Clone)]
pub(super) struct Counted<'a, 'w> {
    pub(super) element: ElementRef<'a>,
    pub(super) work: &'w Work,
}

impl<'a> Counted<'a, '_> {
    fn first(&self, mut nodes: impl Iterator<Item = NodeRef<'a>>) -> Option<Self> {
        let found = nodes.find(|node| !self.work.spend(1) || node.value().is_element())?;
        ElementRef::wrap(found).filter(|_| !self.work.is_spent()).map(|element| Self { element, work: self.work })
    }
}

impl fmt::Debug for Counted<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.element.fmt(f)
    }
}

impl Element for Counted<'_, '_> {
    type Impl = Simple;

    fn opaque(&self) -> OpaqueElement {
        self.element.opaque()
    }

    fn parent_element(&self) -> Option<Self> {
        self.first(self.element.parent().into_iter())
    }

    fn prev_sibling_element(&self) -> Option<Self> {
        self.first(self.element.prev_siblings())
    }

    fn next_sibling_element(&self) -> Option<Self> {
        self.first(self.element.next_siblings())
    }

    fn first_element_child(&self) -> Option<Self> {
        self.first(self.element.children())
    }

    fn is_same_type(&self, other: &Self) -> bool {
        self.element.is_same_type(&other.element)
    }

    fn has_local_name(&self, name: &CssLocalName) -> bool {
        self.element.has_local_name(name)
    }

    fn has_namespace(&self, namespace: &Namespace) -> bool {
        self.element.has_namespace(namespace)
    }

    fn attr_matches(
        &self,
        namespace: &NamespaceConstraint<&Namespace>,
        name: &CssLocalName,
        operation: &AttrSelectorOperation<&CssString>,
    ) -> bool {
        let attributes = &self.element.value().attrs;
        let value = attributes.iter().find(|(key, _)| key.local == name.0).map_or(0, |(_, value)| value.len());
        self.work.spend(attributes.len() / 8 + value / BYTES_PER_STEP)
            && self.element.attr_matches(namespace, name, operation)
    }

    fn has_id(&self, id: &CssLocalName, case: CaseSensitivity) -> bool {
        self.element.has_id(id, case)
    }

    fn has_class(&self, name: &CssLocalName, case: CaseSensitivity) -> bool {
        self.work.spend(self.element.value().classes().count() / 8) && self.element.has_class(name, case)
    }

    fn is_empty(&self) -> bool {
        let filled = |node: &NodeRef<'_>| !self.work.spend(1) || node.value().is_element() || node.value().is_text();
        !self.element.children().any(|child| filled(&child))
    }

    fn is_root(&self) -> bool {
        self.element.is_root()
    }

    fn is_html_element_in_html_document(&self) -> bool {
        self.element.value().name.ns == ns!(html)
    }

    fn is_link(&self) -> bool {
        self.element.is_link()
    }

    // What only a style sheet or a browser has.

    fn parent_node_is_shadow_root(&self) -> bool {
        false
    }

    fn containing_shadow_host(&self) -> Option<Self> {
        None
    }

    fn is_pseudo_element(&self) -> bool {
        false
    }

    fn is_part(&self, _name: &CssLocalName) -> bool {
        false
    }

    fn imported_part(&self, _name: &CssLocalName) -> Option<CssLocalName> {
        None
    }

    fn is_html_slot_element(&self) -> bool {
        false
    }

    fn has_custom_state(&self, _name: &CssLocalName) -> bool {
        false
    }

    fn match_non_ts_pseudo_class(&self, class: &NonTSPseudoClass, _: &mut MatchingContext<'_, Simple>) -> bool {
        match *class {}
    }

    fn match_pseudo_element(&self, element: &PseudoElement, _: &mut MatchingContext<'_, Simple>) -> bool {
        match *element {}
    }

    fn apply_selector_flags(&self, _flags: ElementSelectorFlags) {}

    fn add_element_unique_hashes(&self, _filter: &mut BloomFilter) -> bool {
        false
    }
}

/// How many steps there are for each node: a thousand ordinary selectors pass.
const PER_NODE: usize = 256;
const AT_LEAST: usize = 200_000;
/// How many bytes are looked through in the time of one step.
const BYTES_PER_STEP: usize = 64;
