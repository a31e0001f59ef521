//! Connector: a connection to a host, made by a proxy that was told which address to connect to.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::uri::Scheme;
use http::{Extensions, Uri};
use hyper_util::client::legacy::connect::{Connection as _, HttpConnector, HttpInfo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::BufReader;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tower_service::Service;
use url::Host;

use super::fault::{self, NotConnected};
use super::setting::{Protocol, Proxy, ProxyDns};
use super::socks5::{self, Destination};
use super::stream::{Duplex, Facts, Stream};
use super::tunnel;
use crate::fetch::Refusal;
use crate::fetch::failure;
use crate::fetch::resolver::Resolver;
use crate::fetch::told::Told;
use crate::outcome::{Failure, FailureKind};

/// Connects to hosts through one proxy. Cloning is cheap.
#[derive(Clone)]
pub(in crate::fetch) struct Connector(Arc<Route>);

/// What it takes to come to a host.
pub(in crate::fetch) struct Route {
    pub(in crate::fetch) proxy: Proxy,
    pub(in crate::fetch) dns: ProxyDns,
    pub(in crate::fetch) resolver: Resolver,
    /// For hosts.
    pub(in crate::fetch) tls: Arc<ClientConfig>,
    /// For the way to the host, from here to its TLS.
    pub(in crate::fetch) timeout: Duration,
}

type BoxError = Box<dyn Error + Send + Sync>;
type Connecting = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

impl Connector {
    pub(in crate::fetch) fn new(route: Route) -> Self {
        Self(Arc::new(route))
    }

    /// Whether the proxy reads requests for http:// itself: with a tunnel it would learn no more, but many make none to
    /// port 80.
    pub(super) fn hands_over(&self) -> bool {
        self.0.dns == ProxyDns::Proxy && self.0.proxy.is_http()
    }

    pub(super) fn proxy(&self) -> &Proxy {
        &self.0.proxy
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Connecting {
        let connector = self.clone();
        Box::pin(async move {
            let by = Instant::now() + connector.0.timeout;
            connector.connect(&target, by).await
        })
    }
}

impl Connector {
    /// Whether the proxy lets anything through: it is asked for a tunnel to a host, over which nothing is sent; one that
    /// reads requests itself is only connected to. What is wrong with the host is no failure here. Cancel safe.
    pub(in crate::fetch) async fn try_out(&self, name: &str, port: u16) -> Result<(), Failure> {
        let by = Instant::now() + self.0.timeout;
        let tried = if self.hands_over() {
            self.0.reach_proxy(by).await.map(drop)
        } else {
            self.tunnel(bare(name), port, by).await.map(drop)
        };
        let Err(error) = tried else { return Ok(()) };
        match error.downcast::<Told>() {
            Ok(told) if told.failure.kind == FailureKind::Proxy => Err(told.failure),
            _ => Ok(()),
        }
    }

    /// There is one deadline, and whoever is waited for then is named.
    async fn connect(&self, target: &Uri, by: Instant) -> Result<Stream, BoxError> {
        let is_tls = target.scheme() == Some(&Scheme::HTTPS);
        let name = bare(target.host().ok_or("a URL without a host")?);
        let port = target.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        if !is_tls && self.hands_over() {
            let (io, info) = self.0.reach_proxy(by).await?;
            return Ok(Stream::new(io, Facts { info, is_read_by_proxy: true, ..Facts::default() }));
        }
        let (io, facts) = self.tunnel(name, port, by).await?;
        if !is_tls {
            return Ok(Stream::new(io, facts));
        }
        let name = ServerName::try_from(name.to_owned()).map_err(|_| "the host is no name for TLS")?;
        let shaken = timeout_at(by, TlsConnector::from(Arc::clone(&self.0.tls)).connect(name, io)).await;
        let io = shaken.map_err(|_| self.0.too_late())??;
        let is_http2 = io.get_ref().1.alpn_protocol() == Some(b"h2");
        Ok(Stream::new(Box::new(io), Facts { is_http2, ..facts }))
    }

    /// A connection to the first of a host's addresses that the proxy has one to; over each try another connection to the
    /// proxy.
    async fn tunnel(&self, name: &str, port: u16, by: Instant) -> Result<(Box<dyn Duplex>, Facts), BoxError> {
        let mut last = fault::no_address(name, "none is known");
        let found = timeout_at(by, self.0.destinations(name)).await.map_err(|_| self.0.too_late())??;
        for to in found {
            let (io, info) = self.0.reach_proxy(by).await?;
            match self.0.ask(io, &to, port, by).await {
                Ok(io) => {
                    let address = if let Destination::Address(address) = to { Some(address) } else { None };
                    return Ok((io, Facts { info, address, ..Facts::default() }));
                }
                Err(NotConnected { failure, is_of_address: true, .. }) => last = failure,
                Err(NotConnected { failure, doubt, .. }) => return Err(Box::new(Told::new(failure, doubt))),
            }
        }
        Err(told(last))
    }
}

impl Route {
    /// What the proxy is told, one after the other: the addresses that the guard lets through, or the name.
    async fn destinations(&self, name: &str) -> Result<Vec<Destination>, BoxError> {
        if let Ok(address) = name.parse() {
            return Ok(vec![Destination::Address(address)]);
        }
        if self.dns == ProxyDns::Proxy {
            return Ok(vec![Destination::Name(name.to_owned())]);
        }
        let mut found = self.resolver.find(name).await.map_err(|error| unknown(name, error))?;
        // What this machine reaches best says nothing of the proxy, and every proxy reaches IPv4.
        found.sort_by_key(IpAddr::is_ipv6);
        Ok(found.into_iter().map(Destination::Address).take(MOST_TRIED).collect())
    }

    /// A connection to the proxy, which can be asked then. The address of the proxy is its user's word, so the guard is not
    /// asked; no page can name it, since this is no way to what pages name.
    async fn reach_proxy(&self, by: Instant) -> Result<(Box<dyn Duplex>, Option<HttpInfo>), BoxError> {
        let reached = timeout_at(by, async {
            let (mut io, info) = self.connect_to_proxy().await?;
            if !self.proxy.is_http() {
                let greeted = socks5::greet(&mut io, self.proxy.credentials()).await;
                match greeted.map_err(|error| fault::not_greeted(&self.proxy, &error))? {
                    None => {}
                    Some(_) => return Err(fault::wants_credentials(&self.proxy)),
                }
            }
            Ok((io, info))
        });
        reached.await.unwrap_or_else(|_| Err(fault::silent(&self.proxy, self.timeout))).map_err(told)
    }

    fn too_late(&self) -> BoxError {
        told(failure::no_connection(self.timeout))
    }

    async fn connect_to_proxy(&self) -> Result<(Box<dyn Duplex>, Option<HttpInfo>), Failure> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        let io = http.call(self.proxy.uri()).await.map_err(|error| self.unreachable(&error))?;
        let mut known = Extensions::new();
        io.connected().get_extras(&mut known);
        let (info, io) = (known.remove(), io.into_inner());
        if self.proxy.protocol() != Protocol::Https {
            return Ok((Box::new(io), info));
        }
        let mut tls = ClientConfig::clone(&self.tls);
        tls.alpn_protocols.clear();
        let name = match self.proxy.host() {
            Host::Domain(name) => ServerName::try_from(name.clone()).ok(),
            Host::Ipv4(address) => Some(ServerName::from(IpAddr::from(*address))),
            Host::Ipv6(address) => Some(ServerName::from(IpAddr::from(*address))),
        };
        let name = name.ok_or_else(|| fault::unreachable(&self.proxy, "its name is none for TLS"))?;
        let io = TlsConnector::from(Arc::new(tls)).connect(name, io).await;
        Ok((Box::new(io.map_err(|error| self.unreachable(&error))?), info))
    }

    fn unreachable(&self, error: &(dyn Error + 'static)) -> Failure {
        let (io, words) = failure::io_and_words(error);
        io.and_then(failure::resources).unwrap_or_else(|| fault::unreachable(&self.proxy, &words))
    }

    /// Asks the proxy for a connection.
    async fn ask(
        &self,
        io: Box<dyn Duplex>,
        to: &Destination,
        port: u16,
        by: Instant,
    ) -> Result<Box<dyn Duplex>, NotConnected> {
        let shown = match to {
            Destination::Address(IpAddr::V6(address)) => format!("[{address}]:{port}"),
            Destination::Address(IpAddr::V4(address)) => format!("{address}:{port}"),
            Destination::Name(name) => format!("{name}:{port}"),
        };
        let broken = |error: io::Error| NotConnected::broken(&self.proxy, &shown, &error);
        let silent = |_| NotConnected::silent(&self.proxy, &shown, self.timeout);
        if self.proxy.is_http() {
            let authorization = self.proxy.authorization();
            // What stands behind the answer is said by the host already.
            let mut io = BufReader::with_capacity(BUFFER, io);
            let asked = timeout_at(by, tunnel::ask(&mut io, &shown, authorization.as_ref()));
            let answer = asked.await.map_err(silent)?.map_err(broken)?;
            return NotConnected::by_http(&self.proxy, &shown, &answer).map_or_else(|| Ok(Box::new(io) as _), Err);
        }
        let mut io = io;
        let asked = timeout_at(by, socks5::ask(&mut io, to, port));
        let answer = asked.await.map_err(silent)?.map_err(broken)?;
        NotConnected::by_socks5(&self.proxy, &shown, &answer).map_or(Ok(io), Err)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connector").field(&self.0.proxy).finish()
    }
}

/// Why a name cannot be asked for. What the guard says has its own words, and so has what this process lacks.
fn unknown(name: &str, error: BoxError) -> BoxError {
    if error.is::<Refusal>() {
        return error;
    }
    let (io, words) = failure::io_and_words(&*error);
    told(io.and_then(failure::resources).unwrap_or_else(|| fault::no_address(name, &words)))
}

fn told(failure: Failure) -> BoxError {
    Box::new(Told::new(failure, None))
}

/// A host without the brackets of an address, and without a final dot.
fn bare(host: &str) -> &str {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    address.unwrap_or_else(|| host.strip_suffix('.').unwrap_or(host))
}

/// The heads of answers to `CONNECT` are short.
const BUFFER: usize = 1024;
/// So many addresses of a host are tried. Each takes a connection to the proxy, and all of them the time of one.
const MOST_TRIED: usize = 4;
