//! Where the `url` crate does not do what the URL Standard says: worked round here and nowhere else.
//!
//! For each there is a test below that fails once the crate is mended: then the way round can go.

use std::borrow::Cow;

use memchr::memchr;
use url::{EncodingOverride, ParseError, Url};

/// A URL as the URL Standard has it.
#[derive(Debug, Clone)]
pub(super) struct StandardUrl {
    /// As the crate has it. A host that it refuses has a stand-in of the same length.
    url: Url,
    has_stand_in: bool,
}

impl StandardUrl {
    /// Parses an absolute URL.
    pub(super) fn parse(text: &str) -> Result<Self, ParseError> {
        Self::read(None, text, None)
    }

    /// Resolves a reference found at this URL, which is http or https. `encoding` is for its query (section 4.4, "query
    /// state"); `None` is UTF-8.
    pub(super) fn join(&self, reference: &str, encoding: EncodingOverride<'_>) -> Result<Self, ParseError> {
        Self::read(Some(self), &with_two_slashes(reference), encoding)
    }

    /// The same as the crate has it; `None` when it refuses the host.
    pub(super) fn into_url(self) -> Option<Url> {
        (!self.has_stand_in).then_some(self.url)
    }

    pub(super) fn scheme(&self) -> &str {
        self.url.scheme()
    }

    /// Takes off what no request has: the fragment, the credentials, and the dot of a name that is written to the root of
    /// the DNS. That dot is the resolver's (RFC 1034, section 3.1): certificates and servers know names without it.
    pub(super) fn strip(&mut self) {
        self.url.set_fragment(None);
        if !self.url.username().is_empty() || self.url.password().is_some() {
            // Cannot fail for http and https, which always have a host.
            let _ = self.url.set_username("");
            let _ = self.url.set_password(None);
        }
        if let Some(name) = self.url.host_str().and_then(|host| host.strip_suffix('.'))
            && !name.is_empty()
            && !name.ends_with('.')
        {
            let name = name.to_owned();
            // A name without its dot is one as well.
            let _ = self.url.set_host(Some(&name));
        }
    }

    /// The URL as text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        let text = self.url.as_str();
        if !self.has_stand_in {
            return Cow::Borrowed(text);
        }
        let host = self.url[url::Position::BeforeHost..url::Position::AfterHost].to_owned();
        let (before, after) = (&self.url[..url::Position::BeforeHost], &self.url[url::Position::AfterHost..]);
        Cow::Owned([before, &relabelled(&host, STAND_IN, ACE), after].concat())
    }

    fn read(base: Option<&Self>, reference: &str, encoding: EncodingOverride<'_>) -> Result<Self, ParseError> {
        let options = Url::options().base_url(base.map(|base| &base.url)).encoding_override(encoding);
        let (url, has_stand_in) = match options.parse(reference) {
            Ok(url) => {
                let same_host = |base: &Self| base.has_stand_in && base.url.host_str() == url.host_str();
                let has_stand_in = base.is_some_and(same_host);
                (url, has_stand_in)
            }
            Err(ParseError::IdnaError) => {
                let reference = with_stand_in(reference).ok_or(ParseError::IdnaError)?;
                (options.parse(&reference)?, true)
            }
            Err(error) => return Err(error),
        };
        Ok(Self { url: with_escaped_carets(url), has_stand_in })
    }
}

/// Of the slashes before a host all but two are passed over ("special authority ignore slashes state"). The crate takes
/// the host to be empty when a reference without a scheme has three.
fn with_two_slashes(reference: &str) -> Cow<'_, str> {
    let start = reference.trim_start_matches(|c| c <= ' ');
    let rest = start.trim_start_matches(['/', '\\', '\t', '\n', '\r']);
    let before = start.get(..start.len() - rest.len()).unwrap_or_default();
    if before.matches(['/', '\\']).count() > 2 { Cow::Owned(format!("//{rest}")) } else { Cow::Borrowed(reference) }
}

/// `^` is in the path percent-encode set (section 1.3), for the crate it is not.
fn with_escaped_carets(mut url: Url) -> Url {
    if memchr(b'^', url.path().as_bytes()).is_some() && !url.cannot_be_a_base() {
        let path = url.path().replace('^', "%5E");
        url.set_path(&path);
    }
    url
}

