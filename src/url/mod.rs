//! URLs as a crawl knows them: the URL that is requested, its canonical form, the key that dedupes, its host.
//!
//! Parsing is WHATWG's (the `url` crate). The requested URL is never rewritten beyond what that parser does, except
//! that its fragment, its credentials and the dot behind its host name go. The canonical form exists only inside the key.

mod alike;
mod base;
mod header;
mod host_pattern;
mod param_pattern;
mod path_param;
mod pattern;
mod public_suffix;
mod recent;
mod rules;
mod scheme;
mod standard;

pub use crate::mention::{Kind as MentionKind, LinkType, Mention, Named};
pub use alike::Alike;
pub use base::Base;
pub use header::header_text;
pub use host_pattern::{HostPattern, PerHost};
pub use param_pattern::ParamPattern;
pub use path_param::PathParam;
pub use pattern::Patterns;
pub(crate) use pattern::check_pattern;
pub(crate) use public_suffix::{is_public_suffix, listed_domain, registrable_domain};
pub use recent::{Recent, RecentUrls, Sight};
pub use rules::UrlRules;
pub use scheme::Scheme;

use std::fmt;
use std::sync::Arc;

use url::Url;

use crate::skip::SkipReason;
use standard::StandardUrl;

/// An absolute http or https URL without fragment and credentials.
///
/// Two `CrawlUrl`s are the same page for the crawl when their [keys](CrawlUrl::key) are equal. Cloning is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct CrawlUrl {
    text: Arc<str>,
    key: UrlKey,
    /// Where `example.com:8080` starts in `text`; it ends where the path starts.
    host_start: u32,
    path_start: u32,
}

/// The fingerprint that dedupes: the first 128 bits of BLAKE3 over the canonical form.
///
/// Cryptographic, so that no page can make two URLs collide and hide one of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UrlKey([u8; 16]);

/// The host that politeness counts: lower-case name or address, with the port when it is not the scheme's default.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostKey(Arc<str>);

/// One link of a response: where to, whether it may be followed, and what names it.
#[derive(Debug, Clone)]
pub struct Link {
    /// Where to.
    pub target: Target,
    /// Which way it was found; decides the depth of the target.
    pub kind: LinkKind,
    /// What names it.
    pub mention: Mention,
    /// What that says to a reader, in at most 80 characters; `None` when it says nothing, and when the URL was met before, as
    /// most are.
    pub link_text: Option<Arc<str>>,
}

/// How a URL was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// A link that is to be followed: one deeper.
    Follow,
    /// A link that the page or its author asks not to follow (`rel=nofollow`, meta robots): known, not requested.
    Nofollow,
    /// The target of a redirect: the same depth.
    Redirect,
    /// A part of the page, shown with it: the same depth.
    Part,
}

/// What a link points to.
#[derive(Debug, Clone)]
pub enum Target {
    /// Something that can be requested.
    Url(CrawlUrl),
    /// Something that cannot: another scheme, or too long. Known, counted, never requested.
    Other {
        /// The URL, cut to the greatest length.
        text: Arc<str>,
        /// Its fingerprint, over the whole of it.
        key: UrlKey,
        /// Why not.
        reason: SkipReason,
    },
}

impl CrawlUrl {
    /// A URL that was taken apart before: `text` is what [`as_str`](Self::as_str) gave, and `key` its key.
    pub(crate) fn stored(text: Arc<str>, key: UrlKey) -> Self {
        // Nearly always at the first colon, and to look for a text takes longer to begin than this to end.
        let scheme = text.bytes().position(|byte| byte == b':');
        let scheme = scheme.filter(|at| text.get(*at..).is_some_and(|rest| rest.starts_with("://")));
        let host_start = scheme.or_else(|| text.find("://")).map_or(0, |scheme| scheme + "://".len());
        Self::split(text, key, host_start)
    }

    fn split(text: Arc<str>, key: UrlKey, host_start: usize) -> Self {
        let path_start = host_start + text.get(host_start..).and_then(|rest| rest.find('/')).unwrap_or(0);
        Self { key, host_start: offset(host_start), path_start: offset(path_start), text }
    }

    /// The URL as it is requested and recorded.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The URL as shared text.
    pub fn to_shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// The fingerprint that dedupes.
    pub fn key(&self) -> UrlKey {
        self.key
    }

