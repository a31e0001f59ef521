//! The words of each XML format: its root, its entries, what of an entry is read, and which names are its own.

use quick_xml::events::BytesStart;
use quick_xml::name::QName;

use super::Format;

/// A format, with the prefixes that its own names have in one document.
#[derive(Debug)]
pub(super) struct Dialect {
    pub(super) format: Format,
    root: String,
    /// Prefixes beside the empty one. `<image:loc>` has another, and is no `loc`.
    prefixes: Vec<String>,
}

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Root,
    Entry,
    Part(Part),
    /// Of another vocabulary, or nothing that matters.
    Other,
}

/// What of an entry is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The URL as text.
    Loc,
    /// An Atom link: its attributes say what it is.
    Link,
    /// A name that is also a URL, unless `isPermaLink` says otherwise.
    Guid,
    Lastmod,
    Priority,
}

impl Dialect {
    /// The dialect of a document with this root element. Unprefixed names are its own, names with the prefix of the
    /// root, and those with a prefix that the root declares for the format.
    pub(super) fn of(root: &BytesStart<'_>) -> Option<Self> {
        let (local, prefix) = split(root.name());
        let (format, _) = ROOTS.iter().find(|(_, name)| local.eq_ignore_ascii_case(name))?;
        let mut dialect = Self { format: *format, root: root.name().0.to_owned(), prefixes: Vec::new() };
        dialect.prefixes.extend(prefix.map(str::to_owned));
        for attribute in root.attributes().with_checks(false).flatten() {
            let declared = attribute.key.0.strip_prefix("xmlns:").filter(|_| dialect.is_namespace(&attribute.value));
            dialect.prefixes.extend(declared.map(str::to_owned));
            if dialect.prefixes.len() >= MAX_PREFIXES {
                break;
            }
        }
        Some(dialect)
    }

    /// What the element with this name is.
    pub(super) fn element(&self, name: QName<'_>) -> Element {
        if name.0 == self.root {
            return Element::Root;
        }
        let (local, prefix) = split(name);
        if !prefix.is_none_or(|prefix| self.prefixes.iter().any(|own| own == prefix)) {
            return Element::Other;
        }
        let (entry, parts): (_, &[(&str, Part)]) = match self.format {
            Format::Urlset => ("url", &SITEMAP),
            Format::Index => ("sitemap", &SITEMAP),
            Format::Rss => ("item", &RSS),
            Format::Atom | Format::Text => ("entry", &ATOM),
        };
        if local.eq_ignore_ascii_case(entry) {
            return Element::Entry;
        }
        let part = parts.iter().find(|(name, _)| local.eq_ignore_ascii_case(name));
        part.map_or(Element::Other, |(_, part)| Element::Part(*part))
    }

    /// Whether text right inside of an entry may be its URL: some generators forget `<loc>`.
    pub(super) fn has_bare_urls(&self) -> bool {
        matches!(self.format, Format::Urlset | Format::Index)
    }

    fn is_namespace(&self, name: &str) -> bool {
        match self.format {
            Format::Urlset | Format::Index => name.contains("/schemas/sitemap/"),
            Format::Rss => name.starts_with("http://purl.org/rss/"),
            Format::Atom | Format::Text => name.eq_ignore_ascii_case("http://www.w3.org/2005/Atom"),
        }
    }
}

fn split(name: QName<'_>) -> (&str, Option<&str>) {
    name.0.split_once(':').map_or((name.0, None), |(prefix, local)| (local, Some(prefix)))
}

const ROOTS: [(Format, &str); 5] = [
    (Format::Urlset, "urlset"),
    (Format::Index, "sitemapindex"),
    (Format::Rss, "rss"),
    (Format::Rss, "RDF"),
    (Format::Atom, "feed"),
];
const SITEMAP: [(&str, Part); 3] = [("loc", Part::Loc), ("lastmod", Part::Lastmod), ("priority", Part::Priority)];
const RSS: [(&str, Part); 3] = [("link", Part::Loc), ("guid", Part::Guid), ("pubDate", Part::Lastmod)];
const ATOM: [(&str, Part); 2] = [("link", Part::Link), ("updated", Part::Lastmod)];

/// A root that declares one namespace for ever must not make each name cost as much.
const MAX_PREFIXES: usize = 4;
