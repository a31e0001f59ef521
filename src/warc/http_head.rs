//! The heads of an exchange as HTTP/1.1 messages: what the blocks of its records begin with.

use http::Version;

use crate::exchange::{HeaderLine, Received, Sent};

/// The head of a request, with the empty line. Secrets that the crawl has sent are not in it: archives are handed on.
pub(crate) fn request_head(sent: &Sent, host: &str, path_and_query: &str) -> Vec<u8> {
    let mut head = Vec::with_capacity(512);
    head.extend_from_slice(sent.method.as_str().as_bytes());
    head.extend_from_slice(b" ");
    head.extend_from_slice(path_and_query.as_bytes());
    head.extend_from_slice(b" HTTP/1.1\r\n");
    if !sent.headers.iter().any(|line| line.name() == "host") {
        // Over HTTP/2 it is in `:authority` (RFC 9113, section 8.3.1).
        put("host", host.as_bytes(), &mut head);
    }
    for line in sent.headers.iter().filter(|line| !line.is_secret()) {
        put(line.name(), line.value(), &mut head);
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// The head of a response, with the empty line, for a body of so many bytes without transfer coding: `Content-Length`
/// stands where `Transfer-Encoding` was, since tools do not agree on the digest of a body in chunks.
///
/// What came over HTTP/2 is written as HTTP/1.1, as all who write archives do: there is no form of it that could be
/// read line by line.
pub(crate) fn response_head(received: &Received, length: usize) -> Vec<u8> {
    let mut head = Vec::with_capacity(512);
    let version = if received.version == Some(Version::HTTP_10) { "HTTP/1.0" } else { "HTTP/1.1" };
    let usual = received.status.canonical_reason().unwrap_or_default().as_bytes();
    head.extend_from_slice(format!("{version} {} ", received.status.as_u16()).as_bytes());
    head.extend_from_slice(received.reason.as_deref().unwrap_or(usual));
    head.extend_from_slice(b"\r\n");
    let is_coded = received.headers.iter().any(is_transfer_coding);
    let mut is_said = false;
    for line in &received.headers {
        if is_coded && (is_transfer_coding(line) || line.name() == "content-length") {
            if !std::mem::replace(&mut is_said, true) {
                put("content-length", length.to_string().as_bytes(), &mut head);
            }
        } else {
            put(line.name(), line.value(), &mut head);
        }
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn is_transfer_coding(line: &HeaderLine) -> bool {
    line.name() == "transfer-encoding"
}

fn put(name: &str, value: &[u8], to: &mut Vec<u8>) {
    to.extend_from_slice(name.as_bytes());
    to.extend_from_slice(b": ");
    to.extend_from_slice(value);
    to.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::header::{AUTHORIZATION, HeaderName};
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;
    use crate::exchange::RawBody;

    fn text(head: Vec<u8>) -> String {
        String::from_utf8(head).unwrap().replace("\r\n", "|")
    }

    fn response(lines: &[(&'static str, &'static str)]) -> Received {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Received::new(StatusCode::OK, &headers, RawBody::default())
    }

    #[test]
    fn the_length_stands_where_the_transfer_coding_was() {
        let check = |lines: &[(&'static str, &'static str)], expected: &str| {
            assert_eq!(text(response_head(&response(lines), 5)), format!("HTTP/1.1 200 OK|{expected}|"));
        };
        check(&[], "");
        check(&[("a", "1"), ("content-length", "7"), ("b", "2")], "a: 1|content-length: 7|b: 2|");
        check(&[("a", "1"), ("transfer-encoding", "chunked"), ("b", "2")], "a: 1|content-length: 5|b: 2|");
        check(&[("content-length", "7"), ("transfer-encoding", "gzip, chunked")], "content-length: 5|");
    }

    #[test]
    fn no_secret_of_a_request_is_written_and_the_host_always() {
        let mut secret = HeaderValue::from_static("Basic dXNlcjpwYXNz");
        secret.set_sensitive(true);
        let mut headers = HeaderMap::from_iter([(AUTHORIZATION, secret)]);
        headers.insert("x-a", HeaderValue::from_static("1"));
        let sent = Sent::new(Arc::from("http://e.com:81/a?b"), HeaderLine::all(&headers));
        assert_eq!(text(request_head(&sent, "e.com:81", "/a?b")), "GET /a?b HTTP/1.1|host: e.com:81|x-a: 1||");
    }
}
