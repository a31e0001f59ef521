//! Moves: hosts that come from another process, or go to one, while the crawl runs.

use super::{Politeness, SavedHost};
use crate::url::{CrawlUrl, HostKey};
use crate::wall_clock::WallClock;

impl Politeness {
    /// Takes hosts over from another process, with what it has kept of them. It may have asked any of them until this moment, and have
    /// been killed before it could say so: each counts as just asked, and so do those of which nothing was kept. `wall` is read
    /// now.
    pub fn take_over(&mut self, hosts: Vec<(HostKey, SavedHost)>, agent: &str, wall: &WallClock) {
        let now = wall.instant();
        self.clock.set(now);
        self.quiet_since = Some(now);
        for (key, saved) in hosts {
            let name = key.clone();
            self.leave(&name);
            self.restore(key, saved, agent, wall);
            if let Some(host) = self.hosts.get_mut(&name) {
                host.quiet_since = Some(now);
            }
            self.tell_group(name.as_str());
        }
    }

    /// Forgets hosts that others ask from now on, of which nothing is in flight; what is to be kept still of those that have
    /// changed.
    pub fn hand_over(&mut self, is_gone: impl Fn(&HostKey) -> bool, wall: &WallClock) -> Vec<(HostKey, SavedHost)> {
        let gone: Vec<_> = self.hosts.keys().filter(|host| is_gone(host)).cloned().collect();
        let saved = self.saved(gone.clone(), wall);
        for host in &gone {
            self.leave(host);
        }
        self.changed.retain(|host| !is_gone(host));
        self.counted.retain(|host| !is_gone(host));
        self.groups.forget(|url: &CrawlUrl| is_gone(&url.host_key()));
        saved
    }

    fn leave(&mut self, host: &HostKey) {
        if let Some(group) = self.hosts.remove(host).and_then(|host| host.belongs.group()) {
            self.groups.leave(group);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::outcome::{Outcome, OutcomeKind};
    use crate::politeness::{Admit, GroupBy, Options, Politeness};
    use crate::url::UrlRules;

    fn url(text: &str) -> CrawlUrl {
        UrlRules::new(99).parse(text).unwrap()
    }

    fn without_robots() -> Options {
        Options { robots: false, ..Options::default() }
    }

    fn wall(now: Instant) -> WallClock {
        WallClock::new(now, jiff::Timestamp::UNIX_EPOCH).at(now)
    }

    /// Who is called next, if anybody.
    fn turn(manners: &mut Politeness, now: Instant) -> Option<String> {
        manners.next_turn(now).map(|url| url.host().to_owned())
    }

    #[test]
    fn a_host_that_is_taken_over_counts_as_just_asked_and_keeps_what_it_has_asked_for() {
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        let clock = wall(start);
        let (held, plain, unknown) = (url("http://held/"), url("http://plain/"), url("http://unknown/"));
        let mut one = Politeness::new(without_robots(), start);
        for page in [&held, &plain] {
            assert_eq!(one.admit(page, start), Admit::Now);
        }
        let mut busy = Outcome::new(OutcomeKind::HttpError, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
        (busy.status, busy.retry_after) = (Some(429), Some(Duration::from_secs(30)));
        one.finished(&held, &busy, at(1));
        let mut ok = Outcome::new(OutcomeKind::Ok, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
        ok.status = Some(200);
        one.finished(&plain, &ok, at(1));
        let kept = one.hand_over(|_| true, &clock.at(at(2)));
        assert_eq!(kept.len(), 2, "both have changed");
        assert_eq!(one.reports().len(), 0);
        assert!(!one.has_changed(), "nothing of them is left");

        let mut other = Politeness::new(without_robots(), start);
        // It has asked that host before, and knows it in another way.
        assert_eq!(other.admit(&plain, start), Admit::Now);
        other.finished(&plain, &ok, start);
        other.take_over(kept, "a", &clock.at(at(5)));
        assert_eq!(other.admit(&held, at(5)), Admit::NotBefore(at(31)));
        for page in [&plain, &unknown] {
            assert!(matches!(other.admit(page, at(5)), Admit::NotBefore(then) if then > at(5) && then < at(6)));
            assert_eq!(other.admit(page, at(6)), Admit::Now);
        }
        let report = |host: &str| other.reports().into_iter().find(|report| report.host.as_str() == host).unwrap();
        assert_eq!(
            (report("plain").requests, report("held").requests),
            (2, 1),
            "what it knew itself is not counted twice"
        );
    }

    #[test]
    fn who_is_handed_over_stands_in_no_line() {
        let now = Instant::now();
        let mut manners = Politeness::new(Options { group: GroupBy::Domain, ..without_robots() }, now);
        let hosts = ["a", "b", "c"].map(|name| url(&format!("http://{name}.e.com/")));
        assert_eq!(hosts.each_ref().map(|host| manners.admit(host, now)), [Admit::Now, Admit::InLine, Admit::InLine]);
        manners.hand_over(|host| host.as_str() == "b.e.com", &wall(now));
        let later = now + Duration::from_secs(1);
        assert_eq!(turn(&mut manners, later).as_deref(), Some("c.e.com"));
        assert_eq!(turn(&mut manners, later), None);
    }
}
