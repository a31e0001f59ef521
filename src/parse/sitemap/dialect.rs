//! The words of each XML format: its root, its entries, what of an entry is read, and which names are its own.

use memchr::memmem;
use quick_xml::events::BytesStart;
use quick_xml::name::QName;

use super::listing::Format;

/// A format, with the prefixes that its own names have in one document.
#[derive(Debug)]
pub(super) struct Dialect {
    pub(super) format: Format,
    root: String,
    /// Prefixes beside the empty one. `<image:loc>` has another, and is no `loc`.
    prefixes: Vec<String>,
    /// What elements that are open say of prefixes, the innermost last.
    declared: Vec<Declared>,
}

/// A prefix that an element other than the root declares (Namespaces in XML 1.0, section 6.1).
#[derive(Debug)]
struct Declared {
    nesting: usize,
    /// Empty: names without a prefix.
    prefix: String,
    is_own: bool,
}

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Root,
    Entry,
    Part(Part),
    /// A link from an entry of a `<urlset>` to the same page in another language.
    Alternate,
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
        let mut dialect =
            Self { format: *format, root: root.name().0.to_owned(), prefixes: Vec::new(), declared: Vec::new() };
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

    /// An element is open that lies so deep: what it declares holds for its name and for all inside.
    pub(super) fn enter(&mut self, element: &BytesStart<'_>, nesting: usize) {
        if memmem::find(element.attributes_raw().as_bytes(), b"xmlns").is_none() {
            return;
        }
        for attribute in element.attributes().with_checks(false).flatten() {
            let prefix = match attribute.key.0.strip_prefix("xmlns") {
                Some("") => "",
                Some(rest) if rest.starts_with(':') => rest.get(1..).unwrap_or_default(),
                _ => continue,
            };
            if self.declared.len() < MAX_DECLARED {
                // Some generators take the namespace away from the entries of a list that has it.
                let is_own = attribute.value.is_empty() || self.is_namespace(&attribute.value);
                self.declared.push(Declared { nesting, prefix: prefix.to_owned(), is_own });
            }
        }
    }

    /// An element is closed that lay so deep.
    pub(super) fn leave(&mut self, nesting: usize) {
        while self.declared.last().is_some_and(|declared| declared.nesting >= nesting) {
            self.declared.pop();
        }
    }

    /// What the element with this name is.
    pub(super) fn element(&self, name: QName<'_>) -> Element {
        if name.0 == self.root {
            return Element::Root;
        }
        let (local, prefix) = split(name);
        let (entry, parts): (_, &[(&str, Part)]) = match self.format {
            Format::Urlset => ("url", &SITEMAP),
            Format::Index => ("sitemap", &SITEMAP),
            Format::Rss => ("item", &RSS),
            Format::Atom | Format::Text => ("entry", &ATOM),
        };
        let is_entry = local.eq_ignore_ascii_case(entry);
        // Whatever namespace they are given, elements named so are what the list is for.
        let is_own = self.is_own(prefix) || (is_entry && prefix.is_none());
        match parts.iter().find(|(name, _)| local.eq_ignore_ascii_case(name)) {
            _ if is_own && is_entry => Element::Entry,
            Some((_, part)) if is_own => Element::Part(*part),
            // Of XHTML, by whatever prefix.
            None if self.format == Format::Urlset && local == "link" => Element::Alternate,
            _ => Element::Other,
        }
    }

    /// Whether names with this prefix are those of the format, for the element that was entered last.
    fn is_own(&self, prefix: Option<&str>) -> bool {
        let prefix = prefix.unwrap_or_default();
        match self.declared.iter().rev().find(|declared| declared.prefix == prefix) {
            Some(declared) => declared.is_own,
            None => prefix.is_empty() || self.prefixes.iter().any(|own| own == prefix),
        }
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

/// The same for elements inside of each other.
const MAX_DECLARED: usize = 64;
