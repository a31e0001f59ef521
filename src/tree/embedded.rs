//! Data that a page holds beside its text: JSON-LD, JSON of scripts, OpenGraph.

use html5ever::{LocalName, local_name, ns};
use scraper::{ElementRef, Node};
use serde_json::Value;

use super::Document;

/// The JSON-LD blocks of a page, each read alone: what can be read, and what is wrong with each other.
pub(crate) fn json_ld(document: &Document) -> (Vec<Value>, Vec<String>) {
    let blocks: Vec<_> = scripts(document)
        .filter(|script| {
            attribute(*script, &local_name!("type")).is_some_and(|kind| essence_is(kind, "application/ld+json"))
        })
        .collect();
    let (mut read, mut broken) = (Vec::new(), Vec::new());
    for (nth, script) in blocks.iter().enumerate() {
        match serde_json::from_str(without_wrapping(&content(*script))) {
            Ok(value) => read.push(value),
            Err(error) => broken.push(format!("JSON-LD block {} of {}: {error}", nth + 1, blocks.len())),
        }
    }
    (read, broken)
}

/// The JSON that the script of this id holds, or that a script assigns to this variable. The error says what there is
/// instead; `None` when there is no such script.
pub(crate) fn script(document: &Document, name: &str) -> Option<Result<Value, String>> {
    let id = local_name!("id");
    if let Some(script) = scripts(document).find(|script| attribute(*script, &id) == Some(name)) {
        let content = content(script);
        let json = without_wrapping(&content);
        return Some(serde_json::from_str(json).or_else(|error| {
            assigned(json, name).ok_or_else(|| format!("the script `{name}` holds no JSON: {error}"))
        }));
    }
    scripts(document).find_map(|script| assigned(&content(script), name)).map(Ok)
}

/// The values of a property of OpenGraph, in document order.
pub(crate) fn opengraph<'a>(document: &'a Document, property: &str) -> Vec<&'a str> {
    let named = |element: ElementRef<'a>, name: &LocalName| {
        attribute(element, name).is_some_and(|value| value.trim().eq_ignore_ascii_case(property))
    };
    document
        .elements()
        .filter(|element| element.value().name.local == local_name!("meta"))
        .filter(|meta| named(*meta, &LocalName::from("property")) || named(*meta, &local_name!("name")))
        .filter_map(|meta| attribute(meta, &local_name!("content")))
        .map(str::trim)
        .filter(|content| !content.is_empty())
        .collect()
}

/// The properties of OpenGraph that a page has, in document order.
pub(crate) fn properties(document: &Document) -> impl Iterator<Item = &str> {
    let property = LocalName::from("property");
    let metas = document.elements().filter(|element| element.value().name.local == local_name!("meta"));
    metas.filter_map(move |meta| attribute(meta, &property)).map(str::trim).filter(|property| !property.is_empty())
}

/// Whether a media type is this one, whatever its case and its parameters.
pub(crate) fn essence_is(media_type: &str, essence: &str) -> bool {
    media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(essence)
}

/// The value of an attribute.
pub(crate) fn attribute<'a>(element: ElementRef<'a>, name: &LocalName) -> Option<&'a str> {
    let mut attributes = element.value().attrs.iter();
    attributes.find(|(key, _)| key.local == *name && key.ns == ns!()).map(|(_, value)| &**value)
}

fn scripts(document: &Document) -> impl Iterator<Item = ElementRef<'_>> {
    document.elements().filter(|element| element.value().name.local == local_name!("script"))
}

fn content(script: ElementRef<'_>) -> String {
    let text = script.children().filter_map(|node| match node.value() {
        Node::Text(text) => Some(&**text),
        _ => None,
    });
    text.collect()
}

/// Without the comment or the CDATA marks that old templates put around a script.
fn without_wrapping(text: &str) -> &str {
    let mut text = text.trim();
    for (start, end) in [("<!--", "-->"), ("//<![CDATA[", "//]]>"), ("/*<![CDATA[*/", "/*]]>*/"), ("<![CDATA[", "]]>")]
    {
        text = text.strip_prefix(start).unwrap_or(text).trim_start();
        text = text.strip_suffix(end).unwrap_or(text).trim_end();
    }
    text.strip_suffix(';').unwrap_or(text)
}

/// The JSON that follows `name =`.
fn assigned(script: &str, name: &str) -> Option<Value> {
    let mut from = 0;
    while let Some(at) = script.get(from..).and_then(|rest| rest.find(name)) {
        let end = from + at + name.len();
        let rest = script.get(end..)?.trim_start_matches(['"', '\'', ']']).trim_start();
        if let Some(json) = rest.strip_prefix('=').filter(|json| !json.starts_with('=')) {
            let mut values = serde_json::Deserializer::from_str(json).into_iter();
            if let Some(Ok(value)) = values.next() {
                return Some(value);
            }
        }
        from = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tree::Bounds;

    fn page(text: &str) -> Document {
        Document::parse(text, Bounds::default())
    }

    #[test]
    fn each_json_ld_block_is_read_alone() {
        let page = page(
            "<script type='application/ld+json'>{\"a\":1}</script>\
             <script type='application/ld+json'>{\"a\":}</script>\
             <script type=' Application/LD+JSON; charset=utf-8'><!-- {\"a\":3} --></script>\
             <script type='application/json'>{\"a\":4}</script>\
             <template><script type='application/ld+json'>{\"a\":5}</script></template>",
        );
        let (read, broken) = json_ld(&page);
        assert_eq!(read, [json!({"a": 1}), json!({"a": 3})]);
        assert_eq!(broken, ["JSON-LD block 2 of 3: expected value at line 1 column 6"]);
    }

    #[test]
    fn the_json_of_a_script_is_found_by_id_or_by_variable() {
        let page = page(
            "<script id=__NEXT_DATA__ type=application/json>{\"a\":1}</script><script id=x>var y;</script>\
             <script>if (window.state == 2) {} window.state = {\"a\":2}; window['other']=[3];</script>",
        );
        assert_eq!(script(&page, "__NEXT_DATA__"), Some(Ok(json!({"a": 1}))));
        assert_eq!(script(&page, "window.state"), Some(Ok(json!({"a": 2}))));
        assert_eq!(script(&page, "other"), Some(Ok(json!([3]))));
        assert_eq!(script(&page, "nothing"), None);
        assert!(script(&page, "x").unwrap().unwrap_err().starts_with("the script `x` holds no JSON: expected value"));
    }

    #[test]
    fn all_values_of_a_property_are_kept() {
        let page = page(
            "<meta property=og:image content=a><meta property=og:title content=' t '>\
             <meta name=og:image content=b><meta property='OG:Image' content=c><meta property=og:image content=''>",
        );
        assert_eq!(opengraph(&page, "og:image"), ["a", "b", "c"]);
        assert_eq!(opengraph(&page, "og:title"), ["t"]);
        assert_eq!(opengraph(&page, "og:video"), [""; 0]);
    }
}
