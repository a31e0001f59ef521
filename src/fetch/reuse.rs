//! Reuse: whether a request went over a connection that others had used before.
//!
//! A server may close a kept connection at any time, also while a request is on its way to it (RFC 9112, section 9.3.1).
//! Only of a reused connection is that no fault of the site, and the HTTP client does not say which one a request had. So the
//! connector is watched: a request has a new connection when its own came about while it waited, and the answer, or the
//! loss, came over that one. hyper-util also hands out connections that others give back in the meantime, up to the moment
//! in which the new one is ready; the local address of each tells them apart.

use std::cell::Cell;
use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Extensions, Response};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::{Connected, Connection as Carries, HttpInfo};
use tower_layer::Layer;
use tower_service::Service;

use super::failure::client_error;

/// Over which connection a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Connection {
    /// Made for this request.
    New,
    /// Made before, for another one.
    Reused,
}

/// Watches one request, and says which connection it had.
///
/// # Cancel safety
/// As safe as the request.
pub(super) async fn watch<B, E: AsRef<dyn Error + 'static>>(
    request: impl Future<Output = Result<Response<B>, E>>,
) -> (Result<Response<B>, E>, Connection) {
    let watched = async {
        let answer = request.await;
        let connection = MADE.with(Cell::get).carried(&answer);
        (answer, connection)
    };
    MADE.scope(Cell::new(Made::None), watched).await
}

tokio::task_local! {
    /// What came about for the request that this task makes.
    static MADE: Cell<Made>;
}

/// The connection that was made last while a request waited.
#[derive(Debug, Clone, Copy)]
enum Made {
    None,
    /// With this local address, when that is known.
    One(Option<SocketAddr>),
}

impl Made {
    /// Over which connection this answer came. When nobody says, over the one that was made.
    fn carried<B, E: AsRef<dyn Error + 'static>>(self, answer: &Result<Response<B>, E>) -> Connection {
        let Self::One(made) = self else { return Connection::Reused };
        let used = match answer {
            Ok(response) => response.extensions().get().map(HttpInfo::local_addr),
            Err(error) => client_error(error.as_ref()).and_then(legacy::Error::connect_info).and_then(local_address),
        };
        match (made, used) {
            (Some(made), Some(used)) if made != used => Connection::Reused,
            _ => Connection::New,
        }
    }
}

fn local_address(connection: &Connected) -> Option<SocketAddr> {
    let mut known = Extensions::new();
    connection.get_extras(&mut known);
    known.get().map(HttpInfo::local_addr)
}

/// The layer of the connector that tells [`watch`].
#[derive(Debug, Clone)]
pub(super) struct Watched;

/// A connector that is watched.
#[derive(Debug, Clone)]
pub(super) struct Connector<S>(S);

/// A connection that is being made.
pub(super) struct Connecting<F>(F);

impl<S> Layer<S> for Watched {
    type Service = Connector<S>;

    fn layer(&self, inner: S) -> Connector<S> {
        Connector(inner)
    }
}

impl<S, R> Service<R> for Connector<S>
where
    S: Service<R>,
    S::Response: Carries,
    S::Future: Unpin,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Connecting<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, target: R) -> Connecting<S::Future> {
        Connecting(self.0.call(target))
    }
}

impl<F, T, E> Future for Connecting<F>
where
    F: Future<Output = Result<T, E>> + Unpin,
    T: Carries,
{
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.0).poll(cx);
        if let Poll::Ready(Ok(connection)) = &polled {
            // Nobody is told when the connection is finished by a task of its own: then no request waits for it.
            let _ = MADE.try_with(|made| made.set(Made::One(local_address(&connection.connected()))));
        }
        polled
    }
}
