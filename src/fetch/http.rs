//! HTTP/1.1 and HTTP/2 over one pool of connections.

use bytes::Bytes;
use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use hyper::ext::ReasonPhrase;
use hyper_util::client::legacy::connect::HttpInfo;
use tokio::time::{Instant, timeout_at};

use super::body::{MAX_ROBOTS, MAX_SITEMAP, is_wanted};
use super::budget::Budget;
use super::client::Client;
use super::cookies::Jar;
use super::decode::Decoder;
use super::failure::{self, Phase};
use super::guard::bare_name;
use super::headers::RequestHeaders;
use super::incoming::{Deadlines, Incoming};
use super::knock::Knocks;
use super::last_url::{LastUrl, no_name};
use super::pool::{Claim, Pool};
use super::proxy::{AddressBehind, ProxyDns};
use super::resolver::Resolver;
use super::reuse::{self, Connection};
use super::told::NoAnswer;
use super::ways::Ways;
use super::{
    AddressGuard, Credentials, Fetch, Fetching, Knocking, LookingUp, MediaRange, Options, Overrides, SavedCookies,
    SavedSeedName, TryingOut,
};
use crate::error::Result;
use crate::exchange::{BodyEnd, Exchange, LookedUp, RawBody, Received, Sent};
use crate::media_type::MediaType;
use crate::outcome::{Failure, FailureKind};
use crate::request::{Extent, Purpose, Request, Validators};
use crate::response::{Body, Response, is_redirect};
use crate::url::{CrawlUrl, HostPattern};

/// Asks hosts over the network.
///
/// One call is one request that a host has taken: redirects are not followed and nothing is retried, except what the
/// host has not looked at, or may not have:
/// - a request which found its connection closed or given to another before a byte of it was sent;
/// - an HTTP/2 stream that was refused or that came after a GOAWAY (RFC 9113, section 8.7). hyper cannot always tell the
///   latter from the one stream that it was about to open when the GOAWAY came, so that one may be asked for twice;
/// - a request on a kept connection that ended before the answer, or was answered with 408: the host closes such
///   connections when it likes, and GET may be repeated (RFC 9112, section 9.3.1; RFC 9110, sections 9.2.2 and 15.5.9).
///   Once, over a new connection;
/// - a request that the host wants over HTTP/1.1 (RFC 9113, section 7), or whose answer over HTTP/2 is malformed. When
///   that goes well, its origin is asked so from then on.
///
/// # Heads
/// What is no header line is left out, and the response is read (RFC 9110, section 5.5, lets a recipient choose). A NUL
/// or a bare CR makes a head malformed all the same. A head may have 2,048 lines and be 256 KiB long over HTTP/2, 408 KiB
/// over HTTP/1.1.
///
/// # Proxies
/// Those of the options are used, each request by the next of them, and none of the environment. What the address guard
/// promises holds behind them as well: see [`ProxyDns`](super::ProxyDns). What keeps a proxy from letting a request
/// through is a [`FailureKind::Proxy`], once no other lets it through.
///
/// # Deadlines
/// `connect_timeout` covers the name, the connection and TLS; `first_byte_timeout` counts from the start of the request
/// to the response headers; `idle_timeout` from chunk to chunk of the body; `timeout` covers all of it. The message of
/// a [`FailureKind::Timeout`] says which one it was.
///
/// # Cancel safety
/// Dropping the future ends the request; a connection with an unread response is closed.
#[derive(Debug)]
pub struct Http {
    ways: Ways,
    guard: AddressGuard,
    resolver: Resolver,
    knocks: Knocks,
    headers: RequestHeaders,
    last: LastUrl,
    /// `None` when cookies are not to be kept.
    cookies: Option<Jar>,
    types: Vec<MediaRange>,
    /// The types of bodies that are read as they come when an exchange is kept, beside those that are wanted.
    archived: Vec<MediaRange>,
    deadlines: Deadlines,
    max_body: u64,
    budget: Budget,
    /// Whether names are looked up by this process.
    names_stay_here: bool,
}

impl Http {
    /// A client for a crawl of these seeds: their hosts may be asked wherever they are, and only their origins get
    /// credentials and cookies. [`Error::Internal`](crate::error::Error::Internal) when there can be no HTTP client.
    pub fn new(options: &Options, seeds: &[CrawlUrl], credentials: &[Credentials]) -> Result<Self> {
        Self::archiving(options, seeds, credentials, &[])
    }

    /// The same client for an archive, unless `types` is empty: with each exchange that is kept comes its whole body, as
    /// long as it may be and of one of these types, also when the crawl itself does not want it. No coding is asked for
    /// that the readers of archives do not know, and what names stand for is noted.
    pub fn archiving(
        options: &Options,
        seeds: &[CrawlUrl],
        credentials: &[Credentials],
        types: &[MediaRange],
    ) -> Result<Self> {
        let guard = AddressGuard::new(&options.allow_hosts, seeds);
        let mut resolver = Resolver::new(guard.clone());
        let mut headers = RequestHeaders::new(options, seeds, credentials);
        if !types.is_empty() {
            (resolver, headers) = (resolver.noting(), headers.archiving());
        }
        Ok(Self {
            names_stay_here: options.proxy.is_empty() || options.proxy_dns == ProxyDns::Here,
            ways: Ways::new(options, &resolver, headers.everywhere())?,
            guard,
            resolver,
            knocks: Knocks::default(),
            headers,
            last: LastUrl::default(),
            cookies: Jar::of(options)?,
            types: options.content_types.clone(),
            archived: types.to_vec(),
            deadlines: Deadlines::new(options),
            max_body: options.max_body,
            budget: Budget::new(options.max_buffered),
        })
    }

