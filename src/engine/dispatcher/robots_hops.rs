//! The way to a robots.txt: each redirect on it is a request of its own, under the limits of the host that it goes to.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::time::Instant;

use crate::engine::worker::RobotsReply;
use crate::frontier::{Bucket, Hold};
use crate::outcome::Outcome;
use crate::politeness::robots::{LIMIT, REDIRECTS};
use crate::politeness::{Politeness, RobotsAnswer};
use crate::url::{CrawlUrl, HostKey};

/// One request on the way to the robots.txt of a page's origin.
#[derive(Debug, Clone)]
pub(super) struct RobotsHop {
    /// A page or sitemap of the origin.
    page: CrawlUrl,
    /// What is asked for: robots.txt of the origin, or what that redirects to.
    asked: CrawlUrl,
    redirects: u32,
    file: SiteFile,
    /// The letter that it was asked for by, when the page is of a bucket that is not here.
    letter: Option<(Bucket, u64)>,
}

/// What of an origin is asked for before its pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SiteFile {
    Robots,
    Tdm,
}

/// What came of one request.
#[derive(Debug)]
pub(super) enum NextHop {
    /// It leads on.
    On(RobotsHop),
    /// It ends: the answer, and the reason in few words.
    End(RobotsHop, RobotsAnswer, String),
}

/// What became of the robots.txt of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RobotsKnown {
    /// It was read, as far as it may be long.
    Rules { is_cut: bool },
    /// It cannot be read, and will be asked for again before anything else.
    Again,
    /// It cannot be read; what was read before holds.
    Before,
    /// It cannot be read, and nothing is requested.
    Nothing,
}

/// The robots.txt that others redirect to, and that wait for their turn.
///
/// - Each hop is either ready, or waits with all others for its host.
/// - The instants are hints: a host that was released before is nobody's any more.
#[derive(Debug, Default)]
pub(super) struct RobotsHops {
    ready: VecDeque<RobotsHop>,
    by_host: HashMap<HostKey, Vec<RobotsHop>>,
    alarms: BTreeMap<Instant, Vec<HostKey>>,
}

impl RobotsHops {
    /// Takes a hop whose host may be asked, as far as is known.
    pub(super) fn push(&mut self, hop: RobotsHop) {
        self.ready.push_back(hop);
    }

    /// The next one that is ready.
    pub(super) fn next(&mut self) -> Option<RobotsHop> {
        self.ready.pop_front()
    }

    /// Lets one wait for its host.
    pub(super) fn put_off(&mut self, hop: RobotsHop, until: Hold) {
        let host = hop.asked.host_key();
        if let Hold::Until(at) = until {
            self.alarms.entry(at).or_default().push(host.clone());
        }
        self.by_host.entry(host).or_default().push(hop);
    }

    /// Something of a host has ended, so that it may be asked again.
    pub(super) fn release(&mut self, host: &str) {
        if !self.by_host.is_empty()
            && let Some(hops) = self.by_host.remove(host)
        {
            self.ready.extend(hops);
        }
    }

    /// Drops those that are of no use here any more.
    pub(super) fn forget(&mut self, is_gone: impl Fn(&RobotsHop) -> bool) {
        self.ready.retain(|hop| !is_gone(hop));
        for hops in self.by_host.values_mut() {
            hops.retain(|hop| !is_gone(hop));
        }
        self.by_host.retain(|_, hops| !hops.is_empty());
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.by_host.is_empty()
    }

    /// Makes those ready whose time has come.
    pub(super) fn wake(&mut self, now: Instant) {
        while let Some(first) = self.alarms.first_entry().filter(|first| *first.key() <= now) {
            for host in first.remove() {
                self.release(host.as_str());
            }
        }
    }

    /// When the next one may be asked for, if that is known: `None` when none waits, or all wait for a
    /// [`release`](Self::release).
    pub(super) fn next_due(&mut self) -> Option<Instant> {
        while let Some(first) = self.alarms.first_entry() {
            if first.get().iter().any(|host| self.by_host.contains_key(host)) {
                return Some(*first.key());
            }
            first.remove();
        }
        None
    }
}