    /// Host name or address with a port that is not the default: `example.com`, `127.0.0.1:8080`, `[::1]:80`.
    pub fn host(&self) -> &str {
        self.slice(self.host_start as usize, self.path_start as usize)
    }

    /// Host name or address without the port: `example.com`, `127.0.0.1`, `[::1]`.
    pub fn host_name(&self) -> &str {
        split_port(self.host()).0
    }

    /// The port that the URL names; `None` when it is the scheme's own.
    pub fn port(&self) -> Option<u16> {
        split_port(self.host()).1.strip_prefix(':')?.parse().ok()
    }

    /// The host as a key of its own.
    pub fn host_key(&self) -> HostKey {
        HostKey(self.host().into())
    }

    /// Scheme, host and port: what robots.txt applies to (RFC 9309, section 2.3).
    pub fn origin(&self) -> &str {
        self.slice(0, self.path_start as usize)
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> Scheme {
        // The one is five letters long, the other four.
        if self.host_start as usize == "https://".len() { Scheme::Https } else { Scheme::Http }
    }

    /// Path and query, from the first slash: what robots.txt rules match.
    pub fn path_and_query(&self) -> &str {
        self.slice(self.path_start as usize, self.text.len())
    }

    /// The same URL as the `url` crate has it; `None` when that refuses its host, although the URL Standard does not.
    pub fn to_url(&self) -> Option<Url> {
        self.parsed()?.into_url()
    }

    /// Whether a [stored](Self::stored) text is one that the parser has written.
    pub(crate) fn is_sound(&self) -> bool {
        self.parsed().is_some_and(|parsed| matches!(parsed.scheme(), "http" | "https") && parsed.text() == *self.text)
    }

    /// As the parser has it; `None` only of a stored text that was damaged.
    fn parsed(&self) -> Option<StandardUrl> {
        StandardUrl::parse(&self.text).ok()
    }

    fn slice(&self, from: usize, to: usize) -> &str {
        self.text.get(from..to).expect("offsets were taken from this text")
    }
}

impl Target {
    /// The URL as text.
    pub fn text(&self) -> &Arc<str> {
        match self {
            Self::Url(url) => &url.text,
            Self::Other { text, .. } => text,
        }
    }

    /// The fingerprint that dedupes.
    pub fn key(&self) -> UrlKey {
        match self {
            Self::Url(url) => url.key,
            Self::Other { key, .. } => *key,
        }
    }
}

impl UrlKey {
    fn of(canonical: &[u8]) -> Self {
        let hash = blake3::hash(canonical);
        let mut key = [0; 16];
        for (to, from) in key.iter_mut().zip(hash.as_bytes()) {
            *to = *from;
        }
        Self(key)
    }

    /// A fingerprint that was kept.
    pub const fn of_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes of the fingerprint.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl HostKey {
    /// The host that [`as_str`](Self::as_str) was kept of.
    pub fn stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The host as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its name or address without the port.
    pub fn name(&self) -> &str {
        split_port(&self.0).0
    }
}

impl std::borrow::Borrow<str> for HostKey {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostKey({})", self.0)
    }
}

impl fmt::Display for CrawlUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for CrawlUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CrawlUrl({})", self.text)
    }
}

impl fmt::Debug for UrlKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UrlKey({:032x})", u128::from_be_bytes(self.0))
    }
}

