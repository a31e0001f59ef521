//! The writer: the one thread that owns the sinks.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::sink::{Amendment, Record, Sink};

/// The way to the writer's thread. Dropping it lets the thread write what it has and end.
#[derive(Debug)]
pub(super) struct Writer {
    to: mpsc::Sender<Entry>,
    /// What the thread reports at its end; taken once it has.
    ended: Option<oneshot::Receiver<Result<()>>>,
}

#[derive(Debug)]
enum Entry {
    Record(Box<Record>),
    Amend(Vec<Amendment>),
}

/// What the thread has to do next.
enum Turn {
    Take,
    Flush,
    End,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(sinks: Vec<Box<dyn Sink>>) -> Result<Self> {
        // The runtime only waits: for entries and for the time to flush. Sinks run outside of it and may block.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| Error::Internal(format!("cannot start the writer: {error}")))?;
        let (to, entries) = mpsc::channel(QUEUE);
        let (report, ended) = oneshot::channel();
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                // Nobody to report to is a crawl that was dropped.
                let _ = report.send(write(&runtime, entries, sinks));
            })
            .map_err(|error| Error::Internal(format!("cannot start the writer: {error}")))?;
        Ok(Self { to, ended: Some(ended) })
    }

    /// Hands over one record; waits while the writer is behind. The error is the writer's own.
    pub(super) async fn record(&mut self, record: Record) -> Result<()> {
        self.send(Entry::Record(Box::new(record))).await
    }

    /// Corrects records that were written before.
    pub(super) async fn amend(&mut self, amendments: Vec<Amendment>) -> Result<()> {
        self.send(Entry::Amend(amendments)).await
    }

    /// Waits until everything is written and durable.
    pub(super) async fn finish(self) -> Result<()> {
        drop(self.to);
        match self.ended {
            Some(ended) => ended.await.unwrap_or_else(|_| Err(lost())),
            // It has failed, and has said so.
            None => Ok(()),
        }
    }

    async fn send(&mut self, entry: Entry) -> Result<()> {
        if self.to.send(entry).await.is_ok() {
            return Ok(());
        }
        let report = match self.ended.take() {
            Some(ended) => ended.await.unwrap_or_else(|_| Err(lost())),
            None => Ok(()),
        };
        report.and(Err(lost()))
    }
}

/// Writes until the crawl has ended. Flushes are grouped: one for all that came within [`FLUSH_AFTER`].
fn write(
    runtime: &tokio::runtime::Runtime,
    mut entries: mpsc::Receiver<Entry>,
    mut sinks: Vec<Box<dyn Sink>>,
) -> Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    let mut flush_at: Option<Instant> = None;
    loop {
        match runtime.block_on(next(&mut entries, &mut batch, flush_at)) {
            Turn::Take => {
                flush_at.get_or_insert_with(|| Instant::now() + FLUSH_AFTER);
                for entry in batch.drain(..) {
                    for sink in &mut sinks {
                        match &entry {
                            Entry::Record(record) => sink.write(record)?,
                            Entry::Amend(amendments) => {
                                sink.prepare_amend(&mut amendments.iter().cloned().map(Ok))?;
                                sink.finish_amend()?;
                            }
                        }
                    }
                }
            }
            turn @ (Turn::Flush | Turn::End) => {
                flush_at = None;
                sinks.iter_mut().try_for_each(|sink| sink.flush())?;
                if matches!(turn, Turn::End) {
                    return Ok(());
                }
            }
        }
    }
}

async fn next(entries: &mut mpsc::Receiver<Entry>, batch: &mut Vec<Entry>, flush_at: Option<Instant>) -> Turn {
    let taken = async {
        match entries.recv_many(batch, BATCH).await {
            0 => Turn::End,
            _ => Turn::Take,
        }
    };
    match flush_at {
        None => taken.await,
        // In this order: a steady stream of records must not put off the flush.
        Some(at) => tokio::select! {
            biased;
            () = tokio::time::sleep_until(at) => Turn::Flush,
            turn = taken => turn,
        },
    }
}

fn lost() -> Error {
    Error::Internal("the writer ended before the crawl".to_owned())
}

const QUEUE: usize = 1024;
const BATCH: usize = 256;
/// How long a record may wait before it is durable.
const FLUSH_AFTER: Duration = Duration::from_millis(250);
