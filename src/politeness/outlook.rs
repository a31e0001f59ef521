//! Outlook: what can be said of an origin without asking it anything.

use std::sync::Arc;
use std::time::Duration;

use super::Politeness;
use super::host::Host;
use super::robots::Robots;
use super::robots_state::RobotsState;
use crate::host_report::DelayReason;
use crate::url::{CrawlUrl, HostKey, Scheme};

impl Politeness {
    /// Whether robots.txt of its origin, as far as it is known, disallows a URL. Takes nothing.
    pub fn disallows(&mut self, url: &CrawlUrl) -> bool {
        let host = self.host(url);
        let asks = host.options.robots;
        match host.robots(url.scheme()) {
            RobotsState::Known { rules, .. } => asks && !rules.verdict(url.path_and_query()).allowed,
            _ => false,
        }
    }

    /// Whether nothing of an origin may be asked for because its robots.txt could not be read. Takes nothing.
    pub fn lacks_robots(&mut self, url: &CrawlUrl) -> bool {
        let robots = self.host(url).robots(url.scheme());
        matches!(robots, RobotsState::Known { .. }) && !robots.is_readable()
    }

    /// Each robots.txt that is known and obeyed, with the scheme and the host of its origin, in the order of the hosts.
    pub fn known_robots(&self) -> Vec<(Scheme, HostKey, Arc<Robots>)> {
        let mut known: Vec<_> = self.hosts.iter().flat_map(|(key, host)| known_robots(key, host)).collect();
        known.sort_unstable_by(|a, b| (&a.1, a.0).cmp(&(&b.1, b.0)));
        known
    }

    /// Those of these hosts.
    pub fn known_robots_of(&self, hosts: &[HostKey]) -> Vec<(Scheme, HostKey, Arc<Robots>)> {
        let known = hosts.iter().filter_map(|key| self.hosts.get_key_value(key));
        known.flat_map(|(key, host)| known_robots(key, host)).collect()
    }

    /// The least time between two requests to a host that answers well, and why: its `Crawl-delay`, or what the settings say.
    pub fn pace(&mut self, url: &CrawlUrl) -> (Duration, DelayReason) {
        let host = self.host(url);
        let of_settings = host.options.delay.max(host.options.rate.interval().unwrap_or_default());
        host.crawl_delay().map_or((of_settings, DelayReason::None), |delay| (delay, DelayReason::CrawlDelay))
    }
}

fn known_robots(key: &HostKey, host: &Host) -> Vec<(Scheme, HostKey, Arc<Robots>)> {
    let rules = [Scheme::Http, Scheme::Https].map(|scheme| (scheme, &host.origin(scheme).robots));
    let rules = rules.into_iter().filter_map(|(scheme, state)| match state {
        RobotsState::Known { rules, .. } if host.options.robots => Some((scheme, key.clone(), Arc::clone(rules))),
        _ => None,
    });
    rules.collect()
}
