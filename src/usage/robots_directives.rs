//! Robots directives: what those of `<meta name=robots>` and `X-Robots-Tag` say of use, as Google (developers.google.com,
//! "Robots meta tag"), Bing (`nocache`) and DeviantArt (`noai`, `noimageai`, 2022) describe them. No draft has them all.

use super::{Said, Use};

/// Takes what one directive restricts; `value` is what stands behind its colon. Whether it restricts anything: what only
/// allows, as `index`, is what holds anyhow.
pub(crate) fn read(directive: &str, value: Option<&str>, to: &mut Said) -> bool {
    let is = |name: &str| directive.eq_ignore_ascii_case(name);
    // Nearly all that pages say allows.
    if !directive.as_bytes().first().is_some_and(|first| matches!(first | 0x20, b'n' | b'm' | b'u')) {
        return false;
    }
    if is("noindex") || is("none") {
        to.answer(Use::Search, false);
    } else if is("noarchive") || is("nocache") {
        to.answer(Use::Archive, false);
    } else if is("nosnippet") || is("max-snippet") && value == Some("0") {
        // "… and will also prevent the content from being used as a direct input for AI Overviews and AI Mode."
        to.answer(Use::AiInput, false);
    } else if is("noai") {
        to.answer(Use::AiTrain, false);
        to.answer(Use::AiInput, false);
    } else {
        // Told, although they are about pictures, and about a time.
        return is("noimageai") || is("noimageindex") || is("unavailable_after");
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_directive_has_its_meaning() {
        let check = |directive: &str, value: Option<&str>, disallows: &[Use]| {
            let mut said = Said::default();
            assert!(read(directive, value, &mut said), "{directive} restricts something");
            assert_eq!((&said.allows[..], &said.disallows[..]), (&[][..], disallows), "{directive}");
        };
        check("noindex", None, &[Use::Search]);
        check("NONE", None, &[Use::Search]);
        check("noarchive", None, &[Use::Archive]);
        check("nocache", None, &[Use::Archive]);
        check("nosnippet", None, &[Use::AiInput]);
        check("max-snippet", Some("0"), &[Use::AiInput]);
        check("noai", None, &[Use::AiTrain, Use::AiInput]);
        check("noimageai", None, &[]);
        check("noimageindex", None, &[]);
        check("unavailable_after", Some("2025-01-01"), &[]);
    }

    #[test]
    fn what_allows_is_not_told() {
        let all = ["all", "index", "follow", "nofollow", "notranslate", "max-image-preview", "indexifembedded", ""];
        for directive in all {
            assert!(!read(directive, None, &mut Said::default()), "{directive}");
        }
        assert!(!read("max-snippet", Some("-1"), &mut Said::default()));
        assert!(!read("max-snippet", None, &mut Said::default()));
    }
}
