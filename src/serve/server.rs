//! The server: on a thread of its own, so that whoever looks slows nobody but those who look.

use std::convert::Infallible;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::board::{self, Board};
use super::control::Control;
use super::guard::Guard;
use super::reply::Reply;
use super::{metrics, page, status};

/// What all connections have.
pub(super) struct Shared {
    pub(super) board: Arc<Board>,
    pub(super) guard: Guard,
    pub(super) control: Box<dyn Fn(Control) + Send + Sync>,
}

/// Serves until somebody closes it, and then until the streams are read to their end, or a moment is over.
pub(super) fn serve(runtime: &tokio::runtime::Runtime, listener: StdListener, shared: &Arc<Shared>, closed: &Notify) {
    runtime.block_on(async {
        let listener = match TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => return tracing::warn!("the dashboard has ended: {error}"),
        };
        let mut connections = JoinSet::new();
        loop {
            let has_room = connections.len() < MOST_CONNECTIONS;
            tokio::select! {
                biased;
                () = closed.notified() => break,
                _ = connections.join_next(), if !connections.is_empty() => {}
                accepted = listener.accept(), if has_room => match accepted {
                    Ok((stream, _)) => drop(connections.spawn(connection(stream, Arc::clone(shared)))),
                    Err(error) => {
                        tracing::warn!("the dashboard takes nobody any more: {error}");
                        closed.notified().await;
                        break;
                    }
                },
            }
        }
        let all = async { while connections.join_next().await.is_some() {} };
        // Who does not read is not waited for.
        let _ = tokio::time::timeout(GRACE, all).await;
    });
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = answer(&request, &shared);
        async move { Ok::<_, Infallible>(answer) }
    });
    // Connections that nobody uses any more would have to be closed at the end.
    let mut server = http1::Builder::new();
    // What waits for a slow reader in the buffer is what it gets whole at the end.
    server.keep_alive(false).timer(TokioTimer::new()).header_read_timeout(SLOWEST_HEAD).max_buf_size(LARGEST_BUFFER);
    if let Err(error) = server.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!("a connection to the dashboard has broken: {error}");
    }
}

/// The answer to a request. Nothing of its body is read.
fn answer(request: &Request<Incoming>, shared: &Shared) -> Response<Reply> {
    let (method, uri) = (request.method(), request.uri());
    if let Err((status, why)) = shared.guard.check(method, uri, request.headers()) {
        let mut response = respond(status, TEXT, Reply::text(why));
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110, section 11.6.1.
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        return response;
    }
    let board = &shared.board;
    let ok = |kind, reply| respond(StatusCode::OK, kind, reply);
    // hyper sends the head alone of what is answered to HEAD.
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    match (method, uri.path()) {
        (&Method::GET, "/") => {
            let nonce = page::nonce();
            let mut response = ok("text/html; charset=utf-8", Reply::text(page::page(&nonce)));
            let policy = HeaderValue::from_str(&page::policy(&nonce));
            response.headers_mut().extend(policy.ok().map(|policy| (http::header::CONTENT_SECURITY_POLICY, policy)));
            response
        }
        (&Method::GET, "/status.json") => ok("application/json", Reply::text(format!("{}\n", status::status(board)))),
        (&Method::GET, "/events") => ok("text/event-stream", Reply::events(board)),
        (&Method::GET, "/records") => ok("application/x-ndjson", Reply::records(board)),
        (&Method::GET, "/metrics") => {
            ok("text/plain; version=0.0.4; charset=utf-8", Reply::text(metrics::metrics(board)))
        }
        (&Method::POST, path) => match Control::of_path(path) {
            Some(control) => {
                (shared.control)(control);
                respond(StatusCode::NO_CONTENT, TEXT, Reply::text(""))
            }
            None => not_found(),
        },
        (_, path) if Control::of_path(path).is_some() => not_allowed("POST", "POST, with the token\n"),
        (&Method::GET, _) => not_found(),
        _ => not_allowed("GET, HEAD", "GET, or POST to /stop, /pause, /resume\n"),
    }
}

fn not_found() -> Response<Reply> {
    let there = "there is /, /status.json, /events, /records, /metrics, and POST to /stop, /pause, /resume\n";
    respond(StatusCode::NOT_FOUND, TEXT, Reply::text(there))
}

/// RFC 9110, section 15.5.6.
fn not_allowed(allowed: &'static str, why: &'static str) -> Response<Reply> {
    let mut response = respond(StatusCode::METHOD_NOT_ALLOWED, TEXT, Reply::text(why));
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// No other site may read, frame or sniff what is answered: none is named anywhere.
fn respond(status: StatusCode, kind: &'static str, reply: Reply) -> Response<Reply> {
    let mut response = Response::new(reply);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

const TEXT: &str = "text/plain; charset=utf-8";
/// More wait until one of these is closed.
const MOST_CONNECTIONS: usize = 64;
/// How long a request may take to arrive.
const SLOWEST_HEAD: Duration = Duration::from_secs(10);
const LARGEST_BUFFER: usize = 64 << 10;
/// How long streams may take to be read to their end, once the crawl is over: longer than they go on with what is behind.
const GRACE: Duration = Duration::from_secs(3);
const _: () = assert!(GRACE.as_secs() > board::PATIENCE.as_secs());
