//! The tree while it grows: scraper's, with a count of what html5ever makes without being told to.

use std::borrow::Cow;
use std::cell::{Cell, Ref};

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, LocalName, QualName, local_name, ns};
use scraper::{Html, HtmlTreeSink};

/// What a node is called in the tree.
pub(crate) type NodeId = <HtmlTreeSink as TreeSink>::Handle;

/// The sink of html5ever's tree builder.
#[derive(Debug)]
pub(super) struct GrowingTree {
    tree: HtmlTreeSink,
    formatting: Cell<usize>,
}

impl GrowingTree {
    pub(super) fn new() -> Self {
        Self { tree: HtmlTreeSink::new(Html::new_document()), formatting: Cell::new(0) }
    }

    /// How many nodes were ever made.
    pub(super) fn nodes(&self) -> usize {
        self.tree.0.borrow().tree.values().len()
    }

    /// How many formatting elements were ever made, each with its attributes.
    pub(super) fn formatting(&self) -> usize {
        self.formatting.get()
    }

    /// Whether a node is an element of HTML that is [formatting](is_formatting).
    pub(super) fn is_formatting(&self, node: NodeId) -> bool {
        let html = self.tree.0.borrow();
        let name = html.tree.get(node).and_then(|node| node.value().as_element()).map(|element| &element.name);
        name.is_some_and(|name| name.ns == ns!(html) && is_formatting(&name.local))
    }
}

/// The elements that the tree builder opens again where a block has closed them (HTML Standard, section 13.2.4.3).
pub(super) fn is_formatting(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("a")
            | local_name!("b")
            | local_name!("big")
            | local_name!("code")
            | local_name!("em")
            | local_name!("font")
            | local_name!("i")
            | local_name!("nobr")
            | local_name!("s")
            | local_name!("small")
            | local_name!("strike")
            | local_name!("strong")
            | local_name!("tt")
            | local_name!("u")
    )
}

/// Everything is passed on; only `create_element` counts.
impl TreeSink for GrowingTree {
    type Handle = NodeId;
    type Output = Html;
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Html {
        self.tree.finish()
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        if is_formatting(&name.local) {
            self.formatting.set(self.formatting.get() + 1 + attrs.len());
        }
        self.tree.create_element(name, attrs, flags)
    }

    fn parse_error(&self, message: Cow<'static, str>) {
        self.tree.parse_error(message);
    }

    fn get_document(&self) -> NodeId {
        self.tree.get_document()
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        self.tree.elem_name(target)
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.tree.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        self.tree.create_pi(target, data)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.tree.append(parent, child);
    }

    fn append_based_on_parent_node(&self, element: &NodeId, prev_element: &NodeId, child: NodeOrText<NodeId>) {
        self.tree.append_based_on_parent_node(element, prev_element, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public_id: StrTendril, system_id: StrTendril) {
        self.tree.append_doctype_to_document(name, public_id, system_id);
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        self.tree.get_template_contents(target)
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.tree.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &NodeId, new_node: NodeOrText<NodeId>) {
        self.tree.append_before_sibling(sibling, new_node);
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attrs: Vec<Attribute>) {
        self.tree.add_attrs_if_missing(target, attrs);
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.tree.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        self.tree.reparent_children(node, new_parent);
    }
}