    /// The same client, with what is said of single hosts.
    #[must_use]
    pub fn with_hosts(self, tables: impl IntoIterator<Item = (HostPattern, Overrides)>) -> Self {
        Self { headers: self.headers.with_hosts(tables), ..self }
    }

    /// The same client, whose bodies share this budget with others: in place of one of `max_buffered` bytes.
    #[must_use]
    pub fn sharing(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// Keeps at most so many connections for later requests, over all hosts, in as much memory as the options say.
    /// Without room the idle ones are closed, and a request closes its own when it is done. Default: no bound of their
    /// number; each holds a file descriptor.
    #[must_use]
    pub fn keep_alive(mut self, connections: usize) -> Self {
        self.ways.keep_at_most(connections);
        self
    }

    /// The guard that looks at every address before it is connected to.
    pub fn guard(&self) -> &AddressGuard {
        &self.guard
    }

    async fn ask(&self, request: &Request) -> Result<Response, Failure> {
        let url = &request.url;
        if let Some(refusal) = self.guard.refuses(url) {
            return Err((&refusal).into());
        }
        let (claim, mut incoming) = self.send_in_turn(request).await.inspect_err(|failure| {
            if failure.kind == FailureKind::Resources {
                self.ways.close_idle();
            }
        })?;
        let status = incoming.response.status();
        // Its body is not there yet.
        let own = incoming.own.take();
        let exchange = own.map(|own| Box::new(self.exchange(url, own, &incoming.response)));
        let headers = std::mem::take(incoming.response.headers_mut());
        let wanted = match request.purpose {
            Purpose::Page => {
                request.extent == Extent::Whole
                    && !is_elsewhere(status, &headers)
                    && is_wanted(MediaType::extract(&headers).as_ref(), &self.types)
            }
            // Whatever is not a success is judged by its status alone.
            Purpose::Robots | Purpose::Sitemap => status.is_success(),
        };
        let is_archived = request.keep_exchange && is_archived(&headers, &self.archived);
        let (body, raw) = if !wanted && is_archived {
            (Body::Unwanted, self.read_raw(incoming, request, &claim).await)
        } else if !wanted {
            (Body::Unwanted, incoming.leave(request).await)
        } else if has_no_body(status) {
            (Body::Read(Bytes::new()), RawBody::new(Bytes::new(), BodyEnd::Whole))
        } else {
            match Decoder::of(&headers) {
                Ok(decoder) => {
                    let (body, raw, taken) =
                        incoming.read(decoder, self.limit(request.purpose), request, self.budget.begin()).await;
                    claim.has_read(taken);
                    (body, raw)
                }
                Err(failure) if is_archived => (Body::Failed(failure), self.read_raw(incoming, request, &claim).await),
                Err(failure) => (Body::Failed(failure), RawBody::default()),
            }
        };
        let mut response = Response::new(status, headers, body);
        response.exchange = exchange.map(|mut exchange| {
            exchange.response.body = raw;
            exchange
        });
        Ok(response)
    }

    /// Reads a body as it comes: the crawl has no use for it, but an archive has.
    async fn read_raw(&self, incoming: Incoming, request: &Request, claim: &Claim<'_>) -> RawBody {
        let (_, raw, taken) = incoming.read(None, self.max_body, request, self.budget.begin()).await;
        claim.has_read(taken);
        raw
    }

    /// How much of a body is read.
    fn limit(&self, purpose: Purpose) -> u64 {
        match purpose {
            Purpose::Page => self.max_body,
            Purpose::Robots => MAX_ROBOTS,
            Purpose::Sitemap => MAX_SITEMAP,
        }
    }

    /// What was sent, and the head that came back.
    fn exchange(&self, url: &CrawlUrl, own: HeaderMap, response: &http::Response<reqwest::Body>) -> Exchange {
        let (version, status) = (response.version(), response.status());
        let mut received = Received::new(status, response.headers(), RawBody::default());
        received.version = Some(version);
        received.address = match response.extensions().get() {
            Some(AddressBehind(address)) => *address,
            None => response.extensions().get::<HttpInfo>().map(|info| info.remote_addr().ip()),
        };
        if version <= Version::HTTP_11 {
            // hyper names only one that is not the usual one of its status.
            let named =
                response.extensions().get::<ReasonPhrase>().map(|reason| Bytes::copy_from_slice(reason.as_bytes()));
            let usual = || status.canonical_reason().map(|reason| Bytes::from_static(reason.as_bytes()));
            received.reason = named.or_else(usual);
        }
        Exchange::new(Sent::new(url.to_shared(), self.headers.sent(url, own, version)), received)
    }

    fn add_cookies(&self, outgoing: &mut reqwest::Request) {
        if let Some(jar) = &self.cookies {
            let mut headers = std::mem::take(outgoing.headers_mut());
            jar.add(outgoing.url(), &mut headers);
            *outgoing.headers_mut() = headers;
        }
    }

    /// Sends a request the next way, and the ones behind it as long as nothing has come through.
    async fn send_in_turn(&self, request: &Request) -> Result<(Claim<'_>, Incoming), Failure> {
        let mut tried = self.ways.tried();
        for way in self.ways.in_turn() {
            let claim = way.pool.claim(request.url.origin());
            let sent = self.send(&way.pool, claim.client.clone(), request).await;
            if let Some(ended) = tried.ended(way, sent) {
                return ended.map(|incoming| (claim, incoming));
            }
        }
        Err(tried.exhausted())
    }

    /// Asks until the host has taken the request: see [`Http`].
    async fn send(&self, pool: &Pool, mut client: Client, request: &Request) -> Result<Incoming, NoAnswer> {
        let (url, deadlines) = (&request.url, self.deadlines);
        let start = Instant::now();
        let end = start + deadlines.whole;
        let (mut not_taken, mut is_repeated, mut is_http1) = (0, false, false);
        loop {
            let mut outgoing = reqwest::Request::new(method(request), self.last.next(url).ok_or_else(no_name)?);
            self.headers.add_own(url, outgoing.headers_mut());
            self.add_cookies(&mut outgoing);
            if let Some(validators) = &request.validators {
                add_validators(validators, outgoing.headers_mut());
            }
            let own = request.keep_exchange.then(|| outgoing.headers().clone());
            let watched = reuse::watch(client.execute(outgoing));
            let Ok((answer, connection)) = timeout_at(end.min(start + deadlines.first_byte), watched).await else {
                return Err(deadlines.no_head().into());
            };
            let may_repeat = connection == Connection::Reused && !is_repeated;
            match answer {
                Ok(response) if may_repeat && response.status() == StatusCode::REQUEST_TIMEOUT => {
                    (is_repeated, client) = (true, pool.fresh(url.origin()));
                }
                Ok(response) => {
                    if is_http1 {
                        pool.use_http1(url.origin());
                    }
                    if let Some(jar) = &self.cookies {
                        jar.take_from(url, response.headers());
                    }
                    return Ok(Incoming { response, own, end, deadlines });
                }
                Err(error) if not_taken < NOT_TAKEN && failure::is_not_taken(&error.lost()) => not_taken += 1,
                Err(error) if may_repeat && failure::is_cut_off(&error.lost()) => {
                    (is_repeated, client) = (true, pool.fresh(url.origin()));
                }
                Err(error) if !is_http1 && failure::is_for_http1(&error.lost()) => {
                    (is_http1, client) = (true, pool.fresh_http1());
                }
                Err(error) => {
                    let phase = Phase::Head { host: url.host(), connect_timeout: deadlines.connect };
                    return Err(NoAnswer::of(failure::classify(error.lost(), phase), error.as_ref()));
                }
            }
        }
    }
}

impl Fetch for Http {
    fn fetch<'a>(&'a self, request: &'a Request) -> Fetching<'a> {
        Box::pin(self.ask(request))
    }

