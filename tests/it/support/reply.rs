//! Answers of a test server: correct ones, and each way to misbehave.

use std::fmt::Write as _;
use std::time::Duration;

/// One answer. Correct unless told otherwise.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    framing: Framing,
    pub(crate) fault: Option<Fault>,
    pub(crate) delay: Option<Duration>,
    /// The path that is answered before.
    pub(crate) behind: Option<String>,
    /// It answers a HEAD.
    is_head: bool,
}

/// Where in an answer a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    BeforeHead,
    InBody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Says nothing more and keeps the connection.
    Hang(Place),
    /// Ends the connection with a reset.
    Reset(Place),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Framing {
    Length,
    /// A `Content-Length` that is not the body's.
    Claims(usize),
    Chunked,
    /// A chunk whose size is no number.
    BrokenChunk,
    /// The body is the whole answer: no head.
    Raw,
}

impl Reply {
    pub(crate) fn new(status: u16) -> Self {
        let (headers, body, framing) = (Vec::new(), Vec::new(), Framing::Length);
        Self { status, headers, body, framing, fault: None, delay: None, behind: None, is_head: false }
    }

    pub(crate) fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200).header("Content-Type", "text/html").body(body)
    }

    /// A page with a title that says its name, and links to the paths or URLs.
    pub(crate) fn links<S: AsRef<str>>(title: &str, links: impl IntoIterator<Item = S>) -> Self {
        let mut page = format!("<!doctype html><meta charset=utf-8><title>{title}</title>\n");
        for link in links {
            writeln!(page, "<a href=\"{0}\">{0}</a>", link.as_ref()).unwrap();
        }
        Self::html(page)
    }

    pub(crate) fn text(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200).header("Content-Type", "text/plain").body(body)
    }

    pub(crate) fn redirect(status: u16, location: &str) -> Self {
        Self::new(status).header("Location", location)
    }

    /// Bytes that are the whole answer, also where that is not HTTP. The connection closes after them.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { framing: Framing::Raw, ..Self::new(0).body(bytes) }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn chunked(self) -> Self {
        Self { framing: Framing::Chunked, ..self }
    }

    pub(crate) fn broken_chunk(self) -> Self {
        Self { framing: Framing::BrokenChunk, ..self }
    }

    pub(crate) fn claims_length(self, length: usize) -> Self {
        Self { framing: Framing::Claims(length), ..self }
    }

    pub(crate) fn hangs(self, place: Place) -> Self {
        Self { fault: Some(Fault::Hang(place)), ..self }
    }

    pub(crate) fn resets(self, place: Place) -> Self {
        Self { fault: Some(Fault::Reset(place)), ..self }
    }

    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { delay: Some(delay), ..self }
    }

    /// Whether the connection can serve another request afterwards.
    /// The same as the answer to a HEAD: without its body.
    pub(crate) fn to_head(&self) -> Self {
        Self { is_head: true, ..self.clone() }
    }

    pub(crate) fn keeps_alive(&self) -> bool {
        matches!(self.framing, Framing::Length | Framing::Chunked) && self.fault.is_none()
    }

    /// The bytes on the wire; with a fault inside the body, those before it.
    pub(crate) fn wire(&self) -> Vec<u8> {
        let mut wire = self.head().into_bytes();
        if self.is_head {
            return wire;
        }
        let half = self.body.len() / 2;
        let in_body = matches!(self.fault, Some(Fault::Hang(Place::InBody) | Fault::Reset(Place::InBody)));
        let sent = if in_body { &self.body[..half] } else { &self.body[..] };
        match self.framing {
            Framing::Length | Framing::Claims(_) | Framing::Raw => wire.extend(sent),
            Framing::Chunked => {
                chunks(sent, &mut wire);
                if !in_body {
                    wire.extend(b"0\r\n\r\n");
                }
            }
            Framing::BrokenChunk => {
                chunks(&self.body[..half], &mut wire);
                wire.extend(b"not a size\r\n");
            }
        }
        wire
    }

    fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} Reason\r\n", self.status);
        match self.framing {
            Framing::Raw => return String::new(),
            Framing::Length => write!(head, "Content-Length: {}\r\n", self.body.len()).unwrap(),
            Framing::Claims(length) => write!(head, "Content-Length: {length}\r\n").unwrap(),
            Framing::Chunked | Framing::BrokenChunk => head.push_str("Transfer-Encoding: chunked\r\n"),
        }
        if !self.keeps_alive() {
            head.push_str("Connection: close\r\n");
        }
        for (name, value) in &self.headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        head + "\r\n"
    }
}

/// The body in two chunks, without the empty one that ends it.
fn chunks(body: &[u8], wire: &mut Vec<u8>) {
    let (first, second) = body.split_at(body.len() / 2);
    for chunk in [first, second].into_iter().filter(|chunk| !chunk.is_empty()) {
        wire.extend(format!("{:x}\r\n", chunk.len()).bytes());
        wire.extend(chunk);
        wire.extend(b"\r\n");
    }
}
