//! Answers: the response that a record holds, once its digests are found to be right.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{StatusCode, Version};

use crate::exchange::{BodyEnd, Exchange, RawBody, Received, Sent};
use crate::fetch::body::{Collector, MAX_ROBOTS, MAX_SITEMAP, is_wanted};
use crate::fetch::budget::Growing;
use crate::fetch::coding::Stop;
use crate::fetch::decode::Decoder;
use crate::fetch::http::{has_no_body, is_elsewhere};
use crate::fetch::incoming::stopped;
use crate::fetch::{MediaRange, Options};
use crate::media_type::MediaType;
use crate::outcome::{Failure, FailureKind};
use crate::request::{Purpose, Request};
use crate::response::{Body, Response};
use crate::units::format_size;
use crate::warc::{Kind, Message, Record};

/// A head and a body as an archive has them, before content coding is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) status: StatusCode,
    pub(super) version: Option<Version>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Why that is not all, when it is not.
    pub(super) truncated: Option<String>,
}

/// Which bodies are read, and how long they may be: as of requests over the network.
#[derive(Debug)]
pub(super) struct Bounds {
    types: Vec<MediaRange>,
    max_body: u64,
}

impl Stored {
    /// What a record holds; what is wrong with it, for a person.
    pub(super) fn of(record: &Record) -> Result<Self, String> {
        check_block(record)?;
        let truncated = record.truncated().map(str::to_owned);
        if record.kind() == Kind::Resource {
            let content_type = record.fields.get("Content-Type").and_then(|value| HeaderValue::from_str(value).ok());
            let headers = content_type.map(|value| (CONTENT_TYPE, value)).into_iter().collect();
            let body = Bytes::copy_from_slice(&record.block);
            return Ok(Self { status: StatusCode::OK, version: None, headers, body, truncated });
        }
        let message = Message::parse(&record.block).ok_or("the record has no HTTP message")?;
        let status = message.status().and_then(|status| StatusCode::from_u16(status).ok());
        check_payload(record, &message)?;
        Ok(Self {
            status: status.ok_or("the response has no status")?,
            version: version(message.start),
            headers: headers(&message),
            body: Bytes::from(message.payload().into_owned()),
            truncated,
        })
    }

    /// The same head with the body of another record, which `revisit` says to be its own.
    pub(super) fn with_body_of(self, other: Self, revisit: &Record) -> Result<Self, String> {
        // A server that only said that nothing had changed: what had not is the earlier answer.
        let is_head_of_other = self.status == StatusCode::NOT_MODIFIED;
        let digest = revisit.payload_digest().and_then(|digest| digest.is_of(&other.body));
        if digest == Some(false) && !is_head_of_other {
            return Err("the record that it revisits has another body".to_owned());
        }
        Ok(if is_head_of_other { other } else { Self { body: other.body, truncated: other.truncated, ..self } })
    }

    /// The response to a request, with its body decoded within bounds.
    pub(super) fn answer(self, request: &Request, bounds: &Bounds, mut growing: Growing) -> Response {
        let wanted = match request.purpose {
            Purpose::Page => {
                let is_elsewhere = is_elsewhere(self.status, &self.headers);
                !is_elsewhere && is_wanted(MediaType::extract(&self.headers).as_ref(), &bounds.types)
            }
            Purpose::Robots | Purpose::Sitemap => self.status.is_success(),
        };
        let end = if self.truncated.is_some() { BodyEnd::Cut } else { BodyEnd::Whole };
        let raw = request.keep_exchange.then(|| RawBody::new(self.body.clone(), end));
        let body = if !wanted {
            Body::Unwanted
        } else if has_no_body(self.status) {
            Body::Read(Bytes::new())
        } else {
            match Decoder::of(&self.headers) {
                Ok(decoder) => {
                    let limit = bounds.limit(request.purpose);
                    let mut collector = Collector::new(decoder, Some(self.body.len() as u64), limit);
                    let pushed = collector.push(self.body.clone()).and_then(|()| collector.finish());
                    growing.set(collector.held() as u64);
                    let (body, _) = collector.into_parts(growing.keep());
                    self.body(body, pushed, limit, request.purpose)
                }
                Err(failure) => Body::Failed(failure),
            }
        };
        let mut response = Response::new(self.status, self.headers, body);
        response.exchange = raw.map(|raw| {
            let mut received = Received::new(response.status, &response.headers, raw);
            received.version = self.version;
            Box::new(Exchange::new(Sent::new(request.url.to_shared(), Vec::new()), received))
        });
        response
    }

