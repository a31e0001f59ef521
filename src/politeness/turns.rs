//! Turns: what a host shares with the others of its group, and when it is its turn among them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use super::backoff::is_trouble;
use super::breaker::is_our_own;
use super::group::{Common, GroupKey};
use super::groups::{GroupId, Place, Trouble, Turn};
use super::host::{Belongs, Host};
use super::{Admit, Options, Politeness};
use crate::outcome::{Failure, Outcome};
use crate::url::{CrawlUrl, HostKey};

impl Politeness {
    /// The next host whose turn has come among those that [`Admit::InLine`] was answered for, by a URL of it: to be asked
    /// before any other. One at a time, in the order in which they came; one that does not come is passed over.
    pub fn next_turn(&mut self, now: Instant) -> Option<CrawlUrl> {
        self.clock.set(now);
        let url = self.groups.call(now)?;
        self.host(&url).place = Place::Called;
        Some(url)
    }

    /// When [`next_turn`](Self::next_turn) has to be asked next: `None` when nobody is in line, or a request has to end
    /// first.
    pub fn next_turn_due(&self) -> Option<Instant> {
        self.groups.next_call()
    }

    /// The addresses of the host of a URL that [`Admit::AskAddress`] was answered for; none when its name leads nowhere. Then
    /// it shares with nobody until a connection to it comes about, and they are asked for again.
    pub fn addresses_known(&mut self, url: &CrawlUrl, addresses: &[IpAddr], now: Instant) {
        self.clock.set(now);
        let options = Arc::clone(&self.host(url).options);
        self.host(url).belongs = match Common::of_addresses(addresses) {
            Some(common) => Belongs::To(self.join(common, &options)),
            None => Belongs::ForNow(self.join(Common::name(url.host_name()), &options)),
        };
        self.tell_group(url.host());
    }

    /// Takes up a host that is new.
    pub(super) fn meet(&mut self, key: HostKey) {
        let options = self.options_of(key.as_str());
        let belongs = match Common::of_host(key.name(), options.group) {
            Some(common) => Belongs::To(self.join(common, &options)),
            None => Belongs::Unknown,
        };
        self.hosts.insert(key, Host::new(options, belongs, self.quiet_since).into());
    }

    /// Other options hold for a host from now on. Its rate begins anew.
    pub(super) fn set_options(&mut self, url: &CrawlUrl, options: Options) {
        if let Some(group) = self.host(url).belongs.group() {
            self.groups.leave(group);
        }
        let group = self.join(Common::name(url.host_name()), &options);
        let host = self.host(url);
        (host.belongs, host.options) = (Belongs::To(group), Arc::new(options));
    }

    /// Whether it is the turn of the host of a URL, which then has one more in flight; else what has to be known before.
    pub(super) fn turn(&mut self, url: &CrawlUrl) -> Result<Turn, Admit> {
        let host = self.host(url);
        match host.belongs {
            Belongs::To(group) | Belongs::ForNow(group) => {
                let mut place = std::mem::take(&mut host.place);
                let turn = self.groups.admit(group, url, &mut place, &self.clock);
                self.host(url).place = place;
                Ok(turn)
            }
            Belongs::Unknown => {
                host.belongs = Belongs::Asking;
                Err(Admit::AskAddress)
            }
            Belongs::Asking => Err(Admit::Busy),
        }
    }

    /// Lets the next in line have the turn of a host that was called and had no use for it.
    pub(super) fn pass_on(&mut self, url: &CrawlUrl, now: Instant) {
        if !self.groups.is_lined() || self.host(url).place != Place::Called {
            return;
        }
        let host = self.host(url);
        host.place = Place::Free;
        if let Some(group) = host.belongs.group() {
            self.groups.pass_on(group, now);
        }
    }

    /// A request has ended, or was never sent: then it has no outcome.
    pub(super) fn leave_flight(&mut self, url: &CrawlUrl, outcome: Option<&Outcome>, now: Instant) {
        let host = self.host(url);
        let Some(group) = host.belongs.group() else { return };
        let is_reached = outcome.is_some_and(|outcome| {
            !is_our_own(outcome) && !outcome.failure.as_ref().is_some_and(Failure::is_no_connection)
        });
        let leads_somewhere = is_reached && host.in_flight == 0 && matches!(host.belongs, Belongs::ForNow(_));
        if leads_somewhere {
            host.belongs = Belongs::Unknown;
        }
        let in_a_row = host.breaker(url.scheme()).failures;
        self.groups.ended(group, outcome.and_then(|outcome| trouble(outcome, in_a_row, now)), now);
        if leads_somewhere {
            self.groups.leave(group);
        }
    }

