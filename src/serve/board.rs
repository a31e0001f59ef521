//! The board: what is known of a running crawl, for all who look at it. The crawl writes on it and waits for nobody.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;

use crate::error::Result;
use crate::extracted::{Health, RuleHealth};
use crate::observe::{Close, Durations, Observer, Snapshot, Stats};
use crate::outcome::OutcomeKind;
use crate::sink::{Checkpoint, Record, Settled, Sink};

/// Shared by the crawl, which writes, and by the server.
#[derive(Debug)]
pub(super) struct Board {
    /// Those of the crawl, once there is one.
    stats: OnceLock<Arc<Stats>>,
    started: Instant,
    /// How many follow the records: without one they are not kept as lines.
    followers: AtomicUsize,
    written: Mutex<Written>,
}

/// What is written on it.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) latest: VecDeque<Row>,
    pub(super) errors: VecDeque<Row>,
    pub(super) fetches: Durations,
    pub(super) health: Health,
    /// The lines of records, and the number of the first of them.
    lines: VecDeque<Bytes>,
    first: u64,
    held: usize,
    /// Goes up with each look at the crawl.
    pub(super) looks: u64,
    /// How many records there were at the last looks, and when.
    rates: VecDeque<(Instant, u64)>,
    pub(super) ended: Option<Ended>,
    wakers: Vec<Waker>,
}

/// How the crawl has ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub(super) state: &'static str,
    /// How long it took, as its summary says.
    pub(super) after: Duration,
    at: Instant,
}

/// A page, as the latest are shown.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    url: Arc<str>,
    outcome: OutcomeKind,
    status: Option<u16>,
    error: Option<String>,
    elapsed_ms: u64,
}

/// What the next line is to one who follows.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Line(Bytes),
    /// So many were passed on before they were read.
    Missed(u64),
    /// There is none yet: whoever asked is woken.
    Later,
    Ended,
}

impl Board {
    /// A board for a crawl with these rules.
    pub(super) fn new(rules: &[String], started: Instant) -> Self {
        let health = Health::new(rules.iter().map(String::as_str), []);
        let written = Written { health, ..Written::default() };
        Self { stats: OnceLock::new(), started, followers: AtomicUsize::new(0), written: Mutex::new(written) }
    }

    /// Shows these numbers.
    pub(super) fn watch(&self, stats: Arc<Stats>) {
        stats.look_closely();
        // There is one crawl.
        let _ = self.stats.set(stats);
    }

    pub(super) fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn numbers(&self) -> (Snapshot, Close) {
        self.stats.get().map(|stats| (stats.snapshot(), stats.closely())).unwrap_or_default()
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The crawl has ended, in a state that nobody has said.
    pub(super) fn end_once(&self) {
        if self.written().ended.is_none() {
            self.end("failed", self.elapsed(), None);
        }
    }

    /// The crawl has ended, in this state, after so long, with rules that have found all this, earlier runs included.
    pub(super) fn end(&self, state: &'static str, after: Duration, rules: Option<&[RuleHealth]>) {
        let mut written = self.written();
        if let Some(rules) = rules {
            written.health.rules = rules.to_vec();
        }
        written.ended = Some(Ended { state, after, at: Instant::now() });
        written.looks += 1;
        written.wake();
    }

    /// Follows the records from here on; the number of the next line.
    pub(super) fn follow(&self) -> u64 {
        self.followers.fetch_add(1, Ordering::Relaxed);
        let written = self.written();
        written.first + written.lines.len() as u64
    }

    /// Follows them no longer.
    pub(super) fn leave(&self) {
        self.followers.fetch_sub(1, Ordering::Relaxed);
    }

    fn settled(&self, settled: &Settled) {
        let record = &settled.record;
        let is_followed = self.followers.load(Ordering::Relaxed) > 0;
        let line = if is_followed { line_of(record) } else { None };
        let row = Row {
            url: Arc::clone(&record.url),
            outcome: record.outcome,
            status: record.status,
            error: record.error.as_ref().map(|error| error.kind.name().to_owned()),
            elapsed_ms: record.elapsed_ms,
        };
        let mut written = self.written();
        written.fetches.add(Duration::from_millis(record.elapsed_ms));
        if matches!(record.outcome, OutcomeKind::HttpError | OutcomeKind::Failed | OutcomeKind::PaymentRequired) {
            push(&mut written.errors, row.clone());
        }
        push(&mut written.latest, row);
        if record.outcome == OutcomeKind::Ok {
            written.health.take(&record.url, settled.findings.as_ref(), &settled.items);
        }
        if let Some(line) = line {
            written.push_line(line);
        }
    }

    fn look(&self, snapshot: &Snapshot, now: Instant) {
        let mut written = self.written();
        written.looks += 1;
        written.rates.push_back((now, snapshot.done));
        if written.rates.len() > RATE_LOOKS {
            written.rates.pop_front();
        }
        written.wake();
    }
}

impl Written {
    /// Records a second, over the last looks.
    pub(super) fn rate(&self) -> f64 {
        let (Some((since, before)), Some((now, done))) = (self.rates.front(), self.rates.back()) else { return 0.0 };
        let seconds = (*now - *since).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "no crawl does 2^52 pages in some seconds")]
        let records = done.saturating_sub(*before) as f64;
        if seconds > 0.0 { records / seconds } else { 0.0 }
    }

    /// The line with this number; whoever waits for it is woken when it is there. At the end who is far behind misses what
    /// is left, so that the stream ends with a whole line.
    pub(super) fn line(&mut self, number: u64, waker: &Waker, now: Instant) -> Next {
        let is_late = self.ended.is_some_and(|ended| now.saturating_duration_since(ended.at) > PATIENCE);
        let first = if is_late { self.first + self.lines.len() as u64 } else { self.first };
        if number < first {
            return Next::Missed(first - number);
        }
        let nth = usize::try_from(number - self.first).unwrap_or(usize::MAX);
        match self.lines.get(nth) {
            Some(line) => Next::Line(line.clone()),
            None if self.ended.is_some() => Next::Ended,
            None => {
                self.wait(waker);
                Next::Later
            }
        }
    }

    /// Wakes somebody with the next change.
    pub(super) fn wait(&mut self, waker: &Waker) {
        if !self.wakers.iter().any(|known| known.will_wake(waker)) {
            self.wakers.push(waker.clone());
        }
    }

    fn push_line(&mut self, line: Bytes) {
        self.held += line.len();
        self.lines.push_back(line);
        while self.lines.len() > MOST_LINES || self.held > MOST_BYTES {
            let Some(gone) = self.lines.pop_front() else { break };
            self.held -= gone.len();
            self.first += 1;
        }
        self.wake();
    }

    fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }
}