impl RobotsHop {
    /// The first one: `asked` is robots.txt of the origin of a page.
    pub(super) fn new(page: CrawlUrl, asked: CrawlUrl) -> Self {
        Self { page, asked, redirects: 0, file: SiteFile::Robots, letter: None }
    }

    /// The same for its `tdmrep.json`.
    pub(super) fn to_tdm_file(page: CrawlUrl, asked: CrawlUrl) -> Self {
        Self { file: SiteFile::Tdm, ..Self::new(page, asked) }
    }

    /// One that another process asks for: `asked` is so many redirects away from robots.txt of the origin of a page.
    pub(super) fn by_letter(page: CrawlUrl, asked: CrawlUrl, redirects: u32, letter: (Bucket, u64)) -> Self {
        Self { page, asked, redirects, file: SiteFile::Robots, letter: Some(letter) }
    }

    /// The letter that it was asked for by.
    pub(super) fn letter(&self) -> Option<(Bucket, u64)> {
        self.letter
    }

    /// How many redirects have led to what is asked for.
    pub(super) fn redirects(&self) -> u32 {
        self.redirects
    }

    /// What of the origin it is.
    pub(super) fn file(&self) -> SiteFile {
        self.file
    }

    /// Where a `tdmrep.json` is now, when that is to be followed: no other origin is asked, whose robots.txt may not be known.
    pub(super) fn within_origin(self, to: CrawlUrl) -> Result<Self, Self> {
        if self.redirects < REDIRECTS && to.origin() == self.page.origin() {
            return Ok(Self { asked: to, redirects: self.redirects + 1, ..self });
        }
        Err(self)
    }

    /// A page or sitemap of the origin whose robots.txt this leads to.
    pub(super) fn page(&self) -> &CrawlUrl {
        &self.page
    }

    /// What is asked for.
    pub(super) fn asked(&self) -> &CrawlUrl {
        &self.asked
    }

    /// Takes what came of the request.
    pub(super) fn follow(self, reply: RobotsReply, outcome: &Outcome) -> NextHop {
        match reply {
            // That what it redirects to cannot be connected to says nothing about the origin itself.
            RobotsReply::Answer(RobotsAnswer::NoConnection(_)) if self.redirects > 0 => {
                NextHop::End(self, RobotsAnswer::Unreachable, outcome.reason())
            }
            RobotsReply::Answer(answer) => NextHop::End(self, answer, outcome.reason()),
            RobotsReply::Redirect(to) if self.redirects < REDIRECTS => {
                NextHop::On(Self { asked: to, redirects: self.redirects + 1, ..self })
            }
            RobotsReply::Redirect(_) => {
                NextHop::End(self, RobotsAnswer::Unreachable, format!("more than {REDIRECTS} redirects"))
            }
        }
    }

    /// Tells politeness what came of asking for it.
    pub(super) fn known(
        &self,
        answer: RobotsAnswer,
        outcome: &Outcome,
        politeness: &mut Politeness,
        now: Instant,
    ) -> RobotsKnown {
        let read = if let RobotsAnswer::Rules(robots) = &answer { Some(robots.is_cut()) } else { None };
        let again = politeness.robots_known(&self.page, answer, outcome, now);
        match read {
            Some(is_cut) => RobotsKnown::Rules { is_cut },
            None if again => RobotsKnown::Again,
            None if politeness.has_rules(&self.page) => RobotsKnown::Before,
            None => RobotsKnown::Nothing,
        }
    }
}

