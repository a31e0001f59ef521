//! The judge: decides about a URL by what is known of it alone, wherever it comes from.

use std::sync::Arc;

use crate::fetch::{Fetch, Refusal};
use crate::frontier::Found;
use crate::outcome::SkipReason;
use crate::scope::{OutOfScope, Scope, SeedMove};
use crate::trap::Trap;
use crate::traps::{Traps, Visit};
use crate::url::{CrawlUrl, Link, LinkKind, Target};

/// One verdict for links of pages, for what sitemaps list, and for what an earlier run has left.
///
/// - It knows no state of a URL: the same URL gets the same verdict until a seed moves the scope, or a trap is closed.
/// - The first rule that refuses gives the reason: scope, then the address guard, then traps.
#[derive(Debug)]
pub(super) struct Judge {
    scope: Scope,
    fetch: Arc<dyn Fetch>,
    traps: Traps,
    /// Whether what is out of scope is looked for where a page links to it.
    looks_outside: bool,
}

impl Judge {
    pub(super) fn new(scope: Scope, fetch: Arc<dyn Fetch>, traps: Traps) -> Self {
        Self { scope, fetch, traps, looks_outside: false }
    }

    /// The same judge, by whom what is out of scope is looked for, as a part of the page that links to it.
    pub(super) fn looking_outside(self) -> Self {
        Self { looks_outside: true, ..self }
    }

    /// The same verdicts, for another thread.
    pub(super) fn verdicts(&self) -> Self {
        Self { scope: self.scope.clone(), fetch: Arc::clone(&self.fetch), traps: self.traps.verdicts(), ..*self }
    }

    /// Takes traps that others have closed. Whether one was open so far.
    pub(super) fn close(&mut self, traps: Vec<Trap>) -> bool {
        let before = self.traps.closed().len();
        self.traps.restore(traps);
        self.traps.closed().len() > before
    }

    /// Why a URL is not to be requested; `None` when it is.
    pub(super) fn refuses(&self, url: &CrawlUrl) -> Option<SkipReason> {
        self.refuses_where(self.scope.admits(url), url)
    }

    /// Why a URL is not to be requested as a part of a page; `None` when it is.
    pub(super) fn refuses_part(&self, url: &CrawlUrl) -> Option<SkipReason> {
        let is_looked_for = self.looks_outside && self.scope.admits_beside(url);
        self.refuses_where(self.scope.admits_part(url) || is_looked_for, url)
    }

    /// Why what such a link leads to is not to be requested; `None` when it is.
    pub(super) fn refuses_link(&self, url: &CrawlUrl, kind: LinkKind) -> Option<SkipReason> {
        if kind == LinkKind::Part { self.refuses_part(url) } else { self.refuses(url) }
    }

    fn refuses_where(&self, is_in_scope: bool, url: &CrawlUrl) -> Option<SkipReason> {
        if !is_in_scope {
            return Some(SkipReason::Scope);
        }
        if self.refuses_address(url).is_some() {
            return Some(SkipReason::UnsafeAddress);
        }
        self.is_trap(url).then_some(SkipReason::Trap)
    }

    /// Whether a URL is of a space that was closed.
    pub(super) fn is_trap(&self, url: &CrawlUrl) -> bool {
        self.traps.refuses(url).is_some()
    }

    /// Takes a page that was read; what is closed for it. Verdicts of before may hold no longer.
    pub(super) fn visited(&mut self, visit: Visit<'_>) -> &[Trap] {
        self.traps.visited(visit)
    }

    /// The spaces that are closed.
    pub(super) fn closed(&self) -> &[Trap] {
        self.traps.closed()
    }

    /// Whether spaces are closed at all.
    pub(super) fn closes_traps(&self) -> bool {
        self.traps.is_on()
    }

    /// Whether what a link leads to is out of scope, and looked for all the same.
    pub(super) fn is_looked_for(&self, link: &Link) -> bool {
        match &link.target {
            Target::Url(url) => self.looks_outside && !self.scope.admits(url) && self.scope.admits_beside(url),
            Target::Other { .. } => false,
        }
    }

    /// Decides about a link.
    pub(super) fn link(&self, link: Link) -> Found {
        let skip = match &link.target {
            Target::Url(url) => self.refuses(url),
            // What cannot be requested says so itself.
            Target::Other { .. } => None,
        };
        let Link { target, kind, mention, link_text } = link;
        Found { target, kind, mention: Some(mention), link_text, skip }
    }

    /// Whether the scope alone admits a URL.
    pub(super) fn is_in_scope(&self, url: &CrawlUrl) -> bool {
        self.scope.admits(url)
    }

    /// Why a URL is not in scope; `None` when it is.
    pub(super) fn explain(&self, url: &CrawlUrl) -> Option<OutOfScope> {
        self.scope.explain(url)
    }

    /// Why nothing may connect to the address of a URL: all that is asked of what is no page.
    pub(super) fn refuses_address(&self, url: &CrawlUrl) -> Option<Refusal> {
        self.fetch.refuses(url)
    }

    /// A seed leads to another place, which joins the scope; `None` when it lies there already. Verdicts of before may
    /// hold no longer.
    pub(super) fn follow_seed(&mut self, from: &CrawlUrl, to: &CrawlUrl) -> Option<SeedMove> {
        self.scope.follow_seed_redirect(from, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::{AddressGuard, Fetching};
    use crate::mention::Mention;
    use crate::request::Request;
    use crate::scope::Options;
    use crate::url::UrlRules;

    /// Asks for nothing, and lets no special address through.
    #[derive(Debug)]
    struct Guarded(AddressGuard);

    impl Fetch for Guarded {
        fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
            unreachable!("{} is only judged", request.url)
        }

        fn refuses(&self, url: &CrawlUrl) -> Option<Refusal> {
            self.0.refuses(url)
        }
    }

    fn url(text: &str) -> CrawlUrl {
        UrlRules::new(4096).parse(text).unwrap()
    }

    fn judge(seeds: &[CrawlUrl]) -> Judge {
        let guard = AddressGuard::new(&[], &[]);
        let traps = Traps::new(crate::traps::Options::default());
        Judge::new(Scope::new(&Options::default(), seeds), Arc::new(Guarded(guard)), traps)
    }

    #[test]
    fn the_first_rule_that_refuses_gives_the_reason_and_a_link_gets_the_same_verdict() {
        let judge = judge(&[url("http://e.com/"), url("http://127.0.0.1/")]);
        for (text, expected) in [
            ("http://e.com/a", None),
            ("http://127.0.0.1/a", Some(SkipReason::UnsafeAddress)),
            ("http://other.com/a", Some(SkipReason::Scope)),
            ("http://10.0.0.1/a", Some(SkipReason::Scope)),
        ] {
            assert_eq!(judge.refuses(&url(text)), expected, "{text}");
            let target = Target::Url(url(text));
            let found = judge.link(Link { target, kind: LinkKind::Follow, mention: Mention::Anchor, link_text: None });
            assert_eq!(found.skip, expected, "{text}");
        }
        assert!(judge.refuses_address(&url("http://10.0.0.1/a")).is_some());
    }

    #[test]
    fn a_seed_that_moves_takes_the_scope_along() {
        let (from, to) = (url("http://e.com/"), url("http://www.e.com/"));
        let mut judge = judge(std::slice::from_ref(&from));
        assert!(!judge.is_in_scope(&to));
        assert!(judge.follow_seed(&from, &to).is_some());
        assert!(judge.is_in_scope(&to) && judge.refuses(&to).is_none());
        assert!(judge.follow_seed(&from, &to).is_none(), "it lies there already");
    }
}
