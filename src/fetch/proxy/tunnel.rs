//! Tunnel: an HTTP proxy is asked to connect to somebody (RFC 9110, section 9.3.6).

use std::io;

use http::HeaderValue;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// What a proxy answers. After a status of success what follows is said by the one who was to be connected to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The rest of the status line.
    pub(super) reason: String,
}

/// Asks for a tunnel to `host:port`, and reads the answer and no byte more. `InvalidData` when it is none of HTTP,
/// `UnexpectedEof` when there is none.
pub(super) async fn ask(
    proxy: &mut (impl AsyncBufRead + AsyncWrite + Unpin),
    to: &str,
    authorization: Option<&HeaderValue>,
) -> io::Result<Answer> {
    let mut head = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n").into_bytes();
    if let Some(authorization) = authorization {
        head.extend_from_slice(b"Proxy-Authorization: ");
        head.extend_from_slice(authorization.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    proxy.write_all(&head).await?;
    proxy.flush().await?;
    let mut head = proxy.take(MOST_OF_HEAD);
    let answer = status_line(&line(&mut head).await?).ok_or(io::ErrorKind::InvalidData)?;
    while !line(&mut head).await?.is_empty() {}
    Ok(answer)
}

/// The next line of a head, without its end.
async fn line(head: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    head.read_until(b'\n', &mut line).await?;
    let Some(text) = line.strip_suffix(b"\n") else {
        // Neither is the head complete nor is it HTTP, if it has come to its bound.
        let kind = if line.is_empty() { io::ErrorKind::UnexpectedEof } else { io::ErrorKind::InvalidData };
        return Err(kind.into());
    };
    Ok(text.strip_suffix(b"\r").unwrap_or(text).to_vec())
}

fn status_line(line: &[u8]) -> Option<Answer> {
    let line = String::from_utf8_lossy(line);
    let rest = line.strip_prefix("HTTP/1.")?.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(' ')?;
    let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = status.parse().ok().filter(|status| (100..1000).contains(status))?;
    // Shown to a person, who needs the beginning.
    let reason = reason.trim().chars().filter(|c| !c.is_control()).take(MOST_OF_REASON).collect();
    Some(Answer { status, reason })
}

const MOST_OF_HEAD: u64 = 16 << 10;
const MOST_OF_REASON: usize = 80;

#[cfg(test)]
mod tests {
    use tokio::io::BufReader;

    use super::*;

    /// What comes of an answer: what it says, and what is left to read behind it.
    async fn told(answer: &[u8]) -> io::Result<(Answer, String)> {
        let (near, mut far) = tokio::io::duplex(64 << 10);
        far.write_all(answer).await.unwrap();
        far.shutdown().await.unwrap();
        let mut near = BufReader::new(near);
        let authorization = HeaderValue::from_static("Basic YTpi");
        let answer = ask(&mut near, "192.0.2.1:443", Some(&authorization)).await?;
        let mut rest = String::new();
        near.read_to_string(&mut rest).await?;
        drop(near);
        let mut asked = String::new();
        far.read_to_string(&mut asked).await?;
        assert_eq!(
            asked,
            "CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: 192.0.2.1:443\r\nProxy-Authorization: Basic YTpi\r\n\r\n"
        );
        Ok((answer, rest))
    }

    #[tokio::test]
    async fn what_follows_the_head_is_not_taken() {
        let (answer, rest) = told(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n\x16early").await.unwrap();
        assert_eq!((answer.status, rest.as_str()), (200, "\x16early"));
        let (answer, _) = told(b"HTTP/1.0 403 No \x1b[31m way\r\n\r\n").await.unwrap();
        assert_eq!(answer, Answer { status: 403, reason: "No [31m way".to_owned() });
        assert_eq!(told(b"HTTP/1.1 407\n\n").await.unwrap().0.status, 407);
    }

    #[tokio::test]
    async fn what_is_no_answer_is_told_apart_from_none() {
        let kind = async |answer: &[u8]| told(answer).await.unwrap_err().kind();
        assert_eq!(kind(b"").await, io::ErrorKind::UnexpectedEof);
        assert_eq!(kind(b"HTTP/1.1 200 OK\r\n").await, io::ErrorKind::UnexpectedEof);
        let endless = [b"HTTP/1.1 200 OK\r\nA: ", &[b'a'; 16 << 10][..]].concat();
        for answer in [&b"SSH-2.0-x\r\n\r\n"[..], b"HTTP/1.1 2000 OK\r\n\r\n", b"HTTP/2 200\r\n\r\n", &endless] {
            assert_eq!(kind(answer).await, io::ErrorKind::InvalidData);
        }
    }
}
