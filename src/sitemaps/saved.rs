//! What is kept of the sitemaps beyond the end of the process, so that each is read once in a crawl.

use serde::{Deserialize, Serialize};

use super::{Ask, Sitemaps};
use crate::url::{CrawlUrl, HostKey};

/// What is kept of one sitemap that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedSitemap {
    /// The host whose word it is that this is a sitemap.
    pub site: String,
    /// How many indexes lead to it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub nesting: u32,
    /// How many redirects in a row lead to it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub redirects: u32,
    /// Whether it was read, or given up: it is not asked for again.
    pub done: bool,
    /// Whether it was given up without knowing what it lists.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unread: bool,
}

impl Sitemaps {
    /// What has changed since the last call, in this order: it has to be kept together with what the sitemaps list.
    pub(crate) fn take_changes(&mut self) -> Vec<(CrawlUrl, SavedSitemap)> {
        std::mem::take(&mut self.changes)
    }

    /// Takes over what an earlier process has kept: call it before anything is taken. What that has not read is queued,
    /// as far as these options still want it.
    pub(crate) fn restore(&mut self, url: CrawlUrl, saved: SavedSitemap) {
        if !self.options.takes_any() && !self.feeds {
            return;
        }
        let SavedSitemap { site, nesting, redirects, done, .. } = saved;
        let site = HostKey::stored(&site);
        // Known already is what has redirected to another spelling of itself: this one, which is still to be asked for.
        let is_new = self.known.insert(url.key());
        *self.taken.entry(site.clone()).or_default() += usize::from(is_new);
        if !done && nesting <= self.options.max_nesting {
            self.queues.push(Ask { url, attempt: 0, site, nesting, redirects, redirected: Vec::new() });
        }
    }

    pub(super) fn change(&mut self, ask: &Ask, done: bool, unread: bool) {
        let Ask { url, site, nesting, redirects, .. } = ask;
        let (site, nesting, redirects) = (site.to_string(), *nesting, *redirects);
        self.changes.push((url.clone(), SavedSitemap { site, nesting, redirects, done, unread }));
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_false(is: &bool) -> bool {
    !is
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::sitemaps::{Options, Taken};
    use crate::url::UrlRules;

    fn url(text: &str) -> CrawlUrl {
        UrlRules::new(4096).parse(text).unwrap()
    }

    fn options() -> Options {
        Options { from_robots: true, max_files: 4, max_nesting: 1, ..Options::default() }
    }

    /// Killed after all changes were kept, and started again.
    fn restarted(kept: &mut Vec<(CrawlUrl, String)>, killed: &mut Sitemaps, options: Options) -> Sitemaps {
        for (url, saved) in killed.take_changes() {
            kept.retain(|(known, _)| known.as_str() != url.as_str());
            kept.push((url, serde_json::to_string(&saved).unwrap()));
        }
        let mut next = Sitemaps::new(options);
        for (url, saved) in kept.iter() {
            next.restore(url.clone(), serde_json::from_str(saved).unwrap());
        }
        next
    }

    #[test]
    fn what_was_read_is_known_and_what_was_not_is_asked_for_again() {
        let (mut first, now, mut kept) = (Sitemaps::new(options()), Instant::now(), Vec::new());
        let site = url("http://a/").host_key();
        first.name(url("http://a/index"), site.clone());
        let index = first.next(now).unwrap();
        for child in ["http://a/1", "http://b/2"] {
            assert_eq!(first.nest(&index, url(child)), Taken::Queued);
        }
        first.done(&index);
        assert!(first.next(now).is_some());
        let mut second = restarted(&mut kept, &mut first, options());
        assert_eq!(second.name(url("http://a/index"), site.clone()), Taken::Known);
        let asks: Vec<_> = std::iter::from_fn(|| second.next(now)).collect();
        let mut urls: Vec<_> = asks.iter().map(|ask| (ask.url.as_str(), ask.attempt)).collect();
        urls.sort_unstable();
        assert_eq!(urls, [("http://a/1", 1), ("http://b/2", 1)], "what was in flight, and what waited");
        assert_eq!(second.nest(&asks[0], url("http://a/3")), Taken::TooDeep, "it is as deep as it was");
        assert_eq!(second.redirect(&asks[0], url("http://a/4")), Taken::Queued);
        assert_eq!(second.name(url("http://a/5"), site), Taken::TooMany, "four are taken on the word of one host");
        for ask in &asks {
            second.done(ask);
        }
        let four = second.next(now).unwrap();
        second.done(&four);
        assert!(restarted(&mut kept, &mut second, options()).is_idle());
    }

    #[test]
    fn another_spelling_that_was_redirected_to_is_still_asked_for() {
        let (mut first, now, mut kept) = (Sitemaps::new(options()), Instant::now(), Vec::new());
        first.name(url("http://a/s?"), url("http://a/").host_key());
        let ask = first.next(now).unwrap();
        assert_eq!(first.redirect(&ask, url("http://a/s?")), Taken::Circle);
        assert_eq!(first.redirect(&ask, url("http://a/s")), Taken::Queued);
        first.done(&ask);
        let mut second = restarted(&mut kept, &mut first, options());
        let again = second.next(now).unwrap();
        assert_eq!(again.url.as_str(), "http://a/s");
        second.done(&again);
        assert!(restarted(&mut kept, &mut second, options()).is_idle());
    }

    #[test]
    fn a_run_that_wants_no_sitemaps_leaves_them_to_the_next_that_does() {
        let (mut first, mut kept) = (Sitemaps::new(options()), Vec::new());
        first.name(url("http://a/1"), url("http://a/").host_key());
        let mut second = restarted(&mut kept, &mut first, Options::default());
        assert!(second.is_idle() && second.take_changes().is_empty());
        assert!(!restarted(&mut kept, &mut second, options()).is_idle());
    }
}
