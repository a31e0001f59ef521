//! A crawl as an asynchronous stream: of its records, or of its items.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::mpsc;

use super::Crawl;
use crate::error::{Error, Result};
use crate::extracted::Item;
use crate::observe::Summary;
use crate::sink::{Checkpoint, Record, Settled, Sink};

/// The records of a crawl, as they are settled: see [`SettledStream`]. The depth of a record is the least that was known
/// when it was settled.
pub type Records = SettledStream<Record>;

/// The items of a crawl, as their pages are settled: see [`SettledStream`]. Those of one page come one after the other, in
/// the order of the tables and of the page.
pub type ItemStream = SettledStream<Item>;

/// What a crawl gives, as it is settled. The crawl runs inside of the stream: it goes on while the stream is polled, and
/// stops when it is dropped. A slow reader slows the crawl; nothing is buffered without bound.
///
/// An error is the last that comes, after all that was settled before: the crawl cannot go on. What goes wrong with single URLs is in their records.
///
/// # Cancel safety
/// A future that waits for the next one may be dropped: nothing is lost, the next future gives it. Dropping the stream
/// stops the crawl at once. Of a crawl with a directory, what was settled by then stays so: a later run gives what
/// comes after it, and not again what was in the buffer of this stream and never taken.
pub struct SettledStream<T> {
    crawl: Option<Pin<Box<dyn Future<Output = Result<Summary>> + Send>>>,
    settled: mpsc::Receiver<T>,
    summary: Option<Summary>,
    /// Why the crawl could not go on, until all that was settled before has been given.
    error: Option<Error>,
}

/// What a stream gives of each URL that is settled.
pub trait Given: Sized + Send + 'static {
    /// All of it, in order.
    fn of(settled: &Settled) -> impl Iterator<Item = Self>;
}

impl Given for Record {
    fn of(settled: &Settled) -> impl Iterator<Item = Self> {
        std::iter::once(settled.record.clone())
    }
}

impl Given for Item {
    fn of(settled: &Settled) -> impl Iterator<Item = Self> {
        settled.items.iter().cloned()
    }
}

struct ToStream<T>(mpsc::Sender<T>);

impl<T: Given> SettledStream<T> {
    pub(super) fn new(mut crawl: Crawl) -> Self {
        let (to, settled) = mpsc::channel(BUFFER);
        crawl.sinks.push(Box::new(ToStream(to)));
        Self { crawl: Some(Box::pin(crawl.run())), settled, summary: None, error: None }
    }
}

impl<T> SettledStream<T> {
    /// What the crawl came to, once the stream has ended.
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }
}

impl<T> Stream for SettledStream<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(crawl) = &mut this.crawl
            && let Poll::Ready(end) = crawl.as_mut().poll(cx)
        {
            this.crawl = None;
            match end {
                Ok(summary) => this.summary = Some(summary),
                Err(error) => this.error = Some(error),
            }
        }
        match this.settled.poll_recv(cx) {
            // The writer is gone, but the crawl has not said why yet: it will wake this task.
            Poll::Ready(None) if this.crawl.is_some() => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(this.error.take().map(Err)),
            Poll::Ready(Some(given)) => Poll::Ready(Some(Ok(given))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> fmt::Debug for SettledStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettledStream").field("summary", &self.summary).finish_non_exhaustive()
    }
}

impl<T: Given> Sink for ToStream<T> {
    fn write(&mut self, settled: &Settled) -> Result<()> {
        T::of(settled).try_for_each(|given| self.0.blocking_send(given)).map_err(|_| Error::ClosedPipe)
    }

    fn flush(&mut self) -> Result<Option<Checkpoint>> {
        Ok(None)
    }
}

const BUFFER: usize = 256;
