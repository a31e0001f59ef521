//! Mixed content: what a page over https loads over http (W3C, Mixed Content).

use crate::mention::Kind;

/// What a browser does with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mixed {
    /// It asks for it over https instead (section 4.1): images, sound and films by themselves.
    Upgraded,
    /// It does not load it: all else.
    Blocked,
}

/// What becomes of a resource at `url`, which a page at `page` names by `found_by`. `None` when it is not mixed: a link to
/// another page is none.
pub(super) fn of(page: &str, url: &str, kind: Kind, found_by: &str) -> Option<Mixed> {
    if !page.starts_with("https://") || !url.starts_with("http://") || is_local(url) {
        return None;
    }
    let is_frame = matches!(found_by, "<iframe src>" | "<frame src>" | "<object data>" | "<embed src>");
    if !is_frame && !kind.is_part() || is_no_load(found_by) {
        return None;
    }
    Some(if UPGRADED.contains(&found_by) { Mixed::Upgraded } else { Mixed::Blocked })
}

/// Whether a URL is of this machine: what is potentially trustworthy is not mixed (Secure Contexts, section 3.1).
fn is_local(url: &str) -> bool {
    let host = url.trim_start_matches("http://").split(['/', '?', '#']).next().unwrap_or_default();
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
    name == "[::1]" || name == "localhost" || name.ends_with(".localhost") || name.starts_with("127.") && is_ipv4(name)
}

fn is_ipv4(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// What names something that is not loaded with the page.
fn is_no_load(found_by: &str) -> bool {
    matches!(found_by, "<meta content>" | "<head profile>")
}

/// What a browser asks for over https instead. `srcset` is blocked (section 4.2).
const UPGRADED: [&str; 6] =
    ["<img src>", "<audio src>", "<video src>", "<video poster>", "<source src>", "url() in CSS"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_mixed_is_blocked_or_asked_for_over_https() {
        for (page, url, kind, found_by, expected) in [
            ("https://e.com/", "http://e.com/i.png", Kind::Embed, "<img src>", Some(Mixed::Upgraded)),
            ("https://e.com/", "http://e.com/i.png", Kind::Embed, "<img srcset>", Some(Mixed::Blocked)),
            ("https://e.com/", "http://e.com/s.js", Kind::Embed, "<script src>", Some(Mixed::Blocked)),
            ("https://e.com/", "http://e.com/s.css", Kind::Style, "<link rel=stylesheet>", Some(Mixed::Blocked)),
            ("https://e.com/", "http://e.com/f", Kind::Page, "<iframe src>", Some(Mixed::Blocked)),
            ("https://e.com/", "http://e.com/a", Kind::Page, "<a href>", None),
            ("https://e.com/", "https://e.com/s.js", Kind::Embed, "<script src>", None),
            ("http://e.com/", "http://e.com/s.js", Kind::Embed, "<script src>", None),
            ("https://e.com/", "http://127.0.0.1:80/s.js", Kind::Embed, "<script src>", None),
            ("https://e.com/", "http://127.0.0.1.e.com/s.js", Kind::Embed, "<script src>", Some(Mixed::Blocked)),
            ("https://e.com/", "http://a.localhost/s.js", Kind::Embed, "<script src>", None),
            ("https://e.com/", "http://e.com/og.png", Kind::Embed, "<meta content>", None),
        ] {
            assert_eq!(of(page, url, kind, found_by), expected, "{url} {found_by}");
        }
    }
}
