//! Servers on loopback for the tests of this stage.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::request::{Purpose, Request};
use crate::url::{CrawlUrl, UrlRules};

/// A server that gives every request the same answer, until it is dropped.
pub(super) struct Loopback {
    pub(super) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    _task: JoinSet<()>,
}

/// What a server does after its answer.
#[derive(Clone, Copy)]
pub(super) enum Then {
    /// Takes the next request on the same connection.
    Continue,
    Close,
    Reset,
    /// Neither says anything more nor closes.
    Hang,
    /// Sends zeros for as long as somebody reads.
    Flood,
    /// Closes when the next request has come on the same connection, without an answer.
    CloseOnNext,
    /// Answers the next request on the same connection with 408, and closes.
    TimeOutNext,
}

impl Loopback {
    pub(super) async fn start(answer: impl AsRef<[u8]>, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (answer.as_ref().to_vec(), Arc::clone(&heads));
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (answer, seen) = (answer.clone(), Arc::clone(&seen));
                open.spawn(async move { drop(serve(stream, &answer, then, &seen).await) });
            }
        });
        Self { address, heads, _task: task }
    }

    /// A page on this server.
    pub(super) fn page(&self, path: &str) -> Request {
        page(&format!("http://{}{path}", self.address))
    }

    /// The heads of the requests so far, each with the connection's peer port as its first line.
    pub(super) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, answer: &[u8], then: Then, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let port = stream.peer_addr()?.port();
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await? == 0 {
                return Ok(());
            }
        }
        seen.lock().unwrap().push(format!("{port}\r\n{}", String::from_utf8_lossy(&head)));
        stream.write_all(answer).await?;
        match then {
            Then::Continue => {}
            Then::Close => return stream.shutdown().await,
            Then::CloseOnNext | Then::TimeOutNext => {
                let _ = stream.read_buf(&mut Vec::new()).await?;
                if matches!(then, Then::TimeOutNext) {
                    stream.write_all(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n").await?;
                }
                return stream.shutdown().await;
            }
            Then::Reset => return stream.set_zero_linger(),
            Then::Hang => std::future::pending().await,
            Then::Flood => loop {
                stream.write_all(&[0; 4096]).await?;
            },
        }
    }
}

/// A URL as a crawl has it.
pub(super) fn url(text: &str) -> CrawlUrl {
    UrlRules::new(2048).ignoring(["utm_*".parse().unwrap()]).parse(text).unwrap()
}

/// A request for a page.
pub(super) fn page(text: &str) -> Request {
    Request::new(url(text), Purpose::Page)
}