    /// Counts the rate of a host from now on, as if a request had just been sent.
    pub(super) fn restart_rate(&mut self, url: &CrawlUrl, now: Instant) {
        let host = self.host(url);
        host.quiet_since = Some(now);
        if let Some(group) = host.belongs.group() {
            self.groups.of(group).restart(&self.clock);
        }
    }

    /// Tells the group of a host what an earlier process knew of it.
    pub(super) fn tell_group(&mut self, host: &str) {
        let Some(host) = self.hosts.get_mut(host) else { return };
        let Some(group) = host.belongs.group() else { return };
        let group = self.groups.of(group);
        if let Some(since) = host.quiet_since {
            group.quiet_since(since, &self.clock);
        }
        if let Some(lowered) = host.lowered.take().filter(|lowered| *lowered < group.concurrency.allowed()) {
            group.concurrency.lower(lowered);
        }
    }

    fn join(&mut self, common: Common, options: &Options) -> GroupId {
        self.groups.join(GroupKey::new(common, options), options, self.quiet_since, &self.clock)
    }
}

/// What an outcome says of how much may be asked at once, if anything, after so many in a row that came to nothing.
fn trouble(outcome: &Outcome, in_a_row: u32, now: Instant) -> Option<Trouble> {
    if is_trouble(outcome) || in_a_row > 1 && super::trouble::trouble(outcome).is_some() {
        return Some(Trouble::Since(now.checked_sub(outcome.elapsed).unwrap_or(now)));
    }
    outcome.status.map(|_| Trouble::None)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcome::OutcomeKind;
    use crate::politeness::{GroupBy, Next, Overrides};
    use crate::units::Rate;
    use crate::url::UrlRules;

    fn url(text: &str) -> CrawlUrl {
        UrlRules::new(4096).parse(text).unwrap()
    }

    /// Hosts of which all have a name of their own.
    fn hosts(n: usize) -> Vec<CrawlUrl> {
        (0..n).map(|n| url(&format!("http://h{n}.e.com/"))).collect()
    }

    fn options(group: GroupBy) -> Options {
        Options { robots: false, group, ..Options::default() }
    }

    fn ok() -> Outcome {
        let outcome = Outcome::new(OutcomeKind::Ok, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO);
        Outcome { status: Some(200), ..outcome }
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_ports_of_a_name_share_its_rate_and_another_name_does_not() {
        let now = Instant::now();
        let mut manners = Politeness::new(options(GroupBy::Host), now);
        assert_eq!(manners.admit(&url("http://e.com/"), now), Admit::Now);
        for other in ["http://e.com:81/", "https://E.com.:82/", "http://e.com:83/"] {
            assert_eq!(manners.admit(&url(other), now), Admit::InLine, "{other}");
        }
        assert_eq!(manners.admit(&url("http://www.e.com/"), now), Admit::Now);
        let turns = [204, 408, 612].map(|due| {
            let at = now + millis(due);
            assert_eq!(manners.next_turn_due(), Some(at));
            assert!(manners.next_turn(now + millis(due - 1)).is_none());
            let next = manners.next_turn(at).unwrap();
            assert_eq!(manners.admit(&next, at), Admit::Now);
            next.as_str().to_owned()
        });
        assert_eq!(turns, ["http://e.com:81/", "https://e.com:82/", "http://e.com:83/"], "in the order they came");
        assert_eq!(manners.next_turn_due(), None, "nobody is in line");
    }

    #[test]
    fn a_host_alone_is_told_when_it_may_be_asked_and_needs_no_line() {
        let now = Instant::now();
        let mut manners = Politeness::new(options(GroupBy::Host), now);
        let page = url("http://e.com/");
        assert_eq!(manners.admit(&page, now), Admit::Now);
        assert_eq!(manners.admit(&page, now), Admit::NotBefore(now + millis(204)));
        assert_eq!(manners.next_turn_due(), None);
    }

    #[test]
    fn the_hosts_of_a_domain_share_what_may_be_in_flight() {
        let now = Instant::now();
        let limits = Options { rate: Rate::UNLIMITED, per_host_concurrency: 3, ..options(GroupBy::Domain) };
        let mut manners = Politeness::new(limits, now);
        let hosts = hosts(6);
        let admitted: Vec<_> = hosts.iter().map(|host| manners.admit(host, now)).collect();
        let (first, later) = admitted.split_at(3);
        assert!(first.iter().all(|admit| *admit == Admit::Now) && later.iter().all(|admit| *admit == Admit::InLine));
        assert!(manners.next_turn_due().is_none() && manners.next_turn(now).is_none(), "a request has to end first");
        for (ended, next) in hosts.iter().zip(&hosts[3..]) {
            assert_eq!(manners.finished(ended, &ok(), now), Next::Any);
            let called = manners.next_turn(now).unwrap();
            assert_eq!(called.host(), next.host());
            assert!(manners.next_turn(now).is_none(), "one at a time");
            assert_eq!(manners.admit(&called, now), Admit::Now);
        }
    }

    #[test]
    fn trouble_with_one_host_leaves_fewer_at_once_to_its_group_and_its_wish_to_be_left_alone_is_its_own() {
        let now = Instant::now();
        let limits = Options { rate: Rate::UNLIMITED, per_host_concurrency: 2, ..options(GroupBy::Domain) };
        let mut manners = Politeness::new(limits, now);
        let hosts = hosts(3);
        assert_eq!(manners.admit(&hosts[0], now), Admit::Now);
        let overloaded = Outcome { status: Some(429), retry_after: Some(Duration::from_secs(9)), ..ok() };
        manners.finished(&hosts[0], &overloaded, now + millis(1));
        assert_eq!(manners.admit(&hosts[1], now + millis(1)), Admit::Now);
        assert_eq!(manners.admit(&hosts[2], now + millis(1)), Admit::InLine, "one at once for all of them");
        let later = now + millis(1) + Duration::from_secs(9);
        assert_eq!(manners.admit(&hosts[0], now + millis(1)), Admit::NotBefore(later));
    }

    #[test]
    fn each_of_ten_thousand_hosts_has_its_turn_with_two_questions_for_each_request() {
        let (start, hosts) = (Instant::now(), hosts(10_000));
        let mut manners = Politeness::new(options(GroupBy::Domain), start);
        let (mut asked, mut sent) = (0, Vec::new());
        for host in &hosts {
            asked += 1;
            if manners.admit(host, start) == Admit::Now {
                sent.push((start, host.clone()));
            }
        }
        while sent.len() < 2 * hosts.len() {
            let at = manners.next_turn_due().unwrap();
            let host = manners.next_turn(at).unwrap();
            let (_, ended) = sent.last().unwrap().clone();
            manners.finished(&ended, &ok(), at);
            asked += 2;
            assert_eq!(manners.admit(&host, at), Admit::Now);
            // It has more to be asked for.
            assert_eq!(manners.admit(&host, at), Admit::InLine);
            sent.push((at, host));
            if sent.len() == 2 {
                asked += 1;
                assert_eq!(manners.admit(&hosts[0], at), Admit::InLine);
            }
        }
        assert!(asked <= hosts.len() + 2 * sent.len(), "{asked} questions");
        assert!(sent.windows(2).all(|pair| pair[1].0 - pair[0].0 == millis(204)));
        let mut turns: Vec<_> = sent[..hosts.len()].iter().map(|(_, host)| host.host()).collect();
        turns.sort_unstable();
        turns.dedup();
        assert_eq!(turns.len(), hosts.len(), "nobody comes twice before all have come once");
    }

    #[test]
    fn who_is_called_and_has_no_use_for_it_or_does_not_come_holds_nobody_up() {
        let now = Instant::now();
        let mut manners =
            Politeness::new(Options { max_retry_after: Duration::from_mins(1), ..options(GroupBy::Domain) }, now);
        let hosts = hosts(5);
        for host in &hosts {
            manners.admit(host, now);
        }
        let at = now + millis(204);
        // The first was told to stay away while it stood in line.
        let first = manners.next_turn(at).unwrap();
        manners.host(&first).leave_alone(at + Duration::from_secs(9), crate::host_report::DelayReason::RetryAfter);
        assert!(matches!(manners.admit(&first, at), Admit::NotBefore(_)));
        // The second does not come.
        let second = manners.next_turn(at).unwrap();
        assert_eq!(second.host(), hosts[2].host());
        assert!(manners.next_turn(at).is_none());
        let later = manners.next_turn_due().unwrap();
        assert!(later > at && later <= at + Duration::from_secs(1));
        let third = manners.next_turn(later).unwrap();
        assert_eq!((third.host(), manners.admit(&third, later)), (hosts[3].host(), Admit::Now));
    }

    #[test]
    fn a_host_that_a_table_gives_a_rate_of_its_own_shares_it_with_nobody_else() {
        let now = Instant::now();
        let own = Overrides { rate: Some(Rate::UNLIMITED), ..Overrides::default() };
        let mut manners = Politeness::new(options(GroupBy::Host), now).with_hosts([("e.com:81".parse().unwrap(), own)]);
        assert_eq!(manners.admit(&url("http://e.com/"), now), Admit::Now);
        assert_eq!(manners.admit(&url("http://e.com:82/"), now), Admit::InLine);
        for _ in 0..3 {
            assert_eq!(manners.admit(&url("http://e.com:81/"), now), Admit::Now);
        }
    }

    #[test]
    fn with_addresses_names_of_one_machine_share_a_rate_once_they_are_known() {
        let now = Instant::now();
        let mut manners = Politeness::new(options(GroupBy::Address), now);
        let hosts = hosts(3);
        for host in &hosts {
            assert_eq!(manners.admit(host, now), Admit::AskAddress);
            assert_eq!(manners.admit(host, now), Admit::Busy, "it is being asked for");
        }
        let [here, there] = ["8.8.8.8", "8.8.4.4"].map(|address| address.parse().unwrap());
        manners.addresses_known(&hosts[0], &[here], now);
        manners.addresses_known(&hosts[1], &[here], now);
        manners.addresses_known(&hosts[2], &[there], now);
        assert_eq!(manners.admit(&hosts[0], now), Admit::Now);
        assert_eq!(manners.admit(&hosts[1], now), Admit::InLine);
        assert_eq!(manners.admit(&hosts[2], now), Admit::Now);
        assert_eq!(manners.admit(&url("http://8.8.4.4:81/"), now), Admit::InLine, "an address is its own");
    }

    #[test]
    fn a_name_that_led_nowhere_is_looked_up_again_once_it_was_reached() {
        let now = Instant::now();
        let limits = Options { rate: Rate::UNLIMITED, ..options(GroupBy::Address) };
        let (mut manners, page) = (Politeness::new(limits, now), url("http://e.com/"));
        assert_eq!(manners.admit(&page, now), Admit::AskAddress);
        manners.addresses_known(&page, &[], now);
        assert_eq!(manners.admit(&page, now), Admit::Now);
        let lost = Failure::new(crate::outcome::FailureKind::Dns, "x");
        manners.finished(&page, &Outcome::failed(lost, jiff::Timestamp::UNIX_EPOCH, Duration::ZERO), now);
        assert_eq!(manners.admit(&page, now), Admit::Now);
        manners.finished(&page, &ok(), now);
        assert_eq!(manners.admit(&page, now), Admit::AskAddress);
    }

    #[test]
    fn a_group_counts_from_the_last_request_of_an_earlier_process_to_any_of_it() {
        let now = Instant::now();
        let mut manners = Politeness::new(options(GroupBy::Domain), now);
        manners.resumed(now);
        let hosts = hosts(2);
        let admits: Vec<_> = hosts.iter().map(|host| manners.admit(host, now)).collect();
        assert_eq!(admits, [Admit::NotBefore(now + millis(204)), Admit::InLine]);
        // It does not start anew with each host that is met.
        let at = manners.next_turn_due().unwrap();
        let called = manners.next_turn(at).unwrap();
        assert_eq!((at, manners.admit(&called, at)), (now + millis(204), Admit::Now));
        assert_eq!(manners.admit(&url("http://new.e.com/"), at), Admit::InLine);
        assert!(manners.next_turn(at + millis(203)).is_none());
        assert!(manners.next_turn(at + millis(204)).is_some());
    }
}
