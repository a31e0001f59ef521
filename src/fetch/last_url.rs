//! The last URL: what was asked for last, as the HTTP client has it. The next URL is mostly of the same origin, and then
//! nothing before its path has to be parsed again.

use std::sync::{Mutex, PoisonError};

use url::Url;

use crate::outcome::{Failure, FailureKind};
use crate::url::CrawlUrl;

/// The URL of the last request to another origin than the one before it.
#[derive(Debug, Default)]
pub(super) struct LastUrl(Mutex<Option<Url>>);

impl LastUrl {
    /// A URL as the client has it; `None` when that refuses its host.
    pub(super) fn next(&self, url: &CrawlUrl) -> Option<Url> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(next) = last.as_ref().and_then(|last| beside(last, url)) {
            return Some(next);
        }
        let parsed = url.to_url()?;
        *last = Some(parsed.clone());
        Some(parsed)
    }
}

/// A URL of the same origin as another one; `None` when it is none.
fn beside(known: &Url, url: &CrawlUrl) -> Option<Url> {
    if !known.as_str().strip_prefix(url.origin())?.starts_with('/') {
        return None;
    }
    let (path, query) = match url.path_and_query().split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (url.path_and_query(), None),
    };
    let mut next = known.clone();
    next.set_query(None);
    next.set_path(path);
    next.set_query(query);
    // What was parsed once stays as it is; should it ever not, it is parsed as a whole.
    (next.as_str() == url.as_str()).then_some(next)
}

/// The URL Standard takes any name in ASCII; the client does not.
pub(super) fn no_name() -> Failure {
    Failure::new(FailureKind::Dns, "the name of the host is no valid Punycode, which cannot be asked for")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::url::UrlRules;

    fn url(text: &str) -> CrawlUrl {
        UrlRules::new(4096).parse(text).unwrap()
    }

    #[test]
    fn one_of_the_same_origin_is_made_of_the_last_one_and_others_are_parsed() {
        let known = url("http://e.com:81/a/b?c=d").to_url().unwrap();
        for (text, is_beside) in [
            ("http://e.com:81/", true),
            ("http://e.com:81/x/y;z?q=1?2", true),
            ("http://e.com:81/?", true),
            ("https://e.com:81/", false),
            ("http://e.com:8/", false),
            ("http://e.com:811/", false),
            ("http://e.com/", false),
        ] {
            let url = url(text);
            let next = beside(&known, &url);
            assert_eq!(next.is_some(), is_beside, "{text}");
            assert!(next.is_none_or(|next| Some(next) == url.to_url()), "{text}");
        }
        assert!(LastUrl::default().next(&url("http://xn--a.e.com/")).is_none(), "the client refuses that host");
    }

    proptest! {
        #[test]
        fn each_is_what_the_parser_makes_of_it(texts in prop::collection::vec("[a/.%:;?&=^'\\\\ü -]{0,16}", 1..6)) {
            let last = LastUrl::default();
            for text in texts {
                let url = url(&format!("http://e.com/{text}"));
                let (next, parsed) = (last.next(&url).unwrap(), url.to_url().unwrap());
                prop_assert_eq!((next.as_str(), next.path(), next.query()), (parsed.as_str(), parsed.path(), parsed.query()));
            }
        }
    }
}
