//! A server that speaks to a bare connection, a thread for each, so that it may say anything at all.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::FAIL_SAFE;

/// What a server does with one connection.
pub(crate) type Behaviour = Arc<dyn Fn(&mut TcpStream) -> io::Result<()> + Send + Sync>;

/// A server that runs until it is dropped.
pub(crate) struct Wire {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Wire {
    /// Serves on 127.0.0.2.
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (connections, stop) = (Arc::clone(&connections), Arc::clone(&stop));
            move || accept(&listener, &behaviour, &connections, &stop)
        });
        Self { address, connections, stop, thread: Some(thread) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections came in.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // One more connection, for who waits for the next.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the hostile server panicked");
        }
    }
}

fn accept(listener: &TcpListener, behaviour: &Behaviour, connections: &AtomicUsize, stop: &AtomicBool) {
    let mut threads = Vec::new();
    for stream in listener.incoming() {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let (Ok(mut stream), behaviour) = (stream, Arc::clone(behaviour)) else { continue };
        connections.fetch_add(1, Ordering::SeqCst);
        stream.set_read_timeout(Some(FAIL_SAFE)).unwrap();
        stream.set_write_timeout(Some(FAIL_SAFE)).unwrap();
        // How it ends is what the crawl says of it.
        threads.push(std::thread::spawn(move || drop(behaviour(&mut stream))));
    }
    for thread in threads {
        thread.join().expect("a connection does not panic");
    }
}

/// A server that reads each request, has no robots.txt, and does this for every other path; then it closes the connection.
pub(crate) fn after_request(
    answer: impl Fn(&str, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> Behaviour {
    Arc::new(move |stream| {
        let path = read_request(stream)?;
        if path == "/robots.txt" {
            return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
        answer(&path, stream)
    })
}

/// Reads the head of a request; gives its path.
fn read_request(stream: &mut TcpStream) -> io::Result<String> {
    let (mut head, mut part) = (Vec::new(), [0; 4096]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut part)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => head.extend_from_slice(&part[..n]),
        }
    }
    Ok(String::from_utf8_lossy(&head).split(' ').nth(1).unwrap_or_default().to_owned())
}

/// Says nothing until the other side has had enough.
pub(crate) fn say_nothing(stream: &mut TcpStream) -> io::Result<()> {
    let mut unread = [0; 4096];
    while stream.read(&mut unread)? > 0 {}
    Ok(())
}

/// Sends so many parts, one at a time, and leaves each the pause. Ends early when the other side has had enough.
pub(crate) fn drip(stream: &mut TcpStream, part: &[u8], times: usize, pause: Duration) -> io::Result<()> {
    stream.set_read_timeout(Some(pause))?;
    for _ in 0..times {
        stream.write_all(part)?;
        match stream.read(&mut [0; 64]) {
            Ok(0) => return Ok(()),
            Ok(_) => (),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => (),
            Err(error) => return Err(error),
        }
    }
    stream.set_read_timeout(Some(FAIL_SAFE))
}

/// Sends so many parts as fast as they are taken, and then says nothing more.
pub(crate) fn pour(stream: &mut TcpStream, part: &[u8], times: usize) -> io::Result<()> {
    for _ in 0..times {
        stream.write_all(part)?;
    }
    say_nothing(stream)
}