impl RobotsKnown {
    /// Says it, with the reason why it cannot be read.
    pub(super) fn tell(self, origin: impl fmt::Display, why: &str) {
        match self {
            Self::Rules { is_cut: false } => {}
            Self::Rules { is_cut: true } => {
                tracing::warn!("{origin}/robots.txt is too long: only its first {} KiB are read", LIMIT >> 10);
            }
            Self::Again => {
                tracing::debug!("{origin}/robots.txt cannot be read ({why}): it will be asked for again");
            }
            Self::Before => {
                tracing::warn!(
                    "{origin}/robots.txt cannot be read ({why}): the rules that were read before still hold"
                );
            }
            Self::Nothing => {
                tracing::warn!("{origin}/robots.txt cannot be read ({why}): nothing there is requested");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::{Failure, FailureKind, OutcomeKind};
    use crate::url::UrlRules;

    fn url(text: &str) -> CrawlUrl {
        UrlRules::new(4096).parse(text).unwrap()
    }

    fn hop(host: &str) -> RobotsHop {
        RobotsHop::new(url("http://page/"), url(&format!("http://{host}/robots.txt")))
    }

    fn asked(hops: &mut RobotsHops) -> Vec<String> {
        std::iter::from_fn(|| hops.next()).map(|hop| hop.asked().host().to_owned()).collect()
    }

    #[test]
    fn all_that_wait_for_a_host_are_released_together_and_once() {
        let mut hops = RobotsHops::default();
        for host in ["a", "b", "a"] {
            hops.put_off(hop(host), Hold::Released);
        }
        assert_eq!((hops.next_due(), asked(&mut hops)), (None, vec![]));
        hops.release("a");
        hops.release("a");
        assert_eq!(asked(&mut hops), ["a", "a"]);
        hops.release("b");
        hops.push(hop("c"));
        assert_eq!(asked(&mut hops), ["b", "c"]);
    }

    #[test]
    fn a_rest_ends_at_its_instant_unless_it_was_ended_before() {
        let (mut hops, now) = (RobotsHops::default(), Instant::now());
        let at = |secs| now + Duration::from_secs(secs);
        hops.put_off(hop("a"), Hold::Until(at(1)));
        hops.put_off(hop("b"), Hold::Until(at(2)));
        assert_eq!(hops.next_due(), Some(at(1)));
        hops.release("a");
        assert_eq!((asked(&mut hops), hops.next_due()), (vec!["a".to_owned()], Some(at(2))));
        hops.wake(at(1));
        assert_eq!(asked(&mut hops), [""; 0]);
        hops.wake(at(2));
        assert_eq!((asked(&mut hops), hops.next_due()), (vec!["b".to_owned()], None));
    }

    #[test]
    fn five_redirects_are_followed_and_a_target_without_a_connection_is_no_fault_of_the_origin() {
        let outcome = |kind| Outcome::new(kind, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
        let (moved, mut way) = (outcome(OutcomeKind::Redirect), hop("h0"));
        for n in 1..=REDIRECTS {
            let reply = RobotsReply::Redirect(url(&format!("http://h{n}/robots.txt")));
            let NextHop::On(next) = way.follow(reply, &moved) else { panic!("redirect {n} is one too many") };
            way = next;
            assert_eq!((way.asked().host(), way.page().host()), (format!("h{n}").as_str(), "page"));
        }
        let NextHop::End(_, RobotsAnswer::Unreachable, why) =
            way.clone().follow(RobotsReply::Redirect(url("http://h6/")), &moved)
        else {
            panic!("the sixth is followed")
        };
        assert_eq!(why, "more than 5 redirects");
        let failure = Failure::new(FailureKind::Connect, "connection refused");
        let failed = Outcome::failed(failure.clone(), jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
        let refused = || RobotsReply::Answer(RobotsAnswer::NoConnection(failure.clone()));
        let ended = |hop: RobotsHop| match hop.follow(refused(), &failed) {
            NextHop::End(_, answer, _) => answer,
            NextHop::On(_) => panic!("it leads nowhere"),
        };
        assert!(matches!(ended(way), RobotsAnswer::Unreachable));
        assert!(matches!(ended(hop("h0")), RobotsAnswer::NoConnection(_)));
    }
}
