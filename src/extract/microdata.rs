//! Microdata (HTML Standard, section 5), in the form that JSON-LD gives to the same data, so that one path reads both.

use html5ever::{LocalName, local_name};
use scraper::ElementRef;
use serde_json::{Map, Value};

use super::element::Work;
use super::text;
use crate::tree::Document;
use crate::tree::embedded::attribute;

/// The items of a page that are no property of another: objects with `@type`, `@id` and their properties. A property
/// that is there once is a value, and a list when it is there more often.
pub(super) fn items(document: &Document, work: &Work, resolve: &dyn Fn(&str) -> Option<String>) -> Vec<Value> {
    let reader = Reader { document, work, resolve };
    document
        .elements()
        .filter(|element| has(*element, "itemscope") && !has(*element, "itemprop"))
        .map(|item| reader.item(item, &mut Vec::new()))
        .collect()
}

struct Reader<'a> {
    document: &'a Document,
    work: &'a Work,
    resolve: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Reader<'a> {
    /// One item. `above` are the items that it is in: one that refers to itself is left out.
    fn item(&self, item: ElementRef<'a>, above: &mut Vec<ElementRef<'a>>) -> Value {
        let mut object = Map::new();
        let named =
            |name: &str| attribute(item, &LocalName::from(name)).map(str::trim).filter(|value| !value.is_empty());
        if let Some(types) = named("itemtype") {
            let types = types.split_ascii_whitespace().map(|kind| short_type(kind).into()).collect::<Vec<Value>>();
            for kind in types {
                add(&mut object, "@type", kind);
            }
        }
        if let Some(id) = named("itemid") {
            object.insert("@id".to_owned(), (self.resolve)(id).unwrap_or_else(|| id.to_owned()).into());
        }
        above.push(item);
        for property in self.properties(item) {
            let called = attribute(property, &LocalName::from("itemprop")).unwrap_or_default();
            let value = match has(property, "itemscope") {
                true if above.contains(&property) || above.len() > MAX_NESTING => continue,
                true => self.item(property, above),
                false => self.value(property),
            };
            for name in called.split_ascii_whitespace() {
                add(&mut object, name, value.clone());
            }
        }
        above.pop();
        Value::Object(object)
    }

    /// The elements that are properties of an item: below it and below what its `itemref` names, without those of the
    /// items in it.
    fn properties(&self, item: ElementRef<'a>) -> Vec<ElementRef<'a>> {
        let referred = attribute(item, &LocalName::from("itemref")).unwrap_or_default();
        let referred = referred.split_ascii_whitespace().take(MAX_REFERRED).filter_map(|id| {
            self.document
                .elements()
                .take_while(|_| self.work.spend(1))
                .find(|element| attribute(*element, &local_name!("id")) == Some(id))
        });
        let mut found = Vec::new();
        for root in std::iter::once(item).chain(referred) {
            let mut open: Vec<ElementRef<'a>> = if root == item { children(item) } else { vec![root] };
            while let Some(element) = open.pop().filter(|_| self.work.spend(1)) {
                if has(element, "itemprop") {
                    found.push(element);
                }
                if !has(element, "itemscope") {
                    open.extend(children(element));
                }
            }
        }
        found
    }

    /// The value of a property that is no item (section 5.2.4).
    fn value(&self, property: ElementRef<'a>) -> Value {
        let of = |name: &str| attribute(property, &LocalName::from(name)).map(str::trim);
        let url =
            |name: &str| of(name).map(|reference| (self.resolve)(reference).unwrap_or_else(|| reference.to_owned()));
        let value = match &*property.value().name.local {
            "meta" => of("content").map(str::to_owned),
            "audio" | "embed" | "iframe" | "img" | "source" | "track" | "video" => url("src"),
            "a" | "area" | "link" => url("href"),
            "object" => url("data"),
            "data" | "meter" => of("value").map(str::to_owned),
            "time" => Some(of("datetime").map_or_else(|| text::of(property, self.work), str::to_owned)),
            // Not in the standard, and all over the web.
            _ if of("content").is_some() => of("content").map(str::to_owned),
            _ => Some(text::of(property, self.work)),
        };
        value.unwrap_or_default().into()
    }
}

/// The elements in an element, the last first.
fn children(of: ElementRef<'_>) -> Vec<ElementRef<'_>> {
    of.children().rev().filter_map(ElementRef::wrap).collect()
}

fn has(element: ElementRef<'_>, name: &str) -> bool {
    attribute(element, &LocalName::from(name)).is_some()
}

fn add(object: &mut Map<String, Value>, name: &str, value: Value) {
    match object.get_mut(name) {
        None => {
            object.insert(name.to_owned(), value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// The type as JSON-LD names it in the context of schema.org.
fn short_type(kind: &str) -> &str {
    let bare = kind.strip_prefix("https://").or_else(|| kind.strip_prefix("http://")).unwrap_or(kind);
    bare.strip_prefix("schema.org/").or_else(|| bare.strip_prefix("www.schema.org/")).unwrap_or(kind)
}

const MAX_NESTING: usize = 32;
const MAX_REFERRED: usize = 16;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tree::Bounds;

    fn check(page: &str, expected: &Value) {
        let document = Document::parse(page, Bounds::default());
        let found =
            items(&document, &Work::for_size(page.len()), &|reference| Some(format!("http://e.com/{reference}")));
        assert_eq!(Value::from(found), *expected, "{page}");
    }

    #[test]
    fn items_have_the_form_of_json_ld() {
        check(
            "<div itemscope itemtype='https://schema.org/Product' itemid=p1><h1 itemprop=name> A  b </h1>\
             <img itemprop=image src=1.png><img itemprop=image src=2.png>\
             <div itemprop=offers itemscope itemtype=http://schema.org/Offer><meta itemprop=price content=19.90>\
             <time itemprop=validFrom datetime=2026-11-29>today</time></div>\
             <span itemprop='brand maker'>M</span><span itemprop=x content=y>z</span></div>",
            &json!([{
                "@type": "Product", "@id": "http://e.com/p1", "name": "A b",
                "image": ["http://e.com/1.png", "http://e.com/2.png"],
                "offers": {"@type": "Offer", "price": "19.90", "validFrom": "2026-11-29"},
                "brand": "M", "maker": "M", "x": "y"
            }]),
        );
    }

    #[test]
    fn what_is_referred_to_belongs_to_the_item() {
        check(
            "<div itemscope itemref='a b'></div><p id=a><b itemprop=x>1</b></p><p id=b itemprop=y>2</p>",
            &json!([{"x": "1", "y": "2"}]),
        );
    }

    #[test]
    fn an_item_that_is_in_itself_ends() {
        check("<div itemscope itemref=a></div><div id=a itemprop=x itemscope itemref=a></div>", &json!([{"x": {}}]));
    }
}
