//! SOCKS5: a proxy of that protocol is asked to connect to somebody (RFC 1928), with a password if it wants one (RFC 1929).

use std::io;
use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Whom a proxy is to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    Address(IpAddr),
    Name(String),
}

/// What a proxy answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// What follows is said by the one who was to be connected to.
    Connected,
    /// It takes nobody without a password, or with none of those methods that are known here.
    WantsPassword,
    /// It does not take this user with this password.
    WrongPassword,
    /// There is no connection: a reply of RFC 1928, section 6.
    Refused(u8),
}

/// Greets a proxy, and says who asks if it wants to know that: `None` when it can be asked now. Errors are those of [`ask`].
pub(super) async fn greet(
    proxy: &mut (impl AsyncRead + AsyncWrite + Unpin),
    credentials: Option<(&str, &str)>,
) -> io::Result<Option<Answer>> {
    // A proxy may let somebody in without a password although he has one.
    let methods: &[u8] = if credentials.is_some() { &[NO_PASSWORD, PASSWORD] } else { &[NO_PASSWORD] };
    send(proxy, &[&[VERSION], &short(methods)?[..]].concat()).await?;
    match (method(proxy).await?, credentials) {
        (NO_PASSWORD, _) => {}
        (PASSWORD, Some((user, password))) => {
            send(proxy, &[&[VERSION_OF_PASSWORD][..], &short(user.as_bytes())?, &short(password.as_bytes())?].concat())
                .await?;
            let mut answer = [0; 2];
            proxy.read_exact(&mut answer).await?;
            let [_, status] = answer;
            if status != 0 {
                return Ok(Some(Answer::WrongPassword));
            }
        }
        (NONE_OF_THEM, _) => return Ok(Some(Answer::WantsPassword)),
        _ => return Err(io::ErrorKind::InvalidData.into()),
    }
    Ok(None)
}

/// Asks a proxy that was greeted for a connection, and reads the answer and no byte more. `InvalidData` when it is none of
/// SOCKS5, `UnexpectedEof` when there is none.
///
/// A name is not longer than 255 bytes, nor are user and password.
pub(super) async fn ask(
    proxy: &mut (impl AsyncRead + AsyncWrite + Unpin),
    to: &Destination,
    port: u16,
) -> io::Result<Answer> {
    let mut request = vec![VERSION, CONNECT, 0];
    match to {
        Destination::Address(IpAddr::V4(address)) => request.extend([&[V4][..], &address.octets()].concat()),
        Destination::Address(IpAddr::V6(address)) => request.extend([&[V6][..], &address.octets()].concat()),
        Destination::Name(name) => request.extend([&[NAME][..], &short(name.as_bytes())?].concat()),
    }
    request.extend(port.to_be_bytes());
    send(proxy, &request).await?;
    reply(proxy).await
}

async fn send(proxy: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    proxy.write_all(bytes).await?;
    proxy.flush().await
}

