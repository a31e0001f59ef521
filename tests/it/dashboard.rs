//! A running crawl as others see it: in a browser, as JSON, as metrics, as a stream of records; and who may hold it.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;

use serde_json::{Value, json};

use crate::support::{Crawl, Reply, Running, Server, Site};

/// Where a dashboard is, and what its buttons send.
struct Seen {
    address: String,
    token: String,
}

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Seen {
    /// The dashboard of a crawl.
    fn of(crawl: &Running) -> Self {
        let place = crawl.said_behind("dashboard: http://");
        let (address, behind) = place.split_once('/').unwrap();
        let token = behind.strip_prefix("?token=").unwrap_or_default();
        Self { address: address.to_owned(), token: token.to_owned() }
    }

    /// Sends a request, with these lines in its head beside what each has; the answer comes on the connection.
    fn send(&self, start: &str, head: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let host = if head.contains("Host:") { String::new() } else { format!("Host: {}\r\n", self.address) };
        write!(stream, "{start} HTTP/1.1\r\n{host}{head}\r\n").unwrap();
        BufReader::new(stream)
    }

    fn ask(&self, start: &str, head: &str) -> Answer {
        let mut text = String::new();
        self.send(start, head).read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    fn status(&self) -> Value {
        serde_json::from_str(&self.ask("GET /status.json", "").body).unwrap()
    }

    fn post(&self, path: &str) -> u16 {
        self.ask(&format!("POST {path}"), &format!("Authorization: Bearer {}\r\n", self.token)).status
    }

    /// Asks until the status is as it should be.
    fn wait_until(&self, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            let status = self.status();
            if is(&status) {
                return status;
            }
            thread::yield_now();
        }
    }
}

/// The lines of a stream behind its head, without the sizes of chunks.
fn lines(stream: BufReader<TcpStream>) -> impl Iterator<Item = String> {
    let lines = stream.lines().map(Result::unwrap).skip_while(|line| !line.is_empty());
    lines.filter(|line| line.contains([':', '{']))
}

/// A crawl of a page and ten others, of which the last is held.
fn crawl() -> (Server, Running) {
    crawl_holding("/9")
}

/// The same, with this one held.
fn crawl_holding(held: &str) -> (Server, Running) {
    let pages: Vec<String> = (0..10).map(|n| format!("/{n}")).collect();
    let home =
        pages.iter().fold("<img src=x onerror=alert(1)>".to_owned(), |page, path| page + &format!("<a href={path}>"));
    let site = Site::default().with("/", Reply::html(home));
    let server = Server::start(pages.iter().fold(site, |site, page| site.with(page, Reply::html("page"))).routes());
    server.hold(held);
    let crawl = Crawl::of(server.url("/")).talkative().concurrency(1).arg("--dashboard", "127.0.0.1:0");
    (server, crawl.arg("--field", "heading=h1").start())
}

#[test]
fn the_numbers_move_and_the_last_are_those_of_the_summary() {
    let (server, crawl) = crawl();
    let seen = Seen::of(&crawl);
    let mut events = lines(seen.send("GET /events", ""));
    let records = lines(seen.send("GET /records", ""));
    let status = seen.wait_until(|status| status["records"].as_u64() >= Some(9));
    assert_eq!((&status["state"], &status["host_count"]), (&json!("running"), &json!(1)));
    assert_eq!(status["latest_records"][0]["outcome"], json!("ok"));
    let metrics = seen.ask("GET /metrics", "");
    assert!(metrics.head.contains("content-type: text/plain; version=0.0.4"), "{metrics:?}");
    for line in
        ["# TYPE crawler_requests_total counter", "crawler_hosts{state=\"open\"} 1", "crawler_build_info{version="]
    {
        assert!(metrics.body.contains(line), "{line} in {}", metrics.body);
    }
    assert!(events.any(|line| line.starts_with("data: {") && line.contains("\"state\":\"running\"")));
    server.open("/9");
    let crawled = crawl.finish();
    crawled.assert_code(0);
    let last = events.filter(|line| line.starts_with("data: ")).last().unwrap();
    let last: Value = serde_json::from_str(last.trim_start_matches("data: ")).unwrap();
    let shared =
        last.as_object().unwrap().iter().filter_map(|(name, said)| Some((name, said, crawled.summary.get(name)?)));
    let shared: Vec<_> = shared.inspect(|(name, said, summed)| assert_eq!(said, summed, "{name}")).collect();
    assert_eq!(shared.len(), 10, "{shared:?}");
    assert_eq!(last["rules"][0]["name"], json!("heading"));
    for record in records.filter(|line| line.starts_with('{')) {
        let record: Value = serde_json::from_str(&record).unwrap();
        assert!(crawled.records.contains(&record), "{record}");
    }
}

