//! Response times: how they are spread, and what they come to.

use serde::Serialize;

/// How many responses took how long, to the millisecond.
#[derive(Debug, Default)]
pub(super) struct ResponseTimes {
    /// By milliseconds; the last one has all that are longer.
    counts: Vec<u64>,
    total: u64,
}

/// Responses that took at least so long, and less than those of the next column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Column {
    /// In milliseconds.
    pub(super) from: u64,
    pub(super) count: u64,
}

impl ResponseTimes {
    pub(super) fn take(&mut self, millis: u64) {
        let at = usize::try_from(millis).unwrap_or(usize::MAX).min(LONGEST);
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
            self.total += 1;
        }
    }

    /// How many milliseconds so many of a hundred responses took at most; `None` when there is none.
    pub(super) fn percentile(&self, percent: u64) -> Option<u64> {
        let wanted = (self.total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        self.counts.iter().zip(0..).find_map(|(count, millis)| {
            seen += count;
            (seen >= wanted).then_some(millis)
        })
    }

    /// The columns of a histogram, from the first to the last that is not empty. Each is twice or two and a half times as
    /// wide as the one before.
    pub(super) fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<_> = STARTS.map(|from| Column { from, count: 0 }).to_vec();
        for (count, millis) in self.counts.iter().zip(0_u64..) {
            let after = STARTS.partition_point(|from| *from <= millis);
            if let Some(column) = after.checked_sub(1).and_then(|at| columns.get_mut(at)) {
                column.count += count;
            }
        }
        let first = columns.iter().position(|column| column.count > 0).unwrap_or(columns.len());
        let last = columns.iter().rposition(|column| column.count > 0).map_or(first, |last| last + 1);
        columns.get(first..last).unwrap_or_default().to_vec()
    }
}

/// Where columns start, in milliseconds.
const STARTS: [u64; 17] = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000, 300_000];
/// Longer ones count as this long, in milliseconds.
const LONGEST: usize = 600_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_exact_to_the_millisecond() {
        let mut times = ResponseTimes::default();
        assert_eq!(times.percentile(50), None);
        for millis in 1..=100 {
            times.take(millis);
        }
        assert_eq!([0, 1, 50, 95, 100].map(|percent| times.percentile(percent).unwrap()), [1, 1, 50, 95, 100]);
        times.take(u64::MAX);
        assert_eq!(times.percentile(100), Some(600_000));
    }

    #[test]
    fn columns_hold_all_and_no_empty_ones_stand_outside() {
        let mut times = ResponseTimes::default();
        for millis in [7, 9, 10, 19, 120, 700_000] {
            times.take(millis);
        }
        let columns = times.columns();
        let seen: Vec<_> = columns.iter().map(|column| (column.from, column.count)).collect();
        assert_eq!((seen[0], seen[1], seen[2], seen[4]), ((5, 2), (10, 2), (20, 0), (100, 1)));
        assert_eq!(seen.last(), Some(&(300_000, 1)));
        assert_eq!(seen.iter().map(|(_, count)| count).sum::<u64>(), 6);
        assert!(ResponseTimes::default().columns().is_empty());
    }
}
