//! The outline of a page: which element is its body.

use html5ever::{local_name, ns};
use scraper::ElementRef;

use crate::tree::Document;

/// The body of a page; `None` when it has none, as a page of frames.
pub(super) fn body(document: &Document) -> Option<ElementRef<'_>> {
    let is_body = |element: &ElementRef<'_>| {
        let name = &element.value().name;
        name.local == local_name!("body") && name.ns == ns!(html)
    };
    document.html.root_element().child_elements().find(is_body)
}
