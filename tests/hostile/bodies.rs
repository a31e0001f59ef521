//! Hostile in the body: what grows when it is unpacked, what is no text, what is not what it says it is.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use crate::scenario::Scenario;
use crate::support::{Arrival, Reply};

pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut all = packed();
    all.extend(mislabelled());
    all.extend(long());
    all
}

fn packed() -> Vec<Scenario> {
    fn encoded(coding: &str, body: Vec<u8>) -> Reply {
        Reply::html(body).header("Content-Encoding", coding)
    }
    vec![
        Scenario::page("bomb: gzip", || encoded("gzip", gzip(&zeros()))).ends("/", "failed too_large"),
        Scenario::page("bomb: deflate", || encoded("deflate", zlib(&zeros()))).ends("/", "failed too_large"),
        Scenario::page("bomb: brotli", || encoded("br", BROTLI_ZEROS.to_vec())).ends("/", "failed too_large"),
        Scenario::page("bomb: zstd", || encoded("zstd", zstd_zeros())).ends("/", "failed too_large"),
        Scenario::page("bomb: gzip in gzip", || encoded("gzip, gzip", gzip(&gzip(&zeros()))))
            .ends("/", "failed too_large"),
        Scenario::page("gzip a thousand times over", || encoded(&["gzip"; 1000].join(", "), gzip(b"x")))
            .ends("/", "failed decode"),
        Scenario::page("gzip that is cut", || encoded("gzip", gzip(&zeros())[..1000].to_vec()))
            .ends("/", "failed decode"),
        Scenario::page("gzip that is damaged", || {
            let mut body = gzip(&[b'x'; 5000]);
            body[20] ^= 0xff;
            encoded("gzip", body)
        })
        .ends("/", "failed decode"),
        // It is text, whatever it says.
        Scenario::page("an encoding that nobody knows", || encoded("banana", b"<title>x".to_vec())).ends("/", "ok"),
    ]
}

fn mislabelled() -> Vec<Scenario> {
    vec![
        Scenario::page("no content-type", || Reply::new(200).body("<title>x</title><a href=/next>")).ends("/", "ok"),
        Scenario::page("content-type of 60,000 bytes", || {
            Reply::new(200).header("Content-Type", &"text/html; a=b".repeat(4000)).body("<title>x")
        })
        .ends("/", "ok or failed protocol"),
        Scenario::pages("charsets: odd, wrong, none", |arrival: &Arrival| {
            let number = arrival.path.trim_start_matches('/').parse::<usize>();
            match number.ok().and_then(|n| CHARSETS.get(n)) {
                Some((label, body)) => Reply::new(200).header("Content-Type", label).body(*body),
                None if arrival.path == "/" => Reply::links("home", (0..CHARSETS.len()).map(|n| format!("/{n}"))),
                None => Reply::new(404),
            }
        })
        .ends("/0", "ok")
        .ends("/1", "ok")
        .ends("/2", "ok")
        .ends("/3", "ok")
        .ends("/4", "ok")
        .ends("/5", "ok")
        .ends("/6", "ok"),
        Scenario::page("escapes in title and links", || {
            Reply::html(
                "<title>\x1b]0;owned\x07\x1b[2J\u{9b}31m\u{202e}</title><a href='/\x1b[2J?\x07=\u{9b}'>a</a><a \
                 href=\"http://\x1b[31m/\">b</a>",
            )
        })
        .ends("/", "ok"),
        Scenario::pages("3,000 cookies", |arrival: &Arrival| {
            // What is sent back stays far below what servers take.
            let sent = arrival.header("cookie").map_or(0, str::len);
            let number: usize = arrival.path.trim_start_matches('/').parse().unwrap_or(0);
            if arrival.is_robots() || number > 60 {
                return Reply::new(404);
            }
            let page = Reply::links(&format!("{sent} bytes"), [format!("/{}", number + 1)]);
            (0..50)
                .fold(page, |page, n| page.header("Set-Cookie", &format!("c{number}x{n}={}; Path=/", "v".repeat(100))))
        })
        .ends("/60", "ok")
        .also(|seen| {
            for record in seen.crawled.records.iter().filter(|record| record["title"].as_str().is_some()) {
                let sent = record["title"].as_str().unwrap().strip_suffix(" bytes").map(str::parse::<usize>);
                assert!(sent.is_none_or(|sent| sent.unwrap() <= 8192), "{record}");
            }
        }),
    ]
}

fn long() -> Vec<Scenario> {
    vec![
        Scenario::page("page of all bytes", || {
            Reply::html((0..1_000_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect::<Vec<_>>())
        })
        .ends("/", "ok"),
        Scenario::page("page of 10 MB", || Reply::html(vec![b'x'; 10_000_000])).ends("/", "failed too_large"),
        Scenario::pages("30 pages of 4 MB at once", |arrival: &Arrival| match arrival.path.as_str() {
            "/" => Reply::links("home", (0..30).map(|n| format!("/{n}"))),
            "/robots.txt" => Reply::new(404),
            path => Reply::html(format!("<title>{path}</title>{}", "x ".repeat(2_000_000))),
        })
        .set("politeness.per_host_concurrency", "30")
        .set("fetch.max_buffered", "'16MiB'")
        .ends("/29", "ok")
        .peak(130)
        .also(|seen| assert_eq!(seen.crawled.count("retries"), 0, "who waits for room has not failed")),
    ]
}

/// 64 MiB.
fn zeros() -> Vec<u8> {
    vec![0; 64 << 20]
}

pub(crate) fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// 64 MiB of zeros: a frame with a window of 1 MiB, of blocks that repeat one byte 128 Ki times (RFC 8878, section 3.1.1).
fn zstd_zeros() -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];
    for block in 1..=512_u32 {
        let header = (128_u32 << 13) | (1 << 1) | u32::from(block == 512);
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

/// 64 MiB of zeros, by the encoder that comes with Node.js.
const BROTLI_ZEROS: [u8; 106] = [
    203, 255, 255, 63, 248, 39, 0, 226, 177, 64, 32, 247, 254, 143, 255, 255, 127, 240, 79, 0, 196, 97, 17, 128, 238,
    253, 31, 255, 255, 255, 224, 159, 0, 136, 195, 2, 0, 221, 251, 63, 254, 255, 255, 193, 63, 1, 16, 135, 5, 0, 186,
    247, 127, 252, 255, 255, 131, 127, 2, 32, 14, 11, 0, 116, 239, 255, 248, 255, 255, 7, 255, 4, 64, 28, 22, 0, 232,
    222, 255, 241, 255, 255, 15, 254, 9, 128, 56, 44, 0, 208, 189, 255, 203, 255, 255, 63, 252, 19, 0, 113, 88, 0, 160,
    123, 255, 7,
];

const CHARSETS: [(&str, &[u8]); 7] = [
    ("text/html; charset=utf-7", b"<title>+ADw-script+AD4-</title>"),
    ("text/html; charset=utf-16", b"<title>not utf-16</title>"),
    ("text/html; charset=utf-8", b"\xff\xfe<\0t\0i\0t\0l\0e\0>\0x\0"),
    ("text/html; charset=\"", b"<meta charset=x-user-defined><title>\xff\xfe\xfd</title>"),
    ("text/html; charset=banana", b"<meta charset=replacement><title>x</title>"),
    ("text/html; charset=iso-2022-jp", b"<title>\x1b$B\x1b(B\x1b$</title>"),
    ("text/html", b"<meta charset=utf-16le><title>\xc3\x28\xa0\xa1\xf0\x28\x8c</title>"),
];
