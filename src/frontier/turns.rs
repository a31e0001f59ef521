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
    /// Those of which it is not known when something of them is due.
    unasked: Vec<Bucket>,
    /// By the number of the bucket.
    all: Vec<Turn>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    /// Whether it may have something due.
    is_in_line: bool,
    /// From when on it will have, or may have already.
    alarm: Option<Instant>,
    is_unasked: bool,
    /// Whether nothing of it is due any more.
    rests: bool,
}

impl Turns {
    /// Takes the bucket whose turn it is out of line.
    pub(super) fn next(&mut self, now: Instant) -> Option<Bucket> {
        while let Some(Reverse((at, bucket))) = self.alarms.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.alarms.pop();
            let turn = self.of(bucket);
            if turn.alarm == Some(at) {
                turn.alarm = None;
                self.call(bucket);
            }
        }
        loop {
            let bucket = self.line.pop_front()?;
            if std::mem::take(&mut self.of(bucket).is_in_line) {
                return Some(bucket);
            }
        }
    }

    /// Puts a bucket in line: it may have something due.
    pub(super) fn call(&mut self, bucket: Bucket) {
        let turn = self.of(bucket);
        if turn.rests {
            return;
        }
        let (was_in_line, was_unasked) = (turn.is_in_line, turn.is_unasked);
        (turn.is_in_line, turn.is_unasked) = (true, true);
        if !was_in_line {
            self.line.push_back(bucket);
        }
        if !was_unasked {
            self.unasked.push(bucket);
        }
    }

    /// The same, before all others.
    pub(super) fn call_first(&mut self, bucket: Bucket) {
        self.call(bucket);
        if self.of(bucket).is_in_line && self.line.front() != Some(&bucket) {
            // The place that it has behind is one more turn, once.
            self.line.push_front(bucket);
        }
    }

    /// Lets a bucket that has nothing due wait for an instant, or for the next call.
    pub(super) fn wait(&mut self, bucket: Bucket, until: Option<Instant>) {
        self.of(bucket).is_in_line = false;
        self.set_alarm(bucket, until);
    }

    /// Nothing of a bucket is due any more, whoever calls it.
    pub(super) fn rest(&mut self, bucket: Bucket) {
        *self.of(bucket) = Turn { rests: true, ..Turn::default() };
    }

    pub(super) fn rests(&self, bucket: Bucket) -> bool {
        self.all.get(bucket.index()).is_some_and(|turn| turn.rests)
    }

    pub(super) fn forget(&mut self, bucket: Bucket) {
        *self.of(bucket) = Turn::default();
    }

    /// When the next turn comes. Each bucket in which something has happened since it was asked last says it itself.
    pub(super) fn next_due(&mut self, mut of_bucket: impl FnMut(Bucket) -> Option<Instant>) -> Option<Instant> {
        while let Some(bucket) = self.unasked.pop() {
            if std::mem::take(&mut self.of(bucket).is_unasked) {
                self.set_alarm(bucket, of_bucket(bucket));
            }
        }
        while let Some(Reverse((at, bucket))) = self.alarms.peek().copied() {
            if self.of(bucket).alarm == Some(at) {
                return Some(at);
            }
            self.alarms.pop();
        }
        None
    }

    fn set_alarm(&mut self, bucket: Bucket, at: Option<Instant>) {
        let before = std::mem::replace(&mut self.of(bucket).alarm, at);
        if before != at {
            self.alarms.extend(at.map(|at| Reverse((at, bucket))));
        }
    }

    fn of(&mut self, bucket: Bucket) -> &mut Turn {
        if self.all.len() <= bucket.index() {
            self.all.resize(bucket.index() + 1, Turn::default());
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

    #[test]
    fn each_bucket_says_once_when_it_is_due_until_something_happens_in_it() {
        let now = Instant::now();
        let at = |secs| now + Duration::from_secs(secs);
        let [a, b] = [1, 2].map(Bucket::at);
        let mut turns = Turns::default();
        turns.call(a);
        turns.call(b);
        let mut asked = Vec::new();
        let mut due = |turns: &mut Turns, secs: u64| {
            turns.next_due(|bucket| {
                asked.push(bucket);
                Some(at(secs + u64::from(bucket.number())))
            })
        };
        assert_eq!((due(&mut turns, 0), due(&mut turns, 0)), (Some(at(1)), Some(at(1))));
        turns.call(a);
        assert_eq!(due(&mut turns, 9), Some(at(2)), "what was said of it before holds no longer");
        assert_eq!(asked, [b, a, a]);
        assert_eq!([turns.next(now), turns.next(now), turns.next(now)], [Some(a), Some(b), None]);
        assert_eq!((turns.next(at(2)), turns.next(at(2))), (Some(b), None));
    }

    #[test]
    fn who_rests_has_no_turn_whoever_calls() {
        let now = Instant::now();
        let [a, b] = [1, 2].map(Bucket::at);
        let mut turns = Turns::default();
        turns.call(a);
        turns.call(b);
        turns.rest(a);
        turns.call(a);
        turns.call_first(a);
        assert_eq!((turns.next(now), turns.next(now), turns.next_due(|_| None)), (Some(b), None, None));
        assert!(turns.rests(a) && !turns.rests(b));
        turns.forget(a);
        turns.call(a);
        assert_eq!(turns.next(now), Some(a));
    }
}
