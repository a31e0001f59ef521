//! The timeline: how many URLs were answered when, and how, in a bounded number of spans.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::accounts::Settled;
use crate::outcome::OutcomeKind;

/// What was answered in each span of time. All spans are equally long: they double when there are too many.
#[derive(Debug)]
pub(super) struct Timeline {
    /// How long a span is, in milliseconds: a power of two of the shortest.
    span: i64,
    /// By their number since 1970.
    spans: BTreeMap<i64, Settled>,
}

/// One span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Span {
    /// Its start, in milliseconds since 1970.
    pub(super) start: i64,
    pub(super) settled: Settled,
}

impl Timeline {
    pub(super) fn take(&mut self, at: Timestamp, outcome: OutcomeKind) {
        let at = at.as_millisecond();
        *self.spans.entry(at.div_euclid(self.span)).or_default().of(outcome) += 1;
        while self.breadth() > MOST_SPANS {
            self.span *= 2;
            for (number, settled) in std::mem::take(&mut self.spans) {
                add(self.spans.entry(number.div_euclid(2)).or_default(), settled);
            }
        }
    }

    /// How long a span is, in milliseconds.
    pub(super) fn span(&self) -> i64 {
        self.span
    }

    /// All spans from the first to the last one, also those in which nothing was answered.
    pub(super) fn spans(&self) -> Vec<Span> {
        let (Some((first, _)), Some((last, _))) = (self.spans.first_key_value(), self.spans.last_key_value()) else {
            return Vec::new();
        };
        let span = |number: i64| Span {
            start: number.saturating_mul(self.span),
            settled: self.spans.get(&number).copied().unwrap_or_default(),
        };
        (*first..=*last).map(span).collect()
    }

    fn breadth(&self) -> i64 {
        let ends = self.spans.first_key_value().zip(self.spans.last_key_value());
        ends.map_or(0, |((first, _), (last, _))| last.saturating_sub(*first).saturating_add(1))
    }
}

impl Default for Timeline {
    fn default() -> Self {
        Self { span: SHORTEST, spans: BTreeMap::new() }
    }
}

fn add(to: &mut Settled, more: Settled) {
    to.ok += more.ok;
    to.redirect += more.redirect;
    to.http_error += more.http_error;
    to.failed += more.failed;
    to.payment_required += more.payment_required;
}

/// The shortest span, in milliseconds.
const SHORTEST: i64 = 125;
const MOST_SPANS: i64 = 120;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    #[test]
    fn a_short_crawl_has_short_spans_and_those_between_are_empty() {
        let mut timeline = Timeline::default();
        for millis in [1_000, 1_010, 1_400] {
            timeline.take(at(millis), OutcomeKind::Ok);
        }
        timeline.take(at(1_020), OutcomeKind::Failed);
        let spans = timeline.spans();
        let seen: Vec<_> = spans.iter().map(|span| (span.start, span.settled.ok, span.settled.failed)).collect();
        assert_eq!(seen, [(1_000, 2, 1), (1_125, 0, 0), (1_250, 0, 0), (1_375, 1, 0)]);
        assert!(Timeline::default().spans().is_empty());
    }

    proptest! {
        #[test]
        fn every_answer_is_in_one_of_few_spans(times in prop::collection::vec(0..4_000_000_000_000_i64, 0..300)) {
            let mut timeline = Timeline::default();
            for millis in &times {
                timeline.take(at(*millis), OutcomeKind::HttpError);
            }
            let spans = timeline.spans();
            prop_assert!(spans.len() <= 120);
            prop_assert_eq!(spans.iter().map(|span| span.settled.total()).sum::<u64>(), times.len() as u64);
            for span in spans {
                let inside = times.iter().filter(|at| (span.start..span.start + timeline.span()).contains(*at));
                prop_assert_eq!(inside.count() as u64, span.settled.http_error);
            }
        }
    }
}
