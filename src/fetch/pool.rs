//! The pool: connections that are kept for later requests, and how many.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use hashbrown::HashSet;
use http::HeaderMap;
use tokio::time::Instant;

use super::Options;
use super::client::Client;
use super::keep_alive::{KeepAlive, Keeps};
use super::proxy::{self, Bounds, Connector, Proxy, ProxyDns, Route};
use super::resolver::Resolver;
use super::reuse::Watched;
use crate::error::{Error, Result};
use crate::outcome::Failure;

/// Clients for one kind of requests each: those that leave their connection behind, and those that close it.
#[derive(Debug)]
pub(super) struct Pool {
    recipe: Recipe,
    closing: Clients,
    /// The origins that take HTTP/1.1 only, whatever their TLS says.
    http1: RwLock<HashSet<Box<str>>>,
    /// Which requests leave a connection behind, and the clients that own these: they are closed when those are dropped.
    keep_alive: KeepAlive<Arc<Clients>>,
    /// When all idle connections were closed, the last time.
    closed: Mutex<Instant>,
}

/// Whom a request is to be sent with. As long as this lives, it is in flight.
pub(super) struct Claim<'a> {
    pub(super) client: Client,
    keeps: Option<Keeps<'a, Arc<Clients>>>,
}

impl Claim<'_> {
    /// Says how long the body of the answer was: the connection keeps a buffer for as much.
    pub(super) fn has_read(&self, bytes: u64) {
        if let Some(keeps) = &self.keeps {
            keeps.has_read(bytes);
        }
    }
}

/// A client for each choice of versions.
#[derive(Debug)]
struct Clients {
    any: Client,
    /// Made when the first origin asks for it: hardly any does.
    http1: OnceLock<Client>,
    /// How many idle connections are kept to each host.
    idle: usize,
}

/// Which versions of HTTP may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Versions {
    /// HTTP/2 where TLS agrees on it, else HTTP/1.1.
    Any,
    Http1,
}

/// What a client is made from.
#[derive(Debug)]
struct Recipe {
    tls: rustls::ClientConfig,
    resolver: Resolver,
    headers: HeaderMap,
    connect_timeout: Duration,
    proxy: Option<Proxy>,
    proxy_dns: ProxyDns,
}

impl Pool {
    /// A pool without a bound of their number, which leads through this proxy; all requests have these headers.
    /// [`Error::Internal`] when the HTTP client has another idea of what can be set.
    pub(super) fn new(
        options: &Options,
        proxy: Option<Proxy>,
        tls: rustls::ClientConfig,
        resolver: Resolver,
        headers: HeaderMap,
    ) -> Result<Self> {
        let (connect_timeout, proxy_dns) = (options.connect_timeout, options.proxy_dns);
        let recipe = Recipe { tls, resolver, headers, connect_timeout, proxy, proxy_dns };
        let (closing, keeping) = (Clients::new(&recipe, 0)?, Clients::new(&recipe, usize::MAX)?);
        let keep_alive = KeepAlive::new(usize::MAX, options.max_idle_memory, POOL_IDLE * 2, keeping.into());
        Ok(Self { recipe, closing, http1: RwLock::default(), keep_alive, closed: Instant::now().into() })
    }

    /// Keeps at most so many connections, over all hosts.
    pub(super) fn keep_at_most(&mut self, connections: usize) {
        self.keep_alive.keep_at_most(connections);
    }

    /// A client for a request to this origin.
    pub(super) fn claim(&self, origin: &str) -> Claim<'_> {
        let versions = self.versions(origin);
        let now = Instant::now();
        let claim = || self.keep_alive.claim(origin, now, || self.keeping());
        match claim().or_else(|| self.close_idle().then(claim).flatten()) {
            None => Claim { client: self.closing.client(&self.recipe, versions), keeps: None },
            Some((keeps, clients)) => Claim { client: clients.client(&self.recipe, versions), keeps: Some(keeps) },
        }
    }

    /// Notes that nothing more is to be asked of this origin, as far as is known.
    pub(super) fn leave(&self, origin: &str) {
        self.keep_alive.leave(origin);
    }

    /// A client that makes a connection of its own for a request to this origin, and closes it afterwards.
    pub(super) fn fresh(&self, origin: &str) -> Client {
        self.closing.client(&self.recipe, self.versions(origin))
    }

    /// The same over HTTP/1.1, whatever the origin.
    pub(super) fn fresh_http1(&self) -> Client {
        self.closing.client(&self.recipe, Versions::Http1)
    }

    /// Asks this origin over HTTP/1.1 from now on.
    pub(super) fn use_http1(&self, origin: &str) {
        self.http1.write().unwrap_or_else(PoisonError::into_inner).insert(origin.into());
    }

    /// Whether the proxy, if there is one, lets anything through, by a connection to this host over which nothing is sent.
    pub(super) async fn try_out(&self, host: &str, port: u16) -> Result<(), Failure> {
        match &self.recipe.proxy {
            Some(proxy) => self.recipe.connector(proxy.clone(), self.recipe.tls.clone()).try_out(host, port).await,
            None => Ok(()),
        }
    }

    fn versions(&self, origin: &str) -> Versions {
        let http1 = self.http1.read().unwrap_or_else(PoisonError::into_inner);
        if !http1.is_empty() && http1.contains(origin) { Versions::Http1 } else { Versions::Any }
    }

    /// Closes the idle connections: something else needs their file descriptors, or their memory. Once a second at most,
    /// since whoever runs out does so many times at once; whether it was done.
    pub(super) fn close_idle(&self) -> bool {
        let now = Instant::now();
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if now.duration_since(*closed) < CLOSED_EVERY {
            return false;
        }
        *closed = now;
        self.keep_alive.close_idle(|| self.keeping());
        true
    }

    /// Clients that leave their connections behind.
    fn keeping(&self) -> Option<Arc<Clients>> {
        Clients::new(&self.recipe, usize::MAX).ok().map(Arc::new)
    }
}

