//! Ways: how requests leave this machine, directly or through proxies that take turns.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

use super::pool::Pool;
use super::proxy::{Proxy, none_of};
use super::resolver::Resolver;
use super::told::{Doubt, NoAnswer};
use super::{Options, tls};
use crate::error::{Error, Result};
use crate::outcome::{Failure, FailureKind};
use crate::units::format_duration;

/// One way without a proxy, else one for each of them.
///
/// Each request goes the next way, over a connection that is kept there or a new one. A proxy that was no way for one
/// request is passed by for a while, unless all were none; the request itself is tried over the others at once, since
/// nothing of it has reached anybody. So is one that a proxy does not connect for: when another does, it was the proxy, which is
/// passed by when that has happened several times in a row; when none does, it is the host.
#[derive(Debug)]
pub(super) struct Ways {
    ways: Vec<Way>,
    next: AtomicUsize,
}

/// One way, with its connections.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) pool: Pool,
    proxy: Option<Proxy>,
    /// Nothing goes this way before.
    closed_until: Mutex<Option<Instant>>,
    /// How often another way has led on and this one has not, since something came through.
    failed_in_a_row: AtomicU32,
}

/// What the ways have come to that one request has tried.
#[derive(Debug)]
pub(super) struct Tried<'a> {
    ways: &'a Ways,
    last: Option<Failure>,
    /// Those that may be no ways.
    doubted: Vec<(&'a Way, Doubt, Failure)>,
}

impl Ways {
    /// The ways that the options name. [`Error::Usage`] when what they say of proxies contradicts itself.
    pub(super) fn new(options: &Options, resolver: &Resolver, headers: &HeaderMap) -> Result<Self> {
        let mut proxies: Vec<_> = options.proxies().map_err(Error::Usage)?.into_iter().map(Some).collect();
        if proxies.is_empty() {
            proxies.push(None);
        }
        // One bound for all of them.
        let share = Options { max_idle_memory: options.max_idle_memory / proxies.len() as u64, ..options.clone() };
        let tls = tls::client_config();
        let way = |proxy: Option<Proxy>| {
            let pool = Pool::new(&share, proxy.clone(), tls.clone(), resolver.clone(), headers.clone())?;
            Ok(Way { pool, proxy, closed_until: Mutex::default(), failed_in_a_row: AtomicU32::default() })
        };
        Ok(Self { ways: proxies.into_iter().map(way).collect::<Result<_>>()?, next: AtomicUsize::default() })
    }

    /// Whether requests go through proxies.
    pub(super) fn are_proxied(&self) -> bool {
        self.ways.iter().any(|way| way.proxy.is_some())
    }

    /// Keeps at most so many connections.
    pub(super) fn keep_at_most(&mut self, connections: usize) {
        let each = connections / self.ways.len();
        for way in &mut self.ways {
            way.pool.keep_at_most(each);
        }
    }

    /// Notes that nothing more is to be asked of this origin, as far as is known.
    pub(super) fn leave(&self, origin: &str) {
        for way in &self.ways {
            way.pool.leave(origin);
        }
    }

    /// Closes the idle connections.
    pub(super) fn close_idle(&self) {
        for way in &self.ways {
            way.pool.close_idle();
        }
    }

    /// The ways that one request tries, one after the other.
    pub(super) fn in_turn(&self) -> impl Iterator<Item = &Way> {
        let first = match self.ways.len() {
            1 => 0,
            several => self.next.fetch_add(1, Ordering::Relaxed) % several,
        };
        let now = Instant::now();
        let in_order = self.ways.iter().cycle().skip(first).take(self.ways.len());
        let (open, closed): (Vec<_>, Vec<_>) = in_order.partition(|way| !way.is_closed(now));
        open.into_iter().chain(closed)
    }

    /// Fails when none of the ways leads out of this machine: they are tried one after the other, by connections to this host
    /// over which nothing is sent.
    pub(super) async fn try_out(&self, host: &str, port: u16) -> Result<(), Failure> {
        let mut last = None;
        for way in &self.ways {
            match way.pool.try_out(host, port).await {
                Ok(()) => return Ok(()),
                Err(failure) => last = Some(failure),
            }
        }
        Err(Tried { ways: self, last, doubted: Vec::new() }.exhausted())
    }

    /// None of them yet.
    pub(super) fn tried(&self) -> Tried<'_> {
        Tried { ways: self, last: None, doubted: Vec::new() }
    }

    /// Nothing has come through this way.
    fn close(&self, way: &Way, failure: &Failure) {
        let is_news = way.closed_until().replace(Instant::now() + CLOSED_FOR).is_none();
        // Of the only way the crawl itself tells.
        if is_news && self.ways.len() > 1 {
            tracing::warn!("{}: the others take its turns for {}", failure.message, format_duration(CLOSED_FOR));
        }
    }
}

impl<'a> Tried<'a> {
    /// Takes what a way has come to; what comes of the request, unless the next one is tried.
    pub(super) fn ended<T>(&mut self, way: &'a Way, sent: Result<T, NoAnswer>) -> Option<Result<T, Failure>> {
        let NoAnswer { failure, doubt } = match sent {
            Ok(answer) => {
                self.clear_host();
                way.open();
                return Some(Ok(answer));
            }
            Err(no_answer) => no_answer,
        };
        if let Some(doubt) = doubt {
            self.doubted.push((way, doubt, failure.clone()));
            let silent = self.doubted.iter().filter(|(_, doubt, _)| *doubt == Doubt::Silent).count();
            return (silent >= MOST_SILENT).then_some(Err(failure));
        }
        if failure.kind == FailureKind::Proxy {
            self.ways.close(way, &failure);
            self.last = Some(failure);
            return None;
        }
        way.open();
        Some(Err(failure))
    }

    /// The host has answered over another way, so that it is not the one who has failed.
    fn clear_host(&mut self) {
        for (way, doubt, failure) in self.doubted.drain(..) {
            let in_a_row = way.failed_in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
            if doubt == Doubt::Silent || in_a_row >= MOST_IN_A_ROW {
                self.ways.close(way, &failure);
            }
        }
    }

    /// What a request has come to that no way has led anywhere: a failure of the host as long as it may be.
    pub(super) fn exhausted(self) -> Failure {
        if let Some((.., failure)) = self.doubted.into_iter().next_back() {
            return failure;
        }
        let last = self.last.unwrap_or_else(|| Failure::new(FailureKind::Proxy, "there is no way out"));
        let ways = self.ways.ways.len();
        if ways > 1 { none_of(ways, &last) } else { last }
    }
}

impl Way {
    /// Something has come through.
    fn open(&self) {
        self.failed_in_a_row.store(0, Ordering::Relaxed);
        if let Some(proxy) = &self.proxy
            && self.closed_until().take().is_some()
        {
            tracing::info!("the proxy {proxy} lets requests through again");
        }
    }

    fn is_closed(&self, now: Instant) -> bool {
        self.closed_until().is_some_and(|until| now < until)
    }

    fn closed_until(&self) -> MutexGuard<'_, Option<Instant>> {
        // One value: no holder can leave it in between.
        self.closed_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a proxy is passed by that was no way.
const CLOSED_FOR: Duration = Duration::from_secs(30);
/// A proxy may refuse a host or two for reasons of its own, and costs nothing by that.
const MOST_IN_A_ROW: u32 = 3;
/// Each silence takes as long as a connection may, and a host that hangs makes every proxy silent.
const MOST_SILENT: usize = 3;
