//! The writer: the one thread that owns the outputs and the store.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::ledger::{Ledger, Step};
use super::said::{Outgoing, Said, Sent, Told};
use super::tenure::Tenure;
use crate::error::{Error, Result};
use crate::extracted::Health;
use crate::frontier::{OPEN_WANTS, Rows};
use crate::observe::{FailedSeed, State, Stats};

/// The way to the writer's thread. Dropping it lets the thread write what it has and end.
#[derive(Debug)]
pub(super) struct Writer {
    to: mpsc::Sender<Message>,
    /// What the frontier has asked the store for.
    answers: mpsc::Receiver<Rows>,
    /// What others have to tell.
    told: mpsc::Receiver<Told>,
    /// How much of that was read.
    read: u64,
    tenure: Tenure,
    /// What the thread reports at its end; taken once it has.
    ended: Option<oneshot::Receiver<Result<Option<Health>>>>,
    /// Steps that are not handed over yet: to wake the thread for each would cost more than what it does for it.
    held_back: Vec<Step>,
    /// When they are at the latest.
    due: Option<std::time::Instant>,
}

#[derive(Debug)]
enum Message {
    Steps(Vec<Step>),
    Amend,
    /// Whether there is nothing left to do, as far as was known when so much was read.
    Rest(bool, u64),
    End(State, Vec<FailedSeed>),
}

/// What the thread has for the dispatcher.
#[derive(Debug)]
pub(super) enum Heard {
    /// An answer to what the frontier has asked for.
    Rows(Rows),
    /// What others have to tell.
    Told(Told),
}

/// What the thread has to do next.
enum Turn {
    Take(Message),
    Commit,
    /// Nothing is to be made durable, and others wait for a sign.
    Beat,
    End,
}

