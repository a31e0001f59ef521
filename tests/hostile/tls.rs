//! Hostile below https: handshakes that never end, certificates of somebody else, frames that no server library sends.

use std::io::Write as _;
use std::sync::Arc;

use crate::scenario::Scenario;
use crate::support::frames::{frame, malformed};
use crate::support::{Authority, Cut, Manners};
use crate::wire::{pour, say_nothing};

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut all = vec![
        Scenario::connection("TLS handshake never ends", "https", Arc::new(say_nothing))
            // By the deadline that is over first: that of the connection, or that of robots.txt.
            .ends("/", "failed timeout or no record")
            .hangs(),
        Scenario::connection("TLS handshake is http", "https", Arc::new(|to| to.write_all(b"HTTP/1.1 200 OK\r\n\r\n")))
            .ends("/", "failed tls"),
        // The head of a record of 16,000 bytes, and then nothing but such.
        Scenario::connection(
            "TLS handshake of endless records",
            "https",
            Arc::new(|to| pour(to, &[&[22, 3, 3, 62, 128][..], &[0; 16_000]].concat(), 64)),
        )
        .ends("/", "failed tls"),
        Scenario::tls("certificate of another name", |authority| authority.certify(&["elsewhere.example"]))
            .ends("/", "failed tls"),
        Scenario::tls("certificate of nobody known", |_| Authority::named("Nobody").certify(&[NAME]))
            .ends("/", "failed tls"),
        Scenario::tls("certificate out of date", |authority| authority.certify_in_the_past(&[NAME]))
            .ends("/", "failed tls"),
    ];
    all.extend(http2());
    all
}

fn http2() -> Vec<Scenario> {
    fn cut(authority: &Authority, has_length: bool, goes_away: bool) -> Manners {
        authority.certify(&[NAME]).cuts_over_http2(Cut { has_length, goes_away })
    }
    fn answers(authority: &Authority, frames: fn([u8; 4]) -> Vec<u8>) -> Manners {
        authority.certify(&[NAME]).answers_over_http2(frames).offers(&["h2"])
    }
    let all = [
        Scenario::tls("HTTP/2: RST_STREAM(NO_ERROR) in a body", |by| cut(by, false, false)).ends("/", HALF),
        Scenario::tls("HTTP/2: the same, with content-length", |by| cut(by, true, false)).ends("/", HALF),
        Scenario::tls("HTTP/2: GOAWAY in a body", |by| cut(by, false, true)).ends("/", HALF),
        Scenario::tls("HTTP/2: malformed head", |by| answers(by, malformed)).ends("/", "failed tls or failed protocol"),
        Scenario::tls("HTTP/2: header list too large", |by| answers(by, large_head)).ends("/", HALF),
        Scenario::tls("HTTP/2: no window, no body", |by| answers(by, no_window)).ends("/", "failed timeout").hangs(),
        Scenario::tls("HTTP/2: frames of no meaning", |by| answers(by, |_| b"no frames at all, but text".repeat(99)))
            .ends("/", HALF),
        Scenario::tls("HTTP/2: a page that pings", |by| answers(by, pings)).ends("/", "failed timeout").hangs(),
    ];
    // All paths are answered alike, robots.txt too.
    all.into_iter().map(|scenario| scenario.flag("--ignore-robots")).collect()
}

/// `:status: 200` and a header of 600,000 bytes, in continuations (RFC 9113, section 6.10).
fn large_head(id: [u8; 4]) -> Vec<u8> {
    // A literal with a new name of one byte; its value of 600,000 bytes has a length of four (RFC 7541, section 5.1).
    let value = [&b"\x88\x00\x01x\x7f\xc1\xce\x24"[..], &vec![b'y'; 600_000]].concat();
    let mut parts = value.chunks(16_000).peekable();
    let mut frames = frame(1, 0, id, parts.next().unwrap());
    while let Some(part) = parts.next() {
        frames.extend(frame(9, if parts.peek().is_none() { 4 } else { 0 }, id, part));
    }
    frames
}

/// Settings without a window and without streams, a head, and nothing more.
fn no_window(id: [u8; 4]) -> Vec<u8> {
    let settings = frame(4, 0, [0; 4], &[0, 4, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0]);
    [settings, frame(1, 4, id, b"\x88")].concat()
}

/// A head, 10,000 pings, and nothing more.
fn pings(id: [u8; 4]) -> Vec<u8> {
    [frame(1, 4, id, b"\x88"), frame(6, 0, [0; 4], &[0; 8]).repeat(10_000)].concat()
}

const NAME: &str = "127.0.0.1";
const HALF: &str = "failed protocol or failed reset";
