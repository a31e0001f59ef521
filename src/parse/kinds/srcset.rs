//! `srcset` and `imagesrcset`: HTML Standard, section 4.8.4.2.1, "parse a srcset attribute".

/// The URLs of an attribute, in its order. What stands beside them, widths and densities, decides which of them a browser
/// takes; here all count, also those that a browser drops for a descriptor that is none.
pub(in crate::parse) fn urls(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = value;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| is_space(c) || c == ',');
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(is_space).unwrap_or(rest.len());
        let (written, after) = rest.split_at(end);
        let url = written.trim_end_matches(',');
        // A comma that ends it says that it has no descriptors.
        rest = if url.len() < written.len() { after } else { after_descriptors(after) };
        Some(url)
    })
}

/// What follows the descriptors: they end at a comma that is in no parentheses.
fn after_descriptors(text: &str) -> &str {
    let mut is_inside = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => is_inside = true,
            b')' => is_inside = false,
            b',' if !is_inside => return text.get(at..).unwrap_or_default(),
            _ => {}
        }
    }
    ""
}

fn is_space(c: char) -> bool {
    c.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn candidates_are_told_apart_as_browsers_do() {
        let check = |value: &str, expected: &[&str]| assert_eq!(urls(value).collect::<Vec<_>>(), expected, "{value}");
        check("a.png", &["a.png"]);
        check(" a.png 1x,\n\tb.png 2x ", &["a.png", "b.png"]);
        check("a.png 100w, b.png 200w", &["a.png", "b.png"]);
        check("a.png,b.png 2x", &["a.png,b.png"]);
        check("a.png, b.png 2x", &["a.png", "b.png"]);
        check("a.png,,, b.png", &["a.png", "b.png"]);
        check("/w_1,h_2/a.png 1x, /w_3,h_4/a.png 2x", &["/w_1,h_2/a.png", "/w_3,h_4/a.png"]);
        check("data:,x 1x, b 2x", &["data:,x", "b"]);
        check("a (1x, b) 2x, c", &["a", "c"]);
        check("a (1x, b", &["a"]);
        check("a 1x,b 2x", &["a", "b"]);
        check(" , ,", &[]);
        check("", &[]);
        check("a 1x 2y 3z", &["a"]);
    }

    proptest! {
        #[test]
        fn whatever_it_is_it_ends_and_urls_are_parts_of_it(value in "[a(), \t]{0,40}") {
            let mut rest = value.as_str();
            for url in urls(&value) {
                prop_assert!(!url.is_empty() && !url.contains(is_space) && !url.ends_with(','));
                let at = rest.find(url);
                prop_assert!(at.is_some());
                rest = &rest[at.unwrap() + url.len()..];
            }
        }
    }
}
