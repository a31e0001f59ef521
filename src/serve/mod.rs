//! Serve: a running crawl as a page, as JSON, as metrics and as a stream of its records, for browsers and programs.
//!
//! The crawl writes what is to be seen on a board and waits for nobody; the server reads that, on a thread of its own. It
//! listens on loopback unless told otherwise, and nothing is changed without its token.

mod board;
mod control;
mod guard;
mod metrics;
mod page;
mod reply;
mod server;
mod status;

pub(crate) use control::Control;

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use self::board::{Board, BoardObserver, BoardSink};
use self::guard::Guard;
use self::server::Shared;
use crate::error::{Error, Result};
use crate::observe::{Observer, Stats, Summary};
use crate::sink::Sink;

/// A place that is listened at, before there is a crawl.
#[derive(Debug)]
pub(crate) struct Dashboard {
    listener: TcpListener,
    address: SocketAddr,
    token: String,
    is_token_given: bool,
    board: Arc<Board>,
}

/// A dashboard that is served. Dropped, it is closed.
pub(crate) struct Serving {
    board: Arc<Board>,
    closed: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Dashboard {
    /// Listens at an address, like `127.0.0.1:8470`; a port alone is one of this machine. Without a token one is made.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is no address, nobody can listen there, or the token is too short.
    pub(crate) fn open(at: &str, token: Option<String>, rules: &[String]) -> Result<Self> {
        let wrong = |why: &str| Error::Usage(format!("--dashboard {at}: {why}"));
        let address = address_of(at)
            .ok_or_else(|| wrong("this is no address\n = allowed: an address and a port, like 127.0.0.1:8470"))?;
        let is_token_given = token.is_some();
        let token = match token {
            Some(token) if is_token(&token) => token,
            Some(_) => {
                let allowed = "16 or more letters, digits, `-` and `_`";
                return Err(Error::Usage(format!("{TOKEN} is no token for the dashboard\n = allowed: {allowed}")));
            }
            None => make_token().map_err(|error| Error::io("read", "/dev/urandom".as_ref(), error))?,
        };
        let listen = || -> io::Result<(TcpListener, SocketAddr)> {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, address) = listen().map_err(|error| wrong(&format!("cannot listen there: {error}")))?;
        let board = Arc::new(Board::new(rules, Instant::now()));
        Ok(Self { listener, address, token, is_token_given, board })
    }

    /// Where it is, with the token that its buttons need; one that somebody has made is in no log.
    pub(crate) fn place(&self) -> String {
        let Self { address, token, .. } = self;
        if self.is_token_given {
            format!("http://{address}/ (with ?token= and what {TOKEN} has, for its buttons)")
        } else {
            format!("http://{address}/?token={token}")
        }
    }

    /// Takes what the crawl settles.
    pub(crate) fn sink(&self) -> impl Sink + use<> {
        BoardSink(Arc::clone(&self.board))
    }

    /// Looks at its numbers.
    pub(crate) fn observer(&self) -> impl Observer + use<> {
        BoardObserver(Arc::clone(&self.board))
    }

    /// Serves the crawl of these numbers.
    pub(crate) fn serve(self, stats: Arc<Stats>, control: impl Fn(Control) + Send + Sync + 'static) -> Result<Serving> {
        let Self { listener, address, token, board, .. } = self;
        board.watch(stats);
        let shared =
            Shared { board: Arc::clone(&board), guard: Guard::new(address, token), control: Box::new(control) };
        let cannot = |error: io::Error| Error::Internal(format!("cannot start the dashboard: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
        let closed = Arc::new(Notify::new());
        let is_closed = Arc::clone(&closed);
        let thread = std::thread::Builder::new()
            .name("dashboard".to_owned())
            .spawn(move || server::serve(&runtime, listener, &Arc::new(shared), &is_closed))
            .map_err(cannot)?;
        Ok(Serving { board, closed, thread: Some(thread) })
    }
}

impl Serving {
    /// Shows how the crawl has ended, to those who look at this moment.
    pub(crate) fn end(self, summary: &Summary) {
        self.board.end(summary.state.name(), Duration::from_millis(summary.elapsed_ms), Some(&summary.rules));
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.board.end_once();
        self.closed.notify_one();
        if let Some(thread) = self.thread.take() {
            // It has said itself why it panicked; the crawl is none the worse.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").finish_non_exhaustive()
    }
}

fn address_of(text: &str) -> Option<SocketAddr> {
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let port = text.strip_prefix("localhost").unwrap_or(text);
    let port = port.strip_prefix(':').unwrap_or(port).parse().ok();
    port.map(|port| SocketAddr::new(local, port)).or_else(|| text.parse().ok())
}

fn is_token(text: &str) -> bool {
    text.len() >= SHORTEST_TOKEN && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn make_token() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

/// The variable of the environment that may name the token.
pub(crate) const TOKEN: &str = "CRAWLER_DASHBOARD_TOKEN";
const SHORTEST_TOKEN: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_this_machine_unless_it_says_another() {
        for (text, expected) in [
            ("8470", Some("127.0.0.1:8470")),
            (":8470", Some("127.0.0.1:8470")),
            ("localhost:8470", Some("127.0.0.1:8470")),
            ("0.0.0.0:1", Some("0.0.0.0:1")),
            ("[::1]:1", Some("[::1]:1")),
            ("example.com:1", None),
            ("127.0.0.1", None),
            ("", None),
        ] {
            assert_eq!(address_of(text).map(|address| address.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_token_is_long_and_never_the_same() {
        let [one, other] = [(); 2].map(|()| make_token().unwrap());
        assert!(one != other && is_token(&one) && one.len() == 32);
        assert!(!is_token("short") && !is_token("with spaces in it, so no"));
        let refused = Dashboard::open("127.0.0.1:0", Some("short".to_owned()), &[]).unwrap_err().to_string();
        assert!(refused.contains("CRAWLER_DASHBOARD_TOKEN") && !refused.contains("short"), "{refused}");
    }

    #[test]
    fn a_token_that_somebody_has_made_is_not_told() {
        let place = |token| Dashboard::open("127.0.0.1:0", token, &[]).unwrap().place();
        let given = "0123456789abcdef";
        let told = place(Some(given.to_owned()));
        assert!(told.contains("CRAWLER_DASHBOARD_TOKEN") && !told.contains(given), "{told}");
        assert!(is_token(place(None).split_once("/?token=").unwrap().1));
    }
}
