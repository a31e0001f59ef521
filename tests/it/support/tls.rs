//! An HTTPS server on loopback, for HTTP/1.1 and HTTP/2, and the authorities that vouch for it.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Instant;

use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

use super::frames::{Cut, raw};
use super::reply::Fault;
use super::{Arrival, Place, Reply};

/// An authority that nobody trusts but the runs that are told to.
#[derive(Debug)]
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// How a server meets its clients: with which certificate, over which protocols, for how many requests.
#[derive(Debug)]
pub(crate) struct Manners {
    tls: Option<ServerConfig>,
    goes_away_after: usize,
    http2: Http2,
}

/// What becomes of a request over HTTP/2.
#[derive(Debug, Clone, Copy)]
enum Http2 {
    Served,
    Refused,
    Answered(fn([u8; 4]) -> Vec<u8>),
    Cut(Cut),
}

/// A server that runs until it is dropped, on a thread of its own.
#[derive(Debug)]
pub(crate) struct TlsServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a server saw.
#[derive(Debug, Clone, Default)]
pub(crate) struct TlsLog {
    /// Those that came in, also those whose handshake failed.
    pub(crate) connections: usize,
    pub(crate) requests: Vec<Asked>,
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) version: Version,
    /// The protocol that the TLS handshake agreed on.
    pub(crate) alpn: Option<String>,
}

struct Shared {
    acceptor: Option<TlsAcceptor>,
    goes_away_after: usize,
    http2: Http2,
    routes: Box<dyn Fn(&Arrival) -> Reply + Send + Sync>,
    log: Mutex<TlsLog>,
}

/// The body of an answer in parts, the last of which may be a failure.
struct Parts(VecDeque<Part>);

enum Part {
    Data(Bytes),
    /// Lets the connection send what it has.
    Flush,
    Reset,
}

impl Authority {
    /// Another name is another authority: one that is told apart before any signature is looked at.
    pub(crate) fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    /// Its own certificate, as files of roots have it.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Vouches for names and addresses.
    pub(crate) fn certify(&self, names: &[&str]) -> Manners {
        self.sign(&CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).unwrap())
    }

    /// A certificate for names and addresses, and its key, as files have them.
    #[allow(dead_code, reason = "only a server of another program reads files")]
    pub(crate) fn files_for(&self, names: &[&str]) -> [String; 2] {
        let params = CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).unwrap();
        let key = KeyPair::generate().unwrap();
        [params.signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem()]
    }

    /// Vouched for names and addresses once.
    pub(crate) fn certify_in_the_past(&self, names: &[&str]) -> Manners {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Manners {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let tls = config.with_single_cert(vec![certificate.der().clone()], key.into()).unwrap();
        Manners { tls: Some(tls), goes_away_after: usize::MAX, http2: Http2::Served }.offers(&["h2", "http/1.1"])
    }
}

impl Manners {
    /// No TLS at all.
    pub(crate) fn plain() -> Self {
        Self { tls: None, goes_away_after: usize::MAX, http2: Http2::Served }
    }

    /// Offers these protocols in the handshake; HTTP/2 and HTTP/1.1 unless told otherwise.
    pub(crate) fn offers(mut self, protocols: &[&str]) -> Self {
        let names = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        self.tls.as_mut().expect("only TLS agrees on a protocol").alpn_protocols = names;
        self
    }

    /// Announces the end of each connection at so many requests, and answers those that it already has: over HTTP/1.1 with
    /// the answer to the last one, as a client that is told later may have sent the next one.
    pub(crate) fn goes_away_after(self, requests: usize) -> Self {
        Self { goes_away_after: requests, ..self }
    }

    /// Agrees on HTTP/2 and then refuses each request over it: HTTP/1.1 is required.
    pub(crate) fn wants_http1(self) -> Self {
        Self { http2: Http2::Refused, ..self }
    }

    /// What meets those who connect, where there is TLS.
    pub(super) fn acceptor(self) -> Option<TlsAcceptor> {
        self.tls.map(|tls| TlsAcceptor::from(Arc::new(tls)))
    }

    /// Answers each request over HTTP/2 with half a page.
    pub(crate) fn cuts_over_http2(self, cut: Cut) -> Self {
        Self { http2: Http2::Cut(cut), ..self }
    }

    /// Answers each request over HTTP/2 with these frames, made for the identifier of its stream.
    pub(crate) fn answers_over_http2(self, frames: fn([u8; 4]) -> Vec<u8>) -> Self {
        Self { http2: Http2::Answered(frames), ..self }
    }
}

