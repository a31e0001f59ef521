//! Metadata: who wrote a page, when, for what site, of what kind, with which picture; each with what of the page says so.
//!
//! One order for all of it: JSON-LD, then OpenGraph, then other `<meta>` elements, then `<time>`. What is said first in this
//! order holds. Dates are taken of markup only: a number in the text that looks like one is mostly a version.

mod folded;
mod json_ld;
mod metas;
mod times;

use crate::metadata::{Said, Source};
use crate::readable::Readable;
use crate::tree::{Document, embedded};
use crate::written_date;
use folded::folded;
use json_ld::Things;
use metas::Metas;

/// What a page says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) author: Option<Said<Vec<String>>>,
    pub(super) published: Option<Said<String>>,
    pub(super) modified: Option<Said<String>>,
    pub(super) site_name: Option<Said<String>>,
    pub(super) kind: Option<Said<String>>,
    pub(super) image: Option<Said<String>>,
}

impl Metadata {
    /// Puts it into what is read of the page.
    pub(super) fn put_into(self, readable: &mut Readable) {
        let Self { author, published, modified, site_name, kind, image } = self;
        readable.author = author;
        readable.published = published;
        readable.modified = modified;
        readable.site_name = site_name;
        readable.kind = kind;
        readable.image = image;
    }
}

/// Reads what a page says of itself. `absolute` makes a reference of it an absolute URL.
pub(super) fn of(document: &Document, absolute: impl Fn(&str) -> Option<String>) -> Metadata {
    let (blocks, _) = embedded::json_ld(document);
    let (things, metas) = (Things::of(&blocks), Metas::of(document));
    let first = |json_ld: Option<String>, open_graph: &[&str], meta: &[&str]| {
        let said = json_ld.map(|value| (value, Source::JsonLd));
        let said = said.or_else(|| Some((folded(metas.first(open_graph)?)?, Source::OpenGraph)));
        let said = said.or_else(|| Some((folded(metas.first(meta)?)?, Source::Meta)));
        said.map(|(value, source)| Said { value, source })
    };
    Metadata {
        author: authors(&things, &metas),
        published: date(
            &things.texts("datePublished"),
            &metas.all(&["article:published_time"]),
            &metas.all(PUBLISHED),
            times::published(document).as_slice(),
        ),
        modified: date(
            &things.texts("dateModified"),
            &metas.all(&["article:modified_time", "og:updated_time"]),
            &metas.all(MODIFIED),
            times::modified(document).as_slice(),
        ),
        site_name: first(things.site_name(), &["og:site_name"], &["application-name"]),
        kind: first(things.kind(), &["og:type"], &[]),
        image: first(
            things.image(),
            &["og:image:secure_url", "og:image:url", "og:image"],
            &["twitter:image", "thumbnail"],
        )
        .and_then(|said| Some(Said { value: absolute(&said.value)?, source: said.source })),
    }
}

/// Who wrote it, each once. A profile's URL is no name.
fn authors(things: &Things<'_>, metas: &Metas<'_>) -> Option<Said<Vec<String>>> {
    let names = |names: Vec<String>, source| {
        let mut each = Vec::new();
        for name in names.into_iter().filter(|name| !name.contains("://")) {
            if !each.contains(&name) && each.len() < MOST_AUTHORS {
                each.push(name);
            }
        }
        (!each.is_empty()).then_some(Said { value: each, source })
    };
    let owned = |values: Vec<&str>| values.into_iter().filter_map(folded).collect();
    names(things.authors(), Source::JsonLd)
        .or_else(|| names(owned(metas.all(&["article:author"])), Source::OpenGraph))
        .or_else(|| AUTHORS.iter().find_map(|name| names(owned(metas.all(&[name])), Source::Meta)))
}

/// The first that is a date, as RFC 3339 writes it.
fn date(json_ld: &[String], open_graph: &[&str], meta: &[&str], time: &[&str]) -> Option<Said<String>> {
    fn first<T: AsRef<str>>(values: &[T], source: Source) -> Option<Said<String>> {
        let value = values.iter().find_map(|value| written_date::read(value.as_ref()).ok())?;
        Some(Said { value, source })
    }
    first(json_ld, Source::JsonLd)
        .or_else(|| first(open_graph, Source::OpenGraph))
        .or_else(|| first(meta, Source::Meta))
        .or_else(|| first(time, Source::Time))
}

/// Names of authors: of HTML (section 4.2.5.1), Dublin Core, Highwire Press and of two publishing systems.
const AUTHORS: [&str; 7] =
    ["author", "dc.creator", "dcterms.creator", "citation_author", "parsely-author", "sailthru.author", "byl"];
const PUBLISHED: &[&str] = &[
    "datepublished",
    "dcterms.issued",
    "dc.date.issued",
    "dcterms.created",
    "dc.date",
    "citation_publication_date",
    "citation_date",
    "parsely-pub-date",
    "sailthru.date",
    "pubdate",
    "publish-date",
    "date",
];
const MODIFIED: &[&str] =
    &["datemodified", "dcterms.modified", "dc.date.modified", "last-modified", "lastmod", "revised"];
const MOST_AUTHORS: usize = 32;

#[cfg(test)]
mod tests;
