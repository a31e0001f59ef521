//! JSON-LD: what of it tells of the page itself, by the words of schema.org.

use serde_json::{Map, Value};

use super::folded::folded;

/// The things that tell of the page: articles first, then pages.
pub(super) struct Things<'a> {
    all: Vec<&'a Map<String, Value>>,
    articles: usize,
    site: Option<&'a Map<String, Value>>,
}

impl<'a> Things<'a> {
    pub(super) fn of(blocks: &'a [Value]) -> Self {
        let mut every = Vec::new();
        for block in blocks {
            gather(block, 0, &mut every);
        }
        let is = |kinds: fn(&str) -> bool| move |thing: &&&Map<String, Value>| kinds_of(thing).any(kinds);
        let mut all: Vec<_> = every.iter().filter(is(is_article)).copied().collect();
        let articles = all.len();
        all.extend(every.iter().filter(is(is_page)).copied());
        Self { all, articles, site: every.iter().find(is(|kind| kind == "WebSite")).copied() }
    }

    /// The texts of a property, those of articles first.
    pub(super) fn texts(&self, property: &str) -> Vec<String> {
        self.all.iter().filter_map(|thing| folded(thing.get(property)?.as_str()?)).collect()
    }

    /// The names of the authors of the first thing that has some.
    pub(super) fn authors(&self) -> Vec<String> {
        let of = |thing: &&Map<String, Value>| {
            let names = names(thing.get("author").or_else(|| thing.get("creator"))?);
            (!names.is_empty()).then_some(names)
        };
        self.all.iter().find_map(of).unwrap_or_default()
    }

    /// The name of the site, or else of who publishes it.
    pub(super) fn site_name(&self) -> Option<String> {
        let site = self.site.and_then(|site| names(site.get("name")?).into_iter().next());
        site.or_else(|| self.all.iter().find_map(|thing| names(thing.get("publisher")?).into_iter().next()))
    }

    /// What kind of thing the page is.
    pub(super) fn kind(&self) -> Option<String> {
        let first = self.all.first()?;
        kinds_of(first).find(|kind| if self.articles > 0 { is_article(kind) } else { is_page(kind) }).and_then(folded)
    }

    /// The first picture.
    pub(super) fn image(&self) -> Option<String> {
        self.all.iter().find_map(|thing| picture(thing.get("image").or_else(|| thing.get("thumbnailUrl"))?))
    }
}

/// All things of a block: the block, those of a list, those of `@graph`, and what a page is about.
fn gather<'a>(value: &'a Value, depth: usize, all: &mut Vec<&'a Map<String, Value>>) {
    match value {
        Value::Array(list) if depth < DEEPEST => list.iter().for_each(|value| gather(value, depth + 1, all)),
        Value::Object(thing) if all.len() < MOST => {
            all.push(thing);
            for inner in ["@graph", "mainEntity", "mainEntityOfPage"] {
                if let Some(inner) = thing.get(inner).filter(|_| depth < DEEPEST) {
                    gather(inner, depth + 1, all);
                }
            }
        }
        _ => {}
    }
}

/// The kinds of a thing, without the vocabulary before them.
fn kinds_of(thing: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let kinds = thing.get("@type").map(|kind| kind.as_array().map_or(std::slice::from_ref(kind), Vec::as_slice));
    let kinds = kinds.unwrap_or_default().iter().filter_map(Value::as_str);
    kinds.map(|kind| kind.rsplit(['/', '#', ':']).next().unwrap_or(kind))
}

/// Whether a kind is one of what somebody has written (schema.org, `Article` and those below it) or made.
fn is_article(kind: &str) -> bool {
    kind.ends_with("Article")
        || kind.ends_with("Posting")
        || matches!(
            kind,
            "Report"
                | "Recipe"
                | "Review"
                | "Question"
                | "VideoObject"
                | "Product"
                | "Book"
                | "Event"
                | "Course"
                | "Dataset"
                | "SoftwareSourceCode"
        )
}

fn is_page(kind: &str) -> bool {
    kind.ends_with("Page")
}

/// The names that a value gives: a text, a thing with a name, or a list of both.
fn names(value: &Value) -> Vec<String> {
    let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let name = |value: &Value| folded(value.as_str().or_else(|| value.get("name")?.as_str())?);
    values.iter().filter_map(name).collect()
}

/// The URL of a picture: a text, an `ImageObject`, or the first of a list.
fn picture(value: &Value) -> Option<String> {
    let first = value.as_array().map_or(Some(value), |list| list.first())?;
    let url = first.as_str().or_else(|| first.get("url")?.as_str()).or_else(|| first.get("contentUrl")?.as_str())?;
    folded(url)
}

/// How deep things may lie in each other.
const DEEPEST: usize = 4;
/// How many are looked at.
const MOST: usize = 256;
