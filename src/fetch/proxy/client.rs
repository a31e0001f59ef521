//! Client: requests through one proxy.
//!
//! reqwest knows proxies, and does not let anybody say what they are told: an HTTP proxy gets the name of the host, which it
//! looks up by itself, so that the address guard has nothing to look at. Nor does it let anybody put another connector in
//! its place: its type is sealed. So this is the client below reqwest, hyper-util's, with a connector of its own. What is
//! not proxied goes through reqwest as ever.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::header::{ACCEPT, HeaderMap, PROXY_AUTHORIZATION};
use http::{HeaderValue, Request, Response, StatusCode};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_layer::Layer as _;

use super::connector::Connector;
use super::fault::wants_credentials;
use crate::fetch::failure::Lost;
use crate::fetch::reuse::{self, Watched};
use crate::fetch::told::Told;

/// Sends requests through one proxy, over connections that it keeps.
pub(in crate::fetch) struct Client {
    hyper: legacy::Client<reuse::Connector<Connector>, reqwest::Body>,
    /// What every request has that does not say otherwise.
    headers: HeaderMap,
    connector: Connector,
    /// For requests that the proxy reads, which are none but those for http:// that it takes without a tunnel.
    authorization: Option<HeaderValue>,
}

/// What a client keeps, and what it reads.
#[derive(Debug, Clone, Copy)]
pub(in crate::fetch) struct Bounds {
    /// How many idle connections to each host, and for how long.
    pub(in crate::fetch) idle: usize,
    pub(in crate::fetch) idle_for: Duration,
    /// Over HTTP/1.1.
    pub(in crate::fetch) header_lines: usize,
    pub(in crate::fetch) head: u32,
}

/// Why there is no answer.
#[derive(Debug)]
pub(in crate::fetch) enum Error {
    /// The URL cannot be in a request.
    Url(reqwest::Error),
    Client(legacy::Error),
    /// The proxy has answered in place of the host.
    Told(Told),
}

impl Client {
    pub(in crate::fetch) fn new(connector: Connector, headers: &HeaderMap, bounds: Bounds) -> Self {
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(bounds.idle_for)
            .pool_max_idle_per_host(bounds.idle)
            // As the client for what is not proxied has them.
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_max_headers(bounds.header_lines)
            .http2_max_header_list_size(bounds.head);
        // In the order in which reqwest has them.
        let accept = headers.get(ACCEPT).map(|value| (&ACCEPT, value));
        let mut ordered = HeaderMap::new();
        for (name, value) in accept.into_iter().chain(headers) {
            ordered.insert(name, value.clone());
        }
        let authorization = connector.proxy().authorization().filter(|_| connector.hands_over());
        let hyper = builder.build(Watched.layer(connector.clone()));
        Self { hyper, headers: ordered, connector, authorization }
    }

    /// Sends one request. As cancel safe as hyper-util's.
    pub(in crate::fetch) async fn execute(&self, request: reqwest::Request) -> Result<Response<reqwest::Body>, Error> {
        let mut request: Request<reqwest::Body> = request.try_into().map_err(Error::Url)?;
        let is_read_by_proxy = self.connector.hands_over() && request.uri().scheme_str() == Some("http");
        let headers = request.headers_mut();
        for (name, value) in &self.headers {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        if let Some(authorization) = self.authorization.as_ref().filter(|_| is_read_by_proxy) {
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        let response = self.hyper.request(request).await.map_err(Error::Client)?;
        if is_read_by_proxy && response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Err(Error::Told(Told::new(wants_credentials(self.connector.proxy()), None)));
        }
        Ok(response.map(reqwest::Body::wrap))
    }
}

impl Error {
    /// The link of the chain that says the most.
    pub(in crate::fetch) fn as_error(&self) -> &(dyn StdError + 'static) {
        match self {
            Self::Url(error) => error,
            Self::Client(error) => error,
            Self::Told(told) => told,
        }
    }

    pub(in crate::fetch) fn lost(&self) -> Lost<'_> {
        match self {
            Self::Url(error) => error.into(),
            Self::Client(error) => error.into(),
            Self::Told(told) => told.into(),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(self.connector.proxy()).finish()
    }
}