    fn take_cookies(&self) -> Vec<SavedCookies> {
        self.cookies.as_ref().map(Jar::take_changed).unwrap_or_default()
    }

    fn restore_cookies(&self, saved: &SavedCookies) {
        if let Some(jar) = &self.cookies {
            jar.restore(saved);
        }
    }

    fn addresses<'a>(&'a self, url: &'a CrawlUrl) -> LookingUp<'a> {
        Box::pin(async move {
            if !self.names_stay_here {
                return Vec::new();
            }
            let found = self.resolver.addresses(url.host_name());
            timeout_at(Instant::now() + self.deadlines.connect, found).await.unwrap_or_default()
        })
    }

    fn knock<'a>(&'a self, url: &'a CrawlUrl) -> Knocking<'a> {
        Box::pin(async move {
            // Behind a proxy nobody can be knocked at: that somebody is there, the proxy may say also of who is not.
            if self.ways.are_proxied() || self.guard.refuses(url).is_some() {
                return false;
            }
            let looked_up = self.knocks.look_up(self.resolver.addresses(bare_name(url)));
            let addresses = timeout_at(Instant::now() + self.deadlines.connect, looked_up).await.unwrap_or_default();
            self.knocks.answers(&addresses, url.port().unwrap_or(url.scheme().port())).await
        })
    }

    fn leave(&self, url: &CrawlUrl) {
        self.ways.leave(url.origin());
    }

    fn try_out<'a>(&'a self, url: &'a CrawlUrl) -> TryingOut<'a> {
        Box::pin(self.ways.try_out(bare_name(url), url.port().unwrap_or(url.scheme().port())))
    }

    fn take_lookups(&self) -> Vec<LookedUp> {
        self.resolver.take_noted()
    }

    fn take_seed_names(&self) -> Vec<SavedSeedName> {
        self.guard.take_seed_names()
    }

