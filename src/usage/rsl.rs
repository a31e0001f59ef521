//! RSL: Really Simple Licensing 1.0 (rslstandard.org, 2025), as far as it says where a licence is: `License:` lines of
//! robots.txt, which belong to no group, and `rel=license` of a `<link>` and of the header `Link`.
//!
//! The licence itself is not asked for: what it permits is for who reads it.

use super::{Place, Statement, Vocabulary};

/// A `License:` line. Its value has to be an absolute URL.
pub(crate) fn of_line(line: u32, value: &str) -> Statement {
    let statement = Statement::new(Vocabulary::Rsl, Place::RobotsTxt, Some(line), format!("License: {value}"));
    if value.contains("://") { statement.naming(value) } else { statement }
}

/// A link with `rel=license` and the media type that it names, to an absolute URL. Without the type of RSL it is a licence of
/// any kind (HTML Standard, section 4.6.7.9).
pub(crate) fn of_link(from: Place, url: &str, media_type: Option<&str>) -> Statement {
    let essence = media_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    let is_rsl = essence.eq_ignore_ascii_case(MEDIA_TYPE);
    let vocabulary = if is_rsl { Vocabulary::Rsl } else { Vocabulary::License };
    let text = match (from, is_rsl) {
        (Place::Header, true) => format!("Link: <{url}>; rel=\"license\"; type=\"{MEDIA_TYPE}\""),
        (Place::Header, false) => format!("Link: <{url}>; rel=\"license\""),
        (_, true) => format!("<link rel=\"license\" type=\"{MEDIA_TYPE}\" href=\"{url}\">"),
        (_, false) => format!("<link rel=\"license\" href=\"{url}\">"),
    };
    Statement::new(vocabulary, from, None, text).naming(url)
}

const MEDIA_TYPE: &str = "application/rsl+xml";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_guide_are_read() {
        // rslstandard.org/guide/robots-txt.
        for url in ["https://your-website.com/license.xml", "https://example.com/license.xml"] {
            let found = of_line(1, url);
            assert_eq!((found.vocabulary, found.line, found.url.as_deref()), (Vocabulary::Rsl, Some(1), Some(url)));
            assert_eq!(found.text, format!("License: {url}"));
        }
        // It has to be absolute.
        assert_eq!(of_line(3, "/license.xml").url, None);
        // rslstandard.org/guide/http.
        let url = "https://example.com/license.xml";
        let found = of_link(Place::Header, url, Some("application/rsl+xml"));
        assert_eq!((found.vocabulary, found.url.as_deref()), (Vocabulary::Rsl, Some(url)));
        assert_eq!(found.text, format!("Link: <{url}>; rel=\"license\"; type=\"application/rsl+xml\""));
        // rslstandard.org/guide/html.
        let found = of_link(Place::Link, url, Some(" Application/RSL+XML ; charset=utf-8"));
        assert_eq!((found.vocabulary, found.from), (Vocabulary::Rsl, Place::Link));
        // A licence of another kind.
        let found = of_link(Place::Link, "https://creativecommons.org/licenses/by/4.0/", None);
        assert_eq!(found.vocabulary, Vocabulary::License);
    }
}
