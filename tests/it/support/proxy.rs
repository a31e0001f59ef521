//! Proxies on loopback that really connect: HTTP with tunnels and without, and SOCKS5. Each notes what it was asked, word
//! for word.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::Manners;

/// A proxy that runs until it is dropped, on a thread of its own.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What a proxy was asked, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// `CONNECT 127.0.0.1:80`, `GET http://site.invalid/`, `SOCKS5 127.0.0.1:80`, `SOCKS5 site.invalid:80`.
    pub(crate) what: String,
    /// The header of HTTP, or `user:password` of SOCKS5.
    pub(crate) authorization: Option<String>,
}

/// How a proxy meets its clients.
#[derive(Default)]
pub(crate) struct Ways {
    /// What the one who asks has to say of itself, as in [`Asked`].
    authorization: Option<String>,
    /// The name that it knows, and where it leads whatever the port is.
    name: Option<(&'static str, SocketAddr)>,
    /// What it answers to `CONNECT`, or the reply of SOCKS5.
    refuses: Option<(&'static str, u8)>,
    /// Answers nothing at all: hangs up at once, or waits for more.
    is_mute: Option<Mute>,
    tls: Option<TlsAcceptor>,
    at: Option<SocketAddr>,
}

/// How a proxy answers nothing.
#[derive(Clone, Copy)]
enum Mute {
    HangsUp,
    Waits,
}

impl Ways {
    /// Closes each connection without a word.
    pub(crate) fn hangs_up(self) -> Self {
        Self { is_mute: Some(Mute::HangsUp), ..self }
    }

    /// Takes connections, and says nothing.
    pub(crate) fn says_nothing(self) -> Self {
        Self { is_mute: Some(Mute::Waits), ..self }
    }

    /// Takes only those who say this of themselves.
    pub(crate) fn takes(self, authorization: &str) -> Self {
        Self { authorization: Some(authorization.to_owned()), ..self }
    }

    /// Knows where this name leads.
    pub(crate) fn knows(self, name: &'static str, to: SocketAddr) -> Self {
        Self { name: Some((name, to)), ..self }
    }

    /// Connects to nobody: answers so, over HTTP and over SOCKS5.
    pub(crate) fn refuses(self, status: &'static str, reply: u8) -> Self {
        Self { refuses: Some((status, reply)), ..self }
    }

    /// Is spoken to over TLS.
    pub(crate) fn over(self, manners: Manners) -> Self {
        Self { tls: manners.acceptor(), ..self }
    }

    /// Listens where another has listened.
    pub(crate) fn at(self, address: SocketAddr) -> Self {
        Self { at: Some(address), ..self }
    }

    pub(crate) fn http(self) -> Proxy {
        Proxy::start(self, false)
    }

    pub(crate) fn socks5(self) -> Proxy {
        Proxy::start(self, true)
    }
}

impl Proxy {
    fn start(ways: Ways, is_socks: bool) -> Self {
        // Not the address of any site: who is asked by it is told apart.
        let at = ways.at.unwrap_or_else(|| (Ipv4Addr::new(127, 0, 0, 3), 0).into());
        let (asked, (stop, mut stopped)) = (Arc::default(), oneshot::channel());
        let (tell, told) = std::sync::mpsc::channel();
        let (noted, ways): (Arc<Mutex<Vec<Asked>>>, _) = (Arc::clone(&asked), Arc::new(ways));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind(at).await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                let mut connections = JoinSet::new();
                loop {
                    tokio::select! {
                        _ = &mut stopped => return,
                        Ok((stream, _)) = listener.accept() => {
                            let (noted, ways) = (Arc::clone(&noted), Arc::clone(&ways));
                            connections.spawn(async move { meet(stream, is_socks, &ways, &noted).await.unwrap_or_default() });
                        }
                    }
                }
            });
        });
        Self { address: told.recv().unwrap(), asked, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The same without who asked, each once.
    pub(crate) fn asked_for(&self) -> Vec<String> {
        let mut what: Vec<_> = self.asked().into_iter().map(|asked| asked.what).collect();
        what.sort();
        what.dedup();
        what
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

async fn meet(stream: TcpStream, is_socks: bool, ways: &Ways, noted: &Mutex<Vec<Asked>>) -> Option<()> {
    match &ways.tls {
        Some(tls) => serve(tls.accept(stream).await.ok()?, is_socks, ways, noted).await,
        None => serve(stream, is_socks, ways, noted).await,
    }
}

async fn serve(
    client: impl AsyncRead + AsyncWrite + Unpin,
    is_socks: bool,
    ways: &Ways,
    noted: &Mutex<Vec<Asked>>,
) -> Option<()> {
    let mut client = BufReader::new(client);
    match ways.is_mute {
        Some(Mute::HangsUp) => {
            noted.lock().unwrap().push(Asked { what: "hung up".to_owned(), authorization: None });
            return client.read_u8().await.ok().map(drop);
        }
        Some(Mute::Waits) => {
            noted.lock().unwrap().push(Asked { what: "said nothing".to_owned(), authorization: None });
            return tokio::io::copy(&mut client, &mut tokio::io::sink()).await.ok().map(drop);
        }
        None => {}
    }
    if is_socks { socks5(client, ways, noted).await } else { http(client, ways, noted).await }
}

async fn http(
    mut client: BufReader<impl AsyncRead + AsyncWrite + Unpin>,
    ways: &Ways,
    noted: &Mutex<Vec<Asked>>,
) -> Option<()> {
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if client.read_line(&mut head).await.ok()? == 0 {
                return None;
            }
        }
        let (what, lines) = head.split_once(" HTTP/1.1\r\n")?;
        let authorization = lines.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("Proxy-Authorization").then(|| value.to_owned())
        });
        let is_taken = ways.authorization.is_none() || ways.authorization == authorization;
        noted.lock().unwrap().push(Asked { what: what.to_owned(), authorization });
        if !is_taken {
            let answer = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
            client.write_all(answer.as_bytes()).await.ok()?;
            continue;
        }
        if let Some(to) = what.strip_prefix("CONNECT ") {
            if let Some((status, _)) = ways.refuses {
                client.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").as_bytes()).await.ok()?;
                continue;
            }
            let (host, port) = to.rsplit_once(':')?;
            let mut site = connect(host.trim_matches(['[', ']']), port.parse().ok()?, ways).await?;
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
            return copy_bidirectional(&mut client, &mut site).await.ok().map(drop);
        }
        let rest = what.split_once(" http://")?.1;
        let (authority, path) = rest.split_once('/')?;
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
        let mut site = BufReader::new(connect(host, port.parse().ok()?, ways).await?);
        let method = what.split(' ').next()?;
        let kept = lines.lines().filter(|line| !line.to_ascii_lowercase().starts_with("proxy-") && !line.is_empty());
        let kept = kept.collect::<Vec<_>>().join("\r\n");
        site.write_all(format!("{method} /{path} HTTP/1.1\r\n{kept}\r\n\r\n").as_bytes()).await.ok()?;
        client.write_all(&answer(&mut site).await?).await.ok()?;
    }
}

