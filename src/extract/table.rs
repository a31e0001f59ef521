//! Tables of rules as they are applied: for which pages, and what of them.

use std::sync::Arc;

use super::rule::{Place, Set};
use super::selector::Selector;
use crate::url::Patterns;

/// One table of rules.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) pages: Patterns,
    pub(super) html: bool,
    pub(super) json: bool,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Fields(Set),
    Items { name: Arc<str>, id: usize, place: Place, selector: Option<Selector>, set: Set },
    Follow { id: usize, selector: Selector },
}
