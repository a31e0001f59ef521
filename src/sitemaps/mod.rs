//! Sitemaps of a crawl: which are taken, each once, and whose turn it is to be asked for one.
//!
//! No page waits for a sitemap, and no sitemap for one of another host: each host has a queue of its own, of which one
//! request is under way at a time. All times are passed in.

mod options;
mod queue;
mod saved;

pub use options::Options;
pub(crate) use saved::SavedSitemap;

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use crate::url::{CrawlUrl, HostKey, LinkKind, UrlKey};
use queue::Queues;

/// The sitemaps of one crawl.
#[derive(Debug)]
pub(crate) struct Sitemaps {
    options: Options,
    known: HashSet<UrlKey>,
    /// How many were taken because of what a host says.
    taken: HashMap<HostKey, usize>,
    queues: Queues,
    in_flight: usize,
    /// Whether pages name some as well.
    feeds: bool,
    /// What is to be kept.
    changes: Vec<(CrawlUrl, SavedSitemap)>,
}

/// One request for a sitemap, on its way or waiting for it.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// What is asked for.
    pub(crate) url: CrawlUrl,
    /// How often it has been asked for, this time included.
    pub(crate) attempt: u32,
    /// The host whose word it is that this is a sitemap.
    pub(crate) site: HostKey,
    /// How many indexes lead to it.
    nesting: u32,
    /// How many redirects in a row lead to it.
    redirects: u32,
    /// What redirected, as far as this process has seen it.
    redirected: Vec<UrlKey>,
}

/// What became of a sitemap that something leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It waits for its turn.
    Queued,
    /// It was taken before.
    Known,
    /// Left out: it lies behind more indexes than `max_nesting`.
    TooDeep,
    /// Left out: it is the first beyond `max_files`.
    TooMany,
    /// Left out: it is one more beyond `max_files`.
    MoreYet,
    /// Left out: it lies behind too many redirects.
    TooFar,
    /// Left out: it has redirected to what redirects to it.
    Circle,
}

impl Sitemaps {
    /// No sitemaps yet.
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            known: HashSet::new(),
            taken: HashMap::new(),
            queues: Queues::default(),
            in_flight: 0,
            feeds: false,
            changes: Vec::new(),
        }
    }

    /// The same, with the feeds that pages name.
    pub(crate) fn with_feeds(self) -> Self {
        Self { feeds: true, ..self }
    }

    /// What was set.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// Whether none was ever taken.
    pub(crate) fn is_unused(&self) -> bool {
        self.known.is_empty()
    }

    /// What a link of a page is to the crawl: with [`Options::only`] nothing to follow. Redirects still lead on: what a
    /// sitemap lists may have moved.
    pub(crate) fn link_kind(&self, kind: LinkKind) -> LinkKind {
        if self.options.only && kind == LinkKind::Follow { LinkKind::Nofollow } else { kind }
    }

    /// Takes a sitemap that the user names, or the robots.txt of a page of `site`.
    pub(crate) fn name(&mut self, url: CrawlUrl, site: HostKey) -> Taken {
        self.take(Ask { url, attempt: 0, site, nesting: 0, redirects: 0, redirected: Vec::new() })
    }

    /// Takes a sitemap that an index lists.
    pub(crate) fn nest(&mut self, index: &Ask, url: CrawlUrl) -> Taken {
        let nesting = index.nesting + 1;
        if nesting > self.options.max_nesting {
            return Taken::TooDeep;
        }
        self.take(Ask { url, attempt: 0, site: index.site.clone(), nesting, redirects: 0, redirected: Vec::new() })
    }

    /// Takes what a sitemap redirects to.
    pub(crate) fn redirect(&mut self, from: &Ask, url: CrawlUrl) -> Taken {
        let redirects = from.redirects + 1;
        if redirects > MAX_REDIRECTS {
            return Taken::TooFar;
        }
        let mut redirected = from.redirected.clone();
        let is_respelled = url.key() == from.url.key() && url.as_str() != from.url.as_str();
        if !is_respelled {
            redirected.push(from.url.key());
        }
        if redirected.contains(&url.key()) {
            return Taken::Circle;
        }
        let ask = Ask { url, attempt: 0, site: from.site.clone(), nesting: from.nesting, redirects, redirected };
        if is_respelled {
            // The same sitemap in other words: it is known, and counts once.
            self.queue(ask);
            return Taken::Queued;
        }
        self.take(ask)
    }

    /// The next one to be asked for, of a host whose turn it is. It ends in [`put_off`](Self::put_off) or
    /// [`done`](Self::done).
    pub(crate) fn next(&mut self, now: Instant) -> Option<Ask> {
        if self.in_flight >= MAX_IN_FLIGHT {
            return None;
        }
        let mut ask = self.queues.next(now)?;
        self.in_flight += 1;
        ask.attempt += 1;
        Some(ask)
    }

    /// A sitemap cannot be asked for now, and neither can any other of its host: not before an instant, or else not
    /// before a [`release`](Self::release). It was no attempt.
    pub(crate) fn put_off(&mut self, mut ask: Ask, until: Option<Instant>) {
        ask.attempt -= 1;
        self.retry(ask, until);
    }

    /// A sitemap is to be asked for once more, from an instant on.
    pub(crate) fn retry(&mut self, ask: Ask, until: Option<Instant>) {
        self.in_flight -= 1;
        self.queues.put_back(ask, until);
    }

    /// A sitemap was read, or there is none.
    pub(crate) fn done(&mut self, ask: &Ask) {
        self.end(ask, false);
    }

    /// A sitemap will not be read, so that nobody knows what it lists.
    pub(crate) fn give_up(&mut self, ask: &Ask) {
        self.end(ask, true);
    }

    fn end(&mut self, ask: &Ask, unread: bool) {
        self.in_flight -= 1;
        self.change(ask, true, unread);
        self.queues.done(ask.url.host());
    }

    /// Something of a host has ended, so that it may be asked again.
    pub(crate) fn release(&mut self, host: &str) {
        self.queues.release(host);
    }

    /// Drops what waits for hosts that others ask from now on: it is theirs to ask. What was taken stays known.
    pub(crate) fn forget(&mut self, is_gone: impl Fn(&HostKey) -> bool) {
        self.queues.forget(is_gone);
    }

    /// When the next one may be asked for, if that is known: `None` when nothing waits, or everything waits for a
    /// [`release`](Self::release) or the end of a request.
    pub(crate) fn next_due(&mut self) -> Option<Instant> {
        if self.in_flight < MAX_IN_FLIGHT { self.queues.next_due() } else { None }
    }

    /// Whether no sitemap waits or is on its way.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.queues.is_empty()
    }

    /// Takes one that another process has been told of, by whose word and what has led to it.
    pub(crate) fn arrive(&mut self, url: CrawlUrl, saved: SavedSitemap) -> Taken {
        let SavedSitemap { site, nesting, redirects, .. } = saved;
        self.take(Ask { url, attempt: 0, site: HostKey::stored(&site), nesting, redirects, redirected: Vec::new() })
    }

    /// A sitemap is for others to ask for: it does not wait here any more, and nothing is to be kept of it.
    pub(crate) fn sent_on(&mut self, ask: &Ask) {
        self.in_flight -= 1;
        self.queues.done(ask.url.host());
    }

    fn take(&mut self, ask: Ask) -> Taken {
        if self.known.contains(&ask.url.key()) {
            return Taken::Known;
        }
        let taken = self.taken.entry(ask.site.clone()).or_default();
        if *taken >= self.options.max_files {
            // Counted once more, so that a warning comes once.
            let first = *taken == self.options.max_files;
            *taken = self.options.max_files + 1;
            return if first { Taken::TooMany } else { Taken::MoreYet };
        }
        *taken += 1;
        self.known.insert(ask.url.key());
        self.queue(ask);
        Taken::Queued
    }

    fn queue(&mut self, ask: Ask) {
        self.change(&ask, false, false);
        self.queues.push(ask);
    }
}