/// One answer that says how long it is.
async fn answer(site: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        site.read_line(&mut head).await.ok()?;
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let mut body = vec![0; length.parse().ok()?];
    site.read_exact(&mut body).await.ok()?;
    Some([head.into_bytes(), body].concat())
}

async fn socks5(
    mut client: BufReader<impl AsyncRead + AsyncWrite + Unpin>,
    ways: &Ways,
    noted: &Mutex<Vec<Asked>>,
) -> Option<()> {
    let methods = short(&mut client, 1).await?;
    let mut authorization = None;
    if ways.authorization.is_some() {
        if !methods.contains(&2) {
            noted.lock().unwrap().push(Asked { what: "SOCKS5".to_owned(), authorization });
            return client.write_all(b"\x05\xff").await.ok();
        }
        client.write_all(b"\x05\x02").await.ok()?;
        let (user, password) = (short(&mut client, 1).await?, short(&mut client, 0).await?);
        authorization = Some(format!("{}:{}", String::from_utf8(user).ok()?, String::from_utf8(password).ok()?));
        if authorization != ways.authorization {
            noted.lock().unwrap().push(Asked { what: "SOCKS5".to_owned(), authorization });
            return client.write_all(b"\x01\x01").await.ok();
        }
        client.write_all(b"\x01\x00").await.ok()?;
    } else {
        client.write_all(b"\x05\x00").await.ok()?;
    }
    let mut head = [0; 4];
    client.read_exact(&mut head).await.ok()?;
    let host = match head[3] {
        1 => Ipv4Addr::from_bits(client.read_u32().await.ok()?).to_string(),
        3 => String::from_utf8(short(&mut client, 0).await?).ok()?,
        4 => std::net::Ipv6Addr::from_bits(client.read_u128().await.ok()?).to_string(),
        _ => return None,
    };
    let port = client.read_u16().await.ok()?;
    noted.lock().unwrap().push(Asked { what: format!("SOCKS5 {host}:{port}"), authorization });
    if let Some((_, reply)) = ways.refuses {
        return client.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok();
    }
    let mut site = connect(&host, port, ways).await?;
    client.write_all(b"\x05\x00\x00\x01\x7f\x00\x00\x03\x04\x38").await.ok()?;
    copy_bidirectional(&mut client, &mut site).await.ok().map(drop)
}

/// Bytes behind their number, which follows so many others.
async fn short(client: &mut (impl AsyncRead + Unpin), others: usize) -> Option<Vec<u8>> {
    for _ in 0..others {
        client.read_u8().await.ok()?;
    }
    let mut bytes = vec![0; usize::from(client.read_u8().await.ok()?)];
    client.read_exact(&mut bytes).await.ok()?;
    Some(bytes)
}

/// No name is asked of anybody.
async fn connect(host: &str, port: u16, ways: &Ways) -> Option<TcpStream> {
    let to = match (host.parse(), ways.name) {
        (Ok(address), _) => SocketAddr::new(address, port),
        (_, Some((name, to))) if name == host => to,
        _ => return None,
    };
    TcpStream::connect(to).await.ok()
}
