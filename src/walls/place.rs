//! A place: where a redirect leads to, without what a page to log in at is told of where its reader came from.

use crate::url::CrawlUrl;

/// The text of a target that stands for the place. `/login?next=/a` and `/login?next=/b` are one place, as any whose host
/// or path says that it is about who may read; all others are one only when they are the same.
pub(super) fn of<'a>(from: &'a CrawlUrl, to: &'a CrawlUrl) -> &'a str {
    // What only changes its query leads to another page of the same.
    let path = |url: &'a str| url.split_once('?').map_or(url, |(path, _)| path);
    if path(from.as_str()) == path(to.as_str()) { to.as_str() } else { itself(to) }
}

/// The place that a URL is itself.
pub(super) fn itself(url: &CrawlUrl) -> &str {
    let text = url.as_str();
    text.split_once('?').map_or(text, |(place, _)| if asks_who(place) { place } else { text })
}

/// The key of a place.
pub(super) fn key(place: &str) -> u64 {
    let hash = blake3::hash(place.as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte))
}

/// Whether one of the words of a host and path is about who may read.
fn asks_who(place: &str) -> bool {
    let joined: String = place.chars().filter(|c| !matches!(c, '-' | '_')).collect();
    let mut words = joined.split(|c: char| !c.is_alphanumeric());
    words.any(|word| {
        let word = word.to_ascii_lowercase();
        WHO.contains(&word.as_str()) || ENDS.iter().any(|end| word.ends_with(end))
    })
}

/// Whole words.
const WHO: [&str; 11] =
    ["auth", "authorize", "authenticate", "oauth", "oauth2", "sso", "saml", "saml2", "cas", "consent", "captcha"];
/// Ends of words.
const ENDS: [&str; 4] = ["login", "signin", "logon", "challenge"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::UrlRules;

    #[test]
    fn only_a_place_that_asks_who_reads_is_one_whatever_its_query() {
        let url = |text: &str| UrlRules::new(2048).parse(text).unwrap();
        for (to, expected) in [
            ("http://e.com/login?next=/a", "http://e.com/login"),
            ("http://e.com/users/sign_in?next=/a", "http://e.com/users/sign_in"),
            ("https://sso.e.com/?s=1", "https://sso.e.com/"),
            ("https://e.com/ServiceLogin?continue=x", "https://e.com/ServiceLogin"),
            ("http://e.com/authors?id=1", "http://e.com/authors?id=1"),
            ("http://e.com/index.php?title=a", "http://e.com/index.php?title=a"),
            ("http://e.com/a/login", "http://e.com/a/login"),
        ] {
            assert_eq!(of(&url("http://e.com/a"), &url(to)), expected);
        }
        let own = url("http://e.com/login?page=1");
        assert_eq!(of(&own, &url("http://e.com/login?page=2")), "http://e.com/login?page=2");
        assert_ne!(key("http://e.com/a"), key("http://e.com/b"));
    }
}
