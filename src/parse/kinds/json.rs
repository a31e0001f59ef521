//! What JSON names: the URLs in JSON-LD, and those of a web app manifest.
//!
//! Values are looked at as they pass, and kept only where they are URLs; the parser bounds how deep they may nest.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The absolute http and https URLs of JSON-LD (JSON-LD 1.1), in its order. Which terms are defined where (`@context`), and
/// what a thing is (`@type`), lead nowhere.
pub(super) fn ld_urls(text: &str) -> Vec<String> {
    let mut urls = Vec::new();
    let mut json = serde_json::Deserializer::from_str(text.trim());
    // What is damaged further on is read as far as it goes.
    let _ = Urls(&mut urls).deserialize(&mut json);
    urls
}

/// Takes the URLs out of one value.
struct Urls<'u>(&'u mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Urls<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Urls<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if is_url(text) {
            self.0.push(text.to_owned());
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Urls(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if matches!(key.as_str(), "@context" | "@type" | "@vocab") {
                map.next_value::<serde::de::IgnoredAny>()?;
            } else {
                map.next_value_seed(Urls(self.0))?;
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

fn is_url(text: &str) -> bool {
    let has = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    has("https://") || has("http://")
}

/// What a web app manifest names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ManifestPart {
    /// An icon, a screenshot.
    Image,
    /// Where the app starts, or a shortcut leads.
    Page,
}

/// Gives each reference of a web app manifest (Web Application Manifest, section 1.1 and 3). A JSON object without any of
/// them is none: manifests are sent with the type of any JSON.
pub(super) fn read_manifest(body: &[u8], mut found: impl FnMut(ManifestPart, &str)) {
    if body.len() > LONGEST_MANIFEST {
        return;
    }
    let Ok(Value::Object(manifest)) = serde_json::from_slice(body) else { return };
    if let Some(start) = manifest.get("start_url").and_then(Value::as_str) {
        found(ManifestPart::Page, start);
    }
    let list = |of: &serde_json::Map<String, Value>, name: &str| {
        of.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let mut images = list(&manifest, "icons");
    images.extend(list(&manifest, "screenshots"));
    for shortcut in list(&manifest, "shortcuts").iter().filter_map(Value::as_object) {
        if let Some(url) = shortcut.get("url").and_then(Value::as_str) {
            found(ManifestPart::Page, url);
        }
        images.extend(list(shortcut, "icons"));
    }
    for source in images.iter().filter_map(|image| image.get("src")).filter_map(Value::as_str) {
        found(ManifestPart::Image, source);
    }
}

/// How long a manifest may be, in bytes: browsers' own are some KiB.
const LONGEST_MANIFEST: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_json_ld_are_values() {
        let ld = r#" {"@context":"https://schema.org","@type":"Recipe","@id":"https://e.com/#r","url":"HTTPS://e.com/r",
            "image":["https://e.com/a.png",{"url":"http://e.com/b.png"}],"name":"see https://no","n":[1,-1,1.5,true,null],
            "author":{"sameAs":"/relative"}} "#;
        assert_eq!(ld_urls(ld), ["https://e.com/#r", "HTTPS://e.com/r", "https://e.com/a.png", "http://e.com/b.png"]);
        assert_eq!(
            ld_urls(r#"["https://e.com/a", {"url": "https://e.com/b", oops"#),
            ["https://e.com/a", "https://e.com/b"]
        );
        let deep = format!("{}\"https://e.com/\"", "[".repeat(100_000));
        assert!(ld_urls(&deep).is_empty());
        assert!(ld_urls("").is_empty());
    }

    #[test]
    fn a_manifest_names_images_and_pages() {
        use ManifestPart::{Image, Page};

        let all = |body: &str| {
            let mut all = Vec::new();
            read_manifest(body.as_bytes(), |part, url| all.push((part, url.to_owned())));
            all
        };
        let manifest = r#"{"start_url":"/?app","icons":[{"src":"a.png"},{"sizes":"1x1"}],
            "shortcuts":[{"url":"/new","icons":[{"src":"n.png"}]}],"screenshots":[{"src":"s.png"}]}"#;
        let expected = [(Page, "/?app"), (Page, "/new"), (Image, "a.png"), (Image, "s.png"), (Image, "n.png")];
        assert_eq!(all(manifest), expected.map(|(part, url)| (part, url.to_owned())));
        for none in ["[]", "{}", "{\"icons\":1}", "{\"icons\":[1,{\"src\":2}]}", "<html>", ""] {
            assert!(all(none).is_empty(), "{none}");
        }
    }
}
