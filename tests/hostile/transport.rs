//! Hostile below the page: heads, lengths, connections that say the wrong thing, or nothing, or never stop.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use crate::scenario::Scenario;
use crate::wire::{drip, pour, say_nothing};

pub(crate) fn scenarios() -> Vec<Scenario> {
    [silence(), endless(), lengths(), nonsense()].into_iter().flatten().collect()
}

fn silence() -> Vec<Scenario> {
    vec![
        Scenario::connection("accepts and says nothing", "http", Arc::new(say_nothing))
            .ends("/", "no record")
            .skips("robots", 1)
            .hangs(),
        Scenario::connection("accepts and closes", "http", Arc::new(|_| Ok(())))
            .ends("/", "no record")
            .skips("robots", 1),
        Scenario::closed("port refuses").ends("/", "failed connect"),
        Scenario::wire("request heard, no answer", |_, to| say_nothing(to)).ends("/", "failed timeout").hangs(),
        Scenario::wire("head stops half way", |_, to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nContent-Ty")?;
            say_nothing(to)
        })
        .ends("/", "failed timeout")
        .hangs(),
        Scenario::wire("closed at each byte", |path, to| {
            if path == "/" {
                let links = (0..WHOLE.len()).map(|n| format!("<a href=/cut{n}>")).collect::<Vec<_>>().concat();
                return write!(to, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n{links}");
            }
            let cut = path.strip_prefix("/cut").and_then(|n| n.parse().ok()).unwrap_or(0);
            to.write_all(&WHOLE[..cut])
        })
        .set("politeness.breaker_failures", "0")
        .ends("/", "ok")
        .ends("/cut0", "failed reset or failed protocol")
        .ends("/cut20", "failed reset or failed protocol")
        .ends("/cut90", "failed reset or failed protocol"),
    ]
}

fn endless() -> Vec<Scenario> {
    vec![
        Scenario::wire("endless head", |_, to| {
            to.write_all(b"HTTP/1.1 200 OK\r\n")?;
            pour(to, &[b"X-Pad: ", &[b'x'; 4000][..], b"\r\n"].concat(), 1000)
        })
        .ends("/", "failed protocol"),
        Scenario::wire("endless header line", |_, to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nX-Pad: ")?;
            pour(to, &[b'x'; 4096], 1000)
        })
        .ends("/", "failed protocol"),
        Scenario::wire("a head byte now and then", |_, to| {
            drip(to, b"H", 1, PAUSE)?;
            drip(to, b"T", 400, PAUSE)
        })
        .ends("/", "failed timeout")
        .hangs(),
        Scenario::wire("endless 1xx", |_, to| pour(to, b"HTTP/1.1 103 Early Hints\r\n\r\n", 100_000))
            .ends("/", "failed timeout")
            .hangs(),
        Scenario::wire("endless body", |_, to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")?;
            pour(to, &[b'x'; 65_536], 512)
        })
        .ends("/", "failed too_large"),
        Scenario::wire("endless chunks", |_, to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            pour(to, &[b"10000\r\n", &[b'x'; 65_536][..], b"\r\n"].concat(), 512)
        })
        .ends("/", "failed too_large"),
        Scenario::wire("endless trailers", |_, to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")?;
            pour(to, b"X-Trailer: x\r\n", 100_000)
        })
        .ends("/", "failed protocol or failed timeout"),
        Scenario::wire("a body byte now and then", |_, to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n")?;
            drip(to, b"x", 400, PAUSE)
        })
        .ends("/", "failed timeout")
        .hangs(),
        Scenario::wire("body stops half way", |_, to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<title>half")?;
            say_nothing(to)
        })
        .ends("/", "failed timeout")
        .hangs(),
    ]
}

fn lengths() -> Vec<Scenario> {
    let answer = |name, head: &'static str| {
        Scenario::wire(name, move |_, to| {
            write!(to, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n{head}\r\n\r\n<title>ab")
        })
    };
    vec![
        answer("half of content-length", "Content-Length: 18").ends("/", "failed reset or failed protocol"),
        answer("two content-lengths", "Content-Length: 9\r\nContent-Length: 4").ends("/", "failed protocol"),
        answer("content-length of 20 digits", "Content-Length: 99999999999999999999").ends("/", "failed protocol"),
        answer("content-length below zero", "Content-Length: -1").ends("/", "failed protocol"),
        answer("content-length of an exabyte", "Content-Length: 1000000000000000000").ends("/", "failed too_large"),
        // Until the connection is closed (RFC 9112, section 6.3).
        answer("transfer-encoding unknown", "Transfer-Encoding: banana").ends("/", "ok"),
        answer("chunk size no number", "Transfer-Encoding: chunked").ends("/", "failed protocol"),
    ]
}

fn nonsense() -> Vec<Scenario> {
    let says = |name, bytes: &'static [u8]| Scenario::wire(name, move |_, to| to.write_all(bytes));
    vec![
        says("not HTTP: a banner", b"SSH-2.0-test\r\n").ends("/", "failed protocol"),
        says("not HTTP: all bytes", &ALL_BYTES).ends("/", "failed protocol"),
        says("status 999", b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n").ends("/", "http_error 999"),
        says("status of two digits", b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n").ends("/", "failed protocol"),
        says("HTTP/9.9", b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n").ends("/", "failed protocol"),
        says("NUL in a header", b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n")
            .ends("/", "failed protocol"),
        says(
            "escapes in headers",
            b"HTTP/1.1 302 \x1b[2J\r\nLocation: /\x1b]0;owned\x07\r\nX: \x1b[31m\r\nContent-Length: 0\r\n\r\n",
        )
        .ends("/", "failed protocol"),
        Scenario::wire("3,000 headers", |_, to| {
            to.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n")?;
            to.write_all(&b"X: y\r\n".repeat(3000))?;
            to.write_all(b"\r\n<title>many")
        })
        .ends("/", "failed protocol"),
        Scenario::wire("an answer nobody asked for", |_, to| {
            to.write_all(&b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<title>ab".repeat(2))
        })
        .ends("/", "ok"),
    ]
}

const WHOLE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 27\r\n\r\n<title>a whole page</title>";
const PAUSE: Duration = Duration::from_millis(30);
const ALL_BYTES: [u8; 256] = {
    let mut all = [0; 256];
    let mut at = 0;
    while at < 256 {
        all[at] = at.to_le_bytes()[0];
        at += 1;
    }
    all
};