/// Takes what is settled to a board. It never fails, and never waits.
#[derive(Debug)]
pub(super) struct BoardSink(pub(super) Arc<Board>);

impl Sink for BoardSink {
    fn write(&mut self, settled: &Settled) -> Result<()> {
        self.0.settled(settled);
        Ok(())
    }

    fn flush(&mut self) -> Result<Option<Checkpoint>> {
        Ok(None)
    }
}

/// Takes the numbers to a board.
#[derive(Debug)]
pub(super) struct BoardObserver(pub(super) Arc<Board>);

impl Observer for BoardObserver {
    fn every(&self) -> Duration {
        LOOK
    }

    fn look(&mut self, snapshot: &Snapshot, now: Instant) {
        self.0.look(snapshot, now);
    }
}

/// A record as a line of JSON.
fn line_of(record: &Record) -> Option<Bytes> {
    // A record is always JSON; one that were not would be in `pages.jsonl`, where the crawl ends with it.
    let mut line = serde_json::to_vec(record).ok()?;
    line.push(b'\n');
    Some(line.into())
}

fn push(rows: &mut VecDeque<Row>, row: Row) {
    rows.push_front(row);
    rows.truncate(MOST_ROWS);
}

/// How long those who follow get lines once the crawl is over.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// How many pages are shown.
const MOST_ROWS: usize = 20;
/// How many lines are kept for those who follow, and how long they may be together. Who is slower misses some.
const MOST_LINES: usize = 1024;
const MOST_BYTES: usize = 4 << 20;
/// How often the crawl is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Over how many looks a rate is taken.
const RATE_LOOKS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_slow_misses_lines_and_is_told_how_many() {
        let mut written = Written::default();
        for n in 0..MOST_LINES + 3 {
            written.push_line(Bytes::from(format!("{n}\n")));
        }
        let (waker, now) = (Waker::noop(), Instant::now());
        assert_eq!(written.line(0, waker, now), Next::Missed(3));
        assert_eq!(written.line(3, waker, now), Next::Line("3\n".into()));
        let end = (MOST_LINES + 3) as u64;
        assert_eq!(written.line(end, waker, now), Next::Later);
        written.push_line(vec![0; MOST_BYTES + 1].into());
        assert_eq!((written.lines.len(), written.held), (0, 0), "what is too long is missed by all");
        written.ended = Some(Ended { state: "complete", after: Duration::ZERO, at: now });
        assert_eq!(written.line(end, waker, now), Next::Missed(1));
        assert_eq!(written.line(end + 1, waker, now), Next::Ended);
    }

    #[test]
    fn who_is_far_behind_at_the_end_is_told_what_is_missed_of_it() {
        let mut written = Written::default();
        for n in 0..3 {
            written.push_line(Bytes::from(format!("{n}\n")));
        }
        let (waker, at) = (Waker::noop(), Instant::now());
        written.ended = Some(Ended { state: "complete", after: Duration::ZERO, at });
        assert_eq!(written.line(1, waker, at + PATIENCE), Next::Line("1\n".into()));
        let late = at + PATIENCE + Duration::from_millis(1);
        assert_eq!(written.line(1, waker, late), Next::Missed(2));
        assert_eq!(written.line(3, waker, late), Next::Ended);
    }
}
