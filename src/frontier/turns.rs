//! Turns: which bucket may have something due next.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Instant;

use super::bucket::Bucket;

/// The buckets in which something has happened since they had nothing due, in line, and those that wait for an instant.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// An entry counts only while its bucket is marked as in line.
    line: VecDeque<Bucket>,
    /// An entry counts only while it is the alarm of its bucket.
    alarms: BinaryHeap<Reverse<(Instant, Bucket)>>,
    /// By the number of the bucket.
    all: Vec<Turn>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Turn {
    /// It has nothing due.
    #[default]
    Idle,
    /// It may have.
    InLine,
    /// It will have from then on.
    At(Instant),
}

impl Turns {
    /// Takes the bucket whose turn it is out of line.
    pub(super) fn next(&mut self, now: Instant) -> Option<Bucket> {
        while let Some(Reverse((at, bucket))) = self.alarms.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.alarms.pop();
            if *self.of(bucket) == Turn::At(at) {
                self.call(bucket);
            }
        }
        loop {
            let bucket = self.line.pop_front()?;
            if std::mem::take(self.of(bucket)) == Turn::InLine {
                return Some(bucket);
            }
        }
    }

    /// Puts a bucket in line: it may have something due.
    pub(super) fn call(&mut self, bucket: Bucket) {
        if std::mem::replace(self.of(bucket), Turn::InLine) != Turn::InLine {
            self.line.push_back(bucket);
        }
    }

    /// The same, before all others.
    pub(super) fn call_first(&mut self, bucket: Bucket) {
        *self.of(bucket) = Turn::InLine;
        if self.line.front() != Some(&bucket) {
            // Should it be in line already, that place is one more turn, once.
            self.line.push_front(bucket);
        }
    }

    /// Lets a bucket that has nothing due wait for an instant, or for the next call.
    pub(super) fn wait(&mut self, bucket: Bucket, until: Option<Instant>) {
        *self.of(bucket) = until.map_or(Turn::Idle, Turn::At);
        self.alarms.extend(until.map(|at| Reverse((at, bucket))));
    }

    pub(super) fn forget(&mut self, bucket: Bucket) {
        *self.of(bucket) = Turn::Idle;
    }

    /// When the next turn comes; those in line say it themselves.
    pub(super) fn next_due(&mut self, mut of_bucket: impl FnMut(Bucket) -> Option<Instant>) -> Option<Instant> {
        while let Some(Reverse((at, bucket))) = self.alarms.peek().copied() {
            if *self.of(bucket) == Turn::At(at) {
                break;
            }
            self.alarms.pop();
        }
        let waiting = self.alarms.peek().map(|Reverse((at, _))| *at);
        self.line.iter().filter_map(|bucket| of_bucket(*bucket)).chain(waiting).min()
    }

    fn of(&mut self, bucket: Bucket) -> &mut Turn {
        if self.all.len() <= bucket.index() {
            self.all.resize(bucket.index() + 1, Turn::Idle);
        }
        self.all.get_mut(bucket.index()).expect("there is one for each bucket up to this one")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn buckets_take_turns_while_something_happens_in_them() {
        let now = Instant::now();
        let [a, b, c] = [1, 2, 3].map(Bucket::at);
        let mut turns = Turns::default();
        for bucket in [a, b, a, c] {
            turns.call(bucket);
        }
        assert_eq!(turns.next(now), Some(a));
        turns.call(a);
        assert_eq!(
            [turns.next(now), turns.next(now), turns.next(now), turns.next(now)],
            [Some(b), Some(c), Some(a), None]
        );
        turns.call(b);
        turns.call(c);
        turns.call_first(c);
        assert_eq!([turns.next(now), turns.next(now), turns.next(now)], [Some(c), Some(b), None]);
    }

    #[test]
    fn a_bucket_waits_for_its_instant_or_for_what_happens_before() {
        let now = Instant::now();
        let [a, b] = [1, 2].map(Bucket::at);
        let later = now + Duration::from_secs(1);
        let mut turns = Turns::default();
        turns.wait(a, Some(later));
        turns.wait(b, Some(now));
        assert_eq!((turns.next(now), turns.next(now)), (Some(b), None));
        assert_eq!(turns.next_due(|_| None), Some(later));
        turns.call(a);
        assert_eq!(turns.next_due(|_| Some(now)), Some(now), "the bucket itself says when");
        assert_eq!((turns.next(now), turns.next(later)), (Some(a), None), "its alarm is out of date");
        turns.wait(a, Some(later));
        turns.forget(a);
        assert_eq!((turns.next(later), turns.next_due(|_| None)), (None, None));
    }
}