#[test]
fn who_has_the_token_holds_a_crawl_and_lets_it_go_on() {
    let (server, crawl) = crawl_holding("/0");
    let seen = Seen::of(&crawl);
    server.wait_for("the page that is held", |log| log.count("/0") == 1);
    assert_eq!(seen.post("/pause"), 204);
    seen.wait_until(|status| status["state"] == json!("paused"));
    server.open("/0");
    seen.wait_until(|status| status["records"] == json!(2) && status["in_flight"] == json!(0));
    crawl.wait_for_stderr("paused");
    assert_eq!(seen.status()["state"], json!("paused"));
    assert_eq!(server.log(|log| log.arrivals.len()), 3, "robots.txt, the first page, and the one that was in flight");
    assert_eq!(seen.post("/resume"), 204);
    let crawled = crawl.finish();
    assert_eq!(crawled.assert_code(0).records.len(), 11);
}

#[test]
fn who_has_the_token_stops_a_crawl_as_an_interrupt_does() {
    let (server, crawl) = crawl();
    let seen = Seen::of(&crawl);
    server.wait_for("the page that is held", |log| log.count("/9") == 1);
    assert_eq!(seen.post("/stop"), 204);
    crawl.wait_for_stderr("stopping");
    server.open("/9");
    let crawled = crawl.finish();
    assert_eq!(crawled.summary["state"], json!("complete"), "what was in flight is finished, and nothing is left");
}

#[test]
fn who_has_no_token_and_pages_of_other_sites_get_nothing() {
    let (server, crawl) = crawl();
    let seen = Seen::of(&crawl);
    let token = &seen.token;
    for (start, head, expected) in [
        ("POST /stop", String::new(), 401),
        ("POST /stop", "Authorization: Bearer wrong\r\n".to_owned(), 401),
        (&*format!("POST /stop?token={token}"), String::new(), 401),
        ("POST /stop", format!("Authorization: Bearer {token}\r\nOrigin: http://evil.test\r\n"), 403),
        ("GET /status.json", "Origin: http://evil.test\r\n".to_owned(), 403),
        ("GET /records", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n".to_owned(), 403),
        ("GET /status.json", "Host: evil.test\r\n".to_owned(), 421),
        ("OPTIONS /stop", "Origin: http://evil.test\r\nAccess-Control-Request-Method: POST\r\n".to_owned(), 403),
        ("GET /stop", String::new(), 405),
        ("PUT /status.json", String::new(), 405),
        ("HEAD /stop", String::new(), 405),
        ("GET /etc/passwd", String::new(), 404),
    ] {
        let answer = seen.ask(start, &head);
        assert_eq!(answer.status, expected, "{start} {head}");
        assert!(!answer.head.contains("access-control-allow"), "{}", answer.head);
        assert!(!answer.body.contains("records\":"), "{}", answer.body);
    }
    assert!(seen.ask("POST /stop", "").head.contains("www-authenticate: bearer"));
    for (start, allowed) in
        [("GET /stop", "post"), ("OPTIONS /stop", "post"), ("PUT /pause", "post"), ("PUT /status.json", "get, head")]
    {
        let head = seen.ask(start, "").head;
        assert!(head.contains(&format!("\r\nallow: {allowed}\r\n")), "{start}: {head}");
    }
    let page = seen.ask("GET /", "");
    assert_eq!(page.status, 200);
    let head = seen.ask("HEAD /", "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    for line in ["default-src 'none'", "frame-ancestors 'none'", "nosniff", "cache-control: no-store", "no-referrer"] {
        assert!(page.head.contains(line), "{line} in {}", page.head);
    }
    assert!(!page.body.contains(token.as_str()), "the page does not know the token");
    server.open("/9");
    assert_eq!(crawl.finish().assert_code(0).records.len(), 11, "nobody has stopped it");
}

#[test]
fn a_place_where_nobody_can_listen_is_told_before_anything_is_crawled() {
    let server = Server::start(Site::linked(&[("/", &[])]).routes());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (at, why) in [
        (taken.as_str(), "cannot listen there"),
        ("example.com:80", "this is no address"),
        ("x", "like 127.0.0.1:8470"),
    ] {
        let refused = Crawl::of(server.url("/")).arg("--dashboard", at).run();
        assert_eq!(refused.assert_code(2).records.len(), 0);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
    }
    assert_eq!(server.log(|log| log.arrivals.len()), 0);
}

#[test]
fn an_address_that_others_reach_shows_nothing_without_the_token() {
    let server = Server::start(Site::linked(&[("/", &["/a"]), ("/a", &[])]).routes());
    server.hold("/a");
    let crawl = Crawl::of(server.url("/")).talkative().arg("--dashboard", "0.0.0.0:0");
    let crawl = crawl.env("CRAWLER_DASHBOARD_TOKEN", "of-my-own-choice-1").start();
    let mut seen = Seen::of(&crawl);
    seen.address = seen.address.replace("0.0.0.0", "127.0.0.1");
    for path in ["/", "/status.json", "/metrics", "/events", "/records"] {
        assert_eq!(seen.ask(&format!("GET {path}"), "").status, 401, "{path}");
    }
    assert_eq!(seen.ask("GET /status.json?token=of-my-own-choice-1", "").status, 200);
    assert_eq!(seen.ask("GET /metrics", "Authorization: Bearer of-my-own-choice-1\r\n").status, 200);
    server.open("/a");
    let crawled = crawl.finish();
    assert!(!crawled.assert_code(0).stderr.contains("of-my-own-choice-1"), "{}", crawled.stderr);
}
