//! The `<meta>` elements of a page, by their names.

use html5ever::{LocalName, local_name};

use crate::tree::{Document, embedded::attribute};

/// What the `<meta>` elements of a page say: by `property`, `name` or `itemprop`, without capitals; in document order.
pub(super) struct Metas<'a>(Vec<(String, &'a str)>);

impl<'a> Metas<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        let names = [LocalName::from("property"), local_name!("name"), LocalName::from("itemprop")];
        let metas = document.elements().filter(|element| element.value().name.local == local_name!("meta"));
        let said = metas.filter_map(|meta| {
            let name = names.iter().find_map(|name| attribute(meta, name))?.trim().to_ascii_lowercase();
            let content = attribute(meta, &local_name!("content"))?.trim();
            (!content.is_empty()).then_some((name, content))
        });
        Self(said.take(MOST).collect())
    }

    /// What the first of these names says that is there.
    pub(super) fn first(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.0.iter().find(|(own, _)| own == name)).map(|(_, content)| *content)
    }

    /// What all of these names say, in the order of the names.
    pub(super) fn all(&self, names: &[&str]) -> Vec<&'a str> {
        let said_by = |name: &&str| self.0.iter().filter(|(own, _)| own == name).map(|(_, content)| *content).collect();
        names.iter().flat_map::<Vec<_>, _>(said_by).collect()
    }
}

/// How many are looked at.
const MOST: usize = 512;