impl TlsServer {
    /// Serves on 127.0.0.1. Of a reply's faults it knows the resets: over HTTP/2, one of the stream alone.
    pub(crate) fn start(manners: Manners, routes: impl Fn(&Arrival) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            goes_away_after: manners.goes_away_after,
            http2: manners.http2,
            acceptor: manners.acceptor(),
            routes: Box::new(routes),
            log: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || serve(listener, &shared, stopped)
        });
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// The absolute URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.address)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The absolute URL of a path, with a name for the address.
    pub(crate) fn named_url(&self, name: &str, path: &str) -> String {
        format!("https://{name}:{}{path}", self.address.port())
    }

    /// What it has seen so far.
    pub(crate) fn log(&self) -> TlsLog {
        self.shared.log().clone()
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the test server panicked");
        }
    }
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, TlsLog> {
        // A test that failed while it held the log must not hide its own message behind a poisoned lock.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a request and finds its answer.
    fn answer(&self, request: &Request<Incoming>, alpn: Option<&str>) -> Result<Response<Parts>, h2::Error> {
        let path = request.uri().path_and_query().unwrap().to_string();
        let alpn = alpn.map(str::to_owned);
        self.log().requests.push(Asked { path: path.clone(), version: request.version(), alpn });
        if matches!(self.http2, Http2::Refused) && request.version() == Version::HTTP_2 {
            return Err(h2::Reason::HTTP_1_1_REQUIRED.into());
        }
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        let reply = (self.routes)(&Arrival { at: Instant::now(), method: request.method().to_string(), path, headers });
        if reply.fault == Some(Fault::Reset(Place::BeforeHead)) {
            return Err(reset());
        }
        let mut response = Response::builder().status(reply.status);
        for (name, value) in &reply.headers {
            response = response.header(name, value);
        }
        Ok(response.body(Parts::of(&reply)).unwrap())
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("log", &self.log).finish_non_exhaustive()
    }
}

impl Parts {
    fn of(reply: &Reply) -> Self {
        let body = Bytes::from(reply.body.clone());
        Self(match reply.fault {
            Some(Fault::Reset(_)) => [Part::Data(body.slice(..body.len() / 2)), Part::Flush, Part::Reset].into(),
            _ => [Part::Data(body)].into(),
        })
    }
}

impl Body for Parts {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        match self.0.pop_front() {
            Some(Part::Data(data)) => Poll::Ready(Some(Ok(Frame::data(data)))),
            Some(Part::Flush) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Part::Reset) => Poll::Ready(Some(Err(reset()))),
            None => Poll::Ready(None),
        }
    }
}

fn serve(listener: TcpListener, shared: &Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                _ = &mut stopped => return,
                Ok((stream, _)) = listener.accept() => drop(connections.spawn(connection(stream, Arc::clone(shared)))),
                Some(ended) = connections.join_next() => ended.expect("a connection does not panic"),
            }
        }
    });
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    shared.log().connections += 1;
    stream.set_nodelay(true).unwrap();
    let Some(acceptor) = &shared.acceptor else { return http(stream, None, &shared).await };
    // A client that does not trust the certificate leaves here.
    if let Ok(stream) = acceptor.accept(stream).await {
        let alpn = stream.get_ref().1.alpn_protocol().map(|name| String::from_utf8(name.to_vec()).unwrap());
        // Until the client has had enough.
        match shared.http2 {
            Http2::Answered(frames) if alpn.as_deref() == Some("h2") => drop(raw(stream, false, &frames).await),
            Http2::Cut(cut) => drop(raw(stream, cut.goes_away, &|id| cut.frames(id)).await),
            _ => http(stream, alpn, &shared).await,
        }
    }
}

/// Serves one connection until either side has had enough.
async fn http<S>(stream: S, alpn: Option<String>, shared: &Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (taken, enough) = (AtomicUsize::new(0), Notify::new());
    let service = service_fn(|request| {
        let is_last = taken.fetch_add(1, Ordering::Relaxed) + 1 == shared.goes_away_after;
        if is_last {
            enough.notify_one();
        }
        let mut answer = shared.answer(&request, alpn.as_deref());
        if let Ok(last) = &mut answer
            && is_last
            && request.version() == Version::HTTP_11
        {
            last.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        std::future::ready(answer)
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    loop {
        tokio::select! {
            // How it ended is what the crawl says of it.
            _ = connection.as_mut() => return,
            () = enough.notified() => connection.as_mut().graceful_shutdown(),
        }
    }
}

fn reset() -> h2::Error {
    h2::Reason::INTERNAL_ERROR.into()
}
