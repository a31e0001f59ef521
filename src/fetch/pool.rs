//! The pool: connections that are kept for later requests, and how many.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

use super::keep_alive::{KeepAlive, Keeps};
use super::{AddressGuard, Options, tls};
use crate::error::{Error, Result};

/// Clients for one kind of requests each: those that leave their connection behind, and those that close it.
#[derive(Debug)]
pub(super) struct Pool {
    recipe: Recipe,
    keeping: RwLock<Keeping>,
    closing: reqwest::Client,
    /// Which requests leave a connection behind; `None`: all.
    keep_alive: Option<KeepAlive>,
}

/// Whom a request is to be sent with. As long as this lives, it is in flight.
pub(super) struct Claim<'a> {
    pub(super) client: reqwest::Client,
    _keeps: Option<Keeps<'a>>,
}

#[derive(Debug)]
struct Keeping {
    /// Owns the connections: they are closed when it is dropped.
    client: reqwest::Client,
    since: Instant,
}

/// What a client is made from.
#[derive(Debug)]
struct Recipe {
    tls: rustls::ClientConfig,
    guard: AddressGuard,
    headers: HeaderMap,
    connect_timeout: Duration,
}

impl Pool {
    /// A pool without a bound; all requests have these headers. [`Error::Internal`] when the HTTP client has another
    /// idea of what can be set.
    pub(super) fn new(options: &Options, guard: AddressGuard, headers: HeaderMap) -> Result<Self> {
        let recipe = Recipe { tls: tls::client_config(), guard, headers, connect_timeout: options.connect_timeout };
        let keeping = RwLock::new(Keeping { client: recipe.client(usize::MAX)?, since: Instant::now() });
        let closing = recipe.client(0)?;
        Ok(Self { recipe, keeping, closing, keep_alive: None })
    }

    /// Keeps at most so many connections, over all hosts.
    pub(super) fn keep_at_most(&mut self, connections: usize) {
        self.keep_alive = Some(KeepAlive::new(connections, POOL_IDLE * 2));
    }

    /// A client for a request to this origin.
    pub(super) fn claim(&self, origin: &str) -> Claim<'_> {
        let claimed = self.keep_alive.as_ref().map(|keep_alive| keep_alive.claim(origin, Instant::now()));
        match claimed {
            Some(None) => Claim { client: self.closing.clone(), _keeps: None },
            claimed => {
                let keeping = self.keeping.read().unwrap_or_else(PoisonError::into_inner);
                Claim { client: keeping.client.clone(), _keeps: claimed.flatten() }
            }
        }
    }

    /// Closes the idle connections: something else needs their file descriptors. Once a second at most, since whoever
    /// runs out does so many times at once.
    pub(super) fn close_idle(&self) {
        let now = Instant::now();
        let mut keeping = self.keeping.write().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(keeping.since) >= CLOSED_EVERY
            && let Ok(client) = self.recipe.client(usize::MAX)
        {
            *keeping = Keeping { client, since: now };
        }
    }
}

impl Recipe {
    /// A client that keeps so many idle connections to each host.
    fn client(&self, idle: usize) -> Result<reqwest::Client> {
        reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(self.guard.clone())
            .default_headers(self.headers.clone())
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(idle)
            // Folded header lines are obsolete, but a user agent has to read them (RFC 9112, section 5.2).
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .build()
            .map_err(|error| Error::Internal(format!("cannot set up the HTTP client: {error}")))
    }
}

/// A polite crawl comes back to a host within seconds or not soon; a broad one meets thousands of hosts a minute, and
/// each idle connection holds a file descriptor. The pool looks for those to close once in this time, so one may be idle
/// for twice as long.
const POOL_IDLE: Duration = Duration::from_secs(15);
const CLOSED_EVERY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::loopback::{Loopback, Then};

    /// Over how many connections three requests went; `between` them, something may happen.
    async fn connections(pool: &Pool, between: impl AsyncFn(&Pool)) -> usize {
        let server = Loopback::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Then::Continue).await;
        for _ in 0..3 {
            let url = server.page("/").url;
            let claim = pool.claim(url.origin());
            assert_eq!(claim.client.get(url.as_str()).send().await.unwrap().status(), 200);
            drop(claim);
            between(pool).await;
        }
        let mut ports: Vec<_> = server.heads().iter().map(|head| head.lines().next().unwrap().to_owned()).collect();
        ports.dedup();
        ports.len()
    }

    fn pool() -> Pool {
        let guard = AddressGuard::new(&["127.0.0.0/8".parse().unwrap()], &[]);
        Pool::new(&Options::default(), guard, HeaderMap::new()).unwrap()
    }

    fn bounded(connections: usize) -> Pool {
        let mut pool = pool();
        pool.keep_at_most(connections);
        pool
    }

    async fn nothing(_: &Pool) {}

    #[tokio::test]
    async fn without_room_for_idle_connections_each_request_has_its_own() {
        assert_eq!(connections(&pool(), nothing).await, 1);
        assert_eq!(connections(&bounded(1), nothing).await, 1);
        assert_eq!(connections(&bounded(0), nothing).await, 3);
    }

    #[tokio::test]
    async fn idle_connections_are_closed_when_there_is_need_and_not_all_the_time() {
        let close_soon = async |pool: &Pool| {
            pool.keeping.write().unwrap().since = Instant::now();
            pool.close_idle();
        };
        assert_eq!(connections(&pool(), close_soon).await, 1, "less than a second ago");
        let close_later = async |pool: &Pool| {
            pool.keeping.write().unwrap().since -= CLOSED_EVERY;
            pool.close_idle();
        };
        assert_eq!(connections(&pool(), close_later).await, 3);
    }
}