/// A name in ASCII is only written in lower case, whatever Unicode `ToASCII` says of it (section 3.3, "domain to ASCII").
/// The crate refuses those that are no good Punycode. It takes this one, with other starts of labels in their place.
fn with_stand_in(reference: &str) -> Option<String> {
    let text: String = reference.trim_start_matches(|c| c <= ' ').replace(['\t', '\n', '\r'], "");
    let after_scheme = if text.starts_with(['/', '\\']) { 0 } else { text.find(':')? + 1 };
    let after_slashes = text.get(after_scheme..)?.trim_start_matches(['/', '\\']);
    let authority = after_slashes.split(['/', '\\', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    if !host.is_ascii() || host.to_ascii_lowercase().contains(STAND_IN) {
        return None;
    }
    let start = text.len() - after_slashes.len() + authority.rfind('@').map_or(0, |at| at + 1);
    let (before, rest) = text.split_at(start);
    let (host, after) = rest.split_at(host.len());
    Some([before, &relabelled(host, ACE, STAND_IN), after].concat())
}

/// A host whose labels that start with `from` start with `to`.
fn relabelled(host: &str, from: &str, to: &str) -> String {
    let label = |label: &str| match label.split_at_checked(from.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(from) => format!("{to}{rest}"),
        _ => label.to_owned(),
    };
    host.split('.').map(label).collect::<Vec<_>>().join(".")
}

/// What labels in Punycode start with.
const ACE: &str = "xn--";
/// What no label starts with, and the crate lets pass.
const STAND_IN: &str = "x0--";

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(base: &str, reference: &str) -> Option<String> {
        let joined = StandardUrl::parse(base).unwrap().join(reference, None).ok()?;
        Some(joined.text().into_owned())
    }

    /// Each with what the crate makes of it: when that is right, the way round can go.
    #[track_caller]
    fn check(reference: &str, standard: &str, by_the_crate: Option<&str>) {
        let base = "http://e.com/a/b";
        assert_eq!(resolved(base, reference).as_deref(), Some(standard), "{reference:?}");
        let joined = Url::parse(base).unwrap().join(reference).ok();
        let joined = joined.as_ref().map(Url::as_str);
        assert_eq!(joined, by_the_crate, "{reference:?}: the `url` crate is mended, so this need not be worked round");
    }

    #[test]
    fn slashes_before_a_host_are_passed_over() {
        check("///host/path", "http://host/path", None);
        check("////host/path", "http://host/path", None);
        check(" \t///h/", "http://h/", None);
        check("/\n/\t/h/", "http://h/", None);
        for (same, url) in [("//h/p", "http://h/p"), ("\\\\\\h/p", "http://h/p"), ("/p", "http://e.com/p")] {
            assert_eq!(resolved("http://e.com/a/b", same).as_deref(), Some(url), "{same}");
        }
        assert_eq!(resolved("https://e.com/", "/\\/user@h:443/p").as_deref(), Some("https://user@h/p"));
    }

    #[test]
    fn a_caret_is_escaped_in_paths_and_nowhere_else() {
        check("/a^b", "http://e.com/a%5Eb", Some("http://e.com/a^b"));
        check("c^/d?e^#f^", "http://e.com/a/c%5E/d?e^#f^", Some("http://e.com/a/c^/d?e^#f^"));
        check("/a%5eb%^", "http://e.com/a%5eb%%5E", Some("http://e.com/a%5eb%^"));
        assert_eq!(resolved("http://e.com/", "mailto:a^b").as_deref(), Some("mailto:a^b"));
    }

    #[test]
    fn a_name_in_ascii_is_taken_whatever_its_punycode_says() {
        check("http://xn--8i7caa.example.com/p?q", "http://xn--8i7caa.example.com/p?q", None);
        check("//XN--A.Example:80/xn--a", "http://xn--a.example/xn--a", None);
        check("https://me:pw@a.xn--pokxncvks:8443", "https://me:pw@a.xn--pokxncvks:8443/", None);
        for bad in ["http://xn--a b/", "http://xn--a<b/", "http://x0--a.xn--a/", "http://xn--\u{fc}/"] {
            assert_eq!(resolved("http://e.com/", bad), None, "{bad}");
        }
        assert_eq!(resolved("http://e.com/", "http://xn--bcher-kva.de/").as_deref(), Some("http://xn--bcher-kva.de/"));
        assert_eq!(resolved("http://xn--a.de/b/c", "d?e").as_deref(), Some("http://xn--a.de/b/d?e"));
        assert_eq!(resolved("http://xn--a.de/b/c", "//f.de/").as_deref(), Some("http://f.de/"));
        assert!(StandardUrl::parse("http://xn--a.de/").unwrap().into_url().is_none());
    }
}