async fn method(proxy: &mut (impl AsyncRead + Unpin)) -> io::Result<u8> {
    let mut answer = [0; 2];
    proxy.read_exact(&mut answer).await?;
    match answer {
        [VERSION, method] => Ok(method),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// The reply, with the address at which the proxy has bound its end: nobody needs that.
async fn reply(proxy: &mut (impl AsyncRead + Unpin)) -> io::Result<Answer> {
    let mut head = [0; 3];
    proxy.read_exact(&mut head).await?;
    let [VERSION, status, _] = head else { return Err(io::ErrorKind::InvalidData.into()) };
    if status != 0 {
        // Some proxies close here, whatever RFC 1928 says of what follows.
        return Ok(Answer::Refused(status));
    }
    let length = match proxy.read_u8().await? {
        V4 => 4,
        V6 => 16,
        NAME => usize::from(proxy.read_u8().await?),
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    let mut bound = vec![0; length + size_of::<u16>()];
    proxy.read_exact(&mut bound).await?;
    Ok(Answer::Connected)
}

/// Bytes behind their number.
fn short(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let length = u8::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    Ok([&[length], bytes].concat())
}

/// What a reply means.
pub(super) fn meaning(reply: u8) -> &'static str {
    match reply {
        1 => "general failure",
        2 => "not allowed by its rules",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "a reply that RFC 1928 does not know",
    }
}

/// The reply for whom its rules do not let anybody connect to.
pub(super) const NOT_ALLOWED: u8 = 2;
/// The reply of who connects to nobody.
pub(super) const NOT_SUPPORTED: u8 = 7;
const VERSION: u8 = 5;
const VERSION_OF_PASSWORD: u8 = 1;
const NO_PASSWORD: u8 = 0;
const PASSWORD: u8 = 2;
const NONE_OF_THEM: u8 = 0xff;
const CONNECT: u8 = 1;
const V4: u8 = 1;
const NAME: u8 = 3;
const V6: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of these answers, one after the other; and what the proxy was sent.
    async fn told(to: Destination, credentials: Option<(&str, &str)>, answers: &[u8]) -> (io::Result<Answer>, Vec<u8>) {
        let (mut near, mut far) = tokio::io::duplex(4096);
        far.write_all(answers).await.unwrap();
        far.shutdown().await.unwrap();
        let answer = match greet(&mut near, credentials).await {
            Ok(None) => ask(&mut near, &to, 443).await,
            Ok(Some(answer)) => Ok(answer),
            Err(error) => Err(error),
        };
        if answer.is_ok() {
            let mut rest = String::new();
            near.read_to_string(&mut rest).await.unwrap();
            assert!(rest.is_empty() || rest == "early", "{rest:?}");
        }
        drop(near);
        let mut asked = Vec::new();
        far.read_to_end(&mut asked).await.unwrap();
        (answer, asked)
    }

    fn v4() -> Destination {
        Destination::Address("192.0.2.1".parse().unwrap())
    }

    #[tokio::test]
    async fn an_address_or_a_name_is_asked_for() {
        let (answer, asked) = told(v4(), None, b"\x05\x00\x05\x00\x00\x01\x7f\0\0\x01\x1f\x90early").await;
        assert_eq!(answer.unwrap(), Answer::Connected);
        assert_eq!(asked, b"\x05\x01\x00\x05\x01\x00\x01\xc0\x00\x02\x01\x01\xbb");
        let v6 = Destination::Address("2001:db8::1".parse().unwrap());
        let (answer, asked) = told(v6, None, &[&b"\x05\x00\x05\x00\x00\x04"[..], &[0; 18]].concat()).await;
        assert_eq!(answer.unwrap(), Answer::Connected);
        assert_eq!(asked[3..], [&b"\x05\x01\x00\x04\x20\x01\x0d\xb8"[..], &[0; 11], b"\x01\x01\xbb"].concat());
        let (answer, asked) = told(Destination::Name("e.com".into()), None, b"\x05\0\x05\0\0\x03\x01a\0\x50").await;
        assert_eq!(answer.unwrap(), Answer::Connected);
        assert_eq!(&asked[3..], b"\x05\x01\x00\x03\x05e.com\x01\xbb");
    }

    #[tokio::test]
    async fn a_password_is_sent_to_who_wants_it() {
        let credentials = Some(("user", "pw"));
        let connected = b"\x05\x00\x00\x01\0\0\0\0\0\0";
        let (answer, asked) = told(v4(), credentials, &[&b"\x05\x02\x01\x00"[..], connected].concat()).await;
        assert_eq!(answer.unwrap(), Answer::Connected);
        assert_eq!(&asked[..13], b"\x05\x02\x00\x02\x01\x04user\x02pw");
        let (answer, asked) = told(v4(), credentials, &[&b"\x05\x00"[..], connected].concat()).await;
        assert_eq!(answer.unwrap(), Answer::Connected);
        assert!(!asked.windows(4).any(|bytes| bytes == b"user"));
        assert_eq!(told(v4(), credentials, b"\x05\x02\x01\x01").await.0.unwrap(), Answer::WrongPassword);
        assert_eq!(told(v4(), None, b"\x05\xff").await.0.unwrap(), Answer::WantsPassword);
    }

    #[tokio::test]
    async fn a_refusal_is_told_apart_from_what_is_no_answer() {
        let (answer, _) = told(v4(), None, b"\x05\x00\x05\x05\x00").await;
        assert_eq!(answer.unwrap(), Answer::Refused(5));
        let kind = async |answers: &[u8]| told(v4(), None, answers).await.0.unwrap_err().kind();
        assert_eq!(kind(b"").await, io::ErrorKind::UnexpectedEof);
        assert_eq!(kind(b"\x05\x00\x05\x00\x00\x01\x7f").await, io::ErrorKind::UnexpectedEof);
        for answers in [&b"HTTP/1.1 400"[..], b"\x04\x00", b"\x05\x02", b"\x05\x00\x04\x00\x00", b"\x05\0\x05\0\0\x09"]
        {
            assert_eq!(kind(answers).await, io::ErrorKind::InvalidData, "{answers:?}");
        }
        let long = Destination::Name("a".repeat(256));
        assert_eq!(told(long, None, b"\x05\x00").await.0.unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