impl Clients {
    fn new(recipe: &Recipe, idle: usize) -> Result<Self> {
        Ok(Self { any: recipe.client(idle, Versions::Any)?, http1: OnceLock::new(), idle })
    }

    fn client(&self, recipe: &Recipe, versions: Versions) -> Client {
        let chosen = match (versions, self.http1.get()) {
            (Versions::Any, _) => &self.any,
            (Versions::Http1, Some(http1)) => http1,
            (Versions::Http1, None) => match recipe.client(self.idle, versions) {
                Ok(made) => self.http1.get_or_init(|| made),
                // The one for all versions could be made of the same settings. The origin will refuse it and say why.
                Err(_) => &self.any,
            },
        };
        chosen.clone()
    }
}

impl Recipe {
    /// A client that keeps so many idle connections to each host.
    fn client(&self, idle: usize, versions: Versions) -> Result<Client> {
        let mut tls = self.tls.clone();
        if versions == Versions::Http1 {
            tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        }
        match &self.proxy {
            None => self.direct(idle, versions, tls).map(Client::Direct),
            Some(proxy) => Ok(Client::Proxied(self.proxied(proxy.clone(), idle, tls).into())),
        }
    }

    fn connector(&self, proxy: Proxy, tls: rustls::ClientConfig) -> Connector {
        let (dns, resolver) = (self.proxy_dns, self.resolver.clone());
        Connector::new(Route { proxy, dns, resolver, tls: tls.into(), timeout: self.connect_timeout })
    }

    fn proxied(&self, proxy: Proxy, idle: usize, tls: rustls::ClientConfig) -> proxy::Client {
        let connector = self.connector(proxy, tls);
        let bounds = Bounds { idle, idle_for: POOL_IDLE, header_lines: MAX_HEADER_LINES, head: MAX_HEAD };
        proxy::Client::new(connector, &self.headers, bounds)
    }

    fn direct(&self, idle: usize, versions: Versions, tls: rustls::ClientConfig) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder();
        if versions == Versions::Http1 {
            builder = builder.http1_only();
        }
        builder
            .tls_backend_preconfigured(tls)
            .dns_resolver(self.resolver.clone())
            .default_headers(self.headers.clone())
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            // None of the environment.
            .no_proxy()
            .tcp_nodelay(true)
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(idle)
            // Folded header lines are obsolete, but a user agent has to read them (RFC 9112, section 5.2).
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            // A line that is no header costs that line and not the response, as in browsers (RFC 9110, section 5.5).
            .http1_ignore_invalid_headers_in_responses(true)
            // "X-A : b" is X-A: a proxy has to take the blank out (RFC 9112, section 5.1), and nobody else reads on.
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_max_headers(MAX_HEADER_LINES)
            .http2_max_header_list_size(MAX_HEAD)
            .connector_layer(Watched)
            .build()
            .map_err(|error| Error::Internal(format!("cannot set up the HTTP client: {error}")))
    }
}

/// A polite crawl comes back to a host within seconds or not soon; a broad one meets thousands of hosts a minute, and
/// each idle connection holds a file descriptor. The pool looks for those to close once in this time, so one may be idle
/// for twice as long.
const POOL_IDLE: Duration = Duration::from_secs(15);
const CLOSED_EVERY: Duration = Duration::from_secs(1);
/// The longest head that is read over HTTP/2, which counts 32 bytes more for each line (RFC 9113, section 6.5.2). It is
/// what browsers read. Over HTTP/1.1, hyper's own bound of 408 KiB holds.
const MAX_HEAD: u32 = 256 << 10;
/// Five times what hyper and Python's clients read unasked. hyper makes room for all of them beforehand, twice for each
/// response: 2,048 cost 20,000 instructions, a twentieth of a page, and 512 a quarter of that. A client with more room for
/// those who need it would ask them twice, and the second time out of turn.
pub(super) const MAX_HEADER_LINES: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::loopback::{Loopback, Then};
    use crate::fetch::{AddressGuard, tls};

    /// Over how many connections three requests went; `between` them, something may happen.
    async fn connections(pool: &Pool, between: impl AsyncFn(&Pool)) -> usize {
        let server = Loopback::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Then::Continue).await;
        for _ in 0..3 {
            let url = server.page("/").url;
            let claim = pool.claim(url.origin());
            let request = reqwest::Request::new(http::Method::GET, url.to_url().unwrap());
            assert_eq!(claim.client.execute(request).await.unwrap().status(), 200);
            drop(claim);
            between(pool).await;
        }
        let mut ports: Vec<_> = server.heads().iter().map(|head| head.lines().next().unwrap().to_owned()).collect();
        ports.dedup();
        ports.len()
    }

    fn pool() -> Pool {
        let resolver = Resolver::new(AddressGuard::new(&["127.0.0.0/8".parse().unwrap()], &[]));
        Pool::new(&Options::default(), None, tls::client_config(), resolver, HeaderMap::new()).unwrap()
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
            *pool.closed.lock().unwrap() = Instant::now();
            assert!(!pool.close_idle());
        };
        assert_eq!(connections(&pool(), close_soon).await, 1, "less than a second ago");
        let close_later = async |pool: &Pool| {
            *pool.closed.lock().unwrap() -= CLOSED_EVERY;
            assert!(pool.close_idle());
        };
        assert_eq!(connections(&pool(), close_later).await, 3);
    }
}