/// A host without its port, and the port with its colon.
fn split_port(host: &str) -> (&str, &str) {
    // From its end, since that is asked of each link: an address in brackets ends with one, and most names with a letter.
    let name = host.trim_end_matches(|digit: char| digit.is_ascii_digit()).strip_suffix(':');
    host.split_at(name.map_or(host.len(), str::len))
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("a host ends within 4 GiB: the parser has refused longer ones")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::rules::normalize_percent;
    use super::*;

    fn rules() -> UrlRules {
        UrlRules::new(2048).ignoring(["utm_*", "gclid"].map(|param| param.parse().unwrap()))
    }

    fn url(text: &str) -> CrawlUrl {
        rules().parse(text).unwrap()
    }

    #[test]
    fn the_files_of_a_site_are_where_the_standards_have_them() {
        let rules = UrlRules::new(30);
        let page = rules.parse("https://e.com:81/a/b?c").unwrap();
        assert_eq!(rules.robots_of(&page).unwrap().as_str(), "https://e.com:81/robots.txt");
        assert_eq!(rules.home(Scheme::Http, &page.host_key()).unwrap().as_str(), "http://e.com:81/");
        let leads_to = |reference: &str| rules.requestable(&page, reference).map(|url| url.to_string());
        assert_eq!(leads_to(" d ").as_deref(), Some("https://e.com:81/a/d"));
        assert_eq!(leads_to("mailto:a@b"), None);
        assert_eq!(leads_to("/longer-than-a-url-may-be"), None);
        assert!(UrlRules::new(20).robots_of(&page).is_err());
    }

    #[test]
    fn the_parts_of_a_url_are_slices_of_it() {
        let url = url("HTTPS://Example.COM:8443/a/../b?q=1#top");
        assert_eq!(url.as_str(), "https://example.com:8443/b?q=1");
        assert_eq!(url.scheme(), Scheme::Https);
        assert_eq!(url.host(), "example.com:8443");
        assert_eq!(url.origin(), "https://example.com:8443");
        assert_eq!(url.path_and_query(), "/b?q=1");
    }

    #[test]
    fn a_host_is_a_name_and_a_port_that_is_not_the_schemes_own() {
        let check = |text: &str, name: &str, port| {
            assert_eq!((url(text).host_name(), url(text).port()), (name, port), "{text}");
        };
        check("http://e.com:8080/a:1", "e.com", Some(8080));
        check("https://e.com.:443/", "e.com", None);
        check("http://[::1]:81/", "[::1]", Some(81));
        check("http://[::1]/", "[::1]", None);
        check("http://127.0.0.1:0/", "127.0.0.1", Some(0));
    }

    #[test]
    fn a_default_port_is_no_part_of_the_host() {
        assert_eq!(url("http://example.com:80/").host(), "example.com");
        assert_eq!(url("https://[::1]:443/").host(), "[::1]");
    }

    #[test]
    fn credentials_and_fragments_go() {
        assert_eq!(url("http://user:secret@example.com/a#b").as_str(), "http://example.com/a");
    }

    #[test]
    fn the_same_page_has_one_key() {
        let check = |a: &str, b: &str| assert_eq!(url(a).key(), url(b).key(), "{a} {b}");
        check("http://e.com/a", "http://e.com/a#b");
        check("http://e.com/a", "http://e.com/a?");
        check("http://e.com/a", "http://e.com/a?utm_source=x&UTM_medium=y&gclid=1");
        check("http://e.com/a?b=1", "http://e.com/a?utm_source=x&b=1");
        check("http://e.com/%7Euser", "http://e.com/~user");
        check("http://e.com/%e4", "http://e.com/%E4");
        check("http://e.com/a?b=1", "http://e.com/a?b=1&utm%5Fsource=x");
        check("http://e.com/a?b=1", "http://e.com/a?%75TM_x&b=1");
        check("http://e.com/a?b=1", "http://e.com/a?b=1&amp;utm_source=x&amp;amp;gclid=1");
        check("http://e.com/a", "http://E.com./a");
        check("http://e.com:8080/", "http://e.com.:8080");
    }

    #[test]
    fn what_can_only_be_escaped_is_the_same_raw_and_escaped() {
        for (raw, escaped) in [
            ("|", "%7C"),
            ("{", "%7B"),
            ("}", "%7d"),
            ("^", "%5E"),
            ("`", "%60"),
            ("\"", "%22"),
            ("<", "%3C"),
            (">", "%3E"),
            (" a", "%20a"),
            ("\u{e9}", "%c3%A9"),
        ] {
            for place in ["http://e.com/a_b", "http://e.com/?a_=b", "http://e.com/?a=_b"] {
                let (raw, escaped) = (place.replace('_', raw), place.replace('_', escaped));
                assert_eq!(url(&raw).key(), url(&escaped).key(), "{raw} {escaped}");
            }
        }
        assert_eq!(url("http://e.com/?a\\b").key(), url("http://e.com/?a%5cb").key());
        for reserved in ["[]", "!", "$", "'", "(", "*", "+", ",", ";", ":", "@"] {
            let escaped = reserved.bytes().fold(String::new(), |all, byte| all + &format!("%{byte:02X}"));
            let (raw, escaped) = (format!("http://e.com/?a={reserved}"), format!("http://e.com/?a={escaped}"));
            // A URL parser escapes `'` in queries.
            assert_eq!(url(&raw).key() == url(&escaped).key(), reserved == "'", "{raw} {escaped}");
        }
    }

    #[test]
    fn what_a_site_takes_for_one_page_can_be_said() {
        let check = |alike: fn(&mut Alike), a: &str, b: &str, same: bool| {
            let mut says = Alike::default();
            alike(&mut says);
            let rules = rules().alike(says);
            let key = |text: &str| rules.parse(&format!("http://e.com{text}")).unwrap().key();
            assert_eq!(key(a) == key(b), same, "{a} {b}");
            assert_eq!(url(&format!("http://e.com{a}")).key() == url(&format!("http://e.com{b}")).key(), a == b);
        };
        let order: fn(&mut Alike) = |alike| alike.order_of_params = true;
        check(order, "/?b=2&a=1", "/?a=1&b=2", true);
        check(order, "/?b&a=1&c%7C", "/?a=1&b&c|", true);
        check(order, "/?a=2&a=1", "/?a=1&a=2", false);
        check(order, "/b/a?x", "/a/b?x", false);
        let slashes: fn(&mut Alike) = |alike| alike.count_of_slashes = true;
        for (a, b, same) in [("/a//b", "/a/b", true), ("//a", "/a", true), ("/a///", "/a/", true), ("/a/", "/a", false)]
        {
            check(slashes, a, b, same);
        }
        check(slashes, "/?u=http://f//g", "/?u=http://f/g", false);
        let session: fn(&mut Alike) = |alike| alike.path_params = vec!["jsessionid".parse().unwrap()];
        check(session, "/a;jsessionid=1", "/a", true);
        check(session, "/a;JSESSIONID=1/b;v=2;jsessionid=3?q", "/a/b;v=2?q", true);
        check(session, "/a;v=1", "/a", false);
        check(session, "/a;/b", "/a/b", false);
        check(session, "/a?x;jsessionid=1", "/a?x", false);
        check(session, "/a//b;jsessionid=1", "/a/b", false);
    }

    #[test]
    fn other_pages_have_other_keys() {
        let check = |a: &str, b: &str| assert_ne!(url(a).key(), url(b).key(), "{a} {b}");
        check("http://e.com/a", "https://e.com/a");
        check("http://e.com/a", "http://e.com/a/");
        check("http://e.com/a?x=1&y=2", "http://e.com/a?y=2&x=1");
        check("http://e.com/a%2Fb", "http://e.com/a/b");
        check("http://e.com/?gclidx=1", "http://e.com/");
        check("http://e.com/A", "http://e.com/a");
    }

    #[test]
    fn the_requested_url_keeps_what_only_the_key_leaves_out() {
        assert_eq!(url("http://e.com/%7ea?utm_source=x&b=1").as_str(), "http://e.com/%7ea?utm_source=x&b=1");
    }

    #[test]
    fn what_cannot_be_requested_says_why() {
        let base = Base::new(url("http://e.com/"));
        let reason = |reference: &str| match base.resolve(reference, &rules()) {
            Some(Target::Other { reason, .. }) => Some(reason),
            _ => None,
        };
        assert_eq!(reason("mailto:a@e.com"), Some(SkipReason::Scheme));
        assert_eq!(reason("javascript:void(0)"), Some(SkipReason::Scheme));
        assert_eq!(reason(&format!("/{}", "x".repeat(3000))), Some(SkipReason::TooLong));
        assert_eq!(reason("/a"), None);
        assert!(base.resolve("http://[", &rules()).is_none());
    }

    #[test]
    fn a_seed_without_scheme_is_told_what_to_write() {
        assert_eq!(
            rules().parse("example.com").unwrap_err(),
            "`example.com` has no scheme; write http://example.com or https://example.com"
        );
    }

    fn base_of(folders: &[&str], query: &str) -> Base {
        Base::new(url(&format!("http://e.com:8080/{}{query}", folders.concat())))
    }

    /// What the parser makes of it is what comes of it, whichever way it is resolved.
    fn check_resolved(base: &Base, reference: &str) -> Result<bool, TestCaseError> {
        let rules = UrlRules::new(60).ignoring(["utm_*".parse().unwrap()]);
        let plain = base.resolve_plain(reference, &rules);
        let parsed = base.resolve_encoded(reference, &rules, None);
        let mut recent = RecentUrls::default().take();
        for _ in 0..2 {
            let again = base.resolve_recent(reference, &rules, &mut recent);
            let told = |target: Option<&Target>| target.map(|target| (target.text().clone(), target.key()));
            prop_assert_eq!(
                told(again.as_ref().map(|(target, _)| target)),
                told(parsed.as_ref()),
                "{} on {:?}",
                reference,
                base
            );
        }
        if let Some(url) = &plain {
            let Some(Target::Url(parsed)) = &parsed else {
                return Err(TestCaseError::fail(format!("{reference} on {base:?} is {url}, and no URL to the parser")));
            };
            prop_assert_eq!(url.as_str(), parsed.as_str(), "{} on {:?}", reference, base);
            prop_assert_eq!((url.key(), url.host(), url.origin()), (parsed.key(), parsed.host(), parsed.origin()));
        }
        Ok(plain.is_some())
    }

    #[test]
    fn most_references_are_resolved_without_the_parser() {
        let base = base_of(&["a/", "b/", "c.html"], "?q=/x");
        for reference in ["d.html", "/d", "../d", "../../../d", "./d/", "../", "d/e/?f=g&h", "a@b", "d//e", "d/e..f/"] {
            assert!(check_resolved(&base, reference).unwrap(), "{reference}");
        }
        for reference in
            ["", ".", "..", "/", "//d/", "?q", "d:e", "d%2e", "d/../e", "d/.", "d e", "d\\e", "http:d", "ü"]
        {
            let plain = check_resolved(&base, reference).unwrap();
            assert!(!plain || reference == "/", "{reference}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_plain_reference_is_resolved_as_the_parser_does(
            folders in prop::collection::vec(prop::sample::select(&["a/", "/", "b.c/", "%7E/", "d"][..]), 0..6),
            query in prop::sample::select(&["", "?", "?x=/y", "#/z"][..]),
            pieces in prop::collection::vec(
                prop::sample::select(&["/", ".", "..", "../", "./", "a", "B", "-", "?", "&=", "@", ":", "%", "%2e", "#",
                    "+", "~", ",", "!", "utm_x=1", "\\", " ", "ü", "http:", "aaaaaaaaaaaaaaaaaaaaaaaa"][..]),
                0..8,
            ),
        ) {
            check_resolved(&base_of(&folders, query), &pieces.concat())?;
        }

        #[test]
        fn a_whole_reference_is_resolved_as_the_parser_does(
            scheme in prop::sample::select(&["http://", "https://", "http:/", "HTTP://", "ftp://", "//"][..]),
            labels in prop::collection::vec(
                prop::sample::select(&["a", "b-c", "e.com", "1", "0x1", "x1", "-", "--", "xn--", "B", "_", "", "%61", "a:8", ":80", "@",
                    "ü", "a.", ".a", "\u{ad}"][..]),
                0..4,
            ),
            path in prop::sample::select(&["", "/", "/a/b?c=d", "/../a", "/a/./b", "/a//b", "/%7e", "/a^b", "?q", "\\a", "/a b", "/ü"][..]),
        ) {
            check_resolved(&base_of(&["a/"], ""), &format!("{scheme}{}{path}", labels.concat()))?;
            check_resolved(&base_of(&["a/"], ""), &format!("{scheme}{}{path}", labels.join(".")))?;
        }

        #[test]
        fn any_reference_is_resolved_as_the_parser_does(reference in "[ -~]{0,12}|[a-z./]{0,12}|\\PC{0,8}") {
            check_resolved(&base_of(&["a/", "b/", "c"], ""), &reference)?;
        }
    }

    proptest! {
        #[test]
        fn canonicalisation_is_idempotent(path in "[a-zA-Z0-9%/~._-]{0,40}", query in "[a-z0-9%&=_]{0,40}") {
            let first = url(&format!("http://e.com/{path}?{query}"));
            let second = url(first.as_str());
            prop_assert_eq!(first.as_str(), second.as_str());
            prop_assert_eq!(first.key(), second.key());
        }

        #[test]
        fn percent_normalisation_is_idempotent(text in "[a-f0-9%A-F/]{0,60}") {
            let (mut once, mut twice) = (String::new(), String::new());
            normalize_percent(&text, &mut once);
            normalize_percent(&once, &mut twice);
            prop_assert_eq!(once, twice);
        }
    }
}
