//! The writer: the one thread that owns the outputs and the store.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::ledger::{Ledger, Step};
use crate::error::{Error, Result};
use crate::frontier::{Moved, OPEN_WANTS, Rows};
use crate::observe::{FailedSeed, State};

/// The way to the writer's thread. Dropping it lets the thread write what it has and end.
#[derive(Debug)]
pub(super) struct Writer {
    to: mpsc::Sender<Entry>,
    /// What the frontier has asked the store for.
    answers: mpsc::Receiver<Rows>,
    /// What the thread reports at its end; taken once it has.
    ended: Option<oneshot::Receiver<Result<()>>>,
}

#[derive(Debug)]
enum Entry {
    Step(Step),
    Amend(Vec<Moved>),
    End(State, Vec<FailedSeed>),
}

/// What the thread has to do next.
enum Turn {
    Take,
    Commit,
    End,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(ledger: Ledger) -> Result<Self> {
        // The runtime only waits: for entries and for the time to commit. The ledger runs outside of it and may block.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| Error::Internal(format!("cannot start the writer: {error}")))?;
        let (to, entries) = mpsc::channel(QUEUE);
        let (answer, answers) = mpsc::channel(OPEN_WANTS);
        let (report, ended) = oneshot::channel();
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                // Nobody to report to is a crawl that was dropped.
                let _ = report.send(write(&runtime, entries, &answer, ledger));
            })
            .map_err(|error| Error::Internal(format!("cannot start the writer: {error}")))?;
        Ok(Self { to, answers, ended: Some(ended) })
    }

    /// Hands over one step; waits while the writer is behind. The error is the writer's own.
    pub(super) async fn step(&mut self, step: Step) -> Result<()> {
        self.send(Entry::Step(step)).await
    }

    /// The next answer to what the frontier has asked for. Cancel safe.
    pub(super) async fn answer(&mut self) -> Result<Rows> {
        match self.answers.recv().await {
            Some(rows) => Ok(rows),
            None => Err(self.failure().await),
        }
    }

    /// An answer that is here already.
    pub(super) fn try_answer(&mut self) -> Option<Rows> {
        self.answers.try_recv().ok()
    }

    /// Corrects records that were written before.
    pub(super) async fn amend(&mut self, moved: Vec<Moved>) -> Result<()> {
        self.send(Entry::Amend(moved)).await
    }

    /// Notes how the crawl has ended.
    pub(super) async fn end(&mut self, state: State, failed_seeds: Vec<FailedSeed>) -> Result<()> {
        self.send(Entry::End(state, failed_seeds)).await
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
        Err(self.failure().await)
    }

    /// Why the thread has ended before the crawl.
    async fn failure(&mut self) -> Error {
        let report = match self.ended.take() {
            Some(ended) => ended.await.unwrap_or_else(|_| Err(lost())),
            None => Ok(()),
        };
        report.err().unwrap_or_else(lost)
    }
}

/// Writes until the crawl has ended. Commits are grouped: one for all that came within [`COMMIT_AFTER`].
fn write(
    runtime: &tokio::runtime::Runtime,
    mut entries: mpsc::Receiver<Entry>,
    answer: &mpsc::Sender<Rows>,
    mut ledger: Ledger,
) -> Result<()> {
    let mut batch = Vec::with_capacity(BATCH);
    let mut commit_at: Option<Instant> = None;
    loop {
        match runtime.block_on(next(&mut entries, &mut batch, commit_at)) {
            Turn::Take => {
                let now = Instant::now();
                let due = commit_at.get_or_insert(now + COMMIT_AFTER);
                for entry in batch.drain(..) {
                    match entry {
                        Entry::Step(step) => {
                            if step.urgent {
                                *due = now;
                            }
                            for rows in ledger.take(step)? {
                                // There is a place for each question that is open; without a reader, none is.
                                let _ = answer.try_send(rows);
                            }
                        }
                        Entry::Amend(moved) => ledger.amend(&moved)?,
                        Entry::End(state, failed_seeds) => ledger.end(state, &failed_seeds)?,
                    }
                }
            }
            turn @ (Turn::Commit | Turn::End) => {
                commit_at = None;
                ledger.commit()?;
                if matches!(turn, Turn::End) {
                    return Ok(());
                }
            }
        }
    }
}

async fn next(entries: &mut mpsc::Receiver<Entry>, batch: &mut Vec<Entry>, commit_at: Option<Instant>) -> Turn {
    let taken = async {
        match entries.recv_many(batch, BATCH).await {
            0 => Turn::End,
            _ => Turn::Take,
        }
    };
    match commit_at {
        None => taken.await,
        // In this order: a steady stream of records must not put off the commit.
        Some(at) => tokio::select! {
            biased;
            () = tokio::time::sleep_until(at) => Turn::Commit,
            turn = taken => turn,
        },
    }
}

fn lost() -> Error {
    Error::Internal("the writer ended before the crawl".to_owned())
}

const QUEUE: usize = 256;
const BATCH: usize = 64;
/// How long a record may wait before it is durable.
const COMMIT_AFTER: Duration = Duration::from_millis(250);
