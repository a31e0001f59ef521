//! The article of a page, as Readability finds it (`dom_smoothie`): which elements are of it, and not what it makes of them.
//!
//! It is given a copy of what a reader sees, and answers with a tree in which nodes have moved, and still are those that
//! they were. So code keeps its language, terms stay apart, and what it drops inside of the article is kept when a reader
//! needs it.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use dom_query::{Document as Copied, NodeId as CopiedId, NodeRef as CopiedRef};
use dom_smoothie::{Config, Readability};
use html5ever::{QualName, local_name, ns};
use scraper::ElementRef;

use super::kind::Kind;
use super::part::{Kept, Part, holder};
use super::walk::{Inside, Visitor, walk};
use crate::tree::{NodeId, NodeRef};

/// The article in a body; `None` when there is none, or the page is too large to look for it.
pub(super) fn of(body: ElementRef<'_>) -> Option<Part<'_>> {
    let copy = Copy::of(body)?;
    let origins = copy.origins;
    // It is not ours, and a page must not fail because of it.
    let found = catch_unwind(AssertUnwindSafe(|| chosen(copy.document))).ok().flatten()?;
    let mut nodes: HashMap<NodeId, Kept> = HashMap::new();
    for id in found.into_iter().filter_map(|id| origins.get(&id)) {
        keep(&mut nodes, body.tree().get(*id)?);
    }
    // Code has few commas, and is dropped for it.
    let element = holder(body, &nodes);
    let is_code = |inner: &ElementRef<'_>| Kind::of(*inner) == Kind::Pre && !nodes.contains_key(&inner.id());
    let code: Vec<_> = element.descendent_elements().filter(is_code).collect();
    for node in code.into_iter().flat_map(|code| code.descendants()) {
        keep(&mut nodes, node);
    }
    Some(Part::only(body, nodes))
}

fn keep(nodes: &mut HashMap<NodeId, Kept>, node: NodeRef<'_>) {
    nodes.insert(node.id(), Kept::Itself);
    for above in node.ancestors() {
        if nodes.contains_key(&above.id()) {
            break;
        }
        nodes.insert(above.id(), Kept::Around);
    }
}

/// The nodes that Readability keeps.
fn chosen(document: Copied) -> Option<Vec<CopiedId>> {
    let config = Config { disable_json_ld: true, keep_classes: true, ..Config::default() };
    let mut readability = Readability::with_document(document, None, Some(config)).ok()?;
    readability.parse().ok()?;
    let article = readability.doc.select_single(ARTICLE);
    let article = article.nodes().first()?;
    Some(article.descendants_it().map(|node| node.id).collect())
}

/// A copy of a body for Readability.
struct Copy {
    document: Copied,
    /// What each of its nodes is a copy of.
    origins: HashMap<CopiedId, NodeId>,
    open: Vec<CopiedId>,
    /// How deep all nodes lie, together: what looking at each with all that it is in costs.
    depths: usize,
}

impl Copy {
    fn of(body: ElementRef<'_>) -> Option<Self> {
        let document = Copied::default();
        let root = document.root().id;
        let mut copy = Self { document, origins: HashMap::new(), open: vec![root], depths: 0 };
        copy.push(QualName::new(None, ns!(html), local_name!("html")));
        walk(&Part::all(body), &mut copy);
        (copy.depths <= MOST_WORK).then_some(copy)
    }

    fn push(&mut self, name: QualName) -> CopiedId {
        let id = self.document.tree.new_element_qualname(name).id;
        self.append(id);
        self.open.push(id);
        id
    }

    fn append(&mut self, id: CopiedId) {
        if let Some(parent) = self.open.last() {
            self.document.tree.append_child_of(parent, &id);
        }
        self.depths += self.open.len();
    }
}

impl<'a> Visitor<'a> for Copy {
    fn enter(&mut self, element: ElementRef<'a>, _: Kind) -> Inside {
        let value = element.value();
        let id = self.push(value.name.clone());
        let node = CopiedRef::new(id, &self.document.tree);
        for (name, attribute) in value.attrs() {
            node.set_attr(name, attribute);
        }
        self.origins.insert(id, element.id());
        Inside::Read
    }

    fn leave(&mut self, _: ElementRef<'a>, _: Kind) {
        self.open.pop();
    }

    fn text(&mut self, node: NodeRef<'a>, text: &'a str) {
        let id = self.document.tree.new_text(text).id;
        self.append(id);
        self.origins.insert(id, node.id());
    }

    fn is_full(&self) -> bool {
        self.depths > MOST_WORK
    }
}

const ARTICLE: &str = "#readability-page-1";
/// A page of a hundred thousand nodes, ten deep, passes. It takes about a second.
const MOST_WORK: usize = 2_000_000;
