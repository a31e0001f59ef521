//! `[politeness]`: how hosts are treated.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::units::{self, Rate};

/// `[politeness]`: how each host is treated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Obey robots.txt (RFC 9309). `false` is for sites of your own. Of a robots.txt the first 512 KiB are read; a longer
    /// one is told in the log.
    pub robots: bool,
    /// Which hosts share `rate`, `burst`, `delay` and `per_host_concurrency`: those of one name on whatever port
    /// ("host"), of one registrable domain by the public suffix list ("domain"), or those whose names lead to one address
    /// ("address"). Of several addresses of a name the least counts, IPv4 before IPv6, and of an IPv6 address its network
    /// of 64 bits; names are looked up once more for it. robots.txt, `Crawl-delay` and `Retry-After` are of each host with
    /// its port.
    pub group: GroupBy,
    /// Requests per second to each host, or "none".
    pub rate: Rate,
    /// How many requests may follow each other at once before the rate holds.
    #[schemars(range(min = 1, max = 10000))]
    pub burst: u32,
    /// Requests in flight to each host, at most. After a 429, a 503, a 529, a timeout, or a connection that was refused or
    /// reset it is half as many, and while all goes well more again.
    #[schemars(range(min = 1, max = 10000))]
    pub per_host_concurrency: usize,
    /// The least time between two requests to each host. With a rate or a `Crawl-delay` as well, the slowest holds.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub delay: Duration,
    /// How often a URL is tried again after a failure that may pass (of the kinds dns, connect, timeout, reset,
    /// protocol) or a status of 408, 429, 500, 502, 503, 504, 520 to 524 or 529. While its origin is parked
    /// (`breaker_failures`, `patience`) a URL is tried again however often it was, and once more when nothing else of its
    /// host was good since its first attempt.
    #[schemars(range(max = 100))]
    pub retries: u32,
    /// The wait before the first retry of a URL. It doubles with each further one, and up to half of it is taken off
    /// at random.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub backoff: Duration,
    /// The longest wait before a retry.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub max_backoff: Duration,
    /// The longest `Retry-After` that is obeyed; a longer one counts as this.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub max_retry_after: Duration,
    /// The shortest `Crawl-delay` of a robots.txt that is taken at its word; a shorter one counts as this. It is for
    /// hosts that name one, while the rate is for all.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub min_crawl_delay: Duration,
    /// The longest `Crawl-delay` of a robots.txt that is obeyed; a longer one, and a longer `min_crawl_delay`, counts as
    /// this. With a rate as well, the slower of both holds.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub max_crawl_delay: Duration,
    /// How many times its own smoothed response time a host is left alone after each request and each response: with 5,
    /// a host that takes 2 seconds gets 10 seconds of rest. 0 leaves that to the rate and to `per_host_concurrency`,
    /// which a slow host slows down already.
    #[schemars(range(max = 1000))]
    pub latency_factor: u32,
    /// The longest wait for a slow host that comes of `latency_factor`.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub max_latency_delay: Duration,
    /// After so many requests in a row that came to nothing (of the kinds dns, connect, tls, `blocked_address`, timeout,
    /// reset, or a status of 429, 500, 502, 503, 504, 520 to 524 or 529) an origin is parked: its URLs wait, unless a page
    /// that had answered well still does. 0 parks nothing.
    #[schemars(range(max = 10000))]
    pub breaker_failures: u32,
    /// How long an origin is parked before one request probes it. Each time that fails it is parked twice as long, up to
    /// what is left of `patience`.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub breaker_pause: Duration,
    /// How long nothing good may come of an origin, from the first of the requests in a row that came to nothing on.
    /// Then, with the next probe that fails, it is given up for a day: all its URLs fail without being requested. 0 has
    /// no probes at all. One of a host to which there was never a connection is given up before, as soon as nothing else
    /// is left to do.
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub patience: Duration,
    /// How old a robots.txt may get before it is asked for again (RFC 9309: at most 24 hours).
    #[serde(with = "units::duration")]
    #[schemars(with = "units::duration::Schema")]
    pub robots_max_age: Duration,
}

/// Which hosts share `rate`, `burst`, `delay` and `per_host_concurrency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GroupBy {
    /// Those of one name, on whatever port.
    #[default]
    Host,
    /// Those of one registrable domain by the public suffix list.
    Domain,
    /// Those whose names lead to one address.
    Address,
}

impl Options {
    /// The same for what is no host, and can be asked as often and as much at once as one likes.
    pub(super) fn without_pace(&self) -> Self {
        Self {
            rate: Rate::UNLIMITED,
            per_host_concurrency: usize::MAX,
            delay: Duration::ZERO,
            latency_factor: 0,
            ..self.clone()
        }
    }

    /// The same for what would say the same again: it is not waited for either, nor asked twice, nor given up.
    pub(super) fn without_waits(&self) -> Self {
        Self {
            group: GroupBy::Host,
            retries: 0,
            backoff: Duration::ZERO,
            max_backoff: Duration::ZERO,
            max_retry_after: Duration::ZERO,
            min_crawl_delay: Duration::ZERO,
            max_crawl_delay: Duration::ZERO,
            breaker_failures: 0,
            ..self.without_pace()
        }
    }

    /// Whether they are those of what is no host: nobody is asked, so nobody need be told what is kept.
    pub(super) fn are_of_no_host(&self) -> bool {
        self.per_host_concurrency == usize::MAX
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            robots: true,
            group: GroupBy::Host,
            rate: Rate::per_second(5.0).unwrap_or(Rate::UNLIMITED),
            burst: 1,
            per_host_concurrency: 4,
            delay: Duration::ZERO,
            retries: 2,
            backoff: Duration::from_secs(1),
            max_backoff: Duration::from_mins(1),
            max_retry_after: Duration::from_hours(1),
            min_crawl_delay: Duration::ZERO,
            max_crawl_delay: Duration::from_mins(1),
            latency_factor: 0,
            max_latency_delay: Duration::from_secs(30),
            breaker_failures: 5,
            breaker_pause: Duration::from_secs(5),
            patience: Duration::from_mins(5),
            robots_max_age: Duration::from_hours(24),
        }
    }
}
