//! Client: sends requests directly, or through a proxy.

use std::error::Error;
use std::sync::Arc;

use http::Response;

use super::failure::Lost;
use super::proxy;

/// Sends requests one way. Cloning is cheap.
#[derive(Debug, Clone)]
pub(super) enum Client {
    Direct(reqwest::Client),
    Proxied(Arc<proxy::Client>),
}

/// Why a request has no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    Direct(reqwest::Error),
    Proxied(proxy::Error),
}

impl Client {
    /// Sends one request. As cancel safe as hyper-util's client.
    pub(super) async fn execute(&self, request: reqwest::Request) -> Result<Response<reqwest::Body>, Unanswered> {
        match self {
            Self::Direct(client) => client.execute(request).await.map(Into::into).map_err(Unanswered::Direct),
            Self::Proxied(client) => client.execute(request).await.map_err(Unanswered::Proxied),
        }
    }
}

impl Unanswered {
    /// What the chain of errors says.
    pub(super) fn lost(&self) -> Lost<'_> {
        match self {
            Self::Direct(error) => error.into(),
            Self::Proxied(error) => error.lost(),
        }
    }
}

impl AsRef<dyn Error + 'static> for Unanswered {
    fn as_ref(&self) -> &(dyn Error + 'static) {
        match self {
            Self::Direct(error) => error,
            Self::Proxied(error) => error.as_error(),
        }
    }
}
