//! Waiting hosts: who may not be asked yet, and what ends the waiting when no request and no instant of the queues does.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use super::held_hosts::HeldHosts;
use super::silent_line::SilentLine;
use crate::frontier::Hold;
use crate::politeness::Room;
use crate::url::CrawlUrl;

/// Why a host has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// It rests until an instant.
    Until(Instant),
    /// Until a request to it has ended, or its robots.txt is known.
    Request,
    /// Until it is called: others of its group come before.
    Turn,
    /// There was never a connection to it. It is tried again at an instant, and nobody waits for that once nothing else
    /// is left to do.
    Unmet(Instant),
    /// It is not known to be quick, or not even to answer: until there is as much room.
    Crowded(Room),
}

/// The hosts that wait for something which neither a request of their own nor an instant of a queue ends.
///
/// - Whatever waits for a host, a page, a robots.txt or a sitemap, is put off here and released by its host: all of it
///   at once.
/// - The queues hold an unmet host without an instant, so that they know of nothing due when all that is left is unmet.
/// - A URL stands for its host: for each that is put off there is one release.
#[derive(Debug, Default)]
pub(super) struct WaitingHosts {
    /// A URL of each origin that is unmet, by when it is due.
    unmet: BTreeMap<Instant, Vec<CrawlUrl>>,
    /// A URL of each host that waits for room, in the order in which they came. Those that have answered before have a
    /// line of their own, which comes first.
    answered: VecDeque<CrawlUrl>,
    /// Those that never have, but are there. They come next.
    reached: VecDeque<CrawlUrl>,
    /// Those of which nothing is known.
    silent: SilentLine,
    /// Those of all hosts that wait for long.
    held: HeldHosts,
}

impl WaitingHosts {
    /// Notes that a host has to wait. The answer is for how long its queue holds it.
    pub(super) fn put_off(&mut self, url: &CrawlUrl, wait: Wait, now: Instant) -> Hold {
        match wait {
            Wait::Until(at) => return Hold::Until(at),
            Wait::Request | Wait::Turn => {}
            Wait::Unmet(at) => self.unmet.entry(at).or_default().push(url.clone()),
            Wait::Crowded(Room::None | Room::Answered) => self.answered.push_back(url.clone()),
            Wait::Crowded(Room::Reached) => self.reached.push_back(url.clone()),
            Wait::Crowded(Room::Any) => self.silent.push(url.clone(), now),
        }
        Hold::Released
    }

    /// The hosts that wait for long, whatever wakes them.
    pub(super) fn held(&mut self) -> &mut HeldHosts {
        &mut self.held
    }

    /// The first of those that there is room for.
    pub(super) fn next_crowded(&mut self, room: Room) -> Option<CrawlUrl> {
        let answered = if room >= Room::Answered { self.answered.pop_front() } else { None };
        let answered = answered.or_else(|| if room >= Room::Reached { self.reached.pop_front() } else { None });
        answered.or_else(|| if room == Room::Any { self.silent.pop() } else { None })
    }

    /// Those that have never answered, in line.
    pub(super) fn silent(&self) -> &SilentLine {
        &self.silent
    }

    /// The same, to be knocked at.
    pub(super) fn silent_mut(&mut self) -> &mut SilentLine {
        &mut self.silent
    }

    /// Somebody is there, at a host that never answered: it gets in line with those.
    pub(super) fn reached(&mut self, url: &CrawlUrl) {
        self.reached.extend(self.silent.take(url));
    }

    /// Whether there is room for any host that waits for it.
    pub(super) fn is_crowded(&self, room: Room) -> bool {
        (room >= Room::Answered && !self.answered.is_empty())
            || (room >= Room::Reached && !self.reached.is_empty())
            || (room == Room::Any && !self.silent.is_empty())
    }

    /// Whether so many hosts wait for room that the others had better stay in their queues.
    pub(super) fn is_full(&self) -> bool {
        self.answered.len() + self.reached.len() + self.silent.len() >= MOST_CROWDED
    }

    /// When the next unmet host is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.unmet.keys().next().copied()
    }

    /// Takes the unmet hosts whose time has come.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<CrawlUrl> {
        if self.next_due().is_none_or(|due| due > now) {
            return Vec::new();
        }
        let later = self.unmet.split_off(&now);
        let due = std::mem::replace(&mut self.unmet, later);
        due.into_values().chain(self.unmet.remove(&now)).flatten().collect()
    }

    /// Drops what waits for hosts that others ask.
    pub(super) fn forget(&mut self, is_gone: impl Fn(&CrawlUrl) -> bool) {
        for urls in self.unmet.values_mut() {
            urls.retain(|url| !is_gone(url));
        }
        self.unmet.retain(|_, urls| !urls.is_empty());
        self.answered.retain(|url| !is_gone(url));
        self.reached.retain(|url| !is_gone(url));
        self.silent.forget(&is_gone);
    }

    /// Takes all unmet hosts: nothing else is left to do.
    pub(super) fn take_unmet(&mut self) -> Vec<CrawlUrl> {
        std::mem::take(&mut self.unmet).into_values().flatten().collect()
    }
}

/// How many hosts may wait for room. Behind them the others wait in their queues, also those that are quick: a broad crawl
/// has millions, and each that is taken only to be put off costs time and memory.
const MOST_CROWDED: usize = 10_000;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::url::UrlRules;

    fn url(n: u64) -> CrawlUrl {
        UrlRules::new(4096).parse(&format!("http://h{n}/")).unwrap()
    }

    #[test]
    fn what_is_due_is_taken_once_and_the_rest_later() {
        let (mut waiting, now) = (WaitingHosts::default(), Instant::now());
        let at = |secs| now + Duration::from_secs(secs);
        let hosts = |urls: Vec<CrawlUrl>| urls.iter().map(|url| url.host().to_owned()).collect::<Vec<_>>();
        for secs in [3, 1, 2, 1, 4] {
            assert_eq!(waiting.put_off(&url(secs), Wait::Unmet(at(secs)), now), Hold::Released);
        }
        assert_eq!(waiting.next_due(), Some(at(1)));
        assert!(waiting.take_due(now).is_empty());
        assert_eq!(hosts(waiting.take_due(at(2))), ["h1", "h1", "h2"]);
        assert_eq!(waiting.next_due(), Some(at(3)));
        assert_eq!(hosts(waiting.take_unmet()), ["h3", "h4"]);
        assert_eq!(waiting.next_due(), None);
    }

    #[test]
    fn only_a_rest_has_an_instant_for_the_queue() {
        let (mut waiting, now) = (WaitingHosts::default(), Instant::now());
        assert_eq!(waiting.put_off(&url(1), Wait::Until(now), now), Hold::Until(now));
        assert_eq!(waiting.put_off(&url(1), Wait::Request, now), Hold::Released);
        assert!(
            !waiting.is_crowded(Room::Any) && waiting.next_due().is_none(),
            "their queue and their requests see to these"
        );
    }

    #[test]
    fn hosts_that_wait_for_slots_get_them_in_their_order_and_there_are_not_too_many() {
        let mut waiting = WaitingHosts::default();
        for n in 0..MOST_CROWDED as u64 {
            assert!(!waiting.is_full());
            assert_eq!(waiting.put_off(&url(n), Wait::Crowded(Room::Any), Instant::now()), Hold::Released);
        }
        assert!(waiting.is_full() && waiting.is_crowded(Room::Any));
        assert_eq!(waiting.next_crowded(Room::Any).unwrap().host(), "h0");
        assert!(!waiting.is_full());
        assert_eq!(waiting.next_crowded(Room::Any).unwrap().host(), "h1");
    }
}
