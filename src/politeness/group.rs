//! Group: hosts that are asked as if they were one, and the line in which they wait for their turn.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::concurrency::Concurrency;
use super::rate::{HostRate, PassedClock};
use super::{GroupBy, Options};
use crate::host_report::DelayReason;
use crate::url::{CrawlUrl, registrable_domain};

/// What the hosts of a group have in common. Hosts for which a table sets other limits are not of it: they share with
/// those for which the same ones are set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct GroupKey {
    of: Common,
    interval: Option<Duration>,
    burst: u32,
    delay: Duration,
    per_host_concurrency: usize,
}

/// What makes them one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Common {
    /// A name: their own without the port, or the registrable domain.
    Name(Box<str>),
    /// An address, or the network of one.
    Address(IpAddr),
}

/// One group.
///
/// - The rate and the requests at once are the group's; what a host says for itself (robots.txt, `Crawl-delay`,
///   `Retry-After`) is the host's.
/// - A host stands in line at most once. Whoever is called may ask before all others.
/// - As long as somebody stands in line there is an alarm, or as much is in flight as may be: then the next end of a request
///   sets one.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) rate: HostRate,
    /// What the rate comes of.
    pub(super) pace: DelayReason,
    pub(super) concurrency: Concurrency,
    pub(super) in_flight: usize,
    /// When the rate last began to count: the last request, or what counts as one.
    quiet_since: Option<Instant>,
    /// How many hosts it has.
    pub(super) hosts: usize,
    /// A URL of each host that waits for its turn, in their order.
    pub(super) line: VecDeque<CrawlUrl>,
    /// When the next of them is called.
    pub(super) alarm: Option<Instant>,
}

impl GroupKey {
    pub(super) fn new(of: Common, options: &Options) -> Self {
        Self {
            of,
            interval: options.rate.interval(),
            burst: options.burst,
            delay: options.delay,
            per_host_concurrency: options.per_host_concurrency,
        }
    }
}

impl Common {
    /// What makes a host one with others; `None` when that is its address, which is not known yet.
    pub(super) fn of_host(name: &str, by: GroupBy) -> Option<Self> {
        match by {
            GroupBy::Host => Some(Self::name(name)),
            GroupBy::Domain if literal(name).is_some() => Some(Self::name(name)),
            GroupBy::Domain => Some(Self::name(registrable_domain(name).unwrap_or(name))),
            GroupBy::Address => literal(name).map(Self::address),
        }
    }

    pub(super) fn name(name: &str) -> Self {
        Self::Name(name.into())
    }

    /// The address of a host that has these: the least one, IPv4 before IPv6, so that hosts with the same addresses have one
    /// in common, in whichever order they come. Of an IPv6 address the network counts, since whoever gets one gets 2^64 of
    /// them (RFC 7421).
    pub(super) fn of_addresses(addresses: &[IpAddr]) -> Option<Self> {
        addresses.iter().copied().map(|address| address.to_canonical()).min().map(Self::address)
    }

    fn address(address: IpAddr) -> Self {
        Self::Address(match address {
            IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// The address that a host is, if it is one.
fn literal(name: &str) -> Option<IpAddr> {
    let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

impl Group {
    pub(super) fn new(options: &Options, clock: &PassedClock) -> Self {
        let (rate, pace) = if options.delay > options.rate.interval().unwrap_or_default() {
            (HostRate::spaced(Some(options.delay), 1, clock), DelayReason::Delay)
        } else {
            (HostRate::new(options.rate, options.burst, clock), DelayReason::Rate)
        };
        Self {
            rate,
            pace,
            concurrency: Concurrency::new(options.per_host_concurrency),
            in_flight: 0,
            quiet_since: None,
            hosts: 0,
            line: VecDeque::new(),
            alarm: None,
        }
    }

    /// Whether one more may be in flight.
    pub(super) fn has_room(&self) -> bool {
        self.in_flight < self.concurrency.allowed()
    }

    /// Whether one host has it for itself.
    pub(super) fn is_of_one(&self) -> bool {
        self.hosts <= 1 && self.line.is_empty()
    }

    /// A request that its rate has let through is in flight.
    pub(super) fn started(&mut self, clock: &PassedClock) {
        self.in_flight += 1;
        self.quiet_since = Some(clock.time());
    }

    /// Counts the rate as if all that it allows at once had been sent at `since`, unless something was sent later.
    pub(super) fn quiet_since(&mut self, since: Instant, clock: &PassedClock) {
        if self.quiet_since < Some(since) {
            self.quiet_since = Some(since);
            self.rate = self.rate.spent(since, clock);
        }
    }

    /// Counts the rate from now on, as if a request had just been sent. Of a burst that hosts share none gets a new one.
    pub(super) fn restart(&mut self, clock: &PassedClock) {
        if self.hosts <= 1 || self.rate.is_even() {
            self.rate = self.rate.restarted(clock);
        }
        let _ = self.rate.take(clock);
        self.quiet_since = Some(clock.time());
    }

    /// The time between two requests, and what it comes of.
    pub(super) fn pace(&self) -> Option<(Duration, DelayReason)> {
        self.rate.interval().map(|interval| (interval, self.pace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_in_common_what_the_setting_says() {
        let name = |name: &str| Some(Common::name(name));
        let address = |text: &str| Some(Common::Address(text.parse().unwrap()));
        for (host, by, expected) in [
            ("a.e.co.uk", GroupBy::Host, name("a.e.co.uk")),
            ("a.e.co.uk", GroupBy::Domain, name("e.co.uk")),
            ("a.e.co.uk", GroupBy::Address, None),
            ("b.a.wiki.corp", GroupBy::Domain, name("wiki.corp")),
            ("co.uk", GroupBy::Domain, name("co.uk")),
            ("localhost", GroupBy::Domain, name("localhost")),
            ("127.0.0.1", GroupBy::Host, name("127.0.0.1")),
            ("127.0.0.1", GroupBy::Domain, name("127.0.0.1")),
            ("127.0.0.1", GroupBy::Address, address("127.0.0.1")),
            ("[2001:db8::1:2]", GroupBy::Domain, name("[2001:db8::1:2]")),
            ("[2001:db8::1:2]", GroupBy::Address, address("2001:db8::")),
            ("[::ffff:127.0.0.1]", GroupBy::Address, address("127.0.0.1")),
        ] {
            assert_eq!(Common::of_host(host, by), expected, "{host} {by:?}");
        }
    }

    #[test]
    fn hosts_with_the_same_addresses_have_one_in_common() {
        let of =
            |texts: &[&str]| Common::of_addresses(&texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["8.8.8.8", "8.8.4.4", "::1"]), of(&["::1", "8.8.4.4", "8.8.8.8"]));
        assert_eq!(of(&["2606:4700::1", "8.8.8.8"]), Some(Common::Address("8.8.8.8".parse().unwrap())));
        assert_eq!(of(&["::ffff:8.8.8.8"]), of(&["8.8.8.8"]));
        assert_eq!(of(&["2606:4700::1"]), of(&["2606:4700::2"]));
        assert_ne!(of(&["2606:4700::1"]), of(&["2606:4700:0:1::1"]));
    }
}
