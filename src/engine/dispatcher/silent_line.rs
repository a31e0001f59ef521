//! The silent line: the hosts that have never answered and wait for room, in order, and at which of them to knock.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::url::CrawlUrl;

/// Hosts that have never answered and wait for room, each by a URL that stands for it.
///
/// What has to be waited for ahead of them may never answer either. So when nobody has answered for a moment, each of them
/// is knocked at, once while it waits.
#[derive(Debug, Default)]
pub(super) struct SilentLine {
    hosts: VecDeque<CrawlUrl>,
    /// So many of the first have been knocked at.
    knocked: usize,
    /// Since when there are any.
    since: Option<Instant>,
}

impl SilentLine {
    pub(super) fn push(&mut self, url: CrawlUrl, now: Instant) {
        if self.hosts.is_empty() {
            self.since = Some(now);
        }
        self.hosts.push_back(url);
    }

    /// Takes the first.
    pub(super) fn pop(&mut self) -> Option<CrawlUrl> {
        self.knocked = self.knocked.saturating_sub(1);
        self.hosts.pop_front()
    }

    pub(super) fn len(&self) -> usize {
        self.hosts.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// When to knock, with the last first answer of a host at `heard`; `None` when there is nobody left to knock at.
    pub(super) fn knock_due(&self, heard: Option<Instant>) -> Option<Instant> {
        let since = self.since.filter(|_| self.knocked < self.hosts.len())?;
        Some(heard.map_or(since, |heard| heard.max(since)) + SILENCE)
    }

    /// The next to knock at.
    pub(super) fn next_to_knock_at(&mut self) -> Option<CrawlUrl> {
        let next = self.hosts.get(self.knocked)?;
        self.knocked += 1;
        Some(next.clone())
    }

    /// Drops hosts that others ask.
    pub(super) fn forget(&mut self, is_gone: impl Fn(&CrawlUrl) -> bool) {
        let knocked = self.hosts.iter().take(self.knocked).filter(|url| !is_gone(url)).count();
        self.hosts.retain(|url| !is_gone(url));
        self.knocked = knocked;
    }

    /// Takes a host that was knocked at, unless it was its turn meanwhile.
    pub(super) fn take(&mut self, url: &CrawlUrl) -> Option<CrawlUrl> {
        let at = self.hosts.iter().take(self.knocked).position(|host| host == url)?;
        self.knocked -= 1;
        self.hosts.remove(at)
    }
}

/// How long nobody may have answered: as long as one address gets before the next is tried (RFC 8305, section 5).
const SILENCE: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::UrlRules;

    fn url(n: u64) -> CrawlUrl {
        UrlRules::new(4096).parse(&format!("http://h{n}/")).unwrap()
    }

    /// A line of so many hosts.
    fn line(hosts: u64, now: Instant) -> SilentLine {
        let mut line = SilentLine::default();
        (0..hosts).for_each(|n| line.push(url(n), now));
        line
    }

    #[test]
    fn each_host_is_knocked_at_once() {
        let now = Instant::now();
        let mut line = line(3, now);
        assert_eq!((line.next_to_knock_at(), line.next_to_knock_at()), (Some(url(0)), Some(url(1))));
        assert_eq!((line.pop(), line.next_to_knock_at(), line.next_to_knock_at()), (Some(url(0)), Some(url(2)), None));
        assert_eq!(line.knock_due(None), None);
        line.push(url(3), now);
        assert_eq!((line.knock_due(None), line.next_to_knock_at()), (Some(now + SILENCE), Some(url(3))));
    }

    #[test]
    fn who_answers_a_knock_is_taken_out_of_the_line_if_it_is_still_there() {
        let mut line = line(4, Instant::now());
        (0..3).for_each(|_| drop(line.next_to_knock_at()));
        assert_eq!((line.pop(), line.take(&url(0))), (Some(url(0)), None));
        assert_eq!((line.take(&url(2)), line.take(&url(2))), (Some(url(2)), None));
        assert_eq!(line.next_to_knock_at(), Some(url(3)));
        assert_eq!((line.pop(), line.pop(), line.pop(), line.is_empty()), (Some(url(1)), Some(url(3)), None, true));
    }

    #[test]
    fn hosts_of_others_leave_the_line_and_the_others_keep_their_places() {
        let mut line = line(5, Instant::now());
        (0..3).for_each(|_| drop(line.next_to_knock_at()));
        line.forget(|host| [url(1), url(3)].contains(host));
        assert_eq!((line.next_to_knock_at(), line.next_to_knock_at()), (Some(url(4)), None));
        assert_eq!((line.pop(), line.pop(), line.pop(), line.pop()), (Some(url(0)), Some(url(2)), Some(url(4)), None));
    }

    #[test]
    fn nobody_is_knocked_at_while_others_give_their_first_answers() {
        let now = Instant::now();
        let (line, later) = (line(1, now), now + Duration::from_secs(9));
        assert_eq!(line.knock_due(None), Some(now + SILENCE));
        assert_eq!(line.knock_due(Some(later)), Some(later + SILENCE));
        assert_eq!(SilentLine::default().knock_due(None), None);
    }
}
