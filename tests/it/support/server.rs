//! An HTTP/1.1 server on loopback, exact to the byte, so that it can also be wrong to the byte.

use std::collections::BTreeSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::log::SharedLog;
use super::reply::Fault;
use super::{Arrival, Log, Place, Reply};

/// A server that runs until it is dropped, on a thread of its own: the tests block on the binary.
#[derive(Debug)]
pub(crate) struct Server {
    /// At least one.
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A port that refuses connections for as long as this lives: bound, so that nobody else gets it, but not listening.
#[derive(Debug)]
pub(crate) struct ClosedPort {
    socket: TcpSocket,
}

/// A port that answers no SYN for as long as this lives: its backlog is full, and nobody accepts.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub(crate) struct BlackHole {
    listener: TcpListener,
    _backlog: Vec<std::net::TcpStream>,
}

struct Shared {
    routes: Box<dyn Fn(&Arrival) -> Reply + Send + Sync>,
    log: SharedLog,
    held: watch::Sender<BTreeSet<String>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("log", &self.log).field("held", &self.held).finish_non_exhaustive()
    }
}

impl Server {
    /// Serves on 127.0.0.1.
    pub(crate) fn start(routes: impl Fn(&Arrival) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_on(1, routes)
    }

    /// Serves on 127.0.0.`last`: another host for the crawl, on the same loopback.
    pub(crate) fn start_on(last: u8, routes: impl Fn(&Arrival) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(Ipv4Addr::new(127, 0, 0, last), routes)
    }

    /// Serves the same on so many addresses, from 127.0.16.1 on: as many hosts for the crawl.
    pub(crate) fn start_many(hosts: usize, routes: impl Fn(&Arrival) -> Reply + Send + Sync + 'static) -> Self {
        let first = Ipv4Addr::new(127, 0, 16, 1).to_bits();
        let listen = |address| TcpListener::bind((Ipv4Addr::from_bits(address), 0)).unwrap();
        Self::serve((first..).take(hosts).map(listen).collect(), routes)
    }

    fn listen(on: Ipv4Addr, routes: impl Fn(&Arrival) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(vec![TcpListener::bind((on, 0)).unwrap()], routes)
    }

    fn serve(listeners: Vec<TcpListener>, routes: impl Fn(&Arrival) -> Reply + Send + Sync + 'static) -> Self {
        let addresses = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
        let held = watch::Sender::new(BTreeSet::new());
        let shared = Arc::new(Shared { routes: Box::new(routes), log: SharedLog::default(), held });
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || serve(listeners, &shared, stopped)
        });
        Self { addresses, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// The absolute URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addresses[0])
    }

    /// The absolute URLs of a path, one for each port.
    pub(crate) fn urls(&self, path: &str) -> Vec<String> {
        self.addresses.iter().map(|address| format!("http://{address}{path}")).collect()
    }

    /// Where it listens: on each of its ports.
    #[allow(dead_code, reason = "not every binary has more than one")]
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.addresses[0]
    }

    /// The absolute URL of a path, with a name for the address.
    pub(crate) fn named_url(&self, name: &str, path: &str) -> String {
        format!("http://{name}:{}{path}", self.addresses[0].port())
    }

    /// Host and port, as the crawl names the host.
    pub(crate) fn host(&self) -> String {
        self.addresses[0].to_string()
    }

    /// Closes the gate of a path: requests for it arrive and are not answered.
    pub(crate) fn hold(&self, path: &str) {
        self.shared.held.send_modify(|held| {
            held.insert(path.to_owned());
        });
    }

    /// Opens the gate of a path.
    pub(crate) fn open(&self, path: &str) {
        self.shared.held.send_modify(|held| {
            held.remove(path);
        });
    }

    /// Opens every gate.
    pub(crate) fn open_all(&self) {
        self.shared.held.send_modify(BTreeSet::clear);
    }

    /// Waits until the log fulfils the condition.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, condition: impl Fn(&Log) -> bool) {
        self.shared.log.wait_for(what, condition);
    }

    /// Looks at the log. Don't wait for anything inside.
    pub(crate) fn log<T>(&self, look: impl FnOnce(&Log) -> T) -> T {
        look(&self.shared.log.lock())
    }

    /// How often a path was asked for.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.log(|log| log.count(path))
    }
}

impl Drop for Server {
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

impl ClosedPort {
    pub(crate) fn reserve() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        Self { socket }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.host())
    }

    /// Listens from now on.
    pub(crate) fn open(self, routes: impl Fn(&Arrival) -> Reply + Send + Sync + 'static) -> Server {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let listener = runtime.block_on(async { self.socket.listen(128)?.into_std() }).unwrap();
        Server::serve(vec![listener], routes)
    }

    /// Host and port, as the crawl names the host.
    pub(crate) fn host(&self) -> String {
        self.socket.local_addr().unwrap().to_string()
    }
}

