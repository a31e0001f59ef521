//! Ways: how requests leave this machine, directly or through proxies that take turns.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

use super::pool::Pool;
use super::proxy::{Proxy, none_of};
use super::resolver::Resolver;
use super::{Options, tls};
use crate::error::{Error, Result};
use crate::outcome::{Failure, FailureKind};
use crate::units::format_duration;

/// One way without a proxy, else one for each of them.
///
/// Each request goes the next way, over a connection that is kept there or a new one. A proxy that was no way for one
/// request is passed by for a while, unless all were none; the request itself is tried over the others at once, since
/// nothing of it has reached anybody.
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
            Ok(Way { pool, proxy, closed_until: Mutex::default() })
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
        Err(self.exhausted(last))
    }

    /// Nothing has come through this way.
    pub(super) fn close(&self, way: &Way, failure: &Failure) {
        let is_news = way.closed_until().replace(Instant::now() + CLOSED_FOR).is_none();
        // Of the only way the crawl itself tells.
        if is_news && self.ways.len() > 1 {
            tracing::warn!("{}: the others take its turns for {}", failure.message, format_duration(CLOSED_FOR));
        }
    }

    /// What a request has come to that no way has led anywhere: its last failure.
    pub(super) fn exhausted(&self, last: Option<Failure>) -> Failure {
        let last = last.unwrap_or_else(|| Failure::new(FailureKind::Proxy, "there is no way out"));
        if self.ways.len() > 1 { none_of(self.ways.len(), &last) } else { last }
    }
}

impl Way {
    /// Something has come through.
    pub(super) fn open(&self) {
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
