//! A crawl as an asynchronous stream of its records.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use tokio::sync::mpsc;

use super::Crawl;
use crate::error::{Error, Result};
use crate::observe::Summary;
use crate::sink::{Checkpoint, Record, Settled, Sink};

/// The records of a crawl, as they are settled. The crawl runs inside of the stream: it goes on while the stream is
/// polled, and stops when it is dropped. A slow reader slows the crawl; nothing is buffered without bound.
///
/// The depth of a record is the least that was known when it was settled.
pub struct Records {
    crawl: Option<Pin<Box<dyn Future<Output = Result<Summary>> + Send>>>,
    settled: mpsc::Receiver<Record>,
    summary: Option<Summary>,
}

struct ToStream(mpsc::Sender<Record>);

impl Records {
    pub(super) fn new(mut crawl: Crawl) -> Self {
        let (to, settled) = mpsc::channel(BUFFER);
        crawl.sinks.push(Box::new(ToStream(to)));
        Self { crawl: Some(Box::pin(crawl.run())), settled, summary: None }
    }

    /// What the crawl came to, once the stream has ended.
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }
}

impl Stream for Records {
    type Item = Result<Record>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(crawl) = &mut this.crawl
            && let Poll::Ready(end) = crawl.as_mut().poll(cx)
        {
            this.crawl = None;
            match end {
                Ok(summary) => this.summary = Some(summary),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        match this.settled.poll_recv(cx) {
            // The writer is gone, but the crawl has not said why yet: it will wake this task.
            Poll::Ready(None) if this.crawl.is_some() => Poll::Pending,
            record => record.map(|record| record.map(Ok)),
        }
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("summary", &self.summary).finish_non_exhaustive()
    }
}

impl Sink for ToStream {
    fn write(&mut self, settled: &Settled) -> Result<()> {
        self.0.blocking_send(settled.record.clone()).map_err(|_| Error::ClosedPipe)
    }

    fn flush(&mut self) -> Result<Option<Checkpoint>> {
        Ok(None)
    }
}

const BUFFER: usize = 256;
