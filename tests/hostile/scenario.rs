//! A scenario: a hostile server, the settings that make it short, and what has to come of it.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use crate::support::{Arrival, Authority, ClosedPort, Crawl, Crawled, Manners, Reply, Server, TlsServer};
use crate::wire::{Behaviour, Wire, after_request};

/// One way to be hostile.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    start: Box<dyn Fn() -> Hostile + Send + Sync>,
    /// What is at a path of the hostile server in the end: outcome, and status or kind of failure; of several any.
    ends: Vec<(&'static str, &'static str)>,
    settings: Vec<(&'static str, String)>,
    flags: Vec<&'static str>,
    /// The least number of URLs that are skipped for a reason.
    skipped: Vec<(&'static str, u64)>,
    /// How many records of the hostile server there are at most.
    most: usize,
    /// The most memory at once, in MiB.
    pub(crate) peak: u64,
    /// After so many requests the crawl is killed, and continued.
    pub(crate) killed_after: Option<usize>,
    /// Whether it comes to a deadline, which is then set short: no other scenario may come to one, on a busy machine
    /// either.
    hangs: bool,
    also: Option<fn(&Seen<'_>)>,
}

/// What a server of pages answers.
pub(crate) type Routes = Box<dyn Fn(&Arrival) -> Reply + Send + Sync>;

/// A hostile server that runs.
pub(crate) enum Hostile {
    Wire(&'static str, Wire),
    Pages(Server),
    Tls(TlsServer, Box<Authority>),
    Closed(ClosedPort),
}

/// What came of a scenario.
pub(crate) struct Seen<'a> {
    pub(crate) crawled: &'a Crawled,
    pub(crate) hostile: &'a Hostile,
}

impl Scenario {
    fn new(name: &'static str, start: impl Fn() -> Hostile + Send + Sync + 'static) -> Self {
        let (ends, settings, flags, skipped) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let start = Box::new(start);
        let (most, peak, killed_after, hangs, also) = (MOST_RECORDS, MOST_MEMORY, None, false, None);
        Self { name, start, ends, settings, flags, skipped, most, peak, killed_after, hangs, also }
    }

    /// What is done with a connection, from its first byte on.
    pub(crate) fn connection(name: &'static str, scheme: &'static str, behaviour: Behaviour) -> Self {
        Self::new(name, move || Hostile::Wire(scheme, Wire::start(Arc::clone(&behaviour))))
    }

    /// What is sent after a request for anything but robots.txt.
    pub(crate) fn wire(
        name: &'static str,
        answer: impl Fn(&str, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::connection(name, "http", after_request(answer))
    }

    /// Answers in valid HTTP/1.1, byte for byte as the replies say.
    pub(crate) fn pages(name: &'static str, routes: fn(&Arrival) -> Reply) -> Self {
        Self::new(name, move || Hostile::Pages(Server::start_on(2, routes)))
    }

    /// The same, with what is made once for all answers.
    pub(crate) fn pages_made(name: &'static str, routes: impl Fn() -> Routes + Send + Sync + 'static) -> Self {
        Self::new(name, move || Hostile::Pages(Server::start_on(2, routes())))
    }

    /// A page at `/`, and nothing else.
    pub(crate) fn page(name: &'static str, page: fn() -> Reply) -> Self {
        Self::new(name, move || {
            let page = page();
            Hostile::Pages(Server::start_on(2, move |arrival: &Arrival| match arrival.path.as_str() {
                "/" => page.clone(),
                "/robots.txt" => Reply::text("User-agent: *\nDisallow: /never/\n"),
                _ => Reply::new(404),
            }))
        })
    }

    /// Over TLS, with an authority that is trusted.
    pub(crate) fn tls(name: &'static str, manners: fn(&Authority) -> Manners) -> Self {
        Self::new(name, move || {
            let authority = Authority::named("The test");
            let routes = |arrival: &Arrival| match arrival.path.as_str() {
                "/robots.txt" => Reply::new(404),
                path => Reply::links::<&str>(path, []),
            };
            Hostile::Tls(TlsServer::start(manners(&authority), routes), Box::new(authority))
        })
    }

    /// A port at which nobody listens.
    pub(crate) fn closed(name: &'static str) -> Self {
        Self::new(name, || Hostile::Closed(ClosedPort::reserve()))
    }

    pub(crate) fn ends(mut self, path: &'static str, ends: &'static str) -> Self {
        self.ends.push((path, ends));
        self
    }

    pub(crate) fn set(mut self, key: &'static str, value: &str) -> Self {
        self.settings.push((key, value.to_owned()));
        self
    }

    pub(crate) fn flag(mut self, flag: &'static str) -> Self {
        self.flags.push(flag);
        self
    }

    pub(crate) fn skips(mut self, reason: &'static str, at_least: u64) -> Self {
        self.skipped.push((reason, at_least));
        self
    }

    pub(crate) fn most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    pub(crate) fn peak(self, peak: u64) -> Self {
        Self { peak, ..self }
    }

    pub(crate) fn killed_after(self, requests: usize) -> Self {
        Self { killed_after: Some(requests), ..self }
    }

    pub(crate) fn hangs(self) -> Self {
        Self { hangs: true, ..self }
    }

    pub(crate) fn also(self, also: fn(&Seen<'_>)) -> Self {
        Self { also: Some(also), ..self }
    }

    pub(crate) fn start(&self) -> Hostile {
        (self.start)()
    }

    /// The crawl of both, with patience so short that it is over soon.
    pub(crate) fn crawl(&self, hostile: &Hostile, control: &Server) -> Crawl {
        let crawl = Crawl::of(hostile.url("/")).seed(control.url("/")).talkative();
        let short = [
            ("politeness.retries", "2"),
            ("politeness.breaker_pause", "'50ms'"),
            ("politeness.patience", "'500ms'"),
            ("politeness.max_retry_after", "'200ms'"),
            ("fetch.connect_timeout", if self.hangs { "'1500ms'" } else { "'30s'" }),
            ("fetch.first_byte_timeout", if self.hangs { "'1500ms'" } else { "'30s'" }),
            ("fetch.idle_timeout", if self.hangs { "'1s'" } else { "'30s'" }),
            ("fetch.timeout", if self.hangs { "'4s'" } else { "'1m'" }),
            ("traps.template_pages", "60"),
            ("traps.host_pages", "120"),
            ("traps.domain_pages", "120"),
        ];
        let crawl = short.into_iter().fold(crawl, |crawl, (key, value)| crawl.set(key, value));
        let crawl = self.settings.iter().fold(crawl, |crawl, (key, value)| crawl.set(key, value));
        let crawl = self.flags.iter().fold(crawl, |crawl, flag| crawl.flag(flag));
        match hostile {
            Hostile::Tls(_, authority) => crawl.trusting(authority),
            _ => crawl,
        }
    }

    /// Asserts what is special to this scenario.
    #[track_caller]
    pub(crate) fn assert_bound(&self, seen: &Seen<'_>) {
        for (path, allowed) in &self.ends {
            let end = seen.end(path);
            assert!(allowed.split(" or ").any(|allowed| allowed == end), "{path}: {end}, not {allowed}");
        }
        for (reason, least) in &self.skipped {
            let skipped = seen.crawled.skipped(reason);
            assert!(skipped >= *least, "{skipped} skipped as {reason}, not {least}");
        }
        let records = seen.records();
        assert!(records <= self.most, "{records} records of the hostile server");
        if let Some(also) = self.also {
            also(seen);
        }
    }

    /// What has to come of it, in words.
    pub(crate) fn bound(&self) -> String {
        let ends = self.ends.iter().map(|(path, end)| format!("{path} {end}"));
        let skipped = self.skipped.iter().map(|(reason, least)| format!("skipped {reason} >= {least}"));
        let most = (self.most < MOST_RECORDS || self.ends.is_empty()).then(|| format!("<= {} records", self.most));
        let peak = (self.peak < MOST_MEMORY).then(|| format!("peak <= {} MiB", self.peak));
        let killed = self.killed_after.map(|requests| format!("killed after {requests} requests, continued"));
        ends.chain(skipped).chain(most).chain(peak).chain(killed).collect::<Vec<_>>().join(", ")
    }
}

impl Hostile {
    pub(crate) fn url(&self, path: &str) -> String {
        match self {
            Self::Wire(scheme, wire) => format!("{scheme}://{}{path}", wire.address()),
            Self::Pages(server) => server.url(path),
            Self::Tls(server, _) => server.url(path),
            Self::Closed(port) => port.url(path),
        }
    }

    /// How often it was asked, or connected to where it does not listen to requests.
    pub(crate) fn asked(&self) -> usize {
        match self {
            Self::Wire(_, wire) => wire.connections(),
            Self::Pages(server) => server.log(|log| log.arrivals.len()),
            Self::Tls(server, _) => server.log().requests.len(),
            Self::Closed(_) => 0,
        }
    }

    /// What a server of pages was asked.
    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        match self {
            Self::Pages(server) => server.log(|log| log.arrivals.clone()),
            _ => Vec::new(),
        }
    }
}

impl Seen<'_> {
    /// What came of a path: outcome, and the status or the kind of failure.
    pub(crate) fn end(&self, path: &str) -> String {
        let url = self.hostile.url(path);
        let Some(record) = self.crawled.records.iter().find(|record| record["url"] == url.as_str()) else {
            return "no record".to_owned();
        };
        let outcome = record["outcome"].as_str().unwrap();
        match (outcome, record["error"]["kind"].as_str()) {
            ("ok", _) => "ok".to_owned(),
            (_, Some(kind)) => format!("{outcome} {kind}"),
            _ => format!("{outcome} {}", record["status"]),
        }
    }

    /// What the record of a path says of its failure.
    pub(crate) fn why(&self, path: &str) -> String {
        let url = self.hostile.url(path);
        let record = self.crawled.records.iter().find(|record| record["url"] == url.as_str());
        record.map_or_else(String::new, |record| record["error"]["message"].to_string())
    }

    /// How many records there are of the hostile server.
    pub(crate) fn records(&self) -> usize {
        let origin = self.hostile.url("/");
        self.crawled.records.iter().filter(|record| record["url"].as_str().unwrap().starts_with(&origin)).count()
    }

    /// What came of it, in words.
    pub(crate) fn result(&self) -> String {
        let skipped = self.crawled.summary["skipped"].as_object().into_iter().flatten();
        let skipped = skipped.filter(|(_, n)| n.as_u64() > Some(0)).map(|(reason, n)| format!("{reason} {n}"));
        let found = [format!("/ {}", self.end("/")), format!("{} records", self.records())];
        found.into_iter().chain(skipped).collect::<Vec<_>>().join(", ")
    }
}

const MOST_RECORDS: usize = 400;
const MOST_MEMORY: u64 = 200;
