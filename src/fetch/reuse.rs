//! Reuse: whether a request went over a connection that others had used before.
//!
//! A server may close a kept connection at any time, also while a request is on its way to it (RFC 9112, section 9.3.1).
//! Only of a reused connection is that no fault of the site, and reqwest does not say which one a request had. So the
//! connector is watched: a request whose own connection came about while it waited has a new one. hyper-util also hands
//! out connections that others give back in the meantime; the one that it had begun is then finished by a task of its
//! own, where no request is being watched. One moment is left: between the end of the handshake and the first look at
//! the new connection the request may still be given another one. Then it counts as new, and a loss is an attempt.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

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
pub(super) async fn watch<T>(request: impl Future<Output = T>) -> (T, Connection) {
    let watched = async {
        let answer = request.await;
        (answer, CONNECTION.with(Cell::get))
    };
    CONNECTION.scope(Cell::new(Connection::Reused), watched).await
}

tokio::task_local! {
    /// What is known of the request that this task makes.
    static CONNECTION: Cell<Connection>;
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
{
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = Pin::new(&mut self.0).poll(cx);
        if let Poll::Ready(Ok(_)) = polled {
            // Nobody is told when the connection is finished by a task of its own: then no request waits for it.
            let _ = CONNECTION.try_with(|connection| connection.set(Connection::New));
        }
        polled
    }
}