    fn restore_seed_name(&self, saved: &SavedSeedName) {
        self.guard.restore_seed_name(saved);
    }
}

/// How a request asks.
fn method(request: &Request) -> Method {
    if request.extent == Extent::HeadOnly { Method::HEAD } else { Method::GET }
}

/// Whether what was asked for is elsewhere, or where it was. A redirect that does not say where is a page: browsers show
/// its body.
pub(super) fn is_elsewhere(status: StatusCode, headers: &HeaderMap) -> bool {
    status == StatusCode::NOT_MODIFIED || is_redirect(status) && headers.contains_key(LOCATION)
}

/// Asks whether what is known still holds, by all that the host has said of it: of the two, it goes by the `ETag` (RFC 9110,
/// section 13.2.2). What settings send under these names goes first.
fn add_validators(validators: &Validators, to: &mut HeaderMap) {
    for (name, value) in [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)] {
        if let Some(Ok(value)) = value.as_deref().map(HeaderValue::from_str) {
            to.entry(name).or_insert(value);
        }
    }
}

/// Whether a body of such a response goes into an archive. `types` is empty when there is none.
fn is_archived(headers: &HeaderMap, types: &[MediaRange]) -> bool {
    !types.is_empty() && is_wanted(MediaType::extract(headers).as_ref(), types)
}

pub(super) fn has_no_body(status: StatusCode) -> bool {
    status == StatusCode::NO_CONTENT || status == StatusCode::RESET_CONTENT
}

