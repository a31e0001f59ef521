//! Outlook: what can be said of an origin without asking it anything.

use std::time::Duration;

use super::Politeness;
use super::robots_state::RobotsState;
use crate::host_report::DelayReason;
use crate::url::CrawlUrl;

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

    /// The least time between two requests to a host that answers well, and why: its `Crawl-delay`, or what the settings say.
    pub fn pace(&mut self, url: &CrawlUrl) -> (Duration, DelayReason) {
        let host = self.host(url);
        let of_settings = host.options.delay.max(host.options.rate.interval().unwrap_or_default());
        host.crawl_delay().map_or((of_settings, DelayReason::None), |delay| (delay, DelayReason::CrawlDelay))
    }
}