/// As many as for robots.txt (RFC 9309, section 2.3.1.2).
const MAX_REDIRECTS: u32 = 5;

/// Each holds a body of up to 50 MiB, and what it is unzipped to.
const MAX_IN_FLIGHT: usize = 16;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::url::UrlRules;

    fn url(text: &str) -> CrawlUrl {
        UrlRules::new(4096).parse(text).unwrap()
    }

    fn name(sitemaps: &mut Sitemaps, text: &str) -> Taken {
        let url = url(text);
        let site = url.host_key();
        sitemaps.name(url, site)
    }

    fn next(sitemaps: &mut Sitemaps, now: Instant) -> String {
        sitemaps.next(now).map_or_else(String::new, |ask| ask.url.to_string())
    }

    #[test]
    fn each_is_asked_for_once_and_its_host_is_asked_for_one_at_a_time() {
        let (mut all, now) = (Sitemaps::new(Options::default()), Instant::now());
        assert!(all.is_idle());
        for (text, taken) in [
            ("http://a/1", Taken::Queued),
            ("http://a/2", Taken::Queued),
            ("http://a/1#x", Taken::Known),
            ("http://b/1", Taken::Queued),
        ] {
            assert_eq!(name(&mut all, text), taken, "{text}");
        }
        let first = all.next(now).unwrap();
        assert_eq!((first.url.as_str(), first.attempt), ("http://a/1", 1));
        assert_eq!(next(&mut all, now), "http://b/1");
        assert_eq!(next(&mut all, now), "");
        all.release("a");
        assert_eq!(next(&mut all, now), "", "it is still under way");
        all.done(&first);
        assert_eq!(next(&mut all, now), "http://a/2");
        assert_eq!(name(&mut all, "http://a/1"), Taken::Known);
        assert!(!all.is_idle());
    }

    #[test]
    fn what_is_put_off_waits_for_its_instant_or_for_a_release() {
        let (mut all, now) = (Sitemaps::new(Options::default()), Instant::now());
        name(&mut all, "http://a/1");
        name(&mut all, "http://a/2");
        let ask = all.next(now).unwrap();
        let soon = now + Duration::from_secs(1);
        all.put_off(ask, Some(soon));
        assert_eq!((next(&mut all, now), all.next_due()), (String::new(), Some(soon)));
        let ask = all.next(soon).unwrap();
        assert_eq!((ask.url.as_str(), ask.attempt), ("http://a/1", 1));
        all.put_off(ask, None);
        assert_eq!((next(&mut all, soon), all.next_due()), (String::new(), None));
        all.release("a");
        let ask = all.next(soon).unwrap();
        all.retry(ask, Some(soon));
        let ask = all.next(soon).unwrap();
        assert_eq!((ask.url.as_str(), ask.attempt), ("http://a/1", 2));
        all.done(&ask);
        let ask = all.next(soon).unwrap();
        all.done(&ask);
        assert!(all.is_idle() && all.next_due().is_none());
    }

    #[test]
    fn indexes_nest_and_redirects_lead_only_so_far() {
        let (mut all, now) = (Sitemaps::new(Options { max_nesting: 1, ..Options::default() }), Instant::now());
        name(&mut all, "http://a/0");
        let top = all.next(now).unwrap();
        assert_eq!(all.nest(&top, url("http://a/0")), Taken::Known);
        assert_eq!(all.nest(&top, url("http://a/1")), Taken::Queued);
        all.done(&top);
        let child = all.next(now).unwrap();
        assert_eq!(all.nest(&child, url("http://a/2")), Taken::TooDeep);
        let mut ask = child;
        for hop in 1..=MAX_REDIRECTS {
            assert_eq!(all.redirect(&ask, url(&format!("http://a/moved/{hop}"))), Taken::Queued);
            all.done(&ask);
            ask = all.next(now).unwrap();
        }
        assert_eq!(all.redirect(&ask, url("http://a/moved/on")), Taken::TooFar);
        ask.redirects = 1;
        assert_eq!(all.redirect(&ask, url("http://a/moved/5")), Taken::Circle);
        assert_eq!(all.redirect(&ask, url("http://a/moved/1")), Taken::Circle);
        assert_eq!(all.redirect(&ask, url("http://a/0")), Taken::Known, "it was read");
        assert_eq!(all.nest(&ask, url("http://a/2")), Taken::TooDeep, "a redirect is no way to nest deeper");
    }

    #[test]
    fn what_one_host_says_is_bounded_wherever_it_leads() {
        let (mut all, now) = (Sitemaps::new(Options { max_files: 2, ..Options::default() }), Instant::now());
        let site = url("http://a/").host_key();
        assert_eq!(all.name(url("http://b/1"), site.clone()), Taken::Queued);
        let index = all.next(now).unwrap();
        assert_eq!(all.nest(&index, url("http://c/1")), Taken::Queued);
        assert_eq!(all.nest(&index, url("http://d/1")), Taken::TooMany);
        assert_eq!(all.name(url("http://e/1"), site), Taken::MoreYet);
        assert_eq!(name(&mut all, "http://d/1"), Taken::Queued, "another host may say so");
    }

    #[test]
    fn what_waits_for_hosts_of_others_is_dropped_and_restored_with_them() {
        let (mut all, now) = (Sitemaps::new(Options { from_robots: true, ..Options::default() }), Instant::now());
        for text in ["http://a/1", "http://a/2", "http://b/1"] {
            name(&mut all, text);
        }
        let kept = all.take_changes();
        all.forget(|host| host.as_str() == "a");
        assert_eq!((next(&mut all, now).as_str(), all.next(now).is_none()), ("http://b/1", true));
        assert_eq!(name(&mut all, "http://a/1"), Taken::Known);
        for (url, saved) in kept.into_iter().filter(|(url, _)| url.host() == "a") {
            all.restore(url, saved);
        }
        assert_eq!(next(&mut all, now), "http://a/1");
    }

    #[test]
    fn one_that_arrives_counts_for_whose_word_it_is() {
        let (mut all, now) =
            (Sitemaps::new(Options { max_files: 1, max_nesting: 2, ..Options::default() }), Instant::now());
        let saved = SavedSitemap { site: "s".to_owned(), nesting: 2, redirects: 0, done: false, unread: false };
        assert_eq!(all.arrive(url("http://a/1"), saved.clone()), Taken::Queued);
        assert_eq!(all.arrive(url("http://a/1"), saved.clone()), Taken::Known);
        assert_eq!(all.arrive(url("http://a/2"), saved), Taken::TooMany);
        let ask = all.next(now).unwrap();
        assert_eq!((all.nest(&ask, url("http://a/3")), ask.site.as_str()), (Taken::TooDeep, "s"));
        all.take_changes();
        all.sent_on(&ask);
        assert!(all.is_idle() && all.take_changes().is_empty());
    }

    #[test]
    fn only_so_many_are_on_their_way_at_once() {
        let (mut all, now) = (Sitemaps::new(Options::default()), Instant::now());
        for host in 0..=MAX_IN_FLIGHT {
            name(&mut all, &format!("http://h{host}/"));
        }
        let asks: Vec<_> = std::iter::from_fn(|| all.next(now)).collect();
        assert_eq!(asks.len(), MAX_IN_FLIGHT);
        all.done(&asks[0]);
        assert!(all.next(now).is_some());
    }
}
