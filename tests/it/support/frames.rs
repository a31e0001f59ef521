//! Frames: answers over HTTP/2 that no server library would give, byte for byte.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// A page of which half is sent over HTTP/2: with its length in the head or not; then the connection ends, with GOAWAY,
/// or the stream alone, with `RST_STREAM`. Both say that nothing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) has_length: bool,
    pub(crate) goes_away: bool,
}

/// `Connection: close`, which makes a head malformed (RFC 9113, section 8.2.2).
pub(crate) fn malformed(id: [u8; 4]) -> Vec<u8> {
    // `:status: 200` of the static table, and a literal; the head is whole, and the stream ends with it.
    frame(1, 5, id, b"\x88\x00\x0aconnection\x05close")
}

impl Cut {
    pub(super) fn frames(self, id: [u8; 4]) -> Vec<u8> {
        // `:status: 200`, and two literals with names of the static table: `content-type`, `content-length`.
        let length: &[u8] = if self.has_length { b"\x0f\x0d\x02\x38\x30" } else { b"" };
        let head = frame(1, 4, id, &[b"\x88\x0f\x10\x09text/html", length].concat());
        let half = frame(0, 0, id, b"<title>half</title><a href=/next>there is more</a>");
        let last_stream_and_no_error = [&id[..], &[0; 4]].concat();
        let end = if self.goes_away { (7, [0; 4], &last_stream_and_no_error[..]) } else { (3, id, &[0; 4][..]) };
        [head, half, frame(end.0, 0, end.1, end.2)].concat()
    }
}

/// A frame (RFC 9113, section 4.1).
pub(crate) fn frame(kind: u8, flags: u8, id: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let [_, length @ ..] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[..], &[kind, flags], &id[..], payload].concat()
}

/// Answers each request with these frames, or one.
pub(super) async fn raw<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    leaves: bool,
    answer: &(dyn Fn([u8; 4]) -> Vec<u8> + Sync),
) -> std::io::Result<()> {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await?;
    // Empty settings.
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let [first, second, third, kind, _, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, first, second, third]) as usize];
        stream.read_exact(&mut payload).await?;
        if kind == 1 {
            stream.write_all(&answer(id)).await?;
            if leaves {
                return stream.shutdown().await;
            }
        }
    }
}
