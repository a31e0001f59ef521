//! Stream: a connection that leads through a proxy, as the HTTP client takes it.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpInfo};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// Something to read from and to write to.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection to a host through a proxy, or to a proxy that takes requests for all hosts.
pub(in crate::fetch) struct Stream {
    io: TokioIo<Box<dyn Duplex>>,
    facts: Facts,
}

/// What is known of a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// Of the connection to the proxy.
    pub(super) info: Option<HttpInfo>,
    /// The address that the proxy was told.
    pub(super) address: Option<IpAddr>,
    pub(super) is_read_by_proxy: bool,
    pub(super) is_http2: bool,
}

/// The address that the proxy was told to connect to, which each response has among its extensions. `None` when it was
/// told a name.
#[derive(Debug, Clone, Copy)]
pub(in crate::fetch) struct AddressBehind(pub(in crate::fetch) Option<IpAddr>);

impl Stream {
    pub(super) fn new(io: Box<dyn Duplex>, facts: Facts) -> Self {
        Self { io: TokioIo::new(io), facts }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        let Facts { info, address, is_read_by_proxy, is_http2 } = self.facts.clone();
        let connected = Connected::new().proxy(is_read_by_proxy).extra(AddressBehind(address));
        let connected = if is_http2 { connected.negotiated_h2() } else { connected };
        match info {
            Some(info) => connected.extra(info),
            None => connected,
        }
    }
}

impl Read for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }
}
