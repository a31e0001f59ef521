//! Per host: the keys of `[politeness]` that may be others for single hosts.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Options;
use crate::units::{self, Rate};
use crate::url::PerHost;

/// What `[hosts."…"]` may say instead of `[politeness]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Overrides {
    /// Obey robots.txt (RFC 9309). `false` is for sites of your own: not even its `Crawl-delay` is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub robots: Option<bool>,
    /// Requests per second to the host, or "none".
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Rate")]
    pub rate: Option<Rate>,
    /// How many requests may follow each other at once before the rate holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 1, max = 10000))]
    pub burst: Option<u32>,
    /// Requests in flight to the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize", range(min = 1, max = 10000))]
    pub per_host_concurrency: Option<usize>,
    /// The least time between two requests to the host. With a rate or a `Crawl-delay` as well, the slowest holds.
    #[serde(skip_serializing_if = "Option::is_none", with = "units::duration::option")]
    #[schemars(with = "units::duration::Schema")]
    pub delay: Option<Duration>,
    /// The shortest `Crawl-delay` of the host's robots.txt that is taken at its word; a shorter one counts as this.
    #[serde(skip_serializing_if = "Option::is_none", with = "units::duration::option")]
    #[schemars(with = "units::duration::Schema")]
    pub min_crawl_delay: Option<Duration>,
    /// The longest `Crawl-delay` of the host's robots.txt that is obeyed; a longer one counts as this.
    #[serde(skip_serializing_if = "Option::is_none", with = "units::duration::option")]
    #[schemars(with = "units::duration::Schema")]
    pub max_crawl_delay: Option<Duration>,
    /// How many times its own smoothed response time the host is left alone after each request and each response, up to
    /// `politeness.max_latency_delay`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(max = 1000))]
    pub latency_factor: Option<u32>,
}

/// The options that hold for one host. Each key is from the most specific table that sets it.
pub(super) fn options_of(host: &str, options: &Arc<Options>, tables: &PerHost<Overrides>) -> Arc<Options> {
    let mut own = Overrides::default();
    for table in tables.of(host) {
        own = own.or(table);
    }
    if own == Overrides::default() {
        return Arc::clone(options);
    }
    Arc::new(Options {
        robots: own.robots.unwrap_or(options.robots),
        rate: own.rate.unwrap_or(options.rate),
        burst: own.burst.unwrap_or(options.burst),
        per_host_concurrency: own.per_host_concurrency.unwrap_or(options.per_host_concurrency),
        delay: own.delay.unwrap_or(options.delay),
        min_crawl_delay: own.min_crawl_delay.unwrap_or(options.min_crawl_delay),
        max_crawl_delay: own.max_crawl_delay.unwrap_or(options.max_crawl_delay),
        latency_factor: own.latency_factor.unwrap_or(options.latency_factor),
        ..Options::clone(options)
    })
}

impl Overrides {
    fn or(self, less_specific: &Self) -> Self {
        Self {
            robots: self.robots.or(less_specific.robots),
            rate: self.rate.or(less_specific.rate),
            burst: self.burst.or(less_specific.burst),
            per_host_concurrency: self.per_host_concurrency.or(less_specific.per_host_concurrency),
            delay: self.delay.or(less_specific.delay),
            min_crawl_delay: self.min_crawl_delay.or(less_specific.min_crawl_delay),
            max_crawl_delay: self.max_crawl_delay.or(less_specific.max_crawl_delay),
            latency_factor: self.latency_factor.or(less_specific.latency_factor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_from_the_most_specific_table_that_sets_it() {
        let rate = |text: &str| Some(text.parse().unwrap());
        let tables: PerHost<Overrides> = [
            ("*.e.com", Overrides { rate: rate("1"), robots: Some(false), ..Overrides::default() }),
            ("www.e.com", Overrides { rate: rate("2"), burst: Some(7), ..Overrides::default() }),
        ]
        .map(|(host, table)| (host.parse().unwrap(), table))
        .into_iter()
        .collect();
        let options = Arc::new(Options::default());
        let of = |host: &str| options_of(host, &options, &tables);
        let expected = Options { rate: rate("2").unwrap(), burst: 7, robots: false, ..Options::default() };
        assert_eq!(*of("www.e.com"), expected);
        assert_eq!(*of("a.e.com"), Options { rate: rate("1").unwrap(), robots: false, ..Options::default() });
        assert!(Arc::ptr_eq(&of("e.com"), &options), "hosts without a table share one");
    }
}