    fn body(&self, body: Bytes, pushed: Result<(), Stop>, limit: u64, purpose: Purpose) -> Body {
        match (pushed, self.truncated.as_deref()) {
            (Ok(()), None) => Body::Read(body),
            (Ok(()) | Err(Stop::Full), _) if purpose != Purpose::Page => Body::Read(body),
            (Err(Stop::Full), _) => Body::Failed(stopped(Stop::Full, limit)),
            // Of a body that was cut off the coding has no end either.
            (_, Some(reason)) => Body::Failed(cut(reason, self.body.len() as u64)),
            (Err(stop), None) => Body::Failed(stopped(stop, limit)),
        }
    }
}

impl Bounds {
    pub(super) fn new(options: &Options) -> Self {
        Self { types: options.content_types.clone(), max_body: options.max_body }
    }

    fn limit(&self, purpose: Purpose) -> u64 {
        match purpose {
            Purpose::Page => self.max_body,
            Purpose::Robots => MAX_ROBOTS,
            Purpose::Sitemap => MAX_SITEMAP,
        }
    }
}

/// What became of a body that an archive has in part (WARC 1.1, section 5.13).
fn cut(reason: &str, kept: u64) -> Failure {
    let kind = match reason {
        "length" => FailureKind::TooLarge,
        "time" => FailureKind::Timeout,
        _ => FailureKind::Reset,
    };
    let kept = format_size(kept);
    Failure::new(kind, format!("the archive has the first {kept} of the body only (WARC-Truncated: {reason})"))
}

/// Compares a block with its digest. What is longer than was read, and a digest of an unknown algorithm, is not compared; nor
/// is a revisit: there are archives (Webrecorder's of 2017) that say of it the digest of the response that it stands for.
fn check_block(record: &Record) -> Result<(), String> {
    if record.kind() == Kind::Revisit {
        return Ok(());
    }
    let is_right = record.block_digest().filter(|_| record.is_whole()).and_then(|digest| digest.is_of(&record.block));
    if is_right == Some(false) { Err("its block has another digest (WARC-Block-Digest)".to_owned()) } else { Ok(()) }
}

/// Compares a body with its digest, when there is none of the block. Programs do not agree whether chunks are part of it.
fn check_payload(record: &Record, message: &Message<'_>) -> Result<(), String> {
    let is_known_by_block = record.block_digest().is_some_and(|digest| digest.is_of(&[]).is_some());
    let is_of_this = record.kind() == Kind::Response && record.is_whole() && !is_known_by_block;
    let Some(digest) = record.payload_digest().filter(|_| is_of_this) else { return Ok(()) };
    let is_right = digest.is_of(message.body) != Some(false) || digest.is_of(&message.payload()) == Some(true);
    if is_right { Ok(()) } else { Err("its body has another digest (WARC-Payload-Digest)".to_owned()) }
}

fn version(start: &[u8]) -> Option<Version> {
    let version = start.split(|byte| *byte == b' ').next()?;
    match version {
        b"HTTP/0.9" => Some(Version::HTTP_09),
        b"HTTP/1.0" => Some(Version::HTTP_10),
        b"HTTP/1.1" => Some(Version::HTTP_11),
        b"HTTP/2" | b"HTTP/2.0" => Some(Version::HTTP_2),
        b"HTTP/3" | b"HTTP/3.0" => Some(Version::HTTP_3),
        _ => None,
    }
}