/// How often a request that a host has not taken is made again at once: connections may end one after the other.
const NOT_TAKEN: u32 = 3;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::exchange::HeaderLine;
    use crate::fetch::decode::tests::gzip;
    use crate::fetch::loopback::{Loopback, Then, page, url};
    use crate::fetch::pool::MAX_HEADER_LINES;

    fn options() -> Options {
        Options { max_body: 1000, allow_hosts: vec!["127.0.0.0/8".parse().unwrap()], ..Options::default() }
    }

    /// The answer to one request, as `status body` or `kind: message` with the port left out.
    async fn answer(options: &Options, server: &Loopback) -> String {
        show(Http::new(options, &[], &[]).unwrap().fetch(&server.page("/a?b=1")).await, server)
    }

    fn show(answer: Result<Response, Failure>, server: &Loopback) -> String {
        match answer {
            Ok(Response { status, body: Body::Read(body), .. }) => {
                format!("{} {}", status.as_u16(), String::from_utf8_lossy(&body))
            }
            Ok(Response { status, body: Body::Unwanted, .. }) => format!("{} unwanted", status.as_u16()),
            Ok(Response { body: Body::Failed(failure), .. }) | Err(failure) => {
                failure.to_string().replace(&server.address.to_string(), "HOST")
            }
        }
    }

    fn kind(answer: Result<Response, Failure>) -> FailureKind {
        match answer {
            Ok(Response { body: Body::Failed(failure), .. }) | Err(failure) => failure.kind,
            Ok(response) => panic!("no failure: {response:?}"),
        }
    }

    async fn check(bytes: impl AsRef<[u8]>, then: Then, expected: &str) {
        let server = Loopback::start(bytes, then).await;
        assert_eq!(answer(&options(), &server).await, expected);
    }

    #[tokio::test]
    async fn a_body_is_read_to_its_end() {
        let close = Then::Close;
        check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Then::Continue, "200 hello").await;
        check("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", Then::Continue, "404 gone").await;
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            close,
            "200 hello",
        )
        .await;
        check("HTTP/1.0 200 OK\r\nX-Folded: a\r\n b\r\n\r\nhello", close, "200 hello").await;
        check("HTTP/1.1 204 No Content\r\n\r\n", Then::Continue, "204 ").await;
    }

    #[tokio::test]
    async fn a_connection_that_breaks_says_where() {
        check("", Then::Reset, "reset: the connection was reset before the response headers were complete").await;
        check("", Then::Close, "reset: the connection was closed before the response headers were complete").await;
        let head = "HTTP/1.1 200 OK\r\nContent-Le";
        check(head, Then::Close, "reset: the connection was closed before the response headers were complete").await;
        let body = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello";
        check(body, Then::Reset, "reset: the connection was reset after 5 of 500 bytes").await;
        check(body, Then::Close, "protocol: the connection was closed after 5 of 500 bytes").await;
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhello";
        check(chunked, Then::Close, "protocol: the connection was closed after 5 bytes").await;
    }

    #[tokio::test]
    async fn what_is_not_http_is_a_protocol_failure() {
        let kind_of = async |bytes: &str| {
            let server = Loopback::start(bytes, Then::Close).await;
            kind(Http::new(&options(), &[], &[]).unwrap().fetch(&server.page("/")).await)
        };
        assert_eq!(kind_of("220 smtp.example ready\r\n\r\n").await, FailureKind::Protocol);
        assert_eq!(kind_of("HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello").await, FailureKind::Protocol);
        // RFC 9110, section 5.5: a NUL makes the message one to reject.
        assert_eq!(kind_of("HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n").await, FailureKind::Protocol);
        let broken = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello";
        assert_eq!(kind_of(broken).await, FailureKind::Protocol);
    }

    #[tokio::test]
    async fn a_line_that_is_no_header_costs_that_line_only() {
        for line in
            [": nameless", "X-A : b", "X A: b", "no colon", "Set-Cookie: a=b\u{1}c", " folded: b", "(x): y", "X-Ä: b"]
        {
            let answer = format!("HTTP/1.1 200 OK\r\n{line}\r\nContent-Length: 5\r\n\r\nhello");
            check(answer, Then::Continue, "200 hello").await;
        }
        let server = Loopback::start("HTTP/1.1 200 OK\r\nX-A \t: b\r\nContent-Length: 0\r\n\r\n", Then::Close).await;
        let response = Http::new(&options(), &[], &[]).unwrap().fetch(&server.page("/")).await.unwrap();
        assert_eq!(response.headers.get("x-a").unwrap(), "b");
    }

    #[tokio::test]
    async fn a_head_may_be_long_and_have_many_lines() {
        for (lines, length) in [(101, 0), (MAX_HEADER_LINES - 1, 40), (1, 250 << 10)] {
            let lines: Vec<_> = (0..lines).map(|n| format!("X-{n}: {}\r\n", "a".repeat(length))).collect();
            let lines = lines.concat();
            check(format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: 5\r\n\r\nhello"), Then::Close, "200 hello").await;
        }
        for endless in ["X-A: ".to_owned() + &"a".repeat(1 << 20), "X-A: b\r\n".repeat(MAX_HEADER_LINES + 1)] {
            let server = Loopback::start(format!("HTTP/1.1 200 OK\r\n{endless}\r\n\r\n"), Then::Hang).await;
            let answer = Http::new(&options(), &[], &[]).unwrap().fetch(&server.page("/")).await;
            assert_eq!(kind(answer), FailureKind::Protocol);
        }
    }

    #[tokio::test]
    async fn a_request_whose_kept_connection_ends_is_made_again_over_a_new_one() {
        for then in [Then::CloseOnNext, Then::TimeOutNext] {
            let server = Loopback::start("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", then).await;
            let http = Http::new(&options(), &[], &[]).unwrap();
            for purpose in [Purpose::Robots, Purpose::Sitemap, Purpose::Page, Purpose::Page] {
                let request = Request { purpose, ..server.page("/") };
                assert_eq!(show(http.fetch(&request).await, &server), "200 hello");
            }
            assert_eq!(server.heads().len(), 4, "each was answered once");
        }
    }

    #[tokio::test]
    async fn a_request_whose_own_connection_ends_is_not_made_again() {
        let server = Loopback::start("", Then::Close).await;
        assert_eq!(kind(Http::new(&options(), &[], &[]).unwrap().fetch(&server.page("/")).await), FailureKind::Reset);
        assert_eq!(server.heads().len(), 1);
        let timed_out = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
        let server = Loopback::start(timed_out, Then::Continue).await;
        assert_eq!(answer(&options(), &server).await, "408 ");
        assert_eq!(server.heads().len(), 1);
    }

    #[tokio::test]
    async fn each_deadline_names_itself() {
        let short = Duration::from_millis(50);
        let check = async |options: Options, bytes: &str, expected: &str| {
            let server = Loopback::start(bytes, Then::Hang).await;
            assert_eq!(answer(&options, &server).await, expected);
        };
        let body = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello";
        let first_byte = Options { first_byte_timeout: short, ..options() };
        check(first_byte, "", "timeout: no response headers within 50ms").await;
        let idle = Options { idle_timeout: short, ..options() };
        check(idle, body, "timeout: the body paused for more than 50ms").await;
        let whole = Options { timeout: short, ..options() };
        check(whole.clone(), "", "timeout: the request took more than 50ms").await;
        check(whole, body, "timeout: the request took more than 50ms").await;
    }

    #[tokio::test]
    async fn the_connect_deadline_covers_tls() {
        // A listener that nobody accepts from: TCP connects, TLS never answers.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let options = Options { connect_timeout: Duration::from_millis(50), ..options() };
        let request = page(&format!("https://{}/", silent.local_addr().unwrap()));
        let failure = Http::new(&options, &[], &[]).unwrap().fetch(&request).await.unwrap_err();
        assert_eq!(failure.to_string(), "timeout: no connection within 50ms");
    }

    #[tokio::test]
    async fn a_refused_connection_names_the_host() {
        // Bound, so that nobody else gets the port, and not listening.
        let closed = tokio::net::TcpSocket::new_v4().unwrap();
        closed.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let free = closed.local_addr().unwrap();
        let request = page(&format!("http://{free}/"));
        let failure = Http::new(&options(), &[], &[]).unwrap().fetch(&request).await.unwrap_err();
        assert_eq!(failure.to_string(), format!("connect: connection refused ({free})"));
    }

    #[tokio::test]
    async fn a_server_without_tls_is_a_tls_failure() {
        let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let request = page(&format!("https://{}/", plain.local_addr().unwrap()));
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = plain.accept().unwrap();
            std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            drop(std::io::Read::read_to_end(&mut stream, &mut Vec::new()));
        });
        let failure = Http::new(&options(), &[], &[]).unwrap().fetch(&request).await.unwrap_err();
        assert_eq!(failure.to_string(), "tls: the server does not speak TLS on this port");
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn a_name_without_address_is_a_dns_failure() {
        // No label is longer than 63 bytes, so no name server is asked.
        let request = page(&format!("http://{}/", "a".repeat(64)));
        let failure = Http::new(&options(), &[], &[]).unwrap().fetch(&request).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Dns);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_too_large() {
        let limit = "too_large: the body is longer than 1000B";
        check("HTTP/1.1 200 OK\r\n\r\n", Then::Flood, limit).await;
        let announced = "too_large: the body is 1001B long; at most 1000B are read";
        check("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", Then::Hang, announced).await;
        let bomb = gzip(&vec![0; 10 << 20]);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bomb.len());
        check([head.as_bytes(), &bomb].concat(), Then::Hang, limit).await;
    }

    #[tokio::test]
    async fn encoded_bodies_are_decoded() {
        let encoded = gzip(b"hello");
        let head = |length: usize| {
            format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n").into_bytes()
        };
        check([head(encoded.len()), encoded.clone()].concat(), Then::Continue, "200 hello").await;
        check([head(9), encoded[..9].to_vec()].concat(), Then::Close, "decode: the gzip data ends too early").await;
        check(head(0), Then::Continue, "200 ").await;
        let no_coding = "HTTP/1.1 200 OK\r\nContent-Encoding: utf-8\r\nContent-Length: 1\r\n\r\na";
        check(no_coding, Then::Continue, "200 a").await;
        let unread = "HTTP/1.1 200 OK\r\nContent-Encoding: compress\r\nContent-Length: 1\r\n\r\na";
        check(unread, Then::Continue, "decode: content-encoding `compress` is not supported").await;
    }

    /// The exchange of one request for `/a?b=1` with these header lines of our own, and the head that the server saw.
    async fn exchange(answer: impl AsRef<[u8]>, then: Then, own: &[(&str, &str)]) -> (Exchange, String) {
        let server = Loopback::start(answer, then).await;
        let own: BTreeMap<_, _> = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let headers = own.try_into().unwrap();
        let http = Http::new(&Options { headers, ..options() }, &[server.page("/").url], &[]).unwrap();
        let mut request = server.page("/a?b=1");
        assert!(http.fetch(&request).await.unwrap().exchange.is_none(), "nobody has asked for it");
        request.keep_exchange = true;
        let exchange = http.fetch(&request).await.unwrap().exchange.unwrap();
        (*exchange, server.heads().last().unwrap().clone())
    }

    #[tokio::test]
    async fn an_exchange_has_the_head_of_the_request_as_the_server_saw_it() {
        let own = [("X-Team", "search"), ("Cookie", "a=1"), ("Accept-Language", "de")];
        let (Exchange { request, .. }, seen) =
            exchange("HTTP/1.1 200 OK\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n", Then::Continue, &own).await;
        assert!(seen.contains("cookie: a=1; b=2"), "{seen}");
        let (path, lines) = (format!("{} /a?b=1 HTTP/1.1", request.method), request.headers.iter());
        let lines = lines.map(|line| format!("{}: {}", line.name(), str::from_utf8(line.value()).unwrap()));
        let said: Vec<_> = std::iter::once(path).chain(lines).collect();
        let seen: Vec<_> = seen.lines().skip(1).filter(|line| !line.is_empty()).collect();
        assert_eq!(said, seen);
        assert!(request.url.starts_with("http://127.0.0.1:") && request.url.ends_with("/a?b=1"), "{}", request.url);
        let secrets: Vec<_> = request.headers.iter().filter(|line| line.is_secret()).map(HeaderLine::name).collect();
        assert_eq!(secrets, ["cookie"]);
    }

    #[tokio::test]
    async fn an_exchange_has_the_response_before_its_coding_is_undone() {
        let encoded = gzip(b"hello");
        let head =
            "HTTP/1.1 200 Fine\r\nX-B: 1\r\nContent-Encoding: gzip\r\nX-B: 2\r\nTransfer-Encoding: chunked\r\n\r\n";
        let (start, rest) = encoded.split_at(7);
        let mut answer = head.as_bytes().to_vec();
        for chunk in [start, rest] {
            answer.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
            answer.extend([chunk, b"\r\n"].concat());
        }
        answer.extend(b"0\r\n\r\n");
        let (Exchange { response, .. }, _) = exchange(answer, Then::Continue, &[]).await;
        assert_eq!((response.version, response.status.as_u16()), (Some(Version::HTTP_11), 200));
        assert_eq!(response.reason.as_deref(), Some(&b"Fine"[..]));
        let lines: Vec<_> =
            response.headers.iter().map(|line| (line.name(), str::from_utf8(line.value()).unwrap())).collect();
        let expected = [("x-b", "1"), ("x-b", "2"), ("content-encoding", "gzip"), ("transfer-encoding", "chunked")];
        assert_eq!(lines, expected);
        assert_eq!(response.body, RawBody::new(encoded.into(), BodyEnd::Whole));
    }

    #[tokio::test]
    async fn an_exchange_says_how_far_its_body_was_read() {
        let check = async |answer: &[u8], then: Then, bytes: &[u8], end: BodyEnd| {
            let body = exchange(answer, then, &[]).await.0.response.body;
            assert_eq!(body, RawBody::new(Bytes::copy_from_slice(bytes), end), "{}", String::from_utf8_lossy(answer));
        };
        let plain = b"HTTP/1.0 404 Not Found\r\n\r\ngone";
        check(plain, Then::Close, b"gone", BodyEnd::Whole).await;
        let redirect = b"HTTP/1.1 301 Moved\r\nLocation: /b\r\nContent-Length: 5\r\n\r\nmoved";
        check(redirect, Then::Continue, b"moved", BodyEnd::Whole).await;
        let broken = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel";
        check(broken, Then::Close, b"hel", BodyEnd::Cut).await;
        let image = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 99999\r\n\r\n";
        check(image, Then::Hang, b"", BodyEnd::NotRead).await;
        let long = [b"HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 1001][..]].concat();
        check(&long, Then::Close, &[b'x'; 1000], BodyEnd::Cut).await;
        let mislabelled = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nhtml";
        check(mislabelled, Then::Continue, b"html", BodyEnd::Whole).await;
        let damaged = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x07\x00";
        check(damaged, Then::Continue, b"\x1f\x8b\x07\x00", BodyEnd::Cut).await;
        let unread = b"HTTP/1.1 200 OK\r\nContent-Encoding: compress\r\nContent-Length: 1\r\n\r\na";
        check(unread, Then::Continue, b"", BodyEnd::NotRead).await;
    }

    #[tokio::test]
    async fn the_exchange_of_a_request_that_was_made_again_is_that_of_the_last_time() {
        for then in [Then::CloseOnNext, Then::TimeOutNext] {
            let server = Loopback::start("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", then).await;
            let http = Http::new(&options(), &[], &[]).unwrap();
            let request = Request { keep_exchange: true, ..server.page("/") };
            for _ in 0..2 {
                let Exchange { request, response } = *http.fetch(&request).await.unwrap().exchange.unwrap();
                let names: Vec<_> = request.headers.iter().map(HeaderLine::name).collect();
                assert_eq!(names, ["accept", "user-agent", "accept-encoding", "host"]);
                assert_eq!((response.status.as_u16(), response.body.end), (200, BodyEnd::Whole));
                assert_eq!(response.body.bytes, "hello");
            }
        }
    }

    #[tokio::test]
    async fn the_usual_reason_phrase_is_known_and_http_1_0_too() {
        let (Exchange { response, .. }, _) = exchange("HTTP/1.0 404 Not Found\r\n\r\n", Then::Close, &[]).await;
        assert_eq!((response.version, response.reason.as_deref()), (Some(Version::HTTP_10), Some(&b"Not Found"[..])));
    }

    #[tokio::test]
    async fn unwanted_bodies_are_not_downloaded() {
        let endless = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n";
        check(endless, Then::Flood, "200 unwanted").await;
        let long = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 99999999\r\n\r\n";
        check(long, Then::Hang, "200 unwanted").await;
        let encoded =
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Encoding: compress\r\nContent-Length: 1\r\n\r\na";
        check(encoded, Then::Hang, "200 unwanted").await;
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_its_connection_is_used_again() {
        let redirect = "HTTP/1.1 301 Moved\r\nLocation: /b\r\nContent-Length: 5\r\n\r\nmoved";
        let server = Loopback::start(redirect, Then::Continue).await;
        let http = Http::new(&options(), &[], &[]).unwrap();
        for _ in 0..3 {
            let response = http.fetch(&server.page("/a")).await.unwrap();
            assert_eq!(response.headers.get("location").unwrap(), "/b");
            assert_eq!(response.body, Body::Unwanted);
        }
        let heads = server.heads();
        assert_eq!(heads.len(), 3);
        assert!(heads.iter().all(|head| *head == heads[0]), "one connection: {heads:?}");
    }

    #[tokio::test]
    async fn a_sitemap_is_read_whatever_its_type_and_beyond_the_limit_of_pages() {
        let sitemap = "x".repeat(5000);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {}\r\n\r\n", sitemap.len());
        let server = Loopback::start(head + &sitemap, Then::Continue).await;
        let request = Request { purpose: Purpose::Sitemap, ..server.page("/sitemap.xml") };
        let response = Http::new(&options(), &[], &[]).unwrap().fetch(&request).await.unwrap();
        assert_eq!(response.body, Body::Read(sitemap.into()));
    }

    #[tokio::test]
    async fn robots_txt_is_read_to_its_limit() {
        let robots = async |bytes: &str, then: Then| {
            let server = Loopback::start(bytes, then).await;
            let request = Request { purpose: Purpose::Robots, ..server.page("/robots.txt") };
            Http::new(&options(), &[], &[]).unwrap().fetch(&request).await.unwrap().body
        };
        let image = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(robots(image, Then::Continue).await, Body::Read("hello".into()));
        let endless = robots("HTTP/1.1 200 OK\r\n\r\n", Then::Flood).await;
        assert_eq!(endless.bytes().unwrap().len() as u64, MAX_ROBOTS);
        let missing = "HTTP/1.1 404 Not Found\r\nContent-Encoding: compress\r\nContent-Length: 1\r\n\r\na";
        assert_eq!(robots(missing, Then::Continue).await, Body::Unwanted);
    }

    #[tokio::test]
    async fn requests_carry_the_headers_of_the_options() {
        let server = Loopback::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Then::Continue).await;
        let mut options = Options { user_agent: "test/1".parse().unwrap(), ..options() };
        options.headers.insert("Cookie", "session=1").unwrap();
        options.headers.insert("Accept", "text/plain").unwrap();
        let request = server.page("/a?b=1");
        for seeds in [vec![], vec![request.url.clone()]] {
            Http::new(&options, &seeds, &[]).unwrap().fetch(&request).await.unwrap();
        }
        let heads = server.heads();
        for line in ["GET /a?b=1 HTTP/1.1", "user-agent: test/1", "accept: text/plain"] {
            assert!(heads[0].contains(line), "{line} in {}", heads[0]);
        }
        assert!(heads[0].contains("accept-encoding: gzip, br, zstd, deflate"), "{}", heads[0]);
        assert!(!heads[0].contains("cookie"), "{}", heads[0]);
        assert!(heads[1].contains("cookie: session=1"), "{}", heads[1]);
    }

    #[tokio::test]
    async fn a_special_address_is_not_connected_to() {
        let server = Loopback::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Then::Continue).await;
        let port = server.address.port();
        let status = async |http: &Http, host: &str| {
            http.fetch(&page(&format!("http://{host}:{port}/"))).await.map(|response| response.status.as_u16())
        };
        let closed = Http::new(&Options::default(), &[], &[]).unwrap();
        let failure = status(&closed, "127.0.0.1").await.unwrap_err();
        assert_eq!(
            failure.to_string(),
            "blocked_address: 127.0.0.1 is a loopback address; list it in `allow_hosts` to let it through"
        );
        assert_eq!(status(&closed, "localhost").await.unwrap_err().kind, FailureKind::BlockedAddress);
        assert!(server.heads().is_empty());
        let seeded = Http::new(&Options::default(), &[url("http://localhost:1/")], &[]).unwrap();
        assert_eq!(status(&seeded, "localhost").await, Ok(200));
        assert_eq!(status(&seeded, "127.0.0.1").await.unwrap_err().kind, FailureKind::BlockedAddress);
    }

    #[tokio::test]
    async fn a_name_is_judged_behind_a_proxy_before_that_is_asked() {
        let proxy = Loopback::start("HTTP/1.1 200 OK\r\n\r\n", Then::Hang).await;
        let proxied = |scheme: &str| {
            let proxy = vec![format!("{scheme}://{}", proxy.address).parse().unwrap()];
            Http::new(&Options { proxy, ..Options::default() }, &[], &[]).unwrap()
        };
        for (scheme, at) in
            [("http", "http://localhost/"), ("http", "https://localhost/"), ("socks5", "http://localhost/")]
        {
            // Past the check of literal addresses, which would have caught this name.
            let request = reqwest::Request::new(Method::GET, at.parse().unwrap());
            let http = proxied(scheme);
            let way = http.ways.in_turn().next().unwrap();
            let error = way.pool.claim("").client.execute(request).await.unwrap_err();
            let failure = failure::classify(error.lost(), Phase::Body { taken: 0, length: None });
            assert_eq!(failure.kind, FailureKind::BlockedAddress, "{failure}");
        }
        assert!(proxy.heads().is_empty());
        let http = proxied("http");
        assert_eq!(http.fetch(&page("http://10.0.0.1/")).await.unwrap_err().kind, FailureKind::BlockedAddress);
        assert!(!http.knock(&url("http://e.com/")).await, "nobody is connected to but the proxy");
    }

    #[tokio::test]
    async fn a_proxy_that_says_nothing_is_told_from_a_host_behind_it_that_does() {
        // A listener that nobody accepts from: TCP connects, TLS never answers.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let failure = async |scheme: &str| {
            let proxy = format!("{scheme}://{}", silent.local_addr().unwrap());
            let options = Options { proxy: vec![proxy.parse().unwrap()], ..options() };
            let options = Options { connect_timeout: Duration::from_millis(50), ..options };
            let told = Http::new(&options, &[], &[]).unwrap().fetch(&page("http://127.0.0.1/")).await.unwrap_err();
            told.to_string().replace(&proxy, "PROXY")
        };
        assert_eq!(failure("https").await, "proxy: the proxy PROXY says nothing within 50ms");
        let either =
            "timeout: the proxy PROXY says nothing within 50ms when it is asked for 127.0.0.1:80: one of them hangs";
        assert_eq!(failure("http").await, either);
    }

    #[tokio::test]
    async fn a_name_is_judged_by_what_it_resolves_to() {
        let server = Loopback::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Then::Continue).await;
        let at = format!("http://localhost:{}/", server.address.port());
        // Past the check of literal addresses, which would have caught this name.
        let closed = Http::new(&Options::default(), &[], &[]).unwrap();
        let request = reqwest::Request::new(Method::GET, at.parse().unwrap());
        let way = closed.ways.in_turn().next().unwrap();
        let error = way.pool.claim("").client.execute(request).await.unwrap_err();
        let failure = failure::classify(error.lost(), Phase::Body { taken: 0, length: None });
        assert_eq!(failure.kind, FailureKind::BlockedAddress);
        assert!(failure.message.starts_with("localhost resolves to "), "{failure}");
        assert!(server.heads().is_empty());
        // One of its addresses is allowed: that one is taken.
        let options = Options { allow_hosts: vec!["127.0.0.1".parse().unwrap()], ..Options::default() };
        let open = Http::new(&options, &[], &[]).unwrap();
        assert_eq!(open.fetch(&page(&at)).await.unwrap().status, 200);
    }
}