impl Writer {
    /// Starts the thread, with what commits have said before.
    pub(super) fn start(ledger: Ledger, first: Said, stats: Arc<Stats>) -> Result<Self> {
        // The runtime only waits: for entries and for the time to commit. The ledger runs outside of it and may block.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| Error::Internal(format!("cannot start the writer: {error}")))?;
        let (to, entries) = mpsc::channel(QUEUE);
        let (answer, answers) = mpsc::channel(OPEN_WANTS);
        let (tell, told) = mpsc::channel(TOLD);
        let (renewals, tenure) = Tenure::new();
        let mut outgoing = Outgoing::new(tell, renewals);
        outgoing.take(first);
        let (report, ended) = oneshot::channel();
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                // Nobody to report to is a crawl that was dropped.
                let mut pen = Pen { ledger, answer, outgoing, stats };
                let _ = report.send(pen.write(&runtime, entries).map(|()| pen.ledger.into_health()));
            })
            .map_err(|error| Error::Internal(format!("cannot start the writer: {error}")))?;
        Ok(Self { to, answers, told, read: 0, tenure, ended: Some(ended), held_back: Vec::new(), due: None })
    }

    /// Takes one step, to be handed over with those of the next moment; waits while the writer is behind. The error is
    /// the writer's own.
    pub(super) async fn step(&mut self, step: Step) -> Result<()> {
        let waited_for = step.urgent || !step.wants.is_empty() || !step.host_states.is_empty();
        self.held_back.push(step);
        if waited_for || self.held_back.len() >= BATCH { self.flush().await } else { Ok(()) }
    }

    /// Hands over what was held back for long enough.
    pub(super) async fn pass(&mut self, now: std::time::Instant) -> Result<()> {
        match self.due {
            Some(due) if due <= now => self.flush().await,
            None if !self.held_back.is_empty() => {
                self.due = Some(now + HOLD_BACK);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// When [`pass`](Self::pass) has to be called again.
    pub(super) fn due(&self) -> Option<std::time::Instant> {
        self.due
    }

    /// Until when the hosts of what is here may be asked.
    pub(super) fn tenure(&self) -> &Tenure {
        &self.tenure
    }

    /// What the thread has next. Cancel safe.
    pub(super) async fn hear(&mut self) -> Result<Heard> {
        let heard = tokio::select! {
            rows = self.answers.recv() => rows.map(Heard::Rows),
            told = self.told.recv() => told.map(Heard::Told),
        };
        self.read += u64::from(matches!(heard, Some(Heard::Told(_))));
        match heard {
            Some(heard) => Ok(heard),
            None => Err(self.failure().await),
        }
    }

    /// What others have to tell, if that is here already.
    pub(super) fn try_told(&mut self) -> Option<Told> {
        let told = self.told.try_recv().ok()?;
        self.read += 1;
        Some(told)
    }

    /// Says that there is nothing left to do, or that there is: as far as was heard so far, and after all steps.
    pub(super) async fn rest(&mut self, is_idle: bool) -> Result<()> {
        self.flush().await?;
        self.send(Message::Rest(is_idle, self.read)).await
    }

    /// An answer that is here already.
    pub(super) fn try_answer(&mut self) -> Option<Rows> {
        self.answers.try_recv().ok()
    }

    /// Corrects records that were written before.
    pub(super) async fn amend(&mut self) -> Result<()> {
        self.flush().await?;
        self.send(Message::Amend).await
    }

    /// Notes how the crawl has ended.
    pub(super) async fn end(&mut self, state: State, failed_seeds: Vec<FailedSeed>) -> Result<()> {
        self.flush().await?;
        self.send(Message::End(state, failed_seeds)).await
    }

    /// Waits until everything is written and durable; what the rules have found.
    pub(super) async fn finish(mut self) -> Result<Option<Health>> {
        // That this fails is what the thread reports.
        let _ = self.flush().await;
        drop(self.to);
        match self.ended {
            Some(ended) => ended.await.unwrap_or_else(|_| Err(lost())),
            // It has failed, and has said so.
            None => Ok(None),
        }
    }

    async fn flush(&mut self) -> Result<()> {
        self.due = None;
        if self.held_back.is_empty() {
            return Ok(());
        }
        let steps = std::mem::replace(&mut self.held_back, Vec::with_capacity(BATCH));
        self.send(Message::Steps(steps)).await
    }

    async fn send(&mut self, entry: Message) -> Result<()> {
        if self.to.send(entry).await.is_ok() {
            return Ok(());
        }
        Err(self.failure().await)
    }

    /// Why the thread has ended before the crawl.
    async fn failure(&mut self) -> Error {
        let report = match self.ended.take() {
            Some(ended) => ended.await.unwrap_or_else(|_| Err(lost())),
            None => Ok(None),
        };
        report.err().unwrap_or_else(lost)
    }
}

/// What the thread has.
struct Pen {
    ledger: Ledger,
    answer: mpsc::Sender<Rows>,
    outgoing: Outgoing,
    stats: Arc<Stats>,
}

impl Pen {
    /// Writes until the crawl has ended. Commits are grouped: one for all that came within [`COMMIT_AFTER`].
    fn write(&mut self, runtime: &tokio::runtime::Runtime, mut entries: mpsc::Receiver<Message>) -> Result<()> {
        let mut commit_at: Option<Instant> = None;
        let mut beat_at = self.next_beat();
        self.tell();
        loop {
            match runtime.block_on(next(&mut entries, commit_at, beat_at)) {
                Turn::Take(Message::Rest(is_idle, read)) => {
                    // What was said since then is for somebody who has something to do.
                    self.ledger.rest(is_idle && self.outgoing.is_read(read));
                }
                Turn::Take(entry) => {
                    let due = commit_at.get_or_insert(Instant::now() + COMMIT_AFTER);
                    self.take(entry, due)?;
                }
                Turn::Beat => {
                    let said = self.ledger.beat()?;
                    self.hand_back(said);
                    beat_at = self.next_beat();
                }
                turn @ (Turn::Commit | Turn::End) => {
                    commit_at = None;
                    let began = std::time::Instant::now();
                    let said = self.ledger.commit()?;
                    self.hand_back(said);
                    self.stats.committed(began.elapsed());
                    if matches!(turn, Turn::End) {
                        return Ok(());
                    }
                    beat_at = self.next_beat();
                }
            }
        }
    }

    fn take(&mut self, entry: Message, due: &mut Instant) -> Result<()> {
        match entry {
            Message::Steps(steps) => {
                for step in steps {
                    // The counts of a host belong to the records before them, and not to those after.
                    if step.urgent || !step.host_states.is_empty() {
                        *due = Instant::now();
                    }
                    let rows = self.ledger.take(step)?;
                    self.answer(rows);
                }
                Ok(())
            }
            Message::Amend => self.ledger.amend(),
            Message::End(state, failed_seeds) => self.ledger.end(state, failed_seeds),
            Message::Rest(..) => Ok(()),
        }
    }

    fn next_beat(&self) -> Option<Instant> {
        self.ledger.pulse().map(|pulse| Instant::now() + pulse)
    }

    /// Gives the dispatcher what was said.
    fn hand_back(&mut self, said: Said) {
        let rows = self.outgoing.take(said);
        self.answer(rows);
        self.tell();
    }

    /// Gives the frontier what it has asked for.
    fn answer(&self, rows: Vec<Rows>) {
        for rows in rows {
            // There is a place for each question that is open; without a reader, none is needed.
            let _ = self.answer.try_send(rows);
        }
    }

    /// Tells what others have to tell, as far as there is room for it.
    fn tell(&mut self) {
        let sent = self.outgoing.send();
        if sent != Sent::Nothing {
            self.ledger.rest(false);
        }
        self.ledger.hold_mail(sent == Sent::Waits);
    }
}

async fn next(entries: &mut mpsc::Receiver<Message>, commit_at: Option<Instant>, beat_at: Option<Instant>) -> Turn {
    let taken = async { entries.recv().await.map_or(Turn::End, Turn::Take) };
    let (at, turn) = match (commit_at, beat_at) {
        (Some(at), _) => (at, Turn::Commit),
        (None, Some(at)) => (at, Turn::Beat),
        (None, None) => return taken.await,
    };
    // Without the clock, which is only exact to a millisecond.
    if at <= Instant::now() {
        return turn;
    }
    // In this order: a steady stream of records must not put off the commit.
    tokio::select! {
        biased;
        () = tokio::time::sleep_until(at) => turn,
        turn = taken => turn,
    }
}

fn lost() -> Error {
    Error::Internal("the writer ended before the crawl".to_owned())
}

/// How many batches may wait for the thread.
const QUEUE: usize = 8;
/// How many times others may have told something before the dispatcher has read it.
const TOLD: usize = 4;
/// How many steps make a batch.
const BATCH: usize = 32;
/// How long a step may wait for others: nobody waits for it, and it becomes durable with the next commit at the soonest.
const HOLD_BACK: Duration = Duration::from_millis(10);
/// How long a record may wait before it is durable.
const COMMIT_AFTER: Duration = Duration::from_millis(250);