/// The header lines that are some.
fn headers(message: &Message<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &message.lines {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::Budget;
    use crate::fetch::loopback::page;
    use crate::warc::Records;

    fn record(head: &str, block: &str) -> Record {
        let length = block.len();
        let text = format!("WARC/1.0\r\n{head}Content-Length: {length}\r\n\r\n{block}\r\n\r\n");
        Records::new(text.as_bytes(), crate::warc::Bounds::default()).next().unwrap().unwrap().record
    }

    const RESPONSE: &str = "WARC-Type: response\r\nContent-Type: application/http; msgtype=response\r\n";

    fn body(stored: Result<Stored, String>) -> String {
        let stored = match stored {
            Ok(stored) => stored,
            Err(why) => return why,
        };
        let bounds = Bounds::new(&Options { max_body: 10, ..Options::default() });
        let response = stored.answer(&page("http://e.com/"), &bounds, Budget::new(1000).begin());
        match response.body {
            Body::Read(bytes) => format!("{} {}", response.status.as_u16(), String::from_utf8_lossy(&bytes)),
            Body::Unwanted => format!("{} unwanted", response.status.as_u16()),
            Body::Failed(failure) => failure.to_string(),
        }
    }

    #[test]
    fn a_response_is_read_as_over_the_network() {
        let check = |head: &str, block: &str, expected: &str| {
            assert_eq!(body(Stored::of(&record(&format!("{RESPONSE}{head}"), block))), expected, "{head} {block}");
        };
        check("", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhello", "200 hello");
        check("", "HTTP/1.1 404 No\n\ngone", "404 gone");
        check("", "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\nhello", "200 unwanted");
        check("", "HTTP/1.1 301 No\r\nLocation: /a\r\n\r\nhello", "301 unwanted");
        check("", "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "200 hello");
        check("", "HTTP/1.1 200 OK\r\n\r\nlonger than ten", "too_large: the body is longer than 10B");
        check("", "nothing of HTTP", "the response has no status");
        for (reason, kind) in [("length", "too_large"), ("time", "timeout"), ("disconnect", "reset")] {
            let why = format!("{kind}: the archive has the first 5B of the body only (WARC-Truncated: {reason})");
            check(&format!("WARC-Truncated: {reason}\r\n"), "HTTP/1.1 200 OK\r\n\r\nhello", &why);
        }
    }

    #[test]
    fn a_thing_without_a_head_is_found() {
        let head = "WARC-Type: resource\r\nContent-Type: text/html\r\n";
        assert_eq!(body(Stored::of(&record(head, "hello"))), "200 hello");
    }

    #[test]
    fn what_is_not_as_it_was_written_is_not_believed() {
        let block = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
        let (_, raw) = block.split_once("\r\n\r\n").unwrap();
        let check = |name: &str, of: &str, expected: &str| {
            let digest = crate::warc::Digest::sha1(of.as_bytes());
            let head = format!("{RESPONSE}WARC-{name}-Digest: {digest}\r\n");
            assert_eq!(body(Stored::of(&record(&head, block))), expected);
        };
        check("Block", block, "200 ab");
        check("Block", "other", "its block has another digest (WARC-Block-Digest)");
        // With its chunks and without them.
        check("Payload", raw, "200 ab");
        check("Payload", "ab", "200 ab");
        check("Payload", "other", "its body has another digest (WARC-Payload-Digest)");
    }

    #[test]
    fn a_revisit_has_its_own_head_and_the_body_of_another() {
        let first = Stored::of(&record(RESPONSE, "HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nhello")).unwrap();
        let of = |digest: &str, block: &str| {
            let head = format!(
                "WARC-Type: revisit\r\nContent-Type: application/http\r\nWARC-Payload-Digest: {}\r\n",
                crate::warc::Digest::sha1(digest.as_bytes())
            );
            let revisit = record(&head, block);
            Stored::of(&revisit)?.with_body_of(first.clone(), &revisit)
        };
        assert_eq!(body(of("hello", "HTTP/1.1 404 OK\r\n\r\n")), "404 hello");
        assert_eq!(body(of("other", "HTTP/1.1 200 OK\r\n\r\n")), "the record that it revisits has another body");
        assert_eq!(body(of("", "HTTP/1.1 304 Not Modified\r\n\r\n")), "200 hello");
    }
}