#[cfg(target_os = "linux")]
impl BlackHole {
    pub(crate) fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let within = runtime.enter();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::new(127, 0, 0, 2), 0).into()).unwrap();
        let listener = socket.listen(1).unwrap().into_std().unwrap();
        drop(within);
        let address = listener.local_addr().unwrap();
        let connect = || std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200));
        let mut backlog = Vec::new();
        // Twice in vain: once may be a busy machine.
        while let Ok(waiting) = connect().or_else(|_| connect()) {
            backlog.push(waiting);
            assert!(backlog.len() < 64, "the backlog never gets full");
        }
        Self { listener, _backlog: backlog }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.listener.local_addr().unwrap())
    }
}

fn serve(listeners: Vec<TcpListener>, shared: &Arc<Shared>, mut stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut ports = JoinSet::new();
        for listener in listeners {
            ports.spawn(accept(listener, Arc::clone(shared)));
        }
        tokio::select! {
            _ = &mut stopped => {}
            Some(ended) = ports.join_next() => ended.expect("a connection does not panic"),
        }
    });
}

/// Serves one port for as long as it is polled.
async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => drop(connections.spawn(connection(stream, Arc::clone(&shared)))),
            Some(ended) = connections.join_next() => ended.expect("a connection does not panic"),
        }
    }
}

/// Serves one connection until either side has had enough.
async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    stream.set_nodelay(true).unwrap();
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    while let Some(arrival) = read_request(&mut reader).await {
        let path = arrival.path.clone();
        let counted = usize::from(!arrival.is_robots());
        let reply = (shared.routes)(&arrival);
        let reply = if arrival.method == "HEAD" { reply.to_head() } else { reply };
        shared.log.change(|log| {
            log.arrivals.push(arrival);
            log.in_flight += counted;
            log.max_in_flight = log.max_in_flight.max(log.in_flight);
        });
        let sent = tokio::select! {
            sent = answer(&mut writer, &reply, &path, &shared) => sent.is_ok(),
            () = hung_up(&mut reader) => false,
        };
        // No await since the last byte went out, and one thread serves all connections: whatever the crawl sends in
        // return arrives after this.
        shared.log.change(|log| {
            log.in_flight -= counted;
            log.answered.extend(sent.then_some(path));
        });
        if matches!(reply.fault, Some(Fault::Reset(_))) {
            writer.as_ref().set_zero_linger().unwrap();
            // Its drop would send a regular end before the reset.
            writer.forget();
            return;
        }
        if !sent || !reply.keeps_alive() {
            return;
        }
    }
}

/// Sends the answer once the gate of its path is open.
async fn answer(writer: &mut OwnedWriteHalf, reply: &Reply, path: &str, shared: &Shared) -> io::Result<()> {
    let open = shared.held.subscribe().wait_for(|held| !held.contains(path)).await.map(drop);
    open.expect("the sender lives as long as the server");
    if let Some(other) = &reply.behind {
        while !shared.log.lock().has_answered(other) {
            pause(Duration::from_millis(5)).await;
        }
    }
    if let Some(delay) = reply.delay {
        pause(delay).await;
    }
    match reply.fault {
        Some(Fault::Reset(Place::BeforeHead)) => return Ok(()),
        Some(Fault::Hang(Place::BeforeHead)) => std::future::pending::<()>().await,
        _ => writer.write_all(&reply.wire()).await?,
    }
    if reply.fault == Some(Fault::Hang(Place::InBody)) {
        std::future::pending::<()>().await;
    }
    Ok(())
}

/// Ends when the crawl has closed the connection.
async fn hung_up(reader: &mut BufReader<OwnedReadHalf>) {
    match reader.fill_buf().await {
        Ok([]) | Err(_) => (),
        // The next request came early: it is read when its turn comes.
        Ok(_) => std::future::pending().await,
    }
}

/// Reads the head of a request; requests of a crawler have no body. `None` at the end of the connection.
async fn read_request(reader: &mut BufReader<OwnedReadHalf>) -> Option<Arrival> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let mut lines = head.lines();
    let mut request = lines.next()?.split(' ');
    let (method, path) = (request.next()?.to_owned(), request.next()?.to_owned());
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    Some(Arrival { at: Instant::now(), method, path, headers })
}

#[expect(clippy::disallowed_methods, reason = "this is the slow host that the crawl has to cope with")]
async fn pause(delay: Duration) {
    tokio::time::sleep(delay).await;
}
